"""写入登记库: lays judged rows into the register in one transaction, new ones in bulk, changed ones singly.

With ``dry`` everything is compared and nothing is written, so that a preview counts what the import would do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from casemgr.forms.area import AreaRow
from casemgr.forms.followup import VisitRow, acts_mask
from casemgr.forms.known import CaseFacts
from casemgr.forms.register import PersonRow
from casemgr.forms.spec import WARNING, Problem
from casemgr.forms.workbook import Judge, SheetVerdict
from casemgr.services import clock, duties, injection_course, product, visit_rows
from casemgr.services import exchange_rows as rows
from casemgr.services.exchange_rows import Stored, compacted, merge
from casemgr.services.person_rows import People, PeopleChanges, set_partial
from casemgr.services.visit_rows import day, keyed, plain
from casemgr.store.db import new_key, new_keys
from casemgr.store.identity import opening
from casemgr.store.models import (
    Area,
    Checkup,
    Dose,
    DrugLine,
    Person,
    RehabSession,
    Unit,
    Visit,
    VisitText,
)
from casemgr.store.queries import exchange as queries
from casemgr.store.work import Work
from casemgr.terms.followup import FormVersion

#: Cases compared at a time, and rows written at a time: what bounds the memory.
CASES, BATCH, PEOPLE = 2_000, 5_000, 1_000
PURPOSE = "导入核对"
KEPT = (
    "ex05",
    "“{0}”为空，而登记库中已有内容。空白单元格不会清空已有内容，已按原样保留。"
    "请核对是否漏填；确需清空时，请在系统内该患者的页面上修改。",
)
OLDER = (
    "ex04",
    "这一行的录入日期早于登记库中的记录，却改动了内容。可能是旧文件覆盖了新记录。"
    "请核对以哪一份为准；如应以登记库为准，请用导出的工作簿改回。",
)


@dataclass(slots=True)
class Outcome:
    """What became of the good rows of a sheet, by row number; questions that only comparing raises."""

    created: int = 0
    changed: int = 0
    unchanged: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


class Writer:
    """Writes the verdicts of one file, sheet by sheet in their order, inside one unit of work."""

    def __init__(self, work: Work, judge: Judge, today: int, *, dry: bool) -> None:
        self._work = work
        self._judge = judge
        self._today = today
        self._dry = dry
        self._now = clock.now()
        self._actor = work.access.actor
        #: Keys of cases and their areas, by file number; filled as they are met or made.
        self._keys: dict[str, tuple[int, int]] = {}
        self._moved: list[tuple[int, int]] = []
        #: Cases of which anything was written; their duties follow at the end.
        self._touched: set[int] = set()
        #: Cases whose courses of injections are to be worked out as a whole.
        self._courses: set[int] = set()

    def write(self, verdict: SheetVerdict) -> Outcome:
        """Write the good rows of one sheet."""
        outcome = Outcome()
        _WRITERS[verdict.sheet.noun](self, verdict, outcome)
        if not self._dry and (outcome.created or outcome.changed):
            self._work.flush()
            noun = verdict.sheet.noun.capitalize()
            if outcome.created:
                self._work.note("import", noun, count=outcome.created)
        return outcome

    def finish(self) -> None:
        """Move the people whose unit lies in another area now, and bring all touched duties in line."""
        persons = queries.objects(self._work, Person, [person for person, _ in self._moved])
        for person, area in self._moved:
            persons[person].area = area
        if self._moved:
            self._work.flush()
        if not self._dry:
            injection_course.settle_cases(self._work, self._courses, product.labels_of(self._work))
            duties.refresh(self._work, self._touched)

    # --- 机构与区划 ---

    def _areas(self, verdict: SheetVerdict, outcome: Outcome) -> None:
        known = rows.known_areas(self._work)
        units = rows.known_units(self._work)
        new_areas: list[dict[str, Any]] = []
        new_units: list[dict[str, Any]] = []
        told_areas: set[int] = set()
        told_units: set[str] = set()
        for number, row in zip(verdict.numbers, verdict.rows, strict=True):
            touched = False
            if row.code not in told_areas:
                told_areas.add(row.code)
                touched = self._area(row, known.get(row.code), new_areas)
            if row.unit_code is not None and row.unit_code not in told_units:
                told_units.add(row.unit_code)
                touched |= self._unit(row, units, new_units)
            if not touched:
                outcome.unchanged.add(number)
        outcome.created = len(verdict.rows) - len(outcome.unchanged)
        if not self._dry:
            self._work.add_many(Area, new_areas)
            self._work.add_many(Unit, new_units)

    def _area(self, row: AreaRow, have: Any, new: list[dict[str, Any]]) -> bool:
        after = self._judge.areas[row.code]
        if have is None:
            new.append({"code": row.code, **after._asdict()})
            return True
        if have == after:
            return False
        if not self._dry:
            area = queries.objects(self._work, Area, [row.code])[row.code]
            for name, value in after._asdict().items():
                setattr(area, name, value)
        return True

    def _unit(self, row: AreaRow, units: Mapping[str, Any], new: list[dict[str, Any]]) -> bool:
        code = row.unit_code or ""
        have, after = units.get(code), self._judge.units[code]
        if have is None:
            new.append(
                {
                    "id": new_key(),
                    "code": code,
                    "name": after.name,
                    "area_code": after.area,
                    "active": True,
                }
            )
            return True
        if row.unit_name is None or have.name == row.unit_name:
            return False
        if not self._dry:
            queries.objects(self._work, Unit, [have.key])[have.key].name = row.unit_name
        return True

    # --- 患者 ---

    def _people(self, verdict: SheetVerdict, outcome: Outcome) -> None:
        units = rows.known_units(self._work)
        code_of = {unit.key: code for code, unit in units.items()}
        new = People(self._work, self._now)
        old: list[tuple[int, PersonRow, CaseFacts]] = []
        for number, row in zip(verdict.numbers, verdict.rows, strict=True):
            facts = self._case(row.file_no)
            if facts.key is not None:
                old.append((number, row, facts))
                continue
            outcome.created += 1
            if not self._dry:
                made = new.add(row, facts.area, units[row.unit_code].key)
                self._keys[row.file_no] = (made, facts.area)
                self._touched.add(made)
            if new.count >= PEOPLE:
                new.write()
        new.write()
        for start in range(0, len(old), CASES):
            chunk = old[start : start + CASES]
            keys = [facts.key for _, _, facts in chunk if facts.key is not None]
            with opening(self._work, "Person", PURPOSE, unseen=True) as opened:
                stored = {one.key: one for one in rows.people(self._work, keys, code_of, opened)}
            self._changed_people(verdict, outcome, chunk, stored, units)

    def _changed_people(
        self,
        verdict: SheetVerdict,
        outcome: Outcome,
        chunk: Sequence[tuple[int, PersonRow, CaseFacts]],
        stored: Mapping[int, Stored],
        units: Mapping[str, Any],
    ) -> None:
        changes: list[tuple[Stored, PersonRow, tuple[str, ...]]] = []
        for number, row, facts in chunk:
            before = stored[facts.key or 0]
            merged = merge("case", before.row, row, verdict.present)
            self._keys[row.file_no] = (before.key, before.area)
            if not merged.changed:
                outcome.unchanged.add(number)
                continue
            outcome.changed += 1
            self._ask_kept(verdict, outcome, number, merged.kept)
            changes.append((before, merged.row, merged.changed))
            self._touched.add(before.key)
        if changes and not self._dry:
            PeopleChanges(self._work, self._now, self._today, changes, units, self.moves).write()

    def moves(self, person: int, area: int) -> None:
        """Remember that a person belongs to another area when all else is written."""
        self._moved.append((person, area))

    def _case(self, file_no: str) -> CaseFacts:
        facts = self._judge.case(file_no)
        if facts is None:
            raise LookupError("a good row names a case")
        return facts

    # --- records of a case ---

    def _records(
        self,
        verdict: SheetVerdict,
        outcome: Outcome,
        normal: Callable[[Any], Any],
        create: Callable[[list[tuple[int, int, Any]]], None],
        change: Callable[[list[tuple[Stored, Any, tuple[str, ...]]]], None],
    ) -> None:
        """Compare the rows of each case with those stored, create and change by the batch."""
        new: list[tuple[int, int, Any]] = []
        waiting: list[tuple[str, CaseFacts, list[tuple[int, Any]]]] = []
        for file_no, told in rows.by_case(verdict.numbers, verdict.rows):
            facts = self._case(file_no)
            if facts.key is None:
                key, area = self._keys.get(file_no, (0, facts.area))
                new += [(key, area, normal(row)) for _, row in told]
                outcome.created += len(told)
            else:
                waiting.append((file_no, facts, told))
                if len(waiting) == CASES:
                    self._compare(verdict, outcome, waiting, normal, new, change)
                    waiting = []
            if len(new) >= BATCH:
                self._create(new, create)
        self._compare(verdict, outcome, waiting, normal, new, change)
        self._create(new, create)

    def _create(
        self, new: list[tuple[int, int, Any]], create: Callable[[list[tuple[int, int, Any]]], None]
    ) -> None:
        if new and not self._dry:
            create(new)
        new.clear()

    def _compare(
        self,
        verdict: SheetVerdict,
        outcome: Outcome,
        waiting: Sequence[tuple[str, CaseFacts, list[tuple[int, Any]]]],
        normal: Callable[[Any], Any],
        new: list[tuple[int, int, Any]],
        change: Callable[[list[tuple[Stored, Any, tuple[str, ...]]]], None],
    ) -> None:
        if not waiting:
            return
        keys = [facts.key for _, facts, _ in waiting if facts.key is not None]
        file_no_of = {facts.key: file_no for file_no, facts, _ in waiting if facts.key is not None}
        # Rows follow their case; until it moves at the end, they lie where it lies now.
        areas = {key: self._keys.get(file_no_of[key], (key, 0))[1] for key in keys}
        for _, facts, _ in waiting:
            if facts.key is not None and not areas[facts.key]:
                areas[facts.key] = facts.area
        noun = verdict.sheet.noun
        with opening(self._work, noun.capitalize(), PURPOSE, unseen=True) as opened:
            stored = rows.by_day(rows.RECORDS[noun](self._work, keys, file_no_of, areas, opened))
        changes: list[tuple[Stored, Any, tuple[str, ...]]] = []
        for _, facts, told in waiting:
            for number, row, before in _paired([(number, normal(row)) for number, row in told], stored):
                if before is None:
                    new.append((facts.key or 0, areas[facts.key or 0], row))
                    self._touched.add(facts.key or 0)
                    outcome.created += 1
                    continue
                merged = merge(noun, before.row, _alike(before.row, row), verdict.present)
                if not merged.changed:
                    outcome.unchanged.add(number)
                    continue
                outcome.changed += 1
                self._ask_kept(verdict, outcome, number, merged.kept)
                self._ask_older(verdict, outcome, number, before.row, row)
                changes.append((before, merged.row, merged.changed))
                self._touched.add(facts.key or 0)
        if changes and not self._dry:
            change(changes)

    def _ask_kept(self, verdict: SheetVerdict, outcome: Outcome, number: int, kept: Sequence[str]) -> None:
        header_of = {column.key: column.header for column in verdict.sheet.columns}
        for name in kept:
            outcome.problems.append(
                Problem(
                    verdict.sheet.title,
                    number,
                    header_of[name],
                    KEPT[0],
                    WARNING,
                    -1,
                    KEPT[1],
                    (header_of[name],),
                )
            )

    def _ask_older(self, verdict: SheetVerdict, outcome: Outcome, number: int, before: Any, row: Any) -> None:
        if not isinstance(row, VisitRow) or row.entered_on is None or before.entered_on is None:
            return
        if row.entered_on < before.entered_on:
            outcome.problems.append(
                Problem(verdict.sheet.title, number, "录入日期", OLDER[0], WARNING, -1, OLDER[1])
            )

    # --- 随访 ---

    def _visits(self, verdict: SheetVerdict, outcome: Outcome) -> None:
        def normal(row: VisitRow) -> VisitRow:
            row = compacted(row)
            return row if row.form_version else row._replace(form_version=int(FormVersion.V2018))

        self._records(verdict, outcome, normal, self._new_visits, self._changed_visits)

    def _new_visits(self, new: Sequence[tuple[int, int, VisitRow]]) -> None:
        keys = new_keys(len(new))
        texts: list[dict[str, Any]] = []
        lines: list[dict[str, Any]] = []
        visits: list[dict[str, Any]] = []
        for key, (case, area, row) in zip(keys, new, strict=True):
            visits.append(
                {
                    "id": key,
                    "area": area,
                    "case_id": case,
                    **visit_rows.visit_values(row),
                    "recorded_at": self._now,
                    "recorded_by": self._actor,
                    "version": 1,
                }
            )
            if (text := visit_rows.text_values(row)) is not None:
                texts.append({"visit_id": key, "area": area, **text})
            lines += visit_rows.drug_values(key, area, row)
        self._work.add_many(Visit, visits, note=False)
        self._work.add_many(VisitText, texts, note=False)
        self._work.add_many(DrugLine, keyed(lines), note=False)

    def _changed_visits(self, changes: Sequence[tuple[Stored, VisitRow, tuple[str, ...]]]) -> None:
        visits = queries.objects(self._work, Visit, [before.key for before, _, _ in changes])
        texts = queries.objects(
            self._work, VisitText, [before.key for before, _, _ in changes if before.text]
        )
        drugs = [one for one in changes if any(name.startswith(("drug", "depot")) for name in one[2])]
        lines = queries.drug_line_objects(self._work, [before.key for before, _, _ in drugs])
        new_texts: list[dict[str, Any]] = []
        for before, row, changed in changes:
            visit = visits[before.key]
            for name in changed:
                if name in visit_rows.SAME:
                    setattr(visit, name, _day_or_code(name, getattr(row, name)))
            if "discharged" in changed:
                set_partial(visit, "discharged", row.discharged)
            visit.acts = acts_mask(row)
            visit.watch = visit_rows.watch_of(row)
            told = {
                rows.VISIT_TEXTS[name]: getattr(row, name) for name in changed if name in rows.VISIT_TEXTS
            }
            if told and before.text:
                for column, value in told.items():
                    setattr(texts[before.key], column, plain(value))
            elif told:
                whole = dict.fromkeys(visit_rows.TEXT_COLUMNS) | {
                    name: plain(value) for name, value in told.items()
                }
                new_texts.append({"visit_id": before.key, "area": before.area, **whole})
        for before, _, _ in drugs:
            for line in lines.get(before.key, ()):
                self._work.remove(line)
        self._work.flush()
        self._work.add_many(VisitText, new_texts)
        self._work.add_many(
            DrugLine,
            keyed(
                [
                    line
                    for before, row, _ in drugs
                    for line in visit_rows.drug_values(before.key, before.area, row)
                ]
            ),
        )

    # --- 长效针剂, 社区康复, 健康体检 ---

    def _plain_records(self, verdict: SheetVerdict, outcome: Outcome) -> None:
        model, columns, sealed = _TABLES[verdict.sheet.noun]

        def values(row: Any) -> dict[str, Any]:
            found = {name: getattr(row, name) for name in columns}
            found[sealed] = plain(getattr(row, sealed))
            if model is Checkup:
                found["systolic"], found["diastolic"] = row.pressure or (None, None)
            return found

        def create(new: Sequence[tuple[int, int, Any]]) -> None:
            made = [
                {
                    "case_id": case,
                    "area": area,
                    "on": row.on,
                    **values(row),
                    "recorded_at": self._now,
                    "recorded_by": self._actor,
                }
                for case, area, row in new
            ]
            keyed(made)
            if model is Dose:
                labels_of = product.labels_of(self._work)
                self._courses |= injection_course.place_new(self._work, made, labels_of)
            self._work.add_many(model, made, note=False)

        def change(changes: Sequence[tuple[Stored, Any, tuple[str, ...]]]) -> None:
            found = queries.objects(self._work, model, [before.key for before, _, _ in changes])
            for before, row, changed in changes:
                told = values(row)
                touched = {*changed} - {"pressure"} | (
                    {"systolic", "diastolic"} if "pressure" in changed else set()
                )
                for name in touched & told.keys():
                    setattr(found[before.key], name, told[name])
            if model is Dose:
                self._courses |= {dose.case_id for dose in found.values()}
            self._work.flush()

        self._records(verdict, outcome, lambda row: row, create, change)


_WRITERS: dict[str, Callable[[Writer, SheetVerdict, Outcome], None]] = {
    "area": Writer._areas,
    "case": Writer._people,
    "visit": Writer._visits,
    "dose": Writer._plain_records,
    "session": Writer._plain_records,
    "checkup": Writer._plain_records,
}

_TABLES: dict[str, tuple[type[Any], tuple[str, ...], str]] = {
    "dose": (Dose, ("product", "dose_ug", "ordinal", "site", "batch"), "given_at"),
    "session": (RehabSession, ("form", "place", "minutes", "attended"), "provider"),
    "checkup": (Checkup, ("weight_g", "blood_count", "transaminase", "glucose", "ecg"), "note"),
}


def _day_or_code(name: str, value: int | None) -> Any:
    return day(value) if name in queries.VISIT_DAYS else value


def _alike(before: Any, row: Any) -> Any:
    """What is not kept (the name of a product) is no change."""
    return row._replace(product_name=before.product_name) if "product_name" in row._fields else row


def _paired(
    told: Sequence[tuple[int, Any]], stored: Mapping[tuple[Any, ...], list[Stored]]
) -> Iterable[tuple[int, Any, Stored | None]]:
    """Each row of a file with the stored row it speaks of; among several of one day the equal one first."""
    waiting: list[tuple[int, Any, list[Stored]]] = []
    for number, row in told:
        same_day = stored.get(rows.natural_key(row), [])
        equal = next((one for one in same_day if one.row == _alike(one.row, row)), None)
        if equal is not None:
            same_day.remove(equal)
            yield number, row, equal
        else:
            waiting.append((number, row, same_day))
    for number, row, same_day in waiting:
        yield number, row, same_day.pop(0) if same_day else None
