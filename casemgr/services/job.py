"""任务: what the clock does, run once by whoever holds the lease, and what became of it.

The list of jobs is handed in once by :func:`declare`; it lives at the clock's door. The truth about what has
run is the database: a slot is one row, claimed with a fence number. Whoever comes back from a long sleep
finds a higher fence and leaves the row alone. The effects of a job are rows with natural unique keys (one
closing of one month, one report of one revision), so that a job which died half-way is simply run again.
"""

from __future__ import annotations

import contextvars
import logging
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from casemgr.rules.access import Access, Action
from casemgr.rules.timetable import SHANGHAI, When, past_month
from casemgr.services import clock
from casemgr.services.errors import Conflict, Forbidden, Missing, Problem, Unfit
from casemgr.services.fault import describe
from casemgr.services.use_case import note_refusal, use_case
from casemgr.store.db import new_key
from casemgr.store.models.job import JobRun
from casemgr.store.queries import job as queries
from casemgr.store.work import Work
from casemgr.terms.job import RunState

log = logging.getLogger("casemgr.jobs")

#: A run that gives no sign of life for this long may be taken over.
LEASE = timedelta(minutes=3)
BEAT_SECONDS = 40.0
#: How far back missed slots are looked for after a stop.
LOOK_BACK = timedelta(days=40)
#: The clock works at least every ten minutes; longer silence means that its process does not run.
SILENCE = timedelta(minutes=30)
RESULT_LENGTH = 400
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
PAGE = 50


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job achieved, in a sentence for people; ``again``: what failed may succeed a little later."""

    text: str
    ok: bool = True
    again: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One line of the schedule.

    ``when`` is its timetable (``None``: it runs only when somebody asks). ``access`` makes the access the job
    works with, from its name and the area it is limited to (``None``: none). ``limit`` is how long a run may
    take, ``tries`` how often a slot is tried, ``pause`` the wait between tries. ``monthly``: each slot deals
    with the month before it. ``every``: each missed slot is caught up; otherwise only the newest. ``keep``
    is how long the record of a run stays.
    """

    name: str
    title: str
    when: When | None
    function: Callable[[Run], Outcome]
    action: Action = Action.JOB_RUN
    access: Callable[[str, int | None], Access] = Access.system
    limit: timedelta = timedelta(minutes=10)
    tries: int = 1
    pause: timedelta = timedelta(minutes=10)
    monthly: bool = False
    every: bool = False
    keep: timedelta = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to run one slot, as long as nobody else holds a higher fence."""

    job: Job
    due: datetime
    key: int
    fence: int
    period: str
    reach: int | None
    attempt: int
    by_hand: bool
    until: datetime


class Abandoned(Exception):
    """Somebody else has taken the slot over; this run has nothing more to say about it."""


class Stopping(Exception):
    """The process was asked to end; the slot goes back and is run at the next start."""


class Overdue(Exception):
    """The run takes longer than its limit."""


@dataclass(slots=True)
class Run:
    """What a job's function gets: its access, its month or day, and a place to report progress."""

    claim: Claim
    access: Access
    today: date
    now: datetime
    stopped: Callable[[], bool]
    lost: threading.Event = field(default_factory=threading.Event)

    @property
    def period(self) -> str:
        """The month a monthly job deals with, ``2026-10``."""
        return self.claim.period

    def step(self, done: int, total: int) -> None:
        """Report progress between two steps, outside of any unit of work; renews the lease.

        Raises :class:`Stopping`, :class:`Overdue` or :class:`Abandoned` when the run has to end here.
        """
        if self.stopped():
            raise Stopping
        if clock.now() >= self.claim.until:
            raise Overdue
        if self.lost.is_set() or not _renew(_system(self.claim.job), self.claim, clock.now(), (done, total)):
            raise Abandoned


@dataclass(frozen=True, slots=True)
class RunView:
    """One run as pages show it; ``seconds`` is how long it took or has been running."""

    key: int
    name: str
    title: str
    due: datetime
    period: str
    state: RunState
    by_hand: bool
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    done: int
    total: int
    result: str
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class JobView:
    """One job with its latest run."""

    name: str
    title: str
    when: str
    next_due: datetime | None
    monthly: bool
    may_run: bool
    latest: RunView | None
    running: RunView | None


