"""The account commands: what they print, and to whom."""

from __future__ import annotations

import json

import pytest
from argon2 import PasswordHasher
from click.testing import Result
from flask import Flask

from casemgr.services import account, clock
from tests.store.register import COUNTY, EAST, open_areas


@pytest.fixture(autouse=True)
def _areas(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    account._nobody.cache_clear()
    open_areas()


def run(app: Flask, *words: str, typed: str = "") -> Result:
    return app.test_cli_runner().invoke(args=["account", *words], input=typed)


def test_create_prints_the_password_once(app: Flask) -> None:
    made = run(app, "create", "wang", "--name", "王医生", "--role", "doctor", "--area", str(EAST), "--json")
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    ticket = account.sign_in("wang", document["password"], "127.0.0.1", clock.now())
    assert ticket.person.must_change
    assert "wang\t王医生\t精防医生" in run(app, "list").stdout
    assert json.loads(run(app, "list", "--json").stdout)[0]["area"] == EAST


def test_a_typed_password_need_not_be_changed(app: Flask) -> None:
    typed = "雨后山路上三只羊\n雨后山路上三只羊\n"
    made = run(app, "create", "boss", "--name", "管理", "--role", "系统管理员", "--ask-password", typed=typed)
    assert made.exit_code == 0, made.output
    assert not account.sign_in("boss", "雨后山路上三只羊", "127.0.0.1", clock.now()).person.must_change


def test_a_token_is_one_line(app: Flask) -> None:
    run(
        app,
        "create",
        "boss",
        "--name",
        "县级",
        "--role",
        "officer",
        "--area",
        str(COUNTY),
        "--ask-password",
        typed="雨后山路上三只羊\n雨后山路上三只羊\n",
    )
    made = run(app, "token", "boss", "--days", "3")
    assert made.exit_code == 0
    found = account.bearer(made.stdout.strip(), clock.now())
    assert found is not None
    assert found.login == "boss"
    (kept,) = json.loads(run(app, "tokens", "boss", "--json").stdout)
    assert "没有用过" not in run(app, "tokens", "boss").stdout and kept["used_at"]
    assert run(app, "revoke", "boss", kept["key"]).exit_code == 0
    assert account.bearer(made.stdout.strip(), clock.now()) is None
    assert json.loads(run(app, "token", "boss", "--json").stdout)["token"].startswith("cmt_")


def test_leaving_and_confirming_anew(app: Flask) -> None:
    run(app, "create", "dong2", "--name", "东镇戊", "--role", "doctor", "--area", str(EAST))
    assert "可用到" in run(app, "renew", "dong2").output
    assert "已办理离岗" in run(app, "leave", "DONG2").output
    refused = run(app, "renew", "dong2")
    assert refused.exit_code == 1 and "已停用" in refused.output
    assert "停用" in run(app, "list").output
    made = run(app, "create", "anquan2", "--name", "安全己", "--role", "security")
    assert made.exit_code == 0, made.output


def test_disable_enable_and_a_new_password(app: Flask) -> None:
    for login in ("one", "two"):
        run(app, "create", login, "--name", "管理", "--role", "administrator")
    assert run(app, "disable", "ONE").exit_code == 0
    assert "停用" in run(app, "list").stdout
    assert run(app, "enable", "one").exit_code == 0
    assert "新密码" in run(app, "password", "one").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("token", "nobody"), 1, "没有这个账号"),
        (("create", "x y", "--name", "某", "--role", "administrator"), 1, "登录名应为"),
        (("create", "d", "--name", "某", "--role", "doctor"), 1, "乡镇"),
        (("create", "d", "--name", "某", "--role", "king"), 2, "king"),
        (("token",), 2, "LOGIN"),
    ],
)
def test_failures_are_one_line(app: Flask, words: tuple[str, ...], code: int, said: str) -> None:
    result = run(app, *words)
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert code == 2 or len(result.stderr.strip().splitlines()) == 1
