"""The clock's process: two of them run a slot once, and it ends when asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.jobs import runner
from casemgr.jobs.__main__ import ending
from casemgr.jobs.runner import Clockwork
from casemgr.rules.access import Action
from casemgr.rules.timetable import SHANGHAI, When
from casemgr.services import job
from casemgr.services.job import Job, Outcome, Run
from casemgr.store.models import JobRun
from casemgr.store.work import open_work
from tests.conftest import TODAY
from tests.store.register import SYSTEM

ROOT = Path(__file__).resolve().parents[2]
HOURLY = When(minutes=(0,))
#: Seconds after which something hangs: far more than the busiest machine takes for any step.
LONG = 300


def environ(app: Flask) -> dict[str, str]:
    config = app.config["CASEMGR"]
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("CASEMGR_")},
        "CASEMGR_INSTANCE": str(config.instance), "CASEMGR_DATABASE_URL": config.database_url,
        "CASEMGR_KEYRING": str(config.keyring), "CASEMGR_SECRET_KEY": config.secret_key, "CASEMGR_DEMO": "1",
        "CASEMGR_TODAY": TODAY.isoformat(), "PYTHONPATH": str(ROOT),
    }  # fmt: skip


def begin(app: Flask, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "casemgr.jobs", *arguments], cwd=ROOT, env=environ(app), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@contextmanager
def ended_at_last(process: subprocess.Popen[str]) -> Iterator[None]:
    """A process that says nothing more is ended, so that whoever reads its words does not wait for ever."""
    guard = threading.Timer(LONG, process.kill)
    guard.start()
    try:
        yield
    finally:
        guard.cancel()
        process.kill()
        process.wait()


def rows() -> list[JobRun]:
    with open_work(SYSTEM, Action.JOB_READ) as work:
        return work.entities(select(JobRun).order_by(JobRun.job))


def test_two_processes_run_each_slot_once(both: Flask) -> None:
    processes = [begin(both, "--once") for _ in range(2)]
    texts = [process.communicate(timeout=LONG)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], texts
    found = rows()
    expected = {"ask-questions", "audit-anchor", "audit-verify", "close-month", "issue-periods", "keep-terms"}
    expected |= {"look-at-readings", "look-for-patterns", "refresh-duties", "tidy", "withdraw-liaison"}
    assert {row.job for row in found} == expected
    assert {(row.state, row.fence, row.attempts) for row in found} == {("done", 1, 1)}
    # Each slot by one of them. A job has two where its minute came, or the day ended, while they were at it.
    slots = [
        f"job {row.job} of {row.due.astimezone(SHANGHAI).isoformat(timespec='minutes')}:" for row in found
    ]
    said = [line[line.index("job ") :] for text in texts for line in text.splitlines() if ": done," in line]
    assert Counter(line[: line.index(": done") + 1] for line in said) == Counter(slots)


def test_the_process_runs_what_is_due_and_ends_at_a_signal(app: Flask) -> None:
    process = begin(app)
    assert process.stdout is not None
    seen: list[str] = []
    with ended_at_last(process):
        for line in process.stdout:
            seen.append(line)
            if sum(" done, attempt 1" in one for one in seen) == 4:
                break
        process.send_signal(signal.SIGTERM)
        seen += process.stdout
        process.stdout.close()
        assert process.wait(LONG) == 0, "".join(seen)
    assert "Traceback" not in "".join(seen)
    # What had begun before the signal came is over, or goes back as if nobody had tried it.
    left = rows()
    assert {(row.state, row.attempts) for row in left} <= {("done", 1), ("due", 0)}
    assert sum(row.state == "done" for row in left) >= 4
    after = begin(app, "--once")
    assert (after.communicate(timeout=LONG)[1], after.returncode) == (None, 0)
    assert {(row.state, row.attempts) for row in rows()} == {("done", 1)}


def test_settings_that_cannot_be_used_are_named(app: Flask) -> None:
    broken = {**environ(app), "CASEMGR_CIPHER": "rot13"}
    ended = subprocess.run(
        [sys.executable, "-m", "casemgr.jobs"],
        cwd=ROOT, env=broken, capture_output=True, text=True, timeout=LONG, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "CASEMGR_CIPHER" in ended.stderr
    assert "Traceback" not in ended.stderr


class Gate:
    """A job that stands in front of a gate, so that a test decides when it goes on."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, run: Run) -> Outcome:
        self.entered.set()
        self.open.wait(LONG)
        run.step(1, 1)
        return Outcome("过了。")


