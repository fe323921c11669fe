"""录入查询: when records were entered, beside when what they tell of took place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Integer, bindparam, func, select, type_coerce

from casemgr.store.models.duty import Duty
from casemgr.store.models.followup import Visit
from casemgr.store.models.register import Case
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.duty import DutyKind, DutyState

if TYPE_CHECKING:
    import polars as pl

_FIRST, _LAST = bindparam("first", type_=Day()), bindparam("last", type_=Day())
_LOW, _HIGH = bindparam("low", type_=BigInteger), bindparam("high", type_=BigInteger)
EMERGENCY = (int(DutyKind.EMERGENCY_RECORD), int(DutyKind.EMERGENCY_UPLOAD))
#: Visits entered here, and those a workbook names the day of entry of; others cannot be judged.
_ENTERED = (
    Visit.area >= _LOW,
    Visit.area < _HIGH,
    Visit.on.between(_FIRST, _LAST),
    Visit.entered_on.is_not(None),
)
#: The same, townships named one by one: the index then also skips the days that are not asked for.
_COUNTED = (
    Visit.area.in_(select(Case.area).where(Case.area >= _LOW, Case.area < _HIGH)),
    Visit.on.between(_FIRST, _LAST),
)
_DAYS_TAKEN = type_coerce(Visit.entered_on, Integer) - type_coerce(Visit.on, Integer)
_ENTERED_COUNT = lasting(
    select(Visit.area, func.count(Visit.entered_on).label("count")).where(*_COUNTED).group_by(Visit.area)
)
_SLOWLY_ENTERED = lasting(
    select(Visit.area, Visit.on, Visit.entered_on).where(
        *_COUNTED, bindparam("days", type_=Integer) < _DAYS_TAKEN
    )
)
_VISITS = lasting(
    select(
        Visit.id,
        Visit.case_id,
        Visit.area,
        Visit.on,
        Visit.entered_on,
        Visit.recorded_at,
        Visit.version,
    )
    .where(*_ENTERED)
    .order_by(Visit.on.desc(), Visit.id)
)
_WITHOUT = lasting(
    select(func.count())
    .select_from(Visit)
    .where(
        Visit.area >= _LOW, Visit.area < _HIGH, Visit.on.between(_FIRST, _LAST), Visit.entered_on.is_(None)
    )
)
_EMERGENCIES = lasting(
    select(
        Duty.id,
        Duty.case_id,
        Duty.area,
        Duty.kind,
        Duty.began_on,
        Duty.due_on,
        Duty.ended_on,
        Duty.rule,
        Duty.state,
    )
    .where(
        Duty.area >= _LOW,
        Duty.area < _HIGH,
        Duty.due_on.between(_FIRST, _LAST),
        Duty.kind.in_(EMERGENCY),
        Duty.state != int(DutyState.VOID),
    )
    .order_by(Duty.due_on.desc(), Duty.id)
)


def entered(work: Work, low: int, high: int, first: date, last: date) -> Sequence[Any]:
    """(area, count) of the visits of a stretch of days whose day of entry is known."""
    return work.rows(_ENTERED_COUNT, low=low, high=high, first=first, last=last)


def entered_after(work: Work, low: int, high: int, first: date, last: date, days: int) -> pl.DataFrame:
    """(area, on, entered_on), days since 1970, of those of them entered more than so many days later."""
    return work.frame(_SLOWLY_ENTERED, low=low, high=high, first=first, last=last, days=days)


def visits(work: Work, low: int, high: int, first: date, last: date) -> Sequence[Any]:
    """(id, case_id, area, on, entered_on, recorded_at, version) of the same visits, latest first."""
    return work.rows(_VISITS, low=low, high=high, first=first, last=last)


def without_entry(work: Work, low: int, high: int, first: date, last: date) -> int:
    """How many visits of a stretch of days have no day of entry."""
    found: int | None = work.scalar(_WITHOUT, low=low, high=high, first=first, last=last)
    return found or 0


def emergencies(work: Work, low: int, high: int, first: date, last: date) -> Sequence[Any]:
    """The records of emergencies that were due in a stretch of days, as duties."""
    return work.rows(_EMERGENCIES, low=low, high=high, first=first, last=last)
