"""填好的表: one person's line of a filled Excel sheet as the texts of a form on the screen; never kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from casemgr.forms.form import Form, to_raw
from casemgr.forms.workbook import BadWorkbook
from casemgr.rules.access import Access
from casemgr.services import followup
from casemgr.services.errors import Unfit

NOTHING = "请选择填好的表格（.xlsx）。没有表格的，可先下载空白表。"
EMPTY = "“数据”表中没有填写内容，无法带入。请填写后再上传，或直接在屏幕上填写。"
OTHERS = (
    "“数据”表中没有这份档案（{0}）的行，没有带入，以免填到别人名下。"
    "请核对“档案编号”一列，或直接在屏幕上填写。"
)
SEVERAL = "“数据”表中这份档案（{0}）有 {1} 行，不知道以哪一行为准，没有带入。请只留一行，或直接在屏幕上填写。"
OTHER_VERSION = (
    "这是 {0} 版的表格，屏幕上是 {1} 版，两版的项目不同，没有带入。请改用 {1} 版的表格，或直接在屏幕上填写。"
)


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """What stands in the line of one person, ready for the form, and what is wrong by field."""

    form: Form
    raw: Mapping[str, Sequence[str]] = field(repr=False)
    problems: Mapping[str, str]


def read(access: Access, case_id: int, form: Form, content: bytes, today: date) -> FilledSheet:
    """The line of this person in a filled sheet of ``form``; the file is parsed in a process of its own.

    Raises :class:`Missing` outside the access and :class:`Unfit` at ``file`` when the file as a whole, or the
    line, cannot be taken.
    """
    from casemgr.forms.sheet import read_sheet  # keeps start-up light

    file_no = followup.case_of(access, case_id).file_no
    if not content:
        raise _wrong(NOTHING)
    try:
        found, lines = read_sheet(content, today, form.name)
    except BadWorkbook as bad:
        raise _wrong(bad.message) from None
    if found.version != form.version:
        raise _wrong(OTHER_VERSION.format(found.version, form.version))
    if not lines:
        raise _wrong(EMPTY)
    # A sheet of one line without a number is the sheet of whoever's form it was uploaded on.
    own = [one for one in lines if one.file_no == file_no or (len(lines) == 1 and not one.file_no)]
    if not own:
        raise _wrong(OTHERS.format(file_no))
    if len(own) > 1:
        raise _wrong(SEVERAL.format(file_no, len(own)))
    line = own[0]
    typed = {key: texts for key, texts in line.raw.items() if key not in line.filled.values}
    # Items that were not filled at all are asked by the form itself.
    problems = {key: says for key, says in line.filled.problems.items() if key in line.raw}
    return FilledSheet(found, {**typed, **to_raw(found, line.filled.values)}, problems)


def _wrong(sentence: str) -> Unfit:
    return Unfit("没有带入。", fields={"file": sentence})
