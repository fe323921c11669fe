"""时钟进程: wakes every minute for the timetable and every few seconds for what people asked for.

APScheduler only wakes. What is due, who has it and what came of it stands in the database, so a second
process by mistake, a stop of three weeks or a clock that jumps do no harm.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from datetime import timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from casemgr.rules.timetable import SHANGHAI
from casemgr.services import job
from casemgr.services.fault import describe
from casemgr.services.job import Claim

log = logging.getLogger("casemgr.jobs")

#: Jobs that may run side by side in this process: a long month end must not hold up the anchors.
PLACES = 2
LOOK_SECONDS = 3
#: How long a job may take to its next step when the process is asked to end.
PATIENCE_SECONDS = 6.0
#: A clock on the wall that runs away from the processor's own by more than this is reported.
CLOCK_TOLERANCE = timedelta(seconds=60)


class Clockwork:
    """Claims and runs slots for one application until told to stop."""

    def __init__(self, app: Flask, places: int = PLACES) -> None:
        self.app = app
        self.owner = f"{socket.gethostname()[:24]}-{os.getpid()}-{secrets.token_hex(3)}"
        self.stopping = threading.Event()
        self._places = threading.Semaphore(places)
        self._looking = threading.Lock()
        self._left = False
        self._running: dict[int, tuple[threading.Thread, Claim]] = {}
        self._wall = time.time() - time.monotonic()

    def look(self, timetable: bool = False) -> int:
        """Claim what is due and begin it, as far as there are places; how many were begun.

        A database that cannot be reached is reported and asked again at the next look.
        """
        if not self._looking.acquire(blocking=False):
            return 0  # the look before is still at it
        begun = 0
        try:
            with self.app.app_context():
                slots = job.due(timetable or self._left)
                self._left = False
                for slot in slots:
                    if self.stopping.is_set():
                        break
                    if not self._places.acquire(blocking=False):
                        self._left = True  # the next look, seconds from now, takes the rest
                        break
                    claim = self._claim(slot)
                    if claim is None:
                        self._places.release()
                    else:
                        self._begin(claim)
                        begun += 1
        except Exception as wrong:
            describe(wrong, "looking for due jobs")
        finally:
            self._looking.release()
        return begun

    def _claim(self, slot: job.Slot) -> Claim | None:
        try:
            return job.claim(slot, self.owner)
        except Exception as wrong:
            describe(wrong, f"claiming {slot.job.name}")
            return None

    def _begin(self, claim: Claim) -> None:
        thread = threading.Thread(target=self._run, args=(claim,), name=claim.job.name, daemon=True)
        self._running[claim.key] = (thread, claim)
        thread.start()

    def _run(self, claim: Claim) -> None:
        try:
            with self.app.app_context():
                job.carry_out(claim, self.stopping.is_set)
        except Exception as wrong:
            # Not even the result could be written down; the lease lapses and the slot is tried again.
            describe(wrong, f"job {claim.job.name}")
        finally:
            self._running.pop(claim.key, None)
            self._places.release()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the runs that have begun are over; ``False`` if some are not after ``seconds``."""
        until = None if seconds is None else time.monotonic() + seconds
        for thread, _claim in list(self._running.values()):
            thread.join(None if until is None else max(until - time.monotonic(), 0.0))
        return not self._running

    def tick(self) -> None:
        """The timetable's minute; reports a wall clock that was set."""
        drift = time.time() - time.monotonic() - self._wall
        if abs(drift) > CLOCK_TOLERANCE.total_seconds():
            log.warning("the clock of this machine was set by %.0f s; due slots are computed anew", drift)
            self._wall += drift
        self.look(timetable=True)

    def once(self) -> None:
        """Run everything that is due, then return."""
        while self.look(timetable=True) and not self.stopping.is_set():
            self.wait()

    def serve(self) -> None:
        """Wake until :meth:`stop` is called; then let the running jobs reach their next step."""
        scheduler = BackgroundScheduler(
            timezone=SHANGHAI, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        scheduler.add_job(self.tick, "cron", second=0, id="timetable")
        scheduler.add_job(self.look, "interval", seconds=LOOK_SECONDS, id="by-hand")
        scheduler.start()
        try:
            self.tick()
            # A wait without end would keep the signal handler from running on Windows.
            while not self.stopping.wait(60):
                pass
        finally:
            self.stopping.set()
            scheduler.shutdown(wait=False)
            self.close()

    def stop(self) -> None:
        """Ask the process to end; a signal handler calls it in a thread of its own."""
        self.stopping.set()

    def close(self, patience: float = PATIENCE_SECONDS) -> None:
        """Wait a little for the running jobs; what does not end in time is put back for the next start."""
        # A look under way may hold a slot it has claimed and not begun; it ends before the next slot.
        if self._looking.acquire(timeout=PATIENCE_SECONDS):
            self._looking.release()
        if self.wait(patience):
            return
        with self.app.app_context():
            for _thread, claim in list(self._running.values()):
                try:
                    if job.give_back(claim):
                        log.info("job %s goes back and is run at the next start", claim.job.name)
                except Exception as wrong:
                    describe(wrong, f"giving {claim.job.name} back")
