"""长效针剂候选: the four situations as a table; empty is no reason."""

from __future__ import annotations

from datetime import date

import pytest

from casemgr.rules.injection_candidate import SeenFact, reasons
from casemgr.rules.policy import in_force_on
from casemgr.terms.code import to_mask
from casemgr.terms.incident import DangerousAct
from casemgr.terms.injection import Trigger
from casemgr.terms.rulebook import rule

POLICY = in_force_on(date(2026, 1, 1))
DAYS = [date(2025, 12, day) for day in (20, 10, 1, 2)]
REGULAR, IRREGULAR, NONE, NOT_NEEDED = 1, 2, 3, 4
A, G, R, H = Trigger.ADHERENCE, Trigger.GUARDIAN, Trigger.IRREGULAR, Trigger.HARM
SELF, OTHERS = to_mask([DangerousAct.SELF_HARM]), to_mask([DangerousAct.OFFENCE])


def seen(*visits: tuple[int | None, int | None, int | None, int | None]) -> list[SeenFact]:
    """Visits, latest first, as (adherence, risk, acts, count of harm)."""
    return [SeenFact(on, *told) for on, told in zip(DAYS, visits, strict=False)]


@pytest.mark.parametrize(
    ("visits", "guarded", "triggers"),
    [
        ([(REGULAR, 0, None, 0)], True, []),
        ([], True, []),
        ([(None, None, None, None)], True, []),
        ([(NOT_NEEDED, 0, None, 0)], True, []),
        ([(IRREGULAR, 0, None, 0)], True, [A]),
        ([(NONE, 0, None, 0)], True, [A]),
        ([(REGULAR, 0, None, 0)], False, [G]),
        ([(IRREGULAR, 0, None, 0), (NONE, 0, None, 0)], True, [A, R]),
        ([(REGULAR, 0, None, 0), (IRREGULAR, 0, None, 0), (NONE, 0, None, 0)], True, [R]),
        ([(None, 0, None, 0), (IRREGULAR, 0, None, 0), (REGULAR, 0, None, 0)], True, [A]),
        ([(REGULAR, 3, None, 0)], True, [H]),
        ([(REGULAR, 2, None, 0)], True, []),
        ([(REGULAR, 0, OTHERS, 0)], True, [H]),
        ([(REGULAR, 0, SELF, 0)], True, []),
        ([(REGULAR, 0, None, 1)], True, [H]),
        ([(REGULAR, 0, None, 0)] * 3 + [(NONE, 5, OTHERS, 2)], True, []),  # too long ago
        ([(NONE, 4, None, 0), (NONE, 4, None, 0)], False, [A, G, R, H]),
    ],
)
def test_each_situation_makes_a_candidate_by_itself(
    visits: list[tuple[int | None, int | None, int | None, int | None]],
    guarded: bool,
    triggers: list[Trigger],
) -> None:
    found = reasons(seen(*visits), guarded, POLICY)
    assert [one.trigger for one in found] == triggers
    assert all(one.because for one in found)


def test_the_plan_is_in_the_rule_book_with_its_open_question() -> None:
    assert "具备其一" in rule("LOC-13.7").wording
