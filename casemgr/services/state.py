"""状态变更: consent, death, loss, pause, exclusion, new diagnosis and return, each dated with its reason.

Two states are kept apart (REC-8.7): the life cycle of the file and whether the person is managed. Nothing is
overwritten: a state ends on the day the next one begins, and a wrong order of days is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.rules.facts import AttemptFact
from casemgr.rules.followup import lost_proposed
from casemgr.rules.policy import in_force_on
from casemgr.services import clock, duplicates, ledger_line, revision
from casemgr.services.case_view import known, term
from casemgr.services.duties import refresh
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.ledger_line import Evidence
from casemgr.services.register import NOT_THERE
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models import Attempt, Case, CaseState, Consent, PauseSpell, Supplement
from casemgr.store.queries import area as areas
from casemgr.store.queries import register as register_queries
from casemgr.store.queries import state as queries
from casemgr.store.queries import transfer as transfers
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.code import Term
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.followup import BodilyDisease, DeathCause, LossReason
from casemgr.terms.liaison import ExchangeKind, Reason
from casemgr.terms.register import Diagnosis, Lifecycle, Management, Pause, Track
from casemgr.terms.risk import RiskLevel, Stability
from casemgr.terms.state import ConsentStep, DeathProof
from casemgr.terms.transfer import TransferSide, TransferState

READING = "状态变更"
WORDS: dict[Track, type[Term]] = {
    Track.LIFECYCLE: Lifecycle,
    Track.MANAGEMENT: Management,
    Track.DIAGNOSIS: Diagnosis,
}


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt to reach the person."""

    id: int
    on: date
    way: AttemptWay | None
    result: AttemptResult


