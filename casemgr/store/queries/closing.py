"""月结查询: the closings of a month, what differs between two of them and why, and who signed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, or_, select

from casemgr.store.course import local_day
from casemgr.store.models.checkup import Checkup
from casemgr.store.models.counselling import Counselling
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident
from casemgr.store.models.indicator import (
    ClosedDifference,
    ClosedFigure,
    ClosedVerdicts,
    ClosingStep,
    MonthClose,
)
from casemgr.store.models.register import Case, CaseState, Consent
from casemgr.store.models.rehab import RehabSession
from casemgr.store.models.sheet import Revision
from casemgr.store.scope import lasting
from casemgr.store.types import Day, Instant
from casemgr.store.work import Work
from casemgr.terms.incident import DangerousAct

#: How many keys one statement names.
KEYS = 5_000
_SINCE, _LAST = bindparam("since", type_=Instant()), bindparam("last", type_=Day())
_KEYS = bindparam("keys", expanding=True, type_=BigInteger)


def _entered(model: Any) -> Any:
    """Cases with records of a kind dated by a day and entered since a moment, with the latest of the days."""
    return lasting(
        select(model.case_id.label("case"), func.max(model.on).label("on"))
        .where(model.case_id.in_(_KEYS), model.recorded_at > _SINCE, model.on <= _LAST)
        .group_by(model.case_id)
    )


#: A visit that was changed has a new moment of recording; what was entered long before is no late entry.
_VISITS = lasting(
    select(Visit.case_id.label("case"), func.max(Visit.on).label("on"))
    .where(
        Visit.case_id.in_(_KEYS),
        Visit.recorded_at > _SINCE,
        Visit.on <= _LAST,
        or_(Visit.version == 1, Visit.entered_on >= bindparam("entered", type_=Day())),
    )
    .group_by(Visit.case_id)
)
_RECORDS = tuple(_entered(model) for model in (RehabSession, Checkup, Counselling))
_OFFENCES = lasting(
    select(Incident.case_id.label("case"), func.max(Incident.on).label("on"))
    .where(
        Incident.case_id.in_(_KEYS),
        Incident.recorded_at > _SINCE,
        Incident.on <= _LAST,
        Incident.kind.in_([int(DangerousAct.OFFENCE), int(DangerousAct.CRIME)]),
    )
    .group_by(Incident.case_id)
)
_STATES = lasting(
    select(CaseState.case_id.label("case"), CaseState.track, CaseState.value)
    .where(CaseState.case_id.in_(_KEYS), CaseState.recorded_at > _SINCE, CaseState.since <= _LAST)
    .order_by(CaseState.since)
)
_CASES = lasting(
    select(Case.id.label("case"), Case.created_at, Case.lifecycle, Case.lifecycle_on).where(
        Case.id.in_(_KEYS)
    )
)
_ANSWERS = lasting(
    select(Consent.case_id.label("case")).where(
        Consent.case_id.in_(_KEYS),
        Consent.recorded_at > _SINCE,
        or_(Consent.on <= _LAST, Consent.on.is_(None)),
    )
)
_CHANGES = lasting(
    select(Revision.case_id.label("case")).where(Revision.case_id.in_(_KEYS), Revision.recorded_at > _SINCE)
)


def _lots(work: Work, statement: Any, cases: Sequence[int], **values: Any) -> Iterator[Any]:
    for start in range(0, len(cases), KEYS):
        yield from work.rows(statement, keys=list(cases[start : start + KEYS]), **values)


def entered(work: Work, cases: Sequence[int], since: datetime, last: date) -> Iterator[Any]:
    """(case, on) of the records dated by ``last`` that were entered after ``since``."""
    yield from _lots(work, _VISITS, cases, since=since, last=last, entered=local_day(since))
    for statement in (*_RECORDS, _OFFENCES):
        yield from _lots(work, statement, cases, since=since, last=last)


def states(work: Work, cases: Sequence[int], since: datetime, last: date) -> Iterator[Any]:
    """(case, track, value) of the states dated by ``last`` that were entered after ``since``."""
    return _lots(work, _STATES, cases, since=since, last=last)


def files(work: Work, cases: Sequence[int]) -> Iterator[Any]:
    """(case, created_at, lifecycle, lifecycle_on) of cases."""
    return _lots(work, _CASES, cases)


def answered(work: Work, cases: Sequence[int], since: datetime, last: date) -> set[int]:
    """Cases with an answer about 知情同意, dated by ``last``, that was entered after ``since``."""
    return {row.case for row in _lots(work, _ANSWERS, cases, since=since, last=last)}


def changed(work: Work, cases: Sequence[int], since: datetime) -> set[int]:
    """Cases with a record that was changed after ``since``."""
    return {row.case for row in _lots(work, _CHANGES, cases, since=since)}


def verdicts_of_close(work: Work, close_id: int) -> dict[int, bytes]:
    """The packed verdicts of one closing by area."""
    rows = work.rows(
        select(ClosedVerdicts.area, ClosedVerdicts.packed).where(ClosedVerdicts.close_id == close_id)
    )
    return {row.area: row.packed for row in rows}


def _added(model: Any, on: Any, *where: Any) -> Any:
    """One row of some areas that is dated by a stretch of days and was entered since a moment."""
    return lasting(
        select(model.id)
        .where(
            model.area >= bindparam("low", type_=BigInteger),
            model.area < bindparam("high", type_=BigInteger),
            on.between(bindparam("first", type_=Day()), _LAST),
            *where,
        )
        .limit(1)
    )


_BEFORE_ALL = date(1900, 1, 1)
_ADDED = (
    *(
        _added(model, model.on, model.recorded_at > _SINCE)
        for model in (Visit, RehabSession, Checkup, Counselling, Incident)
    ),
)
#: What holds since a day, however long ago, and was written down since.
_ADDED_STATES = (
    _added(CaseState, CaseState.since, CaseState.recorded_at > _SINCE),
    _added(Case, Case.registered_on, Case.created_at > _SINCE),
)


def added(work: Work, low: int, high: int, first: date, last: date, since: datetime) -> bool:
    """Whether anything that counts for a stretch of days was entered or changed after a moment."""
    places = {"low": low, "high": high, "last": last, "since": since}
    return any(work.row(one, first=first, **places) is not None for one in _ADDED) or any(
        work.row(one, first=_BEFORE_ALL, **places) is not None for one in _ADDED_STATES
    )


def closings(work: Work, period: int, area: int) -> list[MonthClose]:
    """The closings of a month of one county, newest first."""
    found: list[MonthClose] = work.entities(
        select(MonthClose)
        .where(MonthClose.period == period, MonthClose.area == area)
        .order_by(MonthClose.revision.desc())
    )
    return found


def steps(work: Work, close_ids: Sequence[int]) -> list[ClosingStep]:
    """The steps of some closings, oldest first."""
    found: list[ClosingStep] = work.entities(
        select(ClosingStep).where(ClosingStep.close_id.in_(close_ids)).order_by(ClosingStep.id)
    )
    return found


def latest_step(work: Work, close_id: int) -> int | None:
    """The last step of one closing."""
    found: int | None = work.scalar(
        select(ClosingStep.step)
        .where(ClosingStep.close_id == close_id)
        .order_by(ClosingStep.id.desc())
        .limit(1)
    )
    return found


def differences(work: Work, period: int, low: int, high: int) -> Sequence[Any]:
    """(area, revision, since, closed_at, cases_count, packed) of the townships in ``[low, high)``."""
    return work.rows(
        select(
            ClosedDifference.area,
            ClosedDifference.revision,
            ClosedDifference.since,
            ClosedDifference.closed_at,
            ClosedDifference.cases_count,
            ClosedDifference.packed,
        )
        .where(
            ClosedDifference.period == period,
            ClosedDifference.area >= low,
            ClosedDifference.area < high,
        )
        .order_by(ClosedDifference.revision.desc(), ClosedDifference.area)
    )


def figures_of_area(work: Work, period: int, area: int) -> Sequence[Any]:
    """(revision, key, numerator, denominator) of one area in every closing of a month."""
    return work.rows(
        select(
            ClosedFigure.revision, ClosedFigure.key, ClosedFigure.numerator, ClosedFigure.denominator
        ).where(ClosedFigure.period == period, ClosedFigure.area == area)
    )


def figures_below(work: Work, period: int, low: int, high: int, key: str) -> Sequence[Any]:
    """(revision, area, denominator) of one figure of the areas in ``[low, high)``, in every closing."""
    return work.rows(
        select(ClosedFigure.revision, ClosedFigure.area, ClosedFigure.denominator).where(
            ClosedFigure.period == period,
            ClosedFigure.area >= low,
            ClosedFigure.area < high,
            ClosedFigure.key == key,
        )
    )
