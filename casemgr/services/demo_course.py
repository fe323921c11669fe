"""示例病程: what happens to a made-up person from the beginning of the history to the as-of day.

Visits, admissions, injections, sessions, check-ups, losses, deaths. Days are whole numbers since 1970-01-01,
instants milliseconds, sealed values plain text; keys are given later by :mod:`casemgr.services.demo`.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any

from casemgr.rules.injection_course import Given, settle
from casemgr.rules.injection_label import labels
from casemgr.rules.monitoring import kinds_taken
from casemgr.services.demo_county import Township
from casemgr.services.demo_medicine import Supplies
from casemgr.services.demo_people import EPOCH, Choice, Facts
from casemgr.services.injection_course import values
from casemgr.terms.checkup import TestResult
from casemgr.terms.code import to_mask
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import (
    BodilyDisease,
    Confinement,
    DeathCause,
    FormVersion,
    Grade,
    HospitalState,
    Informant,
    Insight,
    LossReason,
    Outcome,
    Present,
    RehabMeasure,
    Symptom,
    VisitMode,
)
from casemgr.terms.incident import DangerousAct
from casemgr.terms.injection import CourseEnd, Place, Site
from casemgr.terms.lists import lines
from casemgr.terms.medication import Adherence
from casemgr.terms.register import Diagnosis, Lifecycle, Management, Track
from casemgr.terms.rehab import RehabForm, RehabPlace
from casemgr.terms.risk import Stability

Row = dict[str, Any]

# Plain numbers instead of terms wherever a county has millions of them.
STABLE, BASIC, UNSTABLE = int(Stability.STABLE), int(Stability.BASIC), int(Stability.UNSTABLE)
CLINIC, HOME, PHONE = int(VisitMode.CLINIC), int(VisitMode.HOME), int(VisitMode.PHONE)
REGULAR, IRREGULAR = int(Adherence.REGULAR), int(Adherence.IRREGULAR)
UNMEDICATED, NOT_NEEDED = int(Adherence.NONE), int(Adherence.NOT_NEEDED)
IN_HOSPITAL, DISCHARGED = int(HospitalState.NOW), int(HospitalState.EARLIER)
NOT_IN_HOSPITAL = int(HospitalState.NEVER)
NO_ACT = to_mask([DangerousAct.NONE])
BY_SELF = to_mask([Informant.SELF])
BY_BOTH = to_mask([Informant.SELF, Informant.FAMILY])
BY_FAMILY = to_mask([Informant.FAMILY])
BY_OTHER = to_mask([Informant.OTHER])
MANAGED, LOST, ON_WARD = int(Management.MANAGED), int(Management.LOST), int(Management.IN_HOSPITAL)
REFUSED = int(Management.REFUSED)
YEAR = 365.25
DAY_SECONDS = 86_400

#: Days within which the next visit is planned, by class: (earliest, latest allowed).
WINDOWS = {STABLE: (62, 92), BASIC: (17, 31), UNSTABLE: (6, 14)}
#: A short interval is missed less often than a long one; per class, as a factor of the township's lapse.
LAPSE = {STABLE: 0.9, BASIC: 0.42, UNSTABLE: 0.5}
LATER = {STABLE: 26.0, BASIC: 12.0, UNSTABLE: 6.0}
#: Chance of each class at the next visit, by kind of course and present class: up to stable, up to basic.
STEADY, FLUCTUATING, SEVERE = 0, 1, 2
NEXT_CLASS = {
    (STEADY, STABLE): (0.972, 0.998),
    (STEADY, BASIC): (0.62, 0.99),
    (STEADY, UNSTABLE): (0.15, 0.85),
    (FLUCTUATING, STABLE): (0.78, 0.99),
    (FLUCTUATING, BASIC): (0.06, 0.965),
    (FLUCTUATING, UNSTABLE): (0.02, 0.34),
    (SEVERE, STABLE): (0.55, 0.93),
    (SEVERE, BASIC): (0.05, 0.72),
    (SEVERE, UNSTABLE): (0.0, 0.07),
}

DEATHS = Choice(
    (DeathCause.BODILY_DISEASE, 80),
    (DeathCause.ACCIDENT, 7),
    (DeathCause.SUICIDE, 6),
    (DeathCause.COMPLICATION, 3),
    (DeathCause.OTHER, 3.7),
    (DeathCause.HOMICIDE, 0.3),
)
DISEASES = Choice(
    (BodilyDisease.HEART, 28),
    (BodilyDisease.CEREBROVASCULAR, 24),
    (BodilyDisease.TUMOUR, 16),
    (BodilyDisease.RESPIRATORY, 14),
    (BodilyDisease.INFECTION, 4),
    (BodilyDisease.DIGESTIVE, 4),
    (BodilyDisease.OTHER, 6),
    (BodilyDisease.UNKNOWN, 4),
)
LOSSES = Choice(
    (LossReason.AWAY_FOR_WORK, 46),
    (LossReason.NOT_MET_3_TIMES, 30),
    (LossReason.MOVED, 11),
    (LossReason.MISSING, 3),
    (LossReason.OTHER, 10),
)
GROUPS = {Diagnosis.BIPOLAR: "mood", Diagnosis.EPILEPTIC: "epilepsy"}


@dataclass(frozen=True, slots=True)
class Depot:
    """A long-acting drug as the demo county gives it: days between doses, usual milligrams."""

    product: str
    name: str
    days: int
    weeks: int
    doses: tuple[float, ...]
    muscle: int


#: Days between the two doses that begin a monthly course.
START = 7
DELTOID, GLUTEAL = int(Site.DELTOID), int(Site.GLUTEAL)
DEPOTS = Choice(
    (Depot("PP1M", "棕榈酸帕利哌酮注射液", 30, 4, (75, 100, 150), DELTOID), 42),
    (Depot("RLAI", "注射用利培酮微球", 14, 2, (25, 37.5, 50), GLUTEAL), 20),
    (Depot("HALD", "癸酸氟哌啶醇注射液", 28, 4, (50, 100), GLUTEAL), 18),
    (Depot("FLUD", "癸氟奋乃静注射液", 21, 3, (12.5, 25), GLUTEAL), 6),
    (Depot("PP3M", "棕榈帕利哌酮酯注射液(3M)", 91, 13, (263, 350, 525), DELTOID), 8),
    (Depot("ARI400", "注射用阿立哌唑", 30, 4, (300, 400), GLUTEAL), 6),
)


def _table(*weighted: tuple[int | None, float]) -> tuple[int | None, ...]:
    """256 entries, so that one byte of chance gives a code."""
    choice = Choice(*weighted)
    return tuple(
        None if (code := choice.at((byte + 0.5) / 256)) is None else int(code) for byte in range(256)
    )


def _mask(*symptoms: int) -> int:
    return to_mask(symptoms)


_S = Symptom
GRADES = {
    STABLE: _table((Grade.GOOD, 62), (Grade.FAIR, 34), (Grade.POOR, 4)),
    BASIC: _table((Grade.GOOD, 22), (Grade.FAIR, 56), (Grade.POOR, 22)),
    UNSTABLE: _table((Grade.GOOD, 8), (Grade.FAIR, 40), (Grade.POOR, 52)),
}
WORKS = {
    STABLE: _table((Grade.GOOD, 34), (Grade.FAIR, 34), (Grade.POOR, 8), (Grade.NOT_APPLICABLE, 24)),
    BASIC: _table((Grade.GOOD, 8), (Grade.FAIR, 38), (Grade.POOR, 28), (Grade.NOT_APPLICABLE, 26)),
    UNSTABLE: _table((Grade.GOOD, 2), (Grade.FAIR, 18), (Grade.POOR, 50), (Grade.NOT_APPLICABLE, 30)),
}
INSIGHTS = {
    STABLE: _table((Insight.FULL, 70), (Insight.PARTIAL, 28), (Insight.ABSENT, 2)),
    BASIC: _table((Insight.FULL, 22), (Insight.PARTIAL, 62), (Insight.ABSENT, 16)),
    UNSTABLE: _table((Insight.FULL, 3), (Insight.PARTIAL, 42), (Insight.ABSENT, 55)),
}
RISKS = {
    STABLE: _table((0, 99), (1, 1)),
    BASIC: _table((0, 60), (1, 27), (2, 13)),
    UNSTABLE: _table((0, 34), (1, 10), (2, 12), (3, 30), (4, 10), (5, 4)),
}
SYMPTOMS = {
    STABLE: _table(
        (None, 66),
        (_mask(_S.WITHDRAWN), 18),
        (_mask(_S.COMMUNICATION), 6),
        (_mask(_S.SELF_TALK), 5),
        (_mask(_S.MOODY), 3),
        (_mask(_S.SUSPICION), 2),
    ),
    BASIC: _table(
        (_mask(_S.SUSPICION, _S.SELF_TALK), 24),
        (_mask(_S.HALLUCINATION, _S.SUSPICION), 18),
        (_mask(_S.WITHDRAWN, _S.COMMUNICATION), 20),
        (_mask(_S.MOODY), 12),
        (_mask(_S.SELF_TALK, _S.ODD), 12),
        (_mask(_S.EXCITED, _S.MOODY), 8),
        (_mask(_S.PESSIMISTIC), 6),
    ),
    UNSTABLE: _table(
        (_mask(_S.HALLUCINATION, _S.SUSPICION, _S.MOODY), 28),
        (_mask(_S.SUSPICION, _S.DESTRUCTIVE, _S.MOODY), 20),
        (_mask(_S.EXCITED, _S.WANDERING, _S.MOODY), 18),
        (_mask(_S.HALLUCINATION, _S.ODD, _S.SELF_TALK), 24),
        (_mask(_S.PESSIMISTIC, _S.WITHDRAWN), 10),
    ),
}
OUTCOMES = {
    STABLE: _table((Outcome.CURED, 9), (Outcome.BETTER, 68), (Outcome.UNCHANGED, 23)),
    BASIC: _table((Outcome.BETTER, 42), (Outcome.UNCHANGED, 52), (Outcome.WORSE, 6)),
    UNSTABLE: _table((Outcome.BETTER, 8), (Outcome.UNCHANGED, 46), (Outcome.WORSE, 46)),
}
MEASURES = _table(
    (to_mask([RehabMeasure.DAILY_LIVING]), 42),
    (to_mask([RehabMeasure.DAILY_LIVING, RehabMeasure.SOCIAL]), 22),
    (to_mask([RehabMeasure.SOCIAL]), 14),
    (to_mask([RehabMeasure.VOCATIONAL]), 10),
    (to_mask([RehabMeasure.STUDY, RehabMeasure.SOCIAL]), 8),
    (None, 4),
)
#: Per visit and class: one in so many visits finds a dangerous act since the last one.
ACTS = {STABLE: 0.0022, BASIC: 0.010, UNSTABLE: 0.045}
ACT_KINDS = Choice(
    (DangerousAct.DISTURBANCE, 20),
    (DangerousAct.OFFENCE, 4),
    (DangerousAct.CRIME, 0.5),
    (DangerousAct.SELF_HARM, 4),
    (DangerousAct.SUICIDE_ATTEMPT, 3),
    (DangerousAct.OTHER_HARM, 3),
)
ACT_COUNTS = {
    DangerousAct.DISTURBANCE: "disturbance_count",
    DangerousAct.OFFENCE: "offence_count",
    DangerousAct.CRIME: "crime_count",
    DangerousAct.OTHER_HARM: "other_harm_count",
    DangerousAct.SELF_HARM: "self_harm_count",
    DangerousAct.SUICIDE_ATTEMPT: "suicide_attempt_count",
}
LEAST_RISK = {DangerousAct.CRIME: 3, DangerousAct.SELF_HARM: 4, DangerousAct.SUICIDE_ATTEMPT: 4}
#: Fields that a hurried doctor leaves open.
LEFT_OPEN = (
    "sleep",
    "diet",
    "insight",
    "study",
    "contact",
    "housework",
    "outcome",
    "laboratory",
    "adherence",
    "acts",
)
REFERRED_TO = "示例市精神卫生中心精神科"
REACTIONS = ("手抖", "体重增加", "嗜睡", "便秘", "口干", "静坐不能", "流涎")
LABORATORY = ("血常规正常", "肝功能正常", "血糖偏高，建议复查", "血脂偏高", "血常规、肝功能正常")
NOTES = (
    "家属反映近期睡眠较前好转。",
    "嘱按时服药，复诊时带药盒。",
    "病人愿意参加康复活动。",
    "家中只有老人照看，已告知村干部。",
    "建议到上级医院复查血药浓度。",
    "已指导家属观察早期复发征象。",
)
BEFORE_FILE = "建档前线索复核"
#: Whoever was forgotten has waited at least so many days for the next visit.
OVERDUE = 105
FORMS = tuple(int(form) for form in RehabForm)
PLACES = (int(RehabPlace.COMMUNITY), int(RehabPlace.CENTRE), int(RehabPlace.HOME))
MINUTES = (60, 60, 45, 90, 60, 30, 45, 60)


@dataclass(slots=True)
class Course:
    """What happened to one person, as rows by table; ``texts`` and ``drugs`` name their visit by number."""

    case: Row
    states: list[Row] = field(default_factory=list)
    consents: list[Row] = field(default_factory=list)
    visits: list[Row] = field(default_factory=list)
    texts: list[tuple[int, Row]] = field(default_factory=list)
    drugs: list[tuple[int, Row]] = field(default_factory=list)
    doses: list[Row] = field(default_factory=list)
    sessions: list[Row] = field(default_factory=list)
    checkups: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    fills: list[Row] = field(default_factory=list)
    unmedicated: list[Row] = field(default_factory=list)


def _instant(day: int, chance: float) -> int:
    """A moment of a working day, 9 to 17 o'clock in Shanghai, in milliseconds."""
    return (day * DAY_SECONDS + 3_600 + int(chance * 28_800)) * 1_000


