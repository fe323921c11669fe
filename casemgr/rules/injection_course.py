"""针次: the doses of one course in order, the role of each, and the plan that every dose makes for the next.

A plan is counted from the actual day of the last dose (never from an earlier due day): months keep the day of
the month or end with it, weeks are seven days. Beyond the window exactly one row of the label holds on each
day, because a row ends where the next begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from casemgr.rules.calendar import months_after
from casemgr.rules.injection_label import Due, Ground, Label, Phase, Row, Span, generic
from casemgr.terms.injection import Level, Role, Site, Status

ONE_DAY = timedelta(1)
HOME_PROFILE = "CN"


class Given(NamedTuple):
    """One dose on record; ``ordinal`` is 剂次 as written down. An incomplete dose is no injection.

    ``interval`` are the days prescribed with this dose, where the prescriber sets them.
    """

    on: date
    role: Role | None = None
    dose_ug: int | None = None
    site: Site | None = None
    ordinal: int | None = None
    complete: bool = True
    interval: int | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """Something to look at: a code, its weight, the words and where they come from."""

    code: str
    level: Level
    text: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows from one dose: reminding from ``soon``, window, best day, and missed-dose rows by day."""

    phase: Phase
    soon: date
    due: date
    opens: date
    closes: date
    rows: tuple[tuple[date, Row], ...]
    has_window: bool

    def row_on(self, day: date) -> Row | None:
        """The row that holds on ``day``; ``None`` up to the end of the window."""
        found = None
        for first, row in self.rows:
            if day < first:
                break
            found = row
        return found

    def status_on(self, day: date) -> Status:
        """The status on ``day`` if no dose has come since."""
        if day < self.opens:
            return Status.DUE_SOON if day >= self.soon else Status.NOT_YET_DUE
        if day <= self.closes:
            return Status.IN_WINDOW
        row = self.row_on(day)
        return row.status if row else Status.OVERDUE


class Placed(NamedTuple):
    """A dose in its course: its role (``inferred`` or entered), its number since the start, the start dose.

    ``aside`` is how many days it lay from the due day while inside the window (0 outside of it),
    ``cover_days`` for how many days the label asks for oral cover with it, ``cover_until`` the last day of
    the latest cover that the course has had up to here.
    """

    dose: Given
    role: Role
    inferred: bool
    number: int
    start: date | None
    aside: int
    cover_days: int
    cover_until: date | None = None


class NoBasis(Exception):
    """The list has no figure for this case; the argument is the code of the words to show."""


def plan_after(label: Label, placed: Placed, interval: int | None, profile: str = HOME_PROFILE) -> Plan:
    """The plan that a dose makes. Raises :class:`NoBasis` with GEN-INTERVAL, GEN-ORDER or GEN-DOCTOR."""
    phase = label.phase_after(placed.role)
    if phase is None:
        raise NoBasis("GEN-DOCTOR")
    if phase.prescribed:
        interval = placed.dose.interval if placed.dose.interval is not None else interval
        low, high = label.allowed_days or (interval, interval)
        if interval is None or low is None or high is None or not low <= interval <= high:
            raise NoBasis("GEN-INTERVAL")
    else:
        interval = None
    start = placed.start if phase.from_start else None
    number = placed.number if len(phase.rows) > 1 else 1
    found = _plan(phase, placed.dose.on, start, interval, profile, number)
    if found is None:
        raise NoBasis("GEN-ORDER")
    return found


@lru_cache(maxsize=50_000)
def _plan(
    phase: Phase, last: date, start: date | None, interval: int | None, profile: str, number: int
) -> Plan | None:
    chosen = next((due for due in phase.dues if _holds(due, last, start, profile)), None)
    if chosen is None:
        return None
    anchor = start if chosen.from_start and start else last
    due = (
        months_after(anchor, chosen.months) if chosen.months else anchor + timedelta(_days(chosen, interval))
    )
    span = _span(phase, interval)
    if phase.opens_on_day is not None:
        opens = last + timedelta(phase.opens_on_day)
        due = max(due, opens)
    else:
        opens = due - timedelta(span.early or 0)
    closes = due + timedelta(span.late or 0)
    rows = next(rows for upto, rows in phase.rows if upto is None or number <= upto)
    return Plan(
        phase,
        opens - timedelta(span.lead),
        due,
        opens,
        closes,
        tuple((_first_day(row, last, closes), row) for row in rows),
        span.late is not None,
    )


def _holds(due: Due, last: date, start: date | None, profile: str) -> bool:
    if due.profile and due.profile != profile:
        return False
    if due.gap is None:
        return True
    if start is None:
        return due.start_unknown
    first, final = due.gap
    return first <= (last - start).days <= final


def _days(due: Due, interval: int | None) -> int:
    return due.days if due.days is not None else interval or 0


def _span(phase: Phase, interval: int | None) -> Span:
    return next(one for one in phase.spans if one.upto is None or (interval or 0) <= one.upto)


