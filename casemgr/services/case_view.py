"""档案视图: the rows of one case turned into what its page shows; words, days and numbers, nothing sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, TypeVar

from casemgr.rules.policy import Policy
from casemgr.terms.checkup import TestResult
from casemgr.terms.code import Term, from_mask
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.counselling import Counselled, CounselWay
from casemgr.terms.followup import (
    Confinement,
    DeathCause,
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
    YesNo,
)
from casemgr.terms.incident import DangerousAct
from casemgr.terms.injection import Site, products
from casemgr.terms.medication import Adherence
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
from casemgr.terms.register import (
    Diagnosis,
    DisabilityGrade,
    Ground,
    Lifecycle,
    Management,
    PastTreatment,
    Track,
)
from casemgr.terms.rehab import RehabForm, RehabPlace
from casemgr.terms.risk import RiskLevel, Stability

Kind = TypeVar("Kind", bound=Term)
Words = tuple[tuple[str, str], ...]

#: Months that the page of a person shows in detail, the present one included.
MONTHS_SHOWN = 24


@cache
def _codes(kind: type[Term]) -> dict[int, Any]:
    return {int(one): one for one in kind}


def _by_code(kind: type[Kind]) -> dict[int, Kind]:
    return _codes(kind)


def term(kind: type[Kind], code: int | None) -> Kind | None:
    """The term of a code from the database; nothing stays nothing and never becomes a default."""
    return None if code is None else _by_code(kind)[code]


def known(kind: type[Kind], code: int) -> Kind:
    """The term of a code that every row has."""
    return _by_code(kind)[code]


def word(kind: type[Kind], code: int | None) -> str:
    """The label of a code, empty when there is none."""
    return "" if code is None else _by_code(kind)[code].label


def words(kind: type[Kind], mask: int | None) -> str:
    """The labels of a set of codes, empty when nothing is set."""
    return "、".join(one.label for one in from_mask(kind, mask))


def flag(value: bool | None) -> str:
    """是, 否, or nothing."""
    return "" if value is None else "是" if value else "否"


def partial(day: date | None, precision: int | None) -> str:
    """A day as exactly as it is known: 2019年, 2019年5月 or 2019-05-12."""
    if day is None:
        return ""
    if precision == 1:
        return f"{day.year}年"
    return f"{day.year}年{day.month}月" if precision == 2 else day.isoformat()


def first_day_shown(today: date) -> date:
    """First day of the months that the page of a person shows: the present one and the 23 before."""
    months = today.year * 12 + today.month - MONTHS_SHOWN
    return date(months // 12, months % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class DrugView:
    """One medicine of a visit; doses in micrograms, ``guidance``: advised, not taken so far."""

    name: str
    guidance: bool
    long_acting: bool
    morning_ug: int | None
    noon_ug: int | None
    evening_ug: int | None
    dose_ug: int | None
    every_weeks: int | None


@dataclass(frozen=True, slots=True)
class VisitView:
    """One visit. ``complete``: it reached the person and assessed risk or symptoms.

    ``gap_days`` is the distance to the complete visit before it, ``gap_limit`` what the class found there
    allows. ``facts`` are the other filled fields of the form as (label, words).
    """

    id: int
    on: date
    mode: VisitMode | None
    informants: str
    loss: LossReason | None
    complete: bool
    risk: RiskLevel | None
    stability: Stability | None
    adherence: Adherence | None
    hospital: HospitalState | None
    facts: Words
    next_on: date | None
    gap_days: int | None
    gap_limit: int | None

    @property
    def late(self) -> bool:
        """Whether the distance to the visit before was longer than its class allows."""
        return self.gap_days is not None and self.gap_limit is not None and self.gap_days > self.gap_limit


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch without a complete visit that was longer than allowed; ``open``: it lasts until today."""

    first: date
    last: date
    days: int
    limit: int
    open: bool


