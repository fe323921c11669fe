"""What an account of another department reaches: its own lines, and nothing else by any road or database."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import exists, func, select, text
from sqlalchemy.orm import aliased

from casemgr.rules.access import RECEIVERS, ROLE_ACTIONS, Access, Action, Role
from casemgr.services import account, clock, liaison
from casemgr.services.errors import Forbidden, Missing, Refused, Unauthenticated
from casemgr.services.use_case import CATALOGUE
from casemgr.store import models
from casemgr.store.db import db, new_key
from casemgr.store.models import Case, Disclosure, Identity, LedgerLine, LiaisonReport, LiaisonTask, Visit
from casemgr.store.scope import AreaScoped, ForReceiver
from casemgr.store.session import LockBroken
from casemgr.store.types import Plain
from casemgr.store.verifier import beyond, protected, unchecked
from casemgr.store.work import open_work
from tests.services import liaison as made
from tests.services.liaison import COUNTY, EAST, SYSTEM, TODAY, WEST, add, open_areas, visit
from tests.staff import NOW, PASSWORD

DOOR = Path(__file__).resolve().parents[2] / "casemgr" / "web" / "liaison"
OWN = (Disclosure, LedgerLine, LiaisonTask, LiaisonReport)
CLOSED = [
    getattr(models, name)
    for name in models.__all__
    if issubclass(getattr(models, name), AreaScoped) and not issubclass(getattr(models, name), ForReceiver)
]


@dataclass
class County:
    accesses: dict[str, Access]
    east: int
    west: int


@pytest.fixture
def county(app: Flask, monkeypatch: pytest.MonkeyPatch) -> County:
    """The county where the database makes no difference."""
    return settled(monkeypatch)


@pytest.fixture
def on_both(both: Flask, monkeypatch: pytest.MonkeyPatch) -> County:
    """The county on both databases."""
    return settled(monkeypatch)


def settled(monkeypatch: pytest.MonkeyPatch) -> County:
    """One person in each township whom the post there may know, with a task each."""
    units, accesses = open_areas(), made.open_departments(monkeypatch)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        east = add(work, EAST, units[EAST], 1, "王小明")
        west = add(work, WEST, units[WEST], 2, "李丽")
    for case, area in ((east, EAST), (west, WEST)):
        visit(case, area, date(2026, 11, 3), 4)
        with open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
            work.add(
                LiaisonTask(
                    id=new_key(),
                    area=area,
                    receiver=int(Role.POLICE),
                    receiver_area=area,
                    file_key=case,
                    kind=1,
                    body=Plain("[]"),
                    asked_on=TODAY,
                    asked_by=1,
                    due_on=TODAY,
                )
            )
    return County(accesses, east, west)


def reading(access: Access, statement: Any) -> list[Any]:
    with open_work(access, Action.LIAISON_VIEW) as work:
        return list(work.rows(statement))


def test_a_department_reads_its_own_rows_by_any_shape_of_select(on_both: County) -> None:
    post = on_both.accesses["eastpost"]
    other = aliased(Disclosure)
    for shape in (
        select(Disclosure.file_key),
        select(other.file_key),
        select(LiaisonTask.file_key),
        select(LedgerLine.file_key),
        select(Disclosure.file_key).join(LiaisonTask, LiaisonTask.file_key == Disclosure.file_key),
        select(Disclosure.file_key).where(Disclosure.file_key.in_(select(LiaisonTask.file_key))),
    ):
        assert {row[0] for row in reading(post, shape)} == {on_both.east}
    # An office of the same township, and an aid office over the whole county, have other rows: none.
    for login in ("office", "aid", "fed"):
        for model in OWN:
            assert reading(on_both.accesses[login], select(model.id)) == [], login
    assert reading(post, select(func.count(Disclosure.id))) == [(1,)]


def test_no_select_of_a_department_touches_a_file(on_both: County) -> None:
    post = on_both.accesses["eastpost"]
    for model in CLOSED:
        key = model.__mapper__.primary_key[0].key
        with pytest.raises(LockBroken):
            reading(post, select(getattr(model, key)))
    for shape in (
        select(Disclosure.id).join(Case, Case.id == Disclosure.file_key),
        select(Disclosure.id).where(exists(Visit.id).where(Visit.case_id == Disclosure.file_key)),
        select(Disclosure.id).where(Disclosure.file_key.in_(select(Case.id))),
        select(select(func.count(Identity.person_id)).scalar_subquery()),
    ):
        with pytest.raises(LockBroken):
            reading(post, shape)
    with open_work(post, Action.LIAISON_VIEW) as work:
        with pytest.raises(LockBroken):
            work.get(Case, on_both.east)
        with pytest.raises(LockBroken):
            work.frame(select(Disclosure.id), bulk=True)


def test_a_department_writes_for_itself_alone(county: County) -> None:
    post = county.accesses["eastpost"]

    def written(receiver: int, area: int, receiver_area: int) -> None:
        with open_work(post, Action.LIAISON_REPORT) as work:
            work.add(
                LiaisonReport(
                    id=new_key(),
                    area=area,
                    receiver=receiver,
                    receiver_area=receiver_area,
                    kind=1,
                    state=1,
                    happened_on=TODAY,
                    urgent=False,
                    told=Plain("●"),
                    reported_at=NOW,
                    reported_on=TODAY,
                    reported_by=1,
                )
            )

    for receiver, area, receiver_area in (
        (Role.CIVIL_AFFAIRS, EAST, EAST),
        (Role.POLICE, WEST, WEST),
        (Role.POLICE, EAST, WEST),
        (Role.POLICE, WEST, EAST),
    ):
        with pytest.raises(LockBroken):
            written(int(receiver), area, receiver_area)
    written(int(Role.POLICE), EAST, EAST)
    with pytest.raises(LockBroken), open_work(post, Action.LIAISON_REPORT) as work:
        row = work.one(select(Disclosure))
        row.receiver_area = WEST
    with pytest.raises(LockBroken), open_work(post, Action.LIAISON_REPORT) as work:
        work.add_many(Disclosure, [{"id": new_key(), "area": EAST}])
    with pytest.raises(Missing):
        liaison.sheet(post, new_key())


def test_nothing_else_is_allowed_to_a_department(county: County) -> None:
    allowed = {Action.ACCOUNT_SIGN_IN, Action.LIAISON_VIEW, Action.LIAISON_REPORT}
    for role in RECEIVERS:
        extra = {one for one in ROLE_ACTIONS[role] if not one.code.startswith(("liaison:", "account:"))}
        assert extra <= {one for one in extra if one.code.startswith("sharing:")} and not extra, role
        assert allowed <= ROLE_ACTIONS[role], role
    assert {CATALOGUE[name] for name in CATALOGUE if name.startswith("liaison.")} <= allowed


def test_each_door_knows_its_own_accounts(county: County) -> None:
    account.create(
        SYSTEM, "doctor", "东镇乙", int(Role.TOWNSHIP_DOCTOR), EAST, NOW, PASSWORD, must_change=False
    )
    with pytest.raises(Unauthenticated, match="liaison"):
        account.sign_in("eastpost", PASSWORD, "127.0.0.1", clock.now())
    with pytest.raises(Unauthenticated, match="部门联络入口"):
        liaison.sign_in("doctor", PASSWORD, "127.0.0.1", clock.now())
    inside = liaison.sign_in("eastpost", PASSWORD, "127.0.0.1", clock.now())
    assert liaison.signed_in(inside.token, clock.now()) is not None
    assert account.signed_in(inside.token, clock.now()) is None
    staff = account.sign_in("doctor", PASSWORD, "127.0.0.1", clock.now())
    assert liaison.signed_in(staff.token, clock.now()) is None
    with pytest.raises(Refused, match="没有程序接口"):
        account.issue_token(SYSTEM, "eastpost", clock.now())
    with pytest.raises(Forbidden):
        liaison.home(staff.person.access, TODAY)


def test_the_verifier_reads_what_a_department_sends() -> None:
    mine = "disclosure.receiver = ? AND disclosure.receiver_area = ?"
    assert beyond(f"SELECT disclosure.id FROM disclosure WHERE {mine}", "sqlite") is None
    assert beyond("SELECT account.id FROM account", "sqlite") is None
    for statement in (
        "SELECT case_file.id FROM case_file WHERE case_file.area >= 1 AND case_file.area < 2",
        "SELECT disclosure.id FROM disclosure WHERE disclosure.area >= 1 AND disclosure.area < 2",
        f"SELECT 1 FROM disclosure JOIN visit ON 1 = 1 WHERE {mine}",
        f"SELECT 1 FROM disclosure WHERE {mine} AND EXISTS (SELECT 1 FROM identity)",
        f"SELECT 1 FROM disclosure WHERE {mine} UNION SELECT 1 FROM liaison_task",
        "UPDATE visit SET risk = 0",
    ):
        assert beyond(statement, "sqlite"), statement


def test_postgresql_itself_keeps_everything_else_from_a_department(
    postgres_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = open_areas()
    made.open_departments(monkeypatch)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        case = add(work, EAST, units[EAST], 1, "王小明")
    visit(case, EAST, date(2026, 11, 3), 4)
    role = "casemgr_test_role"
    reach = (
        "SELECT set_config('casemgr.low', :low, true), set_config('casemgr.high', :high, true), "
        "set_config('casemgr.receiver', :receiver, true)"
    )
    with unchecked(), db.engine.connect() as connection:
        connection.execute(
            text(f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        )
        connection.execute(
            text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        )
        connection.commit()

        kept = connection.execute(text("SELECT tablename FROM pg_policies WHERE policyname = 'by_receiver'"))
        assert {row[0] for row in kept} == protected(), "a migration forgot the policy by_receiver"

        def counts(receiver: str) -> dict[str, int]:
            connection.execute(text(f"SET ROLE {role}"))
            connection.execute(
                text(reach), {"low": str(EAST), "high": str(EAST + 1000), "receiver": receiver}
            )
            tables = [one.__tablename__ for one in (*CLOSED, *OWN)]
            found = {name: connection.scalar(text(f'SELECT count(*) FROM "{name}"')) for name in tables}
            connection.rollback()
            return {name: count for name, count in found.items() if count}

        assert counts(f"{int(Role.POLICE)}:{EAST}") == {"disclosure": 1, "ledger_line": 1}
        assert counts(f"{int(Role.POLICE)}:{WEST}") == {}
        assert counts(f"{int(Role.CIVIL_AFFAIRS)}:{COUNTY}") == {}
        assert {"case_file", "identity", "visit", "disclosure"} <= set(counts(""))
        connection.execute(text(f"SET ROLE {role}"))
        connection.execute(
            text(reach), {"low": str(EAST), "high": str(EAST + 1000), "receiver": f"11:{WEST}"}
        )
        with pytest.raises(Exception, match="row-level security"):
            connection.execute(
                text(
                    "INSERT INTO liaison_report (id, kind, state, happened_on, urgent, told, reported_at, "
                    "reported_on, reported_by, version, area, receiver, receiver_area) "
                    f"VALUES (1, 1, 1, 1, false, '', 1, 1, 1, 1, {EAST}, 11, {EAST})"
                )
            )
        connection.rollback()
        connection.execute(text("RESET ROLE"))
        with pytest.raises(Exception, match="not changed"):
            connection.execute(text("UPDATE ledger_line SET kind = 1"))
        connection.rollback()


def test_lines_of_the_ledger_are_never_changed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    units = open_areas()
    made.open_departments(monkeypatch)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        case = add(work, EAST, units[EAST], 1, "王小明")
    visit(case, EAST, date(2026, 11, 3), 4)
    with unchecked(), db.engine.connect() as connection:
        for statement in ("UPDATE ledger_line SET actor = 5", "DELETE FROM ledger_line"):
            with pytest.raises(Exception, match="not changed"):
                connection.execute(text(statement))
            connection.rollback()


def test_the_door_knows_one_service_and_no_page_of_the_staff() -> None:
    shared = ("csrf", "filters", "headers", "held", "unsaved", "uploads")
    known = {f"casemgr.web.{one}" for one in shared}
    # What the doors share knows no service either, so nothing comes in behind the one that is known.
    for one in shared:
        asked = (DOOR.parent / f"{one}.py").read_text(encoding="utf-8")
        services = set(re.findall(r"casemgr\.services\S*", asked))
        assert services <= {"casemgr.services.errors"}, one
        pages = set(re.findall(r"^from casemgr\.web import (.+)$", asked, re.M))
        assert "casemgr.web.staff" not in asked and pages <= set(shared), one
    for path in sorted(DOOR.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("casemgr"):
                for name in (f"{node.module}.{one.name}" for one in node.names):
                    room = name.split(".")[1]
                    if room == "services":
                        assert name.startswith("casemgr.services.liaison"), (path.name, name)
                    elif room == "web":
                        of_all = name in known or (node.module or "") in known
                        assert name.startswith("casemgr.web.liaison") or of_all, (path.name, name)
                    else:
                        assert room == "terms" or name == "casemgr.rules.access.Action", (path.name, name)
            elif isinstance(node, ast.Import):
                assert not any(one.name.startswith("casemgr") for one in node.names), path.name
    for template in (DOOR.parents[2] / "templates" / "liaison").glob("*.html"):
        asked = template.read_text(encoding="utf-8")
        assert '"base.html"' not in asked and "case." not in asked, template.name
