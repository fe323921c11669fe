"""年度事实: what an area reported for a year with its source; corrected by a further revision."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Instant, Key


class AreaFact(AreaScoped, Model):
    """One fact of one area and year; the newest revision holds, an empty ``value`` takes it back.

    ``key`` is a :class:`~casemgr.terms.area_fact.AreaFactKey`, ``source`` the document it stands in. Says
    nothing about people.
    """

    __tablename__ = "area_fact"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    year: Mapped[int] = mapped_column(SmallInteger)
    key: Mapped[int] = mapped_column(SmallInteger)
    value: Mapped[int | None] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(String(120))
    revision: Mapped[int] = mapped_column(SmallInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("area", "year", "key", "revision"),)
