"""合计指标: records entered in time and what areas report; figures that are no sum over judged people."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

from casemgr.indicators.catalogue import TOTALS
from casemgr.indicators.figure import Counts
from casemgr.indicators.period import Period
from casemgr.services import area_fact, timeliness
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of
from casemgr.terms.area_fact import AreaFactKey, Told

#: Counts of a figure for which nothing was reported: there is nothing to divide by.
UNTOLD = (0, None)
Pair = tuple[int, int | None]
Facts = Mapping[tuple[int, AreaFactKey], int]
#: Records in time and due where there is none.
NO_RECORD = (0, 0)
#: Which of these figures are made for areas of a level.
WANTED = {level: frozenset(one.key for one in TOTALS if one.level >= level) for level in AreaLevel}
#: The people behind 居家患者接受服务率 of a county that runs the service.
PARTICIPATION = "IND-12.N1"
#: Whose denominator is the resident population.
RESIDENTS = "IND-01"
#: From which facts a reported figure follows.
RESTS_ON = {
    "IND-17": (AreaFactKey.SYSTEM,),
    "IND-18": (AreaFactKey.AWARE, AreaFactKey.SURVEYED),
    "IND-20": (AreaFactKey.PSYCHIATRISTS,),
    "IND-21": (AreaFactKey.GROUP,),
    "IND-22": (AreaFactKey.REHAB_SERVICE,),
    "IND-23": (AreaFactKey.REHAB_STANDARD, AreaFactKey.REHAB_CLIENTS),
    "IND-24": (AreaFactKey.REHAB_SERVICE,),
}


def counts(
    work: Work,
    low: int,
    high: int,
    period: Period,
    places: Iterable[Any],
    people: Mapping[int, Counts],
    facts: Facts | None = None,
) -> dict[int, Counts]:
    """Area → key → (numerator, denominator) for each of ``places`` (code, name, level, parent, population).

    ``people`` are the counts of judged people by area, ``facts`` those of the year if they were read.
    Only figures that are made for the level of an area are in its counts; one for which nothing was reported
    has no denominator.
    """
    rows = sorted(tuple(row) for row in places)
    codes = [row[0] for row in rows]
    entered = _with_ancestors(timeliness.tally(work, low, high, period))
    if facts is None:
        facts = area_fact.values(area_fact.standing(work, period.end.year, low, high))
    found: dict[int, Counts] = {}
    for code, _name, level, _parent, population in rows:
        told = entered.get(code, {})
        own: dict[str, Pair] = {key: told.get(key, NO_RECORD) for key in timeliness.KEYS}
        if level <= AreaLevel.COUNTY:
            first, last = (bisect_left(codes, end) for end in span_of(code))
            own.update(_reported(level, population, rows[first:last], facts, people))
        found[code] = {key: pair for key, pair in own.items() if key in WANTED[level]}
    return found


def _with_ancestors(
    entered: Mapping[int, Mapping[str, tuple[int, int]]],
) -> dict[int, dict[str, tuple[int, int]]]:
    """The counts of every area that records belong to, and their sums in every area above."""
    found: dict[int, dict[str, tuple[int, int]]] = {}
    for area, counts_of in entered.items():
        for above in {ancestor(area, level) for level in AreaLevel}:
            own = found.setdefault(above, {})
            for key, (in_time, due) in counts_of.items():
                before = own.get(key, NO_RECORD)
                own[key] = (before[0] + in_time, before[1] + due)
    return found


def of_city(area: int, closed: Mapping[int, Counts], facts: Facts) -> Counts:
    """What is reported in a city, from what its counties closed with; they close for themselves.

    ``closed``: the closed counts of the counties and townships below; residents are those that the counties
    closed with, and so are the townships.
    """
    level = level_of(area)
    below = [(code, "", int(level_of(code)), None, None) for code in sorted(closed) if code != area]
    residents = [closed[row[0]].get(RESIDENTS, UNTOLD)[1] for row in below if row[2] == AreaLevel.COUNTY]
    population = None if None in residents else sum(one or 0 for one in residents)
    found = _reported(level, population, below, facts, closed)
    return {key: pair for key, pair in found.items() if key in WANTED[level]}


def _reported(
    level: int,
    population: int | None,
    below: list[tuple[Any, ...]],
    facts: Facts,
    people: Mapping[int, Counts],
) -> dict[str, Pair]:
    counties = [row[0] for row in below if row[2] == AreaLevel.COUNTY]
    townships = [row[0] for row in below if row[2] == AreaLevel.TOWNSHIP]
    found = {
        "IND-17": _having(AreaFactKey.SYSTEM, counties, facts),
        "IND-20": UNTOLD,
        "IND-21": _having(AreaFactKey.GROUP, townships, facts),
        "IND-22": _served(counties, facts, people),
        "IND-23": _part(AreaFactKey.REHAB_STANDARD, AreaFactKey.REHAB_CLIENTS, counties, facts),
        "IND-24": _having(AreaFactKey.REHAB_SERVICE, counties, facts),
    }
    doctors = [facts.get((one, AreaFactKey.PSYCHIATRISTS)) for one in counties]
    if doctors and None not in doctors:
        found["IND-20"] = (sum(one or 0 for one in doctors), population or None)
    if level == AreaLevel.COUNTY:
        # Surveys of several counties ask differently drawn people: they are not added up.
        found["IND-18"] = _part(AreaFactKey.AWARE, AreaFactKey.SURVEYED, counties, facts)
    return found


def _having(key: AreaFactKey, areas: list[int], facts: Facts) -> Pair:
    """How many of ``areas`` said 有; who reported nothing is not counted as having it."""
    told = [facts[one, key] for one in areas if (one, key) in facts]
    return (sum(one == Told.YES for one in told), len(areas)) if told else UNTOLD


def _part(part: AreaFactKey, whole: AreaFactKey, counties: list[int], facts: Facts) -> Pair:
    """Part and whole summed over the counties; nothing when one of them reported neither."""
    pairs = [(facts.get((one, part)), facts.get((one, whole))) for one in counties]
    if not pairs or any(a is None or b is None for a, b in pairs):
        return UNTOLD
    return sum(a or 0 for a, _ in pairs), sum(b or 0 for _, b in pairs)


def _served(counties: list[int], facts: Facts, people: Mapping[int, Counts]) -> Pair:
    """The people at home of the counties that run the service, and those of them who took part."""
    told = [one for one in counties if (one, AreaFactKey.REHAB_SERVICE) in facts]
    if not told:
        return UNTOLD
    running = [one for one in told if facts[one, AreaFactKey.REHAB_SERVICE] == Told.YES]
    pairs = [people[one][PARTICIPATION] for one in running if one in people]
    return sum(pair[0] for pair in pairs), sum(pair[1] or 0 for pair in pairs)
