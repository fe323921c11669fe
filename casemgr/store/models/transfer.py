"""迁移: a file asked to move between managing units; each side keeps a row of its own."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    SmallInteger,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Transfer(AreaScoped, Model):
    """迁移; two rows of one transfer share ``pair``. Until it accepts, a receiver sees its row alone.

    A file on its way to another county has the sender's row alone, with ``other_area`` and ``other_unit`` 0.
    ``file_key`` is the case at the sender; it is no foreign key, because it lies outside the receiver's area.
    """

    __tablename__ = "transfer"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    pair: Mapped[int] = mapped_column(BigInteger)
    side: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    file_key: Mapped[int] = mapped_column(BigInteger)
    other_area: Mapped[int] = mapped_column(BigInteger)
    other_unit: Mapped[int] = mapped_column(BigInteger)
    asked_on: Mapped[date] = mapped_column(Day)
    asked_by_receiver: Mapped[bool] = mapped_column(Boolean, default=False)
    answered_on: Mapped[date | None] = mapped_column(Day)
    county_asked_on: Mapped[date | None] = mapped_column(Day)
    name: Mapped[Any] = mapped_column(Sealed("transfer", "name"))
    reason: Mapped[Any] = mapped_column(Sealed("transfer", "reason"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (UniqueConstraint("pair", "side"), Index(None, "area", "state"), Index(None, "file_key"))
