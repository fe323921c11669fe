"""投递: an id stands for one content; strangers' files are missing, administrators stay outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.api.door import CHAPTERS
from casemgr.api.sending import Sending
from casemgr.rules.access import ROLE_ACTIONS, Action, Role
from casemgr.services import sent
from casemgr.store.models import Clue, Envelope
from casemgr.store.work import open_work
from tests.api.conftest import Caller
from tests.api.sendings import (
    ATTEMPT,
    CLUE,
    DAY,
    EMERGENCY,
    EVE,
    INCIDENT,
    LOCK_UP,
    NOTICE,
    REFERRAL,
    kept,
    told,
)
from tests.api.test_door import PATHS
from tests.store.register import EAST, SYSTEM

Call = Callable[..., Caller]
OPERATIONS = [operation for chapter in CHAPTERS for operation in chapter.operations]
WHY = {"purpose": 1}


def count(site: Flask, model: type[Any]) -> int:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        return int(work.scalar(select(func.count(model.id))))


def test_an_id_stands_for_one_content(site: Flask, caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    key = kept(east.post("/clues", CLUE))
    assert told(east.post("/clues", CLUE))[1] | {"fields": {}} == {
        "id": "c-1", "answer": "already_here", "key": key, "case": None, "version": None, "message": "",
        "fields": {}, "questions": [], "later": [], "rule": "",
    }  # fmt: skip
    assert told(east.post("/clues", {**CLUE, "name": "孙试验"}))[0] == "refused"
    assert told(east.post(f"/cases/{cases['E1']}/incidents", {**INCIDENT, "id": "c-1"}))[0] == "refused"
    assert kept(caller("officer").post("/clues", {**CLUE, "area": str(EAST)})) != key, "another sender's id"
    assert count(site, Clue) == 2


def test_what_was_unfit_may_be_sent_again_under_its_id(caller: Call) -> None:
    east = caller("east")
    word, document = told(east.post("/clues", {**CLUE, "signs": []}))
    assert (word, list(document["fields"])) == ("unfit", ["sign1"])
    kept(east.post("/clues", CLUE))


def test_a_record_kept_just_before_a_fault_is_found_again(
    site: Flask, caller: Call, cases: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}/incidents"
    with monkeypatch.context() as broken:

        def fail(*_arguments: object) -> None:
            raise OSError

        broken.setattr(sent, "settle", fail)
        assert east.post(path, INCIDENT).status == 500
    word, document = told(east.post(path, INCIDENT))
    assert word == "already_here"
    assert [one["id"] for one in east.get(f"/cases/{cases['E1']}/events").document["incidents"]] == [
        document["key"]
    ]


def test_the_ledger_holds_no_content(site: Flask, caller: Call) -> None:
    kept(caller("east").post("/clues", CLUE))
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        row = work.one(select(Envelope))
    assert (row.area, row.noun, len(row.digest)) == (EAST, "clue", 32)


def test_marks_no_keyboard_types_are_refused(caller: Call) -> None:
    assert caller("east").post("/clues", {**CLUE, "note": "甲\u0007乙"}).status == 422
    assert caller("east").post("/clues", {**CLUE, "note": "甲\n乙"}).status == 200


def closed_to_administrators() -> list[Any]:
    may = ROLE_ACTIONS[Role.ADMINISTRATOR]
    return [one for one in OPERATIONS if one.action is not None and one.action not in may]


def test_administrators_stay_outside(steady: Call) -> None:
    admin = steady("admin")
    closed = closed_to_administrators()
    assert len(closed) > 60
    for one in closed:
        answer = admin(one.method, one.path.format(**PATHS))
        assert (answer.status, answer.error["code"]) == (403, "forbidden"), one.name


#: A fitting body for every operation on somebody's record; {} marks what takes none.
BODIES: dict[str, dict[str, Any]] = {
    "/cases/{case_id}/standing": {},
    "/cases/{case_id}/death": {"version": 1, "on": DAY, "proof": 9},
    "/cases/{case_id}/lost": {"version": 1, "on": DAY, "why": 1},
    "/cases/{case_id}/found": {"id": "x"},
    "/cases/{case_id}/pause": {"version": 1, "kind": 1, "until": "2026-12-31"},
    "/cases/{case_id}/resume": {"id": "x"},
    "/cases/{case_id}/exclude": {"version": 1, "on": DAY, "hospital": "县医院", "reason": "复诊"},
    "/cases/{case_id}/moved": {"version": 1, "on": DAY, "place": "邻县"},
    "/cases/{case_id}/diagnosis": {"version": 1, "on": DAY, "diagnosis": 2, "hospital": "县", "reason": "x"},
    "/cases/{case_id}/consent": {"version": 1, "step": 1, "on": DAY, "signer": "本人"},
    "/cases/{case_id}/reopen": {"version": 1, "on": DAY, "reason": "有误"},
    "/cases/{case_id}/transfer-targets": {},
    "/cases/{case_id}/transfers": {"to": str(EAST), "reason": "搬家"},
    "/cases/{case_id}/transfers-abroad": {"receiver": "邻县卫生院", "address": "搬家"},
    "/cases/{case_id}/events": {},
    "/cases/{case_id}/events/reveal": WHY,
    "/cases/{case_id}/contacts": {},
    "/cases/{case_id}/attempts": ATTEMPT,
    "/cases/{case_id}/incidents": INCIDENT,
    "/cases/{case_id}/lock-ups": LOCK_UP,
    "/cases/{case_id}/emergencies": EMERGENCY,
    "/cases/{case_id}/referrals": REFERRAL,
    "/cases/{case_id}/correction/reveal": WHY,
    "/cases/{case_id}/correction": {"seen": "x", "reason": "x", "data": {"name": "甲"}},
    "/clues/{clue_id}": {},
    "/clues/{clue_id}/reveal": WHY,
    "/clues/{clue_id}/steps": {"version": 1, "to": 2, "on": DAY},
    "/notices/{notice_id}": {},
    "/notices/{notice_id}/reveal": WHY,
    "/notices/{notice_id}/steps": {"version": 1, "step": "accept"},
    "/transfers/{transfer_id}": {},
    "/transfers/{transfer_id}/reveal": WHY,
    "/transfers/{transfer_id}/answer": {"version": 1, "answer": "accept"},
    "/attempts/{attempt_id}/undo": {"id": "x"},
    "/incidents/{incident_id}/measures": {"done": [2]},
    "/lock-ups/{lock_up_id}/release": {"released_on": DAY, "verified": 1, "note": "上门所见"},
    "/emergencies/{emergency_id}": {},
    "/emergencies/{emergency_id}/reveal": WHY,
    "/emergencies/{emergency_id}/steps": {"step": 1},
    "/emergencies/{emergency_id}/end": {"ended_at": f"{EVE}T09:00:00+08:00"},
    "/emergencies/{emergency_id}/record/reveal": WHY,
    "/emergencies/{emergency_id}/record": {"version": "2018.1", "data": {}},
    "/emergencies/{emergency_id}/uploaded": {"on": DAY},
    "/referrals/{referral_id}": {},
    "/referrals/{referral_id}/reveal": WHY,
    "/referrals/{referral_id}/steps": {"to": 2, "on": DAY},
}
MODULES = {"clue", "notice", "state", "transfer", "event", "emergency", "referral", "registration"}


def test_a_strangers_record_looks_absent(caller: Call, cases: dict[str, int]) -> None:
    west, case = caller("west"), cases["W1"]
    where = {
        "case_id": str(case),
        "clue_id": kept(west.post("/clues", CLUE)),
        "notice_id": kept(west.post("/notices", NOTICE)),
        "attempt_id": kept(west.post(f"/cases/{case}/attempts", ATTEMPT)),
        "incident_id": kept(west.post(f"/cases/{case}/incidents", INCIDENT)),
        "lock_up_id": kept(west.post(f"/cases/{case}/lock-ups", LOCK_UP)),
        "emergency_id": kept(west.post(f"/cases/{case}/emergencies", EMERGENCY)),
        "referral_id": kept(west.post(f"/cases/{case}/referrals", REFERRAL)),
        "transfer_id": kept(
            west.post(f"/cases/{case}/transfers", {"id": "t-1", "to": str(EAST), "reason": "搬家"})
        ),
    }
    own = [one for one in OPERATIONS if one.name.partition(".")[0] in MODULES and one.parts]
    assert {one.path for one in own} == set(BODIES)
    east = caller("east")
    for one in own:
        body = BODIES[one.path]
        if issubclass(one.body or Nothing, Sending):
            body = {**body, "id": one.name}
        path = one.path.format(**where)
        answer = east("GET", path) if one.method == "GET" else east.post(path, body)
        assert (answer.status, answer.error["code"]) == (404, "missing"), (one.name, answer.document)


class Nothing:
    """No body."""
