"""用药监测 over the JSON door: results with units, what is due, a critical value and its answer."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from casemgr.services.monitoring import state_drug
from casemgr.terms.monitoring import WatchedDrug
from tests.api.conftest import Caller
from tests.api.sendings import DAY, kept, told
from tests.conftest import TODAY
from tests.store.register import DOCTOR_EAST

Call = Callable[..., Caller]
SHEET = {
    "id": "s-1",
    "on": DAY,
    "source": 2,
    "laboratory": "县医院",
    "lines": [{"test": "neutrophils", "value": "900", "unit": "/µL", "range": "1.8-6.3"}],
}


def test_results_and_an_answer(site: Flask, caller: Call, cases: dict[str, int]) -> None:
    east, path = caller("east"), f"/cases/{cases['E1']}"
    with site.app_context():
        state_drug(DOCTOR_EAST, cases["E1"], WatchedDrug.CLOZAPINE, TODAY, None, None, TODAY)
    [count] = [one for one in east.get(f"{path}/monitoring").document["checks"] if one["check"]["due"]]
    assert (count["drug"]["label"], count["check"]["due"], count["check"]["rule"]) == (
        "氯氮平",
        DAY,
        "M-CLO-LOCAL",
    )
    strange = {**SHEET, "lines": [{"test": "neutrophils", "value": "900", "unit": "个"}]}
    word, document = told(east.post(f"{path}/results", strange))
    assert (word, list(document["fields"])) == ("unfit", ["unit-neutrophils"])
    key = kept(east.post(f"{path}/results", SHEET))
    assert told(east.post(f"{path}/results", SHEET))[0] == "already_here"
    document = east.get(f"{path}/monitoring").document
    [value] = document["open"]
    assert (value["id"], value["shown"], value["alerts"][0]["rule"]) == (key, "0.9 10⁹/L", "M-CLO-US2")
    assert "县医院" not in str(document)
    answer = {"id": "h-1", "on": DAY, "steps": [1]}
    assert caller("west").post(f"/results/{key}/handled", answer).status == 404
    assert told(east.post(f"/results/{key}/handled", {**answer, "id": "h-0", "steps": []}))[0] == "unfit"
    kept(east.post(f"/results/{key}/handled", answer))
    assert east.get(f"{path}/monitoring").document["open"] == []
    assert caller("west").get(f"{path}/monitoring").status == 404
