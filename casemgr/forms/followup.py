"""随访: the sheet of visits (form 表8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from casemgr.forms.cell import (
    Amount,
    Code,
    Codes,
    FullDay,
    Level,
    Mark,
    Partial,
    PartialDay,
    Text,
    Whole,
    Word,
    days,
)
from casemgr.forms.known import CaseFacts, Latest
from casemgr.forms.spec import Column, Fault, Sheet, shown
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
    YesNo,
)
from casemgr.terms.incident import DangerousAct
from casemgr.terms.medication import Adherence
from casemgr.terms.risk import RiskLevel, Stability


class VisitRow(NamedTuple):
    """One visit as the workbook has it; dates in days since 1970, doses in micrograms."""

    file_no: str
    on: int
    mode: int | None
    informants: int | None
    loss_reason: int | None
    died_on: int | None
    death_cause: int | None
    risk: int | None
    symptoms: int | None
    insight: int | None
    sleep: int | None
    diet: int | None
    self_care: int | None
    housework: int | None
    work: int | None
    study: int | None
    contact: int | None
    disturbance_count: int | None
    offence_count: int | None
    crime_count: int | None
    other_harm_count: int | None
    self_harm_count: int | None
    suicide_attempt_count: int | None
    confinement: int | None
    hospital: int | None
    discharged: Partial | None
    laboratory: int | None
    adherence: int | None
    adverse_reaction: int | None
    outcome: int | None
    referral_advised: int | None
    referral_reason: str | None
    referred: int | None
    referral_to: str | None
    drug1_name: str | None
    drug1_morning_ug: int | None
    drug1_noon_ug: int | None
    drug1_evening_ug: int | None
    depot_name: str | None
    depot_weeks: int | None
    depot_dose_ug: int | None
    rehab_measures: int | None
    stability: int | None
    next_on: int | None
    doctor: str | None
    entered_on: int | None
    drug1_times_per_day: int | None
    drug1_times_per_month: int | None
    drug1_dose_ug: int | None
    drug2_name: str | None
    drug2_morning_ug: int | None
    drug2_noon_ug: int | None
    drug2_evening_ug: int | None
    drug2_times_per_day: int | None
    drug2_times_per_month: int | None
    drug2_dose_ug: int | None
    drug3_name: str | None
    drug3_morning_ug: int | None
    drug3_noon_ug: int | None
    drug3_evening_ug: int | None
    drug3_times_per_day: int | None
    drug3_times_per_month: int | None
    drug3_dose_ug: int | None
    death_disease: int | None
    symptoms_other: str | None
    laboratory_text: str | None
    reaction_text: str | None
    referral_contact: str | None
    measures_other: str | None
    note: str | None
    form_version: int | None


class VisitAround(NamedTuple):
    """What the checks of a visit need besides the row; ``before`` is the class of the visit before."""

    case: CaseFacts
    latest: Latest
    before: int | None = None


NA = frozenset({int(Grade.NOT_APPLICABLE)})
_grade = Code(Grade, without=NA)

SHEET: Sheet[VisitRow, VisitAround] = Sheet(
    "随访",
    "visit",
    (
        Column("file_no", "档案编号", Mark(), required=True),
        Column("on", "随访日期", FullDay(), required=True, past=True),
        Column("mode", "随访形式", Code(VisitMode), spellings=("本次随访形式",)),
        Column("informants", "随访对象", Codes(Informant), spellings=("本次随访对象",)),
        Column("loss_reason", "失访原因", Code(LossReason)),
        Column("died_on", "死亡日期", FullDay()),
        Column("death_cause", "死亡原因", Code(DeathCause)),
        Column("risk", "危险性评估", Level(RiskLevel)),
        Column("symptoms", "目前症状", Codes(Symptom)),
        Column("insight", "自知力", Code(Insight)),
        Column("sleep", "睡眠情况", _grade),
        Column("diet", "饮食情况", _grade),
        Column("self_care", "个人生活料理", _grade),
        Column("housework", "家务劳动", _grade),
        Column("work", "生产劳动及工作", Code(Grade)),
        Column("study", "学习能力", _grade),
        Column("contact", "社会人际交往", _grade),
        Column("disturbance_count", "轻度滋事次数", Whole()),
        Column("offence_count", "肇事次数", Whole()),
        Column("crime_count", "肇祸次数", Whole()),
        Column("other_harm_count", "其他危害行为次数", Whole()),
        Column("self_harm_count", "自伤次数", Whole()),
        Column("suicide_attempt_count", "自杀未遂次数", Whole()),
        Column("confinement", "关锁情况", Code(Confinement)),
        Column("hospital", "住院情况", Code(HospitalState)),
        Column("discharged", "末次出院时间", PartialDay()),
        Column("laboratory", "实验室检查", Code(Present, without=NA)),
        Column("adherence", "用药依从性", Code(Adherence)),
        Column("adverse_reaction", "药物不良反应", Code(Present)),
        Column("outcome", "治疗效果", Code(Outcome)),
        Column("referral_advised", "是否建议转诊", Code(YesNo)),
        Column("referral_reason", "转诊原因", Word()),
        Column("referred", "是否已转诊", Code(YesNo)),
        Column("referral_to", "转诊机构及科室", Word()),
        Column("drug1_name", "药物1名称", Word()),
        Column("drug1_morning_ug", "药物1早mg", Amount("mg")),
        Column("drug1_noon_ug", "药物1中mg", Amount("mg")),
        Column("drug1_evening_ug", "药物1晚mg", Amount("mg")),
        Column("depot_name", "长效药名称", Word()),
        Column("depot_weeks", "长效药间隔周", Whole(1)),
        Column("depot_dose_ug", "长效药每次mg", Amount("mg", zero=False)),
        Column("rehab_measures", "康复措施", Codes(RehabMeasure)),
        Column("stability", "本次随访分类", Code(Stability)),
        Column("next_on", "下次随访日期", FullDay()),
        Column("doctor", "随访医生", Word()),
        Column("entered_on", "录入日期", FullDay()),
        Column("drug1_times_per_day", "药物1每日次数", Whole(), extra=True),
        Column("drug1_times_per_month", "药物1每月次数", Whole(), extra=True),
        Column("drug1_dose_ug", "药物1每次mg", Amount("mg", zero=False), extra=True),
        Column("drug2_name", "药物2名称", Word(), extra=True),
        Column("drug2_morning_ug", "药物2早mg", Amount("mg"), extra=True),
        Column("drug2_noon_ug", "药物2中mg", Amount("mg"), extra=True),
        Column("drug2_evening_ug", "药物2晚mg", Amount("mg"), extra=True),
        Column("drug2_times_per_day", "药物2每日次数", Whole(), extra=True),
        Column("drug2_times_per_month", "药物2每月次数", Whole(), extra=True),
        Column("drug2_dose_ug", "药物2每次mg", Amount("mg", zero=False), extra=True),
        Column("drug3_name", "药物3名称", Word(), extra=True),
        Column("drug3_morning_ug", "药物3早mg", Amount("mg"), extra=True),
        Column("drug3_noon_ug", "药物3中mg", Amount("mg"), extra=True),
        Column("drug3_evening_ug", "药物3晚mg", Amount("mg"), extra=True),
        Column("drug3_times_per_day", "药物3每日次数", Whole(), extra=True),
        Column("drug3_times_per_month", "药物3每月次数", Whole(), extra=True),
        Column("drug3_dose_ug", "药物3每次mg", Amount("mg", zero=False), extra=True),
        Column("death_disease", "躯体疾病", Code(BodilyDisease), extra=True),
        Column("symptoms_other", "目前症状其他", Text(), extra=True),
        Column("laboratory_text", "实验室检查内容", Text(), extra=True),
        Column("reaction_text", "药物不良反应内容", Text(), extra=True),
        Column("referral_contact", "转诊联系人及电话", Text(), extra=True),
        Column("measures_other", "康复措施其他", Text(), extra=True),
        Column("note", "备注", Text(), extra=True),
        Column("form_version", "表单版本", Code(FormVersion), extra=True),
    ),
    VisitRow,
)
check = SHEET.check

HIGH, SELF_HARM_LEVEL, CRIME_LEVEL = RiskLevel.LEVEL_3, RiskLevel.LEVEL_4, RiskLevel.LEVEL_3
MANY_ACTS = 20
JUMP = 3
#: Symptoms that may stay on in a stable person (REC-7.20, row 6: only residual).
RESIDUAL = 1 << Symptom.WITHDRAWN
TAKING = frozenset({int(Adherence.REGULAR), int(Adherence.IRREGULAR)})


def faults(row: VisitRow, case: CaseFacts) -> Iterator[Fault]:
    """What cannot be true of a visit of this case (contract: order, after-death)."""
    if row.discharged is not None and row.discharged.first > row.on:
        yield Fault("order", "末次出院时间", ("末次出院时间晚于随访日期（FU-C6）",))
    yield from before_birth(row.on, "随访日期", case)
    # The visit that found the death is dated after it; every other one is impossible.
    if row.died_on is None:
        yield from after_death(row.on, "随访日期", case)


def before_birth(on: int, header: str, case: CaseFacts) -> Iterator[Fault]:
    """A visit before the patient was born; for a case of the register only the year is known."""
    birth = case.birth
    if birth is None and case.birth_year is not None:
        birth = days(date(case.birth_year, 1, 1))
    if birth is not None and on < birth:
        yield Fault("order", header, (f"{header}早于患者出生日期",))


def after_death(on: int, header: str, case: CaseFacts) -> Iterator[Fault]:
    """A service after the day of death."""
    if case.died_on is not None and on > case.died_on:
        yield Fault("after-death", header, (shown(case.died_on),))


def _acts(row: VisitRow) -> tuple[int | None, ...]:
    return row[17:23]


def acts_mask(row: VisitRow) -> int | None:
    """危险行为 as a set: the kinds counted above 0; 无 when all six counts are given and 0."""
    counts = _acts(row)
    mask = sum(1 << kind for kind, count in enumerate(counts, 1) if count)
    return mask or (1 << DangerousAct.NONE if None not in counts else None)


def _is_seen(row: VisitRow) -> bool:
    """Whether the visit came about (FU-C2: with a loss reason the clinical items are not asked)."""
    return row.loss_reason is None and row.died_on is None


def _poor(row: VisitRow) -> bool:
    return Grade.POOR in (row.self_care, row.housework, row.work, row.study, row.contact)


# --- cross-checks of the form (domain/forms: FU-C…) ---


@check(
    "FU-C3",
    "死亡日期",
    "{0}。死亡信息不全就无法结案，也无法计入死亡。请补填另一项，或在核实前将两项都清空。",
)
def _death_is_complete(row: VisitRow, around: VisitAround) -> tuple[object, ...] | None:
    if (row.died_on is None) != (row.death_cause is None):
        return ("死亡日期和死亡原因只填了一项",)
    if row.died_on is None:
        return None
    if row.died_on > row.on:
        return ("死亡日期晚于随访日期",)
    if around.case.died_on is None:
        return ("随访记录了死亡，而患者的在册状态不是“死亡”",)
    return ("死亡日期与患者的状态日期不一致",) if around.case.died_on != row.died_on else None


@check(
    "FU-C4",
    "用药依从性",
    "{0}。服药率和用药安全都以此判断。请改正用药依从性，或补正药物明细。",
)
def _drugs_fit_adherence(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    named = row.drug1_name or row.drug2_name or row.drug3_name or row.depot_name
    if row.adherence == Adherence.NOT_NEEDED and named:
        return ("填了“医嘱勿需用药”，却列有药物",)
    if row.adherence in TAKING and not named:
        return (f"填了“{Adherence.read(row.adherence).label}”，却没有任何药物",)
    return None


@check(
    "FU-C6",
    "末次出院时间",
    "{0}。出院后两周内应随访，需要这个日期。请补填末次出院时间，或改正住院情况。",
)
def _discharge_is_dated(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.hospital == HospitalState.EARLIER and row.discharged is None:
        return ("曾住院而没有末次出院时间",)
    never = row.hospital == HospitalState.NEVER and row.discharged is not None
    return ("填了“未住院”，却有末次出院时间（vc23）",) if never else None


@check(
    "FU-C7",
    "本次随访分类",
    "危险性评估为 {0} 级，而分类为“{1}”。3 级及以上应归入不稳定，分类偏好会推迟下次随访。请改分类，"
    "或写明理由后保留。",
    rule="GW2017-7.10",
)
def _high_risk_is_unstable(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.risk is None or row.risk < HIGH or row.stability in (None, Stability.UNSTABLE):
        return None
    return (row.risk, Stability.read(row.stability).label)


@check(
    "FU-C8",
    "危险性评估",
    "记有{0}，危险性评估却只有 {1} 级。评估偏低会漏掉应急和转诊。请重新评估等级，或改正行为次数。",
)
def _level_fits_acts(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.risk is None:
        return None
    hurt_himself = (row.self_harm_count or 0) + (row.suicide_attempt_count or 0) > 0
    if hurt_himself and row.risk < SELF_HARM_LEVEL:
        return ("自伤或自杀未遂", row.risk)
    return ("肇祸", row.risk) if (row.crime_count or 0) > 0 and row.risk < CRIME_LEVEL else None


@check(
    "FU-C9",
    "是否建议转诊",
    "病情不稳定，既未住院也未建议转诊。不稳定者应立即转诊。请补记转诊，或写明未转诊的理由。",
    rule="GW2017-7.10",
)
def _unstable_is_referred(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.stability != Stability.UNSTABLE or row.hospital == HospitalState.NOW:
        return None
    return () if row.referral_advised != YesNo.YES and row.referred != YesNo.YES else None


@check(
    "FU-C10",
    "随访对象",
    "电话随访且没有与患者本人通话，不计入面访。连续两次如此应安排面访。请补记患者本人，或安排一次门诊或家访。",
)
def _phone_heard_the_patient(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.mode != VisitMode.PHONE or row.informants is None or row.loss_reason is not None:
        return None
    return None if row.informants >> Informant.SELF & 1 else ()


@check(
    "FU-C11",
    "下次随访日期",
    "下次随访日期晚于该分类的期限（应不晚于 {0}）。间隔过长会使该患者不计入规范管理。请改日期，"
    "或写明理由后保留。",
    rule="GW2017-7.10",
)
def _next_within_limit(row: VisitRow, around: VisitAround) -> tuple[object, ...] | None:
    if row.next_on is None or row.stability is None:
        return None
    last = around.latest(row.stability, row.on, around.before, row.hospital == HospitalState.NOW)
    return (shown(last),) if row.next_on > last else None


# --- time of visits (features 5.3) ---


@check(
    "tm02",
    "随访日期",
    "随访早于建档日期（{0}），不计入统计。请改正其中一个日期；如为建档前的补充随访，请保留。",
)
def _after_registration(row: VisitRow, around: VisitAround) -> tuple[object, ...] | None:
    return (shown(around.case.registered_on),) if row.on < around.case.registered_on else None


@check(
    "tm04",
    "随访日期",
    "{0}。状态与记录矛盾，会使在册和在管人数不一致。请更正患者状态，或核对这次随访属于哪位患者。",
)
def _case_was_open(row: VisitRow, around: VisitAround) -> tuple[object, ...] | None:
    if around.case.left_on is not None and row.on > around.case.left_on:
        return (f"患者已于{shown(around.case.left_on)}迁出或排除，此后仍有随访",)
    return ("患者不同意参加管理，却有随访",) if around.case.refused else None


@check(
    "tm07",
    "下次随访日期",
    "{0}。没有约定的日期就无法提醒，也无法告知家属。请补填或改正下次随访日期，或填写失访原因。",
)
def _next_is_later(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.next_on is None:
        return ("没有下次随访日期",) if _is_seen(row) else None
    return ("下次随访日期不晚于本次随访日期",) if row.next_on <= row.on else None


@check(
    "tm14",
    "失访原因",
    "失访原因为“连续3次未访到”。须有 3 次不同日期的未访到记录，否则不能认定失访。请核对各次记录，"
    "或改填其他原因。",
    rule="GF2018-8.2",
)
def _three_attempts(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if row.loss_reason == LossReason.NOT_MET_3_TIMES else None


# --- content of the visit (features 5.4) ---


@check(
    "vc01",
    "危险性评估",
    "没有危险性评估。没有等级就无法判断分类和随访间隔。请按 0–5 级补填；确实无法评估的，"
    "请写明原因后保留为未评估。",
)
def _risk_is_assessed(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if row.risk is None and _is_seen(row) else None


def _stable(row: VisitRow) -> bool:
    return row.stability == Stability.STABLE


@check(
    "vc03",
    "本次随访分类",
    "危险性评估为 {0} 级，而分类为“稳定”。1–2 级应归入基本稳定。请改分类，或写明理由后保留。",
    rule="GW2017-7.11",
)
def _some_risk_is_not_stable(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return (row.risk,) if _stable(row) and row.risk in (RiskLevel.LEVEL_1, RiskLevel.LEVEL_2) else None


@check(
    "vc04",
    "本次随访分类",
    "填了分类，而它所依据的危险性、症状、自知力、社会功能都没有填。无依据的分类不可信。请补填依据，或清空分类。",
)
def _class_has_ground(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.stability is None:
        return None
    functions = (row.self_care, row.housework, row.work, row.study, row.contact)
    ground = (row.risk, row.symptoms, row.insight, *functions)
    return () if all(value is None for value in ground) else None


@check(
    "vc05",
    "本次随访分类",
    "自知力缺失，而分类为“稳定”。自知力缺失应归入不稳定。请改分类，或重新评估自知力。",
    rule="GW2017-7.10",
)
def _insight_when_stable(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if _stable(row) and row.insight == Insight.ABSENT else None


@check(
    "vc06",
    "本次随访分类",
    "仍有精神症状，而分类为“稳定”。稳定要求症状基本消失。请改分类，或确认只是残留症状后保留。",
    rule="GW2017-7.12",
)
def _symptoms_gone_when_stable(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if _stable(row) and (row.symptoms or 0) & ~RESIDUAL else None


@check(
    "vc07",
    "本次随访分类",
    "社会功能有一项“较差”，而分类为“稳定”。稳定要求社会功能一般或良好。请改分类，或重新评估该项。",
    rule="GW2017-7.12",
)
def _functions_when_stable(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if _stable(row) and _poor(row) else None


@check(
    "vc08",
    "药物不良反应",
    "有药物不良反应，而分类不是“不稳定”。急性或严重的不良反应应归入不稳定。请写明种类和程度，或改分类。",
    rule="GW2017-7.10",
)
def _reaction_weighed(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    better = row.stability in (Stability.BASIC, Stability.STABLE)
    return () if row.adverse_reaction == Present.YES and better else None


@check(
    "vc12",
    "目前症状",
    "{0}选了“其他”而没有文字。看不出是什么，就无法跟进。请在“{1}”列写明，或去掉“其他”。",
)
def _other_is_explained(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if (row.symptoms or 0) >> Symptom.OTHER & 1 and row.symptoms_other is None:
        return ("目前症状", "目前症状其他")
    measure = (row.rehab_measures or 0) >> RehabMeasure.OTHER & 1 and row.measures_other is None
    return ("康复措施", "康复措施其他") if measure else None


@check(
    "vc13",
    "危险性评估",
    "有{0}症状，而危险性评估为 0 级。请确认是否漏评。请重新评估等级，或确认症状不涉及危险后保留。",
)
def _symptoms_without_risk(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.risk != RiskLevel.LEVEL_0 or row.symptoms is None:
        return None
    for symptom in (Symptom.DESTRUCTIVE, Symptom.HALLUCINATION):
        if row.symptoms >> symptom & 1:
            return (f"“{symptom.label}”",)
    return None


@check(
    "vc16",
    "危险性评估",
    "危险性评估为 {0} 级，而各类危险行为次数都为 0。等级应有依据。请补记行为次数，或重新评估等级。",
)
def _high_risk_has_acts(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.risk is None or row.risk < HIGH:
        return None
    counts = _acts(row)
    return (row.risk,) if None not in counts and not any(counts) else None


@check(
    "vc18",
    "轻度滋事次数",
    "两次随访之间同一类危险行为超过 {0} 次。多为录错位数。请核对次数，或确认无误后保留。",
)
def _acts_in_reason(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return (MANY_ACTS,) if any(count is not None and count > MANY_ACTS for count in _acts(row)) else None


@check(
    "vc20",
    "关锁情况",
    "处于关锁，而家务劳动或生产劳动为“良好”。两者难以同时成立。请核对关锁情况，或改正社会功能。",
)
def _locked_does_not_work(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    locked = row.confinement == Confinement.LOCKED
    return () if locked and Grade.GOOD in (row.work, row.housework) else None


@check(
    "vc22",
    "住院情况",
    "目前正在住院，却是家庭访视。住院期间不会在家见到本人。请核对住院情况，或改正随访形式。",
)
def _in_hospital_not_at_home(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if row.hospital == HospitalState.NOW and row.mode == VisitMode.HOME else None


@check(
    "vc29",
    "是否建议转诊",
    "危险性评估为 {0} 级，却未建议转诊。3 级及以上应转诊。请补记转诊，或写明未转诊的理由。",
    rule="GW2017-7.10",
)
def _high_risk_is_referred(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.risk is None or row.risk < HIGH or row.hospital == HospitalState.NOW:
        return None
    return (row.risk,) if row.referral_advised == YesNo.NO and row.referred != YesNo.YES else None


@check(
    "vc36",
    "治疗效果",
    "治疗效果为“{0}”，与{1}不合。疗效是调整方案的依据。请改正治疗效果，或改正另一项。",
)
def _outcome_fits(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.outcome == Outcome.CURED and row.symptoms:
        return ("痊愈", "目前仍有症状")
    return ("加重", "分类“稳定”") if row.outcome == Outcome.WORSE and _stable(row) else None


# --- medicine (features 5.5), loss (5.7) ---


@check(
    "md03",
    "药物不良反应",
    "不用药，却记有药物不良反应。可能来自已停的药，也可能选错。请注明是哪种药，或改正其中一项。",
)
def _reaction_without_drug(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if row.adherence == Adherence.NONE and row.adverse_reaction == Present.YES else None


@check(
    "md19",
    "药物不良反应",
    "有药物不良反应，但没有写明种类和程度。处理办法取决于程度。请在“药物不良反应内容”列写明，或改为“无”。",
)
def _reaction_is_described(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    return () if row.adverse_reaction == Present.YES and row.reaction_text is None else None


@check(
    "md21",
    "药物不良反应",
    "{0}。两者矛盾。请改正用药依从性，或改正不良反应和治疗效果。",
    rule="FU-C5",
)
def _not_applicable_fits(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    skipped = Present.NOT_APPLICABLE in (row.adverse_reaction, row.outcome)
    if row.adherence in TAKING and skipped:
        return ("正在用药，而不良反应或治疗效果填了“此项不适用”",)
    return None


@check(
    "st14",
    "失访原因",
    "填了失访原因，又填了危险性或症状，像是访到了。有失访原因的记录不计入随访。请清空失访原因，或清空评估内容。",
)
def _lost_or_seen(row: VisitRow, _: VisitAround) -> tuple[object, ...] | None:
    if row.loss_reason is None:
        return None
    return () if row.risk is not None or row.symptoms is not None else None


# --- over the visits of one case, and over the whole sheet ---

UNLOCKED_TWICE = (
    "vc19",
    "关锁情况",
    "关锁情况为“关锁已解除”，而上次（{0}）为“{1}”。解锁之前应有关锁记录。请核对本次，或补正上次记录。",
)
LEVEL_JUMPED = (
    "vc33",
    "危险性评估",
    "危险性评估与上次（{0}）相差 {1} 级，其间没有危险行为或住院。请核对两次评估，或补记其间发生的事。",
)
SHIFTED_LEVELS = (
    "ex03",
    "危险性评估",
    "全部随访的危险性评估都在 1 级以上，没有 0 级。文件疑似使用了 1–6 级的编码。"
    "请确认来源系统的编码，或换算后重新导出。",
)
ENOUGH_TO_JUDGE = 20

Found = tuple[int, tuple[str, str, str], tuple[object, ...]]


def across(numbers: Sequence[int], rows: Sequence[VisitRow]) -> Iterator[Found]:
    """Questions that only several visits answer: (row, check, words); row 1 stands for the whole sheet."""
    order = sorted(range(len(rows)), key=lambda place: (rows[place].file_no, rows[place].on))
    for before, after in pairwise(order):
        last, row = rows[before], rows[after]
        if last.file_no != row.file_no:
            continue
        never_locked = last.confinement in (Confinement.NONE, Confinement.RELEASED)
        if row.confinement == Confinement.RELEASED and never_locked:
            yield numbers[after], UNLOCKED_TWICE, (shown(last.on), Confinement.read(last.confinement).label)
        if row.risk is not None and last.risk is not None and abs(row.risk - last.risk) >= JUMP:
            quiet = not any(_acts(row)) and row.hospital == HospitalState.NEVER
            if quiet:
                yield numbers[after], LEVEL_JUMPED, (shown(last.on), abs(row.risk - last.risk))
    levels = {row.risk for row in rows if row.risk is not None}
    if len(rows) >= ENOUGH_TO_JUDGE and levels and RiskLevel.LEVEL_0 not in levels:
        yield 1, SHIFTED_LEVELS, ()
