"""用药 over the JSON door: figures of the page and of the command, dispensing once, lists without names."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from flask import Flask

from casemgr.services import medicine
from tests.api.conftest import NAMES, Caller
from tests.api.sendings import kept, told
from tests.conftest import TODAY
from tests.services.medicine import DOCTOR, give, line
from tests.store.register import COUNTY, EAST, WEST

Call = Callable[..., Caller]
HANDED = {
    "id": "d-1",
    "on": "2026-11-20",
    "code": "OLAN-5",
    "quantity": 84,
    "days": 28,
    "insurance": 2,
    "insurance_fen": 3000,
    "assistance": 3,
    "free": 3,
}


def test_page_command_and_interface_give_the_same_figures(
    site: Flask, caller: Call, cases: dict[str, int], tmp_path: Path
) -> None:
    case = cases["E1"]
    with site.app_context():
        line(case, since=TODAY - timedelta(200))
        give(case, TODAY - timedelta(200), 60)
        give(case, TODAY - timedelta(100), 90)
        page = medicine.page(DOCTOR, case, TODAY).adherence
    assert page is not None
    found = caller("east").get(f"/cases/{case}/medicine")
    assert found.status == 200, found.document
    days = found.document["adherence"]
    assert (days["covered"], days["days"]) == (page.counted.covered, page.counted.days) == (150, 201)
    assert days["percent"] == page.percent
    path = tmp_path / "events.json"
    path.write_text(json.dumps(days["events"]), encoding="utf-8")
    command = ["medication", "coverage", "--events", str(path), "--json"]
    (ran,) = json.loads(site.test_cli_runner().invoke(args=command).stdout)
    assert (ran["covered"], ran["days"]) == (days["covered"], days["days"])
    assert ran["gaps"] == [[one["first"], one["last"]] for one in days["gaps"]]
    assert sum(one["covered"] for one in days["months"]) == days["covered"]
    assert sum(one["gap"] for one in days["months"]) == days["days"] - days["covered"]


def test_dispensing_is_kept_once_and_says_what_needs_a_reason(
    site: Flask, caller: Call, cases: dict[str, int]
) -> None:
    case, east = cases["E1"], caller("east")
    with site.app_context():
        line(case)
    path = f"/cases/{case}/dispensings"
    word, document = told(east.post(path, {**HANDED, "id": "d-0", "insurance": 1, "free": 2}))
    assert word == "unfit"
    assert "REC-MED-1" in document["fields"]["free"]
    key = kept(east.post(path, HANDED))
    assert told(east.post(path, HANDED))[0] == "already_here"
    (entry,) = east.get(f"/cases/{case}/medicine").document["entries"]
    assert (entry["id"], entry["days"], entry["stands"]) == (key, 28, True)
    assert caller("west").post(path, {**HANDED, "id": "d-9"}).status == 404
    assert caller("west").get(f"/cases/{case}/medicine").status == 404
    assert caller("admin").get(f"/cases/{case}/medicine").status == 403


def test_the_list_of_a_township_and_the_counts_of_a_county_name_nobody(
    site: Flask, caller: Call, cases: dict[str, int]
) -> None:
    with site.app_context():
        line(cases["E1"])
        give(cases["E1"], TODAY - timedelta(25), 28)
    found = caller("east").get(f"/areas/{EAST}/medicine", days=7)
    assert [(one["id"], one["days"]) for one in found.document["soon"]] == [(str(cases["E1"]), 3)]
    assert all(name not in json.dumps(found.document, ensure_ascii=False) for name in NAMES.values())
    assert caller("east").get(f"/areas/{WEST}/medicine").status == 404
    assert caller("east").get(f"/areas/{EAST}/medicine", days=8).status == 422
    counts = caller("officer").get(f"/areas/{COUNTY}/adherence").document
    assert counts["hidden"]
    assert all(one is None for row in counts["townships"] for one in row["counts"] if one != 0)
    drugs = caller("east").get("/drugs").document["items"]
    assert {"OLAN-5", "CLOZ-25"} <= {one["code"] for one in drugs}
    assert all(one["source"] and one["status"] for one in drugs)
