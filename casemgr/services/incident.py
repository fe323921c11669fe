"""危险行为与关锁登记: dated dangerous acts with what was done, and lock-ups until the verified release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from casemgr.rules import incident as rules
from casemgr.rules.access import Action
from casemgr.rules.finding import Finding
from casemgr.services import clock, duties, ledger_line, revision
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.finding import weigh
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.incident import Incident, LockUp
from casemgr.store.queries import event as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.disclosure import FieldGroup
from casemgr.terms.incident import DangerousAct, IncidentMeasure, ReleaseProof
from casemgr.terms.register import Lifecycle
from casemgr.terms.risk import RiskLevel

NOT_THERE = "没有找到这份档案，或不在您的辖区内。请从名单重新打开。"
READING = "查阅事件"
OTHERS_KEY = "这张表单属于另一份档案，没有保存。请回到患者页重新打开表单。"


@dataclass(frozen=True, slots=True)
class EventForm:
    """A form about to be filled in: ``once`` is the key of the row to be, so that it is written once only."""

    once: int
    case_id: int
    file_no: str
    registered_on: date
    open_lock_up: int | None = None


@dataclass(frozen=True, slots=True)
class IncidentEntry:
    """What somebody tells about a dangerous act; empty stays empty."""

    on: date
    kind: DangerousAct
    done: tuple[IncidentMeasure, ...] = ()
    police_told_on: date | None = None
    others_hurt: bool | None = None
    note: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record that was kept; ``again``: it had been kept before, nothing was written this time."""

    id: int
    case_id: int
    again: bool
    later: tuple[Finding, ...] = ()


def known_case(work: Work, case_id: int) -> Any:
    """The row of a case that events may be written to; :class:`Missing` outside the access."""
    row = queries.case(work, case_id)
    if row is None:
        raise Missing(NOT_THERE)
    return row


def not_after_death(row: Any, on: date, name: str, label: str) -> None:
    """Refuse what would have happened after the registered death of a case (tm03), by field."""
    if row.lifecycle == Lifecycle.DEAD and row.lifecycle_on is not None and on > row.lifecycle_on:
        died = row.lifecycle_on.isoformat()
        says = (
            f"{label}晚于登记的死亡日期（{died}）。两者必有一个有误。请改正日期，或先更正死亡登记。（tm03）"
        )
        raise Unfit("没有保存。", fields={name: says})


def kept_before(work: Work, model: type[Any], once: int, case_id: int) -> Any:
    """The row that an earlier press of the same button wrote; :class:`Conflict` if it is somebody else's."""
    row = work.get(model, once)
    if row is not None and row.case_id != case_id:
        raise Conflict(OTHERS_KEY)
    return row


@use_case(Action.EVENT_WRITE, writes=False)
def begin(work: Work, case_id: int) -> EventForm:
    """An empty form for an event of this case; :class:`Missing` outside the access."""
    row = known_case(work, case_id)
    open_lock = next((one.id for one in queries.lock_ups(work, case_id) if one.released_on is None), None)
    return EventForm(new_key(), case_id, row.file_no, row.registered_on, open_lock)


