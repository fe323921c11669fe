"""Files over the JSON door: no name without a purpose, nothing outside the area."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.store.models import AuditEntry
from casemgr.store.work import open_work
from tests.api.conftest import NAMES, Answer, Caller
from tests.store.register import COUNTY, EAST, SYSTEM, WEST

Call = Callable[..., Caller]


def numbers(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.document
    return [row["file_no"] for row in answer.document["items"]]


def test_the_list_is_a_page_of_the_area(steady: Call, ids: dict[str, int]) -> None:
    officer = steady("officer").get("/cases")
    assert numbers(officer) == ["E1", "E2", "W1", "W2"]
    assert {name: officer.document[name] for name in ("total", "page", "size")} == {
        "total": 4,
        "page": 1,
        "size": 50,
    }
    row = officer.document["items"][0]
    assert (row["id"], row["area"]) == (str(ids["E1"]), str(EAST))
    assert row["stability"] == {"code": 3, "label": "稳定"}
    assert row["seen_on"] == "2026-03-04"
    assert row["mode"] is None
    assert numbers(steady("west").get("/cases")) == ["W1", "W2"]


def test_pages_order_and_filters(steady: Call) -> None:
    officer = steady("officer")
    second = officer.get("/cases", size=20, page=2)
    assert second.document["page"] == 1, "a page beyond the last is the last"
    assert numbers(officer.get("/cases", down="true")) == ["W2", "W1", "E2", "E1"]
    assert numbers(officer.get("/cases", area=WEST)) == ["W1", "W2"]
    assert numbers(officer.get("/cases", diagnosis=2)) == []
    assert len(numbers(officer.get("/cases", stability=3))) == 4
    assert numbers(officer.get("/cases", stability=-1)) == []
    assert steady("east").get("/cases", area=WEST).status == 404
    assert steady("east").get("/cases", area=COUNTY).status == 404


def test_no_list_and_no_file_holds_a_name(steady: Call, ids: dict[str, int]) -> None:
    officer = steady("officer")
    shown = [officer.get("/cases"), officer.get(f"/cases/{ids['E1']}")]
    shown.append(officer.post("/cases/search", {"text": "张"}))
    text = json.dumps([answer.document for answer in shown], ensure_ascii=False)
    assert all(name not in text for name in NAMES.values())
    assert "9999011980" not in text
    assert "1000000000" not in text


@pytest.mark.parametrize(("text", "found"), [
    ("张", ["E1"]), ("oy", ["E2"]), ("999901198001010002", ["W1"]), ("10000000003", ["W2"]), ("W", []),
    ("W1", ["W1"]),
])  # fmt: skip
def test_searching(steady: Call, text: str, found: list[str]) -> None:
    assert numbers(steady("officer").post("/cases/search", {"text": text})) == found


def test_searching_stays_inside_the_area_and_is_written_down(site: Flask, caller: Call) -> None:
    assert numbers(caller("east").post("/cases/search", {"text": "李"})) == []
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        assert work.rows(select(AuditEntry.seq).where(AuditEntry.verb == "search"))


@pytest.mark.parametrize(
    "body", [{}, {"text": ""}, {"text": "x" * 61}, {"text": "a\x00b"}, {"text": 5}, {"text": "\ud800"}]
)
def test_what_cannot_be_searched(steady: Call, body: dict[str, object]) -> None:
    answer = steady("east").post("/cases/search", body)
    assert (answer.status, list(answer.error["fields"])) == (422, ["text"])


def test_a_file_is_read_and_the_reading_written_down(
    site: Flask, caller: Call, cases: dict[str, int]
) -> None:
    answer = caller("east").get(f"/cases/{cases['E1']}")
    assert answer.status == 200
    assert (answer.document["id"], answer.document["township"]) == (str(cases["E1"]), "东镇")
    [visit] = answer.document["visits"]
    assert (visit["on"], visit["complete"], visit["risk"]) == (
        "2026-03-04",
        True,
        {"code": 0, "label": "0级"},
    )
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(select(AuditEntry.case_key).where(AuditEntry.action == "case:read"))
        assert {row.case_key for row in rows} == {cases["E1"]}


def test_a_file_of_another_township_looks_absent(steady: Call, ids: dict[str, int]) -> None:
    east = steady("east")
    absent, foreign = east.get("/cases/1"), east.get(f"/cases/{ids['W1']}")
    assert (absent.status, absent.document) == (404, foreign.document)
    assert east.post(f"/cases/{ids['W1']}/reveal", {"purpose": 1}).document == absent.document


def test_an_identity_is_opened_with_a_purpose_and_recorded(
    site: Flask, caller: Call, cases: dict[str, int]
) -> None:
    answer = caller("east").post(f"/cases/{cases['E2']}/reveal", {"purpose": 2})
    assert answer.status == 200
    assert (answer.document["name"], answer.document["phone"]) == ("欧阳䶮", "10000000001")
    assert (answer.document["id"], answer.document["guardians"]) == (str(cases["E2"]), [])
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(
            select(AuditEntry.purpose, AuditEntry.case_key).where(
                AuditEntry.verb == "reveal", AuditEntry.noun == "Identity"
            )
        )
        assert [tuple(row) for row in rows] == [("核对", cases["E2"])]
