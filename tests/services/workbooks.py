"""工作簿样例: small workbooks in memory, and a way to read them without a process of their own."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from casemgr.forms import excel, reading
from casemgr.forms.archive import Refusal
from casemgr.forms.area import AreaRow
from casemgr.forms.source import Block, Header
from casemgr.forms.workbook import SHEETS, BadWorkbook
from tests.forms.example import AREA, CHECKUP, COUNTY, DOSE, ELSEWHERE, PERSON, SESSION, VILLAGE, VISIT

COUNTY_ROW = AreaRow(COUNTY, "示例县", 3, None, 50_000, 2025, "U0", "示例县疾控中心")
VILLAGE_ROW = AreaRow(VILLAGE, "第1村", 5, AREA.code, 2_000, 2025, "U1", "东镇卫生院")
WEST_ROW = AreaRow(ELSEWHERE, "西镇", 4, COUNTY, 18_000, 2025, "U2", "西镇卫生院")
AREAS = [COUNTY_ROW, AREA, VILLAGE_ROW, WEST_ROW]

WHOLE: dict[str, list[Any]] = {
    "机构与区划": AREAS,
    "患者": [PERSON],
    "随访": [VISIT],
    "长效针剂": [DOSE],
    "社区康复": [SESSION],
    "健康体检": [CHECKUP],
}


def workbook(rows: dict[str, list[Any]], *, without: Sequence[str] = ()) -> bytes:
    """A workbook of these rows (by sheet), leaving sheets or ``sheet.column`` out."""
    out = io.BytesIO()
    sheets = []
    for sheet in SHEETS:
        if sheet.title in without:
            continue
        places = [
            place
            for place, column in enumerate(sheet.columns)
            if f"{sheet.title}.{column.header}" not in without
        ]
        told = [tuple(row[place] for place in places) for row in rows.get(sheet.title, [])]
        sheets.append((sheet, [sheet.columns[place] for place in places], told))
    excel.write_workbook(out, sheets)
    return out.getvalue()


class Here:
    """Reads a workbook in this process: the tests of the process itself are elsewhere."""

    def __init__(self, file: Path | bytes, wanted: Sequence[str], partial: Sequence[str] = ()) -> None:
        self.total = 0
        self._data = file if isinstance(file, bytes) else file.read_bytes()
        self._wanted, self._partial = list(wanted), list(partial)

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __iter__(self) -> Iterator[Header | Block]:
        try:
            for message in reading.read(self._data, self._wanted, self._partial):
                self.total = message.get("total", self.total)
                if "header" in message:
                    yield Header(message["sheet"], message["header"])
                elif "rows" in message:
                    yield Block([(row[0], row[1:]) for row in message["rows"]])
        except Refusal as refusal:
            raise BadWorkbook(refusal.code, refusal.message) from None
