"""县乡联表小数保护: nothing hidden can be found from all papers of a county and its townships together."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from casemgr.indicators.joint_cells import hide_jointly
from casemgr.indicators.small_cells import small

Cell = tuple[int, int]


def splits(total: int, lows: list[int]):
    """Every way to write ``total`` as a sum of parts that are not below ``lows``."""
    if len(lows) == 1:
        if total >= lows[0]:
            yield (total,)
        return
    for first in range(lows[0], total - sum(lows[1:]) + 1):
        for rest in splits(total - first, lows[1:]):
            yield (first, *rest)


def possible(counts: list[list[int]], total: list[int], hidden: set[Cell]) -> dict[Cell, set[int]]:
    """Every value a hidden cell can have for a reader of all papers, who knows that hidden is not zero.

    Unless a zero is hidden in the same row or line: then the reader cannot know. Rows add up to printed
    wholes; the townships add up to the county.
    """
    county = len(counts)
    table = [*counts, total]
    width = len(total)
    zero_rows = {row for row, line in hidden if not table[row][line]}
    zero_lines = {line for row, line in hidden if not table[row][line]}
    choices = []
    for row in range(county + 1):
        lines = [line for line in range(width) if (row, line) in hidden]
        if not lines:
            choices.append([tuple(table[row])])
            continue
        lows = [0 if row in zero_rows or line in zero_lines else 1 for line in lines]
        found = []
        for split in splits(sum(table[row][line] for line in lines), lows):
            made = list(table[row])
            for line, value in zip(lines, split, strict=True):
                made[line] = value
            found.append(tuple(made))
        choices.append(found)
    seen: dict[Cell, set[int]] = {cell: set() for cell in hidden}
    tops = set(choices[-1])
    for world in product(*choices[:-1]):
        top = tuple(map(sum, zip(*world, strict=True)))
        if top in tops:
            for row, line in hidden:
                seen[row, line].add((top if row == county else world[row])[line])
    return seen


@st.composite
def counties(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    towns, lines = draw(st.integers(1, 3)), draw(st.integers(2, 4))
    few = st.one_of(st.integers(0, 2), st.integers(0, 7))
    counts = [[draw(few) for _ in range(lines)] for _ in range(towns)]
    return counts, [sum(column) for column in zip(*counts, strict=True)]


@given(counties(), st.booleans())
@settings(max_examples=120, deadline=None)
def test_no_count_follows_from_the_papers_of_all_townships_and_the_county(
    case: tuple[list[list[int]], list[int]], open_last: bool
) -> None:
    counts, total = case
    last = len(total) - 1
    opened = {last} if open_last and last > 1 else set()
    hidden = set(hide_jointly(counts, total, opened))
    for row, line_counts in enumerate([*counts, total]):
        for line, count in enumerate(line_counts):
            assert line in opened or not small(count) or (row, line) in hidden
    seen = possible(counts, total, hidden)
    hopeless = {
        row
        for row in range(len(counts) + 1)
        if all((row, line) in hidden for line in range(len(total)) if line not in opened)
    }
    for cell, values in seen.items():
        # A row of which everything is hidden tells nothing but its sum, which the register tells as well.
        assert len(values) >= 2 or cell[0] in hopeless, (counts, opened, hidden, cell)


@given(counties(), counties())
@example(  # zeros hidden by the earlier paper beside one person hidden for the first time
    ([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], [0, 0, 0, 1]),
    ([[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]], [1, 0, 0, 1]),
)
@settings(max_examples=120, deadline=None)
def test_what_a_month_hid_stays_hidden_and_what_is_new_keeps_two_values(
    first: tuple[list[list[int]], list[int]], second: tuple[list[list[int]], list[int]]
) -> None:
    if len(first[0]) != len(second[0]) or len(first[1]) != len(second[1]):
        return
    before = hide_jointly(*first)
    after = hide_jointly(*second, before=before)
    assert before <= after
    fresh = set(after - before)
    seen = possible(*second, fresh)
    for cell, values in seen.items():
        # Zeros are printed elsewhere: whoever finds one out has found out nothing about anybody.
        nobody = not [*second[0], second[1]][cell[0]][cell[1]]
        whole = {(cell[0], line) for line in range(len(second[1]))} <= after
        assert len(values) >= 2 or nobody or whole or not exchanges(*second, fresh, before, cell), cell


def exchanges(
    counts: list[list[int]], total: list[int], hidden: set[Cell], before: frozenset[Cell], cell: Cell
) -> list[set[Cell]]:
    """What could still be hidden so that one person more or less in the cell is answered by another area."""
    row, line = cell
    table, county = [*counts, total], len(counts)
    found = []
    for other, partner in product(range(len(total)), range(county + 1)):
        corners = {cell, (row, other), (partner, line), (partner, other)}
        if len(corners) < 4 or (corners - {cell}) & before:
            continue
        zeros = {(at, of) for at, of in hidden | corners if not table[at][of]}
        for step in (1, -1):
            answer = step if county in (row, partner) else -step
            moved = {cell: step, (row, other): -step, (partner, line): answer, (partner, other): -answer}
            if all(
                table[at][of] + move >= (0 if any(at == up or of == to for up, to in zeros) else 1)
                for (at, of), move in moved.items()
            ):
                found.append(corners)
    return found


def yes_and_no(yes: list[int], asked: list[int]) -> frozenset[Cell]:
    counts = [[one, all_ - one] for one, all_ in zip(yes, asked, strict=True)]
    return hide_jointly(counts, [sum(column) for column in zip(*counts, strict=True)], unprinted={1})


def test_one_small_township_takes_another_with_it_where_the_county_is_printed() -> None:
    assert yes_and_no([2, 30, 9], [90, 80, 70]) == {(0, 0), (2, 0)}
    assert yes_and_no([20, 30, 9], [90, 80, 70]) == frozenset()
    # Those who do not count are as few: 88 of 90.
    assert (0, 0) in yes_and_no([88, 30, 9], [90, 80, 70])


def test_a_small_county_hides_its_count_and_needs_no_further_township() -> None:
    assert yes_and_no([2, 0, 0], [90, 80, 70]) == {(0, 0), (3, 0)}


def test_a_level_is_hidden_with_another_one_of_the_same_township_and_of_a_second_one() -> None:
    counts = [[80, 2, 6], [70, 9, 7], [60, 8, 11]]
    hidden = hide_jointly(counts, [210, 19, 24])
    assert hidden == {(0, 1), (0, 2), (2, 1), (2, 2)} or hidden == {(0, 1), (0, 2), (1, 1), (1, 2)}


def test_people_of_no_township_keep_the_others_in_doubt() -> None:
    assert hide_jointly([[90, 2, 8]], [120, 40, 30]) == {(0, 1), (0, 2)}


def test_what_is_forced_is_hidden_with_a_partner() -> None:
    hidden = hide_jointly([[30, 20, 10], [30, 20, 10]], [60, 40, 20], forced={(0, 2)})
    assert (0, 2) in hidden
    assert len(hidden) == 4


def test_impossible_tables_are_refused() -> None:
    for counts, total in (([[1], [1, 2]], [2]), ([[-1]], [1])):
        with pytest.raises(ValueError, match="count"):
            hide_jointly(counts, total)


def test_a_large_county_is_settled_at_once() -> None:
    counts = [[80 + town % 7, town % 5, 3 * (town % 3), town % 2, 0, 0, 4] for town in range(300)]
    total = [sum(column) for column in zip(*counts, strict=True)]
    hidden = hide_jointly(counts, total, {6})
    assert all((row, line) in hidden for row in range(300) for line in range(6) if small(counts[row][line]))
    # The county's own large numbers need not be hidden for the sake of its townships.
    assert not any(row == 300 for row, _line in hidden)
