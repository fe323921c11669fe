"""待办清单: whom to see today and why, one row a person; what people do to duties, and who does them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from casemgr.rules import worklist as rules
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import is_certain
from casemgr.rules.duty import SETTLED_BY_HAND, VISITS
from casemgr.rules.policy import Policy, in_force_on
from casemgr.rules.worklist import OpenDuty
from casemgr.services import duties, ledger_line
from casemgr.services.case_view import known, term
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.register import purpose_of
from casemgr.services.saved_filter import View, of_account
from casemgr.services.unfiled import unfiled
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.db import new_keys
from casemgr.store.queries import area as areas
from casemgr.store.queries import duty as queries
from casemgr.store.queries import register as registers
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.duty import Block, Calendar, DutyKind, DutyState, Urgency
from casemgr.terms.followup import VisitMode
from casemgr.terms.medication import Adherence
from casemgr.terms.person import Sex
from casemgr.terms.register import Management
from casemgr.terms.risk import RiskLevel, Stability
from casemgr.terms.rulebook import book

SIZES = (20, 50, 100)
#: How far back an agreed day may have been written down and still be shown.
AGREED_SINCE = timedelta(62)
NOT_A_TOWNSHIP = "待办清单按乡镇（街道）列出。请先选择一个乡镇。"
NOT_THERE = "没有找到这项应办事项，或已经办结。请回到待办清单刷新后再办。"
#: The blocks whose counters stand on top of the list.
COUNTED = (Block.TODAY, Block.WEEK, Block.LATE)
#: Words by their code: looked up for every duty of a township.
KINDS = {int(one): one for one in DutyKind}
URGENCIES = {int(one): one for one in Urgency}
FOLDED = (Block.TOLD, Block.LOST)


@dataclass(frozen=True, slots=True)
class DutyView:
    """One duty as pages show it; ``days`` left, negative when it is overdue."""

    id: int
    case_id: int
    kind: DutyKind
    origin: int
    began_on: date
    due_on: date
    due_at: datetime | None
    planned_on: date
    remind_on: date | None
    days: int
    rule: str
    status: str
    reason: str
    urgency: Urgency
    state: DutyState
    ended_on: date | None
    assignee: int | None
    certain: bool

    @property
    def label(self) -> str:
        return self.kind.label

    @property
    def overdue_days(self) -> int:
        """How many days it is overdue, 0 when it is not or has ended."""
        return -self.days if self.days < 0 and self.state is DutyState.OPEN else 0

    @property
    def when(self) -> str:
        """How it stands against its day, in words."""
        if self.days < 0:
            return f"逾期 {-self.days} 天"
        return "今天到期" if self.days == 0 else f"还有 {self.days} 天"

    @property
    def by_hand(self) -> bool:
        """Whether somebody may say that it is done because no other record tells it."""
        return self.kind in SETTLED_BY_HAND

    @property
    def mark(self) -> str:
        """The words beside the rule: 待核对, 产品建议, or nothing."""
        if not self.certain:
            return "待核对"
        rule = book().get(self.rule)
        return "" if rule is None else rule.mark

    @property
    def wording(self) -> str:
        """What the rule says, shown on request."""
        rule = book().get(self.rule)
        return "" if rule is None else rule.wording


def _view(row: Any, today: date) -> DutyView:
    (
        key, case, kind, origin, began_on, opens_on, due_on, due_at, calendar, rule, because, urgency, state,
        ended_on, remind_on, assignee,
    ) = tuple(row)[:16]  # fmt: skip
    known_rule = book().get(rule)
    what = known(DutyKind, kind)
    days = (today - began_on).days
    reason = (
        f"{because}，已 {days} 天" if what in VISITS and state == DutyState.OPEN and days > 0 else because
    )
    return DutyView(
        key,
        case,
        what,
        origin,
        began_on,
        due_on,
        due_at,
        opens_on,
        remind_on,
        (due_on - today).days,
        rule,
        "" if known_rule is None else known_rule.status,
        reason,
        known(Urgency, urgency),
        known(DutyState, state),
        ended_on,
        assignee,
        is_certain(began_on, due_on, known(Calendar, calendar)),
    )


@dataclass(frozen=True, slots=True)
class WorkQuery:
    """What a worklist asks for; empty fields ask for everything.

    ``begin``: nothing was asked for, so the view with which this account begins is shown, if it has one.
    """

    area: int | None = None
    block: Block | None = None
    village: int | None = None
    kind: DutyKind | None = None
    mine: bool = False
    cases: frozenset[int] | None = None
    page: int = 1
    size: int = 50
    begin: bool = False


@dataclass(frozen=True, slots=True)
class WorkRow:
    """One person of the list: the duty that comes first, all others that are open, the last visit."""

    case_id: int
    person_id: int
    file_no: str
    sex: Sex | None
    age: int | None
    village: int | None
    village_name: str
    block: Block
    main: DutyView
    others: tuple[DutyView, ...]
    seen_on: date | None
    mode: VisitMode | None
    stability: Stability | None
    risk: RiskLevel | None
    adherence: Adherence | None
    once: int
    neighbours: int = 0
    tried_on: date | None = None
    tried: AttemptResult | None = None
    agreed_on: date | None = None
    holder: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """How many entries one block has: its rows, and its duties that belong to no file."""

    block: Block
    count: int


@dataclass(frozen=True, slots=True)
class Apart:
    """A duty about somebody who has no file here yet: a clue, a notice, a file asked to move in.

    ``block`` is where it counts, ``None`` while it is due later than the list looks ahead.
    """

    kind: DutyKind
    noun: str
    key: int
    due_on: date
    days: int
    rule: str
    status: str
    reason: str
    block: Block | None
    village: int | None = None
    village_name: str = ""

    @property
    def when(self) -> str:
        if self.days < 0:
            return f"逾期 {-self.days} 天"
        return "今天到期" if self.days == 0 else f"还有 {self.days} 天"


@dataclass(frozen=True, slots=True)
class NextOne:
    """Who comes next when nothing is due."""

    case_id: int
    file_no: str
    on: date
    kind: DutyKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Worker:
    """An account that duties of the township may be given to; ``instead_of``: who it stands in for today."""

    id: int
    display: str
    area: int | None


@dataclass(frozen=True, slots=True)
class Worklist:
    """The list of one township on one day; a counter is as many as its rows and its entries ``apart``.

    ``query`` is what is shown, ``views`` what this account has named, ``begun`` the one taken by itself.
    """

    area: int
    today: date
    counts: tuple[Count, ...]
    folded: tuple[Count, ...]
    rows: tuple[WorkRow, ...]
    total: int
    page: int
    size: int
    villages: tuple[tuple[int, str, int], ...] = ()
    kinds: tuple[tuple[DutyKind, int], ...] = ()
    apart: tuple[Apart, ...] = ()
    staff: tuple[Worker, ...] = ()
    next: NextOne | None = None
    assigned: bool = False
    #: How many days the list looks ahead.
    ahead: int = 0
    query: WorkQuery = field(default_factory=WorkQuery)
    views: tuple[View, ...] = ()
    begun: View | None = None

    @property
    def later(self) -> int:
        """Entries without a file that are due later than the list looks ahead: shown, and not counted."""
        return sum(one.block is None for one in self.apart)

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def nothing(self) -> bool:
        """Whether all three blocks are empty."""
        return not any(one.count for one in self.counts)


@dataclass(slots=True)
class _Person:
    """One person on the way into the list."""

    case_id: int
    village: int | None
    lost: bool
    #: Keys of the duties that bring the person here, whose they are, and what puts them in order.
    keys: list[int] = field(default_factory=list)
    given: list[int | None] = field(default_factory=list)
    duties: list[OpenDuty] = field(default_factory=list)
    block: Block = Block.WEEK
    place: int = 0

    @property
    def main(self) -> OpenDuty:
        """The duty that comes first."""
        return self.duties[self.place]


def worklist(access: Access, query: WorkQuery, today: date, purpose: str = "") -> Worklist:
    """Whom to see and why, in three blocks and two folded ones; counters always equal rows.

    A constant number of statements. With a ``purpose`` the names of the page are opened and written down.
    Raises :class:`Missing` for an area that is no township of the access.
    """
    area = access.low if query.area is None else query.area
    if level_of(area) is not AreaLevel.TOWNSHIP or not access.reaches(area):
        raise Missing(NOT_A_TOWNSHIP)
    size = query.size if query.size in SIZES else 50
    query = replace(query, area=area, size=size, page=max(1, query.page))
    return _named(access, query, today, purpose) if purpose else _unnamed(access, query, today)


def chosen(
    access: Access, area: int, cases: Sequence[int], today: date, purpose: str = ""
) -> tuple[WorkRow, ...]:
    """The rows of some people of a township's list, by village, for a sheet of paper."""
    rows: list[WorkRow] = []
    for block in (None, *FOLDED):
        query = WorkQuery(area=area, block=block, cases=frozenset(cases), size=SIZES[-1])
        rows += worklist(access, query, today, purpose).rows
    return tuple(sorted(rows, key=lambda row: (row.village or 0, row.file_no)))


