"""The three addresses of the machine room."""

from __future__ import annotations

import json
import logging

import pytest
from flask import Flask

from casemgr.store import readiness


def test_alive_needs_nothing(site: Flask) -> None:
    answer = site.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_asks_database_and_keys(site: Flask) -> None:
    answer = site.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "database": True, "keys": True})


def test_an_old_database_is_not_ready(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "newest_migration", lambda: "9999")
    answer = site.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {"status": "not ready", "database": False, "keys": True}


def test_the_newest_migration_is_one() -> None:
    assert readiness.newest_migration().isalnum()


def test_metrics_count_pages_without_their_addresses(site: Flask) -> None:
    client = site.test_client()
    client.get("/help?q=secret")
    client.get("/nowhere/secret")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'casemgr_requests_total{endpoint="help.page",method="GET",status="2xx"} 1' in text
    assert 'casemgr_requests_total{endpoint="-",method="GET",status="4xx"} 1' in text
    assert "casemgr_request_seconds_count 2" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.5", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "10.0.0.5"}, 404),
        ("127.0.0.1", {"Forwarded": "for=10.0.0.5"}, 404),
        ("", {}, 404),
    ],
)
def test_metrics_are_for_this_machine(
    site: Flask, address: str, headers: dict[str, str], status: int
) -> None:
    answer = site.test_client().get("/metrics", environ_base={"REMOTE_ADDR": address}, headers=headers)
    assert answer.status_code == status


def test_the_access_log_names_the_page_not_the_address(site: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "casemgr.access"):
        site.test_client().get("/help?q=secret")
    line = json.loads(caplog.records[-1].getMessage())
    assert (line["page"], line["status"], line["account"]) == ("help.page", 200, None)
    assert "secret" not in caplog.text