@dataclass(frozen=True, slots=True)
class StateView:
    """One dated state in words."""

    track: Track
    words: str
    since: date
    until: date | None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class PauseView:
    """One pause; ``ended_on`` is empty while it runs."""

    kind: Pause
    since: date
    planned_until: date | None
    ended_on: date | None
    reason: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stands, for the pages that change it; ``proposed`` are the days that propose 失访."""

    case_id: int
    file_no: str
    version: int
    lifecycle: Lifecycle
    lifecycle_on: date | None
    management: Management | None
    management_on: date | None
    diagnosis: Diagnosis
    article30: bool
    consent: ConsentAnswer | None
    consent_on: date | None
    registered_on: date
    pause: Pause | None
    paused_until: date | None
    seen_on: date | None
    attempts: tuple[AttemptView, ...]
    proposed: tuple[date, ...]
    rule: str
    told_dead_on: date | None
    history: tuple[StateView, ...]
    pauses: tuple[PauseView, ...] = ()

    @property
    def on_register(self) -> bool:
        """Whether the file is open."""
        return self.lifecycle is Lifecycle.ON_REGISTER


@use_case(Action.REGISTER_WRITE)
def standing(work: Work, case_id: int, today: date) -> Standing:
    """How a case stands; :class:`Missing` outside the access. Reasons are opened, which is written down."""
    case = _case(work, case_id)
    tries = queries.attempts(work, case_id)
    seen = queries.last_seen(work, case_id)
    facts = [AttemptFact(one.id, one.on, one.result) for one in tries if seen is None or one.on > seen]
    proposal = lost_proposed(facts, in_force_on(today))
    history = queries.history(work, case_id)
    units = register_queries.unit_names(work, [one.value for one in history if one.track == Track.UNIT])
    reasons = open_texts(work, "CaseState", [(one.id, one.reason) for one in history], READING, case_id)
    told = [one.on for one in tries if one.result == AttemptResult.DEATH_TOLD]
    spells = queries.pauses(work, case_id)
    why = open_texts(work, "PauseSpell", [(one.id, one.reason) for one in spells], READING, case_id)
    return Standing(
        case_id=case.id,
        file_no=case.file_no,
        version=case.version,
        lifecycle=Lifecycle.read(case.lifecycle),
        lifecycle_on=case.lifecycle_on,
        management=term(Management, case.management),
        management_on=case.management_on,
        diagnosis=Diagnosis.read(case.diagnosis),
        article30=case.article30,
        consent=term(ConsentAnswer, case.consent),
        consent_on=case.consent_on,
        registered_on=case.registered_on,
        pause=term(Pause, case.pause),
        paused_until=case.paused_until,
        seen_on=seen,
        attempts=tuple(
            AttemptView(one.id, one.on, term(AttemptWay, one.way), AttemptResult.read(one.result))
            for one in reversed(tries[-20:])
        ),
        proposed=proposal.failed if proposal else (),
        rule=proposal.rule if proposal else "",
        told_dead_on=told[-1] if told else None,
        history=tuple(
            StateView(
                Track.read(one.track),
                _in_words(Track.read(one.track), one.value, units),
                one.since,
                one.until,
                reason,
            )
            for one, reason in zip(history, reasons, strict=True)
        ),
        pauses=tuple(
            PauseView(Pause.read(one.kind), one.since, one.planned_until, one.ended_on, reason)
            for one, reason in zip(spells, why, strict=True)
        ),
    )


def _in_words(track: Track, value: int, units: dict[int, str]) -> str:
    if track is Track.UNIT:
        return units.get(value, "其他单位")
    found: Term = known(WORDS[track], value)
    return found.label


# --- the core: entering a state ---


def enter(work: Work, case: Case, track: Track, value: int, since: date, reason: str) -> None:
    """Begin a state on ``since`` and end the one before on that day; the case's own columns follow.

    Raises :class:`Refused` when ``since`` lies before the state that holds now (a wrong order of days).
    """
    running = queries.running(work, case.id, int(track))
    before = _now(case, track)
    if running is not None and since < running.since:
        raise Refused(
            f"日期早于现在的{track.label}开始的日期（{running.since.isoformat()}）。"
            "先后颠倒会使这段时间的人数算错。请改正日期，或先更正前一次变更。",
            rule="REC-8.7",
        )
    if running is not None:
        running.until = since
    work.add(
        CaseState(
            id=new_key(),
            case_id=case.id,
            area=case.area,
            track=int(track),
            value=value,
            since=since,
            until=None,
            reason=Plain(reason) if reason else None,
            recorded_at=clock.now(),
        )
    )
    if track is Track.LIFECYCLE:
        case.lifecycle, case.lifecycle_on = value, since
    elif track is Track.MANAGEMENT:
        case.management, case.management_on = value, since
    elif track is Track.DIAGNOSIS:
        case.diagnosis = value
    elif track is Track.UNIT:
        case.unit_id = value
    if track in WORDS:
        after = f"{_in_words(track, value, {})}（{since.isoformat()}）"
        revision.note(work, "state", case, {track.label: (before, after)}, reason)


def _now(case: Case, track: Track) -> str:
    value, on = {
        Track.LIFECYCLE: (case.lifecycle, case.lifecycle_on),
        Track.MANAGEMENT: (case.management, case.management_on),
        Track.DIAGNOSIS: (case.diagnosis, None),
        Track.UNIT: (None, None),
    }[track]
    if value is None:
        return ""
    return _in_words(track, value, {}) + (f"（{on.isoformat()}）" if on else "")


def _case(work: Work, case_id: int) -> Case:
    case = queries.case(work, case_id)
    if case is None:
        raise Missing(NOT_THERE)
    return case


def _open_case(work: Work, case_id: int, version: int) -> Case:
    """The case, still open and as the asker saw it."""
    case = _case(work, case_id)
    if case.version != version:
        raise Conflict(SAVED_ALREADY)
    if case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused(
            f"档案已是“{Lifecycle.read(case.lifecycle).label}”，不能再变更。请核对；如有误，请先恢复在册。",
            rule="REC-8.7",
        )
    return case


def _not_late(wrong: dict[str, str], on: date, today: date, case: Case, name: str = "on") -> None:
    if on > today:
        wrong[name] = "日期晚于今天。尚未发生的事不能登记。请改正日期。"
    elif on < case.registered_on:
        wrong[name] = f"日期早于建档日期（{case.registered_on.isoformat()}）。先后颠倒。请改正其中一个日期。"


def _unfit(wrong: dict[str, str]) -> Unfit:
    return Unfit("没有保存，请改正后再试。", fields=wrong)


def _settle(wrong: dict[str, str]) -> None:
    if wrong:
        raise _unfit(wrong)


def _managed(case: Case) -> Management:
    """Managed, or refused: what the answer about consent makes of somebody who is here (GF2018-4.2, 4.3)."""
    refused = case.consent == ConsentAnswer.REFUSED and not case.article30
    return Management.REFUSED if refused else Management.MANAGED


def _leave(work: Work, case: Case, to: Lifecycle, on: date, reason: str) -> None:
    """Close the file: the management state ends with it, and so does a pause."""
    enter(work, case, Track.LIFECYCLE, int(to), on, reason)
    running = queries.running(work, case.id, int(Track.MANAGEMENT))
    if running is not None:
        running.until = max(on, running.since)
    case.management = case.management_on = None
    _end_pause(work, case, on)


def _manage(work: Work, case: Case, to: Management, on: date, reason: str) -> None:
    if case.management == to:
        return
    running = queries.running(work, case.id, int(Track.MANAGEMENT))
    since = on if running is None else max(on, running.since)
    enter(work, case, Track.MANAGEMENT, int(to), since, reason)


def article30_changed(work: Work, case: Case, today: date, reason: str) -> None:
    """Whether somebody is managed follows from 第三十条, too (GF2018-4.2): put it right after a correction.

    Part of the unit of work that corrected the file. Who is lost or in hospital stays so.
    """
    if case.lifecycle == Lifecycle.ON_REGISTER and case.management in (
        None,
        Management.MANAGED,
        Management.REFUSED,
    ):
        _manage(work, case, _managed(case), today, reason)


# --- death ---


@dataclass(frozen=True, slots=True)
class Death:
    """What is known of a death; ``why_no_incident`` answers st05."""

    on: date
    cause: DeathCause | None
    disease: BodilyDisease | None
    proof: DeathProof | None
    detail: str = field(default="", repr=False)
    why_no_incident: str = field(default="", repr=False)


@use_case(Action.REGISTER_WRITE)
def death(work: Work, case_id: int, version: int, told: Death, today: date) -> bool:
    """Write a death down; ``False`` when it was only told and waits to be verified (st16, GW2017-8.6).

    Raises :class:`Unfit` with the fields that are wrong: no cause, a day that cannot be, visits after it.
    """
    same = _case(work, case_id)
    if same.lifecycle == Lifecycle.DEAD and same.lifecycle_on == told.on:
        return True  # a second press
    case = _open_case(work, case_id, version)
    wrong: dict[str, str] = {}
    _not_late(wrong, told.on, today, case)
    if told.proof is None:
        wrong["proof"] = "请选择怎样核实的。死亡须由医生核实后才能结案（st16）。"
    if told.proof is DeathProof.TOLD:
        _settle(wrong)
        _told_dead(work, case, told, today)
        return False
    wrong |= _death_faults(work, case, told)
    if wrong or told.cause is None:
        raise _unfit(wrong)
    reason = "；".join(filter(None, (told.proof.label if told.proof else "", told.detail)))
    _leave(work, case, Lifecycle.DEAD, told.on, reason)
    case.death_cause = int(told.cause)
    case.death_disease = None if told.disease is None else int(told.disease)
    changes: dict[str, tuple[Any, Any]] = {"死亡原因": (None, told.cause.label)}
    if told.disease is not None:
        changes["躯体疾病"] = (None, told.disease.label)
    if told.why_no_incident:
        changes["st05 未登记事件的理由"] = (None, told.why_no_incident)
    revision.note(work, "state", case, changes, reason)
    refresh(work, [case.id])
    return True


def _told_dead(work: Work, case: Case, told: Death, today: date) -> None:
    words = f"告知死亡日期 {told.on.isoformat()}" + (f"；{told.detail}" if told.detail else "")
    work.add(
        Attempt(
            id=new_key(),
            area=case.area,
            case_id=case.id,
            on=today,
            way=int(AttemptWay.PHONE),
            result=int(AttemptResult.DEATH_TOLD),
            note=Plain(words),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    refresh(work, [case.id])


def _death_faults(work: Work, case: Case, told: Death) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if told.cause is None:
        wrong["cause"] = "请选择死亡原因。没有原因就不能统计死亡情况（st01）。"
    if told.cause is DeathCause.BODILY_DISEASE and told.disease is None:
        wrong["disease"] = "死于躯体疾病的，请选择疾病；不清楚的选“不详”。"
    if told.disease is not None and told.cause is not DeathCause.BODILY_DISEASE:
        wrong["disease"] = "只有死于躯体疾病时才填疾病。请清空，或改正死亡原因。"
    later = queries.visits_after(work, case.id, told.on)
    if later:
        days = "、".join(day.isoformat() for day in later[:5]) + (" 等" if len(later) > 5 else "")
        wrong["on"] = (
            f"死亡日期之后还有 {len(later)} 次随访（{days}）。死亡之后不会再有服务。"
            "请先改正这些随访的日期，或改正死亡日期（st02）。"
        )
    supplement = queries.supplement(work, case.id)
    if supplement is not None and supplement.onset_on is not None and told.on < supplement.onset_on:
        wrong["on"] = "死亡日期早于初次发病时间。其中一个必定有误。请对照改正（st02）。"
    unnatural = told.cause in (DeathCause.SUICIDE, DeathCause.ACCIDENT)
    if unnatural and not told.why_no_incident and not queries.incident_count(work, case.id):
        wrong["why_no_incident"] = (
            "死于自杀或意外，但没有登记事件。事件是改进工作的依据。请先登记事件，或在这里写明理由（st05）。"
        )
    return wrong


# --- lost, found again, paused ---


@use_case(Action.REGISTER_WRITE)
def lost(
    work: Work, case_id: int, version: int, on: date, why: LossReason | None, reason: str, today: date
) -> None:
    """Confirm that somebody is lost (REC-8.8, GF2018-8.2); the file stays on the register.

    Three failed attempts over more than a month need no other reason; without them it is written out why.
    """
    if _case(work, case_id).management == Management.LOST:
        return  # a second press
    case = _open_case(work, case_id, version)
    wrong: dict[str, str] = {}
    _not_late(wrong, on, today, case)
    if why is None:
        wrong["why"] = "请选择失访原因。"
    seen = queries.last_seen(work, case_id)
    if seen is not None and on < seen:
        wrong["on"] = f"失访日期早于最近一次访到的日期（{seen.isoformat()}）。请改正日期。"
    tries = [one for one in queries.attempts(work, case_id) if seen is None or one.on > seen]
    facts = [AttemptFact(one.id, one.on, one.result) for one in tries]
    if lost_proposed(facts, in_force_on(today)) is None and not reason:
        wrong["reason"] = (
            "还没有相隔一个月以上的三次未访到。过早判为失访会漏掉还能找到的人。"
            "请写明判定的依据（如走失、去向不明、家属拒绝告知），或继续联系。"
        )
    if wrong or why is None:
        raise _unfit(wrong)
    _manage(work, case, Management.LOST, on, "；".join(filter(None, (why.label, reason))))
    _end_pause(work, case, on)
    refresh(work, [case.id])


@use_case(Action.REGISTER_WRITE)
def found(work: Work, case_id: int, today: date) -> None:
    """Somebody who was lost is here again, from today; one tap."""
    case = _case(work, case_id)
    if case.management != Management.LOST:
        return  # a second press, or never lost
    if case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused("档案已不在册，不能恢复管理。请先恢复在册。", rule="REC-8.7")
    _manage(work, case, _managed(case), today, "重新联系到")
    refresh(work, [case.id])


def _end_pause(work: Work, case: Case, on: date) -> None:
    """The running pause, if there is one, ends on a day."""
    case.pause = case.paused_until = None
    for one in queries.pauses(work, case.id):
        if one.ended_on is None:
            one.ended_on = max(on, one.since)


@use_case(Action.REGISTER_WRITE)
def pause(
    work: Work,
    case_id: int,
    version: int,
    kind: Pause | None,
    until: date | None,
    reason: str,
    today: date,
    since: date | None = None,
) -> None:
    """Let visits follow a plan of their own while somebody is in hospital or away, from ``since`` (today).

    The same kind again only puts off the day until which it is planned; another kind ends the one before.
    """
    same = _case(work, case_id)
    if kind is not None and same.pause == kind and same.paused_until == until:
        return
    case = _open_case(work, case_id, version)
    wrong: dict[str, str] = {}
    if kind is None:
        wrong["kind"] = "请选择住院或外出。"
    if until is None:
        wrong["until"] = "请填写预计到哪一天。到期会提醒恢复随访；不清楚时填一个月后再核实的日期。"
    elif until <= today:
        wrong["until"] = "这一天已经过去。请填写今后的日期，或直接恢复随访。"
    spells = queries.pauses(work, case_id)
    running = next((one for one in spells if one.ended_on is None), None)
    begun = since or (running.since if running is not None and running.kind == kind else today)
    if begun > today:
        wrong["since"] = "开始日期晚于今天。尚未发生的事不能登记。请改正日期，或到那天再登记。"
    elif begun < case.registered_on:
        wrong["since"] = (
            f"开始日期早于建档日期（{case.registered_on.isoformat()}）。先后颠倒。请改正日期，或清空（即今天）。"
        )
    elif any(one is not running and one.ended_on is not None and begun < one.ended_on for one in spells):
        wrong["since"] = "开始日期早于上一次暂停结束的日期。两次暂停不能重叠。请改正日期，或清空（即今天）。"
    if wrong or kind is None or until is None:
        raise _unfit(wrong)
    before = "" if case.pause is None else f"{Pause.read(case.pause).label}至 {case.paused_until or '未定'}"
    if running is not None and running.kind == kind:
        running.since, running.planned_until = begun, until
        running.reason = Plain(reason) if reason else running.reason
    else:
        _end_pause(work, case, begun)
        work.add(
            PauseSpell(
                id=new_key(),
                area=case.area,
                case_id=case.id,
                kind=int(kind),
                since=begun,
                planned_until=until,
                reason=Plain(reason) if reason else None,
                recorded_at=clock.now(),
                recorded_by=work.access.actor,
            )
        )
    case.pause, case.paused_until = int(kind), until
    changes = {"暂停按期随访": (before, f"{kind.label}至 {until.isoformat()}，自 {begun.isoformat()}")}
    revision.note(work, "state", case, changes, reason)
    refresh(work, [case.id])


@use_case(Action.REGISTER_WRITE)
def resume(work: Work, case_id: int, today: date) -> None:
    """Somebody is back: visits follow the class again."""
    case = _case(work, case_id)
    if case.pause is None:
        return
    before = f"{Pause.read(case.pause).label}至 {case.paused_until or '未定'}"
    _end_pause(work, case, today)
    revision.note(work, "state", case, {"暂停按期随访": (before, f"恢复随访，自 {today.isoformat()}")})
    refresh(work, [case.id])


def discharged(work: Work, case: Case, on: date) -> None:
    """Let a stay that paused the visits end with the discharge; part of the unit of work that files it."""
    running = next((one for one in queries.pauses(work, case.id) if one.ended_on is None), None)
    if running is None or running.kind != Pause.IN_HOSPITAL or running.since > on:
        return
    before = f"{Pause.IN_HOSPITAL.label}至 {case.paused_until or '未定'}"
    _end_pause(work, case, on)
    revision.note(work, "state", case, {"暂停按期随访": (before, f"恢复随访，自 {on.isoformat()} 出院")})


def admitted(work: Work, case: Case, on: date, until: date) -> None:
    """Let a stay that a hospital told of pause the visits; part of the unit of work that takes it over.

    A stay that runs already keeps its days; one told late begins after the pause before it.
    """
    if case.lifecycle != Lifecycle.ON_REGISTER or case.pause == Pause.IN_HOSPITAL:
        return
    ended = [one.ended_on for one in queries.pauses(work, case.id) if one.ended_on is not None]
    begun = max([on, case.registered_on, *ended])
    _end_pause(work, case, begun)
    work.add(
        PauseSpell(
            id=new_key(),
            area=case.area,
            case_id=case.id,
            kind=int(Pause.IN_HOSPITAL),
            since=begun,
            planned_until=until,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    case.pause, case.paused_until = int(Pause.IN_HOSPITAL), until
    says = f"{Pause.IN_HOSPITAL.label}至 {until.isoformat()}，自 {begun.isoformat()}（收治医院告知）"
    revision.note(work, "state", case, {"暂停按期随访": ("", says)})


# --- leaving, changing, coming back ---


@use_case(Action.REGISTER_WRITE)
def exclude(
    work: Work, case_id: int, version: int, on: date, hospital: str, reason: str, today: date
) -> None:
    """Close the file of somebody whom a new diagnosis found not to be ill (FB2013-3.5)."""
    same = _case(work, case_id)
    if same.lifecycle == Lifecycle.EXCLUDED and same.lifecycle_on == on:
        return
    case = _open_case(work, case_id, version)
    wrong: dict[str, str] = {}
    _not_late(wrong, on, today, case)
    if not hospital:
        wrong["hospital"] = "请填写重新诊断的医院。排除须有精神科执业医师的诊断（rg20）。"
    if not reason:
        wrong["reason"] = "请写明排除的理由（rg20）。"
    _settle(wrong)
    _leave(work, case, Lifecycle.EXCLUDED, on, f"{hospital}；{reason}")
    refresh(work, [case.id])


def excluded_by_report(work: Work, case: Case, on: date, reason: str) -> None:
    """Close the file because its report was corrected; part of the unit of work that corrects it."""
    _leave(work, case, Lifecycle.EXCLUDED, max(on, case.registered_on), reason)


@use_case(Action.REGISTER_WRITE)
def moved(work: Work, case_id: int, version: int, on: date, place: str, reason: str, today: date) -> None:
    """Close the file of somebody who moved out of what this register covers; the receiver is written down.

    Within the county a transfer is asked for instead, see :mod:`casemgr.services.transfer`.
    """
    same = _case(work, case_id)
    if same.lifecycle == Lifecycle.MOVED_OUT and same.lifecycle_on == on:
        return
    case = _open_case(work, case_id, version)
    wrong: dict[str, str] = {}
    _not_late(wrong, on, today, case)
    if not place:
        wrong["place"] = "请填写接收的机构。没有接收方，这个人就没有人管了（st09）。"
    _settle(wrong)
    _leave(work, case, Lifecycle.MOVED_OUT, on, "；".join(filter(None, (f"接收机构：{place}", reason))))
    for one in transfers.open_of(work, case.id):
        if one.other_unit == 0 and one.side == TransferSide.SENDER:
            # This is the answer of the other county that was waited for.
            one.state, one.answered_on = int(TransferState.ACCEPTED), today
            one.version += 1
    work.flush()
    refresh(work, [case.id])


@dataclass(frozen=True, slots=True)
class Rediagnosis:
    """A change of diagnosis with its day, hospital and reason (rg20)."""

    diagnosis: Diagnosis | None
    icd10: str
    on: date
    hospital: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)


@use_case(Action.REGISTER_WRITE)
def diagnose(work: Work, case_id: int, version: int, told: Rediagnosis, today: date) -> None:
    """Change the diagnosis; the former one stays in the history with its days (rg20)."""
    same = _case(work, case_id)
    if told.diagnosis is not None and same.diagnosis == told.diagnosis and same.version != version:
        return
    case = _open_case(work, case_id, version)
    wrong: dict[str, str] = {}
    if told.on > today:
        wrong["on"] = "诊断日期晚于今天。请改正日期。"
    if told.diagnosis is None:
        wrong["diagnosis"] = "请选择新的诊断。"
    elif told.diagnosis == case.diagnosis and (told.icd10 or None) == case.icd10:
        wrong["diagnosis"] = "与现在的诊断相同。如只是更正确诊医院或日期，请在“修改档案”中改。"
    if told.diagnosis is Diagnosis.ARTICLE_30 and not case.article30:
        wrong["diagnosis"] = (
            "六类以外的诊断只有符合第三十条第二款第二项才能在册（rg04）。请先登记已告知，或选其他诊断。"
        )
    if not told.hospital:
        wrong["hospital"] = "请填写诊断的医院。改变诊断须有精神科执业医师的诊断（rg20）。"
    if not told.reason:
        wrong["reason"] = "请写明理由，如复诊、司法鉴定（rg20）。"
    supplement = queries.supplement(work, case_id)
    if supplement is not None and supplement.onset_on is not None and told.on < supplement.onset_on:
        wrong["on"] = "诊断日期早于初次发病时间（rg01）。请改正其中一个日期。"
    if wrong or told.diagnosis is None:
        raise _unfit(wrong)
    words = f"{told.hospital}；{told.reason}"
    if told.diagnosis != case.diagnosis:
        enter(work, case, Track.DIAGNOSIS, int(told.diagnosis), max(told.on, case.registered_on), words)
    revision.note(work, "case", case, {"icd10": (case.icd10, told.icd10 or None)}, words)
    case.icd10 = told.icd10 or None
    if supplement is None:
        supplement = work.add(Supplement(case_id=case.id, area=case.area))
    supplement.diagnosed_at = Plain(told.hospital)
    supplement.diagnosed_on, supplement.diagnosed_precision = told.on, 3
    refresh(work, [case.id])


def reopen(access: Access, case_id: int, version: int, on: date, reason: str, today: date) -> None:
    """Put a closed file back, from the day of return or of the wrong closing, with a reason.

    Raises :class:`Refused` while the same id number is on the register in another file (id11): one number,
    one active file, also across townships.
    """
    number = _number_of(access, case_id)
    if number and duplicates.held_in_county(access, number, case_id):
        raise Refused(
            "该证件号已在本县另一份档案中在册，没有恢复。一人两档会使人数重复计算。"
            "请查找在册的那一份，或在“迁移”中申请转入；号码有误的，请先更正。",
            rule="id11",
        )
    _reopen(access, case_id, version, on, reason, today)


@use_case(Action.REGISTER_WRITE)
def _number_of(work: Work, case_id: int) -> str:
    """The id number of a closed file in normal form; empty when it has none, or is on the register."""
    case = _case(work, case_id)
    if case.lifecycle == Lifecycle.ON_REGISTER:
        return ""
    opened = identity.reveal(work, [case.person_id], duplicates.PURPOSE, ("id_number",), case_id)
    return idnumber.normal(opened[case.person_id].id_number) if case.person_id in opened else ""


@use_case(Action.REGISTER_WRITE)
def _reopen(work: Work, case_id: int, version: int, on: date, reason: str, today: date) -> None:
    same = _case(work, case_id)
    if same.lifecycle == Lifecycle.ON_REGISTER:
        return
    if same.version != version:
        raise Conflict(SAVED_ALREADY)
    wrong: dict[str, str] = {}
    if on > today:
        wrong["on"] = "日期晚于今天。请改正日期。"
    elif same.lifecycle_on is not None and on < same.lifecycle_on:
        wrong["on"] = f"日期早于出册日期（{same.lifecycle_on.isoformat()}）。登记有误的，请填出册那一天。"
    if not reason:
        wrong["reason"] = "请写明恢复在册的理由，如登记有误、重新迁入。"
    _settle(wrong)
    returned(work, same, on, reason)
    refresh(work, [same.id])


def returned(work: Work, case: Case, on: date, reason: str) -> None:
    """Put a closed file back on the register; part of the unit of work that decided it."""
    if case.lifecycle == Lifecycle.ON_REGISTER:
        return
    enter(work, case, Track.LIFECYCLE, int(Lifecycle.ON_REGISTER), on, reason)
    case.death_cause = case.death_disease = None
    _manage(work, case, _managed(case), on, reason)


# --- consent ---


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of asking for consent."""

    step: ConsentStep | None
    on: date
    signer: str = field(default="", repr=False)
    reason: str = field(default="", repr=False)


