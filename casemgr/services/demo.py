"""示例县: lays a synthetic county into an empty register, through the same checked road as every other row.

Numbers and areas begin with 9999, phones with 100: nobody real has such a number. The same arguments give the
same people and the same coded facts; keys and the sealed bytes differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.rules.password import PUBLISHED
from casemgr.services import (
    account,
    clock,
    demo_medicine,
    demo_monitoring,
    demo_posts,
    demo_sharing,
    disclosure,
    duties,
    indicator,
)
from casemgr.services.demo_county import PREFECTURE, County, Township, counties, townships_for
from casemgr.services.demo_course import Course, Courses
from casemgr.services.demo_people import EPOCH, Facts, People
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_keys
from casemgr.store.identity import ID_NUMBER, PHONE
from casemgr.store.models import (
    Account,
    Area,
    AreaFact,
    Case,
    CaseState,
    Checkup,
    Consent,
    Dispensing,
    Dose,
    DrugLine,
    Guardian,
    Identity,
    NoMedicine,
    Person,
    RegimenLine,
    RehabSession,
    Supplement,
    Unit,
    Visit,
    VisitText,
)
from casemgr.store.queries import account as account_queries
from casemgr.store.queries import demo as queries
from casemgr.store.queries.demo import Holdings
from casemgr.store.types import Plain
from casemgr.store.work import Work, sealed_columns
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, span_of
from casemgr.terms.area_fact import AreaFactKey
from casemgr.terms.register import Track

PEOPLE, SEED = 2_300, 2026
MOST_PEOPLE, MOST_TOWNSHIPS, MOST_YEARS = 1_000_000, 5_000, 5
#: Codes of the made-up prefecture with all its counties; 999901 is left to workbooks imported for practice.
MADE_UP = span_of(PREFECTURE)
OWN = (MADE_UP[0] + 2 * 10**6, MADE_UP[1])
#: People written in one transaction; a county of this size comes whole or not at all.
CHUNK = 2_500
#: Above these sizes the history is shorter unless told otherwise: one year, or the current year only; above
#: the first, follow-ups keep fewer texts and drugs.
LARGE, HUGE = 50_000, 200_000
#: Months closed up to the as-of day, so that there is a trend; a large register closes none by itself.
MONTHS_CLOSED = 24
#: Every demo account has this password; it opens nothing but made-up people.
PASSWORD = PUBLISHED
OFFICER, ADMINISTRATOR = "xianji", "guanli"
#: Other departments with a door of their own: login, display name, role, whether over the whole county.
DEPARTMENTS = (
    ("minjing", "示例派出所联络员", Role.POLICE, False),
    ("minzheng", "示例县民政联络员", Role.CIVIL_AFFAIRS, True),
    ("canlian", "示例县残联联络员", Role.DISABLED_FEDERATION, True),
    ("zongzhi", "示例综治联络员", Role.POLITICAL_LEGAL, False),
    ("kangfu", "示例康复机构", Role.REHAB_BODY, True),
)
#: Login, display name, role, level of the area (``None``: no area) of those who look without recording, and
#: of the second person of the county, without whom nothing that takes two could be tried.
HOUSE = (
    ("fuhe", "示例县级复核人", Role.COUNTY_OFFICER, AreaLevel.COUNTY),
    ("fuzeren", "示例单位负责人", Role.UNIT_HEAD, AreaLevel.TOWNSHIP),
    ("weijian", "示例卫生健康局", Role.HEALTH_BUREAU, AreaLevel.COUNTY),
    ("anquan", "示例安全管理员", Role.SECURITY_ADMINISTRATOR, None),
    ("shenji", "示例审计管理员", Role.AUDIT_ADMINISTRATOR, None),
)
HOUSE_TITLES = {
    Role.COUNTY_OFFICER: "第二个人：审批导出、复核月结",
    Role.UNIT_HEAD: "第1个乡镇，只看不录，复核紧急查看",
    Role.HEALTH_BUREAU: "全县指标和报表，看不到患者",
    Role.SECURITY_ADMINISTRATOR: "披露矩阵、账号复核，看不到患者",
    Role.AUDIT_ADMINISTRATOR: "操作记录，看不到患者",
}
MOVED = 0.015
#: One in so many people is overdue on the as-of day, however good the township.
FORGOTTEN = 30
#: Of so many people these have monthly injections, the last of them so many days ago: not due yet, open,
#: closing, just missed, missed beyond the simple dose.
ROUND = 60
INJECTED = {4: 10, 14: 26, 24: 34, 34: 40, 44: 50}


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """A demo account as it is printed."""

    login: str
    password: str
    title: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was laid into the register; ``fresh`` is false when it was there before."""

    fresh: bool
    accounts: list[DemoAccount] = field(default_factory=list)
    as_of: date | None = None
    history: date | None = None
    counties: int = 0
    townships: int = 0
    people: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    months: int = 0


