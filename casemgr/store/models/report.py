"""报表: issued reports and their further files, which lie in the instance folder, and the issuing agency."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, SmallInteger, String, UniqueConstraint
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


class Agency(AreaScoped, Model):
    """发文机关: how a county's 公文 names its agency; a change is a new row, so old papers keep theirs."""

    __tablename__ = "agency"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    title: Mapped[str] = mapped_column(String(60))
    code: Mapped[str] = mapped_column(String(20))
    letterhead: Mapped[bool]
    written_at: Mapped[datetime] = mapped_column(Instant)
    written_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "area"),)


class ReportFile(AreaScoped, Model):
    """One more form of an issued report: 公文, PDF/A or Excel; ``message`` says why there is no file."""

    __tablename__ = "report_file"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    report_id: Mapped[int] = mapped_column(ForeignKey("report.id", ondelete="CASCADE"))
    rendition: Mapped[int] = mapped_column(SmallInteger)
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("agency.id"))
    file_digest: Mapped[str] = mapped_column(String(64), index=True)
    file_name: Mapped[str] = mapped_column(String(80))
    size: Mapped[int] = mapped_column(Integer)
    message: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("report_id", "rendition"),)
