"""数据交换查询: what a workbook is compared with and exported from, whole rows by the hundred.

Days come as stored, in whole days since 1970; sealed values come sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Integer, LargeBinary, or_, select, type_coerce

from casemgr.store.identity import ID_NUMBER
from casemgr.store.models.area import Area, Unit
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.exchange import ImportRun
from casemgr.store.models.followup import DrugLine, Visit, VisitText
from casemgr.store.models.injection import Dose
from casemgr.store.models.person import Guardian, Identity, Person
from casemgr.store.models.register import Case, CaseState, Supplement
from casemgr.store.models.rehab import RehabSession
from casemgr.store.work import Work
from casemgr.terms.followup import FormVersion
from casemgr.terms.register import Lifecycle

#: How many keys one statement names.
KEYS = 500


def _day(column: Any, name: str = "") -> Any:
    return type_coerce(column, Integer).label(name or column.key)


def _bytes(column: Any, name: str = "") -> Any:
    return type_coerce(column, LargeBinary).label(name or column.key)


def _chunks(keys: Iterable[Any]) -> Iterator[list[Any]]:
    wanted = list(keys)
    for start in range(0, len(wanted), KEYS):
        yield wanted[start : start + KEYS]


# --- what is known before a file is judged ---


def areas(work: Work) -> Sequence[Any]:
    """All areas: code, name, level, parent, population, year."""
    columns = (Area.code, Area.name, Area.level, Area.parent, Area.population, Area.population_year)
    return work.rows(select(*columns).order_by(Area.code))


def units(work: Work) -> Sequence[Any]:
    """All managing units."""
    return work.rows(select(Unit.id, Unit.code, Unit.name, Unit.area_code).order_by(Unit.code))


def cases(work: Work, counties: Iterable[int]) -> Iterator[Any]:
    """What other sheets ask about the cases of these counties, or of all within reach."""
    statement = select(
        Case.file_no,
        Case.id,
        Case.area,
        Case.birth_year,
        _day(Case.registered_on),
        Case.lifecycle,
        _day(Case.lifecycle_on),
        Case.consent,
        Case.article30,
    )
    if wanted := sorted(counties):
        statement = statement.where(Case.county.in_(wanted))
    return work.each(statement)


def holders(work: Work, numbers: Iterable[str]) -> dict[str, str]:
    """File number of the active case that holds each of these identity numbers (in normal form)."""
    number_of = {token: number for number in set(numbers) for token in work.vault.tokens(ID_NUMBER, number)}
    found = {}
    for chunk in _chunks(number_of):
        statement = (
            select(Identity.id_token, Case.file_no)
            .join(Case, Case.person_id == Identity.person_id)
            .where(Identity.id_token.in_(chunk), Case.lifecycle == int(Lifecycle.ON_REGISTER))
        )
        found.update({number_of[bytes(row.id_token)]: row.file_no for row in work.rows(statement)})
    return found


def numbered_outside(work: Work, file_nos: Iterable[str], low: int, high: int) -> frozenset[str]:
    """Those of these file numbers that cases outside ``[low, high)`` have; nothing else is told of them."""
    found: set[str] = set()
    for chunk in _chunks(file_nos):
        outside = or_(Case.area < low, Case.area >= high)
        found.update(work.entities(select(Case.file_no).where(Case.file_no.in_(chunk), outside)))
    return frozenset(found)


# --- whole rows, as they are compared and exported ---


def case_keys(work: Work, low: int, high: int) -> list[int]:
    """Keys of the cases of a range of areas, by file number."""
    statement = select(Case.id).where(Case.area >= low, Case.area < high).order_by(Case.file_no, Case.id)
    return list(work.entities(statement))


def names_of(work: Work, keys: Iterable[int]) -> tuple[dict[int, str], dict[int, int]]:
    """File numbers and areas of these cases, each by key."""
    names: dict[int, str] = {}
    found: dict[int, int] = {}
    for chunk in _chunks(keys):
        for row in work.rows(select(Case.id, Case.file_no, Case.area).where(Case.id.in_(chunk))):
            names[row.id], found[row.id] = row.file_no, row.area
    return names, found


_PERSON = (
    select(
        Case.id.label("case"),
        Case.person_id.label("person"),
        Case.area,
        Case.file_no,
        Case.unit_id,
        Case.village,
        Case.diagnosis,
        Case.icd10,
        _day(Case.registered_on),
        Case.article30,
        Case.consent,
        _day(Case.consent_on),
        Case.lifecycle,
        _day(Case.lifecycle_on),
        Case.death_cause,
        Case.ground,
        Case.management,
        _day(Case.management_on),
        Person.sex,
        Person.document_kind,
        Person.ethnicity,
        Person.household,
        Person.education,
        Person.marriage,
        Person.employment,
        Identity.name,
        Identity.id_number,
        Identity.birth_on,
        Identity.phone,
        Identity.domicile,
        Identity.residence,
        Identity.workplace,
        Supplement.case_id.label("supplement"),
        Supplement.diagnosed_at,
        _day(Supplement.diagnosed_on),
        Supplement.diagnosed_precision,
        _day(Supplement.onset_on),
        Supplement.onset_precision,
        _day(Supplement.treated_on),
        Supplement.treated_precision,
        Supplement.admissions_count,
        Supplement.past_symptoms,
        Supplement.past_confinement,
        Supplement.past_acts,
        Supplement.past_treatment,
        Supplement.economy,
        Supplement.subsidised,
        Supplement.disability_grade,
        Supplement.care_team,
        Supplement.family_doctor,
        Supplement.note,
    )
    .join(Person, Person.id == Case.person_id)
    .join(Identity, Identity.person_id == Case.person_id)
    .outerjoin(Supplement, Supplement.case_id == Case.id)
)


def people(work: Work, keys: Iterable[int]) -> Iterator[Any]:
    """Case, person, identity and supplement in one row."""
    for chunk in _chunks(keys):
        yield from work.rows(_PERSON.where(Case.id.in_(chunk)))


def guardians(work: Work, persons: Iterable[int]) -> dict[int, Any]:
    """The first guardian of each person."""
    columns = (
        Guardian.id,
        Guardian.person_id,
        Guardian.relation,
        Guardian.name,
        Guardian.phone,
        Guardian.residence,
    )
    found: dict[int, Any] = {}
    for chunk in _chunks(persons):
        for row in work.rows(select(*columns).where(Guardian.person_id.in_(chunk)).order_by(Guardian.id)):
            found.setdefault(row.person_id, row)
    return found


#: Coded columns of a visit that the workbook has under the same name.
VISIT_CODES = (
    "mode",
    "informants",
    "loss_reason",
    "death_cause",
    "death_disease",
    "risk",
    "symptoms",
    "insight",
    "sleep",
    "diet",
    "self_care",
    "housework",
    "work",
    "study",
    "contact",
    "disturbance_count",
    "offence_count",
    "crime_count",
    "other_harm_count",
    "self_harm_count",
    "suicide_attempt_count",
    "confinement",
    "hospital",
    "laboratory",
    "adherence",
    "adverse_reaction",
    "outcome",
    "referral_advised",
    "referred",
    "rehab_measures",
    "stability",
    "form_version",
)
#: Days of a visit that the workbook has under the same name.
VISIT_DAYS = ("died_on", "next_on", "entered_on")

#: Sealed texts of a visit by their workbook column.
VISIT_TEXTS = {
    "symptoms_other": VisitText.symptoms_other,
    "laboratory_text": VisitText.laboratory,
    "reaction_text": VisitText.adverse_reaction,
    "referral_reason": VisitText.referral_reason,
    "referral_to": VisitText.referral_to,
    "referral_contact": VisitText.referral_contact,
    "measures_other": VisitText.measures_other,
    "doctor": VisitText.doctor,
    "note": VisitText.note,
}
#: What a row of :func:`visits` holds, in order.
VISIT_COLUMNS = (
    "id",
    "case_id",
    "on",
    "discharged_on",
    "discharged_precision",
    *VISIT_DAYS,
    *VISIT_CODES,
    "text",
    *VISIT_TEXTS,
)

_VISIT = select(
    Visit.id,
    Visit.case_id,
    _day(Visit.on),
    _day(Visit.discharged_on),
    Visit.discharged_precision,
    *(_day(getattr(Visit, name)) for name in VISIT_DAYS),
    *(getattr(Visit, name) for name in VISIT_CODES),
    VisitText.visit_id.label("text"),
    *(_bytes(column, name) for name, column in VISIT_TEXTS.items()),
).outerjoin(VisitText, VisitText.visit_id == Visit.id)


def visits(work: Work, keys: Iterable[int]) -> Iterator[Any]:
    """The visits of these cases with their texts (as sealed bytes), case by case in order of time."""
    for chunk in _chunks(keys):
        yield from work.rows(_VISIT.where(Visit.case_id.in_(chunk)).order_by(Visit.case_id, Visit.on))


def drug_lines(work: Work, keys: Iterable[int]) -> Iterator[Any]:
    """The drugs taken (not those advised) by the cases' visits, in the order of the form; names sealed."""
    columns = (
        DrugLine.id,
        DrugLine.visit_id,
        DrugLine.long_acting,
        _bytes(DrugLine.name),
        DrugLine.morning_ug,
        DrugLine.noon_ug,
        DrugLine.evening_ug,
        DrugLine.times_per_day,
        DrugLine.times_per_month,
        DrugLine.every_weeks,
        DrugLine.dose_ug,
    )
    for chunk in _chunks(keys):
        statement = (
            select(*columns)
            .join(Visit, Visit.id == DrugLine.visit_id)
            .where(Visit.case_id.in_(chunk), DrugLine.guidance.is_(False))
            .order_by(DrugLine.visit_id, DrugLine.position, DrugLine.id)
        )
        yield from work.rows(statement)


