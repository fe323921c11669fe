"""The numbers in force."""

from __future__ import annotations

from datetime import date

import pytest

from casemgr.rules import policy
from casemgr.terms.lists import lines
from casemgr.terms.rulebook import book

DAY = date(2026, 10, 31)


@pytest.mark.parametrize(
    ("rule", "name", "value"),
    [
        ("GW2017-7.12", "gap_stable", 92),
        ("GF2018-7.16", "gap_basic", 31),
        ("GF2018-7.16", "gap_unstable", 14),
        ("STD-INT", "gap_unclassified", 92),
        ("STD-INT", "gap_first", 92),
        ("GW2017-7.1", "months_per_visit", 3),
        ("STD-PRO", "visits_least", 1),
        ("REHAB-SESSION", "session_minutes", 30),
    ],
)
def test_a_number_knows_its_rule(rule: str, name: str, value: int) -> None:
    found = getattr(policy.in_force_on(DAY), name)
    assert (found.rule, found.value) == (rule, value)
    assert found.rule in book()
    assert found.unit


def test_every_line_of_the_list_is_a_number_somebody_may_ask_for() -> None:
    assert {line["parameter"] for line in lines("policy")} == set(policy.Policy.__slots__)


def test_the_digest_changes_with_the_numbers_only() -> None:
    assert policy.in_force_on(DAY).digest == policy.in_force_on(date(2025, 1, 1)).digest
    assert len(policy.in_force_on(DAY).digest) == 64


def test_before_the_first_line_there_is_no_policy() -> None:
    with pytest.raises(LookupError, match="gap_stable"):
        policy.in_force_on(date(2016, 12, 31))


def test_lines_of_a_region_come_before_the_national_ones() -> None:
    national = {"region": "CN", "valid_from": "2020-01-01", "valid_to": ""}
    local = {"region": "3301", "valid_from": "2020-01-01", "valid_to": "2020-12-31"}
    closer = {"region": "330106", "valid_from": "2020-01-01", "valid_to": ""}
    every = [national, local, closer]
    assert list(policy.nearest(every, "330106", date(2020, 12, 31))) == ["330106", "3301", "CN"]
    assert list(policy.nearest(every, "330106", date(2021, 1, 1))) == ["330106", "CN"]
    assert list(policy.nearest(every, "demo", date(2020, 5, 5))) == ["CN"]


def test_a_term_laid_down_later_does_not_keep_an_earlier_month_from_being_counted() -> None:
    early = policy.in_force_on(date(2018, 6, 30))
    assert early.digest == policy.in_force_on(DAY).digest
    assert early.impact_kept.valid_from > date(2018, 6, 30)
