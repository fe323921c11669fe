"""规律性核对: one pattern in the records of a month, and what its author says about it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Key, Sealed


class PatternQuestion(AreaScoped, Model):
    """记录规律: ``counted`` of ``visits`` visits of ``author`` (0: a file) in one township and month.

    The author sees it from ``asked_on``, the county once it is answered or after ``open_on``.
    """

    __tablename__ = "pattern_question"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    period: Mapped[int] = mapped_column(Integer)
    kind: Mapped[int] = mapped_column(SmallInteger)
    author: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int] = mapped_column(Integer)
    visits: Mapped[int] = mapped_column(Integer)
    asked_on: Mapped[date] = mapped_column(Day)
    open_on: Mapped[date] = mapped_column(Day)
    answered_on: Mapped[date | None] = mapped_column(Day)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    answer: Mapped[Any] = mapped_column(Sealed("pattern_question", "answer"), nullable=True)

    __table_args__ = (UniqueConstraint("area", "period", "kind", "author"), Index(None, "period"))
