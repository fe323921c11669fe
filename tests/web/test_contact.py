"""联系单位页: the county keeps numbers, they overlay the list, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Action
from casemgr.services import contact
from casemgr.store.work import open_work
from casemgr.terms.emergency import ContactKind
from tests.store.register import COUNTY, DOCTOR_EAST, EAST, SYSTEM, WEST, add_person, units
from tests.web.conftest import token_in
from tests.web.test_county import page_of

Client = Callable[[str], FlaskClient]
KINDS = (ContactKind.POLICE, ContactKind.AMBULANCE)


def send(client: FlaskClient, **told: str) -> tuple[int, str]:
    page = page_of(client, "/contacts")
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    answer = client.post("/contacts", data={"csrf": token_in(page), "once": once.group(1), **told})
    return answer.status_code, answer.get_data(as_text=True)


def numbers(site: Flask, case: int) -> list[tuple[str, str]]:
    with site.app_context():
        return [(one.name, one.phone) for one in contact.of_area(DOCTOR_EAST, case, KINDS)]


def test_a_number_of_the_county_is_used_until_it_ends(client_of: Client, site: Flask) -> None:
    with site.app_context():
        unit = units()[EAST]
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            case = add_person(work, EAST, unit, "E1", "赵一")[1]
    officer = client_of("officer")
    assert "还没有填写" in page_of(officer, "/contacts")
    told = {"kind": str(int(ContactKind.POLICE)), "name": "示例县公安局", "phone": "0100-1000001"}
    assert send(officer, area=str(COUNTY), **told)[0] == 303
    assert send(officer, area=str(EAST), **{**told, "name": "东镇派出所", "phone": "10000000099"})[0] == 303
    assert send(officer, area=str(WEST), **{**told, "name": "西镇派出所"})[0] == 303
    assert numbers(site, case) == [("东镇派出所", "10000000099"), ("医疗急救", "120")]
    page = page_of(officer, "/contacts")
    assert "县级甲" in page and "东镇派出所" in page
    ends = re.findall(r'action="(/contacts/\d+/end)"', page)
    assert len(ends) == 3
    for address in ends[1:2]:
        assert officer.post(address, data={"csrf": token_in(page)}).status_code == 303
    assert "已停用 县级甲" in page_of(officer, "/contacts")
    assert numbers(site, case)[0][0] in ("示例县公安局", "东镇派出所")


def test_what_is_wrong_is_said_and_kept(client_of: Client) -> None:
    status, page = send(client_of("officer"), area="110101001000", kind="", name="某派出所", phone="打不通")
    assert status == 422 and 'value="某派出所"' in page and 'value="打不通"' in page
    for words in ("请选择本辖区的县、乡镇或村", "请选择类别", "电话应为数字"):
        assert words in page


def test_it_is_the_county_who_keeps_them(client_of: Client) -> None:
    assert client_of("east").get("/contacts").status_code == 403
    assert client_of("admin").get("/contacts").status_code == 403
