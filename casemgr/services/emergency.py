"""应急处置: the clock of one emergency from the report to its end, its 表12, its upload and its visit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from casemgr.forms.form import DAY_MINUTES, Form, read, to_raw
from casemgr.forms.registry import form_named
from casemgr.rules import emergency as rules
from casemgr.rules.access import Action
from casemgr.rules.finding import Finding
from casemgr.services import clock, duties, ledger_line, revision
from casemgr.services.case_view import term
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.finding import weigh
from casemgr.services.incident import Recorded, kept_before, known_case, not_after_death
from casemgr.services.use_case import use_case
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.models.emergency import Emergency
from casemgr.store.models.person import Person
from casemgr.store.models.sheet import Sheet
from casemgr.store.queries import event as queries
from casemgr.store.types import Plain, to_days
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.duty import DutyKind
from casemgr.terms.emergency import (
    EmergencyCause,
    EmergencyEffect,
    EmergencyGround,
    EmergencyMeasure,
    EmergencyPerson,
    EmergencyStep,
    Whereabouts,
)
from casemgr.terms.purpose import Purpose
from casemgr.terms.risk import RiskLevel
from casemgr.terms.rulebook import book

FORM = "emergency"
#: Whoever is called hears who and where; the village committee stands with the office of the group.
CALLED = {
    EmergencyStep.HOSPITAL: Role.HOSPITAL,
    EmergencyStep.COMMITTEE: Role.POLITICAL_LEGAL,
    EmergencyStep.POLICE: Role.POLICE,
}
READING = "查阅应急处置"
NOT_THERE = "没有找到这次应急处置，或不在您的辖区内。请从患者页重新打开。"
NOT_ENDED = "这次应急处置还没有登记结束。记录单在结束后填写。请先登记结束，再填记录单。"


@dataclass(frozen=True, slots=True)
class StepView:
    """One step and when it was ticked."""

    step: EmergencyStep
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """One thing that has to follow an emergency, by when and under which rule."""

    kind: DutyKind
    due_on: date
    due_at: datetime | None
    rule: str
    status: str


@dataclass(frozen=True, slots=True)
class EmergencyPage:
    """One emergency as its screen shows it."""

    id: int
    case_id: int
    file_no: str
    reported_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    elapsed: timedelta
    steps: tuple[StepView, ...]
    causes: tuple[EmergencyCause, ...]
    measures: tuple[EmergencyMeasure, ...]
    effect: EmergencyEffect | None
    ground: EmergencyGround | None
    stay: Whereabouts | None
    consent_on: date | None
    recorded_on: date | None
    uploaded_on: date | None
    in_charge: str = field(repr=False)
    deadlines: tuple[Deadline, ...]
    later: tuple[Finding, ...]
    version: int


@dataclass(frozen=True, slots=True)
class EmergencyEnd:
    """What is told when an emergency ends; empty stays empty and is asked for."""

    started_at: datetime | None
    ended_at: datetime
    causes: tuple[EmergencyCause, ...]
    measures: tuple[EmergencyMeasure, ...]
    effect: EmergencyEffect | None
    stay: Whereabouts | None
    in_charge: str
    consent_on: date | None
    ground: EmergencyGround | None


@dataclass(frozen=True, slots=True)
class Start:
    """What the red button leads to: the running emergency, or the key of the one to be."""

    case_id: int
    file_no: str
    once: int
    running: int | None


@use_case(Action.EVENT_WRITE, writes=False)
def begin(work: Work, case_id: int) -> Start:
    """Where the red button leads; :class:`Missing` outside the access."""
    row = known_case(work, case_id)
    running = next((one.id for one in queries.emergencies(work, case_id) if one.ended_at is None), None)
    return Start(case_id, row.file_no, new_key(), running)


@use_case(Action.EVENT_WRITE)
def start(work: Work, case_id: int, once: int, reported_at: datetime, now: datetime) -> Recorded:
    """Let the clock run from the report; a second press leads to the same emergency."""
    row = known_case(work, case_id)
    if kept_before(work, Emergency, once, case_id) is not None:
        return Recorded(once, case_id, again=True)
    running = next((one for one in queries.emergencies(work, case_id) if one.ended_at is None), None)
    if running is not None:
        return Recorded(running.id, case_id, again=True)
    if reported_at > now:
        raise Unfit("没有开始。", fields={"reported_at": "接报时间晚于现在。请改正时间。（ev02）"})
    not_after_death(row, _local(reported_at), "reported_at", "接报时间")
    work.add(
        Emergency(
            id=once,
            area=row.area,
            case_id=case_id,
            reported_at=reported_at,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    duties.refresh(work, [case_id])
    return Recorded(once, case_id, again=False)


def _found(work: Work, emergency_id: int) -> Emergency:
    row = work.get(Emergency, emergency_id)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def _steps(work: Work, row: Emergency) -> dict[str, str]:
    text = identity.open_texts(work, "Emergency", [(row.id, row.steps)], READING, row.case_id)[0]
    return dict(json.loads(text)) if text else {}


def _local(at: datetime) -> date:
    return at.astimezone(clock.SHANGHAI).date()


@use_case(Action.EVENT_WRITE)
def view(work: Work, emergency_id: int, now: datetime, today: date, purpose: str = READING) -> EmergencyPage:
    """One emergency with its steps, its deadlines and what is still to be asked; read is written down.

    Without a ``purpose`` it is not opened who is in charge.
    """
    row = _found(work, emergency_id)
    case = known_case(work, row.case_id)
    ticked = _steps(work, row)
    in_charge = ""
    if purpose:
        values = [(row.id, row.in_charge)]
        in_charge = identity.open_texts(work, "Emergency", values, purpose, row.case_id)[0]
    deadlines = tuple(
        Deadline(
            DutyKind.read(one.kind),
            one.due_on,
            one.due_at,
            one.rule,
            known_rule.status if (known_rule := book().get(one.rule)) is not None else "",
        )
        for one in queries.duties_from(work, row.case_id, row.id)
    )
    visit_due = next((one.due_on for one in deadlines if one.kind is DutyKind.EMERGENCY_VISIT), None)
    seen = queries.seen_since(work, row.case_id, _local(row.reported_at) + timedelta(days=1))
    facts = _facts(row, now, today, row.in_charge is not None, seen, visit_due)
    return EmergencyPage(
        id=row.id,
        case_id=row.case_id,
        file_no=case.file_no,
        reported_at=row.reported_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        elapsed=(row.ended_at or now) - row.reported_at,
        steps=tuple(
            StepView(one, datetime.fromisoformat(ticked[str(int(one))]) if str(int(one)) in ticked else None)
            for one in EmergencyStep
        ),
        causes=tuple(from_mask(EmergencyCause, row.causes)),
        measures=tuple(from_mask(EmergencyMeasure, row.measures)),
        effect=term(EmergencyEffect, row.effect),
        ground=term(EmergencyGround, row.ground),
        stay=term(Whereabouts, row.stay),
        consent_on=row.consent_on,
        recorded_on=row.recorded_on,
        uploaded_on=row.uploaded_on,
        in_charge=in_charge,
        deadlines=deadlines,
        later=tuple(rules.check(facts)) if row.ended_at is not None else (),
        version=row.version,
    )


def _facts(
    row: Emergency, now: datetime, today: date, in_charge: bool, seen: Any, visit_due: date | None
) -> rules.EmergencyFacts:
    return rules.EmergencyFacts(
        reported_at=row.reported_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        causes=frozenset(from_mask(EmergencyCause, row.causes)),
        measures=frozenset(from_mask(EmergencyMeasure, row.measures)),
        effect=term(EmergencyEffect, row.effect),
        stay=term(Whereabouts, row.stay),
        in_charge=in_charge,
        consent_on=row.consent_on,
        ground=term(EmergencyGround, row.ground),
        seen_on=None if seen is None else seen.on,
        risk=None if seen is None else term(RiskLevel, seen.risk),
        visit_due=visit_due,
        now=now,
        today=today,
    )


@use_case(Action.EVENT_WRITE)
def tick(work: Work, emergency_id: int, step: EmergencyStep, now: datetime) -> Recorded:
    """Tick a step with its time; a step ticked before keeps its first time."""
    row = _found(work, emergency_id)
    ticked = _steps(work, row)
    if str(int(step)) in ticked:
        return Recorded(row.id, row.case_id, again=True)
    if row.ended_at is not None:
        raise Conflict("这次应急处置已登记结束，步骤不再改动。如有遗漏，请写在记录单的现场情况里。")
    ticked[str(int(step))] = now.isoformat(timespec="seconds")
    row.steps = Plain(json.dumps(ticked))
    if step is EmergencyStep.ARRIVED and row.started_at is None:
        row.started_at = now
    if step is EmergencyStep.CONSENT and row.consent_on is None:
        row.consent_on = _local(now)
    if step in CALLED:
        ledger_line.called_in_emergency(
            work, row.case_id, row.area, CALLED[step], f"应急处置：{step.label}", _local(now)
        )
    return Recorded(row.id, row.case_id, again=False)


@use_case(Action.EVENT_WRITE)
def end(work: Work, emergency_id: int, told: EmergencyEnd, now: datetime, today: date) -> Recorded:
    """End an emergency: from here run the 24 hours of the record and the two weeks of the visit.

    Raises :class:`Unfit` for times out of order (ev01), an admission without ground (ev06), or what is
    missing (ev11).
    """
    row = _found(work, emergency_id)
    if row.ended_at is not None:
        return Recorded(row.id, row.case_id, again=True)
    row.started_at = told.started_at or row.started_at
    row.ended_at = told.ended_at
    row.causes, row.measures = to_mask(told.causes) or None, to_mask(told.measures) or None
    row.effect = None if told.effect is None else int(told.effect)
    row.stay = None if told.stay is None else int(told.stay)
    row.ground = None if told.ground is None else int(told.ground)
    row.consent_on = told.consent_on or row.consent_on
    row.in_charge = Plain(told.in_charge) if told.in_charge else None
    weigh(rules.check(_facts(row, now, today, bool(told.in_charge), None, None)), "")
    revision.note(
        work,
        "emergency",
        row,
        {"结束时间": (None, told.ended_at.astimezone(clock.SHANGHAI).isoformat(" ", "minutes")[:16])},
    )
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)


# --- 表12 -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordForm:
    """表12 with what is known filled in as texts by key."""

    id: int
    case_id: int
    file_no: str
    form: Form
    raw: Mapping[str, Sequence[str]] = field(repr=False)
    sheet_id: int | None = None


@use_case(Action.EVENT_WRITE)
def record_form(
    work: Work, emergency_id: int, today: date, purpose: str = Purpose.FOLLOW_UP.label
) -> RecordForm:
    """表12 as it was kept, or begun from the emergency and the person; opening the name is written down."""
    row = _found(work, emergency_id)
    case = known_case(work, row.case_id)
    if row.ended_at is None:
        raise Conflict(NOT_ENDED)
    sheet = work.get(Sheet, row.sheet_id) if row.sheet_id is not None else None
    if sheet is not None:
        form = form_named(FORM, sheet.form_version)
        kept = identity.open_texts(work, "Sheet", [(sheet.id, sheet.data)], purpose, row.case_id)[0]
        return RecordForm(row.id, row.case_id, case.file_no, form, to_raw(form, json.loads(kept)), sheet.id)
    form = form_named(FORM, _local(row.reported_at))
    return RecordForm(
        row.id, row.case_id, case.file_no, form, to_raw(form, _begun(work, row, case, form, today, purpose))
    )


def _begun(work: Work, row: Emergency, case: Any, form: Form, today: date, purpose: str) -> dict[str, Any]:
    """What the record can begin with: who it is, times and what was told at the end; judgements stay open."""
    wanted = ("name", "id_number")
    found = identity.reveal(work, [case.person_id], purpose, wanted, row.case_id, urgent=True)
    opened = found.get(case.person_id)
    person = work.get(Person, case.person_id)
    known: dict[str, Any] = {
        "report_area": str(row.area),
        "name": opened.name if opened else None,
        "id_number": (opened.id_number or None) if opened else None,
        "sex": person.sex if person is not None else None,
        "document_kind": person.document_kind if person is not None else None,
        "age": None if case.birth_year is None else today.year - case.birth_year,
        "person_kind": int(EmergencyPerson.REGISTERED),
        "reported_at": _minutes(row.reported_at),
        "started_at": _minutes(row.started_at),
        "ended_at": _minutes(row.ended_at),
        "causes": row.causes,
        "measures": row.measures,
        "effect": row.effect,
        "on": to_days(today),
    }
    return {key: value for key, value in known.items() if value is not None and key in form.by_key}


def _minutes(at: datetime | None) -> int | None:
    if at is None:
        return None
    local = at.astimezone(clock.SHANGHAI)
    return to_days(local.date()) * DAY_MINUTES + local.hour * 60 + local.minute


@use_case(Action.EVENT_WRITE)
def keep_record(
    work: Work, emergency_id: int, version: str, raw: Mapping[str, Sequence[str]], today: date
) -> Recorded:
    """Keep the filled 表12; :class:`Unfit` by field for what cannot be. A later one replaces it, the change
    is written down."""
    row = _found(work, emergency_id)
    if row.ended_at is None:
        raise Conflict(NOT_ENDED)
    form = form_named(FORM, version)
    filled = read(form, raw, today)
    if not filled.sound:
        raise Unfit("记录单没有保存。", fields=filled.problems)
    data = json.dumps(dict(filled.values), ensure_ascii=False, sort_keys=True)
    sheet = work.get(Sheet, row.sheet_id) if row.sheet_id is not None else None
    if sheet is None:
        sheet = work.add(
            Sheet(
                id=new_key(),
                area=row.area,
                case_id=row.case_id,
                form=form.name,
                form_version=form.version,
                filled_on=today,
                data=Plain(data),
                recorded_at=clock.now(),
                recorded_by=work.access.actor,
            )
        )
        row.sheet_id, row.recorded_on = sheet.id, today
        revision.note(work, "emergency", row, {"记录单填写日期": (None, today)})
    else:
        before = identity.open_texts(work, "Sheet", [(sheet.id, sheet.data)], READING, row.case_id)[0]
        if before == data:
            return Recorded(row.id, row.case_id, again=True)
        sheet.data = Plain(data)
        revision.note(work, "emergency", row, _changed(form, json.loads(before), filled.values))
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)


def _changed(
    form: Form, before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, tuple[revision.Value, revision.Value]]:
    """Fields that differ, by label; those that identify are said to have changed, no more."""
    old, new = to_raw(form, before), to_raw(form, after)
    changes: dict[str, tuple[revision.Value, revision.Value]] = {}
    for each in form.fields:
        was, now = "、".join(old.get(each.key, ())), "、".join(new.get(each.key, ()))
        if was != now:
            changes[each.label] = ("原内容", "已改动") if each.sealed else (was, now)
    return changes


@use_case(Action.EVENT_WRITE)
def uploaded(work: Work, emergency_id: int, on: date, today: date) -> Recorded:
    """Write down that the record was uploaded to the national system; only after it was filled in."""
    row = _found(work, emergency_id)
    if row.uploaded_on is not None:
        return Recorded(row.id, row.case_id, again=True)
    if row.recorded_on is None:
        raise Conflict("还没有填写应急处置记录单，不能登记已上报。请先填写记录单。")
    if not row.recorded_on <= on <= today:
        raise Unfit(
            "没有保存。",
            fields={"on": f"上报日期应在填表日期（{row.recorded_on.isoformat()}）与今天之间。（ev01）"},
        )
    row.uploaded_on = on
    revision.note(work, "emergency", row, {"上报日期": (None, on)})
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)
