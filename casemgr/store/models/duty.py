"""应办事项: every deadline with its rule and how it ended, who stands in for whom, and views of the list."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key


class Duty(AreaScoped, Model):
    """应办事项; derived from the records of the case by rules/duty, so (case, kind, origin) is unique.

    ``origin`` is the key of the record that began it, or a day as a number. ``urgency`` is the block of the
    worklist (1 first). ``remind_on``, ``assignee`` and ``settled_on`` are what people add; the rest is
    derived. ``opens_on`` is the day it is planned for, ``due_on`` the last day the rule allows.
    """

    __tablename__ = "duty"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    origin: Mapped[int] = mapped_column(BigInteger)
    began_on: Mapped[date] = mapped_column(Day)
    opens_on: Mapped[date] = mapped_column(Day)
    due_on: Mapped[date] = mapped_column(Day)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    calendar: Mapped[int] = mapped_column(SmallInteger)
    rule: Mapped[str] = mapped_column(String(24))
    because: Mapped[str] = mapped_column(String(120))
    urgency: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    ended_on: Mapped[date | None] = mapped_column(Day)
    remind_on: Mapped[date | None] = mapped_column(Day)
    assignee: Mapped[int | None] = mapped_column(BigInteger)
    # Said to be done by somebody, where no other record tells it (police told, letter sent).
    settled_on: Mapped[date | None] = mapped_column(Day)
    settled_by: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        of_case(),
        UniqueConstraint("case_id", "kind", "origin"),
        Index("ix_duty_worklist", "area", "state", "due_on", "case_id"),
    )


class StandIn(AreaScoped, Model):
    """代班: one account takes over the duties of another from ``since`` until ``until``."""

    __tablename__ = "stand_in"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    absent: Mapped[int] = mapped_column(BigInteger)
    instead: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[date] = mapped_column(Day)
    until: Mapped[date] = mapped_column(Day)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "area", "until"),)


class SavedFilter(AreaScoped, Model):
    """常用筛选: a view of a township's worklist that one account has named; ``first``: its list begins so.

    Codes and area keys alone: nobody's name is looked for, and the name of a view names nobody.
    """

    __tablename__ = "saved_filter"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    owner: Mapped[int] = mapped_column(BigInteger)
    label: Mapped[str] = mapped_column(String(20))
    block: Mapped[int | None] = mapped_column(SmallInteger)
    village: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[int | None] = mapped_column(SmallInteger)
    mine: Mapped[bool] = mapped_column(Boolean)
    first: Mapped[bool] = mapped_column(Boolean)
    recorded_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (UniqueConstraint("owner", "area", "label"),)
