"""判定: the shape of a judgement: a test over columns, and the words for one person's row of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from casemgr.indicators.case_period import CaseRow, day, days
from casemgr.indicators.period import Period
from casemgr.rules.decision import Verdict
from casemgr.rules.policy import Policy

FINAL = "本年度已无法改变；如确有当时完成而未录入的记录，补录后会重新计算。"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a judgement was made under, and how days are written under it."""

    period: Period
    policy: Policy

    @property
    def year_is_over(self) -> bool:
        """Whether the period is the whole year, so that no act after it can still count."""
        return self.period.end == self.period.year_end

    def gone(self, row: CaseRow) -> bool:
        """Whether the person died or left before the as-of day."""
        return row["end"] < days(self.period.end)

    def on(self, when: date | int | None) -> str:
        """A day in words, 4月12日; with its year when that is not the year of the period."""
        if when is None:
            return "（无日期）"
        when = day(when) if isinstance(when, int) else when
        text = f"{when.month}月{when.day}日"
        return text if when.year == self.period.end.year else f"{when.year}年{text}"

    def after(self, number: int, more: int) -> date:
        """The day ``more`` days after a day given as days since 1970, at most the end of the year."""
        return min(day(number) + timedelta(days=more), self.period.year_end)

    def final(self, reason: str, rule: str, topic: str = "") -> Verdict:
        """Not counted, and no act can change it within the year."""
        return Verdict(False, reason, rule, FINAL, topic=topic)

    def depends(self, row: CaseRow, reason: str, rule: str, on_what: str, topic: str = "") -> Verdict:
        """Not counted; later visits may find it otherwise, which no act can promise."""
        if self.year_is_over or self.gone(row):
            return self.final(reason, rule, topic)
        change = f"以今后随访时的{on_what}为准。"
        return Verdict(False, reason, rule, change, None, self.period.year_end, topic)

    def needs(
        self,
        row: CaseRow,
        reason: str,
        rule: str,
        count: int,
        act: str,
        until: date | None = None,
        topic: str = "",
    ) -> Verdict:
        """Not counted, but ``count`` further acts until a day (by default the end of the year) change it."""
        if self.year_is_over or self.gone(row):
            return self.final(reason, rule, topic)
        last = min(until or self.period.year_end, self.period.year_end)
        return Verdict(False, reason, rule, f"{self.on(last)}前{act}即计入。", count, last, topic)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``test`` decides, for one and for a million; ``tell`` finds the words for a row it has decided on.

    ``tell(row, counted, basis)`` reads the columns the test read and never decides anew.
    """

    id: str
    test: pl.Expr
    tell: Callable[[CaseRow, bool, Basis], Verdict]
