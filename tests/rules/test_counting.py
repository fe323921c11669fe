"""计入: what a visit counts towards, and the sentence why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from casemgr.rules.counting import Told, counted
from casemgr.terms.rulebook import rule

WHOLE = Told(2026, lost=False, complete=True, registered=True, mode=2, informants=2, adherence=1)


def test_a_whole_visit_counts_for_all_three() -> None:
    found = counted(WHOLE, 3)
    assert (found.year, found.number) == (2026, 4)
    assert [(one.name, one.counted) for one in found.items] == [
        ("随访次数", True),
        ("面访", True),
        ("服药", True),
    ]


@pytest.mark.parametrize("changed", [{"lost": True}, {"complete": False}, {"registered": False}])
def test_what_is_no_visit_has_no_number(changed: dict[str, bool]) -> None:
    found = counted(replace(WHOLE, **changed), 3)
    assert (found.number, [one.counted for one in found.items]) == (0, [False])


@pytest.mark.parametrize(
    ("changed", "face"),
    [({"mode": 3}, False), ({"mode": None}, False), ({"informants": 4}, False), ({"informants": None}, True)],
)
def test_who_was_met_face_to_face(changed: dict[str, int | None], face: bool) -> None:
    found = counted(replace(WHOLE, **changed), 0)
    assert found.items[1].counted == face


@pytest.mark.parametrize(
    ("adherence", "taking"), [(1, True), (2, True), (3, False), (4, False), (None, False)]
)
def test_who_takes_medicine(adherence: int | None, taking: bool) -> None:
    found = counted(replace(WHOLE, adherence=adherence), 0)
    assert found.items[2].counted == taking
    assert all(rule(one.rule) for one in found.items)
