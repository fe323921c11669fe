"""The medication command: the event lists of the worked cases as they stand, exit codes, nothing but JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

FILE = Path(__file__).parents[1] / "data" / "coverage-cases.json"
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=["medication", "coverage", *words])


def test_the_file_of_worked_cases(run: Run) -> None:
    result = run("--events", str(FILE), "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    found: list[dict[str, Any]] = json.loads(result.stdout)
    cases = json.loads(FILE.read_text(encoding="utf-8"))
    assert [one["id"] for one in found] == [one["id"] for one in cases]
    for one, case in zip(found, cases, strict=True):
        assert {key: one[key] for key in case["expect"]} == case["expect"], case["id"]
    first = found[0]
    assert (first["pdc"], first["adherent"], first["mpr_percent"]) == ("94.44", True, "100.00")
    assert (first["gap_days"], first["gap_labels"]) == ([5], ["短缺"])


def test_people_read_lines(run: Run) -> None:
    result = run("--events", str(FILE))
    assert result.exit_code == 0
    assert "A1  85 / 90  PDC 94.44%  MPR 90/90（REC-ADH-2，待核对）" in result.stdout
    assert "  2025-01-31 至 2025-02-04，5天（短缺）" in result.stdout


def test_one_case_may_stand_alone_and_a_product_without_basis_has_no_share(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    event = {"type": "lai", "product": "PP6M", "date": "2025-01-01"}
    file.write_text(json.dumps({"period": ["2025-01-01", "2025-01-31"], "events": [event]}))
    found = json.loads(run("--events", str(file), "--json").stdout)
    assert len(found) == 1
    assert (found[0]["pdc"], found[0]["without_basis"]) == (None, ["PP6M"])
    assert "暂无依据，请按说明书" in run("--events", str(file)).stdout


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        '[{"events": []}]',
        '[{"period": ["2025-01-01", "2025-01-31"]}]',
        '[{"period": ["2025-02-01", "2025-01-31"], "events": []}]',
        '[{"period": ["2025-02-01"], "events": []}]',
        '[{"period": ["2025-01-01", "2025-01-31"], "events": [{"type": "pill"}]}]',
        '[{"period": ["2025-01-01", "2025-01-31"],'
        ' "events": [{"type": "fill", "drug": "x", "date": "2025-01-01", "days": -3}]}]',
        '[{"period": ["2025-01-01", "2025-01-31"],'
        ' "events": [{"type": "lai", "product": "PP1M", "date": "2025-01-01", "role": "FIRST"}]}]',
        "[1]",
    ],
)
def test_an_unreadable_file_is_one_line_and_exit_1(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(text, encoding="utf-8")
    result = run("--events", str(file), "--json")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert len(result.stderr.strip().splitlines()) == 1
    assert "Traceback" not in result.stderr


def test_wrong_arguments_are_exit_2(run: Run) -> None:
    assert run().exit_code == 2
    assert run("--events", "/nowhere/at-all.json").exit_code == 2


def test_help_is_there(run: Run, app: Flask) -> None:
    assert "--events" in run("--help").stdout
    assert "coverage" in app.test_cli_runner().invoke(args=["medication", "--help"]).stdout
