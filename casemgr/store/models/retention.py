"""保存与销毁: what was found over its term, who let it be destroyed, what is held back, what was archived."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class RetentionCount(Model):
    """到期清点: how many records of one kind were over their term on one day, and what was done by itself.

    Counts of the whole installation; ``due`` those left over, ``held`` those of them held back.
    """

    __tablename__ = "retention_count"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    on: Mapped[date] = mapped_column(Day)
    kind: Mapped[int] = mapped_column(SmallInteger)
    due: Mapped[int] = mapped_column(Integer)
    held: Mapped[int] = mapped_column(Integer)
    done: Mapped[int] = mapped_column(Integer)
    oldest_on: Mapped[date | None] = mapped_column(Day)
    newest_on: Mapped[date | None] = mapped_column(Day)

    __table_args__ = (UniqueConstraint("on", "kind"),)


class Destruction(AreaScoped, Model):
    """销毁清册: files that one account proposes to destroy and another one lets go.

    ``register`` is the sealed list of file numbers with their days, ``counts`` how many rows of which table
    went; ``found`` people were on the list, ``done`` of them were destroyed and ``skipped`` were not, because
    something had changed by then.
    """

    __tablename__ = "destruction"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    found: Mapped[int] = mapped_column(Integer)
    oldest_on: Mapped[date] = mapped_column(Day)
    newest_on: Mapped[date] = mapped_column(Day)
    register: Mapped[Any] = mapped_column(Sealed("destruction", "register"))
    reason: Mapped[Any] = mapped_column(Sealed("destruction", "reason"))
    asked_by: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[Any] = mapped_column(Sealed("destruction", "answer"), nullable=True)
    done: Mapped[int | None] = mapped_column(Integer)
    skipped: Mapped[int | None] = mapped_column(Integer)
    counts: Mapped[Any] = mapped_column(JSON, default=dict)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (Index(None, "area", "state", "asked_at"),)


class RetentionHold(AreaScoped, Model):
    """暂停销毁: while it is open nothing of this file is destroyed, whatever its term (a trial)."""

    __tablename__ = "retention_hold"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[Any] = mapped_column(Sealed("retention_hold", "reason"))
    placed_on: Mapped[date] = mapped_column(Day)
    placed_by: Mapped[int] = mapped_column(BigInteger)
    lifted_on: Mapped[date | None] = mapped_column(Day)
    lifted_by: Mapped[int | None] = mapped_column(BigInteger)
    lifted_because: Mapped[Any] = mapped_column(Sealed("retention_hold", "lifted_because"), nullable=True)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (of_case(), Index(None, "case_id"))


class DestroyedFile(AreaScoped, Model):
    """已销毁档案: the medical part of this file went on a day; consents and cover are kept a while longer."""

    __tablename__ = "destroyed_file"

    case_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    on: Mapped[date] = mapped_column(Day)
    destruction_id: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(),)
    row_key = "case_id"


class AuditArchive(Model):
    """审计归档: the entries ``first`` to ``through`` of the chain left the table for a sealed file.

    ``before`` is the digest of the entry before the first, ``mac`` that of the last one: between them the
    chain goes on. ``digest`` is that of the file's content, ``key_ids`` how many entries were made with which
    key, ``seal`` the keyed digest over all of it. Only added.
    """

    __tablename__ = "audit_archive"

    through: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[datetime] = mapped_column(Instant)
    last_at: Mapped[datetime] = mapped_column(Instant)
    entries: Mapped[int] = mapped_column(Integer)
    subjects: Mapped[int] = mapped_column(Integer)
    before: Mapped[bytes] = mapped_column(LargeBinary(32))
    mac: Mapped[bytes] = mapped_column(LargeBinary(32))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    key_ids: Mapped[Any] = mapped_column(JSON, default=dict)
    made_at: Mapped[datetime] = mapped_column(Instant)
    key_id: Mapped[int] = mapped_column(Integer)
    seal: Mapped[bytes] = mapped_column(LargeBinary(32))
