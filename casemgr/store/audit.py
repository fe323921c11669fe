"""锁二·审计: every change and every reveal is written in the same transaction, chained entry to entry."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import event, func, insert, inspect, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from casemgr.store import prepared
from casemgr.store.models.audit import AuditEntry, AuditSubject
from casemgr.store.models.keys import KeyGeneration
from casemgr.store.scope import lasting
from casemgr.store.session import LockBroken, WorkSession
from casemgr.store.types import EPOCH_AT, Secret
from casemgr.store.vault import CannotOpen, Place, Vault

CHAIN_LOCK = 7_301_001
NOTHING = bytes(32)
#: After so many entries an anchor is due, whatever the clock says.
BLOCK = 500
DETAIL = Place("audit_entry", "detail")
#: Rows that only serve the machinery; their changes are not acts of a person on somebody's file.
#: Duties are derived from records that are written down; what people do to them is noted where they do it.
UNRECORDED = frozenset(
    {"AuditEntry", "AuditAnchor", "AuditArchive", "AuditSubject", "Draft", "Duty", "Envelope", "JobRun"}
    | {"KeyGeneration", "LoginAttempt", "OpenedPerson", "ResealProgress", "RetentionCount"}
)
#: Sessions change at every request (last seen); only their beginning and end are acts.
QUIET_UPDATES = frozenset({"LoginSession", "ImportRun"})


@dataclass(slots=True)
class Note:
    """One act before it has its place in the chain."""

    verb: str
    noun: str
    row_key: int | None = None
    case_key: int | None = None
    fields: str = ""
    purpose: str = ""
    count: int = 1
    outcome: str = "done"
    detail: str = ""
    subjects: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Replaced:
    """A row of which something that stood there was replaced or removed: which columns, never the values."""

    noun: str
    row_key: int | None
    case_key: int | None
    person_key: int | None
    fields: frozenset[str]


@dataclass(slots=True)
class Ledger:
    """The notes of one unit of work, and what it replaced, of which others may have to hear."""

    notes: list[Note] = field(default_factory=list)
    replaced: list[Replaced] = field(default_factory=list)
    #: Sealed names as they were before, by person.
    former: dict[int, Secret] = field(default_factory=dict)


def encode(entry: AuditEntry, previous: bytes) -> bytes:
    """The bytes the digest of an entry covers: fixed order, every part with its length in front."""
    detail = entry.detail
    parts = [
        previous,
        str(entry.seq).encode(),
        str((entry.at - EPOCH_AT).total_seconds()).encode(),
        str(entry.actor).encode(),
        entry.actor_label.encode(),
        str(entry.role).encode(),
        str(entry.reach).encode(),
        entry.action.encode(),
        entry.verb.encode(),
        entry.noun.encode(),
        b"" if entry.row_key is None else str(entry.row_key).encode(),
        b"" if entry.case_key is None else str(entry.case_key).encode(),
        entry.fields.encode(),
        entry.purpose.encode(),
        str(entry.count).encode(),
        entry.outcome.encode(),
        entry.request.encode(),
        detail._sealed if isinstance(detail, Secret) else b"",
        str(entry.key_id).encode(),
    ]
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def to_millisecond(at: datetime) -> datetime:
    """An instant as it is stored."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def case_of(row: Any) -> int | None:
    """The case a row speaks of, so that a person's whole history can be found."""
    if type(row).__name__ == "Case":
        return int(row.id)
    found = getattr(row, "case_id", None)
    return None if found is None else int(found)


def key_of(row: Any) -> int | None:
    """The row's own key."""
    identity = inspect(row).mapper.primary_key_from_instance(row)
    return identity[0] if identity and isinstance(identity[0], int) else None


def changed_fields(row: Any) -> list[str]:
    """Names of the changed columns; values are never written down here."""
    return sorted(
        attribute.key
        for attribute in inspect(row).attrs
        if attribute.key != "version" and attribute.history.has_changes()
    )


def _replaced(ledger: Ledger, verb: str, row: Any, changed: list[str]) -> None:
    """Keep which columns of a row held something that stands there no longer; a blank filled in is none."""
    attributes = inspect(row).attrs
    stood = []
    for name in changed if verb == "change" else attributes.keys():
        was = attributes[name].history.deleted if verb == "change" else [attributes[name].loaded_value]
        if was and was[0] is not None:
            stood.append(name)
            if verb == "change" and name == "name" and type(row).__name__ == "Identity":
                ledger.former.setdefault(row.person_id, was[0])
    if stood:
        person = getattr(row, "person_id", row.id if type(row).__name__ == "Person" else None)
        found = Replaced(type(row).__name__, key_of(row), case_of(row), person, frozenset(stood))
        ledger.replaced.append(found)


