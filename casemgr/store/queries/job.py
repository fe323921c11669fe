"""任务查询: slots of jobs, those that wait, those that failed, and the one a process wants to hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from casemgr.store.models.job import JobRun
from casemgr.store.work import Work
from casemgr.terms.job import RunState

OPEN = (RunState.DUE.value, RunState.RUNNING.value)


def locked(work: Work, job: str, due: datetime) -> JobRun | None:
    """The row of a slot, held against other processes until this unit of work ends.

    PostgreSQL locks the row; on SQLite a writing unit of work is alone from its beginning.
    """
    found: JobRun | None = work.one(
        select(JobRun).where(JobRun.job == job, JobRun.due == due).with_for_update()
    )
    return found


def by_id(work: Work, key: int) -> JobRun | None:
    """The run with this key."""
    found: JobRun | None = work.one(select(JobRun).where(JobRun.id == key))
    return found


def known(work: Work, job: str, since: datetime) -> set[datetime]:
    """The slots of a job from ``since`` on that have a row."""
    return set(work.entities(select(JobRun.due).where(JobRun.job == job, JobRun.due >= since)))


def unfinished(work: Work) -> list[JobRun]:
    """Runs that wait or run, the one that has waited longest first."""
    return work.entities(select(JobRun).where(JobRun.state.in_(OPEN)).order_by(JobRun.due, JobRun.id))


def unfinished_of(work: Work, job: str) -> list[JobRun]:
    """Runs of one job that wait or run."""
    return work.entities(select(JobRun).where(JobRun.job == job, JobRun.state.in_(OPEN)).order_by(JobRun.id))


def _concerning(reach: tuple[int, int] | None) -> tuple[Any, ...]:
    """That a run was for everything or inside these areas; nothing is left out without any."""
    if reach is None:
        return ()
    low, high = reach
    return (or_(JobRun.reach.is_(None), (JobRun.reach >= low) & (JobRun.reach < high)),)


def newest(
    work: Work,
    job: str,
    states: Sequence[str] = (),
    period: str | None = None,
    reach: tuple[int, int] | None = None,
) -> JobRun | None:
    """The newest run of a job that concerns ``reach``, in any state or ``states``, for any or one month."""
    chosen = (JobRun.job == job, *_concerning(reach))
    statement = select(JobRun).where(*chosen).order_by(JobRun.id.desc()).limit(1)
    if states:
        statement = statement.where(JobRun.state.in_(states))
    if period is not None:
        statement = statement.where(JobRun.period == period)
    found: JobRun | None = work.one(statement)
    return found


def history(
    work: Work, job: str, start: int, size: int, reach: tuple[int, int] | None = None
) -> tuple[list[JobRun], int]:
    """One page of the runs of a job (or all jobs) that concern ``reach``, newest first, and how many."""
    chosen = (*((JobRun.job == job,) if job else ()), *_concerning(reach))
    total = int(work.scalar(select(func.count(JobRun.id)).where(*chosen)) or 0)
    found = work.entities(select(JobRun).where(*chosen).order_by(JobRun.id.desc()).offset(start).limit(size))
    return found, total


def last_sign(work: Work) -> datetime | None:
    """When any job last began, ``None`` if none ever has."""
    found: datetime | None = work.scalar(select(func.max(JobRun.started_at)))
    return found


def finished_before(work: Work, job: str, before: datetime, limit: int = 2_000) -> list[JobRun]:
    """Finished runs of a job whose slot lies before ``before``."""
    return work.entities(
        select(JobRun).where(JobRun.job == job, JobRun.due < before, JobRun.state.not_in(OPEN)).limit(limit)
    )


def troubled(work: Work, since: datetime, limit: int = 300) -> list[JobRun]:
    """Runs since ``since`` that failed, or that failed and will be tried again, newest first."""
    failed = JobRun.state == RunState.FAILED.value
    again = (JobRun.state == RunState.DUE.value) & (JobRun.attempts > 0)
    statement = select(JobRun).where(failed | again, JobRun.due >= since)
    return work.entities(statement.order_by(JobRun.id.desc()).limit(limit))
