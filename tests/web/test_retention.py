"""保存与销毁页: counts for every keeper, a list by one officer, its end by another, a hold on a file."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.services import account
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from tests.services.test_retention import OLD, file_of
from tests.store.register import COUNTY, EAST, SYSTEM, units
from tests.web.conftest import NOW, PASSWORD, sign_in, token_in
from tests.web.test_county import page_of, words_of


def test_a_list_is_proposed_by_one_and_decided_by_another(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    with site.app_context():
        account.create(
            SYSTEM, "second", "县级戊", int(Role.COUNTY_OFFICER), COUNTY, NOW, PASSWORD, must_change=False
        )
        account.create(
            SYSTEM, "audit", "审计己", int(Role.AUDIT_ADMINISTRATOR), None, NOW, PASSWORD, must_change=False
        )
        unit = units()[EAST]
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            _person, case = file_of(work, unit, OLD, OLD)
            file_of(work, unit, OLD, OLD)
    officer, second, audit = client_of("officer"), site.test_client(), site.test_client()
    sign_in(second, "second")
    sign_in(audit, "audit")
    told = words_of(page_of(audit, "/retention"))
    assert "末次记录后30年" in told
    assert "销毁清册" not in told
    assert client_of("east").get("/retention").status_code == 403
    # One file is held back before the list is made, and let go afterwards.
    place = f"/case/{case}/hold"
    page = page_of(officer, place)
    form = {"csrf": token_in(page), "once": page.split('name="once" value="')[1].split('"')[0]}
    wrong = officer.post(place, data={**form, "reason": "x"})
    assert wrong.status_code == 422 and ">x</textarea>" in wrong.get_data(as_text=True)
    for _ in range(2):
        assert officer.post(place, data={**form, "reason": "诉讼未结"}).status_code == 303
    page = page_of(officer, "/retention")
    assert "1 人到期可提出销毁，另有 1 人暂停销毁" in words_of(page)
    form = {"csrf": token_in(page), "once": page.split('name="once" value="')[1].split('"')[0]}
    wrong = officer.post("/retention", data={**form, "kind": "4", "reason": "鉴定会"})
    assert wrong.status_code == 422 and ">鉴定会</textarea>" in wrong.get_data(as_text=True)
    sent = officer.post("/retention", data={**form, "kind": "1", "reason": "鉴定会记录"})
    assert sent.status_code == 303
    again = officer.post("/retention", data={**form, "kind": "1", "reason": "鉴定会记录"})
    assert again.location == sent.location
    page = page_of(officer, sent.location)
    assert "等待另一位县级人员批准" in page and "批准并销毁" not in page
    answer = {"csrf": token_in(page), "version": "1", "decision": "agree", "answer": "逐份核对"}
    assert officer.post(sent.location, data=answer).status_code >= 400
    page = page_of(second, sent.location)
    assert "甲某" not in page and "R-" in page
    answer["csrf"] = token_in(page)
    assert second.post(sent.location, data={**answer, "answer": ""}).status_code == 422
    assert second.post(sent.location, data={**answer, "version": "9"}).status_code == 409
    assert second.post(sent.location, data=answer).status_code == 303
    told = words_of(page_of(second, sent.location))
    assert "销毁 1 人，未销毁 0 人" in told and "随访记录" in told
    page = page_of(officer, place)
    lift = {"csrf": token_in(page), "what": "lift", "version": "1", "because": "已经结案"}
    lift["hold"] = page.split('name="hold" value="')[1].split('"')[0]
    assert officer.post(place, data=lift).status_code == 303
    assert "现在没有暂停" in page_of(officer, place)
    assert client_of("east").get(place).status_code == 403
    assert officer.get(f"/case/{case + 1}/hold").status_code == 404
    assert officer.get(f"/retention/{case}").status_code == 404
