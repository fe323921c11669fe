"""Periods and quarters."""

from __future__ import annotations

from datetime import date

import pytest

from casemgr.indicators.period import Period


@pytest.mark.parametrize(
    ("month", "end"),
    [("2026-10", date(2026, 10, 31)), ("2024-02", date(2024, 2, 29)), (202512, date(2025, 12, 31))],
)
def test_a_month_means_the_year_up_to_its_last_day(month: str | int, end: date) -> None:
    period = Period.of_month(month)
    assert (period.start, period.end) == (date(end.year, 1, 1), end)
    assert period.number == end.year * 100 + end.month
    assert Period.of_month(period.month) == period


@pytest.mark.parametrize("month", ["2026-13", "2026-00", "2026", "十月", "2026-1", "12026-10", ""])
def test_what_is_no_month_is_refused(month: str) -> None:
    with pytest.raises(ValueError, match="no month"):
        Period.of_month(month)


def test_a_period_begins_with_the_year() -> None:
    with pytest.raises(ValueError, match="1 January"):
        Period(date(2026, 2, 1), date(2026, 3, 31))


def test_quarters_cover_the_year() -> None:
    quarters = Period.to(date(2024, 5, 5)).quarters
    assert [one.bit for one in quarters] == [1, 2, 4, 8]
    assert [(one.first, one.last) for one in quarters][:2] == [
        (date(2024, 1, 1), date(2024, 3, 31)),
        (date(2024, 4, 1), date(2024, 6, 30)),
    ]
    assert quarters[-1].last == date(2024, 12, 31)
