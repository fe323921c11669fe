"""表单声明: the shape of a sheet — columns, required cells, cross-checks — and of what is found wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from casemgr.forms.cell import Cell, Kind, day_of

REFUSED, WARNING = "refused", "warning"

#: Reasons to refuse a row (contract §3). When a row has several, the first in this order is its code.
REFUSALS: Mapping[str, str] = {
    "missing": "“{0}”为空。没有它，这一行无法归到具体的人和日期。请补填后重新导入；如属误录，请删去这一行。",
    "id-check": (
        "证件号码{0}。号码有误会造成重复建档，也无法与其他部门核对。请对照证件改正；"
        "如为其他证件，请改“证件类型”。"
    ),
    "id-damaged": (
        "证件号码已被 Excel 变成数字，末几位已丢失，无法还原。"
        "请把该列设为文本后从原始证件重填，或从来源系统重新导出。"
    ),
    "duplicate-person": (
        "{0}。一人两档会使人数和各项率重复计算。请确认后删去本行、沿用原档案；如不是同一人，请核对证件号码。"
    ),
    "duplicate-visit": (
        "同一患者同一天在第 {0} 行已有一次随访（FU-C12）。一天只能计一次随访。请合并到前一行，"
        "或改正随访日期。"
    ),
    "future": "“{0}”晚于今天（{1}）。尚未发生的事不能登记。请改正日期；如是计划，请填入“下次随访日期”。",
    "order": (
        "{0}。时间先后颠倒，其中一个日期必定有误。请对照原始记录改正日期，或将记不准的日期只填到年、月。"
    ),
    "code": (
        "“{0}”的内容无法识别，应为：{1}。无法识别的内容不能计入统计。请改为上述内容，或把补充说明移到备注。"
    ),
    "unknown-case": (
        "“{0}”在本文件和登记库中都没有可用的档案。记录没有归属就无法保存。请核对档案编号，或先导入该患者。"
    ),
    "unknown-unit": (
        "{0}。不知道由谁管理，就无法归到辖区。请核对“管理单位代码”，或请县级先在“机构与区划”中补充。"
    ),
    "unknown-area": "{0}。区划不明就无法按乡镇、村统计。请核对区划代码，或请县级先在“机构与区划”中补充。",
    "after-death": (
        "日期晚于患者死亡日期（{0}）。死亡之后不会再有服务。请改正这一行的日期，或更正患者的死亡日期。"
    ),
    "range": "“{0}”超出允许范围，应为：{1}。这样的数值不可能成立。请对照原始记录改正，或清空后重新导入。",
}
RANK = {code: rank for rank, code in enumerate(REFUSALS)}

R = TypeVar("R")
C = TypeVar("C")


class Fault(NamedTuple):
    """One reason to refuse a row: contract code, header of the column, words for the sentence."""

    code: str
    column: str
    words: tuple[object, ...] = ()

    @property
    def sentence(self) -> str:
        """The sentence for the person who brought the file."""
        return REFUSALS[self.code].format(*self.words)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: name of the value, header, how its cells are read; ``spellings`` are other headers."""

    key: str
    header: str
    kind: Kind[Any]
    required: bool = False
    past: bool = False
    extra: bool = False
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Check(Generic[R, C]):
    """A cross-check that questions a row and never blocks it.

    ``test`` gets the row and what is known around it; it answers ``None``, or the words for ``says``.
    ``says`` tells what is wrong, why it matters and two ways out. ``rule`` cites the norm where one exists.
    """

    id: str
    column: str
    says: str
    test: Callable[[R, C], tuple[object, ...] | None]
    rule: str = ""


@dataclass(frozen=True)
class Sheet(Generic[R, C]):
    """One sheet: its title, its columns in order, its row type and its cross-checks."""

    title: str
    noun: str
    columns: tuple[Column, ...]
    row: type[R]
    checks: list[Check[R, C]] = field(default_factory=list)

    def check(
        self, id: str, column: str, says: str, rule: str = ""
    ) -> Callable[[Callable[[R, C], tuple[object, ...] | None]], Callable[[R, C], tuple[object, ...] | None]]:
        """Declare a cross-check on ``column``; decorates its test."""

        def declare(test: Callable[[R, C], tuple[object, ...] | None]) -> Callable[..., Any]:
            self.checks.append(Check(id, column, says, test, rule))
            return test

        return declare

    def position(self, key: str) -> int:
        """Place of a value within the row."""
        return next(place for place, column in enumerate(self.columns) if column.key == key)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row, or worth a question; ``row`` counts as Excel does, ``at`` from zero."""

    sheet: str
    row: int
    column: str
    code: str
    level: str
    at: int
    says: str
    words: tuple[object, ...] = ()
    further: tuple[str, ...] = ()
    also_at: tuple[int, ...] = ()

    @property
    def places(self) -> tuple[int, ...]:
        """Places (from zero) of all cells at fault."""
        return tuple(sorted({place for place in (self.at, *self.also_at) if place >= 0}))

    @property
    def message(self) -> str:
        """The Chinese sentence; holds no name, number, telephone or address."""
        text = self.says.format(*self.words)
        if self.further:
            text += "（同一行还有：" + "；".join(self.further) + "）"
        return text

    @property
    def cell(self) -> str:
        """Address of the cell as Excel writes it; only the row when the column is not in the file."""
        return f"{letters(self.at)}{self.row}" if self.at >= 0 else f"{self.row}"


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """One refused row as it came, with the reason and the places (from zero) of the cells at fault."""

    cells: Sequence[Cell]
    reason: str
    at: Sequence[int]


@dataclass(frozen=True, slots=True)
class RefusedSheet:
    """One sheet of the workbook of refused rows; a sheet without any keeps its header."""

    sheet: Sheet[Any, Any]
    header: Sequence[Cell]
    rows: Iterable[RefusedRow]


def letters(index: int) -> str:
    """Column letters of a zero-based index."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def shown(day: int) -> str:
    """A day as the screens write it."""
    when = day_of(day)
    return f"{when.year}年{when.month}月{when.day}日"


def each_fault(faults: Iterator[Fault]) -> list[Fault]:
    """Faults of a row, the one that names it first."""
    return sorted(faults, key=lambda fault: RANK[fault.code])
