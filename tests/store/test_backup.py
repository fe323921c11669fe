"""Backups: everything but the keys, sealed; back into an empty installation or not at all."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from flask import Flask
from sqlalchemy import func, select

from casemgr.app import create_app
from casemgr.cli.db import alembic_config
from casemgr.rules.access import Action
from casemgr.services import audit, backup, keyring
from casemgr.services.errors import Refused
from casemgr.store import backup as store
from casemgr.store import identity, sealed_files
from casemgr.store.db import db, new_key
from casemgr.store.models import Account, ApiToken, Identity, LoginSession
from casemgr.store.types import Plain
from casemgr.store.vault import new_key as new_ring_key
from casemgr.store.vault import write_ring
from casemgr.store.work import installation, open_work
from tests.conftest import make_config
from tests.store.register import EAST, SYSTEM, add_person, open_areas

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
FILES = {"audit-anchors.jsonl", "contacts.csv", "installation.id", "prints/7.body"}
MARK, NUMBER = "慕容备份", "999901198001010000"


def _upgrade() -> None:
    command.upgrade(alembic_config(), "head")


def _fill() -> int:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        person, _ = add_person(work, EAST, units[EAST], "E1", MARK, NUMBER)
        account = Account(
            id=new_key(), login="yi", display="医", role=1, area_code=EAST, password_hash="x", active=True,
            must_change=False, large_view=False, created_at=NOW,
        )  # fmt: skip
        work.add(account)
        work.flush()
        work.add(
            LoginSession(
                id=new_key(),
                digest=b"s" * 32,
                account_id=account.id,
                csrf="c",
                created_at=NOW,
                seen_at=NOW,
                ends_at=NOW + timedelta(hours=8),
                source="",
                agent="",
                names_until=None,
                names_purpose="",
            )
        )
        work.add(
            ApiToken(
                id=new_key(),
                digest=b"t" * 32,
                account_id=account.id,
                created_at=NOW,
                ends_at=NOW + timedelta(days=9),
                revoked=False,
            )
        )
        sealed_files.put(work, "prints", 7, "body", b"a form")
    home = installation().instance
    (home / "contacts.csv").write_text("一行", encoding="utf-8")
    (home / "secret.key").write_text("not to be taken along")
    audit.anchor(SYSTEM)
    return person


@contextmanager
def _elsewhere(folder: Path, ring: Path, *, migrated: bool = False) -> Iterator[Flask]:
    """A further, empty installation on SQLite with a copy of the ring."""
    home = folder / "elsewhere"
    home.mkdir()
    shutil.copyfile(ring, home / "keyring.json")
    (home / "keyring.json").chmod(0o600)
    application = create_app(make_config(home), doors=())
    with application.app_context():
        if migrated:
            _upgrade()
        yield application
        db.engine.dispose()


def _made(folder: Path) -> Path:
    out = folder / "county.backup"
    backup.create(SYSTEM, out, NOW)
    return out


def test_it_comes_back_whole_with_nobody_signed_in(app: Flask, tmp_path: Path) -> None:
    person = _fill()
    ring = installation().keys.path
    out = _made(tmp_path)
    content = out.read_bytes()
    for secret in (MARK.encode(), NUMBER.encode(), b"not to be taken", b"material", b"identity"):
        assert secret not in content
    assert out.stat().st_mode & 0o077 == 0
    assert backup.check(SYSTEM, out).files == len(FILES)
    unpacked = store.unpack(
        out, installation().instance, installation().vault, {backup.check(SYSTEM, out).schema}
    )
    assert {one["name"] for one in unpacked.manifest.files} == FILES
    unpacked.forget()
    assert not list(installation().instance.glob(".backup-*"))
    with _elsewhere(tmp_path, ring, migrated=True):
        done = backup.restore(SYSTEM, out, _upgrade)
        assert (done.sessions_ended, done.tokens_revoked) == (1, 1)
        with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
            assert identity.reveal(work, [person], "核对")[person].name == MARK
            assert sealed_files.take(work, "prints", 7, "body") == b"a form"
            assert work.scalar(select(func.count(LoginSession.id))) == 0
            assert work.scalar(select(ApiToken.revoked)) is True
        home = installation().instance
        assert (home / "contacts.csv").read_text(encoding="utf-8") == "一行"
        assert not (home / "secret.key").exists()
        assert audit.verify(SYSTEM).broken is None
        with pytest.raises(Refused, match="已经有登记库"):
            backup.restore(SYSTEM, out, _upgrade)
        assert not list(home.glob(".restore-*"))


def test_postgresql_comes_back_whole(postgres_app: Flask, tmp_path: Path) -> None:
    try:
        store._tool("pg_dump")
    except store.BadBackup:
        pytest.skip("没有 pg_dump")
    person = _fill()
    out = _made(tmp_path)
    with pytest.raises(Refused, match="已经有登记库"):
        backup.restore(SYSTEM, out, _upgrade)
    db.engine.dispose()
    connection = db.engine.raw_connection()
    connection.cursor().execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.commit()
    connection.close()
    # What is left of a lost installation is put elsewhere first: its anchors are evidence.
    with pytest.raises(Refused, match="同名文件"):
        backup.restore(SYSTEM, out, _upgrade)
    for name in FILES:
        (installation().instance / name).unlink()
    with pytest.raises(ZeroDivisionError):
        backup.restore(SYSTEM, out, lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    assert store.is_empty()
    done = backup.restore(SYSTEM, out, _upgrade)
    assert (done.sessions_ended, done.tokens_revoked) == (1, 1)
    with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        assert identity.reveal(work, [person], "核对")[person].name == MARK
    assert audit.verify(SYSTEM).broken is None


def test_without_the_programs_of_postgresql_it_says_so(
    postgres_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(store.BadBackup, match="没有找到 pg_dump"):
        store._tool("pg_dump")


def test_a_flipped_or_missing_byte_is_noticed_anywhere(app: Flask, tmp_path: Path) -> None:
    _fill()
    out = _made(tmp_path)
    ring, whole = installation().keys.path, out.read_bytes()
    places = [0, 9, 14, 60, 200, 400, len(whole) // 3, len(whole) // 2, len(whole) - 20, len(whole) - 1]
    with _elsewhere(tmp_path, ring):
        for place in places:
            out.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            with pytest.raises(Refused, match="没有恢复任何内容"):
                backup.restore(SYSTEM, out, _upgrade)
            out.write_bytes(whole[:place])
            with pytest.raises(Refused, match="没有恢复任何内容"):
                backup.restore(SYSTEM, out, _upgrade)
        out.write_bytes(whole + b"x")
        with pytest.raises(Refused, match="没有恢复任何内容"):
            backup.restore(SYSTEM, out, _upgrade)
        assert store.is_empty()
        out.write_bytes(whole)
        assert backup.restore(SYSTEM, out, _upgrade).files == len(FILES)


def test_another_ring_and_a_destroyed_key_are_refused(app: Flask, tmp_path: Path) -> None:
    _fill()
    out = _made(tmp_path)
    other = tmp_path / "other.json"
    write_ring(other, [new_ring_key(1)])
    with _elsewhere(tmp_path, other), pytest.raises(Refused, match="第 1 号密钥"):
        backup.restore(SYSTEM, out, _upgrade)
    shutil.rmtree(tmp_path / "elsewhere")
    # A ring that knows the newest key and lacks an older one would lose what is still under that.
    home = installation()
    keyring.rotate(SYSTEM, "sm", NOW)
    out.unlink()
    backup.create(SYSTEM, out, NOW)
    newer = [key for key in home.keys.read() if key.key_id == 2]
    write_ring(other, newer, replace=True)
    with _elsewhere(tmp_path, other), pytest.raises(Refused, match="没有备份所用的第 1 号密钥"):
        backup.restore(SYSTEM, out, _upgrade)


def test_an_older_schema_is_brought_up_and_a_newer_one_refused(app: Flask, tmp_path: Path) -> None:
    person = _fill()
    ring = installation().keys.path
    command.downgrade(alembic_config(), "0018")
    older = tmp_path / "older.backup"
    instance, path, vault = installation().instance, installation().keys.path, installation().vault
    store.create(older, instance, path, vault, "1", "2026-01-01T00:00:00+00:00")
    connection = sqlite3.connect(store.sqlite_file())
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    newer = tmp_path / "newer.backup"
    store.create(newer, instance, path, vault, "99", "2026-01-01T00:00:00+00:00")
    with _elsewhere(tmp_path, ring):
        with pytest.raises(Refused, match="更新的版本"):
            backup.restore(SYSTEM, newer, _upgrade)
        assert backup.restore(SYSTEM, older, _upgrade).schema == "0018"
        with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
            assert identity.reveal(work, [person], "核对")[person].name == MARK


def test_anchors_kept_elsewhere_may_be_newer(app: Flask, tmp_path: Path) -> None:
    """After a disaster the newest anchor outside is newer than the backup; it is told, and no fault."""
    _fill()
    ring, home = installation().keys.path, installation().instance
    out = _made(tmp_path)
    with open_work(SYSTEM, Action.AUDIT_VERIFY, writes=True) as work:
        work.note("read", "Case")
    audit.anchor(SYSTEM)
    newer = (home / "audit-anchors.jsonl").read_text()
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    shutil.copyfile(ring, folder / "keyring.json")
    (folder / "keyring.json").chmod(0o600)
    outside = tmp_path / "outside.jsonl"
    outside.write_text(newer)
    config = make_config(folder, CASEMGR_ANCHOR_FILE=str(outside))
    with create_app(config, doors=()).app_context():
        assert backup.restore(SYSTEM, out, _upgrade).behind is True
        db.engine.dispose()


def test_what_is_left_of_a_lost_installation_is_not_overwritten(app: Flask, tmp_path: Path) -> None:
    """Its anchors are newer than the backup and say what is missing now."""
    _fill()
    ring, home = installation().keys.path, installation().instance
    out = _made(tmp_path)
    with open_work(SYSTEM, Action.AUDIT_VERIFY, writes=True) as work:
        work.note("read", "Case")
    audit.anchor(SYSTEM)
    newer = (home / "audit-anchors.jsonl").read_text()
    with _elsewhere(tmp_path, ring):
        left = installation().instance / "audit-anchors.jsonl"
        left.write_text(newer)
        with pytest.raises(Refused, match="审计锚点"):
            backup.restore(SYSTEM, out, _upgrade)
        assert left.read_text() == newer
        left.unlink()
        assert backup.restore(SYSTEM, out, _upgrade).rows


def test_a_broken_chain_leaves_the_installation_empty(app: Flask, tmp_path: Path) -> None:
    _fill()
    ring = installation().keys.path
    connection = sqlite3.connect(store.sqlite_file())
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE audit_entry SET purpose = '别的' WHERE seq = 2")
    connection.commit()
    connection.close()
    out = _made(tmp_path)
    with _elsewhere(tmp_path, ring):
        with pytest.raises(Refused, match="第 2 条断开"):
            backup.restore(SYSTEM, out, _upgrade)
        assert store.is_empty()
        assert not (installation().instance / "contacts.csv").exists()


def test_it_is_taken_while_others_write(app: Flask, tmp_path: Path) -> None:
    """One moment of the database: counted rows and chain agree, though a writer never stops."""
    person = _fill()
    ring, ended, wrong = installation().keys.path, threading.Event(), []

    def write() -> None:
        with app.app_context():
            turn = 0
            while not ended.is_set():
                turn += 1
                try:
                    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
                        row = work.get(Identity, person)
                        assert row is not None
                        row.name = Plain(f"{MARK}{turn}")
                except Exception as fault:
                    wrong.append(fault)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        outs = [tmp_path / f"{turn}.backup" for turn in range(3)]
        seqs = [backup.create(SYSTEM, out, NOW).audit_seq for out in outs]
    finally:
        ended.set()
        writer.join()
    assert not wrong
    assert seqs == sorted(seqs)
    with _elsewhere(tmp_path, ring):
        backup.restore(SYSTEM, outs[-1], _upgrade)
        assert audit.verify(SYSTEM).broken is None


def test_it_never_overwrites_and_needs_a_folder(app: Flask, tmp_path: Path) -> None:
    out = _made(tmp_path)
    with pytest.raises(Refused, match="没有覆盖"):
        backup.create(SYSTEM, out, NOW)
    with pytest.raises(Refused, match="不存在"):
        backup.create(SYSTEM, tmp_path / "nowhere" / "a", NOW)
    with pytest.raises(Refused, match="没有找到备份文件"):
        backup.check(SYSTEM, tmp_path / "nowhere")
    other = tmp_path / "other"
    other.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(Refused, match="不是本程序的备份文件"):
        backup.check(SYSTEM, other)
