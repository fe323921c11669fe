"""Tokens: for login and password, for a while, handed back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask

from casemgr.services import account, clock
from tests.api.conftest import PASSWORD, Caller

Call = Callable[..., Caller]


def test_login_and_password_give_a_token_that_ends(
    site: Flask, caller: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = caller().post("/token", {"login": " East ", "password": PASSWORD})
    assert answer.status == 201
    assert answer.document["type"] == "Bearer"
    ends = datetime.fromisoformat(answer.document["ends_at"])
    assert timedelta(hours=7, minutes=59) < ends - clock.now() <= timedelta(hours=8)
    holder = Caller(site.test_client(), answer.document["token"])
    assert holder.get("/me").document["login"] == "east"
    monkeypatch.setattr(clock, "now", lambda: ends)
    assert holder.get("/me").status == 401


def test_a_wrong_password_an_unknown_login_and_too_many_tries(caller: Call) -> None:
    nobody = caller()
    said = {
        (answer.status, answer.error["code"], answer.error["message"])
        for answer in (
            nobody.post("/token", {"login": login, "password": "x" * 12}) for login in ("east", "nobody")
        )
    }
    assert len(said) == 1
    assert next(iter(said))[:2] == (401, "unauthenticated")
    for _ in range(4):
        nobody.post("/token", {"login": "east", "password": "x" * 12})
    answer = nobody.post("/token", {"login": "east", "password": PASSWORD})
    assert (answer.status, answer.error["code"]) == (429, "throttled")


def test_success_forgets_the_failures_before_it(caller: Call) -> None:
    nobody = caller()
    for _ in range(2):
        for _ in range(3):
            assert nobody.post("/token", {"login": "east", "password": "x" * 12}).status == 401
        assert nobody.post("/token", {"login": "east", "password": PASSWORD}).status == 201


def test_a_token_is_handed_back(caller: Call) -> None:
    east, other = caller("east"), caller("east")
    ended = east("DELETE", "/token")
    assert (ended.status, ended.response.data) == (204, b"")
    assert east.get("/me").status == 401
    assert other.get("/me").status == 200


def test_a_session_is_no_token(site: Flask) -> None:
    with site.app_context():
        ticket = account.sign_in("east", PASSWORD, "127.0.0.1", clock.now())
    client = site.test_client()
    client.set_cookie("casemgr-session", ticket.token)
    answer = Caller(client)("DELETE", "/token", headers={"X-CSRF-Token": ticket.person.csrf})
    assert (answer.status, answer.error["code"]) == (400, "unreadable")


def test_only_so_many_short_tokens_live(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "SHORT_TOKENS_KEPT", 2)
    with site.app_context():
        begun = clock.now()
        tokens = []
        for minute in range(3):
            at = begun + timedelta(minutes=minute)
            tokens.append(account.take_token("east", PASSWORD, "127.0.0.1", at).secret)
        alive = [account.bearer(token, begun + timedelta(minutes=3)) is not None for token in tokens]
    assert alive == [False, True, True]
