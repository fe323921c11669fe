"""How long an account may be used."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from casemgr.rules.policy import in_force_on
from casemgr.rules.standing import AccountDays, Standing, use_on

BEGUN = date(2026, 1, 10)
POLICY = in_force_on(BEGUN)
PLAIN = AccountDays(True, BEGUN, None, None, None, None)


def after(days: int) -> date:
    return BEGUN + timedelta(days=days)


@pytest.mark.parametrize(
    ("day", "standing", "warned"),
    [
        (after(0), Standing.GOOD, False),
        (after(335), Standing.GOOD, False),
        (after(336), Standing.GOOD, True),
        (after(365), Standing.GOOD, True),
        (after(366), Standing.UNCONFIRMED, False),
    ],
)
def test_an_account_is_confirmed_once_a_year(day: date, standing: Standing, warned: bool) -> None:
    found = use_on(PLAIN, day, POLICY)
    assert (found.standing, found.warned, found.last_day) == (standing, warned, after(365))
    assert found.usable is (standing is Standing.GOOD)


def test_a_confirmation_begins_the_year_anew() -> None:
    assert use_on(replace(PLAIN, certified_on=after(300)), after(600), POLICY).usable


def test_both_days_of_the_term_are_included() -> None:
    bound = replace(PLAIN, valid_from=after(10), valid_until=after(20))
    found = {day: use_on(bound, after(day), POLICY).standing for day in (9, 10, 20, 21)}
    assert found == {9: Standing.NOT_YET, 10: Standing.GOOD, 20: Standing.GOOD, 21: Standing.OVER}
    assert use_on(bound, after(20), POLICY).warned
    assert use_on(bound, after(20), POLICY).last_day == after(20)


def test_who_has_left_or_is_closed_uses_nothing() -> None:
    assert use_on(replace(PLAIN, active=False), BEGUN, POLICY).standing is Standing.CLOSED
    left = replace(PLAIN, active=False, left_on=BEGUN, valid_until=after(900), certified_on=BEGUN)
    assert use_on(left, BEGUN, POLICY).standing is Standing.LEFT
