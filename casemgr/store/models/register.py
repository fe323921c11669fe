"""在册档案: the file of one person in the register, its dated states, consent and supplement."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.person import of_person
from casemgr.store.scope import AreaScoped
from casemgr.store.types import Day, Instant, Key, Sealed


def of_case() -> ForeignKeyConstraint:
    """The composite key that ties a row to its case within the same area."""
    return ForeignKeyConstraint(
        ["case_id", "area"], ["case_file.id", "case_file.area"], onupdate="CASCADE", ondelete="CASCADE"
    )


class Case(AreaScoped, Model):
    """在册档案; ``area`` is the managing unit's, ``village`` where the person lives.

    Life cycle (在册状态) and management (管理状态) are two states kept apart. The columns here are the
    present; the past is in :class:`CaseState`. ``pause`` (暂停按期随访) says why visits follow a plan of
    their own until ``paused_until``.
    """

    __tablename__ = "case_file"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    person_id: Mapped[int] = mapped_column(BigInteger)
    county: Mapped[int] = mapped_column(BigInteger)
    file_no: Mapped[str] = mapped_column(String(24))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    village: Mapped[int | None] = mapped_column(BigInteger)
    sex: Mapped[int | None] = mapped_column(SmallInteger)
    birth_year: Mapped[int | None] = mapped_column(SmallInteger)
    diagnosis: Mapped[int] = mapped_column(SmallInteger)
    icd10: Mapped[str | None] = mapped_column(String(10))
    registered_on: Mapped[date] = mapped_column(Day)
    ground: Mapped[int | None] = mapped_column(SmallInteger)
    article30: Mapped[bool] = mapped_column(Boolean, default=False)
    consent: Mapped[int | None] = mapped_column(SmallInteger)
    consent_on: Mapped[date | None] = mapped_column(Day)
    lifecycle: Mapped[int] = mapped_column(SmallInteger, default=1)
    lifecycle_on: Mapped[date | None] = mapped_column(Day)
    death_cause: Mapped[int | None] = mapped_column(SmallInteger)
    death_disease: Mapped[int | None] = mapped_column(SmallInteger)
    management: Mapped[int | None] = mapped_column(SmallInteger)
    management_on: Mapped[date | None] = mapped_column(Day)
    pause: Mapped[int | None] = mapped_column(SmallInteger)
    paused_until: Mapped[date | None] = mapped_column(Day)
    created_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (
        of_person(),
        UniqueConstraint("id", "area"),
        UniqueConstraint("county", "file_no"),
        Index(None, "area", "file_no"),
        # Lists of a whole county are counted and put in order without touching the rows.
        Index("ix_case_file_list", "county", "lifecycle", "file_no", "area"),
        Index(None, "person_id"),
    )
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class CaseState(AreaScoped, Model):
    """状态历史: one value of one track from ``since`` until ``until`` (open when empty)."""

    __tablename__ = "case_state"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    track: Mapped[int] = mapped_column(SmallInteger)
    value: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[date] = mapped_column(Day)
    until: Mapped[date | None] = mapped_column(Day)
    reason: Mapped[Any] = mapped_column(Sealed("case_state", "reason"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (of_case(), Index(None, "case_id", "track", "since"), Index(None, "until"))


class Consent(AreaScoped, Model):
    """知情同意: every answer with its day."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    answer: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date | None] = mapped_column(Day)
    signer: Mapped[Any] = mapped_column(Sealed("consent", "signer"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (of_case(), Index(None, "case_id"))


class Supplement(AreaScoped, Model):
    """个人信息补充表 (表7): history and circumstances, one row a case."""

    __tablename__ = "supplement"

    case_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    diagnosed_at: Mapped[Any] = mapped_column(Sealed("supplement", "diagnosed_at"), nullable=True)
    diagnosed_on: Mapped[date | None] = mapped_column(Day)
    diagnosed_precision: Mapped[int | None] = mapped_column(SmallInteger)
    onset_on: Mapped[date | None] = mapped_column(Day)
    onset_precision: Mapped[int | None] = mapped_column(SmallInteger)
    treated_on: Mapped[date | None] = mapped_column(Day)
    treated_precision: Mapped[int | None] = mapped_column(SmallInteger)
    admissions_count: Mapped[int | None] = mapped_column(SmallInteger)
    past_symptoms: Mapped[int | None] = mapped_column(SmallInteger)
    past_confinement: Mapped[int | None] = mapped_column(SmallInteger)
    past_acts: Mapped[int | None] = mapped_column(SmallInteger)
    past_treatment: Mapped[int | None] = mapped_column(SmallInteger)
    economy: Mapped[int | None] = mapped_column(SmallInteger)
    subsidised: Mapped[bool | None] = mapped_column(Boolean)
    disability_grade: Mapped[int | None] = mapped_column(SmallInteger)
    care_team: Mapped[bool | None] = mapped_column(Boolean)
    family_doctor: Mapped[bool | None] = mapped_column(Boolean)
    note: Mapped[Any] = mapped_column(Sealed("supplement", "note"), nullable=True)
    #: Last discharge, the day to ask again for a document, the day the benefit card was seen (表7, checks).
    discharged_on: Mapped[date | None] = mapped_column(Day)
    discharged_precision: Mapped[int | None] = mapped_column(SmallInteger)
    document_ask_on: Mapped[date | None] = mapped_column(Day)
    poverty_seen_on: Mapped[date | None] = mapped_column(Day)
    #: Of 表6 only what is needed without opening it: where somebody is registered, and what warns.
    residency: Mapped[int | None] = mapped_column(SmallInteger)
    allergies: Mapped[int | None] = mapped_column(SmallInteger)
    allergy_other: Mapped[Any] = mapped_column(Sealed("supplement", "allergy_other"), nullable=True)
    no_contact: Mapped[int | None] = mapped_column(SmallInteger)
    no_contact_note: Mapped[Any] = mapped_column(Sealed("supplement", "no_contact_note"), nullable=True)

    __table_args__ = (of_case(),)
    row_key = "case_id"


class PauseSpell(AreaScoped, Model):
    """暂停按期随访: one stay in hospital or away, from ``since`` until it was planned to end and did end.

    The running one stands in :class:`Case` too, so that lists need not look for it.
    """

    __tablename__ = "pause_spell"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[date] = mapped_column(Day)
    planned_until: Mapped[date | None] = mapped_column(Day)
    ended_on: Mapped[date | None] = mapped_column(Day)
    reason: Mapped[Any] = mapped_column(Sealed("pause_spell", "reason"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), Index(None, "case_id", "since"))