@use_case(Action.EVENT_WRITE)
def record(work: Work, case_id: int, once: int, entry: IncidentEntry, today: date) -> Recorded:
    """Keep one dangerous act, tied to the visit of the same day if there is one.

    Raises :class:`Unfit` by field for what is impossible (ev01, ev02) or questioned without a reason (ev05).
    """
    row = known_case(work, case_id)
    if kept_before(work, Incident, once, case_id) is not None:
        return Recorded(once, case_id, again=True)
    if entry.kind is DangerousAct.NONE:
        raise Unfit("没有保存。", fields={"kind": "请选择一种危险行为。没有发生就不需要登记事件。"})
    if entry.police_told_on is not None and IncidentMeasure.POLICE not in entry.done:
        raise Unfit(
            "没有保存。",
            fields={"done": "填了通报公安的日期，但没有勾选“已通报公安派出所”。请补勾，或清空日期。"},
        )
    seen = queries.seen_since(work, case_id, entry.on)
    later = weigh(rules.check(_facts(row, entry, seen, today)), entry.reason)
    note = _noted(entry.note, entry.reason)
    work.add(
        Incident(
            id=once,
            area=row.area,
            case_id=case_id,
            on=entry.on,
            kind=int(entry.kind),
            visit_id=seen.id if seen is not None and seen.on == entry.on else None,
            done=to_mask(entry.done) or None,
            police_told_on=entry.police_told_on,
            others_hurt=entry.others_hurt,
            note=Plain(note) if note else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    if entry.police_told_on is not None:
        _told_police(work, case_id, row.area, entry.police_told_on, today)
    duties.refresh(work, [case_id])
    return Recorded(once, case_id, again=False, later=later)


def _told_police(work: Work, case_id: int, area: int, on: date, today: date) -> None:
    groups = (FieldGroup.G1, FieldGroup.G4, FieldGroup.G9)
    ledger_line.told_police(work, case_id, area, groups, f"{on.isoformat()} 通报危险行为", today)


def _facts(row: Any, entry: IncidentEntry, seen: Any, today: date) -> rules.IncidentFacts:
    return rules.IncidentFacts(
        on=entry.on,
        kind=entry.kind,
        done=frozenset(entry.done),
        others_hurt=entry.others_hurt,
        police_told_on=entry.police_told_on,
        risk=None if seen is None or seen.risk is None else RiskLevel.read(seen.risk),
        birth_year=row.birth_year,
        registered_on=row.registered_on,
        ended_on=row.lifecycle_on if row.lifecycle == Lifecycle.DEAD else None,
        today=today,
    )


def _noted(note: str, reason: str) -> str:
    return "\n".join(part for part in (note, f"核对说明：{reason}" if reason else "") if part)


@dataclass(frozen=True, slots=True)
class AddedMeasures:
    """Something done later about an act already recorded."""

    done: tuple[IncidentMeasure, ...]
    police_told_on: date | None = None


@use_case(Action.EVENT_WRITE)
def add_measures(work: Work, incident_id: int, added: AddedMeasures, today: date) -> Recorded:
    """Add what was done later; nothing that was told before is taken back. The change is kept."""
    row = work.get(Incident, incident_id)
    if row is None:
        raise Missing(NOT_THERE)
    told = added.police_told_on
    if told is not None and (told < row.on or told > today):
        raise Unfit(
            "没有保存。",
            fields={"police_told_on": "通报公安的日期应不早于发生日期，也不晚于今天。请改正日期，或清空。"},
        )
    before, mask = row.done or 0, (row.done or 0) | to_mask(added.done)
    if mask == before and told in (None, row.police_told_on):
        return Recorded(row.id, row.case_id, again=True)
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        "已采取的措施": (_labels(before), _labels(mask))
    }
    if told is not None and told != row.police_told_on:
        changes["通报公安日期"] = (row.police_told_on, told)
        row.police_told_on = told
    row.done = mask
    revision.note(work, "incident", row, changes)
    work.flush()
    if "通报公安日期" in changes and told is not None:
        _told_police(work, row.case_id, row.area, told, today)
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)


def _labels(mask: int) -> str:
    return "、".join(one.label for one in IncidentMeasure if mask >> int(one) & 1)


# --- 关锁 -----------------------------------------------------------------------------------------


