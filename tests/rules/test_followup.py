"""When the next visit is due by class, who is proposed as lost, when a visit must be face to face."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from casemgr.rules import followup, policy
from casemgr.rules.facts import AttemptFact, VisitFact
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.followup import VisitMode
from casemgr.terms.risk import Stability

POLICY = policy.in_force_on(date(2026, 11, 21))
ON = date(2026, 8, 31)
UNSTABLE, BASIC, STABLE = Stability.UNSTABLE, Stability.BASIC, Stability.STABLE


@pytest.mark.parametrize(
    ("rule", "stability", "history", "due"),
    [
        ("GW2017-7.10", UNSTABLE, (), date(2026, 9, 14)),
        ("GW2017-7.10", UNSTABLE, (STABLE,), date(2026, 9, 14)),
        ("GW2017-7.11", BASIC, (), date(2026, 9, 14)),
        ("GW2017-7.11", BASIC, (STABLE, BASIC), date(2026, 9, 14)),
        ("GW2017-7.11", BASIC, (UNSTABLE,), date(2026, 9, 14)),
        ("GW2017-7.11", BASIC, (BASIC,), date(2026, 9, 30)),
        ("GW2017-7.11", BASIC, (BASIC, BASIC), date(2026, 9, 30)),
        ("GW2017-7.12", STABLE, (BASIC,), date(2026, 11, 30)),
        ("GW2017-7.12", STABLE, (), date(2026, 11, 30)),
        ("GW2017-7.1", None, (STABLE,), date(2026, 11, 30)),
    ],
)
def test_the_next_visit_by_class(
    rule: str, stability: int | None, history: tuple[int, ...], due: date
) -> None:
    found = followup.next_visit(stability, ON, history, POLICY)
    assert (found.on, found.rule) == (due, rule)
    assert found.on == followup.latest_allowed(stability, ON, history, POLICY)
    assert found.again is (stability == BASIC and history[:1] == (BASIC,))
    assert found.reason


MISSED, AGREED = AttemptResult.NOT_REACHED, AttemptResult.AGREED


@pytest.mark.parametrize(
    ("tries", "proposed"),
    [
        ([(0, MISSED), (15, MISSED), (30, MISSED)], True),
        ([(0, MISSED), (15, MISSED), (29, MISSED)], False),  # not yet a month
        ([(0, MISSED), (15, MISSED)], False),
        ([(0, MISSED), (0, MISSED), (40, MISSED)], False),  # days of their own (tm14)
        ([(0, MISSED), (10, AGREED), (20, MISSED), (40, MISSED)], False),  # a call was answered
        ([(0, MISSED), (10, MISSED), (12, MISSED), (33, MISSED)], True),
    ],
)
def test_three_strikes(tries: list[tuple[int, int]], proposed: bool) -> None:
    attempts = [AttemptFact(n, ON + timedelta(day), int(result)) for n, (day, result) in enumerate(tries)]
    found = followup.lost_proposed(attempts, POLICY)
    assert (found is not None) is proposed
    if found is not None:
        assert (found.rule, found.origin) == ("REC-8.8", len(tries) - 1)


def visit(day: int, mode: int, informants: int | None) -> VisitFact:
    return VisitFact(day, ON + timedelta(day), mode, informants, stability=3)


PHONE, HOME = int(VisitMode.PHONE), int(VisitMode.HOME)
FAMILY, BOTH = 1 << 2, 1 << 1 | 1 << 2


@pytest.mark.parametrize(
    ("visits", "after"),
    [
        ([(PHONE, FAMILY), (PHONE, FAMILY)], 1),
        ([(PHONE, FAMILY), (PHONE, FAMILY), (PHONE, FAMILY)], 1),
        ([(PHONE, FAMILY), (PHONE, BOTH), (PHONE, FAMILY)], None),
        ([(PHONE, FAMILY), (HOME, BOTH), (PHONE, FAMILY)], None),
        ([(PHONE, FAMILY), (PHONE, FAMILY), (HOME, FAMILY)], None),
        ([(PHONE, None), (PHONE, None)], None),  # 2017 layout: nobody asked who was spoken to
    ],
)
def test_face_to_face_after_two_calls_without_the_patient(
    visits: list[tuple[int, int | None]], after: int | None
) -> None:
    found = followup.needs_face([visit(day, mode, who) for day, (mode, who) in enumerate(visits)], POLICY)
    assert (None if found is None else found.id) == after
