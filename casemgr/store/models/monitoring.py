"""用药监测: results of tests, and what a doctor has stated about the drugs whose tests are watched."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class LabResult(AreaScoped, Model):
    """检验结果: one test of one day; ``test`` is a code of lists/laboratory.csv.

    ``value``, ``low`` and ``high`` (reference range) are thousandths of the test's own unit; a test without a
    number has its ``finding`` alone. ``written`` is what stands on the paper, before any conversion.
    ``entry`` is the form it came with, so that a second press writes nothing. ``void``: entered by mistake,
    kept and counted no more. ``steps`` is what was done about a critical value, told on ``handled_on``.
    """

    __tablename__ = "lab_result"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    entry: Mapped[int] = mapped_column(BigInteger)
    test: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date] = mapped_column(Day)
    value: Mapped[int | None] = mapped_column(Integer)
    low: Mapped[int | None] = mapped_column(Integer)
    high: Mapped[int | None] = mapped_column(Integer)
    finding: Mapped[int | None] = mapped_column(SmallInteger)
    source: Mapped[int | None] = mapped_column(SmallInteger)
    written: Mapped[Any] = mapped_column(Sealed("lab_result", "written"), nullable=True)
    laboratory: Mapped[Any] = mapped_column(Sealed("lab_result", "laboratory"), nullable=True)
    note: Mapped[Any] = mapped_column(Sealed("lab_result", "note"), nullable=True)
    void: Mapped[bool] = mapped_column(Boolean, default=False)
    handled_on: Mapped[date | None] = mapped_column(Day)
    handled_by: Mapped[int | None] = mapped_column(BigInteger)
    steps: Mapped[int | None] = mapped_column(SmallInteger)
    handling: Mapped[Any] = mapped_column(Sealed("lab_result", "handling"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (
        of_case(),
        UniqueConstraint("entry", "test"),
        Index(None, "case_id", "on"),
    )
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class DrugWatch(AreaScoped, Model):
    """监测用药: what a doctor states of a watched drug: when begun, when ended, in which phase."""

    __tablename__ = "drug_watch"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    drug: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[date | None] = mapped_column(Day)
    until: Mapped[date | None] = mapped_column(Day)
    phase: Mapped[int | None] = mapped_column(SmallInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (of_case(), UniqueConstraint("case_id", "drug"))
    __mapper_args__ = MappingProxyType({"version_id_col": version})
