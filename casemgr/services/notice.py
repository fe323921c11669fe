"""报告卡与出院信息单: what a hospital told, on its way to the primary-care doctor, with its clocks.

The county enters what came in (表3, 表4) and forwards it to a township; the township accepts it and registers
the person, or puts it into the file that is there already, or returns it with a reason. A report that proves
wrong is corrected (FB2013-3.5). Every step has its day, so that the duties follow from the row.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casemgr.forms import form as forms
from casemgr.forms.cell import Partial, PartialDay, day_of
from casemgr.forms.form import Filled, Form
from casemgr.forms.registration import REGISTRATION
from casemgr.forms.registry import form_named
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline
from casemgr.rules.policy import Parameter, in_force_on
from casemgr.services import clock
from casemgr.services.case_view import term
from casemgr.services.clue import SOMEBODY_ELSE
from casemgr.services.duties import refresh
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.state import discharged, excluded_by_report
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, open_texts
from casemgr.store.models import Case, Notice, Sheet
from casemgr.store.queries import notice as queries
from casemgr.store.queries import registration as registration_queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.notice import NoticeKind, NoticeState, ReportType
from casemgr.terms.register import Lifecycle

Raw = Mapping[str, Sequence[str]]
NOT_THERE = "没有这份告知单，或不在您的辖区内。请从列表重新进入。"
PURPOSE = "登记建档"
READING = "接收告知单"
MOST = 300
#: What becomes of the file that was opened on a report which proved wrong.
EXCLUDE, KEEP = "exclude", "keep"
FORM_OF = {NoticeKind.ONSET: "report_card", NoticeKind.DISCHARGE: "discharge"}
#: What a notice knows under another key than the registration asks for it.
RENAMED = {
    "contact_name": "guardian_name",
    "contact_phone": "guardian_phone",
    "contact_relation": "relation",
}
#: From which states a step may be taken.
STEPS: dict[str, frozenset[NoticeState]] = {
    "forward": frozenset({NoticeState.RECEIVED, NoticeState.RETURNED}),
    "accept": frozenset({NoticeState.FORWARDED}),
    "return": frozenset({NoticeState.FORWARDED, NoticeState.ACCEPTED}),
    "file": frozenset({NoticeState.ACCEPTED}),
    "correct": frozenset(
        {NoticeState.RECEIVED, NoticeState.FORWARDED, NoticeState.ACCEPTED, NoticeState.REGISTERED}
    ),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """One term of a notice: until when, when it was kept, and the rule it comes from."""

    label: str
    due_on: date
    done_on: date | None
    late: bool
    rule: str
    status: str


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """One notice in a list; ``clock`` is the term that runs now."""

    id: int
    kind: NoticeKind
    state: NoticeState
    place: str
    happened_on: date
    received_on: date
    clock: Clock | None
    case_id: int | None
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class NoticeView:
    """One notice with its form in words, its clocks and what may be done with it now."""

    row: NoticeRow
    version: int
    report_type: ReportType | None
    title: str
    clocks: tuple[Clock, ...]
    steps: frozenset[str]
    county: bool
    facts: tuple[tuple[str, str], ...] = field(repr=False)
    reason: str = field(default="", repr=False)
    #: Files within reach that carry the same identity number, as (case, file number).
    same: tuple[tuple[int, str], ...] = ()
    #: Whether the file that was opened on it is on the register: a correction then asks what becomes of it.
    filed: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it is to be shown again: what was typed and what is wrong."""

    form: Form
    kind: NoticeKind
    raw: Raw = field(repr=False)
    once: int
    problems: Mapping[str, str] = field(default_factory=dict)


def _over_both(access: Access) -> bool:
    return level_of(access.low) < AreaLevel.TOWNSHIP


def _clock(label: str, since: date, done: date | None, parameter: Parameter, today: date) -> Clock:
    due: date = deadline(since, parameter).on
    return Clock(label, due, done, (done or today) > due, parameter.rule, parameter.status)