@dataclass(frozen=True, slots=True)
class Stay:
    """A stay in hospital as far as visits tell; an empty end is one nobody wrote down."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class DoseView:
    """One long-acting injection; dose in micrograms."""

    id: int
    on: date
    product: str
    dose_ug: int | None
    ordinal: int | None
    site: Site | None
    batch: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """One session of community rehabilitation."""

    id: int
    on: date
    form: RehabForm
    place: RehabPlace | None
    minutes: int | None
    attended: bool | None


@dataclass(frozen=True, slots=True)
class TalkView:
    """One talk of support (心理疏导) with the person, the family, or both."""

    id: int
    on: date
    subject: Counselled
    way: CounselWay
    minutes: int | None


@dataclass(frozen=True, slots=True)
class CheckupView:
    """One yearly check-up; pressure in mmHg, weight in grams."""

    id: int
    on: date
    systolic: int | None
    diastolic: int | None
    weight_g: int | None
    blood_count: TestResult | None
    transaminase: TestResult | None
    glucose: TestResult | None
    ecg: TestResult | None


@dataclass(frozen=True, slots=True)
class StateView:
    """One value of one track of the file's history, from ``since`` until ``until`` (open when empty)."""

    track: Track
    value: str
    since: date
    until: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ConsentView:
    """One answer about 知情同意."""

    answer: ConsentAnswer
    on: date | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the page of a person shows without opening who it is.

    ``seen`` is the latest visit that reached the person, ``unreached`` a later attempt that did not.
    ``facts`` and ``supplement`` are (label, words); empty words were not written down. Visits, doses and
    sessions run from ``since`` to ``until``, latest first; ``older_count`` visits lie before. ``official``
    are the keys of the figures that count officially, by the edition ``edition``.
    """

    case_id: int
    person_id: int
    file_no: str
    area: int
    township: str
    village: str
    unit: str
    sex: Sex | None
    age: int | None
    diagnosis: Diagnosis
    icd10: str
    registered_on: date
    lifecycle: Lifecycle
    lifecycle_on: date | None
    management: Management | None
    management_on: date | None
    consent: ConsentAnswer | None
    consent_on: date | None
    article30: bool
    facts: Words
    supplement: Words
    seen: VisitView | None
    unreached: VisitView | None
    since: date
    until: date
    visits: tuple[VisitView, ...]
    older_count: int
    older_first: date | None
    gaps: tuple[Gap, ...]
    stays: tuple[Stay, ...]
    drugs: tuple[DrugView, ...]
    doses: tuple[DoseView, ...]
    sessions: tuple[SessionView, ...]
    talks: tuple[TalkView, ...]
    checkups: tuple[CheckupView, ...]
    states: tuple[StateView, ...]
    consents: tuple[ConsentView, ...]
    official: tuple[str, ...]
    edition: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """The database rows behind one page; ``drugs`` are (row, opened name), ``older`` (count, first day)."""

    case: Any
    person: Any
    supplement: Any
    unit: str
    township: str
    village: str
    visits: Sequence[Any]
    older: Any
    drugs: Sequence[tuple[Any, str]]
    doses: Sequence[Any]
    sessions: Sequence[Any]
    talks: Sequence[Any]
    checkups: Sequence[Any]
    states: Sequence[Any]
    units: Mapping[int, str]
    consents: Sequence[Any]


def view(rows: Rows, today: date, policy: Policy, official: tuple[str, ...], edition: str = "") -> CaseView:
    """The page of one person on ``today``; distances between visits are held against ``policy``."""
    case, first = rows.case, first_day_shown(today)
    limits = {
        Stability.STABLE: policy.gap_stable.value,
        Stability.BASIC: policy.gap_basic.value,
        Stability.UNSTABLE: policy.gap_unstable.value,
        None: policy.gap_unclassified.value,
    }
    visits = _visits(rows.visits, limits)
    lifecycle = known(Lifecycle, case.lifecycle)
    end = case.lifecycle_on if lifecycle is not Lifecycle.ON_REGISTER and case.lifecycle_on else today
    latest = visits[0] if visits else None
    return CaseView(
        case_id=case.id,
        person_id=case.person_id,
        file_no=case.file_no,
        area=case.area,
        township=rows.township,
        village=rows.village,
        unit=rows.unit,
        sex=term(Sex, case.sex),
        age=None if case.birth_year is None else today.year - case.birth_year,
        diagnosis=known(Diagnosis, case.diagnosis),
        icd10=case.icd10 or "",
        registered_on=case.registered_on,
        lifecycle=lifecycle,
        lifecycle_on=case.lifecycle_on,
        management=term(Management, case.management),
        management_on=case.management_on,
        consent=term(ConsentAnswer, case.consent),
        consent_on=case.consent_on,
        article30=case.article30,
        facts=_facts(case, rows.person),
        supplement=_supplement(rows.supplement) if rows.supplement is not None else (),
        seen=next((one for one in visits if one.loss is None), None),
        unreached=latest if latest is not None and latest.loss is not None else None,
        since=first,
        until=today,
        visits=visits,
        older_count=rows.older[0],
        older_first=rows.older[1],
        gaps=_gaps(
            visits, max(first, case.registered_on), end, limits, policy.gap_first.value, bool(rows.older[0])
        ),
        stays=_stays(rows.visits),
        drugs=tuple(_drug(row, name) for row, name in rows.drugs),
        doses=tuple(_dose(one) for one in rows.doses),
        sessions=tuple(_session(one) for one in rows.sessions),
        talks=tuple(
            TalkView(one.id, one.on, known(Counselled, one.subject), known(CounselWay, one.way), one.minutes)
            for one in rows.talks
        ),
        checkups=tuple(_checkup(one) for one in rows.checkups),
        states=tuple(_state(one, rows.units) for one in rows.states),
        consents=tuple(
            ConsentView(known(ConsentAnswer, one.answer), one.on, one.recorded_at) for one in rows.consents
        ),
        official=official,
        edition=edition,
    )


# --- visits ---------------------------------------------------------------------------------------


def _complete(row: Any) -> bool:
    return row.loss_reason is None and (row.risk is not None or bool(row.symptoms))


def _visits(rows: Sequence[Any], limits: Mapping[Stability | None, int]) -> tuple[VisitView, ...]:
    shown: list[VisitView] = []
    before: VisitView | None = None
    for row in reversed(rows):
        gap = (row.on - before.on).days if before is not None and row.loss_reason is None else None
        one = VisitView(
            id=row.id,
            on=row.on,
            mode=term(VisitMode, row.mode),
            informants=words(Informant, row.informants),
            loss=term(LossReason, row.loss_reason),
            complete=_complete(row),
            risk=term(RiskLevel, row.risk),
            stability=term(Stability, row.stability),
            adherence=term(Adherence, row.adherence),
            hospital=term(HospitalState, row.hospital),
            facts=tuple((label, text) for label, text in _visit_facts(row) if text),
            next_on=row.next_on,
            gap_days=gap,
            gap_limit=None if gap is None or before is None else limits[before.stability],
        )
        shown.append(one)
        before = one if one.complete else before
    return tuple(reversed(shown))


#: Counters of acts since the visit before, in the order of the form.
ACTS = (
    ("disturbance_count", DangerousAct.DISTURBANCE),
    ("offence_count", DangerousAct.OFFENCE),
    ("crime_count", DangerousAct.CRIME),
    ("other_harm_count", DangerousAct.OTHER_HARM),
    ("self_harm_count", DangerousAct.SELF_HARM),
    ("suicide_attempt_count", DangerousAct.SUICIDE_ATTEMPT),
)
FUNCTIONS = (
    ("self_care", "个人生活料理"),
    ("housework", "家务劳动"),
    ("work", "生产劳动及工作"),
    ("study", "学习能力"),
    ("contact", "社会人际交往"),
)


def _visit_facts(row: Any) -> Words:
    counts = [(kind, getattr(row, name)) for name, kind in ACTS]
    told = [f"{kind.label} {count} 次" for kind, count in counts if count]
    acts = "、".join(told) or (
        "无" if any(count == 0 for _, count in counts) else words(DangerousAct, row.acts)
    )
    social = "、".join(
        f"{label}{word(Grade, getattr(row, name))}" for name, label in FUNCTIONS if getattr(row, name)
    )
    return (
        ("随访对象", words(Informant, row.informants)),
        ("目前症状", words(Symptom, row.symptoms)),
        ("自知力", word(Insight, row.insight)),
        ("睡眠", word(Grade, row.sleep)),
        ("饮食", word(Grade, row.diet)),
        ("社会功能", social),
        ("危险行为", acts),
        ("关锁情况", word(Confinement, row.confinement)),
        ("末次出院", partial(row.discharged_on, row.discharged_precision)),
        ("实验室检查", word(Present, row.laboratory)),
        ("不良反应", word(Present, row.adverse_reaction)),
        ("治疗效果", word(Outcome, row.outcome)),
        ("建议转诊", word(YesNo, row.referral_advised)),
        ("已转诊", word(YesNo, row.referred)),
        ("康复措施", words(RehabMeasure, row.rehab_measures)),
        ("死亡日期", "" if row.died_on is None else row.died_on.isoformat()),
        ("死亡原因", word(DeathCause, row.death_cause)),
    )


def _gaps(
    visits: Sequence[VisitView],
    start: date,
    end: date,
    limits: Mapping[Stability | None, int],
    first_limit: int,
    seen_before: bool,
) -> tuple[Gap, ...]:
    """Stretches longer than allowed (GW2017-7.10 … 7.12), oldest first.

    Before the first visit shown there is a limit only for somebody who was never seen earlier: what came
    before the months shown is not known here.
    """
    found: list[Gap] = []
    since, limit = start, None if seen_before else first_limit
    for one in reversed(visits):
        if not one.complete:
            continue
        days = (one.on - since).days
        if limit is not None and days > limit:
            found.append(Gap(since, one.on, days, limit, open=False))
        since, limit = one.on, limits[one.stability]
    days = (end - since).days
    if limit is not None and days > limit:
        found.append(Gap(since, end, days, limit, open=True))
    return tuple(found)


def _stays(rows: Sequence[Any]) -> tuple[Stay, ...]:
    """Stays in hospital, oldest first, as far as 住院情况 and 末次出院时间 of the visits tell."""
    found: list[Stay] = []
    first: date | None = None
    inside = False
    for row in reversed(rows):
        if row.hospital is None:
            continue
        if row.hospital == HospitalState.NOW:
            first, inside = (first if inside else row.on), True
            continue
        discharged = row.discharged_on if row.hospital == HospitalState.EARLIER else None
        if inside:
            found.append(Stay(first, discharged if discharged and first and discharged >= first else row.on))
        elif discharged is not None and (not found or found[-1].last is None or discharged > found[-1].last):
            found.append(Stay(None, discharged))
        first, inside = None, False
    if inside:
        found.append(Stay(first, None))
    return tuple(found)


# --- the other cards ------------------------------------------------------------------------------


def _facts(case: Any, person: Any) -> Words:
    return (
        ("证件类型", word(DocumentKind, person.document_kind)),
        ("民族", word(Ethnicity, person.ethnicity)),
        ("户别", word(Household, person.household)),
        ("文化程度", word(Education, person.education)),
        ("婚姻状况", word(Marriage, person.marriage)),
        ("就业情况", word(Employment, person.employment)),
        ("入册依据", word(Ground, case.ground)),
        ("第三十条第二款第二项", "是" if case.article30 else "否"),
    )


def _supplement(row: Any) -> Words:
    return (
        ("初次发病时间", partial(row.onset_on, row.onset_precision)),
        ("确诊日期", partial(row.diagnosed_on, row.diagnosed_precision)),
        ("首次抗精神病药治疗", partial(row.treated_on, row.treated_precision)),
        ("既往门诊治疗", word(PastTreatment, row.past_treatment)),
        ("既往住院次数", "" if row.admissions_count is None else f"{row.admissions_count} 次"),
        ("既往主要症状", words(Symptom, row.past_symptoms)),
        ("既往关锁情况", word(Confinement, row.past_confinement)),
        ("既往危险行为", words(DangerousAct, row.past_acts)),
        ("经济状况", word(Economy, row.economy)),
        ("监护补助", flag(row.subsidised)),
        ("精神残疾等级", word(DisabilityGrade, row.disability_grade)),
        ("关爱帮扶小组", flag(row.care_team)),
        ("家庭医生签约", flag(row.family_doctor)),
    )


def _drug(row: Any, name: str) -> DrugView:
    return DrugView(
        name,
        row.guidance,
        row.long_acting,
        row.morning_ug,
        row.noon_ug,
        row.evening_ug,
        row.dose_ug,
        row.every_weeks,
    )


def _dose(row: Any) -> DoseView:
    product = products().get(row.product)
    return DoseView(
        row.id,
        row.on,
        product.name if product else row.product,
        row.dose_ug,
        row.ordinal,
        term(Site, row.site),
        row.batch or "",
    )


def _session(row: Any) -> SessionView:
    return SessionView(
        row.id, row.on, known(RehabForm, row.form), term(RehabPlace, row.place), row.minutes, row.attended
    )


def _checkup(row: Any) -> CheckupView:
    return CheckupView(
        row.id,
        row.on,
        row.systolic,
        row.diastolic,
        row.weight_g,
        term(TestResult, row.blood_count),
        term(TestResult, row.transaminase),
        term(TestResult, row.glucose),
        term(TestResult, row.ecg),
    )


_KIND_OF_TRACK: Mapping[Track, type[Term]] = {
    Track.LIFECYCLE: Lifecycle,
    Track.MANAGEMENT: Management,
    Track.DIAGNOSIS: Diagnosis,
}


def _state(row: Any, units: Mapping[int, str]) -> StateView:
    track = known(Track, row.track)
    kind = _KIND_OF_TRACK.get(track)
    value = kind.read(row.value).label if kind else units.get(row.value, "（已撤销的机构）")
    return StateView(track, value, row.since, row.until, row.recorded_at)
