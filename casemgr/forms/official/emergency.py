"""表12 严重精神障碍患者应急处置记录单: one emergency, written down within 24 hours."""

from __future__ import annotations

from datetime import date
from typing import Any

from casemgr.forms.cell import Amount, Code, Codes, Text, Whole
from casemgr.forms.condition import ALWAYS, Holds
from casemgr.forms.form import Field, Form, Moment, Section
from casemgr.forms.official.part import LINE, WORD, area_and_unit, day, document, name, sex, signed
from casemgr.terms.emergency import EmergencyCause, EmergencyEffect, EmergencyMeasure, EmergencyPerson

NAME = "emergency"
V2: dict[str, Any] = {"status": "V2"}
GUESS: dict[str, Any] = {"status": "UNVERIFIED-M"}


def _moment(key: str, label: str, **more: Any) -> Field:
    return Field(key, label, Moment(), past=True, **more, **V2)


EMERGENCY_2018 = Form(
    NAME,
    "严重精神障碍患者应急处置记录单",
    "表12",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-10.5",
    (
        Section(
            "person",
            "地点与患者",
            (
                *area_and_unit(**V2),
                Field("disposal_unit", "处置单位", WORD, **V2),
                name(**V2),
                sex(**V2),
                Field("age", "年龄", Whole(0, 130), unit="岁", **V2),
                *document(**V2),
                Field("person_kind", "处置对象来源", Code(EmergencyPerson), **GUESS),
                Field("place", "第一处置地点", LINE, required=ALWAYS, sealed=True, **V2),
            ),
        ),
        Section(
            "report",
            "报告",
            (
                signed("reporter", "报告人", **V2),
                _moment("reported_at", "报告时间", required=ALWAYS),
                Field("report_way", "报告途径", WORD, sealed=True, **V2),
                Field("reporter_role", "报告人身份", WORD, sealed=True, **V2),
                Field("reporter_role_other", "报告人身份其他", LINE, sealed=True, printed=False, **V2),
            ),
            2,
        ),
        Section(
            "time",
            "时间",
            (
                _moment("started_at", "处置开始时间", required=ALWAYS),
                _moment("ended_at", "处置结束时间", required=ALWAYS, not_before="started_at"),
            ),
            3,
        ),
        Section(
            "scene",
            "现场",
            (
                Field("scene", "现场情况描述", Text(), required=ALWAYS, sealed=True, **V2),
                Field("injured", "受伤人数", Whole(), unit="人", **V2),
                Field("dead", "死亡人数", Whole(), unit="人", **V2),
                Field("loss", "财物损失估计", Amount("元"), unit="元", **V2),
                Field("police", "公安机关人员和单位", LINE, sealed=True, **V2),
                signed("doctor", "精防医生", **V2),
                signed("psychiatrist", "精神科医师", **V2),
                signed("nurse", "精神科护士", **V2),
                Field("others", "其他人员", LINE, sealed=True, **V2),
            ),
            4,
        ),
        Section(
            "measures",
            "处置",
            (
                Field(
                    "causes",
                    "处置缘由",
                    Codes(EmergencyCause),
                    required=ALWAYS,
                    other=((int(EmergencyCause.OTHER), "causes_other"),),
                    rule="GF2018-10.1",
                    **GUESS,
                ),
                Field(
                    "causes_other",
                    "处置缘由其他",
                    LINE,
                    asked=Holds("causes", int(EmergencyCause.OTHER)),
                    required=ALWAYS,
                    sealed=True,
                    **GUESS,
                ),
                Field(
                    "measures",
                    "主要处置措施",
                    Codes(EmergencyMeasure),
                    required=ALWAYS,
                    other=((int(EmergencyMeasure.OTHER), "measures_other"),),
                    **V2,
                ),
                Field(
                    "measures_other",
                    "主要处置措施其他",
                    LINE,
                    asked=Holds("measures", int(EmergencyMeasure.OTHER)),
                    required=ALWAYS,
                    sealed=True,
                    **V2,
                ),
                Field("diagnosis_confirmed", "确定诊断（ICD-10）", LINE, sealed=True, **V2),
                Field("diagnosis_suspected", "疑似诊断（ICD-10）", LINE, sealed=True, **V2),
                Field("effect", "处置效果", Code(EmergencyEffect), judgement=True, **GUESS),
            ),
            5,
        ),
        Section(
            "signature",
            "填表",
            (
                signed("filled_by", "填表人", required=ALWAYS, **V2),
                day("on", "填表日期", required=ALWAYS, **V2),
            ),
            6,
        ),
    ),
    status="V2",
    who="应急处置组，处置结束后 24 小时内",
    notes=("一式三份：本级精防机构、随交接材料、处置组各存一份。",),
)
