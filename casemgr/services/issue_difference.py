"""与上一版签发的差异: the main figures a new issue prints otherwise, and how much of it each cause makes.

The people behind are counted, never told: each differing person stands under one line, that of the causes
together, so the lines of a figure add up to new − old. What ends somebody's place on the register (death,
leaving, a consent) is one line, because it is about the person; the others are about records. On paper the
lines of a few people are one (``reports/left_out.py``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from casemgr.indicators.catalogue import BY_KEY
from casemgr.reports.figures import Because, Earlier, Figures, MonthlyFigures, PeriodFigures, Shift
from casemgr.reports.monthly import month_in_words
from casemgr.store.queries import closing as queries
from casemgr.store.work import Work
from casemgr.terms.area import span_of
from casemgr.terms.code import from_mask
from casemgr.terms.indicator import LEAVING, LEFT, Cause

UNKNOWN = "原因未能判明"
REST = "常住人口等其他变动"
NOT_CLOSED = "上一版签发时该月尚未月结"

#: Numerator and denominator as printed; empty where there was none.
Pair = tuple[int | None, int | None]
#: Month (``2026-08``) → key → pair.
Printed = Mapping[str, Mapping[str, Pair]]


def cause_lines(mask: int) -> list[str]:
    """The names of the causes of one person, those about the person as one."""
    found = from_mask(Cause, mask)
    names = [one.label for one in found if one not in LEAVING]
    if any(one in LEAVING for one in found):
        names.append(LEFT)
    return names or [UNKNOWN]


def issue_before(papers: Sequence[Figures], kind: str, period: str, revision: int) -> Figures | None:
    """The issue before this one of the same paper, of those that are out."""
    for paper in reversed(papers):
        if (paper.kind, paper.period, paper.revision) == (kind, period, revision - 1):
            return paper
    return None


def of_month(
    work: Work, before: MonthlyFigures, revision: int, area: int, now: Mapping[str, Pair]
) -> Earlier | None:
    """What the issue ``before`` printed of its month otherwise; ``revision``: the closing printed now."""
    printed = {before.period: {rate.key: (rate.numerator, rate.denominator) for rate in before.official}}
    closings = {before.period: (before.close_revision, revision)}
    return _told(work, before.number, printed, {before.period: now}, closings, area)


def of_period(
    work: Work, before: PeriodFigures, revisions: Mapping[str, int], area: int, now: Printed
) -> Earlier | None:
    """What the issue ``before`` of a quarter or year printed of its months otherwise."""
    printed: dict[str, dict[str, Pair]] = {}
    for place, one in enumerate(before.closings):
        points = {line.key: line.points[place] for line in before.course}
        printed[one.month] = {key: (point.numerator, point.denominator) for key, point in points.items()}
    closings = {one.month: (one.revisions, revisions.get(one.month, 0)) for one in before.closings}
    return _told(work, before.number, printed, now, closings, area)


def _told(
    work: Work,
    number: str,
    printed: Printed,
    now: Printed,
    closings: Mapping[str, tuple[int, int]],
    area: int,
) -> Earlier | None:
    shifts: list[Shift] = []
    for month, (first, last) in closings.items():
        old, new = printed.get(month, {}), now.get(month, {})
        moved = [key for key in new if key in old and old[key] != new[key]]
        causes = _causes(work, month, area, first, last, moved) if moved and first else {}
        for key in moved:
            shifts.append(_shift(month, key, old[key], new[key], causes.get(key, {})))
    return Earlier(number, tuple(shifts)) if shifts else None


def _shift(month: str, key: str, old: Pair, new: Pair, causes: Mapping[str, tuple[int, int]]) -> Shift:
    change = ((new[0] or 0) - (old[0] or 0), (new[1] or 0) - (old[1] or 0))
    lines = [Because(name, *found) for name, found in causes.items() if any(found)]
    rest = (
        change[0] - sum(one.numerator for one in lines),
        change[1] - sum(one.denominator for one in lines),
    )
    if any(rest):
        lines.append(Because(NOT_CLOSED if old[0] is None else REST, *rest))
    return Shift(
        month_in_words(month), BY_KEY[key].name, _fraction(old), _fraction(new), *change, tuple(lines)
    )


def _fraction(pair: Pair) -> str:
    return "—" if pair[0] is None else f"{pair[0]}/{'—' if pair[1] is None else pair[1]}"


def _causes(
    work: Work, month: str, area: int, first: int, last: int, keys: Sequence[str]
) -> dict[str, dict[str, tuple[int, int]]]:
    """Key → causes → by how much numerator and denominator moved from closing ``first`` to ``last``."""
    from casemgr.indicators.difference import unpack  # loads polars, which only such a report needs

    moved: dict[int, dict[str, tuple[int, int]]] = {}
    why: dict[int, int] = {}
    for row in queries.differences(work, int(month.replace("-", "")), *span_of(area)):
        if not first < row.revision <= last:
            continue
        part = unpack(row.packed)
        bits = [(key, 1 << part.keys.index(key)) for key in keys if key in part.keys]
        for person in part.people:
            why[person.case] = why.get(person.case, 0) | person.causes
            own = moved.setdefault(person.case, {})
            for key, bit in bits:
                counted = bool(person.into & bit) - bool(person.out & bit)
                asked = bool(person.asked & bit) - bool(person.unasked & bit)
                before = own.get(key, (0, 0))
                own[key] = (before[0] + counted, before[1] + asked)
    found: dict[str, dict[str, tuple[int, int]]] = {key: {} for key in keys}
    for case in sorted(moved, key=lambda one: why[one]):
        name = "、".join(cause_lines(why[case]))
        for key, (counted, asked) in moved[case].items():
            before = found[key].get(name, (0, 0))
            # Who lives in the area is not counted from the register.
            people = 0 if BY_KEY[key].per_resident else asked
            found[key][name] = (before[0] + counted, before[1] + people)
    return found
