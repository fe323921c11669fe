"""The page of the clock's jobs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.services import job
from tests.store.register import SYSTEM
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.fixture
def officer(client_of: ClientOf) -> FlaskClient:
    return client_of("officer")


def test_all_jobs_with_their_times(officer: FlaskClient) -> None:
    page = officer.get("/jobs").get_data(as_text=True)
    for words in ("月结与月报", "审计锚定", "还没有运行过", 'type="month"'):
        assert words in page


def test_a_clock_that_stands_still_is_told(officer: FlaskClient) -> None:
    assert "定时任务进程还没有运行过" in officer.get("/jobs").get_data(as_text=True)


def test_a_run_by_hand_is_queued_once_and_shown(officer: FlaskClient) -> None:
    page = officer.get("/jobs").get_data(as_text=True)
    given = {"csrf": token_in(page), "period": "2026-10"}
    put = officer.post("/jobs/close-month/run", data=given)
    assert put.status_code == 303
    shown = officer.get(put.location).get_data(as_text=True)
    assert "等待运行" in shown
    assert "2026-10" in shown
    assert "data-refresh" in shown
    again = officer.post("/jobs/close-month/run", data=given, follow_redirects=True)
    assert "不需要再点一次" in again.get_data(as_text=True)
    assert "月结与月报" in officer.get("/jobs/runs?name=close-month").get_data(as_text=True)


@pytest.mark.parametrize("period", ["2026-13", "十月", "2026-11"])
def test_a_month_that_does_not_do_is_told(officer: FlaskClient, period: str) -> None:
    page = officer.get("/jobs").get_data(as_text=True)
    answer = officer.post("/jobs/close-month/run", data={"csrf": token_in(page), "period": period})
    assert answer.status_code == 422
    assert "notice bad" in answer.get_data(as_text=True)


def test_a_finished_run_says_what_came_of_it(
    site: Flask, officer: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.app_context():
        done = job.run_now(SYSTEM, "audit-anchor")
    page = officer.get(f"/jobs/runs/{done.key}").get_data(as_text=True)
    assert done.result in page
    assert "data-refresh" not in page


def test_the_administrator_may_not_close_a_month(client_of: ClientOf) -> None:
    client = client_of("admin")
    page = client.get("/jobs").get_data(as_text=True)
    assert "/jobs/close-month/run" not in page
    assert client.post("/jobs/close-month/run", data={"csrf": token_in(page)}).status_code == 403


def test_a_doctor_sees_no_jobs(client_of: ClientOf) -> None:
    client = client_of("east")
    assert client.get("/jobs").status_code == 403
    assert "任务</a>" not in client.get("/help").get_data(as_text=True)


@pytest.mark.parametrize("address", ["/jobs/runs?name=nothing", "/jobs/runs/1"])
def test_what_is_not_there_is_a_404(officer: FlaskClient, address: str) -> None:
    assert officer.get(address).status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "x", "9999999999", "²"])
def test_odd_page_numbers_are_the_first_page(officer: FlaskClient, page: str) -> None:
    assert officer.get("/jobs/runs", query_string={"page": page}).status_code == 200
