"""What other departments see follows the records at once: in, corrected, out; exactly the approved fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from casemgr.rules.access import Access, Action
from casemgr.services import clock, disclosure, impact, liaison, partner, transfer
from casemgr.services.errors import Conflict, Missing
from casemgr.store.db import db, new_key
from casemgr.store.models import Account, Case, Disclosure, Guardian, ImpactNote, LedgerLine
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from casemgr.terms.incident import DangerousAct
from casemgr.terms.liaison import ExchangeKind, Reason, TaskKind, Withdrawal
from casemgr.terms.register import Lifecycle, Management
from casemgr.terms.sharing import Flow
from tests.services import liaison as made
from tests.services import people
from tests.services.liaison import EAST, SYSTEM, TODAY, WEST, add, incident, open_areas, settle, visit
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, OFFICER

ON = date(2026, 11, 2)


@dataclass
class County:
    accesses: dict[str, Access]
    east: int
    other: int
    west: int


@pytest.fixture
def county(both: Flask, monkeypatch: pytest.MonkeyPatch) -> County:
    """The county on both databases."""
    return settled(monkeypatch)


@pytest.fixture
def small(app: Flask, monkeypatch: pytest.MonkeyPatch) -> County:
    """The county where the database makes no difference."""
    return settled(monkeypatch)


def settled(monkeypatch: pytest.MonkeyPatch) -> County:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        keys = (
            add(work, EAST, units[EAST], 1, "王小明"),
            add(work, EAST, units[EAST], 2, "李丽"),
            add(work, WEST, units[WEST], 3, "欧阳建国"),
        )
    return County(made.open_departments(monkeypatch), *keys)


def lines(case: int) -> list[Disclosure]:
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        return work.entities(select(Disclosure).where(Disclosure.file_key == case).order_by(Disclosure.id))


def told(case: int) -> list[ExchangeKind]:
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        rows = work.rows(select(LedgerLine.kind).where(LedgerLine.file_key == case).order_by(LedgerLine.id))
    return [ExchangeKind.read(row[0]) for row in rows]


def test_a_person_enters_is_corrected_and_leaves_by_the_records_alone(county: County) -> None:
    post = county.accesses["eastpost"]
    assert liaison.home(post, TODAY).lines == ()
    visit(county.east, EAST, ON, 2)
    assert lines(county.east) == []
    visit(county.east, EAST, ON + timedelta(days=1), 3)
    (row,) = liaison.home(post, TODAY).lines
    assert (row.alias, row.reason, row.grade, row.received) == ("王某", Reason.GRADE, 3, False)
    seen = liaison.sheet(post, row.id)
    facts = dict(seen.facts)
    assert facts["姓名"] == "王小明"
    assert facts["身份证号"].startswith("999***") and "*" * 13 in facts["身份证号"]
    assert facts["危险性评估"] == "3级（2026-11-03评估）"
    assert "王父" in facts["监护人"]
    assert liaison.receive(post, row.id, seen.row.version)
    visit(county.east, EAST, ON + timedelta(days=5), 4)
    (row,) = liaison.home(post, TODAY).lines
    assert row.corrected and not row.received
    assert dict(liaison.sheet(post, row.id).facts)["危险性评估"].startswith("4级")
    visit(county.east, EAST, ON + timedelta(days=9), 1)
    home = liaison.home(post, TODAY)
    assert home.lines == ()
    (gone,) = home.withdrawn
    assert gone.withdrawal is Withdrawal.ENDED
    assert liaison.sheet(post, gone.id).facts == ()
    (kept,) = lines(county.east)
    assert kept.sheet is None
    assert liaison.receive(post, gone.id, gone.version)
    assert liaison.home(post, TODAY).withdrawn == ()
    assert told(county.east) == [
        ExchangeKind.OPENED,
        ExchangeKind.VIEWED,
        ExchangeKind.RECEIVED,
        ExchangeKind.CORRECTED,
        ExchangeKind.VIEWED,
        ExchangeKind.WITHDRAWN,
        ExchangeKind.RECEIVED,
    ]


#: What happens to one person of the east, and what the post of the east then has: reason, or why it was
#: taken back, or nothing at all.
COURSES: dict[str, tuple[list[Any], Reason | Withdrawal | None]] = {
    "level 2": ([2], None),
    "level 3": ([3], Reason.GRADE),
    "level 5": ([5], Reason.GRADE),
    "not assessed": ([None], None),
    "level 4, then 2": ([4, 2], Withdrawal.ENDED),
    "level 4, then not found": ([4, None], Reason.GRADE),
    "level 2, then 3": ([2, 3], Reason.GRADE),
    "肇事 on file": ([0, DangerousAct.OFFENCE], Reason.INCIDENT),
    "肇祸 on file": ([DangerousAct.CRIME], Reason.INCIDENT),
    "other harm on file": ([DangerousAct.OTHER_HARM], Reason.INCIDENT),
    "disturbance on file": ([DangerousAct.DISTURBANCE], None),
    "self-harm is nobody's police matter": ([DangerousAct.SELF_HARM], None),
    "a suicide attempt neither": ([1, DangerousAct.SUICIDE_ATTEMPT], None),
    "a visit told of 肇事": ([(1, {"offence_count": 1})], Reason.INCIDENT),
    "level 4 with an act, then 0": ([4, DangerousAct.OFFENCE, 0], Reason.INCIDENT),
    "dead": ([4, Lifecycle.DEAD], Withdrawal.LEFT),
    "moved out of the county": ([4, Lifecycle.MOVED_OUT], Withdrawal.MOVED),
    "excluded": ([DangerousAct.OFFENCE, Lifecycle.EXCLUDED], Withdrawal.LEFT),
    "lost, without local law": ([1, Management.LOST], None),
}


def happen(case: int, step: int, what: Any) -> None:
    """One thing after the other happens to a person."""
    on = ON + timedelta(days=step)
    if isinstance(what, DangerousAct):
        incident(case, EAST, on, int(what))
    elif isinstance(what, Lifecycle | Management):
        with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
            row = work.get(Case, case)
            assert row is not None
            if isinstance(what, Lifecycle):
                row.lifecycle, row.lifecycle_on = int(what), on
            else:
                row.management, row.management_on = int(what), on
        settle(case)
    else:
        risk, given = what if isinstance(what, tuple) else (what, {})
        visit(case, EAST, on, risk, **({"loss_reason": 4} if risk is None else {}), **given)


def test_the_rules_as_a_table(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    units = open_areas()
    accesses = made.open_departments(monkeypatch)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        cases = {
            name: add(work, EAST, units[EAST], number, "王" + "一二三四五六七八九十"[number % 10])
            for number, name in enumerate(COURSES, 1)
        }
    for name, (steps, expected) in COURSES.items():
        for step, what in enumerate(steps):
            happen(cases[name], step, what)
        found = lines(cases[name])
        if expected is None:
            assert found == [], name
        elif isinstance(expected, Reason):
            assert [(one.reason, one.withdrawn_on) for one in found] == [(expected, None)], name
            assert found[0].sheet is not None, name
        else:
            assert [one.withdrawal for one in found] == [expected], name
            assert (found[0].sheet, found[0].source) == (None, None), name
        assert {one.receiver_area for one in found} <= {EAST}, name
    assert liaison.home(accesses["westpost"], TODAY).lines == ()
    assert liaison.home(accesses["office"], TODAY).lines == ()
    # What was right stays as it is when all of it is looked at again at night.
    before = {name: [(one.id, one.version) for one in lines(case)] for name, case in cases.items()}
    assert sum(disclosure.refresh_all(SYSTEM)) == len(COURSES) - 3  # all who are on the register
    assert {name: [(one.id, one.version) for one in lines(case)] for name, case in cases.items()} == before


def test_the_lost_are_told_only_where_local_law_was_entered(
    small: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = disclosure.in_force_on
    number = usual(TODAY).disclose_lost

    def law(day: date, region: str = "CN") -> Any:
        return replace(usual(day, region), disclose_lost=replace(number, value=1))

    monkeypatch.setattr(disclosure, "in_force_on", law)
    happen(small.east, 0, Management.LOST)
    assert [one.reason for one in lines(small.east)] == [Reason.LOST]


def test_nothing_is_told_to_the_police_without_an_impact_note(
    small: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = small.accesses["eastpost"]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        (note,) = work.entities(select(ImpactNote))
        note.flow = int(Flow.POLICE)  # the comparison of lists is another flow
    visit(small.east, EAST, ON, 4)
    assert liaison.home(post, TODAY).lines == ()
    texts = dict.fromkeys(impact.TEXTS, "写明必要性、风险和保护措施")
    impact.write(OFFICER, impact.begin(), impact.NewNote(Flow.POLICE_WINDOW, TODAY, texts), TODAY)
    (line,) = liaison.home(post, TODAY).lines
    liaison.sheet(post, line.id)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for one in work.entities(select(ImpactNote).where(ImpactNote.flow == int(Flow.POLICE_WINDOW))):
            one.flow = int(Flow.POLICE)
    settle(small.east)
    (gone,) = liaison.home(post, TODAY).withdrawn
    assert gone.withdrawal is Withdrawal.RULE


def test_an_act_is_told_for_its_term_where_a_local_rule_sets_one(
    small: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = disclosure.in_force_on
    number = usual(TODAY).disclose_incident

    def law(day: date, region: str = "CN") -> Any:
        return replace(usual(day, region), disclose_incident=replace(number, value=12))

    assert number.value == 0
    incident(small.other, EAST, date(2016, 5, 1), int(DangerousAct.OFFENCE))
    assert [one.reason for one in lines(small.other)] == [Reason.INCIDENT]  # on file, without a term
    monkeypatch.setattr(disclosure, "in_force_on", law)
    settle(small.other)
    assert [one.withdrawal for one in lines(small.other)] == [Withdrawal.ENDED]
    on = date(2025, 11, 30)
    incident(small.east, EAST, on, int(DangerousAct.OFFENCE))
    for day, there in ((date(2026, 11, 30), True), (date(2026, 12, 1), False)):
        clock.fix(day)
        settle(small.east)
        assert [one.withdrawn_on is None for one in lines(small.east)] == [there], day
    clock.fix(TODAY)
    # A second act begins its own term.
    incident(small.east, EAST, date(2026, 6, 1), int(DangerousAct.CRIME))
    assert [one.evidence_on for one in lines(small.east) if one.withdrawn_on is None] == [date(2026, 6, 1)]


def test_a_post_at_which_nobody_can_sign_in_has_nothing(small: County) -> None:
    visit(small.east, EAST, ON, 4)
    post = small.accesses["eastpost"]
    (line,) = liaison.home(post, TODAY).lines
    changes = ({"active": False}, {"valid_until": TODAY - timedelta(days=1)}, {"left_on": TODAY})
    for step, change in enumerate(changes):
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            row = work.get(Account, post.actor)
            assert row is not None
            before = {name: getattr(row, name) for name in change}
            for name, value in change.items():
                setattr(row, name, value)
        settle(small.east)
        assert lines(small.east)[-1].withdrawal == Withdrawal.NO_ONE, change
        visit(small.other, EAST, ON + timedelta(days=step), 5)
        assert not [one for one in lines(small.other) if one.withdrawn_on is None]
        keys = [one.key for one in partner.begin_task(DOCTOR_EAST, small.east, TODAY).receivers]
        assert f"{int(Role.POLICE)}.{EAST}" not in keys
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            row = work.get(Account, post.actor)
            for name, value in before.items():
                setattr(row, name, value)
        settle(small.east, small.other)
    # Whoever comes to the post next is told of what was withdrawn, and has what holds now.
    home = liaison.home(post, TODAY)
    assert len(home.lines) == 2 and line.id in {one.id for one in home.withdrawn}


def test_a_grade_that_falls_and_rises_again_is_a_new_line(small: County) -> None:
    post = small.accesses["eastpost"]
    for step, (risk, open_, gone) in enumerate(((3, 1, 0), (2, 0, 1), (3, 1, 1), (2, 0, 2))):
        visit(small.east, EAST, ON + timedelta(days=step), risk)
        home = liaison.home(post, TODAY)
        assert (len(home.lines), len(home.withdrawn)) == (open_, gone), step
        for one in home.lines:
            assert liaison.sheet(post, one.id).facts
    for one in liaison.home(post, TODAY).withdrawn:
        assert liaison.sheet(post, one.id).facts == ()
    assert told(small.east).count(ExchangeKind.WITHDRAWN) == 2


def test_a_refusal_to_be_managed_changes_nothing_for_the_police(small: County) -> None:
    visit(small.east, EAST, ON, 4)
    happen(small.east, 3, Management.REFUSED)
    assert [one.withdrawn_on for one in lines(small.east)] == [None]
    happen(small.other, 3, Management.REFUSED)
    assert lines(small.other) == []


def test_another_name_is_a_correction_to_who_has_seen_the_old_one(small: County) -> None:
    visit(small.east, EAST, ON, 4)
    visit(small.other, EAST, ON, 4)
    post = small.accesses["eastpost"]
    first, second = sorted(liaison.home(post, TODAY).lines, key=lambda one: one.id)
    liaison.sheet(post, first.id)
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        for guardian in work.entities(select(Guardian)):
            guardian.phone = Plain("10000000001")
    sum(disclosure.refresh_all(SYSTEM))
    corrected = {one.id: one.corrected for one in liaison.home(post, TODAY).lines}
    # Nobody has seen the second: what stands there now is all there ever was to its receiver.
    assert corrected == {first.id: True, second.id: False}
    for line in (first, second):
        assert "10000000001" in dict(liaison.sheet(post, line.id).facts)["监护人"]
    with pytest.raises(Conflict):
        liaison.receive(post, second.id, 1)


def test_a_file_that_moves_leaves_one_post_and_comes_to_the_other(county: County) -> None:
    visit(county.east, EAST, ON, 4)
    here, there = county.accesses["eastpost"], county.accesses["westpost"]
    transfer.ask(DOCTOR_EAST, county.east, WEST, "搬家", TODAY)
    (asked,) = [one for one in transfer.list_(DOCTOR_WEST, TODAY) if one.open]
    transfer.accept(DOCTOR_WEST, asked.id, asked.version, None, TODAY)
    assert liaison.home(here, TODAY).lines == ()
    (gone,) = liaison.home(here, TODAY).withdrawn
    assert gone.withdrawal is Withdrawal.MOVED
    (come,) = liaison.home(there, TODAY).lines
    assert come.alias == "王某"
    with pytest.raises(Missing):
        liaison.sheet(here, come.id)


@pytest.mark.parametrize("after", ["excluded", "moved"])
def test_a_task_names_nobody_who_has_left_or_moved(small: County, after: str) -> None:
    post, once = small.accesses["eastpost"], new_key()
    visit(small.east, EAST, ON, 4)
    to = f"{int(post.role)}.{EAST}"
    assert partner.ask(DOCTOR_EAST, small.east, once, to, TaskKind.AT_HOME, "是否在家", TODAY)
    settle(small.east)
    assert liaison.task(post, once, TODAY).facts
    if after == "excluded":
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            row = work.get(Case, small.east)
            assert row is not None
            row.lifecycle, row.lifecycle_on = int(Lifecycle.EXCLUDED), TODAY
        settle(small.east)
    else:
        transfer.ask(DOCTOR_EAST, small.east, WEST, "搬家", TODAY)
        (asked,) = [one for one in transfer.list_(DOCTOR_WEST, TODAY) if one.open]
        transfer.accept(DOCTOR_WEST, asked.id, asked.version, None, TODAY)
    found = liaison.task(post, once, TODAY)
    assert found.facts == () and found.closed
    assert liaison.home(post, TODAY).tasks == ()


def test_a_sheet_is_not_opened_after_its_last_day(small: County) -> None:
    post = small.accesses["eastpost"]
    visit(small.east, EAST, ON, 4)
    (line,) = liaison.home(post, TODAY).lines
    assert liaison.sheet(post, line.id).facts
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.get(Disclosure, line.id)
        assert row is not None
        row.valid_until = TODAY - timedelta(days=1)
    with pytest.raises(Missing):
        liaison.sheet(post, line.id)


def test_the_number_of_statements_does_not_grow_with_the_files(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        cases = [add(work, EAST, units[EAST], number, "王一") for number in range(1, 13)]
        for case in cases:
            people.visit(work, EAST, case, ON, risk=4)

    def asked(keys: list[int]) -> int:
        with open_work(SYSTEM, Action.FOLLOWUP_RECORD) as work:
            seen: list[str] = []
            event.listen(db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
            disclosure.refresh(work, keys)
            return sum(one.lstrip().upper().startswith("SELECT") for one in seen)

    assert asked(cases) == 1  # nobody else has an account
    made.open_departments(monkeypatch)
    one, many = asked(cases[:1]), asked(cases)
    assert one == many <= 15
