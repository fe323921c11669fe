"""REC-FAIR-1: what is asked about and what is not, at and beside each limit."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from casemgr.rules.fair_play import VisitMark, patterns
from casemgr.rules.policy import in_force_on
from casemgr.terms.fair_play import Pattern
from casemgr.terms.followup import VisitMode

LAST = date(2026, 10, 31)
POLICY = in_force_on(LAST)
TOWN, AUTHOR = 999901101000, 7
HOME, CLINIC = int(VisitMode.HOME), int(VisitMode.CLINIC)


def marks(count: int, **told: object) -> list[VisitMark]:
    """Visits spread over the month, each different from the last, with a level now and then."""
    return [
        VisitMark(
            TOWN, AUTHOR, date(2026, 10, 1) + timedelta(days=number % 28), HOME, number % 3, False, number * 7
        )._replace(**told)  # type: ignore[arg-type]
        for number in range(count)
    ]


def kinds(found: list[VisitMark]) -> list[tuple[Pattern, int, int]]:
    return [(one.kind, one.counted, one.visits) for one in patterns(found, LAST, POLICY)]


def test_a_month_of_plain_work_is_asked_nothing() -> None:
    assert kinds(marks(40)) == []
    assert kinds([]) == []


@pytest.mark.parametrize(
    ("same", "other", "asked"),
    [(18, 2, True), (17, 3, False), (9, 1, True), (9, 0, False), (10, 0, True)],
)
def test_copied_visits(same: int, other: int, asked: bool) -> None:
    found = kinds(marks(same, same=True) + marks(other, same=False) + marks(2, same=None))
    assert found == ([(Pattern.COPIED, same, same + other)] if asked else [])


@pytest.mark.parametrize(("zeros", "others", "asked"), [(30, 0, True), (29, 0, False), (200, 1, False)])
def test_everybody_at_level_0(zeros: int, others: int, asked: bool) -> None:
    found = kinds(marks(zeros, risk=0) + marks(others, risk=1))
    assert found == ([(Pattern.LEVEL_ZERO, zeros, zeros)] if asked else [])
    # Nothing assessed is no level 0.
    assert kinds(marks(40, risk=None)) == []


@pytest.mark.parametrize(
    ("late", "early", "asked"), [(12, 8, True), (11, 9, False), (9, 1, False), (10, 0, True)]
)
def test_spikes_at_the_end_of_the_month(late: int, early: int, asked: bool) -> None:
    found = kinds(marks(late, on=date(2026, 10, 30)) + marks(early, on=date(2026, 10, 29)))
    assert found == ([(Pattern.LAST_DAYS, late, late + early)] if asked else [])


def test_a_clinic_day_at_the_end_of_the_month_is_a_day_of_work() -> None:
    assert kinds(marks(40, on=LAST, mode=CLINIC)) == []
    assert kinds(marks(40, on=LAST, mode=CLINIC) + marks(9, on=LAST)) == []


@pytest.mark.parametrize(("together", "asked"), [(8, True), (7, False)])
def test_many_entries_in_one_minute(together: int, asked: bool) -> None:
    found = kinds(marks(together, minute=5_000) + marks(6))
    assert found == ([(Pattern.SAME_MINUTE, together, together + 6)] if asked else [])
    assert kinds(marks(40, minute=None)) == []


def test_authors_and_townships_are_looked_at_apart() -> None:
    other = marks(9, same=True, author=8)
    assert kinds(marks(9, same=True) + other) == []
    found = patterns(marks(10, same=True) + marks(10, same=True, area=TOWN + 1000), LAST, POLICY)
    assert [(one.area, one.author) for one in found] == [(TOWN, AUTHOR), (TOWN + 1000, AUTHOR)]
