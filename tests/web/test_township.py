"""乡镇页: its figures, its people with filters and pager, its villages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from tests.services.people import VILLAGE
from tests.store.register import COUNTY, EAST, WEST
from tests.web.conftest import token_in
from tests.web.test_county import page_of, words_of

Visit = Callable[[str], FlaskClient]


def files_on(page: str) -> list[str]:
    """File numbers of the list of a page, in its order."""
    return re.findall(r'<th scope="row" class="short"><a href="/case/\d+">([^<]+)</a>', page)


def test_a_doctor_begins_with_the_own_township(visit: Visit) -> None:
    client = visit("east")
    assert client.get("/").headers["Location"] == "/work"
    page = page_of(client, "/township")
    assert "东镇" in page
    assert re.search(r"共 60 人", words_of(page))
    assert len(files_on(page)) == 20


def test_the_officer_looks_into_a_township(visit: Visit) -> None:
    words = words_of(page_of(visit("officer"), f"/township/{WEST}?month=2026-10"))
    assert "西镇" in words
    assert "2026-10 月结" in words


@pytest.mark.parametrize("code", [WEST, COUNTY, VILLAGE, 1, 999902100000, 10**17])
def test_an_area_out_of_reach_is_no_page(visit: Visit, code: int) -> None:
    client = visit("east")
    assert client.get(f"/township/{code}").status_code == 404
    assert client.get(f"/township/{code}/villages").status_code == 404


def test_filters_and_pages_stand_in_the_address(visit: Visit) -> None:
    client = visit("east")
    page = page_of(client, f"/township/{EAST}?stability=1&size=20&order=age&down=1")
    assert len(files_on(page)) == 12
    assert page.count('<span class="tag bad">不稳定</span>') == 12
    second = page_of(client, f"/township/{EAST}?page=3")
    assert files_on(second)[0] == "900-00041"
    assert f"/township/{EAST}?page=2" in second.replace("&amp;", "&")
    assert len(files_on(page_of(client, f"/township/{EAST}?village=0"))) == 0
    assert len(files_on(page_of(client, f"/township/{EAST}?stability=-1"))) == 12


@pytest.mark.parametrize(
    "wrong", ["stability=9", "risk=x", "page=-1", "size=1e9", "village=x", "order=name", "lifecycle=77"]
)
def test_words_nobody_knows_are_left_out(visit: Visit, wrong: str) -> None:
    assert len(files_on(page_of(visit("east"), f"/township/{EAST}?{wrong}"))) in (0, 20, 50)


def test_a_search_from_the_township_stays_in_it(visit: Visit) -> None:
    client = visit("officer")
    token = token_in(page_of(client, f"/township/{EAST}"))
    found = client.post("/cases", data={"csrf": token, "area": EAST, "text": "王西", "home": "township"})
    assert files_on(found.get_data(as_text=True)) == []
    filtered = client.post(
        "/cases",
        data={"csrf": token, "area": EAST, "text": " ", "home": "township", "risk": "3", "month": ""},
    )
    assert filtered.status_code == 303
    assert filtered.headers["Location"] == f"/township/{EAST}?risk=3#people"


def test_villages_show_their_numbers_inside_the_area(visit: Visit) -> None:
    page = page_of(visit("east"), f"/township/{EAST}/villages")
    assert "第1村" in page
    words = words_of(page)
    assert re.search(r"第1村 60 \d+\.\d\d \d+ / 60", words)
    missing = re.search(rf'href="(/people/{EAST}/IND-03.STD-INT/missing\?village={VILLAGE})">(\d+)<', page)
    assert missing is not None
    behind = words_of(page_of(visit("east"), missing[1]))
    assert f"共 {missing[2]} 人" in behind
    outside = words_of(page_of(visit("officer"), f"/township/{WEST}/villages"))
    assert "未填村（社区）或住在外地 2" in outside