_DOSE = select(
    Dose.id,
    Dose.case_id,
    Dose.product,
    _day(Dose.on),
    Dose.dose_ug,
    Dose.ordinal,
    Dose.site,
    Dose.batch,
    Dose.given_at,
)
_SESSION = select(
    RehabSession.id,
    RehabSession.case_id,
    _day(RehabSession.on),
    RehabSession.form,
    RehabSession.place,
    RehabSession.minutes,
    RehabSession.attended,
    RehabSession.provider,
)
_CHECKUP = select(
    Checkup.id,
    Checkup.case_id,
    _day(Checkup.on),
    Checkup.systolic,
    Checkup.diastolic,
    Checkup.weight_g,
    Checkup.blood_count,
    Checkup.transaminase,
    Checkup.glucose,
    Checkup.ecg,
    Checkup.note,
)


def _of_cases(work: Work, statement: Any, model: Any, keys: Iterable[int]) -> Iterator[Any]:
    for chunk in _chunks(keys):
        yield from work.rows(
            statement.where(model.case_id.in_(chunk)).order_by(model.case_id, model.on, model.id)
        )


def doses(work: Work, keys: Iterable[int]) -> Iterator[Any]:
    """The doses of these cases, case by case in order of time."""
    return _of_cases(work, _DOSE, Dose, keys)


