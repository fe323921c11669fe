"""岗位回报采纳: the township doctor takes over what a village doctor saw or a hospital told, or does not.

Taking over puts it into the file: a referral goes a step on, a stay pauses the visits, a discharge becomes
表4 and opens the visit of the two weeks. What a village doctor saw becomes an entry and never a visit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from casemgr.rules.access import POSTS, Action
from casemgr.services import duties, hospital_care, notice, referral, state
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.referral import ReferralStep
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store.identity import open_texts, reveal
from casemgr.store.models import Case, LiaisonReport
from casemgr.store.models.referral import Referral
from casemgr.store.queries import liaison as queries
from casemgr.store.queries import post as posts
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.liaison import ReportAnswer, ReportKind, ReportState
from casemgr.terms.post import CareGround
from casemgr.terms.purpose import Purpose
from casemgr.terms.referral import ReferralState
from casemgr.terms.register import Diagnosis, Lifecycle

NOT_THERE = "没有找到这一条，或不在您的辖区内。请从待办重新打开。"
READING = "采纳岗位回报"
LONGEST = 300
RULE = "REC-POST-3"
#: A stay that a hospital told of is planned for so long, until a discharge is told or the doctor changes it.
PLANNED = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Told:
    """One word of a post about a person: who told what when, and what became of it."""

    id: int
    kind: ReportKind
    reporter: str
    happened_on: date
    urgent: bool
    state: ReportState
    answer: ReportAnswer | None
    words: str = field(default="", repr=False)


def is_posts(row: LiaisonReport) -> bool:
    """Whether a report came from a post, and is taken over or not instead of answered."""
    return row.receiver in {int(one) for one in POSTS} and row.kind in {
        int(one) for one in ReportKind if int(one) >= int(ReportKind.SEEN)
    }


def _found(work: Work, key: int) -> tuple[LiaisonReport, Case]:
    one = work.get(LiaisonReport, key)
    if one is None or not is_posts(one) or one.file_key is None:
        raise Missing(NOT_THERE)
    case = work.get(Case, one.file_key)
    if case is None:
        raise Missing("这份档案已转出，回报由现在的管理单位处理。请联系对方，或从待办中撤去。")
    return one, case


def _decide(
    work: Work, one: LiaisonReport, version: int, answer: ReportAnswer, words: str, today: date
) -> None:
    if len(words) > LONGEST:
        raise Unfit("没有保存。", fields={"words": f"最多 {LONGEST} 字。请只写要点；其余电话说明。"})
    if one.version != version:
        raise Conflict(SAVED_ALREADY)
    one.state, one.answer = int(ReportState.ANSWERED), int(answer)
    one.answered_on, one.answered_by = today, work.access.actor
    one.words = Plain(words) if words else None
    if one.taken_on is None:
        one.taken_on = today


@use_case(Action.LIAISON_MANAGE)
def accept(work: Work, key: int, version: int, words: str, today: date) -> int:
    """Take a report over into the file; the case. Done once only, a second press changes nothing.

    Raises :class:`Unfit` naming ``words`` or ``body``, :class:`Refused` for somebody who has left.
    """
    one, case = _found(work, key)
    if one.state == ReportState.ANSWERED:
        return case.id
    if case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused("这份档案已不在册，回报不能再写进去。请选“不采纳”并写明，或先登记恢复在册。", rule=RULE)
    text = open_texts(work, "LiaisonReport", [(one.id, one.body)], READING, case.id)[0]
    told: dict[str, Any] = json.loads(text or "{}")
    _decide(work, one, version, ReportAnswer.ACCEPTED, words, today)
    kind = ReportKind.read(one.kind)
    if kind is not ReportKind.SEEN:
        _follow(work, one, case, kind, told, today)
    work.flush()
    duties.refresh(work, [case.id])
    return case.id


@use_case(Action.LIAISON_MANAGE)
def decline(work: Work, key: int, version: int, words: str, today: date) -> int:
    """Leave a report out of the file, with a word on why; the case."""
    one, case = _found(work, key)
    if one.state == ReportState.ANSWERED:
        return case.id
    if not words:
        raise Unfit("没有保存。", fields={"words": "请写明为什么不采纳，对方据此更正；只需一两句。"})
    _decide(work, one, version, ReportAnswer.DECLINED, words, today)
    return case.id


def _follow(
    work: Work, one: LiaisonReport, case: Case, kind: ReportKind, told: Mapping[str, Any], today: date
) -> None:
    """What taking over a hospital's word changes in the file."""
    post, on = one.receiver_area, one.happened_on
    cares = [row.HospitalCare for row in posts.cares(work, case.id) if row.HospitalCare.post_id == post]
    going = next((row for row in _referrals(work, cares) if row.state in _STEPS[kind]), None)
    if going is not None and (to := _STEPS[kind].get(ReferralState.read(going.state))) is not None:
        note = _summary(told) if to is ReferralState.DONE else ""
        day = max(on, *(each for each in (going.advised_on, going.sent_on, going.answered_on) if each))
        if day <= today:
            referral.take(work, going, ReferralStep(to, day, note), today)
    if kind is ReportKind.ADMITTED:
        state.admitted(work, case, on, max(on, today) + PLANNED)
        if not any(each.ground == CareGround.ADMISSION and each.ended_on is None for each in cares):
            hospital_care.add(work, case.area, case.id, post, CareGround.ADMISSION, on)
    if kind is ReportKind.DISCHARGED:
        names = posts.names(work, [post])
        raw = _discharge(work, case, one, told)
        notice.from_hospital(work, case, raw, names.get(post, ""), one.reported_on, today)
        for each in cares:
            if each.ended_on is None:
                each.ended_on = on
        hospital_care.add(work, case.area, case.id, post, CareGround.AFTER, on)


