"""带入页: a filled sheet comes onto the screen with its problems at the fields; nothing is saved by it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from casemgr.forms.registry import form_named
from casemgr.forms.sheet import DATA, template
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.models import Sheet, Visit
from casemgr.store.work import open_work
from tests.services.test_state import TODAY
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM, WEST, add_person, units
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]
NUMBER = "100-00001"


@pytest.fixture
def case(site: Flask) -> int:
    clock.fix(TODAY)
    with site.app_context():
        unit = units()[EAST]
    with site.app_context(), open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, EAST, unit, NUMBER, "赵试验")
    return key


def workbook(name: str, *lines: dict[str, Any]) -> bytes:
    """A sheet as somebody fills it in: column → what was typed."""
    book = load_workbook(BytesIO(template(form_named(name))))
    page = book[DATA]
    columns = {cell.value: cell.column for cell in page[1]}
    for row, line in enumerate(lines, 2):
        for label, value in line.items():
            page.cell(row, columns[label], value)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def upload(client: FlaskClient, at: str, content: bytes | None) -> TestResponse:
    data: dict[str, Any] = {"csrf": token_in(client.get(at).get_data(as_text=True))}
    if content is not None:
        data["file"] = (BytesIO(content), "表.xlsx")
    return client.post(at, data=data, content_type="multipart/form-data")


def count(site: Flask, model: type[Any]) -> int:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        return int(work.scalar(select(func.count(model.id))))


def test_a_visit_comes_onto_the_screen_as_a_draft(site: Flask, client_of: ClientOf, case: int) -> None:
    client, at = client_of("east"), f"/case/{case}/visit/filled"
    labels = {each.key: each.label for each in form_named("followup").fields}
    line = {"档案编号": NUMBER, labels["on"]: "2026-11-20", labels["mode"]: 1, labels["risk"]: 0}
    other = {"档案编号": "100-00009", labels["on"]: "2026-11-19"}
    taken = upload(client, at, workbook("followup", line, other))
    assert (taken.status_code, taken.location) == (303, f"/case/{case}/visit?step=1")
    page = client.get(taken.location).get_data(as_text=True)
    assert "还没有保存" in page and 'value="2026-11-20"' in page
    assert count(site, Visit) == 0
    wrong = upload(client, at, workbook("followup", {**line, labels["on"]: "去年夏天"}))
    assert wrong.status_code == 422
    shown = wrong.get_data(as_text=True)
    assert "去年夏天" in shown and 'id="f-on-error"' in shown


@pytest.mark.parametrize(("content", "says"), [
    (None, "请选择填好的表格"),
    (b"nothing", "Excel"),
    (workbook("consent", {"姓名": "赵试验"}), "与所选的表单不同"),
    (workbook("followup"), "没有填写内容"),
    (workbook("followup", {"档案编号": "100-00009", "随访日期": "2026-11-20"}), "没有这份档案"),
    (workbook("followup", *[{"档案编号": NUMBER, "随访日期": "2026-11-20"}] * 2), "有 2 行"),
])  # fmt: skip
def test_what_cannot_be_taken_is_said_beside_the_file(
    client_of: ClientOf, case: int, content: bytes | None, says: str
) -> None:
    answer = upload(client_of("east"), f"/case/{case}/visit/filled", content)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert says in page and 'href="#f-file"' in page


def test_a_kept_form_is_filled_and_saved_only_by_hand(site: Flask, client_of: ClientOf, case: int) -> None:
    client, at = client_of("east"), f"/case/{case}/sheet/emergency_consent/filled"
    form = form_named("emergency_consent")
    label = next(each.label for each in form.fields if each.widget == "date")
    taken = upload(client, at, workbook("emergency_consent", {"档案编号": NUMBER, label: "2026-11-20"}))
    assert taken.status_code == 200
    assert 'value="2026-11-20"' in taken.get_data(as_text=True)
    assert count(site, Sheet) == 0


def test_a_strangers_form_takes_nothing(client_of: ClientOf, site: Flask) -> None:
    clock.fix(TODAY)
    with site.app_context():
        unit = units()[WEST]
    with site.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _, case = add_person(work, WEST, unit, "200-00001", "钱试验")
    client = client_of("east")
    token = token_in(client.get("/forms").get_data(as_text=True))
    own = (f"/case/{case}/visit", f"/case/{case}/sheet/resident", "/emergency/1/record")
    for path in (f"{page}/filled" for page in own):
        assert client.get(path).status_code == 404
        assert client.post(path, data={"csrf": token}).status_code == 404