@pytest.fixture
def gate(app: Flask) -> Iterator[Gate]:
    before = list(job._jobs.values())
    gate = Gate()
    job.declare([Job("gate", "门", HOURLY, gate)])
    yield gate
    gate.open.set()
    job.declare(before)


def test_a_long_job_holds_up_no_other(app: Flask, gate: Gate) -> None:
    job.declare([*job._jobs.values(), Job("quick", "快", HOURLY, lambda run: Outcome("快。"))])
    clockwork = Clockwork(app)
    assert clockwork.look(timetable=True) == 2
    assert gate.entered.wait(LONG)
    for thread in threading.enumerate():
        if thread.name == "quick":
            thread.join(LONG)
    assert [(row.job, row.state) for row in rows()] == [("gate", "running"), ("quick", "done")]
    gate.open.set()
    assert clockwork.wait(LONG)
    assert [(row.job, row.state) for row in rows()] == [("gate", "done"), ("quick", "done")]


def test_a_full_house_waits(app: Flask, gate: Gate) -> None:
    job.declare([*job._jobs.values(), Job("quick", "快", HOURLY, lambda run: Outcome("快。"))])
    clockwork = Clockwork(app, places=1)
    assert clockwork.look(timetable=True) == 1
    assert gate.entered.wait(LONG)
    assert clockwork.look(timetable=True) == 0
    gate.open.set()
    assert clockwork.wait(LONG)
    assert clockwork.look(timetable=True) == 1
    assert clockwork.wait(LONG)
    assert {row.state for row in rows()} == {"done"}


def test_a_job_asked_to_end_reaches_its_next_step_and_goes_back(app: Flask, gate: Gate) -> None:
    clockwork = Clockwork(app)
    clockwork.look(timetable=True)
    assert gate.entered.wait(LONG)
    clockwork.stop()
    gate.open.set()
    clockwork.close(LONG)
    assert [(row.state, row.attempts) for row in rows()] == [("due", 0)]
    assert clockwork.look() == 0, "a stopping process begins nothing"


def test_a_job_that_does_not_reach_a_step_is_put_back_all_the_same(app: Flask, gate: Gate) -> None:
    clockwork = Clockwork(app)
    clockwork.look(timetable=True)
    assert gate.entered.wait(LONG)
    clockwork.stop()
    clockwork.close(patience=0)
    assert [(row.state, row.attempts) for row in rows()] == [("due", 0)]
    gate.open.set()
    assert clockwork.wait(LONG)
    assert [(row.state, row.attempts) for row in rows()] == [("due", 0)], "the late return changes nothing"


def test_a_slot_claimed_as_the_end_comes_is_put_back(
    app: Flask, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    clockwork, claimed, go_on = Clockwork(app), threading.Event(), threading.Event()
    begin_it = clockwork._begin

    def slow(claim: job.Claim) -> None:
        claimed.set()
        go_on.wait(LONG)
        begin_it(claim)

    monkeypatch.setattr(clockwork, "_begin", slow)
    # However long this test is held up: the end waits for the look.
    monkeypatch.setattr(runner, "PATIENCE_SECONDS", LONG)
    looking = threading.Thread(target=clockwork.look, args=(True,))
    looking.start()
    assert claimed.wait(LONG)
    clockwork.stop()
    closing = threading.Thread(target=clockwork.close, kwargs={"patience": 0})
    closing.start()
    closing.join(0.2)
    assert closing.is_alive(), "the claimed slot is not yet among the running ones"
    go_on.set()
    looking.join(LONG)
    closing.join(LONG)
    assert [(row.state, row.attempts) for row in rows()] == [("due", 0)]
    gate.open.set()
    assert clockwork.wait(LONG), "the job of this test is at work beside the next one"


def test_a_signal_that_comes_while_the_event_is_held_ends_the_process_all_the_same(app: Flask) -> None:
    clockwork = Clockwork(app)

    def interrupted() -> None:
        with clockwork.stopping._cond:  # as in the midst of beginning to wait
            ending(clockwork)(signal.SIGTERM, None)

    waiting = threading.Thread(target=interrupted, daemon=True)
    waiting.start()
    waiting.join(LONG)
    assert not waiting.is_alive(), "the handler waits for the lock of the thread it interrupted"
    assert clockwork.stopping.wait(LONG)


def test_a_database_out_of_reach_ends_neither_look_nor_process(
    app: Flask, gate: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(timetable: bool = True) -> list[job.Slot]:
        raise OSError("/secret/path of 张三")

    monkeypatch.setattr(job, "due", gone)
    assert Clockwork(app).look() == 0
    assert "OSError" in caplog.text
    assert "张三" not in caplog.text
