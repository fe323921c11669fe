"""登记建档: somebody enters the register, from a clue, a hospital's notice or nothing; and is corrected.

What is typed is judged by the columns and checks of a workbook. Blocking findings are shown at the field,
questions ask for a reason that is kept, and a second press of the button is answered like the first: the key
of the file is made when the form is shown.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from datetime import date
from typing import Any

from casemgr.forms import form as forms
from casemgr.forms.cell import days
from casemgr.forms.form import Field, Filled, Form
from casemgr.forms.register import PersonRow
from casemgr.forms.registration import (
    CORRECTION,
    NO_DETAILS,
    REGISTRATION,
    Details,
    Judged,
    details_of,
    judge,
    row_of,
)
from casemgr.rules.access import Access, Action
from casemgr.services import (
    clock,
    clue,
    duplicates,
    exchange_rows,
    notice,
    person_rows,
    question,
    revision,
    state,
)
from casemgr.services.duplicates import Found
from casemgr.services.duties import refresh
from casemgr.services.errors import Conflict, Missing
from casemgr.services.person_rows import People, PeopleChanges
from casemgr.services.reach import over_county
from casemgr.services.register import NOT_THERE
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import Withheld, opening
from casemgr.store.models import Case, Draft
from casemgr.store.queries import area as areas
from casemgr.store.queries import registration as queries
from casemgr.store.queries import state as states
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.register import Lifecycle, Management

Raw = Mapping[str, Sequence[str]]
PURPOSE = "登记建档"
EDITING = "修改档案"
#: Reasons that a question is answered with; anything else is written out.
REASONS = (
    "已对照证件或病历，确认无误",
    "暂时无法核实，下次随访时核对",
    "家属或本人如此陈述，待取得材料后更正",
)
TRIES = 5
LARGEST_NUMBER = 99_999
#: A key made by a form is this old at most; an older or stranger one is replaced.
KEY_DAYS = 60
MILLISECONDS_OF_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Question:
    """Something that may be saved after a reason; ``reason`` is what was answered so far."""

    id: str
    field: str
    says: str
    reason: str = made(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """The form as it is to be shown: what stands in it, what is wrong, what is asked, who may be the same.

    ``once`` is the key of the file to be. ``theirs`` are the fields that somebody else has changed meanwhile,
    as (label, their words, your words).
    """

    form: Form
    raw: Raw = made(repr=False)
    once: int
    units: tuple[tuple[str, str], ...]
    villages: tuple[tuple[int, str], ...]
    problems: Mapping[str, str] = made(default_factory=dict)
    questions: tuple[Question, ...] = ()
    found: Found = made(default_factory=Found)
    clue: int | None = None
    notice: int | None = None
    case_id: int | None = None
    seen: str = ""
    theirs: tuple[tuple[str, str, str], ...] = made(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """The file that is in the register now; ``already``: it had been there before this press."""

    case_id: int
    already: bool = False


def _text(raw: Raw, name: str) -> str:
    return next((part.strip() for part in raw.get(name, ()) if part.strip()), "")


def _number(raw: Raw, name: str) -> int | None:
    text = _text(raw, name)
    digits = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if digits and 0 < int(text) < 2**63 else None


def _once(raw: Raw) -> int:
    """The key made when the form was shown; a new one when it was lost, or is none of ours."""
    told = _number(raw, "once")
    now = new_key()
    if told is None or not 0 <= (now - told) >> 21 <= KEY_DAYS * MILLISECONDS_OF_DAY:
        return now
    return told


# --- what the form needs ---


@use_case(Action.REGISTER_WRITE)
def _places(work: Work) -> tuple[tuple[Any, ...], tuple[tuple[int, str], ...]]:
    access = work.access
    found = areas.within(work, access.low, access.high, int(AreaLevel.VILLAGE))
    names = {row.code: row.name for row in found}
    several = sum(row.level == int(AreaLevel.TOWNSHIP) for row in found) > 1
    villages = tuple(
        (row.code, _placed(row, names, several)) for row in found if row.level == int(AreaLevel.VILLAGE)
    )
    return tuple(queries.units(work, access.low, access.high)), villages


@use_case(Action.REGISTER_WRITE)
def units_of(work: Work, area: int) -> tuple[tuple[str, str], ...]:
    """(code, name) of the units of one area; units are public knowledge."""
    return _choices(queries.units(work, *span_of(area)))


def _placed(row: Any, names: Mapping[int, str], several: bool) -> str:
    above = names.get(row.parent or 0, "") if several else ""
    return f"{above} {row.name}".strip()


def _proposed(access: Access, area: int) -> str:
    return next_number(over_county(access, "file-numbers", area), area)


@use_case(Action.REGISTER_WRITE, writes=False)
def next_number(work: Work, area: int) -> str:
    """The next free file number of a township: its three digits and five; empty when all are used."""
    prefix = f"{area // 1000 % 1000:03}"
    last = queries.last_number(work, ancestor(area, AreaLevel.COUNTY), prefix)
    tail = last[len(prefix) + 1 :] if last else "0"
    number = int(tail) + 1 if tail.isascii() and tail.isdigit() else 1
    return f"{prefix}-{number:05}" if number <= LARGEST_NUMBER else ""


def proposed_number(access: Access, unit_code: str) -> str:
    """The next free file number of the unit's township; empty for a unit out of reach."""
    unit = next((one for one in _places(access)[0] if one.code == unit_code), None)
    return "" if unit is None else _proposed(access, unit.area_code)


