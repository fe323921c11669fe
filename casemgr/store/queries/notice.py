"""告知单查询: notices of an area by state, one notice with its filled form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from casemgr.store.models.area import Area
from casemgr.store.models.notice import Notice
from casemgr.store.models.sheet import Sheet
from casemgr.store.scope import lasting
from casemgr.store.work import Work

Place = aliased(Area)


@cache
def _listed(by_state: bool, by_key: bool) -> Any:
    found = select(Notice, Place.name.label("place")).outerjoin(Place, Place.code == Notice.area)
    if by_state:
        found = found.where(Notice.state == bindparam("state"))
    if by_key:
        found = found.where(Notice.id == bindparam("key"))
    return lasting(found.order_by(Notice.received_on.desc(), Notice.id.desc()).limit(bindparam("most")))


_COUNTS = lasting(select(Notice.state, func.count(Notice.id)).group_by(Notice.state))


def latest(work: Work, state: int | None, most: int) -> Sequence[Any]:
    """(Notice, place) of the latest notices, of one state if given."""
    given = {} if state is None else {"state": state}
    return work.rows(_listed(state is not None, False), most=most, **given)


def one(work: Work, key: int) -> Any:
    """(Notice, place), ``None`` outside the access."""
    return work.row(_listed(False, True), key=key, most=1)


def counts(work: Work) -> dict[int, int]:
    """How many notices are in each state."""
    rows: Sequence[Any] = work.rows(_COUNTS)
    return {row[0]: row[1] for row in rows}


def sheet(work: Work, key: int | None) -> Sheet | None:
    """The filled form of a notice."""
    return None if key is None else work.get(Sheet, key)
