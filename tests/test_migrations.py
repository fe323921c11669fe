"""Migrations: head equals the models; up and down, empty and with rows, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import inspect, select, text

from casemgr.cli.db import alembic_config
from casemgr.rules.access import Action
from casemgr.store.db import db
from casemgr.store.models import Case, EditionEntry, Visit
from casemgr.store.verifier import unchecked
from casemgr.store.work import open_work
from tests.store.register import EAST, SYSTEM, add_person, add_visit, open_areas

REVISIONS = [one.revision for one in ScriptDirectory.from_config(alembic_config()).walk_revisions()][::-1]


def test_the_tables_are_those_of_the_models(both: Flask) -> None:
    command.check(alembic_config())


def test_each_step_goes_down_and_up_again(both: Flask) -> None:
    for revision in reversed(REVISIONS):
        command.downgrade(alembic_config(), "-1" if revision != REVISIONS[0] else "base")
    left = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert left == set()
    for revision in REVISIONS:
        command.upgrade(alembic_config(), revision)
    command.check(alembic_config())


def test_rows_survive_the_newest_steps_down_and_up(both: Flask) -> None:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _person, case = add_person(work, EAST, units[EAST], "E1", "张一", "999901198001010000")
        add_visit(work, EAST, case, date(2026, 3, 4))
    for revision in reversed(REVISIONS[:-1]):
        command.downgrade(alembic_config(), revision)
    command.upgrade(alembic_config(), "head")
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert work.scalar(select(Case.file_no)) == "E1"
        assert work.scalar(select(Visit.on)) == date(2026, 3, 4)


def test_a_table_that_is_made_anew_keeps_its_rows(app: Flask) -> None:
    told = {"county": 999901000000, "source": "乙", "lines": "[]", "numbers": "{}", "recorded_by": 1}
    at = datetime(2026, 11, 1, tzinfo=UTC)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for key, title, gone in ((1, "甲", None), (2, "丙", at)):
            work.add(EditionEntry(id=key, code="c", title=title, valid_from=date(2027, 1, 1),
                                  recorded_at=at, withdrawn_at=gone, **told))  # fmt: skip
    command.downgrade(alembic_config(), "0019")
    command.upgrade(alembic_config(), "head")
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        kept = work.entities(select(EditionEntry))
        assert [(one.title, one.valid_from, one.recorded_at) for one in kept] == [
            ("甲", date(2027, 1, 1), at)
        ]


def test_migrations_know_nothing_of_the_program() -> None:
    for one in ScriptDirectory.from_config(alembic_config()).walk_revisions():
        source = Path(one.path).read_text(encoding="utf-8")
        for setting in ("casemgr.low", "casemgr.high", "casemgr.receiver"):
            source = source.replace(setting, "")
        assert "casemgr" not in source


def test_a_failing_step_leaves_nothing_behind(app: Flask) -> None:
    """SQLite runs table changes inside the transaction too, because the driver is in manual mode."""
    with unchecked(), pytest.raises(ZeroDivisionError), db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE half_done (id INTEGER)"))
        raise ZeroDivisionError
    assert "half_done" not in inspect(db.engine).get_table_names()
