"""样例县月结: the sample county's areas in the tables, and months closed from the sample's frames.

Reports print closed figures and nothing else, so these tests need nobody in the register; the closing
itself is the real one.
"""

from __future__ import annotations

from datetime import date
from unittest.mock import patch

import polars as pl

from casemgr.indicators.case_period import days
from casemgr.indicators.frames import Frames
from casemgr.indicators.period import Period
from casemgr.rules.access import Access, Action, Role
from casemgr.services import counting, indicator
from casemgr.store.db import new_key
from casemgr.store.models import Area, Unit
from casemgr.store.work import Work, open_work
from tests.indicators.county import county

COUNTY, TOWN, OTHER_TOWN = 999901000000, 999901100000, 999901101000
SYSTEM = Access.system("test")
OFFICER = Access.over(13, "县级", Role.COUNTY_OFFICER, COUNTY)
DOCTOR = Access.over(11, "城关镇医生", Role.TOWNSHIP_DOCTOR, TOWN)
ADMINISTRATOR = Access.over(14, "管理员", Role.ADMINISTRATOR, COUNTY)


def open_areas() -> None:
    """The areas of the sample county and one unit for each township and the county."""
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        for code, name, level, parent, population in county().areas.sort("level", "code").iter_rows():
            work.add(Area(code=code, name=name, level=level, parent=parent, population=population))
            work.flush()
            if level < 5:
                name = f"{name}卫生院" if level == 4 else f"{name}疾病预防控制中心"
                work.add(Unit(id=new_key(), code=f"U{code}", name=name, area_code=code, active=True))


def close(month: str, left_out: int = 0) -> None:
    """Close ``month`` for the county, with the first ``left_out`` people missing from the register."""

    def of_area(_work: Work, _low: int, _high: int, period: Period, _today: date) -> Frames:
        known = county()
        last = days(period.end)
        return Frames(
            known.cases.filter(pl.col("case") > left_out),
            known.visits.filter(pl.col("on") <= last).sort("case", "on"),
            known.sessions,
            known.checkups,
            known.areas,
        )

    with patch.object(counting, "of_area", of_area):
        indicator.close(OFFICER, month)
