"""读表: what the reading process says, line by line, and what it gives up."""

from __future__ import annotations

import datetime
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from casemgr.forms import reading
from casemgr.forms.archive import SAYS


def book(cells: dict[str, list[list[Any]]], formats: dict[str, str] | None = None) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for title, rows in cells.items():
        sheet = made.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for place, shape in (formats or {}).items():
            sheet[place].number_format = shape
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def heard(data: bytes, wanted: list[str], partial: list[str] | None = None) -> list[dict[str, Any]]:
    out = io.StringIO()
    reading.main(io.BytesIO(data), out, wanted, partial or [])
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_what_is_said_of_a_small_book() -> None:
    rows = [["a", "b"], [1, "x"], [None, None], ["=1+1", 2.5], [datetime.date(2026, 3, 5), True]]
    data = book({"甲": rows, "乙": [["c"]]})
    assert heard(data, ["甲", "乙"]) == [
        {"total": 4},
        {"sheet": "甲", "header": ["a", "b"]},
        # A formula that nobody has computed is text.
        {"rows": [[2, 1, "x"], [4, "=1+1", 2.5], [5, "\x0120517", "TRUE"]]},
        {"sheet": "乙", "header": ["c"]},
        {"rows": []},
        {"done": True},
    ]


@pytest.mark.parametrize(
    ("shape", "mark"),
    [
        ("yyyy-mm-dd", ""),
        ('yyyy"年"m"月"', "m"),
        ("yyyy-mm", "m"),
        ("mmm-yy", "m"),
        ('yyyy"年"', "y"),
        ("yyyy", "y"),
        ("[$-804]yyyy年m月d日;@", ""),
        ("General", ""),
        ("h:mm", ""),
    ],
)
def test_what_a_date_cell_shows(shape: str, mark: str) -> None:
    assert reading.shows(shape) == mark


def test_dates_without_a_day_are_marked_where_it_matters() -> None:
    data = book({"甲": [["a"], [datetime.date(2019, 5, 1)]]}, {"A2": "yyyy-mm"})
    assert heard(data, ["甲"], ["甲"])[2] == {"rows": [[2, "\x0118017m"]]}
    assert heard(data, ["甲"])[2] == {"rows": [[2, "\x0118017"]]}


def test_control_characters_do_not_pass_and_texts_are_cut() -> None:
    assert reading.plain("a\x01b\x0bc") == "abc"
    assert reading.plain("a\nb") == "a\nb"
    assert reading.plain("a_x000D_\nb") == "a\nb"
    assert reading.plain("_x0001_20000") == "20000"
    assert reading.plain("_xD83D__xDE00_ _x004_ _x005F_x0041_") == "_xD83D__xDE00_ _x004_ _x0041_"
    assert len(str(reading.plain("字" * 5000))) == reading.LONGEST_CELL


def test_a_missing_or_empty_sheet() -> None:
    assert heard(book({"甲": [["a"]]}), ["甲", "乙", "丙"])[-1] == {
        "refused": "sheet",
        "words": {"sheets": "乙、丙"},
    }
    assert heard(book({"甲": []}), ["甲"])[-1] == {"refused": "header", "words": {"sheet": "甲"}}


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    rows = [["a"], *([number] for number in range(4))]
    assert heard(book({"甲": rows}), ["甲"])[-1]["refused"] == "too-many-rows"
    assert heard(book({"甲": [*rows[:4], [None], [" "]]}), ["甲"])[-1] == {"done": True}


def test_two_cells_far_apart_and_a_forged_size_cost_nothing() -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<dimension ref="A1:XFD1048576"/>'
        '<sheetData><row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>9</v></c></row>'
        '<row r="900000"><c r="A900000"><v>2</v></c></row></sheetData></worksheet>'
    )
    source = io.BytesIO(book({"甲": [["a"]]}))
    out = io.BytesIO()
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if name.startswith("xl/worksheets") else old.read(name))
    said = heard(out.getvalue(), ["甲"])
    assert said[1:] == [{"sheet": "甲", "header": [1]}, {"rows": [[900000, 2]]}, {"done": True}]


def test_whatever_the_parser_stumbles_over_is_told_as_damage() -> None:
    data = book({"甲": [["a"]]})
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, "<broken" if name.startswith("xl/worksheets") else old.read(name))
    assert heard(out.getvalue(), ["甲"])[-1] == {"refused": "damaged", "words": {}}


def test_memory_that_runs_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def hungry(*_: object) -> Any:
        raise MemoryError

    monkeypatch.setattr(reading, "read", hungry)
    assert heard(b"x", ["甲"]) == [{"refused": "too-long", "words": {}}]


def test_every_refusal_has_a_sentence() -> None:
    assert {
        "empty",
        "too-large",
        "not-excel",
        "encrypted",
        "bomb",
        "sheet",
        "header",
        "too-many-rows",
    } <= set(SAYS)
    for sentence in SAYS.values():
        assert sentence.endswith("。")


def test_a_folder_closed_to_others_is_noticed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    assert not reading.open_to_all(closed / "file")
