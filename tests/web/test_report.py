"""报表页: lists, files and verification through the door, by role."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Access, Action
from casemgr.services import job, report
from casemgr.store.models import JobRun, Report
from casemgr.store.work import open_work
from tests.reports.sample import county, township
from tests.store.register import COUNTY, EAST, SYSTEM, WEST
from tests.web.conftest import NOW, token_in

Client = Callable[[str], FlaskClient]


def keep(site: Flask, area: int, content: bytes, revision: int = 1) -> int:
    """An issued report whose file is ``content``; the pages do not care how it was printed."""
    name = "示例县" if area == COUNTY else "东镇"
    figures = replace(
        county(4) if area == COUNTY else township(),
        area=area,
        area_name=name,
        revision=revision,
        number=f"{name}精防统〔2026〕10号{'' if revision == 1 else '（修订1）'}",
    )
    with site.app_context():
        return report._keep(SYSTEM, figures, content, (), NOW).key


@pytest.fixture
def issued(site: Flask) -> dict[int, int]:
    """One report of the county and one of the eastern township."""
    return {
        COUNTY: keep(site, COUNTY, b"%PDF-1.7 county"),
        EAST: keep(site, EAST, b"%PDF-1.7 east"),
    }


def test_everybody_sees_the_reports_of_their_own_area(issued: dict[int, int], client_of: Client) -> None:
    page = client_of("officer").get("/reports").get_data(as_text=True)
    assert "示例县精防统〔2026〕10号" in page
    assert "东镇精防统〔2026〕10号" in page
    assert "签发报表" in page
    doctor = client_of("east").get("/reports").get_data(as_text=True)
    assert "东镇精防统〔2026〕10号" in doctor
    assert "示例县精防统" not in doctor
    assert 'action="/reports/issue"' not in doctor
    other = client_of("west").get("/reports").get_data(as_text=True)
    assert "还没有签发的报表" in other
    assert client_of("admin").get("/reports").status_code == 403


def test_the_list_can_be_narrowed_by_month_and_area(issued: dict[int, int], client_of: Client) -> None:
    client = client_of("officer")
    assert "东镇精防统" in client.get("/reports?month=2026-10").get_data(as_text=True)
    assert "还没有签发的报表" in client.get("/reports?month=2026-09").get_data(as_text=True)
    narrowed = client.get(f"/reports?area={EAST}&size=20").get_data(as_text=True)
    assert "东镇精防统" in narrowed
    assert "示例县精防统" not in narrowed
    wrong = client.get("/reports?month=十月")
    assert wrong.status_code == 422
    assert "2026-10 这样" in wrong.get_data(as_text=True)
    assert client.get("/reports?page=99999999999999999999&size=7&area=x").status_code == 200


def test_an_older_issue_is_marked(site: Flask, issued: dict[int, int], client_of: Client) -> None:
    keep(site, COUNTY, b"%PDF-1.7 county again", revision=2)
    page = client_of("officer").get("/reports").get_data(as_text=True)
    assert page.count("已有新版") == 1
    assert "（修订1）" in page


def test_the_file_comes_as_an_attachment_with_a_name_of_area_and_month(
    issued: dict[int, int], client_of: Client
) -> None:
    answer = client_of("east").get(f"/reports/{issued[EAST]}/file")
    assert answer.data == b"%PDF-1.7 east"
    assert answer.mimetype == "application/pdf"
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment;")
    assert "filename*=UTF-8''%E4%B8%9C%E9%95%87" in disposition
    assert answer.headers["Content-Security-Policy"] == "sandbox"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_of_elsewhere_is_not_there(issued: dict[int, int], client_of: Client) -> None:
    for login, area, status in (("west", EAST, 404), ("east", COUNTY, 404), ("admin", EAST, 403)):
        assert client_of(login).get(f"/reports/{issued[area]}/file").status_code == status
    assert client_of("officer").get("/reports/1/file").status_code == 404


def test_a_damaged_file_is_explained(site: Flask, issued: dict[int, int], client_of: Client) -> None:
    folder = Path(site.config["CASEMGR"].instance) / "reports" / "202610"
    (folder / f"{EAST}-1.pdf").unlink()
    answer = client_of("east").get(f"/reports/{issued[EAST]}/file")
    assert answer.status_code == 422
    assert "损坏或丢失" in answer.get_data(as_text=True)


def test_issuing_goes_to_the_background(site: Flask, client_of: Client) -> None:
    client = client_of("officer")
    token = token_in(client.get("/reports").get_data(as_text=True))
    answer = client.post("/reports/issue", data={"csrf": token, "period": "2026-10"})
    assert answer.status_code == 303
    assert "/jobs/runs/" in answer.headers["Location"]
    with site.app_context(), open_work(SYSTEM, Action.JOB_READ) as work:
        from sqlalchemy import select

        rows = work.rows(select(JobRun.job, JobRun.period, JobRun.reach))
    # Nothing is closed here yet, so the month is closed first; that prints it too.
    assert [tuple(row) for row in rows] == [("close-month", "2026-10", COUNTY)]
    again = client.post("/reports/issue", data={"csrf": token, "period": "2026-10"})
    assert again.status_code == 409
    assert "正在运行或已在排队" in again.get_data(as_text=True)


def test_a_month_that_cannot_be_issued_is_told_beside_its_field(client_of: Client) -> None:
    client = client_of("officer")
    token = token_in(client.get("/reports").get_data(as_text=True))
    answer = client.post("/reports/issue", data={"csrf": token, "period": "2026-11"})
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "这个月还没有结束" in page
    assert 'aria-invalid="true"' in page


def test_only_who_may_issue_can_ask_for_it(client_of: Client) -> None:
    for login in ("east", "admin"):
        client = client_of(login)
        token = token_in(client.get("/reports/verify").get_data(as_text=True))
        assert client.post("/reports/issue", data={"csrf": token}).status_code == 403


def test_an_uploaded_file_is_verified_for_every_role(issued: dict[int, int], client_of: Client) -> None:
    for login, reachable in (("officer", True), ("west", False), ("admin", False)):
        client = client_of(login)
        token = token_in(client.get("/reports/verify").get_data(as_text=True))
        page = client.post(
            "/reports/verify", data={"csrf": token, "file": (BytesIO(b"%PDF-1.7 east"), "收到的.pdf")}
        ).get_data(as_text=True)
        assert "这是本系统签发的报表，内容没有改动" in page
        assert "东镇精防统〔2026〕10号" in page
        assert ("下载原件" in page) is reachable
        bad = client.post(
            "/reports/verify", data={"csrf": token, "file": (BytesIO(b"%PDF-1.7 e1st"), "x.pdf")}
        )
        assert "不能通过核验" in bad.get_data(as_text=True)


def test_a_code_is_looked_up_from_an_address_or_a_form(
    site: Flask, issued: dict[int, int], client_of: Client
) -> None:
    with site.app_context():
        code = report.get(SYSTEM, issued[EAST]).code
    client = client_of("east")
    page = client.get("/reports/verify", query_string={"code": code.lower()}).get_data(as_text=True)
    assert "东镇精防统〔2026〕10号" in page
    assert "逐项核对" in page
    token = token_in(page)
    assert "东镇精防统" in client.post("/reports/verify", data={"csrf": token, "code": code}).get_data(
        as_text=True
    )
    assert "不能通过核验" in client.get("/reports/verify?code=0000-0000-0000").get_data(as_text=True)
    empty = client.post("/reports/verify", data={"csrf": token})
    assert empty.status_code == 422
    assert "请选择要核验的 PDF 文件" in empty.get_data(as_text=True)


def test_a_huge_upload_is_refused(client_of: Client) -> None:
    client = client_of("officer")
    token = token_in(client.get("/reports/verify").get_data(as_text=True))
    head = f'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{token}\r\n--b--\r\n'.encode()
    kind = "multipart/form-data; boundary=b"
    sent = client.post("/reports/verify", data=head + b"0" * (22 * 1024 * 1024), content_type=kind)
    assert sent.status_code == 413


def test_strangers_are_sent_to_the_login(site: Flask) -> None:
    client = site.test_client()
    for path in ("/reports", "/reports/verify", "/reports/1/file"):
        answer = client.get(path)
        assert answer.status_code == 303
        assert "/login" in answer.headers["Location"]


def test_the_kept_row_names_both_digests(site: Flask, issued: dict[int, int]) -> None:
    with site.app_context(), open_work(SYSTEM, Action.REPORT_READ) as work:
        row = work.get(Report, issued[EAST])
        assert row is not None
        assert row.file_digest == hashlib.sha256(b"%PDF-1.7 east").hexdigest()
        assert row.as_of == date(2026, 10, 31)
        assert row.area == EAST != WEST
        assert Access.system("x").reaches(row.area)
        assert job.named("issue-reports").monthly
