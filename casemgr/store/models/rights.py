"""权利申请: what a patient or guardian asks for about the own data, its answer, and whom it has to reach."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class RightsRequest(AreaScoped, Model):
    """权利申请: ``what`` was asked, ``reason`` of the decision, ``review`` by a second doctor."""

    __tablename__ = "rights_request"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    asker: Mapped[int] = mapped_column(SmallInteger)
    asked_on: Mapped[date] = mapped_column(Day)
    due_on: Mapped[date] = mapped_column(Day)
    what: Mapped[Any] = mapped_column(Sealed("rights_request", "what"))
    state: Mapped[int] = mapped_column(SmallInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    decision: Mapped[int | None] = mapped_column(SmallInteger)
    ground: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[Any] = mapped_column(Sealed("rights_request", "reason"), nullable=True)
    decided_on: Mapped[date | None] = mapped_column(Day)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    review: Mapped[Any] = mapped_column(Sealed("rights_request", "review"), nullable=True)
    reviewed_on: Mapped[date | None] = mapped_column(Day)
    reviewed_by: Mapped[int | None] = mapped_column(BigInteger)
    closed_on: Mapped[date | None] = mapped_column(Day)
    letter_on: Mapped[date | None] = mapped_column(Day)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (of_case(), Index(None, "area", "state", "due_on"), Index(None, "case_id"))
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class ReceiverNotice(AreaScoped, Model):
    """告知接收方: a receiver of earlier content that its window does not tell, so that a letter has to.

    ``groups`` are the field groups it once received, ``given_on`` the last time. ``called`` is the name that
    the letter needs: kept from the act that raised the notice until it was sent, then empty.
    """

    __tablename__ = "receiver_notice"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    cause: Mapped[int] = mapped_column(SmallInteger)
    receiver: Mapped[int] = mapped_column(SmallInteger)
    receiver_area: Mapped[int] = mapped_column(BigInteger)
    groups: Mapped[int] = mapped_column(Integer)
    given_on: Mapped[date] = mapped_column(Day)
    called: Mapped[Any] = mapped_column(Sealed("receiver_notice", "called"), nullable=True)
    documents: Mapped[Any] = mapped_column(Sealed("receiver_notice", "documents"), nullable=True)
    raised_on: Mapped[date] = mapped_column(Day)
    letter_on: Mapped[date | None] = mapped_column(Day)
    told_on: Mapped[date | None] = mapped_column(Day)
    told_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (of_case(), Index(None, "area", "told_on"), Index(None, "case_id"))
    __mapper_args__ = MappingProxyType({"version_id_col": version})
