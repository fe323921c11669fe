"""患者页: lists and pages without names, names for a purpose and a while, nothing personal in addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import clock, register
from casemgr.store.models import AuditEntry
from casemgr.store.work import open_work
from tests.services.people import RARE, WESTERN, WHOLE, Made, number_of, phone_of
from tests.store.register import COUNTY, EAST, SYSTEM
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of
from tests.web.test_township import files_on

Visit = Callable[[str], FlaskClient]
Inhabited = tuple[Flask, Made]


def entries(inhabited: Inhabited, verb: str) -> list[AuditEntry]:
    """Audit entries with this verb, oldest first."""
    with inhabited[0].app_context(), open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return work.entities(select(AuditEntry).where(AuditEntry.verb == verb).order_by(AuditEntry.seq))


def post(client: FlaskClient, address: str, **given: object) -> tuple[int, str]:
    """Status and text of what a form with these fields gets back."""
    answer = client.post(address, data={"csrf": token_in(page_of(client, "/cases")), **given})
    return answer.status_code, answer.get_data(as_text=True)


def show_names(client: FlaskClient, purpose: str = "1") -> None:
    """Press «显示姓名» and choose a purpose."""
    status, _ = post(client, "/names", names=purpose, back="/cases")
    assert status == 303


# --- lists and names ------------------------------------------------------------------------------


def test_a_list_shows_no_names(visit: Visit, made: Made) -> None:
    page = page_of(visit("east"), "/cases?size=100")
    assert len(files_on(page)) == 60
    for secret in ("䶮明轩", "刘小明", number_of(1), phone_of(1)):
        assert secret not in page
    assert "显示姓名" in page


@pytest.mark.parametrize("who", ["east", "officer"])
def test_the_list_leads_to_everything_of_the_register(visit: Visit, who: str) -> None:
    client = visit(who)
    page = page_of(client, "/cases")
    for address in ("/clues", "/notices", "/transfers", "/register/new"):
        assert f'href="{address}"' in page
        assert client.get(address).status_code == 200


def test_names_are_shown_for_a_purpose_and_each_page_is_recorded(visit: Visit, inhabited: Inhabited) -> None:
    client = visit("east")
    before = len(entries(inhabited, "reveal"))
    show_names(client, "5")  # no purpose of the list
    assert "查看身份信息须说明目的" in page_of(client, "/cases")
    assert len(entries(inhabited, "reveal")) == before
    show_names(client)
    for number in (1, 2):
        page = page_of(client, f"/cases?page={number}&size=50")
        assert "姓名显示中" in page
        assert ("䶮明轩" in page) == (number == 1)
        assert "䶮" not in page[: page.index("<body")]
    told = entries(inhabited, "reveal")[before:]
    assert [(one.fields, one.purpose, one.count) for one in told] == [
        ("name", "随访", 50),
        ("name", "随访", 10),
    ]
    page_of(client, f"/people/{EAST}/IND-02.REG-A/denominator?size=20")
    assert entries(inhabited, "reveal")[-1].count == 20
    status, _ = post(client, "/names", names="hide", back="/cases")
    assert status == 303
    assert "䶮明轩" not in page_of(client, "/cases")


def test_names_hide_themselves_after_a_quarter_of_an_hour(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visit("east")
    before = clock.now()
    show_names(client)
    after = clock.now()
    assert "䶮明轩" in page_of(client, "/cases")
    monkeypatch.setattr(clock, "now", lambda: before + register.NAMES_OPEN - timedelta(seconds=1))
    assert "䶮明轩" in page_of(client, "/cases")
    monkeypatch.setattr(clock, "now", lambda: after + register.NAMES_OPEN + timedelta(seconds=1))
    assert "䶮明轩" not in page_of(client, "/cases")


def test_names_belong_to_one_session(visit: Visit) -> None:
    first, second = visit("east"), visit("east")
    show_names(first)
    assert "䶮明轩" not in page_of(second, "/cases")


def test_the_way_back_leads_to_this_site_only(visit: Visit) -> None:
    client = visit("east")
    token = token_in(page_of(client, "/cases"))
    for back in ("https://example.org/", "//example.org", "/\\example.org"):
        answer = client.post("/names", data={"csrf": token, "names": "1", "back": back})
        assert answer.headers["Location"] == "/work"


def test_a_list_can_be_sorted_and_filtered(visit: Visit) -> None:
    client = visit("officer")
    assert len(files_on(page_of(client, f"/cases?area={EAST}&risk=3"))) == 12
    assert files_on(page_of(client, "/cases?order=file_no&down=1"))[0] == "901-00002"
    assert files_on(page_of(client, "/cases?lifecycle=all&order=file_no&down=1"))[0] == "901-00003"
    assert client.get("/cases?area=999902000000").status_code == 404


# --- searching ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["䶮明轩", number_of(2), phone_of(2), RARE])
def test_what_was_typed_is_found_and_kept_out_of_every_address(visit: Visit, text: str) -> None:
    status, page = post(visit("east"), "/cases", text=text)
    assert status == 200
    assert files_on(page) == [RARE]
    addresses = re.findall(r'(?:href|action|formaction)="([^"]*)"', page)
    assert not any(text in address for address in addresses if not address.startswith("/case/"))
    assert text not in re.search(r"<title>[^<]*</title>", page)[0]  # type: ignore[index]


def test_a_search_is_paged_by_sending_it_again(visit: Visit) -> None:
    client = visit("east")
    status, page = post(client, "/cases", text="900-", size="20", go="2", page="1")
    assert status == 200
    assert files_on(page)[0] == "900-00021"
    assert re.search(r'<input type="hidden" name="text" value="900-">', page)


def test_names_can_be_shown_on_what_was_found(visit: Visit) -> None:
    client = visit("east")
    status, page = post(client, "/cases", text="䶮", names="2")
    assert status == 200
    assert "姓名显示中" in page
    assert "䶮明轩" in page


def test_a_search_by_address_finds_nothing_personal_there(visit: Visit) -> None:
    page = page_of(visit("east"), "/cases?text=%E4%9E%AE")
    assert len(files_on(page)) == 50
    assert "䶮" not in page


def test_too_long_a_search_is_answered_with_a_sentence(visit: Visit) -> None:
    status, page = post(visit("east"), "/cases", text="王" * 61)
    assert status == 422
    assert "最多 60 个字" in page


# --- behind a number ------------------------------------------------------------------------------


def test_the_list_behind_a_number_says_why(visit: Visit) -> None:
    page = page_of(visit("officer"), f"/people/{COUNTY}/IND-03.STD-INT/missing")
    words = words_of(page)
    assert "规范管理率：未计入名单" in words
    assert "✘ 未计入" in words
    assert "GW2017-7.1" in words
    assert f'href="/people/{COUNTY}/IND-03.STD-INT/numerator"' in page


@pytest.mark.parametrize(
    ("address", "status"),
    [
        (f"/people/{EAST}/IND-99/missing", 404),
        (f"/people/{EAST}/IND-03/everybody", 422),
        (f"/people/{EAST}/IND-01/missing", 422),
        ("/people/999902000000/IND-03/missing", 404),
        (f"/people/{EAST}/IND-03/missing?month=2026-13", 422),
        (f"/people/{EAST}/IND-03/missing?month=1999-01", 422),
    ],
)
def test_a_list_that_does_not_exist_is_said_so(visit: Visit, address: str, status: int) -> None:
    assert visit("east").get(address).status_code == status


# --- one person -----------------------------------------------------------------------------------


def test_a_person_is_shown_without_being_named(visit: Visit, made: Made) -> None:
    page = page_of(visit("east"), f"/case/{made.cases[WHOLE]}")
    words = words_of(page)
    for said in (
        WHOLE,
        "75 岁",
        "第1村",
        "危险性 0级",
        "分类 稳定",
        "最近一次随访未访到",
        "奥氮平片",
        "长效针剂",
    ):
        assert said in words
    for said in ("规范管理率", "✘ 未计入", "168 天", "上限 92 天", "未评估", "棕榈酸帕利哌酮注射液"):
        assert said in words
    for secret in (number_of(1), phone_of(1), "李大山", "家属称", "张小明"):
        assert secret not in page
    assert "<title>患者档案" in page
    assert "谁看过身份信息" not in words


def test_the_drawing_has_no_style_and_says_itself_in_words(visit: Visit, made: Made) -> None:
    page = page_of(visit("east"), f"/case/{made.cases[WHOLE]}")
    drawing = page[page.index('<div class="courses"') : page.index("course-legend")]
    assert "style=" not in page
    label = re.search(r'aria-label="([^"]+逐次记录见下方表格。)"', drawing)
    assert label is not None
    assert "随访到 11 次，未访到 1 次，超过间隔上限 3 处，住院 1 次，长效针剂 10 次" in label[1]
    assert drawing.count("<svg") == 2
    assert drawing.count("<title>2026-11-15 家庭访视：未访到（连续3次未访到）</title>") == 1


def test_the_identity_opens_for_a_purpose_and_closes_again(
    visit: Visit, made: Made, inhabited: Inhabited
) -> None:
    client = visit("east")
    address = f"/case/{made.cases[WHOLE]}"
    status, page = post(client, address, purpose="3")
    assert status == 200
    for said in (number_of(1), phone_of(1), "李大山", "家属称近来睡眠好转", "示例市精神卫生中心"):
        assert said in page
    assert number_of(1) not in page[: page.index("<body")]
    last = entries(inhabited, "reveal")
    assert any(one.purpose == "转介" and one.case_key == made.cases[WHOLE] for one in last[-8:])
    assert number_of(1) not in page_of(client, address)


def test_without_a_purpose_the_identity_stays_closed(visit: Visit, made: Made) -> None:
    status, page = post(visit("east"), f"/case/{made.cases[WHOLE]}", purpose="")
    assert status == 422
    assert "查看身份信息须说明目的" in page
    assert number_of(1) not in page


def test_the_county_is_told_who_looked(visit: Visit, made: Made) -> None:
    post(visit("east"), f"/case/{made.cases['900-00009']}", purpose="2")
    words = words_of(page_of(visit("officer"), f"/case/{made.cases['900-00009']}"))
    assert "谁看过身份信息" in words
    assert re.search(r"east 精防医生 全部身份信息，目的：核对", words)


def test_nobody_and_somebody_elses_person_look_the_same(visit: Visit, made: Made) -> None:
    client = visit("east")
    pages = set()
    for key in (made.cases[WESTERN], 1, 2**62):
        answer = client.get(f"/case/{key}")
        assert answer.status_code == 404
        pages.add(re.sub(rf"/case/{key}|\b[0-9a-f]{{10}}\b", "", answer.get_data(as_text=True)))
        assert post(client, f"/case/{key}", purpose="1")[0] == 404
    assert len(pages) == 1
    for key in ("0", "x", "-1", "9" * 30):
        assert client.get(f"/case/{key}").status_code == 404


def test_a_person_never_seen_has_a_page(visit: Visit, made: Made) -> None:
    words = words_of(page_of(visit("east"), f"/case/{made.cases['900-00005']}"))
    assert "近 24 个月没有随访记录" in words
    assert "危险性 未评估" in words
    assert "分类 未评估" in words


def test_an_administrator_sees_no_person(visit: Visit, made: Made) -> None:
    client = visit("admin")
    for address in ("/cases", f"/case/{made.cases[WHOLE]}", f"/people/{EAST}/IND-03/missing", "/township"):
        assert client.get(address).status_code == 403


def test_a_page_takes_a_constant_number_of_statements(visit: Visit, made: Made, inhabited: Inhabited) -> None:
    from tests.services.test_register import statements

    client = visit("east")
    show_names(client)
    counts = {}
    for name, address in {
        "few": "/cases?size=20",
        "many": "/cases?size=50",
        "whole": f"/case/{made.cases[WHOLE]}",
        "other": f"/case/{made.cases['900-00006']}",
    }.items():
        page_of(client, address)
        with inhabited[0].app_context(), statements() as sent:
            page_of(client, address)
        counts[name] = len(sent)
    assert counts["few"] == counts["many"] <= 12
    # Whoever has injections asks for the doses, and for the labels of the county besides.
    assert abs(counts["whole"] - counts["other"]) <= 5
    # One of them asks whom this account has opened today.
    assert counts["whole"] <= 57
