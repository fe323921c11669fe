"""启动测速 (P11): from the command to the first page, for the web process alone and for ``run``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from statistics import median

from benchmarks.county import ROOT, County
from benchmarks.row import TIMES, Row

PATIENCE = 120.0
WEB_GOAL, RUN_GOAL = 2.5, 10.0
BARE = """
import sys
from flask import Flask
from waitress import serve
app = Flask("bare")
app.get("/login")(lambda: "bare")
serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=8)
"""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until_first_page(order: list[str], port: int, environ: dict[str, str], cwd: Path = ROOT) -> float:
    """Seconds from starting ``order`` to its first page; the process and its children are ended then."""
    start = time.perf_counter()
    process = subprocess.Popen(
        order,
        cwd=cwd,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.perf_counter() - start < PATIENCE:
            if process.poll() is not None:
                raise RuntimeError(f"{order[0]} ended with {process.returncode} before its first page")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=5) as answer:
                    answer.read()
                return time.perf_counter() - start
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.01)
        raise RuntimeError("no page came")
    finally:
        os.killpg(process.pid, signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def run(county: County) -> list[Row]:
    """P11; the county is there already, so this is a second start."""
    web = [sys.executable, "-m", "waitress", "--threads=8"]
    floors, webs, wholes = [], [], []
    for _ in range(TIMES):
        port = _free_port()
        floors.append(until_first_page([sys.executable, "-c", BARE, str(port)], port, county.environ))
        port = _free_port()
        webs.append(until_first_page([*web, f"--listen=127.0.0.1:{port}", "wsgi:app"], port, county.environ))
        port = _free_port()
        whole = ["python3", "-m", "casemgr", "run", "--no-system", "--port", str(port)]
        wholes.append(until_first_page(whole, port, county.environ))
    floor = median(floors)
    return [
        Row("P11", "web process, from its command to the first page", "a bare Flask app in waitress", floor,
            median(webs), f"≤ {WEB_GOAL} s", median(webs) <= WEB_GOAL),
        Row("P11", "second start of run, to the first page", "a bare Flask app in waitress", floor,
            median(wholes), f"≤ {RUN_GOAL:.0f} s", median(wholes) <= RUN_GOAL),
    ]  # fmt: skip
