"""口径查询: editions that counties have laid down or taken back, and which months are closed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, func, select

from casemgr.store.models.edition import EditionEntry
from casemgr.store.models.indicator import MonthClose
from casemgr.store.scope import lasting
from casemgr.store.work import Work

_OF_COUNTY = lasting(
    select(EditionEntry)
    .where(EditionEntry.county == bindparam("county", type_=BigInteger), EditionEntry.withdrawn_at.is_(None))
    .order_by(EditionEntry.valid_from)
)
_WITHDRAWN = lasting(
    select(EditionEntry)
    .where(
        EditionEntry.county == bindparam("county", type_=BigInteger), EditionEntry.withdrawn_at.is_not(None)
    )
    .order_by(EditionEntry.withdrawn_at.desc())
)
_LAST_CLOSED = lasting(
    select(func.max(MonthClose.period)).where(MonthClose.area == bindparam("county", type_=BigInteger))
)


def of_county(work: Work, county: int) -> Sequence[EditionEntry]:
    """The editions of one county that stand, oldest first."""
    return work.entities(_OF_COUNTY, county=county)


def withdrawn(work: Work, county: int) -> Sequence[EditionEntry]:
    """The editions of one county that were taken back before they held, latest first."""
    return work.entities(_WITHDRAWN, county=county)


def last_closed(work: Work, county: int) -> int | None:
    """The latest closed month of a county as a number, 202610."""
    found: int | None = work.scalar(_LAST_CLOSED, county=county)
    return found
