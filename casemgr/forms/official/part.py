"""共用栏目: items that several official forms share (危险行为与次数、用药、患者身份)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casemgr.forms.cell import Amount, Code, Codes, DocumentNumber, Flag, FullDay, Phone, Text, Whole, Word
from casemgr.forms.condition import ALWAYS, NEVER, AnyOf, Condition, Equals, Given, Holds, In
from casemgr.forms.form import ONE_LINE, Field, Item, Table
from casemgr.terms.incident import DangerousAct
from casemgr.terms.person import DocumentKind, Sex

LINE = Text(ONE_LINE)
WORD = Word(ONE_LINE)
_mg = Amount("mg")

#: Keys of the six counts of 危险行为, by code.
COUNTS: Mapping[int, str] = {
    DangerousAct.DISTURBANCE: "disturbance_count",
    DangerousAct.OFFENCE: "offence_count",
    DangerousAct.CRIME: "crime_count",
    DangerousAct.OTHER_HARM: "other_harm_count",
    DangerousAct.SELF_HARM: "self_harm_count",
    DangerousAct.SUICIDE_ATTEMPT: "suicide_attempt_count",
}


def acts(key: str, label: str, number: str, required: Condition = ALWAYS, **more: Any) -> tuple[Field, ...]:
    """危险行为 with a count for each kind; 无 excludes the others. ``required`` is that of the counts."""
    counts = tuple(
        Field(
            count if key == "acts" else f"{key}_{count}",
            f"{DangerousAct.read(code).label}次数",
            Whole(1),
            number,
            asked=Holds(key, int(code)),
            required=required,
            unit="次",
            judgement=True,
            status=more.get("status", "V"),
        )
        for code, count in COUNTS.items()
    )
    whole = Field(
        key,
        label,
        Codes(DangerousAct),
        number,
        alone=int(DangerousAct.NONE),
        judgement=True,
        rule="FU-C1",
        **more,
    )
    return (whole, *counts)


#: Columns of a drug line in the layout of 2018.
DAY_PARTS = (
    Field("morning_ug", "早", _mg, unit="mg"),
    Field("noon_ug", "中", _mg, unit="mg"),
    Field("evening_ug", "晚", _mg, unit="mg"),
)
#: Columns of a drug line in the layout of 2017.
TIMES = (
    Field("times_per_day", "每日次数", Whole(1), unit="次"),
    Field("times_per_month", "每月次数", Whole(1), unit="次"),
    Field("dose_ug", "每次剂量", Amount("mg", zero=False), unit="mg"),
)
DRUG = Field("name", "名称", WORD, sealed=True)


def depot(prefix: str, label: str, number: str, asked: Condition = ALWAYS) -> tuple[Field, ...]:
    """A long-acting drug: name, weeks between two doses, dose."""
    name, weeks, dose = (f"{prefix}_{part}" for part in ("name", "weeks", "dose_ug"))
    more: dict[str, Any] = {"star": True, "group": f"{label}长效药"}
    needed = AnyOf(Given(weeks), Given(dose))
    return (
        Field(name, f"{label}长效药名称", WORD, number, asked, needed, sealed=True, **more),
        Field(weeks, f"{label}长效药间隔周", Whole(1), number, asked, unit="周", **more),
        Field(dose, f"{label}长效药每次剂量", Amount("mg", zero=False), number, asked, unit="mg", **more),
    )


def prescribed(key: str, label: str, number: str, status: str = "V2") -> tuple[Item, ...]:
    """勿需用药 and, unless it is ticked, drug lines that must not be empty (SYS-16.3)."""
    none = f"{key}_not_needed"
    taken = Equals(none, False)
    return (
        Field(none, f"{label}·勿需用药", Flag(), number, expected=ALWAYS, status=status, rule="SYS-16.3"),
        Table(key, label, (DRUG, *DAY_PARTS), 3, number, f"{label}·药物{{0}}", asked=taken, required=taken),
    )


def name(number: str = "", label: str = "姓名", required: Condition = ALWAYS, **more: Any) -> Field:
    """The person's name."""
    return Field("name", label, LINE, number, required=required, sealed=True, **more)


def sex(number: str = "", **more: Any) -> Field:
    """性别."""
    return Field("sex", "性别", Code(Sex), number, **more)


def birth(number: str = "", **more: Any) -> Field:
    """出生日期."""
    return Field("birth_on", "出生日期", FullDay(), number, past=True, sealed=True, **more)


#: Documents of people who come from abroad.
FOREIGN = In(
    "document_kind",
    tuple(int(kind) for kind in (DocumentKind.PASSPORT, DocumentKind.FOREIGN_RESIDENT, DocumentKind.OTHER)),
)


def document(number: str = "", kind: str = "", nationality: str = "", **more: Any) -> tuple[Field, ...]:
    """证件类型, 证件号码 and, for other documents than the identity card, 国籍."""
    return (
        Field("document_kind", "证件类型", Code(DocumentKind), kind or number, **more),
        Field("id_number", "证件号码", DocumentNumber(), number, sealed=True, **more),
        Field(
            "nationality",
            "国籍",
            LINE,
            nationality or number,
            asked=FOREIGN,
            hint="外籍人员填写。",
            sealed=True,
            **more,
        ),
    )


def phone(key: str, label: str, number: str = "", **more: Any) -> Field:
    """A telephone number."""
    return Field(key, label, Phone(), number, sealed=True, **more)


def signed(key: str, label: str, number: str = "", **more: Any) -> Field:
    """The name of somebody who signs."""
    return Field(key, label, WORD, number, sealed=True, **more)


def day(key: str, label: str, number: str = "", required: Condition = NEVER, **more: Any) -> Field:
    """A day that has passed."""
    return Field(key, label, FullDay(), number, required=required, past=True, **more)


def area_and_unit(number: str = "", **more: Any) -> tuple[Field, ...]:
    """报告地区 and 报告单位 by their codes."""
    return (
        Field("report_area", "报告地区", Word(24), number, **more),
        Field("report_unit", "报告单位", WORD, number, **more),
    )
