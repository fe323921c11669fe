"""部门联络门: everything an account of another department can do; the only service its door knows.

A department signs in here and nowhere else, sees what was disclosed to it, opens a sheet (each time
a line of the ledger), acknowledges receipt, answers tasks and reports what it has learned. There is no search
and no list but its own. Nothing here reads a file of the register: the access of a department cannot.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from casemgr.rules.access import Action
from casemgr.services import account, benefit_answer, clock, matrix, pledge, second_factor, step_up
from casemgr.services.account import HALF_WAY, CodeNeeded, CodeWrong, SignedIn, Ticket, needs_touch
from casemgr.services.disclosure import lapse, note
from casemgr.services.errors import Conflict, Forbidden, Missing, Problem, Throttled, Unauthenticated, Unfit
from casemgr.services.use_case import note_refusal, use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models import Disclosure, GroupSheet, LedgerLine, LiaisonReport, LiaisonTask
from casemgr.store.queries import liaison as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.liaison import (
    GENERAL,
    ExchangeKind,
    PaperKind,
    Reason,
    ReportAnswer,
    ReportKind,
    ReportState,
    TaskAnswer,
    TaskKind,
    Withdrawal,
)

__all__ = [
    "HALF_WAY", "PROMISES", "CodeNeeded", "CodeWrong", "Conflict", "Forbidden", "Missing", "Problem",
    "SignedIn", "Throttled", "Ticket", "Unauthenticated", "Unfit", "asked_to_promise", "begin_factor",
    "benefits", "change_password", "confirm", "decide_benefit", "finish_factor", "finish_sign_in",
    "has_promised", "is_fresh", "needs_touch", "note_refusal", "now", "promise", "prove_again",
    "receives_benefits", "sign_in", "sign_out", "signed_in", "today", "touch",
]  # fmt: skip

LISTING, OPENING, TASKING, REPORTING = (
    "查看提供给本单位的名单",
    "查看提供给本单位的信息",
    "办理协查",
    "报送情况",
)
NOT_THERE = "没有找到这一条，或没有提供给您的单位（可能已撤回）。请从首页重新打开。"
MOST, MOST_PAPERS = 300, 24
LONGEST_TEXT, LONGEST_LINE = 1_000, 100

now, today = clock.now, clock.today


# --- the way in ---


def sign_in(login: str, password: str, source: str, at: datetime, agent: str = "") -> Ticket:
    """A session at this door; for accounts of other departments only, see :func:`account.sign_in`."""
    return account.sign_in(login, password, source, at, agent, department=True)


def signed_in(token: str, at: datetime, request: str = "") -> SignedIn | None:
    """The person of a session of this door; ``None`` for anybody else's."""
    return account.signed_in(token, at, request, department=True)


finish_sign_in = account.finish_sign_in
sign_out, touch, change_password = account.sign_out, account.touch, account.change_password
begin_factor, prove_again = second_factor.begin, account.prove_again
is_fresh, confirm = step_up.is_fresh, step_up.confirm
finish_factor = second_factor.finish
#: What people applied for or agreed to, see :mod:`casemgr.services.benefit_answer`.
benefits, decide_benefit = benefit_answer.benefits, benefit_answer.decide
receives_benefits = benefit_answer.is_receiver
#: What an account promises before it sees anybody, see :mod:`casemgr.services.pledge`.
PROMISES = pledge.PROMISES
asked_to_promise, has_promised, promise = pledge.is_asked, pledge.has_promised, pledge.promise


# --- what was disclosed ---


