"""注射日历: the injections of one township by month and by urgency, and who might be a candidate."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import Any

from casemgr.rules import injection_candidate as candidate_rules
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import months_after
from casemgr.rules.injection_candidate import Reason, SeenFact
from casemgr.rules.policy import Policy, in_force_on
from casemgr.services import product
from casemgr.services.case_view import word
from casemgr.services.errors import Missing
from casemgr.services.injection_view import MISSED, AdviceView, advise_last, live, view
from casemgr.services.register import purpose_of
from casemgr.services.use_case import use_case, within
from casemgr.store import identity
from casemgr.store.queries import injection as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.injection import Status, Trigger
from casemgr.terms.register import Diagnosis

NOT_A_TOWNSHIP = "注射日历按乡镇（街道）列出。请先选择一个乡镇。"
#: The years a calendar can be asked for.
FIRST_YEAR, LAST_YEAR = 2000, 2100


class Group(IntEnum):
    """The blocks of the list, most pressing first."""

    MISSED = 1
    CLOSING = 2
    OPEN = 3
    SOON = 4
    WAITING = 5
    WITHOUT = 6
    STOPPED = 7

    @property
    def label(self) -> str:
        """The heading of a block."""
        return _GROUPS[self]


_GROUPS: Mapping[Group, str] = {
    Group.MISSED: "已错过窗口",
    Group.CLOSING: "窗口即将关闭",
    Group.OPEN: "窗口已开",
    Group.SOON: "窗口将开",
    Group.WAITING: "未到期",
    Group.WITHOUT: "暂无依据，请按说明书",
    Group.STOPPED: "已停用",
}


@dataclass(frozen=True, slots=True)
class CourseRow:
    """One person of the list with the running course."""

    case_id: int
    person_id: int
    file_no: str
    village: str
    group: Group
    advice: AdviceView
    name: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark of the month: a window that opens, a best day, a window that closes, or a dose given."""

    kind: str
    case_id: int
    file_no: str


