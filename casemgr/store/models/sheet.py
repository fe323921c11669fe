"""填好的表: official forms as they were filled in, and drafts of them; the content is sealed."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Sheet(AreaScoped, Model):
    """One filled official form; ``data`` is the sealed JSON of clean values, by form name and version."""

    __tablename__ = "sheet"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    form: Mapped[str] = mapped_column(String(32))
    form_version: Mapped[str] = mapped_column(String(16))
    filled_on: Mapped[date | None] = mapped_column(Day)
    data: Mapped[Any] = mapped_column(Sealed("sheet", "data"))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (
        of_case(),
        Index(None, "case_id", "form"),
    )


class Draft(AreaScoped, Model):
    """草稿: what somebody has typed and not yet saved, on the form version it was begun with."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    owner: Mapped[int] = mapped_column(BigInteger)
    form: Mapped[str] = mapped_column(String(32))
    form_version: Mapped[str] = mapped_column(String(16))
    step: Mapped[int] = mapped_column(SmallInteger, default=1)
    data: Mapped[Any] = mapped_column(Sealed("draft", "data"))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    saved_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (of_case(), Index(None, "owner", "form", "case_id"), Index(None, "case_id"))


class Envelope(AreaScoped, Model):
    """信封: the id a sender gave to one posted form, so that sending twice changes nothing."""

    __tablename__ = "envelope"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    sent_id: Mapped[str] = mapped_column(String(40))
    form: Mapped[str] = mapped_column(String(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    noun: Mapped[str] = mapped_column(String(24))
    row_id: Mapped[int] = mapped_column(BigInteger)
    filled_at: Mapped[datetime | None] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("recorded_by", "sent_id"),)


class Revision(AreaScoped, Model):
    """改动: one change to a record, field by field with old and new value, sealed."""

    __tablename__ = "revision"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    noun: Mapped[str] = mapped_column(String(24))
    row_id: Mapped[int] = mapped_column(BigInteger)
    changes: Mapped[Any] = mapped_column(Sealed("revision", "changes"))
    reason: Mapped[Any] = mapped_column(Sealed("revision", "reason"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id", "recorded_at"))
