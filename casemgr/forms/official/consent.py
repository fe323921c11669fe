"""表5 管理治疗服务知情同意书 and 表11 应急处置知情同意书: documents that are read out, understood and signed.

The wording is our own: the originals were not read (待核对).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from casemgr.forms.cell import Code, Codes
from casemgr.forms.condition import ALWAYS
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.official.part import LINE, day, name, phone, sex, signed
from casemgr.terms.consent import ConsentAnswer, MeasuresAnswer
from casemgr.terms.emergency import EmergencyCause, EmergencyMeasure
from casemgr.terms.guardian import Relation

CONSENT, EMERGENCY_CONSENT = "consent", "emergency_consent"
GUESS: dict[str, Any] = {"status": "UNVERIFIED-M"}


def _signatures() -> Section:
    return Section(
        "signatures",
        "签字",
        (
            signed("patient_signature", "患者签字", **GUESS),
            signed("guardian_signature", "监护人或家属签字", **GUESS),
            Field("relation", "与患者关系", Code(Relation), status="UNVERIFIED-H"),
            phone("phone", "联系电话", **GUESS),
            signed("doctor", "医务人员签字", **GUESS),
            day("on", "签字日期", required=ALWAYS, **GUESS),
        ),
        3,
    )


CONSENT_2018 = Form(
    CONSENT,
    "参加严重精神障碍社区管理治疗服务知情同意书",
    "表5",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-4.1",
    (
        Section(
            "person",
            "患者",
            (
                name(**GUESS),
                sex(**GUESS),
                Field("file_no", "编号", LINE, **GUESS),
                Field("residence", "现住址", LINE, sealed=True, **GUESS),
            ),
        ),
        Section(
            "answer",
            "意见",
            (
                Field(
                    "consent", "知情同意", Code(ConsentAnswer), required=ALWAYS, judgement=True, status="V2"
                ),
            ),
            2,
        ),
        _signatures(),
    ),
    status="UNVERIFIED-M",
    paper="agreement",
    who="基层医疗卫生机构，建档时向患者和监护人说明后签署",
    notes=(
        "一、社区管理治疗服务由基层医疗卫生机构免费提供，内容包括：建立健康档案，定期随访评估，用药和康复指导，"
        "每年一次健康检查，病情变化时协助转诊，以及紧急情况下的处置。",
        "二、随访的间隔由病情决定，至少每三个月一次。随访人员会询问病情、服药、生活和安全情况。",
        "三、个人信息和病情依法保密，仅供管理治疗服务使用，除法律规定的情形外不向无关的人和单位提供。",
        "四、是否参加由患者本人和监护人自愿决定；不同意参加的，以后可以随时改变决定，不影响在医疗机构看病。"
        "同意之后，也可以随时提出退出。",
        "五、以上内容，医务人员已用听得懂的话说明，提出的问题已得到回答。",
    ),
)

EMERGENCY_CONSENT_2018 = Form(
    EMERGENCY_CONSENT,
    "严重精神障碍患者应急处置知情同意书",
    "表11",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-4.6",
    (
        Section(
            "person",
            "患者",
            (
                name(**GUESS),
                sex(**GUESS),
                Field("residence", "现住址", LINE, sealed=True, **GUESS),
                Field("causes", "处置缘由", Codes(EmergencyCause), **GUESS),
                Field("measures", "拟采取的措施", Codes(EmergencyMeasure), **GUESS),
            ),
        ),
        Section(
            "answer",
            "意见",
            (
                Field(
                    "answer", "对拟采取的措施", Code(MeasuresAnswer), required=ALWAYS, judgement=True, **GUESS
                ),
            ),
            2,
        ),
        _signatures(),
    ),
    status="UNVERIFIED-M",
    paper="agreement",
    who="应急处置组，处置前向监护人或家属说明后签署",
    notes=(
        "一、患者目前的情况需要紧急处置。处置组已说明患者的病情、拟采取的措施及其必要性。",
        "二、处置中可能使用药物或保护性措施，也可能需要送往医疗机构留观或住院；可能出现的不良反应和风险已经说明。",
        "三、不采取措施可能带来的后果已经说明。",
        "四、监护人或家属的责任、处置后的看护和复诊安排已经说明。",
    ),
)
