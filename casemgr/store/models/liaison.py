"""部门联络: what one receiver may see of one person, what became of it, tasks to partners and their reports.

A receiver is a role together with an area (the police post of a township). These are the only rows about
people that an account of such a role can reach; what is to be seen lies in them as a sealed copy, so that
nothing has to be looked up in a file when it is shown. They are tied to the file by ``file_key`` without a
foreign key: a line stays with the receiver who has it when the file moves to another township.
"""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Boolean, Index, Integer, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.scope import AreaScoped, ForReceiver
from casemgr.store.types import Day, Instant, Key, Sealed


class Disclosure(AreaScoped, ForReceiver, Model):
    """披露: what one receiver may see of one person from ``valid_from`` on, why, and until when.

    ``conditions`` are those of the matrix (a mask), ``reason`` what it was that met them, with its evidence:
    ``grade`` and ``evidence_on`` (the day of the assessment, of the act, of the application), ``origin`` the
    key of the record it comes from. ``groups`` are the field groups (a mask), ``sheet`` the sealed JSON of
    exactly these fields, ``alias`` how the person is called on a list, ``source`` tells whether what it was
    made from has changed. A withdrawn line has no sheet. ``received_at`` is the receipt for what stands there
    now; ``seen_at`` when it was first opened.
    """

    __tablename__ = "disclosure"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    file_key: Mapped[int] = mapped_column(BigInteger)
    conditions: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[int] = mapped_column(SmallInteger)
    ground: Mapped[str] = mapped_column(String(240))
    grade: Mapped[int | None] = mapped_column(SmallInteger)
    evidence_on: Mapped[date | None] = mapped_column(Day)
    origin: Mapped[int | None] = mapped_column(BigInteger)
    groups: Mapped[int] = mapped_column(Integer)
    village: Mapped[int | None] = mapped_column(BigInteger)
    alias: Mapped[Any] = mapped_column(Sealed("disclosure", "alias"), nullable=True)
    sheet: Mapped[Any] = mapped_column(Sealed("disclosure", "sheet"), nullable=True)
    source: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    valid_from: Mapped[date] = mapped_column(Day)
    valid_until: Mapped[date | None] = mapped_column(Day)
    withdrawn_on: Mapped[date | None] = mapped_column(Day)
    withdrawal: Mapped[int | None] = mapped_column(SmallInteger)
    corrected_on: Mapped[date | None] = mapped_column(Day)
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    received_at: Mapped[datetime | None] = mapped_column(Instant)
    received_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (
        Index(None, "file_key"),
        Index("ix_disclosure_receiver", "area", "receiver", "receiver_area", "withdrawn_on"),
    )
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class LedgerLine(AreaScoped, ForReceiver, Model):
    """对外提供记录: one line for each view, receipt, correction, withdrawal, file, call and task; only added.

    ``file_key`` is empty where what was given concerns nobody by name (totals). ``document`` is the number of
    the letter or request it rests on. ``actor`` is who did it: the receiver's account for a view or receipt,
    the giver's for the rest (0: the rule itself, at night). ``reason``, ``grade`` and ``evidence_on`` are
    what met the conditions then, ``until`` is the last day for which it was given, ``answers`` the line that
    a receipt is for.
    """

    __tablename__ = "ledger_line"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    file_key: Mapped[int | None] = mapped_column(BigInteger)
    disclosure_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[int] = mapped_column(BigInteger)
    groups: Mapped[int] = mapped_column(Integer)
    conditions: Mapped[int | None] = mapped_column(SmallInteger)
    ground: Mapped[str] = mapped_column(String(240))
    document: Mapped[Any] = mapped_column(Sealed("ledger_line", "document"), nullable=True)
    count: Mapped[int] = mapped_column(Integer, default=1)
    reason: Mapped[int | None] = mapped_column(SmallInteger)
    grade: Mapped[int | None] = mapped_column(SmallInteger)
    evidence_on: Mapped[date | None] = mapped_column(Day)
    until: Mapped[date | None] = mapped_column(Day)
    answers: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index(None, "file_key", "at"),
        Index("ix_ledger_line_receiver", "area", "receiver", "receiver_area", "at"),
    )


