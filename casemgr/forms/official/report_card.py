"""表3 严重精神障碍患者报告卡 and 表4 出院信息单: what a hospital tells the register."""

from __future__ import annotations

from datetime import date
from typing import Any

from casemgr.forms.cell import Code, Codes, Flag, FullDay, Level, Mark, PartialDay, Text, Whole
from casemgr.forms.condition import ALWAYS, Equals, Given, Holds
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.official.part import (
    LINE,
    WORD,
    acts,
    area_and_unit,
    birth,
    day,
    document,
    name,
    phone,
    prescribed,
    sex,
    signed,
)
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import Confinement, Outcome, RehabMeasure
from casemgr.terms.guardian import Relation
from casemgr.terms.person import Education, Employment, Ethnicity, Household, Marriage
from casemgr.terms.register import Diagnosis
from casemgr.terms.report_card import BroughtBy, FamilyHistory, PatientSource, ReportReason
from casemgr.terms.risk import RiskLevel

CARD, DISCHARGE = "report_card", "discharge"
V2: dict[str, Any] = {"status": "V2"}
GUESS: dict[str, Any] = {"status": "UNVERIFIED-M"}

NONE_OF_THESE = ((7, "无上述危险行为或风险"),)


def _card() -> tuple[Section, ...]:
    return (
        Section(
            "card",
            "报告",
            (
                Field("record_key", "记录标识", Mark(40), "001", printed=False, **V2),
                Field("patient_key", "患者标识", Mark(40), "002", printed=False, **V2),
                *area_and_unit("003–004", **V2),
                Field("card_no", "卡片编号", Mark(14), "005", **V2),
                Field("source", "患者来源（报告部门）", Code(PatientSource), "006", required=ALWAYS, **V2),
                Field(
                    "outpatient_no",
                    "门诊编号",
                    Mark(40),
                    "007",
                    asked=Equals("source", int(PatientSource.OUTPATIENT)),
                    required=ALWAYS,
                    sealed=True,
                    **V2,
                ),
                Field(
                    "inpatient_no",
                    "住院编号",
                    Mark(40),
                    "008",
                    asked=Equals("source", int(PatientSource.INPATIENT)),
                    required=ALWAYS,
                    sealed=True,
                    **V2,
                ),
                Field("report_reason", "报告类型", Code(ReportReason), "049", required=ALWAYS, **V2),
            ),
        ),
        Section(
            "person",
            "患者",
            (
                name("009", "患者姓名", **V2),
                sex("010", required=ALWAYS, **V2),
                birth("011", required=ALWAYS, **V2),
                *document("013", kind="012", nationality="014", **V2),
                Field("ethnicity", "民族", Code(Ethnicity), "015", required=ALWAYS, **V2),
                Field("household", "户别", Code(Household), "016", required=ALWAYS, **V2),
                signed("contact_name", "联系人姓名", "017", **V2),
                phone("contact_phone", "联系人电话", "018", **V2),
                Field("contact_relation", "与监护人关系", Code(Relation), "019", status="UNVERIFIED-H"),
                Field("domicile", "户籍地", LINE, "020", sealed=True, **V2),
                Field("domicile_kind", "户籍地址类型", WORD, "021", **V2),
                Field("domicile_code", "户籍国标码", Mark(12), "022", **V2),
                Field("residence", "现住址", LINE, "023", sealed=True, **V2),
                Field("residence_code", "现住地国标码", Mark(12), "024", **V2),
                Field("education", "文化程度", Code(Education), "025", required=ALWAYS, **V2),
                Field("marriage", "婚姻状况", Code(Marriage), "026", required=ALWAYS, **V2),
                Field("employment", "就业情况", Code(Employment), "027", required=ALWAYS, **V2),
            ),
            2,
        ),
        Section(
            "history",
            "病史",
            (
                Field("family_history", "两系三代精神疾病家族史", Code(FamilyHistory), "028", **GUESS),
                Field("onset", "初次发病时间", PartialDay(), "029–030", past=True, **V2),
                Field("medicated", "是否已进行抗精神病药物治疗", Flag(), "031", **V2),
                Field(
                    "treated",
                    "首次抗精神病药治疗时间",
                    PartialDay(),
                    "032–033",
                    asked=Equals("medicated", True),
                    required=ALWAYS,
                    past=True,
                    not_before="onset",
                    **V2,
                ),
                Field("admissions_count", "既往住院次数", Whole(), "034", unit="次", **V2),
                Field("past_confinement", "既往关锁情况", Code(Confinement), "035", **V2),
                *acts("past_acts", "既往危险行为", "036", wording=NONE_OF_THESE, expected=ALWAYS, **V2)[:1],
                Field("past_risk", "既往危险性评估", Level(RiskLevel), "037", judgement=True, **V2),
                Field(
                    "brought_by",
                    "送诊主体",
                    Codes(BroughtBy),
                    "038",
                    other=((int(BroughtBy.OTHER), "brought_by_other"),),
                    **GUESS,
                ),
                Field(
                    "brought_by_other",
                    "送诊主体其他",
                    LINE,
                    "039",
                    asked=Holds("brought_by", int(BroughtBy.OTHER)),
                    required=ALWAYS,
                    sealed=True,
                    **GUESS,
                ),
            ),
            3,
        ),
        Section(
            "diagnosis",
            "诊断与用药",
            (
                Field("diagnosed_at", "确诊医院", WORD, "040", required=ALWAYS, sealed=True, **V2),
                Field("diagnosed", "确诊日期", PartialDay(), "041", past=True, not_before="onset", **V2),
                Field("diagnosis", "疾病名称", Code(Diagnosis), "042", required=ALWAYS, **V2),
                Field("icd10", "ICD-10编码", Mark(10), "042", **V2),
                *prescribed("drug", "目前用药", "052"),
                Field(
                    "consent",
                    "知情同意",
                    Code(ConsentAnswer),
                    "043",
                    hint="发病报告按法律规定报告，同意与否都须如实填写。",
                    **V2,
                ),
                day("consent_on", "知情同意时间", "044", required=Given("consent"), **V2),
            ),
            4,
        ),
        Section(
            "signature",
            "填报",
            (
                signed("doctor", "填卡医生", "045", required=ALWAYS, **V2),
                day("on", "填卡日期", "046", required=ALWAYS, **V2),
                Field("department", "报告单位及科室", WORD, "047", **V2),
                phone("department_phone", "科室电话", "048", **V2),
                Field("created_by", "信息创建人", WORD, "050", sealed=True, printed=False, **V2),
                Field("created_on", "创建日期", FullDay(), "051", past=True, printed=False, **V2),
            ),
            5,
        ),
    )


