"""统计期: from 1 January to the day the figures are taken."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

MONTHS_OF_QUARTER = 3


@dataclass(frozen=True, slots=True)
class Quarter:
    """One calendar quarter; ``bit`` marks it in a mask of quarters."""

    number: int
    first: date
    last: date

    @property
    def bit(self) -> int:
        return 1 << (self.number - 1)


@dataclass(frozen=True, slots=True)
class Period:
    """1 January to ``end`` of one calendar year, both included; ``end`` is the as-of day D."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start != self.end.replace(month=1, day=1):
            raise ValueError("a period runs from 1 January of the year of its last day")

    @classmethod
    def to(cls, day: date) -> Period:
        """The period that ends on ``day``."""
        return cls(day.replace(month=1, day=1), day)

    @classmethod
    def of_month(cls, month: str | int) -> Period:
        """The period of a month given as ``2026-10`` or 202610; ``ValueError`` if it is no month."""
        found = re.fullmatch(r"(\d{4})-?(\d{2})", str(month))
        if not found or not 1 <= int(found[2]) <= 12:
            raise ValueError(f"{month} is no month")
        year, number = int(found[1]), int(found[2])
        return cls.to(date(year, number, monthrange(year, number)[1]))

    @property
    def month(self) -> str:
        """The month of the last day, ``2026-10``."""
        return f"{self.end:%Y-%m}"

    @property
    def number(self) -> int:
        """The month as a number, 202610."""
        return self.end.year * 100 + self.end.month

    @property
    def year_end(self) -> date:
        return self.end.replace(month=12, day=31)

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        """The four calendar quarters of the year, ended or not."""
        year = self.end.year
        months = range(1, 12, MONTHS_OF_QUARTER)
        return tuple(
            Quarter(number, date(year, first, 1), date(year, first + 2, monthrange(year, first + 2)[1]))
            for number, first in enumerate(months, 1)
        )
