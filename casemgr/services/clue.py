"""线索: somebody who may be ill — taken down, verified, decided, and never counted (REC-2.8).

A clue goes 新线索 → 已核实待诊断 → 确诊、排除 or 待核查 (with a day for looking again); each step has its
day. Its data are kept apart from the register; only a confirmed clue opens a registration.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from casemgr.rules import policy
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import deadline
from casemgr.services import clock
from casemgr.services.case_view import term
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.register import Page
from casemgr.services.use_case import SAVED_ALREADY, use_case
from casemgr.store import identity
from casemgr.store.db import new_key
from casemgr.store.identity import ID_NUMBER, open_texts
from casemgr.store.models import Case, Clue
from casemgr.store.queries import area as areas
from casemgr.store.queries import clue as queries
from casemgr.store.queries import revision as revision_queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms import idnumber
from casemgr.terms.area import AreaLevel, ancestor, level_of
from casemgr.terms.clue import ClueSource, ClueState, OddSign
from casemgr.terms.code import from_mask, to_mask
from casemgr.terms.person import Sex
from casemgr.terms.register import Diagnosis

PURPOSE = "登记建档"
STEPPING = "核实线索"
NOT_THERE = "没有这条线索，或不在您的辖区内。请从线索列表重新进入。"
SOMEBODY_ELSE = (
    "这张表单刚才已经用来登记了另一个人，现在填的没有保存，内容都还在。"
    "如要另登记一人，请核对后再按一次保存；如要改刚才那一份，请从列表打开。"
)
FORM_VERSION = 2018
SEARCHED, SIZE = 5_000, 50
#: Sources that bring a name without the nine questions having been put to anybody.
WITHOUT_QUESTIONS = frozenset(
    {
        ClueSource.POLICE,
        ClueSource.CIVIL_AFFAIRS,
        ClueSource.DISABLED_FEDERATION,
        ClueSource.INSURANCE,
        ClueSource.HOSPITAL,
    }
)
#: From which states a clue may go where.
STEPS: dict[ClueState, tuple[ClueState, ...]] = {
    ClueState.NEW: (ClueState.VERIFIED, ClueState.EXCLUDED),
    ClueState.VERIFIED: (ClueState.CONFIRMED, ClueState.PENDING, ClueState.EXCLUDED),
    ClueState.PENDING: (ClueState.CONFIRMED, ClueState.PENDING, ClueState.EXCLUDED),
    ClueState.CONFIRMED: (),
    ClueState.EXCLUDED: (),
}


@dataclass(frozen=True, slots=True)
class NewClue:
    """What was taken down; ``signs`` are the questions answered 有, ``None`` when 表1 was not filled."""

    name: str = field(repr=False)
    source: ClueSource | None
    found_on: date
    signs: frozenset[OddSign] | None
    village: int | None = None
    area: int | None = None
    sex: Sex | None = None
    birth_year: int | None = None
    id_number: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    residence: str = field(default="", repr=False)
    informant: str = field(default="", repr=False)
    surveyor: str = field(default="", repr=False)
    note: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a clue: where to, on which day, and what belongs to it."""

    to: ClueState
    on: date
    note: str = field(default="", repr=False)
    diagnosis: Diagnosis | None = None
    decided_by: str = field(default="", repr=False)
    review_on: date | None = None


