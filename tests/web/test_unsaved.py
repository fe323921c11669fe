"""未保存的内容: after a refusal the same page with everything typed, or the texts to be copied from."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.services import retention, rights
from casemgr.services.errors import Throttled, Unavailable
from casemgr.store.models import RightsRequest
from casemgr.store.work import open_work
from casemgr.terms.retention import Kept
from tests.conftest import TODAY
from tests.store.register import EAST, SYSTEM, add_person, add_visit, units
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of

BOX = "您刚才填写的内容"
TYPED = "家属来电说本人已搬走，\n“明天”再核实 <一次>"


@pytest.fixture
def asked(site: Flask, client_of: Callable[[str], FlaskClient]) -> tuple[FlaskClient, str]:
    """A doctor and the place of a request to see the own file, not yet answered."""
    with site.app_context():
        unit = units()[EAST]
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            _, case = add_person(work, EAST, unit, "E-1", "张一甲乙")
            add_visit(work, EAST, case, TODAY - timedelta(days=9))
    east = client_of("east")
    page = page_of(east, f"/case/{case}/rights")
    told = {"csrf": token_in(page), "once": _hidden(page, "once"), "asked_on": TODAY.isoformat()}
    made = east.post(f"/case/{case}/rights", data={**told, "kind": "1", "asker": "1", "what": "查阅本人档案"})
    return east, made.headers["Location"]


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def _boxes(answer: TestResponse) -> dict[str, str]:
    """The boxes to be copied from, by their labels; none of them is sent again."""
    page = answer.get_data(as_text=True)
    found = re.findall(
        r'<label for="unsaved-\d+">(.*?)</label><textarea ([^>]*) readonly>(.*?)</textarea>', page, re.S
    )
    assert all("name=" not in tag for _, tag, _ in found)
    return {unescape(label): unescape(text) for label, _, text in found}


def test_a_fault_of_the_form_does_not_write_over_what_changed_meanwhile(
    site: Flask, asked: tuple[FlaskClient, str]
) -> None:
    east, place = asked
    page = page_of(east, place)
    stale = _hidden(page, "version")
    with site.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.get(RightsRequest, int(place.rsplit("/", 1)[1]))
        assert row is not None
        row.version += 1
    told = {"csrf": token_in(page), "version": stale, "do": "decide", "safe": "1", "reason": TYPED}
    answer = east.post(place, data={**told, "decision": "99"})
    assert answer.status_code == 422
    again = _hidden(answer.get_data(as_text=True), "version")
    assert again == stale
    assert east.post(place, data={**told, "version": again, "decision": "1"}).status_code == 409


def test_a_conflict_shows_the_form_again_and_a_second_press_succeeds(
    site: Flask, asked: tuple[FlaskClient, str]
) -> None:
    east, place = asked
    page = page_of(east, place)
    stale = _hidden(page, "version")
    with site.app_context(), open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.get(RightsRequest, int(place.rsplit("/", 1)[1]))
        assert row is not None
        row.version += 1
    told = {"csrf": token_in(page), "version": stale, "do": "decide", "safe": "1", "decision": "1"}
    answer = east.post(place, data={**told, "reason": TYPED})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "请先对照" in words_of(page) and f'href="{place}" target="_blank"' in page
    assert BOX not in page, "all of it stands in the form"
    assert "家属来电说本人已搬走，\n&#34;" not in page
    assert unescape(page).count(TYPED) == 1
    assert re.search(r'name="decision" value="1" checked', page)
    assert "家属来电" not in str(answer.headers) and "Set-Cookie" not in answer.headers
    again = east.post(place, data={**told, "version": _hidden(page, "version"), "reason": TYPED})
    assert again.status_code == 303


def test_a_closed_row_leaves_the_text_to_be_copied(asked: tuple[FlaskClient, str]) -> None:
    east, place = asked
    page = page_of(east, place)
    told = {"csrf": token_in(page), "version": _hidden(page, "version"), "do": "decide"}
    told |= {"safe": "1", "decision": "1"}
    assert east.post(place, data={**told, "reason": "同意查阅"}).status_code == 303
    answer = east.post(place, data={**told, "decision": "2", "reason": TYPED})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert BOX in page and 'name="reason"' not in page
    boxes = _boxes(answer)
    assert boxes == {"医生判断": "不会", "办理结果": "部分同意", "理由": TYPED}
    assert "家属来电" not in re.search(r"<title>(.*?)</title>", page)[1]  # type: ignore[index]
    assert BOX not in page_of(east, place), "nothing of it is kept"


def test_nothing_due_any_more_leaves_the_reason(client_of: Callable[[str], FlaskClient]) -> None:
    officer = client_of("officer")
    page = page_of(officer, "/retention")
    once = str(retention.begin())
    told = {"csrf": token_in(page), "once": once, "kind": "1", "reason": "鉴定会记录三号"}
    answer = officer.post("/retention", data=told)
    assert answer.status_code == 422
    assert _boxes(answer) == {"类别": Kept.MEDICAL.label, "依据和经过": "鉴定会记录三号"}
    page = answer.get_data(as_text=True)
    assert "现在没有保存期满" in page and "#f-kind" not in page, "the field it would lead to is gone"
    assert page.index("data-errors") < page.index(BOX)


@pytest.mark.parametrize("wrong", [Throttled("请过一会儿再试。"), Unavailable("暂时不能保存。")])
def test_what_may_succeed_later_can_be_sent_again_from_the_error_page(
    asked: tuple[FlaskClient, str], monkeypatch: pytest.MonkeyPatch, wrong: Exception
) -> None:
    east, place = asked
    page = page_of(east, place)
    told = {"version": _hidden(page, "version"), "do": "decide", "safe": "1", "decision": "1"}

    def refuse(*_args: Any) -> None:
        raise wrong

    with monkeypatch.context() as patch:
        patch.setattr(rights, "decide", refuse)
        answer = east.post(place, data={"csrf": token_in(page), **told, "reason": TYPED})
    assert answer.status_code in (429, 503)
    page = answer.get_data(as_text=True)
    assert _boxes(answer)["理由"] == TYPED
    form = re.search(rf'<form method="post" action="{place}">(.*?)</form>', page, re.S)
    assert form is not None
    pairs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form[1])
    again = {name: unescape(text) for name, text in pairs}
    assert again.items() >= {**told, "reason": TYPED}.items()
    assert east.post(place, data=again).status_code == 303


def test_a_row_out_of_reach_leaves_the_text_as_well(
    asked: tuple[FlaskClient, str], client_of: Callable[[str], FlaskClient]
) -> None:
    west = client_of("west")
    told = {"csrf": token_in(page_of(west, "/rights")), "version": "1", "do": "decide", "reason": TYPED}
    answer = west.post(asked[1], data=told)
    assert answer.status_code == 404
    assert _boxes(answer) == {"理由": TYPED}


def test_keys_buttons_and_secrets_are_no_text(asked: tuple[FlaskClient, str]) -> None:
    east, place = asked
    told = {
        "csrf": token_in(page_of(east, place)),
        "version": "1",
        "do": "decide",
        "once": "77",
        "proof": "密",
    }
    answer = east.post(f"{place}0", data={**told, "kept": "留", "back": "//evil", "area": "999901100000"})
    assert answer.status_code == 404
    assert BOX not in answer.get_data(as_text=True)


#: Forms without anything typed, forms that carry what was posted themselves, and editions of official forms.
OTHER_NUMBERS = {
    "emergency/record.html",
    "liaison/home.html",
    "liaison/sheet.html",
    "monitoring/result.html",
    "rights/told.html",
    "state/page.html",
    "visit/conflict.html",
    "visit/form.html",
}


def test_no_form_takes_the_newest_number_after_a_fault_of_its_own() -> None:
    templates = Path(__file__).parents[2] / "templates"
    newest = {
        str(path.relative_to(templates))
        for path in templates.rglob("*.html")
        for sent in re.findall(r'name="version" value="\{\{(.*?)\}\}"', path.read_text(encoding="utf-8"))
        if "|as_seen" not in sent
    }
    assert newest == OTHER_NUMBERS
