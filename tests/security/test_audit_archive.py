"""归档后的链条: old entries leave the table by one way only, and the chain goes on over them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from casemgr.rules.access import Action
from casemgr.services import audit, audit_archive
from casemgr.services.errors import Conflict
from casemgr.store import audit as chain
from casemgr.store import audit_archive as archives
from casemgr.store import work as works
from casemgr.store.db import db
from casemgr.store.models import AuditEntry, AuditSubject, LedgerLine
from casemgr.store.queries import audit as queries
from casemgr.store.verifier import unchecked
from casemgr.store.work import open_work
from tests.security.test_tamper_classes import _with_key, lay_down, let_change, raw, read, write_entries
from tests.store.register import EAST, SYSTEM

OLD, YOUNG = 30, 6
YEARS_AGO = timedelta(days=1_200)


@pytest.fixture
def aged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A chain of which the first part is older than three years; its anchors; the folder of the archives."""
    return grown_old(app, monkeypatch)


@pytest.fixture
def aged_on_both(both: Flask, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same on each database."""
    return grown_old(both, monkeypatch)


def grown_old(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Path:
    class Then(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) - YEARS_AGO

    with monkeypatch.context() as patched:
        patched.setattr(works, "datetime", Then)
        write_entries(OLD - 5)
        audit.anchor(SYSTEM)
        write_entries(5)
        audit.anchor(SYSTEM)
    write_entries(YOUNG)
    audit.anchor(SYSTEM)
    return Path(app.config["CASEMGR"].instance) / archives.FOLDER


def today() -> date:
    return datetime.now(UTC).date()


def lines(folder: Path) -> list[str]:
    return (folder.parent / queries.FILE).read_text().splitlines()


def test_old_entries_move_and_the_chain_still_verifies(
    aged_on_both: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aged = aged_on_both
    before = {row["seq"]: row["mac"] for row in read(AuditEntry.__table__)}
    monkeypatch.setattr(archives, "MOST", 12)
    assert audit_archive.archive(SYSTEM, today()) == OLD
    assert audit_archive.archive(SYSTEM, today()) == 0
    left = [row["seq"] for row in read(AuditEntry.__table__)]
    assert left[0] == OLD + 1
    assert [row["seq"] for row in read(AuditSubject.__table__) if row["seq"] <= OLD] == []
    # Three files, and an entry about each of them.
    verdict = audit.verify(SYSTEM, lines(aged))
    assert (verdict.broken, verdict.count, verdict.archived, verdict.absent) == (
        None,
        OLD + YOUNG + 3,
        OLD,
        0,
    )
    assert verdict.anchors == 3
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        walked = archives.walk(work, frozenset(range(1, OLD + 1)))
        assert {seq: walked.mac_of(seq) for seq in range(1, OLD + 1)} == {
            s: before[s] for s in range(1, OLD + 1)
        }
        assert archives.key_ids(work) == {1: OLD}
    # Nothing readable lies in the file, and what was told there is told again.
    assert b"reveal" not in b"".join(path.read_bytes() for path in aged.iterdir())
    write_entries(2)
    assert audit.verify(SYSTEM).broken is None


def test_a_file_that_was_changed_put_back_or_taken_away_is_named(
    aged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST", 12)
    audit_archive.archive(SYSTEM, today())
    kept = lines(aged)
    first, second = (aged / f"{number}.{archives.KIND}" for number in (12, 24))
    whole, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert audit.verify(SYSTEM).broken == 1
    first.write_bytes(other)
    assert audit.verify(SYSTEM).broken == 1
    first.unlink()
    verdict = audit.verify(SYSTEM, kept)
    assert (verdict.broken, verdict.absent, verdict.archived) == (None, 1, OLD)
    assert "不在本机" in verdict.told
    first.write_bytes(whole)
    # A line taken away, or written by somebody without the keys.
    let_change()
    _free_archives()
    raw("DELETE FROM audit_archive WHERE through = 12")
    assert audit.verify(SYSTEM).broken == 1
    raw("UPDATE audit_archive SET first = 1 WHERE through = 24")
    assert audit.verify(SYSTEM).reason == archives.BROKEN_SEAL
    raw("DELETE FROM audit_archive")
    assert audit.verify(SYSTEM) == chain.Verdict(1, 1, "缺失", 3)


def _free_archives() -> None:
    if db.engine.dialect.name == "postgresql":
        raw("GRANT UPDATE, DELETE ON audit_archive TO CURRENT_USER")
        raw("ALTER TABLE audit_archive DISABLE TRIGGER ALL")
    else:
        for verb in ("update", "delete"):
            raw(f"DROP TRIGGER audit_archive_no_{verb}")


def test_whoever_has_the_keys_and_rewrites_an_archive_meets_the_anchors(aged: Path) -> None:
    """The keys of today make any archive anew; what left the host does not change with it."""
    kept = lines(aged)
    entries, subjects = read(AuditEntry.__table__), read(AuditSubject.__table__)
    let_change()
    lay_down(_with_key(entries), subjects)
    audit_archive.archive(SYSTEM, today())
    raw("DELETE FROM audit_anchor")
    (aged.parent / queries.FILE).unlink()
    assert audit.verify(SYSTEM).broken is None
    assert audit.verify(SYSTEM, kept).broken == OLD - 5


def test_a_broken_part_is_not_archived(aged: Path) -> None:
    let_change()
    raw("UPDATE audit_entry SET actor = 99 WHERE seq = 11")
    with pytest.raises(Conflict) as told:
        audit_archive.archive(SYSTEM, today())
    assert "第 11 条" in told.value.message
    assert len(read(AuditEntry.__table__)) >= OLD + YOUNG


def test_the_database_lets_nothing_younger_go_and_nothing_that_is_not_archived(aged_on_both: Path) -> None:
    forbidden = ["DELETE FROM audit_entry", "DELETE FROM audit_entry WHERE seq = 1"]
    forbidden += ["DELETE FROM audit_subject WHERE seq = 1", "UPDATE audit_entry SET count = 2 WHERE seq = 1"]
    if db.engine.dialect.name == "postgresql":
        forbidden += [f"SELECT cut_what_was_frozen({seq})" for seq in (1, OLD, OLD + YOUNG)]
        forbidden += ["TRUNCATE audit_entry", "TRUNCATE audit_archive", "TRUNCATE ledger_line"]
    for statement in forbidden:
        with pytest.raises(DatabaseError):
            raw(statement)
    audit_archive.archive(SYSTEM, today())
    # A line that says everything is archived does not help: the young ones stay.
    raw(
        "INSERT INTO audit_archive SELECT through + 1000, first, first_at, last_at, entries, subjects, "
        "before, mac, digest, key_ids, made_at, key_id, seal FROM audit_archive"
    )
    younger = [f"DELETE FROM audit_entry WHERE seq = {OLD + 1}", "DELETE FROM audit_entry"]
    younger += ["DELETE FROM audit_archive", "UPDATE audit_archive SET first = 2"]
    if db.engine.dialect.name == "postgresql":
        younger.append(f"SELECT cut_what_was_frozen({OLD + YOUNG})")
    for statement in younger:
        with pytest.raises(DatabaseError):
            raw(statement)
    assert len(read(AuditEntry.__table__)) >= YOUNG


def count(table: str) -> int:
    """How many rows there are, whatever their area."""
    with unchecked(), db.engine.begin() as connection:
        if db.engine.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('casemgr.low', '0', true)"))
            connection.execute(text("SELECT set_config('casemgr.high', '1000000000000', true)"))
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() or 0)


def test_rows_are_not_replaced_by_writing_them_again(both: Flask) -> None:
    """``INSERT OR REPLACE`` takes a row away without asking the triggers against deleting."""
    write_entries(3)
    audit.anchor(SYSTEM)
    sqlite = db.engine.dialect.name == "sqlite"
    verb = "INSERT OR REPLACE" if sqlite else "INSERT"
    told = {"area": EAST, "receiver": 5, "receiver_area": EAST, "kind": 1, "at": works.datetime.now(UTC)}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(LedgerLine(id=7, actor=1, groups=1, ground="x", **told))
    keys = {
        "audit_entry": "seq",
        "audit_subject": "seq, person_id",
        "audit_anchor": "seq",
        "ledger_line": "id",
    }
    for table, key in keys.items():
        before = count(table)
        assert before
        statements = [f"{verb} INTO {table} SELECT * FROM {table}", f"DELETE FROM {table}"]
        statements.append(f"UPDATE {table} SET {key.split(',')[0]} = 99")
        if not sqlite:
            first = key.split(",")[0]
            statements.append(f"TRUNCATE {table}")
            statements.append(f"{statements[0]} ON CONFLICT ({key}) DO UPDATE SET {first} = 0")
        for statement in statements:
            with pytest.raises(DatabaseError):
                raw(statement)
        assert count(table) == before
    assert audit.verify(SYSTEM).broken is None
