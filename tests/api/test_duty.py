"""The worklist and the duties of a case over the JSON door: without names, inside the area."""

from __future__ import annotations

import json
from collections.abc import Callable

from flask import Flask

from casemgr.rules.access import Access, Action
from casemgr.services import duties
from casemgr.store.work import open_work
from tests.api.conftest import NAMES, Caller
from tests.store.register import EAST, WEST


def refreshed(site: Flask, cases: dict[str, int]) -> None:
    with site.app_context(), open_work(Access.system("test"), Action.JOB_RUN) as work:
        duties.refresh(work, cases.values())


def test_the_worklist_counts_what_it_lists(
    site: Flask, caller: Callable[[str], Caller], cases: dict[str, int]
) -> None:
    refreshed(site, cases)
    found = caller("east").get("/worklist")
    assert found.status == 200, found.document
    document = found.document
    assert document["on"] == "2026-11-21"
    assert sum(one["count"] for one in document["counts"]) == document["total"] == len(document["items"]) == 2
    row = document["items"][0]
    assert row["id"] in {str(cases["E1"]), str(cases["E2"])}
    assert row["block"] == {"code": 3, "label": "已逾期"}
    assert row["main"]["rule"]
    assert row["main"]["overdue_days"] == -row["main"]["days"] > 0
    assert all(name not in json.dumps(document, ensure_ascii=False) for name in NAMES.values())
    late = caller("east").get("/worklist", block=3)
    assert late.document["total"] == next(
        one["count"] for one in document["counts"] if one["block"]["code"] == 3
    )


def test_a_county_names_the_township(
    site: Flask, caller: Callable[[str], Caller], cases: dict[str, int]
) -> None:
    refreshed(site, cases)
    officer = caller("officer")
    assert officer.get("/worklist").status == 404
    assert officer.get("/worklist", area=EAST).status == 200
    assert caller("east").get("/worklist", area=WEST).status == 404
    assert caller("admin").get("/worklist").status == 403
    assert officer.get("/worklist", block=9).status == 422


def test_the_duties_of_a_case(site: Flask, caller: Callable[[str], Caller], cases: dict[str, int]) -> None:
    refreshed(site, cases)
    found = caller("east").get(f"/cases/{cases['E1']}/duties")
    assert found.status == 200, found.document
    kinds = {one["kind"]["label"]: one for one in found.document["items"]}
    assert kinds["随访"]["due_on"] == "2026-06-04"
    assert kinds["随访"]["state"] == {"code": 1, "label": "待办"}
    assert caller("west").get(f"/cases/{cases['E1']}/duties").status == 404
