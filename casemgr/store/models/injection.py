"""长效针剂: one dose given."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Dose(AreaScoped, Model):
    """一次注射; ``product`` is the id of lists/lai_products.json, ``dose_ug`` micrograms."""

    __tablename__ = "dose"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    product: Mapped[str] = mapped_column(String(24))
    on: Mapped[date] = mapped_column(Day)
    dose_ug: Mapped[int | None] = mapped_column(Integer)
    ordinal: Mapped[int | None] = mapped_column(SmallInteger)
    site: Mapped[int | None] = mapped_column(SmallInteger)
    batch: Mapped[str | None] = mapped_column(String(40))
    given_at: Mapped[Any] = mapped_column(Sealed("dose", "given_at"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id", "on"), Index(None, "area", "on"))
