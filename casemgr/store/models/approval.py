"""审批与日查看上限: what one person asks a second one to allow, and whose identity was opened on a day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Approval(AreaScoped, Model):
    """审批: one request (``terms/approval.py`` ``Wish``) and what a second person answered.

    ``people``: persons in the export, or further persons somebody wants to open on the day ``on``. An
    approved export may be fetched until ``ends_at``; ``digest`` is that of the file handed out.
    """

    __tablename__ = "approval"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    wish: Mapped[int] = mapped_column(SmallInteger)
    asked_by: Mapped[int] = mapped_column(BigInteger)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    purpose: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[Any] = mapped_column(Sealed("approval", "reason"))
    people: Mapped[int] = mapped_column(Integer)
    on: Mapped[date | None] = mapped_column(Day)
    state: Mapped[int] = mapped_column(SmallInteger)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[Any] = mapped_column(Sealed("approval", "answer"), nullable=True)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    fetched: Mapped[int] = mapped_column(SmallInteger, default=0)
    digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))

    __table_args__ = (Index(None, "state", "asked_at"), Index(None, "asked_by", "on"))


class OpenedPerson(Model):
    """已查看人员: that an account opened somebody's identity on a day; counted, then forgotten.

    ``mark`` is a keyed digest of all three: the table itself names nobody.
    """

    __tablename__ = "opened_person"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    on: Mapped[date] = mapped_column(Day, primary_key=True)
    mark: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)

    __table_args__ = (Index(None, "on"),)