@event.listens_for(WorkSession, "before_flush")
def _collect(session: WorkSession, _context: Any, _objects: Any) -> None:
    ledger: Ledger | None = session.info.get("ledger")
    if ledger is None:
        raise LockBroken("rows are written by a unit of work only")
    for verb, group in (("create", session.new), ("change", session.dirty), ("remove", session.deleted)):
        for row in group:
            noun = type(row).__name__
            if noun in UNRECORDED or (verb == "change" and noun in QUIET_UPDATES):
                continue
            fields = changed_fields(row) if verb == "change" else []
            if verb == "change" and not fields:
                continue
            ledger.notes.append(Note(verb, noun, key_of(row), case_of(row), ",".join(fields)))
            if verb != "create":
                _replaced(ledger, verb, row, fields)


def _detail(vault: Vault, seq: int, note: Note) -> Secret | None:
    body = note.detail
    if note.subjects:
        body = f"{body}|{','.join(map(str, note.subjects))}"
    return Secret(vault.seal(DETAIL, seq, body), DETAIL) if body else None


_COLUMNS = tuple(column.key for column in AuditEntry.__table__.columns)
_HEAD = lasting(select(AuditEntry.seq, AuditEntry.mac).order_by(AuditEntry.seq.desc()).limit(1))


def write(session: WorkSession, vault: Vault, ledger: Ledger, now: datetime) -> bool:
    """Chain the notes of this unit of work to the entries already there; part of its transaction.

    Says whether a block of :data:`BLOCK` entries was filled, so that an anchor is due.
    """
    if not ledger.notes:
        return False
    access, action = session.bound()
    if session.get_bind().dialect.name == "postgresql":
        # Readers of the head must queue, or two transactions would continue from the same entry.
        session.open_connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    head = prepared.rows(session, _HEAD, {})
    seq, previous = head[0] if head else (0, NOTHING)
    begun, key_id = seq, vault.active_id
    entries: list[dict[str, Any]] = []
    subjects: list[dict[str, int]] = []
    at = to_millisecond(now)
    for note in ledger.notes:
        seq += 1
        entry = AuditEntry(
            seq=seq,
            at=at,
            actor=access.actor,
            actor_label=access.label[:60],
            role=int(access.role),
            reach=access.low,
            action=action.code,
            verb=note.verb,
            noun=note.noun,
            row_key=note.row_key,
            case_key=note.case_key,
            fields=note.fields[:800],
            purpose=note.purpose[:80],
            count=note.count,
            outcome=note.outcome,
            request=access.request[:40],
            detail=_detail(vault, seq, note),
            key_id=key_id,
            previous=previous,
        )
        entry.mac = previous = vault.mac("audit", encode(entry, previous), key_id)
        entries.append({name: getattr(entry, name) for name in _COLUMNS})
        if note.subjects:
            subjects.extend({"seq": seq, "person_id": person} for person in note.subjects)
    ledger.notes.clear()
    # Straight to their tables: they are nobody's rows, and every reading of a name waits for them.
    session.open_connection().execute(insert(AuditEntry.__table__), entries)  # type: ignore[arg-type]
    if subjects:
        session.open_connection().execute(insert(AuditSubject.__table__), subjects)  # type: ignore[arg-type]
    return begun // BLOCK != seq // BLOCK


@dataclass(frozen=True, slots=True)
class Verdict:
    """Outcome of walking the chain: how many entries, and the first broken one if any.

    ``anchors``: how many anchors outside the chain were compared with it; ``archived``: how many of the
    entries lie in archives; ``absent``: archives whose file is not here: only their ends were compared.
    """

    count: int
    broken: int | None
    reason: str
    anchors: int = 0
    archived: int = 0
    absent: int = 0
    #: Anchors with a signature; public keys that no anchor announced, each with the entry of its anchor.
    signatures: int = field(default=0, compare=False)
    roots: tuple[tuple[int, str], ...] = field(default=(), compare=False)

    @property
    def told(self) -> str:
        """What a sound chain is said to be, in words."""
        put_away = f"，其中 {self.archived} 条在归档中" if self.archived else ""
        missing = f"（{self.absent} 份归档文件不在本机，只核对了首尾衔接）" if self.absent else ""
        return f"共 {self.count} 条{put_away}{missing}"


