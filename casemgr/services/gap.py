"""差距名单: who is missing to a target, least missing first, what would help and until when, by village."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

from casemgr.indicators.figure import Figure
from casemgr.rules.access import Access, Action
from casemgr.services import indicator, register
from casemgr.services.indicator import GapPerson
from casemgr.services.register import CaseRow, Page
from casemgr.services.use_case import use_case
from casemgr.store.queries import area as areas
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel

#: What a village filter says of people whose village nobody wrote down.
NOWHERE = 0


class Reach(Enum):
    """How somebody who is missing may still come to count."""

    ONE = "缺 1 次"
    MORE = "缺 2 次及以上"
    PAST = "期限已过"
    LATER = "以今后的情况为准"
    FINAL = "本年度已无法改变"


#: Of whom an act now would help.
HELPED = (Reach.ONE, Reach.MORE)


@dataclass(frozen=True, slots=True)
class GapRow:
    """One person of the list with the act that is missing; ``until``: the last day for the next of them."""

    row: CaseRow
    change: str
    missing: int | None
    until: date | None
    reach: Reach


@dataclass(frozen=True, slots=True)
class VillageGap:
    """People missing in one village, and for how many of them an act now would help."""

    code: int
    name: str
    people: int
    helped: int


@dataclass(frozen=True, slots=True)
class GapList:
    """One page of a gap list with what stands above it.

    ``frozen`` is the figure of the closing when a closed month was asked for: the list goes by the records as
    they are now, which may have changed since.
    """

    area: int
    place: str
    month: str
    as_of: date
    figure: Figure
    reaches: tuple[tuple[Reach, int], ...]
    helped: int
    villages: tuple[VillageGap, ...]
    page: Page[GapRow]
    frozen: Figure | None = None


def reach_of(one: GapPerson, today: date) -> Reach:
    """How the person may still come to count, by what was promised; of a past month as seen today."""
    if one.missing is not None:
        if one.until is not None and one.until < today:
            return Reach.PAST
        return Reach.ONE if one.missing <= 1 else Reach.MORE
    return Reach.FINAL if one.until is None else Reach.LATER


def of_area(
    access: Access,
    area: int,
    key: str,
    when: str | date,
    today: date,
    *,
    village: int | None = None,
    by_village: bool = False,
    number: int = 1,
    size: int = 50,
    purpose: str = "",
) -> GapList:
    """Who is asked about by a figure and does not count; names only with a ``purpose``, and recorded.

    ``when``: a month, or a day of the running year. ``by_village`` keeps those of one village together, for
    one trip. Raises what :func:`casemgr.services.indicator.gap` raises.
    """
    found = indicator.gap(access, when, area, key)
    place, names = _places(access, area)
    # What is too late by now comes after what is not, else as near as it was.
    people = sorted(found.people, key=lambda one: reach_of(one, today) is Reach.PAST)
    tally: dict[int, list[int]] = {}
    for one in people:
        counts = tally.setdefault(one.village or NOWHERE, [0, 0])
        counts[0] += 1
        counts[1] += reach_of(one, today) in HELPED
    chosen = [one for one in people if village is None or (one.village or NOWHERE) == village]
    if by_village:
        chosen.sort(key=lambda one: (one.village is None, one.village or 0))
    last = max(1, -(-len(chosen) // size))
    number = min(max(1, number), last)
    shown = chosen[(number - 1) * size : number * size]
    rows = register.by_ids(access, [one.case_id for one in shown], today, purpose) if shown else {}
    reaches = Counter(reach_of(one, today) for one in people)
    closed = indicator.closed(access, when, area) if isinstance(when, str) else None
    return GapList(
        area,
        place,
        found.period.month if isinstance(when, str) else "",
        found.as_of,
        found.figure,
        tuple((one, reaches[one]) for one in Reach if reaches[one]),
        sum(reaches[one] for one in HELPED),
        tuple(
            VillageGap(code, names.get(code, "未填村（社区）"), count, helped)
            for code, (count, helped) in sorted(tally.items(), key=lambda pair: (-pair[1][1], pair[0]))
        ),
        Page(
            tuple(_row(one, rows[one.case_id], today) for one in shown if one.case_id in rows),
            len(chosen),
            number,
            size,
        ),
        None if closed is None else closed.area(area).figure(found.figure.key),
    )


def _row(one: GapPerson, row: CaseRow, today: date) -> GapRow:
    said = replace(row, counted=False, reason=one.reason, rule=one.rule)
    return GapRow(said, one.change, one.missing, one.until, reach_of(one, today))


@use_case(Action.INDICATOR_READ)
def _places(work: Work, area: int) -> tuple[str, dict[int, str]]:
    """Name of an area, and of its villages by code."""
    rows = areas.within(work, area, area + 1, int(AreaLevel.VILLAGE))
    low, high = work.access.low, work.access.high
    villages = areas.within(work, low, high, int(AreaLevel.VILLAGE))
    return (rows[0].name if rows else ""), {row.code: row.name for row in villages}
