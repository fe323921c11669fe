"""随访页: the form step by step, saved once, kept as a draft, and never a default in any of its fields."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.models import Visit
from casemgr.store.models.attempt import Attempt
from casemgr.store.models.sheet import Draft
from casemgr.store.work import open_work
from casemgr.terms.risk import RiskLevel
from tests.conftest import TODAY
from tests.services import people
from tests.services.visits import STEADY, typed
from tests.store.register import EAST, SYSTEM, units
from tests.web.conftest import token_in

Client = Callable[[str], FlaskClient]


@pytest.fixture
def case(site: Flask) -> int:
    """One person of the eastern township with one visit in August."""
    clock.fix(TODAY)
    with site.app_context():
        unit = units()[EAST]
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        _, key = people.add(work, EAST, unit, "900-00001", 1, "王小明")
        people.visit(work, EAST, key, date(2026, 8, 21), **people.STEADY, sleep=2, insight=1)
    return key


def rows(site: Flask, model: type[Any]) -> list[Any]:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        return work.entities(select(model))


def get(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.get_data(as_text=True)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form of the visit."""
    form = page[page.index('id="visit"') :] if 'id="visit"' in page else page
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found}


def post(client: FlaskClient, address: str, page: str, told: dict[str, Any], **more: str) -> Any:
    return client.post(address, data={**hidden(page), **told, **more})


def test_nothing_is_chosen_beforehand(client_of: Client, case: int) -> None:
    page = get(client_of("east"), f"/case/{case}/visit")
    form = page[page.index('id="visit"') : page.index("</form>", page.index('id="visit"'))]
    assert " checked" not in form
    assert " selected" not in form
    filled = re.findall(r'<input(?! type="hidden"| type="checkbox"| type="radio")[^>]*value="([^"]+)"', form)
    assert filled == ["东镇乙"]  # who signs; nothing clinical


def test_every_level_stands_there_with_its_whole_wording(client_of: Client, case: int) -> None:
    page = get(client_of("east"), f"/case/{case}/visit?step=2")
    for level in RiskLevel:
        assert level.wording in page


def test_the_last_time_is_shown_in_grey_and_repeated_for_no_judgement(client_of: Client, case: int) -> None:
    page = get(client_of("east"), f"/case/{case}/visit?step=3")
    assert "上次：一般" in page
    [told] = re.findall(r'data-same="([^"]*)"', page)
    assert "sleep" in told
    for never in ("risk", "insight", "adherence", "self_harm", "acts"):
        assert never not in told


def test_a_visit_goes_step_by_step_without_script(site: Flask, client_of: Client, case: int) -> None:
    client = client_of("east")
    address = f"/case/{case}/visit"
    page = get(client, address)
    first = {key: STEADY[key] for key in ("mode", "informants")}
    answer = post(client, address, page, first, fill="on=2026-11-21")
    assert answer.status_code == 303
    page = get(client, answer.location)
    assert 'name="on" value="2026-11-21"' in page
    answer = post(client, address, page, {**first, "on": "2026-11-21"}, go="2")
    assert "step=2" in answer.location
    answer = post(client, address, get(client, answer.location), typed(stability=None, next_on=None), go="7")
    page = get(client, answer.location)
    assert "系统提示：<b>稳定</b>" in page
    assert "第 <b>2</b> 次完整随访" in page
    assert "2027-02-21" in page
    answer = post(client, address, page, typed(), save="1")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = get(client, answer.location)
    assert "随访已保存" in page
    assert "利培酮片" in page
    assert "2026-11-21" in get(client, f"/case/{case}")
    assert len(rows(site, Visit)) == 2
    assert rows(site, Draft) == []


def test_a_second_press_and_the_back_button_write_nothing_twice(
    site: Flask, client_of: Client, case: int
) -> None:
    client = client_of("east")
    address = f"/case/{case}/visit"
    page = get(client, address)
    first = post(client, address, page, typed(), save="1")
    again = post(client, address, page, typed(), save="1")
    assert first.location == again.location
    assert "没有重复写入" in get(client, again.location)
    assert len(rows(site, Visit)) == 2
    back = get(client, address)
    assert "今天的随访已经保存" in back
    assert " checked" not in back


def test_what_is_wrong_is_listed_and_everything_typed_is_kept(
    site: Flask, client_of: Client, case: int
) -> None:
    client = client_of("east")
    address = f"/case/{case}/visit"
    page = get(client, address)
    answer = post(
        client, address, page, typed(risk=None, sleep="3", symptoms=["1"], no_symptoms=None), save="1"
    )
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "<title>错误" in page
    assert f'href="/case/{case}/visit?step=2#f-risk"' in page
    assert re.search(r'name="sleep" value="3" checked', page)
    assert len(rows(site, Visit)) == 1
    assert len(rows(site, Draft)) == 1


