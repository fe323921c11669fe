"""部门协作: what the health side asks other departments and answers to them — tasks, reports, their states.

A task shows a partner only what the matrix gives it of this person under the conditions that hold, and is
emptied when it is closed. A report opens the duty of the township's doctor at once; what the reporter sees
of it is its state and an answer without anything of anybody's health.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from casemgr.rules.access import POSTS, Action
from casemgr.rules.calendar import deadline
from casemgr.rules.disclosure import covered, knows_person, sights
from casemgr.rules.policy import in_force_on
from casemgr.services import clock, ledger_line, matrix
from casemgr.services.disclosure import PURPOSE, conditions_for
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.ledger_line import Evidence
from casemgr.services.liaison import TEXTS
from casemgr.services.post_report import is_posts
from casemgr.services.use_case import SAVED_ALREADY, use_case, within
from casemgr.store.db import new_key
from casemgr.store.identity import carrier, open_texts
from casemgr.store.models import LiaisonReport, LiaisonTask
from casemgr.store.queries import liaison as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.area import span_of
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.guardian import Relation
from casemgr.terms.liaison import (
    TO_DEPARTMENTS,
    ExchangeKind,
    Reason,
    ReportAnswer,
    ReportKind,
    ReportState,
    TaskAnswer,
    TaskKind,
)
from casemgr.terms.register import Diagnosis, Lifecycle

NOT_THERE = "没有找到这一条，或不在您的辖区内。请从待办重新打开。"
NO_FILE = "没有找到这份档案，或不在您的辖区内。请从名单重新打开。"
READING = "办理部门协作"
MOST = 200
LONGEST = 300
RULE_TASK, RULE_REPORT, RULE_SIGHT = "REC-LIA-4", "REC-LIA-3", "REC-LIA-1"
#: Words that say something of anybody's health; an answer to another department holds none of them.
CLINICAL = (
    "诊断",
    "病情",
    "症状",
    "幻觉",
    "幻听",
    "妄想",
    "服药",
    "用药",
    "药物",
    "针剂",
    "住院",
    "康复",
    "低保",
    "残疾证",
)


@dataclass(frozen=True, slots=True)
class Receiver:
    """One department that has an account: ``key`` for a form, its role, area and what it is called."""

    key: str
    role: Role
    area: int
    label: str


def receivers_of(work: Work, area: int, file: int) -> tuple[Receiver, ...]:
    """Every department whose area holds a township, and the posts that have a sheet of this file."""
    found = []
    told = {(one.receiver, one.receiver_area) for one in queries.lines(work, [file])}
    living = [one for one, live in queries.staffed(work, clock.today()).items() if live]
    for role, desk, low in sorted(living):
        begin, end = span_of(low)
        if begin <= area < end and (role not in POSTS or (int(role), desk) in told):
            found.append((role, desk))
    names = queries.area_names(work, [low for _role, low in found])
    return tuple(
        Receiver(f"{int(role)}.{low}", role, low, named(role, names.get(low, ""))) for role, low in found
    )


def named(role: Role, place: str) -> str:
    """A department in words, ``东镇 公安``."""
    return f"{place} {role.label.removesuffix('联络员')}".strip()


# --- tasks ---


@dataclass(frozen=True, slots=True)
class TaskForm:
    """A task about to be asked: ``once`` is its key to be, ``closed`` the departments that may not know."""

    once: int
    case_id: int
    file_no: str
    receivers: tuple[Receiver, ...]
    closed: tuple[Receiver, ...]
    due_on: date

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """The departments as a form offers them."""
        return tuple((one.key, one.label) for one in self.receivers)

    @property
    def kinds(self) -> tuple[tuple[int, str, str], ...]:
        """What these receivers can be asked, with whom a task is meant for."""
        able = {kind for one in self.receivers for kind in kinds_of(one.role)}
        mixed = len({one.role in POSTS for one in self.receivers}) > 1
        return tuple((int(one), one.label, _whose(one) if mixed else "") for one in TaskKind if one in able)


@dataclass(frozen=True, slots=True)
class TaskView:
    """One task as the health side sees it; texts only where they were asked for."""

    id: int
    case_id: int
    file_no: str
    receiver: str
    kind: TaskKind
    asked_on: date
    due_on: date
    opened_at: datetime | None
    answer: TaskAnswer | None
    answered_at: datetime | None
    closed_on: date | None
    late: bool
    version: int
    question: str = field(default="", repr=False)
    reply: str = field(default="", repr=False)


def _case(work: Work, case_id: int) -> queries.CaseFacts:
    found = queries.case(work, case_id)
    if found is None:
        raise Missing(NO_FILE)
    return found


@use_case(Action.LIAISON_MANAGE, writes=False)
def begin_task(work: Work, case_id: int, today: date) -> TaskForm:
    """An empty task about this person; :class:`Missing` outside the access."""
    case = _case(work, case_id)
    found, held = receivers_of(work, case.area, case_id), matrix.loosened(work, today)
    open_to = {
        one.key
        for one in found
        if knows_person(
            one.role, conditions_for(work, case_id, one.role, one.area, today), today, held, case.area
        )
    }
    return TaskForm(
        new_key(),
        case_id,
        case.file_no,
        tuple(one for one in found if one.key in open_to),
        tuple(one for one in found if one.key not in open_to),
        _due(work, today),
    )


def _due(work: Work, today: date) -> date:
    return deadline(today, in_force_on(today, within(work).region).liaison_task).on


@use_case(Action.LIAISON_MANAGE)
def ask(
    work: Work, case_id: int, once: int, receiver: str, kind: TaskKind | None, question: str, today: date
) -> bool:
    """Send a task to a department; ``False`` for a second press of the button.

    Raises :class:`Unfit` naming ``receiver``, ``kind`` or ``question``; :class:`Refused` when the department
    may not know the person now (REC-LIA-1).
    """
    case = _case(work, case_id)
    there = work.get(LiaisonTask, once)
    if there is not None:
        if there.file_key != case_id:
            raise Conflict("这张表单属于另一份档案，没有保存。请回到患者页重新打开表单。")
        return False
    to = next((one for one in receivers_of(work, case.area, case_id) if one.key == receiver), None)
    wrong: dict[str, str] = {}
    if to is None:
        wrong["receiver"] = (
            "请选择请哪个部门协查。没有要找的部门时，请电话联系，或请系统管理员先建联络员账号。"
        )
    if kind is None:
        wrong["kind"] = "请选择请对方做什么。对方据此安排；都不是的选“其他”并写明。"
    elif to is not None and kind not in kinds_of(to.role):
        able = "、".join(one.label for one in kinds_of(to.role))
        wrong["kind"] = f"“{kind.label}”不是{to.label}的事，没有发送。请改选：{able}；或换一个接收单位。"
    elif kind is TaskKind.OTHER and not question:
        wrong["question"] = "选“其他”时请写明要核实什么。没有内容，对方无从办理；或改选上面的一项。"
    if len(question) > LONGEST:
        wrong["question"] = f"最多 {LONGEST} 字。请只写办理所需的内容；其余电话说明。"
    elif (to is None or to.role not in POSTS) and (
        word := next((one for one in _clinical_words() if one in question), "")
    ):
        wrong["question"] = (
            f"“{word}”涉及诊疗内容，不能写给其他部门。请改为只写要核实的事；确需说明的，当面或电话联系。"
        )
    if wrong or to is None or kind is None:
        raise Unfit("没有发送。", fields=wrong)
    if case.lifecycle != Lifecycle.ON_REGISTER:
        raise Refused("这份档案已不在册，不能再请部门协查。如已恢复在册，请先登记恢复。", rule=RULE_TASK)
    conditions = conditions_for(work, case_id, to.role, to.area, today)
    if kind is TaskKind.FIND:
        conditions |= {Condition.EMERGENCY}
    held = matrix.loosened(work, today)
    if not knows_person(to.role, conditions, today, held, case.area):
        raise Refused(
            "按披露矩阵，这个部门现在不能知道该患者的姓名和住址，因此没有发送。可以电话联系监护人或村（居）委会核实；"
            "情况紧急、有危险的，直接拨打 110、120，事后在“应急处置”中记录。",
            rule=RULE_SIGHT,
        )
    body, groups = _body(work, case, to.role, kind, conditions, today)
    ground = sights(to.role, conditions, today, held, case.area)[FieldGroup.G1].ground[:240]
    work.add(
        LiaisonTask(
            id=once,
            area=case.area,
            receiver=int(to.role),
            receiver_area=to.area,
            file_key=case_id,
            kind=int(kind),
            body=Plain(json.dumps(body, ensure_ascii=False)),
            question=Plain(question) if question else None,
            asked_on=today,
            asked_by=work.access.actor,
            due_on=_due(work, today),
        )
    )
    ledger_line.enter(
        work,
        kind=ExchangeKind.TASK,
        receiver=to.role,
        place=to.area,
        people={case_id: case.area},
        groups=groups,
        conditions=conditions,
        ground=ground,
        evidence=replace(_evidence(work, case_id, to, today), until=_due(work, today)),
    )
    return True


#: What a village doctor or a hospital can be asked; everybody else is asked the rest.
OF_POSTS: Mapping[Role, tuple[TaskKind, ...]] = {
    Role.VILLAGE_DOCTOR: (
        TaskKind.VISIT,
        TaskKind.MEDICINE,
        TaskKind.AT_HOME,
        TaskKind.REACH_GUARDIAN,
        TaskKind.GO_ALONG,
        TaskKind.OTHER,
    ),
    Role.HOSPITAL: (TaskKind.FEEDBACK, TaskKind.OTHER),
}
_OF_DEPARTMENTS = (
    TaskKind.AT_HOME,
    TaskKind.FIND,
    TaskKind.REACH_GUARDIAN,
    TaskKind.GO_ALONG,
    TaskKind.OTHER,
)


def kinds_of(role: Role) -> tuple[TaskKind, ...]:
    """What this kind of receiver can be asked to do."""
    return OF_POSTS.get(role, _OF_DEPARTMENTS)


def _whose(kind: TaskKind) -> str:
    """For whom alone a task is meant, in words; empty for all."""
    if kind in _OF_DEPARTMENTS:
        return ""
    return "、".join(role.label for role, kinds in OF_POSTS.items() if kind in kinds) + "适用"


def _evidence(work: Work, case_id: int, to: Receiver, today: date) -> Evidence:
    """Why a department may know of a person now, as the ledger writes it down."""
    for one in queries.lines(work, [case_id]):
        if (one.receiver, one.receiver_area) == (int(to.role), to.area):
            return Evidence(Reason.read(one.reason), one.grade, one.evidence_on)
    return ledger_line.at_risk(work, [case_id], today).get(case_id, Evidence(on=today))


#: What of the file each task needs; nothing else goes out, whatever the matrix would give.
_NEEDS: Mapping[TaskKind, tuple[FieldGroup, ...]] = {
    TaskKind.AT_HOME: (FieldGroup.G1, FieldGroup.G4),
    TaskKind.FIND: (FieldGroup.G1, FieldGroup.G3, FieldGroup.G4),
    TaskKind.REACH_GUARDIAN: (FieldGroup.G1, FieldGroup.G4, FieldGroup.G10),
    TaskKind.GO_ALONG: (FieldGroup.G1, FieldGroup.G4),
    TaskKind.OTHER: (FieldGroup.G1, FieldGroup.G4),
    TaskKind.VISIT: (FieldGroup.G1, FieldGroup.G3, FieldGroup.G4),
    TaskKind.MEDICINE: (FieldGroup.G1, FieldGroup.G3, FieldGroup.G4),
    TaskKind.FEEDBACK: (FieldGroup.G1,),
}
_FIELD = {
    FieldGroup.G1: ("姓名", "name"),
    FieldGroup.G3: ("电话", "phone"),
    FieldGroup.G4: ("住址", "residence"),
}


def _body(
    work: Work,
    case: queries.CaseFacts,
    role: Role,
    kind: TaskKind,
    conditions: frozenset[Condition],
    today: date,
) -> tuple[list[tuple[str, str]], list[FieldGroup]]:
    """What the task says of the person, and the field groups it takes."""
    seen = sights(role, conditions, today, matrix.loosened(work, today), case.area)
    groups = [one for one in _NEEDS[kind] if one in seen]
    fields = [_FIELD[one][1] for one in groups if one in _FIELD]
    guardian = FieldGroup.G10 in groups
    opened = carrier(work, [case.person_id], PURPOSE).open(case.person_id, case.id, fields, guardian)
    if opened is None:
        raise Missing(NO_FILE)
    person, guardians = opened
    told = [
        (_FIELD[one][0], covered(str(getattr(person, _FIELD[one][1])), seen[one].mask))
        for one in groups
        if one in _FIELD
    ]
    for one in guardians if guardian else ():
        relation = Relation.read(one.relation).label if one.relation is not None else ""
        told.append(("监护人", "，".join(part for part in (one.name, relation, one.phone) if part)))
    return [(label, words) for label, words in told if words], groups


def _clinical_words() -> tuple[str, ...]:
    return (*CLINICAL, *(one.label for one in Diagnosis if len(one.label) > 2))


def _task_view(
    one: LiaisonTask, file_no: str, names: Mapping[int, str], today: date, texts: Sequence[str] = ("", "")
) -> TaskView:
    return TaskView(
        one.id,
        one.file_key,
        file_no,
        named(Role.read(one.receiver), names.get(one.receiver_area, "")),
        TaskKind.read(one.kind),
        one.asked_on,
        one.due_on,
        one.opened_at,
        None if one.answer is None else TaskAnswer.read(one.answer),
        one.answered_at,
        one.closed_on,
        one.answer is None and one.closed_on is None and one.due_on < today,
        one.version,
        *texts,
    )


@use_case(Action.LIAISON_MANAGE, writes=False)
def tasks(work: Work, today: date) -> tuple[TaskView, ...]:
    """The latest tasks within reach, open ones first; without texts."""
    rows = queries.latest_tasks(work, MOST)
    names = queries.area_names(work, [row.LiaisonTask.receiver_area for row in rows])
    return tuple(_task_view(row.LiaisonTask, row.file_no or "", names, today) for row in rows)


@use_case(Action.LIAISON_MANAGE)
def task(work: Work, key: int, today: date) -> TaskView:
    """One task with its question and the partner's words, which are written down as read."""
    one = work.get(LiaisonTask, key)
    if one is None:
        raise Missing(NOT_THERE)
    case = queries.case(work, one.file_key)
    texts = open_texts(
        work, "LiaisonTask", [(one.id, one.question), (one.id, one.reply)], READING, one.file_key
    )
    names = queries.area_names(work, [one.receiver_area])
    return _task_view(one, case.file_no if case is not None else "", names, today, texts)