def _first_day(row: Row, last: date, closes: date) -> date:
    """The first day of a row, never before the window has closed."""
    first = closes + ONE_DAY
    if row.days:
        return max(first, last + timedelta(row.days))
    if row.months:
        edge = months_after(last, row.months)
        return max(first, edge if row.inclusive else edge + ONE_DAY)
    return first


def counted(doses: Iterable[Given]) -> list[Given]:
    """The doses that count as injections, by day; of several on one day (two sites) the first stands."""
    found: dict[date, Given] = {}
    for dose in doses:
        if dose.complete:
            found.setdefault(dose.on, dose)
    return [found[day] for day in sorted(found)]


def place(
    label: Label,
    doses: Sequence[Given],
    interval: int | None = None,
    profile: str = HOME_PROFILE,
    before: Placed | None = None,
) -> Iterator[Placed]:
    """Each dose of :func:`counted` with its role: as entered, else as the course implies (lai_rules 1.7).

    ``before`` is the dose that comes before the first of them, where the course is taken up again. First dose
    of a course INIT1, the next of a product with two start doses INIT2; while re-start steps were due REINIT1
    and REINIT2; while a new start was due INIT1 again; MAINT otherwise.
    """
    for dose in doses:
        status, row, aside = Status.NOT_STARTED, None, 0
        if before is not None:
            try:
                plan = plan_after(label, before, interval, profile)
            except NoBasis:
                plan = None
            if plan is not None:
                status, row = plan.status_on(dose.on), plan.row_on(dose.on)
                aside = (dose.on - plan.due).days if status is Status.IN_WINDOW else 0
        role = dose.role or _implied(label, dose, before, status, row)
        begins = role is Role.INIT1
        if begins:
            cover = label.cover_by_profile.get(profile, label.cover_days or 0)
        else:
            cover = row.cover_days if row else 0
        # The day of the injection is the first day of its cover.
        until = dose.on + timedelta(cover) - ONE_DAY if cover else before.cover_until if before else None
        before = Placed(
            dose,
            role,
            dose.role is None,
            1 if begins or before is None else before.number + 1,
            dose.on if begins else before.start if before else None,
            aside,
            cover,
            until,
        )
        yield before


def _implied(label: Label, dose: Given, before: Placed | None, status: Status, row: Row | None) -> Role:
    second_start = any(phase.after == {Role.INIT1} for phase in label.phases)
    if before is None:
        if dose.ordinal is None or dose.ordinal == 1:
            return Role.INIT1
        return Role.INIT2 if second_start and dose.ordinal == Role.INIT2 else Role.MAINT
    if status is Status.MISSED_RESTART:
        return Role.INIT1
    if status is Status.MISSED_REINIT and not _is_product_itself(label, dose, row):
        return Role.REINIT1
    if before.role is Role.TEST:
        return Role.INIT1
    if second_start and before.role is Role.INIT1:
        return Role.INIT2
    if label.has_second_restart() and before.role is Role.REINIT1:
        return Role.REINIT2
    return Role.MAINT


def _is_product_itself(label: Label, dose: Given, row: Row | None) -> bool:
    """Where another product does the re-start: whether by its strength this one was given all the same."""
    return bool(row and row.by_dose_ug) and dose.dose_ug in label.strengths_ug


@dataclass(frozen=True, slots=True)
class Settled:
    """What a stored dose keeps of its place; nothing for one that is no injection.

    ``followed_on``: the day of the dose that follows, its own day for one that does not count.
    """

    role: Role | None
    number: int | None
    start_on: date | None
    aside: int | None
    cover_days: int | None
    cover_until: date | None
    followed_on: date | None


def settle(label: Label | None, doses: Sequence[Given], profile: str = HOME_PROFILE) -> list[Settled]:
    """The place of each dose of one product, in the order given; without a label only what follows."""
    known = counted(doses)
    days = [one.on for one in known]
    following = dict(zip(days, [*days[1:], None], strict=True))
    placed = {one.dose.on: one for one in place(label, known, None, profile)} if label is not None else {}
    first = {id(one) for one in known}
    found = []
    for dose in doses:
        if id(dose) not in first:
            found.append(Settled(None, None, None, None, None, None, dose.on))
            continue
        one = placed.get(dose.on)
        followed = following[dose.on]
        if one is None:
            found.append(Settled(None, None, None, None, None, None, followed))
        else:
            found.append(
                Settled(one.role, one.number, one.start, one.aside, one.cover_days, one.cover_until, followed)
            )
    return found


def drifts(course: Sequence[Placed]) -> bool:
    """Whether the last two doses both used the window, on the same side (GEN-DRIFT)."""
    sides = [one.aside for one in course[-2:]]
    return len(sides) > 1 and (min(sides) > 0 or max(sides) < 0)


def flag(code: str, level: Level, ground: Ground | None = None) -> Flag:
    """A flag that belongs to no product, in the words of the list."""
    return Flag(code, level, generic()[code], ground or Ground((), True))
