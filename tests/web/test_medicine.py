"""药品页: a regimen begun, changed, stopped; handing out and taking back; lists that accuse nobody."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.services import medicine
from casemgr.store.work import open_work
from tests.conftest import TODAY
from tests.services.medicine import DOCTOR, give, line, one_case
from tests.store.register import COUNTY, EAST, SYSTEM, WEST, units
from tests.web.conftest import token_in


@pytest.fixture
def case(site: Flask) -> int:
    """One person of the eastern township."""
    with site.app_context():
        return one_case(units())


@pytest.fixture
def east(client_of: Callable[[str], FlaskClient]) -> FlaskClient:
    return client_of("east")


def hidden(page: str, name: str = "once") -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page)
    assert found is not None, page[:500]
    return found.group(1)


def text_of(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:800]
    return html.unescape(answer.get_data(as_text=True))


def send(client: FlaskClient, form: str, path: str, status: int = 303, **data: str) -> str:
    """Fill the form of one page as a browser would and post it."""
    page = client.get(form).get_data(as_text=True)
    once = {"once": hidden(page)} if 'name="once"' in page and "once" not in data else {}
    answer = client.post(path, data={"csrf": token_in(page), **once, **data})
    assert answer.status_code == status, answer.get_data(as_text=True)[:1500]
    return html.unescape(answer.get_data(as_text=True))


ORDER = {"code": "OLAN-5", "morning_mg": "5", "evening_mg": "10", "since": "2026-06-01"}


def test_a_regimen_is_begun_changed_and_stopped(case: int, east: FlaskClient) -> None:
    assert "建立用药医嘱" in text_of(east, f"/case/{case}")
    new = f"/case/{case}/medicine/new"
    send(east, new, new, **ORDER)
    page = text_of(east, f"/case/{case}/medicine")
    assert "奥氮平片 5 mg" in page
    assert "早 5、晚 10 mg" in page
    assert "没有发药记录，可能在别处取药" in page
    change = re.search(r"/regimen/\d+/change", page)
    assert change is not None
    send(east, change[0], change[0], **{**ORDER, "evening_mg": "7.5", "since": "2026-10-01", "note": "嗜睡"})
    page = text_of(east, f"/case/{case}/medicine")
    assert "早 5、晚 7.5 mg" in page
    assert "医师调整用药：嗜睡" in page
    stop = re.search(r"/regimen/\d+/stop", page)
    assert stop is not None
    wrong = send(east, stop[0], stop[0], 422, stopped_on="2026-11-01", reason="2", note="复诊后停用")
    assert "md14" in wrong
    assert "复诊后停用" in wrong
    send(east, stop[0], stop[0], stopped_on="2026-11-01", reason="3")
    assert "还没有用药医嘱" in text_of(east, f"/case/{case}/medicine")
    assert "打开用药页" in text_of(east, f"/case/{case}")


def test_what_is_wrong_comes_back_with_everything_that_was_typed(case: int, east: FlaskClient) -> None:
    new = f"/case/{case}/medicine/new"
    page = send(east, new, new, 422, **{**ORDER, "morning_mg": "五", "prescriber": "李医师"})
    assert "早应写成 12.5 这样的数" in page
    assert 'href="#f-morning_mg"' in page
    assert 'value="李医师"' in page
    assert 'value="五"' in page


def test_no_medicine_needed_is_ordered_and_ended(case: int, east: FlaskClient) -> None:
    form = f"/case/{case}/medicine/none"
    assert "请填写开具或决定的医师" in send(east, form, form, 422, since="2026-10-01")
    send(east, form, form, since="2026-10-01", prescriber="市精神卫生中心 李医师")
    page = text_of(east, f"/case/{case}/medicine")
    assert "医嘱勿需用药" in page
    end = re.search(r"/no-medicine/\d+/end", page)
    assert end is not None
    wrong = send(east, f"/case/{case}/medicine", end[0], 422, ended_on="2026-09-01")
    assert "结束日期应在 2026-10-01 之后" in wrong
    assert 'value="2026-09-01"' in wrong
    send(east, f"/case/{case}/medicine", end[0], ended_on="2026-11-01")
    assert "以前的医嘱" in text_of(east, f"/case/{case}/medicine")


PAID = {"insurance": "2", "assistance": "3", "free": "3", "insurance_yuan": "32.50"}


def test_handing_out_asks_for_the_order_of_payers_and_is_taken_back(case: int, east: FlaskClient) -> None:
    form = f"/case/{case}/dispense"
    told = {"on": "2026-11-10", "code": "OLAN-5", "quantity": "84", "days": "28", "fetcher": "2"}
    asked = send(east, form, form, 422, **told, free="2")
    assert "医保还没有结" in asked
    assert "REC-MED-1" in asked
    assert 'name="reason"' in asked
    assert 'value="84"' in asked
    # Half a fen is no amount; nothing is rounded away in silence.
    assert "自付金额应写成" in send(east, form, form, 422, **told, **PAID, own_yuan="12.345")
    send(east, form, form, **told, **PAID)
    page = text_of(east, f"/case/{case}/medicine")
    assert "医保 32.50 元" in page
    back = re.search(r"/dispensing/\d+/counter", page)
    assert back is not None
    send(east, back[0], back[0], 422)
    send(east, back[0], back[0], reason="数量登记错")
    page = text_of(east, f"/case/{case}/medicine")
    assert "已冲正" in page
    assert "-84 片" in page
    assert text_of(east, back[0], 409)


def test_stock_comes_in_is_handed_out_and_written_off(case: int, east: FlaskClient) -> None:
    form = f"/medicine/{EAST}/stock"
    lot = {"code": "OLAN-5", "batch": "A1", "expires_on": "2027-06-30", "quantity": "100", "on": "2026-11-01"}
    assert "已过期" not in text_of(east, form)
    wrong = send(east, form, form, 422, **{**lot, "expires_on": "2026-01-01"})
    assert "过期药不能入库" in wrong
    send(east, form, form, **lot)
    page = text_of(east, f"/case/{case}/dispense")
    number = re.search(r'<option value="(\d+)">奥氮平片 5 mg 批号 A1，余 100 片', page)
    assert number is not None
    give_form = f"/case/{case}/dispense"
    told = {"on": "2026-11-10", "code": "OLAN-5", "days": "28", "lot": number[1], **PAID}
    asked = send(east, give_form, give_form, 422, **told, quantity="120")
    assert "账面只剩 100" in asked
    send(east, give_form, give_form, **told, quantity="84")
    page = text_of(east, form)
    assert "-84 片" in page
    off = re.search(r"/stock/\d+/write-off", page)
    assert off is not None
    once = re.findall(r'name="once" value="(\d+)"', page)[0]
    wrong = send(east, form, off[0], 422, once=once, quantity="600", reason="过期")
    assert "账面有 16" in wrong
    assert 'value="600"' in wrong
    assert 'value="过期"' in wrong
    send(east, form, off[0], once=once, quantity="6", reason="包装破损")
    assert "包装破损" in text_of(east, form)


def test_who_runs_out_is_listed_in_kind_words(case: int, site: Flask, east: FlaskClient) -> None:
    with site.app_context():
        line(case)
        give(case, TODAY - timedelta(25), 28)
    page = text_of(east, f"/medicine/{EAST}")
    assert "还有 3 天" in page
    assert "没有记录不等于没有药" in page
    assert "王小明" not in page
    assert not re.search("断药了|不服药|拒绝服药|擅自", page)
    assert "还可用 <b>3</b> 天" in text_of(east, f"/case/{case}")
    assert text_of(east, f"/medicine/{WEST}", 404)
    assert east.get("/medicine").location.endswith(f"/medicine/{EAST}")


def test_a_county_sees_counts_and_keeps_the_catalogue(
    case: int, site: Flask, client_of: Callable[[str], FlaskClient]
) -> None:
    with site.app_context():
        line(case)
        give(case, TODAY - timedelta(25), 28)
    officer = client_of("officer")
    page = text_of(officer, "/medicine/county")
    assert "人数少，不列" in page
    assert "900-00001" not in page
    drugs = text_of(officer, "/medicine/drugs")
    assert "待核对" in drugs
    send(
        officer, "/medicine/drugs", "/medicine/drugs", code="olan-2.5", name="奥氮平片", strength_mg="2.5",
        unit="片", kind="1", second_generation="1", source="本县目录2026第1号",
    )  # fmt: skip
    drugs = text_of(officer, "/medicine/drugs")
    assert "OLAN-2.5" in drugs
    assert "县级甲 改于" in drugs
    send(officer, "/medicine/drugs", "/medicine/drugs/switch", code="OLAN-2.5", active="0")
    east = client_of("east")
    assert "OLAN-2.5" not in text_of(east, f"/case/{case}/medicine/new")
    send(east, f"/medicine/{EAST}/stock", "/medicine/drugs/switch", 403, code="OLAN-5", active="0")


def test_the_strip_the_table_and_the_figures_of_the_page_agree(
    case: int, site: Flask, east: FlaskClient
) -> None:
    with site.app_context():
        line(case, since=TODAY - timedelta(100))
        give(case, TODAY - timedelta(100), 60)
        found = medicine.page(DOCTOR, case, TODAY).adherence
    assert found is not None
    page = text_of(east, f"/case/{case}/medicine")
    assert f"<b>{found.percent}%</b>（{found.counted.covered} / {found.counted.days} 天）" in page
    drawn = re.findall(r"<title>\S+ 至 \S+ (\S+) (\d+) 天</title>", page)
    by_kind: dict[str, int] = {}
    for kind, days in drawn:
        by_kind[kind] = by_kind.get(kind, 0) + int(days)
    assert by_kind["有药"] == found.counted.covered == 60
    assert by_kind["有药"] + by_kind["无药"] == found.counted.days
    sums = re.search(r'<tr class="sum">(.*?)</tr>', page, re.DOTALL)
    assert sums is not None
    told = [int(one) for one in re.findall(r'class="num">(\d+)', sums[1])]
    assert told == [by_kind["有药"], by_kind["无药"], 0, by_kind["无医嘱或无记录"]]


def test_strangers_meet_nothing(case: int, site: Flask, client_of: Callable[[str], FlaskClient]) -> None:
    with site.app_context():
        key = line(case)
    west = client_of("west")
    for path in (f"/case/{case}/medicine", f"/case/{case}/dispense", f"/regimen/{key}/stop"):
        assert west.get(path).status_code == 404
    admin = client_of("admin")
    assert admin.get(f"/case/{case}/medicine").status_code == 403
    assert admin.get("/medicine/county").status_code == 403
    with site.app_context(), open_work(SYSTEM, Action.AUDIT_VERIFY):
        assert COUNTY
