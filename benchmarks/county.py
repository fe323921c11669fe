"""测速用县: an installation of its own with a synthetic county of any size, made by the demo's own loader."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
AS_OF = date(2026, 11, 21)
#: The month that is counted and closed: the last one that has ended.
MONTH = "2026-10"


@dataclass(frozen=True, slots=True)
class Aside:
    """What a piece of work took in a process of its own: median seconds by the clock and of processor time.

    On a machine that others use too, processor time is the steadier of the two.
    """

    seconds: float
    cpu: float
    peak_mb: int
    answer: Any


@dataclass(frozen=True, slots=True)
class County:
    """A synthetic register of ``people`` in the installation ``folder`` (SQLite)."""

    people: int
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "casemgr.db"

    @property
    def environ(self) -> dict[str, str]:
        """The settings of this installation, and nothing of the caller's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CASEMGR_")}
        return kept | {
            "CASEMGR_INSTANCE": str(self.folder),
            "CASEMGR_SECRET_KEY": "benchmarks-need-no-secret-0123456789",
            "CASEMGR_DEMO": "1",
            "CASEMGR_TODAY": AS_OF.isoformat(),
        }

    def flask(self, *arguments: str) -> str:
        """Run one ``flask`` command on this installation; its output."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", *arguments],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    def make(self) -> None:
        """Fill the installation unless that was done before."""
        done = self.folder / "made.json"
        if done.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "keyring.json").exists():
            self.flask("keys", "create")
        self.flask("db", "upgrade")
        self.flask(
            "demo", "load", "--people", str(self.people), "--as-of", AS_OF.isoformat(), "--months", "0"
        )
        with self.connect() as bare:
            bare.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        done.write_text(json.dumps({"people": self.people, "as_of": AS_OF.isoformat()}))

    @contextmanager
    def connect(self) -> Iterator[sqlite3.Connection]:
        """The bare database file, for floors."""
        bare = sqlite3.connect(self.database)
        try:
            yield bare
            bare.commit()
        finally:
            bare.close()

    @contextmanager
    def application(self) -> Iterator[None]:
        """The product on this installation, in this process."""
        from casemgr.app import create_app
        from casemgr.store.db import db
        from config import from_env

        with create_app(from_env(self.environ), doors=()).app_context():
            yield
            db.engine.dispose()

    def enter(self) -> None:
        """The product on this installation for the rest of this process, made once."""
        _opened(self)

    def largest_township(self) -> int:
        """Code of the township with most people."""
        with self.connect() as bare:
            found: int = bare.execute(
                "SELECT area FROM case_file GROUP BY area ORDER BY count(*) DESC, area LIMIT 1"
            ).fetchone()[0]
        return found

    def aside(self, work: str, *arguments: Any) -> Aside:
        """Run ``module:function`` on the county in a fresh interpreter, warm, ``TIMES`` times over."""
        return self.in_turn(work, arguments=arguments)[0]

    def in_turn(self, *works: str, arguments: Sequence[Any] = ()) -> list[Aside]:
        """The same with several, one after the other each time; all tell the peak of memory of all."""
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "benchmarks.aside",
                ",".join(works),
                str(self.people),
                str(self.folder),
                json.dumps(arguments),
            ],
            cwd=ROOT,
            env=self.environ,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return [
            Aside(median(one["seconds"]), median(one["cpu"]), one["peak_mb"], one["answer"])
            for one in json.loads(done.stdout.splitlines()[-1])
        ]


@cache
def _opened(county: County) -> ExitStack:
    stack = ExitStack()
    stack.enter_context(county.application())
    return stack
