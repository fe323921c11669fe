"""授权: what is granted for a time: emergency readings (紧急查看) and loosened lines of the matrix (放宽)."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Glass(AreaScoped, Model):
    """紧急查看: ``account``, who does not reach this person, reads the one file until ``ends_at``.

    ``area`` is the person's, ``reader_area`` the reader's; ``reason`` a :class:`GlassReason`, ``words`` what
    was happening. Until ``due_on`` the unit of the person says whether it had to be, afterwards the county.
    """

    __tablename__ = "glass"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    account: Mapped[int] = mapped_column(BigInteger)
    reader_area: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[int] = mapped_column(SmallInteger)
    words: Mapped[Any] = mapped_column(Sealed("glass", "words"))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    looks: Mapped[int] = mapped_column(SmallInteger, default=0)
    due_on: Mapped[date] = mapped_column(Day)
    verdict: Mapped[int | None] = mapped_column(SmallInteger)
    verdict_words: Mapped[Any] = mapped_column(Sealed("glass", "verdict_words"), nullable=True)
    reviewed_at: Mapped[datetime | None] = mapped_column(Instant)
    reviewed_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (
        of_case(),
        Index(None, "case_id"),
        Index(None, "account", "ends_at"),
        Index(None, "area", "verdict"),
    )


class MatrixLoosening(Model):
    """矩阵放宽: one line of the matrix is loosened by a document between two days (both included).

    ``key`` names what the code knows to loosen; it holds when somebody else than the proposer has approved,
    for what lies in the area ``over`` (0: everywhere, from before there were areas). ``approver`` is the
    office that signed the document ``number``.
    """

    __tablename__ = "matrix_loosening"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(12))
    number: Mapped[str] = mapped_column(String(80))
    over: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    approver: Mapped[str] = mapped_column(String(80), default="", server_default="")
    impact: Mapped[str] = mapped_column(String(1000))
    valid_from: Mapped[date] = mapped_column(Day)
    valid_to: Mapped[date] = mapped_column(Day)
    state: Mapped[int] = mapped_column(SmallInteger)
    proposed_by: Mapped[int] = mapped_column(BigInteger)
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(BigInteger)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (Index(None, "state", "valid_to"),)
