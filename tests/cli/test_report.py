"""报表命令: one line on failure, exit codes as promised, JSON alone where asked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tests.services.closed_county import COUNTY, OTHER_TOWN, TOWN, close, open_areas

pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)


@pytest.fixture
def county(app: Flask) -> Flask:
    """A county whose October is closed."""
    open_areas()
    close("2026-10")
    return app


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["report", *arguments])


def test_a_report_is_written_and_verified_and_a_changed_one_is_not(county: Flask, tmp_path: Path) -> None:
    out = tmp_path / "月报.pdf"
    made = run(county, "monthly", "--period", "2026-10", "--area", str(TOWN), "--out", str(out))
    assert made.exit_code == 0, made.stderr
    assert "示例县精防统〔2026〕10-100号" in made.stdout
    assert out.read_bytes().startswith(b"%PDF-1.7")
    genuine = run(county, "verify", str(out))
    assert genuine.exit_code == 0
    assert genuine.stdout.startswith("通过核验")

    again = tmp_path / "again.pdf"
    told = json.loads(
        run(
            county, "monthly", "--period", "2026-10", "--area", str(TOWN), "--out", str(again), "--json"
        ).stdout
    )
    assert again.read_bytes() == out.read_bytes()
    assert told["revision"] == 1
    assert told["sha256"] == json.loads(run(county, "verify", str(out), "--json").stdout)["report"]["sha256"]

    content = bytearray(out.read_bytes())
    content[len(content) // 2] ^= 1
    out.write_bytes(bytes(content))
    altered = run(county, "verify", str(out))
    assert altered.exit_code == 1
    assert altered.stdout == ""
    assert altered.stderr.count("\n") == 1
    assert altered.stderr.startswith("不能通过核验")
    answer = run(county, "verify", str(out), "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout)["genuine"] is False


def test_failures_are_one_line(county: Flask, tmp_path: Path) -> None:
    out = str(tmp_path / "x.pdf")
    for arguments, words, code in (
        (("--period", "2026-09", "--area", str(COUNTY)), "还没有月结", 1),
        (("--period", "2026-9", "--area", str(COUNTY)), "月份应写成", 2),
        (("--period", "2026-10", "--area", "110000000000"), "没有这个区划", 1),
    ):
        failed = run(county, "monthly", *arguments, "--out", out)
        assert failed.exit_code == code
        assert words in failed.stderr
        assert failed.stderr.count("\n") == 1
    assert not Path(out).exists()
    assert run(county, "monthly", "--period", "2026-10").exit_code == 2
    assert run(county, "verify", str(tmp_path / "nothing.pdf")).exit_code == 2
    folder = run(county, "monthly", "--period", "2026-10", "--area", str(TOWN), "--out", str(tmp_path))
    assert folder.exit_code == 2
    letter = run(county, "monthly", "--period", "2026-10", "--area", str(TOWN), "--out", "x.docx")
    assert letter.exit_code == 2 and "写不出 .docx 文件" in letter.stderr and ".xlsx" in letter.stderr
    nowhere = str(tmp_path / "nowhere" / "x.pdf")
    lost = run(county, "monthly", "--period", "2026-10", "--area", str(TOWN), "--out", nowhere)
    assert lost.exit_code == 1 and "所在的文件夹不存在" in lost.stderr and "Errno" not in lost.stderr


def test_all_reports_of_a_county(county: Flask) -> None:
    done = run(county, "all", "--period", "2026-10", "--area", str(COUNTY), "--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    assert [one["area"] for one in told["issued"]][:3] == [str(COUNTY), str(TOWN), str(OTHER_TOWN)]
    assert len(told["issued"]) == 5
    assert told["failed"] == []
    assert run(county, "all", "--period", "2026-10", "--area", "110000000000").exit_code == 1


def test_help_is_there(app: Flask) -> None:
    assert "核验" in run(app, "--help").stdout
    assert "--period" in run(app, "monthly", "--help").stdout


def test_other_kinds_layouts_and_excel_come_by_the_same_shape(county: Flask, tmp_path: Path) -> None:
    close("2026-09")
    area = ("--area", str(TOWN))
    out = tmp_path / "季报.pdf"
    made = run(county, "quarterly", "--period", "2026-Q3", *area, "--out", str(out))
    assert made.exit_code == 0, made.stderr
    assert "示例县精防统〔2026〕季3-100号" in made.stdout
    assert run(county, "verify", str(out)).exit_code == 0

    sheet = tmp_path / "表9.xlsx"
    made = run(county, "form9", "--period", "2026-10", *area, "--out", str(sheet), "--json")
    assert json.loads(made.stdout)["kind"] == "信息交换表"
    assert sheet.read_bytes().startswith(b"PK")
    assert run(county, "verify", str(sheet)).exit_code == 0

    paper = str(tmp_path / "公文.pdf")
    refused = run(county, "form9", "--period", "2026-10", *area, "--out", paper, "--layout", "official")
    assert refused.exit_code == 1
    assert "还没有填写发文机关" in refused.stderr
    assert refused.stderr.count("\n") == 1
    both = run(county, "form9", "--period", "2026-10", *area, "--out", str(sheet), "--archive")
    assert both.exit_code == 2
    wrong = run(county, "quarterly", "--period", "2026-10", *area, "--out", str(out))
    assert wrong.exit_code == 2
    assert "季度应写成 2026-Q3 这样" in wrong.stderr
    town = run(county, "form14", "--period", "2025", *area, "--out", str(out))
    assert town.exit_code == 1
