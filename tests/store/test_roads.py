"""每一层锁: every shape of ``shapes.py`` with all locks on, and with each of them taken away in turn.

What a shape should give is taken from a register that holds the own township alone, asked without any lock.
The table that :func:`test_one_layer_less_is_held_by_the_others` checks stands in docs/security.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import CompileError, DBAPIError
from sqlalchemy.orm import Session

from casemgr.rules.access import Access, Action, Role
from casemgr.store import outgoing, scope, session, verifier
from casemgr.store.db import db
from casemgr.store.models import VisitText
from casemgr.store.session import LockBroken, WorkSession
from casemgr.store.types import Plain
from casemgr.store.work import Taken, open_work
from tests.store.register import DOCTOR_EAST, EAST, NOW, SYSTEM, WEST, add_person, add_visit, open_areas
from tests.store.shapes import READ, WRITE

#: A role of the database that owns nothing, as the manual asks for.
RUNTIME = "casemgr_runtime_role"
POLICE = Access.over(21, "东镇派出所", Role.POLICE, EAST)
#: What says that this database does not know a shape at all.
UNKNOWN = (DBAPIError, CompileError)


@dataclass
class Register:
    """Two people in each township, what each shape gives for the east alone, and a stranger's keys."""

    keys: list[int]
    stranger: dict[str, int]
    expected: dict[str, list[Any]]


def _settle(units: dict[int, int], area: int, first: str) -> list[dict[str, int]]:
    found = []
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for number in (1, 2):
            person, key = add_person(work, area, units[area], f"{first}{number}", "张一")
            visit = add_visit(work, area, key, NOW.date())
            work.flush()
            work.add(VisitText(visit_id=visit, area=area, note=Plain("备注")))
            found.append({"person": person, "case": key, "visit": visit})
    return found


def _plainly(name: str, keys: list[int]) -> list[Any] | None:
    """What a shape gives without any lock; ``None`` where this database does not know it."""
    with verifier.unchecked(), Session(db.engine) as free:
        free.info["keys"] = keys
        try:
            return READ[name](free)
        except UNKNOWN:
            return None


@pytest.fixture
def register(both: Flask) -> Register:
    return _register()


def _register() -> Register:
    units = open_areas()
    own = _settle(units, EAST, "E")
    keys = [one["case"] for one in own]
    expected = {name: told for name in READ if (told := _plainly(name, keys)) is not None}
    foreign = _settle(units, WEST, "W")
    return Register([*keys, *(one["case"] for one in foreign)], foreign[0], expected)


def read(access: Access, name: str, register: Register) -> str:
    """``limited``, ``refused`` or ``leak``."""
    try:
        with open_work(access, Action.CASE_LIST) as work:
            work.session.info["keys"] = register.keys
            found = READ[name](work.session)
    except LockBroken:
        return "refused"
    except (*UNKNOWN, Taken):
        return "failed"
    return "limited" if found == register.expected[name] else f"leak {found} {register.expected[name]}"


def strangers() -> str:
    """A digest of everything in the other township."""
    found = []
    with verifier.unchecked(), db.engine.connect() as connection:
        for name in sorted(verifier.protected()):
            rows = connection.execute(text(f"SELECT * FROM {name} WHERE area = {WEST} ORDER BY 1")).all()
            found.append(
                (name, [tuple(bytes(x) if isinstance(x, memoryview) else x for x in row) for row in rows])
            )
    return hashlib.sha256(repr(found).encode()).hexdigest()


def write(access: Access, name: str, register: Register) -> str:
    """``refused``, ``failed`` (by the database) or ``done``; whether it did harm is seen in the rows."""
    try:
        with open_work(access, Action.DEMO_LOAD) as work:
            WRITE[name](work.session, register.stranger)
    except LockBroken:
        return "refused"
    except Exception:
        return "failed"
    return "done"


def test_no_shape_of_reading_leaves_the_area(register: Register) -> None:
    with verifier.unchecked():  # this is about the lock, not about the net beneath it
        found = {name: read(DOCTOR_EAST, name, register) for name in register.expected}
    assert {name: told for name, told in found.items() if told.startswith("leak")} == {}
    assert len(found) > 104
    assert sum(told == "limited" for told in found.values()) > 60


def test_no_shape_of_writing_touches_a_strangers_row(register: Register) -> None:
    before = strangers()
    with verifier.unchecked():
        found = {name: write(DOCTOR_EAST, name, register) for name in WRITE}
    assert strangers() == before
    assert [name for name, told in found.items() if told == "done"] == []


def test_another_department_gets_nothing_by_any_shape(register: Register) -> None:
    """Its own area or not: what lies in a file is refused, not only limited."""
    before = strangers()
    nothing: tuple[Any, ...] = ([], [0], [None], [False], [(0,)], [(None,)], [(None, None)], [(False,)])
    for name in register.expected:
        try:
            with verifier.unchecked(), open_work(POLICE, Action.CASE_LIST) as work:
                work.session.info["keys"] = register.keys
                assert READ[name](work.session) in nothing, name
        except (LockBroken, *UNKNOWN):
            continue
    for name in WRITE:
        with verifier.unchecked():
            assert write(POLICE, name, register) != "done", name
    assert strangers() == before


