"""状态查询: what must be known of one case before its state changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, func, select

from casemgr.store.models.attempt import Attempt
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident
from casemgr.store.models.register import Case, CaseState, PauseSpell, Supplement
from casemgr.store.scope import lasting
from casemgr.store.work import Work

_OF: Any = bindparam("case")
_RUNNING = lasting(
    select(CaseState)
    .where(CaseState.case_id == _OF, CaseState.track == bindparam("track"), CaseState.until.is_(None))
    .order_by(CaseState.since.desc(), CaseState.id.desc())
)
_HISTORY = lasting(
    select(CaseState)
    .where(CaseState.case_id == _OF)
    .order_by(CaseState.since.desc(), CaseState.track, CaseState.id.desc())
)
_ATTEMPTS = lasting(
    select(Attempt)
    .where(Attempt.case_id == _OF, Attempt.undone.is_(False))
    .order_by(Attempt.on, Attempt.recorded_at)
)
_AFTER = lasting(
    select(Visit.on)
    .where(Visit.case_id == _OF, Visit.on > bindparam("day"), Visit.died_on.is_(None))
    .order_by(Visit.on)
)
_SEEN = lasting(select(func.max(Visit.on)).where(Visit.case_id == _OF, Visit.loss_reason.is_(None)))
_LAST = lasting(
    select(Visit)
    .where(Visit.case_id == _OF, Visit.loss_reason.is_(None))
    .order_by(Visit.on.desc(), Visit.id.desc())
    .limit(1)
)
_INCIDENTS = lasting(select(func.count(Incident.id)).where(Incident.case_id == _OF))


def case(work: Work, key: int) -> Case | None:
    """The case within the access."""
    return work.get(Case, key)


def supplement(work: Work, key: int) -> Supplement | None:
    """The supplement (表7) of a case."""
    return work.get(Supplement, key)


def running(work: Work, key: int, track: int) -> CaseState | None:
    """The state of a track that holds now."""
    found: CaseState | None = work.one(_RUNNING, case=key, track=track)
    return found


_PAUSES = lasting(
    select(PauseSpell)
    .where(PauseSpell.case_id == _OF)
    .order_by(PauseSpell.since.desc(), PauseSpell.id.desc())
)


def pauses(work: Work, key: int) -> list[PauseSpell]:
    """All pauses of a case, latest first."""
    return work.entities(_PAUSES, case=key)


def history(work: Work, key: int) -> list[CaseState]:
    """All states of a case, latest first."""
    return work.entities(_HISTORY, case=key)


def attempts(work: Work, key: int) -> list[Attempt]:
    """All attempts that were not taken back, oldest first."""
    return work.entities(_ATTEMPTS, case=key)


def visits_after(work: Work, key: int, day: date) -> Sequence[date]:
    """Days of visits after ``day``, those that themselves record the death left out."""
    return work.entities(_AFTER, case=key, day=day)


def last_seen(work: Work, key: int) -> date | None:
    """Day of the latest visit that reached somebody."""
    found: date | None = work.scalar(_SEEN, case=key)
    return found


def last_visit(work: Work, key: int) -> Visit | None:
    """The latest visit that reached somebody."""
    found: Visit | None = work.one(_LAST, case=key)
    return found


def incident_count(work: Work, key: int) -> int:
    """How many incidents are written down."""
    return int(work.scalar(_INCIDENTS, case=key) or 0)
