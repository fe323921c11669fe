"""服务记录: sessions and check-ups entered by hand, on the declarations of the import."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Any

from casemgr.forms import checkup, counselling, rehab
from casemgr.forms.cell import Amount, Code, Flag, FullDay, Pressure, Unfit, Whole, day_of, days
from casemgr.forms.form import FUTURE, MISSING, MISSING_WHY, OUTSIDE, UNREADABLE
from casemgr.forms.known import CaseFacts
from casemgr.forms.spec import Column, Fault, Sheet
from casemgr.rules.access import Action
from casemgr.services import clock, duties, errors, revision
from casemgr.services.errors import Conflict, Missing
from casemgr.services.incident import Recorded, kept_before, known_case
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.counselling import Counselling
from casemgr.store.models.rehab import RehabSession
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.register import Lifecycle

NOT_THERE = "没有找到这条记录，或不在您的辖区内。请从患者页重新打开。"
READING = "查阅服务记录"
#: Columns of the workbook that a form does not ask for.
NOT_ASKED = frozenset({"file_no"})


def _no_faults(_row: Any, _case: CaseFacts) -> Iterator[Fault]:
    return iter(())


@dataclass(frozen=True)
class Care:
    """One kind of service: its sheet, its table, the sealed text in it, and what cannot be true of it."""

    noun: str
    title: str
    sheet: Sheet[Any, Any]
    model: type[Any]
    text: str
    faults: Callable[[Any, CaseFacts], Iterator[Fault]]


CARES: Mapping[str, Care] = MappingProxyType(
    {
        one.noun: one
        for one in (
            Care("rehab", "社区康复", rehab.SHEET, RehabSession, "provider", rehab.faults),
            Care("checkup", "健康体检", checkup.SHEET, Checkup, "note", _no_faults),
            Care(
                "counselling",
                "心理疏导",
                counselling.SHEET,
                Counselling,
                "provider",
                counselling.faults,
            ),
        )
    }
)


@dataclass(frozen=True, slots=True)
class CareField:
    """One item of the form; ``kind`` as in the macro ``field``."""

    key: str
    label: str
    kind: str
    required: bool
    choices: tuple[tuple[object, str], ...]
    hint: str


@dataclass(frozen=True, slots=True)
class CareForm:
    """A form of one service: empty with the key of the row to be, or a row to be put right."""

    noun: str
    title: str
    case_id: int
    file_no: str
    once: int
    fields: tuple[CareField, ...]
    raw: Mapping[str, str] = field(repr=False)
    seen: str = ""

    @property
    def labels(self) -> dict[str, str]:
        """Labels by key, for the list of what is wrong."""
        return {one.key: one.label for one in self.fields}


def _fields(care: Care) -> tuple[CareField, ...]:
    return tuple(_field(column) for column in care.sheet.columns if column.key not in NOT_ASKED)


def _field(column: Column) -> CareField:
    kind, choices, hint = "text", column.kind.choices, ""
    if isinstance(column.kind, Flag):
        kind, choices = "radio", [("是", "是"), ("否", "否")]  # type: ignore[list-item]
    elif isinstance(column.kind, Code):
        kind = "radio"
    elif isinstance(column.kind, FullDay):
        kind = "date"
    elif isinstance(column.kind, Whole):
        kind = "number"
    elif isinstance(column.kind, Pressure):
        hint = "收缩压/舒张压，例如 120/80"
    elif isinstance(column.kind, Amount):
        hint = f"单位 {column.kind.unit}"
    elif column.key == "note":
        kind = "textarea"
    label = column.header
    if isinstance(column.kind, Amount):
        label = label.removesuffix(column.kind.unit)
    return CareField(column.key, label, kind, column.required, tuple(choices), hint)


def _care(noun: str) -> Care:
    if noun not in CARES:
        raise Missing("没有这种服务记录。")
    return CARES[noun]


@use_case(Action.EVENT_WRITE, writes=False)
def begin(work: Work, noun: str, case_id: int) -> CareForm:
    """An empty form; :class:`Missing` outside the access."""
    care = _care(noun)
    row = known_case(work, case_id)
    return CareForm(noun, care.title, case_id, row.file_no, new_key(), _fields(care), {})


@use_case(Action.EVENT_WRITE)
def form_of(work: Work, noun: str, row_id: int) -> CareForm:
    """A kept record to be put right; that its text was read is written down."""
    care = _care(noun)
    row = work.get(care.model, row_id)
    if row is None:
        raise Missing(NOT_THERE)
    case = known_case(work, row.case_id)
    raw = _raw(work, care, row)
    return CareForm(noun, care.title, row.case_id, case.file_no, row.id, _fields(care), raw, _digest(raw))


def _digest(raw: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()[:16]


def _raw(work: Work, care: Care, row: Any) -> dict[str, str]:
    """A row as the texts a page would post."""
    raw = {}
    for column in care.sheet.columns:
        if column.key in NOT_ASKED:
            continue
        if column.key == care.text:
            sealed = [(row.id, getattr(row, care.text))]
            raw[column.key] = open_texts(work, care.model.__name__, sealed, READING, row.case_id)[0]
            continue
        value = (row.systolic, row.diastolic) if column.key == "pressure" else getattr(row, column.key)
        raw[column.key] = _as_text(column, value)
    return raw


def _as_text(column: Column, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(column.kind, FullDay):
        return str(value.isoformat())
    if isinstance(column.kind, Code):
        return str(int(value))
    written = column.kind.write(value)
    return "" if written is None else str(written)


def _read(care: Care, raw: Mapping[str, str], today: date) -> dict[str, Any]:
    """Typed texts → values by column; :class:`~casemgr.services.errors.Unfit` names every field at fault."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for column in care.sheet.columns:
        text = str(raw.get(column.key, "")).strip()
        if column.key in NOT_ASKED:
            continue
        if not text:
            if column.required:
                wrong[column.key] = MISSING.format(column.header, MISSING_WHY)
            continue
        try:
            values[column.key] = column.kind.read(text)
        except Unfit as unfit:
            says = OUTSIDE if unfit.code == "range" else UNREADABLE
            wrong[column.key] = says.format(column.header, unfit.says)
            continue
        if column.past and values[column.key] > days(today):
            wrong[column.key] = FUTURE.format(column.header, f"{today.year}年{today.month}月{today.day}日")
    if wrong:
        raise errors.Unfit("没有保存，请改正后再试。", fields=wrong)
    return values