# --- one layer less ---


@contextmanager
def without_listener(target: Any, name: str, listener: Callable[..., Any]) -> Iterator[None]:
    event.remove(target, name, listener)
    try:
        yield
    finally:
        event.listen(target, name, listener)


@contextmanager
def without(layer: str) -> Iterator[None]:
    """Take one layer away; ``database`` is the row policy, which is off for whoever owns the tables."""
    with ExitStack() as off:
        if layer == "session":
            off.enter_context(without_listener(WorkSession, "do_orm_execute", session._only_orm_selects))
            off.enter_context(without_listener(WorkSession, "detached_to_persistent", session._no_strangers))
            for name in ("connection", "bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"):
                off.enter_context(patch.object(WorkSession, name, getattr(Session, name)))
        elif layer == "criteria":
            off.enter_context(without_listener(WorkSession, "do_orm_execute", scope._limit))
        elif layer == "flush":
            off.enter_context(without_listener(WorkSession, "before_flush", scope._guard_writes))
        elif layer == "statement":
            event.remove(db.engine, "before_execute", outgoing._outgoing)
            off.callback(outgoing.watch, db.engine)
        elif layer == "verifier":
            off.enter_context(verifier.unchecked())
        yield


@contextmanager
def as_runtime_role(engine: Engine) -> Iterator[None]:
    """Every connection works as a role that owns nothing, so that the row policies hold."""
    with verifier.unchecked(), engine.begin() as connection:
        connection.execute(
            text(f"DO $$ BEGIN CREATE ROLE {RUNTIME}; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        )
        connection.execute(
            text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {RUNTIME}")
        )

    def become(connection: Any) -> None:
        connection.exec_driver_sql(f"SET LOCAL ROLE {RUNTIME}")

    event.listen(engine, "begin", become)
    try:
        yield
    finally:
        event.remove(engine, "begin", become)


def leaks(register: Register) -> tuple[int, int]:
    """(reading shapes that leak, writing shapes that changed a stranger's row)."""
    read_ones = [name for name in register.expected if read(DOCTOR_EAST, name, register).startswith("leak")]
    before, harmful = strangers(), 0
    for name in WRITE:
        if name.startswith(("delete", "detached and deleted")):
            continue  # deleting for good is tried above with every lock on
        write(DOCTOR_EAST, name, register)
        if (now := strangers()) != before:
            before, harmful = now, harmful + 1
    return len(read_ones), harmful


LAYERS = ("session", "criteria", "flush", "statement", "verifier")
#: (reading shapes, writing shapes) that get through with one layer away: none, for each has a second lock.
GOT_THROUGH = dict.fromkeys(("none", *LAYERS), (0, 0))


@pytest.mark.parametrize("layer", [one for one in GOT_THROUGH if one != "none"])
def test_one_layer_less_is_held_by_the_others(app: Flask, layer: str) -> None:
    """The lines of docs/security.md, on SQLite."""
    register = _register()
    with without(layer):
        assert leaks(register) == GOT_THROUGH[layer]


@pytest.mark.attack
@pytest.mark.parametrize("layer", GOT_THROUGH)
def test_one_layer_less_is_held_on_postgresql_too(postgres_app: Flask, layer: str) -> None:
    """The same under the owner of the tables, for whom the row policies do not count."""
    register = _register()
    with without(layer):
        assert leaks(register) == GOT_THROUGH[layer]


def test_two_layers_less_do_leak(app: Flask) -> None:
    """The counter-proof: the shapes find what they are for when the lock and the net are both away."""
    register = _register()
    with without("criteria"), without("verifier"):
        assert sum(read(DOCTOR_EAST, name, register).startswith("leak") for name in register.expected) > 50
    with without("session"), without("verifier"):
        assert sum(read(DOCTOR_EAST, name, register).startswith("leak") for name in register.expected) > 5
    with without("flush"), without("statement"):
        # A new row over there, one under a stranger's file, one moved there.
        assert leaks(register) == (0, 3)


def test_postgresql_holds_when_every_other_layer_is_away(postgres_app: Flask) -> None:
    """The database wall alone: the same shapes under a role that owns nothing."""
    register = _register()
    with ExitStack() as off:
        for layer in LAYERS:
            off.enter_context(without(layer))
        off.enter_context(as_runtime_role(db.engine))
        found = {name: read(DOCTOR_EAST, name, register) for name in register.expected}
        results = {name: write(DOCTOR_EAST, name, register) for name in WRITE}
    assert {name: told for name, told in found.items() if told.startswith("leak")} == {}
    with verifier.unchecked(), db.engine.connect() as connection:
        rows = connection.execute(
            text(f"SELECT id, risk, version FROM visit WHERE area = {WEST} ORDER BY id")
        ).all()
    assert [(row.risk, row.version) for row in rows] == [(0, 1), (0, 1)]
    assert results["new in the other area"] == results["moved out"] == "failed"
