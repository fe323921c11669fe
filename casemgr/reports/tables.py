"""表格: the figures of a report as plain tables, for the screen, for Excel and for other programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from casemgr.reports.charts import HIDDEN
from casemgr.reports.figures import (
    AreaTable,
    Distribution,
    Earlier,
    Figures,
    FormFigures,
    MonthlyFigures,
    PeriodFigures,
    Rate,
)
from casemgr.reports.left_out import areas_left_out, duties_left_out, reasons

#: The figures beside the main ones: entry in time, support talks, what an area reports once a year.
BESIDE_NAME = "录入、心理疏导与工作条件"
TEXT, COUNT, RATE = "text", "count", "rate"

#: People, a rate as printed (``87.47``), a text, ``＊`` where hidden, nothing where there is none.
Cell = int | str | None


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading and whether it holds text, counts or rates."""

    name: str
    kind: str = TEXT


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a report under the name it has on paper."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def tables_of(figures: Figures) -> tuple[Table, ...]:
    """Every table of a report; the numbers are those of the paper, hidden ones are hidden here too."""
    if isinstance(figures, FormFigures):
        return _form(figures)
    month = figures.month if isinstance(figures, PeriodFigures) else figures
    found = [_rates(figures, month.official, "主要指标")]
    found.append(_course(figures) if isinstance(figures, PeriodFigures) else _trends(figures))
    if month.beside:
        found.append(_rates(figures, month.beside, BESIDE_NAME))
    found += _areas(month.table)
    found += [_shares(month.risk), _shares(month.classes), _duties(month)]
    found += _late(figures)
    if month.others:
        found.append(_rates(figures, month.others, "其他口径的结果", plain=True))
    found.append(_definitions(month))
    return tuple(found)


def _hidden(value: Cell, hidden: bool) -> Cell:
    return HIDDEN if hidden else value


def aim_in_words(rate: Rate) -> str:
    """How a rate stands to its target, as the tables say it."""
    if rate.met is None:
        return ""
    if rate.met:
        return "达标"
    missing = f"差{rate.distance}{'人' if rate.people else ''}"
    return missing if rate.distance and rate.unit == "%" else "未达标"


def _rates(figures: Figures, rates: Sequence[Rate], name: str, plain: bool = False) -> Table:
    before = figures if isinstance(figures, PeriodFigures) and not plain else None
    counted = "（人）" if all(rate.people for rate in rates) else ""
    columns = [
        Column("指标"),
        Column("口径编号"),
        Column(f"分子{counted}", COUNT),
        Column(f"分母{counted}", COUNT),
        Column("本期", RATE),
        Column("单位"),
        Column("目标"),
        Column("距目标"),
        Column("上月", RATE),
        *([Column(before.before_name, RATE)] if before is not None else []),
        Column("去年同期", RATE),
    ]
    rows = []
    for rate in rates:
        compared: list[Cell] = [_hidden(rate.last_month, rate.hidden)]
        if before is not None:
            compared.append(_hidden(before.before_of(rate.key), rate.hidden))
        rows.append(
            (
                rate.name,
                rate.key,
                _hidden(rate.numerator, rate.hidden),
                _hidden(rate.denominator, rate.hidden and rate.denominator is None),
                _hidden(rate.value, rate.hidden),
                rate.unit,
                rate.target,
                aim_in_words(rate),
                *compared,
                _hidden(rate.last_year, rate.hidden),
            )
        )
    return Table(name, tuple(columns), tuple(rows))


def _trends(figures: MonthlyFigures) -> Table:
    columns = (Column("指标"), *(Column(month, RATE) for month in figures.months))
    rows = tuple((f"{line.name}（{line.unit}）", *line.values) for line in figures.trends)
    return Table(f"近{len(figures.months)}个月主要指标", columns, rows)


def _course(figures: PeriodFigures) -> Table:
    columns = [Column("指标")]
    for label in figures.labels:
        columns += [Column(f"{label}分子", COUNT), Column(f"{label}分母", COUNT), Column(label, RATE)]
    rows = []
    for line in figures.course:
        cells: list[Cell] = [f"{line.name}（{line.unit}）"]
        for point in line.points:
            cells += [point.numerator, point.denominator, point.value]
        rows.append(tuple(cells))
    return Table("各月进展", tuple(columns), tuple(rows))


def _areas(table: AreaTable) -> list[Table]:
    if reason := areas_left_out(table):
        return [Table(f"分{table.level}情况", (Column("说明"),), ((reason,),))]
    columns = [Column(table.level), Column("在册（人）", COUNT)]
    for column in table.columns:
        columns += [
            Column(f"{column.name}分子", COUNT),
            Column(f"{column.name}分母", COUNT),
            Column(f"{column.name}（{column.unit}）", RATE),
        ]
    rows = []
    for row in (*table.rows, *((table.total,) if table.total is not None else ())):
        cells: list[Cell] = [row.name, _hidden(row.registered, row.hidden)]
        for cell in row.cells:
            whole_hidden = cell.hidden and cell.denominator is None
            cells += [
                _hidden(cell.numerator, cell.hidden),
                _hidden(cell.denominator, whole_hidden),
                _hidden(cell.value, cell.hidden),
            ]
        rows.append(tuple(cells))
    note = "“＊”为小数保护，不表示零（REC-SMALL-1）。" if table.hides else ""
    return [Table(f"分{table.level}情况", tuple(columns), tuple(rows), note)]


