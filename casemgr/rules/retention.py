"""保存期限: how long each kind of record is kept, and when its term is over.

The numbers and what may be done at the end are lines of ``lists/retention.csv``. Nothing is destroyed that
:func:`is_over` has not let through, row by row.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cache

from casemgr.terms.lists import lines
from casemgr.terms.retention import AtEnd, Kept

DECEMBER = 12


@dataclass(frozen=True, slots=True)
class Keeping:
    """保存期限 of one kind: the least by law, the term in months (``None``: no own term), from when on.

    ``at_end`` is what may be done afterwards; ``rule`` and ``ground`` say on what it rests.
    """

    kept: Kept
    words: str
    least: str
    months: int | None
    since: str
    at_end: AtEnd
    told: str
    ground: str
    rule: str
    status: str


@cache
def table() -> dict[Kept, Keeping]:
    """Every line of the list of terms, by kind."""
    found = (
        Keeping(
            Kept.read(int(line["code"])),
            line["kind"],
            line["least"],
            int(line["months"]) if line["months"] else None,
            line["since"],
            AtEnd.read(int(line["at_end"])),
            line["kept"],
            line["ground"],
            line["rule"],
            line["status"],
        )
        for line in lines("retention")
    )
    return {one.kept: one for one in found}


def _later(day: date, months: int) -> date:
    """The same day ``months`` later, or the last of that month when it has no such day."""
    whole = day.year * DECEMBER + day.month - 1 + months
    year, month = whole // DECEMBER, whole % DECEMBER + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def last_day(kind: Kept, began: date) -> date | None:
    """The last day on which a record of this kind is kept; ``None`` when its line gives no term (MHL-47)."""
    months = table()[kind].months
    return None if months is None else _later(began, months)


def is_over(kind: Kept, began: date | None, today: date) -> bool:
    """Whether the term of a record is over: its last day lies before ``today``.

    ``began`` is the day its line counts from; a record without such a day is never over (MHL-47, REC-KEEP-5).
    """
    end = last_day(kind, began) if began is not None else None
    return end is not None and end < today


def newest_over(kind: Kept, today: date) -> date | None:
    """What begins after this day is not over; to ask for few rows, never to judge."""
    months = table()[kind].months
    return None if months is None else _later(today, -months)
