"""The injection command: the scheduling cases through the command line, exit codes, nothing but JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "injection-cases.json").read_text(encoding="utf-8")
)
KEYS = ["status", "due", "window_open", "window_close", "rule", "guidance", "sources", "verified", "flags"]
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=["injection", "advise", *words])


def test_all_cases_through_the_command(run: Run) -> None:
    for name, case in CASES.items():
        words = ["--product", case["product"], "--as-of", case["as_of"], "--json"]
        for one in case["doses"]:
            words += ["--dose", one]
        for option in ("interval", "profile"):
            if option in case:
                words += [f"--{option}", str(case[option])]
        result = run(*words)
        assert (result.exit_code, result.stderr) == (0, ""), name
        found = json.loads(result.stdout)
        assert list(found) == KEYS
        wanted = {key: value for key, value in case["want"].items() if key in KEYS}
        assert {key: found[key] for key in wanted} == wanted, name
        assert "请由医师确认" in found["guidance"]
        if until := case["want"].get("oral_cover_until"):
            assert any(one["code"] == "ORAL-COVER" and until in one["text"] for one in found["flags"])


def test_people_read_sentences(run: Run) -> None:
    result = run("--product", "PP3M", "--dose", "2025-01-10:MAINT:525", "--as-of", "2025-06-10")
    assert result.exit_code == 0
    assert "漏针-需重启步骤" in result.stdout
    assert "100 / 100 / 525 mg" in result.stdout
    assert "PP3M-M-B" in result.stdout
    microspheres = run("--product", "RLAI", "--dose", "2025-04-01", "--as-of", "2025-04-10")
    assert "窗口借用瑞欣妥，待核对" in microspheres.stdout
    assert "口服覆盖到2025-04-21" in microspheres.stdout


def test_no_basis_is_an_answer_and_says_so(run: Run) -> None:
    for product in ("NEW_DRUG", "FLUD"):
        found = run("--product", product, "--dose", "2025-04-01", "--as-of", "2025-04-10", "--json")
        assert found.exit_code == 0
        document = json.loads(found.stdout)
        assert "暂无依据，请按说明书" in document["guidance"]
        assert (document["status"], document["due"]) == ("DATA_ERROR", None)
    text = run("--product", "PP6M", "--dose", "2025-01-15:MAINT", "--as-of", "2025-08-05").stdout
    assert "该产品在录入本地说明书之前不启用（待核对）（GEN-DISABLED）" in text


@pytest.mark.parametrize(
    "words",
    [
        ("--as-of", "2025-04-10"),
        ("--product", "PP1M"),
        ("--product", "PP1M", "--as-of", "2025-13-01"),
        ("--product", "PP1M", "--as-of", "2025-04-10", "--dose", "yesterday"),
        ("--product", "PP1M", "--as-of", "2025-04-10", "--dose", "2025-04-01:FIRST"),
        ("--product", "PP1M", "--as-of", "2025-04-10", "--dose", "2025-04-01:MAINT:-5"),
        ("--product", "PP1M", "--as-of", "2025-04-10", "--dose", "2025-04-01:MAINT:nan"),
        ("--product", "PP1M", "--as-of", "2025-04-10", "--dose", "2025-04-01:MAINT:5:5"),
        ("--product", "FLUD", "--as-of", "2025-04-10", "--interval", "0"),
    ],
)
def test_wrong_arguments_are_exit_2(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_help_is_there(run: Run, app: Flask) -> None:
    assert "--dose" in run("--help").stdout
    assert "advise" in app.test_cli_runner().invoke(args=["injection", "--help"]).stdout
