"""子进程: no program outlives the launcher, and helpers keep their output to themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from casemgr.launch import family
from casemgr.launch.speech import Stop

# A parent that ignores the polite signal, and its child; both hold the pipe and say that they are there.
STUBBORN = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
os.write(1, b"x")
signal.pause()
"""
posix = pytest.mark.skipif(os.name != "posix", reason="进程组只在 POSIX 上有")


def start(code: str, out: int | None = None) -> subprocess.Popen[bytes]:
    return family.begin([sys.executable, "-c", code], cwd=Path.cwd(), environ=os.environ, out=out)


@posix
def test_a_child_and_its_own_child_end_even_when_they_refuse() -> None:
    reading, writing = os.pipe()
    child = start(STUBBORN, out=writing)
    os.close(writing)
    assert os.read(reading, 1) + os.read(reading, 1) == b"xx"
    family.end([child], patience=0.1)
    assert child.returncode == -signal.SIGKILL
    assert os.read(reading, 1) == b"", "somebody still holds the pipe"
    os.close(reading)


@posix
def test_a_polite_child_ends_by_itself() -> None:
    child = start("import signal; print(end='x', flush=True); signal.pause()", out=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.read(1) == b"x"
    family.end([child], signal.SIGINT)
    child.stdout.close()
    assert child.returncode == -signal.SIGINT


def test_the_exit_code_is_handed_on() -> None:
    assert family.finish(start("raise SystemExit(3)")) == 3


@posix
def test_the_child_has_ended_when_the_waiting_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    child = start("import signal; signal.pause()")
    patient = child.wait

    def broken(timeout: float | None = None) -> int:
        if timeout is None and child.returncode is None and not ended:
            ended.append(True)
            raise family.Asked
        return patient(timeout)

    ended: list[bool] = []
    monkeypatch.setattr(child, "wait", broken)
    with pytest.raises(family.Asked):
        family.finish(child)
    assert child.returncode == -signal.SIGTERM


@posix
def test_ctrl_c_asks_once() -> None:
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        family.listen()
        with pytest.raises(family.Asked):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)  # ignored: the ending is under way
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_a_program_that_cannot_start_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="无法启动 /no/such/program"):
        family.begin(["/no/such/program"], cwd=tmp_path, environ={})


def test_helpers_talk_to_a_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    quietly = family.Quietly(tmp_path / "log", tmp_path, os.environ)
    assert quietly.last_words() == ""
    assert quietly([sys.executable, "-c", "print('fine')"])
    assert not quietly([sys.executable, "-c", "print('ERROR: no route'); print('bye'); raise SystemExit(1)"])
    assert quietly.last_words() == "ERROR: no route"
    assert capfd.readouterr() == ("", "")
