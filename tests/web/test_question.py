"""待核对页: the card of a person, the answer with its reason, and the list of an area."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.services import question
from tests.services.test_registration import TODAY, entered
from tests.store.register import EAST
from tests.web.conftest import token_in
from tests.web.test_county import page_of

Client = Callable[[str], FlaskClient]


@pytest.fixture
def asked(site: Flask) -> int:
    """A person registered too late after the diagnosis."""
    from casemgr.rules.access import Action
    from casemgr.store.models import Area
    from casemgr.store.work import open_work
    from tests.services.test_registration import VILLAGE
    from tests.store.register import SYSTEM

    with site.app_context():
        with open_work(SYSTEM, Action.AREA_WRITE) as work:
            work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))
        return entered(diagnosed="2026-10-09")


def test_the_card_asks_is_answered_and_goes(client_of: Client, asked: int) -> None:
    client = client_of("east")
    page = page_of(client, f"/case/{asked}")
    assert "待核对" in page and "建档晚于确诊后" in page and "rg09" in page
    assert f"/case/{asked}/edit#f-registered_on" in page
    (number,) = re.findall(r'name="question" value="(\d+)"', page)
    form = {"csrf": token_in(page), "question": number}
    empty = client.post(f"/case/{asked}/question", data=form)
    assert empty.status_code == 422 and "请写明怎样核实的" in empty.get_data(as_text=True)
    form[f"reason-{number}"] = "迟报有公函"
    assert client.post(f"/case/{asked}/question", data=form).status_code == 303
    page = page_of(client, f"/case/{asked}")
    assert 'id="questions"' not in page and "情况不变时不再询问" in page
    assert client.post(f"/case/{asked}/question", data=form).status_code == 303
    assert "迟报有公函" in page_of(client, f"/case/{asked}/changes")


def test_the_list_leads_to_the_person_and_the_county_sees_its_townships(
    client_of: Client, asked: int
) -> None:
    page = page_of(client_of("east"), "/questions")
    assert "100-00001" in page and "建档过晚" in page and "赵试验" not in page and "现在核对" in page
    assert f"/case/{asked}#questions" in page
    county = page_of(client_of("officer"), "/questions?code=rg09")
    assert "东镇" in county and "100-00001" in county and "现在核对" not in county
    assert "100-00001" not in page_of(client_of("west"), "/questions")
    assert f"/questions?area={EAST}" in page_of(client_of("officer"), "/work")
    assert client_of("west").get(f"/questions?area={EAST}").status_code == 404
    assert "没有待核对的内容" in page_of(client_of("east"), "/questions?code=nothing")


def test_names_on_the_list_are_opened_by_the_switch_only(client_of: Client, asked: int) -> None:
    client = client_of("east")
    token = token_in(page_of(client, "/questions"))
    client.post("/names", data={"csrf": token, "names": "1", "back": "/questions"})
    assert "赵试验" in page_of(client, "/questions")


def test_a_township_is_checked_when_asked(client_of: Client, asked: int, site: Flask) -> None:
    client = client_of("east")
    token = token_in(page_of(client, "/questions"))
    answer = client.post("/questions/check", data={"csrf": token, "area": str(EAST)})
    assert answer.status_code == 303 and "已核对 1 份档案" in page_of(client, "/questions")
    stranger = client_of("west")
    token = token_in(page_of(stranger, "/questions"))
    refused = stranger.post("/questions/check", data={"csrf": token, "area": str(EAST)})
    assert refused.status_code == 404
    officer = client_of("officer")
    told = officer.post(
        "/questions/check", data={"csrf": token_in(page_of(officer, "/questions")), "area": ""}
    )
    assert told.status_code == 303 and "请先选择一个乡镇" in page_of(officer, "/questions")
    with site.app_context():
        from tests.store.register import DOCTOR_EAST

        assert len(question.of_case(DOCTOR_EAST, asked, TODAY)) == 1
