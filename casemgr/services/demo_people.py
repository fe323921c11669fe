"""示例人员: made-up people with the facts of their file (forms 表6 and 表7), before anything happens to them.

Days are whole numbers since 1970-01-01. Nothing here is stored; :mod:`casemgr.services.demo` does that.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from random import Random
from typing import Any, Generic, TypeVar

from casemgr.services.demo_county import Township
from casemgr.services.demo_names import Names
from casemgr.terms.code import to_mask
from casemgr.terms.followup import Confinement, Symptom
from casemgr.terms.guardian import Relation
from casemgr.terms.idnumber import CHECK_DIGITS, WEIGHTS
from casemgr.terms.incident import DangerousAct
from casemgr.terms.person import (
    DocumentKind,
    Economy,
    Education,
    Employment,
    Ethnicity,
    Household,
    Marriage,
    Sex,
)
from casemgr.terms.register import Diagnosis, Ground, PastTreatment

T = TypeVar("T")

EPOCH = date(1970, 1, 1).toordinal()
YEAR = 365.25
#: Before this day there was no national register.
FIRST_REGISTRATION = date(2011, 8, 1).toordinal() - EPOCH
DAY, MONTH_ONLY, YEAR_ONLY = 3, 2, 1
PHONES = 10**8


class Choice(Generic[T]):
    """Entries with weights; ``at`` takes a chance from 0 to 1."""

    __slots__ = ("_edges", "_entries")

    def __init__(self, *weighted: tuple[T, float]) -> None:
        total = sum(weight for _, weight in weighted)
        self._entries = [entry for entry, _ in weighted]
        self._edges = [edge / total for edge in accumulate(weight for _, weight in weighted)]
        self._edges[-1] = 1.0

    def at(self, chance: float) -> T:
        return self._entries[bisect(self._edges, chance)]


def codes(*weighted: tuple[int | None, float]) -> Choice[int | None]:
    """A choice among terms as plain codes, which every database driver takes; ``None`` is 未评估."""
    return Choice(*((None if code is None else int(code), weight) for code, weight in weighted))


AGES = Choice(((8, 18), 1.5), ((18, 45), 40), ((45, 60), 34), ((60, 86), 24.5))
DIAGNOSES = Choice(
    (Diagnosis.SCHIZOPHRENIA, 74),
    (Diagnosis.RETARDATION, 10),
    (Diagnosis.BIPOLAR, 8),
    (Diagnosis.EPILEPTIC, 4.5),
    (Diagnosis.SCHIZOAFFECTIVE, 2),
    (Diagnosis.PARANOID, 1),
    (Diagnosis.ARTICLE_30, 0.5),
)
ICD10 = {
    Diagnosis.SCHIZOPHRENIA: Choice(("F20.9", 60), ("F20.0", 25), ("F20.3", 10), ("F20.5", 5)),
    Diagnosis.RETARDATION: Choice(("F79.1", 50), ("F71.1", 30), ("F70.1", 20)),
    Diagnosis.BIPOLAR: Choice(("F31.9", 70), ("F31.1", 15), ("F31.3", 15)),
    Diagnosis.EPILEPTIC: Choice(("F06.8", 1)),
    Diagnosis.SCHIZOAFFECTIVE: Choice(("F25.9", 1)),
    Diagnosis.PARANOID: Choice(("F22.0", 1)),
    Diagnosis.ARTICLE_30: Choice(("F23.9", 60), ("F32.3", 40)),
}
#: Mean years from onset to treatment.
UNTREATED = {
    Diagnosis.SCHIZOPHRENIA: 3.28,
    Diagnosis.PARANOID: 4.25,
    Diagnosis.SCHIZOAFFECTIVE: 2.78,
    Diagnosis.BIPOLAR: 2.85,
    Diagnosis.EPILEPTIC: 4.95,
    Diagnosis.RETARDATION: 14.31,
    Diagnosis.ARTICLE_30: 0.4,
}
ETHNICITIES = codes(
    (Ethnicity.HAN, 91.5),
    (Ethnicity.HUI, 2.5),
    (Ethnicity.YI, 1.2),
    (Ethnicity.UYGHUR, 0.9),
    (Ethnicity.MONGOL, 0.7),
    (Ethnicity.TIBETAN, 0.5),
    (Ethnicity.ZHUANG, 1),
    (Ethnicity.MIAO, 0.8),
    (Ethnicity.MANCHU, 0.9),
)
EDUCATIONS = codes(
    (Education.ILLITERATE, 17),
    (Education.PRIMARY, 37),
    (Education.JUNIOR_HIGH, 30),
    (Education.SENIOR_HIGH, 8),
    (Education.SECONDARY_VOCATIONAL, 3),
    (Education.COLLEGE, 2.5),
    (Education.BACHELOR, 1.3),
    (None, 1.2),
)
GROWN_MARRIAGES = codes(
    (Marriage.SINGLE, 35),
    (Marriage.MARRIED, 47),
    (Marriage.DIVORCED, 9.5),
    (Marriage.WIDOWED, 6.5),
    (None, 2),
)
RURAL_WORK = codes(
    (Employment.FARMER, 43),
    (Employment.UNEMPLOYED, 46),
    (Employment.WORKER, 4),
    (Employment.OTHER, 5),
    (None, 2),
)
URBAN_WORK = codes(
    (Employment.UNEMPLOYED, 60),
    (Employment.WORKER, 16),
    (Employment.PROFESSIONAL, 4),
    (Employment.OTHER, 14),
    (Employment.UNKNOWN, 4),
    (None, 2),
)
GUARDIANS = Choice(
    (Relation.PARENT, 36),
    (Relation.SPOUSE, 34),
    (Relation.SON, 9),
    (Relation.DAUGHTER, 5),
    (Relation.SIBLING, 12),
    (Relation.GRANDPARENT, 1),
    (Relation.OTHER, 2),
    (Relation.COMMITTEE, 1),
)
OWN_FAMILY = frozenset(
    {Relation.PARENT, Relation.SON, Relation.DAUGHTER, Relation.SIBLING, Relation.GRANDPARENT}
)
PAST_SYMPTOMS: Sequence[tuple[Symptom, float]] = (
    (Symptom.HALLUCINATION, 0.5),
    (Symptom.COMMUNICATION, 0.25),
    (Symptom.SUSPICION, 0.5),
    (Symptom.MOODY, 0.3),
    (Symptom.ODD, 0.25),
    (Symptom.EXCITED, 0.15),
    (Symptom.DESTRUCTIVE, 0.12),
    (Symptom.PESSIMISTIC, 0.08),
    (Symptom.WANDERING, 0.15),
    (Symptom.SELF_TALK, 0.4),
    (Symptom.WITHDRAWN, 0.45),
)
NO_ACT = to_mask([DangerousAct.NONE])
PAST_ACTS = codes(
    (NO_ACT, 89),
    (to_mask([DangerousAct.DISTURBANCE]), 6),
    (to_mask([DangerousAct.OFFENCE]), 1.6),
    (to_mask([DangerousAct.CRIME]), 0.4),
    (to_mask([DangerousAct.SELF_HARM]), 1.5),
    (to_mask([DangerousAct.SUICIDE_ATTEMPT]), 1),
    (None, 0.5),
)
PAST_CONFINEMENT = codes((Confinement.NONE, 98.6), (Confinement.RELEASED, 1.2), (Confinement.LOCKED, 0.2))
PAST_TREATMENTS = codes(
    (PastTreatment.CONTINUOUS, 62), (PastTreatment.IRREGULAR, 30), (PastTreatment.NONE, 6), (None, 2)
)
GRADES = codes((None, 58), (1, 6), (2, 18), (3, 13), (4, 5))
HOSPITALS = Choice(("示例市精神卫生中心", 70), ("示例市第三人民医院", 20), ("示例省精神病医院", 10))
GROUNDS = codes((Ground.STATUTORY, 22), (Ground.CONSENT, 33), (Ground.PRIMARY_CARE, 45))


@dataclass(slots=True)
class Facts:
    """One person's file as columns by name; sealed values as plain text."""

    person: dict[str, Any]
    identity: dict[str, Any]
    guardian: dict[str, Any] | None
    case: dict[str, Any]
    supplement: dict[str, Any]