@dataclass(frozen=True, slots=True)
class LineRow:
    """One line of the list: nobody's name, only how a list calls the person, and what is to be done."""

    id: int
    alias: str
    village: str
    reason: Reason
    grade: int | None
    evidence_on: date | None
    since: date
    until: date | None
    withdrawn_on: date | None
    withdrawal: Withdrawal | None
    corrected: bool
    received: bool
    version: int

    @property
    def waits(self) -> bool:
        """Whether a receipt is asked for."""
        return not self.received


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task in a list."""

    id: int
    kind: TaskKind
    asked_on: date
    due_on: date
    late: bool
    answer: TaskAnswer | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report in a list, as its reporter sees it."""

    id: int
    kind: ReportKind
    happened_on: date
    reported_on: date
    urgent: bool
    state: ReportState
    answer: ReportAnswer | None


@dataclass(frozen=True, slots=True)
class Home:
    """Where a department begins: what it has, what was taken back, what it is asked, what it told."""

    lines: tuple[LineRow, ...]
    withdrawn: tuple[LineRow, ...]
    tasks: tuple[TaskRow, ...]
    reports: tuple[ReportRow, ...]


@dataclass(frozen=True, slots=True)
class SheetView:
    """One opened sheet: exactly the approved fields, why they are told, until when."""

    row: LineRow
    ground: str
    groups: tuple[str, ...]
    facts: tuple[tuple[str, str], ...] = field(repr=False)


def _reason(one: Disclosure) -> Reason:
    return Reason.read(one.reason)


def _row(one: Disclosure, alias: str, village: str) -> LineRow:
    return LineRow(
        one.id,
        alias,
        village,
        _reason(one),
        one.grade,
        one.evidence_on,
        one.valid_from,
        one.valid_until,
        one.withdrawn_on,
        None if one.withdrawal is None else Withdrawal.read(one.withdrawal),
        one.corrected_on is not None and one.received_at is None,
        one.received_at is not None,
        one.version,
    )


@use_case(Action.LIAISON_VIEW)
def home(work: Work, on: date) -> Home:
    """Everything of the asking department; names only as a list calls people.

    What was over at midnight is taken back first, so that it stands under 已撤回 and nowhere else.
    """
    lapse(work, on)
    found = queries.window(work, MOST)
    names = open_texts(work, "Disclosure", [(one.id, one.alias) for one in found], LISTING)
    places = queries.area_names(work, [one.village for one in found])
    rows = [
        _row(one, name or "某", places.get(one.village or 0, ""))
        for one, name in zip(found, names, strict=True)
    ]
    return Home(
        tuple(one for one in rows if one.withdrawn_on is None),
        tuple(one for one in rows if one.withdrawn_on is not None),
        tuple(_task_row(one, on) for one in queries.open_tasks(work, MOST)),
        tuple(_report_row(one) for one in queries.own_reports(work, MOST)),
    )


def _own(work: Work, key: int) -> Disclosure:
    found = work.get(Disclosure, key)
    if found is None:
        raise Missing(NOT_THERE)
    return found


@use_case(Action.LIAISON_VIEW)
def sheet(work: Work, key: int) -> SheetView:
    """Open one sheet: a line of the ledger each time, and the first look at it noted.

    A withdrawn line has no sheet any more; :class:`Missing` for what was not disclosed to the asker.
    """
    one = _own(work, key)
    if one.withdrawn_on is None and one.valid_until is not None and one.valid_until < clock.today():
        raise Missing(NOT_THERE)  # over since midnight; the job of the night has not come to it yet
    alias, text = open_texts(
        work, "Disclosure", [(one.id, one.alias), (one.id, one.sheet)], OPENING, one.file_key
    )
    village = queries.area_names(work, [one.village]).get(one.village or 0, "")
    lines = matrix.still(
        work,
        Role.read(one.receiver),
        from_mask(Condition, one.conditions),
        one.area,
        [(group, label, value) for group, label, value in json.loads(text or "[]")],
    )
    facts = tuple((label, value) for _group, label, value in lines)
    if one.withdrawn_on is None:
        note(work, one, ExchangeKind.VIEWED, to_mask({group for group, _label, _value in lines if group}))
        if one.seen_at is None:
            one.seen_at = clock.now()
            work.flush()
    row = _row(one, alias or "某", village)
    told = {group for group, _label, _value in lines}
    groups = tuple(group.label for group in from_mask(FieldGroup, one.groups) if int(group) in told)
    return SheetView(row, one.ground, groups, facts)


