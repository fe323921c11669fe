"""信封: what a phone sends is kept once, answered in one of seven words, and described."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.forms.form import read
from casemgr.forms.json_schema import to_json
from casemgr.forms.official.followup import FOLLOWUP_2018
from casemgr.rules.access import Action
from casemgr.store.models import Visit
from casemgr.store.models.attempt import Attempt
from casemgr.store.work import open_work
from tests.api.conftest import Caller
from tests.conftest import TODAY
from tests.services.visits import typed
from tests.store.register import SYSTEM

Call = Callable[..., Caller]


def data(**changed: Any) -> dict[str, Any]:
    """A stable visit as JSON; symptoms were looked for and none was found."""
    told = typed(**changed)
    return to_json(FOLLOWUP_2018, read(FOLLOWUP_2018, told, TODAY).values) | {"symptoms": []}


def sent(case: int, id: str = "p-1", **more: Any) -> dict[str, Any]:
    return {"id": id, "form": "followup", "case": str(case), "data": data(), **more}


def count(site: Flask, model: type[Any]) -> int:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        return int(work.scalar(select(func.count(model.id))))


def test_a_visit_is_taken_once(site: Flask, caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    first = east.post("/envelopes", sent(cases["E1"], filled_at="2026-11-21T09:30:00+08:00", device="手机"))
    assert (first.status, first.document["answer"]) == (200, "accepted")
    assert first.document["next_on"] == "2027-02-21"
    assert first.document["suggestion"]["stability"] == {"code": 3, "label": "稳定"}
    again = east.post("/envelopes", sent(cases["E1"], filled_at="2026-11-21T09:30:00+08:00", device="手机"))
    assert (again.document["answer"], again.document["visit"]) == ("already_here", first.document["visit"])
    assert count(site, Visit) == 5


def test_unfit_questions_and_reasons(caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    bare = east.post("/envelopes", sent(cases["E1"], data={"on": "2026-11-21"})).document
    assert bare["answer"] == "unfit"
    assert "risk" in bare["fields"]
    asked = sent(cases["E1"], data=data(insight="2"))
    found = east.post("/envelopes", asked).document
    assert (found["answer"], [one["id"] for one in found["questions"]]) == ("unfit", ["vc09"])
    kept = east.post("/envelopes", {**asked, "reasons": {"vc09": "上级医院会诊意见"}}).document
    assert kept["answer"] == "accepted"
    unknown = east.post("/envelopes", sent(cases["E1"], "p-9", data={**data(), "blood": 1})).document
    assert (unknown["answer"], list(unknown["fields"])) == ("unfit", ["blood"])


def test_incidents_come_with_their_days(site: Flask, caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    told = data(acts=["1"], disturbance_count="1", risk="1", stability="2", next_on="2026-12-05")
    assert east.post("/envelopes", sent(cases["E1"], data=told)).document["answer"] == "unfit"
    dated = sent(cases["E1"], data=told, incidents=[{"kind": 1, "on": "2026-11-10"}])
    assert east.post("/envelopes", dated).document["answer"] == "accepted"


def test_an_edit_with_an_old_version_shows_both_sides(caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    visit = east.post("/envelopes", sent(cases["E1"])).document["visit"]
    edit = {"visit": visit, "expects": 1}
    assert east.post("/envelopes", sent(cases["E1"], "p-2", data=data(sleep="3"), **edit)).document[
        "answer"
    ] == ("changed")
    stale = (
        caller("officer").post("/envelopes", sent(cases["E1"], "p-3", data=data(diet="3"), **edit)).document
    )
    assert stale["answer"] == "conflict"
    assert {one["key"] for one in stale["sides"]["fields"]} == {"sleep", "diet"}
    assert stale["sides"]["version"] == 2


def test_an_attempt_is_taken_once(site: Flask, caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    told = {"id": "a-1", "form": "attempt", "case": str(cases["E1"]),
            "data": {"result": 3, "way": 1, "next_on": "2026-11-28"}}  # fmt: skip
    assert east.post("/envelopes", told).document["answer"] == "accepted"
    assert east.post("/envelopes", told).document["answer"] == "already_here"
    other = {**told, "data": {"result": 4}}
    assert east.post("/envelopes", other).document["answer"] == "refused"
    assert east.post("/envelopes", {**told, "id": "a-2", "data": {}}).document["answer"] == "unfit"
    assert count(site, Attempt) == 1


def test_another_townships_case_is_missing_and_marks_are_refused(caller: Call, cases: dict[str, int]) -> None:
    west = caller("west").post("/envelopes", sent(cases["E1"]))
    assert (west.status, west.error["code"]) == (404, "missing")
    odd = caller("east").post("/envelopes", sent(cases["E1"], data={**data(), "note": "甲\u0000乙"}))
    assert odd.status == 422


@pytest.mark.parametrize("wrong", [{"id": ""}, {"form": "x"}, {"data": []}, {"expects": "1"}, {"more": 1}])
def test_what_is_no_envelope_is_refused(caller: Call, cases: dict[str, int], wrong: dict[str, Any]) -> None:
    assert caller("east").post("/envelopes", sent(cases["E1"], **wrong)).status == 422


@pytest.mark.parametrize("odd", [["a"], {"a": 1}, True, 1.5])
def test_an_attempt_keeps_no_text_of_a_program(caller: Call, cases: dict[str, int], odd: Any) -> None:
    """A list or an object is no note; its spelling in some language must not become one."""
    data = {"result": "1", "note": odd}
    told = {"id": "a-2", "form": "attempt", "case": str(cases["E1"]), "data": data}
    answer = caller("east").post("/envelopes", told).document
    assert (answer["answer"], list(answer["fields"])) == ("unfit", ["note"])


def test_a_draft_goes_out_and_comes_back(caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    path = f"/cases/{cases['E1']}/draft"
    assert east.get(path).document == {"items": []}
    told = {"id": "d-1", "step": 3, "data": {"sleep": ["1"], "note": ["一行\n又一行"]}}
    [kept] = east.post(path, told).document["items"]
    assert (kept["id"], kept["step"], kept["data"]) == ("d-1", 3, told["data"])
    assert caller("officer").get(path).document == {"items": []}
