"""What stands around every page: view, menu, demo strip."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.web.shell import ViewChoice
from tests.web.conftest import sign_in, token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("compact.0", "compact"),
        ("loose.1", "loose large"),
        ("", "standard"),
        ("x'>.1", "standard large"),
        ("compact", "compact"),
    ],
)
def test_a_view_is_read_from_anything(text: str, classes: str) -> None:
    assert ViewChoice.read(text).classes == classes


def test_the_view_is_kept_by_the_browser_and_the_large_one_by_the_account(
    site: Flask, client_of: ClientOf
) -> None:
    client = client_of("east")
    token = token_in(client.get("/help").get_data(as_text=True))
    answer = client.post("/view", data={"csrf": token, "large": "1", "back": "/help?x=1"})
    assert answer.location == "/help?x=1"
    client.post("/view", data={"csrf": token, "density": "compact"})
    assert 'class="compact large"' in client.get("/help").get_data(as_text=True)
    elsewhere = site.test_client()
    sign_in(elsewhere, "east")
    assert 'class="standard large"' in elsewhere.get("/help").get_data(as_text=True)


def test_strangers_choose_a_view_as_well(site: Flask) -> None:
    client = site.test_client()
    token = token_in(client.get("/login").get_data(as_text=True))
    client.post("/view", data={"csrf": token, "large": "1", "back": "//evil.example"})
    assert 'class="standard large"' in client.get("/login").get_data(as_text=True)


def test_every_page_says_that_the_data_are_made_up(site: Flask, client_of: ClientOf) -> None:
    client = client_of("admin")
    for address in ("/accounts", "/help", "/nowhere", "/jobs", "/account/sessions"):
        assert "演示数据，均为虚构" in client.get(address).get_data(as_text=True), address


def test_who_is_signed_in_and_where_stands_on_top(client_of: ClientOf) -> None:
    page = client_of("officer").get("/help").get_data(as_text=True)
    for words in ("县级甲", "县级管理员", "示例县", 'aria-label="主导航"', "跳到正文"):
        assert words in page


def test_the_menu_marks_where_one_is(client_of: ClientOf) -> None:
    client = client_of("officer")
    for address, label in (("/county", "首页"), ("/cases", "患者"), ("/jobs/runs", "任务")):
        page = client.get(address).get_data(as_text=True)
        menu = page[page.index('aria-label="主导航"') : page.index("</nav>")]
        assert menu.count("aria-current") == 1, address
        assert f'aria-current="page">{label}<' in menu, address
    page = client.get("/account/password").get_data(as_text=True)
    assert "aria-current" not in page[page.index('aria-label="主导航"') : page.index("</nav>")]


def test_titles_hold_no_persons(client_of: ClientOf) -> None:
    page = client_of("east").get("/account/sessions").get_data(as_text=True)
    assert "<title>我的登录 - 严重精神障碍患者管理</title>" in page


def test_the_first_page_depends_on_the_role(client_of: ClientOf) -> None:
    assert client_of("admin").get("/").location == "/accounts"
