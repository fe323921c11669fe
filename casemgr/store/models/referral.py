"""转诊: one referral up or down and how far it has come (表10)."""

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


class Referral(AreaScoped, Model):
    """双向转诊; ``sent_on`` begins the two weeks in which the result is to be learned."""

    __tablename__ = "referral"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    direction: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    advised_on: Mapped[date] = mapped_column(Day)
    sent_on: Mapped[date | None] = mapped_column(Day)
    answered_on: Mapped[date | None] = mapped_column(Day)
    result_on: Mapped[date | None] = mapped_column(Day)
    back_on: Mapped[date | None] = mapped_column(Day)
    reason: Mapped[Any] = mapped_column(Sealed("referral", "reason"), nullable=True)
    target: Mapped[Any] = mapped_column(Sealed("referral", "target"), nullable=True)
    result: Mapped[Any] = mapped_column(Sealed("referral", "result"), nullable=True)
    visit_id: Mapped[int | None] = mapped_column(BigInteger)
    sheet_id: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (of_case(), Index(None, "case_id", "advised_on"))
