"""Which role may do what: a table that is changed on purpose or not at all."""

from __future__ import annotations

import pytest

from casemgr.rules.access import (
    COVERED_NUMBERS,
    KEEPERS,
    POSTS,
    RECEIVERS,
    ROLE_ACTIONS,
    Access,
    Action,
    Role,
)
from casemgr.rules.disclosure import may_see
from casemgr.services.account import AREA_OF_ROLE
from casemgr.terms.disclosure import FieldGroup, Level
from tests.conftest import TODAY
from tests.store.register import EAST

#: What opens, lists or changes something about a person.
OF_PEOPLE = {
    "case", "identity", "followup", "clue", "notice", "transfer", "event", "form", "injection", "medicine",
    "monitoring", "register", "draft", "duty", "exchange", "glass", "sharing", "rights", "liaison",
}  # fmt: skip
#: Whose actions are about people at all, and which of those nouns.
READERS = {
    Role.TOWNSHIP_DOCTOR: OF_PEOPLE,
    Role.COUNTY_OFFICER: OF_PEOPLE,
    Role.UNIT_HEAD: {"case", "identity", "injection", "medicine", "monitoring", "duty", "glass", "rights"},
    **{role: {"liaison"} for role in RECEIVERS},
}
#: What changes the register, prints it or lets it leave.
WRITES = {
    Action.DRAFT_WRITE,
    Action.EVENT_WRITE,
    Action.EXCHANGE_EXPORT,
    Action.EXCHANGE_IMPORT,
    Action.FOLLOWUP_CONFIRM,
    Action.FOLLOWUP_RECORD,
    Action.FORM_PRINT,
    Action.INJECTION_WRITE,
    Action.MEDICINE_WRITE,
    Action.MONITORING_WRITE,
    Action.REGISTER_WRITE,
    Action.RIGHTS_WRITE,
    Action.SHARING_WRITE,
    Action.TRANSFER_WRITE,
}
GIVEN = sorted(set(ROLE_ACTIONS) - {Role.SYSTEM})


def nouns(role: Role) -> set[str]:
    return {action.code.split(":")[0] for action in ROLE_ACTIONS.get(role, ())}


@pytest.mark.parametrize("role", list(Role), ids=lambda one: one.name)
def test_only_readers_of_people_hold_actions_about_people(role: Role) -> None:
    if role is not Role.SYSTEM:
        assert nouns(role) & OF_PEOPLE <= READERS.get(role, set())


def test_whoever_lists_people_is_told_who_they_are_by_the_matrix_and_nobody_else_is() -> None:
    for role in set(GIVEN) - RECEIVERS:
        known = may_see(role, FieldGroup.G1, (), TODAY) is Level.FULL
        assert known is (Action.CASE_LIST in ROLE_ACTIONS[role]), role
        assert known is (Action.IDENTITY_REVEAL in ROLE_ACTIONS[role]), role


def test_the_head_of_a_unit_writes_prints_and_exports_nothing() -> None:
    assert not WRITES & ROLE_ACTIONS[Role.UNIT_HEAD]
    assert {Action.GLASS_REVIEW, Action.MISUSE_ANSWER} <= ROLE_ACTIONS[Role.UNIT_HEAD]
    assert {Role.UNIT_HEAD} == COVERED_NUMBERS


@pytest.mark.parametrize("role", [Role.HEALTH_BUREAU, Role.CITY_OFFICER])
def test_figures_are_read_without_people(role: Role) -> None:
    assert nouns(role) == {"access", "account", "area", "indicator", "report"}
    assert not {one for one in ROLE_ACTIONS[role] if one.writes} - {
        Action.ACCOUNT_SIGN_IN,
        Action.ACCESS_APPROVE,
    }


def test_the_three_keepers_reach_no_row_and_share_no_power() -> None:
    for role in KEEPERS:
        assert Access.over(1, "x", role, EAST).high == 0
    powers = [
        {one for one in ROLE_ACTIONS[role] if one.writes} - {Action.ACCOUNT_SIGN_IN, Action.ACCOUNT_CERTIFY}
        for role in sorted(KEEPERS)
    ]
    for number, one in enumerate(powers):
        for other in powers[number + 1 :]:
            assert not one & other


def test_who_is_given_a_role_and_who_is_not() -> None:
    assert set(AREA_OF_ROLE) == set(GIVEN)
    assert set(Role) == set(ROLE_ACTIONS)
    for role in POSTS:
        alone, placed = Access.over(1, "x", role, EAST), Access.over(1, "x", role, EAST, post=7)
        assert (alone.low, alone.high, alone.desk) == (0, 0, 0)
        assert (placed.low, placed.desk) == (EAST, 7)
    assert Access.over(1, "x", Role.POLICE, EAST, post=7).desk == EAST


def test_other_departments_hold_nothing_of_the_house() -> None:
    for role in RECEIVERS:
        assert nouns(role) == {"account", "liaison"}
        assert Action.LIAISON_MANAGE not in ROLE_ACTIONS[role]
        assert not {Action.GLASS_BREAK, Action.ACCESS_READ} & ROLE_ACTIONS[role]
