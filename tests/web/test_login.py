"""Signing in and out through the pages, and what the browser is given to keep."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casemgr.web.login import _browser
from tests.staff import PASSWORD
from tests.web.conftest import sign_in, token_in

ClientOf = Callable[[str], FlaskClient]


def post(client: FlaskClient, login: str, password: str, base: str = "http://localhost") -> TestResponse:
    token = token_in(client.get("/login", base_url=base).get_data(as_text=True))
    data = {"csrf": token, "login": login, "password": password}
    return client.post("/login", data=data, base_url=base)


def cookies(answer: TestResponse) -> SimpleCookie:
    jar = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        jar.load(line)
    return jar


def test_the_form_helps_people_and_password_managers(site: Flask) -> None:
    page = site.test_client().get("/login").get_data(as_text=True)
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert "onpaste" not in page
    assert "演示数据，均为虚构" in page


def test_a_failure_keeps_the_login_and_never_the_password(site: Flask) -> None:
    answer = post(site.test_client(), "east<b>", "不是这个密码呀呀")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "账号或密码不对" in page
    assert 'value="east&lt;b&gt;"' in page
    assert "不是这个密码" not in page


def test_empty_fields_are_named_with_links_to_them(site: Flask) -> None:
    page = post(site.test_client(), " ", "").get_data(as_text=True)
    assert '<a href="#f-login">' in page
    assert '<a href="#f-password">' in page
    assert page.count('aria-invalid="true"') == 2


def test_too_many_failures_are_told_with_the_time_to_wait(site: Flask) -> None:
    client = site.test_client()
    for _ in range(5):
        assert post(client, "east", "不是这个密码呀呀").status_code == 422
    answer = post(client, "east", PASSWORD)
    assert answer.status_code == 429
    assert "15 分钟后再试" in answer.get_data(as_text=True)


def test_the_cookie_is_for_this_site_only(site: Flask) -> None:
    cookie = cookies(post(site.test_client(), "east", PASSWORD))["casemgr-session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert not cookie["max-age"], "it ends with the browser"
    assert not cookie["secure"], "plain HTTP on the own machine"
    assert len(cookie.value) == 43


def test_under_tls_the_cookie_is_bound_to_host_and_tls(site: Flask) -> None:
    answer = post(site.test_client(), "east", PASSWORD, "https://localhost")
    cookie = cookies(answer)["__Host-casemgr-session"]
    assert cookie["secure"]
    assert cookie["path"] == "/"
    assert answer.headers["Strict-Transport-Security"]


def test_the_message_for_the_next_page_is_bound_to_tls_as_well(site: Flask) -> None:
    client, base = site.test_client(), "https://localhost"
    post(client, "east", PASSWORD, base)
    token = token_in(client.get("/account/sessions", base_url=base).get_data(as_text=True))
    answer = client.post("/logout", data={"csrf": token}, base_url=base)
    cookie = cookies(answer)["casemgr-flash"]
    assert cookie["secure"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"


def test_every_login_gets_a_new_session(site: Flask) -> None:
    client = site.test_client()
    client.set_cookie("casemgr-session", "x" * 43)
    first = cookies(post(client, "east", PASSWORD))["casemgr-session"].value
    second = cookies(post(site.test_client(), "east", PASSWORD))["casemgr-session"].value
    assert len({first, second, "x" * 43}) == 3


def test_somebody_signed_in_is_sent_on(client_of: ClientOf) -> None:
    assert client_of("admin").get("/login?next=/help").location == "/help"
    assert client_of("admin").get("/login").location == "/accounts"


def test_signing_out_ends_it_here_and_there(client_of: ClientOf) -> None:
    client = client_of("east")
    page = client.get("/account/sessions").get_data(as_text=True)
    kept = client.get_cookie("casemgr-session")
    assert kept is not None
    answer = client.post("/logout", data={"csrf": token_in(page)})
    assert answer.location == "/login"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert cookies(answer)["casemgr-session"].value == ""
    assert "已安全退出" in client.get("/login").get_data(as_text=True)
    client.set_cookie("casemgr-session", kept.value)
    assert client.get("/account/sessions").status_code == 303, "a copied cookie is dead"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120 Safari/537 Edg/120", "Edge · Windows"),
        ("Mozilla/5.0 (Linux; Android 12) Chrome/100 MicroMessenger/8", "微信 · Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0", "Firefox · Linux"),
        ("curl/8", "其他浏览器 · 其他系统"),
    ],
)
def test_a_browser_is_named_in_a_few_words(agent: str, words: str) -> None:
    assert _browser(agent) == words


def test_signing_in_again_ends_the_session_this_browser_had(site: Flask) -> None:
    client = site.test_client()
    sign_in(client, "east")
    before = client.get_cookie("casemgr-session")
    assert before is not None
    csrf = token_in(client.get("/work").get_data(as_text=True))
    answer = client.post("/login", data={"csrf": csrf, "login": "west", "password": PASSWORD})
    assert answer.status_code == 303
    other = site.test_client()
    other.set_cookie("casemgr-session", before.value)
    assert other.get("/work").status_code == 303
