"""建档登记: the questions asked when somebody enters the register, as one declared form (表6 and 表7, core).

Keys, codes and readings are those of the workbook's sheet of people (:mod:`casemgr.forms.register`), so a
person typed in and a person imported are judged alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from casemgr.forms.cell import Code, DocumentNumber, Text, days
from casemgr.forms.condition import ALWAYS
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.register import SHEET, PersonAround, PersonRow, faults
from casemgr.terms.register import Ground

#: How much each check weighs on a screen (features 5.1, 5.2): B blocks, C asks for a reason, Q asks later.
WEIGHTS: Mapping[str, str] = {
    "id03": "B",
    "id04": "B",
    "id23": "B",
    "rg01": "B",
    "rg04": "B",
    "rg05": "B",
    "rg10": "B",
    "rg18": "B",
    "FU-C1": "B",
    "ex08": "B",
    "st01": "B",
    "st02": "B",
    "rg08": "Q",
}
REASON = "C"
_COLUMN = {column.key: column for column in SHEET.columns}
_KEY_OF = {column.header: column.key for column in SHEET.columns}
WHY_CONSENT = "是否同意参加管理决定该患者是否计入在管（rg10）。"


def _field(key: str, **more: Any) -> Field:
    column = _COLUMN[key]
    given = {"past": column.past, "required": ALWAYS} if column.required else {"past": column.past}
    return replace(Field(key, column.header, column.kind), **{**given, **more})


_NUMBER_HINT = "18 位，末位可为 X。离开这一格时会核对是否已经建档。"
REGISTRATION = Form(
    name="registration",
    title="登记建档",
    table="表6、表7",
    version="2018",
    since=date(2017, 1, 1),
    rule="GW2017-5.1",
    sections=(
        Section(
            "person",
            "本人",
            (
                _field("name", kind=Text(40), sealed=True),
                _field("sex"),
                _field("document_kind"),
                _field("id_number", kind=DocumentNumber(), sealed=True, hint=_NUMBER_HINT),
                _field("birth_on", sealed=True),
                _field("phone", sealed=True, hint="手机 11 位，或区号加 7–8 位"),
                _field("ethnicity"),
                _field("household"),
            ),
        ),
        Section(
            "address",
            "住址",
            (
                _field("domicile", kind=Text(120), sealed=True, hint="须到村（居）"),
                _field("village"),
                _field("residence", kind=Text(120), sealed=True),
            ),
        ),
        Section(
            "guardian",
            "监护人",
            (
                _field("guardian_name", kind=Text(40), sealed=True),
                _field("relation", hint="监护人是患者的什么人"),
                _field("guardian_phone", sealed=True),
                _field("guardian_residence", kind=Text(120), sealed=True),
            ),
        ),
        Section(
            "diagnosis",
            "诊断与病史",
            (
                _field("diagnosis", hint="由精神科执业医师诊断；疑似者请先记为线索"),
                _field("icd10"),
                _field("diagnosed_at", kind=Text(80)),
                _field("diagnosed"),
                _field("onset"),
                _field("treated"),
                _field("past_treatment"),
                _field("admissions_count", unit="次", hint="没有住过院填 0"),
                _field("past_symptoms"),
                _field("past_confinement"),
                _field("past_acts", alone=7),
            ),
        ),
        Section(
            "circumstances",
            "生活情况",
            (
                _field("education"),
                _field("marriage"),
                _field("employment"),
                _field("workplace", kind=Text(80), sealed=True),
                _field("economy"),
                _field("subsidised"),
                _field("disability_grade"),
                _field("care_team"),
                _field("family_doctor"),
            ),
        ),
        Section(
            "entry",
            "入册与知情同意",
            (
                _field("article30", label="属于《精神卫生法》第三十条第二款第二项"),
                _field("ground", kind=Code(Ground), required=ALWAYS, why="没有入册依据就不能列入在册。"),
                _field("consent", required=ALWAYS, why=WHY_CONSENT),
                _field("consent_on", label="签字或告知日期", required=ALWAYS, past=True, why=WHY_CONSENT),
                Field("signer", "签字人", Text(40), required=ALWAYS, why=WHY_CONSENT, sealed=True),
                _field("registered_on"),
                _field("unit_code", label="管理单位"),
                _field("file_no"),
                _field("note", kind=Text(1000), sealed=True),
            ),
        ),
    ),
)

#: Changing the data of somebody registered: states, consent and diagnosis have pages of their own.
APART = frozenset({"consent", "consent_on", "signer", "diagnosis", "icd10", "unit_code"})
CORRECTION = replace(
    REGISTRATION,
    name="correction",
    title="修改档案",
    sections=tuple(
        replace(section, items=tuple(one for one in section.fields if one.key not in APART))
        for section in REGISTRATION.sections
    ),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What the checks say about a person: check, weight, key of the field, sentence, rule."""

    id: str
    weight: str
    field: str
    says: str
    rule: str = ""


def row_of(values: Mapping[str, Any]) -> PersonRow:
    """Clean values of the form as a row of the workbook; what was not asked is empty."""
    return PersonRow._make(values.get(name) for name in PersonRow._fields)


def judge(row: PersonRow, today: date, unit_area: int | None) -> list[Judged]:
    """Everything that one record can decide (features 5.1, 5.2), in the order of the columns."""
    found = [
        Judged(_FAULT_IDS.get(one.code, one.code), "B", _KEY_OF[one.column], one.sentence)
        for one in faults(row)
    ]
    around = PersonAround(days(today), unit_area)
    for check in SHEET.checks:
        words = check.test(row, around)
        if words is not None:
            weight = WEIGHTS.get(check.id, REASON)
            if check.id == "rg02" and row.diagnosed is not None and row.diagnosed.first > days(today):
                weight = "B"
            found.append(
                Judged(check.id, weight, _KEY_OF[check.column], check.says.format(*words), check.rule)
            )
    order = [column.key for column in SHEET.columns]
    return sorted(found, key=lambda one: order.index(one.field))


_FAULT_IDS = {"id-check": "id02", "order": "rg01"}
