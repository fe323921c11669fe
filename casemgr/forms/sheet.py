"""表单的 Excel: a declared form as a workbook to fill in, one line a person, and its lines read back.

Three sheets: 填写说明 says which form and version it is and what each column means, 数据 takes the lines,
代码表 holds the lists to choose from. A cell may hold the code or the label. What is read goes through the
same :func:`casemgr.forms.form.read` as a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from casemgr.forms.cell import (
    DAY_MARK,
    Cell,
    Code,
    Codes,
    DocumentNumber,
    ExcelDay,
    Flag,
    FullDay,
    as_text,
    is_blank,
)
from casemgr.forms.condition import ALWAYS
from casemgr.forms.excel import EXCEL_EPOCH, MADE, OPTIONS
from casemgr.forms.form import Field, Filled, Form, in_words, read
from casemgr.forms.registry import FORMS, form_named
from casemgr.forms.source import Block, Header, Source
from casemgr.forms.spec import letters
from casemgr.forms.workbook import BadWorkbook
from casemgr.terms.code import normal

GUIDE, DATA, LISTS = "填写说明", "数据", "代码表"
FILE_NO = "档案编号"
MARK, LAST_ROW, LARGEST = "表单标识", 2_000, 2_000

WRONG_FORM = (
    "这不是本系统的表单模板，或“填写说明”第一行的标识被改动。请重新下载模板，把内容粘贴进去后再导入。"
)
OTHER_FORM = "这个文件是《{0}》的模板，与所选的表单不同。请选择对应的表单，或改用正确的模板。"
NO_COLUMN = "“数据”表缺少列：{0}。缺列就无法判断内容属于哪一项。请恢复这些列，或重新下载模板。"
TOO_MANY = "“数据”表超过 {0} 行，没有读取。请拆成几个文件分别导入，或删去多余的行。"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet: its number as Excel counts, the file number beside it, what was read.

    ``raw`` are the cells as texts, before they were read.
    """

    row: int
    file_no: str
    filled: Filled
    raw: Mapping[str, Sequence[str]] = made(default_factory=dict, repr=False)