@dataclass(frozen=True, slots=True)
class Anchor:
    """锚点: the head of the chain at one moment as a line that leaves the host.

    ``previous`` is the seal of the anchor before, so that a line left out shows; ``seal`` is the keyed digest
    over all the rest. Anchors of earlier releases have neither.
    """

    installation: str
    seq: int
    mac: bytes
    at: datetime
    previous: bytes = b""
    key_id: int = 0
    seal: bytes = b""
    #: Public key of the signature, that of the next one, and the signature itself; see ``anchor_signer``.
    signer: bytes = b""
    following: bytes = b""
    signature: bytes = b""

    def signed(self) -> bytes:
        """The bytes the seal covers: fixed order, every part with its length in front."""
        parts = (
            self.installation.encode(),
            str(self.seq).encode(),
            self.mac,
            self.at.isoformat(timespec="seconds").encode(),
            self.previous,
            str(self.key_id).encode(),
        )
        return b"".join(struct.pack(">I", len(part)) + part for part in parts)

    def short(self) -> str:
        """The line as it is drawn as a square of dots: paper has left the house and needs no signature."""
        return replace(self, signature=b"").line()

    def line(self) -> str:
        """The line as it is kept in a file and told to syslog."""
        told = {"installation": self.installation, "seq": self.seq, "mac": self.mac.hex()}
        told["at"] = self.at.isoformat(timespec="seconds")
        if self.seal:
            told |= {"previous": self.previous.hex(), "key": self.key_id, "seal": self.seal.hex()}
        if self.signature:
            told |= {"signer": self.signer.hex(), "next": self.following.hex()}
            told["signature"] = self.signature.hex()
        return json.dumps(told, separators=(",", ":"))


def read_anchor(line: str) -> Anchor | None:
    """The anchor written in ``line``; ``None`` for a line that was cut off or is none."""
    try:
        told = json.loads(line)
        return Anchor(
            str(told.get("installation", "")),
            int(told["seq"]),
            bytes.fromhex(told["mac"]),
            datetime.fromisoformat(told["at"]),
            bytes.fromhex(told.get("previous", "")),
            int(told.get("key", 0)),
            bytes.fromhex(told.get("seal", "")),
            bytes.fromhex(told.get("signer", "")),
            bytes.fromhex(told.get("next", "")),
            bytes.fromhex(told.get("signature", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def genuine(vault: Vault, anchor: Anchor) -> bool:
    """Whether an anchor was made with a key of this installation; those of earlier releases have no seal."""
    try:
        return vault.mac("anchor", anchor.signed(), anchor.key_id) == anchor.seal
    except CannotOpen:
        return False


def _told(vault: Vault, entry: AuditEntry) -> set[int]:
    """The people that an entry names in its sealed part; a search keeps there what was asked instead."""
    if not isinstance(entry.detail, Secret) or entry.verb == "search":
        return set()
    _, _, people = vault.open(DETAIL, entry.seq, entry.detail._sealed).rpartition("|")
    return {int(person) for person in people.split(",")}


def verify(
    entries: Iterator[AuditEntry],
    vault: Vault,
    subjects: Iterator[tuple[int, int]],
    after: int = 0,
    previous: bytes = NOTHING,
) -> Verdict:
    """Walk the chain from its first entry; names the first entry that does not fit.

    ``subjects`` is the index of (entry, person), in order: it answers who read a person's name, and must say
    what the entries say. A part of the chain begins ``after`` an entry whose digest is ``previous``.
    """
    expected, count = after + 1, 0
    indexed = next(subjects, None)
    for entry in entries:
        count += 1
        if entry.seq != expected:
            return Verdict(count, expected, "缺失")
        if entry.previous != previous:
            return Verdict(count, entry.seq, "与上一条不衔接")
        try:
            fits = vault.mac("audit", encode(entry, previous), entry.key_id) == entry.mac
        except CannotOpen:
            return Verdict(count, entry.seq, f"密钥文件中没有第 {entry.key_id} 号密钥")
        if not fits:
            return Verdict(count, entry.seq, "内容被改动")
        people: set[int] = set()
        while indexed is not None and indexed[0] <= entry.seq:
            people.add(indexed[1])
            indexed = next(subjects, None)
        if people != _told(vault, entry):
            return Verdict(count, entry.seq, "查看对象的索引被改动")
        previous, expected = entry.mac, expected + 1
    if indexed is not None:
        return Verdict(count, indexed[0], "缺失")
    return Verdict(count, None, "")


def head_fits(connection: Connection, vault: Vault) -> bool:
    """Whether the newest entry was made with a key of ``vault``, and no generation is missing; true for none.

    The driver's error when there are no tables yet.
    """
    row = connection.execute(select(AuditEntry.__table__).order_by(text("seq DESC")).limit(1)).first()
    known = {key.key_id: key.fingerprint for key in vault.keys()}  # noqa: SIM118 - not a dict
    written = connection.execute(select(KeyGeneration.__table__)).all()
    if any(known.get(one.key_id) != one.fingerprint for one in written if one.retired_at is None):
        return False
    if row is None:
        return True
    entry = AuditEntry(**row._mapping)
    try:
        return vault.mac("audit", encode(entry, entry.previous), entry.key_id) == entry.mac
    except CannotOpen:
        return False


def newest(session: Session) -> int:
    """Number of the newest entry, 0 when there is none."""
    return int(session.scalar(select(func.max(AuditEntry.seq))) or 0)
