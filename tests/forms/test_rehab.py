"""社区康复: the cross-checks of a session fire, and stay silent at the near miss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from casemgr.forms import rehab
from tests.forms.example import CASE, SESSION, day


def fired(changes: dict[str, Any]) -> set[str]:
    row = SESSION._replace(**{key: value for key, value in changes.items() if "." not in key})
    case = replace(CASE, **{key[5:]: value for key, value in changes.items() if "." in key})
    return {check.id for check in rehab.SHEET.checks if check.test(row, case) is not None}


@pytest.mark.parametrize(
    ("check", "fires", "near"),
    [
        ("tm02", {"on": day(2020, 1, 5)}, {"on": day(2020, 1, 6)}),
        ("tm04", {"case.left_on": day(2026, 3, 4)}, {"case.left_on": day(2026, 3, 5)}),
        ("sv07", {"attended": None}, {"attended": False, "minutes": None}),
        ("sv07", {"minutes": None}, {"minutes": 0}),
        ("sv07", {"minutes": 1441}, {"minutes": 1440}),
    ],
)
def test_it_fires_and_is_silent_at_the_near_miss(
    check: str, fires: dict[str, Any], near: dict[str, Any]
) -> None:
    assert check in fired(fires)
    assert check not in fired(near)


def test_the_example_raises_no_question() -> None:
    assert fired({}) == set()


def test_a_session_after_death_cannot_be() -> None:
    dead = replace(CASE, died_on=day(2026, 3, 4))
    assert [fault.code for fault in rehab.faults(SESSION, dead)] == ["after-death"]
    assert list(rehab.faults(SESSION, replace(CASE, died_on=SESSION.on))) == []