MARKS = {"open": "窗口开", "best": "最佳日", "close": "窗口关", "given": "已注射"}


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day of the month grid; a day of another month has no marks."""

    day: date
    inside: bool
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class CalendarView:
    """The calendar of one township in one month, and its list by urgency."""

    area: int
    month: date
    before: date
    after: date
    today: date
    weeks: tuple[tuple[DayCell, ...], ...]
    groups: tuple[tuple[Group, tuple[CourseRow, ...]], ...]
    closing_days: int

    @property
    def total(self) -> int:
        """How many people are on the list."""
        return sum(len(rows) for _, rows in self.groups)

    def count(self, group: Group) -> int:
        """How many people stand in one block."""
        return next((len(rows) for one, rows in self.groups if one is group), 0)


def _township(access: Access, area: int | None) -> int:
    found = access.low if area is None else area
    if level_of(found) is not AreaLevel.TOWNSHIP or not access.reaches(found):
        raise Missing(NOT_A_TOWNSHIP)
    return found


def month_of(text: str, today: date) -> date:
    """The first day of a month written ``2026-11``; anything else is the present month."""
    try:
        found = datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - a month has no zone
    except ValueError:
        return today.replace(day=1)
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else today.replace(day=1)


def calendar(access: Access, area: int | None, month: date, today: date, purpose: str = "") -> CalendarView:
    """The injections of a township; a constant number of statements.

    With a ``purpose`` the names are opened and written down. Raises :class:`Missing` for no township.
    """
    place = _township(access, area)
    if purpose:
        return _named(access, place, month, today, purpose)
    return _unnamed(access, place, month, today)


@use_case(Action.INJECTION_READ, writes=False)
def _unnamed(work: Work, area: int, month: date, today: date) -> CalendarView:
    return _calendar(work, area, month, today, "")


@use_case(Action.IDENTITY_REVEAL)
def _named(work: Work, area: int, month: date, today: date, purpose: str) -> CalendarView:
    return _calendar(work, area, month, today, purpose_of(purpose).label)


def _calendar(work: Work, area: int, month: date, today: date, purpose: str) -> CalendarView:
    policy = in_force_on(today, within(work).region)
    low, high = span_of(area)
    rows = list(_running(work, low, high, policy, today))
    names: Mapping[int, str] = {}
    if purpose and rows:
        names = _names(work, [one.person_id for one in rows], purpose)
    rows = [replace(one, name=names.get(one.person_id, "")) for one in rows]
    return CalendarView(
        area,
        month,
        months_after(month, -1),
        months_after(month, 1),
        today,
        _weeks(work, low, high, month, rows),
        tuple(
            (group, found) for group in Group if (found := tuple(one for one in rows if one.group is group))
        ),
        policy.injection_closing.value,
    )


def _names(work: Work, people: Sequence[int], purpose: str) -> dict[int, str]:
    return {key: one.name or "" for key, one in identity.reveal(work, list(people), purpose).items()}


def _running(work: Work, low: int, high: int, policy: Policy, today: date) -> Iterable[CourseRow]:
    held = product.labels_of(work)(low)
    by_case: dict[int, list[Any]] = {}
    for row in queries.last_doses(work, low, high):
        by_case.setdefault(row.case_id, []).append(row)
    found = []
    for ends in by_case.values():
        running, _replaced = live(ends)
        if running is None:
            continue
        advice = advise_last(held, running, today)
        if advice is None:
            continue
        shown = view(advice, running.product, bar=False)
        found.append(
            CourseRow(
                running.case_id,
                running.person_id,
                running.file_no,
                running.village_name or "",
                _group(shown, policy.injection_closing.value),
                shown,
            )
        )
    far = date.max
    return sorted(found, key=lambda one: (one.group, one.advice.closes or far, one.file_no))


def _group(advice: AdviceView, closing: int) -> Group:
    if advice.status is Status.STOPPED:
        return Group.STOPPED
    if advice.without_basis or advice.status is Status.DATA_ERROR:
        return Group.WITHOUT
    if advice.status in MISSED:
        return Group.MISSED
    if advice.status is Status.IN_WINDOW:
        return Group.CLOSING if (advice.days_to_close or 0) <= closing else Group.OPEN
    return Group.SOON if advice.status is Status.DUE_SOON else Group.WAITING


def _weeks(
    work: Work, low: int, high: int, month: date, rows: Sequence[CourseRow]
) -> tuple[tuple[DayCell, ...], ...]:
    marks: dict[date, list[Mark]] = {}
    last = months_after(month, 1) - timedelta(1)
    for on, case, file_no in queries.given(work, low, high, month, last):
        marks.setdefault(on, []).append(Mark("given", case, file_no))
    for one in rows:
        if one.group in (Group.STOPPED, Group.WITHOUT):
            continue
        told = {"open": one.advice.opens, "best": one.advice.due, "close": one.advice.closes}
        for kind, day in told.items():
            if day is not None and month <= day <= last:
                marks.setdefault(day, []).append(Mark(kind, one.case_id, one.file_no))
    order = list(MARKS)[::-1]
    return tuple(
        tuple(
            DayCell(
                day,
                day.month == month.month,
                tuple(sorted(marks.get(day, ()), key=lambda one: (order.index(one.kind), one.file_no)))
                if day.month == month.month
                else (),
            )
            for day in week
        )
        for week in Calendar().monthdatescalendar(month.year, month.month)
    )


# --- candidates -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person who might be asked, with each situation that made the candidate."""

    case_id: int
    person_id: int
    file_no: str
    village: str
    diagnosis: str
    reasons: tuple[Reason, ...]
    name: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates of a township and how many each situation made."""

    area: int
    rows: tuple[Candidate, ...]
    counts: tuple[tuple[Trigger, int], ...]
    total: int
    chosen: Trigger | None
    page: int
    size: int
    visits: int
    months: int

    @property
    def last(self) -> int:
        """The number of the last page."""
        return max(1, -(-self.total // self.size))


def candidates(
    access: Access,
    area: int | None,
    trigger: Trigger | None,
    today: date,
    purpose: str = "",
    page: int = 1,
    size: int = 50,
) -> Candidates:
    """Who might be a candidate and why; people whose course runs are left out.

    Three statements, whatever the number of people. Raises :class:`Missing` for no township.
    """
    place = _township(access, area)
    if purpose:
        return _candidates_named(access, place, trigger, today, purpose, page, size)
    return _candidates_unnamed(access, place, trigger, today, page, size)


@use_case(Action.INJECTION_READ, writes=False)
def _candidates_unnamed(
    work: Work, area: int, trigger: Trigger | None, today: date, page: int, size: int
) -> Candidates:
    return _candidates(work, area, trigger, today, "", page, size)


@use_case(Action.IDENTITY_REVEAL)
def _candidates_named(
    work: Work, area: int, trigger: Trigger | None, today: date, purpose: str, page: int, size: int
) -> Candidates:
    return _candidates(work, area, trigger, today, purpose_of(purpose).label, page, size)


def _candidates(
    work: Work, area: int, trigger: Trigger | None, today: date, purpose: str, page: int, size: int
) -> Candidates:
    policy = in_force_on(today, within(work).region)
    low, high = span_of(area)
    running = {
        row.case_id
        for row in queries.last_doses(work, low, high)
        if row.role is not None and (row.stopped_on is None or row.stopped_on > today)
    }
    since = months_after(today, -policy.candidate_months.value)
    seen: dict[int, list[SeenFact]] = {}
    for row in queries.seen(work, low, high, since):
        counts = (row.disturbance_count, row.offence_count, row.crime_count, row.other_harm_count)
        harm = sum(one or 0 for one in counts)
        seen.setdefault(row.case_id, []).append(SeenFact(row.on, row.adherence, row.risk, row.acts, harm))
    found = []
    for row in queries.people(work, low, high):
        if row.id in running or row.id not in seen:
            continue
        because = candidate_rules.reasons(seen[row.id], row.guardian is not None, policy)
        if because:
            found.append(
                Candidate(
                    row.id,
                    row.person_id,
                    row.file_no,
                    row.village_name or "",
                    word(Diagnosis, row.diagnosis),
                    because,
                )
            )
    found = list({one.case_id: one for one in found}.values())
    counted = tuple(
        (one, sum(1 for row in found if any(why.trigger is one for why in row.reasons))) for one in Trigger
    )
    chosen = [row for row in found if trigger is None or any(why.trigger is trigger for why in row.reasons)]
    chosen.sort(key=lambda row: (-len(row.reasons), row.file_no))
    last = max(1, -(-len(chosen) // size))
    page = min(max(1, page), last)
    shown = chosen[(page - 1) * size : page * size]
    if purpose and shown:
        names = _names(work, [row.person_id for row in shown], purpose)
        shown = [replace(row, name=names.get(row.person_id, "")) for row in shown]
    return Candidates(
        area,
        tuple(shown),
        counted,
        len(chosen),
        trigger,
        page,
        size,
        policy.candidate_visits.value,
        policy.candidate_months.value,
    )
