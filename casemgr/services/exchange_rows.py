"""工作簿的行: the register as rows of the workbook — what a file is compared with and what an export writes.

One translation serves both ways: what is exported and brought back finds itself unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeVar

from casemgr.forms.area import AreaRow
from casemgr.forms.cell import Partial, days
from casemgr.forms.checkup import CheckupRow
from casemgr.forms.followup import VisitRow
from casemgr.forms.injection import DoseRow
from casemgr.forms.known import CaseFacts, KnownArea, KnownUnit
from casemgr.forms.register import PersonRow
from casemgr.forms.rehab import SessionRow
from casemgr.store.identity import Opening
from casemgr.store.models import DrugLine
from casemgr.store.queries import exchange as queries
from casemgr.store.work import Work
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.injection import products
from casemgr.terms.register import Lifecycle

R = TypeVar("R", bound=tuple[Any, ...])
DRUGS = (1, 2, 3)
DRUG_PARTS = (
    "name",
    "morning_ug",
    "noon_ug",
    "evening_ug",
    "times_per_day",
    "times_per_month",
    "dose_ug",
)
#: Where the value of one column decides what the others mean, they change together.
TOGETHER: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "case": {
        "lifecycle": ("lifecycle_on", "death_cause"),
        "consent": ("consent_on",),
        "diagnosis": ("icd10",),
        "guardian_name": ("relation", "guardian_phone", "guardian_residence"),
        "management": ("management_on",),
        "id_number": ("document_kind",),
    },
    "visit": {
        "died_on": ("death_cause", "death_disease"),
        "hospital": ("discharged",),
        "depot_name": ("depot_weeks", "depot_dose_ug"),
        **{f"drug{n}_name": tuple(f"drug{n}_{part}" for part in DRUG_PARTS[1:]) for n in DRUGS},
    },
    "dose": {},
    "session": {},
    "checkup": {},
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A row of the register as the workbook has it, with the keys of what it came from."""

    row: Any
    key: int
    area: int
    person: int = 0
    guardian: int = 0
    supplement: bool = False
    text: bool = False


class Merged(NamedTuple):
    """A row after a file was laid over it: the whole row, what changed, what the file left blank."""

    row: Any
    changed: tuple[str, ...]
    kept: tuple[str, ...]


def merge(noun: str, stored: R, told: R, present: frozenset[str]) -> Merged:
    """Lay a row of a file over the row of the register.

    A blank cell says nothing and clears nothing; but where a leading value changes (the life cycle, say),
    the values that belong to the old one go with it.
    """
    if stored == told:
        return Merged(told, (), ())
    fields: tuple[str, ...] = stored._fields  # type: ignore[attr-defined]
    free: set[str] = set()
    for leader, members in TOGETHER[noun].items():
        place = fields.index(leader)
        if told[place] is not None and told[place] != stored[place]:
            free.update(members)
    values: list[Any] = []
    changed: list[str] = []
    kept: list[str] = []
    for name, old, new in zip(fields, stored, told, strict=True):
        value = old if new is None and name not in free else new
        values.append(value)
        if value != old:
            changed.append(name)
        elif new is None and old is not None and name in present:
            kept.append(name)
    row = type(stored)._make(values)  # type: ignore[attr-defined]
    return Merged(row, tuple(changed), tuple(kept))


# --- what is known before a file is judged ---


def known_areas(work: Work) -> dict[int, KnownArea]:
    """All areas by code."""
    return {
        row.code: KnownArea(row.name, row.level, row.parent, row.population, row.population_year)
        for row in queries.areas(work)
    }


def known_units(work: Work) -> dict[str, KnownUnit]:
    """All managing units by code."""
    return {row.code: KnownUnit(row.id, row.area_code, row.name) for row in queries.units(work)}


def known_cases(work: Work, counties: Iterable[int]) -> dict[str, CaseFacts]:
    """What other sheets ask about a case, by file number; one that two counties share names nobody."""
    found: dict[str, CaseFacts] = {}
    shared: set[str] = set()
    for row in queries.cases(work, counties):
        if row.file_no in found:
            shared.add(row.file_no)
        left = row.lifecycle in (Lifecycle.MOVED_OUT, Lifecycle.EXCLUDED)
        found[row.file_no] = CaseFacts(
            area=row.area,
            registered_on=row.registered_on,
            birth_year=row.birth_year,
            died_on=row.lifecycle_on if row.lifecycle == Lifecycle.DEAD else None,
            left_on=row.lifecycle_on if left else None,
            refused=row.consent == ConsentAnswer.REFUSED and not row.article30,
            key=row.id,
        )
    for file_no in shared:
        del found[file_no]
    return found


# --- the sheets ---


