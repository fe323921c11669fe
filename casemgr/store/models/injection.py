"""长效针剂: one dose given, and what a county has laid over the label of a product."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


class Dose(AreaScoped, Model):
    """一次注射; ``product`` is the id of lists/lai_products.json, ``dose_ug`` micrograms.

    ``partial``: not the whole dose went in, so that it is no injection. From ``role`` to ``followed_on`` a
    dose keeps its place in the course, so that its last doses answer for the whole: the role (``role_told``:
    entered, else inferred), the number since the start and the day of that start, how many days it lay from
    the due day inside the window, for how many days the label asks for oral cover with it and until when the
    latest cover of the course lasts, and the day of the dose that follows (empty: the last of its course).
    ``next_on`` is the doctor's own day for the next dose; ``stopped_on`` ends the course.
    """

    __tablename__ = "dose"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    product: Mapped[str] = mapped_column(String(24))
    on: Mapped[date] = mapped_column(Day)
    dose_ug: Mapped[int | None] = mapped_column(Integer)
    ordinal: Mapped[int | None] = mapped_column(SmallInteger)
    site: Mapped[int | None] = mapped_column(SmallInteger)
    batch: Mapped[str | None] = mapped_column(String(40))
    given_at: Mapped[Any] = mapped_column(Sealed("dose", "given_at"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    side: Mapped[int | None] = mapped_column(SmallInteger)
    interval_days: Mapped[int | None] = mapped_column(SmallInteger)
    partial: Mapped[bool | None] = mapped_column(Boolean)
    role: Mapped[int | None] = mapped_column(SmallInteger)
    role_told: Mapped[bool | None] = mapped_column(Boolean)
    number: Mapped[int | None] = mapped_column(SmallInteger)
    start_on: Mapped[date | None] = mapped_column(Day)
    aside: Mapped[int | None] = mapped_column(SmallInteger)
    cover_days: Mapped[int | None] = mapped_column(SmallInteger)
    cover_until: Mapped[date | None] = mapped_column(Day)
    followed_on: Mapped[date | None] = mapped_column(Day)
    cold_checked: Mapped[bool | None] = mapped_column(Boolean)
    reaction: Mapped[int | None] = mapped_column(SmallInteger)
    observed_until: Mapped[datetime | None] = mapped_column(Instant)
    place: Mapped[int | None] = mapped_column(SmallInteger)
    referral_id: Mapped[int | None] = mapped_column(BigInteger)
    next_on: Mapped[date | None] = mapped_column(Day)
    stopped_on: Mapped[date | None] = mapped_column(Day)
    stop_reason: Mapped[int | None] = mapped_column(SmallInteger)
    note: Mapped[Any] = mapped_column(Sealed("dose", "note"), nullable=True)

    __table_args__ = (of_case(), Index(None, "case_id", "on"), Index(None, "area", "on"))


class ProductLabel(Model):
    """县级说明书数据: figures a county has read in the label of a product and laid over the shipped ones.

    Never changed: the latest row of a county and product holds, ``withdrawn`` takes it back. ``figures`` is
    JSON by the key of the figure; ``checked``: held against the printed label by the author.
    """

    __tablename__ = "product_label"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    county: Mapped[int] = mapped_column(BigInteger)
    product: Mapped[str] = mapped_column(String(24))
    figures: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    labelled_on: Mapped[date] = mapped_column(Day)
    checked: Mapped[bool] = mapped_column(Boolean)
    withdrawn: Mapped[bool] = mapped_column(Boolean)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "county", "product"),)
