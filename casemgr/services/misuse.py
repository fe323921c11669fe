"""查阅核对: nightly questions about how names were looked at, to the head of the unit and then the county."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from casemgr.rules import misuse as rules
from casemgr.rules.access import RECEIVERS, Access, Action
from casemgr.rules.calendar import working_days_after
from casemgr.rules.misuse import CHECK, LOOK, PAPER, REFUSED, Found, Look
from casemgr.rules.policy import Policy, in_force_on
from casemgr.rules.timetable import SHANGHAI
from casemgr.services.account_person import one_person
from casemgr.services.case_view import known
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.misuse import MisuseQuestion, StaffHome
from casemgr.store.queries import area as areas
from casemgr.store.queries import audit as log
from casemgr.store.queries import misuse as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, ancestor, level_of
from casemgr.terms.misuse import MisuseVerdict, Unusual

PURPOSE, READING = "查阅核对", "查阅核对的答复"
LEAST, LONGEST = 4, 300
ANSWERED_SHOWN = timedelta(days=180)
#: How long after a change of role or area an old reach is still asked about.
AFTER_CHANGE = timedelta(days=30)
#: What may be asked at once, and what waits for the work that may follow.
AT_ONCE = frozenset(
    {
        Unusual.OUT_OF_REACH,
        Unusual.AT_NIGHT,
        Unusual.MANY_AN_HOUR,
        Unusual.AFTER_LEAVING,
        Unusual.MANY_PAPERS,
        Unusual.MANY_CHECKS,
    }
)
LATER = frozenset(Unusual) - AT_ONCE
LOOKS = frozenset({"read", "reveal"})
PAPERS = frozenset({"print", "export"})
#: Verbs of work on a file; opening and printing it is none.
WORK = ("create", "change", "remove", "settle", "assign", "remind", "ask", "answer", "import", "move")
#: Surnames of two characters that occur; everything else has one.
_DOUBLE = (
    "欧阳司马司徒司空上官诸葛东方皇甫尉迟公孙慕容令狐宇文长孙夏侯轩辕单于"
    "端木南宫西门独孤呼延闻人澹台申屠太史淳于濮阳钟离鲜于赫连公冶宗政公羊"
)
DOUBLE = frozenset(_DOUBLE[start : start + 2] for start in range(0, len(_DOUBLE), 2))
NOT_THERE = "没有这一项，或不由您答复。请从“查阅核对”页的列表进入。"


@dataclass(frozen=True, slots=True)
class QuestionView:
    """One question; ``mine``: it waits for an answer by whoever looks. ``late``: the head did not answer."""

    key: int
    kind: Unusual
    rule: str
    who: str
    role: Role
    place: str
    on: date
    case_id: int
    file_no: str
    counted: int
    asked_on: date
    due_on: date
    mine: bool
    late: bool
    answered_on: date | None
    verdict: MisuseVerdict | None
    answer: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class StaffLine:
    """One colleague and the village they live in, as far as the head of the unit has said so."""

    account: int
    display: str
    role: Role
    village: int | None


def surname(name: str) -> str:
    """The family name at the beginning of a Chinese name, empty for none."""
    name = name.strip()
    return name[:2] if name[:2] in DOUBLE else name[:1]


# --- asking ---------------------------------------------------------------------------------------


def look(access: Access, today: date) -> int:
    """Look at the log of yesterday, and at an earlier day; how many questions.

    A question that was put stays as it was put; looking again adds only what is new.
    """
    count: int = _look(access, today)
    return count


@use_case(Action.MISUSE_ANSWER)
def _look(work: Work, today: date) -> int:
    policy = in_force_on(today, within(work).region)
    yesterday = today - timedelta(days=1)
    earlier = yesterday - timedelta(days=policy.misuse_work_days.value)
    put = queries.known(work, (yesterday, earlier))
    count = 0
    for day, kinds in ((yesterday, AT_ONCE), (earlier, LATER)):
        looks, before = _looks(work, day, policy), _looks_before(work, day, policy)
        found = [one for one in rules.questions(looks, before, policy) if one.kind in kinds]
        own = queries.accounts(work, sorted({one.account for one in found}))
        for one in found:
            account = own.get(one.account)
            if account is None or account.area_code is None:
                continue  # an account without an area reads nobody; its refusals are the auditor's
            if (one.account, int(one.kind), day, one.case) in put:
                continue
            role = known(Role, account.role)
            area = ancestor(account.area_code, AreaLevel.COUNTY) if role in RECEIVERS else account.area_code
            work.add(_question(one, day, area, int(role), today, policy))
            count += 1
    return count


def _question(one: Found, day: date, area: int, role: int, today: date, policy: Policy) -> MisuseQuestion:
    return MisuseQuestion(
        id=new_key(),
        area=area,
        kind=int(one.kind),
        account=one.account,
        role=role,
        on=day,
        case_key=one.case,
        counted=one.counted,
        entry=one.entry,
        asked_on=today,
        due_on=working_days_after(today, policy.misuse_answer.value),
    )


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), SHANGHAI)


@dataclass(slots=True)
class _Act:
    """The entries of one request about one file, on the way to a look."""

    entry: int
    account: int
    at: datetime
    kind: int
    case: int
    people: int
    role: int
    reach: int


def _is_check(one: Any) -> bool:
    """Whether an entry says that somebody asked whether an id number is registered elsewhere."""
    return bool(one.verb == "search" and one.noun == "Elsewhere")


def _acts(work: Work, since: datetime, until: datetime) -> list[_Act]:
    """What people opened, printed or were refused; the entries of one request about one file are one act."""
    acts: dict[tuple[object, ...], _Act] = {}
    entries = [
        one
        for one in log.between(work, since, until)
        if one.verb in LOOKS or one.verb in PAPERS or one.verb == "refuse" or _is_check(one)
    ]
    if not entries:
        return []
    subjects = log.subjects_of(work, entries[0].seq, entries[-1].seq)
    alone = {seq: people[0] for seq, people in subjects.items() if len(people) == 1}
    case_of = queries.case_of_people(work, sorted(set(alone.values())))
    for one in entries:
        kind = LOOK if one.verb in LOOKS else PAPER if one.verb in PAPERS else REFUSED
        if _is_check(one):
            # Each number once, however often its form was saved.
            acts.setdefault(
                (one.actor, CHECK, one.row_key),
                _Act(one.seq, one.actor, one.at, CHECK, 0, 0, one.role, one.reach),
            )
            continue
        case = one.case_key or case_of.get(alone.get(one.seq, 0), 0)
        people = one.count if one.noun in ("Identity", "Guardian", "Form", "Workbook", "Summary") else 1
        key = (one.actor, kind, case, one.request or one.seq)
        if kind == LOOK and not case and one.noun != "Identity":
            continue  # texts opened for a list of duties and the like: names are the measure
        act = acts.get(key)
        if act is None:
            acts[key] = _Act(one.seq, one.actor, one.at, kind, case, people, one.role, one.reach)
        else:
            act.people = max(act.people, people)
    return list(acts.values())


def _looks_before(work: Work, day: date, policy: Policy) -> list[Look]:
    since = _begin(day - timedelta(days=policy.misuse_repeat_days.value - 1))
    worked = queries.written(
        work, WORK, since, _begin(day + timedelta(days=policy.misuse_work_days.value + 1))
    )
    return [
        Look(one.entry, one.account, 0, one.kind, one.case, one.people,
             worked=(one.account, one.case) in worked)
        for one in _acts(work, since, _begin(day))
        if one.case and one.kind == LOOK
    ]  # fmt: skip


def _looks(work: Work, day: date, policy: Policy) -> list[Look]:
    acts = _acts(work, _begin(day), _begin(day + timedelta(days=1)))
    until = _begin(day + timedelta(days=policy.misuse_work_days.value + 1))
    worked = queries.written(work, WORK, _begin(day), until)
    single = sorted({one.case for one in acts if one.case and one.kind == LOOK})
    files = queries.cases(work, single)
    accounts = queries.accounts(work, sorted({one.account for one in acts}))
    homes = queries.homes(work, list(accounts)) if accounts else {}
    changes = queries.account_changes(work, _begin(day - AFTER_CHANGE))
    unworked = [
        one
        for one in acts
        if one.kind == LOOK and one.case in files and (one.account, one.case) not in worked
    ]
    names = _surnames(work, {files[one.case].person_id for one in unworked})
    looks = []
    for one in acts:
        account, file = accounts.get(one.account), files.get(one.case)
        local = one.at.astimezone(SHANGHAI)
        changed = changes.get(one.account)
        past = False
        if account is not None and changed is not None and one.at > changed:
            now = Access.over(
                account.id, "", known(Role, account.role), account.area_code, "", account.post_id or 0
            )
            past = not account.active or (one.role, one.reach) != (int(now.role), now.low)
        own = surname(account.display) if account is not None else ""
        looks.append(
            Look(
                one.entry,
                one.account,
                local.hour * rules.MINUTES + local.minute,
                one.kind,
                one.case if file is not None else 0,
                one.people,
                alike=bool(own) and file is not None and names.get(file.person_id) == own,
                near=file is not None and file.village is not None and homes.get(one.account) == file.village,
                worked=(one.account, one.case) in worked,
                past=past,
            )
        )
    return looks


def _surnames(work: Work, people: Iterable[int]) -> dict[int, str]:
    """Family names of people, opened by the job itself, which is written down like every other opening."""
    asked = sorted(people)
    opened = identity.reveal(work, asked, PURPOSE) if asked else {}
    return {person: surname(one.name) for person, one in opened.items()}


# --- answering ------------------------------------------------------------------------------------


def _is_county(access: Access) -> bool:
    return level_of(access.low) < AreaLevel.TOWNSHIP


def _asks(access: Access, row: MisuseQuestion, heads: Mapping[int, set[int]], today: date) -> bool:
    """Whether a question waits for whoever looks; nobody is asked about the own account."""
    if row.account == access.actor:
        return False
    with_head = bool(heads.get(row.area, set()) - {row.account})
    if access.role is Role.UNIT_HEAD:
        return row.area == access.low
    return access.role is Role.COUNTY_OFFICER and (not with_head or row.due_on < today)


@use_case(Action.MISUSE_READ)
def of_access(work: Work, today: date) -> tuple[QuestionView, ...]:
    """The questions that somebody may see, open ones first; never those about the own account."""
    heads = queries.heads(work, int(Role.UNIT_HEAD))
    rows = [
        row
        for row in queries.questions(work, today - ANSWERED_SHOWN)
        if row.account != work.access.actor
        and (row.answered_on is not None or _asks(work.access, row, heads, today))
    ]
    who = queries.accounts(work, sorted({row.account for row in rows}))
    files = queries.cases(work, sorted({row.case_key for row in rows if row.case_key}))
    told = [row for row in rows if row.answer is not None]
    texts = dict(
        zip(
            (row.id for row in told),
            open_texts(work, "MisuseQuestion", [(row.id, row.answer) for row in told], READING),
            strict=True,
        )
    )
    names = {
        row.code: row.name
        for row in areas.within(work, work.access.low, work.access.high, int(AreaLevel.TOWNSHIP))
    }
    return tuple(
        QuestionView(
            key=row.id,
            kind=known(Unusual, row.kind),
            rule=rules.RULES[known(Unusual, row.kind)],
            who=who[row.account].display if row.account in who else "已删除的账号",
            role=known(Role, row.role),
            place=names.get(row.area, ""),
            on=row.on,
            case_id=row.case_key if row.case_key in files else 0,
            file_no=files[row.case_key].file_no if row.case_key in files else "",
            counted=row.counted,
            asked_on=row.asked_on,
            due_on=row.due_on,
            mine=row.answered_on is None,
            late=row.due_on < today,
            answered_on=row.answered_on,
            verdict=None if row.verdict is None else known(MisuseVerdict, row.verdict),
            answer=texts.get(row.id, ""),
        )
        for row in rows
    )


@use_case(Action.MISUSE_READ, writes=False)
def waiting(work: Work, today: date) -> int:
    """How many questions wait for whoever looks."""
    heads = queries.heads(work, int(Role.UNIT_HEAD))
    rows = queries.questions(work, today)
    return sum(row.answered_on is None and _asks(work.access, row, heads, today) for row in rows)


@use_case(Action.MISUSE_ANSWER)
def answer(work: Work, key: int, verdict: MisuseVerdict | None, text: str, today: date) -> None:
    """Write down what came of asking; said once, it stays.

    Raises :class:`Missing` for a question put to somebody else or about the own account, :class:`Unfit`
    without a result or without words, :class:`Conflict` when it was answered meanwhile.
    """
    row = queries.question(work, key)
    if row is None or one_person(work, row.account, work.access.actor):
        raise Missing(NOT_THERE)
    if row.answered_on is not None:
        raise Conflict("这一项已经答复过，答复不能改动。如需补充，请在本单位的处理记录中写明。")
    if not _asks(work.access, row, queries.heads(work, int(Role.UNIT_HEAD)), today):
        raise Missing(NOT_THERE)
    text, wrong = text.strip(), {}
    if verdict is None:
        wrong["verdict"] = "请选择核对的结果。"
    if not LEAST <= len(text) <= LONGEST:
        wrong["answer"] = f"请写 {LEAST} 到 {LONGEST} 字，如“当天电话回访，未留记录”。请勿写患者姓名。"
    if wrong or verdict is None:
        raise Unfit("没有保存。", fields=wrong)
    row.answered_on, row.answered_by = today, work.access.actor
    row.verdict, row.answer = int(verdict), Plain(text)


# --- where colleagues live ------------------------------------------------------------------------


@use_case(Action.MISUSE_READ, writes=False)
def staff(work: Work) -> tuple[tuple[StaffLine, ...], tuple[tuple[int, str], ...]]:
    """(colleagues of the township, its villages): for the question about neighbours; empty for a county."""
    if _is_county(work.access) or work.access.role is not Role.UNIT_HEAD:
        return (), ()
    rows = queries.staff(work, work.access.low, work.access.high)
    homes = queries.homes(work, [row.id for row in rows])
    villages = areas.within(work, work.access.low, work.access.high, int(AreaLevel.VILLAGE))
    return (
        tuple(
            StaffLine(row.id, row.display, known(Role, row.role), homes.get(row.id))
            for row in rows
            if row.id != work.access.actor and known(Role, row.role) not in RECEIVERS
        ),
        tuple((row.code, row.name) for row in villages if row.level == int(AreaLevel.VILLAGE)),
    )


@use_case(Action.MISUSE_ANSWER)
def live_in(work: Work, account: int, village: int | None) -> None:
    """Write down in which village a colleague lives, or forget it; :class:`Forbidden` for any other role."""
    if work.access.role is not Role.UNIT_HEAD:
        raise Forbidden("只有单位负责人可以登记。")
    known_staff = {row.id for row in queries.staff(work, work.access.low, work.access.high)}
    row = work.get(StaffHome, account)
    if account not in known_staff or account == work.access.actor:
        raise Missing("本单位没有这个账号。请刷新页面后重新选择。")
    if village is None:
        if row is not None:
            work.remove(row)
        return
    if not work.access.reaches(village) or level_of(village) is not AreaLevel.VILLAGE:
        raise Unfit("没有保存。", fields={"village": "请选择本乡镇的村（社区）。"})
    if row is None:
        work.add(StaffHome(account=account, area=work.access.low, village=village))
    else:
        row.village = village
