"""The unit of work: scope, sealing, audit and the roads that must stay closed, on both databases."""

from __future__ import annotations

import json
import pickle
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, insert, select, text, union_all, update
from sqlalchemy.orm import aliased

from casemgr.rules.access import Access, Action, Role
from casemgr.store import audit
from casemgr.store.db import db, new_key, new_keys
from casemgr.store.identity import (
    ID_NUMBER,
    NAME,
    PHONE,
    find_by_name,
    find_by_token,
    matches,
    normal_name,
    reveal,
)
from casemgr.store.models import AuditEntry, AuditSubject, Case, Identity, Person, Visit
from casemgr.store.queries import audit as audit_queries
from casemgr.store.session import LockBroken, WorkSession
from casemgr.store.types import Plain, Secret
from casemgr.store.vault import CannotOpen
from casemgr.store.verifier import unchecked
from casemgr.store.work import Taken, Work, open_work
from tests.store.register import (
    ADMINISTRATOR,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    NOW,
    OFFICER,
    SYSTEM,
    WEST,
    add_person,
    add_visit,
    open_areas,
)

NAMES = {"E1": "张一", "E2": "欧阳䶮", "W1": "李·阿依", "W2": "单雄"}


@pytest.fixture
def register(both: Flask) -> dict[str, int]:
    """Case ids of four people, two in each township."""
    units = open_areas()
    cases: dict[str, int] = {}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for number, (file_no, name) in enumerate(NAMES.items()):
            area = EAST if file_no.startswith("E") else WEST
            person, case = add_person(
                work, area, units[area], file_no, name, f"99990119800101000{number}", f"1000000000{number}"
            )
            cases[file_no], cases["p" + file_no] = case, person
            add_visit(work, area, case, date(2026, 3, 4))
    return cases


def seen(access: Access, statement: Any) -> int:
    with open_work(access, Action.CASE_LIST) as work:
        return len(work.rows(statement))


READING = {
    "entity": select(Case),
    "columns": select(Case.file_no),
    "alias": select(aliased(Case)),
    "join": select(Case.file_no, Visit.on).join(Visit, Visit.case_id == Case.id),
    "child": select(Visit),
    "in": select(Visit.on).where(Visit.case_id.in_(select(Case.id))),
    "exists": select(Case.id).where(select(Visit.id).where(Visit.case_id == Case.id).exists()),
    "subquery": select(select(Case.id).subquery()),
    "cte": select(select(Case.id).cte()),
    "union": union_all(select(Case.id).where(Case.file_no < "F"), select(Case.id).where(Case.file_no > "F")),
}


@pytest.mark.parametrize("shape", READING)
def test_each_way_of_reading_stays_inside_the_area(register: dict[str, int], shape: str) -> None:
    assert seen(SYSTEM, READING[shape]) == 4
    assert seen(DOCTOR_EAST, READING[shape]) == 2
    assert seen(OFFICER, READING[shape]) == 4
    assert seen(ADMINISTRATOR, READING[shape]) == 0


@pytest.mark.parametrize(
    "shape",
    [
        select(func.count(Case.id)),
        select(func.count()).select_from(Case),
        select(func.count()).select_from(Visit).join(Case, Case.id == Visit.case_id),
        select(func.count()).where(Case.id > 0),
        select(func.count()).select_from(select(Case.id).subquery()),
    ],
)
def test_counts_stay_inside_the_area(register: dict[str, int], shape: Any) -> None:
    with open_work(DOCTOR_WEST, Action.CASE_LIST) as work:
        assert work.scalar(shape) == 2


def test_a_row_outside_is_not_found_by_its_key(register: dict[str, int]) -> None:
    with open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        assert work.get(Case, register["W1"]) is None
        assert work.get(Case, register["E1"]) is not None


