"""申请和转介 in the window of departments: only its receiver sees it, answers it, and loses it at once."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.app import create_app, mount_liaison
from casemgr.rules.access import Action, Role
from casemgr.services import account, benefit, clock, impact
from casemgr.services.benefit import Asked
from casemgr.services.impact import TEXTS, NewNote
from casemgr.store.db import db
from casemgr.store.models.account import LoginSession
from casemgr.store.work import open_work
from casemgr.terms.sharing import Benefit, Capacity, ConsentGiver, Flow
from tests.conftest import TODAY, make_config
from tests.services import people
from tests.services.liaison import promised
from tests.services.sharing import SECRETS
from tests.staff import NOW
from tests.store.register import COUNTY, DOCTOR_EAST, OFFICER, SYSTEM, units
from tests.web.conftest import PASSWORD, token_in


@pytest.fixture
def host(staffed: Path, tmp_path: Path) -> Iterator[tuple[Flask, int, int]]:
    """Both doors on one host; one person has applied for rehabilitation and an allowance."""
    folder = tmp_path / "instance"
    shutil.copytree(staffed, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    staff, door = create_app(config, ("web",)), create_app(config, ("liaison",))
    mount_liaison(staff, door)
    clock.fix(TODAY)
    with staff.app_context():
        case = people.furnish(units()).cases[people.WHOLE]
        for login, role in (("minzheng", Role.CIVIL_AFFAIRS), ("canlian", Role.DISABLED_FEDERATION)):
            made = account.create(SYSTEM, login, login, int(role), COUNTY, NOW, PASSWORD, must_change=False)
            promised(made.account, role, COUNTY)
        texts = dict.fromkeys(TEXTS, "写明必要性、风险和保护措施")
        impact.write(OFFICER, impact.begin(), NewNote(Flow.CIVIL_AFFAIRS, TODAY, texts), TODAY)
        once = benefit.begin()
        asked = Asked(
            Benefit.ALLOWANCE, ConsentGiver.PATIENT, Capacity.CAPABLE, date(2026, 11, 10), None,
            signer="本人", purpose="申请低保",
        )  # fmt: skip
        benefit.apply(DOCTOR_EAST, once, case, asked, TODAY)
    yield staff, case, once
    for app in (staff, door):
        with app.app_context():
            db.engine.dispose()
    clock.fix(None)


def client_of(staff: Flask, login: str) -> FlaskClient:
    client = staff.test_client()
    page = client.get("/liaison/login").get_data(as_text=True)
    data = {"csrf": token_in(page), "login": login, "password": PASSWORD}
    assert client.post("/liaison/login", data=data).status_code == 303
    return client


def test_an_application_is_answered_by_its_receiver_and_gone_when_withdrawn(
    host: tuple[Flask, int, int],
) -> None:
    staff, case, once = host
    civil, federation = client_of(staff, "minzheng"), client_of(staff, "canlian")
    page = civil.get("/liaison/benefits").get_data(as_text=True)
    assert "低保、救助" in page and "已提交接收方" in page
    assert not any(secret in page for secret in SECRETS)
    assert "目前没有提交给本单位" in federation.get("/liaison/benefits").get_data(as_text=True)
    action = re.search(r'action="(/liaison/benefits/\d+)"', page)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert action is not None and version is not None
    given = {"csrf": token_in(page), "version": version[1], "choice": "3", "on": "2026-11-20", "words": ""}
    wrong = civil.post(action[1], data=given)
    assert wrong.status_code == 422
    text = wrong.get_data(as_text=True)
    assert 'href="#f-words"' in text and 'value="3" checked' in text and 'value="2026-11-20"' in text
    foreign = federation.get("/liaison/benefits").get_data(as_text=True)
    other = {**given, "csrf": token_in(foreign)}
    assert federation.post(action[1], data=other).status_code == 404
    huge = {**given, "version": "9" * 5_000, "words": "收入超过标准"}
    assert civil.post(action[1], data=huge).status_code == 409
    assert civil.post(action[1], data={**given, "words": "收入超过标准"}).status_code == 303
    with staff.app_context():
        (claim,) = benefit.of_case(DOCTOR_EAST, case, TODAY).claims
        assert claim.unread and claim.answer.endswith("收入超过标准")
        benefit.withdraw(DOCTOR_EAST, case, once, TODAY)
    assert "目前没有提交给本单位" in civil.get("/liaison/benefits").get_data(as_text=True)


def test_what_was_typed_when_the_session_had_ended_is_sent_on_after_signing_in(
    host: tuple[Flask, int, int],
) -> None:
    staff, _case, _once = host
    civil = client_of(staff, "minzheng")
    page = civil.get("/liaison/benefits").get_data(as_text=True)
    action = re.search(r'action="(/liaison/benefits/\d+)"', page)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert action is not None and version is not None
    words = "收入超过标准，已当面说明"
    given = {"csrf": token_in(page), "version": version[1], "choice": "3", "on": "2026-11-20", "words": words}
    civil.post("/liaison/logout", data={"csrf": token_in(page)})
    pressed = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate"}
    asked = civil.post(action[1], data=given, headers=pressed)
    text = asked.get_data(as_text=True)
    assert asked.status_code == 401 and "都保留着" in text and words in text
    kept = html.unescape(re.search(r'name="kept" value="([^"]*)"', text)[1])  # type: ignore[index]
    signing = {"csrf": token_in(text), "kept": kept, "kept_to": action[1].removeprefix("/liaison")}
    signing |= {"login": "minzheng", "password": PASSWORD}
    wrong = civil.post("/liaison/login", data={**signing, "password": "不对的密码"})
    assert words in wrong.get_data(as_text=True), "a slip of the password loses nothing either"
    back = civil.post("/liaison/login", data=signing).get_data(as_text=True)
    assert f'action="{action[1]}"' in back and words in back
    again = {**given, "csrf": token_in(back.split("fault")[1])}
    assert civil.post(action[1], data=again).status_code == 303
    away = civil.post(
        "/liaison/login", data={**signing, "csrf": token_of(civil), "kept_to": "//evil.example/x"}
    )
    assert "evil" not in away.get_data(as_text=True)


def token_of(client: FlaskClient) -> str:
    return token_in(client.get("/liaison/password").get_data(as_text=True))


def test_an_answer_asks_for_a_fresh_proof_and_keeps_what_was_typed(host: tuple[Flask, int, int]) -> None:
    staff, case, _once = host
    civil = client_of(staff, "minzheng")
    with staff.app_context(), open_work(SYSTEM, Action.ACCOUNT_SIGN_IN) as work:
        for session in work.entities(select(LoginSession)):
            session.confirmed_at = session.created_at - timedelta(hours=1)
    page = civil.get("/liaison/benefits").get_data(as_text=True)
    action = re.search(r'action="(/liaison/benefits/\d+)"', page)
    version = re.search(r'name="version" value="(\d+)"', page)
    assert action is not None and version is not None
    given = {
        "csrf": token_in(page),
        "version": version[1],
        "choice": "3",
        "on": "2026-11-20",
        "words": "收入超过标准",
    }
    asked = civil.post(action[1], data=given)
    text = asked.get_data(as_text=True)
    assert asked.status_code == 401 and f'action="{action[1]}"' in text and 'value="收入超过标准"' in text
    assert civil.post(action[1], data={**given, "proof": "不对"}).status_code == 422
    assert civil.post(action[1], data={**given, "proof": PASSWORD}).status_code == 303
    with staff.app_context():
        assert benefit.of_case(DOCTOR_EAST, case, TODAY).claims[0].answer.endswith("收入超过标准")
