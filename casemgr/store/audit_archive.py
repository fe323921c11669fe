"""审计归档: old entries of the chain as one sealed file, and the walk through such files.

An archive holds a stretch of the chain whole: every column of every entry as it lay in the table, and the
index of people. The line in the table says between which two digests it lies, so that the chain goes on over
it even where the file itself is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, text

from casemgr.store import audit, sealed_files
from casemgr.store.models.audit import AuditEntry, AuditSubject
from casemgr.store.models.retention import AuditArchive
from casemgr.store.session import unit_of_work_writes
from casemgr.store.types import EPOCH_AT, Secret
from casemgr.store.vault import CannotOpen, Vault
from casemgr.store.work import Work

FOLDER, KIND = "audit-archive", "entries"
#: Entries of one file; a file is packed and walked in memory.
MOST = 20_000
_COLUMNS = tuple(column.key for column in AuditEntry.__table__.columns)
Subjects = list[tuple[int, int]]

BROKEN_SEAL = "归档的登记不是由本系统的密钥生成，或被改动"
GAP = "归档之间缺少一段"
CHANGED = "归档文件被改动"
ABSENT = "归档文件不在"


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return {"sealed": value._sealed.hex()}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, datetime):
        return {"at": round((value - EPOCH_AT) / timedelta(milliseconds=1))}
    return value


def _whole(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "sealed" in value:
        return Secret(bytes.fromhex(value["sealed"]), audit.DETAIL)
    return (
        bytes.fromhex(value["bytes"]) if "bytes" in value else EPOCH_AT + timedelta(milliseconds=value["at"])
    )


def pack(entries: Sequence[AuditEntry], subjects: Subjects) -> bytes:
    """Entries and their index as bytes; the same ones give the same bytes."""
    told = {
        "columns": _COLUMNS,
        "entries": [[_plain(getattr(entry, name)) for name in _COLUMNS] for entry in entries],
        "subjects": subjects,
    }
    return zlib.compress(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(content: bytes) -> tuple[list[AuditEntry], Subjects]:
    """What :func:`pack` was given; ``ValueError`` for anything else."""
    try:
        told = json.loads(zlib.decompress(content))
        names = told["columns"]
        rows = [dict(zip(names, map(_whole, row), strict=True)) for row in told["entries"]]
        return [AuditEntry(**row) for row in rows], [(seq, person) for seq, person in told["subjects"]]
    except (zlib.error, KeyError, TypeError, AttributeError) as wrong:
        raise ValueError(type(wrong).__name__) from None


def signed(row: AuditArchive) -> bytes:
    """The bytes the seal of an archive covers: fixed order, every part with its length in front."""
    parts = (
        str(row.first).encode(),
        str(row.through).encode(),
        str(row.entries).encode(),
        str(row.subjects).encode(),
        str((row.first_at - EPOCH_AT).total_seconds()).encode(),
        str((row.last_at - EPOCH_AT).total_seconds()).encode(),
        bytes(row.before),
        bytes(row.mac),
        bytes(row.digest),
        json.dumps(row.key_ids, sort_keys=True).encode(),
        str(row.key_id).encode(),
    )
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def rows(work: Work) -> list[AuditArchive]:
    """Every archive, the oldest first."""
    return work.entities(select(AuditArchive).order_by(AuditArchive.through))


def key_ids(work: Work) -> dict[int, int]:
    """How many archived entries were made with each key."""
    found: dict[int, int] = {}
    for row in rows(work):
        for key, count in row.key_ids.items():
            found[int(key)] = found.get(int(key), 0) + count
    return found


def put_away(work: Work, entries: Sequence[AuditEntry], subjects: Subjects, now: datetime) -> AuditArchive:
    """Write a stretch that begins where the table begins to a sealed file, and take it out of the table.

    The database itself refuses this for entries younger than three years.
    """
    content = pack(entries, subjects)
    made_with: dict[str, int] = {}
    for entry in entries:
        made_with[str(entry.key_id)] = made_with.get(str(entry.key_id), 0) + 1
    key_id = work.vault.active_id
    row = AuditArchive(
        through=entries[-1].seq,
        first=entries[0].seq,
        first_at=entries[0].at,
        last_at=entries[-1].at,
        entries=len(entries),
        subjects=len(subjects),
        before=bytes(entries[0].previous),
        mac=bytes(entries[-1].mac),
        digest=hashlib.sha256(content).digest(),
        key_ids=made_with,
        made_at=now.replace(microsecond=0),
        key_id=key_id,
    )
    row.seal = work.vault.mac("audit-archive", signed(row), key_id)
    sealed_files.put(work, FOLDER, row.through, KIND, content)
    work.session.expunge_all()
    work.add(row)
    work.flush()
    connection = work.session.open_connection()
    with unit_of_work_writes():
        if work.dialect == "postgresql":
            connection.execute(text("SELECT cut_what_was_frozen(:upto)"), {"upto": row.through})
        else:
            for table in (AuditEntry.__table__, AuditSubject.__table__):
                connection.execute(delete(table).where(table.c.seq <= row.through))  # type: ignore[arg-type]
    return row


@dataclass(frozen=True, slots=True)
class Walked:
    """The walk over all archives: where the table must go on, and what was found.

    ``macs`` are the digests of the archived entries that were asked about; ``absent`` counts archives whose
    file is not here, of which only the ends were compared.
    """

    seq: int
    mac: bytes
    entries: int
    absent: int
    macs: dict[int, bytes]
    unknown: tuple[range, ...]
    fault: tuple[int, str] | None = None

    def mac_of(self, seq: int) -> bytes | None:
        """Digest of an archived entry, ``None`` if it is not known."""
        return self.macs.get(seq)

    def is_unknown(self, seq: int) -> bool:
        """Whether the entry lies in an archive whose file is not here."""
        return any(seq in one for one in self.unknown)


def walk(work: Work, asked: frozenset[int]) -> Walked:
    """Walk every archive from the first entry on; ``asked``: entries whose digests anchors speak of."""
    seq, mac, entries, absent = 0, audit.NOTHING, 0, 0
    macs: dict[int, bytes] = {}
    unknown: list[range] = []

    def ended(fault: tuple[int, str] | None = None) -> Walked:
        return Walked(seq, mac, entries, absent, macs, tuple(unknown), fault)

    for row in rows(work):
        if not _genuine(work.vault, row):
            return ended((row.first, BROKEN_SEAL))
        if row.first != seq + 1 or bytes(row.before) != mac:
            return ended((seq + 1, GAP))
        try:
            content = sealed_files.take(work, FOLDER, row.through, KIND)
            if content is not None and hashlib.sha256(content).digest() != bytes(row.digest):
                return ended((row.first, CHANGED))
            kept = unpack(content) if content is not None else None
        except (CannotOpen, ValueError):
            return ended((row.first, CHANGED))
        macs[row.through] = bytes(row.mac)
        if kept is None:
            absent += 1
            unknown.append(range(row.first, row.through))
        else:
            found = audit.verify(_watched(kept[0], asked, macs), work.vault, iter(kept[1]), seq, mac)
            if found.broken is not None:
                return ended((found.broken, found.reason))
            if found.count != row.entries or bytes(kept[0][-1].mac) != bytes(row.mac):
                return ended((row.first, CHANGED))
        seq, mac, entries = row.through, bytes(row.mac), entries + row.entries
    return ended()


def _watched(
    entries: Sequence[AuditEntry], asked: frozenset[int], macs: dict[int, bytes]
) -> Iterator[AuditEntry]:
    for entry in entries:
        if entry.seq in asked:
            macs[entry.seq] = bytes(entry.mac)
        yield entry


def _genuine(vault: Vault, row: AuditArchive) -> bool:
    try:
        return vault.mac("audit-archive", signed(row), row.key_id) == bytes(row.seal)
    except CannotOpen:
        return False
