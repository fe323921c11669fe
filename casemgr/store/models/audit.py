"""审计: the chained record of who did and read what; entries are added, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Instant, Key, Sealed


class AuditEntry(Model):
    """One act: who, in which role, what, on which row, why; ``mac`` chains it to the entry before."""

    __tablename__ = "audit_entry"

    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[int] = mapped_column(BigInteger)
    actor_label: Mapped[str] = mapped_column(String(60))
    role: Mapped[int] = mapped_column(SmallInteger)
    reach: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str] = mapped_column(String(40))
    verb: Mapped[str] = mapped_column(String(16))
    noun: Mapped[str] = mapped_column(String(40))
    row_key: Mapped[int | None] = mapped_column(BigInteger)
    case_key: Mapped[int | None] = mapped_column(BigInteger)
    fields: Mapped[str] = mapped_column(String(800))
    purpose: Mapped[str] = mapped_column(String(80))
    count: Mapped[int] = mapped_column(Integer)
    outcome: Mapped[str] = mapped_column(String(16))
    request: Mapped[str] = mapped_column(String(40))
    detail: Mapped[Any] = mapped_column(Sealed("audit_entry", "detail"), nullable=True)
    key_id: Mapped[int] = mapped_column(Integer)
    previous: Mapped[bytes] = mapped_column(LargeBinary(32))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))

    __table_args__ = (Index(None, "case_key"), Index(None, "actor", "at"), Index(None, "at"))


class AuditSubject(Model):
    """Which people an entry speaks of, so that each can be told who read their name.

    An index only: the list itself is sealed into the chained entry.
    """

    __tablename__ = "audit_subject"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)

    __table_args__ = (Index(None, "person_id"),)


class AuditAnchor(Model):
    """The head of the chain at one moment, also written outside the database.

    ``seal`` is the keyed digest of the whole line, ``previous`` that of the anchor before; both are empty in
    anchors made before anchors were chained. ``signature`` is made with the private half of ``signer``, which
    is destroyed afterwards; ``following`` signs the next one.
    """

    __tablename__ = "audit_anchor"

    seq: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(Instant)
    previous: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    seal: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    key_id: Mapped[int | None] = mapped_column(Integer)
    signer: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    following: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    signature: Mapped[bytes | None] = mapped_column(LargeBinary(64))