def doctor_login(index: int, townships: int) -> str:
    """Login of the doctor of the ``index``-th township, counted from 0."""
    return f"yisheng{index + 1:0{max(2, len(str(townships)))}d}"


def history_of(people: int, as_of: date, years: int | None = None) -> date:
    """The 1 January on which the history begins, ``years`` before that of ``as_of``; figures run from it.

    Without ``years``: two; above 50,000 people one; above 200,000 the current year only.
    """
    if years is None:
        years = 2 if people <= LARGE else 1 if people <= HUGE else 0
    return date(as_of.year - years, 1, 1)


def months_ended(history: date, as_of: date, most: int) -> list[str]:
    """The last ``most`` months (``2026-10``) that lie between ``history`` and ``as_of``, oldest first."""
    after = as_of + timedelta(1)
    ended = after.year * 12 + after.month - 1  # months since year 0, up to the first that is not over
    first = max(ended - most, history.year * 12 + history.month - 1)
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in range(first, ended)]


# --- refusals -------------------------------------------------------------------------------------


@use_case(Action.DEMO_LOAD, writes=False)
def holdings(work: Work) -> Holdings:
    """What the register holds, in whatever installation: nothing, made-up rows or real ones."""
    return queries.holdings(work, MADE_UP, OWN)


@use_case(Action.DEMO_LOAD, writes=False)
def _holdings(work: Work) -> Holdings:
    if not within(work).demo:
        raise Refused(
            "现在不是演示环境，没有装入示例县：真实登记库里不能混入虚构的人。"
            "如要试用，请另建一个数据目录（CASEMGR_INSTANCE）并设置 CASEMGR_DEMO=1；"
            "如已是正式使用，请不要执行本命令。"
        )
    return queries.holdings(work, MADE_UP, OWN)


def _refuse_to_mix(found: Holdings) -> None:
    if found.real:
        raise Refused(
            "登记库里已有真实区划或档案，没有装入示例县：虚构的人会混进真实的统计。"
            "请另建一个数据目录（CASEMGR_INSTANCE）来试用，或继续使用现有登记库。"
        )
    if found.demo:
        raise Refused(
            "示例县已经装入，没有再次装入：同一个县装两遍，每个人都会重复。"
            "请直接使用现有示例县，或换一个空的数据目录（CASEMGR_INSTANCE）再装。"
        )


def _check(people: int, townships: int, years: int | None, as_of: date) -> None:
    wrong: dict[str, str] = {}
    if not 1 <= people <= MOST_PEOPLE:
        wrong["people"] = f"人数应为 1 至 {MOST_PEOPLE:,}。"
    elif not 1 <= townships <= min(people, MOST_TOWNSHIPS):
        wrong["townships"] = f"乡镇数应为 1 至 {MOST_TOWNSHIPS:,}，且不多于人数。"
    if years is not None and not 0 <= years <= MOST_YEARS:
        wrong["years"] = f"历史年数应为 0 至 {MOST_YEARS}。"
    if as_of > clock.today():
        wrong["as_of"] = "数据截至日不能晚于今天：随访、注射等记录只能发生在过去。"
    if wrong:
        raise Unfit("示例县的规模需要改正。", fields=wrong)


# --- rows -----------------------------------------------------------------------------------------

#: Tables in the order in which their foreign keys let them be written.
TABLES = (
    Person,
    Identity,
    Guardian,
    Case,
    Supplement,
    Consent,
    CaseState,
    Visit,
    VisitText,
    DrugLine,
    Dose,
    RehabSession,
    Checkup,
    RegimenLine,
    Dispensing,
    NoMedicine,
)
#: Columns of tables that hold their own key as ``id``.
OWN_KEY = frozenset(
    {
        Guardian,
        Consent,
        CaseState,
        DrugLine,
        Dose,
        RehabSession,
        Checkup,
        RegimenLine,
        Dispensing,
        NoMedicine,
    }
)


