"""Who may call: tokens, the session of the pages, and what another site can make a browser do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.api import guard
from casemgr.rules.access import Access, Action
from casemgr.services import account, clock
from casemgr.store.models import AuditEntry, LoginSession
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from casemgr.web import csrf
from casemgr.web import guard as web_guard
from tests.api.conftest import PASSWORD, Caller
from tests.store.register import EAST, SYSTEM

Call = Callable[..., Caller]
WHY = {"purpose": 1}


def signed_in(site: Flask, login: str) -> tuple[Caller, str]:
    """A browser that has signed in on the pages, and the token its forms carry."""
    with site.app_context():
        ticket = account.sign_in(login, PASSWORD, "127.0.0.1", clock.now())
    client = site.test_client()
    client.set_cookie("casemgr-session", ticket.token)
    return Caller(client), ticket.person.csrf


def refusals(site: Flask) -> list[tuple[int, str]]:
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(select(AuditEntry.actor, AuditEntry.action).where(AuditEntry.verb == "refuse"))
        return [(row.actor, row.action) for row in rows]


def test_a_token_opens_the_door(caller: Call) -> None:
    role = {"code": int(Role.TOWNSHIP_DOCTOR), "label": Role.TOWNSHIP_DOCTOR.label}
    assert caller("east").get("/me").document == {"login": "east", "role": role, "area": str(EAST)}
    assert caller("admin").get("/me").document["area"] is None


@pytest.mark.parametrize("header", [
    "Bearer", "Bearer ", "Bearer cmt_unknown", "Bearer x" + "y" * 300, "Basic ZWFzdDp4", "cmt_x", "Bearer 张",
])  # fmt: skip
def test_a_bad_authorization_is_refused_even_beside_a_session(site: Flask, header: str) -> None:
    browser, _ = signed_in(site, "east")
    answer = browser("GET", "/cases", headers={"Authorization": header.encode().decode("latin-1")})
    assert answer.status == 401
    assert answer.error["code"] == "unauthenticated"
    assert answer.response.headers["WWW-Authenticate"] == "Bearer"


def test_nobody_is_told_to_sign_in(caller: Call) -> None:
    assert caller().get("/cases").error["code"] == "unauthenticated"


def test_a_session_reads_but_writes_only_with_its_own_token(site: Flask, cases: dict[str, int]) -> None:
    browser, csrf_token = signed_in(site, "east")
    path = f"/cases/{cases['E1']}/reveal"
    assert browser.get("/cases").status == 200
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": ""}):
        refused = browser.post(path, WHY, headers=headers)
        assert (refused.status, refused.error["code"]) == (403, "forbidden")
    foreign = {"X-CSRF-Token": csrf_token, "Sec-Fetch-Site": "cross-site"}
    assert browser.post(path, WHY, headers=foreign).status == 403
    assert browser.post(path, WHY, headers={"X-CSRF-Token": csrf_token}).document["name"] == "张一"


def test_hidden_names_are_hidden_from_the_session_of_the_pages(site: Flask, cases: dict[str, int]) -> None:
    browser, csrf_token = signed_in(site, "east")
    own = {"X-CSRF-Token": csrf_token}
    path = f"/cases/{cases['E1']}/reveal"
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        session = work.scalar(select(LoginSession.id).order_by(LoginSession.id.desc()).limit(1))
        actor = work.scalar(select(LoginSession.account_id).where(LoginSession.id == session))
    with site.app_context():
        account.hide_names(Access.over(actor, "", Role.TOWNSHIP_DOCTOR, EAST), session)
    refused = browser.post(path, WHY, headers=own)
    assert (refused.status, refused.error["code"]) == (403, "confirm-first")
    assert browser.get("/cases").status == 200
    with site.app_context():
        token = account.renew(Access.over(actor, "", Role.TOWNSHIP_DOCTOR, EAST), session, clock.now())
    client = site.test_client()
    client.set_cookie("casemgr-session", token)
    assert Caller(client).post(path, WHY, headers=own).document["name"] == "张一"


def test_a_token_needs_no_second_token(caller: Call, cases: dict[str, int]) -> None:
    assert caller("east").post(f"/cases/{cases['E1']}/reveal", WHY).status == 200


def test_a_first_password_opens_nothing(site: Flask) -> None:
    with site.app_context():
        made = account.create(
            Access.system("test"), "fresh", "新人", int(Role.TOWNSHIP_DOCTOR), EAST, clock.now()
        )
        ticket = account.sign_in("fresh", made.secret, "127.0.0.1", clock.now())
        issued = account.issue_token(Access.system("test"), "fresh", clock.now()).secret
    client = site.test_client()
    client.set_cookie("casemgr-session", ticket.token)
    assert Caller(client).get("/cases").status == 403
    assert Caller(site.test_client(), issued).get("/cases").status == 401
    body = {"login": "fresh", "password": made.secret}
    assert Caller(site.test_client()).post("/token", body).status == 403


def test_a_role_without_the_right_is_refused_and_written_down(site: Flask, caller: Call) -> None:
    refused = caller("admin").get("/cases")
    assert (refused.status, refused.error["code"]) == (403, "forbidden")
    assert [action for _actor, action in refusals(site)] == ["case:list"]


def test_an_account_that_was_closed_is_out_at_once(site: Flask, caller: Call) -> None:
    east = caller("east")
    assert east.get("/cases").status == 200
    with site.app_context():
        key = account.key_of(SYSTEM, "east")
        account.disable(SYSTEM, key)
    assert east.get("/cases").status == 401


def test_using_the_door_keeps_a_session_alive(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, _ = signed_in(site, "east")
    begun = clock.now()
    for minutes in (20, 40, 60):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: begun + timedelta(minutes=minutes))
        assert browser.get("/cases").status == 200
    monkeypatch.setattr(clock, "now", lambda: begun + timedelta(minutes=91))
    assert browser.get("/cases").status == 401


def test_both_doors_know_the_same_cookie_and_header() -> None:
    assert (guard.COOKIE, guard.HEADER) == (web_guard.COOKIE, csrf.HEADER)
