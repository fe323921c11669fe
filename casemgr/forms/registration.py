"""建档登记: the questions asked when somebody enters the register, as one declared form (表6 and 表7, core).

Keys, codes and readings are those of the workbook's sheet of people (:mod:`casemgr.forms.register`), so a
person typed in and a person imported are judged alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from dataclasses import field as made
from datetime import date
from typing import Any, NamedTuple

from casemgr.forms.cell import Code, Codes, DocumentNumber, FullDay, Partial, PartialDay, Text, days
from casemgr.forms.condition import ALWAYS
from casemgr.forms.form import Field, Form, Section
from casemgr.forms.register import SHEET, PersonAround, PersonRow, faults
from casemgr.terms.person import DocumentKind, NoContact
from casemgr.terms.register import Ground
from casemgr.terms.resident import Allergy, Residency

#: How much each check weighs on a screen (features 5.1, 5.2): B blocks, C asks for a reason, Q asks later.
WEIGHTS: Mapping[str, str] = {
    "id03": "B",
    "id04": "B",
    "id23": "B",
    "rg01": "B",
    "rg04": "B",
    "rg05": "B",
    "rg10": "B",
    "rg16": "B",
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


class Details(NamedTuple):
    """What the screen asks beyond the columns of the workbook; ``discharged`` is the last discharge."""

    discharged: Partial | None = None
    document_ask_on: int | None = None
    poverty_seen_on: int | None = None
    residency: int | None = None
    allergies: int | None = None
    allergy_other: str | None = None
    no_contact: int | None = None
    no_contact_note: str | None = None


NO_DETAILS = Details()
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
                Field(
                    "document_ask_on",
                    "约定再次询问证件的日期",
                    FullDay(),
                    hint="没有证件时填写，到期会列入“待核对”",
                ),
                _field("birth_on", sealed=True),
                _field("phone", sealed=True, hint="手机 11 位，或区号加 7–8 位"),
                Field("no_contact", "不要联系", Codes(NoContact), hint="本人或家属要求不打、不发短信的号码"),
                Field(
                    "no_contact_note", "不要联系的说明", Text(80), sealed=True, hint="如：只在白天打；改找谁"
                ),
                _field("ethnicity"),
                _field("household"),
            ),
        ),
        Section(
            "address",
            "住址",
            (
                Field("residency", "常住类型", Code(Residency), status="UNVERIFIED-H"),
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
                Field("discharged", "末次出院时间", PartialDay(), past=True, hint="没有住过院的不填"),
                Field(
                    "allergies",
                    "药物过敏史",
                    Codes(Allergy),
                    alone=int(Allergy.NONE),
                    hint="会显示在患者页和随访表的最上方",
                    status="UNVERIFIED-H",
                ),
                Field("allergy_other", "其他过敏药物", Text(80), sealed=True),
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
                Field(
                    "poverty_seen_on",
                    "贫困凭证核对日期",
                    FullDay(),
                    past=True,
                    hint="贫困的，填最近一次看到低保等凭证的日期",
                ),
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
    """What the checks say about a person: check, weight, key of the field, sentence, rule.

    ``facts`` are the values that the check looked at: as long as they stay, so does an answer.
    """

    id: str
    weight: str
    field: str
    says: str
    rule: str = ""
    facts: tuple[object, ...] = made(default=(), repr=False, compare=False)


def row_of(values: Mapping[str, Any]) -> PersonRow:
    """Clean values of the form as a row of the workbook; what was not asked is empty."""
    return PersonRow._make(values.get(name) for name in PersonRow._fields)


def details_of(values: Mapping[str, Any]) -> Details:
    """Clean values of the form as what the workbook has no column for."""
    return Details._make(values.get(name) for name in Details._fields)


def judge(row: PersonRow, today: date, unit_area: int | None, details: Details | None = None) -> list[Judged]:
    """Everything that one record can decide (features 5.1, 5.2), in the order of the columns.

    ``details`` are left out where nobody was asked for them.
    """
    found = [
        Judged(
            _FAULT_IDS.get(one.code, one.code),
            "B",
            _KEY_OF[one.column],
            one.sentence,
            facts=(row.id_number, row.birth_on, row.onset, row.diagnosed),
        )
        for one in faults(row)
    ]
    around = PersonAround(days(today), unit_area)
    for check in SHEET.checks:
        words = check.test(row, around)
        if words is not None:
            weight = WEIGHTS.get(check.id, REASON)
            if check.id == "rg02" and row.diagnosed is not None and row.diagnosed.first > days(today):
                weight = "B"
            says = check.says.format(*words)
            facts = tuple(getattr(row, name) for name in READS[check.id])
            found.append(Judged(check.id, weight, _KEY_OF[check.column], says, check.rule, facts))
    if details is not None:
        found += _of_details(row, details)
    order = [column.key for column in SHEET.columns]
    return sorted(found, key=lambda one: order.index(BESIDE.get(one.field, one.field)))


#: Beside which column a field stands that the workbook does not have.
BESIDE: Mapping[str, str] = {
    "document_ask_on": "document_kind",
    "discharged": "admissions_count",
    "allergy_other": "past_symptoms",
    "no_contact": "phone",
}


def _of_details(row: PersonRow, told: Details) -> Iterator[Judged]:
    if row.document_kind == DocumentKind.NONE and row.id_number is None and told.document_ask_on is None:
        yield Judged(
            "id10",
            REASON,
            "document_ask_on",
            "证件类型为“无证件”，没有约定再次询问的日期。没有号码就无法发现重复建档。请约定日期，或补填证件。",
            facts=(row.document_kind, None),
        )
    if not row.admissions_count and told.discharged is not None:
        yield Judged(
            "rg16",
            "B",
            "discharged",
            "既往住院次数为空或 0，却填了末次出院时间。两者不能同时成立。请改正住院次数，或清空出院时间。",
            facts=(row.admissions_count, told.discharged),
        )
    if row.admissions_count and told.discharged is None:
        yield Judged(
            "rg17",
            REASON,
            "discharged",
            "住过院，但没有填末次出院时间。出院时间影响随访安排和病程判断。请补填（可只填到年），"
            "或写明为什么问不到。",
            facts=(row.admissions_count,),
        )
    if told.allergies is not None and told.allergies >> Allergy.OTHER & 1 and not told.allergy_other:
        yield Judged(
            "vc12",
            "B",
            "allergy_other",
            "药物过敏史选了“其他”，没有写是什么药。开药时无从避开。请写明药名，或去掉“其他”。",
        )


#: The values each check of the sheet looks at.
READS: Mapping[str, tuple[str, ...]] = {
    "id03": ("id_number", "document_kind"),
    "id04": ("id_number", "document_kind", "birth_on"),
    "id05": ("id_number", "document_kind", "sex"),
    "id06": ("id_number", "document_kind"),
    "id10": ("id_number", "document_kind"),
    "id14": ("name",),
    "id15": ("phone", "guardian_phone"),
    "id18": ("phone", "guardian_phone"),
    "id20": ("name", "guardian_name", "phone", "guardian_phone", "relation"),
    "id21": ("guardian_name", "birth_on", "past_confinement"),
    "id22": ("birth_on", "relation", "guardian_name"),
    "id23": ("domicile",),
    "id24": ("village",),
    "id26": ("birth_on", "marriage", "employment", "education"),
    "rg01": ("birth_on", "onset", "treated", "diagnosed", "registered_on"),
    "rg02": ("diagnosed", "registered_on"),
    "rg03": ("onset", "birth_on", "diagnosis"),
    "rg04": ("diagnosis", "article30"),
    "rg05": ("diagnosis", "icd10"),
    "rg06": ("diagnosis", "icd10"),
    "rg07": ("diagnosed_at",),
    "rg08": ("treated", "onset", "diagnosis"),
    "rg10": ("consent", "consent_on"),
    "rg18": ("past_treatment", "admissions_count", "treated"),
    "rg21": ("past_acts", "past_confinement"),
    "FU-C1": ("past_acts",),
    "st01": ("lifecycle", "lifecycle_on", "death_cause"),
    "st02": ("lifecycle", "lifecycle_on", "registered_on", "onset"),
    "ex08": ("name", "guardian_name", "diagnosed_at", "domicile", "residence", "guardian_residence"),
}

#: What each check is about, in the few words a list has room for.
TITLES: Mapping[str, str] = {
    "id02": "证件号码有误",
    "id03": "按证件推算的年龄不合常理",
    "id04": "出生日期与证件不一致",
    "id05": "性别与证件不一致",
    "id06": "证件号码的地区代码不存在",
    "id10": "证件号码缺少或样式不符",
    "id14": "姓名中有数字、字母或称谓",
    "id15": "电话不像电话号码",
    "id18": "电话像是随手填的",
    "id20": "监护人与患者相同",
    "id21": "应有监护人而没有",
    "id22": "与患者关系和年龄不合",
    "id23": "户籍地址没有到村（居）",
    "id24": "现住地不在本辖区",
    "id26": "婚姻、就业或文化程度与年龄不合",
    "rg01": "病史日期先后不合",
    "rg02": "确诊日期晚于建档日期",
    "rg03": "初次发病过早",
    "rg04": "诊断没有入册依据",
    "rg05": "ICD-10 编码与诊断不一致",
    "rg06": "ICD-10 编码不属管理对象",
    "rg07": "由基层机构确诊",
    "rg08": "未治期过长",
    "rg09": "建档过晚",
    "rg10": "知情同意没有填全",
    "rg16": "没有住过院却有出院时间",
    "rg17": "住过院而没有出院时间",
    "rg18": "未治却有首次治疗时间",
    "rg21": "既往史没有填",
    "FU-C1": "既往危险行为自相矛盾",
    "st01": "在册状态没有填全",
    "st02": "状态日期先后不合",
    "ex08": "文字中有乱码",
    "vc12": "“其他”没有写明",
}
#: The field that each check belongs to.
FIELD_OF: Mapping[str, str] = {
    **{check.id: _KEY_OF[check.column] for check in SHEET.checks},
    "id02": "id_number",
    "id10": "id_number",
    "rg16": "discharged",
    "rg17": "discharged",
    "vc12": "allergy_other",
}
_FAULT_IDS = {"id-check": "id02", "order": "rg01"}
