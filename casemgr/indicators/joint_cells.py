"""小数保护（县乡联表）: which counts no paper of a county or of its townships prints, so that none follows.

Everybody may hold all papers of one month: the county's and those of its townships. In each of them the
counts of a block (danger levels, classes, yes and no) add up to a whole that is printed, and the townships
add up to the county. A count of 1–4 is hidden; further cells are hidden until every hidden one has another
possible value that agrees with everything printed. The proof is constructive: one person moved from one
hidden line to another in one area, and the other way round in another (or alike in the county, where both
lines are hidden there too), gives another possible set of papers. What earlier papers hid stays hidden, and
what is hidden for the first time is protected by itself, as in :mod:`casemgr.indicators.small_cells`, as
long as there is another cell of few people to hide with it. Rule: REC-SMALL-1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence

from casemgr.indicators.small_cells import small

#: (row, line); the row after the last township is the county.
Cell = tuple[int, int]
#: No larger number is hidden for the sake of readers who take all that was hidden before as unchanged.
DEAREST = 25


def hide_jointly(
    counts: Sequence[Sequence[int]],
    total: Sequence[int],
    open_lines: Collection[int] = (),
    *,
    unprinted: Collection[int] = (),
    forced: Collection[Cell] = (),
    before: Collection[Cell] = (),
) -> frozenset[Cell]:
    """Cells to hide of ``counts[township][line]`` and of ``total[line]`` (row ``len(counts)``), people ≥ 0.

    The lines of an area add up to a whole that readers know, and so do the townships of a line, unless the
    total is smaller than their sum. ``open_lines`` are known from elsewhere; ``unprinted`` stand on no paper
    (those who do not count), but a small one hides the others of its row. ``forced`` cells are hidden in any
    case; ``before`` were hidden by earlier papers. Raises ``ValueError`` for ragged rows or negative counts.
    """
    width = len(total)
    rows = [list(row) for row in counts]
    if any(len(row) != width or min(row, default=0) < 0 for row in (*rows, total)):
        raise ValueError("every row needs one count ≥ 0 per line")
    table = _Joint(rows, list(total), frozenset(open_lines), frozenset(unprinted))
    table.begin(forced, before)
    table.settle(frozenset())
    table.settle(frozenset(before))
    return frozenset(
        (row, line) for row, line in table.hidden if row <= len(rows) and line not in table.unprinted
    )


class _Joint:
    """The papers of one month while cells are being hidden."""

    def __init__(
        self,
        rows: list[list[int]],
        total: list[int],
        open_lines: frozenset[int],
        unprinted: frozenset[int],
    ) -> None:
        self.county = len(rows)
        self.cells = [*rows, total]
        rest = [whole - sum(row[line] for row in rows) for line, whole in enumerate(total)]
        #: Whether the townships add up to the county, as far as readers know.
        self.linked = min(rest, default=0) >= 0
        self.unprinted = unprinted
        self.closed = [line for line in range(len(total)) if line not in open_lines]
        self.hidden: set[Cell] = set()
        #: Lines in which a zero is hidden, and rows: there a hidden count may be zero.
        self.zero_rows: set[int] = set()
        self.zero_lines: set[int] = set(unprinted)
        self.rows_hiding: dict[int, set[int]] = {line: set() for line in range(len(total))}
        everywhere: Iterable[Cell] = ((row, line) for row in range(len(self.cells)) for line in unprinted)
        self._add(everywhere)
        if self.linked and any(rest):
            # People of no township: a row that no paper prints.
            self.cells.append(rest)
            self._add((self.county + 1, line) for line in self.closed)

    def begin(self, forced: Collection[Cell], before: Collection[Cell]) -> None:
        """Hide what is small, or leaves few of a line that no paper prints, and what was hidden already."""
        for row in range(self.county + 1):
            few = any(small(self.cells[row][line]) for line in self.unprinted)
            self._add((row, line) for line in self.closed if few or small(self.cells[row][line]))
        known = {*forced, *before}
        self._add(cell for cell in known if cell[0] <= self.county and cell[1] in self.closed)

    def _add(self, cells: Iterable[Cell]) -> list[Cell]:
        added = [cell for cell in cells if cell not in self.hidden]
        for row, line in added:
            self.hidden.add((row, line))
            self.rows_hiding[line].add(row)
            if self.cells[row][line] == 0:
                self.zero_rows.add(row)
                self.zero_lines.add(line)
        return added

    def settle(self, known: frozenset[Cell]) -> None:
        """Hide until every hidden cell has another possible value; ``known``: taken as they were before.

        Hiding more never takes a possibility away, so each cell is looked at once.
        """
        # A zero that earlier papers hid is a zero to whoever takes it as unchanged; it puts nothing in doubt.
        zeros = [cell for cell in self.hidden - known if self.cells[cell[0]][cell[1]] == 0]
        self.zero_rows = {row for row, _line in zeros}
        self.zero_lines = {line for _row, line in zeros} | self.unprinted
        waiting = deque(sorted(cell for cell in self.hidden if self._asks(cell, known)))
        while waiting:
            row, line = waiting.popleft()
            if not self._open_to_doubt(row, line, known):
                added = self._add(self._remedy(row, line, known))
                waiting.extend(cell for cell in sorted(added) if self._asks(cell, known))

    def _asks(self, cell: Cell, known: frozenset[Cell]) -> bool:
        return cell not in known and cell[0] <= self.county and cell[1] not in self.unprinted

    def _open_to_doubt(self, row: int, line: int, known: frozenset[Cell]) -> bool:
        for other in self.closed:
            if other == line or not self._free((row, other), known):
                continue
            for step in (1, -1):
                if not self._can(row, line, other, step):
                    continue
                if not self.linked:
                    return True
                for partner in self.rows_hiding[line]:
                    if partner != row and self._answers(row, partner, line, other, step, known):
                        return True
        return False

    def _answers(
        self, row: int, partner: int, line: int, other: int, step: int, known: frozenset[Cell]
    ) -> bool:
        """Whether the rest of the papers can agree, if ``partner`` moves as well."""
        if not (self._free((partner, line), known) and self._free((partner, other), known)):
            return False
        # The county moves with its township, a second township the other way.
        together = self.county in (row, partner)
        return self._can(partner, line, other, step if together else -step)

    def _free(self, cell: Cell, known: frozenset[Cell]) -> bool:
        return cell in self.hidden and cell not in known

    def _can(self, row: int, line: int, other: int, step: int) -> bool:
        """Whether one person may stand in the other of two lines of ``row``."""
        giver = other if step > 0 else line
        least = 0 if row in self.zero_rows or giver in self.zero_lines else 1
        return self.cells[row][giver] > least

    def _remedy(self, row: int, line: int, known: frozenset[Cell]) -> list[Cell]:
        """The cells of fewest people that give the cell another possible value; else the rest of its row."""
        best: tuple[int, int, list[Cell]] | None = None
        rows = [one for one in range(len(self.cells)) if one != row] if self.linked else [row]
        for other in self.closed:
            if other == line or (row, other) in known:
                continue
            for partner in rows:
                wanted = {(row, other), (partner, line), (partner, other)}
                if wanted & known:
                    continue
                add = sorted(wanted - self.hidden)
                if known and any(self.cells[at][of] > DEAREST for at, of in add):
                    continue
                cost = (sum(self.cells[at][of] for at, of in add), len(add))
                if best is not None and cost >= best[:2]:
                    continue
                if self._helps(row, partner, line, other, add):
                    best = (*cost, add)
        if best is not None:
            return best[2]
        if known:
            # Only who takes everything that was hidden before as unchanged learns something.
            return []
        return [(at, of) for at in (row, self.county) for of in self.closed if (at, of) not in self.hidden]

    def _helps(self, row: int, partner: int, line: int, other: int, add: Sequence[Cell]) -> bool:
        """Whether hiding ``add`` as well lets one person move between the two lines of the two rows."""
        zeros = [cell for cell in add if self.cells[cell[0]][cell[1]] == 0]
        zero_rows = self.zero_rows.union(at for at, _line in zeros)
        zero_lines = self.zero_lines.union(of for _row, of in zeros)
        together = self.county in (row, partner)
        for step in (1, -1):
            moves = [(row, step)] if partner == row else [(row, step), (partner, step if together else -step)]
            for at, way in moves:
                giver = other if way > 0 else line
                if self.cells[at][giver] <= (0 if at in zero_rows or giver in zero_lines else 1):
                    break
            else:
                return True
        return False
