"""表6 个人基本信息表: the resident file (待核对: recalled from the third edition)."""

from __future__ import annotations

from datetime import date
from typing import Any

from casemgr.forms.cell import Code, Codes, PartialDay, Word
from casemgr.forms.condition import ALWAYS, Equals, Holds
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.official.part import LINE, birth, day, name, phone, sex, signed
from casemgr.terms.code import Term
from casemgr.terms.person import Education, Marriage
from casemgr.terms.resident import (
    Allergy,
    BloodType,
    Disability,
    EthnicGroup,
    Exposure,
    FamilyDisease,
    Fuel,
    Had,
    Kitchen,
    Livestock,
    Occupation,
    PastDisease,
    Payment,
    Residency,
    Rhesus,
    Toilet,
    Water,
)

NAME = "resident"
H: dict[str, Any] = {"status": "UNVERIFIED-H"}


def _with_other(
    key: str, label: str, term: type[Term], other: int, many: bool = True, **more: Any
) -> tuple[Field, ...]:
    """A choice whose entry ``other`` asks for words."""
    asked = Holds(key, other) if many else Equals(key, other)
    return (
        Field(key, label, Codes(term) if many else Code(term), other=((other, f"{key}_other"),), **more, **H),
        Field(f"{key}_other", f"{label}其他", LINE, asked=asked, required=ALWAYS, sealed=True, **H),
    )


def _had(key: str, label: str) -> tuple[Field, ...]:
    return (
        Field(key, label, Code(Had), other=((int(Had.YES), f"{key}_text"),), **H),
        Field(
            f"{key}_text",
            f"{label}名称和时间",
            LINE,
            asked=Equals(key, int(Had.YES)),
            required=ALWAYS,
            sealed=True,
            **H,
        ),
    )


_PERSON = (
    name(**H),
    sex(**H),
    birth(**H),
    Field("id_number", "身份证号", Word(24), sealed=True, **H),
    Field("workplace", "工作单位", LINE, sealed=True, **H),
    phone("phone", "本人电话", **H),
    signed("contact_name", "联系人姓名", **H),
    phone("contact_phone", "联系人电话", **H),
    Field("residency", "常住类型", Code(Residency), **H),
    *_with_other("ethnicity", "民族", EthnicGroup, int(EthnicGroup.MINORITY), many=False),
    Field("blood", "血型", Code(BloodType), **H),
    Field("rhesus", "RH", Code(Rhesus), **H),
    Field("education", "文化程度", Code(Education), **H),
    Field("occupation", "职业", Code(Occupation), **H),
    Field("marriage", "婚姻状况", Code(Marriage), **H),
    *_with_other("payment", "医疗费用支付方式", Payment, int(Payment.OTHER)),
)
_HISTORY = (
    *_with_other("allergy", "药物过敏史", Allergy, int(Allergy.OTHER), alone=int(Allergy.NONE)),
    Field("exposure", "暴露史", Codes(Exposure), alone=int(Exposure.NONE), **H),
    *_with_other("diseases", "既往史·疾病", PastDisease, int(PastDisease.OTHER), alone=int(PastDisease.NONE)),
    Field("diseases_since", "确诊时间", PartialDay(), past=True, **H),
    *_had("operation", "既往史·手术"),
    *_had("injury", "既往史·外伤"),
    *_had("transfusion", "既往史·输血"),
)
_FAMILY = (
    *(
        field
        for key, whose in (
            ("father", "父亲"),
            ("mother", "母亲"),
            ("siblings", "兄弟姐妹"),
            ("children", "子女"),
        )
        for field in _with_other(
            f"family_{key}",
            f"家族史·{whose}",
            FamilyDisease,
            int(FamilyDisease.OTHER),
            alone=int(FamilyDisease.NONE),
        )
    ),
    *_had("hereditary", "遗传病史"),
    *_with_other("disability", "残疾情况", Disability, int(Disability.OTHER), alone=int(Disability.NONE)),
)
_LIVING = (
    Field("kitchen", "生活环境·厨房排风设施", Code(Kitchen), **H),
    *_with_other("fuel", "生活环境·燃料类型", Fuel, int(Fuel.OTHER), many=False),
    *_with_other("water", "生活环境·饮水", Water, int(Water.OTHER), many=False),
    Field("toilet", "生活环境·厕所", Code(Toilet), **H),
    Field("livestock", "生活环境·禽畜栏", Code(Livestock), **H),
    day("on", "填表日期", **H),
    signed("doctor", "填表人", **H),
)

RESIDENT_2017 = Form(
    NAME,
    "个人基本信息表",
    "表6",
    "2017.1",
    date(2017, 2, 28),
    "GW2017-5.1",
    (
        Section("person", "基本情况", _PERSON),
        Section("history", "过敏、暴露与既往史", _HISTORY, 2),
        Section("family", "家族史、遗传病与残疾", _FAMILY, 3),
        Section("living", "生活环境", _LIVING, 4),
    ),
    status="UNVERIFIED-H",
    who="基层医疗卫生机构，建立居民健康档案时填写",
)
