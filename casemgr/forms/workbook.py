"""县级工作簿: the six sheets in the order they depend on each other, and the judging of their rows.

The judge takes the rows of a file sheet by sheet and says of each whether it can be true (``refused``), is
worth a question (``warning``) or is fine. It reads no file and no database: rows come in as plain cells, the
register as :class:`casemgr.forms.known.Register`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from casemgr.forms import area, checkup, followup, injection, register, rehab
from casemgr.forms.area import AreaRow
from casemgr.forms.cell import Cell, Partial, Unfit, as_text, is_blank
from casemgr.forms.known import CaseFacts, KnownArea, KnownUnit, Register, Setting
from casemgr.forms.register import PersonRow
from casemgr.forms.spec import REFUSED, WARNING, Column, Fault, Problem, Sheet, each_fault, shown
from casemgr.terms.area import AreaLevel, ancestor, level_of
from casemgr.terms.code import normal
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.register import Lifecycle
from casemgr.terms.risk import Stability

#: Sheets in the order in which they refer to each other.
SHEETS: tuple[Sheet[Any, Any], ...] = (
    area.SHEET,
    register.SHEET,
    followup.SHEET,
    injection.SHEET,
    rehab.SHEET,
    checkup.SHEET,
)
TITLES = tuple(sheet.title for sheet in SHEETS)
#: Columns that the workbook of refused rows adds; coming back they are neither read nor reported.
STATE, REASON = "行状态", "原因"
REMEMBERED = 20_000
_NEW = object()
_NOWHERE = "既不在“机构与区划”表也不在登记库"

#: A row as it comes out of the file: its number and its cells.
Raw = tuple[int, Sequence[Cell]]


class BadWorkbook(Exception):
    """The file as a whole cannot be taken; ``message`` is a Chinese sentence, nothing was written."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@dataclass(slots=True)
class SheetVerdict:
    """What became of the rows of one sheet: those that can be taken, and everything found."""

    sheet: Sheet[Any, Any]
    read: int = 0
    numbers: list[int] = field(default_factory=list)
    rows: list[Any] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    present: frozenset[str] = frozenset()


class _Reading(dict[Any, Any]):
    """What the cells of one column of this file mean; each kind of cell is read once.

    The value is ``None`` for a blank, the :class:`Unfit` itself for what cannot be taken.
    """

    def __init__(self, column: Column) -> None:
        super().__init__()
        self.column = column
        self._remembers = column.kind.repeats

    def __missing__(self, raw: str | int | float) -> Any:
        try:
            value = None if is_blank(raw) else self.column.kind.read(raw)
        except Unfit as unfit:
            value = unfit
        if self._remembers:
            if len(self) >= REMEMBERED:
                self.clear()
            self[raw] = value
        return value


