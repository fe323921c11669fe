"""录入及时: which records were due to be entered, which were in time, and by which rule (IND-16)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from casemgr.indicators.period import Period
from casemgr.rules import policy as policies
from casemgr.rules.access import Action
from casemgr.rules.calendar import deadline, least_days
from casemgr.rules.policy import Parameter, Policy
from casemgr.services import clock
from casemgr.services.errors import Missing, Unfit
from casemgr.services.unfiled import unfiled
from casemgr.services.use_case import use_case, within
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import indicator as file_queries
from casemgr.store.queries import timeliness as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, span_of
from casemgr.terms.duty import DutyKind, DutyState

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


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record as a list shows it."""

    record: Record
    township: str
    file_no: str


@dataclass(frozen=True, slots=True)
class Records:
    """A stretch of the records behind one number; ``total`` of all."""

    name: str
    place: str
    as_of: date
    total: int
    start: int
    rows: tuple[RecordRow, ...]
    term: Parameter


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


def _visits(work: Work, low: int, high: int, period: Period) -> Iterator[Record]:
    term = _policy(work, period).visit_entry
    for row in queries.visits(work, low, high, period.start, period.end):
        due = deadline(row.on, term)
        in_time = row.entered_on <= due.on
        yield Record(VISIT, "随访", row.area, row.on, due.on, row.entered_on, in_time, due.rule, row.case_id)


@use_case(Action.CASE_LIST)
def records(
    work: Work, area: int, key: str, period: Period, part: str, *, start: int = 0, size: int = 50
) -> Records:
    """The records behind one number of IND-16, exactly as many as it says, late ones first.

    A start past the last of them gives the last stretch. Raises :class:`Missing` for an area out of reach or
    another key, :class:`Unfit` for a part that is none.
    """
    if key not in KEYS:
        raise Missing("没有这个指标。请从指标列表中选择，例如 IND-16。")
    if part not in PARTS:
        raise Unfit("名单只有“及时”“应录入”“未及时”三种。")
    low, high = span_of(area)
    places = area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))
    if not places or not (work.access.low <= low and high <= work.access.high):
        raise Missing(NOT_HERE)
    found = [] if key in (FILE, EMERGENCY) else list(_visits(work, low, high, period))
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
    return Records(key, places[0].name, as_of, len(chosen), start, rows, _policy(work, period).visit_entry)
