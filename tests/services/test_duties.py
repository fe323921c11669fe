"""The table of duties follows the records: right at once, never twice, in a constant number of statements."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import clock, duties
from casemgr.store.models import Case, CaseState, Duty, Supplement, Visit
from casemgr.store.work import open_work
from casemgr.terms.duty import DutyKind, DutyState
from casemgr.terms.register import Lifecycle
from tests.services.day import GIVEN, TODAY, Day, furnish, person
from tests.services.people import visit
from tests.services.test_register import statements
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM, open_areas

K, S = DutyKind, DutyState


@pytest.fixture
def day(app: Flask) -> Day:
    clock.fix(TODAY)
    return furnish(open_areas())


def kept(case: int, *kinds: DutyKind) -> list[tuple[DutyKind, date, DutyState, date | None]]:
    """(kind, due, state, ended) of the stored duties of a case."""
    with open_work(SYSTEM, Action.DUTY_READ) as work:
        rows = work.rows(
            select(Duty.kind, Duty.due_on, Duty.state, Duty.ended_on)
            .where(Duty.case_id == case)
            .order_by(Duty.due_on, Duty.kind)
        )
        found = [(K.read(row[0]), row[1], S.read(row[2]), row[3]) for row in rows]
    return [one for one in found if not kinds or one[0] in kinds]


def test_a_visit_ends_one_duty_and_begins_the_next(day: Day) -> None:
    assert kept(day["late"], K.VISIT) == [(K.VISIT, date(2026, 11, 1), S.OPEN, None)]
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        visit(work, EAST, day["late"], TODAY, **GIVEN)
        duties.refresh(work, [day["late"]])
    assert kept(day["late"], K.VISIT) == [
        (K.VISIT, date(2026, 11, 1), S.LATE, TODAY),
        (K.VISIT, date(2027, 2, 21), S.OPEN, None),
    ]


def test_doing_it_again_changes_nothing(day: Day) -> None:
    before = {name: kept(key) for name, key in day.cases.items()}
    with open_work(SYSTEM, Action.JOB_RUN) as work:
        duties.refresh(work, [*day.cases.values(), *day.cases.values()])
        duties.refresh(work, [])
    assert {name: kept(key) for name, key in day.cases.items()} == before


def test_a_corrected_visit_moves_the_day_and_keeps_what_people_added(day: Day) -> None:
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        (duty,) = work.entities(select(Duty).where(Duty.case_id == day["week"], Duty.kind == int(K.VISIT)))
        duty.remind_on, duty.assignee = date(2026, 11, 23), 77
        stored = work.one(select(Visit).where(Visit.case_id == day["week"]))
        stored.stability = 2
        duties.refresh(work, [day["week"]])
        key = duty.id
    with open_work(SYSTEM, Action.DUTY_READ) as work:
        found = work.get(Duty, key)
        assert found is not None
        assert (found.due_on, found.rule) == (date(2026, 9, 8), "GW2017-7.11")
        assert (found.remind_on, found.assignee) == (date(2026, 11, 23), 77)


def test_a_removed_visit_leaves_no_open_duty_behind(day: Day) -> None:
    with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
        work.remove(work.one(select(Visit).where(Visit.case_id == day["fine"])))
        duties.refresh(work, [day["fine"]])
    assert kept(day["fine"], K.VISIT) == [(K.VISIT, date(2027, 2, 10), S.VOID, TODAY)]
    assert [one[2] for one in kept(day["fine"], K.FIRST_VISIT)] == [S.OPEN]


def test_a_death_ends_what_was_open(day: Day) -> None:
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        case = work.get(Case, day["late"])
        assert case is not None
        case.lifecycle, case.lifecycle_on = int(Lifecycle.DEAD), date(2026, 11, 20)
        duties.refresh(work, [day["late"]])
    assert [one[2] for one in kept(day["late"])].count(S.OPEN) == 0
    assert kept(day["late"], K.VISIT) == [(K.VISIT, date(2026, 11, 1), S.MISSED, date(2026, 11, 20))]


def test_time_alone_ends_the_year_of_a_checkup(day: Day) -> None:
    assert kept(day["fine"], K.CHECKUP) == [(K.CHECKUP, date(2026, 12, 31), S.OPEN, None)]
    clock.fix(date(2027, 1, 1))
    assert sum(duties.refresh_all(SYSTEM)) == len(day.cases)
    assert kept(day["fine"], K.CHECKUP) == [
        (K.CHECKUP, date(2026, 12, 31), S.MISSED, date(2026, 12, 31)),
        (K.CHECKUP, date(2027, 12, 31), S.OPEN, None),
    ]
    assert kept(day["late"], K.VISIT) == [(K.VISIT, date(2026, 11, 1), S.OPEN, None)], "overdue, still there"


def test_a_supplement_that_came_is_done(app: Flask) -> None:
    clock.fix(TODAY)
    units = open_areas()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        key = person(work, units, "quick", None)
        case = work.get(Case, key)
        assert case is not None
        case.registered_on = case.consent_on = date(2026, 11, 16)
        work.remove(work.one(select(Supplement).where(Supplement.case_id == key)))
        duties.refresh(work, [key])
    assert kept(key, K.ASSESSMENT) == [(K.ASSESSMENT, date(2026, 11, 30), S.OPEN, None)]
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        work.add(Supplement(case_id=key, area=EAST))
        duties.refresh(work, [key])
    assert kept(key, K.ASSESSMENT) == [(K.ASSESSMENT, date(2026, 11, 30), S.DONE, TODAY)]


def test_a_refresh_takes_a_constant_number_of_statements(day: Day) -> None:
    def asked(keys: list[int]) -> int:
        with open_work(SYSTEM, Action.JOB_RUN) as work, statements() as sent:
            duties.refresh(work, keys)
        return len(sent)

    asked([day["late"]])
    assert asked([day["late"]]) == asked(list(day.cases.values())) <= 20


def test_a_case_outside_the_access_is_left_alone(day: Day) -> None:
    before = kept(day["west"])
    with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
        duties.refresh(work, [day["west"], day["late"]])
    assert kept(day["west"]) == before


def test_lost_without_a_history_is_read_from_the_file(day: Day) -> None:
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        for state in work.entities(select(CaseState).where(CaseState.case_id == day["lost"])):
            work.remove(state)
        work.flush()
        duties.refresh(work, [day["lost"]])
    open_kinds = {one[0] for one in kept(day["lost"]) if one[2] is S.OPEN}
    assert open_kinds == {K.LOST_NOTICE, K.LOST_SEARCH}