class Numbers:
    """Gives out identity and phone numbers that are valid in form, belong to nobody and never repeat."""

    def __init__(self, seed: int) -> None:
        self._used: dict[tuple[str, int, int], int] = {}
        self._phones = (seed * 48_271) % PHONES

    def id_number(self, prefix: str, birth: date, sex: int) -> str:
        """18 characters: six of the made-up area, day of birth, three by order (odd: male), check digit."""
        ordinal = birth.toordinal()
        key = (prefix, ordinal, sex)
        order = self._used.get(key, 0)
        self._used[key] = order + 1
        if order >= 500:
            raise ValueError("too many people of one day")
        serial = (order * 211 + ordinal * 97) % 500 * 2 + (1 if sex == Sex.MALE else 0)
        body = f"{prefix}{birth:%Y%m%d}{serial:03d}"
        return body + CHECK_DIGITS[sum(map(int.__mul__, WEIGHTS, map(int, body))) % 11]

    def phone(self) -> str:
        """11 digits beginning with 100, which no operator gives out."""
        self._phones = (self._phones + 38_196_601) % PHONES
        return f"100{self._phones:08d}"


def _truncated(day: int, precision: int) -> int:
    when = date.fromordinal(day + EPOCH)
    if precision == YEAR_ONLY:
        when = when.replace(month=1, day=1)
    elif precision == MONTH_ONLY:
        when = when.replace(day=1)
    return when.toordinal() - EPOCH


