"""随访与用药医嘱: drug rows of a visit come from the regimen, and go back to it when somebody says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from casemgr.forms import form as forms
from casemgr.forms.form import Form
from casemgr.rules import drug, regimen
from casemgr.rules.access import Action
from casemgr.rules.policy import in_force_on
from casemgr.rules.regimen import Difference, Kind, Taken
from casemgr.services import duties
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.incident import known_case
from casemgr.services.medicine import (
    READING,
    LineForm,
    LineView,
    Stop,
    Suggested,
    add,
    known_of,
    line_views,
    off_order_on,
    open_lines,
    stop,
    suggestion,
)
from casemgr.services.medicine_drug import catalogue
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_keys
from casemgr.store.identity import open_texts
from casemgr.store.models.followup import Visit
from casemgr.store.models.medicine import RegimenLine
from casemgr.store.queries import medicine as queries
from casemgr.store.work import Work
from casemgr.terms.medication import StopReason
from casemgr.terms.register import Lifecycle

#: Rows for drugs by mouth on form 表8.
PLACES = 3
#: How a grey line begins that comes from the regimen and not from the visit before.
ORDERED = "医嘱："
NO_VISIT = "没有这次随访记录，或不在您的辖区内。请从患者页的随访记录重新进入。"
#: Fields of the rows for drugs taken.
DRUG_ROWS = re.compile(r"drug\d_|depot_")
#: Before the first visit the records of so many days are looked at.
FIRST = timedelta(91)


# --- before the visit -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FromRegimen:
    """The drug rows of a visit as the regimen has them: words for the grey line, texts for the button."""

    before: Mapping[str, str]
    repeat: Mapping[str, Sequence[str]]
    more: int

    def over(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """What the visit before has, without its drugs: those are the regimen's."""
        return {key: one for key, one in found.items() if not DRUG_ROWS.match(key)}


def rows_of(work: Work, case: Any, form: Form, on: date) -> FromRegimen | None:
    """The current regimen as fields of the visit's form; ``None`` where there is no regimen.

    ``more`` is how many drugs by mouth have no row on the form.
    """
    rows = [
        one
        for one in queries.lines(work, case.id)
        if one.since <= on and (one.stopped_on is None or on < one.stopped_on)
    ]
    if not rows:
        return None
    values: dict[str, Any] = {}
    drugs = catalogue(work, case.area)
    opened = open_lines(work, rows, case.id)
    number = 0
    for one in rows:
        known = drugs.get(one.code or "")
        name = known.name if known is not None else opened.get(one.id, ("",))[0]
        if one.long_acting:
            values |= {"depot_name": name, "depot_weeks": one.every_weeks, "depot_dose_ug": one.dose_ug}
            continue
        number += 1
        if number > PLACES:
            continue
        prefix = f"drug{number}"
        values[f"{prefix}_name"] = name
        if f"{prefix}_morning_ug" in form.by_key:
            for part in ("morning_ug", "noon_ug", "evening_ug"):
                values[f"{prefix}_{part}"] = getattr(one, part)
    values = {key: value for key, value in values.items() if value is not None and key in form.by_key}
    before = {key: f"{ORDERED}{forms.shown(form.field(key), value)}" for key, value in values.items()}
    return FromRegimen(before, forms.to_raw(form, values), max(0, number - PLACES))


@use_case(Action.FOLLOWUP_RECORD, writes=False)
def suggested(work: Work, case_id: int, today: date, visit_id: int | None = None) -> Suggested | None:
    """What the records since the last visit propose for 用药依从性 (REC-ADH-1); nothing is chosen by it.

    ``None`` where nothing is recorded, so nothing can be proposed.
    """
    known_case(work, case_id)
    on = today
    if visit_id is not None:
        visit = work.get(Visit, visit_id)
        on = visit.on if visit is not None and visit.case_id == case_id else today
    earlier = [one for one in queries.visits(work, case_id, 30) if one.on < on]
    return since_visit(work, case_id, earlier[0].on if earlier else on - FIRST, on)


