"""在册档案: lists of people without names, the page of one person, and the recorded opening of names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Generic, TypeVar

from casemgr.indicators.catalogue import BY_KEY
from casemgr.indicators.period import Period
from casemgr.rules.access import Access, Action
from casemgr.rules.policy import in_force_on
from casemgr.services import edition as editions
from casemgr.services import indicator
from casemgr.services.case_view import CaseView, Rows, first_day_shown, known, term, view
from casemgr.services.errors import Missing, Throttled, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.identity import ALL_FIELDS, ID_NUMBER, PHONE, Revealed, TooMany, TooOften
from casemgr.store.queries import area as areas
from casemgr.store.queries import register as queries
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.followup import VisitMode
from casemgr.terms.guardian import Relation
from casemgr.terms.person import Sex
from casemgr.terms.purpose import Purpose
from casemgr.terms.register import Diagnosis, Lifecycle, Management, Track
from casemgr.terms.risk import RiskLevel, Stability

T = TypeVar("T")
#: The base of figures that ask about people with a class only.
CLASSED = "REG-A-CLASSED"

#: Filter value for "not assessed"; never a code of its own.
UNASSESSED = queries.UNASSESSED
ORDERS = queries.ORDERS
#: How many area codes lie within one township.
TOWNSHIP = 1_000
SIZES = (20, 50, 100)
#: Names stay open on the lists of one session for this long after they were asked for.
NAMES_OPEN = timedelta(minutes=15)
#: Purpose under which medicines are opened for the page of a person.
READING = "诊疗查阅"
LONGEST_SEARCH = 60
#: The last four of an id number or a telephone.
ENDING = re.compile(r"\d{3}[\dX]", re.ASCII)
HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")

NOT_THERE = "没有这份档案，或不在您的辖区内。请核对档案编号，或从患者列表重新进入。"


# --- lists ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """What a list asks for. ``area`` is any area inside the access; ``village`` 0: people without one.

    ``text`` may hold a name and stays out of addresses.

    ``stability`` and ``risk`` take :data:`UNASSESSED` too. With ``key`` and ``part`` the list is the people
    behind one number of the figures, of ``month`` or, without one, of today; with ``because`` only those of
    one reason.
    """

    area: int | None = None
    village: int | None = None
    text: str = ""
    lifecycle: Lifecycle | None = None
    diagnosis: Diagnosis | None = None
    stability: int | None = None
    risk: int | None = None
    key: str = ""
    part: str = ""
    month: str = ""
    because: str = ""
    order: str = "file_no"
    down: bool = False
    page: int = 1
    size: int = 50


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One person in a list; ``age`` in years by the year of birth, ``name`` empty unless it was opened.

    ``seen_on`` and what follows belong to the latest visit that reached the person; ``unreached_on`` is set
    when a later attempt did not. ``counted``, ``reason`` and ``rule`` are filled in lists behind a number.
    """

    case_id: int
    person_id: int
    file_no: str
    area: int
    township: str
    sex: Sex | None
    age: int | None
    village: str
    diagnosis: Diagnosis | None
    registered_on: date | None
    lifecycle: Lifecycle | None
    lifecycle_on: date | None
    management: Management | None
    seen_on: date | None
    mode: VisitMode | None
    stability: Stability | None
    risk: RiskLevel | None
    unreached_on: date | None
    name: str = field(default="", repr=False)
    counted: bool | None = None
    reason: str = ""
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list: ``number`` from 1, ``size`` rows a page, ``total`` rows in all."""

    rows: tuple[T, ...]
    total: int
    number: int
    size: int

    @property
    def last(self) -> int:
        """Number of the last page, at least 1."""
        return max(1, -(-self.total // self.size))


def _row(row: Any, year: int, name: str = "") -> CaseRow:
    # Unpacked in the order of the select, which is twice as fast as asking for each column by name.
    (
        key, person, file_no, area, township, sex, birth_year, village, diagnosis, registered_on, lifecycle,
        lifecycle_on, management, seen_on, mode, stability, risk, tried_on,
    ) = row[:18]  # fmt: skip
    return CaseRow(
        key,
        person,
        file_no,
        area,
        township or "",
        term(Sex, sex),
        None if birth_year is None else year - birth_year,
        village or "",
        known(Diagnosis, diagnosis),
        registered_on,
        known(Lifecycle, lifecycle),
        lifecycle_on,
        term(Management, management),
        seen_on,
        term(VisitMode, mode),
        term(Stability, stability),
        term(RiskLevel, risk),
        tried_on if tried_on != seen_on else None,
        name,
    )


def cases(access: Access, query: CaseQuery, today: date, purpose: str = "") -> Page[CaseRow]:
    """One page of the people that ``query`` asks for, as far as they lie inside ``access``.

    With a ``purpose`` the names of the people on the page are opened too, which is written down as one act.
    A constant number of statements, whatever the size of the register. Raises :class:`Missing` for an area or
    an indicator that does not exist, :class:`Unfit` when a name is searched among too many people.
    """
    size = query.size if query.size in SIZES else 50
    query = replace(
        query, size=size, page=max(1, query.page), order=query.order if query.order in ORDERS else "file_no"
    )
    if query.key:
        return behind(access, query, today, purpose).page
    wanted = _wanted(access, query)
    if query.text.strip():
        wanted = _searched(access, query, wanted)
    if purpose and wanted.high - wanted.low <= TOWNSHIP:
        return _listed_with_names(access, wanted, query, today, purpose)
    page = _listed(access, wanted, query, today)
    if not purpose:
        return page
    # A whole county takes longer to read, and whoever writes keeps all other writers waiting.
    names = reveal_names(access, [row.person_id for row in page.rows], purpose)
    return replace(page, rows=tuple(replace(row, name=names.get(row.person_id, "")) for row in page.rows))


def _wanted(access: Access, query: CaseQuery) -> queries.Wanted:
    low, high = access.low, access.high
    county = None
    if query.area is not None:
        low, high = span_of(query.area)
        if not access.reaches(low) or high > access.high:
            raise Missing("没有这个区划，或不在您的辖区内。请从首页的列表进入。")
    if (low, high) == span_of(low) and level_of(low) is AreaLevel.COUNTY:
        county = low
    return queries.Wanted(
        low=low,
        high=high,
        county=county,
        village=query.village or None,
        lifecycle=query.lifecycle,
        diagnosis=query.diagnosis,
        stability=query.stability,
        risk=query.risk,
        nowhere=True if query.village == 0 else None,
    )


@use_case(Action.CASE_LIST)
def _listed(work: Work, wanted: queries.Wanted, query: CaseQuery, today: date) -> Page[CaseRow]:
    rows, total, number = _found(work, wanted, query, named=False)
    return Page(tuple(_row(row, today.year) for row in rows), total, number, query.size)


@use_case(Action.IDENTITY_REVEAL)
def _listed_with_names(
    work: Work, wanted: queries.Wanted, query: CaseQuery, today: date, purpose: str
) -> Page[CaseRow]:
    why = purpose_of(purpose).label
    rows, total, number = _found(work, wanted, query, named=True)
    names = identity.reveal_names(work, [(row.person_id, row.name) for row in rows], why) if rows else {}
    shown = tuple(_row(row, today.year, names.get(row.person_id, "")) for row in rows)
    return Page(shown, total, number, query.size)


def _found(
    work: Work, wanted: queries.Wanted, query: CaseQuery, *, named: bool
) -> tuple[Sequence[Any], int, int]:
    """(rows, how many in all, number of the page); a page behind the last one is the last one."""

    def rows_of(number: int, counted: bool) -> Sequence[Any]:
        offset = (number - 1) * query.size
        return queries.page(
            work, wanted, query.order, query.down, query.size, offset, counted=counted, named=named
        )

    if wanted.high - wanted.low <= TOWNSHIP:
        # Few enough to be counted along; a page without rows may lie behind the last one.
        rows = rows_of(query.page, counted=True)
        if rows:
            return rows, rows[0].total, query.page
    total = queries.count(work, wanted)
    number = min(query.page, max(1, -(-total // query.size)))
    return (rows_of(number, counted=False) if total else ()), total, number


def rows_of(work: Work, ids: Sequence[int], today: date) -> dict[int, CaseRow]:
    """What a list shows of these cases, by key; part of the unit of work that asks."""
    return {row.id: _row(row, today.year) for row in queries.by_ids(work, ids)}


@dataclass(frozen=True, slots=True)
class VillageView:
    """One village that people of a township live in; ``code`` is empty where none was written down."""

    code: int | None
    name: str
    registered: int


@use_case(Action.CASE_LIST)
def villages(work: Work, township: int) -> list[VillageView]:
    """Where the people on a township's register live, by code; those without a village last."""
    low, high = span_of(township)
    rows = queries.village_counts(work, low, high, int(Lifecycle.ON_REGISTER))
    return [VillageView(row.village, row.name or "未填村（社区）", row.registered) for row in rows]


