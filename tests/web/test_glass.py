"""Emergency reading on screen, and the pages of a head of a unit."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import NotFound

from casemgr.rules.access import ROLE_ACTIONS, Role
from casemgr.services import account, clock
from casemgr.services.errors import Conflict
from casemgr.web.guard import mark_of
from tests.services.people import Made, number_of
from tests.staff import NOW, PASSWORD
from tests.store.register import EAST, SYSTEM, WEST
from tests.web.conftest import sign_in, token_in

Visit = Callable[[str], FlaskClient]
WORDS = "有人在路口拦车，自称认识他，需要联系家属"


@pytest.fixture
def heads(inhabited: tuple[Flask, Made]) -> None:
    with inhabited[0].app_context():
        for login, name, area in (("headw", "西镇负责人", WEST), ("heade", "东镇负责人", EAST)):
            with suppress(Conflict):
                account.create(
                    SYSTEM, login, name, int(Role.UNIT_HEAD), area, NOW, PASSWORD, must_change=False
                )


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, (address, answer.status_code)
    return answer.get_data(as_text=True)


def sent(client: FlaskClient, asked: str) -> dict[str, str]:
    form = text_of(client, "/glass/new")
    once = re.search(r'name="once" value="(\d+)"', form)
    assert once
    return {"csrf": token_in(form), "once": once.group(1), "asked": asked, "reason": "2", "words": WORDS}


@pytest.fixture
def abroad(inhabited: tuple[Flask, Made]) -> tuple[str, str]:
    """(file number, id number) of somebody of the other township who has one."""
    with inhabited[0].app_context():
        from sqlalchemy import select

        from casemgr.rules.access import Action
        from casemgr.store.identity import reveal
        from casemgr.store.models import Case
        from casemgr.store.work import open_work

        with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
            rows = work.rows(
                select(Case.file_no, Case.person_id).where(Case.area == WEST, Case.lifecycle == 1)
            )
            opened = reveal(work, [row.person_id for row in rows], "test", ("id_number",))
            for row in rows:
                if opened[row.person_id].id_number:
                    return row.file_no, opened[row.person_id].id_number
    raise AssertionError("nobody in the west has a number")


def test_from_the_form_over_the_proof_to_the_one_person_and_the_review(
    heads: None,
    visit: Visit,
    inhabited: tuple[Flask, Made],
    abroad: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file_no, number = abroad
    client = visit("east")
    given = sent(client, number)
    wrong = client.post("/glass/new", data=given | {"words": "急", "reason": ""})
    page = wrong.get_data(as_text=True)
    assert (
        wrong.status_code == 422
        and 'href="#f-words"' in page
        and 'href="#f-reason"' in page
        and number in page
    )
    # Ten minutes after signing in the own password is asked for, and everything typed goes along.
    later = clock.now() + timedelta(minutes=10)
    monkeypatch.setattr(clock, "now", lambda: later)
    asked = client.post("/glass/new", data=given)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 401 and WORDS in page and 'name="proof"' in page
    assert client.post("/glass/new", data=given | {"proof": "不是这个密码呀"}).status_code == 422
    answer = client.post("/glass/new", data=given | {"proof": PASSWORD, "csrf": token_in(page)})
    assert answer.status_code == 303
    address = answer.location
    shown = text_of(client, address)
    assert file_no in shown and "紧急查看进行中" in shown and "不能打印" in shown
    assert number not in shown and f"{number[:3]}*************{number[-2:]}" in shown
    title = re.search(r"<title>(.*?)</title>", shown)
    assert title and "紧急查看：一人" in title.group(1)
    assert "紧急查看进行中" in text_of(client, "/work")
    for way in ("/print", "/summary", "/changes", ""):
        key = re.search(r"/case/(\d+)", shown)
        assert key is None or client.get(f"/case/{key.group(1)}{way}").status_code == 404
    assert visit("west").get(address).status_code == 404
    # The head of the other unit is told on the first page, and answers.
    head = visit("headw")
    assert "次紧急查看待复核" in text_of(head, "/work")
    assert "次紧急查看待复核" in text_of(visit("officer"), "/county")
    listed = text_of(head, "/glass/reviews")
    assert WORDS in listed and file_no in listed and "东镇乙" in listed
    review = f"{address.removeprefix('http://localhost')}/review"
    token = token_in(listed)
    assert head.post(review, data={"csrf": token, "verdict": "2", "words": "不"}).status_code == 422
    assert head.post(review, data={"csrf": token, "verdict": "1", "words": ""}).status_code == 303
    assert "情况属实，确有必要" in text_of(client, "/glass")
    ended = client.post(f"{address.removeprefix('http://localhost')}/end", data={"csrf": token_in(shown)})
    assert ended.status_code == 303
    assert client.get(address).status_code == 404
    assert "紧急查看进行中" not in text_of(client, "/work")


def test_an_empty_search_offers_the_way_and_a_name_finds_nobody(heads: None, visit: Visit) -> None:
    client = visit("east")
    page = text_of(client, "/cases")
    found = client.post("/cases", data={"csrf": token_in(page), "text": number_of(899)})
    assert "/glass/new" in found.get_data(as_text=True)
    answer = client.post("/glass/new", data=sent(client, "李西一"))
    assert answer.status_code == 422
    assert visit("officer").get("/glass/new").status_code == 403


def test_every_link_and_button_of_a_head_of_a_unit_opens_and_id_numbers_are_covered(
    heads: None, visit: Visit, inhabited: tuple[Flask, Made]
) -> None:
    head = visit("heade")
    app = inhabited[0]
    urls = app.url_map.bind("localhost")
    may = ROLE_ACTIONS[Role.UNIT_HEAD]
    seen: set[str] = set()
    closed: list[tuple[str, str, str]] = []
    from_: dict[str, str] = {}
    todo = ["/"]
    while todo and len(seen) < 60:
        address = todo.pop(0)
        shape = re.sub(r"\d+", "N", address.split("?")[0])
        if shape in seen:
            continue
        seen.add(shape)
        answer = head.get(address)
        if answer.status_code not in (200, 303):
            closed.append((address, from_.get(address, ""), str(answer.status_code)))
            continue
        if answer.status_code == 303:
            todo.append(answer.location)
            continue
        page = answer.get_data(as_text=True)
        for action in re.findall(r'<form[^>]*method="post"[^>]*action="([^"]+)"', page):
            try:
                endpoint, _ = urls.match(re.split(r"[?#]", action)[0], method="POST")
            except NotFound:
                closed.append((address, action, "no such page"))
                continue
            mark = mark_of(app, endpoint)
            if mark is not None and mark.action is not None and mark.action not in may:
                closed.append((address, action, mark.action.code))
        links = [one.replace("&amp;", "&").split("#")[0] for one in re.findall(r'href="(/[^"#][^"]*)"', page)]
        for one in links:
            if not one.startswith(("/static", "/reports/", "/liaison")):
                from_.setdefault(one, address)
                todo.append(one)
    assert closed == []
    assert {"/work", "/cases", "/case/N"} <= seen
    case = next(
        key for number, key in inhabited[1].cases.items() if head.get(f"/case/{key}").status_code == 200
    )
    page = text_of(head, f"/case/{case}")
    opened = head.post(f"/case/{case}", data={"csrf": token_in(page), "purpose": "2"}).get_data(as_text=True)
    assert not re.search(r"\b9999\d{13}[\dX]\b", opened)
    assert re.search(r"999\*{13}[\dX]{2}", opened) or "证件号码" not in opened


def test_a_bearer_of_a_head_of_a_unit_is_bound_alike(heads: None, inhabited: tuple[Flask, Made]) -> None:
    client = inhabited[0].test_client()
    sign_in(client, "heade")
    assert client.get("/accounts").status_code == 403
    assert client.get("/matrix").status_code == 200