def _shares(distribution: Distribution) -> Table:
    columns = (Column(distribution.name), Column("人数", COUNT), Column("占在册%", RATE))
    rows: list[tuple[Cell, ...]] = [
        (share.name, _hidden(share.count, share.hidden), _hidden(share.percent, share.hidden))
        for share in distribution.shares
    ]
    rows.append(("合计", distribution.total, "100.00" if distribution.total else None))
    return Table(distribution.name, columns, tuple(rows), distribution.note)


def _duties(month: MonthlyFigures) -> Table:
    if reason := duties_left_out(month):
        return Table("随访任务", (Column("说明"),), ((reason,),))
    columns = (
        Column("末次分类"),
        Column("随访上限（天）", COUNT),
        Column("应访人数", COUNT),
        Column("下月到期", COUNT),
        Column("已超期", COUNT),
        Column("依据"),
    )
    total = month.duties_total
    rows: list[tuple[Cell, ...]] = [
        (
            duty.name,
            duty.limit_days,
            *(_hidden(one, one is None) for one in (duty.people, duty.coming, duty.overdue)),
            duty.rule,
        )
        for duty in month.duties
    ]
    rows.append(("合计", None, _hidden(total.people, total.people is None), total.coming, total.overdue, ""))
    return Table("随访任务", columns, tuple(rows))


def _late(figures: Figures) -> Iterable[Table]:
    if isinstance(figures, MonthlyFigures):
        if figures.changes:
            columns = (Column("项目"), Column("上一版"), Column("本版"))
            rows = tuple((one.name, one.before, one.after) for one in figures.changes)
            yield Table("与上一版月结的差异", columns, rows)
        yield from _earlier(figures.earlier, figures.table.protected)
        return
    if isinstance(figures, FormFigures):
        return
    yield Table(
        "本期后补录",
        (
            Column("月份"),
            Column("首次月结"),
            Column("最新月结"),
            Column("月结次数", COUNT),
            Column("变动的数（个）", COUNT),
        ),
        tuple(
            (label, one.first_closed_on, one.closed_on, one.revisions, one.figures_changed)
            for label, one in zip(figures.labels, figures.closings, strict=True)
        ),
    )
    if figures.changes:
        columns = (Column("项目"), Column("首次月结"), Column("最新月结"))
        yield Table("补录变动", columns, tuple((one.name, one.before, one.after) for one in figures.changes))
    if figures.causes:
        causes = tuple((one.name, _hidden(one.count, one.hidden)) for one in figures.causes)
        yield Table("补录原因", (Column("原因"), Column("人次", COUNT)), causes)
    yield from _earlier(figures.earlier, figures.month.table.protected)


def _earlier(told: Earlier | None, protected: bool) -> Iterable[Table]:
    if told is None:
        return
    columns = (
        *(Column(name) for name in ("月份", "指标", "上一版", "本版", "原因")),
        Column("分子增减", COUNT),
        Column("分母增减", COUNT),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in told.shifts:
        head = (one.month, one.name, one.before, one.after)
        rows.append((*head, "合计", one.numerator, one.denominator))
        rows += [(*head, cause.name, cause.numerator, cause.denominator) for cause in reasons(one, protected)]
    yield Table("与上一版签发的差异", columns, tuple(rows), f"上一版：{told.number}。")


def _definitions(month: MonthlyFigures) -> Table:
    rows = tuple(
        (
            one.name,
            one.variant,
            one.people,
            "；".join(
                (
                    *(
                        f"{ground.id} {ground.wording}{f'〔{ground.mark}〕' if ground.mark else ''}"
                        for ground in one.grounds
                    ),
                    *(f"{again} 同上" for again in one.again),
                )
            ),
        )
        for one in month.definitions
    )
    columns = (Column("指标"), Column("口径"), Column("分母人群"), Column("依据编号与内容"))
    return Table("指标口径与依据", columns, rows)


def _form(figures: FormFigures) -> tuple[Table, ...]:
    columns = (Column("栏目"), Column("填报"), Column("项目"), Column("数量", COUNT))
    rows = tuple(
        (block.name, block.filler, line.name, _hidden(line.count, line.hidden))
        for block in figures.blocks
        for line in block.lines
    )
    found = [Table(figures.form_number, columns, rows, "".join(figures.notes))]
    if figures.rates:
        found.append(_rates(figures, figures.rates, "主要指标与工作条件"))
    return tuple(found)