@pytest.mark.parametrize(
    "statement",
    [
        text("SELECT * FROM case_file"),
        select(Case.__table__),
        select(Case.__table__.c.id),
        select(Case).from_statement(text("SELECT * FROM case_file")),
        insert(Case).values(id=1),
        insert(Case),
        update(Case).values(sex=2),
        delete(Case),
        select(Case.id).where(Case.id.in_(select(Visit.__table__.c.case_id))),
        select(func.count()).select_from(Case.__table__),
    ],
)
def test_other_roads_are_refused(register: dict[str, int], statement: Any) -> None:
    with pytest.raises(LockBroken), open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        work.session.execute(statement)


def test_the_bulk_helpers_and_raw_connections_are_refused(register: dict[str, int]) -> None:
    with open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        for road in (
            work.session.connection,
            work.session.bulk_save_objects,
            work.session.bulk_insert_mappings,
        ):
            with pytest.raises(LockBroken):
                road()
        with pytest.raises(LockBroken):
            work.session.bind_access(OFFICER, Action.CASE_LIST)


def test_a_session_without_an_access_is_dead(register: dict[str, int]) -> None:
    with pytest.raises(LockBroken):
        db.session.scalars(select(Case)).all()
    with pytest.raises(LockBroken):
        db.session.get(Case, register["E1"])
    db.session.add(Person(id=new_key(), area=EAST))
    with pytest.raises(LockBroken):
        db.session.commit()
    db.session.rollback()


def test_an_access_without_an_area_reaches_nothing(register: dict[str, int]) -> None:
    nowhere = Access.over(1, "x", Role.TOWNSHIP_DOCTOR, None)
    assert seen(nowhere, select(Case)) == 0


def test_rows_are_not_written_outside_the_area(register: dict[str, int]) -> None:
    with pytest.raises(LockBroken), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        work.add(Person(id=new_key(), area=WEST))
    with pytest.raises(LockBroken), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        case = work.get(Case, register["E1"])
        assert case is not None
        case.area = WEST
    with pytest.raises(LockBroken), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        work.add_many(Person, [{"id": new_key(), "area": EAST}, {"id": new_key(), "area": WEST}])
    assert seen(SYSTEM, select(Person)) == 4


def test_a_child_cannot_hang_on_a_parent_of_another_area(register: dict[str, int]) -> None:
    with pytest.raises(Taken), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        add_visit(work, EAST, register["W1"], date(2026, 5, 5))


def test_two_visits_on_one_day_are_one_too_many(register: dict[str, int]) -> None:
    with pytest.raises(Taken), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        add_visit(work, EAST, register["E1"], date(2026, 3, 4))


def test_a_batch_is_sealed_and_readable_and_noted_once(register: dict[str, int]) -> None:
    keys = new_keys(3)
    with open_work(DOCTOR_EAST, Action.EXCHANGE_IMPORT) as work:
        work.add_many(Person, [{"id": key, "area": EAST} for key in keys])
        work.add_many(
            Identity,
            [
                {"person_id": key, "area": EAST, "name": Plain(f"王{key % 10}"), "token_key": 1}
                for key in keys
            ],
        )
    with open_work(DOCTOR_EAST, Action.IDENTITY_REVEAL) as work:
        opened = reveal(work, list(keys), "核对")
        assert {one.name for one in opened.values()} == {f"王{key % 10}" for key in keys}
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        notes = work.rows(
            select(AuditEntry.noun, AuditEntry.count)
            .where(AuditEntry.action == "exchange:import")
            .order_by(AuditEntry.seq)
        )
        assert [tuple(row) for row in notes] == [("Person", 3), ("Identity", 3)]


def test_a_sealed_value_shows_nothing_and_leaves_by_no_side_door(register: dict[str, int]) -> None:
    with open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        row = work.one(select(Identity))
        assert f"{row.name}{row.name!r}{row.name:>3}" == "●●●●●●●●●"
        for act in (
            lambda: json.dumps(row.name),
            lambda: pickle.dumps(row.name),
            lambda: row.name + "x",
            lambda: row.name == "张一",
            lambda: hash(row.name),
            lambda: list(row.name),
        ):
            with pytest.raises(TypeError):
                act()
    for act in (
        lambda: select(Identity).where(Identity.name == "张一"),
        lambda: select(Identity).order_by(Identity.name.desc()),
        lambda: select(Identity).where(Identity.name.like("张%")),
    ):
        with pytest.raises(TypeError):
            act()


