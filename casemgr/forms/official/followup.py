"""表8 严重精神障碍患者随访服务记录表: layouts 2018 and 2017, in the seven steps of a visit.

Keys are those of :class:`casemgr.forms.followup.VisitRow`, so the cross-checks written there judge what is
typed on the screen. Three helper fields (REC-7.20) and the reason for a level that could not be assessed are
asked besides the printed items.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from casemgr.forms.cell import (
    Code,
    Codes,
    Flag,
    FullDay,
    Kind,
    Level,
    PartialDay,
    Text,
)
from casemgr.forms.condition import ALWAYS, All, AnyOf, Equals, Given, Holds, Not
from casemgr.forms.followup import NA, VisitRow
from casemgr.forms.form import Field, Form, Item, Section, Table
from casemgr.forms.official.part import COUNTS as COUNTS
from casemgr.forms.official.part import DAY_PARTS, DRUG, LINE, TIMES, WORD, acts, depot
from casemgr.terms.code import to_mask
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

NAME, TITLE = "followup", "严重精神障碍患者随访服务记录表"

#: The visit came about: with a reason of loss or a death the clinical items are not asked (FU-C2).
SEEN = Not(AnyOf(Given("loss_reason"), Given("died_on"), Given("death_cause")))
GONE = AnyOf(Given("loss_reason"), Given("died_on"), Given("death_cause"))

_grade = Code(Grade, without=NA)


def _assessed(key: str, label: str, number: str, kind: Kind[Any], **more: Any) -> Field:
    """An item that is expected when the person was seen; empty means 未评估."""
    return Field(key, label, kind, number, expected=SEEN, **more)


def _arrival(informants: bool, loss: tuple[tuple[int, str], ...] = ()) -> Section:
    whom = Field(
        "informants", "本次随访对象", Codes(Informant), "4", expected=ALWAYS, star=True, rule="FU-C10"
    )
    items = (
        Field("on", "随访日期", FullDay(), "2", required=ALWAYS, past=True, why="随访按日期计次数和间隔。"),
        Field("mode", "本次随访形式", Code(VisitMode), "3", required=ALWAYS, why="只有门诊和家访算面访。"),
        *((whom,) if informants else ()),
        Field(
            "loss_reason",
            "若失访，原因",
            Code(LossReason),
            "5",
            wording=loss,
            rule="FU-C2",
            judgement=True,
            hint="访到本人或家属的不填。只是这一次没有见到的，请记“未访到”，不在这里填。",
        ),
        Field(
            "died_on",
            "死亡日期",
            FullDay(),
            "6",
            group="如死亡",
            required=Given("death_cause"),
            past=True,
            rule="FU-C3",
        ),
        Field(
            "death_cause",
            "死亡原因",
            Code(DeathCause),
            "7",
            group="如死亡",
            required=Given("died_on"),
            judgement=True,
            rule="FU-C3",
            why="死亡日期和原因须一起填写，核实后结案。",
        ),
        Field(
            "death_disease",
            "躯体疾病",
            Code(BodilyDisease),
            "7",
            asked=Equals("death_cause", int(DeathCause.BODILY_DISEASE)),
            required=ALWAYS,
        ),
    )
    return Section("arrival", "到访", items, 1)


def _safety() -> Section:
    items = (
        Field(
            "risk",
            "危险性评估",
            Level(RiskLevel),
            "8",
            required=All(SEEN, Not(Given("risk_reason"))),
            expected=SEEN,
            judgement=True,
            notes=tuple((int(each), each.wording) for each in RiskLevel),
            rule="GW2017-6.1",
            why="没有等级就无法判断分类和随访间隔。确实无法评估的，请写明原因。",
        ),
        Field(
            "risk_reason",
            "未能评估危险性的原因",
            LINE,
            asked=All(SEEN, Not(Given("risk"))),
            sealed=True,
            printed=False,
            judgement=True,
            hint="只在确实无法评估时填写；等级保留为未评估。",
            rule="GW2017-6.3",
        ),
        *acts("acts", "危险行为", "18", expected=SEEN, hint="上次随访以来发生的，可多选并写次数。"),
        _assessed("confinement", "两次随访期间关锁情况", "19", Code(Confinement)),
        _assessed("hospital", "两次随访期间住院情况", "20", Code(HospitalState)),
        Field(
            "discharged",
            "末次出院时间",
            PartialDay(),
            "20",
            asked=Equals("hospital", int(HospitalState.EARLIER)),
            required=ALWAYS,
            past=True,
            rule="FU-C6",
            why="出院后两周内应随访，需要这个日期。",
        ),
    )
    return Section("safety", "安全", items, 2, folded=GONE)


def _state() -> Section:
    items = (
        _assessed(
            "symptoms",
            "目前症状",
            "9",
            Codes(Symptom),
            other=((int(Symptom.OTHER), "symptoms_other"),),
            hint="可多选。",
        ),
        Field(
            "symptoms_other",
            "目前症状其他",
            LINE,
            "9",
            asked=Holds("symptoms", int(Symptom.OTHER)),
            required=ALWAYS,
            sealed=True,
            rule="vc12",
        ),
        _assessed(
            "evident_symptoms", "精神症状是否明显", "", Flag(), printed=False, judgement=True, rule="REC-7.20"
        ),
        _assessed("insight", "自知力", "10", Code(Insight), judgement=True),
        _assessed("sleep", "睡眠情况", "11", _grade),
        _assessed("diet", "饮食情况", "12", _grade),
        _assessed("self_care", "个人生活料理", "13", _grade, group="社会功能情况"),
        _assessed("housework", "家务劳动", "14", _grade, group="社会功能情况"),
        _assessed("work", "生产劳动及工作", "15", Code(Grade), group="社会功能情况"),
        _assessed("study", "学习能力", "16", _grade, group="社会功能情况"),
        _assessed("contact", "社会人际交往", "17", _grade, group="社会功能情况"),
    )
    return Section("state", "状态", items, 3, folded=GONE)


def _body() -> Section:
    items = (
        _assessed(
            "serious_illness",
            "是否有严重躯体疾病",
            "",
            Flag(),
            printed=False,
            judgement=True,
            rule="REC-7.20",
        ),
        _assessed(
            "laboratory",
            "实验室检查",
            "21",
            Code(Present, without=NA),
            hint="上次随访以来，含在其他机构做的。",
        ),
        Field(
            "laboratory_text",
            "实验室检查内容",
            Text(),
            "21",
            asked=Equals("laboratory", int(Present.YES)),
            sealed=True,
        ),
    )
    return Section("body", "躯体与化验", items, 4, folded=GONE)


def _medicine(columns: tuple[Field, ...], long_acting: bool) -> Section:
    drugs = Table("drug", "用药情况", (DRUG, *columns), 3, "26", "药物{0}", star=long_acting)
    guide = Table("guide", "用药指导", (DRUG, *columns), 3, "27", "用药指导·药物{0}", star=long_acting)
    items: tuple[Item, ...] = (
        _assessed("adherence", "用药依从性", "22", Code(Adherence), judgement=True, rule="FU-C4"),
        _assessed("adverse_reaction", "药物不良反应", "23", Code(Present), rule="FU-C5"),
        Field(
            "reaction_text",
            "药物不良反应内容",
            LINE,
            "23",
            asked=Equals("adverse_reaction", int(Present.YES)),
            sealed=True,
            rule="md19",
        ),
        Field(
            "serious_reaction",
            "是否为急性或严重药物不良反应",
            Flag(),
            asked=Equals("adverse_reaction", int(Present.YES)),
            expected=ALWAYS,
            printed=False,
            judgement=True,
            rule="REC-7.20",
        ),
        _assessed("outcome", "治疗效果", "24", Code(Outcome), rule="FU-C5"),
        drugs,
        *(depot("depot", "", "26") if long_acting else ()),
        guide,
        *(depot("guide_depot", "用药指导·", "27") if long_acting else ()),
    )
    return Section("medicine", "用药", items, 5, folded=GONE)


def _measures() -> tuple[Field, ...]:
    return (
        _assessed(
            "rehab_measures",
            "康复措施",
            "28",
            Codes(RehabMeasure),
            other=((int(RehabMeasure.OTHER), "measures_other"),),
            hint="可多选。",
        ),
        Field(
            "measures_other",
            "康复措施其他",
            LINE,
            "28",
            asked=Holds("rehab_measures", int(RehabMeasure.OTHER)),
            required=ALWAYS,
            sealed=True,
            rule="vc12",
        ),
    )


def _support_2018() -> Section:
    advised = Equals("referral_advised", int(YesNo.YES))
    done = Equals("referred", int(YesNo.YES))
    open_text: dict[str, Any] = {"status": "UNVERIFIED-M", "star": True, "group": "转诊情况"}
    items = (
        _assessed("referral_advised", "是否需要转诊", "25", Code(YesNo), rule="FU-C9", **open_text),
        Field(
            "referral_reason",
            "转诊原因",
            WORD,
            "25",
            asked=advised,
            required=ALWAYS,
            sealed=True,
            **open_text,
        ),
        _assessed("referred", "是否已转诊", "25", Code(YesNo), **open_text),
        Field(
            "referral_to",
            "转诊至机构及科室",
            WORD,
            "25",
            asked=done,
            required=ALWAYS,
            sealed=True,
            **open_text,
        ),
        Field("referral_contact", "转诊联系人及电话", LINE, "25", asked=done, sealed=True, **open_text),
        *_measures(),
    )
    return Section("support", "康复与帮扶", items, 6, folded=GONE)


def _support_2017() -> Section:
    yes = Equals("referral_advised", int(YesNo.YES))
    items = (
        _assessed("referral_advised", "是否转诊", "25", Code(YesNo), rule="FU-C9"),
        Field("referral_reason", "转诊原因", WORD, "25", asked=yes, required=ALWAYS, sealed=True),
        Field("referral_to", "转诊至机构及科室", WORD, "25", asked=yes, required=ALWAYS, sealed=True),
        *_measures(),
    )
    return Section("support", "康复与帮扶", items, 6, folded=GONE)


def _closing() -> Section:
    items = (
        Field(
            "stability",
            "本次随访分类",
            Code(Stability),
            "29",
            required=All(SEEN, Given("risk")),
            expected=SEEN,
            judgement=True,
            rule="GW2017-7.10",
            why="下次随访的期限由分类决定。",
        ),
        Field(
            "class_reason",
            "分类的理由",
            Text(),
            sealed=True,
            printed=False,
            judgement=True,
            hint="与系统提示的分类不同时写明。",
            rule="REC-7.20",
        ),
        Field(
            "next_on",
            "下次随访日期",
            FullDay(),
            "30",
            required=SEEN,
            not_before="on",
            judgement=True,
            hint="定下后请告知患者和家属。",
            rule="FU-C11",
            why="没有约定的日期就无法提醒。",
        ),
        Field("doctor", "随访医生签名", WORD, "31", sealed=True),
        Field("note", "备注", Text(), sealed=True, printed=False),
    )
    return Section("closing", "核对", items, 7)


NOTES = (
    "除另有说明外，各项均填写上次随访以来的情况。",
    "自知力完全：症状消失，知道自己曾患病，能分清哪些是病态，认为需要治疗。自知力不全：承认有病，对病态认识不正确。"
    "自知力缺失：否认有病。",
    "轻度滋事：公安机关到场但仅作教育；肇事：触犯治安管理处罚法但未触犯刑法；肇祸：触犯刑法。",
)

FOLLOWUP_2018 = Form(
    NAME,
    TITLE,
    "表8",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-7.3",
    (
        _arrival(informants=True),
        _safety(),
        _state(),
        _body(),
        _medicine(DAY_PARTS, long_acting=True),
        _support_2018(),
        _closing(),
    ),
    who="基层医疗卫生机构精防人员",
    notes=NOTES,
    paper="numbers",
)

FOLLOWUP_2017 = Form(
    NAME,
    TITLE,
    "表8",
    "2017.1",
    date(2017, 2, 28),
    "GW2017-7.2",
    (
        _arrival(informants=False, loss=((int(LossReason.AWAY_FOR_WORK), "外出打工"),)),
        _safety(),
        _state(),
        _body(),
        _medicine(TIMES, long_acting=False),
        _support_2017(),
        _closing(),
    ),
    who="基层医疗卫生机构精防人员",
    notes=NOTES,
    paper="numbers",
)


def to_row(values: Mapping[str, Any], file_no: str, version: int = FormVersion.V2018) -> VisitRow:
    """Clean values of the form as the row that the cross-checks and the writing of visits know.

    危险行为 chosen as 无 makes all six counts 0; kinds not chosen beside others count 0; nothing chosen
    leaves all counts empty (未评估).
    """
    found: dict[str, Any] = {key: values.get(key) for key in VisitRow._fields}
    chosen = values.get("acts")
    if chosen is not None:
        for code, key in COUNTS.items():
            found[key] = values.get(key) if chosen >> code & 1 else 0
    found["file_no"], found["form_version"] = file_no, int(version)
    return VisitRow(**found)


def of_row(row: VisitRow) -> dict[str, Any]:
    """Clean values of the form from a row; the inverse of :func:`to_row`."""
    values = {key: value for key, value in row._asdict().items() if value is not None}
    values.pop("file_no", None)
    values.pop("form_version", None)
    counts = {code: values.pop(key, None) for code, key in COUNTS.items()}
    chosen = [code for code, count in counts.items() if count]
    if chosen:
        values["acts"] = to_mask(chosen)
        values.update({COUNTS[code]: counts[code] for code in chosen})
    elif None not in counts.values():
        values["acts"] = to_mask([DangerousAct.NONE])
    return values
