"""篡改的种类: each way to falsify the log, done in the database; what the chain alone and anchors find."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, text
from sqlalchemy.exc import DatabaseError

from casemgr.rules.access import Action
from casemgr.services import audit, register
from casemgr.services.errors import Conflict
from casemgr.store import audit as chain
from casemgr.store.db import db
from casemgr.store.models import AuditEntry
from casemgr.store.models.audit import AuditSubject
from casemgr.store.queries import audit as queries
from casemgr.store.verifier import unchecked
from casemgr.store.work import open_work
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM, add_person, open_areas

LENGTH, ANCHORED = 40, 30
Rows = list[dict[str, Any]]


def write_entries(count: int) -> None:
    """Entries of a doctor, each in a transaction of its own; every third names two people."""
    for number in range(count):
        with open_work(DOCTOR_EAST, Action.IDENTITY_REVEAL) as work:
            people = (10 * number + 1, 10 * number + 2) if number % 3 == 0 else ()
            work.note("reveal", "Identity", fields="name", count=2, purpose="随访", subjects=people)


def raw(statement: str, **values: Any) -> Any:
    with unchecked(), db.engine.begin() as connection:
        return connection.execute(text(statement), values)


def let_change() -> None:
    """What somebody with the owner's rights does first: take the triggers away."""
    for table in ("audit_entry", "audit_subject", "audit_anchor"):
        if db.engine.dialect.name == "postgresql":
            raw(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        else:
            for verb in ("update", "delete"):
                raw(f"DROP TRIGGER IF EXISTS {table}_no_{verb}")


def read(table: Any) -> Rows:
    with unchecked(), db.engine.connect() as connection:
        ordered = table.select().order_by(*table.primary_key)
        return [dict(row) for row in connection.execute(ordered).mappings()]


def lay_down(entries: Rows, subjects: Rows) -> None:
    raw("DELETE FROM audit_subject")
    raw("DELETE FROM audit_entry")
    with unchecked(), db.engine.begin() as connection:
        connection.execute(insert(AuditEntry.__table__), entries) if entries else None
        connection.execute(insert(AuditSubject.__table__), subjects) if subjects else None


def _without(seq: int) -> Callable[[Rows], Rows]:
    return lambda rows: [row for row in rows if row["seq"] != seq]


def _with(**columns: Any) -> Callable[[Rows], Rows]:
    """The eleventh entry with some columns changed."""
    return lambda rows: [row | columns if row["seq"] == 11 else row for row in rows]


def _closed_up(rows: Rows) -> Rows:
    kept = _without(11)(rows)
    return [row | {"seq": number} for number, row in enumerate(kept, 1)]


def _put_between(rows: Rows) -> Rows:
    later = [row | {"seq": row["seq"] + 1} for row in rows if row["seq"] > 11]
    return [*rows[:11], rows[10] | {"seq": 12}, *later]


def _swapped(rows: Rows) -> Rows:
    turned = {11: 13, 13: 11}
    return sorted((row | {"seq": turned.get(row["seq"], row["seq"])} for row in rows), key=lambda r: r["seq"])


def _moved(rows: Rows) -> Rows:
    return _with(detail=rows[12]["detail"], fields=rows[12]["fields"])(rows)


def _rebuilt(rows: Rows, mac: Callable[[bytes, int], bytes]) -> Rows:
    previous, made = chain.NOTHING, []
    for row in _with(actor=99)(rows):
        entry = AuditEntry(**{**row, "previous": previous})
        previous = mac(chain.encode(entry, entry.previous), entry.key_id)
        made.append(row | {"previous": entry.previous, "mac": previous})
    return made


def _without_key(rows: Rows) -> Rows:
    """From the changed entry on; what comes before is left as it is, so that nothing earlier shows."""
    import hashlib

    made = _rebuilt(rows, lambda message, _key: hashlib.sha256(message).digest())
    made[10]["previous"] = rows[9]["mac"]
    made[10]["mac"] = hashlib.sha256(chain.encode(AuditEntry(**made[10]), rows[9]["mac"])).digest()
    made[11]["previous"] = made[10]["mac"]
    return [*rows[:10], *made[10:]]


def _with_key(rows: Rows) -> Rows:
    """Somebody who has stolen the key ring as well."""
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return _rebuilt(rows, lambda message, key: work.vault.mac("audit", message, key))


#: What was done → (the rows after it, the entry that the chain alone names, the one named with anchors).
#: A chain that fits in itself is known to be another one by the anchor, whose entry is named then.
CLASSES: dict[str, tuple[Callable[[Rows], Rows], int | None, int]] = {
    "a value is edited": (_with(actor=99), 11, 11),
    "an entry is taken out of the middle": (_without(11), 11, 11),
    "an entry is taken out and the numbers closed up": (_closed_up, 11, 11),
    "an entry is put in": (_put_between, 12, 12),
    "two entries change places": (_swapped, 11, 11),
    "a sealed part is moved to another entry": (_moved, 11, 11),
    "the time is set back": (lambda rows: _with(at=rows[10]["at"].replace(year=2020))(rows), 11, 11),
    "another key is named": (_with(key_id=2), 11, 11),
    "the chain is made anew without the key": (_without_key, 11, 11),
    "the chain is made anew with the key": (_with_key, None, ANCHORED),
    "the end is cut off": (lambda rows: rows[: ANCHORED - 5], None, ANCHORED),
    "everything is deleted": (lambda rows: [], None, ANCHORED),
    "an older copy is put back": (lambda rows: rows[:5], None, ANCHORED),
}


@pytest.fixture
def logged(both: Flask) -> tuple[list[str], Rows, Rows]:
    """A log with anchors kept elsewhere; then the attacker clears what is kept on the host."""
    write_entries(ANCHORED)
    audit.anchor(SYSTEM)
    audit.anchor(SYSTEM)
    write_entries(LENGTH - ANCHORED)
    kept = Path(both.config["CASEMGR"].instance) / queries.FILE
    lines = kept.read_text().splitlines()
    assert sum(bool(line.strip()) for line in lines) == 1
    assert audit.verify(SYSTEM, lines) == chain.Verdict(LENGTH, None, "", 1)
    let_change()
    raw("DELETE FROM audit_anchor")
    kept.unlink()
    return lines, read(AuditEntry.__table__), read(AuditSubject.__table__)


def test_the_chain_finds_what_is_changed_and_anchors_find_what_is_gone(
    logged: tuple[list[str], Rows, Rows],
) -> None:
    lines, entries, subjects = logged
    for what, (change, by_chain, by_anchors) in CLASSES.items():
        left = change([dict(row) for row in entries])
        numbers = {row["seq"] for row in left}
        lay_down(left, [row for row in subjects if row["seq"] in numbers])
        alone, anchored = audit.verify(SYSTEM), audit.verify(SYSTEM, lines)
        assert (alone.broken, anchored.broken) == (by_chain, by_anchors), what
        assert anchored.reason, what
        lay_down(entries, subjects)
        assert audit.verify(SYSTEM, lines).broken is None, what


def test_every_length_below_the_last_anchor_is_found(logged: tuple[list[str], Rows, Rows]) -> None:
    lines, entries, subjects = logged
    for length in (0, 1, ANCHORED - 2, ANCHORED - 1, ANCHORED, LENGTH - 1):
        lay_down(entries[:length], [row for row in subjects if row["seq"] <= length])
        found = audit.verify(SYSTEM, lines)
        # What was written after the last anchor may be lost unseen: that is what ten minutes mean.
        assert (found.broken == ANCHORED) == (length < ANCHORED)


def test_the_tables_of_the_log_are_added_to_only(both: Flask) -> None:
    write_entries(3)
    audit.anchor(SYSTEM)
    for table, column in (("audit_entry", "count"), ("audit_subject", "person_id"), ("audit_anchor", "seq")):
        for statement in (f"UPDATE {table} SET {column} = {column} + 1", f"DELETE FROM {table}"):
            with pytest.raises(DatabaseError):
                raw(statement)
    if db.engine.dialect.name == "postgresql":
        rights = "has_table_privilege('audit_entry', 'INSERT'), relacl::text FROM pg_class"
        granted, listed = raw(f"SELECT {rights} WHERE relname = 'audit_entry'").one()
        # a = insert, r = read; no w (change), d (delete) or D (empty).
        own = listed.split("casemgr=")[1].split("/")[0]
        assert granted
        assert {"a", "r"} <= set(own)
        assert not {"w", "d", "D"} & set(own)


def test_anchors_follow_one_another_and_a_false_one_is_named(app: Flask) -> None:
    file = Path(app.config["CASEMGR"].instance) / queries.FILE
    heads = []
    for _ in range(3):
        write_entries(2)
        heads.append(audit.anchor(SYSTEM))
    lines = [line for line in file.read_text().splitlines() if line.strip()]
    made = [chain.read_anchor(line) for line in lines]
    assert all(made)
    assert [one.previous for one in made if one] == [b"", *(one.seal for one in made[:2] if one)]
    assert audit.verify(SYSTEM, lines).broken is None
    assert audit.verify(SYSTEM, lines[1:]).broken is None
    assert audit.verify(SYSTEM, [lines[0], lines[2]]) == chain.Verdict(6, heads[2], audit.MISSING_ANCHOR, 3)
    forged = lines[1].replace('"seq":4', '"seq":3')
    assert audit.verify(SYSTEM, [lines[0], forged]).reason == audit.FORGED
    other = lines[1].replace('"installation":"', '"installation":"f')
    assert audit.verify(SYSTEM, [lines[0], other]).reason == audit.FOREIGN


def test_nothing_is_shown_when_it_cannot_be_written_down(app: Flask) -> None:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        person, _case = add_person(work, EAST, units[EAST], "E-1", "张一")
    assert register.reveal_names(DOCTOR_EAST, [person], "随访") == {person: "张一"}
    before = audit.verify(SYSTEM).count
    raw("CREATE TRIGGER full BEFORE INSERT ON audit_entry BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises((DatabaseError, Conflict)):
        register.reveal_names(DOCTOR_EAST, [person], "随访")
    assert audit.verify(SYSTEM).count == before


def test_a_block_of_entries_is_anchored_without_waiting_and_syslog_is_told(
    app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from dataclasses import replace

    from casemgr.store import work as works

    monkeypatch.setattr(chain, "BLOCK", 5)
    second = tmp_path / "elsewhere.jsonl"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        told = f"127.0.0.1:{receiver.getsockname()[1]}"
        home = replace(works.installation(), anchor_file=second, syslog=told)
        works.furnish(db.engine, home)
        write_entries(5)
        message = receiver.recv(4_000).decode()
    assert message.startswith("<109>1 ")
    assert '"seq":5,' in message
    assert '"seq":5,' in second.read_text()
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        assert [row.seq for row in queries.recent_anchors(work, 5)] == [5]
    works.furnish(db.engine, replace(home, anchor_file=tmp_path / "none" / "x", syslog="127.0.0.1:9"))
    write_entries(5)
    assert audit.verify(SYSTEM).broken is None