@use_case(Action.DUTY_READ)
def _unnamed(work: Work, query: WorkQuery, today: date) -> Worklist:
    return _worklist(work, query, today, "")


@use_case(Action.IDENTITY_REVEAL)
def _named(work: Work, query: WorkQuery, today: date, purpose: str) -> Worklist:
    return _worklist(work, query, today, purpose_of(purpose).label)


def _worklist(work: Work, query: WorkQuery, today: date, purpose: str) -> Worklist:
    policy = in_force_on(today, within(work).region)
    area = query.area or 0
    views = of_account(work, area)
    begun = next((one for one in views if one.first), None) if query.begin else None
    if begun is not None:
        query = replace(query, block=begun.block, village=begun.village, kind=begun.kind, mine=begun.mine)
    until = rules.horizon(today, policy)
    tried = _tried(queries.told(work, area, today - AGREED_SINCE))
    standing = _standing(queries.listed(work, area, today, until), tried, today, policy)
    staff = tuple(Worker(*row) for row in queries.staff(work, area, area + 1))
    me = work.access.actor
    assigned = any(one.given[one.place] is not None for one in standing)
    covered = _covered(queries.stand_ins(work, area, area + 1, today), today) if assigned else {}
    if query.mine:
        standing = [one for one in standing if _holder(one, covered) in (None, me)]
    if query.cases is not None:
        standing = [one for one in standing if one.case_id in query.cases]
    apart = _apart(work, area, today, policy) if query.cases is None else []
    of_kind = [one for one in standing if query.kind in (None, one.main.kind)]
    of_village = [one for one in standing if query.village in (None, one.village or 0)]
    chosen = [one for one in of_kind if query.village in (None, one.village or 0)]
    apart_of_kind = [one for one in apart if query.kind in (None, one.kind)]
    apart_of_village = [one for one in apart if query.village in (None, one.village or 0)]
    apart = [one for one in apart_of_kind if query.village in (None, one.village or 0)]
    shown = [
        one for one in chosen if (one.block in COUNTED if query.block is None else one.block is query.block)
    ]
    shown.sort(
        key=lambda one: (
            rules.RANK[one.block],
            *rules.order(one.block, one.main, today),
            one.village or 0,
            one.case_id,
        )
    )
    last = max(1, -(-len(shown) // query.size))
    number = min(query.page, last)
    page = shown[(number - 1) * query.size : number * query.size]
    keys = [one.case_id for one in page]
    rows = queries.people(work, keys, named=bool(purpose))
    names: dict[int, str] = {}
    if purpose and rows:
        soon = today + timedelta(days=policy.week_ahead.value)
        due = {one.case_id for one in page if one.main.due_on <= soon}
        people = frozenset(row.person_id for row in rows if row.id in due)
        names = identity.reveal_names(work, [(row.person_id, row.name) for row in rows], purpose, people)
    open_now: dict[int, list[DutyView]] = {}
    for row in queries.open_of(work, keys):
        open_now.setdefault(row.case_id, []).append(_view(row, today))
    displays = {one.id: one.display for one in staff}
    near = _counted(one.village for one in chosen if one.block in COUNTED)
    by_case = {row.id: row for row in rows}
    onces = new_keys(len(page)) if page else range(0)
    made = tuple(
        _row(
            one,
            by_case[one.case_id],
            open_now[one.case_id],
            tried.get(one.case_id),
            today,
            once,
            near.get(one.village, 0),
            displays.get(_holder(one, covered) or -1, ""),
            names,
        )
        for one, once in zip(page, onces, strict=True)
        if one.case_id in by_case
    )
    blocks = _counted([one.block for one in chosen] + [one.block for one in apart])
    return Worklist(
        area=area,
        today=today,
        counts=tuple(Count(block, blocks.get(block, 0)) for block in COUNTED),
        folded=tuple(Count(block, blocks.get(block, 0)) for block in FOLDED),
        rows=made,
        total=len(shown),
        page=number,
        size=query.size,
        villages=_villages(
            work,
            area,
            _counted(
                [one.village or 0 for one in of_kind if one.block in COUNTED]
                + [one.village or 0 for one in apart_of_kind if one.block in COUNTED]
            ),
        ),
        kinds=_kinds(of_village, apart_of_village),
        apart=tuple(one for one in apart if query.block in (None, one.block)),
        staff=staff,
        next=None if standing else _next(work, area, until, purpose),
        assigned=assigned,
        ahead=policy.week_ahead.value,
        query=query,
        views=views,
        begun=begun,
    )


def _counted(values: Any) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return found


def _tried(rows: Sequence[Any]) -> dict[int, Any]:
    """The latest attempt of each case."""
    return {row.case_id: row for row in rows}


def _standing(rows: Sequence[Any], tried: Mapping[int, Any], today: date, policy: Policy) -> list[_Person]:
    """The people who are on the list, each in one block with the duty that comes first."""
    people: dict[int, _Person] = {}
    for row in rows:
        (
            key, case, kind, urgency, began_on, due_on, planned_on, remind_on, given, village, management,
        ) = row  # fmt: skip
        person = people.get(case)
        if person is None:
            person = people[case] = _Person(case, village, management == Management.LOST)
        person.keys.append(key)
        person.given.append(given)
        person.duties.append(
            OpenDuty(KINDS[kind], URGENCIES[urgency], began_on, due_on, planned_on, remind_on)
        )
    found = []
    block_of = rules.block_of
    for person in people.values():
        lost, own = person.lost, person.duties
        if len(own) == 1:
            main, block = 0, block_of(own[0], lost, today, policy)
            if block is None:
                continue
        else:
            blocks = [(duty, block_of(duty, lost, today, policy)) for duty in own]
            first = rules.place(blocks)
            if first is None:
                continue
            main, block = first, blocks[first][1]
        duty = own[main]
        person.place, person.block = main, block or Block.WEEK
        last = tried.get(person.case_id)
        told_today = last is not None and last.on == today and last.next_on != today
        if told_today and person.block in COUNTED and duty.urgency is not Urgency.NOW:
            person.block = Block.TOLD
        found.append(person)
    return found


def _covered(rows: Sequence[Any], today: date) -> dict[int, int]:
    """Who stands in for whom today."""
    return {row.absent: row.instead for row in rows if row.since <= today}


def _holder(person: _Person, covered: Mapping[int, int]) -> int | None:
    """Whose duty it is today: the account it was given to, or who stands in; ``None``: everybody's."""
    given = person.given[person.place]
    return None if given is None else covered.get(given, given)


def _row(
    person: _Person,
    row: Any,
    open_now: Sequence[DutyView],
    last: Any,
    today: date,
    once: int,
    near: int,
    holder: str,
    names: Mapping[int, str],
) -> WorkRow:
    key = person.keys[person.place]
    main = next(one for one in open_now if one.id == key)
    agreed = last.next_on if last is not None and last.next_on is not None and last.next_on >= today else None
    return WorkRow(
        case_id=row.id,
        person_id=row.person_id,
        file_no=row.file_no,
        sex=term(Sex, row.sex),
        age=None if row.birth_year is None else today.year - row.birth_year,
        village=row.village,
        village_name=row.village_name or "",
        block=person.block,
        main=main,
        others=tuple(one for one in open_now if one is not main),
        seen_on=row.seen_on,
        mode=term(VisitMode, row.mode),
        stability=term(Stability, row.stability),
        risk=term(RiskLevel, row.risk),
        adherence=term(Adherence, row.adherence),
        once=once,
        neighbours=max(near - 1, 0),
        tried_on=None if last is None else last.on,
        tried=None if last is None else term(AttemptResult, last.result),
        agreed_on=agreed,
        holder=holder,
        name=names.get(row.person_id, ""),
    )


def _kinds(people: Sequence[_Person], apart: Sequence[Apart]) -> tuple[tuple[DutyKind, int], ...]:
    """How often each kind comes first on the list."""
    found = _counted([one.main.kind for one in people] + [one.kind for one in apart if one.block in COUNTED])
    return tuple(sorted(found.items()))


def _villages(work: Work, area: int, found: Mapping[int, int]) -> tuple[tuple[int, str, int], ...]:
    """(code, name, entries of the list) of the villages that have some; 0 stands for none."""
    low, high = span_of(area)
    names = {row.code: row.name for row in areas.within(work, low, high, int(AreaLevel.VILLAGE))}
    return tuple((code, names.get(code, "未填村（社区）"), found[code]) for code in sorted(found))


def _apart(work: Work, area: int, today: date, policy: Policy) -> list[Apart]:
    """What waits for somebody who has no file here, what is due first first."""
    rule_book = book()
    found = []
    for one in unfiled(work, area, area + 1, policy, today):
        due = one.due
        if not due.is_open:
            continue
        duty = OpenDuty(due.kind, due.urgency, due.began_on, due.due_on, due.planned_on)
        rule = rule_book.get(due.rule)
        found.append(
            Apart(
                due.kind,
                one.noun,
                due.origin,
                due.due_on,
                (due.due_on - today).days,
                due.rule,
                "" if rule is None else rule.status,
                due.because,
                rules.block_of(duty, False, today, policy),
                one.village,
                one.village_name,
            )
        )
    return sorted(found, key=lambda one: (one.due_on, one.key))


def _next(work: Work, area: int, until: date, purpose: str) -> NextOne | None:
    row = queries.next_one(work, area, until)
    if row is None:
        return None
    name = ""
    if purpose:
        opened = identity.reveal(work, [row.person_id], purpose)
        name = opened[row.person_id].name if row.person_id in opened else ""
    return NextOne(row.case_id, row.file_no, row.opens_on, known(DutyKind, row.kind), name)


# --- one person -----------------------------------------------------------------------------------


@use_case(Action.DUTY_READ)
def of_case(work: Work, case_id: int, today: date) -> tuple[DutyView, ...]:
    """Every kept duty of one case, open ones first; :class:`Missing` outside the access."""
    if registers.person_of(work, case_id) is None:
        raise Missing("没有找到这份档案，或不在您的辖区内。请从名单重新打开。")
    return tuple(_view(row, today) for row in queries.all_of(work, case_id))


# --- what people do to duties ---------------------------------------------------------------------


def _one(work: Work, duty_id: int) -> Any:
    found = queries.chosen(work, [duty_id])
    if not found or found[0].state != DutyState.OPEN:
        raise Missing(NOT_THERE)
    return found[0]


@use_case(Action.FOLLOWUP_RECORD)
def settle(work: Work, duty_id: int, on: date, today: date) -> int:
    """Say that a duty is done which no other record tells (police told, letter sent); answers its case.

    Raises :class:`Missing` when it is not open, :class:`Unfit` for a day before it began or after today.
    """
    duty = _one(work, duty_id)
    if DutyKind.read(duty.kind) not in SETTLED_BY_HAND:
        raise Refused("这项应办事项由相应的记录办结，不能直接标为已办。请从“去办”进入，或在患者页上补记。")
    if not duty.began_on <= on <= today:
        raise Unfit(
            "没有保存。",
            fields={
                "on": f"办理日期应在 {duty.began_on.isoformat()} 至今天之间。日期不对就无法判断是否按期。"
                "请改日期，或先在患者页核对记录。"
            },
        )
    duty.settled_on, duty.settled_by = on, work.access.actor
    work.note("settle", "Duty", row_key=duty.id, case_key=duty.case_id, fields="settled_on")
    if duty.kind == DutyKind.TELL_POLICE:
        groups = (FieldGroup.G1, FieldGroup.G4, FieldGroup.G8)
        words = f"{on.isoformat()} {DutyKind.TELL_POLICE.label}"
        ledger_line.told_police(work, duty.case_id, duty.area, groups, words, today)
    duties.refresh(work, [duty.case_id])
    return int(duty.case_id)


@use_case(Action.DUTY_ASSIGN)
def remind(work: Work, cases: Sequence[int], on: date, today: date) -> int:
    """Put the chosen people on the list of a day; what is due keeps its own day. Answers how many."""
    if on < today:
        raise Unfit(
            "没有设置提醒。",
            fields={"on": "提醒日期已经过去，过去的日期不会再提醒。请改为今天以后，或直接办理。"},
        )
    found = queries.open_for(work, cases)
    for duty in found:
        duty.remind_on = on
    _note(work, "remind", found)
    return len({duty.case_id for duty in found})


@use_case(Action.DUTY_ASSIGN)
def assign(work: Work, cases: Sequence[int], account: int | None) -> int:
    """Give all open duties of the chosen people to an account of their township, or back to everybody."""
    found = queries.open_for(work, cases)
    _check_account(work, {duty.area for duty in found}, account)
    for duty in found:
        duty.assignee = account
    _note(work, "assign", found)
    return len({duty.case_id for duty in found})


@use_case(Action.DUTY_ASSIGN)
def hand_over(work: Work, area: int, giver: int | None, taker: int | None) -> int:
    """Every open duty of one account (or those of nobody) of a township goes to another; how many."""
    if not work.access.reaches(area):
        raise Missing(NOT_A_TOWNSHIP)
    if giver == taker:
        raise Unfit(
            "没有交接。", fields={"taker": "交出人与接收人相同，交接后不会有变化。请另选接收人，或取消。"}
        )
    _check_account(work, {area}, taker)
    found = queries.held_by(work, area, giver)
    for duty in found:
        duty.assignee = taker
    _note(work, "assign", found)
    return len(found)


def _check_account(work: Work, areas: set[int], account: int | None) -> None:
    if account is None:
        return
    for area in areas:
        if account not in {row.id for row in queries.staff(work, area, area + 1)}:
            raise Unfit(
                "没有分派。",
                fields={"account": "所选人员不在该乡镇（街道），或账号已停用。请从列表中重新选择。"},
            )


def _note(work: Work, verb: str, found: Sequence[Any]) -> None:
    if found:
        work.flush()
        work.note(verb, "Duty", count=len(found))
