"""长效针剂: every cross-check of a dose fires, and stays silent at the near miss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from casemgr.forms import injection
from casemgr.forms.injection import DoseAround
from casemgr.terms.injection import Product
from tests.forms.example import CASE, DOSE, PRODUCT, SETTING, day

CASES: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "tm02": [({"on": day(2020, 1, 5)}, {"on": day(2020, 1, 6)})],
    "tm04": [({"case.left_on": day(2026, 3, 4)}, {"case.left_on": day(2026, 3, 5)})],
    "la05": [({"site": 9}, {"site": 2})],
    "la06": [({"dose_ug": 156_000}, {"dose_ug": 150_000})],
    "la07": [({"dose_ug": None}, {"ordinal": None}), ({"site": None}, {})],
    "la15": [({"batch": None}, {"batch": "B"})],
    "rg05": [({"product_name": "癸酸氟哌啶醇注射液"}, {"product_name": "棕榈酸帕利哌酮"})],
}


def fired(changes: dict[str, Any]) -> set[str]:
    row = DOSE._replace(**{key: value for key, value in changes.items() if "." not in key})
    case = replace(CASE, **{key[5:]: value for key, value in changes.items() if "." in key})
    around = DoseAround(case, PRODUCT)
    return {check.id for check in injection.SHEET.checks if check.test(row, around) is not None}


def test_the_example_raises_no_question() -> None:
    assert fired({}) == set()
    assert set(CASES) == {check.id for check in injection.SHEET.checks}


@pytest.mark.parametrize(
    ("check", "fires", "near"), [(key, *pair) for key, pairs in CASES.items() for pair in pairs]
)
def test_it_fires_and_is_silent_at_the_near_miss(
    check: str, fires: dict[str, Any], near: dict[str, Any]
) -> None:
    assert check in fired(fires)
    assert check not in fired(near)


def test_a_product_of_which_nothing_is_known_raises_no_question() -> None:
    around = DoseAround(CASE, Product("X", "别的", frozenset(), frozenset()))
    row = DOSE._replace(site=9, dose_ug=1, product_name="别的")
    assert [check.id for check in injection.SHEET.checks if check.test(row, around)] == []


def test_what_cannot_be_true_of_a_dose() -> None:
    dead = replace(CASE, died_on=day(2026, 3, 4))
    assert [fault.code for fault in injection.faults(DOSE, dead, SETTING.products)] == ["after-death"]
    assert list(injection.faults(DOSE, replace(CASE, died_on=DOSE.on), SETTING.products)) == []
    unknown = DOSE._replace(product="NOSUCH")
    assert [fault.code for fault in injection.faults(unknown, CASE, SETTING.products)] == ["code"]
