"""录入及时: which records were due to be entered, which were in time, and by which rule (IND-16)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from casemgr.indicators.period import Period
from casemgr.rules import policy as policies
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline, least_days
from casemgr.rules.policy import Parameter, Policy
from casemgr.services import clock, closing_moment
from casemgr.services.closing_moment import Moment
from casemgr.services.errors import Missing, Unfit
from casemgr.services.unfiled import unfiled
from casemgr.services.use_case import use_case, within
from casemgr.store.course import local_day
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import closing as closings
from casemgr.store.queries import indicator as file_queries
from casemgr.store.queries import timeliness as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.duty import DutyKind, DutyState
from casemgr.terms.rulebook import rule

if TYPE_CHECKING:
    import polars as pl

KEY = "IND-16"
VISIT, FILE, EMERGENCY = f"{KEY}.VISIT", f"{KEY}.FILE", f"{KEY}.EMERGENCY"
KEYS = (KEY, VISIT, FILE, EMERGENCY)
PARTS = ("numerator", "denominator", "missing")
ENTRIES = (DutyKind.NOTICE_ENTRY, DutyKind.FILE_ENTRY)
NOT_HERE = "没有这个区划，或不在您的辖区内。请从首页的列表进入。"


@dataclass(frozen=True, slots=True)
class Record:
    """One record that was due: what it tells of happened on ``on``, the term ended on ``due_on``.

    ``entered_on`` is empty when it has not been entered; ``case_id`` when no file belongs to it.
    ``after_closing``: it came in after the month was closed.
    """

    key: str
    name: str
    area: int
    on: date
    due_on: date
    entered_on: date | None
    in_time: bool
    rule: str
    case_id: int | None = None
    after_closing: bool = False

    @property
    def status(self) -> str:
        """How sure the rule of its term is."""
        return rule(self.rule).status


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as a list shows it."""

    record: Record
    township: str
    file_no: str


@dataclass(frozen=True, slots=True)
class Records:
    """A stretch of the records behind one number; ``total`` of all.

    ``term`` is how soon a visit must be entered; ``unjudged`` visits have no day of entry and are not listed.
    Of a closed month ``late`` records came in since and are not listed, and ``closed`` is what it froze.
    """

    name: str
    place: str
    as_of: date
    total: int
    start: int
    rows: tuple[RecordRow, ...]
    term: Parameter
    unjudged: int = 0
    late: int = 0
    closed: int | None = None


def period_of(month: str) -> Period:
    """The period of a month given as ``2026-10``, of today without one; :class:`Unfit` for anything else."""
    try:
        return Period.of_month(month) if month else Period.to(clock.today())
    except ValueError:
        sentence = "月份应写成 2026-10 这样。"
        raise Unfit(sentence, fields={"period": sentence}) from None


def _policy(work: Work, period: Period) -> Policy:
    return policies.in_force_on(period.end, within(work).region)


def tally(work: Work, low: int, high: int, period: Period) -> dict[int, dict[str, tuple[int, int]]]:
    """Area → key → (in time, due) of the records of a period; areas without one are left out."""
    found: dict[int, dict[str, tuple[int, int]]] = {}

    def add(area: int, key: str, in_time: int, due: int) -> None:
        own = found.setdefault(area, {})
        for one in (KEY, key):
            before = own.get(one, (0, 0))
            own[one] = (before[0] + in_time, before[1] + due)

    term = _policy(work, period).visit_entry
    for area, count in queries.entered(work, low, high, period.start, period.end):
        if count:
            add(area, VISIT, count, count)
    # Whoever took no longer than any term lasts was in time; the few others are held against their own.
    slowly = queries.entered_after(work, low, high, period.start, period.end, least_days(term))
    for area, count in _late(slowly, term):
        add(area, VISIT, -count, 0)
    for one in _others(work, low, high, period):
        add(one.area, one.key, int(one.in_time), 1)
    return found


def _late(entered: pl.DataFrame, term: Parameter) -> Iterator[tuple[int, int]]:
    """(area, how many) of the visits that were entered after the last day of their term."""
    import polars as pl  # only where a month is counted; start-up does without

    from casemgr.indicators.case_period import day, days  # loads polars

    told = entered["on"].unique()
    last = pl.Series([days(deadline(day(one), term).on) for one in told], dtype=pl.Int32)
    of_day = pl.DataFrame({"on": told, "last": last})
    late = entered.join(of_day, on="on").filter(pl.col("entered_on") > pl.col("last"))
    yield from late.group_by("area").len().iter_rows()