@use_case(Action.REGISTER_WRITE)
def consent(work: Work, case_id: int, version: int, told: Answer, today: date) -> None:
    """Write the answer about consent down; a refusal keeps the file and is asked again each year (4.3)."""
    case = _open_case(work, case_id, version)
    wrong: dict[str, str] = {}
    if told.step is None:
        wrong["step"] = "请选择征求的结果。"
    if told.on > today:
        wrong["on"] = "日期晚于今天。请改正日期（rg10）。"
    elif case.consent_on is not None and told.on < case.consent_on:
        wrong["on"] = f"日期早于上一次答复（{case.consent_on.isoformat()}）。先后颠倒。请改正日期。"
    if not told.signer:
        wrong["signer"] = "请填写签字人或被告知的人（rg10）。"
    if told.step is ConsentStep.WITHDRAW and case.consent != ConsentAnswer.AGREED:
        wrong["step"] = "现在没有“同意参加管理”的记录，谈不上撤回。请改选其他结果。"
    if wrong or told.step is None:
        raise _unfit(wrong)
    if told.step is ConsentStep.INFORMED:
        _informed(work, case, told)
    else:
        consented(work, case, told)
    refresh(work, [case.id])


def _informed(work: Work, case: Case, told: Answer) -> None:
    """30(2)(二): informed, then managed whether or not the person agrees (GF2018-4.2)."""
    changes: dict[str, tuple[Any, Any]] = {
        "第三十条第二款第二项": (case.article30, True),
        "告知": (None, told.on.isoformat()),
    }
    case.article30 = True
    revision.note(work, "consent", case, changes, "；".join(filter(None, (told.signer, told.reason))))
    if case.management in (None, Management.REFUSED):
        _manage(work, case, Management.MANAGED, told.on, "第三十条第二款第二项，已告知")


