"""分布与应办: everybody on the register stands in exactly one line, and the limits are those of STD-INT."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

import polars as pl
import pytest

from casemgr.indicators.case_period import case_periods, days
from casemgr.indicators.distribution import REFUSED, counts, next_month_end
from casemgr.indicators.frames import AREAS, CASES, CHECKUPS, SESSIONS, VISITS, Frames
from casemgr.indicators.period import Period
from casemgr.rules.policy import in_force_on
from tests.indicators.county import county, expected

COUNTY, TOWN = 999901000000, 999901100000


@cache
def of_month(month: str) -> dict[int, Mapping[str, int]]:
    period = Period.of_month(month)
    policy = in_force_on(period.end)
    return counts(case_periods(county(), period, policy), county().areas, period, policy)


@pytest.mark.parametrize("month", ["2025-12", "2026-03", "2026-10"])
def test_every_registered_person_stands_in_one_line_of_each_table(month: str) -> None:
    for area, figures in expected()[month].items():
        found = of_month(month)[int(area)]
        registered = figures["IND-02.REG-A"][1]
        assert sum(value for key, value in found.items() if key.startswith("DIST.RISK.")) == registered
        assert sum(value for key, value in found.items() if key.startswith("DIST.CLASS.")) == registered
        people = sum(value for key, value in found.items() if key.endswith(".ALL"))
        assert people + found[REFUSED] == registered
        # The class table and 病情稳定率 speak of the same people.
        assert [found["DIST.CLASS.3"], registered - found["DIST.CLASS.NONE"]] == figures["IND-09.LAST"]


def test_the_county_is_the_sum_of_its_townships() -> None:
    found = of_month("2026-10")
    towns = [values for code, values in found.items() if code != COUNTY and code % 1000 == 0]
    assert len(towns) == 4
    for key, value in found[COUNTY].items():
        assert value == sum(town[key] for town in towns), key


def frames(cases: list[tuple[object, ...]], visits: list[tuple[object, ...]]) -> Frames:
    return Frames(
        cases=pl.DataFrame(cases, schema=CASES, orient="row"),
        visits=pl.DataFrame(visits, schema=VISITS, orient="row"),
        sessions=pl.DataFrame(schema=SESSIONS),
        checkups=pl.DataFrame(schema=CHECKUPS),
        areas=pl.DataFrame([(TOWN, "城关镇", 4, COUNTY, None)], schema=AREAS, orient="row"),
    )


def case(number: int, registered: date = date(2020, 1, 1), refused: bool = False) -> tuple[object, ...]:
    return (number, TOWN, None, days(registered), 0, None, 1, refused, False, False)


def visit(number: int, on: date, stability: int | None, risk: int | None = 0) -> tuple[object, ...]:
    return (number, days(on), 2, None, None, risk, 2, stability, None, None)


def one_town(
    cases: list[tuple[object, ...]], visits: list[tuple[object, ...]], day: date
) -> Mapping[str, int]:
    period, policy = Period.to(day), in_force_on(day)
    made = frames(cases, visits)
    return counts(case_periods(made, period, policy), made.areas, period, policy)[TOWN]


@pytest.mark.parametrize(
    ("last", "late", "soon"),
    [
        (date(2026, 7, 30), 1, 0),  # 93 days before 31 October
        (date(2026, 7, 31), 0, 1),  # 92 days: the limit itself is in time
        (date(2026, 8, 30), 0, 1),  # due on 30 November
        (date(2026, 8, 31), 0, 0),  # due on 1 December
    ],
)
def test_a_stable_person_is_late_after_92_days(last: date, late: int, soon: int) -> None:
    found = one_town([case(1)], [visit(1, last, 3)], date(2026, 10, 31))
    assert (found["DUTY.VISIT.3.ALL"], found["DUTY.VISIT.3.LATE"], found["DUTY.VISIT.3.NEXT"]) == (
        1,
        late,
        soon,
    )


def test_who_was_never_visited_waits_from_registration_or_new_year() -> None:
    cases = [case(1), case(2, date(2026, 9, 20)), case(3, refused=True)]
    found = one_town(cases, [], date(2026, 10, 31))
    assert found["DUTY.VISIT.NEVER.ALL"] == 2
    assert found["DUTY.VISIT.NEVER.LATE"] == 1
    assert found["DUTY.VISIT.NEVER.NEXT"] == 0
    assert found[REFUSED] == 1


def test_nobody_is_assumed_to_be_level_0_or_stable() -> None:
    visits = [
        visit(1, date(2026, 5, 1), None, None),
        visit(2, date(2026, 5, 1), 1, 4),
        visit(2, date(2026, 6, 1), None, None),
    ]
    found = one_town([case(1), case(2)], visits, date(2026, 10, 31))
    assert found["DIST.RISK.NONE"] == 1
    assert found["DIST.RISK.0"] == 0
    assert found["DIST.RISK.4"] == 1
    assert found["DIST.CLASS.NONE"] == 1
    assert found["DIST.CLASS.1"] == 1


def test_next_month_ends_on_its_own_last_day() -> None:
    assert next_month_end(date(2026, 10, 31)) == date(2026, 11, 30)
    assert next_month_end(date(2026, 12, 31)) == date(2027, 1, 31)
    assert next_month_end(date(2028, 1, 31)) == date(2028, 2, 29)