class Chunk:
    """Rows of some townships on their way into the register."""

    def __init__(self) -> None:
        self.people = 0
        self.rows: dict[type[Any], list[dict[str, Any]]] = {table: [] for table in TABLES}

    def add(self, town: Township, facts: Facts, course: Course, units: list[int], now: int) -> None:
        """Take over one person; person, case and visits get their keys now, the rest when written."""
        rows, area = self.rows, town.code
        person, case = new_keys(2)
        unit = units[town.index]
        rows[Person].append({"id": person, "area": area, **facts.person})
        rows[Identity].append({"person_id": person, "area": area, **facts.identity})
        if facts.guardian is not None:
            rows[Guardian].append({"person_id": person, "area": area, **facts.guardian})
        rows[Case].append(
            {"id": case, "person_id": person, "area": area, "unit_id": unit, "created_at": now, **course.case}
        )
        rows[Supplement].append({"case_id": case, "area": area, "note": None, **facts.supplement})
        for state in course.states:
            if state["track"] == Track.UNIT:
                state["value"] = unit if state["value"] is None else units[state["value"]]
        hanging: tuple[tuple[type[Any], list[dict[str, Any]]], ...] = (
            (Consent, course.consents),
            (CaseState, course.states),
            (Visit, course.visits),
            (Dose, course.doses),
            (RehabSession, course.sessions),
            (Checkup, course.checkups),
            (RegimenLine, course.lines),
            (Dispensing, course.fills),
            (NoMedicine, course.unmedicated),
        )
        for table, own in hanging:
            for row in own:
                row["case_id"] = case
                row["area"] = area
            rows[table] += own
        visits = new_keys(len(course.visits))
        for key, visit in zip(visits, course.visits, strict=True):
            visit["id"] = key
        for number, row in course.texts:
            row["visit_id"] = visits[number]
            rows[VisitText].append(row)
        for number, row in course.drugs:
            row["visit_id"] = visits[number]
            rows[DrugLine].append(row)
        self.people += 1

    def counts(self) -> dict[str, int]:
        """Number of rows by table name."""
        return {table.__tablename__: len(rows) for table, rows in self.rows.items()}


def _make(
    made: list[County], seed: int, as_of: date, history: date, units: list[int], doctors: list[int]
) -> Iterator[Chunk]:
    """The people of all counties in chunks of about :data:`CHUNK`, one township after the other."""
    first, last = history.toordinal() - EPOCH, as_of.toordinal() - EPOCH
    people = People(seed, first, last)
    courses = Courses(first, last, sparse=sum(town.people for one in made for town in one.townships) > LARGE)
    now = (last * 86_400 + 3_600) * 1_000
    chunk = Chunk()
    for county in made:
        begin, count = county.townships[0].index, len(county.townships)
        for town in county.townships:
            rng = Random(f"people/{seed}/{as_of}/{town.index}")
            for number in range(town.people):
                facts = people.make(rng, town, number + 1)
                elsewhere = begin + int(rng.random() * count) if rng.random() < MOVED else None
                course = courses.live(
                    rng,
                    town,
                    facts,
                    forgotten=number % FORGOTTEN == 2,
                    doctor=doctors[town.index],
                    elsewhere=None if elsewhere == town.index else elsewhere,
                    injected=INJECTED.get(number % ROUND),
                )
                chunk.add(town, facts, course, units, now)
            if chunk.people >= CHUNK:
                yield chunk
                chunk = Chunk()
    if chunk.people:
        yield chunk


#: What the made-up counties report for a year; one township has no group, one has not told.
REPORTED = {
    AreaFactKey.PSYCHIATRISTS: 4,
    AreaFactKey.SYSTEM: 1,
    AreaFactKey.REHAB_SERVICE: 1,
    AreaFactKey.REHAB_CLIENTS: 96,
    AreaFactKey.REHAB_STANDARD: 58,
    AreaFactKey.SURVEYED: 400,
    AreaFactKey.AWARE: 322,
}
REPORTED_IN = "演示报表（虚构）"


