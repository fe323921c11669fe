"""对外提供页: impact notes, comparison of lists, data requests; who may open them and what stands on them."""

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
from casemgr.services import clock
from casemgr.services.impact import TEXTS
from casemgr.services.step_up import FRESH
from casemgr.store.models import LoginSession
from casemgr.store.work import open_work
from tests.services import people
from tests.services.people import number_of
from tests.services.sharing import SECRETS, TODAY
from tests.store.register import SYSTEM, units
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]
NOTE = {"flow": "1", "written_on": "2026-11-20", **dict.fromkeys(TEXTS, "写明必要性、风险和保护措施")}
PAGES = ("/comparisons", "/requests", "/requests/new", "/impact", "/benefits/subsidy")
ALSO_TOWNSHIP = ("/sharing", "/benefits", "/meetings")


@pytest.fixture(autouse=True)
def made(site: Flask) -> people.Made:
    clock.fix(TODAY)
    with site.app_context():
        return people.furnish(units())


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def post(client: FlaskClient, form_at: str, at: str = "", **values: object) -> TestResponse:
    page = text(client.get(form_at))
    once = re.search(r'name="once" value="(\d+)"', page)
    hidden = {"csrf": token_in(page), **({"once": once.group(1)} if once else {})}
    return client.post(at or form_at, data={**hidden, **values}, content_type="multipart/form-data")


def test_pages_are_the_county_s(client_of: ClientOf) -> None:
    officer, doctor, admin = client_of("officer"), client_of("east"), client_of("admin")
    for at in (*PAGES, *ALSO_TOWNSHIP):
        assert officer.get(at).status_code == 200, at
        assert doctor.get(at).status_code == (200 if at in ALSO_TOWNSHIP else 403), at
        assert admin.get(at).status_code == 403, at
    assert "名单比对" in text(officer.get("/sharing")) and "名单比对" not in text(doctor.get("/sharing"))


def test_a_list_is_compared_after_the_impact_note(client_of: ClientOf) -> None:
    officer = client_of("officer")
    content = f"姓名,证件号码\n甲某,{number_of(1)}\n乙某,坏的\n".encode()

    def upload() -> TestResponse:
        return post(officer, "/comparisons", party="11", file=(BytesIO(content), "名单.csv"))

    refused = upload()
    assert refused.status_code == 422 and "影响评估" in text(refused)
    short = post(officer, "/impact", **{**NOTE, "risk": "低"})
    assert short.status_code == 422
    assert 'href="#f-risk"' in text(short) and "写明必要性、风险和保护措施" in text(short)
    assert post(officer, "/impact", **NOTE).status_code == 303

    assert "请选择名单来自" in text(post(officer, "/comparisons", file=(BytesIO(content), "名单.csv")))
    answer = upload()
    assert answer.status_code == 303
    page = text(officer.get(answer.location))
    assert "没有比对的行" in page and "不是 18 位证件号码" in page
    assert "甲某" not in page and number_of(1) not in page
    back = post(officer, answer.location, f"{answer.location}/return")
    rows = list(load_workbook(BytesIO(back.data))["结果"].iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in rows] == ["2", "3"]
    assert "attachment" in back.headers["Content-Disposition"]
    question = re.search(r'name="question" value="(\d+)"', page)
    if question:
        wrong = post(officer, answer.location, f"{answer.location}/answer", question=question[1], answer="无")
        assert wrong.status_code == 422 and ">无</textarea>" in text(wrong)
        good = post(
            officer, answer.location, f"{answer.location}/answer", question=question[1], answer="已核对，无误"
        )
        assert good.status_code == 303 and "已核对，无误" in text(officer.get(answer.location))


