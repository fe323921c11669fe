"""Editions and targets from the lists."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from casemgr.indicators import editions
from casemgr.indicators.catalogue import BY_KEY, FIGURES
from casemgr.terms.rulebook import book

DAY = date(2026, 10, 31)


def test_the_lists_have_no_fault() -> None:
    assert editions.faults() == []


def test_every_cited_rule_is_in_the_rule_book() -> None:
    for measure in FIGURES:
        assert set(measure.cites) <= book().keys()
        assert measure.status


def test_the_edition_of_the_demo_county() -> None:
    found = editions.in_force_on(DAY, "demo")
    assert {key: target.value for key, target in found.targets.items()} == {
        "IND-01": Fraction(9, 2),
        "IND-03.STD-INT": 80,
        "IND-05.MED-QUARTER": 60,
        "IND-06.MED-QUARTER": 80,
        "IND-12.N1": 50,
        # Held against a target without being chosen by an edition.
        "IND-21": 100,
        "IND-22": 60,
        "IND-24": 80,
    }
    assert set(found.official) == found.targets.keys() & BY_KEY.keys()
    assert all(target.source and target.rule for target in found.targets.values())


def test_a_region_with_an_edition_of_its_own() -> None:
    found = editions.in_force_on(DAY, "500108")
    assert found.official == ("IND-03.STD-INT", "IND-08.LAST", "IND-08.SCHIZO.LAST")
    assert {found.targets[key].value for key in found.official} == {80}
    assert (found.targets["IND-20"].value, found.targets["IND-19.FAMILY"].value) == (6, 50)
    assert editions.in_force_on(date(2023, 12, 31), "500108").id == editions.in_force_on(DAY).id
    assert editions.in_force_on(DAY, "500108003").id == found.id


def test_before_any_edition_there_is_none() -> None:
    with pytest.raises(LookupError):
        editions.in_force_on(date(2016, 12, 31))


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("IND-03", "IND-03.STD-INT"),
        ("IND-03.STD-4", "IND-03.STD-4"),
        ("IND-12", "IND-12.N1"),
        ("IND-02", "IND-02.REG-A"),
        ("IND-11", "IND-11"),
        ("IND-99", None),
    ],
)
def test_an_indicator_stands_for_its_official_variant(asked: str, key: str | None) -> None:
    assert editions.in_force_on(DAY).key_of(asked) == key


def test_the_other_edition_makes_other_variants_official() -> None:
    assert editions.in_force_on(DAY, "500108").key_of("IND-08") == "IND-08.LAST"
