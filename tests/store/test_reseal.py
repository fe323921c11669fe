"""Turning keys: new generation at once, everything brought under it, nothing lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask
from sqlalchemy import LargeBinary, select, type_coerce

from casemgr.rules.access import Action
from casemgr.services import audit, keyring
from casemgr.store import identity, sealed_files
from casemgr.store.models import Identity
from casemgr.store.vault import DECRYPT_ONLY
from casemgr.store.work import installation, open_work
from tests.store.register import EAST, SYSTEM, add_person, open_areas

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
NUMBERS = [f"9999011980010{number:05d}" for number in range(120)]


def _people(count: int = 120) -> list[int]:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        return [
            add_person(work, EAST, units[EAST], f"E{number}", f"张{number}", NUMBERS[number])[0]
            for number in range(count)
        ]


def _heads(column: object = Identity.name) -> set[bytes]:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        return {bytes(row[0])[:6] for row in work.rows(select(type_coerce(column, LargeBinary)))}  # type: ignore[arg-type]


def _find(number: str) -> list[int]:
    with open_work(SYSTEM, Action.CASE_SEARCH) as work:
        return identity.find_by_token(work, identity.ID_NUMBER, number)


def test_all_that_is_sealed_comes_under_the_new_key(both: Flask) -> None:
    people = _people()
    before = installation().vault
    with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        sealed_files.put(work, "prints", 7, "body", b"a form")
    made = keyring.rotate(SYSTEM, "sm", NOW)
    assert (made.key_id, made.state, made.suite) == (2, "active", "sm")
    ring = installation().keys.read()
    assert {key.key_id: key.state for key in ring} == {1: DECRYPT_ONLY, 2: "active"}
    assert _heads() == {before.head}
    assert _find(NUMBERS[5]) == [people[5]]
    told: list[keyring.Step] = []
    done = keyring.reseal_all(SYSTEM, told.append, pause=0)
    assert done.complete
    assert done.resealed == 120
    assert done.files == 1
    assert [(step.resealed, step.finished) for step in told if step.table == "identity"][-1] == (120, True)
    assert _heads() == {installation().vault.head}
    assert _heads()
    with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        opened = identity.reveal(work, people, "复核", ("name", "id_number"))
        assert [opened[key].name for key in people] == [f"张{number}" for number in range(120)]
        assert sealed_files.take(work, "prints", 7, "body") == b"a form"
        tokens = work.rows(select(Identity.id_token, Identity.token_key))
        assert {row.token_key for row in tokens} == {2}
        assert {bytes(row.id_token) for row in tokens} == {
            work.vault.token(identity.ID_NUMBER, number, 2) for number in NUMBERS
        }
    assert _find(NUMBERS[5]) == [people[5]]
    verdict = audit.verify(SYSTEM)
    assert verdict.broken is None
    assert keyring.reseal_all(SYSTEM, pause=0).resealed == 0
