"""The pages about accounts: the administrator's, and everybody's own."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.services import account
from tests.store.register import EAST, SYSTEM, WEST
from tests.web.conftest import sign_in, token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.fixture
def admin(client_of: ClientOf) -> FlaskClient:
    return client_of("admin")


def token_of(client: FlaskClient) -> str:
    return token_in(client.get("/help").get_data(as_text=True))


def key_of(site: Flask, login: str) -> int:
    with site.app_context():
        return account.key_of(SYSTEM, login)


def test_the_list_shows_everybody(admin: FlaskClient) -> None:
    page = admin.get("/accounts").get_data(as_text=True)
    for words in ("officer", "示例县", "东镇乙", "共 4 个账号", "停用 0 个"):
        assert words in page


def test_a_new_account_gets_a_password_shown_once(site: Flask, admin: FlaskClient) -> None:
    given = {"csrf": token_of(admin), "login": "new", "display": "新来的", "role": "1", "area": str(WEST)}
    given["staff_no"] = "西镇 007"
    page = admin.post("/accounts/new", data=given).get_data(as_text=True)
    found = re.search(r'<dd class="code strong">([a-z0-9-]{19})</dd>', page)
    assert found is not None
    assert found.group(1) not in admin.get("/accounts").get_data(as_text=True)
    client = site.test_client()
    sign_in(client, "new", found.group(1))
    assert client.get("/").location == "/account/password"


def test_mistakes_are_listed_and_what_was_typed_is_kept(admin: FlaskClient) -> None:
    given = {"csrf": token_of(admin), "login": "张三", "display": "某医生", "role": "1", "area": ""}
    given["phone"] = "一二三"
    answer = admin.post("/accounts/new", data=given)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert '<a href="#f-login">' in page
    assert '<a href="#f-area">' in page
    assert '<a href="#f-staff_no">' in page, "a number that tells people apart is asked for"
    assert 'value="某医生"' in page
    assert re.search(r'value="1"\s+checked', page)


def test_a_taken_login_is_a_conflict(admin: FlaskClient) -> None:
    given = {"csrf": token_of(admin), "login": "east", "display": "另一位", "role": "3", "staff_no": "9"}
    answer = admin.post("/accounts/new", data=given)
    assert answer.status_code == 409
    assert "已被使用" in answer.get_data(as_text=True)


def test_an_account_is_changed_by_the_version_that_was_seen(site: Flask, admin: FlaskClient) -> None:
    key = key_of(site, "east")
    page = admin.get(f"/accounts/{key}").get_data(as_text=True)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    given = {"csrf": token_of(admin), "display": "改名", "role": "1", "area": str(EAST)}
    given["version"] = version.group(1)
    assert admin.post(f"/accounts/{key}", data=given).status_code == 303
    assert "改名" in admin.get(f"/accounts/{key}").get_data(as_text=True)
    assert admin.post(f"/accounts/{key}", data=given).status_code == 409
    with site.app_context():
        given["version"] = str(account.get(SYSTEM, key).version)
    given["area"] = "1"
    assert admin.post(f"/accounts/{key}", data=given).status_code == 422


def test_a_closed_account_is_out_and_back_in(site: Flask, admin: FlaskClient, client_of: ClientOf) -> None:
    key, doctor = key_of(site, "east"), client_of("east")
    admin.post(f"/accounts/{key}/disable", data={"csrf": token_of(admin)})
    assert doctor.get("/account/sessions").status_code == 303
    assert "已停用" in admin.get("/accounts").get_data(as_text=True)
    admin.post(f"/accounts/{key}/enable", data={"csrf": token_of(admin)})
    sign_in(site.test_client(), "east")


def test_the_last_administrator_is_told_why_not(site: Flask, admin: FlaskClient) -> None:
    key = key_of(site, "admin")
    answer = admin.post(f"/accounts/{key}/disable", data={"csrf": token_of(admin)}, follow_redirects=True)
    assert "最后一个可用的系统管理员" in answer.get_data(as_text=True)


def test_a_reset_shows_the_new_password_once(site: Flask, admin: FlaskClient) -> None:
    key = key_of(site, "west")
    page = admin.post(f"/accounts/{key}/password", data={"csrf": token_of(admin)}).get_data(as_text=True)
    found = re.search(r'<dd class="code strong">([a-z0-9-]{19})</dd>', page)
    assert found is not None
    sign_in(site.test_client(), "west", found.group(1))


def test_nobody_there_is_a_404(admin: FlaskClient) -> None:
    assert admin.get("/accounts/1").status_code == 404
    assert admin.get("/accounts/x").status_code == 404


def test_own_sessions_are_listed_and_ended(site: Flask, client_of: ClientOf) -> None:
    here, there = client_of("east"), client_of("east")
    page = here.get("/account/sessions").get_data(as_text=True)
    assert page.count('/end"') == 2
    assert page.count("本次") == 1
    assert "127.0.0.1" in page
    here.post("/account/sessions/end-others", data={"csrf": token_in(page)})
    assert there.get("/account/sessions").status_code == 303
    own = re.search(
        r'action="(/account/sessions/\d+/end)"', here.get("/account/sessions").get_data(as_text=True)
    )
    assert own is not None
    assert here.post(own.group(1), data={"csrf": token_in(page)}).location == "/login"
    assert here.get("/account/sessions").status_code == 303


def test_a_weak_new_password_is_named(client_of: ClientOf) -> None:
    client = client_of("east")
    given = {
        "csrf": token_of(client),
        "old": "湖边有七棵老槐树",
        "new": "password2026",
        "again": "password2026",
    }
    answer = client.post("/account/password", data=given)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert '<a href="#f-new">' in page
    assert "password2026" not in page
