"""季报与年报内容: the closed last month of a quarter or year, the months up to it, and what came in late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from casemgr.indicators.catalogue import BY_KEY
from casemgr.indicators.figure import figure
from casemgr.indicators.small_cells import small
from casemgr.reports.figures import Before, Cause, Change, Closing, Course, Figures, PeriodFigures, Point
from casemgr.reports.monthly import month_in_words, months_until
from casemgr.services import edition as editions
from casemgr.services import monthly
from casemgr.services.clock import SHANGHAI
from casemgr.services.monthly import REGISTERED, Closed, month_number
from casemgr.store.models.indicator import MonthClose
from casemgr.store.queries import closing as closing_queries
from casemgr.store.queries import report as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.code import from_mask
from casemgr.terms.indicator import Cause as WhyDiffers
from casemgr.terms.report import ReportKind

#: Months in one period of each kind.
LENGTH = {ReportKind.QUARTERLY: 3, ReportKind.YEARLY: 12}


def collect(
    work: Work,
    kind: ReportKind,
    period: str,
    month: str,
    area: int,
    revision: int,
    papers: Sequence[Figures] = (),
) -> PeriodFigures:
    """The figures of the report of ``period``, whose last month is ``month``, for issue number ``revision``.

    Comes from closings only, as :func:`casemgr.services.monthly.collect` does, and raises what it raises.
    """
    base = monthly.collect(work, month, area, revision, papers)
    place = monthly.place_of(work, area)
    months = months_until(month, LENGTH[kind])
    before_month = months_until(month, LENGTH[kind] + 1)[0]
    closings = _closings(work, [before_month, *months], area)
    known = {
        one: monthly.by_area(work, found[-1].id, area, area + 1).get(area, {})
        for one, found in closings.items()
    }
    newest = closings[month][-1]
    edition = editions.edition_on(work, newest.as_of, area)
    keys = [rate.key for rate in base.official]
    before = known.get(before_month)
    number = monthly.number_of(place.prefix, month_number(month), place.level, area, revision, kind)
    return PeriodFigures(
        kind=kind.slug,
        period=period,
        month=replace(base, number=number),
        before_name="上季末" if kind is ReportKind.QUARTERLY else "上年末",
        before=tuple(Before(key, monthly.value_of(before, key, edition)) for key in keys),
        labels=tuple(month_in_words(one) for one in months),
        course=tuple(
            Course(
                key,
                BY_KEY[key].name,
                BY_KEY[key].unit.label,
                tuple(_point(work, area, known.get(one), key, closings.get(one, ())) for one in months),
            )
            for key in keys
        ),
        closings=tuple(_closing(work, one, closings.get(one, ()), area) for one in months),
        changes=_changes(work, months, closings, area, keys),
        causes=_causes(work, months, area, protected=base.table.protected),
    )


def _closings(work: Work, months: Sequence[str], area: int) -> dict[str, list[MonthClose]]:
    """Month → all its closings that cover ``area``, oldest first; months without one are left out."""
    roots = {ancestor(area, level) for level in AreaLevel}
    found: dict[str, list[MonthClose]] = {}
    for close in queries.closes(work, [month_number(one) for one in months], roots):
        found.setdefault(monthly.month_text(close.period), []).append(close)
    return found


def _point(work: Work, area: int, closed: Closed | None, key: str, closings: Sequence[MonthClose]) -> Point:
    if not closed or key not in closed or not closings:
        return Point(None, None, None)
    numerator, denominator = closed[key]
    # A month is shown as it was reported, under the edition of its own time.
    edition = editions.edition_on(work, closings[-1].as_of, area)
    return Point(numerator, denominator, figure(BY_KEY[key], numerator, denominator, edition).value)


# --- what came in after the first closing -------------------------------------------------------------


def _day(close: MonthClose) -> str:
    return close.closed_at.astimezone(SHANGHAI).date().isoformat()


def _figures(work: Work, close: MonthClose, area: int) -> Closed:
    return monthly.by_area(work, close.id, area, area + 1).get(area, {})


def _closing(work: Work, month: str, closings: Sequence[MonthClose], area: int) -> Closing:
    if not closings:
        return Closing(month, 0, "", "", 0)
    first, last = closings[0], closings[-1]
    moved = 0
    if first.id != last.id:
        old, new = _figures(work, first, area), _figures(work, last, area)
        moved = sum(old[key] != new[key] for key in old.keys() & new.keys())
    return Closing(month, len(closings), _day(first), _day(last), moved)


def _changes(
    work: Work,
    months: Sequence[str],
    closings: Mapping[str, Sequence[MonthClose]],
    area: int,
    keys: Sequence[str],
) -> tuple[Change, ...]:
    """The official figures that differ between the first and the newest closing of a month."""
    found = []
    for month in months:
        of_month = closings.get(month, ())
        if len(of_month) < 2:
            continue
        old, new = _figures(work, of_month[0], area), _figures(work, of_month[-1], area)
        for key in dict.fromkeys((REGISTERED, *keys)):
            if key in old and key in new and old[key] != new[key]:
                name = f"{month_in_words(month)}{BY_KEY[key].name}"
                found.append(Change(name, monthly.fraction(old[key]), monthly.fraction(new[key])))
    return tuple(found)


def _causes(work: Work, months: Sequence[str], area: int, *, protected: bool) -> tuple[Cause, ...]:
    """How many people later closings count otherwise, by cause, each closing counted; small counts hidden.

    A person with two causes is in both lines, so the lines do not add up to anything.
    """
    from casemgr.indicators.difference import unpack  # loads polars, which only such a report needs

    counts: dict[WhyDiffers, int] = {}
    unknown = 0
    for month in months:
        for row in closing_queries.differences(work, month_number(month), *span_of(area)):
            for person in unpack(row.packed).people:
                causes = from_mask(WhyDiffers, person.causes)
                unknown += not causes
                for one in causes:
                    counts[one] = counts.get(one, 0) + 1
    found = [(one.label, counts[one]) for one in WhyDiffers if one in counts]
    if unknown:
        found.append(("原因未能判明", unknown))
    hidden = [protected and small(count) for _name, count in found]
    return tuple(
        Cause(name, None if away else count, away) for (name, count), away in zip(found, hidden, strict=True)
    )