@use_case(Action.LIAISON_MANAGE)
def close(work: Work, key: int, version: int, today: date) -> bool:
    """Close a task, answered or taken back: what it said of the person is gone. ``False``: closed before."""
    one = work.get(LiaisonTask, key)
    if one is None:
        raise Missing(NOT_THERE)
    if one.closed_on is not None:
        return False
    if one.version != version:
        raise Conflict(SAVED_ALREADY)
    one.body = None
    one.closed_on, one.closed_by = today, work.access.actor
    return True


# --- reports ---


@dataclass(frozen=True, slots=True)
class ReportView:
    """One report of a department as the doctor sees it; texts only where they were asked for."""

    id: int
    kind: ReportKind
    state: ReportState
    reporter: str
    happened_on: date
    reported_at: datetime
    reported_on: date
    urgent: bool
    due_on: date
    late: bool
    taken_on: date | None
    answered_on: date | None
    answer: ReportAnswer | None
    case_id: int | None
    file_no: str
    version: int
    facts: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    words: str = field(default="", repr=False)
    #: From a village doctor or a hospital: taken over or not, instead of answered.
    of_post: bool = False


def _report_view(
    work: Work, one: LiaisonReport, names: Mapping[int, str], today: date, file_no: str = ""
) -> ReportView:
    policy = in_force_on(today, within(work).region)
    due = deadline(one.reported_on, policy.liaison_urgent if one.urgent else policy.liaison_report).on
    return ReportView(
        one.id,
        ReportKind.read(one.kind),
        ReportState.read(one.state),
        named(Role.read(one.receiver), names.get(one.receiver_area, "")),
        one.happened_on,
        one.reported_at,
        one.reported_on,
        one.urgent,
        due,
        (one.answered_on or today) > due,
        one.taken_on,
        one.answered_on,
        None if one.answer is None else ReportAnswer.read(one.answer),
        one.file_key,
        file_no,
        one.version,
    )


