"""季报与年报内容: the closed last month of a quarter or year, the months up to it, and what came in late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from casemgr.indicators.catalogue import BY_KEY
from casemgr.indicators.figure import figure
from casemgr.indicators.small_cells import small
from casemgr.reports.figures import (
    Before,
    Cause,
    Change,
    Closing,
    Course,
    Earlier,
    Figures,
    PeriodFigures,
    Point,
)
from casemgr.reports.monthly import month_in_words, months_until
from casemgr.services import edition as editions
from casemgr.services import hiding, issue_difference, monthly
from casemgr.services.clock import SHANGHAI
from casemgr.services.hiding import REGISTERED, Closed
from casemgr.services.issue_difference import UNKNOWN, cause_lines
from casemgr.services.monthly import month_number
from casemgr.store.models.indicator import MonthClose
from casemgr.store.queries import closing as closing_queries
from casemgr.store.queries import report as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.indicator import LEFT
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
    compared = [rate.key for rate in (*base.official, *base.beside) if not rate.hidden]
    if before_month in closings:
        # What papers of that month do not print is not printed beside this one either.
        then = hiding.of_close(work, closings[before_month][-1], area, edition).get(area, frozenset())
        opened = hiding.open_keys(edition)
        compared = [key for key in compared if not hiding.hides_figure(key, then, opened)]
    number = monthly.number_of(place.prefix, month_number(month), place.level, area, revision, kind)
    course = tuple(
        Course(
            key,
            BY_KEY[key].name,
            BY_KEY[key].unit.label,
            tuple(_point(work, area, known.get(one), key, closings.get(one, ())) for one in months),
        )
        for key in keys
    )
    return PeriodFigures(
        kind=kind.slug,
        period=period,
        month=replace(base, number=number),
        before_name="上季末" if kind is ReportKind.QUARTERLY else "上年末",
        before=tuple(Before(key, monthly.value_of(before, key, edition)) for key in compared),
        labels=tuple(month_in_words(one) for one in months),
        course=course,
        closings=tuple(_closing(work, one, closings.get(one, ()), area) for one in months),
        changes=_changes(work, months, closings, area, keys),
        causes=_causes(work, months, area, protected=base.table.protected),
        earlier=_earlier(work, kind, period, area, revision, papers, months, closings, course),
    )


def _earlier(
    work: Work,
    kind: ReportKind,
    period: str,
    area: int,
    revision: int,
    papers: Sequence[Figures],
    months: Sequence[str],
    closings: Mapping[str, Sequence[MonthClose]],
    course: Sequence[Course],
) -> Earlier | None:
    """What the issue before this one printed otherwise, month by month and by cause."""
    before = issue_difference.issue_before(papers, kind.slug, period, revision)
    if not isinstance(before, PeriodFigures):
        return None
    now = {
        month: {line.key: (line.points[place].numerator, line.points[place].denominator) for line in course}
        for place, month in enumerate(months)
    }
    revisions = {month: found[-1].revision for month, found in closings.items()}
    return issue_difference.of_period(work, before, revisions, area, now)


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

    counts: dict[str, int] = {}
    for month in months:
        for row in closing_queries.differences(work, month_number(month), *span_of(area)):
            for person in unpack(row.packed).people:
                for name in cause_lines(person.causes):
                    counts[name] = counts.get(name, 0) + 1
    order = [*(one.label for one in WhyDiffers), LEFT, UNKNOWN]
    found = [(name, counts[name]) for name in order if name in counts]
    # Late entries are about records; who died or left is about people, in the county as well.
    hidden = [small(count) and (protected or name == LEFT) for name, count in found]
    return tuple(
        Cause(name, None if away else count, away) for (name, count), away in zip(found, hidden, strict=True)
    )
