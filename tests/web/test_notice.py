"""告知单页 with its service: clocks of working days, from the county's desk to a file."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.services import clock, notice, state
from casemgr.services.errors import Missing
from casemgr.store.models import Case, Notice, PauseSpell, Sheet
from casemgr.store.work import open_work
from casemgr.terms.register import Lifecycle, Pause
from tests.services.people import number_of
from tests.services.test_registration import TODAY, typed
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, EAST, OFFICER, SYSTEM, WEST, add_person, units
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]
NUMBER = number_of(1)
BORN = f"{NUMBER[6:10]}-{NUMBER[10:12]}-{NUMBER[12:14]}"
CARD = {
    "source": "1",
    "outpatient_no": "M1",
    "report_reason": "1",
    "name": "赵试验",
    "sex": "1" if int(NUMBER[16]) % 2 else "2",
    "birth_on": BORN,
    "document_kind": "1",
    "id_number": NUMBER,
    "ethnicity": "1",
    "household": "2",
    "education": "7",
    "marriage": "1",
    "employment": "3",
    "diagnosed_at": "示例县精神卫生中心",
    "diagnosed": "2026-11-10",
    "diagnosis": "1",
    "icd10": "F20",
    "doctor": "张医师",
    "on": "2026-11-11",
    "past_acts": "7",
    "contact_name": "赵监护",
    "drug_not_needed": "是",
}
DISCHARGE = {
    "name": "赵试验",
    "id_number": NUMBER,
    "admitted_on": "2026-10-01",
    "discharged_on": "2026-11-12",
    "diagnosis": "1",
    "on": "2026-11-13",
    "drug_not_needed": "是",
    "guide_not_needed": "是",
}


@pytest.fixture(autouse=True)
def _today(site: Flask) -> None:
    clock.fix(TODAY)


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def enter(client: FlaskClient, kind: str, values: dict[str, str], **more: str) -> TestResponse:
    at = f"/notices/new/{kind}"
    page = text(client.get(at))
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    data = {"csrf": token_in(page), "once": once[1], "received_on": "2026-11-16", **values, **more}
    return client.post(at, data=data)


def step(client: FlaskClient, at: str, **values: str) -> TestResponse:
    page = text(client.get(at))
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None, "no step is possible"
    return client.post(at, data={"csrf": token_in(page), "version": version[1], **values})


def test_a_card_goes_from_the_county_to_a_registered_person(client_of: ClientOf) -> None:
    officer, east = client_of("officer"), client_of("east")
    wrong = enter(officer, "onset", {**CARD, "id_number": NUMBER[:17] + "0", "diagnosis": ""})
    assert (
        wrong.status_code == 422 and 'href="#f-diagnosis"' in text(wrong) and 'value="赵试验"' in text(wrong)
    )
    made = enter(officer, "onset", CARD)
    assert made.status_code == 303, re.findall(r'<a href="#f-[^<]*', text(made))
    at = made.location
    page = text(officer.get(at))
    assert "县级录入" in page and "2026-11-23" in page  # five working days after Monday 16 November
    assert east.get(at).status_code == 404  # not forwarded yet
    assert step(officer, at, step="forward", to="").status_code == 422
    assert step(officer, at, step="forward", to=str(EAST)).status_code == 303
    assert client_of("west").get(at).status_code == 404
    assert "基层接收" in text(east.get(at)) and "2026-11-27" in text(east.get(at))
    assert "赵试验" not in text(east.get("/notices"))
    assert step(east, at, step="accept").status_code == 303
    key = at.rsplit("/", 1)[1]
    form = text(east.get(f"/register/new?notice={key}"))
    assert 'value="赵试验"' in form and 'value="赵监护"' in form and 'value="示例县精神卫生中心"' in form
    assert re.search(r'name="article30" value="是" checked', form)
    assert not re.search(r'name="consent" value="\d" checked', form)
    once = re.search(r'name="once" value="(\d+)"', form)
    assert once is not None
    values = {name: texts[0] for name, texts in typed(village="", article30="是", ground="1").items()}
    data = {"csrf": token_in(form), "once": once[1], "notice": key, **values}
    done = east.post("/register/new", data=data)
    assert done.status_code == 303, re.findall(r'<a href="#f-[^<]*', text(done))
    assert "已建档或已入档" in text(east.get(at)) and "打开档案" in text(east.get(at))


def test_a_discharge_is_filed_in_the_file_that_is_there(client_of: ClientOf, site: Flask) -> None:
    with site.app_context():
        unit = units()[EAST]
        with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
            _, case = add_person(work, EAST, unit, "100-00001", "赵试验", NUMBER)
        stay = (Pause.IN_HOSPITAL, TODAY + timedelta(30), "示例市精神卫生中心")
        state.pause(DOCTOR_EAST, case, 1, *stay, TODAY, date(2026, 10, 1))
    officer, east = client_of("officer"), client_of("east")
    assert enter(officer, "discharge", {**DISCHARGE, "discharged_on": "2026-09-30"}).status_code == 422
    assert enter(officer, "discharge", DISCHARGE, received_on="2026-11-11").status_code == 422
    at = enter(officer, "discharge", DISCHARGE, to=str(EAST)).location
    assert step(east, at, step="accept").status_code == 303
    assert "归入 100-00001" in text(east.get(at))
    assert step(east, at, step="file", case=str(case)).location == f"/case/{case}"
    with site.app_context(), open_work(SYSTEM, Action.NOTICE_READ) as work:
        row = work.get(Notice, int(at.rsplit("/", 1)[1]))
        assert row is not None and (row.case_id, row.ended_on) == (case, TODAY)
        filled = work.get(Sheet, row.sheet_id)
        assert filled is not None and filled.case_id == case
        # The stay that the file knows of has ended with the discharge, not with the day it was planned until.
        assert [one.ended_on for one in work.entities(select(PauseSpell))] == [date(2026, 11, 12)]
        there = work.get(Case, case)
        assert there is not None and there.pause is None and there.paused_until is None


def test_returned_forwarded_again_and_corrected(client_of: ClientOf) -> None:
    officer, east, west = client_of("officer"), client_of("east"), client_of("west")
    at = enter(officer, "onset", CARD, to=str(EAST)).location
    assert step(east, at, step="return", reason="").status_code == 422
    assert step(east, at, step="return", reason="现住西镇").status_code == 303
    assert "现住西镇" in text(officer.get(at))
    assert step(officer, at, step="forward", to=str(WEST)).status_code == 303
    assert east.get(at).status_code == 404
    assert step(west, at, step="accept").status_code == 303
    assert step(officer, at, step="correct", reason="复诊排除").status_code == 303
    assert "已更正排除" in text(west.get(at))
    late = west.post(
        at, data={"csrf": token_in(text(west.get("/notices"))), "version": "1", "step": "accept"}
    )
    assert late.status_code == 409 and "刚刚已被保存" in text(late)


def filed(site: Flask) -> int:
    """The file of the person on the card."""
    with site.app_context():
        unit = units()[EAST]
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            return add_person(work, EAST, unit, "100-00001", "赵试验", NUMBER)[1]


def test_a_correction_asks_what_becomes_of_the_file(client_of: ClientOf, site: Flask) -> None:
    officer, east = client_of("officer"), client_of("east")
    at = enter(officer, "onset", CARD, to=str(EAST)).location
    assert step(east, at, step="accept").status_code == 303
    case = filed(site)
    assert step(east, at, step="file", case=str(case)).status_code == 303
    asked = step(east, at, step="correct", reason="复诊排除")
    assert asked.status_code == 422 and "这份报告已经建档" in text(asked) and "复诊排除" in text(asked)
    assert step(east, at, step="correct", reason="复诊排除", file="exclude").status_code == 303
    assert "档案已排除" in text(east.get(at))
    assert "排除" in text(east.get(f"/case/{case}"))
    with site.app_context(), open_work(SYSTEM, Action.NOTICE_READ) as work:
        row = work.get(Case, case)
        assert row is not None and (row.lifecycle, row.lifecycle_on) == (Lifecycle.EXCLUDED, TODAY)


def test_a_file_with_other_ground_stays(client_of: ClientOf, site: Flask) -> None:
    officer, east = client_of("officer"), client_of("east")
    at = enter(officer, "onset", CARD, to=str(EAST)).location
    step(east, at, step="accept")
    case = filed(site)
    step(east, at, step="file", case=str(case))
    assert step(east, at, step="correct", reason="另有省级医院诊断", file="keep").status_code == 303
    with site.app_context(), open_work(SYSTEM, Action.NOTICE_READ) as work:
        row = work.get(Case, case)
        assert row is not None and row.lifecycle == Lifecycle.ON_REGISTER


def test_a_second_press_enters_once_and_a_township_may_enter_its_own(
    client_of: ClientOf, site: Flask
) -> None:
    east = client_of("east")
    page = text(east.get("/notices/new/onset"))
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None and " checked" not in page
    data = {"csrf": token_in(page), "once": once[1], "received_on": "2026-11-16", **CARD}
    first, second = east.post("/notices/new/onset", data=data), east.post("/notices/new/onset", data=data)
    assert first.location == second.location
    assert "基层已接收" in text(east.get(first.location))
    key = int(once[1])
    with site.app_context():
        assert len(notice.list_(DOCTOR_EAST, None, TODAY)) == 1
        assert notice.list_(DOCTOR_WEST, None, TODAY) == []
        with pytest.raises(Missing):
            notice.known(DOCTOR_WEST, key)
        assert notice.list_(OFFICER, None, date(2026, 12, 20))[0].clock.late  # type: ignore[union-attr]
    assert client_of("admin").get("/notices").status_code == 403


def test_the_form_of_another_notice_sent_again_keeps_what_was_typed(client_of: ClientOf) -> None:
    """The back button brings the old form with its key: nobody may vanish behind who was entered first."""
    officer, at = client_of("officer"), "/notices/new/discharge"
    page = text(officer.get(at))
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    sent = {"csrf": token_in(page), "once": once[1], "received_on": "2026-11-16", **DISCHARGE}
    first = officer.post(at, data=sent).headers["Location"]
    assert officer.post(at, data=sent).headers["Location"] == first
    other = officer.post(at, data={**sent, "name": "钱试验", "id_number": ""})
    assert other.status_code == 409
    assert "已经用来登记了另一个人" in text(other)
    assert 'value="钱试验"' in text(other) and f'name="once" value="{once[1]}"' not in text(other)
