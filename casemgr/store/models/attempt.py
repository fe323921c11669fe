"""联系记录: one attempt to reach a person and what came of it."""

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


class Attempt(AreaScoped, Model):
    """One tap on the worklist, or one call or walk that did not lead to a visit."""

    __tablename__ = "attempt"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Day)
    way: Mapped[int | None] = mapped_column(SmallInteger)
    result: Mapped[int] = mapped_column(SmallInteger)
    next_on: Mapped[date | None] = mapped_column(Day)
    note: Mapped[Any] = mapped_column(Sealed("attempt", "note"), nullable=True)
    undone: Mapped[bool] = mapped_column(Boolean, default=False)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id", "on"), Index(None, "area", "on"))