def test_a_plain_string_is_not_stored(register: dict[str, int]) -> None:
    with pytest.raises(Exception, match="Plain"), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        person = work.add(Person(id=new_key(), area=EAST))
        work.flush()
        work.add(Identity(person_id=person.id, area=EAST, name="张三", token_key=1))


def test_a_sealed_value_moved_to_another_row_does_not_open(register: dict[str, int]) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        first, second = work.entities(select(Identity).order_by(Identity.person_id).limit(2))
        first.name = Secret(second.name._sealed, NAME)
        key = first.person_id
    with pytest.raises(CannotOpen), open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        reveal(work, [key], "核对")


def test_a_reveal_is_recorded_with_its_people(register: dict[str, int]) -> None:
    with open_work(DOCTOR_EAST, Action.IDENTITY_REVEAL) as work:
        opened = reveal(work, [register["pE1"], register["pW1"]], "随访", ("name", "phone"))
        assert [(one.name, one.phone) for one in opened.values()] == [("张一", "10000000000")]
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        entry = work.one(select(AuditEntry).where(AuditEntry.verb == "reveal"))
        assert (entry.actor, entry.purpose, entry.fields, entry.count) == (11, "随访", "name,phone", 1)
        assert work.entities(select(AuditSubject.person_id)) == [register["pE1"]]


def test_a_reveal_needs_a_purpose_and_the_right_role(register: dict[str, int]) -> None:
    with pytest.raises(LockBroken), open_work(DOCTOR_EAST, Action.IDENTITY_REVEAL) as work:
        reveal(work, [register["pE1"]], "")
    with pytest.raises(LockBroken), open_work(ADMINISTRATOR, Action.AUDIT_READ, writes=True) as work:
        reveal(work, [register["pE1"]], "好奇")


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("张", ["E1"]),
        ("欧阳", ["E2"]),
        ("䶮", ["E2"]),
        ("oy", ["E2"]),
        ("zy", ["E1"]),
        ("阿依", ["W1"]),
        ("李•阿依", ["W1"]),
        ("sx", ["W2"]),
        ("王", []),
        ("", []),
    ],
)
def test_names_are_found_by_part_and_by_initials(
    register: dict[str, int], asked: str, found: list[str]
) -> None:
    with open_work(OFFICER, Action.CASE_SEARCH) as work:
        assert sorted(find_by_name(work, asked)) == sorted(register["p" + one] for one in found)


def test_searching_never_leaves_the_area(register: dict[str, int]) -> None:
    with open_work(DOCTOR_EAST, Action.CASE_SEARCH) as work:
        assert find_by_name(work, "李") == []
        assert find_by_token(work, ID_NUMBER, "999901198001010002") == []
        assert find_by_token(work, ID_NUMBER, "999901198001010000") == [register["pE1"]]
        assert find_by_token(work, PHONE, "10000000001") == [register["pE2"]]


def test_initials_need_the_whole_beginning() -> None:
    assert matches("张一", "z")
    assert not matches("张一", "zyx")
    assert not matches("张一", "y")
    assert normal_name(" 李 ‧ 阿依 ") == "李·阿依"


def test_columns_are_read_within_the_area_both_ways(register: dict[str, int]) -> None:
    statement = select(Visit.case_id, Visit.on, Visit.stability, Visit.loss_reason)
    with open_work(DOCTOR_EAST, Action.INDICATOR_READ) as work:
        for bulk in (False, True):
            frame = work.frame(statement, bulk=bulk)
            assert sorted(frame["case_id"]) == sorted([register["E1"], register["E2"]])
            assert frame["on"].to_list() == [20516, 20516]
            assert frame["loss_reason"].null_count() == 2
        with pytest.raises(LockBroken):
            work.frame(select(Identity.name))
        with pytest.raises(LockBroken):
            work.frame(select(Case.__table__.c.id))


