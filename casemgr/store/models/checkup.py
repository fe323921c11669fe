"""健康体检: one yearly check-up."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Checkup(AreaScoped, Model):
    """一次健康体检; pressure in mmHg, weight in grams."""

    __tablename__ = "checkup"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Day)
    systolic: Mapped[int | None] = mapped_column(SmallInteger)
    diastolic: Mapped[int | None] = mapped_column(SmallInteger)
    weight_g: Mapped[int | None] = mapped_column(Integer)
    blood_count: Mapped[int | None] = mapped_column(SmallInteger)
    transaminase: Mapped[int | None] = mapped_column(SmallInteger)
    glucose: Mapped[int | None] = mapped_column(SmallInteger)
    ecg: Mapped[int | None] = mapped_column(SmallInteger)
    note: Mapped[Any] = mapped_column(Sealed("checkup", "note"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id", "on"), Index(None, "area", "on", "case_id"))
