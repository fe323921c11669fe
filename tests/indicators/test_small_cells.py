"""小数保护: nothing hidden can be found again from what is printed."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.indicators.small_cells import Hiding, hide, small


def worlds(counts: list[list[int]], within: list[int | None], hiding: Hiding, column: int, least: int):
    """Every filling of the hidden cells of one column that agrees with the printed rest.

    The other columns stay as they are: whatever is possible then is possible for the reader too, and the
    reader's own search can only find more.
    """
    rows = [row for row in range(len(counts)) if (row, column) in hiding.cells]
    total = sum(counts[row][column] for row in rows)
    highs = []
    lows = []
    for row in rows:
        whole = within[column]
        highs.append(total if whole is None else min(total, counts[row][whole]))
        parts = [counts[row][part] for part in range(len(within)) if within[part] == column]
        lows.append(max([least, *parts]))
    for filling in product(*(range(low, high + 1) for low, high in zip(lows[:-1], highs[:-1], strict=True))):
        last = total - sum(filling)
        if lows[-1] <= last <= highs[-1]:
            yield dict(zip(rows, (*filling, last), strict=True))


@given(st.lists(st.one_of(st.integers(0, 5), st.integers(0, 90)), min_size=2, max_size=6))
@settings(max_examples=150, deadline=None)
def test_hidden_levels_keep_two_possible_values_too(levels: list[int]) -> None:
    counts = [[level] for level in levels]
    hiding = hide(counts, zeros_known=False)
    hidden = sorted(row for row, _column in hiding.cells)
    assert all(row in hidden for row, level in enumerate(levels) if small(level))
    if not hidden or not hiding.printable:
        return
    least = 0 if any(levels[row] == 0 for row in hidden) else 1
    spare = sum(levels[row] for row in hidden) - least * len(hidden)
    assert len(hidden) >= 2
    assert spare >= 1


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[int]], list[int | None]]:
    rows = draw(st.integers(2, 5))
    parts = draw(st.integers(0, 2))
    table = []
    for _ in range(rows):
        whole = draw(st.one_of(st.integers(0, 6), st.integers(0, 12)))
        table.append([whole, *(draw(st.integers(0, whole)) for _ in range(parts))])
    return table, [None, *([0] * parts)]


@given(tables())
@settings(max_examples=300, deadline=None)
def test_every_hidden_count_keeps_at_least_two_possible_values(
    case: tuple[list[list[int]], list[int | None]],
) -> None:
    counts, within = case
    hiding = hide(counts, within)
    if not hiding.printable:
        return
    for row, line in enumerate(counts):
        for column, count in enumerate(line):
            assert not (small(count) and hiding.shows(row, column))
    for column in range(len(within)):
        hidden = [row for row in range(len(counts)) if (row, column) in hiding.cells]
        if not hidden:
            continue
        zeros_hidden = any(counts[row][column] == 0 for row in hidden)
        seen: dict[int, set[int]] = {row: set() for row in hidden}
        for world in worlds(counts, within, hiding, column, 0 if zeros_hidden else 1):
            for row, value in world.items():
                seen[row].add(value)
        assert all(len(values) >= 2 for values in seen.values()), (counts, hiding)


@given(tables())
@settings(max_examples=150, deadline=None)
def test_a_numerator_is_never_printed_beside_a_hidden_denominator(
    case: tuple[list[list[int]], list[int | None]],
) -> None:
    counts, within = case
    hiding = hide(counts, within)
    for row, line in enumerate(counts):
        for column, whole in enumerate(within):
            if whole is not None and (row, whole) in hiding.cells and line[column]:
                assert (row, column) in hiding.cells


def test_one_small_village_takes_the_next_smallest_with_it() -> None:
    hiding = hide([[3], [20], [7], [0]])
    assert hiding == Hiding(frozenset({(0, 0), (2, 0)}), True)


def test_nothing_is_hidden_where_nothing_is_small() -> None:
    assert hide([[5], [0], [9]]) == Hiding(frozenset(), True)
    assert hide([]) == Hiding(frozenset(), True)


def test_two_single_people_need_a_third_cell_because_zeros_are_printed() -> None:
    # 1 + 1 = 2 with zeros shown leaves no doubt; a third cell makes doubt.
    hiding = hide([[1], [1], [6], [0]])
    assert hiding.cells == {(0, 0), (1, 0), (2, 0)}


def test_when_only_one_village_has_people_the_zeros_are_hidden_too() -> None:
    hiding = hide([[3], [0], [0]])
    assert hiding.printable
    assert hiding.cells == {(0, 0), (1, 0), (2, 0)}


def test_a_zero_protects_where_nobody_can_know_it() -> None:
    # Danger levels: 84 people of level 0 need not be hidden for the sake of two others.
    hiding = hide([[84], [1], [0], [1], [0], [0]], zeros_known=False)
    assert hiding.cells == {(1, 0), (2, 0), (3, 0)}


def test_a_single_village_cannot_be_protected_and_is_not_printed() -> None:
    assert not hide([[3]]).printable
    assert not hide([[9, 2], [0, 0]], [None, 0]).printable


def test_rows_that_say_nothing_about_people_stay_open() -> None:
    hiding = hide([[80], [12], [2], [1]], open_rows=(3,))
    assert hiding.cells == {(1, 0), (2, 0)}


@pytest.mark.parametrize("counts", [[[1], [1, 2]], [[-1]]])
def test_impossible_tables_are_refused(counts: list[list[int]]) -> None:
    with pytest.raises(ValueError, match="count"):
        hide(counts)


def test_a_part_larger_than_its_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="larger"):
        hide([[3, 4]], [None, 0])
