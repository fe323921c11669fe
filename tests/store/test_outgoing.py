"""What a flush sends is read as a statement: the lock behind the guard of objects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from casemgr.rules.access import Action
from casemgr.store import scope, verifier
from casemgr.store.models import Case, Person
from casemgr.store.session import LockBroken, WorkSession
from casemgr.store.work import Taken, open_work
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM, WEST, add_person, open_areas


@pytest.fixture
def case(app: Flask) -> Iterator[int]:
    """A file in the east, with nobody looking at objects."""
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _person, key = add_person(work, EAST, units[EAST], "E1", "张一", "999901198001010003", "10000000001")
    event.remove(WorkSession, "before_flush", scope._guard_writes)
    yield key
    event.listen(WorkSession, "before_flush", scope._guard_writes)


def test_a_new_row_carries_an_area_of_the_access(case: int) -> None:
    with (
        pytest.raises(LockBroken, match="outside this access"),
        open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work,
    ):
        work.add(Person(id=78, area=WEST))
    with (
        pytest.raises(LockBroken, match="outside this access"),
        open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work,
    ):
        for number in (80, 81):
            work.add(Person(id=number, area=EAST if number == 80 else WEST))


def test_a_batch_is_read_as_it_is_sent(case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "check_batch", lambda *_given: None)
    rows = [{"id": 90, "area": EAST}, {"id": 91, "area": WEST}]
    with (
        pytest.raises(LockBroken, match="outside this access"),
        open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work,
    ):
        work.add_many(Person, rows)
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert work.rows(select(Person.id).where(Person.id.in_([90, 91]))) == []


@pytest.mark.parametrize("area", [WEST, func.abs(EAST)])
def test_no_row_is_moved_out_nor_to_what_only_the_database_knows(case: int, area: object) -> None:
    with pytest.raises(LockBroken), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        work.one(select(Person)).area = area


@pytest.mark.parametrize("deleted", [False, True])
def test_what_has_moved_away_meanwhile_is_not_there_for_the_statement(case: int, deleted: bool) -> None:
    with pytest.raises(Taken), open_work(DOCTOR_EAST, Action.DEMO_LOAD) as work:
        found = work.get(Case, case)
        assert found is not None
        connection = work.session.open_connection()
        with verifier.unchecked():
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for table in ("person", "identity", Case.__table__.name):
                connection.exec_driver_sql(f"UPDATE {table} SET area = {WEST}")
        if deleted:
            work.remove(found)
        else:
            found.file_no = "E2"
