"""Two processes share one count of failed attempts, one count of codes, one count of people opened."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casemgr.app import create_app
from casemgr.services import account, second_factor
from casemgr.store import one_time
from casemgr.store.db import db
from tests.conftest import make_config
from tests.staff import PASSWORD, open_accounts, quick_hasher
from tests.store.register import open_areas

ROOT = Path(__file__).resolve().parents[2]
#: Waits for the other process, then tries again and again; says how each try ended.
TRY = """
import json, os, sys, time
from datetime import datetime
from pathlib import Path
from casemgr.app import create_app
from casemgr.services import account
from casemgr.services.errors import Problem
from tests.conftest import make_config
from tests.staff import quick_hasher

folder, mine, other, password, code, tries, at = sys.argv[1:]
now = datetime.fromisoformat(at)
account._hasher = quick_hasher()
app = create_app(make_config(Path(folder)), doors=())
Path(mine).touch()
deadline = time.monotonic() + 60
while not Path(other).exists() and time.monotonic() < deadline:
    pass
told = []
with app.app_context():
    for _ in range(int(tries)):
        try:
            source = "10.0.0." + str(os.getpid() % 250)
            account.sign_in("east", password, source, now, code=code)
            told.append("in")
        except Problem as problem:
            told.append(problem.code)
print(json.dumps(told))
"""


@pytest.fixture
def folder(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A register with its accounts, whose doctor of the east has set a phone up."""
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    made = tmp_path / "instance"
    shutil.copytree(template, made)
    (made / "keyring.json").chmod(0o600)
    return made


def furnish(folder: Path, *, phone: bool) -> str:
    app = create_app(make_config(folder), doors=())
    with app.app_context():
        open_areas()
        open_accounts()
        secret = ""
        if phone:
            now = datetime.fromtimestamp(datetime.now(UTC).timestamp() - 600, UTC)
            person = account.sign_in("east", PASSWORD, "10.0.0.1", now).person
            secret = second_factor.begin(person.access, now).secret
            code = one_time.code_at(secret, one_time.step_of(now))
            second_factor.finish(person.access, code, person.session, now)
        db.engine.dispose()
    return secret


def both_try(folder: Path, tmp_path: Path, password: str, code: str, tries: int, now: datetime) -> list[str]:
    """What two processes were told that begin together; it is ``now`` for them, however long they take."""
    marks = [tmp_path / "one", tmp_path / "two"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                TRY,
                str(folder),
                str(mine),
                str(other),
                password,
                code,
                str(tries),
                now.isoformat(),
            ],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=environ,
            text=True,
        )
        for mine, other in (marks, marks[::-1])
    ]
    return [one for process in running for one in json.loads(process.communicate(timeout=300)[0])]


def test_wrong_passwords_are_counted_across_processes(folder: Path, tmp_path: Path) -> None:
    furnish(folder, phone=False)
    told = both_try(folder, tmp_path, "不是这个密码呀呀", "", account.TRIES, datetime.now(UTC))
    assert told.count("unauthenticated") == account.TRIES
    assert told.count("throttled") == account.TRIES


def test_one_code_opens_one_of_two_processes(folder: Path, tmp_path: Path) -> None:
    secret = furnish(folder, phone=True)
    now = datetime.now(UTC)
    code = one_time.code_at(secret, one_time.step_of(now))
    assert sorted(both_try(folder, tmp_path, PASSWORD, code, 1, now)) == ["in", "unauthenticated"]
