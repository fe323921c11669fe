"""状态变更页: each change by a form without script, and letters to print."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.work import open_work
from casemgr.web.staff import form
from casemgr.web.staff.state import CHANGES
from tests.services.test_state import TODAY
from tests.store.register import DOCTOR_EAST, EAST, add_person, units
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.fixture
def case(site: Flask) -> int:
    clock.fix(TODAY)
    with site.app_context():
        unit = units()[EAST]
        with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
            _, key = add_person(work, EAST, unit, "100-00001", "赵试验")
    return key


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def send(client: FlaskClient, case: int, change: str, **values: str) -> TestResponse:
    at = f"/case/{case}/{change}"
    page = text(client.get(at))
    version = re.search(r'name="version" value="(\d+)"', page)
    given = {"version": version[1]} if version else {}
    return client.post(at, data={"csrf": token_in(page), **given, **values})


def test_no_page_has_an_answer_before_it_is_given(client_of: ClientOf, case: int) -> None:
    client = client_of("east")
    for kind in CHANGES:
        page = text(client.get(f"/case/{case}/{kind}"))
        assert " checked" not in page and "赵" not in page, kind
    assert client_of("west").get(f"/case/{case}/death").status_code == 404


def test_a_wrong_death_keeps_everything_typed(client_of: ClientOf, case: int) -> None:
    client = client_of("east")
    answer = send(client, case, "death", on="2026-11-22", proof="1", cause="2", detail="入户")
    page = text(answer)
    assert answer.status_code == 422
    assert 'href="#f-on"' in page and "入户</textarea>" in page
    assert re.search(r'name="cause" value="2" checked', page)


def test_a_death_is_told_then_confirmed_then_undone(client_of: ClientOf, case: int) -> None:
    client = client_of("east")
    told = send(client, case, "death", on="2026-11-10", proof="9")
    assert told.status_code == 303 and "死亡待核实" in text(client.get(told.location))
    assert "待核实" in text(client.get(f"/case/{case}/death"))
    done = send(client, case, "death", on="2026-11-10", proof="2", cause="1", disease="8")
    assert done.status_code == 303
    assert "现在不能登记死亡" in text(client.get(f"/case/{case}/death"))
    assert send(client, case, "reopen", on="2026-11-10", reason="登记有误").status_code == 303
    assert "档案正在册" in text(client.get(f"/case/{case}/reopen"))


def test_lost_letters_and_found_in_one_tap(
    client_of: ClientOf, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("east")
    assert send(client, case, "lost", on="2026-11-10", why="3").status_code == 422
    done = send(client, case, "lost", on="2026-11-10", why="3", reason="家属报走失")
    page = text(client.get(done.location))
    assert "失访中" in page and "公安派出所" in page
    drawn: list[int] = []
    monkeypatch.setattr(form, "_start", lambda _draw, key, **_more: drawn.append(key))
    letter = client.post(f"/case/{case}/lost/letter", data={"csrf": token_in(page), "to": "police"})
    assert (letter.status_code, letter.location) == (303, f"/prints/{drawn[0]}")
    shown = text(client.get(letter.location))
    assert "正在准备 失访告知书" in shown and "赵" not in shown
    assert (
        client.post(f"/case/{case}/lost/letter", data={"csrf": token_in(page), "to": "x"}).status_code == 404
    )
    found = client.post(f"/case/{case}/found", data={"csrf": token_in(page)})
    assert found.status_code == 303 and "已恢复管理" in text(client.get(found.location))


def test_pause_resume_diagnosis_consent_exclusion_and_moving(client_of: ClientOf, case: int) -> None:
    client = client_of("east")
    for kind, values in (
        ("pause", {"kind": "2", "until": "2026-12-31"}),
        ("diagnosis", {"diagnosis": "4", "on": "2026-11-01", "hospital": "省精卫中心", "reason": "复诊"}),
        ("consent", {"step": "2", "on": "2026-11-01", "signer": "本人"}),
    ):
        assert send(client, case, kind, **values).status_code == 303, kind
    page = text(client.get(f"/case/{case}/pause"))
    assert "恢复按期随访" in page
    assert client.post(f"/case/{case}/resume", data={"csrf": token_in(page)}).status_code == 303
    assert send(client, case, "moved", on="2026-11-20", place="").status_code == 422
    assert send(client, case, "moved", on="2026-11-20", place="邻县某卫生院").status_code == 303
    assert send(client, case, "reopen", on="2026-11-20", reason="未迁成").status_code == 303
    done = send(client, case, "exclude", on="2026-11-20", hospital="省精卫中心", reason="复诊排除")
    assert done.status_code == 303


def test_an_old_form_is_refused_with_a_way_on(client_of: ClientOf, case: int) -> None:
    client = client_of("east")
    page = text(client.get(f"/case/{case}/pause"))
    assert (
        send(
            client, case, "diagnosis", diagnosis="4", on="2026-11-01", hospital="省", reason="复诊"
        ).status_code
        == 303
    )
    data = {"csrf": token_in(page), "version": "1", "kind": "2", "until": "2026-12-31"}
    late = client.post(f"/case/{case}/pause", data=data, follow_redirects=True)
    assert "刚刚已被保存" in text(late)