class Judge:
    """Judges the rows of one file; sheets are given in the order of :data:`SHEETS`."""

    def __init__(self, known: Register, setting: Setting) -> None:
        self._known = known
        self._setting = setting
        self._areas: dict[int, KnownArea] = {}
        self._units: dict[str, KnownUnit] = {}
        #: Cases of the register, and those of the file, which come first.
        self._stored: Mapping[str, CaseFacts] = {}
        self._counties: set[int] = set()
        self._cases: dict[str, CaseFacts] = {}
        self._holders: dict[str, int] = {}
        self._people: dict[str, tuple[str | None, bool]] = {}
        self._visit_days: dict[tuple[str, int], int] = {}
        #: Day and class of the last visit of each file that reached somebody, as the sheet goes on.
        self._visit_before: dict[str, tuple[int, int | None]] = {}
        self._sheet: Sheet[Any, Any] = SHEETS[0]
        self._readings: list[tuple[int, int, _Reading]] = []
        #: Columns that every row is asked about: required ones and those that lie in the past.
        self._asked: list[tuple[int, Column]] = []
        self._columns: dict[str, int] = {}
        self._verdict = SheetVerdict(SHEETS[0])
        self._area_rows: list[tuple[int, AreaRow]] = []

    # --- the sheet ---

    def begin(self, sheet: Sheet[Any, Any], header: Sequence[Cell]) -> None:
        """Start a sheet; :class:`BadWorkbook` when a needed column is missing or a header stands twice."""
        self._sheet = sheet
        self._verdict = SheetVerdict(sheet)
        self._asked = [(place, one) for place, one in enumerate(sheet.columns) if one.required or one.past]
        places: dict[str, int] = {}
        for index, cell in enumerate(header):
            if is_blank(cell):
                continue
            name = normal(as_text(cell or ""))
            if name in places:
                raise BadWorkbook(
                    "header",
                    f"“{sheet.title}”表中列名“{name}”出现了两次，无法判断以哪一列为准。"
                    "请删去或改名其中一列后重新导入。",
                )
            places[name] = index
        self._readings = []
        self._columns = {}
        for position, column in enumerate(sheet.columns):
            spellings = (normal(name) for name in (column.header, *column.spellings))
            index = next((places.pop(name) for name in spellings if name in places), -1)
            self._columns[column.header] = index
            if index >= 0:
                self._readings.append((index, position, _Reading(column)))
        lacking = [
            column.header for column in sheet.columns if column.required and self._columns[column.header] < 0
        ]
        if lacking:
            raise BadWorkbook(
                "header",
                f"“{sheet.title}”表缺少列：{'、'.join(lacking)}。列名须在第一行，列的次序不限。"
                "请补上这些列，或用导出的工作簿作模板。",
            )
        self._verdict.present = frozenset(reading.column.key for _, _, reading in self._readings)
        for name, index in places.items():
            if name not in (STATE, REASON):
                self._verdict.problems.append(
                    Problem(
                        sheet.title,
                        1,
                        name,
                        "unknown-column",
                        WARNING,
                        index,
                        "不认识列“{0}”，其内容没有导入。请核对列名是否写错；若确实不需要，可不予理会。",
                        (name,),
                    )
                )

    def take(self, rows: Iterable[Raw]) -> None:
        """Judge a block of rows of the sheet."""
        parsed = [(number, *self._parse(cells)) for number, cells in rows]
        self._verdict.read += len(parsed)
        _TAKERS[self._sheet.noun](self, parsed)

    def finish(self) -> SheetVerdict:
        """Ask what only the whole sheet answers and give the verdict."""
        verdict = self._verdict
        if self._sheet is area.SHEET:
            self._finish_areas()
        found: Iterable[followup.Found] = ()
        if self._sheet is register.SHEET:
            found = register.across(zip(verdict.numbers, verdict.rows, strict=True))
        elif self._sheet is followup.SHEET:
            found = followup.across(verdict.numbers, verdict.rows)
            self._visit_days.clear()
            self._visit_before.clear()
        for number, (code, column, says), words in found:
            self._question(number, code, column, says, words)
        return verdict

    def _parse(self, cells: Sequence[Cell]) -> tuple[Any, list[Fault]]:
        values: list[Any] = [None] * len(self._sheet.columns)
        faults: list[Fault] = []
        width = len(cells)
        for index, position, reading in self._readings:
            if index < width and (raw := cells[index]) is not None:
                value = reading[raw]
                if value.__class__ is Unfit:
                    faults.append(_unfit(reading.column, value))
                else:
                    values[position] = value
        return self._sheet.row._make(values), faults

    # --- what every row is asked ---

    def _plain_faults(self, row: Any, faults: list[Fault]) -> Iterator[Fault]:
        """Faults that the columns themselves declare: required, and not after today."""
        today = self._setting.today
        for position, column in self._asked:
            value = row[position]
            if value is None:
                if column.required and all(fault.column != column.header for fault in faults):
                    yield Fault("missing", column.header, (column.header,))
            elif column.past:
                first = value.first if isinstance(value, Partial) else value
                if first > today:
                    yield Fault("future", column.header, (column.header, shown(today)))

    def _refuse(self, number: int, faults: Iterable[Fault]) -> None:
        """Put a row down as refused: its first fault names it, the others are told along."""
        ordered = each_fault(iter(faults))
        first = ordered[0]
        at = tuple(self._columns.get(fault.column, -1) for fault in ordered)
        further = tuple(
            dict.fromkeys(
                f"{fault.column}：{_WORD[fault.code]}" for fault in ordered[1:] if fault[:2] != first[:2]
            )
        )
        says = first.sentence.replace("{", "{{").replace("}", "}}")
        problem = Problem(
            self._sheet.title, number, first.column, first.code, REFUSED, at[0], says, (), further, at[1:]
        )
        self._verdict.refused.add(number)
        self._verdict.problems.append(problem)

    def _accept(self, number: int, row: Any, around: Any) -> None:
        """Keep a row and put the questions it raises."""
        self._verdict.numbers.append(number)
        self._verdict.rows.append(row)
        for check in self._sheet.checks:
            words = check.test(row, around)
            if words is not None:
                self._question(number, check.id, check.column, check.says, words)

    def _question(self, number: int, code: str, column: str, says: str, words: tuple[object, ...]) -> None:
        self._verdict.problems.append(
            Problem(
                self._sheet.title, number, column, code, WARNING, self._columns.get(column, -1), says, words
            )
        )

    # --- 机构与区划 ---

    def _take_areas(self, parsed: list[tuple[int, AreaRow, list[Fault]]]) -> None:
        for number, row, faults in parsed:
            faults.extend(self._plain_faults(row, faults))
            if faults:
                self._refuse(number, faults)
            else:
                # A parent may stand below its children, so areas are judged when all have been read.
                self._area_rows.append((number, row))

    def _finish_areas(self) -> None:
        rows, known = self._area_rows, self._known.areas
        kept: dict[int, tuple[int, AreaRow]] = {}
        told = {row.code for _, row in rows}
        for number, row in sorted(rows, key=lambda item: (item[1].level, item[0])):
            faults = list(self._area_faults(row, kept.get(row.code), told, known))
            if faults:
                told.discard(row.code)
                self._refuse(number, faults)
                continue
            kept.setdefault(row.code, (number, row))
            self._accept(number, row, None)
            self._areas[row.code] = _known_area(row, known.get(row.code))
            if row.unit_code is not None and row.unit_code not in self._units:
                have = self._known.units.get(row.unit_code)
                self._units[row.unit_code] = KnownUnit(
                    have.key if have else 0,
                    have.area if have else row.code,
                    row.unit_name or (have.name if have else row.name),
                )
        self._counties = {ancestor(unit.area, AreaLevel.COUNTY) for unit in self._units.values()}
        self._areas = {**known, **self._areas}
        self._units = {**self._known.units, **self._units}
        self._stored = self._known.cases(frozenset(self._counties))

    def _area_faults(
        self, row: AreaRow, earlier: tuple[int, AreaRow] | None, told: set[int], known: Any
    ) -> Iterator[Fault]:
        if row.parent is not None and row.parent not in known and row.parent not in told:
            yield Fault("unknown-area", "上级代码", ("“上级代码”既不在本表也不在登记库",))
        if earlier is not None and earlier[1][:6] != row[:6]:
            words = f"区划代码与第 {earlier[0]} 行重复而内容不同，无法确定以哪一行为准"
            yield Fault("unknown-area", "区划代码", (words,))
        have = known.get(row.code)
        same = have is not None and have == _known_area(row, have)
        if not same and not self._known.writes_areas:
            yield Fault("unknown-area", "区划代码", ("机构与区划由县级维护，这一行与登记库不同",))
        elif not same and not self._may_tell(row.code, have):
            yield Fault("unknown-area", "区划代码", ("该区划不在您的辖区内",))
        yield from self._unit_faults(row)

    def _unit_faults(self, row: AreaRow) -> Iterator[Fault]:
        if row.unit_code is None:
            return
        have = self._known.units.get(row.unit_code)
        if have is None:
            if not self._known.writes_areas:
                yield Fault("unknown-unit", "管理单位代码", ("管理单位由县级维护，登记库中没有该单位",))
            elif not self._known.reaches(row.code):
                yield Fault("unknown-unit", "管理单位代码", ("不能为辖区以外新增管理单位",))
            return
        if row.unit_name not in (None, have.name):
            # The name of a unit is printed on the reports of its area.
            if not self._known.writes_areas:
                words = "管理单位由县级维护，名称与登记库不同"
                yield Fault("unknown-unit", "管理单位名称", (words,))
            elif not self._known.reaches(have.area):
                yield Fault("unknown-unit", "管理单位名称", ("该管理单位不在您的辖区内，不能改名",))
        level = level_of(have.area)
        if have.area != ancestor(row.code, level) and row.code != ancestor(have.area, level_of(row.code)):
            yield Fault("unknown-unit", "管理单位代码", ("该管理单位在登记库中属于另一个辖区",))

    def _may_tell(self, code: int, have: KnownArea | None) -> bool:
        """What lies above may be told to an empty register; what stands there belongs to others as well."""
        return self._known.reaches(code) or (have is None and self._is_above_reach(code))

    def _is_above_reach(self, code: int) -> bool:
        level = level_of(code)
        return any(
            ancestor(unit.area, level) == code and self._known.reaches(unit.area)
            for unit in self._known.units.values()
        )

    # --- 患者 ---

    def _take_people(self, parsed: list[tuple[int, PersonRow, list[Fault]]]) -> None:
        numbers = [row.id_number for _, row, _ in parsed if row.id_number is not None]
        holders = self._known.holders(numbers)
        taken = self._known.taken([row.file_no for _, row, _ in parsed if row.file_no])
        self._look_into_counties(parsed)
        for number, row, faults in parsed:
            faults.extend(self._plain_faults(row, faults))
            faults.extend(register.faults(row))
            faults.extend(self._person_faults(row, holders, taken))
            if faults:
                self._refuse(number, faults)
                continue
            unit = self._units[row.unit_code]
            self._remember_case(number, row, unit)
            self._accept(number, row, register.PersonAround(self._setting.today, unit.area))

    def _look_into_counties(self, parsed: list[tuple[int, PersonRow, list[Fault]]]) -> None:
        """A unit of the register may lie in a county that the sheet of areas does not name."""
        units = {row.unit_code for _, row, _ in parsed} & self._units.keys()
        told = {ancestor(self._units[code].area, AreaLevel.COUNTY) for code in units}
        if self._counties and (more := frozenset(told - self._counties)):
            self._counties |= more
            self._stored = {**self._known.cases(more), **self._stored}

    def _person_faults(self, row: PersonRow, holders: Any, taken: frozenset[str]) -> Iterator[Fault]:
        file_no = row.file_no or ""
        if file_no in taken:
            yield Fault("duplicate-person", "档案编号", ("档案编号在本县其他单位已经使用，全县不能重复",))
        earlier = self._cases.get(file_no)
        if earlier is not None and earlier.row:
            yield Fault("duplicate-person", "档案编号", (f"档案编号与本表第 {earlier.row} 行重复",))
        if row.id_number is not None and row.lifecycle in (None, Lifecycle.ON_REGISTER):
            yield from self._held(row.id_number, file_no, holders)
        unit = self._units.get(row.unit_code or "")
        if unit is None:
            if row.unit_code:
                yield Fault("unknown-unit", "管理单位代码", ("“管理单位代码”" + _NOWHERE,))
        elif not self._known.reaches(unit.area):
            yield Fault("unknown-unit", "管理单位代码", ("该管理单位不在您的辖区内",))
        if row.village is not None and row.village not in self._areas:
            yield Fault("unknown-area", "现住地区划代码", ("“现住地区划代码”" + _NOWHERE,))

    def _held(self, id_number: str, file_no: str, holders: Any) -> Iterator[Fault]:
        first = self._holders.get(id_number)
        if first is not None:
            words = f"证件号码与本表第 {first} 行相同，该患者已有在册档案"
            yield Fault("duplicate-person", "证件号码", (words,))
            return
        holder = holders.get(id_number)
        if holder is None or holder == file_no:
            return
        # The file itself may close the other case or correct its number.
        if self._people.get(holder, (id_number, True)) == (id_number, True):
            words = f"证件号码在登记库中已有在册档案 {holder}"
            yield Fault("duplicate-person", "证件号码", (words,))

    def _remember_case(self, number: int, row: PersonRow, unit: KnownUnit) -> None:
        before = self._stored.get(row.file_no)
        active = row.lifecycle in (None, Lifecycle.ON_REGISTER)
        if row.id_number is not None:
            if active:
                self._holders[row.id_number] = number
            self._people[row.file_no] = (row.id_number, active)
        facts = CaseFacts(
            area=unit.area,
            registered_on=row.registered_on,
            birth=row.birth_on,
            died_on=row.lifecycle_on if row.lifecycle == Lifecycle.DEAD else None,
            left_on=row.lifecycle_on if row.lifecycle in (Lifecycle.MOVED_OUT, Lifecycle.EXCLUDED) else None,
            refused=row.consent == ConsentAnswer.REFUSED and not row.article30,
            row=number,
        )
        if before is not None:
            facts = replace(facts, key=before.key, birth_year=before.birth_year)
            if row.lifecycle is None:
                facts = replace(facts, died_on=before.died_on, left_on=before.left_on)
        self._cases[row.file_no] = facts

    # --- sheets of a case ---

    def _case_of(self, row: Any) -> CaseFacts | None:
        return self.case(row.file_no) if row.file_no is not None else None

    def _take_records(
        self,
        parsed: list[tuple[int, Any, list[Fault]]],
        own: Callable[[int, Any, CaseFacts], Iterator[Fault]],
        around: Callable[[Any, CaseFacts], Any],
    ) -> None:
        for number, row, faults in parsed:
            faults.extend(self._plain_faults(row, faults))
            case = self._case_of(row)
            if case is None:
                if row.file_no is not None:
                    faults.append(Fault("unknown-case", "档案编号", ("档案编号",)))
            elif row.on is not None:
                faults.extend(own(number, row, case))
            if faults or case is None:
                self._refuse(number, faults)
            else:
                self._accept(number, row, around(row, case))

    def _take_visits(self, parsed: list[tuple[int, Any, list[Fault]]]) -> None:
        for item in parsed:
            # One by one, because a refused visit takes no day away from the next.
            self._take_records([item], self._visit_faults, self._around_visit)
            number, row, _ = item
            if row.file_no is not None and row.on is not None and number not in self._verdict.refused:
                self._visit_days[row.file_no, row.on] = number
                if row.loss_reason is None:
                    self._visit_before[row.file_no] = row.on, row.stability

    def _around_visit(self, row: followup.VisitRow, case: CaseFacts) -> followup.VisitAround:
        """With the class of the visit before as the file has it; without one the longer term is taken."""
        on, stability = self._visit_before.get(row.file_no, (row.on, None))
        before = stability if on < row.on else int(Stability.BASIC)
        return followup.VisitAround(case, self._setting.latest, before)

    def _visit_faults(self, _: int, row: followup.VisitRow, case: CaseFacts) -> Iterator[Fault]:
        first = self._visit_days.get((row.file_no, row.on))
        if first is not None:
            yield Fault("duplicate-visit", "随访日期", (first,))
        yield from followup.faults(row, case)

    def _take_doses(self, parsed: list[tuple[int, Any, list[Fault]]]) -> None:
        products = self._setting.products
        self._take_records(
            parsed,
            lambda _, row, case: injection.faults(row, case, products) if row.product else iter(()),
            lambda row, case: injection.DoseAround(case, products[row.product]),
        )

    def _take_sessions(self, parsed: list[tuple[int, Any, list[Fault]]]) -> None:
        self._take_records(parsed, lambda _, row, case: rehab.faults(row, case), lambda _, case: case)

    def _take_checkups(self, parsed: list[tuple[int, Any, list[Fault]]]) -> None:
        self._take_records(parsed, lambda *_: iter(()), lambda _, case: case)

    # --- what the writer needs ---

    @property
    def areas(self) -> dict[int, KnownArea]:
        """All areas, those of the file included."""
        return self._areas

    @property
    def units(self) -> dict[str, KnownUnit]:
        """All units, those of the file included; ``key`` is 0 for a new one."""
        return self._units

    def case(self, file_no: str) -> CaseFacts | None:
        """The case with this number, of the file or of the register; ``key`` is ``None`` for a new one."""
        return self._cases.get(file_no) or self._stored.get(file_no)


