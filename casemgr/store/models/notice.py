"""报告卡与出院信息单: what a hospital told, and each step until the primary-care doctor has it."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Notice(AreaScoped, Model):
    """发病报告卡 (表3) or 出院信息单 (表4); the filled form itself lies sealed in :class:`Sheet`."""

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    report_type: Mapped[int | None] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[Any] = mapped_column(Sealed("notice", "name"))
    id_number: Mapped[Any] = mapped_column(Sealed("notice", "id_number"), nullable=True)
    phone: Mapped[Any] = mapped_column(Sealed("notice", "phone"), nullable=True)
    hospital: Mapped[Any] = mapped_column(Sealed("notice", "hospital"), nullable=True)
    id_token: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    token_key: Mapped[int | None] = mapped_column(Integer)
    happened_on: Mapped[date] = mapped_column(Day)
    received_on: Mapped[date] = mapped_column(Day)
    forwarded_on: Mapped[date | None] = mapped_column(Day)
    accepted_on: Mapped[date | None] = mapped_column(Day)
    ended_on: Mapped[date | None] = mapped_column(Day)
    reason: Mapped[Any] = mapped_column(Sealed("notice", "reason"), nullable=True)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    sheet_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (
        of_case(),
        Index(None, "area", "state", "received_on"),
        Index(None, "case_id"),
        Index(None, "id_token"),
    )
