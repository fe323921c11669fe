"""分布与应办: what a monthly report counts besides rates — danger levels, classes, follow-up due and overdue.

Stored at the month close under keys of their own, one number per area and key, so that a report prints closed
figures only. People are those on the register on D (REG-A); nothing is assumed for a person without an
assessment: they are counted as 未评估 or 未分类.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from casemgr.indicators.case_period import days
from casemgr.indicators.period import Period
from casemgr.indicators.sets import REGISTERED
from casemgr.rules.policy import Policy
from casemgr.terms.area import CODE_LENGTH, SIGNIFICANT, AreaLevel
from casemgr.terms.risk import RiskLevel, Stability

NONE = "NONE"
NEVER = "NEVER"
RISK = "DIST.RISK"
CLASS = "DIST.CLASS"
DUTY = "DUTY.VISIT"
REFUSED = "DUTY.VISIT.REFUSED"
#: Classes in the order of the printed table; 0 stands for a last complete visit without a class.
CLASSES = (int(Stability.UNSTABLE), int(Stability.BASIC), int(Stability.STABLE))


def next_month_end(day: date) -> date:
    """The last day of the month after ``day``'s."""
    first = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
    return first.replace(day=monthrange(first.year, first.month)[1])


def tests(period: Period, policy: Policy) -> dict[str, pl.Expr]:
    """Key → whether a row of :func:`casemgr.indicators.case_period.case_periods` counts under it.

    ``DIST.RISK.0``…``5``, ``DIST.RISK.NONE``: danger level of the last complete visit of the period that has
    one. ``DIST.CLASS.1``…``3``, ``.NONE``: class of the last complete visit that has one (as IND-09).
    ``DUTY.VISIT.<class>.ALL`` / ``.NEXT`` / ``.LATE``: people who accept follow-up by the class of the last
    complete visit (``NONE`` without a class, ``NEVER`` without a visit in the period), those whose limit is
    reached by the end of next month, and those whose limit has passed on D (limits as STD-INT).
    """
    found = {f"{RISK}.{int(level)}": REGISTERED & (pl.col("last_risk") == int(level)) for level in RiskLevel}
    found[f"{RISK}.{NONE}"] = REGISTERED & pl.col("last_risk").is_null()
    found |= {f"{CLASS}.{code}": REGISTERED & (pl.col("last_class") == code) for code in CLASSES}
    found[f"{CLASS}.{NONE}"] = REGISTERED & pl.col("last_class").is_null()
    return found | _duties(period, policy)


def _duties(period: Period, policy: Policy) -> dict[str, pl.Expr]:
    accepts = REGISTERED & ~pl.col("refused")
    since = pl.coalesce("last_visit", "start")
    limit = pl.coalesce("last_limit", pl.lit(policy.gap_first.value, pl.Int32))
    late = pl.col("end") - since > limit
    soon = ~late & (since + limit <= days(next_month_end(period.end)))
    visited = pl.col("last_visit").is_not_null()
    groups = {str(code): visited & (pl.col("last_stability") == code) for code in CLASSES}
    groups[NONE] = visited & pl.col("last_stability").is_null()
    groups[NEVER] = ~visited
    found: dict[str, pl.Expr] = {}
    for name, group in groups.items():
        found[f"{DUTY}.{name}.ALL"] = accepts & group
        found[f"{DUTY}.{name}.NEXT"] = accepts & group & soon
        found[f"{DUTY}.{name}.LATE"] = accepts & group & late
    found[REFUSED] = REGISTERED & pl.col("refused")
    return found


def counts(
    rows: pl.LazyFrame, areas: pl.DataFrame, period: Period, policy: Policy
) -> dict[int, Mapping[str, int]]:
    """Area code → key → people, for each of ``areas`` (frame ``AREAS``); zeros where nobody was counted."""
    keys = tests(period, policy)
    tallied = (
        rows.group_by(pl.col("area").alias("code"))
        .agg((test.fill_null(False)).sum().alias(key) for key, test in keys.items())
        .collect()
    )
    found: dict[int, Mapping[str, int]] = {}
    for level in AreaLevel:
        width = 10 ** (CODE_LENGTH - SIGNIFICANT[level])
        summed = tallied.group_by(pl.col("code") - pl.col("code") % width).agg(pl.col(list(keys)).sum())
        of_level = areas.filter(pl.col("level") == int(level)).select("code")
        wanted = of_level.join(summed, on="code", how="left")
        for row in wanted.with_columns(pl.col(list(keys)).fill_null(0)).iter_rows(named=True):
            found[row["code"]] = {key: row[key] for key in keys}
    return found
