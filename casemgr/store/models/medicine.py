"""用药医嘱、发药与库存: dated drug lines, orders of no medicine, what was handed out, what a township has."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class DrugEntry(Model):
    """药品目录的县级改动: a line a county added, changed or disabled; the latest of a code holds.

    Says nothing about people; ``strength_ug`` is micrograms of one unit (片、粒、支).
    """

    __tablename__ = "drug_entry"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    county: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(24))
    title: Mapped[str] = mapped_column(String(60))
    ingredient: Mapped[str] = mapped_column(String(40))
    strength_ug: Mapped[int | None] = mapped_column(Integer)
    unit: Mapped[str] = mapped_column(String(8))
    drug_class: Mapped[int] = mapped_column(SmallInteger)
    second_generation: Mapped[bool] = mapped_column(Boolean)
    long_acting: Mapped[bool] = mapped_column(Boolean)
    free_programme: Mapped[bool] = mapped_column(Boolean)
    product: Mapped[str | None] = mapped_column(String(24))
    active: Mapped[bool] = mapped_column(Boolean)
    source: Mapped[str] = mapped_column(String(120))
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "county", "code", "recorded_at"),)


class RegimenLine(AreaScoped, Model):
    """用药医嘱的一行: from ``since`` until the day before ``stopped_on``; never deleted.

    ``code`` names a drug of the catalogue, ``ingredient`` and ``drug_class`` are its substance and class on
    that day; a drug that is not in it has its ``name`` alone. A change is a stopped line and a new one that
    ``replaces`` it. ``visit_id`` is the visit it was taken over from.
    """

    __tablename__ = "regimen_line"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str | None] = mapped_column(String(24))
    ingredient: Mapped[str | None] = mapped_column(String(40))
    drug_class: Mapped[int | None] = mapped_column(SmallInteger)
    name: Mapped[Any] = mapped_column(Sealed("regimen_line", "name"), nullable=True)
    long_acting: Mapped[bool] = mapped_column(Boolean)
    morning_ug: Mapped[int | None] = mapped_column(Integer)
    noon_ug: Mapped[int | None] = mapped_column(Integer)
    evening_ug: Mapped[int | None] = mapped_column(Integer)
    every_weeks: Mapped[int | None] = mapped_column(SmallInteger)
    dose_ug: Mapped[int | None] = mapped_column(Integer)
    since: Mapped[date] = mapped_column(Day)
    prescriber: Mapped[Any] = mapped_column(Sealed("regimen_line", "prescriber"), nullable=True)
    stopped_on: Mapped[date | None] = mapped_column(Day)
    stop_reason: Mapped[int | None] = mapped_column(SmallInteger)
    stop_note: Mapped[Any] = mapped_column(Sealed("regimen_line", "stop_note"), nullable=True)
    replaces: Mapped[int | None] = mapped_column(BigInteger)
    visit_id: Mapped[int | None] = mapped_column(BigInteger)
    # The kinds of watched drugs it belongs to, so that tests are asked for without opening a name.
    watch: Mapped[int | None] = mapped_column(SmallInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    stopped_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (of_case(), Index(None, "case_id", "since"), Index(None, "area", "stopped_on"))
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class NoMedicine(AreaScoped, Model):
    """医嘱勿需用药: from ``since`` until the day before ``ended_on``, an order of its own."""

    __tablename__ = "no_medicine"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[date] = mapped_column(Day)
    prescriber: Mapped[Any] = mapped_column(Sealed("no_medicine", "prescriber"))
    reason: Mapped[Any] = mapped_column(Sealed("no_medicine", "reason"), nullable=True)
    ended_on: Mapped[date | None] = mapped_column(Day)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    ended_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (of_case(), Index(None, "case_id", "since"))
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class Dispensing(AreaScoped, Model):
    """发药: one entry of the ledger; ``counters`` names the entry that it takes back (冲正), none is deleted.

    ``quantity`` in units of the drug, ``days`` it lasts; both negative in a counter-entry. ``insurance``,
    ``assistance`` and ``free`` are states of the payers (terms.medication.PayerState), amounts are in fen.
    """

    __tablename__ = "dispensing"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    line_id: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(24))
    ingredient: Mapped[str] = mapped_column(String(40))
    drug_class: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date] = mapped_column(Day)
    quantity: Mapped[int] = mapped_column(Integer)
    days: Mapped[int] = mapped_column(SmallInteger)
    batch: Mapped[str | None] = mapped_column(String(40))
    lot_id: Mapped[int | None] = mapped_column(BigInteger)
    insurance: Mapped[int] = mapped_column(SmallInteger)
    insurance_fen: Mapped[int | None] = mapped_column(Integer)
    assistance: Mapped[int] = mapped_column(SmallInteger)
    assistance_fen: Mapped[int | None] = mapped_column(Integer)
    free: Mapped[int] = mapped_column(SmallInteger)
    free_fen: Mapped[int | None] = mapped_column(Integer)
    own_fen: Mapped[int | None] = mapped_column(Integer)
    fetcher: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[Any] = mapped_column(Sealed("dispensing", "reason"), nullable=True)
    counters: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        of_case(),
        # An entry is taken back once at most.
        UniqueConstraint("counters"),
        Index(None, "case_id", "on"),
        Index(None, "area", "on"),
    )


class StockLot(AreaScoped, Model):
    """库存批次 of one township; ``quantity`` is the sum of its moves, in units of the drug."""

    __tablename__ = "stock_lot"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(24))
    batch: Mapped[str] = mapped_column(String(40))
    expires_on: Mapped[date] = mapped_column(Day)
    quantity: Mapped[int] = mapped_column(Integer)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (UniqueConstraint("id", "area"), UniqueConstraint("area", "code", "batch"))
    # Two people who hand out the same lot at once: the second one is told to look again.
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class StockMove(AreaScoped, Model):
    """库存变动: one line of a lot's ledger, ``quantity`` positive in and negative out."""

    __tablename__ = "stock_move"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    lot_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date] = mapped_column(Day)
    quantity: Mapped[int] = mapped_column(Integer)
    dispensing_id: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[Any] = mapped_column(Sealed("stock_move", "reason"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        ForeignKeyConstraint(["lot_id", "area"], ["stock_lot.id", "stock_lot.area"]),
        Index(None, "lot_id", "on"),
    )