def _clocks(one: Notice, today: date) -> tuple[Clock, ...]:
    numbers = in_force_on(today)
    onset = one.kind == NoticeKind.ONSET
    found: list[Clock] = []
    if one.forwarded_on is not None or one.accepted_on is None:
        # A township that got it straight from the hospital had nobody to wait for.
        label = "县级录入" if onset else "县级转基层"
        number = numbers.notice_entry if onset else numbers.notice_forward
        found.append(_clock(label, one.received_on, one.forwarded_on, number, today))
    if one.forwarded_on is not None:
        found.append(_clock("基层接收", one.forwarded_on, one.accepted_on, numbers.notice_accept, today))
    if one.accepted_on is not None:
        found.append(_clock("建档或归档", one.accepted_on, one.ended_on, numbers.file_entry, today))
    return tuple(found)


def _row(found: Any, today: date, name: str = "") -> NoticeRow:
    one: Notice = found.Notice
    over = one.state in (NoticeState.REGISTERED, NoticeState.CORRECTED, NoticeState.RETURNED)
    running = None if over else next((each for each in _clocks(one, today) if each.done_on is None), None)
    return NoticeRow(
        one.id,
        NoticeKind.read(one.kind),
        NoticeState.read(one.state),
        found.place or "",
        one.happened_on,
        one.received_on,
        running,
        one.case_id,
        name,
    )


@use_case(Action.NOTICE_READ)
def counts(work: Work) -> dict[NoticeState, int]:
    """How many notices are in each state; every state is there."""
    known_ones = queries.counts(work)
    return {state: known_ones.get(int(state), 0) for state in NoticeState}


@use_case(Action.NOTICE_READ)
def list_(work: Work, state: NoticeState | None, today: date, purpose: str = "") -> list[NoticeRow]:
    """The latest notices within reach; names only for a ``purpose``, which is written down."""
    rows = queries.latest(work, None if state is None else int(state), MOST)
    names: Sequence[str] = [""] * len(rows)
    if purpose and rows:
        names = open_texts(work, "Notice", [(row.Notice.id, row.Notice.name) for row in rows], purpose)
    return [_row(row, today, name) for row, name in zip(rows, names, strict=True)]


def _values(work: Work, one: Notice, purpose: str = READING) -> tuple[Form, dict[str, Any]]:
    """The filled form of a notice, opened, as clean values."""
    filled = queries.sheet(work, one.sheet_id)
    form = form_named(FORM_OF[NoticeKind.read(one.kind)], filled.form_version if filled else None)
    if filled is None:
        return form, {}
    (text,) = open_texts(work, "Sheet", [(filled.id, filled.data)], purpose, one.case_id)
    values = json.loads(text or "{}")
    for each in form.fields:
        if isinstance(each.kind, PartialDay) and each.key in values:
            values[each.key] = Partial(*values[each.key])
    return form, values


@use_case(Action.NOTICE_READ)
def get(work: Work, key: int, today: date, purpose: str = READING) -> NoticeView:
    """One notice with everything that stands in it, which is written down; :class:`Missing` outside.

    Without a ``purpose`` nothing is opened: no facts, no reason, no files of the same number.
    """
    found = queries.one(work, key)
    if found is None:
        raise Missing(NOT_THERE)
    one: Notice = found.Notice
    form = form_named(FORM_OF[NoticeKind.read(one.kind)])
    values: dict[str, Any] = {}
    reason = number = ""
    if purpose:
        form, values = _values(work, one, purpose)
        (reason, number) = open_texts(work, "Notice", [(key, one.reason), (key, one.id_number)], purpose)
    state = NoticeState.read(one.state)
    county = _over_both(work.access)
    return NoticeView(
        row=_row(found, today),
        version=one.version,
        report_type=term(ReportType, one.report_type),
        title=form.title,
        clocks=_clocks(one, today),
        steps=frozenset(
            step for step, states in STEPS.items() if state in states and (step != "forward" or county)
        ),
        county=county,
        facts=tuple(
            (each.label, forms.shown(each, values[each.key])) for each in form.fields if each.key in values
        ),
        reason=reason,
        same=_same(work, number, one.case_id),
        filed=_is_filed(work, one),
    )


