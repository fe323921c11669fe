"""规律性核对 (REC-FAIR-1): patterns over one author's visits of a month; facts in, questions out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from casemgr.rules.policy import Policy
from casemgr.terms.fair_play import Pattern
from casemgr.terms.followup import VisitMode

RULE = "REC-FAIR-1"
WHOLE = 100


class VisitMark(NamedTuple):
    """What a visit shows of how it was recorded.

    ``author`` is an account, 0 for what a file brought. ``same``: every coded answer is the one of the
    person's visit before, empty without an earlier one. ``minute``: minutes since 1970 at which it was
    entered by hand, empty for files.
    """

    area: int
    author: int
    on: date
    mode: int | None = None
    risk: int | None = None
    same: bool | None = None
    minute: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One pattern: ``counted`` of ``visits`` visits of an author in a township show it."""

    area: int
    author: int
    kind: Pattern
    counted: int
    visits: int


def patterns(marks: Iterable[VisitMark], last: date, policy: Policy) -> list[Found]:
    """The patterns in the visits of the month that ends on ``last``, by township, author and kind.

    Visits in the clinic never make a spike at the end of the month: a clinic day is a day of work.
    """
    grouped: dict[tuple[int, int], list[VisitMark]] = defaultdict(list)
    for mark in marks:
        grouped[mark.area, mark.author].append(mark)
    return [
        Found(area, author, kind, counted, visits)
        for (area, author), own in sorted(grouped.items())
        if len(own) >= policy.fair_visits.value
        for kind, counted, visits in _of_author(own, last, policy)
    ]


def _of_author(own: list[VisitMark], last: date, policy: Policy) -> Iterator[tuple[Pattern, int, int]]:
    again = [mark for mark in own if mark.same is not None]
    same = sum(mark.same is True for mark in again)
    if len(again) >= policy.fair_visits.value and _share(same, len(again)) >= policy.fair_copied.value:
        yield Pattern.COPIED, same, len(again)
    assessed = [mark for mark in own if mark.risk is not None]
    if len(assessed) >= policy.fair_level_zero.value and not any(mark.risk for mark in assessed):
        yield Pattern.LEVEL_ZERO, len(assessed), len(assessed)
    out = [mark for mark in own if mark.mode != VisitMode.CLINIC]
    first = last - timedelta(days=policy.fair_last_days.value - 1)
    late = sum(mark.on >= first for mark in out)
    if late >= policy.fair_visits.value and _share(late, len(out)) >= policy.fair_spike.value:
        yield Pattern.LAST_DAYS, late, len(out)
    minutes = Counter(mark.minute for mark in own if mark.minute is not None)
    most = max(minutes.values(), default=0)
    if most >= policy.fair_minute.value:
        yield Pattern.SAME_MINUTE, most, len(own)


def _share(part: int, whole: int) -> float:
    return part * WHOLE / whole if whole else 0.0
