"""Working days with make-up days, months as people count them, and years nobody has published yet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules import calendar, policy
from casemgr.rules.calendar import deadline, is_working_day, months_after, working_days_after
from casemgr.terms.duty import Calendar

POLICY = policy.in_force_on(date(2026, 11, 21))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 10, 1), False),  # a Thursday, National Day
        (date(2026, 10, 10), True),  # a Saturday made up for it
        (date(2026, 11, 21), False),  # a Saturday
        (date(2026, 11, 23), True),
        (date(2024, 2, 29), True),
        (date(2027, 1, 4), True),  # no list yet: a Monday
        (date(2027, 1, 2), False),  # no list yet: a Saturday
    ],
)
def test_which_days_are_worked(day: date, worked: bool) -> None:
    assert is_working_day(day) is worked


@pytest.mark.parametrize(
    ("day", "n", "last"),
    [
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # REC-3.10: Friday is day 0
        (date(2026, 9, 30), 10, date(2026, 10, 20)),  # the holiday and its made-up Saturday
        (date(2026, 12, 31), 1, date(2027, 1, 1)),  # unknown year: Monday to Friday
    ],
)
def test_a_term_of_working_days(day: date, n: int, last: date) -> None:
    assert working_days_after(day, n) == last


@pytest.mark.parametrize(
    ("day", "n", "last"),
    [
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 31)),
        (date(2026, 10, 31), 1, date(2026, 11, 30)),
        (date(2026, 8, 21), 3, date(2026, 11, 21)),
    ],
)
def test_months_end_with_the_same_day_or_the_last_of_the_month(day: date, n: int, last: date) -> None:
    assert months_after(day, n) == last


def test_a_term_knows_its_rule_and_how_it_was_counted() -> None:
    first = deadline(date(2026, 9, 30), POLICY.first_visit)
    assert (first.on, first.calendar, first.rule) == (date(2026, 10, 20), Calendar.WORKING, "GF2018-5.3")
    stable = deadline(date(2026, 11, 30), POLICY.visit_stable)
    assert (stable.on, stable.calendar, stable.rule) == (date(2027, 2, 28), Calendar.CALENDAR, "GW2017-7.12")


def test_terms_in_a_year_without_a_list_are_not_certain() -> None:
    assert calendar.is_certain(date(2026, 12, 1), date(2026, 12, 15), Calendar.WORKING)
    assert not calendar.is_certain(date(2026, 12, 25), date(2027, 1, 8), Calendar.WORKING)
    assert calendar.is_certain(date(2026, 12, 25), date(2027, 3, 25), Calendar.CALENDAR)


def test_our_own_list_comes_last(monkeypatch: pytest.MonkeyPatch) -> None:
    own = ({"day": "2027-01-01", "kind": "休"}, {"day": "2027-01-03", "kind": "班"})
    monkeypatch.setattr(calendar, "lines", lambda name: own)
    for cached in (calendar._listed, calendar._years, working_days_after):
        cached.cache_clear()
    try:
        assert not is_working_day(date(2027, 1, 1))
        assert is_working_day(date(2027, 1, 3))
        assert calendar.is_known(date(2027, 6, 1))
        assert working_days_after(date(2026, 12, 31), 1) == date(2027, 1, 3)
    finally:
        monkeypatch.undo()
        for cached in (calendar._listed, calendar._years, working_days_after):
            cached.cache_clear()


@given(st.dates(date(2015, 1, 1), date(2030, 1, 1)), st.integers(0, 30))
def test_exactly_so_many_days_are_worked_in_a_term(day: date, n: int) -> None:
    last = working_days_after(day, n)
    worked = sum(is_working_day(day + timedelta(i)) for i in range(1, (last - day).days + 1))
    assert worked == n
    assert n == 0 or is_working_day(last)