def since_visit(work: Work, case_id: int, since: date, on: date) -> Suggested | None:
    """The same for given days, within a unit of work."""
    known = known_of(queries.of_case(work, case_id), on)
    return suggestion(known, since, on, in_force_on(on, within(work).region))


# --- after the visit ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Offered:
    """One thing a visit says otherwise; ``code`` is the catalogue's drug, ``can``: it can be taken over.

    ``number`` names it on the page. ``says`` in words, old and new.
    """

    number: int
    kind: Kind
    name: str
    old: str
    new: str
    code: str
    can: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the latest visit says otherwise than the regimen; never taken over by itself.

    ``keys`` are made when the page is shown, so that a second press writes nothing.
    """

    visit_id: int
    case_id: int
    file_no: str
    on: date
    offers: tuple[Offered, ...]
    keys: tuple[int, ...]
    first: bool


def _taken(work: Work, visit_id: int, case_id: int) -> list[Taken]:
    rows = queries.drug_rows(work, visit_id)
    names = open_texts(work, "DrugLine", [(one.id, one.name) for one in rows], READING, case_id)
    return [
        Taken(
            one.id,
            name,
            one.long_acting,
            one.morning_ug,
            one.noon_ug,
            one.evening_ug,
            one.every_weeks,
            one.dose_ug,
            one.times_per_day,
        )
        for one, name in zip(rows, names, strict=True)
        if name
    ]


def _ordered(view: LineView, name: str) -> Taken:
    return Taken(
        view.id,
        name,
        view.long_acting,
        view.morning_ug,
        view.noon_ug,
        view.evening_ug,
        view.every_weeks,
        view.dose_ug,
    )


def _differences(
    work: Work, case: Any, visit: Any
) -> tuple[tuple[Difference, ...], list[RegimenLine], Mapping[str, drug.Drug]]:
    drugs = catalogue(work, case.area)
    lines = [one for one in queries.lines(work, case.id) if one.stopped_on is None]
    views = line_views(lines, drugs, open_lines(work, lines, case.id))
    ordered = [_ordered(one, drugs[one.code].name if one.code in drugs else one.name) for one in views]
    return regimen.differences(_taken(work, visit.id, case.id), ordered, PLACES), lines, drugs


def _offered(number: int, one: Difference, drugs: Mapping[str, drug.Drug]) -> Offered:
    row, line = one.row, one.line
    name = row.name if row is not None else line.name if line is not None else ""
    code, why_not = "", ""
    if row is not None:
        doses = [one for one in (row.morning_ug, row.noon_ug, row.evening_ug) if one]
        found = drug.match(row.name, drugs.values(), doses, long_acting=row.long_acting)
        code = found.code if found is not None else ""
        if not row.long_acting and not row.in_parts:
            why_not = "随访记录没有分早、中、晚，请在用药页填写剂量。"
        elif row.long_acting and not row.every_weeks:
            why_not = "随访记录没有写每几周一次，请在用药页填写。"
    return Offered(number, one.kind, name, _words(line), _words(row), code, not why_not, why_not)


def _words(one: Taken | None) -> str:
    if one is None:
        return ""
    if one.long_acting:
        weeks = f"每 {one.every_weeks} 周" if one.every_weeks else "间隔未填"
        return f"{weeks} {one.dose_ug / drug.UG:g} mg" if one.dose_ug else weeks
    parts = (("早", one.morning_ug), ("中", one.noon_ug), ("晚", one.evening_ug))
    told = "、".join(f"{label} {ug / drug.UG:g}" for label, ug in parts if ug)
    if told:
        return f"{told} mg"
    return f"每日 {one.daily_ug / drug.UG:g} mg" if one.daily_ug else "剂量未填"


def _latest(work: Work, visit_id: int) -> tuple[Any, Any] | None:
    """The visit and its case, if it is the latest that reached the person."""
    visit = work.get(Visit, visit_id)
    if visit is None:
        raise Missing(NO_VISIT)
    case = known_case(work, visit.case_id)
    latest = queries.latest_visit(work, visit.case_id)
    return (visit, case) if latest is not None and latest.id == visit.id else None


@use_case(Action.MEDICINE_READ)
def offer(work: Work, visit_id: int) -> Offer | None:
    """What a visit says otherwise than the regimen; ``None`` when nothing, or when a later visit is there.

    Raises :class:`Missing` outside the access.
    """
    found = _latest(work, visit_id)
    return None if found is None else _offer(work, *found)


@use_case(Action.MEDICINE_READ)
def offer_of_case(work: Work, case_id: int) -> Offer | None:
    """The same for the latest visit of a case."""
    case = known_case(work, case_id)
    visit = queries.latest_visit(work, case_id)
    return None if visit is None else _offer(work, visit, case)


def _offer(work: Work, visit: Any, case: Any) -> Offer | None:
    if case.lifecycle != Lifecycle.ON_REGISTER:
        return None
    found, lines, drugs = _differences(work, case, visit)
    # What was ordered after the visit is newer than what the visit says.
    newer = {one.id for one in lines if one.since > visit.on}
    found = tuple(one for one in found if one.line is None or one.line.key not in newer)
    if not found:
        return None
    offered = tuple(_offered(number, one, drugs) for number, one in enumerate(found))
    return Offer(
        visit.id,
        case.id,
        case.file_no,
        visit.on,
        offered,
        tuple(new_keys(len(offered))),
        not lines,
    )


@use_case(Action.MEDICINE_WRITE)
def carry(
    work: Work,
    visit_id: int,
    chosen: Mapping[int, int],
    stops: Mapping[int, StopReason],
    prescriber: str,
    today: date,
) -> int:
    """Take over what was chosen from a visit: number of the offer → key of the new line; lines to stop.

    ``stops`` gives a reason for each drug that the visit no longer has. Answers how many lines were written
    or stopped. Raises :class:`Conflict` when the regimen has changed since it was shown.
    """
    found = _latest(work, visit_id)
    if found is None:
        raise Conflict("这之后又有一次随访，没有改动医嘱。请打开最近一次随访核对，或在用药页直接调整。")
    visit, case = found
    if chosen and all(work.get(RegimenLine, key) is not None for key in chosen.values()):
        return 0
    whole = _offer(work, visit, case)
    differences, lines, drugs = _differences(work, case, visit)
    newer = {one.id for one in lines if one.since > visit.on}
    differences = tuple(one for one in differences if one.line is None or one.line.key not in newer)
    if whole is None or (max([*chosen, *stops], default=-1) >= len(differences)):
        raise Conflict("用药医嘱刚刚有改动，没有再写。请回到用药页核对后再决定。")
    if not chosen and not stops:
        raise Unfit("没有选择要改的内容，医嘱保持不变。请勾选要写入医嘱的项目，或返回。")
    if StopReason.PHYSICIAN in stops.values() and not prescriber:
        raise Unfit("停药的原因选了“医师停药”，请写明医师（md14）。没有医师的决定，请改选其他原因。")
    if chosen and (says := off_order_on(work, case.id, visit.on)):
        raise Conflict(says)
    by_id = {one.id: one for one in lines}
    written = 0
    for number, one in enumerate(differences):
        offered = whole.offers[number]
        if number in chosen and one.row is not None and offered.can:
            known = drugs.get(offered.code)
            form = LineForm(
                since=visit.on,
                code=offered.code,
                name=one.row.name,
                long_acting=one.row.long_acting,
                morning_ug=one.row.morning_ug,
                noon_ug=one.row.noon_ug,
                evening_ug=one.row.evening_ug,
                every_weeks=one.row.every_weeks,
                dose_ug=one.row.dose_ug if one.row.long_acting else None,
                prescriber=prescriber,
            )
            old = by_id.get(one.line.key) if one.line is not None else None
            if old is not None:
                stop(work, old, Stop(visit.on, StopReason.CHANGED, prescriber=prescriber))
            add(
                work,
                case,
                chosen[number],
                form,
                known,
                replaces=old.id if old is not None else None,
                visit_id=visit.id,
            )
            written += 1
        elif number in stops and one.kind is Kind.MISSING and one.line is not None:
            stop(work, by_id[one.line.key], Stop(visit.on, stops[number], prescriber=prescriber))
            written += 1
    work.flush()
    duties.refresh(work, [case.id])
    return written
