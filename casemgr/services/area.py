"""区划: the area tree as far as an access reaches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from casemgr.rules.access import Action
from casemgr.services.errors import Missing
from casemgr.services.use_case import use_case
from casemgr.store.queries import area as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel


@dataclass(frozen=True, slots=True)
class AreaView:
    """One area as pages show it."""

    code: int
    name: str
    level: AreaLevel
    parent: int | None
    population: int | None


def _view(row: Any) -> AreaView:
    code, name, level, parent, population = row
    return AreaView(code, name, AreaLevel.read(level), parent, population)


@use_case(Action.AREA_READ)
def tree(work: Work, down_to: AreaLevel = AreaLevel.VILLAGE) -> list[AreaView]:
    """All areas inside the access, by code, from the highest down to ``down_to``."""
    return [_view(row) for row in queries.within(work, work.access.low, work.access.high, int(down_to))]


@use_case(Action.AREA_READ)
def get(work: Work, code: int) -> AreaView:
    """One area; :class:`Missing` when it does not exist or lies outside the access."""
    rows = queries.within(work, code, code + 1, int(AreaLevel.VILLAGE))
    if not rows or not work.access.reaches(code):
        raise Missing("没有这个区划，或不在您的辖区内。请从首页的列表进入。")
    return _view(rows[0])


@use_case(Action.AREA_READ)
def everywhere(work: Work, down_to: AreaLevel = AreaLevel.TOWNSHIP) -> list[AreaView]:
    """The whole tree down to a level, for giving an account its area; areas are public knowledge."""
    return [_view(row) for row in queries.within(work, 0, 10**12, int(down_to))]
