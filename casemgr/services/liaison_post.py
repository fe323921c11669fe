"""岗位回报: what a village doctor saw and what a hospital tells, from their window; nothing counts by itself.

Each is a report about somebody on the own list. It opens the township doctor's duty; only what the doctor
takes over enters the file (REC-POST-3).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.errors import Missing, Unfit
from casemgr.services.liaison import LONGEST_LINE, LONGEST_TEXT, NOT_THERE, REPORTING
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models import Disclosure, LiaisonReport
from casemgr.store.queries import liaison as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.liaison import OF_HOSPITAL, ReportKind, ReportState
from casemgr.terms.post import Danger, Spirits, Stay, Taking
from casemgr.terms.register import Diagnosis

#: Where somebody is tells of danger by itself.
URGENT_STAYS = frozenset({Stay.MISSING})


@dataclass(frozen=True, slots=True)
class AnswerForm:
    """An empty answer about somebody on the list: ``once`` is its key to be."""

    once: int
    line: int
    alias: str
    role: Role


@dataclass(frozen=True, slots=True)
class Seen:
    """What a village doctor saw, in everyday words; empty stays empty."""

    on: date | None
    spirits: Spirits | None
    taking: Taking | None
    stay: Stay | None
    dangers: tuple[Danger, ...]
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FromHospital:
    """What a hospital tells; the texts of a discharge are asked for with that kind alone."""

    kind: ReportKind | None
    on: date | None
    admitted_on: date | None = None
    diagnosis: Diagnosis | None = None
    again_on: date | None = None
    medication: str = field(default="", repr=False)
    advice: str = field(default="", repr=False)
    doctor: str = field(default="", repr=False)
    note: str = field(default="", repr=False)


def _own(work: Work, key: int, role: Role) -> Disclosure:
    one = work.get(Disclosure, key)
    if one is None or one.withdrawn_on is not None or work.access.role is not role:
        raise Missing(NOT_THERE)
    if one.valid_until is not None and one.valid_until < clock.today():
        raise Missing(NOT_THERE)  # over since midnight; the job of the night has not come to it yet
    return one


@use_case(Action.LIAISON_REPORT)
def begin(work: Work, line: int) -> AnswerForm:
    """An empty answer about the person of an open sheet; :class:`Missing` for any other."""
    one = _own(work, line, work.access.role)
    if work.access.role not in (Role.VILLAGE_DOCTOR, Role.HOSPITAL):
        raise Missing(NOT_THERE)
    alias = open_texts(work, "Disclosure", [(one.id, one.alias)], REPORTING, one.file_key)[0]
    return AnswerForm(new_key(), line, alias or "某", work.access.role)


@use_case(Action.LIAISON_VIEW, writes=False)
def line_of_task(work: Work, task: int) -> int | None:
    """The own open sheet of the person a task is about, to begin an answer from; none for departments."""
    if work.access.role not in (Role.VILLAGE_DOCTOR, Role.HOSPITAL):
        return None
    return queries.line_of_task(work, task)


def _day(wrong: dict[str, str], on: date | None, today: date) -> None:
    if on is None:
        wrong["on"] = "请填写日期。医生据此知道是哪一天的情况；记不清的填得知的那一天，并在说明中写明。"
    elif on > today:
        wrong["on"] = "日期晚于今天。还没有发生的事不能报。请改正日期，或到那天再报。"


def _long(wrong: dict[str, str], texts: Mapping[str, tuple[str, str, int]]) -> None:
    for name, (label, text, most) in texts.items():
        if len(text) > most:
            wrong[name] = f"{label}最多 {most} 字。请只写要点；其余电话告诉医生，或分两次报。"


@use_case(Action.LIAISON_REPORT)
def observe(work: Work, line: int, once: int, told: Seen, today: date) -> bool:
    """Keep what a village doctor saw; with a sign of danger the doctor's duty is urgent. ``False``: again.

    Raises :class:`Unfit` naming the fields of :class:`Seen`, :class:`Missing` for a foreign sheet.
    """
    one = _own(work, line, Role.VILLAGE_DOCTOR)
    if work.get(LiaisonReport, once) is not None:
        return False
    wrong: dict[str, str] = {}
    _day(wrong, told.on, today)
    if told.spirits is None:
        wrong["spirits"] = "请选择精神状态。没有见到本人的，选“没有见到本人”。"
    if told.stay is None:
        wrong["stay"] = "请选择人在哪里。不知道的，先问家属；问不到的选“找不到人”。"
    if Danger.OTHER in told.dangers and not told.note:
        wrong["note"] = "勾了“其他让人担心的情况”，请写几句是什么情况。医生据此决定怎么办。"
    _long(wrong, {"note": ("说明", told.note, LONGEST_TEXT)})
    if wrong or told.on is None or told.spirits is None or told.stay is None:
        raise Unfit("没有保存。", fields=wrong)
    dangers = tuple(each for each in Danger if each in told.dangers)
    lines = [
        ("精神状态", told.spirits.label),
        ("服药", told.taking.label if told.taking is not None else ""),
        ("在哪里", told.stay.label),
        ("危险征兆", "、".join(each.label for each in dangers) or "没有"),
        ("说明", told.note),
    ]
    body = {
        "spirits": int(told.spirits),
        "taking": None if told.taking is None else int(told.taking),
        "stay": int(told.stay),
        "dangers": [int(each) for each in dangers],
    }
    urgent = bool(dangers) or told.stay in URGENT_STAYS
    _keep(work, one, once, ReportKind.SEEN, told.on, urgent, lines, body, today)
    return True


@use_case(Action.LIAISON_REPORT)
def answer(work: Work, line: int, once: int, told: FromHospital, today: date) -> bool:
    """Keep what a hospital tells of somebody in its care; ``False`` for a second press of the button.

    Raises :class:`Unfit` naming the fields of :class:`FromHospital`, :class:`Missing` for a foreign sheet.
    """
    one = _own(work, line, Role.HOSPITAL)
    if work.get(LiaisonReport, once) is not None:
        return False
    wrong: dict[str, str] = {}
    if told.kind not in OF_HOSPITAL:
        wrong["kind"] = "请选择要告诉社区医生什么。不同的回报由医生按不同程序处理。"
    _day(wrong, told.on, today)
    leaving = told.kind is ReportKind.DISCHARGED
    if leaving:
        if told.admitted_on is None:
            wrong["admitted_on"] = "请填写入院日期。出院信息单（表4）要有入院和出院两个日期。"
        elif told.on is not None and told.admitted_on > told.on:
            wrong["admitted_on"] = "入院日期晚于出院日期，先后颠倒。请改正其中一个。"
        if told.diagnosis is None:
            wrong["diagnosis"] = "请选择出院诊断。诊断有改变的，选新的诊断，并在医嘱中写明。"
        if not told.medication:
            wrong["medication"] = "请写明出院带药和用法。社区医生据此督导服药；没有带药的写“无”。"
        if not told.advice:
            wrong["advice"] = "请写几句出院后的注意事项，例如复诊、观察什么。没有特别的写“按常规随访”。"
    elif told.kind in (ReportKind.CLINIC, ReportKind.ABSENT) and not told.note and not told.medication:
        wrong["note"] = "请写几句结果或情况，例如用药有无调整、联系过谁。社区医生据此安排下一步。"
    _long(
        wrong,
        {
            "medication": ("用药", told.medication, LONGEST_TEXT),
            "advice": ("医嘱", told.advice, LONGEST_TEXT),
            "note": ("说明", told.note, LONGEST_TEXT),
            "doctor": ("经治医生", told.doctor, LONGEST_LINE),
        },
    )
    if wrong or told.kind is None or told.on is None:
        raise Unfit("没有保存。", fields=wrong)
    lines = [
        ("入院日期", told.admitted_on.isoformat() if leaving and told.admitted_on else ""),
        ("出院诊断", told.diagnosis.label if leaving and told.diagnosis is not None else ""),
        ("用药", told.medication),
        ("医嘱", told.advice),
        ("下次复诊", told.again_on.isoformat() if told.again_on else ""),
        ("经治医生", told.doctor),
        ("说明", told.note),
    ]
    body = {
        "admitted_on": told.admitted_on.isoformat() if told.admitted_on else "",
        "diagnosis": "" if told.diagnosis is None else int(told.diagnosis),
        "again_on": told.again_on.isoformat() if told.again_on else "",
        "medication": told.medication,
        "advice": told.advice,
        "doctor": told.doctor,
        "note": told.note,
    }
    _keep(work, one, once, told.kind, told.on, told.kind is ReportKind.ABSENT, lines, body, today)
    return True


def _keep(
    work: Work,
    line: Disclosure,
    once: int,
    kind: ReportKind,
    on: date,
    urgent: bool,
    lines: Sequence[tuple[str, str]],
    body: Mapping[str, object],
    today: date,
) -> None:
    access = work.access
    said = "\n".join(f"{label}：{words}" for label, words in lines if words) or kind.label
    work.add(
        LiaisonReport(
            id=once,
            area=line.area,
            receiver=int(access.role),
            receiver_area=access.desk,
            kind=int(kind),
            state=int(ReportState.SENT),
            happened_on=on,
            urgent=urgent,
            told=Plain(said),
            body=Plain(json.dumps(body, ensure_ascii=False)),
            file_key=line.file_key,
            disclosure_id=line.id,
            reported_at=clock.now(),
            reported_on=today,
            reported_by=access.actor,
        )
    )
