"""保存期限: terms as the list has them, the last day included, and nothing over before it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules.retention import is_over, last_day, newest_over, table
from casemgr.terms.retention import AtEnd, Kept
from casemgr.terms.rulebook import book

DAYS = st.dates(date(1950, 1, 1), date(2030, 12, 31))
DAY = timedelta(days=1)


def test_every_kind_has_its_line_with_a_known_rule() -> None:
    assert set(table()) == set(Kept)
    assert all(line.rule in book() for line in table().values())
    # Whatever may be destroyed has a term; nothing else is destroyed at all.
    for line in table().values():
        assert (line.months is not None) == (line.at_end in (AtEnd.DESTROY, AtEnd.APPROVED, AtEnd.ARCHIVE))
    assert {one for one, line in table().items() if line.at_end is AtEnd.APPROVED} == {
        Kept.MEDICAL,
        Kept.COVER,
    }


def test_no_term_is_shorter_than_the_law() -> None:
    assert table()[Kept.MEDICAL].months == 30 * 12
    assert (table()[Kept.AUDIT].months or 0) >= 36
    for kind in (Kept.COMPARISON, Kept.REQUEST):
        assert (table()[kind].months or 0) >= 36
    assert (table()[Kept.MISUSE].months or 0) >= 6


@pytest.mark.parametrize(
    ("kind", "began", "last"),
    [
        (Kept.MEDICAL, date(1996, 11, 21), date(2026, 11, 21)),
        (Kept.MEDICAL, date(1996, 2, 29), date(2026, 2, 28)),
        (Kept.AUDIT, date(2023, 11, 21), date(2026, 11, 21)),
        (Kept.DRAFT, date(2026, 8, 31), date(2027, 2, 28)),
        (Kept.WITHDRAWN, date(2026, 11, 21), date(2026, 11, 21)),
    ],
)
def test_the_last_day_still_keeps(kind: Kept, began: date, last: date) -> None:
    assert last_day(kind, began) == last
    assert not is_over(kind, began, last)
    assert is_over(kind, began, last + DAY)


def test_without_a_day_or_a_term_nothing_is_over() -> None:
    assert not is_over(Kept.MEDICAL, None, date(2999, 1, 1))
    assert not is_over(Kept.LEDGER, date(1950, 1, 1), date(2999, 1, 1))
    assert not is_over(Kept.HOTLINE, date(1950, 1, 1), date(2999, 1, 1))


@given(st.sampled_from(list(Kept)), DAYS, DAYS)
def test_nothing_is_over_under_its_term(kind: Kept, began: date, today: date) -> None:
    over, months = is_over(kind, began, today), table()[kind].months
    if over:
        assert months is not None
        assert (today.year - began.year) * 12 + today.month - began.month >= months
        assert today > began
        assert is_over(kind, began, today + DAY)
        assert is_over(kind, began - DAY, today)
        until = newest_over(kind, today)
        assert until is not None and began <= until  # the coarse question never leaves one out
