"""联系单位: numbers of institutions that a county wrote down itself; they belong to no person."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Instant, Key


class ContactLine(Model):
    """One number for one region (an area code without its zeros); ended lines stay as history."""

    __tablename__ = "contact_line"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    region: Mapped[str] = mapped_column(String(12))
    kind: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(30))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "region", "kind"),)
