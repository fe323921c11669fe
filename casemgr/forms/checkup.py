"""健康体检: the sheet of yearly check-ups."""

from __future__ import annotations

from typing import NamedTuple

from casemgr.forms.cell import Amount, Code, FullDay, Mark, Pressure, Text
from casemgr.forms.known import CaseFacts
from casemgr.forms.spec import Column, Sheet, shown
from casemgr.terms.checkup import TestResult


class CheckupRow(NamedTuple):
    """One check-up as the workbook has it; weight in grams, pressure in mmHg."""

    file_no: str
    on: int
    pressure: tuple[int, int] | None
    weight_g: int | None
    blood_count: int | None
    transaminase: int | None
    glucose: int | None
    ecg: int | None
    note: str | None


SHEET: Sheet[CheckupRow, CaseFacts] = Sheet(
    "健康体检",
    "checkup",
    (
        Column("file_no", "档案编号", Mark(), required=True),
        Column("on", "体检日期", FullDay(), required=True, past=True),
        Column("pressure", "血压", Pressure()),
        Column("weight_g", "体重kg", Amount("kg", zero=False)),
        Column("blood_count", "血常规", Code(TestResult)),
        Column("transaminase", "转氨酶", Code(TestResult)),
        Column("glucose", "血糖", Code(TestResult)),
        Column("ecg", "心电图", Code(TestResult)),
        Column("note", "备注", Text(), extra=True),
    ),
    CheckupRow,
)
check = SHEET.check

#: Beyond these a reading is more likely mistyped than measured.
WEIGHT_G = (20_000, 250_000)
SYSTOLIC, DIASTOLIC = (60, 260), (30, 160)


@check(
    "tm02",
    "体检日期",
    "体检早于建档日期（{0}）。请改正其中一个日期；如为建档前的体检，请保留。",
)
def _after_registration(row: CheckupRow, case: CaseFacts) -> tuple[object, ...] | None:
    return (shown(case.registered_on),) if row.on < case.registered_on else None


@check(
    "tm03",
    "体检日期",
    "体检晚于患者死亡日期（{0}）。两者必有一个有误。请改正体检日期，或更正患者的死亡日期。",
)
def _before_death(row: CheckupRow, case: CaseFacts) -> tuple[object, ...] | None:
    return (shown(case.died_on),) if case.died_on is not None and row.on > case.died_on else None


@check(
    "vc28",
    "血压",
    "{0}不在常见范围内。多为录错位数或单位。请核对原始记录改正，或确认无误后保留。",
)
def _readings_in_reason(row: CheckupRow, _: CaseFacts) -> tuple[object, ...] | None:
    if row.pressure is not None:
        high, low = row.pressure
        if not (SYSTOLIC[0] <= high <= SYSTOLIC[1] and DIASTOLIC[0] <= low <= DIASTOLIC[1] and low < high):
            return ("血压",)
    if row.weight_g is not None and not WEIGHT_G[0] <= row.weight_g <= WEIGHT_G[1]:
        return ("体重",)
    return None
