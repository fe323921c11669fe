"""服务记录页: entered with the checks of the import, once, and put right with a reason that is kept."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.services.people import WESTERN, Made
from tests.web.test_county import page_of, words_of
from tests.web.test_event import send

Visit = Callable[[str], FlaskClient]
Inhabited = tuple[Flask, Made]
REHAB = {
    "on": "2026-11-10",
    "form": "4",
    "place": "2",
    "minutes": "60",
    "provider": "示例康复站",
    "attended": "是",
}
CHECKUP = {
    "on": "2026-11-10",
    "pressure": "128/82",
    "weight_g": "61.5",
    "blood_count": "1",
    "glucose": "2",
    "note": "复查血糖",
}


@pytest.mark.parametrize(
    ("noun", "given", "shown"),
    [
        ("rehab", REHAB, "生活技能训练"),
        ("checkup", CHECKUP, "128/82"),
    ],
)
def test_a_service_is_kept_once_and_put_right_with_a_reason(
    visit: Visit, made: Made, noun: str, given: dict[str, str], shown: str
) -> None:
    client = visit("east")
    key = made.cases["900-00021"]
    page = page_of(client, f"/case/{key}/{noun}/new")
    assert "checked" not in page
    assert " selected" not in page
    for times in (1, 2):
        status, place, text = send(client, f"/case/{key}/{noun}/new", page, **given)
        assert (status, place) == (303, f"/case/{key}"), words_of(text)[:500]
        assert ("没有重复登记" in page_of(client, place)) == (times == 2)
    whole = page_of(client, f"/case/{key}")
    assert shown in whole
    links = re.findall(rf'href="(/{noun}/\d+)"', whole)
    assert len(links) == 1
    form = page_of(client, links[0])
    assert 'value="2026-11-10"' in form
    changed = {**given, "on": "2026-11-09"}
    status, _, text = send(client, links[0], form, **changed)
    assert status == 422
    assert "请写明更正的原因" in text
    status, _, _ = send(client, links[0], form, **changed, reason="日期抄错")
    assert status == 303
    status, _, text = send(client, links[0], form, **changed, reason="再改一次")
    assert status == 409
    assert "被别人改过" in text
    words = words_of(page_of(client, f"/case/{key}/changes"))
    assert "2026-11-10 → 2026-11-09" in words
    assert "日期抄错" in words


def test_what_cannot_be_comes_back_by_field(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00022"]
    page = page_of(client, f"/case/{key}/checkup/new")
    status, _, text = send(client, f"/case/{key}/checkup/new", page, on="2026-12-01", pressure="12882")
    assert status == 422
    assert "晚于今天" in text
    assert "收缩压/舒张压" in text
    assert 'value="12882"' in text
    status, _, text = send(client, f"/case/{key}/rehab/new", page_of(client, f"/case/{key}/rehab/new"))
    assert status == 422
    assert "有 2 处需要改正" in text


def test_what_is_worth_a_question_is_kept_and_asked(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00023"]
    page = page_of(client, f"/case/{key}/checkup/new")
    status, place, _ = send(client, f"/case/{key}/checkup/new", page, on="2026-11-10", pressure="300/82")
    assert status == 303
    assert "不在常见范围内" in page_of(client, place)


@pytest.mark.parametrize("noun", ["rehab", "checkup"])
def test_people_of_another_township_get_no_form(visit: Visit, made: Made, noun: str) -> None:
    assert visit("east").get(f"/case/{made.cases[WESTERN]}/{noun}/new").status_code == 404
    assert visit("east").get(f"/{noun}/1").status_code == 404
    assert visit("admin").get(f"/case/{made.cases[WESTERN]}/{noun}/new").status_code == 403


def test_there_is_no_other_kind_of_service(visit: Visit, made: Made) -> None:
    assert visit("east").get(f"/case/{made.cases['900-00021']}/surgery/new").status_code == 404
