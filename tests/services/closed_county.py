"""样例县月结: the sample county's areas and closed months, written straight into the tables.

Reports print closed figures and nothing else, so these tests need no people.
"""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from casemgr.indicators import count, distribution, editions, packed
from casemgr.indicators.case_period import days
from casemgr.indicators.frames import Frames
from casemgr.indicators.period import Period
from casemgr.rules import policy as policies
from casemgr.rules.access import Access, Action, Role
from casemgr.store.db import new_key, new_keys
from casemgr.store.models import Area, ClosedFigure, ClosedVerdicts, MonthClose, Unit
from casemgr.store.work import open_work
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


def close(month: str, revision: int = 1, left_out: int = 0) -> None:
    """Close ``month`` for the county, with the first ``left_out`` people missing from the register."""
    frames = county()
    if left_out:
        kept = frames.cases.filter(pl.col("case") > left_out)
        frames = Frames(kept, frames.visits, frames.sessions, frames.checkups, frames.areas)
    period = Period.of_month(month)
    frames = Frames(
        frames.cases,
        frames.visits.filter(pl.col("on") <= days(period.end)),
        frames.sessions,
        frames.checkups,
        frames.areas,
    )
    policy, edition = policies.in_force_on(period.end), editions.in_force_on(period.end)
    rows = count.judged(frames, period, policy).collect().lazy()
    areas = frames.areas.filter(pl.col("level") < 5)
    counts = count.roll_up(count.tally(rows), areas)
    extra = distribution.counts(rows, areas, period, policy)
    masks = packed.masks(rows).collect()
    with open_work(SYSTEM, Action.INDICATOR_CLOSE) as work:
        key = new_key()
        work.add(
            MonthClose(
                id=key,
                area=COUNTY,
                period=period.number,
                revision=revision,
                as_of=period.end,
                edition=edition.id,
                policy_digest=policy.digest,
                figures_digest="0" * 64,
                closed_at=datetime(2026, 11, 1, 2, revision, tzinfo=UTC),
                closed_by=0,
            )
        )
        work.flush()
        figures = [
            (area, name, numerator, denominator)
            for area, of_area in counts.items()
            for name, (numerator, denominator) in of_area.items()
        ]
        figures += [
            (area, name, people, None) for area, of_area in extra.items() for name, people in of_area.items()
        ]
        base = {"close_id": key, "period": period.number, "revision": revision}
        work.add_many(
            ClosedFigure,
            [
                {
                    "id": one,
                    "area": area,
                    "key": name,
                    "numerator": numerator,
                    "denominator": denominator,
                    **base,
                }
                for one, (area, name, numerator, denominator) in zip(
                    new_keys(len(figures)), figures, strict=True
                )
            ],
        )
        towns = masks.partition_by("area")
        work.add_many(
            ClosedVerdicts,
            [
                {
                    "id": new_key(),
                    "area": town["area"][0],
                    "cases_count": town.height,
                    "packed": packed.pack(town),
                    **base,
                }
                for town in towns
            ],
        )