def consented(work: Work, case: Case, told: Answer) -> None:
    """Write an answer down and let the management follow it; part of the unit of work that asks."""
    agreed = told.step is ConsentStep.AGREE
    answer = ConsentAnswer.AGREED if agreed else ConsentAnswer.REFUSED
    words = told.step.label if told.step is not None else ""
    work.add(
        Consent(
            id=new_key(),
            area=case.area,
            case_id=case.id,
            answer=int(answer),
            on=told.on,
            signer=Plain(told.signer),
            recorded_at=clock.now(),
        )
    )
    before = term(ConsentAnswer, case.consent)
    revision.note(
        work,
        "consent",
        case,
        {
            "知情同意": (
                before.label if before is not None else "",
                f"{words}（{told.on.isoformat()}）",
            )
        },
        told.reason,
    )
    case.consent, case.consent_on = int(answer), told.on
    if case.management in (None, Management.MANAGED, Management.REFUSED):
        _manage(work, case, _managed(case), max(told.on, case.registered_on), words)


# --- letters about somebody lost ---


@dataclass(frozen=True, slots=True)
class Letter:
    """A written notice about somebody lost, to be printed and signed; only what the receiver needs."""

    to: str
    township: str
    unit: str
    on: date
    lost_on: date | None
    seen_on: date | None
    why: str
    facts: tuple[tuple[str, str], ...] = field(repr=False)
    asks: str = ""


