"""迁移页: sent, received, declined, asked for from the warning about duplicates."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.work import open_work
from tests.services.test_transfer import NUMBER, TODAY
from tests.store.register import DOCTOR_EAST, EAST, WEST, add_person, units
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.fixture
def case(site: Flask) -> int:
    clock.fix(TODAY)
    with site.app_context():
        unit = units()[EAST]
        with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
            _, key = add_person(work, EAST, unit, "100-00001", "赵试验", NUMBER)
    return key


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def send(client: FlaskClient, at: str, **values: str) -> TestResponse:
    page = text(client.get(at))
    version = re.search(r'name="version" value="(\d+)"', page)
    given = {"version": version[1]} if version else {}
    return client.post(at, data={"csrf": token_in(page), **given, **values})


def only(client: FlaskClient) -> str:
    (at,) = set(re.findall(r'href="(/transfers/\d+)"', text(client.get("/transfers"))))
    return at


def test_sent_seen_accepted(client_of: ClientOf, case: int) -> None:
    east, west = client_of("east"), client_of("west")
    assert send(east, f"/case/{case}/transfer", to="", reason="").status_code == 422
    sent = send(east, f"/case/{case}/transfer", to=str(WEST), reason="随子女居住")
    assert sent.status_code == 303 and "仍由本单位负责" in text(east.get(sent.location))
    assert "赵试验" not in text(west.get("/transfers"))
    at = only(west)
    page = text(west.get(at))
    assert "赵试验" in page and "接收后可见" in page and "100-00001" not in page
    assert "精神分裂症" not in page
    done = send(west, at, answer="accept")
    assert done.status_code == 303 and done.location == f"/case/{case}"
    assert "100-00001" in text(west.get(done.location))
    assert east.get(f"/case/{case}").status_code == 404
    assert "已接收" in text(east.get(sent.location))
    late = west.post(
        at, data={"csrf": token_in(page), "version": "1", "answer": "accept"}, follow_redirects=True
    )
    assert "已经答复过" in text(late)


def test_declined_with_a_reason_and_withdrawn(client_of: ClientOf, case: int) -> None:
    east, west = client_of("east"), client_of("west")
    sent = send(east, f"/case/{case}/transfer", to=str(WEST), reason="搬家").location
    at = only(west)
    assert send(west, at, answer="decline", reason="").status_code == 422
    assert send(west, at, answer="decline", reason="地址不实").status_code == 303
    assert "地址不实" in text(east.get(sent))
    again = send(east, f"/case/{case}/transfer", to=str(WEST), reason="已核实").location
    assert "撤回申请" in text(east.get(again))
    assert send(east, again, answer="withdraw").status_code == 303
    assert "已撤回" in text(east.get(again))
    assert client_of("officer").get("/transfers").status_code == 200
    assert client_of("admin").get("/transfers").status_code == 403


def test_asked_for_from_the_warning(client_of: ClientOf, case: int) -> None:
    east, west = client_of("east"), client_of("west")
    token = token_in(text(west.get("/register/new")))
    warning = text(west.post("/register/alike", data={"csrf": token, "id_number": NUMBER}))
    assert "申请转入" in warning and "/transfers/ask-in" in warning
    asked = west.post("/transfers/ask-in", data={"csrf": token, "id_number": NUMBER, "name": "赵某"})
    page = text(west.get(asked.location))
    assert "本县其他乡镇" in page and "东镇" not in page.replace("东镇乙", "") and "赵试验" not in page
    at = only(east)
    assert "同意转出" in text(east.get(at))
    done = send(east, at, answer="accept")
    assert done.location == at
    assert west.get(f"/case/{case}").status_code == 200
    typed = {"csrf": token, "id_number": "1", "name": "钱试验", "residence": "某村二组"}
    nobody = west.post("/transfers/ask-in", data=typed)
    assert nobody.status_code == 422
    assert 'value="钱试验"' in text(nobody) and "某村二组" in text(nobody) and "才能申请转入" in text(nobody)
