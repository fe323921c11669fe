"""The door of other departments: its own login and cookie, and nothing of it opens anywhere else."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from casemgr.app import create_app, mount_liaison
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.store.db import db, new_key
from casemgr.store.models import DrugLine, LedgerLine, Supplement, VisitText
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from tests.conftest import TODAY, make_config
from tests.services import liaison as made
from tests.services.liaison import EAST, SYSTEM
from tests.store.register import units
from tests.web.conftest import PASSWORD, token_in

ROOT = Path(__file__).resolve().parents[2]
DOOR = ROOT / "casemgr" / "web" / "liaison"
#: What must never be seen at the door of the police, whatever the file holds.
SECRETS = ("秘密诊断", "秘密药", "秘密症状", "秘密康复", "秘密低保", "秘密备注", "秘密单位")


class County:
    """Both doors on one host, two people in the east, one of them the police may know."""

    def __init__(self, staff: Flask, post: int, quiet: int) -> None:
        self.staff = staff
        self.told = post
        self.quiet = quiet

    def client(self, login: str = "") -> FlaskClient:
        client = self.staff.test_client()
        if login:
            enter(client, login)
        return client


def enter(client: FlaskClient, login: str) -> None:
    page = client.get("/liaison/login").get_data(as_text=True)
    data = {"csrf": token_in(page), "login": login, "password": PASSWORD}
    answer = client.post("/liaison/login", data=data)
    assert answer.status_code == 303, answer.get_data(as_text=True)


@pytest.fixture(scope="module")
def county(staffed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[County]:
    folder = tmp_path_factory.mktemp("liaison") / "instance"
    shutil.copytree(staffed, folder)
    (folder / "keyring.json").chmod(0o600)
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    staff, door = create_app(config), create_app(config, ("liaison",))
    mount_liaison(staff, door)
    with staff.app_context(), pytest.MonkeyPatch.context() as patch:
        made.open_departments(patch)
        known = units()
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            told = made.add(work, EAST, known[EAST], 1, "王小明")
            quiet = made.add(work, EAST, known[EAST], 2, "李丽")
            work.add(
                Supplement(case_id=told, area=EAST, diagnosed_at=Plain(SECRETS[0]), note=Plain(SECRETS[5]))
            )
        seen = made.visit(told, EAST, TODAY - timedelta(days=9), 4, symptoms=1 << 3)
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            work.add(
                VisitText(
                    visit_id=seen,
                    area=EAST,
                    symptoms_other=Plain(SECRETS[2]),
                    measures_other=Plain(SECRETS[3]),
                )
            )
            work.add(DrugLine(id=new_key(), area=EAST, visit_id=seen, position=1, name=Plain(SECRETS[1])))
        made.visit(quiet, EAST, TODAY - timedelta(days=9), 1)
    yield County(staff, told, quiet)
    for app in (staff, door):
        with app.app_context():
            db.engine.dispose()
    clock.fix(None)


@pytest.fixture(autouse=True)
def _day() -> None:
    clock.fix(TODAY)


def line_of(page: str) -> str:
    found = re.search(r"/liaison/sheet/(\d+)\"", page)
    assert found is not None, page
    return found.group(1)


def test_a_post_sees_who_it_may_and_opening_is_one_line_of_the_ledger(county: County) -> None:
    client = county.client("eastpost")
    page = client.get("/liaison/").get_data(as_text=True)
    assert "王某" in page and "王小明" not in page and "李" not in page.replace("办理", "")
    key = line_of(page)
    before = _views(county)
    sheet = client.post(f"/liaison/sheet/{key}", data={"csrf": token_in(page)}).get_data(as_text=True)
    assert "王小明" in sheet and "4级" in sheet and "王父" in sheet
    assert not [one for one in SECRETS if one in sheet]
    assert _views(county) == before + 1
    assert client.get(f"/liaison/sheet/{key}").status_code == 303
    assert _views(county) == before + 1
    assert "Set-Cookie" not in client.get("/liaison/").headers


def _views(county: County) -> int:
    with county.staff.app_context(), open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        return len(work.rows(select(LedgerLine.id).where(LedgerLine.kind == 2)))