def _is_filed(work: Work, one: Notice) -> bool:
    case = None if one.case_id is None else work.get(Case, one.case_id)
    return case is not None and case.lifecycle == Lifecycle.ON_REGISTER


def _same(work: Work, number: str, case: int | None) -> tuple[tuple[int, str], ...]:
    if not number or case is not None:
        return ()
    rows = registration_queries.cases_of(work, identity.find_by_token(work, ID_NUMBER, number))
    return tuple((row.id, row.file_no) for row in rows)


# --- entering ---


def begin(kind: NoticeKind) -> Asked:
    """An empty form of this kind."""
    return Asked(form_named(FORM_OF[kind]), kind, {}, new_key())


def enter(
    access: Access, kind: NoticeKind, once: int, raw: Raw, received_on: date, to: int | None, today: date
) -> int | Asked:
    """Enter what came in; the key of the notice, or the form again with what is wrong.

    ``to`` is the township it is forwarded to at once. A second press under the same key changes nothing;
    raises :class:`Conflict` when the form of somebody else's notice is sent again (the back button).
    """
    form = form_named(FORM_OF[kind])
    filled = forms.read(form, raw, today)
    problems = dict(filled.problems)
    number = idnumber.normal(str(filled.values.get("id_number", "")))
    if number and idnumber.fault(number) is not None and filled.values.get("document_kind") in (None, 1):
        problems["id_number"] = "证件号码有误（应为 18 位且校验位相符）。请向报告单位核对后改正，或先清空。"
    happened = _happened(kind, filled)
    if received_on > today:
        problems["received_on"] = "收到日期晚于今天。请改正日期。"
    elif happened is not None and received_on < happened:
        problems["received_on"] = "收到日期早于确诊或出院日期。先后颠倒。请改正其中一个日期。"
    if problems or happened is None:
        return Asked(form, kind, raw, once, problems)
    try:
        return _enter(access, kind, once, filled, number, happened, received_on, to, today)
    except Conflict:
        if _is_there(access, once):
            return _enter(access, kind, once, filled, number, happened, received_on, to, today)
        raise


def _happened(kind: NoticeKind, filled: Filled) -> date | None:
    value = filled.values.get("diagnosed" if kind is NoticeKind.ONSET else "discharged_on")
    if value is None:
        return None
    first = value.first if isinstance(value, Partial) else int(value)
    return day_of(first)


@use_case(Action.NOTICE_READ)
def _is_there(work: Work, key: int) -> bool:
    return work.get(Notice, key) is not None


@use_case(Action.NOTICE_WRITE)
def _enter(
    work: Work,
    kind: NoticeKind,
    once: int,
    filled: Filled,
    number: str,
    happened: date,
    received_on: date,
    to: int | None,
    today: date,
) -> int:
    there = work.get(Notice, once)
    if there is not None:
        if open_texts(work, "Notice", [(once, there.name)], PURPOSE) != [str(filled.values["name"])]:
            raise Conflict(SOMEBODY_ELSE)
        return once
    access = work.access
    county = _over_both(access)
    if to is not None and not (county and _is_township(access, to)):
        raise Unfit("没有保存。", fields={"to": "请选择本县的一个乡镇，或先不转。"})
    area = to if to is not None else access.low
    state = NoticeState.FORWARDED if to is not None else NoticeState.RECEIVED
    values = filled.values
    form = form_named(FORM_OF[kind])
    sheet = work.add(
        Sheet(
            id=new_key(),
            area=area,
            form=form.name,
            form_version=form.version,
            filled_on=None,
            data=Plain(json.dumps(dict(values), ensure_ascii=False)),
            recorded_at=clock.now(),
            recorded_by=access.actor,
        )
    )
    telephone = values.get("contact_phone") or values.get("doctor_phone")
    hospital = values.get("diagnosed_at") or values.get("report_unit")
    work.add(
        Notice(
            id=once,
            area=area,
            kind=int(kind),
            report_type=values.get("report_reason"),
            state=int(state if county else NoticeState.ACCEPTED),
            name=Plain(str(values["name"])),
            id_number=Plain(number) if number else None,
            phone=Plain(str(telephone)) if telephone else None,
            hospital=Plain(str(hospital)) if hospital else None,
            id_token=work.vault.token(ID_NUMBER, number) if number else None,
            token_key=work.vault.active_id if number else None,
            happened_on=happened,
            received_on=received_on,
            forwarded_on=today if to is not None else None,
            # A township that gets it straight from the hospital has accepted it by that.
            accepted_on=None if county else today,
            sheet_id=sheet.id,
            recorded_at=clock.now(),
            recorded_by=access.actor,
        )
    )
    return once