def _ug(milligrams: float) -> int:
    return round(milligrams * 1_000)


class Calendar:
    """Quarter ends and weekdays of the history, looked up millions of times."""

    def __init__(self, first: int, last: int) -> None:
        self.first, self.last = first, last
        begin = date.fromordinal(first + EPOCH)
        ends: list[int] = []
        year = begin.year - 1
        while not ends or ends[-1] < last + 400:
            for month, day in ((3, 31), (6, 30), (9, 30), (12, 31)):
                ends.append(date(year, month, day).toordinal() - EPOCH)
            year += 1
        self._base = first - 400
        self.quarter_end = [ends[bisect(ends, day - 1)] for day in range(self._base, last + 400)]

    def pick(self, rng: Random, low: int, high: int, bunched: float) -> int:
        """A day from ``low`` to ``high``, rather in the last ten days of a quarter, seldom at a weekend."""
        chance = rng.random
        end = self.quarter_end[low - self._base]
        first = max(low, end - 9)
        if first <= high and chance() < bunched:
            # As late as is allowed: who slips out of the last days of a quarter never comes back into them.
            low, last = first, min(high, end)
            day = last - int(chance() ** 2.5 * (last - first + 1))
        elif high - low > 20 and chance() < bunched:
            # Too early for the crowd this time; whoever comes soon is back in step the next.
            day = low + int(chance() * 9)
        else:
            day = low + int(chance() * (high - low + 1))
        weekday = (day + 3) % 7
        if weekday > 4 and day - weekday + 4 >= low and chance() < 0.9:
            day -= weekday - 4
        return day


