"""一个率的说明: what a figure is made of, who fails by which reason, edition and closing; no people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from casemgr.indicators.catalogue import ANY_KEY, BY_KEY, RECORDS, REPORTED
from casemgr.indicators.editions import Edition
from casemgr.indicators.figure import Figure
from casemgr.indicators.joint_cells import hide_jointly
from casemgr.rules.access import Access, Action
from casemgr.services import edition as editions
from casemgr.services import indicator, month_revision, timeliness
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.indicator import Trend
from casemgr.terms.area import AreaLevel, ancestor, level_of
from casemgr.terms.indicator import RateUnit
from casemgr.terms.rulebook import Rule, rule

#: Fewer people than this are not told apart to those who may not see them (REC-SMALL-1).
SMALL = 5
#: What the small reasons are put together under.
OTHERS = "其他原因（人数少或为防推算，合并列出）"
#: Of figures that are no sum over people, what they are made of.
MADE_OF = {RECORDS: "应录入的记录（按记录计，不按人计）", REPORTED: "各地填报的年度情况"}
RESIDENTS = "常住人口"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why people do not count or are not asked about, and how many; ``merged``: several small reasons.

    ``code`` is what the reason is called in an address, empty for several together.
    """

    topic: str
    people: int
    merged: bool = False
    code: str = ""


@dataclass(frozen=True, slots=True)
class RateView:
    """One figure of one area in words.

    ``month`` is empty for the running one, ``frozen`` tells whether its closing is shown. ``missing`` and
    ``unasked`` are empty where the figure is not made of people or there are too many to go through.
    ``kept``: the reasons are those of the closing and change no more, else those of the records as they are
    now. ``added``: something of the closed month came in since. ``unjudged``: visits without a day of entry,
    of which a figure of records cannot tell; ``entry_days``: within how many working days
    a visit is entered. ``grounds`` are the rules it cites, ``target_ground`` that of
    its target.
    """

    area: int
    area_name: str
    level: int
    month: str
    as_of: date
    frozen: bool
    figure: Figure
    base: str
    edition: Edition
    grounds: tuple[Rule, ...]
    target_ground: Rule | None
    target_source: str
    missing: tuple[Reason, ...]
    unasked: tuple[Reason, ...]
    told: bool
    trend: Trend
    of_people: bool
    kept: bool = False
    added: bool = False
    unjudged: int = 0
    entry_days: int = 0


def of_area(access: Access, area: int, key: str, month: str, today: date) -> RateView:
    """How one figure of an area came about, in the running month or in one that has ended.

    Reasons that concern fewer than five people are put together for those who may not see people. Raises
    :class:`Missing` for an area out of reach or a figure that is none, or not made for the area.
    """
    frozen = indicator.closed(access, month, area) if month else None
    if frozen is None and month >= f"{today:%Y-%m}":
        raise Missing(f"{month} 还没有结束，没有整月的数字。请从月份列表中选择，或查看“本月至今”。")
    computed = frozen or (
        indicator.compute(access, month, area) if month else indicator.live(access, area, today)
    )
    own = computed.area(area)
    edition = editions.known(access, area, computed.edition, computed.period.end)
    full = edition.key_of(key) or ""
    figure = next((one for one in own.indicators if one.key == full), None)
    if figure is None:
        raise Missing("没有这个指标，或这一级区划不统计它。请从首页的指标中选择。")
    measure = ANY_KEY[full]
    of_people = full in BY_KEY and not measure.per_resident
    when: str | date = month or today
    missing = unasked = None
    kept = False
    if of_people:
        missing, kept = _reasons(access, area, full, when, "missing")
        unasked, _ = _reasons(access, area, full, when, "unasked")
    target = edition.targets.get(full)
    return RateView(
        area,
        own.name,
        own.level,
        month,
        computed.as_of,
        frozen is not None,
        figure,
        RESIDENTS
        if measure.per_resident or measure.unit is RateUnit.PER_HUNDRED_THOUSAND
        else _base(measure.base),
        edition,
        tuple(rule(one) for one in measure.cites),
        rule(target.rule) if target is not None else None,
        target.source if target is not None else "",
        missing or (),
        unasked or (),
        missing is not None and unasked is not None,
        indicator.trend(access, area, (full,))[0],
        of_people,
        kept,
        frozen is not None and month_revision.added_since(access, month, area),
        *(
            timeliness.unjudged(access, area, timeliness.period_of(month))
            if full in timeliness.KEYS
            else (0, 0)
        ),
    )


def _base(base: str) -> str:
    if base in MADE_OF:
        return MADE_OF[base]
    from casemgr.indicators.sets import SETS  # loads polars; the names of the base sets stand there

    return SETS[base].name


def _reasons(
    access: Access, area: int, key: str, when: str | date, part: str
) -> tuple[tuple[Reason, ...] | None, bool]:
    """By reason, most first, and whether the closing kept them; nothing where there are too many people."""
    exact = access.may(Action.CASE_LIST)
    hidden: frozenset[str] = frozenset()
    try:
        found = indicator.reasons(access, area, key, when, part)
        county = area if level_of(area) < AreaLevel.COUNTY else ancestor(area, AreaLevel.COUNTY)
        if not exact and access.reaches(county):
            hidden = told_together(indicator.reasons_below(access, county, key, when, part), area)
    except (Refused, Unfit):
        return None, False
    return told_apart(found.counts, exact=exact, hidden=hidden), found.kept


def told_together(below: Mapping[int, Mapping[str, int]], area: int) -> frozenset[str]:
    """The reasons an area must not tell apart, from the counts of the townships of its county.

    Who may look at one township may look at the others and at the county: a reason of few people in one of
    them is the county's less those of the rest. A city tells none apart that one of its counties does not.
    """
    found: set[str] = set()
    for county in {ancestor(code, AreaLevel.COUNTY) for code in below}:
        own = sorted(code for code in below if ancestor(code, AreaLevel.COUNTY) == county)
        topics = sorted({topic for code in own for topic in below[code]})
        if len(topics) < 2:  # the numbers of the figure itself say as much
            continue
        counts = [[below[code].get(topic, 0) for topic in topics] for code in own]
        cells = hide_jointly(counts, [sum(line) for line in zip(*counts, strict=True)])
        row = own.index(area) if area in own else len(own)
        found.update(topics[line] for at, line in cells if at == row)
    return frozenset(found)


def told_apart(
    found: Sequence[tuple[str, int]], *, exact: bool, hidden: Collection[str] = ()
) -> tuple[Reason, ...]:
    """The reasons as they may be told: small and ``hidden`` ones are put together until no sum is small."""
    if exact:
        return tuple(Reason(topic, people, code=indicator.reason_code(topic)) for topic, people in found)
    large = [Reason(topic, people) for topic, people in found if people >= SMALL and topic not in hidden]
    rest = sum(people for topic, people in found if people < SMALL or topic in hidden)
    while large and 0 < rest < SMALL:
        rest += large.pop().people
    return (*large, Reason(OTHERS, rest, merged=True)) if rest else tuple(large)