def facts_of(case: Any) -> CaseFacts:
    """What the checks of a workbook know of a case."""
    left = case.lifecycle in (Lifecycle.MOVED_OUT, Lifecycle.EXCLUDED)
    on = None if case.lifecycle_on is None else days(case.lifecycle_on)
    return CaseFacts(
        area=case.area,
        registered_on=days(case.registered_on),
        birth_year=case.birth_year,
        died_on=on if case.lifecycle == Lifecycle.DEAD else None,
        left_on=on if left else None,
        key=case.id,
    )


def _judge(care: Care, case: Any, values: Mapping[str, Any]) -> tuple[str, ...]:
    """Refuse what cannot be; the sentences of what is worth a question, as the import asks them."""
    facts = facts_of(case)
    row = care.sheet.row(
        **{column.key: values.get(column.key) for column in care.sheet.columns} | {"file_no": case.file_no}
    )
    keys = {column.header: column.key for column in care.sheet.columns}
    if wrong := {keys.get(one.column, "on"): one.sentence for one in care.faults(row, facts)}:
        raise errors.Unfit("没有保存，请改正后再试。", fields=wrong)
    asked = []
    for check in care.sheet.checks:
        if (words := check.test(row, facts)) is not None:
            asked.append(f"{check.says.format(*words)}（{check.id}）")
    return tuple(asked)


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that was kept, and what is worth a second look."""

    recorded: Recorded
    asked: tuple[str, ...] = ()


def _assign(care: Care, row: Any, values: Mapping[str, Any]) -> None:
    for column in care.sheet.columns:
        value = values.get(column.key)
        if column.key in NOT_ASKED:
            continue
        if column.key == "pressure":
            row.systolic, row.diastolic = value or (None, None)
        elif column.key == care.text:
            setattr(row, care.text, Plain(value) if value else None)
        elif isinstance(column.kind, FullDay):
            setattr(row, column.key, None if value is None else day_of(value))
        else:
            setattr(row, column.key, value)


@use_case(Action.EVENT_WRITE)
def record(work: Work, noun: str, case_id: int, once: int, raw: Mapping[str, str], today: date) -> Kept:
    """Keep one service record once; raises :class:`~casemgr.services.errors.Unfit` by field."""
    care = _care(noun)
    case = known_case(work, case_id)
    if kept_before(work, care.model, once, case_id) is not None:
        return Kept(Recorded(once, case_id, again=True))
    values = _read(care, raw, today)
    asked = _judge(care, case, values)
    row = care.model(
        id=once,
        area=case.area,
        case_id=case_id,
        recorded_at=clock.now(),
        recorded_by=work.access.actor,
    )
    _assign(care, row, values)
    work.add(row)
    work.flush()
    duties.refresh(work, [case_id])
    return Kept(Recorded(once, case_id, again=False), asked)


@use_case(Action.EVENT_WRITE)
def change(
    work: Work, noun: str, row_id: int, raw: Mapping[str, str], seen: str, reason: str, today: date
) -> Kept:
    """Put a kept record right; old and new values are kept with the reason.

    Raises :class:`Conflict` if somebody changed it after it was shown.
    """
    care = _care(noun)
    row = work.get(care.model, row_id)
    if row is None:
        raise Missing(NOT_THERE)
    case = known_case(work, row.case_id)
    before = _raw(work, care, row)
    if seen != _digest(before):
        raise Conflict("这条记录在您打开之后被别人改过，您的修改没有保存。请对照现在的内容再改。")
    values = _read(care, raw, today)
    asked = _judge(care, case, values)
    if not reason:
        raise errors.Unfit("没有保存。", fields={"reason": "请写明更正的原因，便于日后核对。"})
    _assign(care, row, values)
    after = {column.key: _shown(column, values.get(column.key)) for column in _asked(care)}
    old = _read_back(care, before)
    changes: dict[str, tuple[revision.Value, revision.Value]] = {
        column.header: (old[column.key], after[column.key]) for column in _asked(care)
    }
    revision.note(work, noun, row, changes, reason)
    work.flush()
    duties.refresh(work, [row.case_id])
    return Kept(Recorded(row.id, row.case_id, again=False), asked)


def _asked(care: Care) -> Iterable[Column]:
    return (column for column in care.sheet.columns if column.key not in NOT_ASKED)


def _read_back(care: Care, raw: Mapping[str, str]) -> dict[str, str]:
    return {
        column.key: _shown(column, column.kind.read(raw[column.key]) if raw[column.key] else None)
        for column in _asked(care)
    }


def _shown(column: Column, value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return ""
    if isinstance(column.kind, FullDay):
        return day_of(value).isoformat()
    written = column.kind.write(value)
    return "" if written is None else str(written)
