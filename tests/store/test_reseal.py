"""Turning keys: new generation at once, everything brought under it, nothing lost on the way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, select, text, type_coerce

from casemgr.rules.access import Action
from casemgr.services import account, audit, keyring
from casemgr.services.errors import Refused
from casemgr.store import identity, reseal, sealed_files
from casemgr.store.db import db
from casemgr.store.models import Identity, KeyGeneration
from casemgr.store.types import Plain
from casemgr.store.vault import DECRYPT_ONLY
from casemgr.store.verifier import unchecked
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


def test_what_was_written_meanwhile_is_not_overwritten(both: Flask) -> None:
    """Compare and swap: a row that changed after it was read stays as it is, and comes later."""
    (person,) = _people(1)
    keyring.rotate(SYSTEM, None, NOW)
    holding = next(one for one in reseal.holdings() if one.name == "identity")
    with open_work(SYSTEM, Action.KEYS_MANAGE, writes=False) as work:
        found = reseal.read(work, holding, 0)
        made = [(row, reseal.anew(work.vault, holding, row)) for row in found.rows]
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        row = work.get(Identity, person)
        assert row is not None
        row.name = Plain("改过的名字")
    with open_work(SYSTEM, Action.KEYS_MANAGE) as work:
        assert reseal.lay_down(work, holding, made) == 0
    assert keyring.reseal_all(SYSTEM, pause=0).complete
    with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        assert identity.reveal(work, [person], "复核")[person].name == "改过的名字"


def test_rows_that_are_locked_away_and_damaged_ones_are_not_passed_over(app: Flask) -> None:
    people = _people(3)
    with db.engine.begin() as connection, unchecked():
        connection.execute(text("UPDATE identity SET locked = true WHERE person_id = :id"), {"id": people[0]})
        asked, changed = (
            "SELECT name FROM identity WHERE person_id = :id",
            "name = :name WHERE person_id = :id",
        )
        sealed = bytes(connection.execute(text(asked), {"id": people[1]}).scalar_one())
        broken = {"id": people[1], "name": sealed[:-1] + bytes([sealed[-1] ^ 1])}
        connection.execute(text(f"UPDATE identity SET {changed}"), broken)
    keyring.rotate(SYSTEM, None, NOW)
    done = keyring.reseal_all(SYSTEM, pause=0)
    assert (done.complete, done.resealed, done.damaged, done.left) == (False, 2, 1, {"identity": 1})


def test_a_token_that_fits_no_generation_is_told_and_left(app: Flask) -> None:
    people = _people(2)
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        row = work.get(Identity, people[0])
        assert row is not None
        row.id_token = b"x" * 16
    keyring.rotate(SYSTEM, None, NOW)
    done = keyring.reseal_all(SYSTEM, pause=0)
    assert (done.resealed, done.damaged) == (1, 1)


def test_a_key_is_prepared_used_and_destroyed_only_when_nothing_needs_it(app: Flask) -> None:
    _people(2)
    made = keyring.rotate(SYSTEM, "sm", NOW, prepare=True)
    assert (made.key_id, made.state) == (2, "pre")
    assert installation().vault.active_id == 1
    with pytest.raises(Refused, match="已经预备好"):
        keyring.rotate(SYSTEM, None, NOW, prepare=True)
    with pytest.raises(Refused, match="另一套算法"):
        keyring.rotate(SYSTEM, "aes", NOW)
    assert (keyring.rotate(SYSTEM, None, NOW).key_id, installation().vault.active_id) == (2, 2)
    with pytest.raises(Refused, match="不存在"):
        keyring.retire(SYSTEM, 2, NOW)
    keyring.reseal_all(SYSTEM, pause=0)
    with pytest.raises(Refused, match=r"0 个加密值、0 个文件、\d+ 条审计记录"):
        keyring.retire(SYSTEM, 1, NOW)
    keyring.rotate(SYSTEM, None, NOW, prepare=True)
    gone = keyring.retire(SYSTEM, 3, NOW)
    assert gone.state == "retired"
    kept = {key.key_id: key for key in installation().keys.read()}
    assert kept[3].material == b""
    assert kept[3].fingerprint == gone.fingerprint
    counted = {one.key_id: one for one in keyring.generations(SYSTEM)}
    assert counted[1].values == 0
    assert counted[1].entries > 0
    assert counted[2].values > 0
    assert audit.verify(SYSTEM).broken is None
    with open_work(SYSTEM, Action.KEYS_MANAGE) as work:
        assert {row.key_id for row in work.entities(select(KeyGeneration)) if row.retired_at} == {3}


def test_every_table_can_be_laid_down(both: Flask) -> None:
    """The statements of all tables are sent once, for a row that is not there."""
    with open_work(SYSTEM, Action.KEYS_MANAGE) as work:
        for holding in reseal.holdings():
            names = [name for name, _ in holding.sealed] + [name for name, _, _ in holding.tokens]
            row = {"row_key": 1, **dict.fromkeys(names, b"old")}
            made = [(row, dict.fromkeys(names, b"new"))]
            assert reseal.lay_down(work, holding, made) == 0
            assert reseal.read(work, holding, 0).rows == ()
            assert reseal.count(work, holding) == 0
            for name, _ in holding.sealed:
                assert reseal.samples(work, holding, name) == []


def test_a_key_telephones_may_stand_under_is_destroyed_only_on_a_word(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    _people(1)
    password = "六只白鹅站在桥头"
    made = account.create(SYSTEM, "first", "李甲", 1, EAST, NOW, password, False, phone="10000000077")
    keyring.rotate(SYSTEM, None, NOW)
    keyring.reseal_all(SYSTEM, pause=0)
    # As if all entries of the first generation were archived and past their term.
    monkeypatch.setattr(reseal, "entries_by_key", lambda work: {})
    with pytest.raises(Refused, match=r"有 1 个账号登记了手机号码.*--telephones-asked"):
        keyring.retire(SYSTEM, 1, NOW)
    assert [key.state for key in installation().keys.read()] == ["decrypt_only", "active"]
    with pytest.raises(Refused, match="有 1 个账号"):
        account.disable(SYSTEM, made.account)
        keyring.retire(SYSTEM, 1, NOW)
    assert keyring.retire(SYSTEM, 1, NOW, telephones_asked=True).state == "retired"