@use_case(Action.LIAISON_VIEW)
def receive(work: Work, key: int, version: int) -> bool:
    """Acknowledge what stands there now, a correction or a withdrawal; ``False`` if it was done before.

    With the receipt of a withdrawal nothing is left by which the person could be known.
    """
    one = _own(work, key)
    if one.received_at is not None:
        return False
    if one.version != version:
        raise Conflict("这一条刚刚有变化，为避免签收没有看过的内容，没有保存。请从首页重新打开后再签收。")
    one.received_at, one.received_by = clock.now(), work.access.actor
    if one.withdrawn_on is not None:
        one.alias, one.village = None, None
    note(work, one, ExchangeKind.RECEIVED)
    return True


# --- what the office of the group has ---


@dataclass(frozen=True, slots=True)
class PaperRow:
    """One sheet for the office of the group, not opened yet."""

    id: int
    kind: PaperKind
    on: date
    seen: bool


@dataclass(frozen=True, slots=True)
class PaperView:
    """One opened sheet: a title and lines; nobody is in it."""

    row: PaperRow
    title: str
    columns: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]


def has_papers(role: Role) -> bool:
    """Whether sheets of the group are written out for this role."""
    return role is Role.POLITICAL_LEGAL


def _paper_row(one: GroupSheet) -> PaperRow:
    return PaperRow(one.id, PaperKind.read(one.kind), one.on, one.seen_at is not None)


@use_case(Action.LIAISON_VIEW, writes=False)
def papers(work: Work) -> tuple[PaperRow, ...]:
    """The sheets of the asking office of the group, by kind, the latest first."""
    return tuple(_paper_row(one) for one in queries.papers(work, MOST_PAPERS))


@use_case(Action.LIAISON_VIEW)
def paper(work: Work, key: int) -> PaperView:
    """Open one sheet: a line of the ledger each time. :class:`Missing` for what is not the asker's."""
    one = work.get(GroupSheet, key)
    if one is None:
        raise Missing(NOT_THERE)
    (text,) = open_texts(work, "GroupSheet", [(one.id, one.body)], OPENING)
    body = json.loads(text)
    work.add(
        LedgerLine(
            id=new_key(),
            area=one.area,
            receiver=one.receiver,
            receiver_area=one.receiver_area,
            file_key=None,
            disclosure_id=None,
            kind=int(ExchangeKind.VIEWED),
            at=clock.now(),
            actor=work.access.actor,
            groups=to_mask({FieldGroup.G14}),
            conditions=0,
            ground="精神卫生法第24条第2款；仅经小数压制的汇总",
            count=1,
            evidence_on=one.on,
        )
    )
    if one.seen_at is None:
        one.seen_at = clock.now()
    lines = tuple(tuple(str(part) for part in line) for line in body["lines"])
    return PaperView(_paper_row(one), body["title"], tuple(body["columns"]), lines)