def _reported(areas: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Yearly facts of last year and this one, for every county and its townships."""
    today = clock.today()
    told: list[tuple[int, AreaFactKey, int]] = []
    townships = 0
    for place in areas:
        if place["level"] == AreaLevel.COUNTY:
            told += [(place["code"], key, value) for key, value in REPORTED.items()]
        elif place["level"] == AreaLevel.TOWNSHIP:
            townships += 1
            if townships % 5:
                told.append((place["code"], AreaFactKey.GROUP, int(townships % 5 != 3)))
    rows = [
        {
            "area": area,
            "year": year,
            "key": int(key),
            "value": value,
            "source": REPORTED_IN,
            "revision": 1,
            "recorded_at": clock.now(),
            "recorded_by": 0,
        }
        for year in (today.year - 1, today.year)
        for area, key, value in told
    ]
    for key, row in zip(new_keys(len(rows)), rows, strict=True):
        row["id"] = key
    return rows


@use_case(Action.DEMO_LOAD)
def _store(work: Work, chunk: Chunk, areas: list[dict[str, Any]], units: list[dict[str, Any]]) -> None:
    """Write a chunk in one transaction; the first one brings areas and units with it."""
    work.add_many(Area, areas)
    work.add_many(Unit, units)
    work.add_many(AreaFact, _reported(areas))
    vault = work.vault
    cases = [row["id"] for row in chunk.rows[Case]]
    for row in chunk.rows[Identity]:
        number, phone = row["id_number"], row["phone"]
        row["id_token"] = vault.token(ID_NUMBER, number) if number else None
        row["phone_token"] = vault.token(PHONE, phone) if phone else None
        row["token_key"] = vault.active_id
    for table, rows in chunk.rows.items():
        sealed = [name for name, _place in sealed_columns(table)]
        for row in rows:
            for name in sealed:
                if (text := row.get(name)) is not None:
                    row[name] = Plain(text)
        if table in OWN_KEY:
            for key, row in zip(new_keys(len(rows)), rows, strict=True):
                row["id"] = key
        work.add_many(table, rows, note=False)
        rows.clear()
    duties.refresh(work, cases)
    work.note("create", "DemoPeople", count=chunk.people)


def _area_rows(made: list[County], year: int) -> list[dict[str, Any]]:
    """Areas from the highest to the lowest, as foreign keys ask for."""

    def row(code: int, name: str, level: AreaLevel, parent: int | None, population: int) -> dict[str, Any]:
        return {
            "code": code,
            "name": name,
            "level": int(level),
            "parent": parent,
            "population": population,
            "population_year": year,
        }

    rows = []
    if len(made) > 1:
        total = sum(county.population for county in made)
        rows.append(row(PREFECTURE, "示例市", AreaLevel.PREFECTURE, None, total))
    rows += [row(one.code, one.name, AreaLevel.COUNTY, one.parent, one.population) for one in made]
    towns = [town for county in made for town in county.townships]
    rows += [row(town.code, town.name, AreaLevel.TOWNSHIP, town.county, town.population) for town in towns]
    rows += [
        row(village.code, village.name, AreaLevel.VILLAGE, town.code, village.population)
        for town in towns
        for village in town.villages
    ]
    return rows


# --- accounts -------------------------------------------------------------------------------------


@use_case(Action.ACCOUNT_MANAGE)
def _open_doctors(work: Work, towns: list[Township], keys: list[int]) -> None:
    """One doctor for each township, with the officer's hash: a hash for each of 3,000 takes minutes."""
    officer = account_queries.by_login(work, OFFICER)
    if officer is None:
        raise Missing("演示账号没有建好。请换一个空的数据目录（CASEMGR_INSTANCE）再装。")
    work.add_many(
        Account,
        [
            {
                "id": key,
                "login": doctor_login(town.index, len(towns)),
                "display": town.doctor,
                "role": int(Role.TOWNSHIP_DOCTOR),
                "area_code": town.code,
                "password_hash": officer.password_hash,
                "must_change": False,
                "active": True,
                "large_view": False,
                "created_at": officer.created_at,
                "certified_on": officer.certified_on,
                "version": 1,
            }
            for town, key in zip(towns, keys, strict=True)
        ],
    )


def _open_accounts(access: Access, made: list[County], keys: list[int]) -> None:
    towns = [town for county in made for town in county.townships]
    now = clock.now()
    for login, display, role, area in (
        (OFFICER, "示例县级管理员", Role.COUNTY_OFFICER, made[0].code),
        (ADMINISTRATOR, "示例系统管理员", Role.ADMINISTRATOR, None),
    ):
        account.create(access, login, display, int(role), area, now, password=PASSWORD, must_change=False)
    _open_doctors(access, towns, keys)
    for login, display, role, whole in DEPARTMENTS:
        area = made[0].code if whole else towns[0].code
        account.create(access, login, display, int(role), area, now, password=PASSWORD, must_change=False)
    places = {AreaLevel.TOWNSHIP: towns[0].code, AreaLevel.COUNTY: made[0].code}
    for login, display, role, level in HOUSE:
        place = places[level] if level else None
        account.create(access, login, display, int(role), place, now, password=PASSWORD, must_change=False)
    for _lot in disclosure.refresh_all(Access.system("demo-load", towns[0].code)):
        pass


@use_case(Action.DEMO_LOAD, writes=False)
def accounts(work: Work) -> list[DemoAccount]:
    """The demo accounts nobody has changed since they were made."""
    doctor = next(
        (login for width in (2, 3, 4) for login in queries.untouched(work, [f"yisheng{1:0{width}d}"])), None
    )
    titles: dict[str | None, str] = {
        OFFICER: "县级管理员（全县数据）",
        ADMINISTRATOR: "系统管理员（账号，看不到患者）",
        doctor: "精防医生（第1个乡镇；其他乡镇依次编号，密码相同）",
        **{login: f"{display}（从 /liaison/ 登录）" for login, display, _role, _whole in DEPARTMENTS},
        **{
            login: f"{display}（{name}，从 /liaison/ 登录）"
            for login, display, name, _role in demo_posts.POSTS
        },
        **{login: f"{role.label}（{HOUSE_TITLES[role]}）" for login, _display, role, _level in HOUSE},
    }
    there = queries.untouched(work, [login for login in titles if login])
    return [DemoAccount(login, PASSWORD, title) for login, title in titles.items() if login in there]


# --- the whole ------------------------------------------------------------------------------------


def load(
    people: int = PEOPLE,
    townships: int | None = None,
    seed: int = SEED,
    as_of: date | None = None,
    *,
    years: int | None = None,
    months: int | None = None,
    if_empty: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> Loaded:
    """Lay the synthetic county into the register and close its past months.

    ``townships`` is by default 18, or one for each 300 people; for ``years`` see :func:`history_of`;
    ``months`` to close up to ``as_of`` (default 24; a large register none). With ``if_empty`` a register
    that holds any file is left as it is. ``progress`` is told (stage, done, total).

    Raises :class:`Refused` when this is no demo installation, or the register holds real rows or the demo
    county already; :class:`Unfit` for sizes no county has.
    """
    access = Access.system("demo-load")
    found = _holdings(access)
    if if_empty and (found.files or found.demo):
        return Loaded(False, accounts(access))
    _refuse_to_mix(found)
    townships = townships_for(people) if townships is None else townships
    as_of = as_of or clock.today()
    _check(people, townships, years, as_of)
    history = history_of(people, as_of, years)
    made = counties(people, townships, seed, as_of)
    tell = progress or (lambda stage, done, total: None)

    towns = [town for county in made for town in county.townships]
    units, doctors = list(new_keys(len(towns))), list(new_keys(len(towns)))
    areas = _area_rows(made, as_of.year - 1)
    unit_rows = [
        {"id": key, "code": town.unit_code, "name": town.unit_name, "area_code": town.code, "active": True}
        for town, key in zip(towns, units, strict=True)
    ] + [
        {
            "id": key,
            "code": county.unit_code,
            "name": county.unit_name,
            "area_code": county.code,
            "active": True,
        }
        for county, key in zip(made, new_keys(len(made)), strict=True)
    ]
    rows: dict[str, int] = {}
    done = 0
    for chunk in _make(made, seed, as_of, history, units, doctors):
        for name, count in chunk.counts().items():
            rows[name] = rows.get(name, 0) + count
        _store(access, chunk, areas, unit_rows)
        areas, unit_rows = [], []
        done += chunk.people
        tell("people", done, people)
    demo_monitoring.lay(access, as_of, doctors[0])
    if people <= LARGE:
        demo_medicine.stock(
            access, [(town.code, doctor) for town, doctor in zip(towns, doctors, strict=True)], as_of
        )
    _open_accounts(access, made, doctors)
    if people <= LARGE:
        demo_sharing.lay(made[0].code, towns[0].code, as_of)
        demo_posts.lay(made[0].code, towns[0].code, as_of, PASSWORD)
    wanted = (MONTHS_CLOSED if people <= LARGE else 0) if months is None else months
    ended = months_ended(history, as_of, wanted)
    for number, month in enumerate(ended, 1):
        indicator.close(access, month)
        tell("months", number, len(ended))
    return Loaded(True, accounts(access), as_of, history, len(made), len(towns), done, rows, len(ended))
