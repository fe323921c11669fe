"""长效针剂页: the check before saving, once only, put right with a reason; calendar, candidates, products."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.services.people import WESTERN, Made
from tests.services.test_register import statements
from tests.store.register import EAST, WEST
from tests.web.test_county import page_of
from tests.web.test_event import send

Visit = Callable[[str], FlaskClient]
FIRST = {
    "product": "PP1M",
    "on": "2026-11-08",
    "dose_ug": "150",
    "site": "1",
    "side": "1",
    "batch": "B-1",
    "tolerated": "1",
}


def flat(text: str) -> str:
    """What a page says, without its tags and with single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", text))


def looked(text: str) -> str:
    found = re.search(r'name="looked" value="(\w+)"', text)
    assert found is not None, flat(text)[:400]
    return found[1]


def record(client: FlaskClient, key: int, **given: str) -> str:
    """Record one dose as a doctor does: fill in, look at the check, save; the person page afterwards."""
    address = f"/case/{key}/dose/new"
    page = page_of(client, address)
    status, _, text = send(client, address, page, **given)
    assert status == 200, flat(text)[:600]
    status, place, text = send(client, address, text, **given, looked=looked(text))
    assert (status, place) == (303, f"/case/{key}#injection"), flat(text)[:600]
    return page_of(client, f"/case/{key}")


