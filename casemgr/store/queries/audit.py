"""审计查询: the chain in order, and its anchors."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import and_, or_, select

from casemgr.store.models.audit import AuditAnchor, AuditEntry, AuditSubject
from casemgr.store.work import Work


def all_entries(work: Work, last: int) -> Iterator[AuditEntry]:
    """Every entry from the first to ``last``, in bounded memory."""
    start = 0
    while True:
        batch = work.entities(
            select(AuditEntry)
            .where(AuditEntry.seq > start, AuditEntry.seq <= last)
            .order_by(AuditEntry.seq)
            .limit(2_000)
        )
        if not batch:
            return
        yield from batch
        start = batch[-1].seq
        work.session.expunge_all()


def all_subjects(work: Work, last: int) -> Iterator[tuple[int, int]]:
    """Every (entry, person) of the index up to the entry ``last``, in order and in bounded memory."""
    seq, person = 0, 0
    while True:
        later = or_(AuditSubject.seq > seq, and_(AuditSubject.seq == seq, AuditSubject.person_id > person))
        statement = select(AuditSubject.seq, AuditSubject.person_id).where(later, AuditSubject.seq <= last)
        batch = work.rows(statement.order_by(AuditSubject.seq, AuditSubject.person_id).limit(5_000))
        if not batch:
            return
        for row in batch:
            seq, person = row.seq, row.person_id
            yield seq, person


def mac_of(work: Work, seq: int) -> bytes | None:
    """Digest of one entry."""
    found = work.scalar(select(AuditEntry.mac).where(AuditEntry.seq == seq))
    return None if found is None else bytes(found)


def _anchor_file(work: Work) -> str:
    return str(work._home.instance / "audit-anchors.jsonl")


def anchors(work: Work) -> list[tuple[int, bytes]]:
    """(number, digest) of all anchors, those in the table and those in the file."""
    found = {row.seq: bytes(row.mac) for row in work.rows(select(AuditAnchor.seq, AuditAnchor.mac))}
    pairs = list(found.items())
    if os.path.exists(_anchor_file(work)):
        with open(_anchor_file(work), encoding="ascii") as lines:
            for line in lines:
                # A line cut off by a power failure says nothing; the anchors around it still do.
                with suppress(ValueError, KeyError, TypeError):
                    row = json.loads(line)
                    pairs.append((int(row["seq"]), bytes.fromhex(row["mac"])))
    return sorted(pairs)


def anchor(work: Work) -> int:
    """Anchor the newest entry unless it is anchored already; returns its number (0: nothing to anchor)."""
    head = work.row(select(AuditEntry.seq, AuditEntry.mac).order_by(AuditEntry.seq.desc()).limit(1))
    if head is None or work.get(AuditAnchor, head.seq) is not None:
        return 0 if head is None else int(head.seq)
    now = datetime.now(UTC)
    work.add(AuditAnchor(seq=head.seq, mac=head.mac, at=now))
    line = json.dumps(
        {"seq": head.seq, "mac": bytes(head.mac).hex(), "at": now.isoformat(timespec="seconds")}
    )
    handle = os.open(_anchor_file(work), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w") as out:
        # Begun on a line of its own: the one before may have been cut off.
        out.write(f"\n{line}\n")
    return int(head.seq)
