"""表10 双向转诊单: the sheet that goes with a patient and the answer that comes back (待核对: recalled)."""

from __future__ import annotations

from datetime import date
from typing import Any

from casemgr.forms.cell import Code, Mark, Text, Whole
from casemgr.forms.condition import ALWAYS, Equals
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.official.part import LINE, WORD, day, name, phone, sex, signed
from casemgr.terms.referral import Direction

NAME = "referral"
H: dict[str, Any] = {"status": "UNVERIFIED-H"}
_UP = Equals("direction", int(Direction.UP))
_DOWN = Equals("direction", int(Direction.DOWN))


def _text(key: str, label: str, **more: Any) -> Field:
    return Field(key, label, Text(1_000), sealed=True, **more, **H)


REFERRAL_2018 = Form(
    NAME,
    "双向转诊单",
    "表10",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-10.8",
    (
        Section(
            "person",
            "患者",
            (
                Field("direction", "转诊方向", Code(Direction), required=ALWAYS, judgement=True, **H),
                name(**H),
                sex(**H),
                Field("age", "年龄", Whole(0, 130), unit="岁", **H),
                Field("file_no", "档案编号", Mark(), **H),
                Field("residence", "家庭住址", LINE, sealed=True, **H),
                phone("phone", "联系电话", **H),
            ),
        ),
        Section(
            "target",
            "转往",
            (
                day("on", "转诊日期", required=ALWAYS, **H),
                Field("to_unit", "转入单位", WORD, required=ALWAYS, sealed=True, **H),
                Field("to_department", "转入科室", WORD, sealed=True, **H),
                signed("to_doctor", "接诊医生", **H),
            ),
            2,
        ),
        Section(
            "up",
            "上转",
            (
                _text("impression", "初步印象", asked=_UP),
                _text("reason", "主要现病史（转出原因）", asked=_UP, required=ALWAYS),
                _text("past_history", "主要既往史", asked=_UP),
                _text("treatment", "治疗经过", asked=_UP),
            ),
            3,
        ),
        Section(
            "down",
            "下转",
            (
                Field("inpatient_no", "住院病案号", Mark(40), asked=_DOWN, sealed=True, **H),
                _text("diagnosis", "诊断结果", asked=_DOWN, required=ALWAYS),
                _text("findings", "主要检查结果", asked=_DOWN),
                _text("plan", "治疗经过、下一步治疗方案及康复建议", asked=_DOWN, required=ALWAYS),
            ),
            4,
        ),
        Section(
            "signature",
            "填写",
            (
                signed("doctor", "转诊医生", required=ALWAYS, **H),
                Field("from_unit", "转出单位", WORD, sealed=True, **H),
                phone("doctor_phone", "联系电话（转出单位）", **H),
            ),
            5,
        ),
    ),
    status="UNVERIFIED-H",
    who="转出机构填写，随患者交给转入机构",
)
