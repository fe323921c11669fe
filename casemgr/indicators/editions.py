"""口径版本: which variant is official where and from when, and which targets it is held against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache

from casemgr.indicators.catalogue import ANY_KEY, BY_KEY, TOTALS
from casemgr.rules.policy import NATIONAL, nearest
from casemgr.terms.lists import Line, first_day, holes_and_overlaps, last_day, lines
from casemgr.terms.rulebook import STATUSES, book, rule

#: Figures that are held against a target without being made official: no edition chooses among them.
BESIDE = frozenset({*(one.key for one in TOTALS), "IND-19.PATIENT", "IND-19.FAMILY"})
HALF_UP = "half-up"
DECIMALS = 2


@dataclass(frozen=True, slots=True)
class Target:
    """What a rate is held against: ``value`` in the unit of the figure, and who said so."""

    key: str
    value: Fraction
    rule: str
    source: str


@dataclass(frozen=True, slots=True)
class Edition:
    """The official definitions of a region from a day on; ``decimals`` and ``targets`` by key.

    ``numbers``: parameters of counting (names of :data:`casemgr.rules.policy.COUNTING`) that it sets itself;
    all others are those of the policy. ``county``: laid down by a county here instead of shipped.
    """

    id: str
    title: str
    region: str
    official: tuple[str, ...]
    decimals: dict[str, int]
    targets: dict[str, Target]
    valid_from: date = date.min
    valid_to: date | None = None
    source: str = ""
    numbers: Mapping[str, int] = field(default_factory=dict)
    county: bool = False

    def key_of(self, indicator: str) -> str | None:
        """The key an id stands for: itself, else the official variant of the indicator, else its first."""
        if indicator in ANY_KEY:
            return indicator
        keys = [key for key, measure in ANY_KEY.items() if measure.indicator == indicator]
        return next((key for key in self.official if key in keys), keys[0] if keys else None)


@cache
def in_force_on(day: date, region: str = NATIONAL) -> Edition:
    """The edition of a region (area-code prefix, or any other word for the national one) on a day.

    Raises ``LookupError`` when none is in force.
    """
    chosen = next(iter(nearest(lines("editions"), region, day).values()), None)
    if chosen is None:
        raise LookupError(f"no edition on {day.isoformat()}")
    return _of_lines(chosen, day)


def _of_lines(chosen: list[Line], day: date) -> Edition:
    first = chosen[0]
    official = tuple(line["key"] for line in chosen)
    targets = {
        line["key"]: Target(line["key"], Fraction(line["value"]), line["rule_id"], line["source"])
        for line in nearest(lines("targets"), first["region"], day).get(first["region"], [])
    }
    return Edition(
        first["edition"],
        first["title"],
        first["region"],
        official,
        {line["key"]: int(line["decimals"]) for line in chosen},
        {key: target for key, target in targets.items() if key in (*official, *BESIDE)},
        first_day(first),
        None if last_day(first) == date.max else last_day(first),
        rule(first["rule_id"]).source,
    )


@cache
def shipped() -> tuple[Edition, ...]:
    """Every edition of the lists, by region and first day; targets as on its first day."""
    found: dict[tuple[str, str], list[Line]] = {}
    for line in lines("editions"):
        found.setdefault((line["edition"], line["valid_from"]), []).append(line)
    made = [_of_lines(chosen, first_day(chosen[0])) for chosen in found.values()]
    return tuple(sorted(made, key=lambda one: (one.region, one.valid_from)))


def faults() -> list[str]:
    """What is wrong with the lists: unknown keys or rules, holes, overlaps, two editions at one time."""
    editions, targets, policy = lines("editions"), lines("targets"), lines("policy")
    found = [f"unknown key {line['key']}" for line in editions if line["key"] not in BY_KEY]
    found += [f"unknown key {line['key']}" for line in targets if line["key"] not in ANY_KEY]
    found += [
        f"{line['key']} is not taken of {line['base_set']}"
        for line in editions
        if line["key"] in BY_KEY and not BY_KEY[line["key"]].base.startswith(line["base_set"])
    ]
    found += [f"unknown rounding {line['rounding']}" for line in editions if line["rounding"] != HALF_UP]
    cited = {line["rule_id"] for line in (*editions, *targets, *policy)}
    cited |= {rule for measure in ANY_KEY.values() for rule in measure.cites}
    found += [f"unknown rule {rule}" for rule in sorted(cited - book().keys())]
    found += [f"unknown status {rule.status}" for rule in book().values() if rule.status not in STATUSES]
    found += holes_and_overlaps(editions, "region", "key")
    found += holes_and_overlaps({line["edition"]: line for line in editions}.values(), "region")
    found += holes_and_overlaps(targets, "region", "key")
    found += holes_and_overlaps(policy, "region", "parameter")
    return found
