"""机构与区划: the cross-check of an area fires, and stays silent at the near miss."""

from __future__ import annotations

from typing import Any

import pytest

from casemgr.forms import area
from tests.forms.example import AREA, COUNTY, TOWNSHIP, VILLAGE


def fired(changes: dict[str, Any]) -> set[str]:
    row = AREA._replace(**changes)
    return {check.id for check in area.SHEET.checks if check.test(row, None) is not None}


@pytest.mark.parametrize(
    ("fires", "near"),
    [
        ({"level": 5}, {"level": 4}),
        ({"parent": VILLAGE}, {"parent": None}),
        (
            {"code": VILLAGE, "level": 4, "parent": TOWNSHIP},
            {"code": VILLAGE, "level": 5, "parent": TOWNSHIP},
        ),
        (
            {"code": VILLAGE, "level": 5, "parent": TOWNSHIP + 1000},
            {"code": VILLAGE, "level": 5, "parent": COUNTY},
        ),
    ],
)
def test_it_fires_and_is_silent_at_the_near_miss(fires: dict[str, Any], near: dict[str, Any]) -> None:
    assert fired(fires) == {"ex12"}
    assert fired(near) == set()
