"""迁移 over the JSON door: asked, accepted, declined, taken back; no name without a purpose."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from tests.api.conftest import Caller
from tests.api.sendings import kept, told, version
from tests.store.register import EAST, WEST

Call = Callable[..., Caller]


def incoming(caller: Caller) -> str:
    [one] = caller.get("/transfers").document["items"]
    assert one["answers"]
    found: str = one["id"]
    return found


def test_a_file_moves_when_the_other_side_accepts(caller: Call, cases: dict[str, int]) -> None:
    east, west, case = caller("east"), caller("west"), cases["E1"]
    targets = east.get(f"/cases/{case}/transfer-targets").document
    assert targets == {"file_no": "E1", "items": [{"code": str(WEST), "name": "西镇"}]}
    asked = {"id": "t-1", "to": str(WEST), "reason": "随子女搬家"}
    own = kept(east.post(f"/cases/{case}/transfers", asked))
    assert told(east.post(f"/cases/{case}/transfers", asked))[0] == "already_here"
    assert told(east.post(f"/cases/{case}/transfers", {**asked, "id": "t-2", "to": str(EAST)}))[0] == "unfit"
    key = incoming(west)
    shown = west.get(f"/transfers/{key}").document
    assert (shown["file_no"], shown["case"], "张一" in str(shown)) == ("", None, False)
    assert west.post(f"/transfers/{key}/reveal", {"purpose": 2}).document["name"] == "张一"
    assert west.get(f"/cases/{case}").status == 404
    word, mine = told(east.post(f"/transfers/{own}/answer", {"id": "x", "version": 1, "answer": "accept"}))
    assert (word, mine["rule"]) == ("refused", "GF2018-8.5")
    answer = {"id": "w-1", "version": version(west, f"/transfers/{key}"), "answer": "accept"}
    assert told(west.post(f"/transfers/{key}/answer", answer))[1]["case"] == str(case)
    word, late = told(west.post(f"/transfers/{key}/answer", {**answer, "id": "w-2"}))
    assert (word, late["version"]) == ("conflict", version(west, f"/transfers/{key}"))
    assert (east.get(f"/cases/{case}").status, west.get(f"/cases/{case}").status) == (404, 200)


def test_declined_and_taken_back(caller: Call, cases: dict[str, int]) -> None:
    east, west, path = caller("east"), caller("west"), f"/cases/{cases['E1']}/transfers"
    kept(east.post(path, {"id": "t-1", "to": str(WEST), "reason": "搬家"}))
    key = incoming(west)
    no = {"id": "w-1", "version": version(west, f"/transfers/{key}"), "answer": "decline"}
    assert told(west.post(f"/transfers/{key}/answer", no))[1]["fields"].keys() == {"reason"}
    kept(west.post(f"/transfers/{key}/answer", {**no, "reason": "未在本镇居住"}))
    own = kept(east.post(path, {"id": "t-2", "to": str(WEST), "reason": "搬家"}))
    back = {"id": "t-3", "version": version(east, f"/transfers/{own}"), "answer": "withdraw"}
    kept(east.post(f"/transfers/{own}/answer", back))


def test_a_file_sent_to_another_county_stays_until_its_answer(caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}"
    key = kept(east.post(f"{path}/transfers-abroad", {"id": "o-1", "receiver": "邻县", "address": "搬家"}))
    shown = east.get(f"/transfers/{key}").document
    assert (shown["abroad"], shown["other"], shown["answers"]) == (True, "外县", False)
    yes = {"id": "o-2", "version": shown["version"], "answer": "accept"}
    assert told(east.post(f"/transfers/{key}/answer", yes))[0] == "refused"
    moved = {"id": "o-3", "version": version(east, f"{path}/standing"), "on": "2026-11-20", "place": "邻县"}
    kept(east.post(f"{path}/moved", moved))
    assert east.get(f"/transfers/{key}").document["state"]["label"] == "已接收"


def test_asking_for_somebody_registered_elsewhere(site: Flask, caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    assert told(east.post("/transfers/ask-in", {"id": "q-1", "id_number": "1"}))[0] == "unfit"
    unknown = {"id": "q-2", "id_number": "99990119800101009X"}
    assert told(east.post("/transfers/ask-in", unknown))[0] in ("refused", "unfit")
