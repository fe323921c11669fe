"""康复: one session of community rehabilitation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class RehabSession(AreaScoped, Model):
    """一次社区康复服务."""

    __tablename__ = "rehab_session"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Day)
    form: Mapped[int] = mapped_column(SmallInteger)
    place: Mapped[int | None] = mapped_column(SmallInteger)
    minutes: Mapped[int | None] = mapped_column(SmallInteger)
    attended: Mapped[bool | None] = mapped_column(Boolean)
    provider: Mapped[Any] = mapped_column(Sealed("rehab_session", "provider"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        of_case(),
        Index(None, "case_id", "on"),
        Index("ix_rehab_session_counting", "area", "on", "case_id", "form", "minutes", "attended"),
    )
