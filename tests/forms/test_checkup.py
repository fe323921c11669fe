"""健康体检: the cross-checks of a check-up fire, and stay silent at the near miss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from casemgr.forms import checkup
from tests.forms.example import CASE, CHECKUP, day


def fired(changes: dict[str, Any]) -> set[str]:
    row = CHECKUP._replace(**{key: value for key, value in changes.items() if "." not in key})
    case = replace(CASE, **{key[5:]: value for key, value in changes.items() if "." in key})
    return {check.id for check in checkup.SHEET.checks if check.test(row, case) is not None}


@pytest.mark.parametrize(
    ("check", "fires", "near"),
    [
        ("tm02", {"on": day(2020, 1, 5)}, {"on": day(2020, 1, 6)}),
        ("tm03", {"case.died_on": day(2026, 3, 4)}, {"case.died_on": day(2026, 3, 5)}),
        ("vc28", {"pressure": (261, 80)}, {"pressure": (260, 80)}),
        ("vc28", {"pressure": (80, 120)}, {"pressure": (120, 119)}),
        ("vc28", {"weight_g": 6_000}, {"weight_g": 20_000}),
    ],
)
def test_it_fires_and_is_silent_at_the_near_miss(
    check: str, fires: dict[str, Any], near: dict[str, Any]
) -> None:
    assert check in fired(fires)
    assert check not in fired(near)


def test_the_example_raises_no_question() -> None:
    assert fired({}) == set()
