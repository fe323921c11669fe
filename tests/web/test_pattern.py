"""记录规律页: the box for the reason, what was typed kept, and a second press."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.store.db import new_key
from casemgr.store.models import PatternQuestion
from casemgr.store.work import open_work
from tests.store.register import EAST, SYSTEM
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of


def test_the_author_answers_and_the_county_reads(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    key = new_key()
    with site.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            PatternQuestion(
                id=key, area=EAST, period=202610, kind=3, author=0, counted=14, visits=20,
                asked_on=date(2026, 11, 20), open_on=date(2026, 12, 4),
            )
        )  # fmt: skip
    east, west, officer = client_of("east"), client_of("west"), client_of("officer")
    assert "有 1 项记录规律请您说明" in words_of(page_of(east, "/township"))
    assert "请您说明" not in words_of(page_of(west, "/township"))
    page = page_of(east, "/patterns")
    assert "20 次非门诊随访中，14 次在月末最后两天" in words_of(page)
    for client in (west, officer):
        assert "14 次" not in page_of(client, "/patterns")
    told = {"csrf": token_in(page), "key": str(key)}
    wrong = east.post("/patterns", data={**told, "answer": "无"})
    assert wrong.status_code == 422
    assert ">无</textarea>" in wrong.get_data(as_text=True)
    for status in (303, 409):
        sent = east.post("/patterns", data={**told, "answer": "月底集中入户，逐人核对过"})
        assert sent.status_code == status
    assert "您刚才填写的内容" in sent.get_data(as_text=True)
    assert "月底集中入户，逐人核对过" in page_of(officer, "/patterns")
    lost = west.post(
        "/patterns",
        data={"csrf": token_in(page_of(west, "/township")), "key": str(key), "answer": "不是我的"},
    )
    assert lost.status_code == 404
    assert client_of("admin").get("/patterns").status_code == 403
