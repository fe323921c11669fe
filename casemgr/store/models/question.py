"""待核对: what the checks ask about one file, since when, and what was answered."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Key, Sealed


class Question(AreaScoped, Model):
    """One question: ``code`` of the check, ``facts`` a keyed digest of what it is about.

    The same facts are the same question, so an answer holds until they change. ``ended_on``: the facts have
    changed and nobody asks any more.
    """

    __tablename__ = "question"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(12))
    weight: Mapped[int] = mapped_column(SmallInteger)
    facts: Mapped[bytes] = mapped_column(LargeBinary(32))
    says: Mapped[Any] = mapped_column(Sealed("question", "says"))
    asked_on: Mapped[date] = mapped_column(Day)
    answered_on: Mapped[date | None] = mapped_column(Day)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[Any] = mapped_column(Sealed("question", "reason"), nullable=True)
    ended_on: Mapped[date | None] = mapped_column(Day)

    __table_args__ = (
        of_case(),
        UniqueConstraint("case_id", "code", "facts"),
        Index(None, "area", "ended_on", "answered_on"),
    )