#: Which step of the referral a hospital's word means, from which state.
_DONE = {ReferralState.SENT: ReferralState.DONE, ReferralState.ACCEPTED: ReferralState.DONE}
_STEPS: Mapping[ReportKind, Mapping[ReferralState, ReferralState]] = {
    ReportKind.TAKEN_IN: {ReferralState.SENT: ReferralState.ACCEPTED},
    ReportKind.ADMITTED: {ReferralState.SENT: ReferralState.ACCEPTED},
    ReportKind.DISCHARGED: _DONE,
    ReportKind.CLINIC: _DONE,
    ReportKind.ABSENT: {},
}


def _referrals(work: Work, cares: list[Any]) -> list[Referral]:
    found = [
        work.get(Referral, one.origin) for one in cares if one.ground == CareGround.REFERRAL and one.origin
    ]
    return [row for row in found if row is not None]


def _summary(told: Mapping[str, Any]) -> str:
    diagnosis = told.get("diagnosis")
    parts = (
        Diagnosis.read(diagnosis).label if diagnosis else "",
        f"用药：{told['medication']}" if told.get("medication") else "",
        f"医嘱：{told['advice']}" if told.get("advice") else "",
        f"复诊：{told['again_on']}" if told.get("again_on") else "",
        str(told.get("note") or ""),
    )
    return "；".join(part for part in parts if part) or "收治医院告知已诊治"


def _discharge(work: Work, case: Case, one: LiaisonReport, told: Mapping[str, Any]) -> dict[str, list[str]]:
    """The texts of 表4: who it is from the file, the rest as the hospital wrote it."""
    person = reveal(work, [case.person_id], Purpose.FOLLOW_UP.label, ("name",), case.id).get(case.person_id)
    notes = (
        f"出院带药：{told.get('medication', '')}",
        f"医嘱：{told.get('advice', '')}",
        f"复诊：{told['again_on']}" if told.get("again_on") else "",
        str(told.get("note") or ""),
    )
    raw = {
        "name": person.name if person is not None else "",
        "admitted_on": told.get("admitted_on", ""),
        "discharged_on": one.happened_on.isoformat(),
        "diagnosis": str(told.get("diagnosis", "")),
        "note": "\n".join(part for part in notes if part),
        "doctor": told.get("doctor", ""),
        "on": max(one.reported_on, one.happened_on).isoformat(),
    }
    return {name: [str(text)] for name, text in raw.items() if text}


@use_case(Action.LIAISON_MANAGE)
def of_case(work: Work, case_id: int) -> tuple[Told, ...]:
    """What posts told of one person, latest first, with its words, which is written down as read."""
    rows = [one for one in queries.reports_of(work, case_id) if is_posts(one)]
    names = queries.area_names(work, [one.receiver_area for one in rows])
    words = open_texts(work, "LiaisonReport", [(one.id, one.told) for one in rows], READING, case_id)
    return tuple(
        Told(
            one.id,
            ReportKind.read(one.kind),
            f"{names.get(one.receiver_area, '')} {Role.read(one.receiver).label}".strip(),
            one.happened_on,
            one.urgent,
            ReportState.read(one.state),
            None if one.answer is None else ReportAnswer.read(one.answer),
            text,
        )
        for one, text in zip(rows, words, strict=True)
    )
