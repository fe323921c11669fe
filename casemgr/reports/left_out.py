"""从略: the sentence that stands in place of a table of which hardly anything could be printed (REC-SMALL-1).

Which tables are left out follows from what they would have shown and from nothing else, so a sentence in
place of a table tells no reader more than the table did.
"""

from __future__ import annotations

from casemgr.indicators.small_cells import small
from casemgr.reports.figures import AreaTable, Because, Distribution, Duty, MonthlyFigures, Shift
from casemgr.terms.indicator import LEFT

WHY = "为1至4，或可由合计和其他报表推算出1至4（REC-SMALL-1，待核对），印出来可能认出个人"


def areas_left_out(table: AreaTable) -> str:
    """Why there is no table by area; empty where there is one."""
    if table.omitted:
        return table.omitted
    if table.rows and all(_dark(table, place) for place in range(len(table.rows))):
        return f"{len(table.rows)}个{table.level}的各项数字都{WHY}，因此不列表；不表示零。"
    return ""


def _dark(table: AreaTable, place: int) -> bool:
    row = table.rows[place]
    return row.hidden and all(cell.hidden and cell.denominator is None for cell in row.cells)


def pictured(table: AreaTable) -> bool:
    """Whether a picture of the table has more to show than gaps: half of its rates at least."""
    cells = [cell for row in table.rows for cell in row.cells]
    return not areas_left_out(table) and 0 < len(cells) <= 2 * sum(cell.value is not None for cell in cells)


def compared(distribution: Distribution) -> bool:
    """Whether a picture of the distribution has at least two bars to compare."""
    return sum(bool(share.count) for share in distribution.shares) > 1


def duties_left_out(month: MonthlyFigures) -> str:
    """What is told in place of the duties by class where no class shows one; empty where one does."""
    if not month.hides_duties or any(duty.coming or duty.overdue for duty in month.duties):
        return ""
    total = month.duties_total
    people = "" if total.people is None else f"应访{total.people}人，"
    limits = "、".join(_limit(duty) for duty in month.duties)
    return (
        f"各分类的到期人数和超期人数为零，或{WHY}，因此不分类列表，只列合计："
        f"{people}下月到期{total.coming}人，已超期{total.overdue}人。随访上限：{limits}。"
    )


def _limit(duty: Duty) -> str:
    """``稳定92天（GW2017-7.12）``."""
    marked = f"，{duty.mark}" if duty.mark else ""
    return f"{duty.name}{'—' if duty.limit_days is None else duty.limit_days}天（{duty.rule}{marked}）"


#: What the causes of a few people are called together.
FEW = "人数少的原因合计"


def reasons(shift: Shift, protected: bool) -> tuple[Because, ...]:
    """The causes of one change, those of one to four people as one line (REC-SMALL-1); they add up as before.

    What is about the person (a death, a leaving, a consent) is told of so few in no paper; what is about
    records is told in a county's, and in a township's (``protected``) not either.
    """
    few = [
        one
        for one in shift.causes
        if (protected or LEFT in one.name) and (small(abs(one.numerator)) or small(abs(one.denominator)))
    ]
    if not few:
        return shift.causes
    rest = Because(FEW, sum(one.numerator for one in few), sum(one.denominator for one in few))
    kept = tuple(one for one in shift.causes if one not in few)
    return (*kept, rest) if rest.numerator or rest.denominator else kept