@dataclass(frozen=True, slots=True)
class Failure:
    """Something the county has to know: a failed job, or a clock that stands still (``run`` is ``None``)."""

    title: str
    sentence: str
    at: datetime | None
    run: RunView | None


# --- the list -------------------------------------------------------------------------------------

_jobs: dict[str, Job] = {}


def declare(jobs: Sequence[Job]) -> None:
    """Hand in the list of jobs; once, by the application factory."""
    _jobs.clear()
    _jobs.update((job.name, job) for job in jobs)


def named(name: str) -> Job:
    """The job with this name; :class:`Missing` if there is none."""
    if name not in _jobs:
        raise Missing(f"没有这个任务。可用的任务：{'、'.join(_jobs)}。")
    return _jobs[name]


def moment() -> datetime:
    """This instant as the timetable sees it: the present time of day, on today's business day."""
    now = clock.now().astimezone(SHANGHAI)
    return datetime.combine(clock.today(), now.timetz())


def _system(job: Job) -> Access:
    return Access.system(job.name)


def _view(row: JobRun, now: datetime) -> RunView:
    running = row.state == RunState.RUNNING.value
    end = now if running else row.finished_at
    took = max((end - row.started_at).total_seconds(), 0.0) if row.started_at and end else None
    job = _jobs.get(row.job)
    return RunView(
        row.id,
        row.job,
        job.title if job else row.job,
        row.due,
        row.period,
        RunState(row.state),
        row.by_hand,
        row.attempts,
        row.started_at,
        row.finished_at,
        took,
        row.done,
        row.total,
        row.result,
        row.lease_until if row.state == RunState.DUE.value else None,
    )


def _within(access: Access, row: JobRun) -> bool:
    """Whether a run concerns this access: runs for everything do, others only inside their area."""
    return row.reach is None or access.high == 0 or access.reaches(row.reach)


def _reach(access: Access) -> tuple[int, int] | None:
    """The areas whose runs concern this access; ``None``: those of all (keepers, who have no area)."""
    return (access.low, access.high) if access.high else None


# --- for pages ------------------------------------------------------------------------------------


@use_case(Action.JOB_READ)
def list_(work: Work, now: datetime) -> list[JobView]:
    """All jobs with their timetable, the next slot, the latest run and the one under way."""
    waiting = [row for row in queries.unfinished(work) if _within(work.access, row)]
    views: list[JobView] = []
    for job in _jobs.values():
        latest = queries.newest(work, job.name, reach=_reach(work.access))
        own = [row for row in waiting if row.job == job.name]
        views.append(
            JobView(
                name=job.name,
                title=job.title,
                when=job.when.words if job.when else "按需运行",
                next_due=job.when.after(moment()) if job.when else None,
                monthly=job.monthly,
                may_run=work.access.may(job.action),
                latest=_view(latest, now) if latest else None,
                running=_view(own[0], now) if own else None,
            )
        )
    return views


@use_case(Action.JOB_READ)
def history(work: Work, now: datetime, name: str = "", page: int = 1) -> tuple[list[RunView], int]:
    """One page of runs, newest first (of one job, or of all when ``name`` is empty), and their number."""
    if name:
        named(name)
    rows, total = queries.history(work, name, (max(page, 1) - 1) * PAGE, PAGE, _reach(work.access))
    return [_view(row, now) for row in rows], total


@use_case(Action.JOB_READ)
def run_view(work: Work, key: int, now: datetime) -> RunView:
    """One run, for showing its progress; :class:`Missing` if there is none."""
    row = queries.by_id(work, key)
    if row is None or not _within(work.access, row):
        raise Missing("没有这次运行记录，可能已过保存期。请返回任务列表。")
    return _view(row, now)


