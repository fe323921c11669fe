"""报表: one issued report; the file lies in the instance folder, its digest here."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Integer, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key


class Report(AreaScoped, Model):
    """A report as issued: number, digest of the figures, digest of the bytes."""

    __tablename__ = "report"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    period: Mapped[int] = mapped_column(Integer)
    revision: Mapped[int] = mapped_column(SmallInteger)
    as_of: Mapped[date] = mapped_column(Day)
    title: Mapped[str] = mapped_column(String(120))
    figures_digest: Mapped[str] = mapped_column(String(64))
    file_digest: Mapped[str] = mapped_column(String(64), index=True)
    file_name: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer)
    code: Mapped[str] = mapped_column(String(24), index=True)
    issued_at: Mapped[datetime] = mapped_column(Instant)
    issued_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("area", "kind", "period", "revision"),)
