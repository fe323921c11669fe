"""外来名单: a list that another office brings, read as row numbers, identity numbers and names; never kept.

A workbook is parsed by the same confined process as the county's; a CSV file is text and is split here, with
the same limits. Which column holds what is found by its header, wherever it stands.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from casemgr.forms.archive import MIB
from casemgr.forms.cell import Cell, as_text, is_blank
from casemgr.forms.source import Block, Header, Source
from casemgr.forms.workbook import BadWorkbook
from casemgr.terms import idnumber
from casemgr.terms.code import normal

LARGEST = 8 * MIB
MOST_ROWS, MOST_COLUMNS, LONGEST = 20_000, 60, 4_000
#: The first sheet, whatever its title (see :mod:`casemgr.forms.reading`).
FIRST_SHEET = "*"
ID_HEADERS = ("证件号码", "身份证号", "身份证号码", "身份证", "公民身份号码", "公民身份证号码", "证件号")
NAME_HEADERS = ("姓名", "人员姓名", "患者姓名", "名字")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
#: What Excel makes of an 18-digit number in a cell of numbers.
DAMAGED_FROM = 10**15

NO_COLUMN = (
    "名单里没有“证件号码”（或“身份证号”）一列，无法比对，没有读取任何内容。"
    "请在第一行写上列名后重新上传，或用本页的空白名单填写。"
)
NO_ROWS = "名单里没有内容。请确认选对了文件和工作表，或重新导出后再上传。"
TOO_LARGE = f"文件超过 {LARGEST // MIB} MB，没有读取。请删去与比对无关的列，或按乡镇拆成几个文件。"
TOO_MANY = f"名单超过 {MOST_ROWS} 行，没有读取。请按乡镇拆成几个文件分别比对。"
NOT_TEXT = (
    "这个文件既不是 Excel 工作簿（.xlsx），也不是文本（.csv），没有读取任何内容。"
    "请在 Excel 中“另存为”Excel 工作簿（.xlsx），或向对方索要原始文件。"
)
NO_NUMBER = "没有证件号码。请向对方补齐后再比对。"
DAMAGED = "证件号码已被 Excel 改成数值，后几位丢失。请向对方索要以文本保存的原件。"
NOT_NUMBER = "不是 18 位证件号码。请核对，或向对方补齐。"
NO_SUCH_DAY = "证件号码中的出生日期不存在。请向对方核对。"
WRONG_DIGIT = "证件号码的校验位不符，有一位写错了。请向对方核对。"
SAYS = {"length": NOT_NUMBER, "date": NO_SUCH_DAY, "check": WRONG_DIGIT}


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row: its number as Excel counts it; with a ``fault`` nothing else is filled."""

    number: int
    id_number: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    fault: str = ""


def read_list(content: bytes) -> list[ListRow]:
    """The rows of a list; :class:`BadWorkbook` with a Chinese sentence when the file cannot be taken."""
    if len(content) > LARGEST:
        raise BadWorkbook("too-large", TOO_LARGE)
    rows = _of_workbook(content) if _is_workbook(content) else _of_text(content)
    header = next(rows, (1, ()))[1]
    places = _places(header)
    found = []
    for number, cells in rows:
        if any(not is_blank(cell) for cell in cells):
            found.append(_row(number, cells, *places))
            if len(found) > MOST_ROWS:
                raise BadWorkbook("too-many-rows", TOO_MANY)
    if not found:
        raise BadWorkbook("empty", NO_ROWS)
    return found


def _is_workbook(content: bytes) -> bool:
    # An old or locked workbook gets its own sentence from the reader, and so does an empty file.
    return not content or content[:2] == b"PK" or content[:4] == b"\xd0\xcf\x11\xe0"


def _of_workbook(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    with Source(content, [FIRST_SHEET]) as source:
        for part in source:
            if isinstance(part, Header):
                yield 1, part.cells
            elif isinstance(part, Block):
                yield from part.rows


def _of_text(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    if b"\0" in content:
        raise BadWorkbook("not-excel", NOT_TEXT)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise BadWorkbook("not-excel", NOT_TEXT) from None
    first = text.split("\n", 1)[0]
    mark = max(",\t;", key=first.count)
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=mark), 1):
            yield number, [_CONTROLS.sub("", cell[:LONGEST]) for cell in cells[:MOST_COLUMNS]]
    except csv.Error:
        raise BadWorkbook("damaged", NOT_TEXT) from None


def _places(header: Sequence[Cell]) -> tuple[int, int]:
    names = [normal(as_text(cell)) if cell is not None else "" for cell in header]
    ids = [place for place, name in enumerate(names) if name in ID_HEADERS]
    called = [place for place, name in enumerate(names) if name in NAME_HEADERS]
    if not ids:
        raise BadWorkbook("header", NO_COLUMN)
    return ids[0], called[0] if called else -1


def _row(number: int, cells: Sequence[Cell], id_place: int, name_place: int) -> ListRow:
    raw = cells[id_place] if id_place < len(cells) else None
    if raw is None or is_blank(raw):
        return ListRow(number, fault=NO_NUMBER)
    damaged = not isinstance(raw, str) and raw >= DAMAGED_FROM
    text = "" if damaged else idnumber.normal(as_text(raw).lstrip("'‘’`"))
    if damaged or "E+" in text:
        return ListRow(number, fault=DAMAGED)
    sound = idnumber.from_fifteen(text)
    if (fault := idnumber.fault(sound)) is not None:
        return ListRow(number, fault=SAYS[fault])
    called = cells[name_place] if 0 <= name_place < len(cells) else None
    return ListRow(number, sound, as_text(called).strip() if called is not None else "")
