"""读表: the child process that parses a workbook; started as ``python -m casemgr.forms.reading``.

It gets the file on its standard input, holds no key and no setting, may use so much memory and processor time
and no more, and writes one JSON line after the other: the rows of the sheets it is asked for, block by block.
JSON, because what a hostile file makes of this process must not reach further than wrong text.
"""

from __future__ import annotations

import datetime
import io
import json
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import openpyxl
import openpyxl.worksheet._read_only as read_only
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from casemgr.forms import archive
from casemgr.forms.archive import LARGEST_FILE, MIB, Refusal
from casemgr.forms.cell import DAY_MARK, is_blank

MOST_ROWS = 200_000
MOST_COLUMNS = 200
LONGEST_CELL = 4_000
BLOCK = 500
LAST_ROW = 1_048_576
MEMORY = 512 * MIB
PROCESSOR_SECONDS = 900
NOBODY = 65_534
#: Asks for the first sheet, whatever it is called: lists of other offices have no agreed titles.
FIRST_SHEET = "*"

EPOCH = datetime.date(1970, 1, 1).toordinal()
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: How a workbook writes what XML has no place for, and these signs themselves; no half of a pair.
_ESCAPED = re.compile("_x(?![Dd][89A-Fa-f])([0-9A-Fa-f]{4})_")
_QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.')


def confine() -> None:
    """Take away what a parser does not need: memory, time, files, other users' rights."""
    try:
        import resource  # not on Windows
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.geteuid() == 0 and all(open_to_all(Path(module)) for module in (os.__file__, openpyxl.__file__)):
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


class _Parser(WorkSheetParser):  # type: ignore[misc]
    """openpyxl's own, but a formula that nobody has computed is the text that a person sees."""

    def parse_cell(self, element: Any) -> Any:
        cell = super().parse_cell(element)
        if cell["value"] is None:
            formula = element.find(FORMULA_TAG)
            if formula is not None and formula.text:
                cell["value"], cell["data_type"] = f"={formula.text}", "s"
        return cell


def open_to_all(path: Path) -> bool:
    """Whether a user without rights can still read ``path``: modules are loaded later on, too."""
    return all(folder.stat().st_mode & 0o005 == 0o005 for folder in path.resolve().parents)


def shows(number_format: str) -> str:
    """What a date cell leaves out: ``y`` shows the year only, ``m`` no day, empty for a whole date."""
    plain = _QUOTED.sub("", number_format).lower().split(";")[0]
    if "d" in plain or "y" not in plain:
        return ""
    return "m" if "m" in plain else "y"


def plain(value: Any) -> str | int | float | None:
    """A cell value as a scalar; dates become ``DAY_MARK`` and days since 1970."""
    if value is None or value.__class__ is int or value.__class__ is float:
        return value
    if value.__class__ is str:
        if "_x" in value:
            # Left as it is by openpyxl: lines ended by CR and LF come as "_x000D_" and a line feed.
            value = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value).replace("\r\n", "\n")
        text = value if value.isprintable() else _CONTROLS.sub("", value)
        return str(text[:LONGEST_CELL])
    if isinstance(value, datetime.date):
        return f"{DAY_MARK}{value.toordinal() - EPOCH}"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value)[:LONGEST_CELL]


def _plain_row(row: Any) -> list[str | int | float | None]:
    return [plain(value) for value in row]


def _dated_row(row: Any) -> list[str | int | float | None]:
    """Like :func:`_plain_row`, but what a date cell does not show is marked."""
    found: list[str | int | float | None] = []
    for cell in row:
        value = cell.value
        if isinstance(value, datetime.date):
            found.append(f"{plain(value)}{shows(cell.number_format)}")
        else:
            found.append(plain(value))
    return found


def _rows(sheet: Any, partial: bool) -> Iterator[tuple[int, list[str | int | float | None]]]:
    """Number and cells of every row that is there; with ``partial`` the formats of dates are looked at."""
    scalars = _dated_row if partial else _plain_row
    rows = sheet.iter_rows(max_row=LAST_ROW, max_col=MOST_COLUMNS, values_only=not partial)
    before: Any = None
    for number, row in enumerate(rows, 1):
        # Rows that are not in the file are all the same object: a gap of a million costs nothing.
        if row is not before:
            before = row
            yield number, _trimmed(scalars(row))


def _trimmed(cells: list[str | int | float | None]) -> list[str | int | float | None]:
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def read_sheet(sheet: Any, title: str, partial: bool) -> Iterator[dict[str, Any]]:
    """The header and the filled rows of one sheet, in blocks of ``[number, cells…]``."""
    sheet.reset_dimensions()
    rows = _rows(sheet, partial)
    _, header = next(rows, (1, []))
    if not header:
        raise Refusal("header", sheet=title)
    yield {"sheet": title, "header": header}
    block: list[list[Any]] = []
    count = 0
    for number, filled in rows:
        if all(is_blank(cell) for cell in filled):
            continue
        count += 1
        if count > MOST_ROWS:
            raise Refusal("too-many-rows", sheet=title, limit=MOST_ROWS)
        block.append([number, *filled])
        if len(block) == BLOCK:
            yield {"rows": block}
            block = []
    yield {"rows": block}


def read(data: bytes, wanted: list[str], partial: list[str]) -> Iterator[dict[str, Any]]:
    """Everything asked for, as messages; :class:`Refusal` when the file cannot be taken as a whole."""
    contents = archive.inspect(data)
    yield {"total": contents.rows}
    warnings.simplefilter("ignore")
    # The read-only sheet takes its parser from its module; there is no other way in.
    read_only.WorkSheetParser = _Parser
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        titles = {str(sheet.title).strip(): sheet for sheet in book.worksheets}
        if wanted == [FIRST_SHEET]:
            wanted = list(titles)[:1]
        missing = [title for title in wanted if title not in titles]
        if missing:
            raise Refusal("sheet", sheets="、".join(missing))
        for title in wanted:
            yield from read_sheet(titles[title], title, title in partial)
    except (Refusal, MemoryError):
        raise
    except Exception as wrong:
        # Whatever the parser stumbles over, the person hears that the file is damaged; its text stays here.
        raise Refusal("damaged") from wrong


def main(source: IO[bytes], sink: IO[str], wanted: list[str], partial: list[str]) -> None:
    """Answer with one JSON line after the other; the last is ``done`` or ``refused``."""

    def say(message: dict[str, Any]) -> None:
        sink.write(json.dumps(message, ensure_ascii=False, separators=(",", ":")) + "\n")

    try:
        data = source.read(LARGEST_FILE + 1)
        for message in read(data, wanted, partial):
            say(message)
        say({"done": True})
    except Refusal as refusal:
        say({"refused": refusal.code, "words": refusal.words})
    except MemoryError:
        say({"refused": "too-long", "words": {}})
    sink.flush()


if __name__ == "__main__":
    confine()
    with os.fdopen(1, "w", encoding="utf-8", newline="\n") as out:
        main(sys.stdin.buffer, out, json.loads(sys.argv[1]), json.loads(sys.argv[2]))
