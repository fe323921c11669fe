"""子进程: every program the launcher starts, so that none outlives it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import IO, Any

from casemgr.launch.speech import Stop

PATIENCE = 10.0  # seconds between asking a program to end and ending it
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Asked(BaseException):
    """The person or the system asked the launcher to end (Ctrl-C, kill, closed terminal)."""


def listen() -> None:
    """Turn the signals that mean "end" into :class:`Asked`, once: a second one must not break the ending."""

    def ask(number: int, frame: FrameType | None) -> None:
        for each in ending:
            signal.signal(each, signal.SIG_IGN)
        raise Asked

    ending = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # not under nohup
        ending.append(signal.SIGHUP)
    for each in ending:
        signal.signal(each, ask)


def _bound_to_parent() -> Callable[[], None] | None:
    """On Linux: a child that ends even when the launcher is killed without a chance to clean up."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def bind() -> None:
        prctl(DIE_WITH_PARENT, int(signal.SIGTERM), 0, 0, 0)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_DFL)

    return bind


def begin(order: list[str], *, cwd: Path, environ: Mapping[str, str], out: IO[Any] | int | None = None,
          err: IO[Any] | int | None = None) -> subprocess.Popen[bytes]:  # fmt: skip
    """Start a program in a session of its own: its descendants can then be ended together."""
    apart: dict[str, Any] = {}
    if os.name == "posix":
        apart = {"start_new_session": True, "preexec_fn": _bound_to_parent()}
    try:
        return subprocess.Popen(order, cwd=cwd, env=dict(environ), stdout=out, stderr=err, **apart)
    except OSError as wrong:
        raise Stop(f"无法启动 {order[0]}：{wrong.strerror}。") from wrong


def _signal(child: subprocess.Popen[bytes], number: int, *, whole_group: bool) -> None:
    try:
        if os.name == "posix" and whole_group:
            os.killpg(child.pid, number)
        else:
            child.send_signal(number)
    except (ProcessLookupError, PermissionError):
        pass  # already gone, or nobody is left in the group


def end(
    children: list[subprocess.Popen[bytes]], first: int = signal.SIGTERM, patience: float = PATIENCE
) -> None:
    """End the children and all their descendants: asked first, then made to."""
    for child in children:
        if child.poll() is None:
            _signal(child, first, whole_group=False)
    until = time.monotonic() + patience
    for child in children:
        try:
            child.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            continue
    for child in children:
        if os.name == "posix":
            _signal(child, signal.SIGKILL, whole_group=True)
        elif child.poll() is None:
            child.kill()
        child.wait()


def finish(child: subprocess.Popen[bytes], first: int = signal.SIGTERM, patience: float = PATIENCE) -> int:
    """Wait for a child; whatever happens meanwhile, it and its descendants end with this call."""
    try:
        return child.wait()
    finally:
        end([child], first, patience)


class Quietly:
    """Runs helpers such as pip and apt-get with their output in a log; callable, True on exit code 0."""

    def __init__(self, log: Path, cwd: Path, environ: Mapping[str, str]) -> None:
        self.log = log
        self.cwd = cwd
        self.environ = environ

    def __call__(self, order: list[str]) -> bool:
        with self.log.open("ab") as out:
            out.write(f"\n$ {' '.join(order)}\n".encode())
            out.flush()
            child = begin(order, cwd=self.cwd, environ=self.environ, out=out, err=subprocess.STDOUT)
            # apt-get must not be cut off in the middle: it would leave the packages half configured.
            return finish(child, signal.SIGINT, patience=120) == 0

    def last_words(self) -> str:
        """The last line that names an error, for the sentence to the person; "" when there is none."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        for line in reversed(lines):
            if line.startswith(("ERROR", "E:", "error")):
                return line.strip()[:200]
        return ""
