"""心理疏导: one talk of support with a person, the family, or both."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Counselling(AreaScoped, Model):
    """一次心理疏导; ``subject`` tells with whom it was, ``way`` how; what was said stays outside."""

    __tablename__ = "counselling"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Day)
    subject: Mapped[int] = mapped_column(SmallInteger)
    way: Mapped[int] = mapped_column(SmallInteger)
    minutes: Mapped[int | None] = mapped_column(SmallInteger)
    provider: Mapped[Any] = mapped_column(Sealed("counselling", "provider"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        of_case(),
        Index(None, "case_id", "on"),
        Index(None, "area", "on", "case_id", "subject"),
    )
