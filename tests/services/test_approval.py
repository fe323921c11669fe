"""Exports of many people and a higher ceiling for a day: asked by one person, allowed by another."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules import policy
from casemgr.rules.access import Access, Action, Role
from casemgr.services import account, approval, clock, exchange, register
from casemgr.services.approval import FETCHES, VALID
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, TooManyPeople, Unfit
from casemgr.store import ceiling
from casemgr.store.models import Approval, AuditEntry, Unit
from casemgr.store.work import open_work
from casemgr.terms.approval import ApprovalState, Wish
from casemgr.terms.purpose import Purpose
from tests.staff import NOW, open_accounts, quick_hasher
from tests.store.register import COUNTY, EAST, SYSTEM, WEST, add_person, open_areas

CHECK = str(int(Purpose.CHECK))
REASON = "年底体检前核对名单"
HEAD = Access.over(81, "head", Role.UNIT_HEAD, EAST)


class People:
    """Accesses of the accounts, and who lives in the east."""

    doctor: Access
    west: Access
    officer: Access
    second: Access
    people: list[int]


@pytest.fixture
def county(app: Flask, monkeypatch: pytest.MonkeyPatch) -> People:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()
    units = open_areas()
    open_accounts()
    made = People()
    made.people = []
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for number in range(6):
            number_of = f"99990119800101{number:04d}"
            person, _ = add_person(work, EAST, units[EAST], f"E{number}", f"张{number}", number_of)
            made.people.append(person)
    keys = {one.login: one.key for one in account.list_(SYSTEM)}
    made.doctor = Access.over(keys["east"], "east", Role.TOWNSHIP_DOCTOR, EAST)
    made.west = Access.over(keys["west"], "west", Role.TOWNSHIP_DOCTOR, WEST)
    made.officer = Access.over(keys["officer"], "officer", Role.COUNTY_OFFICER, COUNTY)
    made.second = Access.over(82, "officer2", Role.COUNTY_OFFICER, COUNTY)
    return made


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three people may leave alone and four be opened in a day, so that a small township is enough."""
    known = policy.in_force_on

    def fewer(day: date, region: str = policy.NATIONAL) -> policy.Policy:
        found = known(day, region)
        return replace(
            found,
            export_alone=replace(found.export_alone, value=3),
            identity_ceiling=replace(found.identity_ceiling, value=4),
        )

    for module in (ceiling, approval, policy):
        monkeypatch.setattr(module, "in_force_on", fewer)


def ask(access: Access, now: datetime = NOW) -> int:
    return approval.ask_export(access, None, EAST, CHECK, REASON, now)


def test_a_small_export_needs_nobody_and_is_kept_sealed(county: People, app: Flask, instance: Path) -> None:
    key = ask(county.doctor)
    view = approval.get(county.doctor, key, NOW)
    assert (view.state, view.people, view.is_open) == (ApprovalState.APPROVED, 6, True)
    approval.make(county.doctor, key, NOW)
    kept = instance / "exports" / f"{key}.xlsx"
    sealed = kept.read_bytes()
    assert not sealed.startswith(b"PK")
    assert kept.stat().st_mode & 0o077 == 0
    got = approval.fetch(county.doctor, key, NOW)
    assert got.content.startswith(b"PK")
    assert (got.people, got.left) == (6, 1)


@pytest.mark.usefixtures("few")
def test_a_large_export_waits_for_a_second_person(county: People) -> None:
    key = ask(county.doctor)
    assert approval.get(county.doctor, key, NOW).state is ApprovalState.WAITING
    with pytest.raises(Forbidden):
        approval.make(county.doctor, key, NOW)
    with pytest.raises(Forbidden):
        approval.decide(county.doctor, key, True, "", NOW)
    assert approval.get(county.officer, key, NOW).may_decide
    approval.decide(county.officer, key, True, "", NOW)
    approval.make(county.doctor, key, NOW)
    assert approval.fetch(county.doctor, key, NOW).people == 6
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        asked = select(AuditEntry).where(AuditEntry.noun == "Approval", AuditEntry.row_key == key)
        told = [(one.actor, one.verb, one.count) for one in work.entities(asked)]
    assert (county.officer.actor, "approve", 6) in told
    assert (county.doctor.actor, "download", 6) in told


