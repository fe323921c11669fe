"""查阅核对: one question about how names were looked at, and what the head of the unit says about it."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Key, Sealed


class MisuseQuestion(AreaScoped, Model):
    """查阅核对: ``counted`` acts of ``account`` on one day that are worth asking about; ``area`` is its own.

    ``case_key`` is the file it is about, 0 when it is about no single one; it may lie in another area, so it
    is no reference. ``entry`` is the audit entry that the question begins with. The county reads what is
    unanswered after ``due_on``.
    """

    __tablename__ = "misuse_question"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    account: Mapped[int] = mapped_column(BigInteger)
    role: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date] = mapped_column(Day)
    case_key: Mapped[int] = mapped_column(BigInteger)
    counted: Mapped[int] = mapped_column(Integer)
    entry: Mapped[int] = mapped_column(BigInteger)
    asked_on: Mapped[date] = mapped_column(Day)
    due_on: Mapped[date] = mapped_column(Day)
    answered_on: Mapped[date | None] = mapped_column(Day)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    verdict: Mapped[int | None] = mapped_column(SmallInteger)
    answer: Mapped[Any] = mapped_column(Sealed("misuse_question", "answer"), nullable=True)

    __table_args__ = (
        UniqueConstraint("account", "kind", "on", "case_key"),
        Index(None, "area", "answered_on"),
    )


class StaffHome(AreaScoped, Model):
    """In which village the holder of an account lives, said by the head of the unit; for this alone."""

    __tablename__ = "staff_home"

    account: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    village: Mapped[int] = mapped_column(BigInteger)
