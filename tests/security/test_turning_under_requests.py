"""换密钥时的真实请求: the product is served and used over HTTP while keys turn and sealing anew is killed."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "demo-county-9999"
KILLS = 4


@dataclass
class Served:
    """A running product: where, with which settings."""

    port: int
    environ: dict[str, str]

    def flask(self, *words: str) -> subprocess.Popen[str]:
        """A command of the operator, begun."""
        return subprocess.Popen(
            [sys.executable, "-m", "flask", *words],
            cwd=ROOT, env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def done(self, *words: str) -> str:
        """What a command said, after it has ended well."""
        child = self.flask(*words)
        said = child.communicate(timeout=300)[0]
        assert child.returncode == 0, (words, said)
        return said


@dataclass
class Person:
    """Somebody who works in a browser without a pause; ``answers`` counts what came back."""

    served: Served
    login: str
    cookies: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def ask(self, method: str, place: str, **form: str) -> tuple[int, str, str]:
        """(status, page, where it leads to) of one request."""
        line = http.client.HTTPConnection("127.0.0.1", self.served.port, timeout=60)
        head = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if form:
            head["Content-Type"] = "application/x-www-form-urlencoded"
        try:
            line.request(method, place, urlencode(form) if form else None, head)
            answer = line.getresponse()
            for one in answer.headers.get_all("Set-Cookie") or ():
                name, _, rest = one.partition("=")
                self.cookies[name] = rest.split(";")[0]
            return answer.status, answer.read().decode("utf-8", "replace"), answer.getheader("Location", "")
        finally:
            line.close()

    def sign_in(self) -> None:
        """Sign in as the demo account."""
        _status, page, _ = self.ask("GET", "/login")
        status, page, _ = self.ask("POST", "/login", csrf=_token(page), login=self.login, password=PASSWORD)
        assert status == 303, page[:300]

    def work(self, stop: threading.Event) -> None:
        """Lists, files, opened identities and saved holds until told to stop; nothing may go wrong."""
        _status, page, _ = self.ask("GET", "/cases")
        places = sorted(set(re.findall(r'href="(/case/\d+)"', page)))[:12]
        token = _token(page)
        turn = 0
        while not stop.is_set():
            place = places[turn % len(places)]
            turn += 1
            self._count("GET", "/cases", 200)
            self._count("GET", place, 200)
            opened = self._count("POST", place, 200, csrf=token, purpose="1")
            if "身份信息" not in opened:
                self.wrong.append(f"{place}: no identity")
            if self.login != "xianji":
                continue
            held = self._count("GET", f"{place}/hold", 200)
            form = dict(re.findall(r'name="(once|hold|version|what)" value="([^"]+)"', held))
            words = "because" if "what" in form else "reason"
            self._count("POST", f"{place}/hold", 303, csrf=token, **{words: f"第 {turn} 次保存"}, **form)

    def _count(self, method: str, place: str, expected: int, **form: str) -> str:
        try:
            status, page, _ = self.ask(method, place, **form)
        except OSError as failed:
            self.wrong.append(f"{method} {place}: {type(failed).__name__}")
            return ""
        self.answers[f"{method} {status}"] += 1
        if status != expected:
            self.wrong.append(f"{method} {place}: {status}")
        return page


def _token(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page[:300]
    return found[1]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A county of its own, served as in production."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CASEMGR_")},
        "CASEMGR_INSTANCE": str(tmp_path),
        "CASEMGR_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "CASEMGR_DEMO": "1",
        "CASEMGR_TODAY": "2026-11-22",
        "FLASK_APP": "wsgi.py",
        "PYTHONPATH": str(ROOT),
    }
    place = Served(port, environ)
    place.done("keys", "create")
    place.done("db", "upgrade")
    place.done("demo", "load", "--people", "60", "--townships", "1", "--months", "1", "--as-of", "2026-11-22")
    server = subprocess.Popen(
        [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{port}", "--threads=4", "wsgi:app"],
        cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(300):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield place
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.attack
def test_no_request_fails_while_keys_and_suites_turn(served: Served) -> None:
    people = [Person(served, login) for login in ("xianji", "yisheng01", "fuhe")]
    for one in people:
        one.sign_in()
    stop = threading.Event()
    threads = [threading.Thread(target=one.work, args=(stop,)) for one in people]
    for thread in threads:
        thread.start()
    killed = 0
    try:
        for suite in ("sm", "aes"):
            served.done("keys", "rotate", "--suite", suite)
            for _ in range(KILLS // 2):
                before = sum(sum(one.answers.values()) for one in people)
                child = served.flask("keys", "reseal")
                while sum(sum(one.answers.values()) for one in people) < before + 10:
                    time.sleep(0.05)
                child.send_signal(signal.SIGKILL)
                child.communicate(timeout=20)
                killed += child.returncode == -signal.SIGKILL
            served.done("keys", "reseal")
    finally:
        stop.set()
        for thread in threads:
            thread.join(120)
    asked = sum((one.answers for one in people), Counter[str]())
    assert [wrong for one in people for wrong in one.wrong] == []
    assert asked["POST 303"] > 5 and asked["POST 200"] > 20, asked
    usage = served.done("keys", "usage")
    print(f"{sum(asked.values())} requests {dict(asked)}, {killed} kills\n{usage}")
    assert killed
    assert "审计链完整" in served.done("audit", "verify")
    served.done("keys", "drill")
