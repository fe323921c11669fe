"""区划查询: areas by code range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, SmallInteger, bindparam, select

from casemgr.store.models.area import Area
from casemgr.store.models.exchange import ImportRun
from casemgr.store.scope import lasting
from casemgr.store.work import Work


def within(work: Work, low: int, high: int, deepest: int) -> Sequence[Any]:
    """(code, name, level, parent, population) of the areas in ``[low, high)``, level ≤ deepest."""
    return work.rows(_WITHIN, low=low, high=high, deepest=deepest)


_WITHIN = lasting(
    select(Area.code, Area.name, Area.level, Area.parent, Area.population)
    .where(
        Area.code >= bindparam("low", type_=BigInteger),
        Area.code < bindparam("high", type_=BigInteger),
        Area.level <= bindparam("deepest", type_=SmallInteger),
    )
    .order_by(Area.code)
)


def none_yet(work: Work) -> bool:
    """Whether the register holds no area at all."""
    return work.row(select(Area.code).limit(1)) is None


def runs_without_county(work: Work) -> list[ImportRun]:
    """Imports brought by an officer who belonged to no county yet."""
    return work.entities(select(ImportRun).where(ImportRun.area == 0))
