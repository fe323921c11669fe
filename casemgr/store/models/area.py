"""区划机构: the area tree and the units that manage people; public reference data, not scoped."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Key


class Area(Model):
    """区划 (省、市、县、乡镇、村)."""

    __tablename__ = "area"

    code: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(80))
    level: Mapped[int] = mapped_column(SmallInteger)
    parent: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("area.code"))
    population: Mapped[int | None] = mapped_column(Integer)
    population_year: Mapped[int | None] = mapped_column(SmallInteger)

    __table_args__ = (Index(None, "parent"),)


class Unit(Model):
    """管理单位; ``area_code`` is the highest area it serves (a township for a health centre)."""

    __tablename__ = "unit"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(24), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    area_code: Mapped[int] = mapped_column(BigInteger, ForeignKey("area.code"))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
