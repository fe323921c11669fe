"""审计查询: the chain in order, and its anchors."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, or_, select

from casemgr.store import anchor_signer, audit
from casemgr.store.alone import alone
from casemgr.store.audit import Anchor
from casemgr.store.models.audit import AuditAnchor, AuditEntry, AuditSubject
from casemgr.store.scope import lasting
from casemgr.store.work import Work, installation

log = logging.getLogger("casemgr.audit")

FILE, NAMED = "audit-anchors.jsonl", "installation.id"
_ANCHORS = lasting(select(AuditAnchor).order_by(AuditAnchor.seq))
_HEAD = lasting(
    select(AuditEntry.seq, AuditEntry.mac, AuditEntry.at).order_by(AuditEntry.seq.desc()).limit(1)
)


def all_entries(work: Work, last: int) -> Iterator[AuditEntry]:
    """Every entry from the first in the table to ``last``, in bounded memory."""
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


def oldest_entries(work: Work, after: int, most: int) -> list[AuditEntry]:
    """The oldest entries of the table behind ``after``."""
    wanted = select(AuditEntry).where(AuditEntry.seq > after).order_by(AuditEntry.seq).limit(most)
    return work.entities(wanted)


def subjects_between(work: Work, after: int, last: int) -> list[tuple[int, int]]:
    """The index of the entries behind ``after`` up to ``last``, in order."""
    wanted = select(AuditSubject.seq, AuditSubject.person_id).where(
        AuditSubject.seq > after, AuditSubject.seq <= last
    )
    rows = work.rows(wanted.order_by(AuditSubject.seq, AuditSubject.person_id))
    return [(row.seq, row.person_id) for row in rows]


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


def _files(work: Work) -> list[Path]:
    """Where anchors are kept outside the database: beside it, and where the installation was told to."""
    home = work._home
    return [home.instance / FILE, *([home.anchor_file] if home.anchor_file else [])]


def anchors_in(lines: Iterable[str]) -> list[Anchor]:
    """The anchors of a file; a line cut off by a power failure says nothing, those around it still do."""
    return [found for line in lines if line.strip() and (found := audit.read_anchor(line.strip()))]


def anchors(work: Work) -> list[Anchor]:
    """All anchors known here: those of the table, and those of the files."""
    name = installation_id(work)
    found = [_of_row(name, row) for row in work.facts(_ANCHORS)]
    for path in _files(work):
        with suppress(FileNotFoundError), open(path, encoding="ascii", errors="replace") as lines:
            found += anchors_in(lines)
    return sorted(found, key=lambda one: one.seq)


def _of_row(name: str, row: Any) -> Anchor:
    return Anchor(
        name,
        row.seq,
        bytes(row.mac),
        row.at,
        bytes(row.previous or b""),
        row.key_id or 0,
        bytes(row.seal or b""),
        bytes(row.signer or b""),
        bytes(row.following or b""),
        bytes(row.signature or b""),
    )


def installation_id(work: Work) -> str:
    """A name for this installation that says nothing; made once and kept beside the database."""
    file = work._home.instance / NAMED
    with suppress(FileExistsError):
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as out:
            out.write(secrets.token_hex(6))
    return file.read_text(encoding="ascii").strip()


def latest_anchor(work: Work) -> Anchor | None:
    """The newest anchor of the table."""
    row = work.one(select(AuditAnchor).order_by(AuditAnchor.seq.desc()).limit(1))
    return None if row is None else _of_row(installation_id(work), row)


def head(work: Work) -> Any:
    """(number, digest, instant) of the newest entry, or ``None``."""
    return work.row(_HEAD)


def anchor(work: Work, now: datetime) -> Anchor | None:
    """Anchor the newest entry in the table; ``None`` when there is nothing that is not anchored already."""
    newest = head(work)
    if newest is None or work.get(AuditAnchor, newest.seq) is not None:
        return None
    last = latest_anchor(work)
    key_id = work.vault.active_id
    bare = Anchor(
        installation_id(work),
        int(newest.seq),
        bytes(newest.mac),
        now.replace(microsecond=0),
        last.seal if last else b"",
        key_id,
    )
    sealed = replace(bare, seal=work.vault.mac("anchor", bare.signed(), key_id))
    made = _signer(work).sign(sealed, _announced(work))
    work.add(
        AuditAnchor(
            seq=made.seq,
            mac=made.mac,
            at=made.at,
            previous=made.previous,
            seal=made.seal,
            key_id=key_id,
            signer=made.signer or None,
            following=made.following or None,
            signature=made.signature or None,
        )
    )
    return made


def _signer(work: Work) -> anchor_signer.OneTimeKeys | anchor_signer.ByProgram:
    return anchor_signer.signer_of(work._home.instance, work._home.anchor_command)


def _announced(work: Work) -> bytes:
    """The public key that the newest signed anchor named for the next one."""
    signed = select(AuditAnchor.following).where(AuditAnchor.signature.is_not(None))
    return bytes(work.scalar(signed.order_by(AuditAnchor.seq.desc()).limit(1)) or b"")


def signing_roots(work: Work) -> list[tuple[int, bytes]]:
    """(entry, public key) of the first signed anchor of the table, and of each whose key none announced.

    Told and not checked: looking at a page must not check every signature there is.
    """
    signed = select(AuditAnchor.seq, AuditAnchor.signer).where(AuditAnchor.signature.is_not(None))
    first = work.row(signed.order_by(AuditAnchor.seq).limit(1))
    announced = select(AuditAnchor.following).where(AuditAnchor.following.is_not(None))
    began = work.rows(signed.where(AuditAnchor.signer.not_in(announced)).order_by(AuditAnchor.seq))
    found = {row.seq: bytes(row.signer) for row in ((first,) if first is not None else ()) + tuple(began)}
    return sorted(found.items())


@contextmanager
def signing_turn() -> Iterator[None]:
    """Let no other process of this host anchor meanwhile: each key signs one anchor."""
    with alone(installation().instance / ".anchor-signer.lock"):
        yield


def send(work: Work, made: Anchor) -> None:
    """Write an anchor to the files and to the system log; what cannot be reached does not stop the work.

    A silence is noticed by whoever receives the anchors.
    """
    _signer(work).settle(made)
    for path in _files(work):
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(handle, "w") as out:
                # Begun on a line of its own: the one before may have been cut off.
                out.write(f"\n{made.line()}\n")
        except OSError as wrong:
            log.warning("anchor file not written: %s", type(wrong).__name__)
    if told := work._home.syslog:
        try:
            _tell(told, made)
        except OSError as wrong:
            log.warning("anchor not told to syslog: %s", type(wrong).__name__)


def _tell(told: str, made: Anchor) -> None:
    """One RFC 5424 message (log audit, notice), by datagram to a host and port or to a local socket."""
    message = f"<109>1 {made.at.isoformat()} {made.installation} casemgr - anchor - {made.line()}".encode()
    if told.startswith("/"):
        kind, address = socket.AF_UNIX, told
    else:
        host, _, port = told.rpartition(":")
        kind, _, _, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_DGRAM)[0]  # type: ignore[assignment]
    with socket.socket(kind, socket.SOCK_DGRAM) as out:
        out.settimeout(2)
        out.sendto(message, address)


def page(
    work: Work, verbs: Sequence[str], account: int | None, since: datetime, until: datetime, before: int,
    size: int,
) -> list[Any]:  # fmt: skip
    """Entries of a stretch of time, latest first, older than ``before``; an empty filter lets all through."""
    wanted = select(AuditEntry).where(AuditEntry.at >= since, AuditEntry.at < until)
    if verbs:
        wanted = wanted.where(AuditEntry.verb.in_(verbs))
    if account is not None:
        wanted = wanted.where(AuditEntry.actor == account)
    if before:
        wanted = wanted.where(AuditEntry.seq < before)
    return work.entities(wanted.order_by(AuditEntry.seq.desc()).limit(size))


def recent_anchors(work: Work, most: int) -> list[Any]:
    """The newest anchors of the table."""
    return work.entities(select(AuditAnchor).order_by(AuditAnchor.seq.desc()).limit(most))


def oldest(work: Work) -> datetime | None:
    """When the first entry of the chain was written."""
    found: datetime | None = work.scalar(select(func.min(AuditEntry.at)))
    return found


_BETWEEN = (
    AuditEntry.seq,
    AuditEntry.at,
    AuditEntry.actor,
    AuditEntry.role,
    AuditEntry.reach,
    AuditEntry.verb,
    AuditEntry.noun,
    AuditEntry.case_key,
    AuditEntry.count,
    AuditEntry.request,
)


def between(work: Work, since: datetime, until: datetime) -> Iterator[Any]:
    """Entries of people (not of jobs) in a stretch of time, in order."""
    wanted = select(*_BETWEEN).where(AuditEntry.at >= since, AuditEntry.at < until, AuditEntry.actor != 0)
    return work.each(wanted.order_by(AuditEntry.seq))


def subjects_of(work: Work, first: int, last: int) -> dict[int, list[int]]:
    """The people that the entries of a stretch name, by entry."""
    found: dict[int, list[int]] = {}
    rows = work.rows(
        select(AuditSubject.seq, AuditSubject.person_id).where(
            AuditSubject.seq >= first, AuditSubject.seq <= last
        )
    )
    for row in rows:
        found.setdefault(row.seq, []).append(row.person_id)
    return found


def of_person(work: Work, person: int, cases: Sequence[int]) -> list[Any]:
    """Every entry that opened this person's identity or read one of the files, latest first."""
    named = select(AuditSubject.seq).where(AuditSubject.person_id == person)
    read = AuditEntry.case_key.in_(list(cases)) & AuditEntry.verb.in_(("read", "reveal", "print", "export"))
    return work.entities(
        select(AuditEntry).where(or_(AuditEntry.seq.in_(named), read)).order_by(AuditEntry.seq.desc())
    )
