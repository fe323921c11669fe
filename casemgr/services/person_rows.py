"""人员写入: a person with file, supplement, consent and first states, as rows of their tables.

Import and screen write people through here, so that both leave the same rows behind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from casemgr.forms.cell import Partial, day_of, days
from casemgr.forms.register import PersonRow
from casemgr.forms.registration import NO_DETAILS, Details
from casemgr.services.exchange_rows import Stored
from casemgr.services.visit_rows import day, keyed, partial, plain
from casemgr.store.db import new_key, new_keys
from casemgr.store.identity import ID_NUMBER, PHONE, open_texts
from casemgr.store.models import Case, CaseState, Consent, Guardian, Identity, Person, Supplement
from casemgr.store.queries import exchange as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.register import Lifecycle, Track

_PERSON = ("sex", "document_kind", "ethnicity", "household", "education", "marriage", "employment")
_IDENTITY = ("name", "id_number", "phone", "domicile", "residence", "workplace")
_GUARDIAN = {
    "guardian_name": "name",
    "guardian_phone": "phone",
    "guardian_residence": "residence",
    "relation": "relation",
}
_CASE_CODES = ("village", "diagnosis", "icd10", "ground", "article30", "consent", "death_cause", "management")
_CASE_DAYS = ("registered_on", "consent_on", "lifecycle_on", "management_on")
_SUPPLEMENT = (
    "admissions_count",
    "past_symptoms",
    "past_confinement",
    "past_acts",
    "past_treatment",
    "economy",
    "subsidised",
    "disability_grade",
    "care_team",
    "family_doctor",
)
_SUPPLEMENT_DATES = ("diagnosed", "onset", "treated")
_SUPPLEMENT_TEXTS = ("diagnosed_at", "note")


def _supplement(row: PersonRow) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(row, name) for name in _SUPPLEMENT}
    for name in _SUPPLEMENT_DATES:
        found |= partial(name, getattr(row, name))
    return found | {name: plain(getattr(row, name)) for name in _SUPPLEMENT_TEXTS}


def _birth_year(row: PersonRow) -> int | None:
    return day_of(row.birth_on).year if row.birth_on is not None else None


class People:
    """New people on their way into the register, table by table."""

    def __init__(self, work: Work, now: Any) -> None:
        self._work = work
        self._now = now
        self._tables: dict[type[Any], list[dict[str, Any]]] = {
            table: [] for table in (Person, Identity, Guardian, Case, Supplement, Consent, CaseState)
        }

    def add(self, row: PersonRow, area: int, unit: int, case: int = 0, signer: str | None = None) -> int:
        """Take a person over; the key of the case, which may be given."""
        person, own_case = new_keys(2)
        case = case or own_case
        put, vault = self._tables, self._work.vault
        own = {"person_id": person, "area": area}
        put[Person].append(
            {
                "id": person,
                "area": area,
                "birth_year": _birth_year(row),
                **{name: getattr(row, name) for name in _PERSON},
            }
        )
        put[Identity].append(
            {
                **own,
                **{name: plain(getattr(row, name)) for name in _IDENTITY},
                "birth_on": plain(day_of(row.birth_on).isoformat() if row.birth_on is not None else None),
                "id_token": vault.token(ID_NUMBER, row.id_number) if row.id_number else None,
                "phone_token": vault.token(PHONE, row.phone) if row.phone else None,
                "token_key": vault.active_id,
            }
        )
        if any(getattr(row, name) is not None for name in _GUARDIAN):
            put[Guardian].append(
                {
                    **own,
                    "relation": row.relation,
                    "name": plain(row.guardian_name),
                    "phone": plain(row.guardian_phone),
                    "residence": plain(row.guardian_residence),
                }
            )
        put[Case].append(
            {
                **own,
                "id": case,
                "county": ancestor(area, AreaLevel.COUNTY),
                "file_no": row.file_no,
                "unit_id": unit,
                "sex": row.sex,
                "birth_year": _birth_year(row),
                "lifecycle": row.lifecycle or int(Lifecycle.ON_REGISTER),
                **{name: getattr(row, name) for name in (*_CASE_CODES, *_CASE_DAYS)},
                "article30": bool(row.article30),
                "created_at": self._now,
                "version": 1,
            }
        )
        put[Supplement].append({"case_id": case, "area": area, **_supplement(row)})
        if row.consent is not None:
            put[Consent].append(
                {
                    "case_id": case,
                    "area": area,
                    "answer": row.consent,
                    "on": row.consent_on,
                    "signer": plain(signer),
                    "recorded_at": self._now,
                }
            )
        for track, value, since, until in _first_states(row, unit):
            put[CaseState].append(
                {
                    "case_id": case,
                    "area": area,
                    "track": int(track),
                    "value": value,
                    "since": since,
                    "until": until,
                    "reason": None,
                    "recorded_at": self._now,
                }
            )
        return case

    @property
    def count(self) -> int:
        """How many people wait to be written."""
        return len(self._tables[Person])

    def write(self) -> None:
        """Insert everything taken over."""
        for table, made in self._tables.items():
            if table in (Guardian, Consent, CaseState):
                keyed(made)
            self._work.add_many(table, made, note=False)
            made.clear()


def _first_states(row: PersonRow, unit: int) -> list[tuple[Track, int, int, int | None]]:
    """The states a new case begins with; an exit that is not dated leaves the entry open."""
    since = row.registered_on
    left = None if row.lifecycle in (None, Lifecycle.ON_REGISTER) else row.lifecycle_on
    until = max(left, since) if left is not None else None
    states: list[tuple[Track, int, int, int | None]] = [
        (Track.LIFECYCLE, int(Lifecycle.ON_REGISTER), since, until),
        (Track.UNIT, unit, since, until),
        (Track.DIAGNOSIS, row.diagnosis, since, until),
    ]
    if until is not None:
        states.append((Track.LIFECYCLE, row.lifecycle or 0, until, None))
    if row.management is not None:
        begun = row.management_on if row.management_on is not None else since
        states.append((Track.MANAGEMENT, row.management, begun, None))
    return states


class PeopleChanges:
    """Changed people: every table where something differs, and the dated history of what changed."""

    def __init__(
        self,
        work: Work,
        now: Any,
        today: int,
        changes: Sequence[tuple[Stored, PersonRow, tuple[str, ...]]],
        units: Mapping[str, Any],
        moves: Callable[[int, int], None],
    ) -> None:
        self._work = work
        self._now = now
        self._today = today
        self._changes = changes
        self._units = units
        self._moves = moves

    def write(self) -> None:
        """Change objects, so that every changed field is written down."""
        work, changes = self._work, self._changes
        persons = queries.objects(work, Person, [before.person for before, _, _ in changes])
        identities = queries.objects(work, Identity, [before.person for before, _, _ in changes])
        guardians = queries.objects(
            work, Guardian, [before.guardian for before, _, _ in changes if before.guardian]
        )
        cases = queries.objects(work, Case, [before.key for before, _, _ in changes])
        supplements = queries.objects(work, Supplement, [before.key for before, _, _ in changes])
        for before, row, names in changes:
            changed = frozenset(names)
            self._person(persons[before.person], identities[before.person], row, changed)
            self._guardian(before, guardians.get(before.guardian), row, changed)
            self._case(before, cases[before.key], row, changed)
            self._supplement(before, supplements.get(before.key), row, changed)
        work.flush()

    def _person(self, person: Any, identity: Any, row: PersonRow, changed: frozenset[str]) -> None:
        for name in changed & {*_PERSON}:
            setattr(person, name, getattr(row, name))
        for name in changed & {*_IDENTITY}:
            setattr(identity, name, plain(getattr(row, name)))
        vault = self._work.vault
        if "birth_on" in changed:
            person.birth_year = _birth_year(row)
            identity.birth_on = plain(day_of(row.birth_on).isoformat() if row.birth_on is not None else None)
        if changed & {"id_number", "phone"}:
            identity.id_token = vault.token(ID_NUMBER, row.id_number) if row.id_number else None
            identity.phone_token = vault.token(PHONE, row.phone) if row.phone else None
            identity.token_key = vault.active_id

    def _guardian(self, before: Stored, guardian: Any, row: PersonRow, changed: frozenset[str]) -> None:
        if not changed & _GUARDIAN.keys():
            return
        if guardian is None:
            guardian = self._work.add(Guardian(id=new_key(), person_id=before.person, area=before.area))
        for name in changed & _GUARDIAN.keys():
            value = getattr(row, name)
            setattr(guardian, _GUARDIAN[name], value if name == "relation" else plain(value))

    def _supplement(self, before: Stored, supplement: Any, row: PersonRow, changed: frozenset[str]) -> None:
        names = {*_SUPPLEMENT, *_SUPPLEMENT_DATES, *_SUPPLEMENT_TEXTS}
        if not changed & names:
            return
        if supplement is None:
            supplement = self._work.add(Supplement(case_id=before.key, area=before.area))
        for name in changed & {*_SUPPLEMENT}:
            setattr(supplement, name, getattr(row, name))
        for name in changed & {*_SUPPLEMENT_DATES}:
            set_partial(supplement, name, getattr(row, name))
        for name in changed & {*_SUPPLEMENT_TEXTS}:
            setattr(supplement, name, plain(getattr(row, name)))

    def _case(self, before: Stored, case: Any, row: PersonRow, changed: frozenset[str]) -> None:
        for name in changed & {*_CASE_CODES}:
            setattr(case, name, getattr(row, name))
        if "registered_on" in changed:
            self._registered(case, row)
        for name in changed & {*_CASE_DAYS}:
            setattr(case, name, day(getattr(row, name)))
        if "sex" in changed:
            case.sex = row.sex
        if "birth_on" in changed:
            case.birth_year = _birth_year(row)
        if changed & {"lifecycle", "lifecycle_on"}:
            case.lifecycle = row.lifecycle or int(Lifecycle.ON_REGISTER)
            told = day(row.lifecycle_on) or (day_of(self._today) if "lifecycle" in changed else None)
            if told is not None:
                self._enter(case, Track.LIFECYCLE, case.lifecycle, told)
        if "diagnosis" in changed:
            self._enter(case, Track.DIAGNOSIS, row.diagnosis, day_of(self._today))
        if changed & {"management", "management_on"} and row.management is not None:
            self._enter(case, Track.MANAGEMENT, row.management, day(row.management_on) or day_of(self._today))
        if changed & {"consent", "consent_on"} and row.consent is not None:
            self._work.add(
                Consent(
                    id=new_key(),
                    case_id=case.id,
                    area=case.area,
                    answer=row.consent,
                    on=day(row.consent_on),
                    recorded_at=self._now,
                )
            )
        if "unit_code" in changed:
            self._unit(before, case, row)

    def _registered(self, case: Any, row: PersonRow) -> None:
        """A corrected day of registration: what began with the file begins on that day."""
        for state in queries.states_from(self._work, case.id, case.registered_on):
            if state.since == case.registered_on:
                state.since = day_of(row.registered_on)

    def _unit(self, before: Stored, case: Any, row: PersonRow) -> None:
        unit = self._units[row.unit_code]
        case.unit_id = unit.key
        self._enter(case, Track.UNIT, unit.key, day_of(self._today))
        if unit.area != before.area:
            case.county = ancestor(unit.area, AreaLevel.COUNTY)
            self._moves(before.person, unit.area)

    def _enter(self, case: Any, track: Track, value: int, since: date) -> None:
        """Begin a state, ending the one before; the same state again only has its day put right."""
        running = queries.open_state(self._work, case.id, int(track))
        if running is not None and running.value == value:
            for state in queries.states_from(self._work, case.id, running.since):
                if state.track == track and state.until == running.since:
                    state.until = since
            running.since = since
            return
        if running is not None:
            since = max(since, running.since)
            running.until = since
        self._work.add(
            CaseState(
                id=new_key(),
                case_id=case.id,
                area=case.area,
                track=int(track),
                value=value,
                since=since,
                until=None,
                recorded_at=self._now,
            )
        )


def set_partial(row: Any, name: str, value: Partial | None) -> None:
    """Put a date that may be known in part on an object."""
    setattr(row, f"{name}_on", day(value.first) if value else None)
    setattr(row, f"{name}_precision", value.precision if value else None)


# --- what the screen asks beyond the workbook ---

_DETAIL_TEXTS = ("allergy_other", "no_contact_note")
_DETAIL_DAYS = ("document_ask_on", "poverty_seen_on")
_DETAIL_CODES = ("residency", "allergies", "no_contact")


#: Stands for a text that is there and was not opened.
CLOSED = "…"


def details_of(work: Work, supplement: Supplement | None, purpose: str) -> Details:
    """What is kept of a person beyond the workbook; its texts are opened for ``purpose``.

    Without a purpose they stay closed, and :data:`CLOSED` stands for them.
    """
    if supplement is None:
        return NO_DETAILS
    key = supplement.case_id
    told: dict[str, Any] = {name: getattr(supplement, name) for name in _DETAIL_CODES}
    for name in _DETAIL_DAYS:
        on = getattr(supplement, name)
        told[name] = None if on is None else days(on)
    if supplement.discharged_on is not None:
        told["discharged"] = Partial(days(supplement.discharged_on), supplement.discharged_precision or 3)
    sealed = [name for name in _DETAIL_TEXTS if getattr(supplement, name) is not None]
    if sealed and not purpose:
        told |= dict.fromkeys(sealed, CLOSED)
    elif sealed:
        values = [(key, getattr(supplement, name)) for name in sealed]
        told |= dict(zip(sealed, open_texts(work, "Supplement", values, purpose, key), strict=True))
    return Details(**told)


def put_details(work: Work, case: Case, before: Details, told: Details) -> None:
    """Write what differs; the supplement is made where there was none."""
    changed = {name for name in Details._fields if getattr(before, name) != getattr(told, name)}
    if not changed:
        return
    supplement = work.get(Supplement, case.id)
    if supplement is None:
        supplement = work.add(Supplement(case_id=case.id, area=case.area))
    for name in changed & {*_DETAIL_CODES}:
        setattr(supplement, name, getattr(told, name))
    for name in changed & {*_DETAIL_DAYS}:
        setattr(supplement, name, day(getattr(told, name)))
    for name in changed & {*_DETAIL_TEXTS}:
        setattr(supplement, name, plain(getattr(told, name)))
    if "discharged" in changed:
        set_partial(supplement, "discharged", told.discharged)
