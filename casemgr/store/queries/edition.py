"""口径查询: the editions that counties have laid down, and which months of a county are closed."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, bindparam, func, select

from casemgr.store.models.edition import EditionEntry
from casemgr.store.models.indicator import MonthClose
from casemgr.store.scope import lasting
from casemgr.store.work import Work

_OF_COUNTY = lasting(
    select(EditionEntry)
    .where(EditionEntry.county == bindparam("county", type_=BigInteger))
    .order_by(EditionEntry.valid_from)
)
_LAST_CLOSED = lasting(
    select(func.max(MonthClose.period)).where(MonthClose.area == bindparam("county", type_=BigInteger))
)


def of_county(work: Work, county: int) -> Sequence[EditionEntry]:
    """The editions of one county, oldest first."""
    return work.entities(_OF_COUNTY, county=county)


def last_closed(work: Work, county: int) -> int | None:
    """The latest closed month of a county as a number, 202610."""
    found: int | None = work.scalar(_LAST_CLOSED, county=county)
    return found
