"""事件、转诊与患者页: forms keep what was typed, save once, lead back to the person, and say nothing personal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.services.people import RARE, WESTERN, WHOLE, Made, phone_of
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of

Visit = Callable[[str], FlaskClient]
Inhabited = tuple[Flask, Made]


def send(client: FlaskClient, address: str, page: str, **given: object) -> tuple[int, str, str]:
    """Status, place and text of what a form gets back, with the hidden fields of the page it stands on."""
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page[page.index("<main") :]))
    answer = client.post(address, data={**hidden, "csrf": token_in(page), **given})
    return answer.status_code, answer.headers.get("Location", ""), answer.get_data(as_text=True)


def test_the_two_routes_are_kept_apart(visit: Visit, made: Made) -> None:
    client = visit("east")
    address = f"/case/{made.cases[RARE]}/incident"
    chosen = words_of(page_of(client, address))
    assert "伤害自己" in chosen
    assert "影响或伤害他人" in chosen
    own = page_of(client, f"{address}?route=self")
    before = own[: own.index("确需公安协助时")]
    assert "通报公安" not in before
    assert "12356" in own
    assert "自杀未遂" in own
    assert "肇事" not in own
    assert "checked" not in own
    others = page_of(client, f"{address}?route=others")
    assert "已通报公安派出所" in others
    assert "自伤" not in words_of(others)
    assert "checked" not in others


def test_an_act_is_saved_once_and_shown_on_the_page(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00011"]
    address = f"/case/{key}/incident"
    page = page_of(client, f"{address}?route=others")
    given = {"kind": "2", "on": "2026-11-10", "done": ["1", "7"], "note": "与邻居起争执"}
    for times in (1, 2):
        status, place, _ = send(client, address, page, **given)
        assert (status, place) == (303, f"/case/{key}#events")
        words = words_of(page_of(client, f"/case/{key}"))
        assert ("没有重复登记" in words) == (times == 2)
    shown = page_of(client, f"/case/{key}")
    assert shown.count(">肇事</a>") == 2  # the card and the list of what happened
    assert "与邻居起争执" not in shown
    assert "危险行为 1 次" in shown
    number = re.search(r'href="(/incident/\d+)"', shown)
    assert number is not None
    assert "与邻居起争执" in page_of(client, number[1])
    assert "与邻居起争执" not in page_of(client, f"/case/{key}?kind=event")


def test_what_is_wrong_comes_back_with_what_was_typed(visit: Visit, made: Made) -> None:
    client = visit("east")
    address = f"/case/{made.cases['900-00012']}/incident"
    page = page_of(client, f"{address}?route=others")
    status, _, text = send(client, address, page, kind="2", on="2026-12-24", done=["1"], note="写了很多字")
    assert status == 422
    for said in ("有 1 处需要改正", "ev02", "写了很多字", 'value="2026-12-24"', 'href="#f-on"'):
        assert said in text
    assert re.search(r'name="done" value="1" checked', text)
    status, _, text = send(client, address, page, on="x")
    assert status == 422
    assert "请选择类别" in text
    assert "应写成 2026-11-05" in text


def test_a_referral_is_followed_to_its_end(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00013"]
    page = page_of(client, f"/case/{key}/referral")
    assert "checked" not in page
    given = {
        "direction": "1",
        "advised_on": "2026-11-10",
        "sent_on": "2026-11-11",
        "target": "示例市精神卫生中心",
        "reason": "需调整用药",
    }
    status, place, _ = send(client, f"/case/{key}/referral", page, **given)
    assert status == 303
    assert "需调整用药" in page_of(client, place)
    assert "已转出" in words_of(page_of(client, f"/case/{key}"))
    assert "示例市精神卫生中心" not in page_of(client, f"/case/{key}")
    status, _, text = send(client, place, page_of(client, place), to="5", on="2026-11-16")
    assert status == 422
    assert "请写明诊治结果" in text
    status, _, _ = send(client, place, page_of(client, place), to="5", on="2026-11-16", note="好转")
    assert status == 303
    status, _, text = send(client, place, page_of(client, place), to="2", on="2026-11-17")
    assert status == 422
    assert "目前是“已诊治”" in text
    words = words_of(page_of(client, f"/case/{key}"))
    assert "已诊治" in words
    assert "转诊状态" in words_of(page_of(client, f"/case/{key}/changes"))


def test_a_lock_up_stays_in_sight_until_its_release(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases["900-00014"]
    page = page_of(client, f"/case/{key}/lock-up")
    status, _, _ = send(client, f"/case/{key}/lock-up", page, known_on="2026-11-01", plan="下周送医")
    assert status == 303
    shown = page_of(client, f"/case/{key}")
    assert "2026-11-01 得知关锁，已 20 天，尚未登记解除" in shown
    release = re.search(r'href="(/lock-up/\d+/release)"', shown)
    assert release is not None
    assert client.get(f"/case/{key}/lock-up").headers["Location"] == release[1]
    given = {"released_on": "2026-11-20", "verified": "1", "note": "上门亲见"}
    status, _, _ = send(client, release[1], page_of(client, release[1]), **given)
    assert status == 303
    assert "尚未登记解除" not in page_of(client, f"/case/{key}")


def test_a_number_is_shown_when_asked_for_and_not_kept(visit: Visit, made: Made) -> None:
    client = visit("east")
    key = made.cases[WHOLE]
    page = page_of(client, f"/case/{key}")
    assert phone_of(1) not in page
    status, _, text = send(client, f"/case/{key}/reach", page, who="self")
    assert status == 200
    assert f'href="tel:{phone_of(1)}"' in text
    status, _, text = send(client, f"/case/{key}/reach", page, who="guardian")
    assert "监护人" in text
    assert phone_of(1) not in page_of(client, f"/case/{key}")


@pytest.mark.parametrize(
    "address", ["/case/{}/incident", "/case/{}/incident?route=self", "/case/{}/lock-up", "/case/{}/referral",
                "/case/{}/changes"]
)  # fmt: skip
def test_people_of_another_township_have_no_pages(visit: Visit, made: Made, address: str) -> None:
    assert visit("east").get(address.format(made.cases[WESTERN])).status_code == 404
    assert visit("admin").get(address.format(made.cases[WESTERN])).status_code == 403


def test_the_menu_leads_only_to_pages_that_exist(visit: Visit, made: Made) -> None:
    client = visit("east")
    page = page_of(client, f"/case/{made.cases[RARE]}")
    menu = page[page.index("case-bar") : page.index("接下来" if "接下来" in page else "h-identity")]
    for address in re.findall(r'href="(/case/[^"]+)"', menu):
        assert client.get(address).status_code in (200, 303), address
