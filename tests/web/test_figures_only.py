"""A bureau reads figures and papers: no list of people, no page of a person, no address that leads to one."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.rules.access import Role
from casemgr.services import account
from casemgr.services.errors import Conflict
from tests.services.people import Made
from tests.staff import NOW, PASSWORD
from tests.store.register import COUNTY, EAST, SYSTEM

Visit = Callable[[str], FlaskClient]
#: Addresses that begin with these lead to people.
PEOPLE = (
    "/cases",
    "/case/",
    "/work",
    "/search",
    "/clues",
    "/notices",
    "/transfers",
    "/medicine",
    "/injections",
)
PEOPLE += ("/township", "/exchange", "/patterns", "/questions", "/register", "/forms", "/glass")


@pytest.fixture
def bureau(inhabited: tuple[Flask, Made], visit: Visit) -> FlaskClient:
    with inhabited[0].app_context(), suppress(Conflict):  # another test of this county has made it
        account.create(
            SYSTEM, "wjj", "卫健己", int(Role.HEALTH_BUREAU), COUNTY, NOW, PASSWORD, must_change=False
        )
    return visit("wjj")


@pytest.mark.parametrize(
    "address",
    ["/county", "/county?month=2026-10", "/closings/2026-10", "/editions", "/reports", "/matrix", "/help"],
)
def test_pages_of_figures_open_and_lead_to_nobody(bureau: FlaskClient, address: str) -> None:
    answer = bureau.get(address)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    led = [one for one in re.findall(r'href="(/[^"]*)"', page) if one.startswith(PEOPLE)]
    assert led == []
    assert 'href=""' not in page
    assert not re.search(r"<a href=\"[^\"]*(people|gaps)", page)


def test_the_same_pages_show_the_same_numbers_as_the_officer_sees(bureau: FlaskClient, visit: Visit) -> None:
    def cells(client: FlaskClient) -> list[str]:
        page = client.get("/county?month=2026-10").get_data(as_text=True)
        return [re.sub(r"<[^>]+>", "", one) for one in re.findall(r"<td[^>]*>(.*?)</td>", page)]

    assert cells(bureau) == cells(visit("officer")) != []


def test_every_page_about_people_answers_403(
    bureau: FlaskClient, inhabited: tuple[Flask, Made], made: Made
) -> None:
    refused = 0
    for rule in inhabited[0].url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or not rule.rule.startswith(PEOPLE):
            continue
        address = rule.rule
        for name in rule.arguments:
            value = str(EAST) if name in {"area", "code", "township"} else "1"
            address = re.sub(rf"<[^>]*\b{name}>", value, address)
        if "<" in address:
            continue
        status = bureau.get(address).status_code
        assert status in {403, 404, 301, 308}, (address, status)
        refused += status == 403
    assert refused > 30
    for address in (
        f"/people/{EAST}/IND-03/numerator",
        f"/township/{EAST}",
        f"/township/{EAST}/villages",
        "/closings/2026-10/2",
    ):
        assert bureau.get(address).status_code in {403, 404}, address
    for case in made.cases.values():
        assert bureau.get(f"/case/{case}").status_code == 403


def test_nothing_is_written_by_a_bureau_besides_its_approvals(bureau: FlaskClient) -> None:
    page = bureau.get("/county").get_data(as_text=True)
    assert "月结并生成月报" not in page and "导入" not in page
    assert bureau.get("/").location in {"/county", "http://localhost/county"}
