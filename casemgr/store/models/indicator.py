"""指标: closed months, their figures, the verdict on every person, what differs since, and who signed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class MonthClose(AreaScoped, Model):
    """月结: one closing of one month for one subtree; a later closing with other figures is a new revision.

    ``period`` is the month as a number, 202610. ``facts`` are the yearly facts its figures rest on, packed;
    empty of a closing made before they were kept.
    """

    __tablename__ = "month_close"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    period: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(SmallInteger)
    as_of: Mapped[date] = mapped_column(Day)
    edition: Mapped[str] = mapped_column(String(40))
    policy_digest: Mapped[str] = mapped_column(String(64))
    figures_digest: Mapped[str] = mapped_column(String(64))
    closed_at: Mapped[datetime] = mapped_column(Instant)
    closed_by: Mapped[int] = mapped_column(BigInteger)
    facts: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("area", "period", "revision"),)


class ClosedFigure(AreaScoped, Model):
    """One figure of a closed month: area and key with numerator and denominator."""

    __tablename__ = "closed_figure"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    close_id: Mapped[int] = mapped_column(ForeignKey("month_close.id", ondelete="CASCADE"))
    period: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[str] = mapped_column(String(40))
    numerator: Mapped[int] = mapped_column(Integer)
    denominator: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (UniqueConstraint("area", "period", "key", "revision"), Index(None, "close_id"))


class ClosedVerdicts(AreaScoped, Model):
    """The verdicts of one township in a closed month, packed; case keys and codes, no identity.

    ``reasons``: why each of them did not count, packed beside; empty of a closing made before they were kept.
    """

    __tablename__ = "closed_verdicts"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    close_id: Mapped[int] = mapped_column(ForeignKey("month_close.id", ondelete="CASCADE"))
    period: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(SmallInteger)
    cases_count: Mapped[int] = mapped_column(Integer)
    packed: Mapped[bytes] = mapped_column(LargeBinary)
    reasons: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("area", "period", "revision"), Index(None, "close_id"))


class ClosedDifference(AreaScoped, Model):
    """修订说明: the people of one township whom a closing counts otherwise than the one before, packed.

    ``since`` is the moment of the closing before, from which on a record counts as entered late.
    """

    __tablename__ = "closed_difference"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    close_id: Mapped[int] = mapped_column(ForeignKey("month_close.id", ondelete="CASCADE"))
    period: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime] = mapped_column(Instant)
    cases_count: Mapped[int] = mapped_column(Integer)
    packed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("area", "period", "revision"), Index(None, "close_id"))


class ClosingStep(AreaScoped, Model):
    """月结流程: one step of one closing (核对、审批、签发、退回重开), by whom and when."""

    __tablename__ = "closing_step"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    close_id: Mapped[int] = mapped_column(ForeignKey("month_close.id", ondelete="CASCADE"))
    step: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[Any] = mapped_column(Sealed("closing_step", "reason"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "close_id"),)
