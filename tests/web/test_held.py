"""What was typed while a session ended is handed back to who typed it, and to nobody else."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.store.models import Clue
from casemgr.store.work import open_work
from casemgr.terms.clue import ClueSource
from casemgr.web import held
from tests.staff import PASSWORD
from tests.store.register import SYSTEM
from tests.web.conftest import sign_in, token_in

ClientOf = Callable[[str], FlaskClient]
PRESSED = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
NOTE = "第一行\n第二行 <b>“引号”</b> & 表情😀"


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return html.unescape(found.group(1))


def clues(site: Flask) -> int:
    with site.app_context(), open_work(SYSTEM, Action.CLUE_READ) as work:
        return int(work.scalar(select(func.count(Clue.id))))


def typed(client: FlaskClient) -> dict[str, str]:
    page = text(client.get("/clues/new"))
    told = {"name": "赵试验", "source": str(int(ClueSource.POLICE)), "found_on": "2026-11-02", "note": NOTE}
    return {"csrf": token_in(page), "once": hidden(page, "once"), **told}


def fields(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page)
    return {html.unescape(name): html.unescape(value) for name, value in found}


def test_after_the_session_ended_one_signs_in_and_sends_on(site: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    sent = typed(client)
    client.delete_cookie("casemgr-session")
    late = client.post("/clues/new", data=sent, headers=PRESSED)
    assert late.status_code == 401
    assert "内容都还在" in text(late)
    assert sent["csrf"] not in text(late)
    door = {"csrf": token_in(text(late)), "kept": hidden(text(late), "kept"), "login": "east"}
    door["kept_to"] = hidden(text(late), "kept_to")
    wrong = client.post("/login", data={**door, "password": "不是这个密码呀呀"})
    assert wrong.status_code == 422
    assert json.loads(hidden(text(wrong), "kept")) == json.loads(door["kept"])
    back = client.post("/login", data={**door, "password": PASSWORD})
    assert back.status_code == 200
    assert "刚才填的内容还在" in text(back)
    assert clues(site) == 0
    again = fields(text(back))
    assert (again["name"], again["note"].replace("\r\n", "\n")) == (sent["name"], NOTE)
    assert client.post("/clues/new", data=again, headers=PRESSED).status_code == 303
    assert clues(site) == 1


def test_an_old_form_after_signing_in_elsewhere_is_sent_on(site: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    sent = typed(client)
    client.delete_cookie("casemgr-session")
    sign_in(client, "east")
    late = client.post("/clues/new", data=sent, headers=PRESSED)
    assert late.status_code == 400
    assert client.post("/clues/new", data=fields(text(late)), headers=PRESSED).status_code == 303
    assert clues(site) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
def test_nothing_is_handed_back_that_no_page_of_ours_sent(
    site: Flask, client_of: ClientOf, headers: dict[str, str]
) -> None:
    stranger, doctor = site.test_client(), client_of("east")
    sent = {"name": "放进来的", "csrf": "x"}
    for client, status in ((stranger, (401,)), (doctor, (400, 403))):
        answer = client.post("/clues/new", data=sent, headers=headers)
        assert answer.status_code in status
        assert "放进来的" not in text(answer)


def test_no_password_and_no_file_is_ever_handed_back(site: Flask) -> None:
    client = site.test_client()
    told = {"/account/password": {"current": "旧密码"}, "/accounts/new": {"password": "新密码"}}
    for address, form in told.items():
        answer = client.post(address, data=form, headers=PRESSED)
        assert answer.status_code == 401
        assert not any(one in text(answer) for one in form.values())
    parts = {"Content-Type": "multipart/form-data; boundary=b"}
    assert client.post("/exchange", data=b"--b--", headers={**PRESSED, **parts}).status_code == 401


@pytest.mark.parametrize(
    "odd", ["", "x", "{}", "[1]", '[["a"]]', '[["a", 1]]', '[["a", null]]', "[" * 9_000, '[["a", "b"], 3]']
)
def test_what_is_no_kept_form_is_none(odd: str) -> None:
    assert held.read(odd) == []


def test_a_kept_form_leads_to_no_other_site(site: Flask) -> None:
    client = site.test_client()
    token = token_in(text(client.get("/login")))
    kept = {"kept": '[["name", "x"]]', "kept_to": "//evil.example/x"}
    answer = client.post("/login", data={"csrf": token, "login": "east", "password": PASSWORD, **kept})
    assert answer.status_code == 303
    assert "evil" not in answer.location


def test_no_form_of_any_page_loses_what_was_typed_when_the_session_has_ended(site: Flask) -> None:
    """Every address that takes a form hands back what it brought; own settings and uploads ask anew."""
    client, asked = site.test_client(), 0
    for rule in site.url_map.iter_rules():
        own = rule.endpoint.split(".")[0] in ("account", "factor", "login", "glass")
        if "POST" not in (rule.methods or ()) or own or rule.rule.startswith(("/api/", "/liaison")):
            continue
        values = {
            name: next(iter(getattr(part, "items", ())), None)
            or ("1" if hasattr(part, "num_convert") else "x")
            for name, part in rule._converters.items()
        }
        _, place = rule.build(values, append_unknown=False) or ("", "")
        answer = client.post(place, data={"csrf": "alt", "note": NOTE}, headers=PRESSED)
        assert answer.status_code == 401, rule.rule
        assert json.loads(hidden(text(answer), "kept")) == [["note", NOTE]], rule.rule
        assert hidden(text(answer), "kept_to") == place, rule.rule
        asked += 1
    assert asked > 90
