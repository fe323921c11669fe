"""Rows as columns: both ways of reading give the same frame, inside the area, and disturb no writer."""

from __future__ import annotations

import sqlite3
from datetime import date

import polars as pl
import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Access, Action
from casemgr.store import columns
from casemgr.store.models import Case, Identity, Visit
from casemgr.store.session import LockBroken
from casemgr.store.work import open_work
from tests.store.register import DOCTOR_EAST, EAST, OFFICER, SYSTEM, WEST, add_person, add_visit, open_areas

DAYS = [date(2026, 1, 5), date(2026, 3, 8), date(2026, 7, 1)]


@pytest.fixture
def register(both: Flask) -> Flask:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for area, number in ((EAST, "100-1"), (WEST, "101-1")):
            _, case = add_person(work, area, units[area], number, "王小明")
            for on in DAYS:
                add_visit(work, area, case, on)
    return both


def statements() -> list[object]:
    return [
        select(Visit.case_id.label("case"), Visit.on, Visit.area, Visit.hospital).order_by(
            Visit.case_id, Visit.on
        ),
        select(Case.id, Case.file_no, Case.article30, Case.registered_on).order_by(Case.file_no),
        select(Visit.case_id.label("case"), func.max(Visit.on).label("last")).group_by(Visit.case_id),
        select(Visit.id).where(Visit.on > date(2030, 1, 1)),
    ]


@pytest.mark.parametrize("access", [OFFICER, DOCTOR_EAST])
def test_both_ways_give_the_same_frames_inside_the_area(register: Flask, access: Access) -> None:
    with open_work(access, Action.INDICATOR_READ) as work:
        rows = work.frames([(one, {}) for one in statements()])
        bulk = work.frames([(one, {}) for one in statements()], bulk=True)
    for one, other in zip(rows, bulk, strict=True):
        assert one.schema == other.schema
        assert one.sort(one.columns).equals(other.sort(other.columns))
    visits, cases, last, nobody = rows
    towns = 2 if access is OFFICER else 1
    assert visits.height == towns * len(DAYS)
    assert visits.schema == {"case": pl.Int64, "on": pl.Int32, "area": pl.Int64, "hospital": pl.Int16}
    assert cases.schema["article30"] == pl.Boolean
    assert cases["file_no"].to_list() == ["100-1", "101-1"][:towns]
    assert last["last"].to_list() == [20635] * towns
    assert nobody.is_empty()


def test_sealed_columns_and_plain_tables_are_refused(register: Flask) -> None:
    with open_work(OFFICER, Action.INDICATOR_READ) as work:
        for statement in (select(Identity.name), select(Visit.__table__.c.id), "SELECT 1"):
            for bulk in (False, True):
                with pytest.raises(LockBroken):
                    work.frames([(statement, {})], bulk=bulk)


def test_a_bulk_read_takes_no_lock_away(app: Flask) -> None:
    open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.frame(select(Visit.id), bulk=True)
        other = sqlite3.connect(str(work.session.get_bind().engine.url.database), timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_that_fails_is_said_without_its_words(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "_asked", lambda *given: ("SELECT nonsense", given[2]))
    with (
        open_work(OFFICER, Action.INDICATOR_READ) as work,
        pytest.raises(RuntimeError, match="could not be read"),
    ):
        work.frames([(select(Visit.id), {})] * 3, bulk=True)
