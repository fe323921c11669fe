"""线索 and 告知单 over the JSON door: lists without names, steps by version, names for a purpose."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.store.models import AuditEntry
from casemgr.store.work import open_work
from tests.api.conftest import Caller
from tests.api.sendings import CLUE, DAY, kept, told, version
from tests.store.register import SYSTEM

Call = Callable[..., Caller]


def test_lists_hold_no_name_and_opening_is_written_down(site: Flask, caller: Call) -> None:
    east = caller("east")
    key = kept(east.post("/clues", CLUE))
    shown = [east.get("/clues"), east.get("/clues", state=1), east.get(f"/clues/{key}")]
    shown.append(east.post("/clues/search", {"text": "qsy"}))
    assert [one.document.get("total") for one in shown] == [1, 1, None, 1]
    assert all("钱试验" not in str(one.document) for one in shown)
    assert shown[2].document["steps"] == [{"code": 2, "label": "已核实待诊断"}, {"code": 4, "label": "排除"}]
    opened = east.post(f"/clues/{key}/reveal", {"purpose": 2}).document
    assert (opened["id"], opened["name"]) == (key, "钱试验")
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(select(AuditEntry.purpose).where(AuditEntry.noun == "Clue"))
        assert "核对" in {row.purpose for row in rows}


def test_a_clue_is_verified_and_dropped(caller: Call) -> None:
    east = caller("east")
    path = f"/clues/{kept(east.post('/clues', CLUE))}"
    seen = version(east, path)
    verified = {"id": "s-1", "version": seen, "to": 2, "on": DAY}
    kept(east.post(f"{path}/steps", verified))
    assert told(east.post(f"{path}/steps", verified))[0] == "already_here"
    word, late = told(caller("officer").post(f"{path}/steps", {**verified, "id": "o-1", "to": 4}))
    assert (word, late["version"]) == ("conflict", seen + 1)
    dropped = {"id": "s-2", "version": seen + 1, "to": 4, "on": DAY}
    assert told(east.post(f"{path}/steps", dropped))[1]["fields"].keys() == {"note"}
    kept(east.post(f"{path}/steps", {**dropped, "note": "误报"}))
    after = {**dropped, "id": "s-3", "version": seen + 2, "to": 2}
    word, over = told(east.post(f"{path}/steps", after))
    assert (word, over["rule"]) == ("refused", "REC-2.8")
