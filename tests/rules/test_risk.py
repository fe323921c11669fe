"""风险与分类: the decision table row by row, and that a worse finding never makes a better class."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules.risk import Change, Observation, change, needs_second, suggest, warnings
from casemgr.terms.code import to_mask
from casemgr.terms.followup import Symptom
from casemgr.terms.incident import DangerousAct
from casemgr.terms.risk import RiskLevel, Stability
from casemgr.terms.rulebook import rule

WELL = Observation(0, 0, 1, (1, 1, 9, 2, 1), False, False, False)


@pytest.mark.parametrize(
    ("changed", "row", "stability", "cited"),
    [
        ({"risk": 3}, 1, 1, "GW2017-7.10"),
        ({"risk": 5}, 1, 1, "GW2017-7.10"),
        ({"risk": 3, "insight": 3}, 1, 1, "GW2017-7.10"),
        ({"insight": 3}, 2, 1, "GW2017-7.10"),
        ({"evident_symptoms": True, "symptoms": to_mask([1])}, 3, 1, "GW2017-7.10"),
        ({"serious_reaction": True}, 3, 1, "GW2017-7.10"),
        ({"serious_illness": True}, 3, 1, "GW2017-7.10"),
        ({"risk": 1}, 4, 2, "GW2017-7.11"),
        ({"risk": 2}, 4, 2, "GW2017-7.11"),
        ({"functions": (1, 3, 1, 1, 1)}, 5, 2, "GW2017-7.11"),
        ({"insight": 2}, 5, 2, "GW2017-7.11"),
        ({"symptoms": to_mask([3])}, 5, 2, "GW2017-7.11"),
        ({}, 6, 3, "GW2017-7.12"),
        ({"symptoms": to_mask([Symptom.WITHDRAWN])}, 6, 3, "GW2017-7.12"),
        ({"functions": (2, 2, 9, 2, 2)}, 6, 3, "GW2017-7.12"),
        ({"symptoms": None}, 7, 2, "REC-7.20"),
        ({"insight": None}, 7, 2, "REC-7.20"),
        ({"risk": None}, 7, 2, "REC-7.20"),
        ({"functions": (1, None, 1, 1, 1)}, 7, 2, "REC-7.20"),
    ],
)
def test_each_row_of_the_table(changed: dict[str, object], row: int, stability: int, cited: str) -> None:
    found = suggest(replace(WELL, **changed))  # type: ignore[arg-type]
    assert (found.row, found.stability, found.rule) == (row, Stability(stability), cited)
    assert found.sure == (row != 7)
    assert found.reason


def test_nothing_found_gives_no_class() -> None:
    found = suggest(Observation())
    assert found.stability is None
    assert not found.sure


levels = st.sampled_from([None, 0, 1, 2, 3, 4, 5])
grades = st.sampled_from([None, 1, 2, 3, 9])
flags = st.sampled_from([None, False, True])
observations = st.builds(
    Observation,
    levels,
    st.one_of(st.none(), st.integers(0, 2**13 - 1).map(lambda mask: mask & ~1)),
    st.sampled_from([None, 1, 2, 3]),
    st.tuples(grades, grades, grades, grades, grades),
    flags,
    flags,
    flags,
)


@given(observations)
def test_every_finding_has_an_answer_with_a_rule_of_the_book(seen: Observation) -> None:
    found = suggest(seen)
    assert (found.stability is None) == seen.empty
    assert rule(found.rule)
    assert found.reason


@given(observations, st.integers(0, 5), st.integers(0, 5))
def test_a_higher_level_never_makes_a_better_class(seen: Observation, one: int, other: int) -> None:
    low, high = sorted((one, other))
    better, worse = suggest(replace(seen, risk=low)), suggest(replace(seen, risk=high))
    assert better.stability is not None
    assert worse.stability is not None
    assert worse.stability <= better.stability


@pytest.mark.parametrize(
    ("risk", "acts", "rules"),
    [
        (3, {DangerousAct.SUICIDE_ATTEMPT: 1}, ["GW2017-6.2"]),
        (4, {DangerousAct.SUICIDE_ATTEMPT: 1}, []),
        (0, {DangerousAct.SELF_HARM: 2}, ["GW2017-6.2"]),
        (2, {DangerousAct.CRIME: 1}, ["GW2017-6.1"]),
        (3, {DangerousAct.CRIME: 1}, []),
        (0, {DangerousAct.CRIME: 0, DangerousAct.SELF_HARM: None}, []),
        (None, {DangerousAct.CRIME: 3}, []),
        (0, {DangerousAct.DISTURBANCE: 2}, []),
    ],
)
def test_acts_question_the_level(risk: int | None, acts: dict[DangerousAct, int], rules: list[str]) -> None:
    assert [one.rule for one in warnings(risk, acts)] == rules


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, 3, Change.RAISED),
        (2, 3, Change.RAISED),
        (0, 5, Change.RAISED),
        (3, 4, Change.NONE),
        (5, 3, Change.NONE),
        (3, 2, Change.LOWERED),
        (5, 0, Change.LOWERED),
        (4, None, Change.NONE),
        (None, 2, Change.NONE),
        (2, 0, Change.NONE),
    ],
)
def test_raising_and_lowering(before: int | None, now: int | None, expected: Change) -> None:
    assert change(before, now) is expected
    assert needs_second(before, now) == (expected is Change.LOWERED)


@pytest.mark.parametrize(
    ("before", "now", "once", "needed"),
    [
        (1, 2, 4, True),
        (None, None, 3, True),
        (None, 0, 5, True),
        (4, 2, 4, True),
        (None, 3, 5, False),
        (1, 4, 4, False),
        (1, 2, 2, False),
    ],
)
def test_a_level_taken_out_of_a_visit_is_lowered(
    before: int | None, now: int | None, once: int, needed: bool
) -> None:
    assert needs_second(before, now, once) is needed


def test_every_level_has_its_wording() -> None:
    words = [level.wording for level in RiskLevel]
    assert len(set(words)) == len(RiskLevel)
    assert "只在家里" in RiskLevel.LEVEL_2.wording
    assert "自杀" in RiskLevel.LEVEL_4.wording
    assert RiskLevel.LEVEL_4.note