@use_case(Action.JOB_READ)
def _failures(work: Work, now: datetime) -> list[Failure]:
    found: list[Failure] = []
    sign = queries.last_sign(work)
    if sign is None or now - sign > SILENCE:
        since = "还没有运行过" if sign is None else "已经停了一段时间"
        text = f"定时任务进程{since}，月结和月报不会自动完成。请联系系统管理员启动它，或在任务页手动运行。"
        found.append(Failure("定时任务", text, sign, None))
    seen: set[tuple[str, str]] = set()
    for row in queries.troubled(work, moment() - LOOK_BACK):
        if row.job not in _jobs or (row.job, row.period) in seen or not _within(work.access, row):
            continue
        seen.add((row.job, row.period))
        places = {None, row.reach, work.access.low or None}
        mended = queries.newest(work, row.job, (RunState.DONE.value,), row.period)
        if mended is not None and mended.id > row.id and mended.reach in places:
            continue
        view = _view(row, now)
        title = f"{view.title}（{row.period}）" if row.period else view.title
        found.append(Failure(title, row.result, row.finished_at, view))
    return found


def failures(access: Access, now: datetime) -> list[Failure]:
    """What went wrong and has not been mended since, for the first page; empty for roles without jobs."""
    return _failures(access, now) if access.may(Action.JOB_READ) else []


# --- by hand --------------------------------------------------------------------------------------


def _period_for(job: Job, asked: str, due: datetime) -> str:
    if not job.monthly:
        if asked:
            raise Unfit("这个任务不按月份运行，请不要填写月份。", fields={"period": "这个任务不按月份运行。"})
        return ""
    if not asked:
        return past_month(due)
    if not MONTH.fullmatch(asked):
        raise Unfit("月份应写成 2026-10 这样。", fields={"period": "月份应写成 2026-10 这样。"})
    if asked >= f"{due.astimezone(SHANGHAI):%Y-%m}":
        raise Unfit(
            "这个月还没有结束，数据还会变化，不能运行。请选择已经结束的月份，或等到下月 1 日。",
            fields={"period": "请选择已经结束的月份。"},
        )
    return asked


@use_case(Action.JOB_RUN)
def _put(
    work: Work, job: Job, period: str, due: datetime, now: datetime, owner: str
) -> tuple[RunView, Claim | None]:
    """Make the row of a run by hand; with an ``owner`` it is claimed at once."""
    for row in queries.unfinished_of(work, job.name):
        alive = row.state == RunState.RUNNING.value and not _free(row, now)
        same = row.period == period
        if (alive and (owner or same)) or (row.by_hand and same):
            raise Conflict("这个任务正在运行或已在排队，不需要再点一次。请在任务页查看进度。")
    while queries.locked(work, job.name, due) is not None:
        due += timedelta(milliseconds=1)
    row = work.add(_new_row(job, due, period, work.access.low or None, work.access.actor))
    work.note("run", "Job", fields=job.name, row_key=row.id)
    claim = _begin(row, job, owner, now) if owner else None
    return _view(row, now), claim


def _new_row(job: Job, due: datetime, period: str, reach: int | None, asked_by: int | None) -> JobRun:
    return JobRun(
        job=job.name,
        due=due,
        id=new_key(),
        state=RunState.DUE.value,
        owner="",
        fence=0,
        lease_until=None,
        attempts=0,
        by_hand=asked_by is not None,
        period=period,
        reach=reach,
        asked_by=asked_by,
        started_at=None,
        finished_at=None,
        done=0,
        total=0,
        result="",
    )


def _ask(access: Access, name: str, period: str, owner: str = "") -> tuple[RunView, Claim | None]:
    job = named(name)
    if access.may(Action.JOB_RUN) and not access.may(job.action):
        note_refusal(access, job.action)
        raise Forbidden(f"您的角色不能运行“{job.title}”。如工作需要，请联系县级管理人员。")
    due = moment().replace(microsecond=0)
    return _put(access, job, _period_for(job, period, due), due, clock.now(), owner)


def run(access: Access, name: str, period: str = "") -> RunView:
    """Put a job in the queue; the clock's process takes it within seconds.

    ``period`` is the month of a monthly job (``2026-10``; empty: last month). A county officer's run is
    limited to the county. Raises :class:`Missing`, :class:`Forbidden`, :class:`Unfit` (field ``period``),
    and :class:`Conflict` if it is running or queued already.
    """
    return _ask(access, name, period)[0]


def never() -> bool:
    """Nobody asks this process to end."""
    return False


def run_now(access: Access, name: str, period: str = "", stopped: Callable[[], bool] = never) -> RunView:
    """Run a job here and now and wait for it; otherwise like :func:`run`."""
    view, claim = _ask(access, name, period, f"hand-{secrets.token_hex(4)}")
    if claim is not None:
        carry_out(claim, stopped)
    return _look(_system(named(name)), view.key, clock.now())


