"""危险行为与关锁: dated dangerous acts, and lock-ups that end with a release only."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    SmallInteger,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Incident(AreaScoped, Model):
    """危险行为; ``kind`` as in 危险行为 of 表8, ``done`` a mask of what was done."""

    __tablename__ = "incident"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Day)
    kind: Mapped[int] = mapped_column(SmallInteger)
    visit_id: Mapped[int | None] = mapped_column(BigInteger)
    done: Mapped[int | None] = mapped_column(SmallInteger)
    police_told_on: Mapped[date | None] = mapped_column(Day)
    others_hurt: Mapped[bool | None] = mapped_column(Boolean)
    note: Mapped[Any] = mapped_column(Sealed("incident", "note"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id", "on"), Index(None, "area", "on"))


class LockUp(AreaScoped, Model):
    """关锁: from the day it was learned of until its release; ``verified`` how the release was seen."""

    __tablename__ = "lock_up"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    known_on: Mapped[date] = mapped_column(Day)
    released_on: Mapped[date | None] = mapped_column(Day)
    verified: Mapped[int | None] = mapped_column(SmallInteger)
    plan: Mapped[Any] = mapped_column(Sealed("lock_up", "plan"), nullable=True)
    note: Mapped[Any] = mapped_column(Sealed("lock_up", "note"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id", "known_on"))
