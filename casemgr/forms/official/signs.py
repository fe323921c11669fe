"""表1 精神行为异常识别清单 and 表2 线索调查复核登记表: how somebody who may be ill comes to be known."""

from __future__ import annotations

from datetime import date

from casemgr.forms.cell import Code, Codes, Flag, Text, Whole
from casemgr.forms.condition import ALWAYS, Equals
from casemgr.forms.form import ONE_LINE, Field, Form, Section
from casemgr.forms.official.part import LINE, day, name, phone, sex, signed
from casemgr.terms.clue import OddSign
from casemgr.terms.code import Term
from casemgr.terms.register import Diagnosis
from casemgr.terms.report_card import OlderSign, SignAnswer

SIGNS, CLUE = "signs", "clue"


def _questions(signs: type[Term]) -> tuple[Field, ...]:
    return tuple(
        Field(f"sign{int(sign)}", sign.label, Code(SignAnswer), str(int(sign)), required=ALWAYS)
        for sign in signs
    )


def _survey(signs: type[Term]) -> tuple[Section, ...]:
    return (
        Section(
            "person",
            "被调查人",
            (
                name("", status="V2"),
                sex(status="V2"),
                Field("residence", "住址", Text(ONE_LINE), sealed=True, status="V2"),
            ),
        ),
        Section("signs", "是否有以下情况", _questions(signs), 2, note="任何一项答“有”，即作为线索登记。"),
        Section(
            "survey",
            "调查",
            (
                signed("informant", "提供情况者"),
                phone("phone", "联系电话"),
                signed("surveyor", "调查人", required=ALWAYS),
                day("on", "调查日期", required=ALWAYS),
            ),
            3,
        ),
    )


SIGNS_2018 = Form(
    SIGNS,
    "精神行为异常识别清单",
    "表1",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-2.1",
    _survey(OddSign),
    who="经培训的调查员或精防人员，询问知情人",
    paper="questions",
)
SIGNS_OLDER = Form(
    SIGNS,
    "精神行为异常识别清单",
    "表1",
    "2012.1",
    date(2012, 1, 1),
    "GF2018-2.1",
    _survey(OlderSign),
    who="经培训的调查员或精防人员，询问知情人",
    paper="questions",
)

CLUE_2018 = Form(
    CLUE,
    "线索调查（复核）登记表",
    "表2",
    "2018.1",
    date(2018, 5, 28),
    "GF2018-2.2",
    (
        Section(
            "person",
            "线索",
            (
                name(status="V2"),
                sex(status="V2"),
                Field("age", "年龄", Whole(0, 130), unit="岁", status="V2"),
                Field("id_number", "身份证号", Text(24), sealed=True, status="V2"),
                Field("residence", "住址", LINE, sealed=True, status="V2"),
                phone("phone", "联系人电话", status="V2"),
                Field("signs", "符合条目", Codes(OddSign), hint="表1中答“有”的条目。", status="V2"),
            ),
        ),
        Section(
            "review",
            "复核",
            (
                Field("pending", "待核查", Flag(), status="V2"),
                Field("diagnosis", "诊断", Code(Diagnosis), asked=Equals("pending", False), status="V2"),
                Field("second_diagnosis", "再次诊断", Code(Diagnosis), status="V2"),
                signed("doctor", "诊断医师", status="V2"),
                day("on", "日期", status="V2"),
                signed("reporter", "报告人及单位", status="V2"),
            ),
            2,
        ),
    ),
    status="V2",
    paper="list",
    who="基层医疗卫生机构；由精神科医师复核",
)
