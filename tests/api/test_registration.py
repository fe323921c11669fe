"""登记建档 over the JSON door: the checks of the pages by field, questions with reasons, corrections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Action
from casemgr.store.models import AuditEntry, Case
from casemgr.store.work import open_work
from tests.api.conftest import Caller
from tests.api.sendings import CLUE, DAY, NUMBER, PERSON, kept, told, version
from tests.store.register import EAST, SYSTEM

Call = Callable[..., Caller]
WHY = {"purpose": 2}


def sent(id: str = "p-1", **more: Any) -> dict[str, Any]:
    data = {**PERSON, "unit_code": f"U{EAST}", **more.pop("data", {})}
    return {"id": id, "data": {key: value for key, value in data.items() if value is not None}, **more}


def count(site: Flask) -> int:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        return int(work.scalar(select(func.count(Case.id))))


def test_somebody_is_registered_once(site: Flask, caller: Call) -> None:
    east = caller("east")
    begun = east.post("/registrations/begin", {}).document
    assert begun["units"] == [{"code": f"U{EAST}", "name": "东镇卫生院"}]
    assert begun["data"]["registered_on"] == DAY
    word, first = told(east.post("/registrations", sent()))
    assert (word, first["key"]) == ("accepted", first["case"]), first
    word, again = told(east.post("/registrations", sent()))
    assert (word, again["key"]) == ("already_here", first["key"])
    assert count(site) == 5
    assert east.get(f"/cases/{first['key']}").document["file_no"] == begun["data"]["file_no"]
    assert told(east.post("/registrations", sent("p-2")))[1]["fields"].keys() == {"id_number"}


def test_problems_questions_and_reasons(caller: Call) -> None:
    east = caller("east")
    word, bare = told(east.post("/registrations", {"id": "p-1", "data": {"name": "赵试验"}}))
    assert word == "unfit"
    assert {"sex", "diagnosis", "unit_code"} <= bare["fields"].keys()
    unknown = told(east.post("/registrations", sent(data={"blood": 1})))[1]
    assert list(unknown["fields"]) == ["blood"]
    odd = {"guardian_name": "赵试验", "diagnosed": "2026-10-09"}
    word, asked = told(east.post("/registrations", sent(data=odd)))
    assert (word, asked["fields"]) == ("unfit", {}), asked
    assert [(one["id"], one["level"]) for one in asked["questions"]] == [("id20", "C")]
    answered = sent(data=odd, reasons={"id20": "家属如此陈述"})
    word, done = told(east.post("/registrations", answered))
    assert word == "accepted"
    assert "rg09" in {one["id"] for one in done["later"] if one["level"] == "Q"}


def test_who_may_be_the_same_comes_without_a_name(caller: Call) -> None:
    east = caller("east")
    kept(east.post("/registrations", sent()))
    found = east.post("/registrations/alike", {"id_number": NUMBER}).document
    assert (found["near"][0]["blocks"], found["elsewhere"]) == (True, False)
    assert "赵试验" not in str(found)
    west = caller("west").post("/registrations/alike", {"id_number": NUMBER}).document
    assert (west["near"], west["elsewhere"]) == ([], True)


def test_a_confirmed_clue_becomes_a_file(caller: Call) -> None:
    east = caller("east")
    key = kept(east.post("/clues", CLUE))
    assert east.post("/registrations/begin", {"clue": key}).status == 422
    for number, step in enumerate(
        ({"to": 2}, {"to": 3, "diagnosis": 1, "decided_by": "县精神卫生中心 李医师"})
    ):
        body = {"id": f"s-{number}", "version": version(east, f"/clues/{key}"), "on": DAY, **step}
        kept(east.post(f"/clues/{key}/steps", body))
    begun = east.post("/registrations/begin", {"clue": key}).document["data"]
    assert (begun["name"], begun["diagnosis"]) == ("钱试验", 1)
    case = kept(east.post("/registrations", sent(clue=key)))
    assert east.get(f"/clues/{key}").document["clue"]["case"] == case
    assert caller("west").post("/registrations/begin", {"clue": key}).status == 404


def test_a_correction_is_made_on_what_was_seen(site: Flask, caller: Call) -> None:
    east = caller("east")
    case = kept(east.post("/registrations", sent()))
    path = f"/cases/{case}/correction"
    opened = east.post(f"{path}/reveal", WHY).document
    assert (opened["data"]["name"], opened["data"]["phone"]) == ("赵试验", "10000000001")
    told_new = {**opened["data"], "phone": "10000000009"}
    body = {"id": "k-1", "seen": opened["seen"], "reason": "换号", "data": told_new}
    kept(east.post(path, body))
    stale = {**body, "id": "k-2", "data": {**opened["data"], "residence": "2号"}}
    word, both = told(caller("officer").post(path, stale))
    assert word == "conflict"
    assert {one["label"] for one in both["sides"]} == {"联系电话", "现住详细地址"}
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(select(AuditEntry.purpose).where(AuditEntry.action == "register:write"))
        assert "核对" in {row.purpose for row in rows}