@pytest.mark.usefixtures("few")
def test_the_workbook_itself_refuses_what_nobody_allowed(county: People) -> None:
    with pytest.raises(Refused) as refused:
        exchange.export(county.officer, COUNTY, io.BytesIO())
    assert refused.value.rule == "REC-STOP-1"
    assert exchange.export(SYSTEM, COUNTY, io.BytesIO())["患者"] == 6, (
        "the operator's command is another matter"
    )


@pytest.mark.usefixtures("few")
def test_nobody_allows_the_own_request_nor_one_of_another_area(county: People) -> None:
    key = ask(county.officer)
    with pytest.raises(Refused):
        approval.decide(county.officer, key, True, "", NOW)
    other = Access.over(83, "far", Role.UNIT_HEAD, WEST)
    for access in (other, county.west):
        with pytest.raises((Missing, Forbidden)):
            approval.decide(access, key, True, "", NOW)
        with pytest.raises(Missing):
            approval.get(access, key, NOW)
    approval.decide(HEAD, key, True, "同意", NOW)
    assert approval.get(county.officer, key, NOW).answer == "同意"


@pytest.mark.usefixtures("few")
def test_a_file_goes_out_twice_within_a_day_and_to_nobody_else(county: People) -> None:
    key = ask(county.doctor)
    approval.decide(county.officer, key, True, "", NOW)
    approval.make(county.doctor, key, NOW)
    with pytest.raises(Missing):
        approval.fetch(county.officer, key, NOW)
    first = approval.fetch(county.doctor, key, NOW)
    assert approval.fetch(county.doctor, key, NOW + VALID - timedelta(seconds=1)).content == first.content
    assert FETCHES == 2
    with pytest.raises(Forbidden, match="已经下载过 2 次"):
        approval.fetch(county.doctor, key, NOW)
    late = ask(county.doctor)
    approval.decide(county.officer, late, True, "", NOW)
    with pytest.raises(Forbidden, match="24 小时"):
        approval.make(county.doctor, late, NOW + VALID)


@pytest.mark.usefixtures("few")
def test_an_approved_export_does_not_use_up_the_day(county: People) -> None:
    key = ask(county.doctor)
    approval.decide(county.officer, key, True, "", NOW)
    approval.make(county.doctor, key, NOW)
    assert approval.numbers(county.doctor, clock.now()).opened == 0


def test_a_small_export_counts_towards_the_day(county: People) -> None:
    approval.make(county.doctor, ask(county.doctor), NOW)
    assert approval.numbers(county.doctor, clock.now()).opened == 6


@pytest.mark.usefixtures("few")
def test_more_people_than_were_asked_for_do_not_leave(county: People) -> None:
    key = ask(county.doctor)
    approval.decide(county.officer, key, True, "", NOW)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        unit = work.scalar(select(Unit.id))
        add_person(work, EAST, unit, "E9", "张九", "999901198001010099")
    with pytest.raises(Conflict):
        approval.make(county.doctor, key, NOW)


@pytest.mark.usefixtures("few")
def test_answers_are_given_once_and_a_no_has_a_reason(county: People) -> None:
    key = ask(county.doctor)
    with pytest.raises(Unfit) as wrong:
        approval.decide(county.officer, key, False, "", NOW)
    assert "answer" in wrong.value.fields
    approval.decide(county.officer, key, False, "请只导出一个村", NOW)
    with pytest.raises(Conflict):
        approval.decide(county.second, key, True, "", NOW)
    with pytest.raises(Conflict):
        approval.withdraw(county.doctor, key)
    with pytest.raises(Forbidden):
        approval.make(county.doctor, key, NOW)


