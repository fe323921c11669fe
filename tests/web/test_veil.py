"""Names as 姓+某 on shared screens, and the button that hides them all until the password is given."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Access, Action
from casemgr.store.models import AuditEntry
from casemgr.store.work import open_work
from casemgr.terms.person import alias_of
from tests.services.people import Made
from tests.staff import PASSWORD
from tests.web.conftest import token_in


@pytest.fixture
def doctor(visit: Callable[[str], FlaskClient]) -> FlaskClient:
    """The doctor of the eastern township."""
    return visit("east")


@pytest.fixture
def manager(visit: Callable[[str], FlaskClient]) -> FlaskClient:
    """An administrator, who sees nobody."""
    return visit("admin")


def _page(client: FlaskClient, address: str) -> str:
    return client.get(address, follow_redirects=True).get_data(as_text=True)


def _names_in(page: str) -> list[str]:
    return re.findall(r'<td data-label="姓名"[^>]*>([^<]*)</td>', page)


def _open_names(client: FlaskClient) -> None:
    answer = client.post(
        "/names", data={"csrf": token_in(_page(client, "/cases")), "names": "1", "back": "/cases"}
    )
    assert answer.status_code == 303


def _hide(client: FlaskClient, back: str = "/cases") -> None:
    answer = client.post("/names/off", data={"csrf": token_in(_page(client, "/cases")), "back": back})
    assert (answer.status_code, answer.headers["Location"]) == (303, back)


@pytest.mark.parametrize(
    ("name", "alias"),
    [
        ("张三", "张某"),
        ("欧阳明", "欧阳某"),
        ("欧阳", "欧某"),
        ("买买提·艾力", "买某"),
        ("Anna", "A某"),
        ("", ""),
    ],
)
def test_an_alias_is_the_surname_and_somebody(name: str, alias: str) -> None:
    assert alias_of(name) == alias


def test_on_a_shared_screen_no_list_says_a_whole_name(doctor: FlaskClient, made: Made) -> None:
    _open_names(doctor)
    whole = _names_in(_page(doctor, "/cases"))
    assert any(len(name) > 2 for name in whole)
    token = token_in(_page(doctor, "/cases"))
    assert doctor.post("/view", data={"csrf": token, "alias": "1", "back": "/cases"}).status_code == 303
    for address in ("/cases", f"/case/{made.cases['900-00007']}", "/work", "/injections"):
        page = _page(doctor, address)
        assert [name for name in whole if len(name) > 2 and name in page] == [], address
    assert set(_names_in(_page(doctor, "/cases"))) == {alias_of(name) for name in whole}
    doctor.post("/view", data={"csrf": token, "alias": "0", "back": "/cases"})
    assert _names_in(_page(doctor, "/cases")) == whole


def test_one_press_hides_every_name_and_the_password_brings_them_back(
    doctor: FlaskClient, made: Made
) -> None:
    _open_names(doctor)
    assert _names_in(_page(doctor, "/cases"))
    _hide(doctor)
    page = _page(doctor, "/cases")
    assert _names_in(page) == []
    assert "姓名已隐藏" in page
    case = f"/case/{made.cases['900-00007']}"
    assert "case-name" not in _page(doctor, case)
    # Whatever opens names asks first who is there, and keeps what was typed.
    form = {"csrf": token_in(page), "names": "1", "back": "/cases"}
    asked = doctor.post("/names", data=form)
    assert asked.status_code == 401
    text = asked.get_data(as_text=True)
    assert "确认身份" in text
    assert 'name="names" value="1"' in text
    wrong = doctor.post("/names", data={**form, "proof": "not the password"})
    assert wrong.status_code == 422
    assert _names_in(_page(doctor, "/cases")) == []
    right = doctor.post("/names", data={**form, "proof": PASSWORD})
    assert right.status_code == 303
    assert _names_in(_page(doctor, "/cases"))


@pytest.mark.parametrize("address", ["/clues", "/notices", "/transfers", "/register/new"])
def test_pages_that_open_names_by_themselves_stay_shut(doctor: FlaskClient, made: Made, address: str) -> None:
    _hide(doctor)
    answer = doctor.get(address)
    assert answer.status_code == 401
    assert "确认身份" in answer.get_data(as_text=True)


def test_a_search_with_names_asks_too(doctor: FlaskClient, made: Made) -> None:
    _hide(doctor)
    form = {"csrf": token_in(_page(doctor, "/cases")), "text": "王", "names": "1"}
    assert doctor.post("/cases", data=form).status_code == 401


def test_figures_can_be_looked_at_while_names_are_hidden(doctor: FlaskClient, made: Made) -> None:
    _hide(doctor)
    for address in ("/cases", "/work", f"/case/{made.cases['900-00007']}", "/account/sessions"):
        assert doctor.get(address, follow_redirects=True).status_code == 200, address


def test_hiding_is_written_down_and_offered_only_to_who_sees_names(
    doctor: FlaskClient, manager: FlaskClient, made: Made
) -> None:
    assert 'action="/names/off"' in _page(doctor, "/cases")
    assert 'action="/names/off"' not in _page(manager, "/accounts")
    _hide(doctor)
    assert 'action="/names/off"' not in _page(doctor, "/cases")
    with doctor.application.app_context(), open_work(Access.system("test"), Action.AUDIT_VERIFY) as work:
        found = work.rows(
            select(AuditEntry.verb, AuditEntry.purpose)
            .where(AuditEntry.noun == "NamesShown")
            .order_by(AuditEntry.seq.desc())
            .limit(1)
        )
    assert tuple(found[0]) == ("end", "快速隐藏")