def area_rows(work: Work, low: int, high: int) -> Iterator[AreaRow]:
    """The areas of a range with those above them, each with the unit that manages it."""
    units = queries.units(work)
    areas = list(queries.areas(work))
    serving: dict[int, list[Any]] = {}
    for unit in units:
        serving.setdefault(unit.area_code, []).append(unit)
    parent_of = {row.code: row.parent for row in areas}
    wanted: set[int] = set()
    for row in areas:
        code: int | None = row.code if low <= row.code < high else None
        while code is not None and code not in wanted:
            wanted.add(code)
            code = parent_of.get(code)
    for row in areas:
        if row.code not in wanted:
            continue
        code = row.code
        while code is not None and code not in serving:
            code = parent_of.get(code)
        # A township with two units is told once for each of them.
        own = serving.get(code or 0, [None])[: None if code == row.code else 1]
        for unit in own:
            yield AreaRow(
                row.code,
                row.name,
                row.level,
                row.parent,
                row.population,
                row.population_year,
                unit.code if unit else None,
                unit.name if unit else None,
            )


def _partial(first: int | None, precision: int | None) -> Partial | None:
    return None if first is None else Partial(first, precision or 3)


def people(work: Work, keys: Sequence[int], units: Mapping[int, str], opened: Opening) -> Iterator[Stored]:
    """The people of these cases; ``units`` gives the code of a unit by its key."""
    rows = list(queries.people(work, keys))
    guardians = queries.guardians(work, [row.person for row in rows])
    for row in rows:
        guardian = guardians.get(row.person)
        birth = opened(row.person, row.birth_on)
        values = {name: getattr(row, name) for name in _PERSON_SAME}
        yield Stored(
            PersonRow(
                **values,
                name=opened(row.person, row.name) or "",
                id_number=opened(row.person, row.id_number),
                birth_on=days(date.fromisoformat(birth)) if birth else None,
                phone=opened(row.person, row.phone),
                domicile=opened(row.person, row.domicile),
                residence=opened(row.person, row.residence),
                workplace=opened(row.person, row.workplace),
                guardian_name=guardian and opened(guardian.id, guardian.name),
                relation=guardian and guardian.relation,
                guardian_phone=guardian and opened(guardian.id, guardian.phone),
                guardian_residence=guardian and opened(guardian.id, guardian.residence),
                diagnosed_at=opened(row.case, row.diagnosed_at),
                diagnosed=_partial(row.diagnosed_on, row.diagnosed_precision),
                onset=_partial(row.onset_on, row.onset_precision),
                treated=_partial(row.treated_on, row.treated_precision),
                unit_code=units[row.unit_id],
                note=opened(row.case, row.note),
            ),
            row.case,
            row.area,
            person=row.person,
            guardian=guardian.id if guardian else 0,
            supplement=row.supplement is not None,
        )


_PERSON_SAME = (
    "file_no",
    "sex",
    "document_kind",
    "ethnicity",
    "household",
    "education",
    "marriage",
    "employment",
    "village",
    "diagnosis",
    "icd10",
    "admissions_count",
    "past_symptoms",
    "past_confinement",
    "past_acts",
    "consent",
    "consent_on",
    "article30",
    "registered_on",
    "economy",
    "subsidised",
    "disability_grade",
    "care_team",
    "family_doctor",
    "lifecycle",
    "lifecycle_on",
    "death_cause",
    "past_treatment",
    "ground",
    "management",
    "management_on",
)


#: Texts of a visit by workbook column, and the column of the table that keeps each.
VISIT_TEXTS: Mapping[str, str] = {name: column.key for name, column in queries.VISIT_TEXTS.items()}
DRUG_COLUMNS = tuple(f"drug{number}_{part}" for number in DRUGS for part in DRUG_PARTS)
DEPOT_COLUMNS = ("depot_name", "depot_weeks", "depot_dose_ug")
_NO_DRUG = (None,) * len(DRUG_PARTS)
_NO_DRUGS = (None,) * (len(DRUG_COLUMNS) + len(DEPOT_COLUMNS))
#: A visit is put together from what stands in these places.
_PARTS = (
    "file_no",
    "discharged",
    *DRUG_COLUMNS,
    *DEPOT_COLUMNS,
    *VISIT_TEXTS,
    *queries.VISIT_COLUMNS[: -len(VISIT_TEXTS)],
)
_in_order = itemgetter(*(_PARTS.index(name) for name in VisitRow._fields))
_TEXT_PLACES = [queries.VISIT_COLUMNS.index(name) for name in VISIT_TEXTS]


def visits(
    work: Work, keys: Sequence[int], file_no_of: Mapping[int, str], areas: Mapping[int, int], opened: Opening
) -> Iterator[Stored]:
    """The visits of these cases with texts and drugs."""
    drugs = _drugs(work, keys, opened)
    found = list(queries.visits(work, keys))
    ids = [row[0] for row in found]
    texts = zip(
        *(
            opened.column(column, ids, [row[place] for row in found])
            for column, place in zip(queries.VISIT_TEXTS.values(), _TEXT_PLACES, strict=True)
        ),
        strict=True,
    )
    for row, told in zip(found, texts, strict=True):
        key, case = row[0], row[1]
        discharged = _partial(row.discharged_on, row.discharged_precision)
        parts = (file_no_of[case], discharged, *drugs.get(key, _NO_DRUGS), *told, *row)
        yield Stored(VisitRow._make(_in_order(parts)), key, areas[case], text=row.text is not None)


