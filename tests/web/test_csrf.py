"""Requests of other sites change nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.fixture
def client(client_of: ClientOf) -> FlaskClient:
    return client_of("east")


@pytest.fixture
def token(client: FlaskClient) -> str:
    return token_in(client.get("/account/sessions").get_data(as_text=True))


def test_a_form_needs_the_token_of_its_session(client: FlaskClient, token: str, client_of: ClientOf) -> None:
    theirs = token_in(client_of("west").get("/help").get_data(as_text=True))
    for wrong in ("", "x", theirs, token[:-1]):
        answer = client.post("/session/stay", data={"csrf": wrong})
        assert answer.status_code == 400, wrong
        assert "没有执行" in answer.get_data(as_text=True)
    assert client.post("/session/stay", data={"csrf": token}).status_code == 204
    assert client.post("/session/stay", headers={"X-CSRF-Token": token}).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 204),
        ({"Sec-Fetch-Site": "none"}, 204),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://localhost"}, 204),
        ({"Origin": "null"}, 204),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
    ],
)
def test_what_the_browser_says_counts_too(
    client: FlaskClient, token: str, headers: dict[str, str], status: int
) -> None:
    assert client.post("/session/stay", data={"csrf": token}, headers=headers).status_code == status


def test_the_login_form_has_a_token_of_its_own_browser(site: Flask) -> None:
    mine, theirs = site.test_client(), site.test_client()
    token = token_in(theirs.get("/login").get_data(as_text=True))
    given = {"login": "east", "password": "湖边有七棵老槐树", "csrf": token}
    mine.get("/login")
    assert mine.post("/login", data=given).status_code == 400
    assert theirs.post("/login", data=given).status_code == 303


def test_the_token_of_the_login_page_is_dead_after_the_login(site: Flask) -> None:
    client = site.test_client()
    token = token_in(client.get("/login").get_data(as_text=True))
    client.post("/login", data={"login": "east", "password": "湖边有七棵老槐树", "csrf": token})
    assert client.post("/session/stay", data={"csrf": token}).status_code == 400
