"""网页门的夹具: an application with its pages, an account for each role, and a browser-like client."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.app import create_app
from casemgr.services import account, clock, indicator
from casemgr.store.db import db
from tests.conftest import TODAY, make_config
from tests.services import people
from tests.services.people import Made
from tests.staff import NOW, PASSWORD, PEOPLE, open_accounts, quick_hasher
from tests.store.register import OFFICER, open_areas, units

__all__ = ["NOW", "PASSWORD", "PEOPLE", "sign_in", "token_in"]


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()


@pytest.fixture(scope="session")
def staffed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with two townships and an account for each role; copied for every test."""
    folder = tmp_path_factory.mktemp("staffed") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder), doors=())
    with pytest.MonkeyPatch.context() as patch, application.app_context():
        patch.setattr(account, "_hasher", quick_hasher())
        open_areas()
        open_accounts()
        db.engine.dispose()
    return folder


@pytest.fixture
def site(staffed: Path, tmp_path: Path) -> Iterator[Flask]:
    """An application with the web door, two townships and one account for each role."""
    folder = tmp_path / "instance"
    shutil.copytree(staffed, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    application = create_app(config, ("web",))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture(scope="session")
def inhabited(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Made]]:
    """One application for all tests that only look at people, and the keys of those who live in it."""
    folder = tmp_path_factory.mktemp("inhabited") / "instance"
    shutil.copytree(staffed, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), ("web",))
    application.testing = True
    with application.app_context():
        made = people.furnish(units())
        indicator.close(OFFICER, "2026-09")
        indicator.close(OFFICER, "2026-10")
    yield application, made
    with application.app_context():
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture
def visit(inhabited: tuple[Flask, Made]) -> Callable[[str], FlaskClient]:
    """``visit("east")`` is a client of the inhabited county with that person's session."""
    clock.fix(TODAY)

    def make(login: str) -> FlaskClient:
        client = inhabited[0].test_client()
        sign_in(client, login)
        return client

    return make


@pytest.fixture
def made(inhabited: tuple[Flask, Made]) -> Made:
    """The keys of the people of the inhabited county."""
    return inhabited[1]


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