@use_case(Action.EVENT_WRITE)
def open_lock_up(
    work: Work, case_id: int, once: int, known_on: date, plan: str, note: str, today: date
) -> Recorded:
    """Open a lock-up from the day it was learned of, with the plan for the release."""
    row = known_case(work, case_id)
    if kept_before(work, LockUp, once, case_id) is not None:
        return Recorded(once, case_id, again=True)
    if known_on > today:
        raise Unfit("没有保存。", fields={"known_on": "得知日期晚于今天。请改正日期。（ev02）"})
    not_after_death(row, known_on, "known_on", "得知日期")
    if not plan:
        raise Unfit(
            "没有保存。",
            fields={"plan": "请写明解锁计划：由谁、何时、怎样解除。没有计划的关锁容易拖延。"},
        )
    if any(one.released_on is None for one in queries.lock_ups(work, case_id)):
        raise Conflict("已有一次关锁尚未解除，不需要重复登记。请在患者页继续处理那一次，或先登记解除。")
    work.add(
        LockUp(
            id=once,
            area=row.area,
            case_id=case_id,
            known_on=known_on,
            plan=Plain(plan),
            note=Plain(note) if note else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    work.flush()
    duties.refresh(work, [case_id])
    return Recorded(once, case_id, again=False)


@use_case(Action.EVENT_WRITE)
def release(
    work: Work,
    lock_up_id: int,
    released_on: date,
    verified: ReleaseProof,
    note: str,
    today: date,
) -> Recorded:
    """Write down the release: its day and how it was verified. Only this ends a lock-up."""
    row = work.get(LockUp, lock_up_id)
    if row is None:
        raise Missing(NOT_THERE)
    if row.released_on is not None:
        return Recorded(row.id, row.case_id, again=True)
    if released_on < row.known_on or released_on > today:
        raise Unfit(
            "没有保存。",
            fields={"released_on": f"解除日期应在得知日期（{row.known_on.isoformat()}）与今天之间。（ev01）"},
        )
    if not note:
        raise Unfit("没有保存。", fields={"note": "请写明怎样核实的，例如“某日上门，患者在院中自由活动”。"})
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        "解除关锁日期": (None, released_on),
        "解除关锁核实方式": ("", verified.label),
    }
    row.released_on, row.verified = released_on, int(verified)
    row.note = Plain(note)
    revision.note(work, "lock_up", row, changes)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Recorded(row.id, row.case_id, again=False)


def spoken(findings: Iterable[Finding]) -> str:
    """Findings to be asked about later as one sentence for the person who just saved."""
    return " ".join(f"{one.says}（{one.id}）" for one in findings)


# --- looking --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """One dangerous act with its note opened."""

    id: int
    case_id: int
    file_no: str
    on: date
    kind: DangerousAct
    done: tuple[IncidentMeasure, ...]
    police_told_on: date | None
    others_hurt: bool | None
    note: str


@use_case(Action.EVENT_WRITE)
def view(work: Work, incident_id: int) -> IncidentPage:
    """One act with its text, which is written down as read; :class:`Missing` outside the access."""
    row = work.get(Incident, incident_id)
    if row is None:
        raise Missing(NOT_THERE)
    case = known_case(work, row.case_id)
    note = open_texts(work, "Incident", [(row.id, row.note)], READING, row.case_id)[0]
    return IncidentPage(
        row.id,
        row.case_id,
        case.file_no,
        row.on,
        DangerousAct.read(row.kind),
        tuple(from_mask(IncidentMeasure, row.done)),
        row.police_told_on,
        row.others_hurt,
        note,
    )


@dataclass(frozen=True, slots=True)
class LockUpPage:
    """One lock-up with its texts opened."""

    id: int
    case_id: int
    file_no: str
    known_on: date
    released_on: date | None
    verified: ReleaseProof | None
    plan: str
    note: str


@use_case(Action.EVENT_WRITE)
def lock_up(work: Work, lock_up_id: int) -> LockUpPage:
    """One lock-up with its plan, which is written down as read; :class:`Missing` outside the access."""
    row = work.get(LockUp, lock_up_id)
    if row is None:
        raise Missing(NOT_THERE)
    case = known_case(work, row.case_id)
    plan, note = open_texts(work, "LockUp", [(row.id, row.plan), (row.id, row.note)], READING, row.case_id)
    verified = None if row.verified is None else ReleaseProof.read(row.verified)
    return LockUpPage(row.id, row.case_id, case.file_no, row.known_on, row.released_on, verified, plan, note)
