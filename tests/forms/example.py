"""样例: rows without any fault or question, to be changed in one place by each test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from casemgr.forms.area import AreaRow
from casemgr.forms.cell import DAY, Partial, days
from casemgr.forms.checkup import CheckupRow
from casemgr.forms.followup import VisitRow
from casemgr.forms.injection import DoseRow
from casemgr.forms.known import CaseFacts, KnownArea, KnownUnit, Setting
from casemgr.forms.register import PersonRow
from casemgr.forms.rehab import SessionRow
from casemgr.forms.spec import Problem
from casemgr.forms.workbook import SHEETS, Judge, SheetVerdict
from casemgr.rules.policy import in_force_on
from casemgr.services.visit_rows import latest_by
from casemgr.terms.idnumber import check_digit
from casemgr.terms.injection import products

COUNTY, TOWNSHIP, VILLAGE, ELSEWHERE = 999901000000, 999901100000, 999901100200, 999901101000
BODY = "99990119700305001"
NUMBER = BODY + check_digit(BODY)


def day(year: int, month: int, number: int) -> int:
    return days(date(year, month, number))


def known(year: int, month: int, number: int) -> Partial:
    return Partial(day(year, month, number), DAY)


TODAY = day(2026, 11, 21)
LATEST = latest_by(in_force_on(date(2026, 11, 21)))
PRODUCT = products()["PP1M"]
SETTING = Setting(TODAY, LATEST, products())
CASE = CaseFacts(area=TOWNSHIP, registered_on=day(2020, 1, 6), birth=day(1970, 3, 5))


def blank(kind: Any, **values: Any) -> Any:
    return kind(**dict.fromkeys(kind._fields) | values)


AREA: AreaRow = AreaRow(TOWNSHIP, "东镇", 4, COUNTY, 20_000, 2025, "U1", "东镇卫生院")
PERSON: PersonRow = blank(
    PersonRow,
    file_no="101-00001",
    name="张某",
    sex=1,
    birth_on=day(1970, 3, 5),
    document_kind=1,
    id_number=NUMBER,
    ethnicity=1,
    household=2,
    education=7,
    marriage=1,
    employment=3,
    domicile="示例县东镇第1村3号",
    village=VILLAGE,
    residence="东镇第1村3号",
    phone="10012345670",
    guardian_name="李某",
    relation=7,
    guardian_phone="10012345671",
    diagnosis=1,
    icd10="F20.9",
    diagnosed_at="示例市精神卫生中心",
    diagnosed=known(2010, 5, 1),
    onset=known(2009, 2, 1),
    treated=known(2010, 6, 1),
    admissions_count=0,
    past_symptoms=2,
    past_confinement=1,
    past_acts=1 << 7,
    consent=1,
    consent_on=day(2020, 1, 6),
    article30=False,
    registered_on=day(2020, 1, 6),
    unit_code="U1",
    lifecycle=1,
)
VISIT: VisitRow = blank(
    VisitRow,
    file_no="101-00001",
    on=day(2026, 3, 5),
    mode=2,
    informants=2,
    risk=0,
    symptoms=1 << 11,
    insight=1,
    sleep=1,
    diet=1,
    self_care=1,
    housework=2,
    work=9,
    study=2,
    contact=2,
    disturbance_count=0,
    offence_count=0,
    crime_count=0,
    other_harm_count=0,
    self_harm_count=0,
    suicide_attempt_count=0,
    confinement=1,
    hospital=0,
    laboratory=1,
    adherence=1,
    adverse_reaction=1,
    outcome=2,
    referral_advised=1,
    referred=1,
    drug1_name="奥氮平片",
    drug1_morning_ug=5_000,
    rehab_measures=2,
    stability=3,
    next_on=day(2026, 6, 1),
    doctor="医生01",
    entered_on=day(2026, 3, 6),
)
DOSE: DoseRow = DoseRow(
    "101-00001", "PP1M", "棕榈酸帕利哌酮注射液", day(2026, 3, 5), 100_000, 1, 1, "B1", "东镇卫生院"
)
SESSION: SessionRow = SessionRow("101-00001", day(2026, 3, 5), 1, 3, 60, "康复中心", True)
CHECKUP: CheckupRow = CheckupRow("101-00001", day(2026, 3, 5), (120, 80), 60_000, 1, 1, 1, 1, None)

HEADER_OF: dict[str, list[str]] = {
    sheet.title: [column.header for column in sheet.columns] for sheet in SHEETS
}


class Shelf:
    """A register that holds what a test puts into it."""

    def __init__(
        self,
        *,
        cases: Mapping[str, CaseFacts] | None = None,
        holders: Mapping[str, str] | None = None,
        reach: tuple[int, int] = (0, 10**12),
        writes_areas: bool = True,
        taken: frozenset[str] = frozenset(),
    ) -> None:
        self.areas = {
            COUNTY: KnownArea("示例县", 3, None, 50_000, 2025),
            TOWNSHIP: KnownArea("东镇", 4, COUNTY, 20_000, 2025),
            VILLAGE: KnownArea("第1村", 5, TOWNSHIP, 2_000, 2025),
            ELSEWHERE: KnownArea("西镇", 4, COUNTY, 20_000, 2025),
        }
        self.units = {"U1": KnownUnit(1, TOWNSHIP, "东镇卫生院"), "U2": KnownUnit(2, ELSEWHERE, "西镇卫生院")}
        self._cases = dict(cases or {})
        self.writes_areas = writes_areas
        self._holders = dict(holders or {})
        self._reach = reach
        self._taken = taken

    def reaches(self, area: int) -> bool:
        return self._reach[0] <= area < self._reach[1]

    def cases(self, counties: frozenset[int]) -> Mapping[str, CaseFacts]:
        return self._cases

    def holders(self, numbers: Sequence[str]) -> Mapping[str, str]:
        return {number: self._holders[number] for number in numbers if number in self._holders}

    def taken(self, file_nos: Sequence[str]) -> frozenset[str]:
        return self._taken & frozenset(file_nos)


def cells(sheet: Any, row: Any) -> list[Any]:
    """The cells of a file that hold ``row``, dates as labels of the text kind."""
    found: list[Any] = []
    for column, value in zip(sheet.columns, row, strict=True):
        cell = None if value is None else column.kind.write(value)
        found.append(f"\x01{int(cell)}" if type(cell).__name__ == "ExcelDay" else cell)
    return found


def judged(rows: Mapping[str, Sequence[Any]], shelf: Shelf | None = None) -> dict[str, SheetVerdict]:
    """Judge rows (title → rows of that sheet, from row 2 on) as one file."""
    judge = Judge(shelf or Shelf(), SETTING)
    verdicts = {}
    for sheet in SHEETS:
        judge.begin(sheet, HEADER_OF[sheet.title])
        given = rows.get(sheet.title, [])
        judge.take(
            [
                (number, row if isinstance(row, list) else cells(sheet, row))
                for number, row in enumerate(given, 2)
            ]
        )
        verdicts[sheet.title] = judge.finish()
    return verdicts


def refusals(verdict: SheetVerdict) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in verdict.problems if problem.level == "refused"]


def questions(verdict: SheetVerdict) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in verdict.problems if problem.level == "warning"]


def problem(verdict: SheetVerdict, code: str) -> Problem:
    return next(problem for problem in verdict.problems if problem.code == code)
