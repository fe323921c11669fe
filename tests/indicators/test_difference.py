"""What two closings count otherwise adds up to the difference of their figures."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.indicators.difference import between, keys_of, pack, unpack
from casemgr.indicators.packed import Verdicts

KEYS = ("IND-02.REG-A", "IND-03.STD-INT", "IND-10")


@st.composite
def closings(draw: st.DrawFn, keys: tuple[str, ...] = KEYS) -> Verdicts:
    """Some people with masks; who counts is always asked about."""
    cases = draw(st.lists(st.integers(1, 12), unique=True, max_size=8).map(sorted))
    asked = [draw(st.integers(0, 2 ** len(keys) - 1)) for _ in cases]
    counted = [draw(st.integers(0, 2 ** len(keys) - 1)) & mask for mask in asked]
    return Verdicts(keys, tuple(cases), tuple(0 for _ in cases), tuple(asked), tuple(counted))


def figure(of: Verdicts, key: str) -> tuple[int, int]:
    return len(of.people(key, "numerator")), len(of.people(key, "denominator"))


@settings(max_examples=100)
@given(closings(), closings())
def test_the_people_add_up_to_the_difference_of_the_figures(before: Verdicts, after: Verdicts) -> None:
    found = unpack(pack(between(before, after)))
    for key in KEYS:
        was, now = figure(before, key), figure(after, key)
        assert found.change(key) == (now[0] - was[0], now[1] - was[1])


@given(closings())
def test_the_same_closing_differs_in_nobody(one: Verdicts) -> None:
    assert between(one, one).people == ()


@given(closings(), closings())
def test_there_and_back_is_the_same_people_the_other_way_round(one: Verdicts, other: Verdicts) -> None:
    there, back = between(one, other), between(other, one)
    assert [(p.case, p.into, p.out, p.asked, p.unasked) for p in there.people] == [
        (p.case, p.out, p.into, p.unasked, p.asked) for p in back.people
    ]


def test_only_figures_that_both_know_are_compared() -> None:
    before = Verdicts(("IND-10", "IND-03.STD-INT"), (1, 2), (0, 0), (0b11, 0b11), (0b10, 0b01))
    after = Verdicts(("IND-03.STD-INT", "IND-99"), (1, 2), (0, 0), (0b11, 0b11), (0b11, 0b11))
    found = between(before, after)
    assert found.keys == ("IND-03.STD-INT",)
    assert [(one.case, keys_of(one.into, found.keys)) for one in found.people] == [(2, ("IND-03.STD-INT",))]


def test_a_township_that_is_new_or_gone_differs_in_everybody() -> None:
    one = Verdicts(KEYS, (7,), (0,), (0b101,), (0b100,))
    came, went = between(None, one), between(one, None)
    assert [(p.case, p.into, p.asked) for p in came.people] == [(7, 0b100, 0b101)]
    assert [(p.case, p.out, p.unasked) for p in went.people] == [(7, 0b100, 0b101)]
    assert between(None, None).people == ()


@pytest.mark.parametrize("other", [b"", b"abc", b"x\x9c"])
def test_other_bytes_are_no_differences(other: bytes) -> None:
    with pytest.raises(ValueError, match="no packed differences"):
        unpack(other)
