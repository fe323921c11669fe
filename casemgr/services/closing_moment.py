"""月结时刻: when a month was closed for an area; the register is asked, only moments come back.

A month is closed by a county, whose closings a township's doctor does not reach; whether something came in
since concerns the township as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from casemgr.rules.access import Access, Action
from casemgr.services.use_case import use_case
from casemgr.store.queries import indicator as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, level_of, span_of


@dataclass(frozen=True, slots=True)
class Moment:
    """When the newest closing of a county was made, and the last day it knows."""

    at: datetime
    as_of: date


@use_case(Action.REPORT_VERIFY)
def _moments(work: Work, period: int, low: int, high: int) -> dict[int, Moment]:
    closes = queries.latest_closes(work, period, low, high)
    return {one.area: Moment(one.closed_at, one.as_of) for one in closes}


def of_area(period: int, area: int) -> dict[int, Moment]:
    """County → moment of its newest closing of a month (202610), for the counties of or above an area."""
    low, high = span_of(ancestor(area, AreaLevel.COUNTY) if level_of(area) > AreaLevel.COUNTY else area)
    return _moments(Access.system("closing-moment"), period, low, high)
