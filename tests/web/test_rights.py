"""权利申请页: from the person's menu to the letter, with what was typed kept; the list of readings."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.services import account, ledger_line
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
        with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
            ledger_line.called_in_emergency(work, case, EAST, Role.POLICE, "应急处置：来电", TODAY)
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
    # The police had it by telephone: they are told by a letter, which is a duty until it was sent.
    assert "告知曾接收的部门" in words_of(page_of(second, "/work"))
    found = re.search(r"/rights/told/\d+", page_of(second, "/rights"))
    assert found is not None
    page = page_of(second, found.group(0))
    assert "已送达" not in page and "张一" not in page
    sent = {"csrf": token_in(page), "do": "letter"}
    assert "/prints/" in second.post(found.group(0), data=sent).headers["Location"]
    page = page_of(second, found.group(0))
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    told_now = {"csrf": token_in(page), "version": version.group(1), "do": "told"}
    assert second.post(found.group(0), data=told_now).status_code == 303
    assert "已登记告知" in page_of(second, found.group(0))
    # And the way back begins at the request by which the person left.
    assert f"/case/{case}/rights" in page_of(second, place)
    page = page_of(second, f"/case/{case}/rights")
    assert "恢复登记" in page and "撤回同意" not in page
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    back = {"csrf": token_in(page), "once": once.group(1), "asked_on": TODAY.isoformat(), "asker": "1"}
    assert (
        second.post(f"/case/{case}/rights", data={**back, "kind": "1", "what": "复印档案"}).status_code == 422
    )
    asked = second.post(f"/case/{case}/rights", data={**back, "kind": "6", "what": "希望继续随访"})
    page = page_of(second, asked.headers["Location"])
    assert "档案启封" in page and "退出登记有误" in page
    wrong = {
        "csrf": token_in(page),
        "version": "1",
        "do": "decide",
        "decision": "1",
        "reason": "本人要求恢复",
    }
    refused = second.post(asked.headers["Location"], data={**wrong, "ground": "1"})
    assert refused.status_code == 422 and "本人要求恢复" in refused.get_data(as_text=True)


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
