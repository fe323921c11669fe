"""告知单 over the JSON door: entered by the county, forwarded, accepted, returned, registered."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.conftest import Caller
from tests.api.sendings import CARD, NOTICE, kept, told, version
from tests.store.register import EAST, WEST

Call = Callable[..., Caller]


def step(caller: Caller, path: str, id: str, name: str, **more: object) -> tuple[str, dict[str, object]]:
    body = {"id": id, "version": version(caller, path), "step": name, **more}
    return told(caller.post(f"{path}/steps", body))


def test_a_card_goes_from_the_county_to_a_township(caller: Call) -> None:
    officer, east = caller("officer"), caller("east")
    word, wrong = told(officer.post("/notices", {**NOTICE, "data": {**CARD, "diagnosis": None, "x": 1}}))
    assert (word, list(wrong["fields"])) == ("unfit", ["x"])
    wrong = told(officer.post("/notices", {**NOTICE, "data": {**CARD, "diagnosis": None}}))[1]
    assert list(wrong["fields"]) == ["diagnosis"]
    key = kept(officer.post("/notices", {**NOTICE, "to": str(WEST)}))
    assert told(officer.post("/notices", {**NOTICE, "to": str(WEST)}))[0] == "already_here"
    path = f"/notices/{key}"
    assert east.get(path).status == 404
    west = caller("west")
    assert west.get(path).document["steps"] == ["accept", "correct", "return"]
    assert step(west, path, "s-1", "return")[0] == "unfit"
    assert step(west, path, "s-2", "return", reason="住在东镇")[0] == "accepted"
    assert step(officer, path, "s-3", "forward", to=str(EAST))[0] == "accepted"
    assert step(east, path, "s-4", "accept")[0] == "accepted"
    late = {"id": "s-5", "version": 1, "step": "correct", "reason": "更正"}
    word, document = told(east.post(f"{path}/steps", late))
    assert (word, document["version"]) == ("conflict", version(east, path))
    begun = east.post("/registrations/begin", {"notice": key}).document["data"]
    assert (begun["name"], begun["guardian_name"]) == ("赵试验", "赵监护")


def test_nothing_of_a_notice_is_shown_without_a_purpose(caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    key = kept(east.post("/notices", NOTICE))
    shown = [east.get("/notices").document, east.get(f"/notices/{key}").document]
    assert "赵试验" not in str(shown)
    assert [one["count"] for one in shown[0]["counts"] if one["state"]["code"] == 3] == [1]
    opened = east.post(f"/notices/{key}/reveal", {"purpose": 2}).document
    assert {"label": "患者姓名", "text": "赵试验"} in opened["facts"]
    assert step(east, f"/notices/{key}", "f-1", "file")[0] == "unfit"
    word, filed = step(east, f"/notices/{key}", "f-2", "file", case=str(cases["E1"]))
    assert (word, filed["case"]) == ("accepted", str(cases["E1"]))
    assert east.get(f"/notices/{key}").document["notice"]["case"] == str(cases["E1"])