_TAKERS: dict[str, Callable[[Judge, Any], None]] = {
    "area": Judge._take_areas,
    "case": Judge._take_people,
    "visit": Judge._take_visits,
    "dose": Judge._take_doses,
    "session": Judge._take_sessions,
    "checkup": Judge._take_checkups,
}

_WORD = {
    "missing": "为空",
    "id-check": "号码有误",
    "id-damaged": "号码已损坏",
    "duplicate-person": "重复建档",
    "duplicate-visit": "同日重复",
    "future": "晚于今天",
    "order": "时间先后颠倒",
    "code": "无法识别",
    "unknown-case": "没有档案",
    "unknown-unit": "单位不明",
    "unknown-area": "区划不明",
    "range": "超出范围",
    "after-death": "晚于死亡日期",
}


def _unfit(column: Column, unfit: Unfit) -> Fault:
    if unfit.code in ("code", "range"):
        return Fault(unfit.code, column.header, (column.header, unfit.says))
    if unfit.code == "unknown-area":
        return Fault(unfit.code, column.header, (f"“{column.header}”不是 12 位区划代码",))
    return Fault(unfit.code, column.header)


def _known_area(row: AreaRow, have: KnownArea | None) -> KnownArea:
    """The area after this row: what the row leaves empty stays as it was."""
    if have is None:
        return KnownArea(row.name, row.level, row.parent, row.population, row.population_year)
    return KnownArea(
        row.name,
        row.level,
        have.parent if row.parent is None else row.parent,
        have.population if row.population is None else row.population,
        have.population_year if row.population_year is None else row.population_year,
    )
