"""权利申请页: from the person's menu to the letter, with what was typed kept; the list of readings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.services import account
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from tests.conftest import TODAY
from tests.store.register import EAST, SYSTEM, add_person, add_visit, units
from tests.web.conftest import NOW, PASSWORD, sign_in, token_in
from tests.web.test_county import page_of, words_of


def test_a_request_goes_from_the_menu_to_its_letter(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    with site.app_context():
        account.create(
            SYSTEM, "second", "东镇庚", int(Role.TOWNSHIP_DOCTOR), EAST, NOW, PASSWORD, must_change=False
        )
        unit = units()[EAST]
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            _, case = add_person(work, EAST, unit, "E-1", "张一甲乙")
            add_visit(work, EAST, case, TODAY - timedelta(days=9))
    east = client_of("east")
    assert f"/case/{case}/rights" in page_of(east, f"/case/{case}")
    page = page_of(east, f"/case/{case}/rights")
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    told = {"csrf": token_in(page), "once": once.group(1), "asked_on": TODAY.isoformat()}
    wrong = east.post(f"/case/{case}/rights", data={**told, "kind": "4", "what": "退"})
    assert wrong.status_code == 422
    text = wrong.get_data(as_text=True)
    assert ">退</textarea>" in text
    assert 'href="#f-asker"' in text
    filled = {**told, "kind": "4", "asker": "1", "what": "已痊愈多年，不愿再登记"}
    places = {east.post(f"/case/{case}/rights", data=filled).headers["Location"] for _ in range(2)}
    (place,) = places
    assert "30 天" in words_of(page_of(east, "/rights"))
    assert "答复权利申请" in words_of(page_of(east, "/work"))

    page = page_of(east, place)
    given = {"csrf": token_in(page), "version": "1", "do": "decide", "reason": "经复核确已痊愈"}
    refused = east.post(place, data={**given, "decision": "1", "ground": "4"})
    assert refused.status_code == 422
    assert "还没有登记“死亡”" in refused.get_data(as_text=True)
    assert east.post(place, data={**given, "decision": "1", "ground": "1"}).status_code == 303
    assert "等待另一名医生复核" in page_of(east, place)
    second = site.test_client()
    sign_in(second, "second")
    page = page_of(second, place)
    reviewed = {"csrf": token_in(page), "version": "2", "do": "review", "decision": "1", "reason": "同意退出"}
    assert second.post(place, data=reviewed).status_code == 303
    assert second.get(f"/case/{case}").status_code == 404
    page = page_of(second, place)
    assert "张一" not in page
    answer = second.post(f"{place}/letter", data={"csrf": token_in(page)})
    assert answer.status_code == 303
    assert "/prints/" in answer.headers["Location"]
    assert client_of("west").get(place).status_code == 404
    assert client_of("admin").get("/rights").status_code == 403


def test_who_has_looked_is_listed_and_printed(site: Flask, client_of: Callable[[str], FlaskClient]) -> None:
    with site.app_context():
        unit = units()[EAST]
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            _, case = add_person(work, EAST, unit, "E-1", "张一甲乙")
    east = client_of("east")
    page = page_of(east, f"/case/{case}")
    east.post(f"/case/{case}", data={"csrf": token_in(page), "purpose": "1"})
    words = words_of(page_of(east, f"/case/{case}/seen"))
    assert "东镇卫生院 精防医生 随访" in words
    assert "东镇乙 精防医生 · 东镇" in words  # the frame says who is signed in
    assert words.count("东镇乙") == words_of(page_of(east, "/rights")).count("东镇乙")
    made = east.post(f"/case/{case}/seen", data={"csrf": token_in(page)})
    assert made.status_code == 303
    assert "谁看过我的信息" in page_of(east, made.headers["Location"])


def test_the_head_of_the_unit_watches_the_clock_and_decides_nothing(
    site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    with site.app_context():
        account.create(
            SYSTEM, "head", "东镇负责人", int(Role.UNIT_HEAD), EAST, NOW, PASSWORD, must_change=False
        )
    head = client_of("head")
    assert 'href="/rights"' in head.get("/help").get_data(as_text=True)
    assert head.get("/rights").status_code == 200
    assert head.get("/case/1/rights").status_code == 403
