"""flask keys …, flask backup …: one line on failure, JSON alone where asked for, what they leave behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from casemgr.services import audit
from casemgr.store.vault import read_ring
from casemgr.store.work import installation
from tests.store.register import SYSTEM
from tests.store.test_backup import _fill


@pytest.fixture
def flask(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskCliRunner:
    """The commands of an installation with one person, whose ring the environment names."""
    _fill()
    for name in ("CASEMGR_CIPHER", "CASEMGR_KEY_PROVIDER", "CASEMGR_KEY_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CASEMGR_INSTANCE", str(installation().instance))
    monkeypatch.setenv("CASEMGR_KEYRING", str(installation().keys.path))
    return app.test_cli_runner()


def test_keys_turn_and_what_is_sealed_follows(flask: FlaskCliRunner) -> None:
    made = flask.invoke(args=["keys", "rotate", "--suite", "sm", "--json"])
    assert made.exit_code == 0, made.stderr
    told = json.loads(made.stdout)
    assert (told["id"], told["state"], told["suite"]) == (2, "active", "sm")
    listed = json.loads(flask.invoke(args=["keys", "status", "--json"]).stdout)
    assert [(one["id"], one["state"]) for one in listed] == [(1, "decrypt_only"), (2, "active")]
    done = flask.invoke(args=["keys", "reseal", "--pause", "0", "--json"])
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["complete"] is True
    steps = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert {"table": "identity", "resealed": 1, "finished": True} in steps
    used = json.loads(flask.invoke(args=["keys", "usage", "--json"]).stdout)
    assert [one["values"] > 0 for one in used["keys"]] == [False, True]
    assert flask.invoke(args=["keys", "drill"]).exit_code == 0
    assert "material" not in made.stdout + done.stdout + done.stderr
    assert audit.verify(SYSTEM).broken is None


def test_refusals_are_one_line(flask: FlaskCliRunner, tmp_path: Path) -> None:
    for arguments, words in (
        (["keys", "retire", "1"], "没有停用"),
        (["keys", "create"], "没有覆盖"),
        (["keys", "join", __file__], "没有覆盖"),
        (["backup", "check", str(tmp_path / "nowhere")], "没有找到备份文件"),
        (["backup", "restore", str(tmp_path / "nowhere")], "已经有登记库"),
    ):
        answer = flask.invoke(args=arguments)
        assert answer.exit_code == 1, arguments
        assert words in answer.stderr, arguments
        assert len(answer.stderr.splitlines()) == 1
        assert answer.stdout == ""
    for arguments in (["keys", "rotate", "--suite", "des"], ["backup", "create"]):
        assert flask.invoke(args=arguments).exit_code == 2


def test_a_key_is_prepared_before_it_is_used(flask: FlaskCliRunner) -> None:
    assert "尚未启用" in flask.invoke(args=["keys", "rotate", "--prepare"]).stdout
    assert [key.state for key in read_ring(installation().keys.path)] == ["active", "pre"]
    assert "已启用" in flask.invoke(args=["keys", "rotate"]).stdout
    assert [key.state for key in read_ring(installation().keys.path)] == ["decrypt_only", "active"]


def test_shares_are_laid_down_and_put_together(
    flask: FlaskCliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = installation().keys.path
    made = flask.invoke(args=["keys", "share", "--out", str(tmp_path / "shares")])
    assert made.exit_code == 0, made.stderr
    monkeypatch.setenv("CASEMGR_KEYRING", str(tmp_path / "again.json"))
    files = [str(tmp_path / "shares" / f"share-{number}.txt") for number in (1, 3)]
    assert flask.invoke(args=["keys", "join", *files]).exit_code == 0
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_a_backup_is_made_and_checked(flask: FlaskCliRunner, tmp_path: Path) -> None:
    out = tmp_path / "county.backup"
    made = flask.invoke(args=["backup", "create", "--out", str(out), "--json"])
    assert made.exit_code == 0, made.stderr
    told = json.loads(made.stdout)
    assert told["size"] == out.stat().st_size
    checked = json.loads(flask.invoke(args=["backup", "check", str(out), "--json"]).stdout)
    assert (checked["rows"], checked["audit_seq"]) == (told["rows"], told["audit_seq"])
    assert "没有覆盖" in flask.invoke(args=["backup", "create", "--out", str(out)]).stderr