@use_case(Action.CASE_LIST)
def _by_ids(work: Work, ids: Sequence[int], today: date) -> dict[int, CaseRow]:
    return rows_of(work, ids, today)


def by_ids(access: Access, ids: Sequence[int], today: date, purpose: str = "") -> dict[int, CaseRow]:
    """What a list shows of these cases, by key; their names only with a ``purpose``, and recorded."""
    found: dict[int, CaseRow] = _by_ids(access, ids, today)
    if not purpose:
        return found
    names = reveal_names(access, [row.person_id for row in found.values()], purpose)
    return {key: replace(row, name=names.get(row.person_id, "")) for key, row in found.items()}


@dataclass(frozen=True, slots=True)
class Behind:
    """The people behind one number: the page asked for, and what the number is.

    ``because`` is the reason they were chosen by, in words; ``classed``: whether the figure asks only about
    people with a class, so that those it does not ask about are not assessed.
    """

    page: Page[CaseRow]
    key: str
    name: str
    variant: str
    place: str
    as_of: date
    official: bool
    because: str = ""
    classed: bool = False
    status: str = ""


def behind(access: Access, query: CaseQuery, today: date, purpose: str = "") -> Behind:
    """The people behind one number: exactly as many rows as the number says, each with its reason.

    Raises :class:`Missing` for an area out of reach or an unknown indicator, :class:`Unfit` for an unknown
    part.
    """
    area = access.low if query.area is None else query.area
    when = query.month or today
    size = query.size if query.size in SIZES else 50
    listed = indicator.behind(
        access,
        area,
        query.key,
        when,
        query.part,
        village=query.village,
        because=query.because,
        start=(max(1, query.page) - 1) * size,
        size=size,
    )
    shown = listed.people
    number = min(max(1, query.page), max(1, -(-listed.total // size)))
    found = _by_ids(access, [one.case_id for one in shown], today) if shown else {}
    people_shown = [row.person_id for row in found.values()]
    names = reveal_names(access, people_shown, purpose) if purpose else {}
    rows = tuple(
        replace(
            row := found.get(one.case_id) or _gone(one),
            name=names.get(row.person_id, ""),
            counted=one.counted,
            reason=one.reason,
            rule=one.rule,
        )
        for one in shown
    )
    page = Page(rows, listed.total, number, size)
    return replace(_described(access, page, query, area, today), because=listed.because)


@use_case(Action.CASE_LIST)
def _described(work: Work, page: Page[CaseRow], query: CaseQuery, area: int, today: date) -> Behind:
    as_of = Period.of_month(query.month).end if query.month else today
    edition = editions.edition_on(work, as_of, area)
    measure = BY_KEY[edition.key_of(query.key) or indicator.REGISTERED]
    place = areas.within(work, area, area + 1, int(AreaLevel.VILLAGE))
    return Behind(
        page,
        measure.key,
        measure.name,
        measure.variant,
        place[0].name if place else "",
        as_of,
        measure.key in edition.official,
        classed=measure.base == CLASSED,
        status=measure.status,
    )


def _gone(one: indicator.PersonVerdict) -> CaseRow:
    """Somebody a closed month counted who is out of reach by now; the row stays, so the number is right."""
    return CaseRow(
        case_id=one.case_id,
        person_id=0,
        file_no=one.file_no or "已不在辖区",
        area=one.area,
        township="",
        sex=None,
        age=None,
        village="",
        diagnosis=None,
        registered_on=None,
        lifecycle=None,
        lifecycle_on=None,
        management=None,
        seen_on=None,
        mode=None,
        stability=None,
        risk=None,
        unreached_on=None,
    )


# --- searching ------------------------------------------------------------------------------------


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _narrowed(access: Access, wanted: queries.Wanted) -> Access:
    """The same person looking at fewer people: names outside the list asked for are not opened."""
    return replace(access, low=max(access.low, wanted.low), high=min(access.high, wanted.high))


def _searched(access: Access, query: CaseQuery, wanted: queries.Wanted) -> queries.Wanted:
    """``wanted`` limited to what was typed.

    An id number or a phone, whole or its last four; a file number or a part of it; a name, a part of it or
    its initials; an address or a part of it.
    """
    asked = _folded(query.text)
    if len(asked) > LONGEST_SEARCH:
        raise Unfit(
            "查询内容太长。", fields={"text": f"最多 {LONGEST_SEARCH} 个字，请只输入姓名、编号或电话。"}
        )
    number = asked.upper()
    if idnumber.has_shape(number):
        return replace(wanted, county=None, people=_by_token(_narrowed(access, wanted), ID_NUMBER, (number,)))
    digits = re.sub(r"[-()+]", "", number)
    if digits.isascii() and digits.isdigit() and 7 <= len(digits) <= 14:
        # As written down, and as dialled: with and without marks and the code of the country.
        spellings = tuple({number, digits, digits.removeprefix("86") if len(digits) > 11 else digits})
        if people := _by_token(_narrowed(access, wanted), PHONE, spellings):
            return replace(wanted, county=None, people=people)
    within = _narrowed(access, wanted)
    if ENDING.fullmatch(number):
        return replace(wanted, county=None, people=_by_end(within, number))
    if re.search(r"\d", asked):
        if not HAN.search(asked):
            return replace(wanted, file_part=asked)
        # Digits among Chinese characters: a house number, unless somebody numbers the files that way.
        by_file = _by_file_part(within, asked)
        return replace(wanted, county=None, people=by_file or _by_address(within, query.text.strip()))
    people = _by_name(within, query.text.strip())
    if not people and len(HAN.findall(asked)) > 1:
        people = _by_address(within, query.text.strip())
    return replace(wanted, county=None, people=people)


@use_case(Action.CASE_SEARCH)
def _by_token(work: Work, place: Any, spellings: Sequence[str]) -> tuple[int, ...]:
    return tuple({person for one in spellings for person in identity.find_by_token(work, place, one)})


def _opening(work: Work, find: Callable[[Work, str], list[int]], text: str) -> tuple[int, ...]:
    """A search that opens what is sealed: not over too many people, and not too often."""
    try:
        identity.not_too_often(work)
        return tuple(find(work, text))
    except TooMany:
        raise Unfit(
            "这个范围内的人太多，不能按姓名、住址或末四位查找。",
            fields={
                "text": f"按姓名、住址或末四位最多在 {identity.SEARCH_LIMIT:,} 人中查找。"
                "请先选择乡镇，或改用完整的证件号码、电话、档案编号。"
            },
        ) from None
    except TooOften:
        minutes = int(identity.SEARCHES_WITHIN.total_seconds()) // 60
        raise Throttled(
            f"{minutes} 分钟内按姓名、住址或末四位查找已达 {identity.SEARCHES} 次。"
            "为防止有人成批翻查姓名，请稍后再查，或改用完整的证件号码、电话、档案编号。"
        ) from None


@use_case(Action.CASE_SEARCH)
def _by_name(work: Work, text: str) -> tuple[int, ...]:
    return _opening(work, identity.find_by_name, text)


@use_case(Action.CASE_SEARCH)
def _by_address(work: Work, text: str) -> tuple[int, ...]:
    return _opening(work, identity.find_by_address, text)


@use_case(Action.CASE_SEARCH)
def _by_end(work: Work, end: str) -> tuple[int, ...]:
    """By the last four of a number, or by four characters anywhere in the file number."""
    by_file = queries.people_with_file_part(work, end)
    try:
        return tuple({*by_file, *_opening(work, identity.find_by_end, end)})
    except (Unfit, Throttled):
        if by_file:
            return tuple(by_file)
        raise


@use_case(Action.CASE_SEARCH, writes=False)
def _by_file_part(work: Work, part: str) -> tuple[int, ...]:
    return tuple(queries.people_with_file_part(work, part))


# --- names ----------------------------------------------------------------------------------------


def purpose_of(text: str) -> Purpose:
    """The purpose that ``text`` (label or code) names; :class:`Unfit` when none was chosen."""
    try:
        return Purpose.read(text)
    except ValueError:
        raise Unfit(
            "请先选择查看目的。", fields={"purpose": "查看身份信息须说明目的，以便留痕。请选择其中一项。"}
        ) from None


@use_case(Action.IDENTITY_REVEAL)
def reveal_names(work: Work, people: Sequence[int], purpose: str) -> dict[int, str]:
    """Names of these people by person, as far as they lie inside the access; one audit entry for all."""
    if not people:
        return {}
    opened = identity.reveal(work, people, purpose_of(purpose).label)
    return {person: one.name for person, one in opened.items()}


@dataclass(frozen=True, slots=True)
class OpenedGuardian:
    """An opened guardian."""

    relation: Relation | None
    name: str
    phone: str
    residence: str


@dataclass(frozen=True, slots=True)
class OpenedNote:
    """The opened free texts of one visit, each with the name of its field."""

    on: date
    texts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OpenedIdentity:
    """Everything sealed about one person, opened for one page."""

    person: Revealed
    guardians: tuple[OpenedGuardian, ...]
    notes: tuple[OpenedNote, ...]
    supplement: tuple[tuple[str, str], ...]


#: Free texts of a visit in the order of the form.
VISIT_TEXTS = (
    ("symptoms_other", "其他症状"),
    ("laboratory", "实验室检查"),
    ("adverse_reaction", "药物不良反应"),
    ("referral_reason", "转诊原因"),
    ("referral_to", "转诊机构及科室"),
    ("referral_contact", "转诊联系人"),
    ("measures_other", "其他康复措施"),
    ("doctor", "随访医生"),
    ("note", "备注"),
)
SUPPLEMENT_TEXTS = (("diagnosed_at", "确诊医院"), ("note", "补充说明"))


@use_case(Action.IDENTITY_REVEAL)
def reveal_identity(work: Work, case_id: int, purpose: str, today: date) -> OpenedIdentity:
    """Identity, guardians and free texts of one person; recorded with the purpose.

    Raises :class:`Missing` outside the access, :class:`Unfit` without a purpose.
    """
    why = purpose_of(purpose).label
    row = queries.case(work, case_id)
    if row is None:
        raise Missing(NOT_THERE)
    person = row.Case.person_id
    opened = identity.reveal(work, [person], why, ALL_FIELDS, case_id)
    if person not in opened:
        raise Missing(NOT_THERE)
    guardians = tuple(
        OpenedGuardian(term(Relation, one.relation), one.name, one.phone, one.residence)
        for one in identity.reveal_guardians(work, [person], why, case_id)
    )
    notes = _notes(work, queries.visit_texts(work, case_id, first_day_shown(today)), why, case_id)
    supplement: tuple[tuple[str, str], ...] = ()
    if row.Supplement is not None:
        filled = [
            (name, label) for name, label in SUPPLEMENT_TEXTS if getattr(row.Supplement, name) is not None
        ]
        texts = identity.open_texts(
            work, "Supplement", [(case_id, getattr(row.Supplement, name)) for name, _ in filled], why, case_id
        )
        supplement = tuple((label, text) for (_, label), text in zip(filled, texts, strict=True))
    return OpenedIdentity(opened[person], guardians, notes, supplement)


def _notes(work: Work, rows: Sequence[Any], why: str, case_id: int) -> tuple[OpenedNote, ...]:
    filled = [
        (on, label, row.visit_id, getattr(row, name))
        for on, row in rows
        for name, label in VISIT_TEXTS
        if getattr(row, name) is not None
    ]
    opened = identity.open_texts(
        work, "VisitText", [(key, value) for _, _, key, value in filled], why, case_id
    )
    by_day: dict[date, list[tuple[str, str]]] = {}
    for (on, label, _, _), text in zip(filled, opened, strict=True):
        by_day.setdefault(on, []).append((label, text))
    return tuple(OpenedNote(on, tuple(texts)) for on, texts in by_day.items())


# --- one person -----------------------------------------------------------------------------------


@use_case(Action.CASE_READ)
def case(work: Work, case_id: int, today: date) -> CaseView:
    """Everything about one case but the identity; that it was read is written down.

    Raises :class:`Missing` alike for a case that does not exist and for one outside the access.
    """
    row = queries.case(work, case_id)
    if row is None:
        raise Missing(NOT_THERE)
    first = first_day_shown(today)
    visits = queries.visits(work, case_id, first)
    seen = next((one for one in visits if one.loss_reason is None), None)
    drugs = queries.drug_lines(work, seen.id) if seen else []
    names = identity.open_texts(work, "DrugLine", [(one.id, one.name) for one in drugs], READING, case_id)
    states = queries.states(work, case_id)
    units = [one.value for one in states if one.track == Track.UNIT]
    work.note("read", "Case", row_key=case_id, case_key=case_id)
    edition = editions.edition_on(work, today, row.Case.area)
    return view(
        Rows(
            case=row.Case,
            person=row.Person,
            supplement=row.Supplement,
            unit=row.unit_name,
            township=row.township_name or "",
            village=row.village_name or "",
            visits=visits,
            older=queries.older_visits(work, case_id, first),
            drugs=tuple(zip(drugs, names, strict=True)),
            doses=queries.doses(work, case_id, first),
            sessions=queries.sessions(work, case_id, first),
            talks=queries.talks(work, case_id, first),
            checkups=queries.checkups(work, case_id),
            states=states,
            units=queries.unit_names(work, units) if units else {},
            consents=queries.consents(work, case_id),
        ),
        today,
        in_force_on(today, within(work).region),
        edition.official,
        edition.id,
    )


@dataclass(frozen=True, slots=True)
class ReadingView:
    """Somebody opened this person's identity: ``fields`` in words, ``people`` on the same page."""

    at: datetime
    who: str
    role: Role
    fields: str
    purpose: str
    people: int


#: Names of the sealed fields in the audit, in words.
FIELD_WORDS = {
    "name": "姓名",
    "id_number": "证件号码",
    "birth_on": "出生日期",
    "phone": "电话",
    "domicile": "户籍地址",
    "residence": "住址",
    "workplace": "工作单位",
}
READINGS_SHOWN = 20


@use_case(Action.AUDIT_READ)
def readings(work: Work, case_id: int) -> list[ReadingView]:
    """Who has opened this person's identity and why, latest first; :class:`Missing` outside the access."""
    person = queries.person_of(work, case_id)
    if person is None:
        raise Missing(NOT_THERE)
    return [
        ReadingView(
            one.at,
            one.actor_label,
            known(Role, one.role),
            _in_words(one.noun, one.fields),
            one.purpose,
            one.count,
        )
        for one in queries.readings(work, person, READINGS_SHOWN)
    ]


def _in_words(noun: str, names: str) -> str:
    if noun == "Guardian":
        return "监护人"
    words = [field_word(name) for name in names.split(",")]
    whole = set(FIELD_WORDS.values()) <= set(words)
    more = [one for one in dict.fromkeys(words) if not whole or one not in FIELD_WORDS.values()]
    return "、".join(["全部身份信息"] * whole + more)


def field_word(name: str) -> str:
    """A field of the audit in words; fields of other tables carry the name of theirs."""
    table, _, _ = name.rpartition(".")
    return FIELD_WORDS.get(name, "监护人" if table == "guardian" else "其他内容")