@dataclass(slots=True)
class _Person:
    """What stays the same, or is remembered, while one person's follow-ups are written."""

    kind: int
    taking: int
    drugs: tuple[Row, ...]
    depot: Depot | None
    depot_mg: float
    confinement: int
    long_stay: bool


def _place(product: str, doses: list[Row]) -> None:
    """Fill in where each dose stands in its course."""
    given = [
        Given(
            date.fromordinal(one["on"] + EPOCH),
            dose_ug=one["dose_ug"],
            ordinal=one["ordinal"],
            interval=one["interval_days"],
        )
        for one in doses
    ]
    for row, place in zip(doses, settle(labels()[product], given), strict=True):
        for name, value in values(place).items():
            row[name] = value.toordinal() - EPOCH if isinstance(value, date) else value


class Courses:
    """Writes the courses of one county's people."""

    def __init__(self, history: int, as_of: int, *, sparse: bool = False) -> None:
        """``sparse`` keeps texts that say more than the doctor's name, and the drugs of the last visit."""
        self._sparse = sparse
        self._history = history
        self._as_of = as_of
        self._calendar = Calendar(history, as_of)
        self._supplies = Supplies(as_of)
        self._drugs = {group: self._drug_choice(group) for group in ("psychosis", "mood", "epilepsy")}

    @staticmethod
    def _drug_choice(group: str) -> Choice[Row]:
        def dose(text: str) -> int | None:
            return _ug(float(text)) if text else None

        found: list[tuple[Row, float]] = []
        for line in lines("demo_drugs"):
            if line["group"] == group:
                row = {
                    "guidance": False,
                    "position": 1,
                    "long_acting": False,
                    "name": line["name"],
                    "morning_ug": dose(line["morning_mg"]),
                    "noon_ug": dose(line["noon_mg"]),
                    "evening_ug": dose(line["evening_mg"]),
                    "times_per_day": None,
                    "times_per_month": None,
                    "every_weeks": None,
                    "dose_ug": None,
                }
                found.append((row, float(line["weight"])))
        return Choice(*found)

    def live(
        self,
        rng: Random,
        town: Township,
        facts: Facts,
        *,
        forgotten: bool,
        elsewhere: int | None,
        doctor: int,
        injected: int | None = None,
    ) -> Course:
        """One person's course; ``forgotten`` ends overdue, ``elsewhere`` is the township of before.

        ``injected``: somebody with schizophrenia has monthly injections, the last so many days ago.
        """
        chance = rng.random
        registered = facts.case["registered_on"]
        begin = max(self._history, registered)
        forgotten = forgotten and begin < self._as_of - OVERDUE - 100
        case = dict(facts.case)
        course = Course(case)
        lifecycle, left = (Lifecycle.ON_REGISTER, None) if forgotten else self._fate(rng, facts, begin)
        end = self._as_of if left is None else left
        case.update(
            lifecycle=int(lifecycle),
            lifecycle_on=left,
            version=1,
            death_cause=int(DEATHS.at(chance())) if lifecycle is Lifecycle.DEAD else None,
        )
        character = town.character
        refuses = not forgotten and not case["article30"] and chance() < character.refused
        agreed_on = self._consents(rng, course, registered, begin, end, refuses=refuses)
        person = self._person(rng, town, facts, forgotten=forgotten, injected=injected is not None)
        absences: list[tuple[int, int, int]] = []
        if not refuses:
            self._visits(
                rng, town, person, course, max(begin, agreed_on), end, absences, doctor, forgotten=forgotten
            )
            if lifecycle is Lifecycle.DEAD and chance() < 0.5:
                self._death_note(rng, town, course, end, doctor)
            self._doses(rng, town, person, course, end, absences, doctor, injected)
            self._sessions(rng, town, course, begin, end, absences, doctor)
            self._checkups(rng, town, course, begin, end, absences, doctor)
            if left is None and not self._sparse:
                course.lines, course.fills, course.unmedicated = self._supplies.of(
                    person.drugs, person.taking, begin, town.code, doctor
                )
        self._states(course, registered, agreed_on, end, left, lifecycle, absences, refuses, elsewhere, rng)
        return course

    def _fate(self, rng: Random, facts: Facts, begin: int) -> tuple[Lifecycle, int | None]:
        """How the person leaves the register before the as-of day, if so."""
        old = 2.1 if facts.case["birth_year"] < 1966 else 0.7
        ways = ((Lifecycle.DEAD, 0.0165 * old), (Lifecycle.MOVED_OUT, 0.009), (Lifecycle.EXCLUDED, 0.0015))
        found: tuple[Lifecycle, int | None] = (Lifecycle.ON_REGISTER, None)
        first = self._as_of
        for way, rate in ways:
            day = begin + 20 + int(rng.expovariate(rate) * YEAR)
            if day < first:
                first, found = day, (way, day)
        return found

    def _consents(
        self, rng: Random, course: Course, registered: int, begin: int, end: int, *, refuses: bool
    ) -> int:
        """Answers with their days; returns the day from which the person takes part."""
        chance = rng.random
        case = course.case
        first = min(registered + int(chance() ** 3 * 12), end)
        answers = [(int(ConsentAnswer.REFUSED if refuses else ConsentAnswer.AGREED), first)]
        if refuses:
            # Asked again every year, and still no.
            again = first + 365 + int(chance() * 40)
            while again < end:
                answers.append((int(ConsentAnswer.REFUSED), again))
                again += 340 + int(chance() * 60)
            answers = answers[-3:]
        elif chance() < 0.02 and end - begin > 300:
            later = begin + 60 + int(chance() * 180)
            answers = [(int(ConsentAnswer.REFUSED), first), (int(ConsentAnswer.AGREED), later)]
        for answer, day in answers:
            course.consents.append(
                {
                    "answer": answer,
                    "on": day,
                    "signer": "监护人" if chance() < 0.62 else "本人",
                    "recorded_at": _instant(day, chance()),
                }
            )
        case["consent"], case["consent_on"] = answers[-1]
        return answers[-1][1] if len(answers) > 1 and not refuses else registered

    def _person(
        self, rng: Random, town: Township, facts: Facts, *, forgotten: bool, injected: bool
    ) -> _Person:
        chance = rng.random
        rest = 1 - town.character.regular
        drawn = chance()
        if drawn < town.character.regular:
            taking = REGULAR
        elif drawn < town.character.regular + rest * 0.56:
            taking = IRREGULAR
        elif drawn < town.character.regular + rest * 0.84:
            taking = UNMEDICATED
        else:
            taking = NOT_NEEDED
        worse = {REGULAR: 0.0, IRREGULAR: 0.14, UNMEDICATED: 0.16, NOT_NEEDED: -0.1}[taking]
        drawn = chance()
        kind = SEVERE if drawn < 0.045 + worse / 8 else FLUCTUATING if drawn < 0.19 + worse else STEADY
        diagnosis = Diagnosis.read(facts.case["diagnosis"])
        choice = self._drugs[GROUPS.get(diagnosis, "psychosis")]
        regimen = [choice.at(chance())]
        if chance() < 0.22:
            other = choice.at(chance())
            if other is not regimen[0]:
                regimen.append({**other, "position": 2})
        depot = DEPOTS.at(chance()) if diagnosis is Diagnosis.SCHIZOPHRENIA and chance() < 0.05 else None
        if injected and diagnosis is Diagnosis.SCHIZOPHRENIA:
            depot = DEPOTS.at(0)
        if depot is not None:
            line = {
                **regimen[0],
                "long_acting": True,
                "name": depot.name,
                "morning_ug": None,
                "noon_ug": None,
                "evening_ug": None,
                "every_weeks": depot.weeks,
                "dose_ug": _ug(depot.doses[len(depot.doses) // 2]),
            }
            regimen = [line, *({**one, "position": 2} for one in regimen[:1] if chance() < 0.35)]
        drawn = chance()
        return _Person(
            kind=kind,
            taking=taking,
            drugs=tuple(regimen),
            depot=depot,
            depot_mg=depot.doses[len(depot.doses) // 2] if depot else 0,
            confinement=int(
                Confinement.NONE
                if drawn < 0.994
                else Confinement.LOCKED
                if drawn < 0.9955
                else Confinement.RELEASED
            ),
            long_stay=not forgotten and chance() < 0.012,
        )

    # --- follow-ups -------------------------------------------------------------------------------

    def _visits(
        self,
        rng: Random,
        town: Township,
        person: _Person,
        course: Course,
        begin: int,
        end: int,
        absences: list[tuple[int, int, int]],
        doctor: int,
        *,
        forgotten: bool,
    ) -> None:
        """Follow-ups from ``begin`` to ``end``; stays in hospital and losses are added to ``absences``."""
        chance, pick, character = rng.random, self._calendar.pick, town.character
        last_of_all = self._as_of - OVERDUE - int(chance() * 70) if forgotten else end
        lost_on = (
            begin + int(chance() * (end - begin))
            if not forgotten and chance() < self._lost(town, begin)
            else None
        )
        found = STABLE if person.kind == STEADY else BASIC
        if begin > self._history or begin == course.case["registered_on"]:
            if chance() < 0.004 and begin > self._history + 20:
                self._before_file(rng, town, course, begin, doctor)
            day = begin + int(chance() * 9)
        else:
            before = begin - 1 - int(chance() * (10 if chance() < character.bunched else 60))
            day = self._following(rng, character.bunched, 0.0, found, before)
            day = max(day, begin)
        admitted = discharged = 0
        if person.long_stay:
            admitted, discharged = begin - 30, end + 10_000
            absences.append((begin, end, ON_WARD))
        spell = character.unvisited
        visits, texts = course.visits, course.texts
        while day <= last_of_all:
            if spell is not None and spell[0] <= day <= spell[1]:
                day = pick(rng, spell[1] + 1, spell[1] + 25, character.bunched)
                continue
            if lost_on is not None and day >= lost_on:
                back = self._loss(rng, town, course, day, end, absences, doctor)
                lost_on = None
                if back is None:
                    return
                day = back
                continue
            ward = NOT_IN_HOSPITAL
            if admitted and day >= admitted:
                ward = IN_HOSPITAL if day < discharged else DISCHARGED
            stable_below, basic_below = NEXT_CLASS[person.kind, found]
            drawn = chance()
            found = STABLE if drawn < stable_below else BASIC if drawn < basic_below else UNSTABLE
            if ward == IN_HOSPITAL:
                found = STABLE if person.long_stay else BASIC
            visit, text = self._visit(rng, town, person, day, found, ward, discharged, doctor)
            visits.append(visit)
            if text is not None:
                texts.append((len(visits) - 1, text))
            if self._sparse:
                course.drugs.clear()
            self._drug_lines(course, person, visit)
            if ward == DISCHARGED:
                admitted = discharged = 0
            if found == UNSTABLE and not admitted and chance() < 0.24:
                admitted = day + 1 + int(chance() * 4)
                discharged = admitted + 21 + int(rng.expovariate(1 / 28))
                absences.append((admitted, min(discharged, end), ON_WARD))
            following = self._following(rng, character.bunched, character.lapse * LAPSE[found], found, day)
            if admitted and following > discharged + 10:
                following = discharged + 3 + int(chance() * 7)
            visit["next_on"] = day + WINDOWS[found][1] - int(chance() * 12) * (found == STABLE)
            if chance() < 0.02:
                visit["next_on"] += 5 + int(chance() * 20)
            day = max(following, day + 1)

    def _lost(self, town: Township, begin: int) -> float:
        """Chance of being lost between ``begin`` and the end, from the township's share at the end."""
        return town.character.lost * (1.0 + 0.5 * (self._as_of - begin) / YEAR)

    def _following(self, rng: Random, bunched: float, lapse: float, found: int, day: int) -> int:
        """Day of the next visit after one on ``day``; with chance ``lapse`` later than the class allows."""
        low, high = WINDOWS[found]
        if rng.random() < lapse:
            late = day + high + 1 + int(rng.expovariate(1 / LATER[found]))
            return self._calendar.pick(rng, late, late + 12, bunched / 2) if late < self._as_of else late
        return (
            self._calendar.pick(rng, day + low, day + high, bunched)
            if day + high <= self._as_of + 100
            else day + high
        )

    def _visit(
        self,
        rng: Random,
        town: Township,
        person: _Person,
        day: int,
        found: int,
        ward: int,
        discharged: int,
        doctor: int,
    ) -> tuple[Row, Row | None]:
        chance, character = rng.random, town.character
        bits = rng.getrandbits(96)
        drawn = chance()
        if ward == IN_HOSPITAL:
            mode, informants = PHONE, BY_FAMILY
        elif drawn < character.phone * 0.7:
            mode, informants = PHONE, BY_FAMILY if bits & 1 else BY_SELF
        elif drawn < character.phone * 0.7 + character.clinic:
            mode, informants = CLINIC, BY_BOTH if bits & 6 == 0 else BY_SELF
        else:
            mode, informants = HOME, BY_BOTH if bits & 6 else BY_SELF
        new_form = day >= town.character.old_form_until
        taking = person.taking
        if ward == IN_HOSPITAL:
            adherence = REGULAR
        elif taking == REGULAR:
            adherence = REGULAR if chance() < 0.985 else IRREGULAR
        elif taking == IRREGULAR:
            drawn = chance()
            adherence = REGULAR if drawn < 0.48 else IRREGULAR if drawn < 0.88 else UNMEDICATED
        elif taking == UNMEDICATED:
            adherence = UNMEDICATED if chance() < 0.86 else IRREGULAR
        else:
            adherence = NOT_NEEDED
        risk = RISKS[found][bits >> 8 & 255]
        grades = GRADES[found]
        drug_free = adherence == NOT_NEEDED
        reaction = (
            int(Present.NOT_APPLICABLE) if drug_free else int(Present.YES) if bits >> 3 & 15 == 15 else 1
        )
        laboratory = int(Present.YES) if bits >> 80 & 7 == 7 else int(Present.NO)
        advised = found == UNSTABLE and ward != IN_HOSPITAL and chance() < 0.72
        gone = advised and chance() < 0.7
        drawn = chance()
        days = 15 + int(chance() * 30) if drawn < character.entered_late else int(drawn * 8)
        entered = min(day + days, self._as_of)
        visit: Row = {
            "area": town.code,
            "on": day,
            "form_version": 2018 if new_form else 2017,
            "mode": mode,
            "informants": informants if new_form else None,
            "loss_reason": None,
            "died_on": None,
            "death_cause": None,
            "death_disease": None,
            "risk": risk,
            "symptoms": SYMPTOMS[found][bits >> 16 & 255],
            "insight": INSIGHTS[found][bits >> 24 & 255],
            "sleep": grades[bits >> 32 & 255],
            "diet": grades[(bits >> 35 & 255) // 2],
            "self_care": grades[bits >> 40 & 255],
            "housework": grades[bits >> 44 & 255],
            "work": WORKS[found][bits >> 48 & 255],
            "study": grades[bits >> 56 & 255],
            "contact": grades[bits >> 64 & 255],
            "acts": NO_ACT,
            "disturbance_count": 0,
            "offence_count": 0,
            "crime_count": 0,
            "other_harm_count": 0,
            "self_harm_count": 0,
            "suicide_attempt_count": 0,
            "confinement": person.confinement,
            "hospital": ward,
            "discharged_on": discharged if ward == DISCHARGED else None,
            "discharged_precision": 3 if ward == DISCHARGED else None,
            "laboratory": laboratory,
            "adherence": adherence,
            "adverse_reaction": reaction,
            "outcome": int(Outcome.NOT_APPLICABLE) if drug_free else OUTCOMES[found][bits >> 72 & 255],
            "referral_advised": (2 if advised else 1) if new_form else None,
            "referred": 2 if gone else 1,
            "rehab_measures": MEASURES[bits >> 84 & 255],
            "stability": found,
            "next_on": None,
            "watch": None,
            "entered_on": entered,
            "recorded_at": _instant(entered, chance()),
            "recorded_by": doctor,
            "version": 1,
        }
        drawn = chance()
        if drawn < ACTS[found]:
            self._act(rng, visit)
        elif drawn > 1 - character.unassessed * 3:
            self._leave_open(rng, visit, character.unassessed)
        yes = int(Present.YES)
        noted = bits >> 88 & 15 == 0
        if self._sparse and not (noted or advised or reaction == yes):
            # No chance is drawn from here on, so that a sparse course is the same course.
            return visit, None
        text: Row = {
            "area": town.code,
            "symptoms_other": None,
            "laboratory": LABORATORY[bits % 5] if laboratory == yes and bits >> 92 & 1 else None,
            "adverse_reaction": REACTIONS[bits % 7] if reaction == yes else None,
            "referral_reason": "病情不稳定，需调整治疗" if advised else None,
            "referral_to": REFERRED_TO if gone else None,
            "referral_contact": None,
            "measures_other": None,
            "doctor": town.doctor,
            "note": NOTES[bits % 6] if noted else None,
        }
        return visit, text

    @staticmethod
    def _act(rng: Random, visit: Row) -> None:
        kind = ACT_KINDS.at(rng.random())
        visit["acts"] = to_mask([kind])
        visit[ACT_COUNTS[kind]] = 1 + (rng.random() < 0.2)
        visit["risk"] = max(visit["risk"] or 0, LEAST_RISK.get(kind, 2))
        if visit["risk"] >= 3:
            visit["stability"] = UNSTABLE
        elif visit["stability"] == STABLE:
            visit["stability"] = BASIC

    @staticmethod
    def _leave_open(rng: Random, visit: Row, share: float) -> None:
        """Leave one or two fields unassessed; now and then the danger level, and then also the symptoms."""
        visit[LEFT_OPEN[int(rng.random() * len(LEFT_OPEN))]] = None
        visit[LEFT_OPEN[int(rng.random() * len(LEFT_OPEN))]] = None
        if visit["acts"] is None:
            visit.update(dict.fromkeys(ACT_COUNTS.values()))
        if rng.random() < 0.3:
            visit["risk"] = None
            if rng.random() < 0.4:
                visit["symptoms"] = visit["stability"] = None

    def _empty_visit(self, rng: Random, town: Township, day: int, doctor: int, **known: Any) -> Row:
        """A follow-up form with nothing clinical on it."""
        entered = min(day + int(rng.random() * 8), self._as_of)
        visit: Row = dict.fromkeys(VISIT_COLUMNS)
        visit.update(
            area=town.code,
            on=day,
            form_version=int(FormVersion.V2018),
            entered_on=entered,
            recorded_at=_instant(entered, rng.random()),
            recorded_by=doctor,
            version=1,
            **known,
        )
        return visit

    def _loss(
        self,
        rng: Random,
        town: Township,
        course: Course,
        day: int,
        end: int,
        absences: list[tuple[int, int, int]],
        doctor: int,
    ) -> int | None:
        """One to three visits that did not find the person; the day the person is met again, if ever."""
        chance = rng.random
        reason = LOSSES.at(chance())
        tries = 3 if reason is LossReason.NOT_MET_3_TIMES else 1 + int(chance() * 2)
        last = day
        for _ in range(tries):
            if day > end:
                break
            course.visits.append(
                self._empty_visit(
                    rng,
                    town,
                    day,
                    doctor,
                    mode=HOME if chance() < 0.5 else PHONE,
                    informants=BY_OTHER,
                    loss_reason=int(reason),
                )
            )
            last = day
            day += 8 + int(chance() * 14)
        back = last + 60 + int(rng.expovariate(1 / 120))
        returns = chance() < 0.45 and back <= end
        absences.append((last, back if returns else end, LOST))
        return back if returns else None

    def _before_file(self, rng: Random, town: Township, course: Course, begin: int, doctor: int) -> None:
        """A few people were visited while their clue was still being checked; such visits count nowhere."""
        day = begin - 3 - int(rng.random() * 15)
        course.visits.append(
            self._empty_visit(
                rng, town, day, doctor, mode=HOME, informants=BY_FAMILY, risk=1, symptoms=_mask(_S.SUSPICION)
            )
        )
        course.texts.append((len(course.visits) - 1, {**EMPTY_TEXT, "area": town.code, "note": BEFORE_FILE}))

    def _death_note(self, rng: Random, town: Township, course: Course, day: int, doctor: int) -> None:
        """The doctor writes the death on a follow-up form of that day."""
        if course.visits and course.visits[-1]["on"] >= day:
            return
        cause = course.case["death_cause"]
        course.visits.append(
            self._empty_visit(
                rng,
                town,
                day,
                doctor,
                mode=PHONE,
                informants=BY_FAMILY,
                died_on=day,
                death_cause=cause,
                death_disease=int(DISEASES.at(rng.random())) if cause == DeathCause.BODILY_DISEASE else None,
            )
        )

    @staticmethod
    def _drug_lines(course: Course, person: _Person, visit: Row) -> None:
        adherence = visit["adherence"]
        if adherence is None or adherence >= UNMEDICATED:
            return
        number = len(course.visits) - 1
        depot = next((line["name"] for line in person.drugs if line["long_acting"]), None)
        visit["watch"] = kinds_taken(
            (line["name"] for line in person.drugs if not line["long_acting"]), depot
        )
        old_form = visit["form_version"] == FormVersion.V2017
        for line in person.drugs:
            row = {**line, "area": visit["area"]}
            if old_form and not row["long_acting"]:
                row.update(
                    dose_ug=row["evening_ug"] or row["morning_ug"],
                    times_per_day=2 if row["evening_ug"] else 1,
                    morning_ug=None,
                    noon_ug=None,
                    evening_ug=None,
                )
            course.drugs.append((number, row))

    # --- injections, sessions, check-ups ----------------------------------------------------------

    def _doses(
        self,
        rng: Random,
        town: Township,
        person: _Person,
        course: Course,
        end: int,
        absences: Sequence[tuple[int, int, int]],
        doctor: int,
        injected: int | None,
    ) -> None:
        chance, depot = rng.random, person.depot
        if depot is None:
            return
        floor = max(self._history, course.case["registered_on"])
        day = floor - 400 + int(chance() * (self._as_of - floor + 340))
        stop = self._as_of + 1 if chance() < 0.78 else day + 60 + int(chance() * 500)
        if injected is not None and end == self._as_of:
            # Counted back from the last dose, so that the windows stand where a demonstration needs them.
            months, stop = int(1 + chance() * 9), end - injected
            day = stop - START - depot.days * months
        else:
            injected = None
        ordinal = 1
        while day <= min(end, stop):
            gap = depot.days
            milligrams = person.depot_mg
            if depot.product == "PP1M" and ordinal == 1:
                milligrams, gap = 150, 7
            elif depot.product == "PP1M" and ordinal == 2:
                milligrams = 100
            if day >= floor and not _absent(absences, day):
                course.doses.append(
                    {
                        "area": town.code,
                        "product": depot.product,
                        "on": day,
                        "dose_ug": _ug(milligrams),
                        "ordinal": ordinal,
                        "site": depot.muscle if ordinal > 2 or depot.product != "PP1M" else DELTOID,
                        "batch": f"SL{int(chance() * 900_000) + 100_000}",
                        "given_at": town.unit_name,
                        "recorded_at": _instant(day, chance()),
                        "recorded_by": doctor,
                        "interval_days": depot.days if depot.product == "FLUD" else None,
                        "place": int(Place.TOWNSHIP),
                        "stopped_on": None,
                        "stop_reason": None,
                    }
                )
            ordinal += 1
            drawn = chance()
            slip = 0 if drawn < 0.45 else int(chance() * 4) - 1 if drawn < 0.86 else int(chance() * 10)
            if drawn > 0.975:
                slip = gap + int(chance() * 30)  # one left out
            slip = slip if injected is None else 0
            day += max(gap + slip, 5)
        if course.doses:
            if stop < end and injected is None:
                last = course.doses[-1]
                last["stopped_on"] = min(last["on"] + depot.days, end)
                last["stop_reason"] = int(CourseEnd.DOCTOR)
            _place(depot.product, course.doses)

    def _sessions(
        self,
        rng: Random,
        town: Township,
        course: Course,
        begin: int,
        end: int,
        absences: Sequence[tuple[int, int, int]],
        doctor: int,
    ) -> None:
        chance = rng.random
        willing = chance()
        held = (town.index * 3 + 1) % 5  # weekday of the group
        provider = f"{town.name}社区康复站"
        taken: set[int] = set()
        for first, days in self._years():
            if abs(willing - chance() * 0.15) >= town.character.rehab:
                continue
            drawn = chance()
            if drawn < 0.64:
                times = 1 + int(chance() * 3)
            elif drawn < 0.95:
                times = 4 + int(chance() * 6)
            else:
                times = 13 + int(chance() * 12)
            for _ in range(times):
                day = first + int(chance() * days)
                day += (held - (day + 3)) % 7
                if day in taken or not begin <= day <= end or _absent(absences, day):
                    continue
                taken.add(day)
                bits = rng.getrandbits(16)
                course.sessions.append(
                    {
                        "area": town.code,
                        "on": day,
                        "form": FORMS[bits % 9],
                        "place": PLACES[bits >> 4 & 1 or bits >> 5 & 2],
                        "minutes": MINUTES[bits >> 7 & 7] if bits >> 10 & 31 else 20,
                        "attended": bits >> 12 != 0,
                        "provider": provider,
                        "recorded_at": _instant(day, chance()),
                        "recorded_by": doctor,
                    }
                )

    def _years(self) -> Iterator[tuple[int, int]]:
        """(1 January, number of days) of every calendar year of the history."""
        first = date.fromordinal(self._history + EPOCH)
        for year in range(first.year, date.fromordinal(self._as_of + EPOCH).year + 1):
            begin = date(year, 1, 1)
            yield begin.toordinal() - EPOCH, (date(year, 12, 31) - begin + timedelta(1)).days

    def _checkups(
        self,
        rng: Random,
        town: Township,
        course: Course,
        begin: int,
        end: int,
        absences: Sequence[tuple[int, int, int]],
        doctor: int,
    ) -> None:
        chance = rng.random
        weight = 62_000 + int(rng.gauss(0, 11_000))
        for first, _days in self._years():
            # Check-ups are done from spring on, when the teams go round the villages.
            day = first + 75 + int(chance() * 230)
            if chance() >= town.character.checked or not begin <= day <= end or _absent(absences, day):
                continue
            bits = rng.getrandbits(16)
            weight += int(rng.gauss(300, 1_800))
            systolic = 108 + int(chance() * 38) + (14 if bits & 7 == 0 else 0)
            course.checkups.append(
                {
                    "area": town.code,
                    "on": day,
                    "systolic": systolic,
                    "diastolic": systolic - 38 - int(chance() * 16),
                    "weight_g": max(34_000, weight) // 500 * 500,
                    "blood_count": _test(bits),
                    "transaminase": _test(bits >> 3),
                    "glucose": _test(bits >> 6),
                    "ecg": _test(bits >> 9),
                    "note": None,
                    "recorded_at": _instant(min(day + 5, self._as_of), chance()),
                    "recorded_by": doctor,
                }
            )

    # --- states -----------------------------------------------------------------------------------

    def _states(
        self,
        course: Course,
        registered: int,
        agreed_on: int,
        end: int,
        left: int | None,
        lifecycle: Lifecycle,
        absences: Sequence[tuple[int, int, int]],
        refuses: bool,
        elsewhere: int | None,
        rng: Random,
    ) -> None:
        chance = rng.random()

        def put(
            track: Track, value: int | None, since: int, until: int | None, reason: str | None = None
        ) -> None:
            course.states.append(
                {
                    "track": int(track),
                    "value": value,
                    "since": since,
                    "until": until,
                    "reason": reason,
                    "recorded_at": _instant(since, chance),
                }
            )

        put(Track.LIFECYCLE, int(Lifecycle.ON_REGISTER), registered, left)
        if left is not None:
            put(Track.LIFECYCLE, int(lifecycle), left, None, LEAVING.get(lifecycle))
        case = course.case
        if refuses:
            put(Track.MANAGEMENT, REFUSED, registered, left)
            case["management"], case["management_on"] = REFUSED, registered
        else:
            since = registered
            if agreed_on > registered:
                put(Track.MANAGEMENT, REFUSED, registered, agreed_on)
                since = agreed_on
            state = MANAGED
            for first, last, kind in sorted(absences):
                first = max(first, since)
                if last <= first:
                    continue
                if first > since:
                    put(Track.MANAGEMENT, MANAGED, since, first)
                put(Track.MANAGEMENT, kind, first, last if last < end else left)
                since, state = last, MANAGED if last < end else kind
                case["management_on"] = first
            if state == MANAGED:
                put(Track.MANAGEMENT, MANAGED, since, left)
                case["management_on"] = since
            case["management"] = state
        if elsewhere is not None and end - registered > 60:
            moved = registered + 30 + int(chance * (end - registered - 40))
            put(Track.UNIT, elsewhere, registered, moved, "迁居")
            put(Track.UNIT, None, moved, left)
        else:
            put(Track.UNIT, None, registered, left)
        put(Track.DIAGNOSIS, case["diagnosis"], registered, left)


LEAVING = {
    Lifecycle.DEAD: "家属告知",
    Lifecycle.MOVED_OUT: "全家迁往外地，已通知迁入地",
    Lifecycle.EXCLUDED: "上级医院复核，排除诊断",
}
VISIT_COLUMNS = (
    "area",
    "on",
    "form_version",
    "mode",
    "informants",
    "loss_reason",
    "died_on",
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
    "acts",
    "disturbance_count",
    "offence_count",
    "crime_count",
    "other_harm_count",
    "self_harm_count",
    "suicide_attempt_count",
    "confinement",
    "hospital",
    "discharged_on",
    "discharged_precision",
    "laboratory",
    "adherence",
    "adverse_reaction",
    "outcome",
    "referral_advised",
    "referred",
    "rehab_measures",
    "stability",
    "next_on",
    "watch",
    "entered_on",
    "recorded_at",
    "recorded_by",
    "version",
)
EMPTY_TEXT: Row = dict.fromkeys(
    (
        "area",
        "symptoms_other",
        "laboratory",
        "adverse_reaction",
        "referral_reason",
        "referral_to",
        "referral_contact",
        "measures_other",
        "doctor",
        "note",
    )
)


def _absent(absences: Sequence[tuple[int, int, int]], day: int) -> bool:
    return any(first <= day <= last for first, last, _ in absences)


def _test(bits: int) -> int:
    """Mostly normal; one in eight abnormal, one in eight not done when the bits say so."""
    found = bits & 7
    return int(
        TestResult.ABNORMAL if found == 7 else TestResult.NOT_DONE if found == 6 else TestResult.NORMAL
    )
