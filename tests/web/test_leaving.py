"""外迁页: letter and workbook for another county; the sender stays responsible until the answer is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.services import clock, printing
from casemgr.store.models import AuditEntry, Case, Transfer
from casemgr.store.work import open_work
from casemgr.terms.register import Lifecycle
from casemgr.terms.transfer import TransferState
from casemgr.web.staff import form
from tests.services.test_state import TODAY
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM, add_person, add_visit, units
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]
SENT = {"receiver": "邻县某卫生院", "address": "随子女迁居邻县"}


@pytest.fixture
def case(site: Flask) -> int:
    clock.fix(TODAY)
    with site.app_context():
        unit = units()[EAST]
        with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
            _, key = add_person(work, EAST, unit, "100-00001", "赵试验", phone="10000000001")
            _, other = add_person(work, EAST, unit, "100-00002", "钱试验")
            add_visit(work, EAST, key, TODAY.replace(month=9))
            add_visit(work, EAST, other, TODAY.replace(month=9))
    return key


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def post(client: FlaskClient, page: str, at: str, **values: str) -> TestResponse:
    shown = text(client.get(page))
    version = re.search(r'name="version" value="(\d+)"', shown)
    return client.post(at, data={"csrf": token_in(shown), "version": version[1] if version else "", **values})


def send(client: FlaskClient, case: int, **values: str) -> TestResponse:
    return post(client, f"/case/{case}/moved", f"/case/{case}/leaving", **(values or SENT))


def stands(site: Flask, case: int) -> tuple[int, list[int]]:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        rows = work.rows(select(Transfer.state).where(Transfer.file_key == case).order_by(Transfer.id))
        return work.scalar(select(Case.lifecycle).where(Case.id == case)), [row.state for row in rows]


def test_the_package_is_made_and_nothing_is_closed(
    site: Flask, client_of: ClientOf, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("east")
    wrong = send(client, case, receiver="", address="搬家")
    assert wrong.status_code == 422 and 'href="#f-receiver"' in text(wrong) and "搬家" in text(wrong)
    at = send(client, case).location
    assert send(client, case).location == at, "sending twice is sending once"
    assert "外县" in text(client.get(at)) and "邻县某卫生院" in text(client.get(at))
    drawn: list[str] = []
    monkeypatch.setattr(form, "_start", lambda *_, **__: None)
    monkeypatch.setattr(printing, "put", lambda _work, html, *_: drawn.append(html) or 1)
    assert post(client, at, f"{at}/letter").status_code == 303
    assert all(words in drawn[0] for words in ("患者管理迁移函", "邻县某卫生院", "赵试验", "随子女迁居邻县"))
    assert "<title>患者管理迁移函</title>" in drawn[0]
    book = load_workbook(BytesIO(post(client, at, f"{at}/workbook").data))
    words = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert {"赵试验", "100-00001"} <= words and not {"钱试验", "100-00002"} & words
    assert stands(site, case) == (Lifecycle.ON_REGISTER, [TransferState.ASKED])
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(select(AuditEntry.case_key).where(AuditEntry.verb == "export"))
        assert case in {row.case_key for row in rows}


def test_the_answer_closes_the_file_or_leaves_it(site: Flask, client_of: ClientOf, case: int) -> None:
    client = client_of("east")
    at = send(client, case).location
    assert post(client, at, at, answer="accept").status_code == 422
    assert stands(site, case) == (Lifecycle.ON_REGISTER, [TransferState.ASKED])
    assert post(client, at, at, answer="decline", reason="").status_code == 422
    assert post(client, at, at, answer="decline", reason="查无此人").status_code == 303
    assert stands(site, case) == (Lifecycle.ON_REGISTER, [TransferState.DECLINED])
    assert post(client, at, f"{at}/workbook").location == at, "an answered transfer has no papers"
    send(client, case)
    moved = {"on": "2026-11-20", "place": "邻县某卫生院"}
    post(client, f"/case/{case}/moved", f"/case/{case}/moved", **moved)
    assert stands(site, case) == (Lifecycle.MOVED_OUT, [TransferState.DECLINED, TransferState.ACCEPTED])


def test_nobody_else_gets_the_package(client_of: ClientOf, case: int) -> None:
    at = send(client_of("east"), case).location
    west = client_of("west")
    token = token_in(text(west.get("/forms")))
    for path in (f"{at}/letter", f"{at}/workbook", f"/case/{case}/leaving"):
        assert west.post(path, data={"csrf": token, **SENT}).status_code == 404
