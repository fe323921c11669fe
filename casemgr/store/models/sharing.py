"""信息提供: consents for one receiver, benefits, compared lists, data requests, impact notes, meetings."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Index,
    Integer,
    SmallInteger,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.models.register import of_case
from casemgr.store.scope import AreaScoped, ForReceiver
from casemgr.store.types import Day, Instant, Key, Sealed


class ShareConsent(AreaScoped, Model):
    """单独同意或申请: one receiver, purpose and document; ends on ``until``, or at once by withdrawal."""

    __tablename__ = "share_consent"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    benefit: Mapped[int] = mapped_column(SmallInteger)
    receiver: Mapped[int] = mapped_column(SmallInteger)
    giver: Mapped[int] = mapped_column(SmallInteger)
    capacity: Mapped[int] = mapped_column(SmallInteger)
    signed_on: Mapped[date] = mapped_column(Day)
    until: Mapped[date | None] = mapped_column(Day)
    signer: Mapped[Any] = mapped_column(Sealed("share_consent", "signer"), nullable=True)
    purpose: Mapped[Any] = mapped_column(Sealed("share_consent", "purpose"), nullable=True)
    withdrawn_on: Mapped[date | None] = mapped_column(Day)
    withdrawn_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (of_case(), Index(None, "case_id"), Index(None, "area", "receiver"))


class BenefitClaim(AreaScoped, ForReceiver, Model):
    """待遇办理: from the application to the result, for the one receiver who decides on it.

    The receiver reaches this row and writes ``answer``, ``sessions`` and the result; ``seen_on`` is the day
    the doctor has read what is new.
    """

    __tablename__ = "benefit_claim"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    consent_id: Mapped[int] = mapped_column(BigInteger)
    benefit: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    applied_on: Mapped[date] = mapped_column(Day)
    checked_on: Mapped[date | None] = mapped_column(Day)
    referred_on: Mapped[date | None] = mapped_column(Day)
    decided_on: Mapped[date | None] = mapped_column(Day)
    stopped_on: Mapped[date | None] = mapped_column(Day)
    stop_reason: Mapped[int | None] = mapped_column(SmallInteger)
    #: The guardian who is paid, yuan a month, and the account it is paid to.
    guardian_id: Mapped[int | None] = mapped_column(BigInteger)
    monthly: Mapped[int | None] = mapped_column(Integer)
    account: Mapped[Any] = mapped_column(Sealed("benefit_claim", "account"), nullable=True)
    agreement_on: Mapped[date | None] = mapped_column(Day)
    #: For a body of rehabilitation: what is needed, and how to receive the person without fear.
    needs: Mapped[Any] = mapped_column(Sealed("benefit_claim", "needs"), nullable=True)
    precautions: Mapped[Any] = mapped_column(Sealed("benefit_claim", "precautions"), nullable=True)
    #: What the other side said and when; sessions it reports.
    answered_on: Mapped[date | None] = mapped_column(Day)
    answer: Mapped[Any] = mapped_column(Sealed("benefit_claim", "answer"), nullable=True)
    sessions: Mapped[int | None] = mapped_column(SmallInteger)
    session_on: Mapped[date | None] = mapped_column(Day)
    seen_on: Mapped[date | None] = mapped_column(Day)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (
        of_case(),
        Index(None, "case_id"),
        Index(None, "area", "benefit", "state"),
        Index("ix_benefit_claim_receiver", "area", "receiver", "receiver_area", "state"),
    )


class DutyReview(AreaScoped, Model):
    """监护职责审核 of one quarter (``quarter`` as 20264): which duties were met, and whether it is paid."""

    __tablename__ = "duty_review"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    case_id: Mapped[int] = mapped_column(BigInteger)
    claim_id: Mapped[int] = mapped_column(BigInteger)
    quarter: Mapped[int] = mapped_column(Integer)
    met: Mapped[int] = mapped_column(SmallInteger)
    incident: Mapped[bool] = mapped_column(Boolean)
    passed: Mapped[bool] = mapped_column(Boolean)
    reviewed_on: Mapped[date] = mapped_column(Day)
    note: Mapped[Any] = mapped_column(Sealed("duty_review", "note"), nullable=True)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), UniqueConstraint("claim_id", "quarter"), Index(None, "case_id"))


class ListComparison(AreaScoped, Model):
    """名单比对: one list of another side; its rows are gone, row numbers and verdicts stay sealed."""

    __tablename__ = "list_comparison"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    party: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date] = mapped_column(Day)
    counts: Mapped[Any] = mapped_column(JSON, default=dict)
    verdicts: Mapped[Any] = mapped_column(Sealed("list_comparison", "verdicts"), nullable=True)
    #: Of the verdicts as they went out; the same list under the same register gives the same digest.
    file_digest: Mapped[str] = mapped_column(String(64))
    returned_at: Mapped[datetime | None] = mapped_column(Instant)
    returned_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (Index(None, "area", "on"),)


class ComparisonQuestion(AreaScoped, Model):
    """比对疑问: one file, or one row of theirs, that somebody must look into; answered once."""

    __tablename__ = "comparison_question"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    comparison_id: Mapped[int] = mapped_column(BigInteger)
    case_id: Mapped[int | None] = mapped_column(BigInteger)
    row: Mapped[int | None] = mapped_column(Integer)
    finding: Mapped[int] = mapped_column(SmallInteger)
    answered_on: Mapped[date | None] = mapped_column(Day)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    answer: Mapped[Any] = mapped_column(Sealed("comparison_question", "answer"), nullable=True)

    __table_args__ = (of_case(), Index(None, "comparison_id"), Index(None, "case_id"))


class DataRequest(AreaScoped, Model):
    """资料调取: a document asks for fields of people; somebody else approves, then it is handed out once.

    ``until`` is the last day of an approval, ``releases`` how often it was handed out; a further time is
    asked for anew: ``again`` says why, ``again_by`` who, and another account decides.
    """

    __tablename__ = "data_request"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    state: Mapped[int] = mapped_column(SmallInteger)
    requester: Mapped[int] = mapped_column(SmallInteger)
    number: Mapped[str] = mapped_column(String(60))
    authority: Mapped[Any] = mapped_column(Sealed("data_request", "authority"), nullable=True)
    ground: Mapped[Any] = mapped_column(Sealed("data_request", "ground"), nullable=True)
    purpose: Mapped[Any] = mapped_column(Sealed("data_request", "purpose"), nullable=True)
    received_on: Mapped[date] = mapped_column(Day)
    asked_fields: Mapped[int] = mapped_column(Integer)
    fields: Mapped[int | None] = mapped_column(Integer)
    decided_on: Mapped[date | None] = mapped_column(Day)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    refusal: Mapped[Any] = mapped_column(Sealed("data_request", "refusal"), nullable=True)
    released_on: Mapped[date | None] = mapped_column(Day)
    released_by: Mapped[int | None] = mapped_column(BigInteger)
    until: Mapped[date | None] = mapped_column(Day)
    releases: Mapped[int] = mapped_column(SmallInteger, default=0, server_default="0")
    again: Mapped[Any] = mapped_column(Sealed("data_request", "again"), nullable=True)
    again_on: Mapped[date | None] = mapped_column(Day)
    again_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})
    __table_args__ = (UniqueConstraint("area", "number"), Index(None, "area", "state"))


class RequestPerson(AreaScoped, Model):
    """调取对象: one person whom a data request names."""

    __tablename__ = "request_person"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    request_id: Mapped[int] = mapped_column(BigInteger)
    case_id: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (of_case(), UniqueConstraint("request_id", "case_id"), Index(None, "case_id"))


class ImpactNote(Model):
    """影响评估 of one county: who receives what, why, the risk and what is done; kept three years.

    It is about a flow and about nobody, and every doctor of the county must know whether it is there.
    """

    __tablename__ = "impact_note"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    county: Mapped[int] = mapped_column(BigInteger)
    flow: Mapped[int] = mapped_column(SmallInteger)
    written_on: Mapped[date] = mapped_column(Day)
    keep_until: Mapped[date] = mapped_column(Day)
    receiver: Mapped[Any] = mapped_column(Sealed("impact_note", "receiver"), nullable=True)
    what: Mapped[Any] = mapped_column(Sealed("impact_note", "what"), nullable=True)
    necessity: Mapped[Any] = mapped_column(Sealed("impact_note", "necessity"), nullable=True)
    risk: Mapped[Any] = mapped_column(Sealed("impact_note", "risk"), nullable=True)
    measures: Mapped[Any] = mapped_column(Sealed("impact_note", "measures"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (Index(None, "county", "flow"),)


class GroupMeeting(AreaScoped, Model):
    """工作例会: one meeting of the group of an area, with the counts that were laid before it."""

    __tablename__ = "group_meeting"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    on: Mapped[date] = mapped_column(Day)
    counts: Mapped[Any] = mapped_column(JSON, default=dict)
    agenda: Mapped[Any] = mapped_column(Sealed("group_meeting", "agenda"), nullable=True)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    recorded_by: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (UniqueConstraint("area", "on"),)
