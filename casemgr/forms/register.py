"""患者: the sheet of people and their files (forms 表6 and 表7 as far as the workbook carries them)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from casemgr.forms.cell import (
    AreaCode,
    Code,
    Codes,
    DocumentNumber,
    Flag,
    FullDay,
    Mark,
    Partial,
    PartialDay,
    Phone,
    Text,
    Whole,
    Word,
    day_of,
    days,
)
from casemgr.forms.spec import Column, Fault, Sheet, shown
from casemgr.terms import idnumber
from casemgr.terms.area import span_of
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import Confinement, DeathCause, Symptom
from casemgr.terms.guardian import Relation
from casemgr.terms.incident import DangerousAct
from casemgr.terms.person import (
    DocumentKind,
    Economy,
    Education,
    Employment,
    Ethnicity,
    Household,
    Marriage,
    Sex,
)
from casemgr.terms.register import Diagnosis, DisabilityGrade, Ground, Lifecycle, Management, PastTreatment


class PersonRow(NamedTuple):
    """One person with the file, as the workbook has them; dates in days since 1970."""

    file_no: str
    name: str
    sex: int
    birth_on: int | None
    document_kind: int | None
    id_number: str | None
    ethnicity: int | None
    household: int | None
    education: int | None
    marriage: int | None
    employment: int | None
    domicile: str | None
    village: int | None
    residence: str | None
    phone: str | None
    guardian_name: str | None
    relation: int | None
    guardian_phone: str | None
    guardian_residence: str | None
    diagnosis: int
    icd10: str | None
    diagnosed_at: str | None
    diagnosed: Partial | None
    onset: Partial | None
    treated: Partial | None
    admissions_count: int | None
    past_symptoms: int | None
    past_confinement: int | None
    past_acts: int | None
    consent: int | None
    consent_on: int | None
    article30: bool | None
    registered_on: int
    unit_code: str
    economy: int | None
    subsidised: bool | None
    disability_grade: int | None
    care_team: bool | None
    family_doctor: bool | None
    lifecycle: int | None
    lifecycle_on: int | None
    death_cause: int | None
    workplace: str | None
    past_treatment: int | None
    ground: int | None
    management: int | None
    management_on: int | None
    note: str | None


class PersonAround(NamedTuple):
    """What the checks of a person need besides the row."""

    today: int
    unit_area: int | None


SHEET: Sheet[PersonRow, PersonAround] = Sheet(
    "患者",
    "case",
    (
        Column("file_no", "档案编号", Mark(), required=True),
        Column("name", "姓名", Text(), required=True),
        Column("sex", "性别", Code(Sex), required=True),
        Column("birth_on", "出生日期", FullDay(), past=True),
        Column("document_kind", "证件类型", Code(DocumentKind)),
        Column("id_number", "证件号码", DocumentNumber(), spellings=("身份证号", "身份证号码")),
        Column("ethnicity", "民族", Code(Ethnicity)),
        Column("household", "户别", Code(Household)),
        Column("education", "文化程度", Code(Education)),
        Column("marriage", "婚姻状况", Code(Marriage)),
        Column("employment", "就业情况", Code(Employment)),
        Column("domicile", "户籍地址", Text()),
        Column("village", "现住地区划代码", AreaCode()),
        Column("residence", "现住详细地址", Text()),
        Column("phone", "联系电话", Phone()),
        Column("guardian_name", "监护人姓名", Text()),
        Column("relation", "与患者关系", Code(Relation)),
        Column("guardian_phone", "监护人电话", Phone()),
        Column("guardian_residence", "监护人住址", Text()),
        Column("diagnosis", "诊断", Code(Diagnosis), required=True),
        Column("icd10", "ICD-10", Mark(10), spellings=("ICD10",)),
        Column("diagnosed_at", "确诊医院", Word()),
        Column("diagnosed", "确诊日期", PartialDay(), past=True),
        Column("onset", "初次发病时间", PartialDay(), past=True),
        Column("treated", "首次抗精神病药治疗时间", PartialDay()),
        Column("admissions_count", "既往住院次数", Whole()),
        Column("past_symptoms", "既往主要症状", Codes(Symptom)),
        Column("past_confinement", "既往关锁情况", Code(Confinement)),
        Column("past_acts", "既往危险行为", Codes(DangerousAct)),
        Column("consent", "知情同意", Code(ConsentAnswer)),
        Column("consent_on", "知情同意时间", FullDay()),
        Column("article30", "第三十条第二款第二项", Flag()),
        Column("registered_on", "建档日期", FullDay(), required=True, past=True),
        Column("unit_code", "管理单位代码", Mark(), required=True),
        Column("economy", "经济状况", Code(Economy)),
        Column("subsidised", "监护补助", Flag()),
        Column("disability_grade", "精神残疾等级", Code(DisabilityGrade)),
        Column("care_team", "关爱帮扶小组", Flag()),
        Column("family_doctor", "家庭医生签约", Flag()),
        Column("lifecycle", "在册状态", Code(Lifecycle)),
        Column("lifecycle_on", "状态日期", FullDay()),
        Column("death_cause", "死亡原因", Code(DeathCause)),
        Column("workplace", "工作单位", Text(), extra=True),
        Column("past_treatment", "既往门诊治疗情况", Code(PastTreatment), extra=True),
        Column("ground", "入册依据", Code(Ground), extra=True),
        Column("management", "管理状态", Code(Management), extra=True),
        Column("management_on", "管理状态日期", FullDay(), extra=True),
        Column("note", "备注", Text(), extra=True),
    ),
    PersonRow,
)
check = SHEET.check

YEAR_DAYS = 365.2425
GROWN_UP, MARRIAGEABLE_ASKED, RETIRED_ASKED, GRADUATE_ASKED = 18, 18, 40, 17
CHILDREN = frozenset({Relation.SPOUSE, Relation.SON, Relation.DAUGHTER, Relation.GRANDCHILD})
#: ICD-10 blocks of each diagnosis (GW2017-1.6, 待核对); epilepsy differs between systems.
ICD_OF = {
    Diagnosis.SCHIZOPHRENIA: r"F20",
    Diagnosis.SCHIZOAFFECTIVE: r"F25",
    Diagnosis.PARANOID: r"F22",
    Diagnosis.BIPOLAR: r"F3[01]",
    Diagnosis.EPILEPTIC: r"F0[26]|G40",
    Diagnosis.RETARDATION: r"F7\d",
}


def faults(row: PersonRow) -> Iterator[Fault]:
    """What cannot be true of a person, looking at this row alone (contract: id-check, order)."""
    if row.id_number is not None and row.document_kind in (None, DocumentKind.ID_CARD):
        wrong = idnumber.fault(row.id_number)
        if wrong is not None:
            yield Fault("id-check", "证件号码", (_NUMBER_FAULTS[wrong, row.id_number.endswith("000")],))
    if row.onset is not None and row.birth_on is not None and row.onset.last < row.birth_on:
        yield Fault("order", "初次发病时间", ("初次发病时间早于出生日期",))
    if row.onset is not None and row.diagnosed is not None and row.diagnosed.last < row.onset.first:
        yield Fault("order", "确诊日期", ("确诊日期早于初次发病时间",))


_NUMBER_FAULTS = {
    ("length", False): "应为 18 位（末位可为 X）",
    ("length", True): "应为 18 位（末位可为 X）",
    ("date", False): "中的出生日期不存在",
    ("date", True): "中的出生日期不存在",
    ("check", False): "校验位不符，通常是抄错或调换了其中一位",
    ("check", True): "校验位不符且以 000 结尾，疑似被 Excel 截断",
}


def age(birth: int, on: int) -> int:
    """Completed years between two days."""
    born, day = day_of(birth), day_of(on)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _has_card_number(row: PersonRow) -> bool:
    """Whether there is a number that birth and sex can be read from; a wrong one is refused elsewhere."""
    is_card = row.document_kind in (None, DocumentKind.ID_CARD)
    return is_card and row.id_number is not None and idnumber.has_shape(row.id_number)


# --- identity and contact (features 5.1) ---


@check(
    "id03",
    "证件号码",
    "按证件号码推算的年龄为 {0} 岁。年龄不合常理时，多为年份抄错。请对照证件改正，或确认无误后保留。",
)
def _plausible_age(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if not _has_card_number(row):
        return None
    birth = idnumber.birth_of(row.id_number or "")
    years = 0 if birth is None else age(days(birth), around.today)
    return (years,) if not 0 <= years <= 120 else None


@check(
    "id04",
    "出生日期",
    "出生日期与证件号码中的不一致。年龄和查重都以此为准。请对照证件改正其中一个，或在证件确有误时先保留并注明。",
)
def _birth_fits_number(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.birth_on is None or not _has_card_number(row):
        return None
    birth = idnumber.birth_of(row.id_number or "")
    return () if birth is not None and days(birth) != row.birth_on else None


@check(
    "id05",
    "性别",
    "性别与证件号码第 17 位不一致。多为录错性别或号码。请对照证件改正；如已变更登记，请保留。",
)
def _sex_fits_number(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if not _has_card_number(row) or row.sex not in (Sex.MALE, Sex.FEMALE):
        return None
    return () if idnumber.sex_of(row.id_number or "") != row.sex else None


@check(
    "id06",
    "证件号码",
    "证件号码前两位不是任何省份的代码。多为首位抄错。请对照证件改正，或确认无误后保留。",
)
def _number_has_province(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    return () if _has_card_number(row) and not idnumber.area_is_known(row.id_number or "") else None


_OTHER_DOCUMENTS = {
    DocumentKind.PASSPORT: r"[A-Z0-9]{5,17}",
    DocumentKind.HK_MACAO_TAIWAN: r"8[123]\d{15}[\dX]",
    DocumentKind.FOREIGN_RESIDENT: r"9\d{16}[\dX]|[A-Z]{3}\d{12}",
}


@check(
    "id10",
    "证件号码",
    "{0}。没有可核对的号码，就无法发现重复建档。请补填或改正号码，或把“证件类型”改为“无证件”并约定再次询问的日期。",
)
def _document_fits_kind(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.id_number is None:
        return ("没有证件号码",) if row.document_kind != DocumentKind.NONE else None
    pattern = None
    if row.document_kind is not None:
        pattern = _OTHER_DOCUMENTS.get(DocumentKind.read(row.document_kind))
    if pattern is not None and not re.fullmatch(pattern, row.id_number):
        return ("证件号码的样式与证件类型不符",)
    return ("证件类型为“无证件”却有号码",) if row.document_kind == DocumentKind.NONE else None


@check(
    "id14",
    "姓名",
    "姓名中有数字、字母或称谓。姓名不实会影响查找和核对。请按证件改正，或确认确为此名后保留。",
)
def _name_is_a_name(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    return () if re.search(r"[0-9A-Za-z０-９Ａ-Ｚａ-ｚ]|无名|家属|先生|女士|某某", row.name) else None


def _is_made_up(phone: str) -> bool:
    return re.fullmatch(r"100\d{8}", phone) is not None


_FILLER = re.compile(r"(\d)\1{6,}|1[3-9]80000|12345678")
_VILLAGE = re.compile(r"村|居|社区|委|路|街|巷|小区|号|组|屯|嘎查|寨")


def _can_be_called(phone: str) -> bool:
    plain = re.sub(r"[-()（）+]", "", phone).removeprefix("86") if len(phone) > 11 else phone.replace("-", "")
    return _is_made_up(plain) or re.fullmatch(r"1[3-9]\d{9}|0\d{2,3}\d{7,8}|[2-9]\d{6,7}", plain) is not None


@check(
    "id15",
    "联系电话",
    "{0}不像电话号码（手机 11 位，或区号加 7–8 位）。打不通就无法电话随访和紧急联系。请核对号码，"
    "或清空后下次随访时再问。",
)
def _phone_has_shape(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    for label, phone in (("联系电话", row.phone), ("监护人电话", row.guardian_phone)):
        if phone is not None and not _can_be_called(phone):
            return (label,)
    return None


@check(
    "id18",
    "联系电话",
    "{0}像是随手填的号码。假号码会在紧急时误事。请核对号码，或清空后下次随访时再问。",
)
def _phone_is_no_filler(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    for label, phone in (("联系电话", row.phone), ("监护人电话", row.guardian_phone)):
        if phone is not None and not _is_made_up(phone) and _FILLER.search(phone):
            return (label,)
    return None


@check(
    "id20",
    "监护人姓名",
    "监护人与患者{0}相同。本人不能做自己的监护人。请填写实际监护人，或确认只是同名后保留。",
)
def _guardian_is_another(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.guardian_name is not None and row.guardian_name == row.name:
        return ("姓名",)
    same = row.guardian_phone is not None and row.guardian_phone == row.phone
    return ("电话",) if same and row.relation is None else None


@check(
    "id21",
    "监护人姓名",
    "{0}，但没有监护人。紧急情况下需要监护人到场或同意。请补填监护人，或由村（居）委会、民政部门担任后填写。",
)
def _guardian_where_needed(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if row.guardian_name is not None:
        return None
    if row.birth_on is not None and age(row.birth_on, around.today) < GROWN_UP:
        return ("患者未满 18 岁",)
    return ("患者有关锁情况",) if row.past_confinement == Confinement.LOCKED else None


@check(
    "id22",
    "与患者关系",
    "患者未满 18 岁，而监护人是其“{0}”。关系与年龄不合。请改正关系（监护人是患者的什么人），或改正出生日期。",
)
def _relation_fits_age(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if row.birth_on is None or row.relation not in CHILDREN or row.guardian_name is None:
        return None
    return (Relation.read(row.relation).label,) if age(row.birth_on, around.today) < GROWN_UP else None


@check(
    "id23",
    "户籍地址",
    "户籍地址{0}。户籍地址须到村（居），否则无法核对辖区和补助。请补全到村（居），或在核实前先保留。",
)
def _domicile_reaches_village(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.domicile is None:
        return ("为空",)
    return None if _VILLAGE.search(row.domicile) else ("没有到村（居）",)


@check(
    "id24",
    "现住地区划代码",
    "现住地不在管理单位的辖区内。可能已迁出，或属人户分离。请改正现住地，或办理转出、注明人户分离。",
)
def _lives_within_unit(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if row.village is None or around.unit_area is None:
        return None
    low, high = span_of(around.unit_area)
    return None if low <= row.village < high else ()


@check(
    "id26",
    "婚姻状况",
    "{0}，与年龄（{1} 岁）不合。多为选错一项或出生日期有误。请改正该项，或改正出生日期。",
)
def _circumstances_fit_age(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if row.birth_on is None:
        return None
    years = age(row.birth_on, around.today)
    if row.marriage in (Marriage.MARRIED, Marriage.WIDOWED, Marriage.DIVORCED) and years < MARRIAGEABLE_ASKED:
        return (f"婚姻状况为“{Marriage.read(row.marriage).label}”", years)
    if row.employment == Employment.RETIRED and years < RETIRED_ASKED:
        return ("就业情况为“退休”", years)
    if row.education in (Education.POSTGRADUATE, Education.BACHELOR) and years < GRADUATE_ASKED:
        return (f"文化程度为“{Education.read(row.education).label}”", years)
    return None


# --- registration, diagnosis, consent (features 5.2) ---


@check(
    "rg01",
    "首次抗精神病药治疗时间",
    "{0}。时间先后不合，会使未治期等统计出错。请对照病历改正，或将记不准的日期只填到年、月。",
)
def _history_in_order(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if row.treated is not None and row.onset is not None and row.treated.last < row.onset.first:
        return ("首次治疗时间早于初次发病时间",)
    if row.treated is not None and row.treated.first > around.today:
        return ("首次治疗时间晚于今天",)
    if row.birth_on is not None and row.diagnosed is not None and row.diagnosed.last < row.birth_on:
        return ("确诊日期早于出生日期",)
    if row.birth_on is not None and row.registered_on < row.birth_on:
        return ("建档日期早于出生日期",)
    return None


@check(
    "rg02",
    "确诊日期",
    "确诊日期（{0}）晚于建档日期（{1}）。一般先确诊后建档。请改正其中一个日期，或注明为疑似先行建档。",
)
def _diagnosed_before_registered(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.diagnosed is None or row.diagnosed.first <= row.registered_on:
        return None
    return (shown(row.diagnosed.first), shown(row.registered_on))


@check(
    "rg03",
    "初次发病时间",
    "初次发病时约 {0} 岁，过早。多为发病年份或出生日期有误。请改正日期，或对照病历确认后保留。",
)
def _onset_not_in_infancy(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.onset is None or row.birth_on is None or row.diagnosis == Diagnosis.RETARDATION:
        return None
    years = age(row.birth_on, row.onset.last)
    return (years,) if years < (10 if row.diagnosis == Diagnosis.SCHIZOPHRENIA else 5) else None


@check(
    "rg04",
    "诊断",
    "诊断不属于六类严重精神障碍，也未注明“第三十条第二款第二项”。这样的患者没有入册依据。请核对诊断，或将该项改为“是”。",
    rule="GW2017-1.6",
)
def _diagnosis_has_ground(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    return () if row.diagnosis == Diagnosis.ARTICLE_30 and not row.article30 else None


@check(
    "rg05",
    "ICD-10",
    "ICD-10 编码与诊断“{0}”不一致（待核对）。诊断分类统计会与病历不符。请改正编码，或改正诊断。",
    rule="GW2017-1.6",
)
def _code_fits_diagnosis(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    diagnosis = Diagnosis.read(row.diagnosis)
    pattern = ICD_OF.get(diagnosis)
    if row.icd10 is None or pattern is None or re.match(pattern, row.icd10.upper()):
        return None
    return (diagnosis.label,)


@check(
    "rg06",
    "ICD-10",
    "ICD-10 编码{0}（待核对）。{1}须伴有精神障碍才属于管理对象。请改填伴发精神障碍的编码，或核对诊断。",
    rule="GW2017-1.4",
)
def _disorder_beside_the_other(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    code = (row.icd10 or "").upper()
    if row.diagnosis == Diagnosis.EPILEPTIC and re.match(r"G40", code) and "F06" not in code:
        return ("只是癫痫", "癫痫")
    if row.diagnosis == Diagnosis.RETARDATION and re.fullmatch(r"F7\d\.0\d*", code):
        return ("为无行为障碍的精神发育迟滞", "精神发育迟滞")
    return None


@check(
    "rg07",
    "确诊医院",
    "确诊机构像是基层机构。严重精神障碍应由有精神科执业资质的机构确诊。请填写实际确诊的医院，或安排复核诊断。",
)
def _diagnosed_by_specialist(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    return () if row.diagnosed_at is not None and re.search(r"卫生院|卫生室|社区", row.diagnosed_at) else None


@check(
    "rg08",
    "首次抗精神病药治疗时间",
    "从发病到首次治疗约 {0} 年。未治期过长，可能是日期有误。请对照病历改正，或确认后保留。",
)
def _untreated_not_for_decades(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.treated is None or row.onset is None or row.diagnosis == Diagnosis.RETARDATION:
        return None
    years = int((row.treated.first - row.onset.last) / YEAR_DAYS)
    return (years,) if years > 20 else None


@check(
    "rg10",
    "知情同意",
    "{0}。是否同意参加管理决定该患者是否计入在管。请补填或改正，或在下次随访时重新征求意见。",
)
def _consent_is_answered(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if row.consent is None:
        return ("没有填写知情同意",)
    if row.consent_on is None:
        return ("没有填写知情同意时间",)
    return ("知情同意时间晚于今天",) if row.consent_on > around.today else None


@check(
    "rg18",
    "首次抗精神病药治疗时间",
    "既往门诊治疗为“未治”，却填了首次治疗时间。两者不能同时成立。请改正治疗情况，或清空首次治疗时间。",
)
def _untreated_without_a_first_treatment(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    untreated = row.past_treatment == PastTreatment.NONE and not row.admissions_count
    return () if untreated and row.treated is not None else None


@check(
    "rg21",
    "既往危险行为",
    "没有填写{0}。既往史影响危险性评估和随访频次。请向家属了解后补填，或在下次随访时补记。",
)
def _history_is_filled(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.past_acts is None:
        return ("既往危险行为",)
    return ("既往关锁情况",) if row.past_confinement is None else None


@check(
    "FU-C1",
    "既往危险行为",
    "“无”与其他危险行为同时选中。两者不能同时成立。请去掉“无”，或去掉其他各项。",
)
def _none_excludes_others(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    mask = row.past_acts or 0
    none = 1 << DangerousAct.NONE
    return () if mask & none and mask != none else None


# --- loss, death, move (features 5.7) ---


@check(
    "st01",
    "状态日期",
    "{0}。缺少它就无法按日期计入或移出在册人数。请补填，或在核实前改回“在册”。",
)
def _exit_is_dated(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    if row.lifecycle in (None, Lifecycle.ON_REGISTER):
        return ("死亡原因已填，而在册状态不是“死亡”",) if row.death_cause is not None else None
    if row.lifecycle_on is None:
        return (f"在册状态为“{Lifecycle.read(row.lifecycle).label}”，但没有状态日期",)
    return (
        ("在册状态为“死亡”，但没有死亡原因",)
        if (row.lifecycle == Lifecycle.DEAD and row.death_cause is None)
        else None
    )


@check(
    "st02",
    "状态日期",
    "{0}。先后不合会使这段时间的人数算错。请改正状态日期，或改正另一个日期。",
)
def _exit_after_entry(row: PersonRow, around: PersonAround) -> tuple[object, ...] | None:
    if row.lifecycle_on is None or row.lifecycle in (None, Lifecycle.ON_REGISTER):
        return None
    if row.lifecycle_on > around.today:
        return ("状态日期晚于今天",)
    if row.lifecycle_on < row.registered_on:
        return ("状态日期早于建档日期",)
    early = row.onset is not None and row.lifecycle_on < row.onset.first
    return ("状态日期早于初次发病时间",) if early else None


@check(
    "ex08",
    "姓名",
    "文字中有乱码。多为导出时编码不对，原文已无法辨认。请从来源系统重新导出，或手工改正乱码处。",
)
def _text_is_readable(row: PersonRow, _: PersonAround) -> tuple[object, ...] | None:
    addresses = (row.domicile, row.residence, row.guardian_residence)
    texts = (row.name, row.guardian_name, row.diagnosed_at, *addresses)
    return () if any(text and re.search("[\ufffd□]|锟斤拷|烫烫烫", text) for text in texts) else None


# --- over the whole sheet ---

SAME_PERSON = (
    "id12",
    "姓名",
    "与第 {0} 行同名同生日。可能是重复建档，一人两档会使各项率算错。请对照两份档案；是同一人请合并，"
    "不是请保留。",
)
SHARED_PHONE = (
    "id16",
    "联系电话",
    "该号码登记在本文件 {0} 位患者名下。多人共用一个号码，往往是填了村医或单位电话。"
    "请核实本人或家属电话，或注明是公用电话。",
)
SHARED_LIMIT = 3

Found = tuple[int, tuple[str, str, str], tuple[object, ...]]


def across(rows: Iterable[tuple[int, PersonRow]]) -> Iterator[Found]:
    """Questions that only the whole sheet answers: (row, check, words)."""
    people: dict[tuple[str, int], int] = {}
    phones: defaultdict[str, list[int]] = defaultdict(list)
    for number, row in rows:
        if row.birth_on is not None:
            first = people.setdefault((row.name, row.birth_on), number)
            if first != number:
                yield number, SAME_PERSON, (first,)
        if row.phone is not None:
            phones[row.phone].append(number)
    for numbers in phones.values():
        if len(numbers) > SHARED_LIMIT:
            for number in numbers:
                yield number, SHARED_PHONE, (len(numbers),)
