"""The demo command: what it prints, and how it refuses."""

from __future__ import annotations

import json

import pytest
from argon2 import PasswordHasher
from click.testing import Result
from flask import Flask

from casemgr.services import account, demo


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    account._nobody.cache_clear()


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["demo", "load", *words])


def test_it_prints_the_accounts_and_refuses_a_second_time(app: Flask) -> None:
    made = run(app, "--people", "40", "--townships", "2", "--months", "1")
    assert made.exit_code == 0, made.output
    assert "2 个乡镇，40 人" in made.stdout
    posts = ("cunyi", "yiyuan")
    assert made.stdout.count(demo.PASSWORD) == 3 + len(demo.DEPARTMENTS) + len(demo.HOUSE) + len(posts)
    assert all(f"\n  {login} " in made.stdout for login in posts)
    again = run(app)
    assert again.exit_code == 1
    assert again.stderr.count("\n") == 1
    assert "已经装入" in again.stderr
    assert "没有装入" in run(app, "--if-empty").stdout


def test_with_json_there_is_nothing_but_json(app: Flask) -> None:
    made = run(app, "--people", "40", "--townships", "2", "--as-of", "2026-06-30", "--months", "0", "--json")
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    assert document["as_of"] == "2026-06-30"
    assert document["people"] == 40
    assert document["rows"]["case_file"] == 40
    assert [one["login"] for one in document["accounts"]][:3] == ["xianji", "guanli", "yisheng01"]
    assert made.stderr == ""


@pytest.mark.parametrize(
    "words",
    [("--people", "0"), ("--people", "1000001"), ("--people", "x"), ("--as-of", "gestern"), ("--no",)],
)
def test_wrong_arguments_end_with_2(app: Flask, words: tuple[str, ...]) -> None:
    assert run(app, *words).exit_code == 2


def test_what_does_not_fit_together_ends_with_1(app: Flask) -> None:
    refused = run(app, "--people", "5", "--townships", "9")
    assert refused.exit_code == 1
    assert "乡镇数" in refused.stderr