def test_the_chain_holds_and_names_the_first_broken_entry(register: dict[str, int]) -> None:
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        verdict = audit.verify(audit_queries.all_entries(work, 10**9), work.vault, iter(()))
        assert verdict.broken is None and verdict.count > 10
        entries = list(audit_queries.all_entries(work, 10**9))
    entries[4].purpose = "改"
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        assert audit.verify(iter(entries), work.vault, iter(())).broken == 5
        assert audit.verify(iter(entries[:2] + entries[3:]), work.vault, iter(())).broken == 3


def test_audit_entries_cannot_be_changed_even_by_raw_sql(register: dict[str, int]) -> None:
    for statement in (
        "UPDATE audit_entry SET purpose = 'x'",
        "DELETE FROM audit_entry",
        "DELETE FROM audit_subject",
    ):
        with unchecked(), pytest.raises(Exception, match="not changed"), db.engine.begin() as connection:
            if "subject" in statement:
                connection.execute(text("INSERT INTO audit_subject (seq, person_id) VALUES (999999, 1)"))
            connection.execute(text(statement))


def test_a_failed_work_leaves_neither_row_nor_entry(register: dict[str, int]) -> None:
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        before = audit.newest(work.session)
    with pytest.raises(ZeroDivisionError), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        work.add(Person(id=new_key(), area=EAST))
        work.flush()
        raise ZeroDivisionError
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        assert audit.newest(work.session) == before
        assert work.scalar(select(func.count()).select_from(Person)) == 4


def test_a_reading_action_cannot_write(register: dict[str, int]) -> None:
    with pytest.raises(LockBroken), open_work(DOCTOR_EAST, Action.CASE_LIST) as work:
        work.note("x", "y")


def test_the_extensions_own_session_is_of_the_guarded_class(app: Flask) -> None:
    assert isinstance(db.session(), WorkSession)
    assert Work.__init__.__annotations__["session"] == "WorkSession"
    assert NOW.tzinfo is not None


def test_postgresql_itself_keeps_rows_inside_the_area(postgres_app: Flask) -> None:
    """The third lock: without its area, or beyond it, an ordinary role sees and writes nothing."""
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for file_no, area in (("E1", EAST), ("W1", WEST)):
            _person, case = add_person(work, area, units[area], file_no, "张一")
            add_visit(work, area, case, date(2026, 3, 4))
    role = "casemgr_test_role"
    reach = "SELECT set_config('casemgr.low', :low, true), set_config('casemgr.high', :high, true)"
    with unchecked(), db.engine.connect() as connection:
        connection.execute(
            text(f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        )
        connection.execute(
            text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        )
        connection.commit()
        connection.execute(text(f"SET ROLE {role}"))
        tables = ("person", "identity", "case_file", "visit")
        assert [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables] == [0, 0, 0, 0]
        connection.execute(text(reach), {"low": str(EAST), "high": str(EAST + 1000)})
        assert [connection.scalar(text(f"SELECT count(*) FROM {table}")) for table in tables] == [1, 1, 1, 1]
        assert connection.execute(text(f"UPDATE visit SET risk = 5 WHERE area = {WEST}")).rowcount == 0
        with pytest.raises(Exception, match="row-level security"):
            connection.execute(text(f"INSERT INTO person (id, area) VALUES (1, {WEST})"))
        connection.rollback()
        connection.execute(text(f"SET ROLE {role}"))
        assert connection.scalar(text("SELECT count(*) FROM person")) == 0
        connection.execute(text("RESET ROLE"))
        connection.commit()


def test_every_scoped_table_has_its_policy(postgres_app: Flask) -> None:
    from casemgr.store.verifier import protected

    with unchecked(), db.engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid "
                "WHERE c.relrowsecurity AND c.relforcerowsecurity"
            )
        )
        assert {row[0] for row in found} == protected()
