"""年度事实查询: what areas reported for a year, every revision of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, SmallInteger, bindparam, select

from casemgr.store.models.area_fact import AreaFact
from casemgr.store.scope import lasting
from casemgr.store.work import Work

_OF_YEAR = lasting(
    select(
        AreaFact.area,
        AreaFact.key,
        AreaFact.value,
        AreaFact.source,
        AreaFact.revision,
        AreaFact.recorded_at,
        AreaFact.recorded_by,
    )
    .where(
        AreaFact.year == bindparam("year", type_=SmallInteger),
        AreaFact.area >= bindparam("low", type_=BigInteger),
        AreaFact.area < bindparam("high", type_=BigInteger),
    )
    .order_by(AreaFact.area, AreaFact.key, AreaFact.revision)
)


def of_year(work: Work, year: int, low: int, high: int) -> Sequence[Any]:
    """Every revision of a year's facts of the areas in ``[low, high)``, by area and key, newest last."""
    return work.rows(_OF_YEAR, year=year, low=low, high=high)
