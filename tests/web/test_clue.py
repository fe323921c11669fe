"""线索页 and 登记建档页: from the nine questions to a person on the register, by forms without script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.models import Area
from casemgr.store.work import open_work
from tests.services.test_registration import SOUND, TODAY, VILLAGE, WRONG_DIGIT, typed
from tests.store.register import EAST, SYSTEM, WEST
from tests.web.conftest import token_in

ClientOf = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def village(site: Flask) -> None:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))
    clock.fix(TODAY)


def text(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found.group(1)


def post(client: FlaskClient, at: str, form_at: str, **values: str | list[str]) -> TestResponse:
    page = text(client.get(form_at))
    once = {"once": hidden(page, "once")} if 'name="once"' in page else {}
    return client.post(at, data={"csrf": token_in(page), **once, **values})


SIGNS = {f"sign{n}": "1" if n in (5, 6) else "0" for n in range(1, 10)}
CLUE = {
    "name": "赵试验",
    "source": "1",
    "found_on": "2026-11-02",
    "village": str(VILLAGE),
    "id_number": SOUND,
    **SIGNS,
}


def new_clue(client: FlaskClient, **more: str) -> str:
    answer = post(client, "/clues/new", "/clues/new", **{**CLUE, **more})
    assert answer.status_code == 303, text(answer)
    return answer.location


def test_a_clue_has_no_answer_before_it_is_given(client_of: ClientOf) -> None:
    page = text(client_of("east").get("/clues/new"))
    assert " checked" not in page
    assert page.count("九个问题") >= 1 and page.count('value="0"') >= 9


def test_nine_questions_one_half_answered_and_everything_typed_stays(client_of: ClientOf) -> None:
    client = client_of("east")
    answer = post(client, "/clues/new", "/clues/new", **{**CLUE, "sign3": "", "id_number": WRONG_DIGIT})
    assert answer.status_code == 422
    page = text(answer)
    assert "第 3 个问题没有回答" in page and "校验位" in page
    assert 'value="赵试验"' in page
    answer = post(client, "/clues/new", "/clues/new", **{**CLUE, **dict.fromkeys(SIGNS, "0")})
    assert "不构成线索" in text(answer)


def test_a_clue_goes_its_way_to_a_person_and_the_name_stays_closed(client_of: ClientOf) -> None:
    client = client_of("east")
    at = new_clue(client)
    page = text(client.get(at))
    assert "新线索" in page and "赵试验" not in page and SOUND not in page
    opened = client.post(at, data={"csrf": token_in(page), "purpose": "1"})
    assert "赵试验" in text(opened)

    def step(**values: str) -> TestResponse:
        page = text(client.get(at))
        return client.post(
            f"{at}/step", data={"csrf": token_in(page), "version": hidden(page, "version"), **values}
        )

    assert step(to="2", on="2026-11-01").status_code == 422  # before it was found
    assert step(to="2", on="2026-11-05").status_code == 303
    missing = step(to="3", on="2026-11-10")
    assert missing.status_code == 422 and "请选择诊断" in text(missing)
    assert step(to="5", on="2026-11-10").status_code == 422  # without a day for looking again
    assert step(to="3", on="2026-11-10", diagnosis="1", decided_by="县精卫 张医师").status_code == 303

    form_at = f"/register/new?clue={at.rsplit('/', 1)[1]}"
    form = text(client.get(form_at))
    assert 'value="赵试验"' in form and SOUND in form, form[-3000:]
    values = {name: texts[0] for name, texts in typed().items()}
    done = post(client, "/register/new", form_at, clue=at.rsplit("/", 1)[1], **values)
    assert done.status_code == 303, text(done)
    person = text(client.get(done.location))
    assert "100-00001" in person and "赵试验" not in person
    assert "打开档案" in text(client.get(at))
    listed = text(client.get("/clues"))
    assert "已建档" in listed and "赵" not in listed


def test_a_list_by_state_and_a_search_by_initials(client_of: ClientOf) -> None:
    client = client_of("east")
    new_clue(client)
    assert "2026-11-02" in text(client.get("/clues?state=1"))
    assert "没有线索" in text(client.get("/clues?state=4"))
    token = token_in(text(client.get("/clues")))
    assert "2026-11-02" in text(client.post("/clues", data={"csrf": token, "text": "zsy"}))
    assert "没有找到" in text(client.post("/clues", data={"csrf": token, "text": "钱"}))


def test_another_township_does_not_see_the_clue(client_of: ClientOf) -> None:
    at = new_clue(client_of("east"))
    other = client_of("west")
    assert other.get(at).status_code == 404
    assert "没有线索" in text(other.get("/clues"))
    assert other.get("/clues").status_code == 200
    assert client_of("admin").get("/clues").status_code == 403


def test_the_double_press_leads_to_one_person(client_of: ClientOf) -> None:
    client = client_of("east")
    page = text(client.get("/register/new"))
    values = {name: texts[0] for name, texts in typed().items()}
    data = {"csrf": token_in(page), "once": hidden(page, "once"), **values}
    first, second = client.post("/register/new", data=data), client.post("/register/new", data=data)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert "没有重复建档" in text(client.get(second.location))
    assert '共 <b class="number">1</b> 人' in text(client.get("/cases"))


def test_what_blocks_stands_on_top_and_at_its_field(client_of: ClientOf) -> None:
    client = client_of("east")
    values = {name: texts[0] for name, texts in typed(id_number=WRONG_DIGIT, consent="").items()}
    answer = post(client, "/register/new", "/register/new", **values)
    page = text(answer)
    assert answer.status_code == 422
    assert 'href="#f-id_number"' in page and 'href="#f-consent"' in page
    assert 'value="赵试验"' in page
    assert page.count('name="consent" value="1"') == 1 and 'name="consent" value="1" checked' not in page


def test_what_is_odd_is_saved_with_a_reason(client_of: ClientOf) -> None:
    client = client_of("east")
    values = {name: texts[0] for name, texts in typed(phone="12").items()}
    page = text(post(client, "/register/new", "/register/new", **values))
    assert "需要说明 1 处" in page and 'name="why-id15"' in page
    done = post(client, "/register/new", "/register/new", **values, **{"why-id15-other": "电话已停机"})
    assert done.status_code == 303


def test_the_warning_while_typing_names_nobody(client_of: ClientOf) -> None:
    client = client_of("east")
    values = {name: texts[0] for name, texts in typed().items()}
    assert post(client, "/register/new", "/register/new", **values).status_code == 303
    token = token_in(text(client.get("/register/new")))
    same = text(client.post("/register/alike", data={"csrf": token, "id_number": SOUND}))
    assert "100-00001" in same and "证件号码相同" in same and "赵" not in same
    other = client_of("west")
    token = token_in(text(other.get("/register/new")))
    there = text(other.post("/register/alike", data={"csrf": token, "id_number": SOUND}))
    assert "该证件号已在其他乡镇建档，申请转入？" in there
    assert "100-00001" not in there and "东镇" not in there


def test_a_correction_shows_both_sides_of_a_conflict(client_of: ClientOf) -> None:
    client = client_of("east")
    values = {name: texts[0] for name, texts in typed().items()}
    person = post(client, "/register/new", "/register/new", **values).location
    at = f"{person}/edit"
    page = text(client.get(at))
    assert 'value="赵试验"' in page and 'name="diagnosis"' not in page
    kept = {name: value for name, value in values.items() if f'name="{name}"' in page}
    data = {"csrf": token_in(page), "seen": hidden(page, "seen"), "reason": "核对"}
    assert client.post(at, data={**kept, **data, "phone": "10000000077"}).status_code == 303
    late = client.post(at, data={**kept, **data, "marriage": "2"})
    assert late.status_code == 409
    assert "两边的内容都在下面" in text(late) and "10000000077" in text(late)
    missing = client.post(at, data={**kept, **data, "reason": ""})
    assert missing.status_code == 422 and "请写明修改理由" in text(missing)
    assert client_of("west").get(at).status_code == 404


def test_the_form_of_another_clue_sent_again_keeps_what_was_typed(client_of: ClientOf) -> None:
    """The back button brings the old form with its key: nobody may vanish behind who was entered first."""
    east = client_of("east")
    page = text(east.get("/clues/new"))
    sent = {"csrf": token_in(page), "once": hidden(page, "once"), **CLUE}
    first = east.post("/clues/new", data=sent).headers["Location"]
    assert east.post("/clues/new", data=sent).headers["Location"] == first
    other = east.post("/clues/new", data={**sent, "name": "钱试验", "id_number": ""})
    assert other.status_code == 409
    assert "已经用来登记了另一个人" in text(other)
    assert "钱试验" in text(other)
    again = {**sent, "name": "钱试验", "id_number": "", "once": hidden(text(other), "once")}
    assert east.post("/clues/new", data=again).headers["Location"] not in (first, "")


@pytest.mark.parametrize("code", [str(WEST + 201), str(VILLAGE + 1), "9" * 18, str(EAST)])
def test_a_village_that_is_not_ones_own_is_not_taken(client_of: ClientOf, code: str) -> None:
    answer = post(client_of("east"), "/clues/new", "/clues/new", **{**CLUE, "village": code})
    assert answer.status_code == 422
    assert "没有这个代码" in text(answer)


def test_every_step_of_a_clue_is_logged_field_by_field(client_of: ClientOf) -> None:
    east = client_of("east")
    at = post(east, "/clues/new", "/clues/new", **CLUE).headers["Location"]
    for told in (
        {"to": "2", "on": "2026-11-20", "note": "已上门"},
        {"to": "3", "on": "2026-11-21", "diagnosis": "1", "decided_by": "县院张医师"},
    ):
        page = text(east.get(at))
        data = {"csrf": token_in(page), "version": hidden(page, "version"), **told}
        assert east.post(f"{at}/step", data=data).status_code == 303
    closed = text(east.get(at))
    assert "改动记录" not in closed and "县院张医师" not in closed
    opened = text(east.post(at, data={"csrf": token_in(closed), "purpose": "1"}))
    assert "改动记录（2 次）" in opened and "状态：新线索 → 已核实待诊断" in opened
    assert "诊断医院和医师：（空） → 县院张医师" in opened and "东镇乙" in opened
