"""文件来源: the reading process from outside — the samples, the traps, and what it must not know."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path

import pytest

from casemgr.forms import source
from casemgr.forms.source import Block, Header, Source
from casemgr.forms.workbook import SHEETS, TITLES, BadWorkbook, Judge
from tests.forms.example import SETTING, Shelf
from tests.forms.test_archive import PLAIN, packed

DATA = Path(__file__).parents[1] / "data"


class Nothing(Shelf):
    """An empty register."""

    def __init__(self) -> None:
        super().__init__()
        self.areas, self.units = {}, {}


def found_in(name: str) -> tuple[list[list[object]], dict[str, dict[str, int]]]:
    judge = Judge(Nothing(), SETTING)
    refused: list[list[object]] = []
    counts = {}
    sheets = iter(SHEETS)
    with Source(DATA / name, TITLES, ("患者",)) as book:
        verdicts = []
        begun = False
        for part in book:
            if isinstance(part, Header):
                if begun:
                    verdicts.append(judge.finish())
                judge.begin(next(sheets), part.cells)
                begun = True
            else:
                judge.take(part.rows)
        verdicts.append(judge.finish())
    for verdict in verdicts:
        counts[verdict.sheet.title] = {"read": verdict.read, "refused": len(verdict.refused)}
        refused += [[one.sheet, one.row, one.code] for one in verdict.problems if one.level == "refused"]
    return refused, counts


def test_the_dirty_county_gives_exactly_the_expected_refusals() -> None:
    expected = json.loads((DATA / "county-dirty-expected.json").read_text(encoding="utf-8"))
    refused, counts = found_in("county-dirty.xlsx")
    assert refused == expected["refused"]
    assert {title: counts[title] for title in expected["counts"]} == expected["counts"]


def bad(file: Path | bytes) -> BadWorkbook:
    with pytest.raises(BadWorkbook) as raised, Source(file, TITLES) as book:
        list(book)
    return raised.value


def test_bytes_and_paths_are_read_alike() -> None:
    def read(file: Path | bytes) -> list[object]:
        with Source(file, ["健康体检"]) as book:
            parts = list(book)
        assert isinstance(parts[0], Header)
        return [row for part in parts[1:] if isinstance(part, Block) for row in part.rows]

    path = DATA / "county-dirty.xlsx"
    assert read(path) == read(path.read_bytes())
    assert len(read(path)) == 49


def test_the_process_ends_with_the_reader() -> None:
    with Source(DATA / "county-dirty.xlsx", TITLES) as book:
        next(iter(book))
        child = book._child
    assert child is not None
    assert child.returncode is not None


@pytest.mark.parametrize(
    ("data", "code"), [(b"", "empty"), (b"hello", "not-excel"), (packed({"a": b"b"}), "not-excel")]
)
def test_what_is_no_workbook(data: bytes, code: str, tmp_path: Path) -> None:
    file = tmp_path / "x.xlsx"
    file.write_bytes(data)
    assert bad(data).code == bad(file).code == code


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert bad(tmp_path / "none.xlsx").code == "missing"


def test_three_hundred_megabytes_are_refused_unread(tmp_path: Path) -> None:
    file = tmp_path / "big.xlsx"
    with file.open("wb") as out:
        out.write(b"PK\x03\x04")
        out.truncate(300 * 1024 * 1024)
    assert bad(file).code == "too-large"


def test_a_bomb_of_a_sheet() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in PLAIN.items():
            target.writestr(name, content)
        with target.open("xl/worksheets/sheet9.xml", "w") as part:
            for _ in range(40):
                part.write(b" " * 1024 * 1024)
    assert bad(out.getvalue()).code == "bomb"


def test_a_process_that_is_cut_short_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source.sys, "executable", "/bin/true")
    assert bad(DATA / "county-dirty.xlsx").code == "too-long"


@pytest.mark.parametrize(
    "line", ["not json", "[1]", '{"refused":"made-up","words":{}}', '{"refused":"sheet","words":[]}']
)
def test_a_process_gone_wrong_is_not_believed(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "liar"
    script.write_text(f"#!/bin/sh\necho '{line}'\n")
    script.chmod(0o700)
    monkeypatch.setattr(source.sys, "executable", str(script))
    assert bad(DATA / "county-dirty.xlsx").code == "damaged"


@pytest.mark.skipif(sys.platform == "win32", reason="没有 POSIX 限额")
def test_the_process_knows_no_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CASEMGR_KEYRING", "secret-place")
    script, out = tmp_path / "spy", tmp_path / "seen"
    script.write_text(f"#!/bin/sh\nenv > {out}\n")
    script.chmod(0o700)
    monkeypatch.setattr(source.sys, "executable", str(script))
    assert bad(DATA / "county-dirty.xlsx").code == "too-long"
    assert "CASEMGR" not in out.read_text()
