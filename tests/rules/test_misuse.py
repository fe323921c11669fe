"""查阅核对的规则: each unusual way of reading, just below and at its number."""

from __future__ import annotations

from datetime import date

import pytest

from casemgr.rules.misuse import CHECK, LOOK, PAPER, REFUSED, RULES, Look, questions
from casemgr.rules.policy import in_force_on
from casemgr.terms.misuse import Unusual
from casemgr.terms.rulebook import book

POLICY = in_force_on(date(2026, 11, 21))
NOON, NIGHT = 12 * 60, 23 * 60


def asked(looks: list[Look], before: list[Look] | None = None) -> list[tuple[Unusual, int, int]]:
    return [(one.kind, one.case, one.counted) for one in questions(looks, before or [], POLICY)]


def many(count: int, kind: int = LOOK, minute: int = NOON, case: int = 0, people: int = 1) -> list[Look]:
    return [Look(entry, 7, minute, kind, case, people) for entry in range(1, count + 1)]


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ([Look(1, 7, NOON, LOOK, 5, alike=True)], [(Unusual.OWN_NAME, 5, 1)]),
        ([Look(1, 7, NOON, LOOK, 5, alike=True, worked=True)], []),
        ([Look(1, 7, NOON, LOOK, 5, near=True)], [(Unusual.OWN_VILLAGE, 5, 1)]),
        ([Look(1, 7, NOON, LOOK, 5, near=True, alike=True)], [(Unusual.OWN_NAME, 5, 1)]),
        ([Look(1, 7, NOON, LOOK, 0, 50)], []),
        (many(4, REFUSED), []),
        (many(5, REFUSED), [(Unusual.OUT_OF_REACH, 0, 5)]),
        (many(3, minute=22 * 60), [(Unusual.AT_NIGHT, 0, 3)]),
        (many(3, minute=6 * 60 - 1), [(Unusual.AT_NIGHT, 0, 3)]),
        (many(3, minute=6 * 60), []),
        (many(3, minute=22 * 60 - 1), []),
        (many(2, minute=NIGHT), []),
        ([Look(n, 7, NOON, LOOK, n) for n in range(1, 40)], []),
        ([Look(n, 7, NOON + n, LOOK, n) for n in range(1, 41)], [(Unusual.MANY_AN_HOUR, 0, 40)]),
        ([Look(n, 7, NOON + 2 * n, LOOK, n) for n in range(1, 41)], []),
        # Sixty minutes have sixty minutes: the fortieth at the sixtieth counts no more.
        ([Look(n, 7, NOON + (n == 40) * 59, LOOK, n) for n in range(1, 41)], [(Unusual.MANY_AN_HOUR, 0, 40)]),
        ([Look(n, 7, NOON + (n == 40) * 60, LOOK, n) for n in range(1, 41)], []),
        # Forty looks at thirty-nine files are thirty-nine.
        ([Look(n, 7, NOON, LOOK, min(n, 39), worked=True) for n in range(1, 41)], []),
        (many(4, case=5), []),
        (many(5, case=5), [(Unusual.AGAIN_AND_AGAIN, 5, 5)]),
        ([*many(5, case=5), Look(9, 7, NOON, LOOK, 5, worked=True)], []),
        ([Look(1, 7, NOON, LOOK, 5, past=True)], [(Unusual.AFTER_LEAVING, 0, 1)]),
        (many(14, CHECK), []),
        (many(15, CHECK), [(Unusual.MANY_CHECKS, 0, 15)]),
        (many(9, PAPER), []),
        (many(10, PAPER), [(Unusual.MANY_PAPERS, 0, 10)]),
        ([Look(1, 7, NOON, PAPER, 0, 50)], []),
        ([Look(1, 7, NOON, PAPER, 0, 51)], [(Unusual.MANY_PAPERS, 0, 1)]),
    ],
)
def test_what_is_asked(looks: list[Look], expected: list[tuple[Unusual, int, int]]) -> None:
    assert asked(looks) == expected


def test_looks_of_the_days_before_count_as_repeats_of_the_same_account_only() -> None:
    own = [Look(1, 7, NOON, LOOK, 5)]
    before = [Look(n, 7, 0, LOOK, 5) for n in range(2, 6)]
    assert asked(own, before) == [(Unusual.AGAIN_AND_AGAIN, 5, 5)]
    assert asked(own, [one._replace(account=8) for one in before]) == []
    assert asked(own, [*before, Look(9, 7, 0, LOOK, 5, worked=True)]) == []
    assert asked([], before) == []


def test_accounts_are_asked_about_one_by_one_and_each_kind_has_its_rule() -> None:
    both = [*many(3, REFUSED), *(one._replace(account=8) for one in many(2, REFUSED))]
    assert asked(both) == []
    assert {RULES[one] for one in Unusual} <= set(book())
