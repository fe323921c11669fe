"""密钥记录: which generations of keys this database has seen, and how far sealing anew has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Instant, Key


class KeyGeneration(Model):
    """One key of the ring by its fingerprint, so that a ring without it is noticed; never the key itself."""

    __tablename__ = "key_generation"

    key_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    fingerprint: Mapped[str] = mapped_column(String(8))
    suite: Mapped[str] = mapped_column(String(8), default="")
    activated_at: Mapped[datetime | None] = mapped_column(Instant)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)


class ResealProgress(Model):
    """How far one table has come on the way to one key: all rows up to ``last_key`` were looked at."""

    __tablename__ = "reseal_progress"

    table_name: Mapped[str] = mapped_column(String(60), primary_key=True)
    key_id: Mapped[int] = mapped_column(Integer)
    last_key: Mapped[int] = mapped_column(Key)
    resealed: Mapped[int] = mapped_column(Integer)
    finished: Mapped[bool] = mapped_column(Boolean)
    at: Mapped[datetime] = mapped_column(Instant)
