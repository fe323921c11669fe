"""Excel 报表: the tables of a report as a workbook; the same figures give the same bytes."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from casemgr.reports.charts import NOTHING
from casemgr.reports.figures import Figures
from casemgr.reports.monthly import day_in_words, seal_of
from casemgr.reports.paper import period_in_words, title_of
from casemgr.reports.tables import COUNT, RATE, Cell, Column, Table, tables_of

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: Characters that the name of a sheet may not have, and its greatest length.
_UNFIT = str.maketrans("", "", "[]:*?/\\")
_LONGEST = 31
_WIDE = 60


def workbook(figures: Figures, address: str) -> bytes:
    """The report as an Excel file: 说明 with number, digest and code, then one sheet for each table."""
    import xlsxwriter  # only where a workbook is written

    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    book.set_properties(
        {
            "title": title_of(figures),
            "subject": figures.number,
            # No clock: the day the month was closed stands for the file.
            "created": datetime.fromisoformat(figures.closed_on),
        }
    )
    seal = seal_of(figures, address)
    about = (
        ("报表", title_of(figures)),
        ("报表编号", figures.number),
        ("报告期", period_in_words(figures)),
        ("填报单位", figures.unit_name),
        ("数据截至", day_in_words(figures.as_of)),
        ("月结", f"{day_in_words(figures.closed_on)}，第{figures.close_revision}版"),
        ("核验码", seal.code),
        ("数据摘要 SHA-256", seal.groups),
        ("核验地址", address),
        *((("说明", "演示数据，均为虚构，不得作为统计资料使用"),) if figures.demo else ()),
    )
    strong = book.add_format({"bold": True, "bg_color": "#EEEEEE", "border": 1, "text_wrap": True})
    plain = book.add_format({"border": 1, "valign": "top", "text_wrap": True})
    rate = book.add_format({"border": 1, "num_format": "0.00"})
    right = book.add_format({"border": 1, "align": "right"})
    first = book.add_worksheet("说明")
    first.set_column(0, 0, 20)
    first.set_column(1, 1, 90)
    for line, (name, value) in enumerate(about):
        first.write_string(line, 0, name, strong)
        first.write_string(line, 1, value, plain)
    for table in tables_of(figures):
        sheet = book.add_worksheet(table.name.translate(_UNFIT)[:_LONGEST])
        sheet.freeze_panes(1, 1)
        sheet.repeat_rows(0)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        for place, column in enumerate(table.columns):
            sheet.set_column(place, place, _width(table, place))
            sheet.write_string(0, place, column.name, strong)
        for line, row in enumerate(table.rows, 1):
            for place, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
                value = number_of(column, cell)
                if value is None:
                    text = NOTHING if cell is None and column.kind != "text" else str(cell or "")
                    sheet.write_string(line, place, text, plain if column.kind == "text" else right)
                else:
                    sheet.write_number(line, place, value, rate if column.kind == RATE else plain)
        if table.note:
            sheet.write_string(len(table.rows) + 2, 0, f"注：{table.note}")
    book.close()
    return target.getvalue()


def number_of(column: Column, cell: Cell) -> float | None:
    """The number of a cell of counts or rates; nothing for text, hidden and empty ones."""
    if column.kind == COUNT and isinstance(cell, int):
        return cell
    if column.kind == RATE and isinstance(cell, str) and cell.replace(".", "").isdigit():
        return float(cell)
    return None


def _width(table: Table, place: int) -> float:
    longest = max(
        (len(str(row[place])) for row in table.rows if row[place] is not None),
        default=0,
    )
    return min(_WIDE, 2.2 * max(longest, len(table.columns[place].name)) + 2)
