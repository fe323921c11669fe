"""长效针剂 over the JSON door: a dose and its inferred role, where a course stands, products, a township."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.api.conftest import NAMES, Caller
from tests.api.sendings import DAY, kept, told
from tests.store.register import EAST, WEST

Call = Callable[..., Caller]
DOSE = {"id": "d-1", "product": "PP1M", "on": DAY, "dose_ug": 150_000, "site": 1, "side": 1, "batch": "B-1"}


def test_a_dose_is_kept_once_and_the_course_answers(caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}/injections"
    assert east.get(path).status == 404
    word, document = told(east.post(path, {**DOSE, "id": "d-0", "observed_until": "正午"}))
    assert (word, list(document["fields"])) == ("unfit", ["observed_until"])
    word, document = told(east.post(path, {**DOSE, "id": "d-0", "role": 3}))
    assert (word, list(document["fields"])) == ("unfit", ["role_reason"])
    word, document = told(east.post(path, DOSE))
    assert word == "accepted"
    assert "V6" in {one["id"] for one in document["later"]}  # nobody wrote down a tolerability test
    assert told(east.post(path, DOSE))[0] == "already_here"
    card = east.get(path).document
    [dose] = card["doses"]
    assert (dose["role"], dose["told"], dose["number"]) == ("起始第1针", False, 1)
    advice = card["advice"]
    assert (advice["status"]["label"], advice["window_close"]) == ("即将到期", "2026-12-02")
    assert "请由医师确认" in advice["guidance"]
    assert advice["sources"]
    assert caller("west").get(path).status == 404
    assert caller("admin").get(path).status == 403


def test_the_township_lists_who_is_due_without_names(caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    kept(east.post(f"/cases/{cases['E2']}/injections", {**DOSE, "on": "2026-11-01"}))
    found = east.get("/injections").document
    assert [(one["id"], one["group"]) for one in found["items"]] == [(str(cases["E2"]), "已错过窗口")]
    assert all(name not in json.dumps(found, ensure_ascii=False) for name in NAMES.values())
    officer = caller("officer")
    assert officer.get("/injections").status == 404
    assert len(officer.get("/injections", area=EAST).document["items"]) == 1
    assert east.get("/injections", area=WEST).status == 404


def test_products_tell_where_each_figure_was_read(caller: Call) -> None:
    found = {one["id"]: one for one in caller("east").get("/products").document["items"]}
    assert found["PP1M"]["enabled"]
    assert not found["PP6M"]["enabled"]
    late = next(one for one in found["PP1M"]["figures"] if one["key"] == "phase.MAINT.late")
    assert (late["value"], late["verified"]) == ("7", True)
    assert late["sources"]
