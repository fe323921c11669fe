"""指标数: one figure with everything that must stand beside it: people, target, variant, grounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil

from casemgr.indicators.catalogue import FIGURES, Measure
from casemgr.indicators.editions import DECIMALS, Edition
from casemgr.indicators.period import Period

#: Numerator and denominator by key; the denominator is empty where the population is not known.
Counts = Mapping[str, tuple[int, int | None]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One rate of one area. ``value`` and ``target`` in ``unit``; empty when there is nothing to divide by.

    ``distance``: how many more people would have to count to reach the target, 0 when it is met.
    ``further``: one of the readings that stand beside the usual ones.
    """

    key: str
    name: str
    unit: str
    numerator: int
    denominator: int | None
    value: str | None
    target: str | None
    met: bool | None
    official: bool
    variant: str
    base_set: str
    rules: tuple[str, ...]
    status: str
    distance: int | None
    further: bool = False


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """All figures of one area."""

    code: int
    name: str
    level: int
    population: int | None
    indicators: tuple[Figure, ...]

    def figure(self, key: str) -> Figure:
        """The figure with this key; ``KeyError`` if there is none."""
        for one in self.indicators:
            if one.key == key:
                return one
        raise KeyError(key)


@dataclass(frozen=True, slots=True)
class Computation:
    """The figures of a subtree for one period, taken on ``as_of`` under ``edition``, highest area first."""

    period: Period
    as_of: date
    edition: str
    areas: tuple[AreaFigures, ...]

    def area(self, code: int) -> AreaFigures:
        """The figures of one area; ``KeyError`` if it is not there."""
        for one in self.areas:
            if one.code == code:
                return one
        raise KeyError(code)


def half_up(number: Fraction, decimals: int = DECIMALS) -> str:
    """A number ≥ 0 with fixed decimals, halves upwards."""
    scaled = (number * 10**decimals * 2 + 1) // 2
    if not decimals:
        return str(scaled)
    return f"{scaled // 10**decimals}.{scaled % 10**decimals:0{decimals}d}"


def figure(measure: Measure, numerator: int, denominator: int | None, edition: Edition) -> Figure:
    """The figure of a measure from its counts, held against the target of the edition."""
    decimals = edition.decimals.get(measure.key, DECIMALS)
    target = edition.targets.get(measure.key)
    rate = Fraction(numerator * measure.unit.factor, denominator) if denominator else None
    distance = None
    if target is not None and denominator:
        distance = max(0, ceil(target.value * denominator / measure.unit.factor) - numerator)
    return Figure(
        key=measure.key,
        name=measure.name,
        unit=measure.unit.label,
        numerator=numerator,
        denominator=denominator,
        value=None if rate is None else half_up(rate, decimals),
        target=None if target is None else half_up(target.value, decimals),
        met=None if target is None or rate is None else rate >= target.value,
        official=measure.key in edition.official,
        variant=measure.variant,
        base_set=measure.base,
        rules=measure.cites,
        status=measure.status,
        distance=distance,
        further=measure.further,
    )


def figures(counts: Counts, edition: Edition) -> tuple[Figure, ...]:
    """All figures of one area from its counts, in the order of the catalogue."""
    return tuple(figure(one, *counts[one.key], edition) for one in FIGURES if one.key in counts)
