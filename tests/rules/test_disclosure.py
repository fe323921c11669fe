"""The disclosure matrix: complete, strict by default, loosened only by what the code knows."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest

from casemgr.rules.disclosure import (
    ALWAYS,
    MASKS,
    PARTY_OF_ROLE,
    Loosening,
    cell,
    covered,
    knows_person,
    matrix,
    may_see,
    sight,
    sights,
    slacks,
)
from casemgr.terms.account import Role
from casemgr.terms.disclosure import Condition, FieldGroup, Level, Party
from casemgr.terms.rulebook import STATUSES

DAY = date(2026, 11, 22)
RISK, EMERGENCY, CONSENT, BENEFIT, TEAM, REQUEST, HARM_CHECK, IN_CARE = Condition
G1, G2, G3, G4, G5, G6, G7, G8, G9, G10, G11, G12, G13, G14 = FieldGroup
CLINICAL = (G5, G6, G7)
EVERY = [frozenset(some) for size in range(len(Condition) + 1) for some in combinations(Condition, size)]


def test_every_cell_of_the_matrix_is_written_with_ground_and_status() -> None:
    assert {(line.party, line.group) for line in matrix()} == {(p, g) for p in Party for g in FieldGroup}
    for line in matrix():
        assert line.ground and line.source and line.status in STATUSES
        assert (line.level is Level.MASKED) is bool(line.mask)
        assert line.mask in {"", *MASKS}
        assert not line.reveal or line.level is Level.MASKED
        if line.level is Level.NONE:
            assert line.conditions == ALWAYS and len(cell(line.party, line.group)) == 1


def test_every_role_that_is_a_person_has_its_row_and_the_system_has_none() -> None:
    assert set(PARTY_OF_ROLE) == set(Role) - {Role.SYSTEM}
    assert not sights(Role.SYSTEM, set(Condition), DAY)


@pytest.mark.parametrize(
    ("role", "group", "conditions", "level"),
    [
        (Role.TOWNSHIP_DOCTOR, G2, (), Level.MASKED),
        (Role.TOWNSHIP_DOCTOR, G7, (), Level.FULL),
        (Role.VILLAGE_DOCTOR, G13, tuple(Condition), Level.NONE),
        (Role.UNIT_HEAD, G3, (), Level.MASKED),
        (Role.UNIT_HEAD, G13, (), Level.NONE),
        (Role.UNIT_HEAD, G13, (EMERGENCY,), Level.FULL),
        (Role.COUNTY_OFFICER, G12, (), Level.FLAG),
        (Role.HEALTH_BUREAU, G8, (), Level.COUNT),
        (Role.HEALTH_BUREAU, G1, (RISK, EMERGENCY, CONSENT), Level.NONE),
        (Role.CITY_OFFICER, G1, tuple(Condition), Level.NONE),
        (Role.POLICE, G1, (), Level.NONE),
        (Role.POLICE, G1, (CONSENT,), Level.NONE),
        (Role.POLICE, G1, (RISK,), Level.FULL),
        (Role.POLICE, G2, (RISK,), Level.MASKED),
        (Role.POLICE, G3, (RISK,), Level.NONE),
        (Role.POLICE, G3, (RISK, EMERGENCY), Level.FULL),
        (Role.POLICE, G6, (EMERGENCY,), Level.SUMMARY),
        (Role.POLICE, G9, (), Level.OWN),
        (Role.POLICE, G9, (RISK,), Level.FULL),
        (Role.CIVIL_AFFAIRS, G1, (BENEFIT,), Level.FULL),
        (Role.CIVIL_AFFAIRS, G1, (CONSENT,), Level.FULL),
        (Role.CIVIL_AFFAIRS, G1, (RISK,), Level.NONE),
        (Role.CIVIL_AFFAIRS, G8, (BENEFIT,), Level.NONE),
        (Role.DISABLED_FEDERATION, G5, (BENEFIT,), Level.SUMMARY),
        (Role.POLITICAL_LEGAL, G4, (), Level.MASKED),
        (Role.POLITICAL_LEGAL, G4, (RISK,), Level.FULL),
        (Role.HOSPITAL, G1, (), Level.NONE),
        (Role.HOSPITAL, G6, (IN_CARE,), Level.FULL),
        (Role.REHAB_BODY, G2, (CONSENT, IN_CARE), Level.NONE),
        (Role.ADMINISTRATOR, G14, (), Level.COUNT),
        (Party.GUARDIAN, G13, (CONSENT,), Level.NONE),
        (Party.GUARDIAN, G13, (CONSENT, HARM_CHECK), Level.FULL),
        (Party.PATIENT, G5, (), Level.NONE),
        (Party.PATIENT, G5, (HARM_CHECK,), Level.FULL),
        (Party.POLICE_ABOVE, G5, (RISK, EMERGENCY), Level.NONE),
        (Party.POLICE_ABOVE, G5, (REQUEST,), Level.FULL),
        (Party.PUBLIC, G1, tuple(Condition), Level.NONE),
    ],
)
def test_a_line_of_the_matrix(
    role: Role | Party, group: FieldGroup, conditions: tuple[Condition, ...], level: Level
) -> None:
    assert may_see(role, group, conditions, DAY) is level


def test_police_are_never_told_of_diagnosis_or_medicine_whatever_holds() -> None:
    for given in EVERY:
        seen = sights(Role.POLICE, given, DAY)
        assert not {G5, G7, G11, G12, G13} & set(seen), given
        assert EMERGENCY in given or G6 not in seen


def test_who_reads_figures_or_keeps_the_house_is_told_of_no_person_whatever_holds() -> None:
    identity = {G1, G2, G3, G4, G10, G13}
    for role in (Role.CITY_OFFICER, Role.ADMINISTRATOR):
        for given in EVERY:
            assert not identity & set(sights(role, given, DAY)), (role, given)
    for role in (Role.SECURITY_ADMINISTRATOR, Role.AUDIT_ADMINISTRATOR):
        for given in EVERY:
            assert not knows_person(role, given, DAY)
    for given in EVERY:
        assert REQUEST in given or not identity & set(sights(Role.HEALTH_BUREAU, given, DAY)), given


def test_more_conditions_never_tell_less_and_the_free_text_of_counselling_stays_inside() -> None:
    outside = set(Role) - {Role.TOWNSHIP_DOCTOR, Role.UNIT_HEAD, Role.COUNTY_OFFICER, Role.SYSTEM}
    for role in set(Role) - {Role.SYSTEM}:
        for group in FieldGroup:
            alone = max(may_see(role, group, {one}, DAY) for one in Condition)
            assert may_see(role, group, set(), DAY) <= alone <= may_see(role, group, set(Condition), DAY)
    for role in outside - {Role.HOSPITAL, Role.REHAB_BODY}:
        assert may_see(role, G13, set(Condition), DAY) is Level.NONE


def test_before_its_first_day_a_line_tells_nothing() -> None:
    first = min(line.first for line in matrix())
    assert may_see(Role.TOWNSHIP_DOCTOR, G1, (), first) is Level.FULL
    assert may_see(Role.TOWNSHIP_DOCTOR, G1, (), first - timedelta(days=1)) is Level.NONE


def test_what_hangs_on_a_written_request_alone_is_on_no_screen() -> None:
    for line in matrix():
        if line.party is Party.POLICE_ABOVE and line.level > Level.COUNT:
            assert not line.by_screen


def test_a_loosening_adds_what_the_code_knows_and_nothing_else() -> None:
    week = Loosening("PO-G3", "某政法〔2026〕1号", DAY, DAY + timedelta(days=6))
    assert may_see(Role.POLICE, G3, {RISK}, DAY, [week]) is Level.FULL
    assert "某政法〔2026〕1号" in sight(Role.POLICE, G3, {RISK}, DAY, [week]).ground
    assert may_see(Role.POLICE, G3, set(), DAY, [week]) is Level.NONE
    assert may_see(Role.POLICE, G3, {RISK}, DAY - timedelta(days=1), [week]) is Level.NONE
    assert may_see(Role.POLICE, G3, {RISK}, DAY + timedelta(days=7), [week]) is Level.NONE
    assert may_see(Role.CIVIL_AFFAIRS, G3, {RISK}, DAY, [week]) is Level.NONE
    assert may_see(Role.POLICE, G5, set(Condition), DAY, [week]) is Level.NONE
    invented = Loosening("PO-G5", "某政法〔2026〕2号", DAY, DAY)
    assert may_see(Role.POLICE, G5, set(Condition), DAY, [invented]) is Level.NONE


def test_no_known_loosening_opens_medicine_or_diagnosis_to_police_or_a_person_to_figures_or_keepers() -> None:
    closed = {Party.HEALTH_BUREAU, Party.STATISTICS, Party.ADMINISTRATOR, Party.AUDITOR, Party.PUBLIC}
    for slack in slacks().values():
        assert slack.party not in closed
        assert slack.party is not Party.POLICE or slack.group not in CLINICAL
        if slack.party in (Party.UNIT_HEAD, Party.COUNTY_UNIT):
            continue  # at the files themselves: a check of quality may read notes and answers
        assert slack.group is not G13
        assert slack.conditions != ALWAYS, slack.key
        assert slack.status in STATUSES and slack.ground
        strict = max(may_see(slack.party, slack.group, given, DAY) for given in slack.conditions)
        assert slack.level > strict, f"{slack.key} loosens nothing"


def test_each_line_says_itself_in_words() -> None:
    for line in matrix():
        assert line.words.startswith(line.level.label)
    (police,) = cell(Party.POLICE, G2)
    assert police.words.startswith("部分遮盖（前三位、后两位）；条件：危险性等级3级及以上")
    assert police.unverified


@pytest.mark.parametrize(
    ("text", "mask", "shown"),
    [
        ("999901199001010011", "id", "999*************11"),
        ("10012345678", "phone", "100****5678"),
        ("12345", "id", "*****"),
        ("某镇某村1号", "village", ""),
        ("某镇某村1号", "", "某镇某村1号"),
    ],
)
def test_a_covered_value(text: str, mask: str, shown: str) -> None:
    assert covered(text, mask) == shown
