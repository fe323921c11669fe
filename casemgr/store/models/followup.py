"""随访: one visit on form 表8, its free texts (sealed) and its drug lines."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
    bindparam,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed

#: A visit that counted 肇事 or 肇祸; a partial index is used by statements that say the same, number and all.
OFFENCE = "offence_count > 0 OR crime_count > 0"


class Visit(AreaScoped, Model):
    """随访服务记录 (表8, layouts 2017 and 2018): coded facts only. Empty means 未评估."""

    __tablename__ = "visit"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    on: Mapped[date] = mapped_column(Day)
    form_version: Mapped[int] = mapped_column(SmallInteger)
    mode: Mapped[int | None] = mapped_column(SmallInteger)
    informants: Mapped[int | None] = mapped_column(SmallInteger)
    loss_reason: Mapped[int | None] = mapped_column(SmallInteger)
    died_on: Mapped[date | None] = mapped_column(Day)
    death_cause: Mapped[int | None] = mapped_column(SmallInteger)
    death_disease: Mapped[int | None] = mapped_column(SmallInteger)
    risk: Mapped[int | None] = mapped_column(SmallInteger)
    symptoms: Mapped[int | None] = mapped_column(SmallInteger)
    insight: Mapped[int | None] = mapped_column(SmallInteger)
    sleep: Mapped[int | None] = mapped_column(SmallInteger)
    diet: Mapped[int | None] = mapped_column(SmallInteger)
    self_care: Mapped[int | None] = mapped_column(SmallInteger)
    housework: Mapped[int | None] = mapped_column(SmallInteger)
    work: Mapped[int | None] = mapped_column(SmallInteger)
    study: Mapped[int | None] = mapped_column(SmallInteger)
    contact: Mapped[int | None] = mapped_column(SmallInteger)
    acts: Mapped[int | None] = mapped_column(SmallInteger)
    disturbance_count: Mapped[int | None] = mapped_column(SmallInteger)
    offence_count: Mapped[int | None] = mapped_column(SmallInteger)
    crime_count: Mapped[int | None] = mapped_column(SmallInteger)
    other_harm_count: Mapped[int | None] = mapped_column(SmallInteger)
    self_harm_count: Mapped[int | None] = mapped_column(SmallInteger)
    suicide_attempt_count: Mapped[int | None] = mapped_column(SmallInteger)
    confinement: Mapped[int | None] = mapped_column(SmallInteger)
    hospital: Mapped[int | None] = mapped_column(SmallInteger)
    discharged_on: Mapped[date | None] = mapped_column(Day)
    discharged_precision: Mapped[int | None] = mapped_column(SmallInteger)
    laboratory: Mapped[int | None] = mapped_column(SmallInteger)
    adherence: Mapped[int | None] = mapped_column(SmallInteger)
    adverse_reaction: Mapped[int | None] = mapped_column(SmallInteger)
    outcome: Mapped[int | None] = mapped_column(SmallInteger)
    referral_advised: Mapped[int | None] = mapped_column(SmallInteger)
    referred: Mapped[int | None] = mapped_column(SmallInteger)
    rehab_measures: Mapped[int | None] = mapped_column(SmallInteger)
    stability: Mapped[int | None] = mapped_column(SmallInteger)
    next_on: Mapped[date | None] = mapped_column(Day)
    # Said besides the form; what the table of classes suggested; who agreed to a lower danger level.
    evident_symptoms: Mapped[bool | None] = mapped_column(Boolean)
    serious_reaction: Mapped[bool | None] = mapped_column(Boolean)
    serious_illness: Mapped[bool | None] = mapped_column(Boolean)
    # The highest danger level that stood here before a change took it away, from 3 on.
    peak_risk: Mapped[int | None] = mapped_column(SmallInteger)
    suggested: Mapped[int | None] = mapped_column(SmallInteger)
    suggested_rule: Mapped[str | None] = mapped_column(String(24))
    confirmed_by: Mapped[int | None] = mapped_column(BigInteger)
    confirmed_on: Mapped[date | None] = mapped_column(Day)
    declined_by: Mapped[int | None] = mapped_column(BigInteger)
    declined_on: Mapped[date | None] = mapped_column(Day)
    # The kinds of watched drugs among those it names (terms.monitoring); the names themselves are sealed.
    watch: Mapped[int | None] = mapped_column(SmallInteger)
    entered_on: Mapped[date | None] = mapped_column(Day)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (
        of_case(),
        UniqueConstraint("id", "area"),
        # FU-C12: one visit a day; also the way to a person's visits in order.
        UniqueConstraint("case_id", "on"),
        # Counting reads these columns only, so the index answers without touching the rows.
        Index(
            "ix_visit_counting",
            "area",
            "on",
            "case_id",
            "mode",
            "informants",
            "loss_reason",
            "risk",
            "symptoms",
            "stability",
            "adherence",
            "hospital",
            "entered_on",
        ),
        Index("ix_visit_in_hospital", "hospital", "area", "on", "case_id"),
        # The few visits that told of 肇事 or 肇祸.
        Index(
            "ix_visit_offence",
            "area",
            "on",
            "case_id",
            "offence_count",
            "crime_count",
            sqlite_where=text(OFFENCE),
            postgresql_where=text(OFFENCE),
        ),
    )
    __mapper_args__ = MappingProxyType({"version_id_col": version})

    @classmethod
    def tells_offence(cls) -> ColumnElement[bool]:
        """Whether it told of 肇事 or 肇祸; written out as the condition of the index is."""
        none: BindParameter[int] = bindparam("none", 0, literal_execute=True, unique=True)
        return or_(cls.offence_count > none, cls.crime_count > none)


def _of_visit() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["visit_id", "area"], ["visit.id", "visit.area"], onupdate="CASCADE", ondelete="CASCADE"
    )


class VisitText(AreaScoped, Model):
    """Free texts of a visit, sealed; the row exists only when one of them is filled."""

    __tablename__ = "visit_text"

    visit_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    symptoms_other: Mapped[Any] = mapped_column(Sealed("visit_text", "symptoms_other"), nullable=True)
    laboratory: Mapped[Any] = mapped_column(Sealed("visit_text", "laboratory"), nullable=True)
    adverse_reaction: Mapped[Any] = mapped_column(Sealed("visit_text", "adverse_reaction"), nullable=True)
    referral_reason: Mapped[Any] = mapped_column(Sealed("visit_text", "referral_reason"), nullable=True)
    referral_to: Mapped[Any] = mapped_column(Sealed("visit_text", "referral_to"), nullable=True)
    referral_contact: Mapped[Any] = mapped_column(Sealed("visit_text", "referral_contact"), nullable=True)
    measures_other: Mapped[Any] = mapped_column(Sealed("visit_text", "measures_other"), nullable=True)
    doctor: Mapped[Any] = mapped_column(Sealed("visit_text", "doctor"), nullable=True)
    class_reason: Mapped[Any] = mapped_column(Sealed("visit_text", "class_reason"), nullable=True)
    note: Mapped[Any] = mapped_column(Sealed("visit_text", "note"), nullable=True)

    __table_args__ = (_of_visit(),)
    row_key = "visit_id"


class DrugLine(AreaScoped, Model):
    """用药情况 / 用药指导: one line; morning, noon, evening, or every n weeks for a long-acting drug."""

    __tablename__ = "drug_line"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    visit_id: Mapped[int] = mapped_column(BigInteger)
    guidance: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(SmallInteger)
    long_acting: Mapped[bool] = mapped_column(default=False)
    name: Mapped[Any] = mapped_column(Sealed("drug_line", "name"))
    morning_ug: Mapped[int | None] = mapped_column(Integer)
    noon_ug: Mapped[int | None] = mapped_column(Integer)
    evening_ug: Mapped[int | None] = mapped_column(Integer)
    times_per_day: Mapped[int | None] = mapped_column(SmallInteger)
    times_per_month: Mapped[int | None] = mapped_column(SmallInteger)
    every_weeks: Mapped[int | None] = mapped_column(SmallInteger)
    dose_ug: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (_of_visit(), Index(None, "visit_id"))