def _others(work: Work, low: int, high: int, period: Period) -> Iterator[Record]:
    """Everything but visits: few enough to be read one by one."""
    today = clock.today()
    for one in unfiled(work, low, high, _policy(work, period), today, period.start):
        due = one.due
        if due.kind in ENTRIES and period.start <= due.due_on <= period.end and due.state != DutyState.VOID:
            yield Record(
                FILE,
                due.kind.label,
                one.area,
                due.began_on,
                due.due_on,
                None if due.state in (DutyState.OPEN, DutyState.MISSED) else due.ended_on,
                due.state == DutyState.DONE,
                due.rule,
            )
    for row in queries.emergencies(work, low, high, period.start, period.end):
        ended = row.state in (DutyState.DONE, DutyState.LATE)
        yield Record(
            EMERGENCY,
            DutyKind.read(row.kind).label,
            row.area,
            row.began_on,
            row.due_on,
            row.ended_on if ended else None,
            row.state == DutyState.DONE,
            row.rule,
            row.case_id,
        )


def _visits(
    work: Work, low: int, high: int, period: Period, closed: Mapping[int, Moment]
) -> Iterator[Record]:
    term = _policy(work, period).visit_entry
    for row in queries.visits(work, low, high, period.start, period.end):
        due = deadline(row.on, term)
        in_time = row.entered_on <= due.on
        moment = closed.get(ancestor(row.area, AreaLevel.COUNTY))
        # A visit that was changed has a new moment of recording; it was known all the same.
        after = moment is not None and (
            row.entered_on > (local_day(moment.at) or row.entered_on)
            or (row.version == 1 and row.recorded_at > moment.at)
        )
        yield Record(
            VISIT, "随访", row.area, row.on, due.on, row.entered_on, in_time, due.rule, row.case_id, after
        )


@use_case(Action.INDICATOR_READ)
def unjudged(work: Work, area: int, period: Period) -> tuple[int, int]:
    """How many visits of a period have no day of entry, so that nobody can say whether it was in time.

    They are in no figure of records. Beside them within how many working days a visit is entered. Raises
    :class:`Missing` for an area out of reach.
    """
    low, high = span_of(area)
    if not (work.access.low <= low and high <= work.access.high):
        raise Missing(NOT_HERE)
    without = queries.without_entry(work, low, high, period.start, period.end)
    return without, _policy(work, period).visit_entry.value


def records(
    access: Access, area: int, key: str, period: Period, part: str, *, start: int = 0, size: int = 50
) -> Records:
    """The records behind one number of IND-16, exactly as many as it says, late ones first.

    Of a closed month without visits that were entered after it; whether other records were mended since is
    told by what it froze. A start past the last of them gives the last stretch. Raises :class:`Missing` for
    an area out of reach or another key, :class:`Unfit` for a part that is none.
    """
    closed = closing_moment.of_area(period.number, area) if period.end < clock.today() else {}
    return _records(access, area, key, period, part, start, size, closed)


@use_case(Action.CASE_LIST)
def _records(
    work: Work,
    area: int,
    key: str,
    period: Period,
    part: str,
    start: int,
    size: int,
    closed: Mapping[int, Moment],
) -> Records:
    if key not in KEYS:
        raise Missing("没有这个指标。请从指标列表中选择，例如 IND-16。")
    if part not in PARTS:
        raise Unfit("名单只有“及时”“应录入”“未及时”三种。")
    low, high = span_of(area)
    places = area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))
    if not places or not (work.access.low <= low and high <= work.access.high):
        raise Missing(NOT_HERE)
    found = [] if key in (FILE, EMERGENCY) else list(_visits(work, low, high, period, closed))
    late = sum(one.after_closing for one in found)
    found = [one for one in found if not one.after_closing]
    found += [one for one in _others(work, low, high, period) if key in (KEY, one.key)]
    wanted = {"numerator": (True,), "denominator": (True, False), "missing": (False,)}[part]
    chosen = sorted(
        (one for one in found if one.in_time in wanted),
        key=lambda one: (one.in_time, -one.on.toordinal(), one.area, one.case_id or 0),
    )
    if start >= len(chosen):
        start = max(0, len(chosen) - 1) // size * size
    shown = chosen[start : start + size]
    files = file_queries.files(work, [one.case_id for one in shown if one.case_id is not None])
    names = {row.code: row.name for row in places}
    rows = tuple(
        RecordRow(
            one,
            names.get(one.area, ""),
            files[one.case_id].file_no if one.case_id is not None and one.case_id in files else "",
        )
        for one in shown
    )
    as_of = min(period.end, clock.today())
    left_out = queries.without_entry(work, low, high, period.start, period.end)
    term = _policy(work, period).visit_entry
    return Records(
        key,
        places[0].name,
        as_of,
        len(chosen),
        start,
        rows,
        term,
        left_out,
        late if part != "numerator" else 0,
        _frozen(work, area, key, period, part) if closed else None,
    )


def _frozen(work: Work, area: int, key: str, period: Period, part: str) -> int | None:
    """What the newest closing froze of one number; nothing where it has no such figure."""
    rows = [row for row in closings.figures_of_area(work, period.number, area) if row.key == key]
    if not rows:
        return None
    newest = max(rows, key=lambda row: row.revision)
    counted, due = int(newest.numerator), int(newest.denominator or 0)
    return {"numerator": counted, "denominator": due, "missing": due - counted}[part]