def _is_township(access: Access, code: int) -> bool:
    return access.reaches(code) and level_of(code) is AreaLevel.TOWNSHIP


# --- on its way ---


def _at(work: Work, key: int, version: int, step: str) -> Notice:
    one = work.get(Notice, key)
    if one is None:
        raise Missing(NOT_THERE)
    if one.version != version:
        raise Conflict(SAVED_ALREADY)
    state = NoticeState.read(one.state)
    if state not in STEPS[step]:
        raise Refused(f"告知单已是“{state.label}”，不能进行这一步。请核对现在的进度。", rule="GF2018-5.2")
    return one


@use_case(Action.NOTICE_WRITE)
def forward(work: Work, key: int, version: int, to: int | None, today: date) -> None:
    """Pass a notice on to a township; for the county only.

    Raises :class:`Missing`, :class:`Conflict`, :class:`Refused`, or :class:`Unfit` without a township.
    """
    if not _over_both(work.access):
        raise Refused("转基层由县级办理。不属于本辖区的，请退回并写明理由。", rule="GF2018-3.7")
    if to is None or not _is_township(work.access, to):
        raise Unfit("没有保存。", fields={"to": "请选择现住地所在的乡镇。"})
    one = _at(work, key, version, "forward")
    one.state, one.forwarded_on = int(NoticeState.FORWARDED), today
    one.accepted_on = one.ended_on = None
    one.area = to
    filled = queries.sheet(work, one.sheet_id)
    if filled is not None:
        filled.area = to


@use_case(Action.NOTICE_WRITE)
def accept(work: Work, key: int, version: int, today: date) -> None:
    """The township has it and will register the person (GF2018-5.2)."""
    one = _at(work, key, version, "accept")
    one.state, one.accepted_on = int(NoticeState.ACCEPTED), today


@use_case(Action.NOTICE_WRITE)
def give_back(work: Work, key: int, version: int, reason: str, today: date) -> None:
    """Return a notice to the county with a reason, e.g. when the person lives elsewhere."""
    if not reason:
        raise Unfit("没有保存。", fields={"reason": "请写明退回的理由，县级据此改转。"})
    one = _at(work, key, version, "return")
    one.state, one.ended_on, one.reason = int(NoticeState.RETURNED), today, Plain(reason)


@use_case(Action.NOTICE_WRITE)
def correct(work: Work, key: int, version: int, reason: str, today: date, file: str = "") -> bool:
    """The hospital has corrected its report: this is no severe mental disorder (FB2013-3.5).

    Where a file was opened on it, ``file`` says what becomes of it: :data:`EXCLUDE` closes it on the day,
    :data:`KEEP` leaves it, because it has other ground. Answers whether the file was excluded. Raises
    :class:`Unfit` without a reason or without that choice.
    """
    wrong: dict[str, str] = {}
    if not reason:
        wrong["reason"] = "请写明更正的依据，如复诊或鉴定结论。"
    found = queries.one(work, key)
    case = None if found is None or found.Notice.case_id is None else work.get(Case, found.Notice.case_id)
    asked = case is not None and case.lifecycle == Lifecycle.ON_REGISTER
    if asked and file not in (EXCLUDE, KEEP):
        wrong["file"] = (
            "这份报告已经建档。更正后档案继续计入在册，人数就多算了。请选择排除档案，或写明另有依据后保留。"
        )
    if wrong:
        raise Unfit("没有保存。", fields=wrong)
    one = _at(work, key, version, "correct")
    one.state, one.ended_on, one.reason = int(NoticeState.CORRECTED), today, Plain(reason)
    work.flush()
    excluded = asked and file == EXCLUDE
    if case is not None and excluded:
        excluded_by_report(work, case, today, f"报告卡已更正；{reason}")
    if case is not None:
        refresh(work, [case.id])
    return excluded