#: Receivers of the written notice (GF2018-8.3) and what each needs to search (REC-12.5).
RECEIVERS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "police": (
        "公安派出所",
        ("name", "id_number", "phone", "residence"),
        "请协助查找；查到下落请告知我单位。",
    ),
    "committee": (
        "综合管理小组（政法委、村（居）委会等）",
        ("name", "residence"),
        "请在日常工作中留意；得知下落请告知我单位。",
    ),
    "superior": ("县级精神卫生防治机构", (), "现将失访情况上报，档案保留在册，继续查找。"),
}
FIELD_LABELS = {"name": "姓名", "id_number": "证件号码", "phone": "联系电话", "residence": "现住址"}


#: Whom the ledger names for each of them; the county office is the own house.
RECEIVER_ROLES = {"police": Role.POLICE, "committee": Role.POLITICAL_LEGAL}
_GROUPS = {
    "name": FieldGroup.G1,
    "id_number": FieldGroup.G2,
    "phone": FieldGroup.G3,
    "residence": FieldGroup.G4,
}


def _given(work: Work, case: Case, to: Role, groups: list[FieldGroup], today: date) -> None:
    """A letter about somebody lost tells another office who it is: a line of the ledger (GF2018-8.3)."""
    ledger_line.enter(
        work,
        kind=ExchangeKind.FILE,
        receiver=to,
        place=case.area,
        people={case.id: case.area},
        groups=groups,
        conditions=(Condition.EMERGENCY,),
        ground="严重精神障碍管理治疗工作规范（2018）失访书面报告；精神卫生法第24条第2款",
        document=f"失访告知书 {today.isoformat()}",
        evidence=Evidence(Reason.LOST, on=case.management_on),
    )


