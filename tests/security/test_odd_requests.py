"""怪请求: numbers no database holds, characters no keyboard types, wrong bodies — refused, never a fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.app import create_app
from casemgr.services import account
from casemgr.store.db import db
from tests.security.conftest import COUNTY, NOW, PASSWORD, STAFF, SYSTEM, Browser, open_areas, token_in

LARGE = ("9" * 19, "9" * 25, "9" * 5_000)
NUMBERED = (
    "/case/{}",
    "/reports/{}/file",
    "/jobs/runs/{}",
    "/exchange/{}",
    "/township/{}",
    "/township/{}/villages",
    "/people/{}/IND-03/numerator",
    "/cases?area={}",
    "/cases?village={}",
    "/cases?page={}",
    "/cases?go={}&size={}",
    "/reports?page={}",
    "/reports?area={}",
    "/reports?month={}",
    "/county?month={}",
    f"/people/{COUNTY}/IND-03/numerator?month={{}}",
    "/exchange/1?page={}",
)
TYPED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/cases", {"text": "1\0"}),
    ("/cases", {"text": "张\0"}),
    ("/cases", {"text": "张", "area": "9" * 25}),
    ("/cases", {"text": "1\\"}),
    ("/names", {"names": "1\0"}),
    ("/reports/issue", {"period": "2026-10\0"}),
    ("/jobs/close-month/run", {"period": "\0"}),
    ("/reports/verify", {"code": "\0"}),
    ("/view", {"density": "\0"}),
)


@pytest.fixture
def office(both: Flask) -> Iterator[Flask]:
    """Both doors on an empty county, on each of the two databases."""
    open_areas()
    for login, (role, area) in STAFF.items():
        account.create(SYSTEM, login, login, int(role), area, NOW, PASSWORD, must_change=False)
    site = create_app(both.config["CASEMGR"], ("web", "api"))
    yield site
    with site.app_context():
        db.engine.dispose()


def test_no_odd_number_and_no_odd_character_is_a_fault(office: Flask) -> None:
    officer, admin = Browser(office, "officer"), Browser(office, "admin")
    asked: list[tuple[str, Any]] = []
    for shape in NUMBERED:
        asked += [(shape, officer.get(shape.format(number, number))) for number in (*LARGE, "%00", "0", "-1")]
    asked += [(f"/accounts/{number[:9]}", admin.get(f"/accounts/{number}")) for number in LARGE]
    asked += [(path + str(form), officer.post(path, **form)) for path, form in TYPED]
    person = {"login": "abc", "display": "x\0y", "role": "2", "area": str(COUNTY)}
    asked.append(("new account", admin.post("/accounts/new", **person)))
    for number in LARGE[:2]:
        asked.append(("end a session", officer.post(f"/account/sessions/{number}/end")))
    faults = [(what[:80], answer.status_code) for what, answer in asked if answer.status_code >= 500]
    assert faults == []


def strange(office: Flask) -> FlaskClient:
    return office.test_client()


def test_the_way_in_refuses_odd_credentials_in_words(office: Flask) -> None:
    client = strange(office)
    token = token_in(client.get("/login").get_data(as_text=True))
    for login in ("a\0b", "officer\0", "x" * 100_000, "' OR 1=1 --"):
        answer = client.post("/login", data={"csrf": token, "login": login, "password": "y\0"})
        assert answer.status_code in (400, 422), login[:20]
    bodies = (
        "[]", "1", "null", "{", '{"login": 1, "password": 2}', '{"login": ["a"], "password": {"a": 1}}',
        '{"login": "a", "password": "b", "role": 3}', "[" * 100_000, '{"login": 1e999, "password": "x"}',
        '{"login": "a", "login": "b", "password": "c"}', '{"login": "a\\u0000", "password": "x"}',
        '{"login": "\\ud800", "password": "x"}',
    )  # fmt: skip
    for body in bodies:
        answer = client.post("/api/v1/token", data=body, content_type="application/json")
        assert answer.status_code in (400, 413, 422), body[:40]
        assert set(answer.get_json()) == {"error"}


def test_a_strangers_upload_is_refused_unread(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not signed in gets no 65 MB parsed into memory."""
    read: list[str] = []
    kind = site.request_class
    monkeypatch.setattr(
        kind, "_get_file_stream", lambda *_, **__: read.append("parsed") or pytest.fail("parsed")
    )
    body = b"--b\r\nContent-Disposition: form-data; name=file; filename=x\r\n\r\n" + bytes(9_000_000)
    answer = strange(site).post(
        "/exchange", data=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status_code == 401
    assert read == []


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "HEAD", "OPTIONS"])
def test_other_methods_open_nothing(site: Flask, method: str) -> None:
    client = strange(site)
    for path in ("/cases", "/county", "/exchange", "/api/v1/cases", "/api/v1/me", "/accounts"):
        answer = client.open(path, method=method, headers={"X-HTTP-Method-Override": "GET"})
        assert answer.status_code in (303, 401, 405), (method, path)


@pytest.mark.parametrize(
    "header",
    [
        {"Authorization": "Bearer \0"},
        {"Authorization": "Bearer cmt_" + "é" * 10},
        {"Cookie": "casemgr-session=" + "é" * 20},
        {"Cookie": "casemgr-session=" + "a" * 43},
        {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"},
        {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz"},
    ],
)
def test_headers_open_nothing(site: Flask, header: dict[str, str]) -> None:
    assert strange(site).get("/cases", headers=header).status_code == 303
    assert strange(site).get("/api/v1/me", headers=header).status_code == 401


def test_a_forwarded_address_does_not_pass_the_throttle_by(
    site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the server in front decides where a request came from; a header of the browser does not."""
    monkeypatch.setattr(account, "SOURCE_TRIES", 3)
    client = strange(site)
    seen: list[int] = []
    for number in range(5):
        answer = client.post(
            "/api/v1/token",
            json={"login": f"nobody{number}", "password": "x"},
            headers={"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.0.0.{number}"},
        )
        seen.append(answer.status_code)
    assert seen == [401, 401, 401, 429, 429]


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil"])
def test_no_form_sends_anybody_elsewhere(site: Flask, target: str) -> None:
    officer = Browser(site, "officer")
    for path, form in (("/names", {"names": "hide"}), ("/view", {"density": "loose"})):
        place = officer.post(path, back=target, **form).headers["Location"]
        assert place.startswith("/")
        assert "evil" not in place
