"""用药医嘱规则: on which days there was an order, what a visit says differently, who runs out and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from casemgr.rules.drug import substance
from casemgr.rules.medication import Fill, Injected, Span, Supply, lasting

ONE_DAY = timedelta(1)
RUNNING_OUT = "REC-MED-3"


@dataclass(frozen=True, slots=True)
class Ordered:
    """One line of a regimen as days: the substance, from ``since`` until the day before ``stopped_on``."""

    drug: str
    since: date
    stopped_on: date | None = None

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.stopped_on is None or day < self.stopped_on)


def supply(
    *,
    fills: Sequence[Fill],
    injections: Sequence[Injected],
    hospital: Sequence[Span],
    lines: Sequence[Ordered],
    no_medicine: Sequence[tuple[date, date | None]],
    until: date,
) -> Supply:
    """Everything known of one person up to ``until`` as the counting of days needs it.

    Days without any order are left out of it, and so are those before the first handing-out or injection on
    record: what somebody had before the records begin nobody knows (REC-ADH-2, as PQA counts from the first
    fill). What was handed out before the first line, or where no line was ever written down, is taken for
    ordered.
    """
    off = tuple(
        Span(since, last)
        for since, ended in no_medicine
        if (last := until if ended is None else min(ended - ONE_DAY, until)) >= since
    )
    begin = first_event(fills, injections)
    ordered: list[tuple[date, date]] = []
    if begin is not None and begin <= until:
        ordered = [
            (max(one.since, begin), until if one.stopped_on is None else one.stopped_on - ONE_DAY)
            for one in lines
            if one.since <= until and (one.stopped_on is None or one.stopped_on > begin)
        ]
        ordered.append((begin, max(begin, min((one.since for one in lines), default=until))))
        without_line = {one.drug for one in lines}
        ordered += [
            (one.on, one.on + timedelta(one.days - 1)) for one in fills if one.drug not in without_line
        ]
        ordered += [(one.on, one.on) for one in injections]
    return Supply(
        tuple(fills), tuple(injections), tuple(hospital), off, tuple(_between(sorted(ordered), until))
    )


def first_event(fills: Sequence[Fill], injections: Sequence[Injected]) -> date | None:
    """The day of the first handing-out or injection on record."""
    return min((*(one.on for one in fills), *(one.on for one in injections)), default=None)


#: Long before anything that is counted.
LONG_AGO = date(1970, 1, 1)


def _between(ordered: Sequence[tuple[date, date]], until: date) -> Iterable[Span]:
    """The days up to ``until`` on which nothing of ``ordered`` holds."""
    free = LONG_AGO
    for since, last in ordered:
        if since > free:
            yield Span(free, min(since - ONE_DAY, until))
        free = max(free, last + ONE_DAY)
    if free <= until:
        yield Span(free, until)


class Kind(Enum):
    """What a visit says differently: a drug more, another dose, or a drug that is not there."""

    ADDED = "随访记录里多出"
    CHANGED = "剂量不同"
    MISSING = "随访记录里没有"


@dataclass(frozen=True, slots=True)
class Taken:
    """One line of drugs, of a visit or of a regimen; doses in micrograms. ``key``: its row."""

    key: int
    name: str
    long_acting: bool
    morning_ug: int | None = None
    noon_ug: int | None = None
    evening_ug: int | None = None
    every_weeks: int | None = None
    dose_ug: int | None = None
    times_per_day: int | None = None

    @property
    def daily_ug(self) -> int | None:
        """Micrograms a day; ``None`` where nobody wrote it down."""
        parts = [one for one in (self.morning_ug, self.noon_ug, self.evening_ug) if one]
        if parts:
            return sum(parts)
        return self.dose_ug * self.times_per_day if self.dose_ug and self.times_per_day else None

    @property
    def in_parts(self) -> bool:
        """Whether it says how much in the morning, at noon and in the evening."""
        return any(one is not None for one in (self.morning_ug, self.noon_ug, self.evening_ug))

    def same_dose(self, other: Taken) -> bool:
        """Whether two lines of one drug ask for the same; the older form knows the dose of a day only."""
        if self.long_acting:
            return (self.every_weeks, self.dose_ug) == (other.every_weeks, other.dose_ug)
        if self.in_parts and other.in_parts:
            mine = (self.morning_ug or 0, self.noon_ug or 0, self.evening_ug or 0)
            return mine == (other.morning_ug or 0, other.noon_ug or 0, other.evening_ug or 0)
        return self.daily_ug is None or other.daily_ug is None or self.daily_ug == other.daily_ug


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing a visit says otherwise than the regimen; ``row`` is the visit's, ``line`` the regimen's."""

    kind: Kind
    row: Taken | None
    line: Taken | None


def differences(rows: Sequence[Taken], lines: Sequence[Taken], places: int) -> tuple[Difference, ...]:
    """What the drug rows of a visit say otherwise than the regimen of its day.

    ``places`` is how many rows the form has for drugs by mouth: with more lines than that, a line that is
    not there says nothing. A visit without any row says nothing at all (md04).
    """
    if not rows:
        return ()
    left = list(lines)
    found: list[Difference] = []
    for row in rows:
        line = next((one for one in left if _same(one, row)), None)
        if line is None:
            found.append(Difference(Kind.ADDED, row, None))
            continue
        left.remove(line)
        if not row.same_dose(line):
            found.append(Difference(Kind.CHANGED, row, line))
    by_mouth = sum(not one.long_acting for one in lines)
    found += [
        Difference(Kind.MISSING, None, one)
        for one in left
        if (one.long_acting and sum(other.long_acting for other in lines) == 1)
        or (not one.long_acting and by_mouth <= places)
    ]
    return tuple(found)


def _same(line: Taken, row: Taken) -> bool:
    return line.long_acting == row.long_acting and substance(line.name) == substance(row.name)


@dataclass(frozen=True, slots=True)
class Left:
    """How long a drug still lasts: its last day, ``None`` when nothing of it was ever handed out."""

    drug: str
    until: date | None

    def days(self, today: date) -> int | None:
        """Days left, today included; zero or less when it has run out by the records."""
        return None if self.until is None else (self.until - today).days + 1


def left(lines: Iterable[Ordered], known: Supply, today: date) -> tuple[Left, ...]:
    """For each drug ordered on ``today`` until when it lasts by the records (REC-MED-3), soonest first."""
    drugs = dict.fromkeys(one.drug for one in lines if one.holds(today))
    ends = lasting(known)
    found = [Left(drug, ends.get(drug)) for drug in drugs]
    return tuple(sorted(found, key=lambda one: (one.until is None, one.until or today)))
