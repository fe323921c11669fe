"""应急处置: one emergency with its clock; the filled 表12 lies sealed in :class:`Sheet`."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    SmallInteger,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Emergency(AreaScoped, Model):
    """应急处置; instants are those of the event, ``ended_at`` begins the 24 hours of the record.

    ``steps`` is the sealed JSON of step → instant, ``ground`` on what an admission rests, ``stay`` and
    ``in_charge`` where the person is afterwards and who answers for the next days.
    """

    __tablename__ = "emergency"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    reported_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    causes: Mapped[int | None] = mapped_column(SmallInteger)
    measures: Mapped[int | None] = mapped_column(SmallInteger)
    effect: Mapped[int | None] = mapped_column(SmallInteger)
    consent_on: Mapped[date | None] = mapped_column(Day)
    ground: Mapped[int | None] = mapped_column(SmallInteger)
    stay: Mapped[int | None] = mapped_column(SmallInteger)
    recorded_on: Mapped[date | None] = mapped_column(Day)
    uploaded_on: Mapped[date | None] = mapped_column(Day)
    sheet_id: Mapped[int | None] = mapped_column(BigInteger)
    in_charge: Mapped[Any] = mapped_column(Sealed("emergency", "in_charge"), nullable=True)
    steps: Mapped[Any] = mapped_column(Sealed("emergency", "steps"), nullable=True)
    note: Mapped[Any] = mapped_column(Sealed("emergency", "note"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (of_case(), Index(None, "case_id", "reported_at"))
