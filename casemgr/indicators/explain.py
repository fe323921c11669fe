"""说明: for one person and one figure, counted or not, in words, from the columns that decided it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import polars as pl

from casemgr.indicators.case_period import CaseRow
from casemgr.indicators.catalogue import MEASURES, Measure
from casemgr.indicators.count import JUDGEMENTS, base_column, verdict_column
from casemgr.indicators.judgement import Basis
from casemgr.indicators.sets import SETS


@dataclass(frozen=True, slots=True)
class Explanation:
    """One figure and one person. ``counted`` is empty when the person is not asked about by the figure.

    ``missing``: acts still needed, 0 when counted, empty when no act can promise it; ``until``: the last
    day on which the next of them is in time. ``topic``: the reason without days and numbers.
    """

    key: str
    name: str
    counted: bool | None
    reason: str
    rule: str
    change: str
    status: str
    missing: int | None = None
    until: date | None = None
    further: bool = False
    topic: str = ""


#: Of people who are on no register any more.
LEFT = "已死亡、迁出或排除，不在册"


def explain(row: Mapping[str, Any], measure: Measure, basis: Basis) -> Explanation:
    """Why a row of :func:`casemgr.indicators.count.judged` counts, does not, or is not asked about."""
    facts = cast(CaseRow, row)
    base = SETS[measure.base]
    if not row[base_column(measure.base)]:
        return Explanation(
            measure.key,
            measure.name,
            None,
            base.outside(facts, basis),
            base.rules[0],
            "",
            measure.status,
            further=measure.further,
            topic=base.beside if row["reg_a"] else LEFT,
        )
    counted = bool(row[verdict_column(measure.judgement)])
    said = JUDGEMENTS[measure.judgement].tell(facts, counted, basis)
    return Explanation(
        measure.key, measure.name, counted, said.reason, said.rule, said.change, measure.status, said.missing,
        said.until, measure.further, said.topic,
    )  # fmt: skip


def explain_case(
    rows: pl.DataFrame, basis: Basis, measures: Sequence[Measure] = MEASURES
) -> list[Explanation]:
    """One explanation per figure for the first of ``rows``, a judged frame; none when it is empty."""
    return [explain(row, one, basis) for row in rows.head(1).iter_rows(named=True) for one in measures]


def not_yet_registered(basis: Basis) -> list[Explanation]:
    """What is said of a case that was not on the register by the end of the period."""
    reason = f"建档日期晚于统计截止日（{basis.on(basis.period.end)}），不在本期统计内。"
    return [
        Explanation(one.key, one.name, None, reason, "SET-REG-A", "", one.status, further=one.further)
        for one in MEASURES
    ]


def explain_people(
    rows: pl.DataFrame, measure: Measure, basis: Basis
) -> Iterator[tuple[Mapping[str, Any], Explanation]]:
    """Each of ``rows``, a judged frame, with its explanation for one figure."""
    for row in rows.iter_rows(named=True):
        yield row, explain(row, measure, basis)


def least_missing_first(one: Explanation) -> tuple[bool, bool, int, date]:
    """Sort key of a gap list: fewest acts first, then what later visits may find, then what is final."""
    return one.missing is None, one.until is None, one.missing or 0, one.until or date.max
