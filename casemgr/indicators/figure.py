"""指标数: one figure with everything that must stand beside it: people, target, variant, grounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

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
    return _share(number.numerator, number.denominator, decimals)


@dataclass(frozen=True, slots=True)
class Reading:
    """How an edition reads one measure: all that is the same for every area, looked up once."""

    measure: Measure
    unit: str
    factor: int
    status: str
    decimals: int
    official: bool
    target: Fraction | None
    printed_target: str | None

    def figure(self, numerator: int, denominator: int | None) -> Figure:
        """The figure made of these counts, held against the target of the edition."""
        measure, target = self.measure, self.target
        value = met = distance = None
        if denominator:
            value = _share(numerator * self.factor, denominator, self.decimals)
            if target is not None:
                # In whole numbers: numerator × factor / denominator ≥ target, and how many are missing to it.
                wanted, per_person = target.numerator * denominator, target.denominator * self.factor
                met = numerator * per_person >= wanted
                distance = max(0, -(-wanted // per_person) - numerator)
        return Figure(
            measure.key,
            measure.name,
            self.unit,
            numerator,
            denominator,
            value,
            self.printed_target,
            met,
            self.official,
            measure.variant,
            measure.base,
            measure.cites,
            self.status,
            distance,
            measure.further,
        )


def _share(part: int, whole: int, decimals: int) -> str:
    """``part / whole`` with fixed decimals, halves upwards."""
    scaled = (part * 10**decimals * 2 + whole) // (2 * whole)
    if not decimals:
        return str(scaled)
    return f"{scaled // 10**decimals}.{scaled % 10**decimals:0{decimals}d}"


def reading(measure: Measure, edition: Edition) -> Reading:
    """How ``edition`` reads ``measure``."""
    decimals = edition.decimals.get(measure.key, DECIMALS)
    target = edition.targets.get(measure.key)
    return Reading(
        measure,
        measure.unit.label,
        measure.unit.factor,
        measure.status,
        decimals,
        measure.key in edition.official,
        None if target is None else target.value,
        None if target is None else half_up(target.value, decimals),
    )


def readings(edition: Edition) -> tuple[Reading, ...]:
    """How ``edition`` reads each figure of the catalogue, in its order."""
    return tuple(reading(one, edition) for one in FIGURES)


def figure(measure: Measure, numerator: int, denominator: int | None, edition: Edition) -> Figure:
    """The figure of a measure from its counts, held against the target of the edition."""
    return reading(measure, edition).figure(numerator, denominator)


def read_by(known: Iterable[Reading], counts: Counts) -> tuple[Figure, ...]:
    """All figures of one area from its counts, read in the way of one edition."""
    return tuple(one.figure(*counts[one.measure.key]) for one in known if one.measure.key in counts)


def figures(counts: Counts, edition: Edition) -> tuple[Figure, ...]:
    """All figures of one area from its counts, in the order of the catalogue."""
    return read_by(readings(edition), counts)
