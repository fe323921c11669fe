"""Turning keys while one process writes and another reads, and sealing anew is killed again and again."""

from __future__ import annotations

import json
import os
import signal
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, select, type_coerce

from casemgr.rules.access import Action
from casemgr.services import audit, keyring
from casemgr.store import identity, reseal
from casemgr.store.db import db
from casemgr.store.models import Identity
from casemgr.store.types import Plain
from casemgr.store.work import installation, open_work
from tests.store.register import EAST, SYSTEM, add_person, open_areas

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PEOPLE, KILLS = 64, 6
NUMBERS = [f"9999011980020{number:05d}" for number in range(PEOPLE)]


def _forked(work: Callable[[], None]) -> int:
    """A process of its own that does ``work`` and ends; it shares no connection with this one."""
    with warnings.catch_warnings():
        # From Python 3.12 on it warns of threads: those of the libraries stand idle here.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    code = 1
    try:
        db.engine.dispose(close=False)
        work()
        code = 0
    finally:
        os._exit(code)


def _write(people: list[int], notes: Path, stop: Path) -> None:
    """Give people new names and telephones; each is written down once it was acknowledged."""
    turn = 0
    with notes.open("w") as out:
        while not stop.exists():
            turn += 1
            person = people[turn * 7 % len(people)]
            phone = f"1000{turn:07d}"
            with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
                row = work.get(Identity, person)
                assert row is not None
                row.name, row.phone = Plain(f"张{turn}"), Plain(phone)
                row.phone_token = work.vault.token(identity.PHONE, phone)
                # The token of the number is as old as it is; only sealing anew knows the number.
                row.id_token = work.vault.token(identity.ID_NUMBER, NUMBERS[people.index(person)])
                row.token_key = work.vault.active_id
            out.write(json.dumps([person, f"张{turn}", phone]) + "\n")
            out.flush()


def _read(people: list[int], notes: Path, stop: Path) -> None:
    """Open names and look numbers up, all the time; every failure and every miss is counted."""
    reads, failed, turn = 0, [], 0
    while not stop.exists():
        turn += 1
        place = turn * 11 % len(people)
        try:
            with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
                opened = identity.reveal(work, [people[place]], "核对", ("name", "id_number"))
                if opened[people[place]].id_number != NUMBERS[place]:
                    failed.append("other number")
            with open_work(SYSTEM, Action.CASE_SEARCH) as work:
                if identity.find_by_token(work, identity.ID_NUMBER, NUMBERS[place]) != [people[place]]:
                    failed.append("missed")
        except Exception as wrong:
            failed.append(type(wrong).__name__)
        reads += 1
        notes.write_text(json.dumps([reads, failed]))


def _reseal(told: int, steps: int) -> None:
    """Seal anew as far as so many steps of the people, then stand still: whoever kills comes in time."""
    said = 0

    def say(step: keyring.Step) -> None:
        nonlocal said
        if step.table == "identity":
            os.write(told, b".")
            said += 1
            if said == steps:
                signal.pause()

    keyring.reseal_all(SYSTEM, say, pause=0.3)


def test_nothing_is_lost_and_nobody_fails(
    both: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reseal, "BATCH", 8)
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        people = [
            add_person(work, EAST, units[EAST], f"E{place}", "张三", NUMBERS[place], "10000000000")[0]
            for place in range(PEOPLE)
        ]
    stop, written, seen = tmp_path / "stop", tmp_path / "written", tmp_path / "seen"
    db.engine.dispose()
    children = [
        _forked(lambda: _write(people, written, stop)),
        _forked(lambda: _read(people, seen, stop)),
    ]
    killed = 0
    try:
        for suite in ("aes", "sm"):
            keyring.rotate(SYSTEM, suite, NOW)
            for steps in (1, 2, 1):
                ear, mouth = os.pipe()
                db.engine.dispose()
                child = _forked(lambda mouth=mouth, steps=steps: _reseal(mouth, steps))  # type: ignore[misc]
                os.close(mouth)
                heard = sum(len(os.read(ear, 1)) for _ in range(steps))
                os.kill(child, signal.SIGKILL)
                os.close(ear)
                _, status = os.waitpid(child, 0)
                assert heard == steps
                killed += os.WIFSIGNALED(status)
            # On a busy machine the writer may be faster with some rows, which are told as left: once more.
            for _ in range(20):
                done = keyring.reseal_all(SYSTEM, pause=0.3)
                if done.complete:
                    break
            assert done.complete, done
    finally:
        stop.touch()
        codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert codes == [0, 0]
    assert killed == KILLS
    reads, failed = json.loads(seen.read_text())
    assert failed == []
    assert reads > KILLS
    last = {
        person: (name, phone) for person, name, phone in map(json.loads, written.read_text().splitlines())
    }
    assert last
    vault = installation().vault
    with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        opened = identity.reveal(work, people, "核对", ("name", "phone", "id_number"))
        for place, person in enumerate(people):
            assert (opened[person].name, opened[person].phone) == last.get(person, ("张三", "10000000000"))
            assert opened[person].id_number == NUMBERS[place]
        columns = [type_coerce(column, LargeBinary) for column in (Identity.name, Identity.phone)]
        rows = work.rows(select(*columns, Identity.id_token, Identity.token_key))
    assert {bytes(row[place])[:6] for row in rows for place in (0, 1)} == {vault.head}
    assert {row.token_key for row in rows} == {vault.active_id} == {3}
    assert audit.verify(SYSTEM).broken is None
