"""网页门的夹具: an application with its pages, an account for each role, and a browser-like client."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from casemgr.app import create_app
from casemgr.rules.access import Access
from casemgr.services import account, clock
from casemgr.store.db import db
from casemgr.terms.account import Role
from tests.conftest import TODAY, make_config
from tests.store.register import COUNTY, EAST, WEST, open_areas

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PASSWORD = "湖边有七棵老槐树"
PEOPLE = {
    "officer": ("县级甲", Role.COUNTY_OFFICER, COUNTY),
    "east": ("东镇乙", Role.TOWNSHIP_DOCTOR, EAST),
    "west": ("西镇丙", Role.TOWNSHIP_DOCTOR, WEST),
    "admin": ("管理丁", Role.ADMINISTRATOR, None),
}


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    account._nobody.cache_clear()


@pytest.fixture
def site(instance: Path) -> Iterator[Flask]:
    """An application with the web door, two townships and one account for each role."""
    config = make_config(instance, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    application = create_app(config, ("web",))
    application.testing = True
    with application.app_context():
        open_areas()
        for login, (display, role, area) in PEOPLE.items():
            account.create(
                Access.system("test"),
                login,
                display,
                int(role),
                area,
                NOW,
                password=PASSWORD,
                must_change=False,
            )
    yield application
    with application.app_context():
        db.engine.dispose()
    clock.fix(None)


def token_in(page: str) -> str:
    """The CSRF token in the first form of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, page[:400]
    return found.group(1)


def sign_in(client: FlaskClient, login: str, password: str = PASSWORD) -> None:
    """Sign ``client`` in through the form, as a browser would."""
    page = client.get("/login").get_data(as_text=True)
    answer = client.post("/login", data={"csrf": token_in(page), "login": login, "password": password})
    assert answer.status_code == 303, answer.get_data(as_text=True)


@pytest.fixture
def client_of(site: Flask) -> Callable[[str], FlaskClient]:
    """``client_of("admin")`` is a client with that person's session."""

    def make(login: str) -> FlaskClient:
        client = site.test_client()
        sign_in(client, login)
        return client

    return make
