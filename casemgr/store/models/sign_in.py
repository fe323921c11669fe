"""第二因素与一次性代码: what an account proves itself with besides its password; holds no patient."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Instant, Key, Sealed


class SecondFactor(Model):
    """动态码: the shared secret of one account and one phone.

    It holds from ``begun_at``; before that somebody is still setting it up. ``last_step`` is the newest span
    of 30 seconds whose code was used: that code and all before it are spent.
    """

    __tablename__ = "second_factor"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    secret: Mapped[Any] = mapped_column(Sealed("second_factor", "secret"))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime] = mapped_column(Instant)
    begun_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index(None, "account_id"),)


class RecoveryCode(Model):
    """恢复码: a printed code that stands in for a phone once; only its keyed digest is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index(None, "account_id"),)


class EntryCode(Model):
    """一次性代码: lets somebody who forgot the password choose a new one, once and for a few minutes."""

    __tablename__ = "entry_code"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    made_by: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index(None, "account_id"),)
