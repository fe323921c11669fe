"""计数: one pass over the people of an area, every figure of every area above them."""

from __future__ import annotations

import polars as pl

from casemgr.indicators import followup, medication, rehab
from casemgr.indicators.case_period import case_periods
from casemgr.indicators.catalogue import MEASURES, Measure
from casemgr.indicators.figure import Counts
from casemgr.indicators.frames import Frames
from casemgr.indicators.period import Period
from casemgr.indicators.sets import SETS
from casemgr.rules.policy import Policy
from casemgr.terms.area import CODE_LENGTH, SIGNIFICANT, AreaLevel

JUDGEMENTS = {one.id: one for one in (*followup.JUDGEMENTS, *medication.JUDGEMENTS, *rehab.JUDGEMENTS)}


def base_column(base: str) -> str:
    """Name of the column that says whether a case belongs to a base set."""
    return f"in {base}"


def verdict_column(judgement: str) -> str:
    """Name of the column that says how a case was judged."""
    return f"is {judgement}"


_VERDICTS = (
    *(one.test.alias(base_column(one.id)) for one in SETS.values()),
    *(one.test.alias(verdict_column(one.id)) for one in JUDGEMENTS.values()),
)


def asked(measure: Measure) -> pl.Expr:
    """Whether a judged row belongs to the people a figure asks about."""
    return pl.col(base_column(measure.base))


def counted(measure: Measure) -> pl.Expr:
    """Whether a judged row counts for a figure."""
    return asked(measure) & pl.col(verdict_column(measure.judgement))


def judged(frames: Frames, period: Period, policy: Policy) -> pl.LazyFrame:
    """The rows of :func:`case_periods` with one boolean column per base set and per judgement."""
    return case_periods(frames, period, policy).with_columns(*_VERDICTS)


def tally(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Per managing area and key who counts (n) and who is asked about (d)."""
    return rows.group_by(pl.col("area").alias("code")).agg(*_TALLIES)


_TALLIES = (
    *(counted(one).sum().alias(f"n {one.key}") for one in MEASURES),
    *(asked(one).sum().alias(f"d {one.key}") for one in MEASURES),
)


def roll_up(tallied: pl.DataFrame, areas: pl.DataFrame) -> dict[int, Counts]:
    """The counts of each of ``areas``: the sum over its subtree, zeros where nobody was counted."""
    columns = [name for name in tallied.columns if name != "code"]
    levels = []
    for level in map(AreaLevel.read, areas["level"].unique()):
        width = 10 ** (CODE_LENGTH - SIGNIFICANT[level])
        summed = tallied.group_by(pl.col("code") - pl.col("code") % width).agg(pl.col(columns).sum())
        levels.append(areas.filter(pl.col("level") == int(level)).join(summed, on="code", how="left"))
    table = (
        pl.concat(levels or [areas.with_columns(pl.lit(0).alias(one) for one in columns)])
        .with_columns(pl.col(columns).fill_null(0))
        .sort("code")
    )
    return {row["code"]: _counts(row) for row in table.iter_rows(named=True)}


def _counts(row: dict[str, int]) -> Counts:
    return {
        one.key: (row[f"n {one.key}"], row["population"] or None if one.per_resident else row[f"d {one.key}"])
        for one in MEASURES
    }
