"""改动: every change to a record about a person, field by field with old and new value, sealed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from casemgr.forms import followup, register
from casemgr.forms.cell import day_of
from casemgr.forms.spec import Sheet
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import WITHHELD, closed_places, open_texts
from casemgr.store.models import Revision
from casemgr.store.queries import revision as queries
from casemgr.store.types import Plain
from casemgr.store.vault import Place
from casemgr.store.work import Work

Value = str | int | bool | date | None
READING = "查阅改动记录"
MOST = 200
#: Fields whose values say who somebody is: shown only where the identity itself is opened.
IDENTIFYING = frozenset(
    {
        "name",
        "id_number",
        "birth_on",
        "phone",
        "domicile",
        "residence",
        "workplace",
        "guardian_name",
        "guardian_phone",
        "guardian_residence",
    }
)
NOUNS: dict[str, str] = {
    "case": "档案",
    "answer": "核对说明",
    "visit": "随访",
    "state": "状态",
    "consent": "知情同意",
    "clue": "线索",
    "notice": "告知单",
    "transfer": "迁移",
    "incident": "事件",
    "emergency": "应急处置",
    "referral": "转诊",
    "checkup": "健康体检",
    "rehab": "社区康复",
    "counselling": "心理疏导",
    "dose": "长效针剂",
    "lock_up": "关锁",
    "regimen_line": "用药医嘱",
    "no_medicine": "勿需用药",
    "lab_result": "检验结果",
    "drug_watch": "监测用药",
    "sheet": "表单",
}


def _columns(sheet: Sheet[Any, Any]) -> dict[str, Any]:
    return {column.key: column for column in sheet.columns}


#: What is known about the fields of a noun: their headers, and how a value is written in words.
_COLUMNS = {"case": _columns(register.SHEET), "visit": _columns(followup.SHEET)}


@dataclass(frozen=True, slots=True)
class Change:
    """One field: its label and both values in words; ``hidden``: an identifying value that stays closed."""

    name: str
    label: str
    old: str = field(default="", repr=False)
    new: str = field(default="", repr=False)
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One change of one record: when, by whom, which fields, and the reason that was given."""

    at: datetime
    by: str
    noun: str
    what: str
    row_id: int
    changes: tuple[Change, ...]
    reason: str = field(default="", repr=False)


def note(
    work: Work, noun: str, row: Any, changes: Mapping[str, tuple[Value, Value]], reason: str = ""
) -> None:
    """Write one change down beside the audit entry; fields whose two values are equal are left out.

    ``row`` is the changed object: it has ``area``, and either ``case_id`` or is the case itself. Keys of
    ``changes`` are names of workbook columns where there are such, otherwise words for people.
    """
    told = {name: [_scalar(old), _scalar(new)] for name, (old, new) in changes.items() if old != new}
    if not told:
        return
    case = getattr(row, "case_id", None)
    key = getattr(row, getattr(type(row), "row_key", "id"))
    work.add(
        Revision(
            id=new_key(),
            area=row.area,
            case_id=key if case is None else case,
            noun=noun,
            row_id=key,
            changes=Plain(json.dumps(told, ensure_ascii=False)),
            reason=Plain(reason) if reason else None,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )


def _scalar(value: Value | tuple[int, int]) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def in_words(noun: str, name: str, value: Any) -> str:
    """One value as people read it: labels for codes, 2026-11-21 for days; nothing is empty."""
    column = _COLUMNS.get(noun, {}).get(name)
    if value is None or value == "":
        return ""
    if column is not None and not isinstance(value, str):
        try:
            written = column.kind.write(tuple(value) if isinstance(value, list) else value)
        except (KeyError, TypeError, ValueError):
            written = value
        if type(written).__name__ == "ExcelDay":
            return day_of(int(written)).isoformat()
        return "" if written is None else str(written)
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)


@use_case(Action.CASE_READ)
def of_case(work: Work, case_id: int, opened: bool = False) -> tuple[RevisionView, ...]:
    """The changes of one case, latest first; empty for a case outside the access.

    Identifying values are shown with ``opened`` only, which the page passes when the identity itself has
    been opened for a purpose; that the values were read is written down.
    """
    rows = queries.of_case(work, case_id, MOST)
    if not rows:
        return ()
    texts = open_texts(work, "Revision", [(one.id, one.changes) for one in rows], READING, case_id)
    reasons = open_texts(work, "Revision", [(one.id, one.reason) for one in rows], READING, case_id)
    names = queries.authors(work, sorted({one.recorded_by for one in rows}))
    return tuple(
        RevisionView(
            one.recorded_at,
            names.get(one.recorded_by, "系统" if one.recorded_by == 0 else ""),
            one.noun,
            NOUNS.get(one.noun, one.noun),
            one.row_id,
            tuple(
                _change(one.noun, name, old, new, opened)
                if one.recorded_by == work.access.actor or not _closed(work, one.noun, name)
                else Change(name, _label(one.noun, name), WITHHELD, WITHHELD)
                for name, (old, new) in json.loads(text).items()
            ),
            reason,
        )
        for one, text, reason in zip(rows, texts, reasons, strict=True)
    )


#: In which table the sealed texts of a noun stand.
_TABLES = {"case": "supplement", "visit": "visit_text"}


def _closed(work: Work, noun: str, name: str) -> bool:
    """Whether the matrix closes this field to the caller: then both its values stay closed, too."""
    return noun in _TABLES and Place(_TABLES[noun], name) in closed_places(work)


def _label(noun: str, name: str) -> str:
    column = _COLUMNS.get(noun, {}).get(name)
    return name if column is None else str(column.header)


def _change(noun: str, name: str, old: Any, new: Any, opened: bool) -> Change:
    label = _label(noun, name)
    if name in IDENTIFYING and not opened:
        return Change(name, label, hidden=True)
    return Change(name, label, in_words(noun, name, old), in_words(noun, name, new))