@use_case(Action.JOB_READ)
def _look(work: Work, key: int, now: datetime) -> RunView:
    row = queries.by_id(work, key)
    if row is None:
        raise Missing("没有这次运行记录。")
    return _view(row, now)


# --- for the clock's process ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """One slot that somebody should try to claim."""

    job: Job
    due: datetime


@use_case(Action.JOB_RUN, writes=False)
def _due(work: Work, now: datetime, business: datetime | None) -> list[Slot]:
    found = [
        Slot(_jobs[row.job], row.due)
        for row in queries.unfinished(work)
        if row.job in _jobs and _free(row, now)
    ]
    if business is None:
        return found
    for job in _jobs.values():
        if job.when is None:
            continue
        slots = job.when.between(business - LOOK_BACK, business) if job.every else [job.when.latest(business)]
        if slots:
            known = queries.known(work, job.name, slots[0])
            found += [Slot(job, slot) for slot in slots if slot not in known]
    return found


def _free(row: JobRun, now: datetime) -> bool:
    """Whether a row may be claimed: it waits and its pause is over, or its holder has gone silent."""
    if row.state == RunState.DUE.value:
        return row.lease_until is None or row.lease_until <= now
    return row.state == RunState.RUNNING.value and (row.lease_until is None or row.lease_until < now)


def due(timetable: bool = True) -> list[Slot]:
    """The slots that wait to be run: asked for by hand, to be tried again, left by a dead process.

    With ``timetable`` also those of the timetable that have not run: all of the last 40 days for jobs that
    catch up every slot, the newest one for the others. Reads only.
    """
    return _due(Access.system("jobs"), clock.now(), moment() if timetable else None)


@use_case(Action.JOB_RUN)
def _take(work: Work, job: Job, due: datetime, owner: str, now: datetime) -> Claim | None:
    row = queries.locked(work, job.name, due)
    if row is None:
        row = work.add(_new_row(job, due, past_month(due) if job.monthly else "", None, None))
        work.flush()
    if not _free(row, now):
        return None
    others = [other for other in queries.unfinished_of(work, job.name) if other.id != row.id]
    if any(other.state == RunState.RUNNING.value and not _free(other, now) for other in others):
        return None  # the same job is under way for another slot; this one waits its turn
    if row.attempts >= job.tries:
        row.state, row.finished_at, row.lease_until = RunState.FAILED.value, now, None
        row.result = "运行中途中断（程序退出或停电），没有完成。请在任务页手动再运行一次。"
        return None
    return _begin(row, job, owner, now)


def _begin(row: JobRun, job: Job, owner: str, now: datetime) -> Claim:
    row.state, row.owner = RunState.RUNNING.value, owner[:64]
    row.fence, row.attempts = row.fence + 1, row.attempts + 1
    row.started_at, row.finished_at, row.lease_until = now, None, now + LEASE
    row.done = row.total = 0
    return Claim(
        job, row.due, row.id, row.fence, row.period, row.reach, row.attempts, row.by_hand, now + job.limit
    )


def _claim(access: Access, job: Job, due: datetime, owner: str, now: datetime) -> Claim | None:
    try:
        return _take(access, job, due, owner, now)
    except Conflict:
        return None  # another process has made the row of this slot in the same instant


def claim(slot: Slot, owner: str) -> Claim | None:
    """Take a slot; ``None`` if somebody else has it, has done it, or it has been tried often enough."""
    return _claim(_system(slot.job), slot.job, slot.due, owner, clock.now())


def _held(work: Work, claim: Claim) -> JobRun | None:
    row = queries.locked(work, claim.job.name, claim.due)
    if row is None or row.fence != claim.fence or row.state != RunState.RUNNING.value:
        return None
    return row


@use_case(Action.JOB_RUN)
def _renew(work: Work, claim: Claim, now: datetime, progress: tuple[int, int] | None = None) -> bool:
    """Prolong the lease; ``False`` if the slot belongs to somebody else by now."""
    row = _held(work, claim)
    if row is None:
        return False
    row.lease_until = now + LEASE
    if progress is not None:
        row.done, row.total = progress
    return True