# --- tasks ---


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task with what is needed to do it, and what was answered."""

    row: TaskRow
    version: int
    closed: bool
    facts: tuple[tuple[str, str], ...] = field(repr=False)
    question: str = field(default="", repr=False)
    reply: str = field(default="", repr=False)


def _task_row(one: LiaisonTask, on: date) -> TaskRow:
    return TaskRow(
        one.id,
        TaskKind.read(one.kind),
        one.asked_on,
        one.due_on,
        one.answer is None and one.due_on < on,
        None if one.answer is None else TaskAnswer.read(one.answer),
        one.answered_at,
    )


def _task(work: Work, key: int) -> LiaisonTask:
    found = work.get(LiaisonTask, key)
    if found is None:
        raise Missing(NOT_THERE)
    return found


@use_case(Action.LIAISON_VIEW)
def task(work: Work, key: int, on: date) -> TaskView:
    """One task of the asking department; what it says is written down as read.

    It rests on the ground of the sheet: what was over at midnight is taken back first, as in the list.
    """
    lapse(work, on)
    one = _task(work, key)
    body, question, reply = open_texts(
        work,
        "LiaisonTask",
        [(one.id, one.body), (one.id, one.question), (one.id, one.reply)],
        TASKING,
        one.file_key,
    )
    if one.opened_at is None:
        one.opened_at = clock.now()
    facts = tuple((label, value) for label, value in json.loads(body or "[]"))
    return TaskView(_task_row(one, on), one.version, one.closed_on is not None, facts, question, reply)


@use_case(Action.LIAISON_REPORT)
def answer(work: Work, key: int, choice: TaskAnswer | None, reply: str) -> bool:
    """Answer a task; may be put right until the doctor has closed it. ``False``: nothing new was said."""
    one = _task(work, key)
    if one.closed_on is not None:
        raise Conflict("这项协查医生已办结，不需要再答复。如有新情况，请在“报送情况”中另报。")
    wrong: dict[str, str] = {}
    if choice is None:
        wrong["answer"] = "请选择答复。医生据此决定下一步；拿不准的，选“见说明”并写明。"
    elif choice is TaskAnswer.OTHER and not reply:
        wrong["reply"] = "选“见说明”时请写几句。没有说明，医生不知道情况；或改选“是”“否”。"
    if len(reply) > LONGEST_TEXT:
        wrong["reply"] = f"说明最多 {LONGEST_TEXT} 字。太长的内容请电话告知医生，或分两次写。"
    if wrong or choice is None:
        raise Unfit("没有保存。", fields=wrong)
    if one.answer == choice:
        known = open_texts(work, "LiaisonTask", [(one.id, one.reply)], TASKING, one.file_key)[0]
        if known == reply:
            return False
    one.answer, one.reply = int(choice), Plain(reply) if reply else None
    one.answered_at, one.answered_on, one.answered_by = clock.now(), clock.today(), work.access.actor
    return True


# --- reports ---


@dataclass(frozen=True, slots=True)
class ReportForm:
    """An empty report: ``once`` is its key to be; about whom, when it begins at a sheet."""

    once: int
    line: int | None
    alias: str
    townships: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """What a department tells; empty stays empty."""

    kind: ReportKind | None
    happened_on: date | None
    urgent: bool
    person: str = field(default="", repr=False)
    place: str = field(default="", repr=False)
    told: str = field(default="", repr=False)
    contact: str = field(default="", repr=False)
    line: int | None = None
    area: int | None = None


@dataclass(frozen=True, slots=True)
class ReportView:
    """One's own report and how far it has come; nothing of anybody's health."""

    row: ReportRow
    taken_on: date | None
    answered_on: date | None
    facts: tuple[tuple[str, str], ...] = field(repr=False)
    words: str = field(default="", repr=False)


def _report_row(one: LiaisonReport) -> ReportRow:
    return ReportRow(
        one.id,
        ReportKind.read(one.kind),
        one.happened_on,
        one.reported_on,
        one.urgent,
        ReportState.read(one.state),
        None if one.answer is None else ReportAnswer.read(one.answer),
    )


@use_case(Action.LIAISON_VIEW)
def begin_report(work: Work, line: int | None) -> ReportForm:
    """An empty report, about the person of a sheet where ``line`` names one; :class:`Missing` if foreign."""
    alias = ""
    if line is not None:
        one = _own(work, line)
        alias = open_texts(work, "Disclosure", [(one.id, one.alias)], REPORTING, one.file_key)[0] or "某"
    return ReportForm(new_key(), line, alias, _townships(work))


def _townships(work: Work) -> tuple[tuple[int, str], ...]:
    """Where something may have happened; nothing to choose for a department of one township."""
    access = work.access
    if level_of(access.low) >= AreaLevel.TOWNSHIP:
        return ()
    return tuple(queries.townships(work, access.low, access.high, int(AreaLevel.TOWNSHIP)))


#: Texts of a report: (field, its name, how long it may be).
TEXTS = (
    ("person", "涉及人员", LONGEST_LINE),
    ("place", "地点", LONGEST_LINE),
    ("told", "情况", LONGEST_TEXT),
    ("contact", "联系人和电话", LONGEST_LINE),
)


def _faults(entry: ReportEntry, on: date, places: Sequence[tuple[int, str]]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if entry.kind not in GENERAL:
        wrong["kind"] = "请选择报送的是什么情况。不同情况由医生按不同程序处理；都不是的选“其他情况”。"
    if entry.happened_on is None:
        wrong["happened_on"] = "请填发生日期。不清楚的，填得知的日期，并在“情况”中写明。"
    elif entry.happened_on > on:
        wrong["happened_on"] = "发生日期晚于今天。请改正日期；如果是预计的情况，填今天并在“情况”中写明。"
    if entry.line is None and not entry.person:
        wrong["person"] = "请写明是谁，例如姓名、年龄、住在哪里。医生要据此核实；不知道姓名的，写外貌特征。"
    if not entry.told:
        wrong["told"] = "请写明发生了什么。没有内容，医生无法核实；可以只写一两句事实。"
    for name, label, longest in TEXTS:
        if len(getattr(entry, name)) > longest:
            wrong[name] = f"{label}最多 {longest} 字。请只写要点，其余电话告知医生；或分两次报送。"
    if places and entry.area not in {code for code, _name in places}:
        wrong["area"] = "请选择发生地所在的乡镇（街道）。报送会转给那里的社区医生；不清楚的，选当事人居住地。"
    return wrong


@use_case(Action.LIAISON_REPORT)
def report(work: Work, once: int, entry: ReportEntry, on: date) -> bool:
    """Keep one report; it opens the doctor's duty at once. ``False`` for a second press of the button.

    Raises :class:`Unfit` naming the fields of :class:`ReportEntry`, :class:`Missing` for a foreign sheet.
    """
    if work.get(LiaisonReport, once) is not None:
        return False
    line = None if entry.line is None else _own(work, entry.line)
    places = () if line is not None else _townships(work)
    wrong = _faults(entry, on, places)
    if wrong or entry.kind is None or entry.happened_on is None:
        raise Unfit("没有保存。", fields=wrong)
    access = work.access
    texts = {
        name: Plain(getattr(entry, name)) if getattr(entry, name) else None for name, _label, _most in TEXTS
    }
    work.add(
        LiaisonReport(
            id=once,
            area=line.area if line is not None else entry.area if places else access.low,
            receiver=int(access.role),
            receiver_area=access.desk,
            kind=int(entry.kind),
            state=int(ReportState.SENT),
            happened_on=entry.happened_on,
            urgent=entry.urgent,
            file_key=None if line is None else line.file_key,
            disclosure_id=None if line is None else line.id,
            reported_at=clock.now(),
            reported_on=on,
            reported_by=access.actor,
            **texts,
        )
    )
    return True


@use_case(Action.LIAISON_VIEW)
def own_report(work: Work, key: int) -> ReportView:
    """One report of the asking department with the answer it got."""
    one = work.get(LiaisonReport, key)
    if one is None:
        raise Missing(NOT_THERE)
    columns = [name for name, _label, _most in TEXTS]
    opened = open_texts(
        work, "LiaisonReport", [(one.id, getattr(one, name)) for name in (*columns, "words")], REPORTING
    )
    facts = tuple((label, text) for (_name, label, _most), text in zip(TEXTS, opened, strict=False) if text)
    return ReportView(_report_row(one), one.taken_on, one.answered_on, facts, opened[-1])
