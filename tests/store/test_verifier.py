"""The SQL verifier: what it lets pass and what it stops, on texts and on a live engine."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import insert, text

from casemgr.store.db import db
from casemgr.store.models import Case
from casemgr.store.session import LockBroken
from casemgr.store.verifier import judge, protected, unchecked

HERE = "visit.area >= 1 AND visit.area < 2"


@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT visit.id FROM visit WHERE {HERE}",
        "SELECT v.id FROM visit AS v WHERE v.area >= ? AND v.area < ? AND v.risk = 3",
        "SELECT area.code FROM area",
        "SELECT a.id FROM visit AS a JOIN case_file AS c ON c.id = a.case_id AND c.area >= 1 AND c.area < 2 "
        "WHERE a.area >= 1 AND a.area < 2",
        f"SELECT count(*) FROM (SELECT visit.id FROM visit WHERE {HERE}) AS inner_one",
        "PRAGMA journal_mode=WAL",
        "INSERT INTO area (code) VALUES (1)",
    ],
)
def test_a_statement_with_its_area_passes(sql: str) -> None:
    assert judge(sql, "sqlite", False) is None
    assert judge(sql.replace("?", "%(p)s"), "postgresql", False) is None


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM visit",
        "SELECT visit.id FROM visit WHERE visit.area >= 1",
        "SELECT visit.id FROM visit WHERE visit.area >= 1 OR visit.area < 2",
        f"SELECT visit.id FROM visit WHERE ({HERE}) OR visit.id = 5",
        "SELECT a.id FROM visit AS a JOIN case_file AS c ON c.id = a.case_id "
        "WHERE a.area >= 1 AND a.area < 2",
        f"SELECT visit.id FROM visit WHERE {HERE} AND visit.case_id IN (SELECT case_file.id FROM case_file)",
        f"SELECT visit.id FROM visit WHERE {HERE} UNION SELECT case_file.id FROM case_file",
        "SELECT c.id FROM case_file AS c WHERE visit.area >= 1 AND visit.area < 2",
        "SELECT 1 FROM area; SELECT 2 FROM area",
        "DELETE FROM visit",
        "UPDATE visit SET risk = 0 WHERE visit.area >= 1 AND visit.area < 2",
        "INSERT INTO visit (id) VALUES (1)",
        "INSERT INTO visit (id) SELECT id FROM visit",
        "SELEKT visit",
    ],
)
def test_a_statement_without_its_area_is_stopped(sql: str) -> None:
    assert judge(sql, "sqlite", False)


def test_writing_is_for_the_unit_of_work(app: Flask) -> None:
    assert judge("DELETE FROM visit WHERE visit.id = 1", "sqlite", True) is None
    with pytest.raises(LockBroken), db.engine.begin() as connection:
        connection.execute(insert(Case).values(id=1))
    with pytest.raises(LockBroken), db.engine.begin() as connection:
        connection.execute(text("SELECT name FROM identity"))
    with unchecked(), db.engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM identity")).scalar() == 0


def test_every_table_about_people_is_protected() -> None:
    assert {
        "person",
        "identity",
        "guardian",
        "case_file",
        "case_state",
        "visit",
        "visit_text",
        "drug_line",
        "dose",
        "rehab_session",
        "checkup",
        "consent",
        "supplement",
        "closed_verdicts",
    } <= protected()
    assert not {"area", "unit", "account", "audit_entry"} & protected()
