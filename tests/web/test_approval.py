"""Asking, answering and fetching an export; the page of the daily ceiling: as a browser meets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from casemgr.rules import policy
from casemgr.rules.access import Action
from casemgr.services import approval
from casemgr.services.step_up import FRESH
from casemgr.store import ceiling
from casemgr.store.models import LoginSession, Unit
from casemgr.store.work import open_work
from casemgr.terms.purpose import Purpose
from casemgr.web.staff import approval as pages
from tests.staff import PASSWORD
from tests.store.register import EAST, SYSTEM, WEST, add_person
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]
CHECK = str(int(Purpose.CHECK))
ASKED = {"area": str(EAST), "purpose": CHECK, "reason": "年底体检前核对"}


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two people may leave alone, three be opened on a day; files are made at once."""
    known = policy.in_force_on

    def fewer(day: date, region: str = policy.NATIONAL) -> policy.Policy:
        found = known(day, region)
        alone, most = replace(found.export_alone, value=2), replace(found.identity_ceiling, value=3)
        return replace(found, export_alone=alone, identity_ceiling=most)

    for module in (ceiling, approval, policy):
        monkeypatch.setattr(module, "in_force_on", fewer)
    monkeypatch.setattr(pages, "in_background", lambda _app, function, *given: function(*given))


@pytest.fixture
def town(site: Flask) -> Iterator[Flask]:
    """Four people in the east."""
    with site.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        unit = work.scalar(select(Unit.id).where(Unit.area_code == EAST))
        for number in range(4):
            add_person(work, EAST, unit, f"E{number}", f"张{number}", f"99990119800101{number:04d}")
    return site


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def ask(client: FlaskClient, **changed: str) -> TestResponse:
    page = text(client.get("/export"))
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    return client.post("/export", data={"csrf": token_in(page), "once": once.group(1), **ASKED, **changed})


def press(client: FlaskClient, place: str, **more: str) -> TestResponse:
    return client.post(place, data={"csrf": token_in(text(client.get("/approvals"))), **more})


def test_from_asking_to_the_second_download(town: Flask, client_of: ClientOf) -> None:
    doctor, officer = client_of("east"), client_of("officer")
    place = ask(doctor).headers["Location"]
    assert "等待审批" in text(doctor.get(place))
    assert press(doctor, f"{place}/decide", verdict="yes").status_code == 403
    press(doctor, f"{place}/file")
    assert "等待审批" in text(doctor.get(place))
    assert "审批</a>" in text(officer.get("/approvals"))
    assert "年底体检前核对" in text(officer.get(place))
    empty = press(officer, f"{place}/decide", verdict="no", answer="")
    assert empty.status_code == 422
    assert "不同意时请写明理由" in text(empty)
    assert press(officer, f"{place}/decide", verdict="yes").status_code == 303
    press(doctor, f"{place}/file")
    for _ in range(2):
        got = press(doctor, f"{place}/fetch")
        assert got.mimetype.endswith("sheet")
        assert got.data.startswith(b"PK")
        assert "张" not in got.headers["Content-Disposition"]
        assert "E0" not in got.headers["Content-Disposition"]
    again = press(doctor, f"{place}/fetch")
    assert again.status_code == 303
    assert "已经下载过 2 次" in text(doctor.get(place))
    assert press(officer, f"{place}/fetch").status_code == 404, "not somebody else's file"


def test_an_export_asks_who_one_is_and_keeps_the_form(town: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    with town.app_context(), open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for one in work.entities(select(LoginSession)):
            one.confirmed_at -= FRESH + timedelta(seconds=1)
    asked = ask(client)
    assert asked.status_code == 401
    page = text(asked)
    fields = dict(
        re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', page.split("<main", 1)[1])
    )
    assert {name: fields[name] for name in ASKED} == ASKED
    done = client.post("/export", data={**fields, "proof": PASSWORD})
    assert done.status_code == 303
    assert done.headers["Location"].startswith("/approvals/")


def test_a_bad_form_keeps_what_was_typed(town: Flask, client_of: ClientOf) -> None:
    answer = ask(client_of("east"), area=str(WEST), reason="短")
    assert answer.status_code == 422
    assert "自己辖区内" in text(answer)
    assert ">短</textarea>" in text(answer)


def test_at_the_ceiling_names_can_be_hidden_or_more_be_asked_for(town: Flask, client_of: ClientOf) -> None:
    client = client_of("east")
    csrf = token_in(text(client.get("/cases")))
    client.post("/names", data={"csrf": csrf, "names": CHECK, "back": "/cases"})
    stopped = client.get("/cases")
    assert stopped.status_code == 429
    assert "今天查看的人数已到上限" in text(stopped)
    assert "张" not in text(stopped).replace("张表", "")
    wrong = press(client, "/approvals/raise", people="900", purpose="", reason="")
    assert wrong.status_code == 422
    place = press(client, "/approvals/raise", people="1", purpose=CHECK, reason="入户排查").headers[
        "Location"
    ]
    assert press(client_of("officer"), f"{place}/decide", verdict="yes").status_code == 303
    shown = client.get("/cases")
    assert shown.status_code == 200
    assert "张0" in text(shown)
    hidden = client.post("/names", data={"csrf": csrf, "names": "hide", "back": "/cases"})
    assert hidden.headers["Location"] == "/cases"


def test_somebody_elses_request_is_not_there(town: Flask, client_of: ClientOf) -> None:
    place = ask(client_of("east")).headers["Location"]
    west = client_of("west")
    assert west.get(place).status_code == 404
    assert "年底" not in text(west.get("/approvals"))
    assert client_of("admin").get("/approvals").status_code == 403
