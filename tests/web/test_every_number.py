"""Every number on every dashboard leads to exactly as many rows, or nowhere for who may not see people."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Action, Role
from casemgr.services import account, area_fact, clock, indicator
from casemgr.services.area_fact import Typed
from casemgr.store.db import new_key
from casemgr.store.models import Area, Case, Counselling, Incident, LockUp, Visit
from casemgr.store.work import open_work
from casemgr.terms.area_fact import AreaFactKey
from tests.conftest import TODAY
from tests.services import people
from tests.staff import NOW, PASSWORD
from tests.store.register import COUNTY, EAST, OFFICER, SYSTEM, WEST, units
from tests.web.conftest import sign_in
from tests.web.test_county import page_of, words_of

MONTH = "2026-10"
CITY = 999900000000
#: Addresses of lists, and how many rows the first page of each shows at most.
LISTS = {"/people/": 100, "/records/": 50, "/danger/": 1000}
#: Addresses that lead to somebody.
TO_PEOPLE = (*LISTS, "/gap/", "/case", "/township", "/work", "/search", "/patterns")
#: Figures of reported numbers and of residents, which no list stands behind.
NO_LIST = ("IND-01", "IND-17", "IND-18", "IND-20", "IND-21", "IND-23", "IND-24")
HEADS = {"head": ("院长戊", Role.UNIT_HEAD, EAST), "city": ("市级己", Role.CITY_OFFICER, CITY),
         "bureau": ("卫健庚", Role.HEALTH_BUREAU, COUNTY)}  # fmt: skip


@pytest.fixture
def lived(site: Flask) -> Flask:
    """The furnished county with records of every kind a dashboard counts, closed once."""
    clock.fix(TODAY)
    with site.app_context():
        made = people.furnish(units())
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            for number, row in enumerate(work.entities(select(Visit).order_by(Visit.id))):
                # Some in time, some late, some of which nobody knows.
                row.entered_on = None if number % 5 == 0 else row.on + timedelta(days=number % 30)
            cases = work.entities(select(Case).where(Case.lifecycle == 1).order_by(Case.file_no))
            at = {"recorded_at": datetime(2026, 10, 1, tzinfo=UTC), "recorded_by": 1}
            for number, case in enumerate(cases[:12]):
                own = {"case_id": case.id, "area": case.area}
                if case.area == EAST and number % 3 == 0:
                    case.village = None if number % 2 else WEST + 201
                work.add(
                    Counselling(id=new_key(), on=date(2026, 9, 1), subject=1 + number % 2, way=2, **own, **at)
                )
                if number < 4:
                    work.add(
                        Visit(id=new_key(), on=date(2026, 9, 20 + number), form_version=2018, risk=4,
                              stability=1, entered_on=date(2026, 9, 25), **own, **at)
                    )  # fmt: skip
                if number in (5, 6):
                    work.add(Incident(id=new_key(), on=date(2026, 9, 3), kind=2, **own, **at))
            work.add(
                LockUp(id=new_key(), case_id=cases[0].id, area=cases[0].area, known_on=date(2026, 8, 1), **at)
            )
        with open_work(SYSTEM, Action.AREA_WRITE) as work:
            work.add(Area(code=CITY, name="示例市", level=2, parent=None, population=10_000))
        told = {f"{COUNTY}-{int(AreaFactKey.REHAB_SERVICE)}": Typed("1", "示例文件", 0)}
        area_fact.save(OFFICER, TODAY.year, told)
        indicator.close(OFFICER, MONTH)
        for login, (display, role, area) in HEADS.items():
            account.create(SYSTEM, login, display, int(role), area, NOW, PASSWORD, must_change=False)
        assert len(made.cases) > 50
    return site


def numbers_of(page: str) -> dict[str, int]:
    """Address → number of every link that is a number, whatever marks stand around it."""
    found = {}
    for address, inner in re.findall(r'<a [^>]*?href="([^"]+)"[^>]*>(.*?)</a>', page, re.S):
        text = re.sub(r"<[^>]+>", "", inner).strip().replace(",", "")
        if text.isdigit() and address.startswith(tuple(LISTS)):
            found[address.replace("&amp;", "&")] = int(text)
    return found


def rows_behind(client: FlaskClient, address: str) -> int:
    """How many rows the list at an address has, counted on all of its pages."""
    size = next(size for start, size in LISTS.items() if address.startswith(start))
    address += ("&" if "?" in address else "?") + "size=100"
    page, number, rows = page_of(client, address), 1, 0
    while True:
        body = page[page.index("<tbody>") : page.index("</tbody>")]
        here = body.count("<tr>")
        rows += here
        if here < size:
            return rows
        number += 1
        page = page_of(client, f"{address}&page={number}")


def naked(page: str) -> list[str]:
    """Cells and tiles with a number of people that leads nowhere."""
    main = re.sub(r"<a [^>]*>.*?</a>", "", page[page.index("<main") :], flags=re.S)
    rows = [one for one in re.findall(r"<tr>.*?</tr>", main, re.S) if not any(key in one for key in NO_LIST)]
    cells = [cell for row in rows for cell in re.findall(r'<td class="num[^"]*"[^>]*>(.*?)</td>', row, re.S)]
    cells += re.findall(r'<p class="tile-people">(.*?)</p>', main, re.S)
    plain = [re.sub(r"<[^>]+>|分子 / 分母：|，未计入|人数少，区间宽", "", cell) for cell in cells]
    # Nobody is nobody's list; rates, intervals and residents are no people of a figure.
    whole = re.compile(r"(?<![\d.,])[1-9][\d,]*(?![\d.,])")
    return [cell for cell in plain if "–" not in cell and whole.search(cell.replace("10,000", ""))]


def test_every_number_of_every_dashboard_leads_to_as_many_rows(lived: Flask) -> None:
    kinds, walked = set(), 0
    for login, pages in (
        ("east", {"/township": 1, f"/township?month={MONTH}": 5, f"/township/{EAST}/villages": 2}),
        ("head", {"/township": 6}),
        (
            "officer",
            {
                "/county": 3,
                f"/county?month={MONTH}&by=open": 3,
                f"/township/{WEST}?month={MONTH}": 8,
                f"/rate/{COUNTY}/IND-03?month={MONTH}": 1,
                f"/rate/{COUNTY}/IND-09.LAST": 1,
            },
        ),
    ):
        client = lived.test_client()
        sign_in(client, login)
        seen: set[str] = set()
        for address, every in pages.items():
            page = page_of(client, address)
            # The list of people below the figures of a township shows ages, which are nobody's number.
            figures = page if "/villages" in address else page.split('id="people"')[0]
            assert naked(figures) == [], address
            links, folded = numbers_of(page), numbers_of(page.partition('id="h-others"')[2])
            assert links, address
            for place, (link, number) in enumerate(links.items()):
                # All pages hold the same kinds of links, so of some every so many are walked, of the figures
                # that are folded away every ninth; the services are asked for all of them.
                if link in seen or (place + len(seen)) % (9 if link in folded else every):
                    continue
                seen.add(link)
                assert rows_behind(client, link) == number, (login, address, link)
                kinds.add((link.split("/")[1], link.split("/")[3].split("?")[0]))
                walked += 1
            gaps = set(re.findall(r'href="(/gap/[^"]+)">(?:还差 )?([\d,]+)(?: 人)?</a>', page))
            for link, distance in sorted(gaps)[:3]:
                heading = words_of(page_of(client, link.replace("&amp;", "&")))
                assert f"还差 {distance} 人" in heading, link
    # Figures of people, of records and of what waits in danger were among them.
    assert {"people", "records", "danger"} == {kind for kind, _ in kinds}
    assert {"unseen", "unclosed"} <= {key for _, key in kinds}
    assert walked > 80


@pytest.mark.parametrize("login", ["city", "bureau"])
def test_who_may_not_see_people_is_led_to_nobody(lived: Flask, login: str) -> None:
    client = lived.test_client()
    sign_in(client, login)
    for address in (
        "/county",
        f"/county?month={MONTH}",
        f"/rate/{COUNTY}/IND-03?month={MONTH}",
        f"/rate/{COUNTY}/IND-16",
        f"/rate/{EAST}/IND-19",
        "/facts",
        f"/closings/{MONTH}?area={COUNTY}",
        "/editions",
    ):
        page = page_of(client, address)
        assert [one for one in re.findall(r'href="(/[^"]*)"', page) if one.startswith(TO_PEOPLE)] == [], (
            address
        )
        assert 'href=""' not in page
    # What cannot be judged is told with its number, and our own term as what it is.
    with lived.app_context(), open_work(SYSTEM, Action.CASE_LIST) as work:
        days = work.rows(select(Visit.on).where(Visit.entered_on.is_(None)))
    untold = sum(date(TODAY.year, 1, 1) <= row.on <= TODAY for row in days)
    assert untold > 0
    words = words_of(page_of(client, f"/rate/{COUNTY}/IND-16"))
    assert f"另有 {untold} 次随访没有“录入日期”" in words
    assert "依据 REC-ENTRY-1 产品建议，待核对" in words
