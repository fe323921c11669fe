"""填表: official forms filled in for a registered person and kept — 表6, 表7 and 表11; content sealed.

What the register itself keeps stands in the form and is not typed a second time: it is changed on the page
«修改档案». The rest lies sealed, one row for each time the form was filled, and is printed from there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from casemgr.forms import form as forms
from casemgr.forms.cell import day_of
from casemgr.forms.form import Form
from casemgr.forms.register import PersonRow
from casemgr.rules.access import Access, Action
from casemgr.services import clock, exchange_rows, person_rows, printing, revision
from casemgr.services.errors import Conflict, Missing
from casemgr.services.register import NOT_THERE
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts, opening
from casemgr.store.models import Sheet
from casemgr.store.queries import printing as queries
from casemgr.store.queries import state as states
from casemgr.store.types import Plain
from casemgr.store.work import Work

Raw = Mapping[str, Sequence[str]]
PURPOSE = "填写表单"
#: Forms that are kept for a person, by their names.
KEPT = ("resident", "supplement", "emergency_consent")
#: Items that the register keeps, though the form calls them otherwise than the list of what is printed.
OWN = frozenset({"ethnicity", "ethnicity_other", "allergy", "allergy_other", "residency"})


@dataclass(frozen=True, slots=True)
class SheetForm:
    """One form as it is shown: what the register knows, what is asked, and what was told the last time."""

    case_id: int
    file_no: str
    form: Form
    known: tuple[tuple[str, str], ...] = field(repr=False)
    raw: Raw = field(repr=False)
    base: Raw = field(repr=False)
    once: int = 0
    filled_on: date | None = None
    problems: Mapping[str, str] = field(default_factory=dict)


def _row(work: Work, case_id: int) -> PersonRow:
    units = {unit.key: code for code, unit in exchange_rows.known_units(work).items()}
    with opening(work, "Person", PURPOSE) as opened:
        stored = next(exchange_rows.people(work, [case_id], units, opened), None)
    if stored is None:
        raise Missing(NOT_THERE)
    row: PersonRow = stored.row
    return row


def _known(work: Work, case_id: int, form: Form, today: date) -> dict[str, Any]:
    """What the register keeps of the items of a form."""
    values = printing.known_values(form, _row(work, case_id), today)
    details = person_rows.details_of(work, states.supplement(work, case_id), PURPOSE)
    told = {"allergy": details.allergies, "allergy_other": details.allergy_other}
    told |= {"residency": details.residency}
    keys = {each.key for each in form.fields}
    return {key: value for key, value in {**values, **told}.items() if value is not None and key in keys}


def _asked(form: Form) -> Form:
    """The form without the items that the register keeps."""
    apart = {*printing.PREFILLED[form.name]} | OWN
    sections = []
    for section in form.sections:
        items = tuple(one for one in section.items if getattr(one, "key", "") not in apart)
        if items:
            sections.append(replace(section, items=items))
    return replace(form, sections=tuple(sections))


def _last(work: Work, case_id: int, form: Form) -> tuple[Sheet | None, dict[str, Any]]:
    """The form as it was filled the last time, opened, as clean values."""
    found = next(iter(queries.sheets(work, case_id, form.name, 1)), None)
    row = None if found is None else work.get(Sheet, found.id)
    if row is None:
        return None, {}
    (text,) = open_texts(work, "Sheet", [(row.id, row.data)], PURPOSE, case_id)
    filled = printing.form_of(form.name, row.form_version)
    return row, printing.stored_values(filled, json.loads(text or "{}"))


@use_case(Action.REGISTER_WRITE)
def open_sheet(work: Work, case_id: int, name: str, today: date) -> SheetForm:
    """A form of a person with what is known; :class:`Missing` outside the access or for another form."""
    if name not in KEPT:
        raise Missing(printing.NO_FORM)
    form = printing.form_of(name)
    known = _known(work, case_id, form, today)
    row, values = _last(work, case_id, form)
    asked = _asked(form)
    keys = {each.key for each in asked.fields}
    raw = forms.to_raw(asked, {key: value for key, value in values.items() if key in keys})
    case = states.case(work, case_id)
    facts = tuple(
        (each.label, forms.shown(each, known[each.key])) for each in form.fields if each.key in known
    )
    return SheetForm(
        case_id,
        case.file_no if case is not None else "",
        asked,
        facts,
        raw,
        forms.to_raw(form, known),
        new_key(),
        row.filled_on if row is not None else None,
    )


def save(access: Access, case_id: int, name: str, once: int, raw: Raw, today: date) -> int | SheetForm:
    """Keep a form as it was filled: its key, or the form again with what is wrong.

    A second press under the same key changes nothing.
    """
    shown = open_sheet(access, case_id, name, today)
    keys = {each.key for each in shown.form.fields}
    own = {key: texts for key, texts in raw.items() if key in keys}
    # Read together with what the register knows: some items are asked for because of it.
    filled = forms.read(printing.form_of(name), {**shown.base, **own}, today)
    problems = {
        key: text.replace("先存为草稿", "先清空") for key, text in filled.problems.items() if key in keys
    }
    if problems:
        return replace(shown, raw=raw, once=once, problems=problems)
    values = {key: value for key, value in filled.values.items() if key in keys}
    if not values:
        words = "还没有填写任何项目，没有可保存的内容。请至少填一项，或返回患者页。"
        return replace(shown, raw=raw, once=once, problems={shown.form.fields[0].key: words})
    try:
        return _save(access, case_id, name, once, values, today)
    except Conflict:
        if _is_there(access, once):
            return once
        raise


@use_case(Action.REGISTER_WRITE)
def _is_there(work: Work, key: int) -> bool:
    return work.get(Sheet, key) is not None


@use_case(Action.REGISTER_WRITE)
def _save(work: Work, case_id: int, name: str, once: int, values: dict[str, Any], today: date) -> int:
    if work.get(Sheet, once) is not None:
        return once
    case = states.case(work, case_id)
    if case is None:
        raise Missing(NOT_THERE)
    form = printing.form_of(name)
    _row_before, before = _last(work, case_id, form)
    whole = {**_known(work, case_id, form, today), **values}
    row = work.add(
        Sheet(
            id=once,
            area=case.area,
            case_id=case_id,
            form=form.name,
            form_version=form.version,
            filled_on=_day(values, today),
            data=Plain(json.dumps(whole, ensure_ascii=False)),
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    revision.note(work, "sheet", row, _changes(_asked(form), before, values))
    return once


def _day(values: Mapping[str, Any], today: date) -> date:
    told = values.get("on")
    return today if told is None else day_of(int(told))


def _changes(form: Form, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What differs from the last time, by label and in words."""

    def words(values: Mapping[str, Any], key: str) -> str:
        return forms.shown(form.field(key), values[key]) if values.get(key) is not None else ""

    return {
        each.label: (words(before, each.key), words(after, each.key))
        for each in form.fields
        if before.get(each.key) != after.get(each.key)
    }
