"""Signing in with a phone, setting one up, being asked again: as a browser meets it."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from casemgr.app import create_app
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.account import HALF_WAY
from casemgr.services.step_up import FRESH
from casemgr.store import one_time
from casemgr.store.db import db
from casemgr.store.models import Account, LoginSession
from casemgr.store.work import open_work
from casemgr.terms.clue import ClueSource
from tests.conftest import make_config
from tests.staff import PASSWORD
from tests.store.register import SYSTEM
from tests.web.conftest import sign_in, token_in

ClientOf = Callable[[str], FlaskClient]
PRESSED = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
COOKIE = "casemgr-session"
CLUE = {"name": "赵试验", "source": str(int(ClueSource.POLICE)), "found_on": "2026-11-02", "note": "门口"}


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.split("<main", 1)[1])
    return {html.unescape(name): html.unescape(value) for name, value in found}


def code_of(page: str, moment: datetime | None = None, steps: int = 0) -> str:
    found = re.search(r"([A-Z2-7]{4}(?: [A-Z2-7]{4}){7})", page)
    assert found is not None
    step = one_time.step_of(moment or clock.now())
    return one_time.code_at(found.group(1).replace(" ", ""), step + steps)


def wrong_code(page: str) -> str:
    """Six digits that are right at no moment of this test: any fixed ones are once in a while."""
    near = {code_of(page, steps=step) for step in range(-20, 21)}
    return next(digits for digits in ("000000", *map(str, range(111_111, 999_999))) if digits not in near)


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    assert found is not None
    return str(found.value)


def set_up(client: FlaskClient) -> str:
    """Set a phone up as the signed-in person; the page that shows the secret."""
    csrf = token_in(text(client.get("/account/factor")))
    page = text(client.post("/account/factor/new", data={"csrf": csrf}))
    done = client.post("/account/factor/finish", data={"csrf": csrf, "code": code_of(page)})
    assert done.status_code == 200
    assert len(re.findall(r"<li>[a-z2-9]{5}-[a-z2-9]{5}</li>", text(done))) == 10
    return page


def grow_old(site: Flask, by: timedelta) -> None:
    """Let the last proof of every session lie further back."""
    with site.app_context(), open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for one in work.entities(select(LoginSession)):
            one.confirmed_at -= by


def test_the_page_draws_a_code_without_styles_and_takes_the_right_digits(client_of: ClientOf) -> None:
    client = client_of("east")
    csrf = token_in(text(client.get("/account/factor")))
    page = client.post("/account/factor/new", data={"csrf": csrf})
    shown = text(page)
    assert '<svg class="qr"' in shown
    assert "style=" not in shown
    assert page.headers["Cache-Control"] == "no-store"
    wrong = client.post("/account/factor/finish", data={"csrf": csrf, "code": "12ab"})
    assert wrong.status_code == 422
    assert "动态码不对" in text(wrong)
    now = clock.now()
    assert code_of(text(wrong), now) == code_of(shown, now)
    done = client.post("/account/factor/finish", data={"csrf": csrf, "code": code_of(shown)})
    assert "恢复码" in text(done)
    assert "已启用" in text(client.get("/account/factor"))


def test_signing_in_takes_two_pages_and_keeps_what_was_typed(site: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    secret = set_up(client)
    page = text(client.get("/clues/new"))
    typed = {
        "name": "赵试验",
        "source": str(int(ClueSource.POLICE)),
        "found_on": "2026-11-02",
        "note": "门口<b>",
    }
    sent = {"csrf": token_in(page), "once": hidden(page)["once"], **typed}
    client.delete_cookie(COOKIE)
    late = text(client.post("/clues/new", data=sent, headers=PRESSED))
    door = text(client.post("/login", data={**hidden(late), "login": "east", "password": PASSWORD}))
    assert "6 位动态码" in door
    assert client.get("/work").status_code == 303, "the password alone opens nothing"
    again = client.post("/login/second", data={**hidden(door), "code": wrong_code(secret)})
    assert again.status_code == 422
    entered = client.post("/login/second", data={**hidden(text(again)), "code": code_of(secret, steps=1)})
    assert entered.status_code == 200
    assert "刚才填的内容还在" in text(entered)
    back = hidden(text(entered))
    assert (back["name"], back["note"]) == ("赵试验", "门口<b>")
    assert client.post("/clues/new", data=back, headers=PRESSED).status_code == 303


def test_a_code_does_not_open_twice_nor_too_late(site: Flask, client_of: ClientOf) -> None:
    secret = set_up(client_of("east"))
    first, second = site.test_client(), site.test_client()
    doors = []
    for client in (first, second):
        csrf = token_in(text(client.get("/login")))
        doors.append(
            hidden(text(client.post("/login", data={"csrf": csrf, "login": "east", "password": PASSWORD})))
        )
    code = code_of(secret, steps=1)
    assert first.post("/login/second", data={**doors[0], "code": code}).status_code == 303
    replayed = second.post("/login/second", data={**doors[1], "code": code})
    assert replayed.status_code == 422
    assert "已经用过" in text(replayed)
    key, ends, mac = doors[1]["half"].split(".")
    late = {**doors[1], "half": f"{key}.{int(ends) - int(HALF_WAY.total_seconds()) - 1}.{mac}"}
    assert "重新输入登录名和密码" in text(second.post("/login/second", data={**late, "code": code}))


def test_nothing_of_the_way_in_is_in_an_address(site: Flask, client_of: ClientOf) -> None:
    secret = set_up(client_of("east"))
    client = site.test_client()
    csrf = token_in(text(client.get("/login")))
    page = text(client.post("/login", data={"csrf": csrf, "login": "east", "password": PASSWORD}))
    done = client.post("/login/second", data={**hidden(page), "code": code_of(secret, steps=1)})
    assert "?" not in done.headers["Location"]


# --- being asked again ----------------------------------------------------------------------------


def test_a_grave_form_is_asked_about_and_goes_on_with_everything(site: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    set_up(client)
    grow_old(site, FRESH)
    before = cookie(client)
    csrf = token_in(text(client.get("/account/factor")))
    asked = client.post("/account/factor/codes", data={"csrf": csrf, "extra": "一行\n两行 <b>"})
    assert asked.status_code == 401
    fields = hidden(text(asked))
    assert fields["extra"].replace("\r\n", "\n") == "一行\n两行 <b>"
    wrong = client.post("/account/factor/codes", data={**fields, "proof": "不是这个密码呀呀"})
    assert wrong.status_code == 422
    assert "不是这个密码" not in text(wrong)
    assert hidden(text(wrong))["extra"] == fields["extra"]
    done = client.post("/account/factor/codes", data={**fields, "proof": PASSWORD})
    assert "恢复码" in text(done)
    assert cookie(client) != before, "another id for the same session"
    stolen = site.test_client()
    stolen.set_cookie(COOKIE, before)
    assert stolen.get("/account/factor").status_code == 303
    assert client.post("/account/factor/codes", data={"csrf": csrf}).status_code == 200, "not asked again"


def test_a_proof_is_not_kept_when_the_session_ends_meanwhile(site: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    csrf = token_in(text(client.get("/clues/new")))
    client.delete_cookie(COOKIE)
    late = client.post("/clues/new", data={"csrf": csrf, "note": "写过", "proof": PASSWORD}, headers=PRESSED)
    assert "写过" in html.unescape(text(late))
    assert PASSWORD not in html.unescape(text(late))


def test_wrong_proofs_end_in_waiting(site: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    csrf = token_in(text(client.get("/account/factor")))
    answers = [client.post("/confirm", data={"csrf": csrf, "proof": "错", "next": "/work"}) for _ in range(6)]
    assert [one.status_code for one in answers] == [422] * 5 + [429]
    assert hidden(text(answers[-1]))["next"] == "/work"
    assert client.post("/confirm", data={"csrf": csrf, "proof": PASSWORD}).status_code == 429


def test_a_page_is_opened_after_the_proof_and_never_another_site(client_of: ClientOf) -> None:
    client = client_of("east")
    csrf = token_in(text(client.get("/account/factor")))
    good = client.post("/confirm", data={"csrf": csrf, "proof": PASSWORD, "next": "/account/sessions"})
    assert good.headers["Location"] == "/account/sessions"
    away = client.post("/confirm", data={"csrf": csrf, "proof": PASSWORD, "next": "https://evil.example/"})
    assert away.headers["Location"] == "/work"


# --- an installation that asks for it -------------------------------------------------------------


@pytest.fixture
def real(staffed: Path, tmp_path: Path) -> Iterator[Flask]:
    """A register that is no demonstration, whose accounts have had their days of grace."""
    folder = tmp_path / "real"
    shutil.copytree(staffed, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_SECOND_FACTOR_DAYS="14"), ("web", "api"))
    application.testing = True
    age(application, timedelta(days=15))
    yield application
    with application.app_context():
        db.engine.dispose()


def age(site: Flask, days: timedelta) -> None:
    with site.app_context(), open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for one in work.entities(select(Account)):
            one.created_at = clock.now() - days


def test_after_the_days_of_grace_the_phone_comes_first(real: Flask) -> None:
    client = real.test_client()
    sign_in(client, "east")
    for place in ("/work", "/cases", "/account/sessions"):
        assert client.get(place).headers["Location"] == "/account/factor", place
    assert "请先设置动态码" in text(client.get("/account/factor"))
    assert client.get("/api/v1/me").status_code == 403
    body = {"login": "east", "password": PASSWORD}
    assert client.post("/api/v1/token", json=body).status_code == 403
    secret = set_up(client)
    assert client.get("/work").status_code == 200
    assert client.get("/api/v1/me").status_code == 200
    assert (
        client.post("/account/factor/drop", data={"csrf": token_in(text(client.get("/work")))}).status_code
        == 303
    )
    assert client.get("/work").headers["Location"] == "/account/factor", "it cannot be done without"
    assert client.post("/api/v1/token", json={**body, "code": code_of(secret, steps=1)}).status_code == 403


def test_the_api_takes_the_code(real: Flask) -> None:
    client = real.test_client()
    sign_in(client, "east")
    secret = set_up(client)
    body = {"login": "east", "password": PASSWORD}
    program = real.test_client()
    assert program.post("/api/v1/token", json=body).status_code == 401
    assert program.post("/api/v1/token", json={**body, "code": wrong_code(secret)}).status_code == 401
    code = code_of(secret, steps=1)
    assert program.post("/api/v1/token", json={**body, "code": code}).status_code == 201
    assert program.post("/api/v1/token", json={**body, "code": code}).status_code == 401, "each code once"


def test_within_the_days_of_grace_it_is_only_announced(real: Flask) -> None:
    age(real, timedelta(days=3))
    client = real.test_client()
    sign_in(client, "east")
    assert client.get("/work").status_code == 200
    assert "前设置动态码" in text(client.get("/account/factor"))


def test_what_was_typed_survives_setting_up_a_phone(real: Flask) -> None:
    age(real, timedelta(days=3))
    client = real.test_client()
    sign_in(client, "east")
    page = text(client.get("/clues/new"))
    typed = {
        "name": "赵试验",
        "source": str(int(ClueSource.POLICE)),
        "found_on": "2026-11-02",
        "note": "门口",
    }
    sent = {"csrf": token_in(page), "once": hidden(page)["once"], **typed}
    age(real, timedelta(days=15))
    led = text(client.post("/clues/new", data=sent, headers=PRESSED))
    assert "先设置动态码" in led
    factor = text(client.post("/account/factor", data=hidden(led)))
    new = text(client.post("/account/factor/new", data=hidden(factor)))
    done = text(client.post("/account/factor/finish", data={**hidden(new), "code": code_of(new)}))
    back = hidden(done)
    assert back["name"] == "赵试验"
    assert client.post("/clues/new", data=back, headers=PRESSED).status_code == 303


def test_what_was_typed_survives_a_password_that_has_to_be_changed(real: Flask) -> None:
    from casemgr.services import account

    age(real, timedelta(days=3))
    client = real.test_client()
    sign_in(client, "east")
    page = text(client.get("/clues/new"))
    typed = {
        "name": "赵试验",
        "source": str(int(ClueSource.POLICE)),
        "found_on": "2026-11-02",
        "note": "门口",
    }
    sent = {"csrf": token_in(page), "once": hidden(page)["once"], **typed}
    with real.app_context():
        given = account.reset_password(SYSTEM, account.key_of(SYSTEM, "east")).secret
    late = text(client.post("/clues/new", data=sent, headers=PRESSED))
    led = text(client.post("/login", data={**hidden(late), "login": "east", "password": given}))
    assert "先修改密码" in led
    change = text(client.post("/account/password", data=hidden(led)))
    chosen = "井台上晾着五把青菜"
    asked = {**hidden(change), "old": given, "new": chosen, "again": chosen}
    door = client.post("/account/password", data=asked)
    assert "Clear-Site-Data" in door.headers
    entered = client.post("/login", data={**hidden(text(door)), "login": "east", "password": chosen})
    back = hidden(text(entered))
    assert back["name"] == "赵试验"
    assert client.post("/clues/new", data=back, headers=PRESSED).status_code == 303


def test_the_administrator_resets_a_lost_phone(site: Flask, client_of: ClientOf) -> None:
    east = client_of("east")
    set_up(east)
    with site.app_context(), open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        key = work.scalar(select(Account.id).where(Account.login == "east"))
    admin = client_of("admin")
    page = text(admin.get(f"/accounts/{key}"))
    assert "重置动态码" in page
    with site.app_context(), open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for one in work.entities(select(LoginSession)):
            one.confirmed_at -= FRESH
    for what in ("factor", "password"):
        left_open = admin.post(f"/accounts/{key}/{what}", data={"csrf": token_in(page)})
        assert left_open.status_code == 401 and 'name="proof"' in text(left_open)
    assert east.get("/work").status_code == 200, "nothing was reset from a screen left open"
    unproved = east.post(
        "/account/factor/finish", data={"csrf": token_in(text(east.get("/work"))), "code": "1"}
    )
    assert unproved.status_code == 401 and "svg" not in text(unproved).split("<main", 1)[1]
    proved = admin.post("/confirm", data={"csrf": token_in(page), "next": "/accounts", "proof": PASSWORD})
    assert proved.status_code == 303
    assert admin.post(f"/accounts/{key}/factor", data={"csrf": token_in(page)}).status_code == 303
    assert east.get("/work").status_code == 303
    sign_in(east, "east")