@use_case(Action.FORM_PRINT)
def letter(work: Work, case_id: int, to: str, today: date) -> Letter:
    """One letter; what identifies is opened for it and written down.

    Raises :class:`Refused` while the person is not lost, :class:`Missing` for another receiver.
    """
    if to not in RECEIVERS:
        raise Missing("没有这种告知书。请从失访页面选择。")
    row = register_queries.case(work, case_id)
    if row is None:
        raise Missing(NOT_THERE)
    case: Case = row.Case
    if case.management != Management.LOST:
        raise Refused("该患者现在不是失访状态，不能出具失访告知书。请先确认失访。", rule="GF2018-8.3")
    title, wanted, asks = RECEIVERS[to]
    facts: list[tuple[str, str]] = []
    if wanted:
        opened = identity.reveal(work, [case.person_id], "失访告知", wanted, case_id).get(case.person_id)
        facts += [(FIELD_LABELS[name], getattr(opened, name, "") or "不详") for name in wanted]
        facts.append(("年龄", f"{today.year - case.birth_year} 岁" if case.birth_year else "不详"))
    else:
        facts.append(("档案编号", case.file_no))
    groups = [_GROUPS[name] for name in wanted]
    visit = queries.last_visit(work, case_id)
    if visit is not None and to != "committee":
        risk, stability = term(RiskLevel, visit.risk), term(Stability, visit.stability)
        grave = (visit.risk or 0) >= RiskLevel.LEVEL_3 or stability is Stability.UNSTABLE
        if to == "superior" or grave:
            facts.append(("末次危险性评估", risk.label if risk is not None else "未评估"))
            groups.append(FieldGroup.G8)
            if to == "superior":  # the class of a visit is nothing for another office
                facts.append(("末次随访分类", stability.label if stability is not None else "未评估"))
    running = queries.running(work, case_id, int(Track.MANAGEMENT))
    (why,) = open_texts(
        work, "CaseState", [(running.id, running.reason) if running else (0, None)], "失访告知", case_id
    )
    tries = queries.attempts(work, case_id)
    facts.append(("联系经过", f"已记录联系 {len(tries)} 次" + _days_of(tries)))
    place = areas.within(work, case.area, case.area + 1, int(AreaLevel.VILLAGE))
    work.note("print", "Letter", row_key=case_id, case_key=case_id, fields=to, purpose="失访告知")
    if wanted:
        _given(work, case, RECEIVER_ROLES[to], groups, today)
    return Letter(
        title,
        place[0].name if place else "",
        row.unit_name,
        today,
        case.management_on,
        queries.last_seen(work, case_id),
        why.partition("；")[0],
        tuple(facts),
        asks,
    )


def _days_of(tries: list[Attempt]) -> str:
    days = [one.on.isoformat() for one in tries[-3:]]
    return f"（最近：{'、'.join(days)}）" if days else ""
