"""Areas over the JSON door."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.conftest import Caller
from tests.store.register import COUNTY, EAST, WEST

Call = Callable[..., Caller]


def test_the_tree_as_far_as_one_reaches(steady: Call) -> None:
    officer = steady("officer").get("/areas")
    assert [area["code"] for area in officer.document["items"]] == [str(COUNTY), str(EAST), str(WEST)]
    assert officer.document["total"] == 3
    assert officer.document["items"][1] == {
        "code": str(EAST), "name": "东镇", "level": {"code": 4, "label": "乡镇"}, "parent": str(COUNTY),
        "population": 10_000,
    }  # fmt: skip
    assert [area["code"] for area in steady("officer").get("/areas", level=3).document["items"]] == [
        str(COUNTY)
    ]
    assert [area["code"] for area in steady("east").get("/areas").document["items"]] == [str(EAST)]


def test_one_area(steady: Call) -> None:
    east = steady("east")
    assert east.get(f"/areas/{EAST}").document["name"] == "东镇"
    for code in (WEST, COUNTY, 999999999999, "abc", "0" * 12):
        assert east.get(f"/areas/{code}").status == 404
