"""安全查询: who stands at a high danger level and when they were last seen; events nobody has closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, SmallInteger, bindparam, func, select

from casemgr.store.models.emergency import Emergency
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident, LockUp
from casemgr.store.models.register import Case
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.register import Lifecycle

_LOW, _HIGH = bindparam("low", type_=BigInteger), bindparam("high", type_=BigInteger)
_SINCE = bindparam("since", type_=Day())
_KEYS = bindparam("keys", expanding=True, type_=BigInteger)
KEYS = 5_000

_EVER_HIGH = lasting(
    select(Visit.case_id)
    .where(
        Visit.area >= _LOW,
        Visit.area < _HIGH,
        Visit.on >= _SINCE,
        Visit.risk >= bindparam("level", type_=SmallInteger),
    )
    .distinct()
)
_LEVELS = lasting(
    select(Visit.case_id, Visit.on, Visit.risk, Visit.loss_reason)
    .where(Visit.case_id.in_(_KEYS), Visit.on >= _SINCE)
    .order_by(Visit.case_id, Visit.on)
)
_CASES = lasting(
    select(Case.id, Case.file_no, Case.area, Case.pause, Case.paused_until).where(
        Case.id.in_(_KEYS), Case.lifecycle == int(Lifecycle.ON_REGISTER)
    )
)


def _inside(model: Any) -> Any:
    return (model.area >= _LOW, model.area < _HIGH)


_INCIDENTS = lasting(
    select(Incident.id, Incident.case_id, Incident.area, Incident.on, Incident.kind, Case.file_no)
    .join(Case, Case.id == Incident.case_id)
    .where(
        *_inside(Incident),
        Incident.on >= _SINCE,
        func.coalesce(Incident.done, 0) == 0,
        Case.lifecycle == int(Lifecycle.ON_REGISTER),
    )
)
_LOCK_UPS = lasting(
    select(LockUp.id, LockUp.case_id, LockUp.area, LockUp.known_on.label("on"), Case.file_no)
    .join(Case, Case.id == LockUp.case_id)
    .where(*_inside(LockUp), LockUp.released_on.is_(None), Case.lifecycle == int(Lifecycle.ON_REGISTER))
)
_EMERGENCIES = lasting(
    select(Emergency.id, Emergency.case_id, Emergency.area, Emergency.reported_at, Case.file_no)
    .join(Case, Case.id == Emergency.case_id)
    .where(*_inside(Emergency), Emergency.recorded_on.is_(None))
)


def ever_high(work: Work, low: int, high: int, since: date, level: int) -> list[int]:
    """Cases of a range of areas with a visit since a day that found at least a danger level."""
    rows = work.rows(_EVER_HIGH, low=low, high=high, since=since, level=level)
    return [row.case_id for row in rows]


def levels(work: Work, cases: Sequence[int], since: date) -> list[Any]:
    """(case_id, on, risk, loss_reason) of the visits of some cases since a day, oldest first."""
    found: list[Any] = []
    for start in range(0, len(cases), KEYS):
        found += work.rows(_LEVELS, keys=list(cases[start : start + KEYS]), since=since)
    return found


def on_register(work: Work, cases: Sequence[int]) -> list[Any]:
    """(id, file_no, area, pause, paused_until) of those of some cases that are on the register."""
    found: list[Any] = []
    for start in range(0, len(cases), KEYS):
        found += work.rows(_CASES, keys=list(cases[start : start + KEYS]))
    return found


def incidents(work: Work, low: int, high: int, since: date) -> Sequence[Any]:
    """(id, case_id, area, on, kind, file_no) of dangerous acts since a day with nothing noted as done."""
    return work.rows(_INCIDENTS, low=low, high=high, since=since)


def lock_ups(work: Work, low: int, high: int) -> Sequence[Any]:
    """(id, case_id, area, on, file_no) of people who are locked up."""
    return work.rows(_LOCK_UPS, low=low, high=high)


def emergencies(work: Work, low: int, high: int) -> Sequence[Any]:
    """(id, case_id, area, reported_at, file_no) of emergencies without their record."""
    return work.rows(_EMERGENCIES, low=low, high=high)