@use_case(Action.JOB_RUN)
def _finish(work: Work, claim: Claim, outcome: Outcome, now: datetime) -> bool:
    """Write down how a run ended; ``False``, and nothing written, if the slot is somebody else's by now."""
    row = _held(work, claim)
    if row is None:
        return False
    row.finished_at, row.lease_until, row.result = now, None, outcome.text[:RESULT_LENGTH]
    if outcome.ok:
        row.state, row.done = RunState.DONE.value, row.total
    elif outcome.again and claim.attempt < claim.job.tries:
        row.state, row.lease_until = RunState.DUE.value, now + claim.job.pause
    else:
        row.state = RunState.FAILED.value
    return True


@use_case(Action.JOB_RUN)
def _give_back(work: Work, claim: Claim) -> bool:
    row = _held(work, claim)
    if row is None:
        return False
    row.state, row.attempts, row.lease_until = RunState.DUE.value, row.attempts - 1, None
    return True


def give_back(claim: Claim) -> bool:
    """Put a slot back as if it had not been tried, because this process ends."""
    return _give_back(_system(claim.job), claim)


@contextmanager
def _heartbeat(run: Run) -> Iterator[None]:
    """Keep the lease alive while a long step runs, until the run's time is up."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT_SECONDS):
            now = clock.now()
            if now >= run.claim.until:
                return  # let the lease lapse: whatever hangs here may be taken over
            try:
                if not _renew(_system(run.claim.job), run.claim, now):
                    run.lost.set()
                    return
            except Exception as wrong:  # a busy database must not end the run; the next beat tries again
                log.warning("lease of %s not renewed: %s", run.claim.job.name, type(wrong).__name__)

    # The context carries the application the database belongs to.
    thread = threading.Thread(target=contextvars.copy_context().run, args=(beat,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _outcome(run: Run) -> Outcome:
    job = run.claim.job
    try:
        with _heartbeat(run):
            return job.function(run)
    except (Stopping, Abandoned):
        raise
    except Overdue:
        minutes = int(job.limit.total_seconds() // 60)
        text = f"超过了 {minutes} 分钟的时限，没有完成。请稍后再运行一次；如仍超时，请联系系统管理员。"
        return Outcome(text, False, True)
    except Problem as problem:
        return Outcome(problem.message, False, True)
    except Exception as wrong:
        text = describe(wrong, f"job {job.name}")
        return Outcome(f"没有完成：{text}。请稍后再运行一次；如仍出错，请把编号告诉系统管理员。", False, True)


def carry_out(claim: Claim, stopped: Callable[[], bool] = never) -> bool:
    """Run a claimed slot to its end and write down how it went.

    ``stopped`` is asked between steps. ``False`` when nothing was written, because the slot was given back or
    somebody else has taken it over. Never raises what the job raises, except the wish to end (Ctrl-C).
    """
    job = claim.job
    run = Run(claim, job.access(job.name, claim.reach), clock.today(), clock.now(), stopped)
    try:
        outcome = _outcome(run)
    except Stopping:
        give_back(claim)
        log.info("job %s was asked to end and goes back; it is run at the next start", job.name)
        return False
    except Abandoned:
        log.warning("job %s: the slot was taken over, this run ends without a word", job.name)
        return False
    except BaseException:
        _finish(_system(job), claim, Outcome("被人中断，没有完成。请再运行一次。", False), clock.now())
        raise
    written = _finish(_system(job), claim, outcome, clock.now())
    log.info(
        "job %s of %s: %s, attempt %d%s",
        job.name,
        claim.due.astimezone(SHANGHAI).isoformat(timespec="minutes"),
        "done" if outcome.ok else "failed",
        claim.attempt,
        "" if written else ", but the slot was taken over",
    )
    return written


# --- what the clock tidies of its own -------------------------------------------------------------


@use_case(Action.JOB_RUN)
def forget_runs(work: Work, business: datetime) -> int:
    """Remove the records of runs that have been kept long enough; how many."""
    count = 0
    for job in _jobs.values():
        # Younger rows say which slots have run; without them a slot would be caught up a second time.
        before = business - max(job.keep, LOOK_BACK + timedelta(days=5))
        for row in queries.finished_before(work, job.name, before):
            work.remove(row)
            count += 1
    return count
