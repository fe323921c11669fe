"""How values are written, and the geometry of small drawings."""

from __future__ import annotations

import datetime as dt

import pytest

from casemgr.web import filters


def test_dates_and_instants() -> None:
    assert filters.day(dt.date(2026, 9, 2)) == "2026-09-02"
    assert filters.day(None) == "—"
    assert filters.moment(dt.datetime(2026, 9, 1, 22, 0, tzinfo=dt.UTC)) == "2026-09-02 06:00"
    assert filters.moment(None) == "—"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "—"), (0, "0.0 秒"), (3.24, "3.2 秒"), (42, "42 秒"), (200, "3 分 20 秒"), (7500, "2 小时 5 分")],
)
def test_durations(seconds: float | None, words: str) -> None:
    assert filters.duration(seconds) == words


def test_counts_and_sizes() -> None:
    assert [filters.number(value) for value in (None, 0, 2300)] == ["—", "0", "2,300"]
    assert [filters.size(value) for value in (None, 820, 35_900, 2_500_000)] == [
        "—",
        "820 字节",
        "35 KB",
        "2.4 MB",
    ]


@pytest.mark.parametrize(
    ("page", "last", "offered"),
    [
        (1, 1, [1]),
        (1, 9, [1, 2, 3, 9]),
        (5, 9, [1, 3, 4, 5, 6, 7, 9]),
        (9, 9, [1, 7, 8, 9]),
        (3, 4, [1, 2, 3, 4]),
    ],
)
def test_the_pager_offers_neighbours(page: int, last: int, offered: list[int]) -> None:
    assert filters.neighbours(page, last) == offered


def test_a_get_form_carries_the_filters_again() -> None:
    assert filters.pairs("/cases?risk=3&town=%E4%B8%9C&empty=") == [
        ("risk", "3"),
        ("town", "东"),
        ("empty", ""),
    ]


@pytest.mark.parametrize(
    ("values", "target", "box"),
    [
        ([], None, (0.0, 100.0)),
        ([78.2, None, 71.2], 80, (70, 80)),
        (["63.64", "58.00"], None, (58, 66)),
        ([50.0, 50.1], None, (48, 56)),
        ([0, 0], None, (0, 4)),
    ],
)
def test_edges_are_round_and_far_enough_apart(
    values: list[float | str | None], target: float | None, box: tuple[float, float]
) -> None:
    low, high = filters.span(values, target, even=True)
    known = [float(value) for value in (*values, target) if value is not None]
    assert all(low <= value <= high for value in known)
    assert high - low >= 4
    assert len(set(filters.rungs((low, high)))) == 5
    assert (low, high) == pytest.approx(box)


def test_the_axis_of_a_share_ends_at_a_hundred() -> None:
    assert filters.span([46.2, 87], even=True) == (40, 120)
    assert filters.span([46.2, 87], even=True, top=100) == (20, 100)
    assert filters.span([96, 99.5], even=True, top=100) == (92, 100)
    assert filters.span([104, 120], even=True, top=100)[1] >= 120  # a definition that allows more is drawn


def test_an_unknown_value_interrupts_the_line() -> None:
    assert filters.trace([0, 10, None, 5], (0, 10), edge=True) == "M0 100L33.33 0M100 50"
    assert filters.trace([], (0, 10)) == ""
    assert filters.dots([0, None, 10], (0, 10)) == "M16.67 100h0M83.33 0h0"
    assert filters.dots([0, 10, None], (0, 10), last=True) == "M50 0h0"