def sessions(work: Work, keys: Iterable[int]) -> Iterator[Any]:
    """The sessions of these cases, case by case in order of time."""
    return _of_cases(work, _SESSION, RehabSession, keys)


def checkups(work: Work, keys: Iterable[int]) -> Iterator[Any]:
    """The check-ups of these cases, case by case in order of time."""
    return _of_cases(work, _CHECKUP, Checkup, keys)


# --- objects to be changed ---


def objects(work: Work, model: type[Any], keys: Iterable[int]) -> dict[int, Any]:
    """Objects of a mapped class by their own key; those outside the access are absent."""
    name = getattr(model, "row_key", "code" if model is Area else "id")
    found: dict[int, Any] = {}
    for chunk in _chunks(keys):
        for one in work.entities(select(model).where(getattr(model, name).in_(chunk))):
            found[getattr(one, name)] = one
    return found


def open_state(work: Work, case: int, track: int) -> CaseState | None:
    """The state of a track that holds now."""
    statement = select(CaseState).where(
        CaseState.case_id == case, CaseState.track == track, CaseState.until.is_(None)
    )
    found: CaseState | None = work.one(statement.order_by(CaseState.since.desc(), CaseState.id.desc()))
    return found


def states_from(work: Work, case: int, since: Any) -> Sequence[CaseState]:
    """The states of a case that begin or end on a day."""
    return [
        *work.entities(select(CaseState).where(CaseState.case_id == case, CaseState.since == since)),
        *work.entities(select(CaseState).where(CaseState.case_id == case, CaseState.until == since)),
    ]