def begin(access: Access, today: date, from_clue: int | None = None, from_notice: int | None = None) -> Asked:
    """An empty registration, or one filled with what a clue or a notice knows.

    Nothing clinical is filled in by itself. Raises :class:`Missing` for a clue or notice out of reach and
    :class:`Conflict` when it is registered already.
    """
    units, villages = _places(access)
    raw: dict[str, list[str]] = {}
    if from_clue is not None:
        raw = _listed(clue.known(access, from_clue))
    elif from_notice is not None:
        raw = _listed(notice.known(access, from_notice))
    raw["registered_on"] = [today.isoformat()]
    if len(units) == 1:
        raw["unit_code"] = [units[0].code]
    if len({unit.area_code for unit in units}) == 1:
        # The number is the township's, whichever of its units will manage the person.
        raw["file_no"] = raw["proposed"] = [_proposed(access, units[0].area_code)]
    return Asked(REGISTRATION, raw, new_key(), _choices(units), villages, clue=from_clue, notice=from_notice)


def _listed(values: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: text.split(",") if name.startswith("past_") else [text] for name, text in values.items()}


def _choices(units: Sequence[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((unit.code, unit.name) for unit in units)


def look(access: Access, raw: Raw, case_id: int | None = None) -> Found:
    """Who may be the same person as the one being typed in (features id11, id12)."""
    village = _number(raw, "village")
    return duplicates.look(
        access, _text(raw, "name"), _text(raw, "id_number"), _text(raw, "birth_on"), village, case_id
    )


# --- registering ---


def register(access: Access, raw: Raw, today: date) -> Done | Asked:
    """Register somebody: :class:`Done`, or the form again with what is wrong or asked.

    Raises :class:`Conflict` when file numbers keep being taken meanwhile, :class:`Missing` for a clue or a
    notice that is out of reach.
    """
    once = _once(raw)
    if _is_there(access, once):
        return Done(once, already=True)
    units, villages = _places(access)
    filled = forms.read(REGISTRATION, raw, today)
    found = look(access, raw)
    asked = Asked(
        REGISTRATION, raw, once, _choices(units), villages, _said(filled, "先记为线索"), found=found,
        clue=_number(raw, "clue"), notice=_number(raw, "notice"),
    )  # fmt: skip
    unit = next((one for one in units if one.code == filled.values.get("unit_code")), None)
    if unit is None:
        asked = _wrong(asked, "unit_code", "请选择一个本辖区的管理单位。没有单位就不知道由谁管理。")
    asked = _judged(asked, filled, today, unit.area_code if unit else None)
    row = row_of(filled.values)
    if filled.sound and not asked.problems:
        asked = _answered(asked, raw, found)
    if asked.problems or any(not one.reason for one in asked.questions):
        # The first press of two may have been written while this one was looked through: then the person
        # it finds with the same number is the very one that was meant.
        return Done(once, already=True) if _is_there(access, once) else asked
    assert unit is not None  # noqa: S101 - without one there is a problem
    done = _written(access, asked, row, details_of(filled.values), unit, str(filled.values["signer"]), today)
    if isinstance(done, Done) and not done.already:
        question.ask(access, [done.case_id], today, unit.area_code)
    return done


def _written(
    access: Access, asked: Asked, row: PersonRow, details: Details, unit: Any, signer: str, today: date
) -> Done | Asked:
    row = _managed(row)
    # Whoever keeps the number that was proposed wants the next free one, whatever that is by now.
    proposed = row.file_no in (_text(asked.raw, "proposed"), _proposed(access, unit.area_code))
    for _ in range(TRIES):
        try:
            _write(access, row, details, unit, signer, asked, today)
        except Conflict:
            if _is_there(access, asked.once):
                return Done(asked.once, already=True)
            number = _proposed(access, unit.area_code)
            if not proposed and number:
                sentence = f"这个档案编号已经使用。一个编号只能属于一份档案。请改用 {number}，或另填一个。"
                return _wrong(asked, "file_no", sentence)
            row = row._replace(file_no=number)
            proposed = True
            continue
        return Done(asked.once)
    raise Conflict("档案编号刚刚接连被他人使用，没有保存。请再按一次“登记建档”，或另填一个编号。")


def _managed(row: PersonRow) -> PersonRow:
    """Whether the person is managed follows from consent and 第三十条 (GF2018-4.2, GF2018-4.3)."""
    managed = bool(row.article30) or row.consent == ConsentAnswer.AGREED
    since = max(row.registered_on, row.consent_on or row.registered_on)
    return row._replace(
        lifecycle=int(Lifecycle.ON_REGISTER),
        management=int(Management.MANAGED if managed else Management.REFUSED),
        management_on=since,
    )


def _wrong(asked: Asked, key: str, sentence: str) -> Asked:
    return replace(asked, problems={**asked.problems, key: asked.problems.get(key) or sentence})


def _said(filled: Filled, otherwise: str) -> dict[str, str]:
    """What is wrong with the typing, by field; there is no draft here, so another way out is offered."""
    return {key: text.replace("先存为草稿", otherwise) for key, text in filled.problems.items()}


def _judged(asked: Asked, filled: Filled, today: date, unit_area: int | None) -> Asked:
    """Put what blocks at its field; nothing is judged before name, sex, diagnosis and day are there."""
    if not {"name", "sex", "diagnosis", "registered_on"} <= filled.values.keys():
        return asked
    for one in _findings(filled, today, unit_area):
        if one.weight == "B":
            asked = _wrong(asked, one.field, f"{one.says}（{one.id}）")
    return replace(asked, questions=_questions(asked.raw, filled, today, unit_area))


def _findings(filled: Filled, today: date, unit_area: int | None) -> list[Judged]:
    return judge(row_of(filled.values), today, unit_area, details_of(filled.values))


def _questions(raw: Raw, filled: Filled, today: date, unit_area: int | None) -> tuple[Question, ...]:
    return tuple(
        Question(one.id, one.field, one.says, _reason(raw, one.id))
        for one in _findings(filled, today, unit_area)
        if one.weight == "C"
    )


def _reason(raw: Raw, check: str) -> str:
    return _text(raw, f"why-{check}-other")[:200] or _text(raw, f"why-{check}")[:200]


def _answered(asked: Asked, raw: Raw, found: Found) -> Asked:
    """One number, one active file (id11); whoever only looks alike is asked about (id12)."""
    for near in found.near:
        if near.blocks:
            sentence = (
                f"该证件号已在本辖区建档（档案编号 {near.file_no}）。一人两档会使人数重复计算。"
                "请打开已有档案，或核对证件号码。（id11）"
            )
            return _wrong(asked, "id_number", sentence)
    if found.stopped:
        return _wrong(asked, "id_number", duplicates.STOPPED)
    if found.elsewhere:
        return _wrong(
            asked,
            "id_number",
            "该证件号已在其他乡镇建档。一人两档会使人数重复计算。请申请转入，或核对证件号码。（id11）",
        )
    if not found.near:
        return asked
    says = "可能是同一个人，请对照下列档案。是同一人请打开已有档案；不是请说明理由。"
    return replace(asked, questions=(*asked.questions, Question("id12", "name", says, _reason(raw, "id12"))))


@use_case(Action.REGISTER_WRITE)
def _is_there(work: Work, key: int) -> bool:
    return queries.case(work, key) is not None


@use_case(Action.REGISTER_WRITE)
def _write(
    work: Work, row: PersonRow, details: Details, unit: Any, signer: str, asked: Asked, today: date
) -> None:
    work.take_turn(queries.TURN)
    if row.id_number and duplicates.holder_within(work, row.id_number):
        # Somebody else was registering the same person while this form was checked.
        raise Conflict("该证件号刚刚已建档。请打开已有档案，或核对证件号码。")
    people = People(work, clock.now())
    people.add(row, unit.area_code, unit.id, asked.once, signer)
    people.write()
    case = queries.case(work, asked.once)
    if case is None:
        raise LookupError("the file that was just written is not there")
    work.note("create", "Case", row_key=case.id, case_key=case.id)
    person_rows.put_details(work, case, NO_DETAILS, details)
    answers = {f"{one.id} {one.says}": (None, one.reason) for one in asked.questions}
    revision.note(work, "answer", case, answers)
    _keep_answers(work, case, row, details, asked, today)
    draft = work.get(Draft, asked.once)
    if draft is not None and draft.owner == work.access.actor:
        work.remove(draft)
    if asked.clue is not None:
        clue.register(work, asked.clue, case)
    if asked.notice is not None:
        notice.register(work, asked.notice, case, today)
    work.flush()
    refresh(work, [case.id])


def _keep_answers(
    work: Work, case: Case, row: PersonRow, details: Details, asked: Asked, today: date
) -> None:
    """What was explained on the form is not asked again afterwards, until the facts change."""
    reasons = {one.id: one.reason for one in asked.questions}
    question.answered(work, case, judge(row, today, case.area, details), reasons, today)


# --- correcting ---


def _stored(work: Work, case_id: int) -> Any:
    codes = {unit.key: code for code, unit in exchange_rows.known_units(work).items()}
    with opening(work, "Person", EDITING) as opened:
        return next(exchange_rows.people(work, [case_id], codes, opened), None)


def open_questions(access: Access, case_id: int, today: date) -> tuple[Judged, ...]:
    """What is asked about a registered person and not answered yet; empty for a case out of reach."""
    return tuple(
        Judged(one.code, one.weight, one.at, one.says) for one in question.of_case(access, case_id, today)
    )


def _digest(row: PersonRow, details: Details) -> str:
    text = json.dumps([row, details], ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _details(work: Work, case_id: int, purpose: str = EDITING) -> Details:
    return person_rows.details_of(work, states.supplement(work, case_id), purpose)


@use_case(Action.REGISTER_WRITE)
def _for_editing(work: Work, case_id: int, purpose: str = EDITING) -> tuple[PersonRow, Details]:
    stored = _stored(work, case_id)
    if stored is None:
        raise Missing(NOT_THERE)
    work.note("read", "Case", row_key=case_id, case_key=case_id, purpose=purpose)
    row: PersonRow = stored.row
    return row, _details(work, case_id, purpose)


def edit(access: Access, case_id: int, purpose: str = EDITING) -> Asked:
    """The data of a registered person, to be corrected; :class:`Missing` outside the access."""
    row, details = _for_editing(access, case_id, purpose)
    units, villages = _places(access)
    raw = forms.to_raw(CORRECTION, _shown(row._asdict() | details._asdict()))
    seen = _digest(row, details)
    return Asked(CORRECTION, raw, 0, _choices(units), villages, case_id=case_id, seen=seen)


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values without those that the matrix closes to whoever asks; they stay as they are."""
    return {key: value for key, value in values.items() if not isinstance(value, Withheld)}


#: Somebody would write over a text that the matrix does not let them read.
CLOSED_TEXT = (
    "这一栏原来有内容，按披露矩阵不向您的岗位显示，改写会丢失原来的内容，因此保持原样。"
    "请清空这一栏，把要补充的写在修改理由里；或请基层医生补充。"
)


def correct(access: Access, case_id: int, raw: Raw, today: date) -> Done | Asked:
    """Save a correction: :class:`Done`, or the form again with what is wrong, asked, or changed by others.

    A reason is asked for. When the file was changed since the form was opened, both sides are shown and
    nothing is written until the person has decided.
    """
    now, details = _for_editing(access, case_id)
    units, villages = _places(access)
    filled = forms.read(CORRECTION, raw, today)
    asked = Asked(
        CORRECTION, raw, 0, _choices(units), villages, _said(filled, "先保留原样"), case_id=case_id,
        seen=_digest(now, details),
    )  # fmt: skip
    told = details_of(filled.values)
    for name, value in now._asdict().items():
        if isinstance(value, Withheld) and filled.values.get(name):
            asked = _wrong(asked, name, CLOSED_TEXT)
    if filled.sound and not asked.problems:
        asked = _compared(access, asked, raw, filled, (now, details), today)
    if not _text(raw, "reason"):
        asked = _wrong(asked, "reason", "请写明修改理由。改动逐项留痕，理由便于日后核对。")
    if asked.problems or asked.theirs or any(not one.reason for one in asked.questions):
        return asked
    _change(access, case_id, _laid_over(now, filled), told, asked, _text(raw, "reason")[:500], today)
    question.ask(access, [case_id], today)
    return Done(case_id)


def _laid_over(now: PersonRow, filled: Filled) -> PersonRow:
    told: dict[str, Any] = {
        one.key: filled.values.get(one.key)
        for one in CORRECTION.fields
        if one.key in PersonRow._fields and not isinstance(getattr(now, one.key), Withheld)
    }
    return now._replace(**told)


def _compared(
    access: Access, asked: Asked, raw: Raw, filled: Filled, before_: tuple[PersonRow, Details], today: date
) -> Asked:
    now, details = before_
    row, told = _laid_over(now, filled), details_of(filled.values)
    whole = replace(filled, values=row._asdict() | told._asdict())
    asked = _judged(asked, whole, today, None)
    before = {(one.id, one.says) for one in judge(now, today, None, details)}
    # What was asked about before this correction is not asked again because of it.
    asked = replace(asked, questions=tuple(q for q in asked.questions if (q.id, q.says) not in before))
    if row.id_number and row.id_number != now.id_number:
        found = look(access, raw, asked.case_id)
        asked = _answered(replace(asked, found=found), raw, found)
    if _text(raw, "seen") != asked.seen:
        theirs, mine = now._asdict() | details._asdict(), row._asdict() | told._asdict()
        asked = replace(asked, theirs=_both_sides(theirs, mine))
    return asked


def _both_sides(now: Mapping[str, Any], mine: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Where the register and the form differ, after the file was changed under the form."""
    found = []
    for each in CORRECTION.fields:
        theirs, yours = now.get(each.key), mine.get(each.key)
        if theirs != yours:
            found.append((each.label, _words(each, theirs), _words(each, yours)))
    return tuple(found) or (("（没有不同）", "", ""),)


def _words(each: Field, value: Any) -> str:
    return "" if value is None else forms.shown(each, value)


@use_case(Action.REGISTER_WRITE)
def _change(
    work: Work, case_id: int, row: PersonRow, told: Details, asked: Asked, reason: str, today: date
) -> None:
    work.take_turn(queries.TURN)
    stored, details = _stored(work, case_id), _details(work, case_id)
    if stored is None:
        raise Missing(NOT_THERE)
    if _digest(stored.row, details) != asked.seen:
        raise Conflict("这份档案刚刚被他人保存，为避免覆盖，没有写入。请对照后再保存。")
    changed = tuple(name for name in row._fields if getattr(row, name) != getattr(stored.row, name))
    case = queries.case(work, case_id)
    if case is None or (not changed and details == told):
        return
    units = exchange_rows.known_units(work)

    def stays(_person: int, _area: int) -> None:
        raise LookupError("a correction moves nobody")

    PeopleChanges(work, clock.now(), days(today), [(stored, row, changed)], units, stays).write()
    person_rows.put_details(work, case, details, told)
    changes = {name: (getattr(stored.row, name), getattr(row, name)) for name in changed}
    changes |= _in_words(details, told)
    revision.note(work, "case", case, changes, reason)
    revision.note(work, "answer", case, {f"{q.id} {q.says}": (None, q.reason) for q in asked.questions})
    if "article30" in changed:
        state.article30_changed(work, case, today, reason)
    _keep_answers(work, case, row, told, asked, today)
    work.flush()
    refresh(work, [case_id])


def _in_words(before: Details, after: Details) -> dict[str, tuple[Any, Any]]:
    """What changed beyond the columns of the workbook, by label and in words."""
    return {
        each.label: (_words(each, getattr(before, each.key)), _words(each, getattr(after, each.key)))
        for each in CORRECTION.fields
        if each.key in Details._fields and getattr(before, each.key) != getattr(after, each.key)
    }
