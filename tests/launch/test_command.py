"""启动命令: sentences instead of tracebacks, whatever goes wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from casemgr import __main__ as entry
from casemgr.launch import command, environment
from casemgr.launch.arguments import USAGE
from casemgr.launch.speech import Stop

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _keep_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.family, "listen", lambda: None)


def test_the_launcher_needs_nothing_but_the_standard_library() -> None:
    code = "import sys, casemgr.launch.command; print('site' in sys.modules)"
    out = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert out.stdout == "False\n"


def test_an_old_python_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(entry, "OLDEST", (99, 0))
    assert entry.main(["run"]) == 1
    assert "需要 Python 99.0 或更新版本" in capsys.readouterr().err


def test_an_old_python_can_read_the_entry() -> None:
    """No f-string, no annotation of variables, no future import: a Python of 2014 reads it and can say so."""
    source = (ROOT / "casemgr" / "__main__.py").read_text(encoding="utf-8")
    assert "from __future__" not in source
    assert 'f"' not in source
    assert ":=" not in source


def test_nothing_asked_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.start([]) == 2
    assert capsys.readouterr().err.strip() == USAGE.strip()
    assert command.start(["--help"]) == 0
    assert capsys.readouterr().out.strip() == USAGE.strip()


def test_the_unforeseen_is_one_line_and_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fall(*_: object) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(command, "_set_up", fall)
    assert command.start(["setup"]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "ZeroDivisionError" in said
    assert "Traceback" not in said
    file = Path(said.split("详情见 ")[1].rstrip("。\n"))
    assert "Traceback" in file.read_text()
    file.unlink()


def test_ctrl_c_during_set_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def asked(*_: object) -> None:
        raise command.family.Asked

    monkeypatch.setattr(command, "_set_up", asked)
    assert command.start(["test"]) == 130
    assert "已中断" in capsys.readouterr().err


def test_set_up_ends_with_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_set_up", lambda *_: None)
    monkeypatch.setattr(environment, "compile_all", lambda packages: None)
    assert command.start(["setup"]) == 0
    assert capsys.readouterr().out == f"虚拟环境已就绪：{environment.VENV}\n"


def test_a_busy_port_is_named_before_anything_is_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_set_up", lambda *_: pytest.fail("set up for nothing"))
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        assert command.start(["run", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert f"端口 {port} 已被占用" in said
    assert "--port" in said


def test_the_tests_do_not_see_settings_of_an_installation(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    def begin(order: list[str], **how: Any) -> str:
        seen.update(order=order, environ=how["environ"])
        return "child"

    monkeypatch.setattr(command, "_set_up", lambda *_: None)
    monkeypatch.setattr(command.family, "begin", begin)
    monkeypatch.setattr(command.family, "finish", lambda child, first: 5)
    monkeypatch.setenv("CASEMGR_DATABASE_URL", "postgresql://real")
    monkeypatch.setenv("CASEMGR_TEST_DATABASE_URL", "postgresql://spare")
    assert command.start(["test", "--", "-k", "followup"]) == 5
    assert seen["order"][1:3] == ["-m", "pytest"]
    assert seen["order"][-2:] == ["-k", "followup"]
    assert "CASEMGR_DATABASE_URL" not in seen["environ"]
    assert seen["environ"]["CASEMGR_TEST_DATABASE_URL"] == "postgresql://spare"


def test_a_suite_runs_in_memory_only_where_there_is_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[dict[str, str]] = []
    monkeypatch.setattr(command, "_set_up", lambda *_: None)
    monkeypatch.setattr(command.family, "begin", lambda order, **how: seen.append(how["environ"]))
    monkeypatch.setattr(command.family, "finish", lambda child, first: 0)
    for name in ("PYTEST_DEBUG_TEMPROOT", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(command, "Path", lambda _: tmp_path)
    monkeypatch.setattr(command, "ROOM_FOR_TESTS", 1)
    command.start(["test"])
    monkeypatch.setattr(command, "ROOM_FOR_TESTS", 2**70)
    command.start(["test"])
    monkeypatch.setattr(command, "Path", lambda _: tmp_path / "absent")
    command.start(["test"])
    for name in ("PYTEST_DEBUG_TEMPROOT", "TMPDIR"):
        assert [one.get(name) for one in seen] == [str(tmp_path), None, None]


def test_a_suite_that_was_killed_is_not_a_suite_that_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_set_up", lambda *_: None)
    monkeypatch.setattr(command.family, "begin", lambda order, **how: "child")
    monkeypatch.setattr(command.family, "finish", lambda child, first: -15)
    assert command.start(["test"]) == 143
    assert "信号 15" in capsys.readouterr().err


class Child:
    """Stands for a program that has ended or not."""

    def __init__(self, code: int | None) -> None:
        self.code = code

    def poll(self) -> int | None:
        return self.code


def test_a_dead_child_is_named_with_its_last_words(tmp_path: Path) -> None:
    logs = {"web": tmp_path / "web.log", "scheduler": tmp_path / "scheduler.log"}
    logs["scheduler"].write_text("one\n数据库正忙\n", encoding="utf-8")
    children: Any = {"web": Child(None), "scheduler": Child(1)}
    with pytest.raises(Stop, match=r"定时任务意外结束（代码 1）：数据库正忙"):
        command._dead(children, logs)


def test_a_long_log_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "LOG_LIMIT", 3)
    monkeypatch.setattr(command.family, "begin", lambda order, **how: os.write(how["out"], b"new"))
    log = tmp_path / "web.log"
    log.write_text("old words")
    command._serve(["x"], log, {})
    assert log.read_text() == "new"
    assert (tmp_path / "web.old.log").read_text() == "old words"
    assert log.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def port() -> Iterator[int]:
    """A port that nobody else is given meanwhile: held, and free to whoever says that it may be shared.

    The server says so. Without a holder the system could give the port to another test before it begins.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@pytest.mark.slow
def test_run_serves_a_page_and_ends_everything_at_ctrl_c(tmp_path: Path, port: int) -> None:
    if not environment.is_ready(environment.VENV, environment.FOR_RUN):
        pytest.skip("这个 .venv 不是 python3 -m casemgr setup 准备的")
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "CASEMGR_INSTANCE": str(tmp_path / "instance")}
    run = subprocess.Popen(
        [sys.executable, "-m", "casemgr", "run", "--no-system", "--no-demo", "--port", str(port)],
        cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert run.stdout is not None
        said = []
        for line in run.stdout:
            said.append(line)
            if "Ctrl-C" in line:
                break
        assert f"http://127.0.0.1:{port}" in "".join(said), "".join(said)
        assert re.search(r"xianji +密码 \S{8,}", "".join(said)), "nobody could sign in"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/login") as page:
            assert page.status == 200
        instance = tmp_path / "instance"
        assert {path.name for path in instance.iterdir()} >= {
            "secret.key",
            "keyring.json",
            "casemgr.db",
            "logs",
        }
        assert instance.stat().st_mode & 0o77 == 0
        assert all((instance / name).stat().st_mode & 0o77 == 0 for name in ("secret.key", "keyring.json"))
        run.send_signal(signal.SIGINT)
        rest = run.stdout.read()
        assert run.wait(300) == 0
    finally:
        run.kill()
        run.wait()
        if run.stdout:
            run.stdout.close()
    assert "系统已停止" in rest
    assert "Traceback" not in "".join(said) + rest
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
