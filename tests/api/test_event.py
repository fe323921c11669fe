"""事件 over the JSON door: attempts, acts, lock-ups, an emergency to its record, a referral done."""

from __future__ import annotations

from collections.abc import Callable

from tests.api.conftest import Caller
from tests.api.sendings import (
    ATTEMPT,
    DAY,
    EMERGENCY,
    EVE,
    INCIDENT,
    LOCK_UP,
    REFERRAL,
    kept,
    told,
)

Call = Callable[..., Caller]
WHY = {"purpose": 1}


def test_attempts_are_kept_and_taken_back(caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}"
    key = kept(east.post(f"{path}/attempts", ATTEMPT))
    assert told(east.post(f"{path}/attempts", ATTEMPT))[0] == "already_here"
    past = {**ATTEMPT, "id": "a-2", "next_on": "2026-01-01"}
    assert told(east.post(f"{path}/attempts", past))[1]["fields"].keys() == {"next_on"}
    assert caller("officer").post(f"/attempts/{key}/undo", {"id": "u-1"}).status == 404
    kept(east.post(f"/attempts/{key}/undo", {"id": "u-1"}))
    [one] = east.get(f"{path}/events").document["attempts"]
    assert (one["id"], one["undone"], "note" in one) == (key, True, False)
    [text] = east.post(f"{path}/events/reveal", WHY).document["items"]
    assert text["text"] == "两次无人接听"


def test_acts_and_what_was_done(caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}"
    future = {**INCIDENT, "on": "2027-01-01"}
    assert told(east.post(f"{path}/incidents", future))[1]["fields"].keys() == {"on"}
    key = kept(east.post(f"{path}/incidents", INCIDENT))
    kept(east.post(f"/incidents/{key}/measures", {"id": "m-1", "done": [7], "police_told_on": DAY}))
    [one] = east.get(f"{path}/events").document["incidents"]
    assert (one["police_told_on"], "已通报公安派出所" in one["done"]) == (DAY, True)


def test_a_lock_up_ends_with_its_release(caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}"
    key = kept(east.post(f"{path}/lock-ups", LOCK_UP))
    word, second = told(east.post(f"{path}/lock-ups", {**LOCK_UP, "id": "l-2"}))
    assert (word, second["key"]) == ("conflict", None)
    told_free = {"id": "l-3", "released_on": DAY, "verified": 1, "note": "上门所见"}
    kept(east.post(f"/lock-ups/{key}/release", told_free))
    assert east.get(f"{path}/events").document["lock_ups"][0]["released_on"] == DAY


def test_an_emergency_from_report_to_upload(caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}"
    contacts = east.get(f"{path}/contacts").document["items"]
    assert {one["kind"]["label"] for one in contacts} >= {"急救", "报警"}
    key = kept(east.post(f"{path}/emergencies", EMERGENCY))
    word, same = told(east.post(f"{path}/emergencies", {**EMERGENCY, "id": "e-2"}))
    assert (word, same["key"]) == ("already_here", key), "one emergency at a time"
    at = f"/emergencies/{key}"
    kept(east.post(f"{at}/steps", {"id": "e-3", "step": 2}))
    assert east.post(f"{at}/record/reveal", WHY).status == 409
    bare = {"id": "e-4", "ended_at": f"{EVE}T09:00:00+08:00"}
    assert told(east.post(f"{at}/end", bare))[0] == "unfit"
    whole = {**bare, "causes": [3], "measures": [1], "effect": 1, "stay": 1, "in_charge": "赵监护",
             "started_at": f"{EVE}T08:20:00+08:00"}  # fmt: skip
    kept(east.post(f"{at}/end", whole))
    shown = east.get(at).document
    assert (shown["ended_at"][:16], "赵监护" in str(shown)) == (f"{EVE}T01:00", False)
    assert east.post(f"{at}/reveal", WHY).document["in_charge"] == "赵监护"
    opened = east.post(f"{at}/record/reveal", WHY).document
    assert (opened["data"]["name"], opened["kept"]) == ("张一", False)
    record = {"id": "e-5", "version": opened["version"], "data": opened["data"]}
    word, asked = told(east.post(f"{at}/record", record))
    assert word == "unfit" and asked["fields"]
    assert list(told(east.post(f"{at}/record", {**record, "version": "9"}))[1]["fields"]) == ["version"]
    word, early = told(east.post(f"{at}/uploaded", {"id": "e-6", "on": DAY}))
    assert (word, early["version"]) == ("conflict", shown["version"])


def test_a_referral_there_and_back(caller: Call, cases: dict[str, int]) -> None:
    east = caller("east")
    key = kept(east.post(f"/cases/{cases['E1']}/referrals", REFERRAL))
    at = f"/referrals/{key}"
    kept(east.post(f"{at}/steps", {"id": "r-2", "to": 2, "on": DAY}))
    kept(east.post(f"{at}/steps", {"id": "r-3", "to": 3, "on": DAY}))
    assert told(east.post(f"{at}/steps", {"id": "r-4", "to": 5, "on": DAY}))[1]["fields"].keys() == {"note"}
    kept(east.post(f"{at}/steps", {"id": "r-5", "to": 5, "on": DAY, "note": "调整用药"}))
    assert told(east.post(f"{at}/steps", {"id": "r-6", "to": 1, "on": DAY}))[0] == "refused"
    shown = east.get(at).document
    assert (shown["state"]["label"], "症状波动" in str(shown)) == ("已诊治", False)
    assert east.post(f"{at}/reveal", {"purpose": 3}).document["reason"] == "症状波动"