CARD_2018 = Form(
    CARD,
    "严重精神障碍患者报告卡",
    "表3",
    "2018.1",
    date(2018, 5, 28),
    "FB2013-3.3",
    _card(),
    status="V2",
    who="确诊的医疗机构，确诊后 10 个工作日内",
)


def _discharge() -> tuple[Section, ...]:
    return (
        Section(
            "card",
            "报告",
            (
                Field("record_key", "记录标识", Mark(40), printed=False, **V2),
                Field("patient_key", "患者标识", Mark(40), printed=False, **V2),
                *area_and_unit(**V2),
                Field("card_no", "卡片编号", Mark(14), **V2),
                Field("inpatient_no", "病案号", Mark(40), sealed=True, **V2),
            ),
        ),
        Section("person", "患者", (name(**V2), sex(**V2), birth(**V2), *document(**V2)), 2),
        Section(
            "stay",
            "住院",
            (
                day("admitted_on", "入院日期", required=ALWAYS, **V2),
                day("discharged_on", "出院日期", required=ALWAYS, not_before="admitted_on", **V2),
                Field("admissions_count", "曾住精神专科医院次数", Whole(), unit="次", **V2),
                Field("diagnosis", "出院诊断", Code(Diagnosis), required=ALWAYS, **V2),
                Field("icd10", "ICD-10编码", Mark(10), **V2),
                Field("diagnosed", "确诊日期", PartialDay(), past=True, **V2),
                *acts("past_acts", "既往危险行为", "", wording=NONE_OF_THESE, **V2)[:1],
                Field("past_risk", "既往危险性评估", Level(RiskLevel), judgement=True, **V2),
                Field("outcome", "住院疗效", Code(Outcome), **V2),
            ),
            3,
        ),
        Section(
            "after",
            "出院后",
            (
                *prescribed("drug", "目前用药", ""),
                *prescribed("guide", "用药指导", ""),
                Field(
                    "rehab_measures",
                    "康复措施",
                    Codes(RehabMeasure),
                    other=((int(RehabMeasure.OTHER), "measures_other"),),
                    **V2,
                ),
                Field(
                    "measures_other",
                    "康复措施其他",
                    LINE,
                    asked=Holds("rehab_measures", int(RehabMeasure.OTHER)),
                    required=ALWAYS,
                    sealed=True,
                    **V2,
                ),
                Field("note", "其他注意事项", Text(), sealed=True, **V2),
            ),
            4,
        ),
        Section(
            "signature",
            "填报",
            (
                signed("doctor", "经治医生", **V2),
                phone("doctor_phone", "联系电话", **V2),
                day("on", "填表日期", required=ALWAYS, not_before="discharged_on", **V2),
            ),
            5,
        ),
    )


DISCHARGE_2018 = Form(
    DISCHARGE,
    "严重精神障碍患者出院信息单",
    "表4",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-3.7",
    _discharge(),
    status="V2",
    who="医院，出院后 10 个工作日内",
)
