"""表单页: blank forms, printing for a village and for one person, by role."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from casemgr.forms.registry import FORMS
from casemgr.services import printing
from casemgr.web.staff import form as pages
from tests.services.people import VILLAGE, WESTERN, WHOLE, Made
from tests.web.conftest import token_in

Visit = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What runs in the background runs at once; the drawing itself is tested elsewhere."""

    def run(app: Any, function: Callable[..., None], *arguments: Any, large: bool = False) -> None:
        with app.app_context():
            function(*arguments)

    monkeypatch.setattr(pages, "in_background", run)
    monkeypatch.setattr(printing, "_drawn", lambda *_: (b"%PDF-1.7 drawn", 0))


def test_all_forms_are_listed_and_explained(visit: Visit) -> None:
    client = visit("east")
    page = client.get("/forms").get_data(as_text=True)
    for versions in FORMS.values():
        for form in versions:
            assert f"/forms/{form.name}/{form.version}/pdf" in page
            shown = client.get(f"/forms/{form.name}/{form.version}")
            assert shown.status_code == 200
            assert all(
                each.label in shown.get_data(as_text=True) for each in form.fields if "“" not in each.label
            )
    assert client.get("/forms/followup/1999").status_code == 404
    assert client.get("/forms/nothing/2018.1/pdf").status_code == 404


def test_a_blank_form_is_drawn_when_first_looked_at(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    client = visit("east")
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(printing, "_blank_key", lambda text: 7)
    with monkeypatch.context() as patch:
        patch.setattr(
            pages, "in_background", lambda app, function, *arguments, large=False: asked.append(arguments)
        )
        first = client.get("/forms/clue/2018.1/pdf")
        assert first.status_code == 303
        assert "正在准备空白 PDF" in client.get(first.headers["Location"]).get_data(as_text=True)
        client.get(first.headers["Location"])
        assert [one[1:] for one in asked] == [("clue", "2018.1")]
    pages._drawing.clear()
    client.get("/forms/clue/2018.1")
    answer = client.get("/forms/clue/2018.1/pdf")
    assert answer.data == b"%PDF-1.7 drawn"
    assert answer.mimetype == "application/pdf"


def test_a_sheet_can_be_taken_along(visit: Visit) -> None:
    answer = visit("east").get("/forms/followup/2018.1/sheet")
    assert openpyxl.load_workbook(BytesIO(answer.data)).sheetnames == ["填写说明", "数据", "代码表"]


def test_a_village_is_printed_for_a_purpose(visit: Visit) -> None:
    client = visit("east")
    page = client.get("/forms").get_data(as_text=True)
    assert f'value="{VILLAGE}"' in page
    typed = {"csrf": token_in(page), "form": "followup", "village": str(VILLAGE)}
    wrong = client.post("/forms/village", data=typed)
    assert wrong.status_code == 422
    text = wrong.get_data(as_text=True)
    assert "须说明目的" in text and re.search(rf'value="{VILLAGE}" selected', text)
    begun = client.post("/forms/village", data={**typed, "purpose": "1"})
    assert begun.status_code == 303
    shown = client.get(begun.headers["Location"]).get_data(as_text=True)
    assert "已备好" in shown
    file = client.get(begun.headers["Location"] + "/file")
    assert file.data == b"%PDF-1.7 drawn"
    assert "no-store" in file.headers["Cache-Control"]
    assert client.get(begun.headers["Location"] + "/file").status_code == 200
    assert visit("officer").get(begun.headers["Location"]).status_code == 404


def test_one_person_is_printed_for_a_purpose(visit: Visit, made: Made) -> None:
    client = visit("east")
    address = f"/case/{made.cases[WHOLE]}/print/followup"
    page = client.get(address).get_data(as_text=True)
    assert "空白表，填好姓名和编号" in page and "的随访" in page
    assert client.post(address, data={"csrf": token_in(page), "record": "0"}).status_code == 422
    begun = client.post(address, data={"csrf": token_in(page), "record": "0", "purpose": "2"})
    assert begun.status_code == 303
    for name in printing.PREFILLED:
        assert client.get(f"/case/{made.cases[WHOLE]}/print/{name}").status_code == 200
    assert client.get(f"/case/{made.cases[WHOLE]}/print/clue").status_code == 404
    assert client.get(f"/case/{made.cases[WESTERN]}/print/followup").status_code == 404


def test_the_page_of_a_person_leads_to_every_form(visit: Visit, made: Made) -> None:
    page = visit("east").get(f"/case/{made.cases[WHOLE]}").get_data(as_text=True)
    led = set(re.findall(rf'href="/case/{made.cases[WHOLE]}/print/(\w+)"', page))
    assert led == set(printing.PREFILLED)


def test_nobody_else_prints(visit: Visit, made: Made) -> None:
    assert visit("admin").get("/forms").status_code == 403
    client = visit("west")
    page = client.get("/forms").get_data(as_text=True)
    assert str(VILLAGE) not in page
    answer = client.post(
        "/forms/village",
        data={"csrf": token_in(page), "form": "followup", "village": str(VILLAGE), "purpose": "1"},
    )
    assert answer.status_code == 422
