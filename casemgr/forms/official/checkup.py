"""年度健康体检: the items that the chapter names for these patients (GW2017-14.1)."""

from __future__ import annotations

from datetime import date
from typing import Any

from casemgr.forms.cell import Amount, Code, Flag, Mark, Text, Whole
from casemgr.forms.condition import ALWAYS
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.official.part import LINE, day, name, sex, signed
from casemgr.terms.checkup import TestResult

NAME = "checkup"
H: dict[str, Any] = {"status": "UNVERIFIED-H"}


def _measured(key: str, label: str, unit: str, **more: Any) -> Field:
    return Field(key, label, Amount(unit, zero=False), unit=unit, **more)


CHECKUP_2017 = Form(
    NAME,
    "严重精神障碍患者年度健康体检表",
    "健康体检",
    "2017.1",
    date(2017, 2, 28),
    "GW2017-14.1",
    (
        Section(
            "person",
            "基本情况",
            (
                name(**H),
                Field("file_no", "档案编号", Mark(), **H),
                sex(**H),
                day("on", "体检日期", required=ALWAYS),
                Field(
                    "consented",
                    "监护人或患者同意体检",
                    Flag(),
                    judgement=True,
                    hint="每次体检都须征得同意。",
                    rule="GW2017-4.5",
                    **H,
                ),
            ),
        ),
        Section(
            "general",
            "一般状况",
            (
                _measured("temperature", "体温", "℃"),
                Field("pulse", "脉率", Whole(1, 300), unit="次/分"),
                Field("breathing", "呼吸频率", Whole(1, 100), unit="次/分"),
                Field("systolic", "收缩压", Whole(1, 350), unit="mmHg"),
                Field("diastolic", "舒张压", Whole(1, 250), unit="mmHg"),
                _measured("height", "身高", "cm"),
                _measured("weight_g", "体重", "kg"),
                _measured("waist", "腰围", "cm"),
                _measured("bmi", "体质指数（BMI）", "kg/m²"),
                Field("examination", "一般体格检查", Text(1_000), sealed=True),
            ),
            2,
        ),
        Section(
            "tests",
            "化验与检查",
            (
                Field("blood_count", "血常规（含白细胞分类）", Code(TestResult)),
                Field("blood_count_text", "血常规结果", LINE, sealed=True),
                Field("transaminase", "转氨酶", Code(TestResult)),
                _measured("alt", "谷丙转氨酶（ALT）", "U/L"),
                _measured("ast", "谷草转氨酶（AST）", "U/L"),
                Field("glucose", "血糖", Code(TestResult)),
                _measured("glucose_value", "空腹血糖", "mmol/L"),
                Field("ecg", "心电图", Code(TestResult)),
                Field("ecg_text", "心电图所见", LINE, sealed=True),
            ),
            3,
        ),
        Section(
            "signature",
            "结论",
            (
                Field("note", "体检结论和建议", Text(1_000), sealed=True, **H),
                signed("doctor", "体检医生", **H),
            ),
            4,
        ),
    ),
    who="基层医疗卫生机构，每年一次；病情不许可时可以推迟",
)
