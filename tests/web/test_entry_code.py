"""A forgotten password from telling the code to signing in, and what no address and no log line holds."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.services.step_up import FRESH
from casemgr.store.models import LoginSession
from casemgr.store.work import open_work
from tests.staff import PASSWORD
from tests.store.register import SYSTEM
from tests.web.conftest import sign_in, token_in

ClientOf = Callable[[str], FlaskClient]
CHOSEN = "井台上晾着五把青菜"


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def told(helper: FlaskClient, login: str) -> str:
    """The code that ``helper`` reads out for ``login``."""
    page = text(helper.get("/colleagues"))
    place = re.search(rf'action="(/colleagues/\d+/code)">.{{1,200}}为 {login} 生成', page, re.S)
    assert place is not None
    answer = helper.post(place.group(1), data={"csrf": token_in(page)})
    code = re.search(r">([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})<", text(answer))
    assert code is not None
    assert answer.headers["Cache-Control"] == "no-store"
    return code.group(1)


def use(client: FlaskClient, code: str, **changed: str) -> TestResponse:
    csrf = token_in(text(client.get("/login/code")))
    given = {"login": "east", "code": code, "new": CHOSEN, "again": CHOSEN, **changed}
    return client.post("/login/code", data={"csrf": csrf, **given})


@pytest.mark.parametrize("helper", ["officer", "admin"])
def test_somebody_who_forgot_chooses_a_new_password(site: Flask, client_of: ClientOf, helper: str) -> None:
    living = client_of("east")
    code = told(client_of(helper), "east")
    client = site.test_client()
    done = use(client, code)
    assert (done.status_code, done.headers["Location"]) == (303, "/login")
    assert "Clear-Site-Data" in done.headers
    assert living.get("/work").status_code == 303
    sign_in(client, "east", CHOSEN)
    assert use(site.test_client(), code).status_code == 422


def test_what_is_wrong_is_said_and_the_code_stays(site: Flask, client_of: ClientOf) -> None:
    code = told(client_of("officer"), "east")
    client = site.test_client()
    for changed, name in (({"new": "短"}, "new"), ({"again": "别的"}, "again"), ({"login": ""}, "login")):
        answer = use(client, code, **changed)
        assert answer.status_code == 422
        assert f'href="#f-{name}"' in text(answer)
        assert code not in text(answer)
        assert CHOSEN not in text(answer)
    assert use(client, code).status_code == 303


def test_making_a_code_asks_for_a_fresh_proof(site: Flask, client_of: ClientOf) -> None:
    officer = client_of("officer")
    page = text(officer.get("/colleagues"))
    place = re.search(r'action="(/colleagues/\d+/code)"', page)
    assert place is not None
    with site.app_context(), open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for one in work.entities(select(LoginSession)):
            one.confirmed_at -= FRESH + timedelta(seconds=1)
    assert officer.post(place.group(1), data={"csrf": token_in(page)}).status_code == 401
    answer = officer.post(place.group(1), data={"csrf": token_in(page), "proof": PASSWORD})
    assert "一次性代码" in text(answer)


def test_no_address_and_no_log_line_holds_a_code(
    site: Flask, client_of: ClientOf, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = told(client_of("officer"), "east")
    answer = use(site.test_client(), code, new="短")
    assert code not in answer.request.full_path
    assert use(site.test_client(), code).headers["Location"] == "/login"
    assert code not in caplog.text
    assert CHOSEN not in caplog.text


def test_doctors_help_nobody(client_of: ClientOf) -> None:
    assert client_of("east").get("/colleagues").status_code == 403