@pytest.mark.usefixtures("few")
def test_one_takes_back_only_the_own_request(county: People) -> None:
    key = ask(county.doctor)
    with pytest.raises(Missing):
        approval.withdraw(county.officer, key)
    approval.withdraw(county.doctor, key)
    with pytest.raises(Conflict):
        approval.decide(county.officer, key, True, "", NOW)


def test_a_second_press_makes_no_second_request(county: People) -> None:
    once = approval.numbers(county.doctor, NOW).once
    keys = {approval.ask_export(county.doctor, once, EAST, CHECK, REASON, NOW) for _ in range(2)}
    assert keys == {once}
    assert len(approval.list_(county.doctor, NOW)) == 1


def test_what_is_missing_is_named(county: People) -> None:
    with pytest.raises(Unfit) as wrong:
        approval.ask_export(county.doctor, None, WEST, CHECK, REASON, NOW)
    assert set(wrong.value.fields) == {"area"}
    with pytest.raises(Unfit) as wrong:
        approval.ask_export(county.doctor, None, EAST, "77", " x ", NOW)
    assert set(wrong.value.fields) == {"purpose", "reason"}
    with pytest.raises(Unfit) as wrong:
        approval.ask_raise(county.doctor, 5_000, "", "", NOW)
    assert set(wrong.value.fields) == {"people", "purpose", "reason"}


def test_reasons_lie_sealed(county: People) -> None:
    key = ask(county.doctor)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        row = work.get(Approval, key)
    assert row is not None
    assert REASON.encode() not in row.reason._sealed


@pytest.mark.usefixtures("few")
def test_the_head_of_the_unit_lifts_the_ceiling_for_the_day(county: People) -> None:
    register.reveal_names(county.doctor, county.people[:4], CHECK)
    with pytest.raises(TooManyPeople):
        register.reveal_names(county.doctor, county.people[4:], CHECK)
    now = clock.now()
    key = approval.ask_raise(county.doctor, 1, CHECK, REASON, now)
    with pytest.raises(Conflict):
        approval.ask_raise(county.doctor, 1, CHECK, REASON, now)
    assert approval.get(HEAD, key, now).wish is Wish.CEILING
    with pytest.raises(TooManyPeople):
        register.reveal_names(county.doctor, county.people[4:5], CHECK)
    approval.decide(HEAD, key, True, "", now)
    assert len(register.reveal_names(county.doctor, county.people[4:5], CHECK)) == 1
    with pytest.raises(TooManyPeople):
        register.reveal_names(county.doctor, county.people[5:], CHECK)
    assert approval.numbers(county.doctor, now).ceiling == 5


def test_a_request_of_yesterday_lifts_nothing(county: People) -> None:
    key = approval.ask_raise(county.doctor, 1, CHECK, REASON, NOW)
    with pytest.raises(Conflict, match="过期"):
        approval.decide(county.officer, key, True, "", NOW + timedelta(days=1))


def test_whether_anybody_could_answer_is_told(county: People) -> None:
    assert approval.has_decider(county.doctor, ask(county.doctor))
    assert not approval.has_decider(county.officer, ask(county.officer))


def test_files_and_counts_are_removed_when_their_time_is_over(county: People, instance: Path) -> None:
    key = ask(county.doctor)
    approval.make(county.doctor, key, NOW)
    kept = instance / "exports" / f"{key}.xlsx"
    approval.forget_old(SYSTEM, NOW)
    assert kept.exists()
    # People are counted by the clock on the wall, whatever day these tests take for today.
    later = max(NOW, clock.now()) + VALID + timedelta(days=400)
    assert approval.forget_old(SYSTEM, later) > 1
    assert not kept.exists()
    assert approval.forget_old(SYSTEM, later) == 0
