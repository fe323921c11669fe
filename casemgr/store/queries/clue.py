"""线索查询: clues of an area by state, and one clue."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import aliased

from casemgr.store.models.area import Area
from casemgr.store.models.clue import Clue
from casemgr.store.scope import lasting
from casemgr.store.work import Work

Village = aliased(Area)
Township = aliased(Area)


@cache
def _listed(by_state: bool, by_key: bool) -> Any:
    found = (
        select(Clue, Township.name.label("township"), Village.name.label("village_name"))
        .outerjoin(Township, Township.code == Clue.area)
        .outerjoin(Village, Village.code == Clue.village)
    )
    if by_state:
        found = found.where(Clue.state == bindparam("state"))
    if by_key:
        found = found.where(Clue.id.in_(bindparam("keys", expanding=True)))
    ordered = found.order_by(Clue.found_on.desc(), Clue.id.desc())
    return lasting(ordered.limit(bindparam("size")).offset(bindparam("offset")))


_COUNTS = lasting(select(Clue.state, func.count(Clue.id)).group_by(Clue.state))
_NAMES = lasting(select(Clue.id, Clue.name).order_by(Clue.found_on.desc()).limit(bindparam("most")))


def page(work: Work, state: int | None, keys: Sequence[int] | None, size: int, offset: int) -> Sequence[Any]:
    """(Clue, township, village_name) of a page, latest first; only these ``keys`` if given."""
    given: dict[str, Any] = {"size": size, "offset": offset}
    if state is not None:
        given["state"] = state
    if keys is not None:
        given["keys"] = list(keys)
    return work.rows(_listed(state is not None, keys is not None), **given)


def counts(work: Work) -> dict[int, int]:
    """How many clues are in each state."""
    rows: Sequence[Any] = work.rows(_COUNTS)
    return {row[0]: row[1] for row in rows}


def names(work: Work, most: int) -> Sequence[Any]:
    """(id, sealed name) of the latest clues."""
    return work.rows(_NAMES, most=most)


def one(work: Work, key: int) -> Any:
    """(Clue, township, village_name), ``None`` outside the access."""
    return next(iter(page(work, None, [key], 1, 0)), None)