def template(form: Form, lines: Sequence[tuple[str, Mapping[str, Any]]] = ()) -> bytes:
    """The workbook of a form; ``lines`` are (file number, clean values) to begin with, usually none."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {**OPTIONS, "in_memory": True})
    book.set_properties({"title": form.title, "author": "", "created": MADE})
    head = book.add_format(
        {"bold": True, "bg_color": "#E7EEF5", "border": 1, "text_wrap": True, "valign": "top"}
    )
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    formats = {name: book.add_format({"num_format": name}) for name in ("@", "General", "yyyy-mm-dd")}
    guide, data, lists = (book.add_worksheet(title) for title in (GUIDE, DATA, LISTS))
    _guide(guide, form, head, plain)
    _data(data, form, head, formats, _lists(lists, form, head), lines)
    data.activate()
    book.close()
    return out.getvalue()


def _guide(page: Any, form: Form, head: Any, plain: Any) -> None:
    for index, text in enumerate((MARK, form.name, form.version, form.table, form.title)):
        page.write_string(0, index, text, head)
    said = [
        "在“数据”表中每人填一行；“档案编号”用来对应患者，没有档案的可以不填。",
        "带下拉列表的列填文字或编码都可以；可多选的列，多项之间用逗号隔开。没有内容的留空，空白表示未评估。",
        "日期写成 2026-03-05；记不清日子的可写 2026-03 或 2026（限注明的列）。请不要改动表头和本页第一行。",
    ]
    row = 1
    for text in said:
        page.write_string(row, 0, text)
        row += 1
    for index, text in enumerate(("项目", "填法", "什么时候填", "依据")):
        page.write_string(row + 1, index, text, head)
    row += 2
    page.set_column(0, 0, 30)
    page.set_column(1, 2, 48)
    page.set_column(3, 3, 14)
    for each in form.fields:
        status = "（待核对）" if each.status.startswith("UNVERIFIED") else ""
        for index, text in enumerate((each.label, _how(each), _when(form, each), each.rule + status)):
            page.write_string(row, index, text, plain)
        row += 1


def _how(each: Field) -> str:
    if each.choices and len(each.choices) <= LONG_LIST:
        how = "；".join(
            f"{code} {label}" if not label.startswith(str(code)) else label for code, label in each.choices
        )
        if isinstance(each.kind, Codes):
            how = f"可多选：{how}"
    elif each.choices:
        how = "见“代码表”"
    else:
        how = {"date": "日期，如 2026-03-05", "partial": "日期，可只到年或月", "number": "数字"}.get(
            each.widget, ""
        )
        how = "日期和时分，如 2026-03-05 09:30" if each.widget == "moment" else how or "文字"
        how += f"，单位 {each.unit}" if each.unit else ""
    return f"{how}。{each.hint}" if each.hint else how


#: Longer lists stand in 代码表 alone.
LONG_LIST = 15


def _when(form: Form, each: Field) -> str:
    if each.always_required:
        return "必填"
    when = "" if each.asked == ALWAYS else f"只在{in_words(form, each.asked)}时填写"
    if each.required == ALWAYS:
        return f"{when}，此时必填"
    return when


def _lists(page: Any, form: Form, head: Any) -> dict[str, str]:
    """Write the lists to choose from; the range of each by key."""
    ranges: dict[str, str] = {}
    seen: dict[tuple[Any, ...], str] = {}
    column = 0
    for each in form.fields:
        if not isinstance(each.kind, Code | Flag):
            continue
        if each.choices not in seen:
            page.write_string(0, column, each.label, head)
            for row, (_, label) in enumerate(each.choices, 1):
                page.write_string(row, column, label)
            place = letters(column)
            seen[each.choices] = f"={LISTS}!${place}$2:${place}${len(each.choices) + 1}"
            column += 1
        ranges[each.key] = seen[each.choices]
    return ranges


def _data(
    page: Any,
    form: Form,
    head: Any,
    formats: Mapping[str, Any],
    ranges: Mapping[str, str],
    lines: Sequence[tuple[str, Mapping[str, Any]]],
) -> None:
    page.freeze_panes(1, 1)
    first = 0 if _numbers_itself(form) else 1
    if first:
        page.write_string(0, 0, FILE_NO, head)
        page.set_column(0, 0, 14, formats["@"])
    for index, each in enumerate(form.fields, first):
        page.write_string(0, index, each.label, head)
        page.set_column(index, index, max(12, min(30, 2 + 2 * len(each.label))), formats[each.kind.format])
        if each.key in ranges:
            page.data_validation(
                1,
                index,
                LAST_ROW,
                index,
                {
                    "validate": "list",
                    "source": ranges[each.key],
                    "error_type": "warning",
                    "error_title": each.label[:30],
                    "error_message": "请从列表中选择，或填写编码。",
                },
            )
    for row, (file_no, values) in enumerate(lines, 1):
        if first:
            page.write_string(row, 0, file_no)
        for index, each in enumerate(form.fields, first):
            _cell(page, row, index, each, values.get(each.key), formats)


def _numbers_itself(form: Form) -> bool:
    """Whether the form has a column for the file number of its own."""
    return any(each.label == FILE_NO for each in form.fields)


def _cell(page: Any, row: int, index: int, each: Field, value: Any, formats: Mapping[str, Any]) -> None:
    written = each.kind.write(value) if value is not None else None
    if isinstance(each.kind, Code) and value is not None:
        written = dict(each.choices)[value]
    if isinstance(written, ExcelDay):
        page.write_number(row, index, int(written) + EXCEL_EPOCH, formats["yyyy-mm-dd"])
    elif isinstance(written, int | float):
        page.write_number(row, index, written)
    elif written is not None:
        page.write_string(row, index, written)


def read_sheet(file: Path | bytes, today: date, name: str = "") -> tuple[Form, list[Line]]:
    """The form a workbook belongs to and its filled lines, each read like a page.

    ``name`` is the form that is expected. Raises :class:`BadWorkbook` with a Chinese sentence when the file
    as a whole cannot be taken. The file is parsed in a process of its own.
    """
    form: Form | None = None
    columns: dict[int, Field] = {}
    file_no = -1
    lines: list[Line] = []
    with Source(file, (GUIDE, DATA), (DATA,)) as source:
        title = ""
        for part in source:
            if isinstance(part, Header):
                title = part.title
                if title == GUIDE:
                    form = _form_of(part.cells, name)
                elif form is not None:
                    columns, file_no = _columns(form, part.cells)
            elif title == DATA and form is not None:
                lines += _lines(form, part, columns, file_no, today)
                if len(lines) > LARGEST:
                    raise BadWorkbook("too-many-rows", TOO_MANY.format(LARGEST))
    if form is None:
        raise BadWorkbook("header", WRONG_FORM)
    return form, lines


def _form_of(cells: Sequence[Cell], name: str) -> Form:
    words = [as_text(cell) if cell is not None else "" for cell in cells[:3]]
    if len(words) < 3 or words[0] != MARK or words[1] not in FORMS:
        raise BadWorkbook("header", WRONG_FORM)
    try:
        form = form_named(words[1], words[2])
    except KeyError:
        raise BadWorkbook("header", WRONG_FORM) from None
    if name and form.name != name:
        raise BadWorkbook("header", OTHER_FORM.format(form.title))
    return form


def _columns(form: Form, cells: Sequence[Cell]) -> tuple[dict[int, Field], int]:
    """Which field stands in which column, whatever their order, and where the file number is."""
    by_label = {normal(each.label): each for each in form.fields}
    found: dict[int, Field] = {}
    file_no = -1
    for index, cell in enumerate(cells):
        if cell is None:
            continue
        label = normal(as_text(cell))
        if label == FILE_NO:
            file_no = index
        if label in by_label:
            found[index] = by_label[label]
    missing = [each.label for each in form.fields if each.always_required and each not in found.values()]
    if missing:
        raise BadWorkbook("header", NO_COLUMN.format("、".join(missing)))
    return found, file_no


def _lines(
    form: Form, block: Block, columns: Mapping[int, Field], file_no: int, today: date
) -> Iterator[Line]:
    for number, cells in block.rows:
        raw = {
            each.key: [_typed(each, cells[index])]
            for index, each in columns.items()
            if index < len(cells) and not is_blank(cells[index])
        }
        own = as_text(cells[file_no]) if 0 <= file_no < len(cells) and cells[file_no] is not None else ""
        if raw:
            yield Line(number, own, read(form, raw, today), raw)


def _typed(each: Field, cell: Any) -> str:
    """A cell as the text a page would have posted."""
    if isinstance(cell, str) and cell.startswith(DAY_MARK):
        whole = as_text(cell)
        if isinstance(each.kind, FullDay):
            return whole
        return {"y": whole[:4], "m": whole[:7]}.get(cell[-1], whole)
    if isinstance(each.kind, DocumentNumber) and not isinstance(cell, str):
        # A number has lost its last digits; what stands there must not pass for the document's.
        return f"{float(cell):.1E}"
    return as_text(cell)
