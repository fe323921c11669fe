"""机构与区划: the sheet of areas, their population and the unit that manages each."""

from __future__ import annotations

from typing import NamedTuple

from casemgr.forms.cell import LARGEST_WHOLE, AreaCode, Code, Mark, Text, Whole
from casemgr.forms.spec import Column, Sheet
from casemgr.terms.area import AreaLevel, ancestor, level_of


class AreaRow(NamedTuple):
    """One area as the file has it."""

    code: int
    name: str
    level: int
    parent: int | None
    population: int | None
    population_year: int | None
    unit_code: str | None
    unit_name: str | None


SHEET: Sheet[AreaRow, None] = Sheet(
    "机构与区划",
    "area",
    (
        Column("code", "区划代码", AreaCode(), required=True),
        Column("name", "名称", Text(80), required=True),
        Column("level", "级别", Code(AreaLevel), required=True),
        Column("parent", "上级代码", AreaCode()),
        Column("population", "常住人口", Whole(high=LARGEST_WHOLE)),
        Column("population_year", "人口年份", Whole(1949, 2199)),
        Column("unit_code", "管理单位代码", Mark()),
        Column("unit_name", "管理单位名称", Text(80)),
    ),
    AreaRow,
)


@SHEET.check(
    "ex12",
    "区划代码",
    "区划代码的层级与“级别”或“上级代码”不一致（按代码应为{0}）。统计按代码逐级汇总，这里不一致会使下级数加不到上级。"
    "请改正代码或级别；如当地确用此编码，请县级核对后保留。",
)
def _code_fits_level(row: AreaRow, _: None) -> tuple[object, ...] | None:
    level = level_of(row.code)
    wrong_parent = row.parent is not None and row.parent != _above(row.code, row.parent)
    return (level.label,) if level != row.level or wrong_parent else None


def _above(code: int, parent: int) -> int:
    return ancestor(code, level_of(parent))