class People:
    """Makes the people of one township after another."""

    def __init__(self, seed: int, history: int, as_of: int) -> None:
        self._names = Names()
        self._numbers = Numbers(seed)
        self._history = history
        self._as_of = as_of

    def make(self, rng: Random, town: Township, number: int) -> Facts:
        """The ``number``-th person of a township."""
        chance = rng.random
        sex = int(Sex.MALE if chance() < 0.51 else Sex.FEMALE)
        low, high = AGES.at(chance())
        birth_day = self._as_of - int((low + (high - low) * chance()) * YEAR) - 1
        birth = date.fromordinal(birth_day + EPOCH)
        diagnosis = DIAGNOSES.at(chance())
        ethnicity = ETHNICITIES.at(chance()) or int(Ethnicity.HAN)
        rural = chance() < 0.72
        registered, diagnosed, onset = self._course_before(rng, birth_day, diagnosis)
        surname, name = self._names.person(rng, sex, ethnicity)
        village = town.villages[int(chance() * len(town.villages))]
        address = f"{town.county_name}{town.name}{village.name}{1 + int(chance() * 180)}号"
        at_home = chance()
        before = f"示例市示例街道{1 + int(chance() * 90)}号" if at_home < 0.97 else None
        domicile = address if at_home < 0.8 else before
        has_number = chance() >= 0.006
        phone = self._numbers.phone() if chance() < 0.94 else None
        age = (self._as_of - birth_day) / YEAR
        marriage = int(Marriage.SINGLE) if age < 22 else GROWN_MARRIAGES.at(chance())
        work = self._work(rng, age, rural)
        article30 = diagnosis is Diagnosis.ARTICLE_30 or chance() < 0.03
        person = {
            "sex": sex,
            "birth_year": birth.year,
            "document_kind": int(DocumentKind.ID_CARD if has_number else DocumentKind.NONE),
            "ethnicity": ethnicity,
            "household": int(Household.RURAL if rural else Household.URBAN),
            "education": EDUCATIONS.at(chance()),
            "marriage": marriage,
            "employment": work,
        }
        identity = {
            "name": name,
            "id_number": self._numbers.id_number(str(town.county // 10**6), birth, sex)
            if has_number
            else None,
            "birth_on": birth.isoformat(),
            "phone": phone,
            "domicile": domicile,
            "residence": address,
            "workplace": f"示例{surname or '云'}记加工厂" if work == Employment.WORKER else None,
        }
        case = {
            "county": town.county,
            "file_no": f"{town.code // 1000 % 1000}-{number:05d}",
            "village": village.code,
            "sex": sex,
            "birth_year": birth.year,
            "diagnosis": int(diagnosis),
            "icd10": ICD10[diagnosis].at(chance()),
            "registered_on": registered,
            "ground": GROUNDS.at(chance()),
            "article30": article30,
        }
        return Facts(
            person,
            identity,
            self._guardian(rng, sex, marriage, surname, address, phone, age),
            case,
            self._supplement(rng, onset, diagnosed, registered),
        )

    def _course_before(self, rng: Random, birth: int, diagnosis: Diagnosis) -> tuple[int, int, int]:
        """Days of registration, diagnosis and onset, in the right order and after the sixth birthday."""
        earliest = birth + int(6 * YEAR)
        since = max(FIRST_REGISTRATION, earliest + 90)
        new = rng.random() < 0.045 * (self._as_of - self._history) / YEAR
        if new or since >= self._history:
            since = max(since, self._history)
            registered = since + int((self._as_of - since) * rng.random())
        else:
            # Most of today's register was written in its first years.
            registered = since + int((self._history - since) * rng.random() ** 1.6)
        ill = rng.random() ** 1.4 * (registered - earliest) * 0.8
        onset = max(earliest, registered - 30 - int(ill))
        wait = int(min(rng.expovariate(1 / UNTREATED[diagnosis]), 30) * YEAR)
        diagnosed = min(onset + wait, registered - int(3 + rng.random() * 25))
        return registered, max(diagnosed, onset), onset

    @staticmethod
    def _work(rng: Random, age: float, rural: bool) -> int | None:
        if age < 17:
            return int(Employment.STUDENT if rng.random() < 0.6 else Employment.OTHER)
        if age >= 62 and not rural:
            return int(Employment.RETIRED)
        return (RURAL_WORK if rural else URBAN_WORK).at(rng.random())

    def _guardian(
        self,
        rng: Random,
        sex: int,
        marriage: int | None,
        surname: str,
        address: str,
        phone: str | None,
        age: float,
    ) -> dict[str, Any] | None:
        chance = rng.random
        if chance() >= 0.955:
            return None
        relation = Relation.PARENT if age < 18 else GUARDIANS.at(chance())
        if relation is Relation.SPOUSE and marriage != Marriage.MARRIED:
            relation = Relation.SIBLING if age > 55 else Relation.PARENT
        if relation is Relation.COMMITTEE:
            return {
                "relation": int(relation),
                "name": "村委会",
                "phone": self._numbers.phone(),
                "residence": None,
            }
        if relation is Relation.SPOUSE:
            other = int(Sex.FEMALE if sex == Sex.MALE else Sex.MALE)
        else:
            other = int(Sex.MALE if relation is Relation.SON or chance() < 0.55 else Sex.FEMALE)
        if surname and relation in OWN_FAMILY:
            name = surname + self._names.given(rng, other)
        else:
            name = self._names.person(rng, other, Ethnicity.HAN if surname else Ethnicity.UYGHUR)[1]
        number = chance()
        shared = phone if number < 0.1 else self._numbers.phone() if number < 0.95 else None
        return {"relation": int(relation), "name": name, "phone": shared, "residence": address}

    @staticmethod
    def _supplement(rng: Random, onset: int, diagnosed: int, registered: int) -> dict[str, Any]:
        chance = rng.random
        told = chance()
        onset_precision = YEAR_ONLY if told < 0.6 else MONTH_ONLY if told < 0.85 else DAY
        onset_day = _truncated(onset, onset_precision)
        precision = MONTH_ONLY if chance() < 0.2 else DAY
        diagnosed_day = _truncated(diagnosed, precision)
        if diagnosed_day < onset_day:
            diagnosed_day, precision = diagnosed, DAY
        treated = min(registered, diagnosed + int(chance() * 60))
        symptoms = to_mask([symptom for symptom, share in PAST_SYMPTOMS if chance() < share])
        return {
            "diagnosed_at": HOSPITALS.at(chance()),
            "diagnosed_on": diagnosed_day,
            "diagnosed_precision": precision,
            "onset_on": onset_day,
            "onset_precision": onset_precision,
            "treated_on": treated if chance() < 0.9 else None,
            "treated_precision": DAY,
            "admissions_count": min(9, int(rng.expovariate(0.8))) if chance() < 0.98 else None,
            "past_symptoms": symptoms or None,
            "past_confinement": PAST_CONFINEMENT.at(chance()),
            "past_acts": PAST_ACTS.at(chance()),
            "past_treatment": PAST_TREATMENTS.at(chance()),
            "economy": int(Economy.POOR if chance() < 0.45 else Economy.NOT_POOR)
            if chance() < 0.97
            else None,
            "subsidised": chance() < 0.35 if chance() < 0.97 else None,
            "disability_grade": GRADES.at(chance()),
            "care_team": chance() < 0.86 if chance() < 0.96 else None,
            "family_doctor": chance() < 0.82 if chance() < 0.96 else None,
        }