def test_a_request_keeps_what_was_typed_and_waits_for_another(site: Flask, client_of: ClientOf) -> None:
    officer = client_of("officer")
    given = {"requester": "1", "authority": "示例县公安局", "number": "调字1号", "ground": "某法第一条"}
    half = post(officer, "/requests/new", **given, items=["1", "7"])
    assert half.status_code == 422
    page = text(half)
    assert 'value="示例县公安局"' in page and 'href="#f-files"' in page
    assert len(re.findall(r'name="items" value="[17]" checked', page)) == 2
    whole = {**given, "purpose": "查找走失人员", "received_on": "2026-11-20", "files": people.WHOLE}
    answer = post(officer, "/requests/new", **whole, items=["1", "7", "8"])
    assert answer.status_code == 303, text(answer)
    page = text(officer.get(answer.location))
    assert "等待另一账号审批" in page and "批准所选项目" not in page
    assert not any(secret in page for secret in SECRETS if secret != "双相")
    released = post(officer, answer.location, f"{answer.location}/release", form="workbook")
    assert released.status_code == 303
    assert "还没有批准" in text(officer.get(answer.location))
    assert "调字1号" in text(officer.get("/requests"))
    with site.app_context(), open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for one in work.entities(select(LoginSession)):
            one.confirmed_at -= FRESH
    for place in (f"{answer.location}/decide", f"{answer.location}/release", "/benefits/subsidy"):
        asked = post(officer, answer.location, place, form="workbook", decision="approve")
        assert asked.status_code == 401 and 'name="proof"' in text(asked), place


CONSENT = {
    "benefit": "1",
    "capacity": "1",
    "giver": "1",
    "signer": "签字的人",
    "signed_on": "2026-11-10",
    "purpose": "申请最低生活保障",
}


def test_a_benefit_is_applied_for_and_taken_back_in_two_clicks(
    client_of: ClientOf, made: people.Made
) -> None:
    officer, doctor = client_of("officer"), client_of("east")
    at = f"/case/{made.cases[people.WHOLE]}/consents"
    assert at in text(doctor.get(f"/case/{made.cases[people.WHOLE]}"))
    page = text(doctor.get(at))
    assert " checked" not in page and "没有签过申请" in page
    refused = post(doctor, at, **CONSENT)
    assert refused.status_code == 422 and "影响评估" in text(refused)
    assert post(officer, "/impact", **{**NOTE, "flow": "3"}).status_code == 303
    half = post(doctor, at, **{**CONSENT, "giver": "2", "benefit": "2", "monthly": "x"})
    assert half.status_code == 422
    assert 'value="签字的人"' in text(half) and 'href="#f-giver"' in text(half)
    assert post(doctor, at, **CONSENT).status_code == 303
    page = text(doctor.get(at))
    assert "申请最低生活保障" in page and "确认撤回" in page
    assert "低保、救助" in text(doctor.get("/benefits"))
    assert client_of("west").get(at).status_code == 404
    action = re.search(r'action="(/case/\d+/consents/\d+/withdraw)"', page)
    assert action is not None
    assert post(doctor, at, action[1]).status_code == 303
    assert "已撤回" in text(doctor.get(at)) and "确认撤回" not in text(doctor.get(at))
    assert doctor.get(f"/case/{made.cases[people.WHOLE]}/benefits").status_code == 303


def test_a_meeting_is_kept_and_printed_and_few_are_not_posted(client_of: ClientOf) -> None:
    doctor, officer = client_of("east"), client_of("officer")
    wrong = post(doctor, "/meetings", agenda="x")
    assert wrong.status_code == 422 and ">x</textarea>" in text(wrong)
    assert post(doctor, "/meetings", agenda="通报情况\n研究协查").status_code == 303
    page = text(doctor.get("/meetings"))
    assert "研究协查" in page
    action = re.search(r'action="(/meetings/\d+/sheet)"', page)
    assert action is not None
    drawn = post(doctor, "/meetings", action[1])
    assert drawn.status_code == 303 and drawn.location.startswith("/prints/")
    assert post(officer, "/meetings", action[1]).status_code == 404
    posted = post(officer, "/benefits/subsidy", form="posting", quarter="20264")
    assert posted.status_code == 303
    assert "单独公示" in text(officer.get(posted.location))