def test_a_session_that_ended_over_lunch_loses_nothing(site: Flask, client_of: Client, case: int) -> None:
    client = client_of("east")
    address = f"/case/{case}/visit"
    page = get(client, address)
    saved = post(client, f"{address}/draft", page, {"on": "2026-11-21", "sleep": "3"})
    assert saved.status_code == 200
    assert re.fullmatch(r"\d\d:\d\d", saved.get_json()["saved"])
    client.delete_cookie("casemgr-session")
    late = post(client, address, page, typed(), save="1")
    assert late.status_code == 401
    fresh = client_of("east")
    page = get(fresh, address)
    assert "继续填写" in page
    assert "放弃草稿" in page
    page = get(fresh, f"{address}?step=1")
    assert re.search(r'name="sleep" value="3" checked', page)
    gone = fresh.post(f"{address}/discard", data={"csrf": token_in(page)})
    assert gone.status_code == 303
    assert rows(site, Draft) == []


def test_two_sides_are_shown_and_one_is_chosen(site: Flask, client_of: Client, case: int) -> None:
    one, two = client_of("east"), client_of("officer")
    address = f"/case/{case}/visit"
    mine, theirs = get(one, address), get(two, address)
    assert post(two, address, theirs, typed(sleep="3"), save="1").status_code == 303
    answer = post(one, address, mine, typed(diet="3"), save="1")
    assert answer.status_code == 409
    page = answer.get_data(as_text=True)
    assert "睡眠情况" in page
    assert "饮食情况" in page
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    told: dict[str, list[str]] = {}
    for name, value in fields:
        told.setdefault(name, []).append(html.unescape(value))
    told |= {"pick_sleep": ["theirs"], "pick_diet": ["mine"]}
    answer = one.post(f"{address}/choose", data=told)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    [visit] = [one for one in rows(site, Visit) if one.on == TODAY]
    assert (visit.sleep, visit.diet, visit.version) == (3, 3, 2)
    assert rows(site, Draft) == []


def test_an_edit_and_its_second_look(site: Flask, client_of: Client, case: int) -> None:
    client = client_of("east")
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        people.visit(work, EAST, case, date(2026, 11, 7), risk=4, stability=1)
    address = f"/case/{case}/visit"
    answer = post(client, address, get(client, address), typed(), save="1")
    assert answer.status_code == 303, answer.get_data(as_text=True)
    page = get(client, answer.location)
    assert "待另一位医生复核" in page
    second = f"{answer.location}/confirm"
    assert "须由另一位医生复核" in get(client, second)
    officer = client_of("officer")
    page = get(officer, second)
    assert "同意下调" in page
    refusal = {"csrf": token_in(page), "reason": ""}
    empty = officer.post(second.replace("/confirm", "/decline"), data=refusal)
    assert empty.status_code == 422 and "请写明不同意下调的理由" in empty.get_data(as_text=True)
    refusal["reason"] = "上周仍有持刀"
    assert officer.post(second.replace("/confirm", "/decline"), data=refusal).status_code == 303
    assert "不同意" in get(client, answer.location) and "表示不同意" in get(officer, second)
    assert officer.post(second, data={"csrf": token_in(page)}).status_code == 303
    assert "复核" in get(client, answer.location)
    edit = f"{answer.location}/edit"
    page = get(client, edit)
    assert re.search(r'name="sleep" value="1" checked', page)
    changed = post(client, edit, page, typed(sleep="2"), save="1", reason="录错")
    assert changed.status_code == 303
    assert "第 4 版" in get(client, answer.location)


def test_a_failed_attempt_is_kept_and_taken_back(site: Flask, client_of: Client, case: int) -> None:
    client = client_of("east")
    address = f"/case/{case}/attempt"
    page = get(client, address)
    assert " checked" not in page
    wrong = post(client, address, page, {})
    assert wrong.status_code == 422
    once = hidden(page)
    answer = client.post(address, data={**once, "result": "3", "way": "1", "back": f"/case/{case}"})
    assert answer.location == f"/case/{case}"
    page = get(client, answer.location)
    assert "撤销" in page
    [undo] = re.findall(r'action="(/attempt/\d+/undo)"', page)
    assert (
        client.post(undo, data={"csrf": token_in(page), "back": f"/case/{case}"}).location == f"/case/{case}"
    )
    assert [one.undone for one in rows(site, Attempt)] == [True]


def test_nobody_elses_cases_and_nothing_personal_in_titles(client_of: Client, case: int) -> None:
    for path in (f"/case/{case}/visit", f"/case/{case}/attempt", f"/visit/{case}", f"/visit/{case}/edit"):
        assert client_of("west").get(path).status_code == 404
        assert client_of("admin").get(path).status_code == 403
