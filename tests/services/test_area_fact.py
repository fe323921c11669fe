"""年度事实: written with their source, corrected in the open, never guessed, and counted."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import area_fact, clock, indicator, month_revision
from casemgr.services.area_fact import UNTOLD, FactView, Typed
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.store.db import new_key
from casemgr.store.models import Area, Counselling, MonthClose, RehabSession
from casemgr.store.work import open_work
from casemgr.terms.area_fact import AreaFactKey
from tests.conftest import TODAY
from tests.store.register import (
    ADMINISTRATOR,
    COUNTY,
    DOCTOR_EAST,
    EAST,
    OFFICER,
    SYSTEM,
    WEST,
    add_person,
    open_areas,
)

CITY_CODE, NEIGHBOUR = 999900000000, 999902000000
CITY = Access.over(21, "市级", Role.CITY_OFFICER, CITY_CODE)
SOURCE = "县卫健局2026年报表"
YEAR = TODAY.year


def name(key: AreaFactKey, area: int = COUNTY) -> str:
    return f"{area}-{int(key)}"


def typed(value: object, seen: int = 0, source: str = SOURCE) -> Typed:
    return Typed(str(value), source, seen)


def stands(access: Access = OFFICER) -> dict[str, FactView]:
    known = area_fact.of_year(access, YEAR)
    return {one.name: one for one in (*known.counties, *known.townships)}


def value_of(key: str, access: Access = OFFICER, area: int = COUNTY) -> tuple[int, int | None, str | None]:
    one = indicator.live(access, area, TODAY).area(area).figure(key)
    return one.numerator, one.denominator, one.value


@pytest.fixture
def county(app: Flask) -> dict[int, int]:
    return laid_down()


@pytest.fixture
def everywhere(both: Flask) -> dict[int, int]:
    return laid_down()


def laid_down() -> dict[int, int]:
    """Two townships of a county of a city; the key of the unit of each."""
    clock.fix(TODAY)
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=CITY_CODE, name="示例市", level=2, parent=None, population=30_000))
    return open_areas()


def test_what_was_not_reported_is_nothing_and_no_zero(county: dict[int, int]) -> None:
    assert {one.words for one in stands().values()} == {"未填报"}
    for key in ("IND-18", "IND-20", "IND-21", "IND-22", "IND-23"):
        assert value_of(key) == (0, None, None)
    # A township reports nothing of a county; its doctor reads the own facts only.
    keys = {one.key for one in indicator.live(DOCTOR_EAST, EAST, TODAY).area(EAST).indicators}
    assert not keys & {"IND-17", "IND-18", "IND-20", "IND-21", "IND-22", "IND-23", "IND-24"}
    assert {one.area for one in stands(DOCTOR_EAST).values()} == {EAST}
    with pytest.raises(Forbidden):
        area_fact.of_year(ADMINISTRATOR, YEAR)


def test_reported_numbers_are_divided_by_what_they_belong_to(county: dict[int, int]) -> None:
    saved = area_fact.save(
        OFFICER,
        YEAR,
        {
            name(AreaFactKey.PSYCHIATRISTS): typed(1),
            name(AreaFactKey.GROUP, EAST): typed(1),
            name(AreaFactKey.GROUP, WEST): typed("", source=""),
            name(AreaFactKey.REHAB_CLIENTS): typed(40),
            name(AreaFactKey.REHAB_STANDARD): typed(25),
            name(AreaFactKey.SURVEYED): typed(300),
            name(AreaFactKey.AWARE): typed(240),
        },
    )
    assert (saved.written, saved.asked) == (6, ())
    assert value_of("IND-20") == (1, 10_000, "10.00")
    # Who reported nothing is not counted as having a group.
    assert value_of("IND-21") == (1, 2, "50.00")
    assert value_of("IND-23") == (25, 40, "62.50")
    assert value_of("IND-18") == (240, 300, "80.00")
    assert area_fact.of_year(OFFICER, YEAR - 1).counties[0].value is None
    assert indicator.compute(OFFICER, f"{YEAR - 1}-12").area(COUNTY).figure("IND-20").value is None


def test_three_rehabilitation_ratios_are_three_figures(everywhere: dict[int, int]) -> None:
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        _, first = add_person(work, EAST, everywhere[EAST], "900-00001", "王小明")
        add_person(work, EAST, everywhere[EAST], "900-00002", "李丽")
        at = {"recorded_at": datetime(YEAR, 5, 2, tzinfo=UTC), "recorded_by": 1}
        work.add(RehabSession(id=new_key(), case_id=first, area=EAST, on=date(YEAR, 5, 1), form=4, minutes=30,
                              attended=True, **at))  # fmt: skip
        work.add(
            Counselling(id=new_key(), case_id=first, area=EAST, on=date(YEAR, 5, 1), subject=2, way=2, **at)
        )
    assert value_of("IND-12.N1")[:2] == (1, 2)
    assert value_of("IND-22") == (0, None, None)
    area_fact.save(OFFICER, YEAR, {name(AreaFactKey.REHAB_SERVICE): typed(0)})
    assert value_of("IND-22") == (0, 0, None)
    area_fact.save(OFFICER, YEAR, {name(AreaFactKey.REHAB_SERVICE): typed(1, seen=1)})
    assert value_of("IND-22") == (1, 2, "50.00")
    assert value_of("IND-23") == (0, None, None)
    assert value_of("IND-19.FAMILY")[:2] == (1, 2)
    assert value_of("IND-19.PATIENT")[:2] == (0, 2)


def test_a_correction_is_a_further_revision_and_a_second_press_none(everywhere: dict[int, int]) -> None:
    key = name(AreaFactKey.PSYCHIATRISTS)
    for _press in range(2):
        area_fact.save(OFFICER, YEAR, {key: typed(3)})
    assert (stands()[key].value, stands()[key].revision) == (3, 1)
    with pytest.raises(Conflict, match="别人改过"):
        area_fact.save(OFFICER, YEAR, {key: typed(4)})
    area_fact.save(OFFICER, YEAR, {key: typed(4, seen=1, source="更正后的报表")})
    area_fact.save(OFFICER, YEAR, {key: typed("", seen=2, source="")})
    assert stands()[key].words == "未填报"
    history = area_fact.of_year(OFFICER, YEAR).history
    assert [(one.value, one.revision) for one in history] == [(None, 3), (4, 2), (3, 1)]
    assert [one.source for one in history] == ["", "更正后的报表", SOURCE]


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({AreaFactKey.PSYCHIATRISTS: typed("三")}, "value"),
        ({AreaFactKey.PSYCHIATRISTS: typed("-1")}, "value"),
        ({AreaFactKey.PSYCHIATRISTS: typed("99999999")}, "value"),
        ({AreaFactKey.PSYCHIATRISTS: typed("1.5")}, "value"),
        ({AreaFactKey.SYSTEM: typed("2")}, "value"),
        ({AreaFactKey.PSYCHIATRISTS: typed("3", source=" ")}, "source"),
        ({AreaFactKey.PSYCHIATRISTS: typed("3", source="长" * 121)}, "source"),
        ({AreaFactKey.REHAB_STANDARD: typed("3")}, "value"),
        ({AreaFactKey.SURVEYED: typed("10"), AreaFactKey.AWARE: typed("11")}, "value"),
    ],
)
def test_what_cannot_stand_is_said_at_its_field_and_nothing_is_written(
    county: dict[int, int], facts: dict[AreaFactKey, Typed], field: str
) -> None:
    with pytest.raises(Unfit) as wrong:
        area_fact.save(OFFICER, YEAR, {name(key): one for key, one in facts.items()})
    assert list(wrong.value.fields) == [f"{field}-{name(list(facts)[-1])}"]
    assert not area_fact.of_year(OFFICER, YEAR).history


def test_who_reports_and_for_which_years(county: dict[int, int]) -> None:
    facts = {name(AreaFactKey.PSYCHIATRISTS): typed(3)}
    with pytest.raises(Forbidden):
        area_fact.save(DOCTOR_EAST, YEAR, facts)
    with pytest.raises(Forbidden):
        area_fact.save(CITY, YEAR, facts)
    with pytest.raises(Refused):
        area_fact.save(SYSTEM, YEAR, facts)
    for year in (YEAR + 1, 2016):
        with pytest.raises(Missing):
            area_fact.save(OFFICER, year, facts)
    doubtful = area_fact.save(OFFICER, YEAR, {name(AreaFactKey.PSYCHIATRISTS): typed(11)})
    assert "超过 100 人" in doubtful.asked[0]


def test_a_city_adds_its_counties_up_and_guesses_none(county: dict[int, int]) -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=NEIGHBOUR, name="邻县", level=3, parent=CITY_CODE, population=20_000))
    area_fact.save(
        OFFICER,
        YEAR,
        {
            name(AreaFactKey.PSYCHIATRISTS): typed(2),
            name(AreaFactKey.SYSTEM): typed(1),
            name(AreaFactKey.REHAB_SERVICE): typed(1),
        },
    )
    assert value_of("IND-17", CITY, CITY_CODE) == (1, 2, "50.00")
    assert value_of("IND-24", CITY, CITY_CODE) == (1, 2, "50.00")
    # One county has not told how many doctors it has: there is no number of the city.
    assert value_of("IND-20", CITY, CITY_CODE) == (0, None, None)
    next_door = Access.over(22, "邻县", Role.COUNTY_OFFICER, NEIGHBOUR)
    area_fact.save(next_door, YEAR, {name(AreaFactKey.PSYCHIATRISTS, NEIGHBOUR): typed(1)})
    assert value_of("IND-20", CITY, CITY_CODE) == (3, 30_000, "10.00")
    assert {one.area for one in stands(CITY).values()} == {COUNTY, NEIGHBOUR, EAST, WEST}
    assert not area_fact.of_year(CITY, YEAR).editable
    # The neighbour's rows stay the neighbour's.
    assert NEIGHBOUR not in {one.area for one in stands().values()}


def test_a_closed_month_keeps_the_facts_it_rests_on(county: dict[int, int]) -> None:
    """What a county or a city printed for a month stays, whatever is reported otherwise afterwards."""
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=NEIGHBOUR, name="邻县", level=3, parent=CITY_CODE, population=20_000))
    next_door = Access.over(22, "邻县", Role.COUNTY_OFFICER, NEIGHBOUR)
    doctors, system, service = (
        name(one) for one in (AreaFactKey.PSYCHIATRISTS, AreaFactKey.SYSTEM, AreaFactKey.REHAB_SERVICE)
    )
    group = name(AreaFactKey.GROUP, EAST)
    first = {doctors: typed(2), system: typed(1), service: typed(0), group: typed(1)}
    area_fact.save(OFFICER, YEAR, first)
    area_fact.save(next_door, YEAR, {name(AreaFactKey.PSYCHIATRISTS, NEIGHBOUR): typed(1)})
    month, keys = "2026-10", ("IND-17", "IND-20", "IND-21", "IND-22", "IND-24")
    for access in (OFFICER, next_door):
        assert indicator.close(access, month).written

    def frozen(access: Access, area: int) -> dict[str, tuple[int, int | None]]:
        known = indicator.closed(access, month, area)
        assert known is not None
        own = {one.key: (one.numerator, one.denominator) for one in known.area(area).indicators}
        return {key: own[key] for key in keys if key in own}

    def course(key: str) -> tuple[int | None, int | None]:
        point = indicator.trend(CITY, CITY_CODE, (key,))[0].points[-1]
        return point.numerator, point.denominator

    city, own = frozen(CITY, CITY_CODE), frozen(OFFICER, COUNTY)
    assert city == {
        "IND-17": (1, 2), "IND-20": (3, 30_000), "IND-21": (1, 2), "IND-22": (0, 0), "IND-24": (0, 2)
    }  # fmt: skip
    assert own == {"IND-20": (2, 10_000), "IND-21": (1, 2), "IND-22": (0, 0)}
    assert course("IND-20") == (3, 30_000)
    assert not month_revision.added_since(OFFICER, month, COUNTY)

    second = {
        doctors: typed(4, 1, "更正后的报表"),
        system: typed("", 1, ""),
        service: typed(1, 1),
        group: typed(0, 1),
    }
    area_fact.save(OFFICER, YEAR, second)
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        # Neither more residents nor another township move what was closed.
        work.entities(select(Area).where(Area.code == CITY_CODE))[0].population = 90_000
        work.entities(select(Area).where(Area.code == COUNTY))[0].population = 12_000
        work.add(Area(code=999901103000, name="新镇", level=4, parent=COUNTY, population=1))
    assert frozen(CITY, CITY_CODE) == city
    assert frozen(OFFICER, COUNTY) == own
    assert course("IND-20") == (3, 30_000)
    assert value_of("IND-17", CITY, CITY_CODE) == (0, None, None)
    for access, area in ((OFFICER, COUNTY), (CITY, CITY_CODE)):
        assert month_revision.added_since(access, month, area)
    assert not month_revision.added_since(next_door, month, NEIGHBOUR)

    # Closed anew, the page of differences names each corrected fact and what follows from it.
    assert indicator.close(OFFICER, month).written
    assert not indicator.close(OFFICER, month).written
    (view,) = month_revision.of_month(OFFICER, month, COUNTY).revisions
    told = {one.name: (one.before, one.after, one.revision, one.figures) for one in view.facts}
    assert told == {
        "常住人口": ("10000 人", "12000 人", 0, ("报告患病率",)),
        "精神科执业（助理）医师": ("2 人", "4 人", 2, ("每10万人口精神科执业（助理）医师数",)),
        "建有精神卫生综合管理小组": ("有", "无", 2, ("精神卫生综合管理小组覆盖率",)),
        "使用严重精神障碍信息系统": ("有", "未填报", 2, ("信息系统覆盖率",)),
        "开展精神障碍社区康复服务": (
            "无", "有", 2, ("开展社区康复县（区）的居家患者接受服务率", "开展社区康复服务的县（区）比例")
        ),
    }  # fmt: skip
    assert view.people == 0
    assert {one.key for one in view.figures} >= {"IND-20", "IND-21"}
    assert frozen(CITY, CITY_CODE)["IND-20"] == (5, 32_000)
    assert frozen(CITY, CITY_CODE)["IND-17"] == (0, None)


def test_a_county_closes_anew_for_a_fact_that_only_its_city_counts(county: dict[int, int]) -> None:
    system = name(AreaFactKey.SYSTEM)
    area_fact.save(OFFICER, YEAR, {system: typed(1)})
    assert indicator.close(OFFICER, "2026-10").written
    area_fact.save(OFFICER, YEAR, {system: typed(1, 1, "同一个数，更正了出处")})
    assert not indicator.close(OFFICER, "2026-10").written
    area_fact.save(OFFICER, YEAR, {system: typed(0, 2)})
    assert indicator.close(OFFICER, "2026-10").written
    (view,) = month_revision.of_month(OFFICER, "2026-10", COUNTY).revisions
    assert [(one.before, one.after) for one in view.facts] == [("有", "无")]
    assert (view.figures, view.people) == ((), 0)


def test_the_county_names_the_township_whose_residents_a_later_closing_divides_by(
    county: dict[int, int],
) -> None:
    """Nothing of the county's own differs, and the revision is no page without a word."""
    assert indicator.close(OFFICER, "2026-10").written
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        one = work.entities(select(Area).where(Area.code == EAST))[0]
        before, one.population, called = one.population, 4_321, one.name
    assert indicator.close(OFFICER, "2026-10").written
    for area in (COUNTY, EAST):
        (view,) = month_revision.of_month(OFFICER, "2026-10", area).revisions
        words = UNTOLD if before is None else f"{before} 人"
        assert [(one.area_name, one.name, one.before, one.after) for one in view.facts] == [
            (called, "常住人口", words, "4321 人")
        ]


def test_a_closing_from_before_facts_were_kept_rests_on_those_of_its_moment(county: dict[int, int]) -> None:
    doctors = name(AreaFactKey.PSYCHIATRISTS)
    area_fact.save(OFFICER, YEAR, {doctors: typed(2)})
    indicator.close(OFFICER, "2026-10")
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.entities(select(MonthClose))[0].facts = None
    assert not indicator.close(OFFICER, "2026-10").written
    area_fact.save(OFFICER, YEAR, {doctors: typed(7, 1)})
    known = indicator.closed(CITY, "2026-10", CITY_CODE)
    assert known is not None
    assert known.area(CITY_CODE).figure("IND-20").numerator == 2
