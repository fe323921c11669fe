"""提供单: a sheet that is handed to somebody outside — PDF or workbook, marked with who took it and when."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from casemgr.reports.form import TEMPLATES

MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NOT_ON = "不得外传"
#: Lines of the watermark on each page.
MARKS, MARKS_WIDE = 6, 4
_WIDEST = 48


@dataclass(frozen=True, slots=True)
class HandedTable:
    """A table of texts with its heading.

    ``numbers`` are the columns that are set to the right, ``written`` those that are filled in by hand.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = field(repr=False)
    numbers: frozenset[int] = frozenset()
    note: str = ""
    written: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Handed:
    """One sheet: title and number, to whom, what about, its tables, who signs; the title names nobody."""

    title: str
    number: str
    to: str
    facts: tuple[tuple[str, str], ...]
    paragraphs: tuple[str, ...]
    tables: tuple[HandedTable, ...] = field(repr=False)
    closing: tuple[str, ...]
    unit: str
    day: date
    #: Unit, account and time of whoever takes it out, printed across every page.
    mark: str
    signatures: tuple[str, ...] = ("经办人", "审批人", "签收人")
    landscape: bool = False


def marked(unit: str, account: str, at: datetime) -> str:
    """The words of the watermark."""
    return f"{unit} {account} {at:%Y-%m-%d %H:%M} {NOT_ON}"


#: A day, a number of a document, of a telephone or of an account, with the brackets around it.
_NUMBER = re.compile(r"(（?[0-9*][0-9X*-]{6,18}[）；、，]?)")


def unbroken(text: str) -> Markup:
    """The words of a cell, in which no day and no number is torn at the end of a line."""
    parts = [escape(part) for part in _NUMBER.split(text)]
    parts[1::2] = [Markup('<span class="kept">{}</span>').format(part) for part in parts[1::2]]
    return Markup().join(parts)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment


def document(sheet: Handed, demo: bool = False) -> str:
    """The sheet as HTML for :func:`casemgr.reports.pdf.printed`."""
    template = _environment().get_template("reports/handed.html")
    return template.render(sheet=sheet, demo=demo, marks=range(MARKS_WIDE if sheet.landscape else MARKS))


def workbook(sheet: Handed, demo: bool = False) -> bytes:
    """The sheet as a workbook of texts: nothing in it is a formula, an author or a hidden cell."""
    import xlsxwriter  # only where a workbook is written

    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, {**options, "strings_to_numbers": False})
    made = datetime(sheet.day.year, sheet.day.month, sheet.day.day)  # noqa: DTZ001 - a property, not a moment
    book.set_properties({"title": sheet.title, "author": "", "created": made})
    strong = book.add_format({"bold": True, "bg_color": "#EEEEEE", "border": 1, "text_wrap": True})
    plain = book.add_format({"border": 1, "num_format": "@", "valign": "top", "text_wrap": True})
    head = [("标题", sheet.title), ("编号", sheet.number), ("接收单位", sheet.to), *sheet.facts]
    head += [("说明", words) for words in (*sheet.paragraphs, *sheet.closing)]
    head += [("提供单位", sheet.unit), ("日期", sheet.day.isoformat()), ("标记", sheet.mark)]
    if demo:
        head.append(("提示", "演示数据，均为虚构"))
    about = book.add_worksheet("说明")
    about.set_column(0, 0, 16)
    about.set_column(1, 1, 90)
    for line, (label, words) in enumerate(head):
        about.write_string(line, 0, label, strong)
        about.write_string(line, 1, words, plain)
    for table in sheet.tables:
        page = book.add_worksheet(table.title[:31])
        page.freeze_panes(1, 0)
        page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        for place, name in enumerate(table.columns):
            longest = max((len(row[place]) for row in table.rows), default=0)
            page.set_column(place, place, min(_WIDEST, 2 * max(longest, len(name)) + 2))
            page.write_string(0, place, name, strong)
        for line, row in enumerate(table.rows, 1):
            for place, words in enumerate(row):
                page.write_string(line, place, words, plain)
        page.set_footer(f"&C{sheet.mark.replace('&', '&&')}")
    book.close()
    return target.getvalue()


def blank_list(title: str, columns: tuple[str, ...]) -> bytes:
    """An empty workbook with these headers, its columns set as text so that numbers keep all their digits."""
    import xlsxwriter  # only where a workbook is written

    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    book.set_properties({"title": title, "author": "", "created": datetime(2026, 1, 1)})  # noqa: DTZ001
    page = book.add_worksheet(title)
    for place, name in enumerate(columns):
        page.set_column(place, place, 26, book.add_format({"num_format": "@"}))
        page.write_string(0, place, name, book.add_format({"bold": True, "border": 1}))
    book.close()
    return target.getvalue()
