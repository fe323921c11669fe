"""录入及时率 and the safety tiles: each number is the length of its list, late ones are told by rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from casemgr.indicators.period import Period
from casemgr.rules.access import Access, Action, Role
from casemgr.rules.calendar import working_days_after
from casemgr.services import clock, indicator, safety, timeliness
from casemgr.services.errors import Forbidden, Missing, Unfit
from casemgr.services.safety import Danger
from casemgr.store.db import new_key
from casemgr.store.models import Emergency, Incident, LockUp, Visit
from casemgr.store.work import Work, open_work
from tests.conftest import TODAY
from tests.store.register import COUNTY, DOCTOR_EAST, EAST, OFFICER, SYSTEM, WEST, add_person, open_areas

BUREAU = Access.over(31, "卫健局", Role.HEALTH_BUREAU, COUNTY)
AT = datetime(TODAY.year, 11, 1, tzinfo=UTC)


def visit(work: Work, area: int, case: int, on: date, entered: date | None, **found: object) -> None:
    work.add(Visit(id=new_key(), area=area, case_id=case, on=on, form_version=2018, entered_on=entered,
                   recorded_at=AT, recorded_by=1, **found))  # fmt: skip


@pytest.fixture
def cases(app: Flask) -> dict[str, int]:
    clock.fix(TODAY)
    units = open_areas()
    found = {}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for number, area in (("1", EAST), ("2", EAST), ("3", WEST)):
            found[number] = add_person(work, area, units[area], f"900-0000{number}", f"王小{number}")[1]
    return found


def counted(key: str, area: int = COUNTY) -> tuple[int, int | None]:
    one = indicator.live(OFFICER, area, TODAY).area(area).figure(key)
    return one.numerator, one.denominator


def test_a_visit_is_in_time_until_the_end_of_the_tenth_working_day(cases: dict[str, int]) -> None:
    on = date(TODAY.year, 9, 25)
    last = working_days_after(on, 10)
    # The holidays of early October lie between.
    assert (last - on).days > 14
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        visit(work, EAST, cases["1"], on, last)
        visit(work, EAST, cases["2"], on, last + timedelta(days=1))
        visit(work, WEST, cases["3"], on, None)  # came with a workbook that does not tell when
        visit(work, WEST, cases["3"], date(TODAY.year - 1, 12, 31), date(TODAY.year, 3, 1))
    assert counted("IND-16.VISIT") == counted("IND-16") == (1, 2)
    assert counted("IND-16", EAST) == (1, 2)
    assert counted("IND-16", WEST) == (0, 0)
    late = timeliness.records(OFFICER, COUNTY, "IND-16", Period.to(TODAY), "missing")
    assert late.total == 1
    [row] = late.rows
    assert (row.file_no, row.record.due_on, row.record.rule) == ("900-00002", last, "REC-ENTRY-1")
    # Seen from the last day, the visit of the year before belongs to the year before.
    before = timeliness.records(
        OFFICER, COUNTY, "IND-16", Period.of_month(f"{TODAY.year - 1}-12"), "denominator"
    )
    assert [one.record.on.year for one in before.rows] == [TODAY.year - 1]
    with pytest.raises(Unfit, match="没有人员名单"):
        indicator.people(OFFICER, COUNTY, "IND-16", TODAY, "numerator")


def test_lists_of_records_stay_inside_and_are_for_those_who_see_people(cases: dict[str, int]) -> None:
    period = Period.to(TODAY)
    with pytest.raises(Missing):
        timeliness.records(DOCTOR_EAST, WEST, "IND-16", period, "missing")
    with pytest.raises(Missing):
        timeliness.records(OFFICER, COUNTY, "IND-17", period, "missing")
    with pytest.raises(Unfit):
        timeliness.records(OFFICER, COUNTY, "IND-16", period, "unasked")
    with pytest.raises(Forbidden):
        timeliness.records(BUREAU, COUNTY, "IND-16", period, "missing")
    with pytest.raises(Forbidden):
        safety.behind(BUREAU, COUNTY, Danger.UNSEEN, TODAY)


def test_who_is_dangerous_and_was_not_seen_for_two_weeks(cases: dict[str, int]) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        visit(work, EAST, cases["1"], TODAY - timedelta(days=20), None, risk=4)
        visit(work, EAST, cases["1"], TODAY - timedelta(days=2), None, loss_reason=4)
        # Seen again within two weeks: found lower, or just seen.
        visit(work, EAST, cases["2"], TODAY - timedelta(days=20), None, risk=3)
        visit(work, EAST, cases["2"], TODAY - timedelta(days=14), None)
        visit(work, WEST, cases["3"], TODAY - timedelta(days=40), None, risk=5)
        visit(work, WEST, cases["3"], TODAY - timedelta(days=30), None, risk=1)
    found = safety.behind(OFFICER, COUNTY, Danger.UNSEEN, TODAY)
    assert [(one.file_no, one.days) for one in found.rows] == [("900-00001", 6)]
    assert [one.count for one in safety.counts(OFFICER, COUNTY, TODAY)] == [1, 0]
    assert [one.count for one in safety.counts(BUREAU, COUNTY, TODAY)] == [1, 0]
    tomorrow = safety.behind(OFFICER, COUNTY, Danger.UNSEEN, TODAY + timedelta(days=1))
    assert [one.file_no for one in tomorrow.rows] == ["900-00001", "900-00002"]


def test_events_that_nobody_has_closed(cases: dict[str, int]) -> None:
    common = {"recorded_at": AT, "recorded_by": 1}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for done, on in ((None, 10), (2, 9), (None, 400)):
            work.add(Incident(id=new_key(), area=EAST, case_id=cases["1"], on=TODAY - timedelta(on), kind=2,
                              done=done, **common))  # fmt: skip
        work.add(
            LockUp(id=new_key(), area=EAST, case_id=cases["2"], known_on=TODAY - timedelta(days=5), **common)
        )
        work.add(LockUp(id=new_key(), area=EAST, case_id=cases["1"], known_on=TODAY - timedelta(days=9),
                        released_on=TODAY, **common))  # fmt: skip
        work.add(Emergency(id=new_key(), area=WEST, case_id=cases["3"], reported_at=AT, **common))
    found = safety.behind(OFFICER, COUNTY, Danger.UNCLOSED, TODAY)
    assert [one.file_no for one in found.rows] == ["900-00003", "900-00001", "900-00002"]
    assert [one.count for one in safety.counts(DOCTOR_EAST, EAST, TODAY)] == [0, 2]
    assert len(safety.behind(DOCTOR_EAST, EAST, Danger.UNCLOSED, TODAY).rows) == 2
    for area in (WEST, COUNTY):
        with pytest.raises(Missing):
            safety.counts(DOCTOR_EAST, area, TODAY)
