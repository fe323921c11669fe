"""写表: the workbook out again, and the workbook of refused rows; text stays text, never a formula."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import xlsxwriter

from casemgr.forms.cell import DAY_MARK, Cell, Code, ExcelDay, Flag, as_text
from casemgr.forms.spec import Column, RefusedSheet, Sheet
from casemgr.forms.workbook import REASON, STATE

#: Excel counts days from here; XlsxWriter would need a datetime for each cell.
EXCEL_EPOCH = 25_569
WIDEST, LONGEST_LIST = 40, 250
#: Same figures, same bytes: the file does not say when or by whom it was written.
MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a property of the file, not a moment
MEMORY_FOLDER = Path("/dev/shm")  # noqa: S108 - memory, not disk: half-written sheets hold names
OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "nan_inf_to_errors": True,
}


@contextmanager
def _workbook(out: Path | BinaryIO) -> Iterator[Any]:
    """A workbook whose working files, which hold names, lie in memory and never on a disk."""
    folder = tempfile.mkdtemp(prefix="casemgr-", dir=MEMORY_FOLDER) if MEMORY_FOLDER.is_dir() else None
    options: dict[str, Any] = dict(OPTIONS)
    options.update({"constant_memory": True, "tmpdir": folder} if folder else {"in_memory": True})
    if isinstance(out, Path):
        # A new file is for whoever asked for it alone, whatever the umask: it is full of names.
        os.close(os.open(out, os.O_WRONLY | os.O_CREAT, 0o600))
    try:
        book = xlsxwriter.Workbook(str(out) if isinstance(out, Path) else out, options)
        book.set_properties({"title": "casemgr", "author": "", "created": MADE})
        yield book
        book.close()
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


class _Page:
    """One sheet being written, cell by cell, with a format per column."""

    def __init__(self, book: Any, title: str, formats: dict[str, Any]) -> None:
        self.page = book.add_worksheet(title)
        self.page.freeze_panes(1, 0)
        self.page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._formats = formats

    def column(self, index: int, header: str, column: Column | None) -> None:
        """Set a column up: width, number format, list of labels to choose from."""
        wide = min(WIDEST, 4 + sum(2 if ord(sign) > 255 else 1 for sign in header))
        number_format = column.kind.format if column else "@"
        self.page.set_column(index, index, max(wide, 12), self._formats[number_format])
        self.page.write_string(0, index, header, self._formats["head"])
        if column is not None and isinstance(column.kind, Code | Flag):
            labels = [label for _, label in column.kind.choices]
            if len(",".join(labels)) < LONGEST_LIST and not any("," in label for label in labels):
                self.page.data_validation(
                    1,
                    index,
                    1_048_575,
                    index,
                    {
                        "validate": "list",
                        "source": labels,
                        "error_type": "warning",
                        "error_title": header,
                        "error_message": "请从列表中选择。",
                    },
                )

    def cell(self, row: int, index: int, value: Cell, style: Any = None) -> None:
        """Write one cell; a text is a text whatever it begins with."""
        if value is None:
            if style is not None:
                self.page.write_blank(row, index, None, style)
        elif isinstance(value, str):
            self.page.write_string(row, index, value, style)
        elif isinstance(value, ExcelDay):
            self.page.write_number(row, index, int(value) + EXCEL_EPOCH, style or self._formats["yyyy-mm-dd"])
        else:
            self.page.write_number(row, index, value, style)


def _formats(book: Any) -> dict[str, Any]:
    head = {"bold": True, "bg_color": "#E7EEF5", "border": 1, "border_color": "#B8C4D0"}
    fault = {"bg_color": "#FBE3D6", "border": 1, "border_color": "#C0504D"}
    return {
        "head": book.add_format(head),
        "@": book.add_format({"num_format": "@"}),
        "General": book.add_format(),
        "yyyy-mm-dd": book.add_format({"num_format": "yyyy-mm-dd"}),
        "fault@": book.add_format({"num_format": "@", **fault}),
        "faultday": book.add_format({"num_format": "yyyy-mm-dd", **fault}),
    }


def write_workbook(
    out: Path | BinaryIO, sheets: Iterable[tuple[Sheet[Any, Any], Sequence[Column], Iterable[Sequence[Any]]]]
) -> dict[str, int]:
    """Write sheets of rows (values in the order of the given columns); rows per sheet.

    Values are those of :mod:`casemgr.forms.cell`, so that reading the workbook gives the same rows again.
    """
    counts: dict[str, int] = {}
    with _workbook(out) as book:
        formats = _formats(book)
        for sheet, columns, rows in sheets:
            page = _Page(book, sheet.title, formats)
            for index, column in enumerate(columns):
                page.column(index, column.header, column)
            writers = [column.kind.write for column in columns]
            number = 0
            for number, row in enumerate(rows, 1):
                for index, (write, value) in enumerate(zip(writers, row, strict=True)):
                    if value is not None:
                        page.cell(number, index, write(value))
            counts[sheet.title] = number
    return counts


def write_refused(out: Path | BinaryIO, sheets: Iterable[RefusedSheet]) -> int:
    """Write the refused rows as they came, with 行状态 and 原因, the cells at fault coloured and commented.

    The file can be corrected and brought back: the two columns are ignored on the way in. Answers how many
    rows were written.
    """
    total = 0
    with _workbook(out) as book:
        formats = _formats(book)
        for refused in sheets:
            total += _write_refused_sheet(_Page(book, refused.sheet.title, formats), refused, formats)
    return total


def _write_refused_sheet(page: _Page, refused: RefusedSheet, formats: dict[str, Any]) -> int:
    known = {column.header: column for column in refused.sheet.columns}
    header = [as_text(cell) if cell is not None else "" for cell in refused.header]
    kept = [index for index, name in enumerate(header) if name not in (STATE, REASON)]
    for place, index in enumerate(kept):
        page.column(place, header[index], known.get(header[index]))
    for place, name in enumerate((STATE, REASON), len(kept)):
        page.column(place, name, None)
    number = 0
    for number, row in enumerate(refused.rows, 1):
        for place, index in enumerate(kept):
            value = _returned(row.cells[index] if index < len(row.cells) else None)
            fault = index in row.at
            style = formats["faultday" if isinstance(value, ExcelDay) else "fault@"] if fault else None
            page.cell(number, place, value, style)
            if fault:
                page.page.write_comment(number, place, row.reason, {"x_scale": 2.5, "y_scale": 1.5})
        page.cell(number, len(kept), "未导入")
        page.cell(number, len(kept) + 1, row.reason)
    return number


def _returned(raw: Cell) -> Cell:
    """A cell as it came: dates as dates, a date without a day as the text that keeps it so."""
    if isinstance(raw, str) and raw.startswith(DAY_MARK):
        if raw[-1] == "y":
            return f"{as_text(raw)[:4]}年"
        return as_text(raw)[:7] if raw[-1] == "m" else ExcelDay(raw[1:])
    return raw
