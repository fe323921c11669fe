"""Loosening a line of the matrix: a document, another approver, a term, and a way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.rules.disclosure import may_see, slacks
from casemgr.services import clock, matrix
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.store.models import Account, AuditEntry
from casemgr.store.work import open_work
from casemgr.terms.access import LooseningState
from casemgr.terms.disclosure import Condition, FieldGroup, Level, Party
from tests.conftest import TODAY
from tests.store import register
from tests.store.register import COUNTY, EAST, OFFICER, SYSTEM, WEST

SECURITY = Access.over(801, "安全", Role.SECURITY_ADMINISTRATOR, None)
BUREAU = Access.over(803, "卫健", Role.HEALTH_BUREAU, OFFICER.low)
IMPACT = "派出所核实走失人员时需要电话；只给本所联络员，用后不留存，患者事后被告知。"
NUMBER = "某卫〔2026〕12号"


BARE = {"password_hash": "x", "created_at": register.NOW}
SIGNED = "某县卫生健康委员会"


def phone_of_police(on: date = TODAY, at: int = EAST) -> Level:
    with open_work(SYSTEM, Action.ACCESS_READ) as work:
        held = matrix.loosened(work, on)
    return may_see(Role.POLICE, FieldGroup.G3, {Condition.RISK}, on, held, at)


@pytest.fixture(autouse=True)
def _county(app: Flask) -> None:
    register.open_areas()


def propose(once: int = 7, **changed: object) -> None:
    given: dict[str, object] = {"key": "PO-G3", "number": NUMBER, "impact": IMPACT}
    given |= {"over": COUNTY, "approver": SIGNED}
    given |= {"first": TODAY, "last": TODAY + timedelta(days=30)} | changed
    matrix.propose(SECURITY, once, **given)  # type: ignore[arg-type]


def test_a_proposal_changes_nothing_until_somebody_else_approves_and_ends_by_itself(app: Flask) -> None:
    assert phone_of_police() is Level.NONE
    propose()
    propose()
    assert phone_of_police() is Level.NONE
    with pytest.raises(Forbidden):
        matrix.decide(SECURITY, 7, True)
    matrix.decide(BUREAU, 7, True)
    assert phone_of_police() is Level.FULL
    assert phone_of_police(TODAY + timedelta(days=30)) is Level.FULL
    assert phone_of_police(TODAY + timedelta(days=31)) is Level.NONE
    with pytest.raises(Conflict):
        matrix.decide(OFFICER, 7, False)
    (shown,) = matrix.view(BUREAU, TODAY).loosenings
    assert shown.holds and shown.number == NUMBER and shown.state is LooseningState.APPROVED
    police = matrix.row_of(OFFICER, int(Party.POLICE), TODAY)
    loosened = next(one for one in police.cells if one.group is FieldGroup.G3).loosened
    assert NUMBER in loosened[0].ground and loosened[0].level is Level.FULL
    matrix.end(SECURITY, 7)
    assert phone_of_police() is Level.NONE
    assert matrix.view(SECURITY, TODAY).loosenings[0].state is LooseningState.ENDED
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(
            select(AuditEntry.verb, AuditEntry.actor)
            .where(AuditEntry.noun == "MatrixLoosening")
            .order_by(AuditEntry.seq)
        )
    assert [tuple(one) for one in rows] == [("create", 801), ("change", 803), ("change", 801)]


def test_what_was_refused_or_withdrawn_never_holds(app: Flask) -> None:
    propose()
    matrix.decide(OFFICER, 7, False)
    assert phone_of_police() is Level.NONE
    propose(8)
    matrix.end(SECURITY, 8)
    with pytest.raises(Conflict):
        matrix.decide(BUREAU, 8, True)
    assert phone_of_police() is Level.NONE
    propose(9, last=TODAY)
    clock.fix(TODAY + timedelta(days=1))
    with pytest.raises(Conflict, match="截止日期已过"):
        matrix.decide(BUREAU, 9, True)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"key": "PO-G5"}, "key"),
        ({"key": ""}, "key"),
        ({"number": " "}, "number"),
        ({"number": "长" * 81}, "number"),
        ({"impact": "需要"}, "impact"),
        ({"approver": ""}, "approver"),
        ({"over": None}, "over"),
        ({"over": 999902100000}, "over"),
        ({"over": 999900000000}, "over"),
        ({"key": "CU-G13", "over": EAST}, "over"),
        ({"first": None}, "first"),
        ({"first": TODAY - timedelta(days=1)}, "first"),
        ({"last": None}, "last"),
        ({"last": TODAY - timedelta(days=1)}, "last"),
        ({"last": TODAY + timedelta(days=366)}, "last"),
    ],
)
def test_a_proposal_without_document_effect_or_term_is_not_taken(
    app: Flask, changed: dict[str, object], field: str
) -> None:
    with pytest.raises(Unfit) as wrong:
        propose(**changed)
    assert field in wrong.value.fields
    assert matrix.view(SECURITY, TODAY).loosenings == ()


def test_one_line_is_loosened_once_at_a_time(app: Flask) -> None:
    propose()
    with pytest.raises(Unfit, match="没有提交"):
        propose(8, first=TODAY + timedelta(days=10), last=TODAY + timedelta(days=40))
    propose(9, first=TODAY + timedelta(days=31), last=TODAY + timedelta(days=40))
    assert len(matrix.view(SECURITY, TODAY).loosenings) == 2


def test_only_the_security_administrator_proposes_and_only_some_approve(app: Flask) -> None:
    propose()
    for role in set(Role) - {Role.SECURITY_ADMINISTRATOR, Role.SYSTEM}:
        asker = Access.over(900, "某", role, OFFICER.low)
        with pytest.raises(Forbidden):
            matrix.propose(asker, 99, "PO-G3", NUMBER, IMPACT, TODAY, TODAY, COUNTY, SIGNED)
        if role not in {Role.COUNTY_OFFICER, Role.HEALTH_BUREAU}:
            with pytest.raises(Forbidden):
                matrix.decide(asker, 7, True)
    with pytest.raises(Missing):
        matrix.decide(BUREAU, 404, True)
    with pytest.raises(Missing):
        matrix.row_of(BUREAU, 99, TODAY)


def test_a_loosening_holds_in_its_area_and_nowhere_else(app: Flask) -> None:
    propose(over=EAST)
    west = replace(BUREAU, low=WEST, high=WEST + 1_000)
    with pytest.raises(Forbidden, match="不在您的辖区"):
        matrix.decide(west, 7, True)
    assert not matrix.view(west, TODAY).loosenings[0].decidable
    matrix.decide(BUREAU, 7, True)
    assert phone_of_police() is Level.FULL
    assert {phone_of_police(at=area) for area in (WEST, COUNTY, 0)} == {Level.NONE}
    (shown,) = matrix.view(OFFICER, TODAY).loosenings
    assert (shown.place, shown.approver) == ("东镇", SIGNED)
    cells = matrix.row_of(OFFICER, int(Party.POLICE), TODAY).cells
    assert next(one for one in cells if one.group is FieldGroup.G3).places == ("东镇",)
    propose(8, over=WEST)
    propose(9, over=COUNTY, first=TODAY + timedelta(days=40), last=TODAY + timedelta(days=50))
    with pytest.raises(Unfit):
        propose(10, over=EAST, first=TODAY + timedelta(days=45), last=TODAY + timedelta(days=46))


def test_one_person_with_two_accounts_does_not_decide_alone(app: Flask) -> None:
    """The name, the staff number or the telephone says that both accounts are one person's."""
    with open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        for key, name, number in ((801, "王 秀英", None), (803, "王秀英", None), (804, "王秀英", "B2")):
            role = Role.SECURITY_ADMINISTRATOR if key == 801 else Role.HEALTH_BUREAU
            work.add(Account(id=key, login=f"a{key}", display=name, role=int(role), staff_no=number, **BARE))
    propose()
    with pytest.raises(Forbidden, match="另一个人"):
        matrix.decide(BUREAU, 7, True)
    with open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        found = work.get(Account, 801)
        assert found is not None
        found.staff_no = "B1"
    with pytest.raises(Forbidden):
        matrix.decide(BUREAU, 7, True)
    matrix.decide(replace(BUREAU, actor=804), 7, True)


def test_every_line_is_shown(app: Flask) -> None:
    view = matrix.view(BUREAU, TODAY)
    assert view.own is Party.HEALTH_BUREAU
    assert [row.party for row in view.rows] == list(Party)
    assert all(cell.lines for row in view.rows for cell in row.cells)
    assert {one.key for one in matrix.choices()} == set(slacks())
