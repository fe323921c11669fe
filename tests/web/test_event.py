"""事件、转诊与患者页: forms keep what was typed, save once, and say nothing personal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.models import AuditEntry
from casemgr.store.models import Visit as Visit_
from casemgr.store.work import open_work
from tests.services.people import RARE, WESTERN, WHOLE, Made, phone_of
from tests.store.register import EAST, SYSTEM
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


def test_an_emergency_from_the_red_button_to_the_upload(
    visit: Visit, made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = visit("east")
    key = made.cases["900-00015"]
    monkeypatch.setattr(clock, "moment", lambda: datetime(2026, 11, 21, 2, 30, tzinfo=UTC))
    page = page_of(client, f"/case/{key}/emergency")
    given = {"reported_at": "2026-11-21", "reported_at_time": "10:05"}
    status, place, _ = send(client, f"/case/{key}/emergency", page, **given)
    assert status == 303
    again = send(client, f"/case/{key}/emergency", page, **given)
    assert again[:2] == (303, place)
    assert client.get(f"/case/{key}/emergency").headers["Location"] == place
    screen = page_of(client, place)
    assert 'data-clock="1500"' in screen
    assert "tel:110" in screen
    assert "checked" not in screen
    assert "应急处置进行中" in page_of(client, f"/case/{key}")
    send(client, f"{place}/step", screen, step="6")
    assert "10:30" in page_of(client, place)
    told = {
        "started_at": "2026-11-21",
        "started_at_time": "10:20",
        "ended_at": "2026-11-21",
        "ended_at_time": "10:28",
        "causes": ["1", "3"],
        "measures": ["3"],
        "effect": "1",
        "stay": "3",
        "in_charge": "村医",
    }
    status, _, text = send(client, f"{place}/end", screen, **told)
    assert status == 422
    assert "ev06" in text
    status, _, text = send(client, f"{place}/end", screen, **{**told, "ground": "2", "effect": ""})
    assert status == 422
    assert "没有填写处置效果" in text
    assert re.search(r'name="causes" value="3" checked', text)
    status, _, _ = send(client, f"{place}/end", screen, **told, ground="2")
    assert status == 303
    words = words_of(page_of(client, place))
    for said in ("填写应急处置记录单 截止 2026-11-22 10:28", "应急处置后随访", "已登记结束"):
        assert said in words
    assert "近期有应急处置，应在 2026-12-05 前随访" in page_of(client, f"/case/{key}")
    form = page_of(client, f"{place}/record")
    assert 'value="2026-11-21T10:05"' in form
    status, _, text = send(client, f"{place}/record", form, name="甲")
    assert status == 422
    filled = {
        "name": "甲",
        "place": "村委会门口",
        "reported_at": "2026-11-21T10:05",
        "started_at": "2026-11-21T10:20",
        "ended_at": "2026-11-21T10:28",
        "scene": "已平静",
        "causes": ["1", "3"],
        "measures": ["3"],
        "filled_by": "东镇乙",
        "on": "2026-11-21",
    }
    status, _, text = send(client, f"{place}/record", form, **filled)
    assert status == 303, words_of(text)[:800]
    assert "已平静" in page_of(client, f"{place}/record")
    status, _, _ = send(client, f"{place}/uploaded", page_of(client, place), on="2026-11-21")
    assert status == 303
    words = words_of(page_of(client, place))
    assert words.count("已完成 2026-11-21") == 2
    assert client.get(place.replace("/emergency/", "/emergency/1")).status_code == 404
    assert visit("west").get(place).status_code == 404


def test_the_summary_is_opened_on_purpose_and_written_down(
    visit: Visit, made: Made, inhabited: Inhabited
) -> None:
    client = visit("east")
    key = made.cases[WHOLE]
    closed = page_of(client, f"/case/{key}/summary")
    assert phone_of(1) not in closed
    status, _, text = send(client, f"/case/{key}/summary", closed)
    assert status == 200
    for said in (phone_of(1), "奥氮平片", "李大山", "未访到"):
        assert said in text
    assert phone_of(1) not in text[: text.index("<body")]
    with inhabited[0].app_context(), open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        verbs = work.entities(
            select(AuditEntry).where(AuditEntry.case_key == key, AuditEntry.verb == "print")
        )
    assert [one.purpose for one in verbs] == ["转介"]


def test_more_events_take_no_more_statements(visit: Visit, made: Made, inhabited: Inhabited) -> None:
    from tests.services.test_register import statements

    client = visit("east")
    key = made.cases["900-00016"]
    counts = []
    for day in ("2026-11-02", "2026-11-03", "2026-11-04"):
        page = page_of(client, f"/case/{key}/incident?route=others")
        assert send(client, f"/case/{key}/incident", page, kind="1", on=day)[0] == 303
        page_of(client, f"/case/{key}")
        with inhabited[0].app_context(), statements() as sent:
            page_of(client, f"/case/{key}")
        counts.append(len(sent))
    assert len(set(counts)) == 1


def test_the_result_of_a_referral_that_nobody_wrote_down_leads_to_its_form(
    visit: Visit, inhabited: Inhabited, made: Made
) -> None:
    with inhabited[0].app_context(), open_work(SYSTEM, Action.CASE_LIST) as work:
        told = work.row(select(Visit_.id, Visit_.case_id).where(Visit_.area == EAST).limit(1))
    assert told is not None
    answer = visit("east").get(f"/referral/{told.id}")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/case/{told.case_id}/referral?visit={told.id}",
    )
    assert visit("west").get(f"/referral/{told.id}").status_code == 404
    assert visit("east").get("/referral/1").status_code == 404