@dataclass(frozen=True, slots=True)
class ClueRow:
    """One clue in a list; ``due_on`` is the day until which the next step is expected."""

    id: int
    state: ClueState
    found_on: date
    source: ClueSource | None
    township: str
    village: str
    sex: Sex | None
    age: int | None
    signs: int | None
    due_on: date | None
    late: bool
    case_id: int | None
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Logged:
    """One change of a clue: when, by whom, and each field with its old and new words."""

    at: datetime
    by: str
    changes: tuple[tuple[str, str, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ClueView:
    """One clue with its steps; what identifies is filled only when it was opened for a purpose."""

    row: ClueRow
    version: int
    area: int
    signs: tuple[OddSign, ...] | None
    verified_on: date | None
    decided_on: date | None
    review_on: date | None
    diagnosis: Diagnosis | None
    steps: tuple[ClueState, ...]
    rule: str
    status: str
    opened: bool = False
    name: str = field(default="", repr=False)
    id_number: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    residence: str = field(default="", repr=False)
    informant: str = field(default="", repr=False)
    surveyor: str = field(default="", repr=False)
    decided_by: str = field(default="", repr=False)
    note: str = field(default="", repr=False)
    log: tuple[Logged, ...] = field(default=(), repr=False)


def _due(clue: Clue, today: date) -> date | None:
    if clue.state == ClueState.NEW:
        due: date = deadline(clue.found_on, policy.in_force_on(today).clue_verify).on
        return due
    return clue.review_on if clue.state == ClueState.PENDING else None


def _row(found: Any, today: date, name: str = "") -> ClueRow:
    clue: Clue = found.Clue
    due = _due(clue, today)
    return ClueRow(
        clue.id,
        ClueState.read(clue.state),
        clue.found_on,
        term(ClueSource, clue.source),
        found.township or "",
        found.village_name or "",
        term(Sex, clue.sex),
        None if clue.birth_year is None else today.year - clue.birth_year,
        None if clue.signs is None else len(from_mask(OddSign, clue.signs)),
        due,
        due is not None and due < today,
        clue.case_id,
        name,
    )


@use_case(Action.CLUE_READ)
def counts(work: Work) -> dict[ClueState, int]:
    """How many clues are in each state; every state is there."""
    known = queries.counts(work)
    return {state: known.get(int(state), 0) for state in ClueState}


@use_case(Action.CLUE_READ)
def list_(
    work: Work, state: ClueState | None, today: date, text: str = "", page: int = 1, purpose: str = ""
) -> Page[ClueRow]:
    """Clues within reach, latest first; with a ``purpose`` their names are opened, which is written down.

    ``text`` is looked for in names and their initials among the latest clues.
    """
    keys = None
    if text.strip():
        asked = identity.normal_name(text)
        rows = queries.names(work, SEARCHED)
        opened = open_texts(work, "Clue", [(row.id, row.name) for row in rows], "查找线索")
        keys = [
            row.id
            for row, name in zip(rows, opened, strict=True)
            if identity.matches(identity.normal_name(name), asked)
        ]
        if not keys:
            return Page((), 0, 1, SIZE)
    total = len(keys) if keys is not None else _total(work, state)
    number = min(max(1, page), max(1, -(-total // SIZE)))
    wanted = None if state is None else int(state)
    found = queries.page(work, wanted, keys, SIZE, (number - 1) * SIZE)
    names: Sequence[str] = [""] * len(found)
    if purpose and found:
        names = open_texts(work, "Clue", [(one.Clue.id, one.Clue.name) for one in found], purpose)
    shown = tuple(_row(one, today, name) for one, name in zip(found, names, strict=True))
    return Page(shown, max(total, len(shown)), number, SIZE)


def _total(work: Work, state: ClueState | None) -> int:
    known = queries.counts(work)
    return sum(known.values()) if state is None else known.get(int(state), 0)


@use_case(Action.CLUE_READ)
def get(work: Work, key: int, today: date, purpose: str = "") -> ClueView:
    """One clue; with a ``purpose`` everything that identifies is opened, which is written down.

    Raises :class:`Missing` for a clue outside the access.
    """
    found = queries.one(work, key)
    if found is None:
        raise Missing(NOT_THERE)
    clue: Clue = found.Clue
    opened: dict[str, str] = {}
    log: tuple[Logged, ...] = ()
    if purpose:
        values = [(key, getattr(clue, name)) for name in (*_SEALED, "log")]
        *texts, told = open_texts(work, "Clue", values, purpose)
        opened = dict(zip(_SEALED, texts, strict=True))
        log = _log(work, told)
    parameter = policy.in_force_on(today).clue_verify
    state = ClueState.read(clue.state)
    return ClueView(
        row=_row(found, today),
        version=clue.version,
        area=clue.area,
        signs=None if clue.signs is None else tuple(from_mask(OddSign, clue.signs)),
        verified_on=clue.verified_on,
        decided_on=clue.decided_on,
        review_on=clue.review_on,
        diagnosis=term(Diagnosis, clue.diagnosis),
        steps=STEPS[state],
        rule=parameter.rule,
        status=parameter.status,
        opened=bool(purpose),
        log=log,
        **opened,
    )


def _log(work: Work, text: str) -> tuple[Logged, ...]:
    """The changes of a clue, latest first."""
    kept = json.loads(text or "[]")
    names = revision_queries.authors(work, sorted({one["by"] for one in kept}))
    return tuple(
        Logged(
            datetime.fromisoformat(one["at"]),
            names.get(one["by"], "系统" if one["by"] == 0 else ""),
            tuple((label, old, new) for label, old, new in one["changes"]),
        )
        for one in reversed(kept)
    )


def _in_words(work: Work, clue: Clue) -> dict[str, str]:
    """The fields that a step changes, in words."""
    (decided_by,) = open_texts(work, "Clue", [(clue.id, clue.decided_by)], STEPPING)
    diagnosis = term(Diagnosis, clue.diagnosis)
    days = {"核实日期": clue.verified_on, "诊断或排除日期": clue.decided_on, "复查日期": clue.review_on}
    return {
        "状态": ClueState.read(clue.state).label,
        **{label: day.isoformat() if day else "" for label, day in days.items()},
        "诊断": diagnosis.label if diagnosis is not None else "",
        "诊断医院和医师": decided_by,
    }


_SEALED = ("name", "id_number", "phone", "residence", "informant", "surveyor", "decided_by", "note")


def begin() -> int:
    """The key of the clue to be, for the form that is shown."""
    return new_key()


def add(access: Access, once: int, told: NewClue, today: date) -> int:
    """Take a clue down under the key ``once``; a second press changes nothing. Returns its key.

    Raises :class:`Unfit` with the fields that are wrong, :class:`Conflict` when the form of somebody else's
    clue is sent again (the back button).
    """
    try:
        return _add(access, once, told, today)
    except Conflict:
        # The first press of two may have been written meanwhile.
        if _is_there(access, once):
            return _add(access, once, told, today)
        raise


@use_case(Action.CLUE_READ)
def _is_there(work: Work, key: int) -> bool:
    return work.get(Clue, key) is not None


@use_case(Action.CLUE_WRITE)
def _add(work: Work, once: int, told: NewClue, today: date) -> int:
    there = work.get(Clue, once)
    if there is not None:
        if open_texts(work, "Clue", [(once, there.name)], PURPOSE) != [told.name]:
            raise Conflict(SOMEBODY_ELSE)
        return once
    area = _area(work.access, told)
    wrong = faults(told, today)
    if told.village is not None and not _is_village(work, told.village):
        wrong["village"] = (
            "这个村（社区）不在您的辖区内，或没有这个代码。请从列表中选择；别处的线索请转给县级。"
        )
    if area is None:
        wrong["village"] = "请选择村（社区）。不知道住在哪里，就不知道由哪个乡镇核实。"
    if wrong or area is None:
        raise Unfit("线索没有保存，请改正后再试。", fields=wrong)
    number = idnumber.normal(told.id_number)
    work.add(
        Clue(
            id=once,
            area=area,
            village=told.village,
            state=int(ClueState.NEW),
            source=told.source,
            found_on=told.found_on,
            form_version=FORM_VERSION,
            signs=None if told.signs is None else to_mask(told.signs),
            sex=told.sex,
            birth_year=_birth_year(number) or told.birth_year,
            id_token=work.vault.token(ID_NUMBER, number) if number else None,
            token_key=work.vault.active_id if number else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
            **{name: Plain(text) if text else None for name, text in _texts(told, number).items()},
        )
    )
    return once


def _texts(told: NewClue, number: str) -> dict[str, str]:
    return {
        "name": told.name,
        "id_number": number,
        "phone": told.phone,
        "residence": told.residence,
        "informant": told.informant,
        "surveyor": told.surveyor,
        "note": told.note,
    }


def _birth_year(number: str) -> int | None:
    birth = idnumber.birth_of(number) if idnumber.has_shape(number) else None
    return None if birth is None else birth.year


def _is_village(work: Work, code: int) -> bool:
    found = areas.within(work, code, code + 1, int(AreaLevel.VILLAGE))
    return work.access.reaches(code) and [row.level for row in found] == [int(AreaLevel.VILLAGE)]


def _area(access: Access, told: NewClue) -> int | None:
    """The township that verifies: of the village, or the one chosen, or the asker's own."""
    for code in (told.village, told.area, access.low):
        if code is not None and level_of(code) >= AreaLevel.TOWNSHIP and access.reaches(code):
            return ancestor(code, AreaLevel.TOWNSHIP)
    return None


def faults(told: NewClue, today: date) -> dict[str, str]:
    """What is wrong with a clue as it was taken down, by field."""
    wrong: dict[str, str] = {}
    if not told.name:
        wrong["name"] = "请填写姓名。不知道姓名时写称呼（如“张某之子”），核实时再改。"
    if told.found_on > today:
        wrong["found_on"] = "发现日期晚于今天。尚未发生的事不能登记。请改正日期。"
    if told.source is None:
        wrong["source"] = "请选择线索来源。来源决定由谁核实。"
    if told.signs is None and told.source is not None and told.source not in WITHOUT_QUESTIONS:
        wrong["sign1"] = "请逐条回答九个问题。任何一条为“有”即作为线索核实（GF2018-2.1）。"
    if told.signs is not None and not told.signs and told.source not in WITHOUT_QUESTIONS:
        wrong["sign1"] = (
            "九个问题都答“没有”，不构成线索（GF2018-2.1）。请核对回答；如由部门比对发现，请改“来源”。"
        )
    number = idnumber.normal(told.id_number)
    if number and idnumber.fault(number) is not None:
        wrong["id_number"] = "证件号码有误（应为 18 位且校验位相符）。请对照证件改正，或先清空。"
    return wrong


@use_case(Action.CLUE_WRITE)
def step(work: Work, key: int, version: int, told: Step, today: date) -> None:
    """Take the next step of a clue.

    Raises :class:`Missing`, :class:`Conflict` when somebody else has taken a step meanwhile, :class:`Refused`
    for a step that does not follow, :class:`Unfit` with the fields that are wrong.
    """
    clue = work.get(Clue, key)
    if clue is None:
        raise Missing(NOT_THERE)
    if clue.version != version:
        raise Conflict(SAVED_ALREADY)
    state = ClueState.read(clue.state)
    if told.to not in STEPS[state]:
        raise Refused(
            f"线索已是“{state.label}”，不能再改为“{told.to.label}”。请核对现在的进度。", rule="REC-2.8"
        )
    if wrong := _step_faults(clue, told, today):
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    earlier = _in_words(work, clue)
    if told.to is ClueState.VERIFIED:
        clue.verified_on = told.on
    else:
        clue.decided_on = told.on
        clue.diagnosis = told.diagnosis
        clue.decided_by = Plain(told.decided_by) if told.decided_by else None
    clue.review_on = told.review_on if told.to is ClueState.PENDING else None
    clue.state = int(told.to)
    (before, log) = open_texts(work, "Clue", [(clue.id, clue.note), (clue.id, clue.log)], STEPPING)
    line = f"{told.on.isoformat()} {told.to.label}" + (f"：{told.note}" if told.note else "")
    clue.note = Plain("\n".join(filter(None, (before, line))))
    later = {**earlier, **_stepped(told)}
    changes = [[label, old, later[label]] for label, old in earlier.items() if old != later[label]]
    entry = {"at": clock.now().isoformat(), "by": work.access.actor, "changes": changes}
    clue.log = Plain(json.dumps([*json.loads(log or "[]"), entry], ensure_ascii=False))


def _stepped(told: Step) -> dict[str, str]:
    """What a step sets, in the words of :func:`_in_words`."""
    review = told.review_on.isoformat() if told.review_on and told.to is ClueState.PENDING else ""
    found = {"状态": told.to.label, "复查日期": review}
    if told.to is ClueState.VERIFIED:
        return {**found, "核实日期": told.on.isoformat()}
    diagnosis = told.diagnosis.label if told.diagnosis is not None else ""
    return {
        **found,
        "诊断或排除日期": told.on.isoformat(),
        "诊断": diagnosis,
        "诊断医院和医师": told.decided_by,
    }


def _step_faults(clue: Clue, told: Step, today: date) -> dict[str, str]:
    wrong: dict[str, str] = {}
    earlier = max(filter(None, (clue.found_on, clue.verified_on, clue.decided_on)))
    if told.on > today:
        wrong["on"] = "日期晚于今天。尚未发生的事不能登记。请改正日期。"
    elif told.on < earlier:
        wrong["on"] = f"日期早于上一步（{earlier.isoformat()}）。先后颠倒无法说明经过。请改正日期。"
    if told.to is ClueState.CONFIRMED:
        if told.diagnosis is None:
            wrong["diagnosis"] = "请选择诊断。确诊须有精神科执业医师的诊断（GW2017-1.3）。"
        if not told.decided_by:
            wrong["decided_by"] = "请填写诊断医院和医师。疑似者不能列入在册（GW2017-1.3）。"
    if told.to is ClueState.PENDING:
        if told.review_on is None:
            wrong["review_on"] = "请约定复查日期。没有日期，这条线索会被忘记。"
        elif told.review_on <= told.on:
            wrong["review_on"] = "复查日期应在这次核查之后。请改正日期。"
    if told.to is ClueState.EXCLUDED and not told.note:
        wrong["note"] = "请写明排除的理由，便于日后核对。"
    return wrong


# --- on the way into the register ---


@use_case(Action.CLUE_READ)
def known(work: Work, key: int) -> dict[str, str]:
    """What a confirmed clue knows, as texts of the registration form.

    Raises :class:`Missing` outside the access, :class:`Refused` for a clue that is not confirmed and
    :class:`Conflict` for one that is registered already.
    """
    clue = work.get(Clue, key)
    if clue is None:
        raise Missing(NOT_THERE)
    if clue.case_id is not None:
        raise Conflict("这条线索已经建档。请从线索页打开已有档案。")
    if clue.state != ClueState.CONFIRMED:
        raise Refused("线索尚未确诊，不能建档。请先登记诊断结果，或继续核查。", rule="REC-2.8")
    names = ("name", "id_number", "phone", "residence")
    values = [(key, getattr(clue, name)) for name in names]
    found = dict(zip(names, open_texts(work, "Clue", values, PURPOSE), strict=True))
    number = found["id_number"]
    birth = idnumber.birth_of(number) if idnumber.has_shape(number) else None
    found["birth_on"] = "" if birth is None else birth.isoformat()
    for name, value in (("sex", clue.sex), ("village", clue.village), ("diagnosis", clue.diagnosis)):
        found[name] = "" if value is None else str(value)
    found["diagnosed"] = clue.decided_on.isoformat() if clue.decided_on else ""
    return {name: text for name, text in found.items() if text}


def register(work: Work, key: int, case: Case) -> None:
    """Tie a clue to the file it has become; part of the unit of work that registers."""
    clue = work.get(Clue, key)
    if clue is None:
        raise Missing(NOT_THERE)
    if clue.case_id is not None:
        raise Conflict("这条线索已经建档。请从线索页打开已有档案。")
    clue.area = case.area
    clue.case_id = case.id