def _drugs(work: Work, keys: Sequence[int], opened: Opening) -> dict[int, tuple[Any, ...]]:
    """Values of :data:`DRUG_COLUMNS` and :data:`DEPOT_COLUMNS` by visit."""
    lines = list(queries.drug_lines(work, keys))
    names = opened.column(DrugLine.name, [line.id for line in lines], [line.name for line in lines])
    taken: dict[int, list[Any]] = {}
    depots: dict[int, tuple[Any, ...]] = {}
    for line, name in zip(lines, names, strict=True):
        if line.long_acting:
            depots.setdefault(line.visit_id, (name or None, line.every_weeks, line.dose_ug))
            continue
        own = taken.setdefault(line.visit_id, [])
        if len(own) < len(DRUG_COLUMNS):
            own += (name or None, *_line_parts(line))
    return {
        visit: (
            *taken.get(visit, ()),
            *(None,) * (len(DRUG_COLUMNS) - len(taken.get(visit, ()))),
            *depots.get(visit, (None,) * len(DEPOT_COLUMNS)),
        )
        for visit in taken.keys() | depots.keys()
    }


_line_parts = attrgetter(*DRUG_PARTS[1:])
_drug_values = {number: attrgetter(*(f"drug{number}_{part}" for part in DRUG_PARTS)) for number in DRUGS}


def drugs_of(row: VisitRow) -> list[tuple[Any, ...]]:
    """The filled drugs of a visit, each as its parts in the order of :data:`DRUG_PARTS`."""
    found = (_drug_values[number](row) for number in DRUGS)
    return [values for values in found if values != _NO_DRUG]


def compacted(row: VisitRow) -> VisitRow:
    """The same visit with its drugs moved up, as the register keeps them: without gaps."""
    if row.drug2_name is None and row.drug3_name is None:
        return row
    kept = drugs_of(row)
    kept += [(None,) * len(DRUG_PARTS)] * (len(DRUGS) - len(kept))
    values = {
        f"drug{number}_{part}": value
        for number, drug in zip(DRUGS, kept, strict=True)
        for part, value in zip(DRUG_PARTS, drug, strict=True)
    }
    return row._replace(**values)


def doses(
    work: Work, keys: Sequence[int], file_no_of: Mapping[int, str], areas: Mapping[int, int], opened: Opening
) -> Iterator[Stored]:
    """The doses of these cases; a product has its name from the list, without what stands in brackets."""
    listed = products()
    for row in queries.doses(work, keys):
        name = listed[row.product].name.partition("(")[0] if row.product in listed else None
        yield Stored(
            DoseRow(
                file_no_of[row.case_id],
                row.product,
                name,
                row.on,
                row.dose_ug,
                row.ordinal,
                row.site,
                row.batch,
                opened(row.id, row.given_at),
            ),
            row.id,
            areas[row.case_id],
        )


def sessions(
    work: Work, keys: Sequence[int], file_no_of: Mapping[int, str], areas: Mapping[int, int], opened: Opening
) -> Iterator[Stored]:
    """The sessions of these cases."""
    for row in queries.sessions(work, keys):
        yield Stored(
            SessionRow(
                file_no_of[row.case_id],
                row.on,
                row.form,
                row.place,
                row.minutes,
                opened(row.id, row.provider),
                row.attended,
            ),
            row.id,
            areas[row.case_id],
        )


def checkups(
    work: Work, keys: Sequence[int], file_no_of: Mapping[int, str], areas: Mapping[int, int], opened: Opening
) -> Iterator[Stored]:
    """The check-ups of these cases."""
    for row in queries.checkups(work, keys):
        pressure = (row.systolic, row.diastolic)
        yield Stored(
            CheckupRow(
                file_no_of[row.case_id],
                row.on,
                None if None in pressure else pressure,
                row.weight_g,
                row.blood_count,
                row.transaminase,
                row.glucose,
                row.ecg,
                opened(row.id, row.note),
            ),
            row.id,
            areas[row.case_id],
        )


RECORDS = {"visit": visits, "dose": doses, "session": sessions, "checkup": checkups}


def by_day(rows: Iterable[Stored]) -> dict[tuple[Any, ...], list[Stored]]:
    """Rows of the register by their natural key (several where the key is not unique)."""
    found: dict[tuple[Any, ...], list[Stored]] = {}
    for stored in rows:
        found.setdefault(natural_key(stored.row), []).append(stored)
    return found


def natural_key(row: Any) -> tuple[Any, ...]:
    """What makes a record the same one again: case and day, with product or form where a day may have two."""
    if isinstance(row, DoseRow):
        return row.file_no, row.on, row.product
    if isinstance(row, SessionRow):
        return row.file_no, row.on, row.form
    return row.file_no, row.on


def by_case(numbers: Sequence[int], rows: Sequence[Any]) -> Iterator[tuple[str, list[tuple[int, Any]]]]:
    """Rows of a file grouped by file number: (file number, [(row number, row)])."""
    order = sorted(range(len(rows)), key=lambda place: (rows[place].file_no, numbers[place]))
    for file_no, places in groupby(order, key=lambda place: rows[place].file_no):
        yield file_no, [(numbers[place], rows[place]) for place in places]
