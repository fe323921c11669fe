"""小数保护: which cells of a table must be hidden so that no village of a few people can be recognised.

A count of 1–4 is never printed (primary hiding). Because the totals beside the table are printed, one hidden
cell could be found by subtraction; so further cells are hidden until every hidden one has another possible
value that agrees with all that is printed (secondary hiding). The proof is constructive: for each hidden cell
there must be a second hidden cell in the same column such that one person moved between the two gives another
possible table. Two papers can be subtracted from each other as well: what an earlier one hid stays hidden,
and cells hidden for the first time are protected among themselves, because their sum follows from both papers
for a reader who takes the others as unchanged. Rule: REC-SMALL-1 (recommendation; no national number is
known, shown as 待核对).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

#: Counts that are never printed on their own.
SMALLEST, LARGEST = 1, 4
RULE = "REC-SMALL-1"


@dataclass(frozen=True, slots=True)
class Hiding:
    """What must not be printed: ``cells`` as (row, column); ``printable`` False = print no such table at all.

    A table cannot be saved when its printed totals belong to one row alone (a township with one village).
    """

    cells: frozenset[tuple[int, int]]
    printable: bool

    def shows(self, row: int, column: int) -> bool:
        """Whether the count of this cell may be printed."""
        return self.printable and (row, column) not in self.cells


def small(count: int) -> bool:
    """Whether ``count`` (people) is too small to be printed on its own (REC-SMALL-1)."""
    return SMALLEST <= count <= LARGEST


def hide(
    counts: Sequence[Sequence[int]],
    within: Sequence[int | None] | None = None,
    open_rows: Collection[int] = (),
    *,
    zeros_known: bool = True,
    complements: bool = False,
    before: Collection[tuple[int, int]] = (),
) -> Hiding:
    """Cells of ``counts[row][column]`` (people, ≥ 0) to hide when every column's total is printed nearby.

    ``within[c]`` is the column whose people contain those of ``c`` (denominator of a numerator), which
    readers know and may use; ``open_rows`` are rows known from elsewhere or saying nothing about a person
    (未评估), never hidden. ``zeros_known``: readers may know where nobody is (a village), so a zero protects
    nothing and larger counts are hidden instead; otherwise (a danger level) a zero is hidden first.
    ``complements``: a part that leaves 1–4 of its printed whole is hidden as well: the rest tells as much.
    ``before``: cells that earlier papers about the same rows and columns hid; they stay hidden. Raises
    ``ValueError`` for ragged rows, negative counts or a part larger than its whole (REC-SMALL-1).
    """
    width = len(counts[0]) if counts else 0
    inside = tuple(within) if within is not None else (None,) * width
    _check(counts, width, inside)
    if not counts:
        return Hiding(frozenset(), True)
    table = _Table(counts, inside, frozenset(open_rows), zeros_known, frozenset(before))
    if complements:
        table.hide_small_rests()
    possible = table.settle()
    return Hiding(frozenset(table.hidden), possible)


def _check(counts: Sequence[Sequence[int]], width: int, inside: Sequence[int | None]) -> None:
    if len(inside) != width or any(len(row) != width for row in counts):
        raise ValueError("every row needs one count per column")
    for row in counts:
        for column, count in enumerate(row):
            whole = inside[column]
            if count < 0 or (whole is not None and count > row[whole]):
                raise ValueError("a count is negative or larger than the set that holds it")


class _Table:
    """The table while cells are being hidden."""

    def __init__(
        self,
        counts: Sequence[Sequence[int]],
        inside: Sequence[int | None],
        open_rows: frozenset[int],
        zeros_known: bool,
        before: frozenset[tuple[int, int]],
    ) -> None:
        self.counts = counts
        self.inside = inside
        self.zeros_known = zeros_known
        self.rows = [row for row in range(len(counts)) if row not in open_rows]
        self.columns = range(len(inside))
        self.hidden = {
            (row, column) for row in self.rows for column in self.columns if small(counts[row][column])
        }
        self.before = {(row, column) for row, column in before if row in self.rows and column in self.columns}
        self.hidden |= self.before

    def hide_small_rests(self) -> None:
        """Hide every part that leaves a small rest: 8 of 9 says that one person does not count."""
        for row in self.rows:
            for column in self.columns:
                whole = self.inside[column]
                if whole is not None and small(self.counts[row][whole] - self.counts[row][column]):
                    self.hidden.add((row, column))

    def settle(self) -> bool:
        """Hide until nothing can be found by subtraction; False when even hiding all does not help."""
        while True:
            self._hide_parts_of_hidden_wholes()
            column = next((column for column in self.columns if self._exposed(column)), None)
            if column is None:
                return True
            if not self._hide_one_more(column):
                return False

    def _hide_parts_of_hidden_wholes(self) -> None:
        """A printed numerator would bound its hidden denominator from below: hide it as well."""
        for row in self.rows:
            for column in self.columns:
                whole = self.inside[column]
                while whole is not None:
                    if (row, whole) in self.hidden and self.counts[row][column] > 0:
                        self.hidden.add((row, column))
                    whole = self.inside[whole]

    def _hide_one_more(self, column: int) -> bool:
        """Hide the smallest printed count that protects; when there is none left, the whole column."""
        printed = [row for row in self.rows if (row, column) not in self.hidden]
        useful = [row for row in printed if self.counts[row][column] > 0 or not self.zeros_known]
        if useful:
            self.hidden.add((min(useful, key=lambda row: (self.counts[row][column], row)), column))
            return True
        self.hidden.update((row, column) for row in printed)
        return bool(printed)

    def _exposed(self, column: int) -> bool:
        """Whether a hidden count of ``column`` has no other possible value, by this paper or by two."""
        rows = [row for row in self.rows if (row, column) in self.hidden]
        fresh = [row for row in rows if (row, column) not in self.before]
        return self._settled(rows, column) or (len(fresh) < len(rows) and self._settled(fresh, column))

    def _settled(self, rows: Sequence[int], column: int) -> bool:
        """Whether one of these counts of ``column`` has no other possible value while their sum stays."""
        # Whoever knows that zeros are printed knows that hidden counts are at least one.
        least = 0 if any(self.counts[row][column] == 0 for row in rows) else 1
        more = {row for row in rows if self._can_grow(row, column)}
        fewer = {row for row in rows if self._can_shrink(row, column, least)}
        return any(
            not (row in more and fewer - {row}) and not (row in fewer and more - {row}) for row in rows
        )

    def _can_grow(self, row: int, column: int) -> bool:
        whole = self.inside[column]
        return whole is None or self.counts[row][column] < self.counts[row][whole]

    def _can_shrink(self, row: int, column: int, least: int) -> bool:
        count = self.counts[row][column]
        parts = (self.counts[row][part] for part in self.columns if self.inside[part] == column)
        return count > max(least, max(parts, default=0))