def drug_line_objects(work: Work, visits_changed: Iterable[int]) -> dict[int, list[DrugLine]]:
    """The lines of drugs taken, by visit."""
    found: dict[int, list[DrugLine]] = {}
    for chunk in _chunks(visits_changed):
        statement = select(DrugLine).where(DrugLine.visit_id.in_(chunk), DrugLine.guidance.is_(False))
        for line in work.entities(statement):
            found.setdefault(line.visit_id, []).append(line)
    return found


# --- runs ---


def run(work: Work, key: int) -> ImportRun | None:
    """One import run within the access."""
    return work.get(ImportRun, key)


def runs(work: Work, limit: int) -> Sequence[ImportRun]:
    """The latest runs, newest first."""
    return work.entities(select(ImportRun).order_by(ImportRun.id.desc()).limit(limit))


def runs_of(work: Work, states: Sequence[str]) -> Sequence[ImportRun]:
    """All runs in one of these states."""
    return work.entities(select(ImportRun).where(ImportRun.state.in_(states)))


def runs_with_keys(work: Work, keys: Iterable[int]) -> list[ImportRun]:
    """The runs within the access with one of these keys."""
    return [
        one
        for chunk in _chunks(keys)
        for one in work.entities(select(ImportRun).where(ImportRun.id.in_(chunk)))
    ]


#: Columns that few registers fill, by (sheet, workbook column): what must not be empty, and conditions.
_EXTRA: dict[tuple[str, str], tuple[Any, tuple[Any, ...]]] = {
    ("case", "workplace"): (Identity.workplace, ()),
    ("case", "past_treatment"): (Supplement.past_treatment, ()),
    ("case", "ground"): (Case.ground, ()),
    ("case", "management"): (Case.management, ()),
    ("case", "management_on"): (Case.management_on, ()),
    ("case", "note"): (Supplement.note, ()),
    ("visit", "death_disease"): (Visit.death_disease, ()),
    ("visit", "symptoms_other"): (VisitText.symptoms_other, ()),
    ("visit", "laboratory_text"): (VisitText.laboratory, ()),
    ("visit", "reaction_text"): (VisitText.adverse_reaction, ()),
    ("visit", "referral_contact"): (VisitText.referral_contact, ()),
    ("visit", "measures_other"): (VisitText.measures_other, ()),
    ("visit", "note"): (VisitText.note, ()),
    ("visit", "form_version"): (Visit.form_version, (Visit.form_version != int(FormVersion.V2018),)),
    ("checkup", "note"): (Checkup.note, ()),
}
_OWN = (DrugLine.guidance.is_(False), DrugLine.long_acting.is_(False))
_LINE = {
    "morning_ug": DrugLine.morning_ug,
    "noon_ug": DrugLine.noon_ug,
    "evening_ug": DrugLine.evening_ug,
    "times_per_day": DrugLine.times_per_day,
    "times_per_month": DrugLine.times_per_month,
    "dose_ug": DrugLine.dose_ug,
    "name": DrugLine.name,
}
_EXTRA |= {
    ("visit", f"drug{number}_{name}"): (column, (*_OWN, DrugLine.position >= number))
    for number in (1, 2, 3)
    for name, column in _LINE.items()
}


def is_filled(work: Work, noun: str, column: str, low: int, high: int) -> bool:
    """Whether any row of a range of areas fills a workbook column that few registers fill."""
    wanted, conditions = _EXTRA[noun, column]
    model = wanted.class_
    statement = select(model.area).where(
        model.area >= low, model.area < high, wanted.is_not(None), *conditions
    )
    return work.row(statement.limit(1)) is not None
