"""查阅核对页: the head answers with a result and words, what was typed stays, a second press is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.services import account
from casemgr.store.db import new_key
from casemgr.store.models import MisuseQuestion
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from tests.store.register import EAST, SYSTEM
from tests.web.conftest import NOW, PASSWORD, sign_in, token_in
from tests.web.test_county import page_of, words_of


def test_the_head_is_asked_and_answers(site: Flask, client_of: Callable[[str], FlaskClient]) -> None:
    key = new_key()
    with site.app_context():
        account.create(SYSTEM, "head", "院长甲", int(Role.UNIT_HEAD), EAST, NOW, PASSWORD, must_change=False)
        who = account.key_of(SYSTEM, "east")
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            work.add(
                MisuseQuestion(
                    id=key, area=EAST, kind=4, account=who, role=1, on=date(2026, 11, 19), case_key=0,
                    counted=3, entry=1, asked_on=date(2026, 11, 20), due_on=date(2026, 12, 4),
                )
            )  # fmt: skip
    head = site.test_client()
    sign_in(head, "head")
    page = page_of(head, "/misuse")
    assert "夜间多次查阅身份信息：查阅 3 次" in words_of(page)
    assert "东镇乙 · 2026-11-19" in words_of(page)
    for word in ("违规", "泄露", "擅自"):
        assert word not in page
    told = {"csrf": token_in(page), "key": str(key)}
    wrong = head.post("/misuse", data={**told, "verdict": "9", "answer": "值班"})
    assert wrong.status_code == 422
    assert ">值班</textarea>" in wrong.get_data(as_text=True)
    assert 'href="#f-verdict"' in wrong.get_data(as_text=True)
    for status in (303, 409):
        sent = head.post("/misuse", data={**told, "verdict": "1", "answer": "夜班补录资料"})
        assert sent.status_code == status
    said = words_of(sent.get_data(as_text=True))
    assert "您刚才填写的内容" in said and "核对结果 属于工作需要" in " ".join(said.split())
    told_now = words_of(page_of(head, "/misuse"))
    assert "属于工作需要" in told_now
    assert "（2026-11-21）：夜班补录资料" in told_now
    assert "夜班补录资料" in page_of(client_of("officer"), "/misuse")
    assert client_of("east").get("/misuse").status_code == 403
    assert client_of("admin").get("/misuse").status_code == 403
    lived = head.post("/misuse/home", data={**told, "account": str(who), "village": str(EAST + 99_999)})
    assert lived.status_code == 422