@use_case(Action.LIAISON_MANAGE, writes=False)
def reports(work: Work, today: date) -> tuple[ReportView, ...]:
    """The latest reports within reach, open ones first; without texts."""
    rows = queries.latest_reports(work, MOST)
    rows.sort(key=lambda one: (one.state == ReportState.ANSWERED, not one.urgent, -one.id))
    names = queries.area_names(work, [one.receiver_area for one in rows])
    return tuple(_report_view(work, one, names, today) for one in rows)


def _report(work: Work, key: int) -> LiaisonReport:
    found = work.get(LiaisonReport, key)
    if found is None:
        raise Missing(NOT_THERE)
    return found


@use_case(Action.LIAISON_MANAGE)
def report(work: Work, key: int, today: date) -> ReportView:
    """One report with everything it says, which is written down; looking at it takes it over."""
    one = _report(work, key)
    columns = [name for name, _label, _most in TEXTS]
    opened = open_texts(
        work,
        "LiaisonReport",
        [(one.id, getattr(one, name)) for name in (*columns, "words")],
        READING,
        one.file_key,
    )
    if one.state == ReportState.SENT:
        one.state, one.taken_on = int(ReportState.TAKEN), today
        work.flush()
    case = None if one.file_key is None else queries.case(work, one.file_key)
    view = _report_view(
        work, one, queries.area_names(work, [one.receiver_area]), today, case.file_no if case else ""
    )
    facts = tuple((label, text) for (_n, label, _m), text in zip(TEXTS, opened, strict=False) if text)
    return replace(view, facts=facts, words=opened[-1], of_post=is_posts(one))