@use_case(Action.NOTICE_WRITE)
def file_to(work: Work, key: int, version: int, case_id: int, today: date) -> None:
    """Put a notice into the file that is there already; a discharge asks for its visit and ends the stay."""
    case = work.get(Case, case_id)
    if case is None:
        raise Missing("没有这份档案，或不在您的辖区内。请核对后再归档。")
    one = _at(work, key, version, "file")
    _tie(work, one, case, today)
    if one.kind == NoticeKind.DISCHARGE:
        discharged(work, case, one.happened_on)
    work.flush()
    refresh(work, [case.id])


def _tie(work: Work, one: Notice, case: Case, today: date) -> None:
    one.area = case.area
    one.case_id, one.state, one.ended_on = case.id, int(NoticeState.REGISTERED), today
    filled = queries.sheet(work, one.sheet_id)
    if filled is not None:
        filled.area, filled.case_id = case.area, case.id


def from_hospital(work: Work, case: Case, raw: Raw, hospital: str, received_on: date, today: date) -> int:
    """Keep a discharge that the hospital itself told of and the doctor took over; it is in its file at once.

    Part of the unit of work that takes it over: ends the stay and asks for the visit of the two weeks. Raises
    :class:`Unfit` with what of the form cannot be.
    """
    form = form_named(FORM_OF[NoticeKind.DISCHARGE])
    filled = forms.read(form, raw, today)
    happened = _happened(NoticeKind.DISCHARGE, filled)
    if filled.problems or happened is None:
        said = "；".join(filled.problems.values()) or "缺少出院日期。"
        raise Unfit("没有保存。", fields={"body": f"出院信息单填不成：{said}请联系医院更正后重新发来。"})
    sheet = work.add(
        Sheet(
            id=new_key(),
            area=case.area,
            form=form.name,
            form_version=form.version,
            filled_on=None,
            data=Plain(json.dumps(dict(filled.values), ensure_ascii=False)),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    one = work.add(
        Notice(
            id=new_key(),
            area=case.area,
            kind=int(NoticeKind.DISCHARGE),
            state=int(NoticeState.ACCEPTED),
            name=Plain(str(filled.values["name"])),
            hospital=Plain(hospital),
            happened_on=happened,
            received_on=received_on,
            accepted_on=today,
            sheet_id=sheet.id,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    _tie(work, one, case, today)
    discharged(work, case, happened)
    work.flush()
    return one.id


# --- on the way into the register ---


@use_case(Action.NOTICE_READ)
def known(work: Work, key: int) -> dict[str, str]:
    """What an accepted notice knows, as texts of the registration form.

    Raises :class:`Missing` outside the access, :class:`Refused` before it was accepted, :class:`Conflict`
    when it is in the register already.
    """
    one = work.get(Notice, key)
    if one is None:
        raise Missing(NOT_THERE)
    if one.case_id is not None:
        raise Conflict("这份告知单已经建档或归档。请从告知单打开已有档案。")
    if one.state != NoticeState.ACCEPTED:
        raise Refused("告知单还没有接收，不能建档。请先接收。", rule="GF2018-5.2")
    form, values = _values(work, one)
    raw = {RENAMED.get(name, name): texts for name, texts in forms.to_raw(form, values).items()}
    taken = {each.key for each in REGISTRATION.fields} - {"consent", "consent_on", "note"}
    found = {name: ",".join(texts) for name, texts in raw.items() if name in taken}
    if one.report_type == ReportType.ARTICLE_30:
        found["article30"] = "是"
    return found


def register(work: Work, key: int, case: Case, today: date) -> None:
    """Tie a notice to the file it has become; part of the unit of work that registers."""
    one = work.get(Notice, key)
    if one is None:
        raise Missing(NOT_THERE)
    if one.case_id is not None:
        raise Conflict("这份告知单已经建档或归档。请从告知单打开已有档案。")
    _tie(work, one, case, today)
