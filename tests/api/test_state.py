"""状态变更 over the JSON door: each with the version that was seen, each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api.conftest import Caller
from tests.api.sendings import DAY, kept, told, version

Call = Callable[..., Caller]


class File:
    """One file that changes are sent to."""

    def __init__(self, caller: Caller, case: int) -> None:
        self.caller, self.path, self.sent = caller, f"/cases/{case}", 0

    def __call__(self, what: str, **more: Any) -> tuple[str, dict[str, Any]]:
        self.sent += 1
        body = {"id": f"{what}-{self.sent}", **more}
        return told(self.caller.post(f"{self.path}/{what}", body))

    def now(self) -> dict[str, Any]:
        found: dict[str, Any] = self.caller.get(f"{self.path}/standing").document
        return found

    @property
    def version(self) -> int:
        return version(self.caller, f"{self.path}/standing")


def test_consent_loss_and_return(caller: Call, cases: dict[str, int]) -> None:
    file = File(caller("east"), cases["E1"])
    refused = {"version": file.version, "step": 2, "on": DAY, "signer": "监护人"}
    assert file("consent", **refused)[0] == "accepted"
    assert file.now()["consent"] == {"code": 0, "label": "不同意参加管理"}
    told_lost = {"version": file.version, "on": DAY, "why": 1}
    word, asked = file("lost", **told_lost)
    assert (word, list(asked["fields"])) == ("unfit", ["reason"])
    assert file("lost", **told_lost, reason="家属称去向不明")[0] == "accepted"
    assert file.now()["management"]["label"] == "失访"
    assert file("found")[0] == "accepted"
    assert file.now()["management"]["label"] != "失访"
    assert all("reason" not in one for one in file.now()["history"])


def test_pause_and_resume(caller: Call, cases: dict[str, int]) -> None:
    file = File(caller("east"), cases["E1"])
    assert file("pause", version=file.version, kind=1, until="2026-12-20")[0] == "accepted"
    assert (file.now()["pause"]["code"], file.now()["paused_until"]) == (1, "2026-12-20")
    assert file("resume")[0] == "accepted"
    assert file.now()["pause"] is None


def test_a_death_told_waits_and_a_death_verified_closes(caller: Call, cases: dict[str, int]) -> None:
    file = File(caller("east"), cases["E1"])
    assert file("death", version=file.version, on=DAY, proof=9)[0] == "accepted"
    assert file.now()["told_dead_on"] == DAY
    seen = file.version
    word, asked = file("death", version=seen, on=DAY, proof=1)
    assert (word, list(asked["fields"])) == ("unfit", ["cause"])
    assert file("death", version=seen, on=DAY, proof=1, cause=1, disease=2)[0] == "accepted"
    assert file.now()["lifecycle"]["label"] == "死亡"
    word, closed = file("exclude", version=file.version, on=DAY, hospital="县医院", reason="复诊")
    assert (word, closed["rule"]) == ("refused", "REC-8.7")
    assert file("reopen", version=file.version, on=DAY, reason="登记有误")[0] == "accepted"


def test_somebody_else_was_faster(caller: Call, cases: dict[str, int]) -> None:
    file, officer = File(caller("east"), cases["E1"]), File(caller("officer"), cases["E1"])
    seen = file.version
    change = {"version": seen, "on": DAY, "diagnosis": 2, "hospital": "县精神卫生中心", "reason": "复诊"}
    assert officer("diagnosis", **change)[0] == "accepted"
    word, late = file("moved", version=seen, on=DAY, place="邻县")
    assert (word, late["version"]) == ("conflict", file.version)
    assert file("moved", version=late["version"], on=DAY, place="邻县")[0] == "accepted"
    assert file.caller.post(f"{file.path}/pause", {"id": "z", "kind": 1, "until": DAY}).status == 422


def test_the_same_change_sent_again_is_already_here(caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}"
    body = {"id": "k-1", "version": version(east, f"{path}/standing"), "kind": 2, "until": "2026-12-20"}
    kept(east.post(f"{path}/pause", body))
    assert told(east.post(f"{path}/pause", body))[0] == "already_here"
