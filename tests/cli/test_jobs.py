"""The operator's commands for the clock."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from casemgr.jobs.schedule import JOBS
from casemgr.services import job
from casemgr.services.job import Outcome, Run


def test_the_list(app: Flask) -> None:
    runner = app.test_cli_runner()
    job.run_now(job._system(job.named("tidy")), "tidy")
    text = runner.invoke(args=["jobs", "list"])
    assert text.exit_code == 0
    lines = text.stdout.splitlines()
    assert lines[0].split("\t") == ["close-month", "月结与月报", "每月 1 日 02:00", "还没有运行过"]
    done = [line for line in lines if line.startswith("tidy")]
    assert len(done) == 1
    assert "完成" in done[0]
    document = json.loads(runner.invoke(args=["jobs", "list", "--json"]).stdout)
    assert [one["name"] for one in document] == [one.name for one in JOBS]
    assert (document[1]["when"], document[1]["next"]) == ("按需运行", None)
    assert document[0]["next"] == "2026-12-01T02:00:00+08:00"
    tidied = next(one for one in document if one["name"] == "tidy")
    assert tidied["latest"]["state"] == "done"


def test_running_one(app: Flask) -> None:
    done = app.test_cli_runner().invoke(args=["jobs", "run", "audit-anchor"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert "锚定" in done.stdout
    document = json.loads(app.test_cli_runner().invoke(args=["jobs", "run", "audit-verify", "--json"]).stdout)
    assert (document["state"], document["by_hand"]) == ("done", True)


@pytest.mark.parametrize(("words", "said", "code"), [
    (["nothing"], "没有这个任务", 1), (["tidy", "--for", "2026-10"], "不按月份", 2),
    (["close-month", "--for", "2026-11"], "还没有结束", 2), (["close-month", "--for", "11"], "2026-10", 2),
])  # fmt: skip
def test_what_cannot_be_run_is_one_sentence(app: Flask, words: list[str], said: str, code: int) -> None:
    refused = app.test_cli_runner().invoke(args=["jobs", "run", *words])
    assert (refused.exit_code, refused.stdout) == (code, "")
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_wrong_arguments(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["jobs", "run"]).exit_code == 2
    assert app.test_cli_runner().invoke(args=["jobs", "--help"]).exit_code == 0


def test_a_failed_run_ends_with_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(run: Run) -> Outcome:
        return Outcome("没有成功。", ok=False)

    job.declare([job.Job("tidy", "清理", job.named("tidy").when, failing)])
    failed = app.test_cli_runner().invoke(args=["jobs", "run", "tidy"])
    assert (failed.exit_code, failed.stdout, failed.stderr) == (1, "", "没有成功。\n")