def test_role_and_next_dose_are_shown_before_a_dose_is_kept_once(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00021"]
    address = f"/case/{key}/dose/new"
    page = page_of(client, address)
    assert " checked" not in page
    assert " selected" not in page
    status, _, text = send(client, address, page, **FIRST, role="3")
    assert status == 422
    assert "按记录推断这一针是“起始第1针”，您选的是“维持”" in text
    status, _, text = send(client, address, page, **(FIRST | {"site": "2"}))
    words = flat(text)
    assert status == 200
    assert "这一针是起始第1针（按注射记录推断，第 1 针）" in words
    assert "窗口2026-11-19已关闭，已过 2 天" in words
    assert "部位臀肌与说明书不符，这一针应在三角肌" in words
    assert "补记" in words  # 13 days ago
    seen = looked(text)
    status, _, text = send(client, address, text, **FIRST, looked=seen)
    assert (status, "这一针是起始第1针" in flat(text)) == (200, True)  # changed since it was looked at
    for times in (1, 2):
        status, place, _ = send(client, address, text, **FIRST, looked=looked(text))
        assert (status, place) == (303, f"/case/{key}#injection")
        words = flat(page_of(client, f"/case/{key}"))
        assert ("没有重复登记" in words) == (times == 2)
        assert times == 2 or "下一针：窗口2026-11-19已关闭" in words
    whole = page_of(client, f"/case/{key}")
    assert "请专科医师决定" in flat(whole)
    assert "INVEGA SUSTENNA" in whole
    assert "起始第1针（推断）" in flat(whole)
    links = re.findall(r'href="(/dose/\d+)"', whole)
    assert len(links) == 1
    form = page_of(client, links[0])
    assert 'value="2026-11-08"' in form
    changed = {**FIRST, "on": "2026-11-18", "role": "", "tolerated": ""}
    status, _, text = send(client, links[0], form, **changed)
    assert status == 422
    assert "请写明更正的原因" in text
    assert send(client, links[0], form, **changed, reason="日期抄错")[0] == 303
    status, _, text = send(client, links[0], form, **changed, reason="再改一次")
    assert status == 409
    assert "被别人改过" in text
    assert "2026-11-08 → 2026-11-18" in flat(page_of(client, f"/case/{key}/changes"))
    duties = flat(page_of(client, "/work"))
    assert "注射长效针剂" in duties


def test_what_cannot_be_is_said_by_field_and_everything_typed_stays(visit: Visit, made: Made) -> None:
    client = visit("east")
    address = f"/case/{made.cases['900-00022']}/dose/new"
    page = page_of(client, address)
    status, _, text = send(
        client,
        address,
        page,
        on="2026-12-30",
        dose_ug="很多",
        observed_until="中午",
        batch="B-7",
        next_on="x",
    )
    assert status == 422
    assert "有 4 处需要改正" in text
    assert 'value="B-7"' in text
    for dose in ("9e999999", "NaN", "37.55555", "-1", "１０００００"):
        status, _, text = send(client, address, page, product="PP1M", on="2026-11-10", dose_ug=dose)
        assert status == 422
        assert "剂量应为大于 0 的毫克数" in text
    status, _, text = send(client, address, page, product="PP1M", on="2026-12-30", batch="B-7")
    assert status == 422
    assert "晚于今天" in text
    status, _, text = send(client, address, page, product="XYZ", on="2026-11-10")
    assert status == 422
    assert "产品表里没有这个产品" in text


def test_a_product_without_a_label_here_is_recorded_and_nothing_is_guessed(visit: Visit, made: Made) -> None:
    client = visit("east")
    whole = flat(
        record(client, made.cases["900-00023"], product="OLAN_PAM", on="2026-11-20", interval_days="28")
    )
    assert "暂无依据，请按说明书" in whole
    assert "最佳注射日" not in whole


def test_the_doctors_end_of_a_course_is_kept_and_can_be_taken_back(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00024"]
    whole = record(client, key, **(FIRST | {"on": "2026-11-20"}))
    dose = re.findall(r'action="(/dose/\d+/stop)"', whole)[0]
    assert send(client, dose, whole, stopped_on="2026-11-01", stop_reason="1")[0] == 422
    assert send(client, dose, whole, stopped_on="2026-11-21", stop_reason="1")[0] == 303
    stopped = page_of(client, f"/case/{key}")
    assert "2026-11-21 停用（医师停用）" in flat(stopped)
    assert send(client, dose, stopped, back="1")[0] == 303
    assert "窗口 2026-11-23 至 2026-12-01" in flat(page_of(client, f"/case/{key}"))


def test_a_hospitals_dose_comes_with_its_slip(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00021"]
    page = page_of(client, f"/case/{key}/dose/new")
    status, _, text = send(
        client, f"/case/{key}/dose/new", page, product="HALD", on="2026-11-19", referral_id="1"
    )
    assert status == 422
    assert "没有这张转诊单" in text


def test_a_slip_brings_itself_and_the_hospital(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00029"]
    page = page_of(client, f"/case/{key}/referral")
    told = {
        "direction": "1",
        "advised_on": "2026-11-10",
        "sent_on": "2026-11-11",
        "target": "示例医院",
        "reason": "注射",
    }
    status, _, text = send(client, f"/case/{key}/referral", page, **told)
    assert status == 303, flat(text)[:400]
    slip = re.findall(r"/referral/(\d+)", page_of(client, f"/case/{key}"))[0]
    link = re.search(rf'href="(/case/{key}/dose/new\?referral={slip})"', page_of(client, f"/referral/{slip}"))
    assert link is not None
    form = page_of(client, link[1])
    assert f'<option value="{slip}" selected>' in form
    assert 'name="place" value="3" checked' in form
    record(client, key, **(FIRST | {"on": "2026-11-18", "place": "3", "referral_id": slip}))
    assert f'href="/referral/{slip}">转诊单</a>' in page_of(client, f"/case/{key}")
    assert " selected" not in page_of(client, f"/case/{made.cases['900-00021']}/dose/new?referral={slip}")


@pytest.mark.parametrize(("login", "file_no"), [("east", "900-00025"), ("officer", "900-00030")])
def test_the_calendar_has_a_month_and_a_list_without_names(
    visit: Visit, made: Made, login: str, file_no: str
) -> None:
    # A file for each: what the other has recorded is not there where the two run apart.
    record(visit("east"), made.cases[file_no], **(FIRST | {"on": "2026-11-12"}))
    client = visit(login)
    page = page_of(client, f"/injections/{EAST}?month=2026-11")
    words = flat(page)
    assert "2026 年 11 月" in words
    assert file_no in words
    assert "窗口即将关闭" in words
    assert f"/case/{made.cases[file_no]}#injection" in page
    assert "姓名显示中" not in words
    assert "2026 年 11 月" in flat(page_of(client, f"/injections/{EAST}?month=nonsense"))
    assert "2027 年 1 月" in flat(page_of(client, f"/injections/{EAST}?month=2027-01"))


def test_nobody_looks_into_another_township(visit: Visit, made: Made) -> None:
    east = visit("east")
    assert east.get(f"/injections/{WEST}").status_code == 404
    assert east.get(f"/injections/{WEST}/candidates").status_code == 404
    assert east.get(f"/case/{made.cases[WESTERN]}/dose/new").status_code == 404
    assert east.get("/dose/1").status_code == 404
    admin = visit("admin")
    for address in (f"/injections/{EAST}", "/injections/products", f"/case/{made.cases[WESTERN]}/dose/new"):
        assert admin.get(address).status_code == 403


def test_calendar_and_candidates_ask_as_often_for_many_as_for_few(
    visit: Visit, made: Made, inhabited: tuple[Flask, Made]
) -> None:
    client = visit("east")
    addresses = (f"/injections/{EAST}", f"/injections/{EAST}/candidates")
    counts: list[list[int]] = []
    for person in ("900-00027", "900-00028"):
        record(client, made.cases[person], **(FIRST | {"on": "2026-11-15"}))
        found = []
        for address in addresses:
            page_of(client, address)
            with inhabited[0].app_context(), statements() as sent:
                page_of(client, address)
            found.append(len(sent))
        counts.append(found)
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 12


def test_candidates_show_what_made_them(visit: Visit) -> None:
    client = visit("east")
    words = flat(page_of(client, f"/injections/{EAST}/candidates"))
    assert "须由精神科执业医师评估并处方，并征得患者或监护人同意" in words
    assert "监护能力弱或无监护" in words
    assert "LOC-13.7" in words
    assert page_of(client, f"/injections/{EAST}/candidates?trigger=4&page=99")


def test_a_county_lays_its_label_over_a_product_and_takes_it_back(visit: Visit, made: Made) -> None:
    county, east = visit("officer"), visit("east")
    here = "/injections/products/PP6M"
    assert "产品数据由县级按说明书录入" in flat(page_of(east, here))
    page = page_of(county, here)
    assert "没有启用" in flat(page)
    told = {"figure.phase.MAINT.due.0": "6", "figure.phase.MAINT.early": "14"}
    status, _, text = send(county, here, page, **told, source="", labelled_on="2027-01-01")
    assert status == 422
    assert 'value="14"' in text
    for sentence in ("窗口延后没有填写", "没有来源的数字不能使用", "说明书日期晚于今天"):
        assert sentence in flat(text)
    told |= {"figure.phase.MAINT.late": "300", "source": "示例六个月针说明书", "labelled_on": "2026-01-01"}
    status, _, text = send(county, here, page, **told)
    assert status == 422
    assert "前后矛盾" in flat(text)
    told["figure.phase.MAINT.late"] = "10"
    for _ in range(2):
        assert send(county, here, page, **told, checked="1")[0] == 303
    laid = flat(page_of(east, here))
    assert "本县录入：示例六个月针说明书" in laid
    assert "10 天" in laid
    record(
        east,
        made.cases["900-00026"],
        product="PP6M",
        on="2026-11-20",
        dose_ug="1000",
        site="2",
        tolerated="1",
    )
    assert "示例六个月针说明书" in flat(page_of(east, f"/case/{made.cases['900-00026']}"))
    page = page_of(county, here)
    assert send(county, here, page, withdraw="1")[0] == 303
    assert "没有启用" in flat(page_of(east, here))
    assert "暂无依据，请按说明书" in flat(page_of(east, f"/case/{made.cases['900-00026']}"))
    assert send(east, here, page, **told)[0] == 403
    assert east.get("/injections/products/XYZ").status_code == 404
