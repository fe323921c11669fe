"""How many different people one account may open on one day, and what is never held up by it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules import policy
from casemgr.rules.access import Access, Action, Role
from casemgr.rules.policy import Parameter, Policy
from casemgr.services import event, register
from casemgr.services.errors import TooManyPeople
from casemgr.services.use_case import use_case
from casemgr.store import ceiling, identity
from casemgr.store.models import AuditEntry, Identity, OpenedPerson
from casemgr.store.work import Work, open_work
from casemgr.terms.purpose import Purpose
from tests.store.register import EAST, OFFICER, SYSTEM, add_person, open_areas

WHY = str(int(Purpose.FOLLOW_UP))
MOST = 5
TODAY = date(2026, 11, 21)


@dataclass
class Town:
    """Eight people of one township."""

    people: list[int]
    cases: list[int]


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ceiling of five, so that a small township is enough."""
    known = policy.in_force_on

    def fewer(day: date, region: str = policy.NATIONAL) -> Policy:
        found = known(day, region)
        parameter: Parameter = replace(found.identity_ceiling, value=MOST)
        return replace(found, identity_ceiling=parameter)

    monkeypatch.setattr(ceiling, "in_force_on", fewer)


def town(_app: Flask) -> Town:
    units = open_areas()
    made = Town([], [])
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for number in range(8):
            person, case = add_person(
                work, EAST, units[EAST], f"E{number}", f"张{number}", f"99990119800101{number:04d}"
            )
            made.people.append(person)
            made.cases.append(case)
    return made


DOCTOR = Access.over(71, "east", Role.TOWNSHIP_DOCTOR, EAST)
OTHER = Access.over(72, "east2", Role.TOWNSHIP_DOCTOR, EAST)


def counted() -> int:
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        return int(work.scalar(select(func.count()).select_from(OpenedPerson)))


@use_case(Action.IDENTITY_REVEAL)
def list_of(work: Work, people: list[int], due: frozenset[int] = frozenset()) -> dict[int, str]:
    rows = work.rows(select(Identity.person_id, Identity.name).where(Identity.person_id.in_(people)))
    return identity.reveal_names(work, [(row[0], row[1]) for row in rows], Purpose.FOLLOW_UP.label, due)


@pytest.mark.usefixtures("low")
def test_the_same_people_count_once_and_one_more_is_refused(both: Flask) -> None:
    made = town(both)
    for _ in range(3):
        assert len(register.reveal_names(DOCTOR, made.people[:MOST], WHY)) == MOST
    with pytest.raises(TooManyPeople) as refused:
        register.reveal_names(DOCTOR, made.people[: MOST + 1], WHY)
    assert (refused.value.status, refused.value.rule) == (429, "REC-STOP-2")
    assert "申请当日提高" in refused.value.message
    assert counted() == MOST
    assert len(register.reveal_names(DOCTOR, made.people[1:3], WHY)) == 2
    assert len(register.reveal_names(OTHER, made.people[5:], WHY)) == 3, "everybody has an own count"
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        told = work.one(select(AuditEntry).where(AuditEntry.outcome == "ceiling"))
    assert (told.actor, told.verb, told.count) == (71, "refuse", MOST)


@pytest.mark.usefixtures("low")
def test_every_way_of_opening_is_counted(app: Flask) -> None:
    made = town(app)
    list_of(DOCTOR, made.people[:2])
    register.reveal_identity(DOCTOR, made.cases[2], WHY, TODAY)
    assert counted() == 3
    register.reveal_names(DOCTOR, made.people[3:5], WHY)
    with pytest.raises(TooManyPeople):
        list_of(DOCTOR, made.people[4:6])
    with pytest.raises(TooManyPeople):
        register.reveal_identity(DOCTOR, made.cases[6], WHY, TODAY)


@pytest.mark.usefixtures("low")
def test_a_call_is_never_held_up(app: Flask) -> None:
    made = town(app)
    register.reveal_names(DOCTOR, made.people[:MOST], WHY)
    assert event.numbers(DOCTOR, made.cases[7], "self").lines
    assert counted() == MOST + 1, "counted all the same"
    with pytest.raises(TooManyPeople):
        register.reveal_names(DOCTOR, made.people[5:6], WHY)


@pytest.mark.usefixtures("low")
def test_people_due_in_the_own_township_are_the_days_work(app: Flask) -> None:
    made = town(app)
    everybody = frozenset(made.people)
    assert len(list_of(DOCTOR, made.people, everybody)) == 8
    assert counted() == 0
    with pytest.raises(TooManyPeople):
        list_of(OFFICER, made.people, everybody)


@pytest.mark.usefixtures("low")
def test_the_count_of_yesterday_is_over(app: Flask) -> None:
    made = town(app)
    register.reveal_names(DOCTOR, made.people[:MOST], WHY)
    with open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for row in work.entities(select(OpenedPerson)):
            work.remove(row)
            work.add(OpenedPerson(account_id=row.account_id, on=row.on - timedelta(days=1), mark=row.mark))
    assert len(register.reveal_names(DOCTOR, made.people[3:], WHY)) == 5


@pytest.mark.usefixtures("low")
def test_the_machine_is_not_counted(app: Flask) -> None:
    made = town(app)
    assert len(register.reveal_names(SYSTEM, made.people, WHY)) == 8
    assert counted() == 0


@pytest.mark.usefixtures("low")
def test_the_count_names_nobody(app: Flask) -> None:
    made = town(app)
    register.reveal_names(DOCTOR, made.people[:1], WHY)
    register.reveal_names(OTHER, made.people[:1], WHY)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        marks = [row.mark for row in work.entities(select(OpenedPerson))]
    assert len(set(marks)) == 2
    assert all(str(made.people[0]).encode() not in mark for mark in marks)


def test_the_ceiling_and_what_may_be_added_stay_below_the_number_of_the_law() -> None:
    found = policy.in_force_on(TODAY)
    assert found.identity_ceiling.value + found.identity_raise.value < 250
    assert found.export_alone.value == 50
