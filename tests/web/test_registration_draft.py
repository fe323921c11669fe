"""建档草稿: kept while typing, sealed, one's own, and gone when the person is registered."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.store.models import Area, Draft
from casemgr.store.work import open_work
from tests.services.test_registration import VILLAGE, typed
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM
from tests.web.conftest import token_in
from tests.web.test_county import page_of

Client = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def village(site: Flask) -> None:
    with site.app_context(), open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=VILLAGE, name="第1村", level=5, parent=EAST, population=900))


def begun(client: FlaskClient, address: str = "/register/new") -> dict[str, str]:
    page = page_of(client, address)
    once = re.search(r'name="once" value="(\d+)"', page)
    assert once is not None
    return {"csrf": token_in(page), "once": once.group(1)}


def drafts(site: Flask) -> list[Draft]:
    with site.app_context(), open_work(DOCTOR_EAST, Action.DRAFT_WRITE) as work:
        return work.entities(select(Draft))


def test_a_draft_is_kept_taken_up_and_gone_with_the_registration(client_of: Client, site: Flask) -> None:
    client = client_of("east")
    form = begun(client)
    kept = client.post("/register/draft", data={**form, "name": "赵试验", "past_symptoms": ["1", "3"]})
    assert kept.status_code == 303 and kept.headers["Location"].endswith(f"?draft={form['once']}")
    (row,) = drafts(site)
    assert "赵" not in repr(vars(row)) and (row.area, row.case_id) == (EAST, None)
    page = page_of(client, "/register/new")
    assert "有 1 份没有完成的登记" in page and "赵试验" not in page
    page = page_of(client, f"/register/new?draft={form['once']}")
    assert 'value="赵试验"' in page and f'name="once" value="{form["once"]}"' in page
    script = client.post(
        "/register/draft",
        data={"once": form["once"], "name": "赵试验", "phone": "10000000001"},
        headers={"X-CSRF-Token": form["csrf"]},
    )
    assert script.status_code == 200 and re.fullmatch(r"\d\d:\d\d", script.get_json()["saved"])
    assert len(drafts(site)) == 1
    values = {name: texts[0] for name, texts in typed().items()}
    assert client.post("/register/new", data={**values, **form}).status_code == 303
    assert drafts(site) == []
    # The back button sends the old form once more: no ghost.
    late = client.post(
        "/register/draft", data={**form, "name": "赵试验"}, headers={"X-CSRF-Token": form["csrf"]}
    )
    assert late.status_code == 204 and drafts(site) == []


def test_an_empty_form_is_no_draft_and_a_draft_can_be_thrown_away(client_of: Client, site: Flask) -> None:
    client = client_of("east")
    form = begun(client)
    assert client.post("/register/draft", data=form).status_code == 303 and drafts(site) == []
    client.post("/register/draft", data={**form, "name": "赵试验"})
    gone = f"/register/draft/{form['once']}/drop"
    assert client.post(gone, data={"csrf": form["csrf"]}).status_code == 303 and drafts(site) == []
    assert client.post(gone, data={"csrf": form["csrf"]}).status_code == 303


def test_nobody_takes_up_the_draft_of_somebody_else(client_of: Client, site: Flask) -> None:
    form = begun(client_of("east"))
    client_of("east").post("/register/draft", data={**form, "name": "赵试验"})
    owner = client_of("east")
    owner.post("/register/draft", data={**begun(owner), "once": form["once"], "name": "赵试验"})
    for login in ("west", "officer"):
        other = client_of(login)
        assert other.get(f"/register/new?draft={form['once']}").status_code == 404
        assert "没有完成的登记" not in page_of(other, "/register/new")
        own = begun(other)
        stolen = other.post("/register/draft", data={**own, "once": form["once"], "name": "另一人"})
        assert stolen.status_code in (404, 409), login
        other.post(f"/register/draft/{form['once']}/drop", data={"csrf": own["csrf"]})
    assert len(drafts(site)) == 1
