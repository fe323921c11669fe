"""接口门的夹具: an application with the JSON door, a few people, and a client for each role."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from casemgr.app import create_app
from casemgr.rules.access import Access, Action
from casemgr.services import account, clock
from casemgr.store.db import db, new_key
from casemgr.store.models.account import ApiToken
from casemgr.store.queries import account as account_queries
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from tests.conftest import TODAY, make_config
from tests.store.register import COUNTY, EAST, WEST, add_person, add_visit, open_areas

PASSWORD = "湖边有七棵老槐树"
STAFF = {
    "officer": (Role.COUNTY_OFFICER, COUNTY),
    "east": (Role.TOWNSHIP_DOCTOR, EAST),
    "west": (Role.TOWNSHIP_DOCTOR, WEST),
    "admin": (Role.ADMINISTRATOR, None),
}
NAMES = {"E1": "张一", "E2": "欧阳䶮", "W1": "李·阿依", "W2": "单雄"}


@dataclass(frozen=True)
class Answer:
    """Status and JSON document of an answer."""

    status: int
    document: Any
    response: TestResponse

    @property
    def error(self) -> dict[str, Any]:
        assert set(self.document) == {"error"}
        assert set(self.document["error"]) == {"code", "message", "fields", "rule"}
        found: dict[str, Any] = self.document["error"]
        return found


class Caller:
    """Somebody who calls the JSON door with a bearer token (or none)."""

    def __init__(self, client: FlaskClient, token: str = "") -> None:
        self.client = client
        self.token = token

    def __call__(self, method: str, path: str, **more: Any) -> Answer:
        headers = dict(more.pop("headers", {}))
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        response = self.client.open("/api/v1" + path, method=method, headers=headers, **more)
        is_json = response.mimetype == "application/json"
        return Answer(response.status_code, json.loads(response.data) if is_json else None, response)

    def get(self, path: str, **query: Any) -> Answer:
        return self("GET", path, query_string=query)

    def post(self, path: str, body: Any, **more: Any) -> Answer:
        return self("POST", path, json=body, **more)


def furnish() -> dict[str, int]:
    """Two townships with two people each and an account for each role; returns case ids by file number."""
    cases: dict[str, int] = {}
    units = open_areas()
    system = Access.system("test")
    with open_work(system, Action.DEMO_LOAD) as work:
        for number, (file_no, name) in enumerate(NAMES.items()):
            area = EAST if file_no.startswith("E") else WEST
            _person, case = add_person(
                work, area, units[area], file_no, name, f"99990119800101000{number}", f"1000000000{number}"
            )
            cases[file_no] = case
            add_visit(work, area, case, date(2026, 3, 4))
    for login, (role, code) in STAFF.items():
        account.create(system, login, login + "甲", int(role), code, clock.now(), PASSWORD, must_change=False)
    return cases


def opened(instance: Path) -> Flask:
    """An application with the JSON door on an instance folder."""
    return create_app(make_config(instance, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), ("api",))


def copied(folder: Path, target: Path) -> Path:
    """A copy of an instance folder inside ``target``."""
    instance = target / "instance"
    shutil.copytree(folder, instance)
    (instance / "keyring.json").chmod(0o600)
    return instance


@pytest.fixture(scope="session")
def furnished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """An instance folder with people and accounts, and their case ids; copied for every test."""
    folder = copied(template, tmp_path_factory.mktemp("api"))
    with opened(folder).app_context():
        cases = furnish()
        db.engine.dispose()
    clock.fix(None)
    return folder, cases


@pytest.fixture
def site(furnished: tuple[Path, dict[str, int]], tmp_path: Path) -> Iterator[Flask]:
    """A fresh application with the JSON door."""
    folder, cases = furnished
    application = opened(copied(folder, tmp_path))
    application.config["CASES"] = cases
    yield application
    with application.app_context():
        db.engine.dispose()
    clock.fix(None)


@pytest.fixture
def cases(site: Flask) -> dict[str, int]:
    found: dict[str, int] = site.config["CASES"]
    return found


def token_of(login: str) -> str:
    """A token of an account; for an administrator, who gets none, one laid into the table all the same."""
    system, now = Access.system("test"), clock.now()
    if STAFF[login][0] is not Role.ADMINISTRATOR:
        return account.issue_token(system, login, now).secret
    made = f"cmt_{new_key():043}"
    with open_work(system, Action.ACCOUNT_MANAGE) as work:
        own = account_queries.by_login(work, login)
        assert own is not None
        digest = work.vault.mac("token", made.encode())
        ends = now + timedelta(hours=1)
        work.add(ApiToken(id=new_key(), digest=digest, account_id=own.id, created_at=now, ends_at=ends))
    return made


@pytest.fixture
def caller(site: Flask) -> Callable[[str], Caller]:
    """A caller with a token of the named account; without a name one without a token."""

    def call(login: str = "") -> Caller:
        token = ""
        if login:
            with site.app_context():
                token = token_of(login)
        return Caller(site.test_client(), token)

    return call


@pytest.fixture(scope="session")
def standing(
    furnished: tuple[Path, dict[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Flask, dict[str, str]]]:
    """One application for all tests that change nothing another looks at, and a token for each role."""
    application = opened(copied(furnished[0], tmp_path_factory.mktemp("standing")))
    with application.app_context():
        tokens = {login: token_of(login) for login in STAFF}
    clock.fix(None)
    yield application, tokens
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def steady(standing: tuple[Flask, dict[str, str]]) -> Iterator[Callable[[str], Caller]]:
    """Like ``caller``, on the application that stands through all tests: only for reading and refusals."""
    application, tokens = standing
    clock.fix(TODAY)
    yield lambda login="": Caller(application.test_client(), tokens.get(login, ""))
    clock.fix(None)


@pytest.fixture
def ids(furnished: tuple[Path, dict[str, int]]) -> dict[str, int]:
    """Case ids by file number, the same in every copy."""
    return furnished[1]
