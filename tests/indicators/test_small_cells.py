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


@given(tables())
@settings(max_examples=300, deadline=None)
def test_no_printed_part_leaves_a_small_rest_and_what_is_hidden_keeps_two_values(
    case: tuple[list[list[int]], list[int | None]],
) -> None:
    """REC-SMALL-1 for both sides of a share: those who count, and those who do not."""
    counts, within = case
    hiding = hide(counts, within, complements=True)
    if not hiding.printable:
        return
    for row, line in enumerate(counts):
        for column, whole in enumerate(within):
            if whole is not None and hiding.shows(row, column):
                assert not small(line[whole] - line[column])
    for column in range(len(within)):
        hidden = [row for row in range(len(counts)) if (row, column) in hiding.cells]
        if not hidden:
            continue
        zeros_hidden = any(counts[row][column] == 0 for row in hidden)
        seen: dict[int, set[int]] = {row: set() for row in hidden}
        for world in worlds(counts, within, hiding, column, 0 if zeros_hidden else 1):
            for row, value in world.items():
                seen[row].add(value)
        assert all(len(values) > 1 for values in seen.values())


def test_eight_of_nine_is_not_printed_and_nine_of_nine_is() -> None:
    counts = [[9, 8], [9, 9], [20, 10], [30, 12]]
    assert not hide(counts, [None, 0], complements=True).shows(0, 1)
    assert hide([[9, 9], [20, 10]], [None, 0], complements=True).cells == frozenset()
    assert hide(counts, [None, 0]).cells == frozenset()


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


# --- two papers and more --------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[list[list[int]]], list[int | None]]:
    """The same villages over several months: people come, leave and are counted or not."""
    first, within = draw(tables())
    months = [first]
    for _ in range(draw(st.integers(1, 5))):
        following = []
        for line in months[-1]:
            whole = max(0, line[0] + draw(st.sampled_from([0, 0, 0, 0, 1, -1, 3])))
            parts = [min(whole, max(0, part + draw(st.sampled_from([0, 0, 0, 1, -1])))) for part in line[1:]]
            following.append([whole, *parts])
        months.append(following)
    return months, within


def papers(months: list[list[list[int]]], within: list[int | None]) -> list[Hiding]:
    """What each month's paper hides when those before it are out; a table not printed tells nothing."""
    out: list[Hiding] = []
    before: set[tuple[int, int]] = set()
    for counts in months:
        hiding = hide(counts, within, before=before)
        out.append(hiding)
        if hiding.printable:
            before |= hiding.cells
    return out


def values_of(
    counts: list[list[int]], within: list[int | None], rows: list[int], column: int, least: int
) -> dict[int, set[int]]:
    """Row → every value it can have while the sum of ``rows`` and all that holds them stay."""
    hiding = Hiding(frozenset((row, column) for row in rows), True)
    seen: dict[int, set[int]] = {row: set() for row in rows}
    for world in worlds(counts, within, hiding, column, least):
        for row, value in world.items():
            seen[row].add(value)
    return seen


@given(histories())
@settings(max_examples=250, deadline=None)
def test_nothing_hidden_can_be_found_from_the_margins_and_the_papers_before(
    case: tuple[list[list[list[int]]], list[int | None]],
) -> None:
    months, within = case
    before: set[tuple[int, int]] = set()
    for counts, hiding in zip(months, papers(months, within), strict=True):
        if not hiding.printable:
            continue
        assert before <= hiding.cells, "what was hidden once is never printed in a later paper"
        for column in range(len(within)):
            hidden = [row for row in range(len(counts)) if (row, column) in hiding.cells]
            fresh = [row for row in hidden if (row, column) not in before]
            # By this paper alone, and by subtracting the one before from it.
            for rows in (hidden, fresh):
                if not rows:
                    continue
                zeros_hidden = any(counts[row][column] == 0 for row in rows)
                seen = values_of(counts, within, rows, column, 0 if zeros_hidden else 1)
                assert all(len(values) >= 2 for values in seen.values()), (months, column, rows)
        before |= hiding.cells


@given(histories())
@settings(max_examples=100, deadline=None)
def test_a_village_followed_over_months_shows_no_small_count_and_no_step_to_one(
    case: tuple[list[list[list[int]]], list[int | None]],
) -> None:
    months, within = case
    for row in range(len(months[0])):
        for column in range(len(within)):
            shown = [hiding.shows(row, column) for hiding in papers(months, within) if hiding.printable]
            counts = [
                month[row][column]
                for month, hiding in zip(months, papers(months, within), strict=True)
                if hiding.printable
            ]
            # Printed at first perhaps, then hidden, and from then on for good.
            assert shown == sorted(shown, reverse=True)
            assert not any(small(count) for count, seen in zip(counts, shown, strict=True) if seen)


@given(tables())
@settings(max_examples=150, deadline=None)
def test_the_same_counts_again_hide_the_same_cells(case: tuple[list[list[int]], list[int | None]]) -> None:
    counts, within = case
    first = hide(counts, within)
    if first.printable:
        assert hide(counts, within, before=first.cells) == first


def test_a_partner_of_the_month_before_is_kept_although_another_has_become_smaller() -> None:
    first = hide([[3], [9], [10]])
    assert first.cells == {(0, 0), (1, 0)}
    # Chosen anew, the partner would be the third village; both papers together would tell the 3.
    assert hide([[3], [9], [8]]).cells == {(0, 0), (2, 0)}
    assert hide([[3], [9], [8]], before=first.cells).cells == {(0, 0), (1, 0)}


def test_a_village_that_becomes_small_takes_a_partner_of_its_own() -> None:
    first = hide([[3], [9], [5], [20]])
    assert first.cells == {(0, 0), (2, 0)}
    second = hide([[3], [4], [5], [20]], before=first.cells)
    # 3 + 5 is known from the paper before: the 4 needs somebody beside it who was not hidden then.
    assert second.cells == {(0, 0), (1, 0), (2, 0), (3, 0)}
