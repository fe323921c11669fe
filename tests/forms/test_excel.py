"""写表: what is written reads back as it was; texts stay texts; refused rows come back correctable."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from casemgr.forms import excel, followup, reading, register
from casemgr.forms.cell import MONTH, YEAR, Partial
from casemgr.forms.source import Block, Source
from casemgr.forms.spec import RefusedRow, RefusedSheet
from casemgr.forms.workbook import SHEETS, TITLES
from tests.forms.example import (
    AREA,
    CHECKUP,
    DOSE,
    HEADER_OF,
    PERSON,
    SESSION,
    VISIT,
    Shelf,
    day,
    judged,
    known,
)

HOSTILE = [
    '=HYPERLINK("x")',
    "+86",
    "-1+1",
    "@cmd|' /C calc'!A0",
    "0012",
    "1E5",
    "http://a.b",
    "武\U0002017f",
    "a\nb",
]


def written(rows: dict[str, list[Any]]) -> bytes:
    out = io.BytesIO()
    excel.write_workbook(out, [(sheet, sheet.columns, rows.get(sheet.title, [])) for sheet in SHEETS])
    return out.getvalue()


def read_back(data: bytes) -> dict[str, list[Any]]:
    raw: dict[str, list[Any]] = {}
    title = ""
    for message in reading.read(data, list(TITLES), ["患者"]):
        if "header" in message:
            title = message["sheet"]
            raw[title] = []
            assert message["header"] == HEADER_OF[title]
        raw.setdefault(title, []).extend(row[1:] for row in message.get("rows", []))
    verdicts = judged(raw, Shelf())
    assert not any(verdict.refused for verdict in verdicts.values())
    return {title: verdict.rows for title, verdict in verdicts.items()}


def test_every_sheet_reads_back_as_it_was() -> None:
    person = PERSON._replace(
        onset=Partial(day(2008, 1, 1), YEAR),
        diagnosed=Partial(day(2009, 5, 1), MONTH),
        treated=known(2010, 6, 1),
        residence=HOSTILE[0],
        domicile=HOSTILE[3],
        past_symptoms=1 << 1 | 1 << 12,
        note="a\nb",
        workplace="0012",
    )
    visit = VISIT._replace(
        hospital=2,
        discharged=Partial(day(2026, 2, 1), MONTH),
        drug2_name="氯氮平片",
        drug2_evening_ug=12_500,
        drug1_noon_ug=0,
        referral_reason="=1+1",
        informants=1 << 1 | 1 << 2 | 1 << 3,
        form_version=2017,
    )
    rows = {
        "机构与区划": [AREA],
        "患者": [person],
        "随访": [visit],
        "长效针剂": [DOSE._replace(dose_ug=37_500)],
        "社区康复": [SESSION],
        "健康体检": [CHECKUP._replace(weight_g=60_500)],
    }
    assert read_back(written(rows)) == rows


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1),
        min_size=1,
        max_size=5,
    )
)
@example(["_x0041_", "a_x000D_b", "_x005F_"])  # such signs stand for others in a workbook
def test_any_text_reads_back(texts: list[str]) -> None:
    kept = [text.strip() for text in texts if text.strip() and "\uffff" not in text and "\ufffe" not in text]
    rows = [VISIT._replace(on=VISIT.on + number, note=text) for number, text in enumerate(kept)]
    assert [row.note for row in read_back(written({"患者": [PERSON], "随访": rows}))["随访"]] == kept


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_becomes_a_formula_a_link_or_a_number(text: str) -> None:
    data = written({"患者": [PERSON._replace(residence=text)]})
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = book.read("xl/worksheets/sheet2.xml").decode()
        assert "<f>" not in sheet
        assert "<hyperlink" not in sheet
    cell = openpyxl.load_workbook(io.BytesIO(data))["患者"].cell(
        2, HEADER_OF["患者"].index("现住详细地址") + 1
    )
    assert (cell.value, cell.data_type) == (text, "s")


def test_same_rows_same_bytes_and_no_author() -> None:
    first, second = written({"患者": [PERSON]}), written({"患者": [PERSON]})
    assert first == second
    with zipfile.ZipFile(io.BytesIO(first)) as book:
        core = book.read("docProps/core.xml").decode()
    assert "<dc:creator></dc:creator>" in core or "<dc:creator/>" in core


def test_working_files_lie_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    original = excel.tempfile.mkdtemp

    def watched(**options: Any) -> str:
        seen.append(str(options["dir"]))
        return original(**options)

    monkeypatch.setattr(excel.tempfile, "mkdtemp", watched)
    written({"患者": [PERSON]})
    assert seen == ["/dev/shm"]
    monkeypatch.setattr(excel, "MEMORY_FOLDER", tmp_path / "none")
    monkeypatch.setattr(excel.tempfile, "tempdir", str(tmp_path))
    assert read_back(written({"患者": [PERSON]}))["患者"] == [PERSON]
    assert list(tmp_path.iterdir()) == []


def test_refused_rows_come_back_with_state_reason_and_colour() -> None:
    header = ["心情", "档案编号", "随访日期", "证件"]
    cells = ["=x", "101-00001", f"\x01{day(2029, 1, 1)}", 9.99e17]
    out = io.BytesIO()
    count = excel.write_refused(
        out,
        [
            RefusedSheet(register.SHEET, HEADER_OF["患者"], []),
            RefusedSheet(
                followup.SHEET,
                [*header, "行状态", "原因"],
                [RefusedRow([*cells, "未导入", "旧"], "晚于今天。", [2])],
            ),
        ],
    )
    assert count == 1
    sheet = openpyxl.load_workbook(io.BytesIO(out.getvalue()))["随访"]
    assert [cell.value for cell in sheet[1]] == [*header, "行状态", "原因"]
    assert [cell.value for cell in sheet[2]][:2] == ["=x", "101-00001"]
    assert sheet["C2"].value.date().isoformat() == "2029-01-01"
    assert sheet["C2"].comment.text == "晚于今天。"
    assert sheet["C2"].fill.bgColor.rgb != sheet["B2"].fill.bgColor.rgb
    assert [sheet["E2"].value, sheet["F2"].value] == ["未导入", "晚于今天。"]
    assert sheet["A2"].data_type == "s"
    with Source(out.getvalue(), ["患者", "随访"]) as book:
        parts = list(book)
    assert isinstance(parts[-1], Block)
    assert parts[-1].rows[0][1][:3] == cells[:3]


@pytest.mark.parametrize(
    ("raw", "back"), [("\x0118017m", "2019-05"), ("\x0117897y", "2019年"), ("=1", "=1"), (None, None)]
)
def test_a_date_without_its_day_stays_so(raw: Any, back: Any) -> None:
    assert excel._returned(raw) == back
