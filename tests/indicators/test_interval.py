"""The interval of a rate: published values, and what must hold of any share."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.indicators.interval import wilson


@pytest.mark.parametrize(
    ("numerator", "denominator", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17, table I: score method without continuity correction.
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
    ],
)
def test_published_intervals(numerator: int, denominator: int, low: float, high: float) -> None:
    found = wilson(numerator, denominator)
    assert found is not None
    assert (round(found[0], 2), round(found[1], 2)) == (low, high)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_a_share_lies_inside_and_more_people_make_it_narrower(pair: tuple[int, int]) -> None:
    numerator, denominator = pair
    found, wider = wilson(numerator, denominator), wilson(numerator * 4, denominator * 4)
    assert found is not None
    assert wider is not None
    assert 0 <= found[0] <= 100 * numerator / denominator <= found[1] <= 100
    assert wider[1] - wider[0] < found[1] - found[0]


def test_nobody_has_no_interval_and_more_than_all_is_no_share() -> None:
    assert wilson(0, 0) is None
    for wrong in ((5, 4), (-1, 4)):
        with pytest.raises(ValueError, match="no share"):
            wilson(*wrong)
