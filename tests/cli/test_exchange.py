"""数据交换命令: what they print, what they write, how they fail."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest
from click.testing import Result
from flask import Flask

from casemgr.services import exchange
from tests.forms.example import COUNTY, PERSON, TOWNSHIP, VISIT
from tests.services.workbooks import WHOLE, Here, workbook

BAD = PERSON._replace(file_no="101-00002", name=" ", id_number=None)


@pytest.fixture(autouse=True)
def _read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "Source", Here)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "county.xlsx"
    path.write_bytes(workbook(WHOLE | {"患者": [PERSON, BAD], "随访": [VISIT._replace(risk=1)]}))
    return path


def run(app: Flask, *words: object) -> Result:
    return app.test_cli_runner().invoke(args=["exchange", *map(str, words)])


def test_json_is_one_document_as_the_contract_says(app: Flask, file: Path) -> None:
    done = run(app, "import", file, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert list(document) == ["sheets", "problems"]
    assert document["sheets"]["患者"] == {"read": 2, "accepted": 1, "warned": 0, "refused": 1, "unchanged": 0}
    assert document["sheets"]["随访"]["warned"] == 1
    refused, warning = document["problems"]
    assert refused == {
        "sheet": "患者",
        "row": 3,
        "column": "姓名",
        "code": "missing",
        "level": "refused",
        "message": refused["message"],
    }
    assert (warning["sheet"], warning["row"], warning["code"], warning["level"]) == (
        "随访",
        2,
        "vc03",
        "warning",
    )
    again = json.loads(run(app, "import", file, "--json").stdout)
    assert again["sheets"]["随访"] == {"read": 1, "accepted": 0, "warned": 0, "refused": 0, "unchanged": 1}
    assert [one["code"] for one in again["problems"]] == ["missing"]


def test_words_for_people(app: Flask, file: Path) -> None:
    done = run(app, "import", file, "--dry-run")
    assert done.exit_code == 0
    assert "试运行，没有写入任何内容" in done.stdout
    assert "患者 B3 [missing]" in done.stdout
    assert "随访 [vc03] 请核对 1 处" in done.stdout
    assert run(app, "import", file).stdout.startswith("导入完成")


def test_refused_rows_are_written_where_asked(app: Flask, file: Path, tmp_path: Path) -> None:
    out = tmp_path / "refused.xlsx"
    assert run(app, "import", file, "--errors", out).exit_code == 0
    assert openpyxl.load_workbook(out)["患者"].max_row == 2
    over = run(app, "import", file, "--errors", file)
    assert over.exit_code == 1
    assert "--errors" in over.stderr


@pytest.mark.parametrize("content", [b"", b"hello", workbook(WHOLE, without=["社区康复"])])
def test_a_bad_file_is_one_sentence(app: Flask, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bad.xlsx"
    file.write_bytes(content)
    done = run(app, "import", file, "--json")
    assert done.exit_code == 1
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_out_and_in_again(app: Flask, file: Path, tmp_path: Path) -> None:
    run(app, "import", file)
    out = tmp_path / "out.xlsx"
    done = run(app, "export", "--area", COUNTY, "--out", out, "--json")
    assert json.loads(done.stdout)["sheets"]["患者"] == 1
    again = json.loads(run(app, "import", out, "--json").stdout)
    assert all(count["unchanged"] == count["read"] for count in again["sheets"].values())
    assert "患者 1 行" in run(app, "export", "--area", TOWNSHIP, "--out", out).stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("export", "--area", "12", "--out", "x.xlsx"), 2),
        (("export", "--out", "x.xlsx"), 2),
        (("import",), 2),
        (("export", "--area", "999977000000", "--out", "x.xlsx"), 1),
        (("import", "--help"), 0),
        (("export", "--help"), 0),
    ],
)
def test_exit_codes(
    app: Flask, words: tuple[str, ...], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(app, *words).exit_code == code
    assert list(tmp_path.glob("*.xlsx")) == []
