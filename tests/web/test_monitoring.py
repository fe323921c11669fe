"""检查监测页: one form for the results of a day, with sources on the screen and nothing typed lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from flask import Flask
from flask.testing import FlaskClient

from casemgr.services.monitoring import state_drug
from casemgr.terms.monitoring import WatchedDrug
from tests.services.people import RARE, WESTERN, WHOLE, Made
from tests.store.register import DOCTOR_EAST
from tests.web.test_county import page_of, words_of
from tests.web.test_event import send

Visit = Callable[[str], FlaskClient]
Inhabited = tuple[Flask, Made]
TODAY = date(2026, 11, 21)


def test_the_card_is_there_only_where_something_is_watched(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases[RARE]
    assert "检查监测</h2>" not in page_of(client, f"/case/{key}")
    page = page_of(client, f"/case/{key}/monitoring")
    assert "没有需要监测的药物" in page
    assert f'href="/case/{key}/monitoring"' in page_of(client, f"/case/{key}")


def test_a_day_of_results_with_a_critical_value(visit: Visit, made: Made, inhabited: Inhabited) -> None:
    client = visit("east")
    key = made.cases[WHOLE]
    address = f"/case/{key}/monitoring"
    with inhabited[0].app_context():
        state_drug(DOCTOR_EAST, key, WatchedDrug.CLOZAPINE, date(2026, 11, 1), None, None, TODAY)
    page = page_of(client, address)
    for said in ("氯氮平", "2026-11-01", "M-CLO-LOCAL", "产品约定", "待核对", "说明书：定期，没有写间隔"):
        assert said in page
    assert "style=" not in page
    assert "checked" not in page[page.index("登记一天的结果") :]
    given = {
        "on": "2026-11-20",
        "source": "2",
        "laboratory": "县医院",
        "value-wbc": "2800",
        "unit-wbc": "其他",
        "range-wbc": "3.5-9.5",
        "value-neutrophils": "0.9",
        "unit-neutrophils": "10⁹/L",
        "note": "抄自报告单",
    }
    status, _, text = send(client, address, page, **given)
    assert status == 422
    assert 'href="#f-unit-wbc"' in text
    assert "不认识白细胞的这个单位" in text
    for kept in ("2800", "0.9", "县医院", "抄自报告单", "3.5-9.5"):
        assert kept in text
    status, place, _ = send(client, address, text, **{**given, "unit-wbc": "/µL"})
    assert (status, place) == (303, address)
    again = send(client, address, text, **{**given, "unit-wbc": "/µL"})
    assert again[:2] == (303, place)
    shown = page_of(client, address)
    words = words_of(shown)
    for said in (
        "请专科医师决定",
        "M-CLO-US2",
        "据美国说明书改编的表",
        "M-CLO-CN4",
        "2.8",
        "0.9",
        "没有重复",
    ):
        assert said in words, said
    card = words_of(page_of(client, f"/case/{key}"))
    assert "请专科医师决定" in card
    result = re.findall(r'href="(/result/\d+)">登记处理情况', shown)[0]
    form = page_of(client, result)
    status, _, text = send(client, f"{result}/handled", form, on="2026-11-21")
    assert status == 422
    assert "请选择做了什么" in text
    status, place, _ = send(client, f"{result}/handled", form, on="2026-11-21", steps=["1", "5"])
    assert (status, place) == (303, address)
    assert "已处理的危急值" in page_of(client, address)
    weight = {"on": "2026-11-20", "source": "1", "value-weight": "61", "unit-weight": "公斤"}
    assert send(client, address, page_of(client, address), **weight)[0] == 303
    weight["on"] = "2026-11-21"
    assert send(client, address, page_of(client, address), **{**weight, "value-weight": "62"})[0] == 303
    drawn = page_of(client, address)
    assert "<title>体重最近 2 次：2026-11-20 的 61 到 2026-11-21 的 62 kg</title>" in drawn


def test_a_result_is_corrected_with_a_reason(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00012"]
    address = f"/case/{key}/monitoring"
    given = {"on": "2026-11-20", "source": "1", "value-weight": "616", "unit-weight": "斤"}
    assert send(client, address, page_of(client, address), **given)[0] == 303
    [result] = re.findall(r'href="(/result/\d+)">308', page_of(client, address))
    page = page_of(client, result)
    assert "616 斤" in page
    given = {"on": "2026-11-20", "source": "1", "value-weight": "61.6", "unit-weight": "kg"}
    status, _, text = send(client, result, page, **given)
    assert status == 422
    assert "请写明更正原因" in text
    status, place, _ = send(client, result, page, **given, reason="抄错")
    assert (status, place) == (303, address)
    assert "61.6" in page_of(client, address)
    changes = words_of(page_of(client, f"/case/{key}/changes"))
    assert "检验结果" in changes
    assert "308 kg" in changes
    assert send(client, result, page, **given, reason="再改")[0] == 409


def test_strangers_have_no_pages(visit: Visit, made: Made) -> None:
    client = visit("east")
    assert client.get(f"/case/{made.cases[WESTERN]}/monitoring").status_code == 404
    assert client.get("/result/1").status_code == 404
    assert visit("admin").get(f"/case/{made.cases[WHOLE]}/monitoring").status_code == 403