class LiaisonTask(AreaScoped, ForReceiver, Model):
    """协查: what the doctor asks a partner about one person, the answer, and that it is closed.

    ``body`` is sealed JSON of what is needed to do it (name, address, the question) and nothing else; it is
    emptied when the task is closed. ``reply`` is the partner's own text.
    """

    __tablename__ = "liaison_task"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    file_key: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[int] = mapped_column(SmallInteger)
    body: Mapped[Any] = mapped_column(Sealed("liaison_task", "body"), nullable=True)
    question: Mapped[Any] = mapped_column(Sealed("liaison_task", "question"), nullable=True)
    asked_on: Mapped[date] = mapped_column(Day)
    asked_by: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date] = mapped_column(Day)
    opened_at: Mapped[datetime | None] = mapped_column(Instant)
    answer: Mapped[int | None] = mapped_column(SmallInteger)
    reply: Mapped[Any] = mapped_column(Sealed("liaison_task", "reply"), nullable=True)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    answered_on: Mapped[date | None] = mapped_column(Day)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    closed_on: Mapped[date | None] = mapped_column(Day)
    closed_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (
        Index(None, "file_key"),
        Index("ix_liaison_task_receiver", "area", "receiver", "receiver_area", "closed_on"),
    )
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class LiaisonReport(AreaScoped, ForReceiver, Model):
    """部门报送: an incident or a missing person that a partner reports, and what the health side answers.

    ``file_key`` is set when it was reported from a sheet the partner has, or once the doctor has found the
    file; the reporter learns no more than ``state`` and ``answer`` with ``words``. ``body`` is sealed JSON:
    what a village doctor or a hospital filled in, until the township doctor takes it over.
    """

    __tablename__ = "liaison_report"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[int] = mapped_column(SmallInteger)
    happened_on: Mapped[date] = mapped_column(Day)
    urgent: Mapped[bool] = mapped_column(Boolean)
    person: Mapped[Any] = mapped_column(Sealed("liaison_report", "person"), nullable=True)
    place: Mapped[Any] = mapped_column(Sealed("liaison_report", "place"), nullable=True)
    told: Mapped[Any] = mapped_column(Sealed("liaison_report", "told"))
    contact: Mapped[Any] = mapped_column(Sealed("liaison_report", "contact"), nullable=True)
    body: Mapped[Any] = mapped_column(Sealed("liaison_report", "body"), nullable=True)
    file_key: Mapped[int | None] = mapped_column(BigInteger)
    disclosure_id: Mapped[int | None] = mapped_column(BigInteger)
    reported_at: Mapped[datetime] = mapped_column(Instant)
    reported_on: Mapped[date] = mapped_column(Day)
    reported_by: Mapped[int] = mapped_column(BigInteger)
    taken_on: Mapped[date | None] = mapped_column(Day)
    answer: Mapped[int | None] = mapped_column(SmallInteger)
    words: Mapped[Any] = mapped_column(Sealed("liaison_report", "words"), nullable=True)
    answered_on: Mapped[date | None] = mapped_column(Day)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (
        Index(None, "file_key"),
        Index("ix_liaison_report_receiver", "area", "receiver", "receiver_area", "state"),
    )
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class GroupSheet(AreaScoped, ForReceiver, Model):
    """小组材料: totals, tasks or the sheet of a meeting, written out for one office of the group.

    ``body`` is the sealed JSON of what it may see: hidden counts and words. ``origin`` is the meeting.
    """

    __tablename__ = "group_sheet"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    kind: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date] = mapped_column(Day)
    origin: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[Any] = mapped_column(Sealed("group_sheet", "body"))
    seen_at: Mapped[datetime | None] = mapped_column(Instant)
    received_at: Mapped[datetime | None] = mapped_column(Instant)
    received_by: Mapped[int | None] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __table_args__ = (Index("ix_group_sheet_receiver", "area", "receiver", "receiver_area", "kind", "on"),)
    __mapper_args__ = MappingProxyType({"version_id_col": version})


class LiaisonPledge(AreaScoped, ForReceiver, Model):
    """保密和接触承诺: that an account of a department has read how to act and promised it; only added."""

    __tablename__ = "liaison_pledge"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    account: Mapped[int] = mapped_column(BigInteger)
    edition: Mapped[int] = mapped_column(SmallInteger)
    on: Mapped[date] = mapped_column(Day)
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index(None, "area", "account", "on"),)
