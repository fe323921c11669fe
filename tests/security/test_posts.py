"""Locks of village doctors and hospitals: the own post by any road on both databases, no word too much."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from casemgr.rules.access import POSTS, ROLE_ACTIONS, Access, Action, Role
from casemgr.rules.disclosure import sight
from casemgr.services import account, disclosure, hospital_care, liaison, liaison_post, post
from casemgr.services.errors import Forbidden, Missing
from casemgr.services.use_case import CATALOGUE
from casemgr.store.db import db, new_key
from casemgr.store.models import Case, Disclosure, HospitalCare, LedgerLine, LiaisonReport
from casemgr.store.session import LockBroken
from casemgr.store.types import Plain
from casemgr.store.verifier import unchecked
from casemgr.store.work import open_work
from casemgr.terms.disclosure import Condition, FieldGroup, Level
from casemgr.terms.post import CareGround
from tests.security import twins
from tests.security.test_disclosure_walk import GROUPS, MARK, OFFICE
from tests.security.twins import COUNTY, EAST, TWINS
from tests.services.posts import TODAY, World, open_world
from tests.staff import NOW, PASSWORD, quick_hasher
from tests.store.register import SYSTEM

OWN = TWINS["own"]


@pytest.fixture
def on_both(both: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    """Posts and people on both databases, one of them on the way to a hospital."""
    world = open_world(monkeypatch)
    with open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
        hospital_care.add(work, EAST, world.two, world.posts["yuan"], CareGround.AFTER, TODAY)
        work.flush()
        disclosure.refresh(work, [world.two])
    return world


def reading(access: Access, statement: Any) -> list[Any]:
    with open_work(access, Action.LIAISON_VIEW) as work:
        return list(work.rows(statement))


def test_a_post_reads_and_writes_its_own_rows_and_does_nothing_else(on_both: World) -> None:
    world = on_both
    own = {"cunone": world.one, "cuntwo": world.two, "cunfar": world.far, "yuan": world.two, "other": None}
    for login, case in own.items():
        access = world.accesses[login]
        for shape in (
            select(Disclosure.file_key),
            select(LedgerLine.file_key),
            select(Disclosure.file_key).join(LedgerLine, LedgerLine.file_key == Disclosure.file_key),
        ):
            assert {row[0] for row in reading(access, shape)} == ({case} if case else set()), login
        assert reading(access, select(func.count(Disclosure.id))) == [(1 if case else 0,)]
        for closed in (Case.id, HospitalCare.id):
            with pytest.raises(LockBroken):
                reading(access, select(closed))
    # Same village, same township, another post: nothing; and no row is written for another one.
    access = world.accesses["cunone"]
    stranger = Access.over(1, "x", Role.VILLAGE_DOCTOR, EAST, post=new_key())
    assert reading(stranger, select(Disclosure.id)) == []
    nobody = Access.over(1, "x", Role.VILLAGE_DOCTOR, EAST)
    assert reading(nobody, select(Disclosure.id)) == []
    (line,) = reading(access, select(Disclosure.id))
    with pytest.raises(Missing):
        liaison.sheet(world.accesses["cuntwo"], line[0])
    with pytest.raises(Missing):
        liaison_post.begin(world.accesses["yuan"], line[0])
    for desk in (world.posts["cuntwo"], EAST, 0):
        with pytest.raises(LockBroken), open_work(access, Action.LIAISON_REPORT) as work:
            work.add(
                LiaisonReport(
                    id=new_key(), area=EAST, receiver=int(Role.VILLAGE_DOCTOR), receiver_area=desk, kind=21,
                    state=1, happened_on=TODAY, urgent=False, told=Plain("●"), reported_at=NOW,
                    reported_on=TODAY, reported_by=1,
                )
            )  # fmt: skip
    with pytest.raises(LockBroken), open_work(access, Action.LIAISON_REPORT) as work:
        work.one(select(Disclosure)).receiver_area = world.posts["cuntwo"]
    allowed = {Action.ACCOUNT_SIGN_IN, Action.LIAISON_VIEW, Action.LIAISON_REPORT}
    assert all(ROLE_ACTIONS[role] == allowed for role in POSTS)
    assert {CATALOGUE[name] for name in CATALOGUE if name.startswith("liaison_post.")} <= allowed
    for login in ("cunone", "yuan"):
        with pytest.raises(Forbidden):
            post.list_(on_both.accesses[login])
        with pytest.raises(Forbidden):
            hospital_care.page(on_both.accesses[login], on_both.one, TODAY)


def test_postgresql_itself_keeps_every_other_post_away(
    postgres_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = open_world(monkeypatch)
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

        def files(receiver: str) -> dict[str, set[int]]:
            connection.execute(text(f"SET ROLE {role}"))
            told = {"low": str(COUNTY), "high": str(COUNTY + 10**6), "receiver": receiver}
            connection.execute(text(reach), told)
            found = {
                name: {row[0] for row in connection.execute(text(f"SELECT {column} FROM {name}"))}
                for name, column in (
                    ("disclosure", "file_key"), ("ledger_line", "file_key"), ("case_file", "id"),
                    ("hospital_care", "id"), ("identity", "person_id"), ("visit", "id"),
                )
            }  # fmt: skip
            connection.rollback()
            return {name: keys for name, keys in found.items() if keys}

        for login, case in (("cunone", world.one), ("cuntwo", world.two), ("cunfar", world.far)):
            told = files(f"{int(Role.VILLAGE_DOCTOR)}:{world.posts[login]}")
            assert told == {"disclosure": {case}, "ledger_line": {case}}, login
        for foreign in (f"4:{EAST}", f"4:{new_key()}", f"8:{world.posts['cunone']}", "8:0"):
            assert files(foreign) == {}, foreign
        connection.execute(text("RESET ROLE"))


@pytest.mark.parametrize("role", sorted(POSTS), ids=lambda one: one.name)
def test_a_sheet_made_of_marks_holds_no_word_beyond_the_row_of_the_matrix(
    app: Flask, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    """Every sealed text of a whole file says which column it stood in; the sheet is read for them."""
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    twins.settle()
    county, place = Access.system("posts", COUNTY), EAST if role is Role.VILLAGE_DOCTOR else COUNTY
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        work.get(Case, OWN.key).village = EAST + 201
    key = post.open_(county, new_key(), role, EAST, "岗位", [EAST + 201])
    made = account.create(SYSTEM, "gang", "岗", int(role), place, NOW, PASSWORD, must_change=False, post=key)
    with open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
        if role is Role.HOSPITAL:
            hospital_care.add(work, EAST, OWN.key, key, CareGround.AFTER, TODAY)
        work.flush()
        disclosure.refresh(work, [OWN.key])
    access = Access.over(made.account, "gang", role, place, post=key)
    (line,) = liaison.home(access, TODAY).lines
    words = json.dumps(liaison.sheet(access, line.id).facts, ensure_ascii=False)
    held = frozenset({Condition.IN_CARE} if role is Role.HOSPITAL else ())
    met = {f"{table}.{column}" for table, column in MARK.findall(words)}
    met |= {name for name, number in (("identity.phone", OWN.phone),) if number in words}
    told = {Level.FULL, Level.OWN, Level.SUMMARY}
    for column in met:
        group = GROUPS.get(column, OFFICE)
        assert group != OFFICE, column
        assert sight(role, FieldGroup[group], held, TODAY).level in told, column
    assert {"identity.name", "identity.phone", "guardian.name", "regimen_line.name"} <= met
    assert (OWN.id_number in words) is (role is Role.HOSPITAL)
    assert not re.search(r"visit_text·note|attempt|supplement·note|counselling", words)
