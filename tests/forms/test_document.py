"""The description of the workbook names every sheet, column and refusal the program knows."""

from __future__ import annotations

from pathlib import Path

from casemgr.forms.spec import REFUSALS
from casemgr.forms.workbook import SHEETS

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "workbook.md").read_text(encoding="utf-8")


def test_every_column_is_described_in_its_own_sheet() -> None:
    parts = {part.split("\n")[0].strip(): part for part in TEXT.split("\n## ")[1:]}
    for sheet in SHEETS:
        described = {
            line.split("|")[1].split("（也")[0].strip()
            for line in parts[sheet.title].splitlines()[3:]
            if "|" in line
        }
        assert {column.header for column in sheet.columns} == described - {"---", "列"}


def test_every_refusal_is_explained() -> None:
    for code in REFUSALS:
        assert f"| `{code}` |" in TEXT