@use_case(Action.LIAISON_MANAGE)
def answer(
    work: Work, key: int, version: int, choice: ReportAnswer | None, words: str, file_no: str, today: date
) -> int | None:
    """Answer a report; the case it concerns, when the doctor names or the report knows one.

    Raises :class:`Unfit` naming ``answer``, ``words`` or ``file_no``, :class:`Conflict` when it was changed.
    """
    one = _report(work, key)
    if is_posts(one):
        raise Missing(NOT_THERE)
    wrong: dict[str, str] = {}
    if choice not in TO_DEPARTMENTS:
        wrong["answer"] = "请选择答复。报送的部门据此知道结果；拿不准的，先核实，不急于答复。"
    if len(words) > LONGEST:
        wrong["words"] = f"最多 {LONGEST} 字。请只写结果；细节电话说明。"
    elif word := next((each for each in _clinical_words() if each in words), ""):
        wrong["words"] = (
            f"“{word}”涉及诊疗内容，不能答复给其他部门。请改为只写处理结果；医疗上的沟通当面或电话进行。"
        )
    case = one.file_key
    if file_no and case is None:
        found = queries.by_number(work, file_no)
        if len(found) == 1:
            case = int(found[0].id)
        else:
            wrong["file_no"] = "辖区内没有这个档案编号。请核对后重填；不是在册人员的，请留空。"
    if wrong or choice is None:
        raise Unfit("没有保存。", fields=wrong)
    if one.state == ReportState.ANSWERED:
        return one.file_key
    if one.version != version:
        raise Conflict(SAVED_ALREADY)
    one.state, one.answer, one.answered_on = int(ReportState.ANSWERED), int(choice), today
    one.answered_by, one.file_key = work.access.actor, case
    one.words = Plain(words) if words else None
    if one.taken_on is None:
        one.taken_on = today
    return case
