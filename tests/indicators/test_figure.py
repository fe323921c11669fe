"""Rounding, targets and distances."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from casemgr.indicators import editions
from casemgr.indicators.catalogue import BY_KEY
from casemgr.indicators.figure import AreaFigures, Computation, figure, figures, half_up
from casemgr.indicators.period import Period

EDITION = editions.in_force_on(date(2026, 10, 31))


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        (1, 3, "33.33"),
        (2, 3, "66.67"),
        (1, 800, "0.13"),
        (1, 8, "12.50"),
        (0, 7, "0.00"),
        (7, 7, "100.00"),
        (12345, 100000, "12.35"),
        (12344, 100000, "12.34"),
    ],
)
def test_percentages_have_two_decimals_half_up(numerator: int, denominator: int, text: str) -> None:
    assert figure(BY_KEY["IND-11"], numerator, denominator, EDITION).value == text


def test_half_up_with_other_decimals() -> None:
    assert half_up(Fraction(5, 2), 0) == "3"
    assert half_up(Fraction(1, 3), 4) == "0.3333"


@pytest.mark.parametrize(
    ("key", "numerator", "denominator", "target", "met", "distance"),
    [
        ("IND-03.STD-INT", 298, 373, "80.00", False, 1),
        ("IND-03.STD-INT", 299, 373, "80.00", True, 0),
        ("IND-03.STD-INT", 80, 100, "80.00", True, 0),
        ("IND-05.MED-QUARTER", 0, 5, "60.00", False, 3),
        ("IND-01", 4, 1000, "4.50", False, 1),
        ("IND-01", 9, 2000, "4.50", True, 0),
        ("IND-11", 1, 2, None, None, None),
        ("IND-12.N1", 0, 0, "50.00", None, None),
        ("IND-01", 5, None, "4.50", None, None),
    ],
)
def test_targets_are_met_exactly_and_the_distance_is_in_people(
    key: str,
    numerator: int,
    denominator: int | None,
    target: str | None,
    met: bool | None,
    distance: int | None,
) -> None:
    found = figure(BY_KEY[key], numerator, denominator, EDITION)
    assert (found.target, found.met, found.distance) == (target, met, distance)
    if distance and denominator:
        assert figure(BY_KEY[key], numerator + distance, denominator, EDITION).met
        assert not figure(BY_KEY[key], numerator + distance - 1, denominator, EDITION).met


def test_nothing_to_divide_by_gives_no_value() -> None:
    assert figure(BY_KEY["IND-12.N1"], 0, 0, EDITION).value is None
    assert figure(BY_KEY["IND-01"], 3, None, EDITION).value is None


def test_a_figure_says_what_it_is() -> None:
    found = figure(BY_KEY["IND-03.STD-INT"], 1, 2, EDITION)
    assert (found.name, found.unit, found.variant, found.base_set, found.official) == (
        "规范管理率", "%", "STD-INT", "REG-A", True,
    )  # fmt: skip
    assert found.status == "UNVERIFIED-H"
    assert "GW2017-7.12" in found.rules
    assert figure(BY_KEY["IND-01"], 1, 2, EDITION).unit == "‰"


def test_figures_are_found_by_area_and_key() -> None:
    made = figures({"IND-11": (1, 2), "IND-01": (1, 2000)}, EDITION)
    area = AreaFigures(999901000000, "示例县", 3, 2000, made)
    found = Computation(Period.of_month("2026-10"), date(2026, 10, 31), EDITION.id, (area,))
    assert [one.key for one in found.area(999901000000).indicators] == ["IND-01", "IND-11"]
    assert found.area(999901000000).figure("IND-11").value == "50.00"
    with pytest.raises(KeyError):
        found.area(1)
    with pytest.raises(KeyError):
        area.figure("IND-10")
