"""Reports over the JSON door: listed, downloaded as issued, verified."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.db import new_key
from casemgr.store.models import AuditEntry, Report
from casemgr.store.work import open_work
from tests.api.conftest import Caller
from tests.store.register import EAST, SYSTEM, WEST

Call = Callable[..., Caller]
PDF = b"%PDF-1.7\n% a paper\n%%EOF\n"


@pytest.fixture
def issued(site: Flask) -> dict[int, str]:
    """Keys of one issued report for each township."""
    keys: dict[int, str] = {}
    for area in (EAST, WEST):
        content = PDF + str(area).encode()
        name = f"202610/{area}-1.pdf"
        path = site.config["CASEMGR"].instance / "reports" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        with site.app_context(), open_work(SYSTEM, Action.REPORT_ISSUE) as work:
            row = work.add(
                Report(
                    id=new_key(),
                    area=area,
                    kind=1,
                    number=f"YB-{area}-202610-1",
                    period=202610,
                    revision=1,
                    as_of=date(2026, 10, 31),
                    title="东镇2026年10月月报",
                    figures_digest="a" * 64,
                    file_digest=hashlib.sha256(content).hexdigest(),
                    file_name=name,
                    size=len(content),
                    code=f"7K2M9XWD{area % 10000:04d}",
                    issued_at=clock.now(),
                    issued_by=0,
                )
            )
            keys[area] = str(row.id)
    return keys


def test_the_list_is_that_of_the_area(caller: Call, issued: dict[int, str]) -> None:
    everything = caller("officer").get("/reports").document
    assert {row["id"] for row in everything["items"]} == set(issued.values())
    assert (everything["total"], everything["page"]) == (2, 1)
    [row] = caller("east").get("/reports", period="2026-10").document["items"]
    assert (row["id"], row["area"], row["period"], row["as_of"], row["kind"]["label"]) == (
        issued[EAST], str(EAST), "2026-10", "2026-10-31", "月报",
    )  # fmt: skip
    assert row["issued_at"].endswith("+00:00")
    assert caller("officer").get("/reports", period="2026-09").document["total"] == 0
    assert caller("officer").get("/reports", area=WEST).document["total"] == 1


def test_one_report(caller: Call, issued: dict[int, str]) -> None:
    east = caller("east")
    assert east.get(f"/reports/{issued[EAST]}").document["number"] == f"YB-{EAST}-202610-1"
    assert east.get(f"/reports/{issued[WEST]}").status == 404
    assert east.get("/reports/1").status == 404


def test_the_file_is_the_one_issued_and_the_download_is_written_down(
    site: Flask, caller: Call, issued: dict[int, str]
) -> None:
    answer = caller("east").get(f"/reports/{issued[EAST]}/file")
    assert (answer.status, answer.response.mimetype) == (200, "application/pdf")
    assert answer.response.data == PDF + str(EAST).encode()
    assert "filename*=UTF-8''%E4%B8%9C%E9%95%87" in answer.response.headers["Content-Disposition"]
    assert caller("east").get(f"/reports/{issued[WEST]}/file").status == 404
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(select(AuditEntry.row_key).where(AuditEntry.verb == "download"))
        assert [str(row.row_key) for row in rows] == [issued[EAST]]


def test_a_file_is_verified(caller: Call, issued: dict[int, str]) -> None:
    def verdict(content: bytes) -> tuple[str, bool]:
        answer = caller("admin")(
            "POST", "/reports/verify", data=content, headers={"Content-Type": "application/pdf"}
        )
        assert answer.status == 200, answer.document
        assert answer.document["sentence"]
        return answer.document["verdict"], answer.document["genuine"]

    assert verdict(PDF + str(WEST).encode()) == ("genuine", True)
    assert verdict(PDF + str(WEST + 1).encode()) == ("foreign", False)
    assert verdict(b"") == ("foreign", False)


def test_a_code_on_paper_is_looked_up(caller: Call, issued: dict[int, str]) -> None:
    east = caller("east")
    for typed in ("no code", "O0O0-O0O0-O0O0", "7K2M-9XWD-9999"):
        answer = east.post("/reports/verify-code", {"code": typed})
        assert (answer.status, answer.document["verdict"], answer.document["report"]) == (
            200,
            "unknown",
            None,
        )


def test_a_file_too_large_is_not_taken(steady: Call) -> None:
    answer = steady("east")(
        "POST",
        "/reports/verify",
        data=b"x" * (20 * 1024 * 1024 + 1),
        headers={"Content-Type": "application/pdf"},
    )
    assert (answer.status, answer.error["code"]) == (413, "too-large")
