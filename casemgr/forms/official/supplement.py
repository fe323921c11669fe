"""表7 严重精神障碍患者个人信息补充表: history and circumstances of one patient."""

from __future__ import annotations

from datetime import date
from typing import Any

from casemgr.forms.cell import Code, Codes, Flag, Mark, PartialDay, Text, Whole
from casemgr.forms.condition import ALWAYS, Given, Holds
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.official.part import LINE, WORD, acts, day, name, phone, signed
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import Confinement, Outcome, Symptom
from casemgr.terms.guardian import Relation
from casemgr.terms.person import Economy, Employment, Household
from casemgr.terms.register import Diagnosis, DisabilityGrade, PastTreatment
from casemgr.terms.resident import DisabilityCard

NAME = "supplement"
V2: dict[str, Any] = {"status": "V2"}
NEW: dict[str, Any] = {"status": "V2", "star": True}

_GUARDIAN = Section(
    "guardian",
    "监护人与联系人",
    (
        name(**V2),
        Field("file_no", "编号", Mark(), **V2),
        signed("guardian_name", "监护人姓名", "1", **V2),
        Field("relation", "与患者关系", Code(Relation), "2", status="UNVERIFIED-H"),
        Field("guardian_residence", "监护人住址", LINE, "3", sealed=True, **V2),
        phone("guardian_phone", "监护人电话", "4", **V2),
        signed("committee_contact", "辖区村（居）委会联系人", "5", **V2),
        phone("committee_phone", "辖区村（居）委会电话", "5", **V2),
        Field("household", "户别", Code(Household), "6", **V2),
        Field("employment", "就业情况", Code(Employment), "7", **V2),
    ),
)
_CONSENT = Section(
    "consent",
    "知情同意",
    (
        Field("consent", "知情同意", Code(ConsentAnswer), "8", judgement=True, **V2),
        signed("consent_signature", "知情同意签字", "8", **V2),
        day("consent_on", "知情同意签字时间", "8", required=Given("consent"), **V2),
    ),
    2,
)
_HISTORY = Section(
    "history",
    "既往情况",
    (
        Field("onset", "初次发病时间", PartialDay(), "9", past=True, **V2),
        Field(
            "past_symptoms",
            "既往主要症状",
            Codes(Symptom),
            "10",
            other=((int(Symptom.OTHER), "past_symptoms_other"),),
            hint="可多选。",
            **V2,
        ),
        Field(
            "past_symptoms_other",
            "既往主要症状其他",
            LINE,
            "10",
            asked=Holds("past_symptoms", int(Symptom.OTHER)),
            required=ALWAYS,
            sealed=True,
            **V2,
        ),
        Field("past_confinement", "既往关锁情况", Code(Confinement), "11", **V2),
        Field("past_treatment", "既往治疗情况·门诊", Code(PastTreatment), "12", **V2),
        Field(
            "treated",
            "首次抗精神病药治疗时间",
            PartialDay(),
            "13",
            past=True,
            not_before="onset",
            hint="尽量问到年和月，至少问到年；如 2019-05。",
            **V2,
        ),
        Field(
            "admissions_count",
            "既往治疗情况·住院",
            Whole(),
            "14",
            unit="次",
            hint="曾住精神专科医院或综合医院精神专科的次数，没有的填 0。",
            **V2,
        ),
    ),
    3,
)
_DIAGNOSIS = Section(
    "diagnosis",
    "诊断",
    (
        Field("diagnosis", "目前诊断", Code(Diagnosis), "15", **V2),
        Field("icd10", "ICD-10编码", Mark(10), "15", **V2),
        Field("diagnosed_at", "确诊医院", WORD, "16", sealed=True, **V2),
        Field("hospital_unknown", "确诊医院不详", Flag(), "16", printed=False, **V2),
        Field("hospital_unknown_reason", "确诊医院不详的原因", LINE, "16", sealed=True, printed=False, **V2),
        Field("diagnosed", "确诊日期", PartialDay(), "17", past=True, not_before="onset", **V2),
        Field(
            "outcome",
            "最近一次治疗效果",
            Code(Outcome, without=frozenset({9})),
            "18",
            wording=((1, "临床痊愈"),),
            **V2,
        ),
        *acts(
            "past_acts",
            "危险行为",
            "19",
            required=ALWAYS,
            hint="从初次发病到填表之日，可多选并写次数。",
            **V2,
        ),
        Field("economy", "经济状况", Code(Economy), "20", wording=((1, "贫困，在当地贫困线标准以下"),), **V2),
        Field(
            "specialist_opinion", "专科医生的意见", Text(), "21", sealed=True, hint="如果有，请记录。", **V2
        ),
    ),
    4,
)
_SIGNATURE = (
    day("on", "填表日期", "22", **V2),
    signed("doctor", "医生签字", "23", **V2),
)
_BENEFITS = Section(
    "benefits",
    "救助与帮扶",
    (
        Field("poverty_relief", "是否为精准扶贫对象", Flag(), "24", **NEW),
        Field("subsidised", "是否为监护补助对象", Flag(), "25", **NEW),
        Field(
            "disability_cards",
            "领取残疾人证情况",
            Codes(DisabilityCard),
            "26",
            alone=int(DisabilityCard.NONE),
            status="UNVERIFIED-M",
            star=True,
        ),
        Field(
            "disability_grade",
            "精神残疾人证等级",
            Code(DisabilityGrade),
            "27",
            status="UNVERIFIED-H",
            star=True,
        ),
        Field("care_team", "是否为关爱帮扶小组服务对象", Flag(), "28", **NEW),
        Field("family_doctor", "是否为家庭医师签约服务对象", Flag(), "29", **NEW),
        Field("rehab", "是否参加社区康复服务", Flag(), "30", **NEW),
    ),
    5,
)

TITLE = "严重精神障碍患者个人信息补充表"
NOTES = (
    "轻度滋事：公安机关到场但仅作教育；肇事：触犯治安管理处罚法但未触犯刑法；肇祸：触犯刑法。",
    "日期记不清的，可只填到年、月。",
)
SUPPLEMENT_2018 = Form(
    NAME,
    TITLE,
    "表7",
    "2018.1",
    date(2018, 5, 28),
    "GW2017-5.1",
    (_GUARDIAN, _CONSENT, _HISTORY, _DIAGNOSIS, _BENEFITS, Section("signature", "填表", _SIGNATURE, 6)),
    status="V2",
    who="基层医疗卫生机构，建档时填写",
    notes=NOTES,
    paper="numbers",
)
SUPPLEMENT_2017 = Form(
    NAME,
    TITLE,
    "表7",
    "2017.1",
    date(2017, 2, 28),
    "GW2017-5.1",
    (_GUARDIAN, _CONSENT, _HISTORY, _DIAGNOSIS, Section("signature", "填表", _SIGNATURE, 5)),
    status="V2",
    who="基层医疗卫生机构，建档时填写",
    notes=NOTES,
    paper="numbers",
)
