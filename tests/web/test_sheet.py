"""填表页 and 警示: 表6, 表7 and 表11 are kept; allergies and 不要联系 stand where they matter."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import printing, sheet
from casemgr.store.models import Area, Sheet
from casemgr.store.work import open_work
from tests.services.test_registration import TODAY, VILLAGE, entered
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM
from tests.web.conftest import token_in
from tests.web.test_county import page_of

Client = Callable[[str], FlaskClient]


@pytest.fixture
def case(site: Flask) -> int:
    with site.app_context():
        with open_work(SYSTEM, Action.AREA_WRITE) as work:
            work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))
        return entered(allergies="5", allergy_other="头孢", no_contact="1", no_contact_note="只在白天打")


def form_in(page: str) -> dict[str, str]:
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    return {"csrf": token_in(page), "once": once.group(1)}


def kept(site: Flask) -> list[Sheet]:
    with site.app_context(), open_work(DOCTOR_EAST, Action.CASE_READ) as work:
        return work.entities(select(Sheet).order_by(Sheet.id))


def test_the_resident_file_is_kept_once_for_each_time_it_was_filled(
    client_of: Client, case: int, site: Flask
) -> None:
    client, address = client_of("east"), f"/case/{case}/sheet/resident"
    page = page_of(client, address)
    assert "登记中已有的" in page and 'name="education"' not in page and "药物过敏：头孢" in page
    form = {**form_in(page), "blood": "1", "rhesus": "2", "exposure": "1", "toilet": "1"}
    assert client.post(address, data=form).status_code == 303
    assert client.post(address, data=form).status_code == 303  # a second press
    assert len(kept(site)) == 1 and "A型" not in repr(vars(kept(site)[0]))
    page = page_of(client, address)
    assert re.search(r'name="blood" value="1" checked', page)
    again = {**form_in(page), "blood": "2", "toilet": "1"}
    assert client.post(address, data=again).status_code == 303
    assert len(kept(site)) == 2
    changes = page_of(client, f"/case/{case}/changes")
    assert "血型" in changes and "A型" in changes and "B型" in changes


def test_what_is_wrong_keeps_what_was_typed(client_of: Client, case: int, site: Flask) -> None:
    client, address = client_of("east"), f"/case/{case}/sheet/resident"
    form = {**form_in(page_of(client, address)), "exposure": ["1", "2"], "fuel": "6", "blood": "3"}
    answer = client.post(address, data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "两者矛盾" in page and "先存为草稿" not in page
    assert re.search(r'name="blood" value="3" checked', page) and kept(site) == []
    empty = client.post(address, data=form_in(page))
    assert empty.status_code == 422 and "还没有填写任何项目" in empty.get_data(as_text=True)


def test_the_supplement_and_the_consent_of_an_emergency_are_kept_and_printed(
    client_of: Client, case: int, site: Flask
) -> None:
    client = client_of("east")
    for name, told in (
        ("supplement", {"committee_contact": "村主任王某", "poverty_relief": "否"}),
        (
            "emergency_consent",
            {"causes": "1", "answer": "1", "on": "2026-11-20", "guardian_signature": "赵监护"},
        ),
    ):
        address = f"/case/{case}/sheet/{name}"
        form = {**form_in(page_of(client, address)), **told}
        answer = client.post(address, data=form)
        assert answer.status_code == 303, re.findall(
            r'class="error"[^>]*>.*?</p>', answer.get_data(as_text=True)
        )
    with site.app_context():
        for name in ("supplement", "emergency_consent"):
            (record,) = printing.records(DOCTOR_EAST, case, name)
            assert printing.begin(DOCTOR_EAST, [case], name, "1", TODAY, record.key)
        assert (
            sheet.open_sheet(DOCTOR_EAST, case, "emergency_consent", TODAY).filled_on.isoformat()
            == "2026-11-20"
        )  # type: ignore[union-attr]


def test_nobody_reads_a_form_of_another_township(client_of: Client, case: int) -> None:
    for name in sheet.KEPT:
        assert client_of("west").get(f"/case/{case}/sheet/{name}").status_code == 404
    assert client_of("east").get(f"/case/{case}/sheet/followup").status_code == 404


def test_warnings_stand_above_the_person_and_the_visit(client_of: Client, case: int) -> None:
    client = client_of("east")
    for address in (f"/case/{case}", f"/case/{case}/visit", f"/case/{case}/attempt"):
        page = page_of(client, address)
        assert "药物过敏：头孢" in page and "不要联系：本人电话" in page and "只在白天打" in page
    token = token_in(page_of(client, f"/case/{case}"))
    reached = client.post(f"/case/{case}/reach", data={"csrf": token, "who": "self"}).get_data(as_text=True)
    assert "10000000001" in reached and '<span class="tag bad">不要联系</span>' in reached
    guardian = client.post(f"/case/{case}/reach", data={"csrf": token, "who": "guardian"})
    assert '<span class="tag bad">不要联系</span>' not in guardian.get_data(as_text=True)
