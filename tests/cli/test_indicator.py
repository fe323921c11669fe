"""The indicator commands: one JSON document and nothing else, one line on failure, exit codes 0, 1, 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from casemgr.indicators.catalogue import BY_KEY
from tests.indicators.county import expected
from tests.services.county import file_no, lay_down

COUNTY, TOWN = "999901000000", "999901101000"
Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda *words: app.test_cli_runner().invoke(args=["indicator", *words])


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_the_four_commands_on_the_sample_county(run: Run) -> None:
    lay_down()
    found = told(run("compute", "--period", "2026-10", "--json"))
    assert found.keys() == {"period", "as_of", "edition", "areas"}
    assert (found["period"], found["as_of"], found["edition"]) == ("2026-10", "2026-10-31", "CN-2020")
    figures = {
        area["code"]: {one["key"]: [one["numerator"], one["denominator"]] for one in area["indicators"]}
        for area in found["areas"]
    }
    assert figures == expected()["2026-10"]
    county = next(area for area in found["areas"] if area["code"] == COUNTY)
    assert county.keys() == {"code", "name", "level", "population", "indicators"}
    shown = {one["key"]: one for one in county["indicators"]}
    assert shown["IND-03.STD-INT"] == {
        "key": "IND-03.STD-INT",
        "name": "规范管理率",
        "unit": "%",
        "numerator": 333,
        "denominator": 399,
        "value": "83.46",
        "target": "80.00",
        "met": True,
        "official": True,
    }
    assert shown["IND-11"]["target"] is None
    town = told(run("compute", "--period", "2026-10", "--area", TOWN, "--json"))
    assert [area["code"] for area in town["areas"]] == [TOWN]

    assert "已月结，5 个区划" in run("close", "--period", "2026-10").stdout
    again = told(run("close", "--period", "2026-10", "--json"))
    assert [(one["revision"], one["written"]) for one in again["counties"]] == [(1, False)]

    gap = told(run("gap", "--period", "2026-10", "--area", COUNTY, "--indicator", "IND-12", "--json"))
    assert (gap["indicator"], gap["distance"]) == ("IND-12.N1", 32)
    assert len(gap["people"]) == gap["denominator"] - gap["numerator"]
    assert gap["people"][0]["missing"] == 1

    person = told(run("explain", "--case", file_no(1), "--period", "2026-10", "--json"))
    fixed = [key for key, measure in BY_KEY.items() if not measure.further]
    assert [one["key"] for one in person["indicators"]] == fixed
    every = told(run("explain", "--case", file_no(1), "--period", "2026-10", "--all-variants", "--json"))
    assert [one["key"] for one in every["indicators"]] == list(BY_KEY)
    assert all(one["reason"] and one["rule"] for one in person["indicators"])


def test_people_read_sentences(run: Run) -> None:
    lay_down()
    assert (
        "规范管理率  83.46 %（333 / 399）目标 80.00 %，已达到" in run("compute", "--period", "2026-10").stdout
    )
    assert "还差 32 人" in run("compute", "--period", "2026-10", "--area", COUNTY).stdout
    assert "规范管理率：" in run("explain", "--case", file_no(1), "--period", "2026-10").stdout
    gap = run("gap", "--period", "2026-10", "--area", TOWN, "--indicator", "IND-11").stdout
    assert "12月31日前健康体检 1 次" in gap


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("compute", "--period", "2026-13"), 2, "月份应写成"),
        (("compute", "--period", "2026-10", "--area", "1"), 1, "没有这个区划"),
        (("close", "--period", "2026-12"), 1, "还没有结束"),
        (("explain", "--case", "nobody", "--period", "2026-10"), 1, "没有这个档案编号"),
        (("gap", "--period", "2026-10", "--area", COUNTY, "--indicator", "IND-99"), 1, "没有这个指标"),
        (("compute", "--period", "2026-12"), 2, "还没有开始"),
        (("compute", "--period", "9999-12", "--area", COUNTY), 2, "请改用 2026-11 或更早的月份"),
        (("gap", "--period", "2031-01", "--area", COUNTY, "--indicator", "IND-03"), 2, "还没有开始"),
        (("compute",), 2, "--period"),
        (("gap", "--period", "2026-10"), 2, "--area"),
    ],
)
def test_failures_are_one_line_and_a_code(run: Run, words: tuple[str, ...], code: int, sentence: str) -> None:
    result = run(*words, "--json")
    assert result.exit_code == code
    assert sentence in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_every_command_has_help(run: Run) -> None:
    for name in ("compute", "close", "explain", "gap"):
        assert run(name, "--help").exit_code == 0
