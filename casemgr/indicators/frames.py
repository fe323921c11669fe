"""事实: the columns every judgement reads; codes, days and keys, never identity."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import polars as pl

Schema = dict[str, Any]
#: Below so many people everything is at hand at once.
SMALL = 20_000

_ASKED_FOR_ALONE = pl.QueryOptFlags.none(projection_pushdown=True, simplify_expression=True)

#: One row per case, as known on the as-of day. Days are days since 1970; ``area`` is the managing unit's.
CASES: Schema = {
    "case": pl.Int64,
    "area": pl.Int64,
    "village": pl.Int64,
    "registered_on": pl.Int32,
    "exit": pl.Int8,
    "exited_on": pl.Int32,
    "diagnosis": pl.Int8,
    "refused": pl.Boolean,
    "article30": pl.Boolean,
    "lost": pl.Boolean,
}
#: Follow-ups up to the as-of day: those of the year, and from earlier what "at home" needs.
VISITS: Schema = {
    "case": pl.Int64,
    "on": pl.Int32,
    "mode": pl.Int8,
    "informants": pl.Int32,
    "loss_reason": pl.Int8,
    "risk": pl.Int8,
    "symptoms": pl.Int32,
    "stability": pl.Int8,
    "adherence": pl.Int8,
    "hospital": pl.Int8,
}
SESSIONS: Schema = {
    "case": pl.Int64,
    "on": pl.Int32,
    "form": pl.Int8,
    "minutes": pl.Int16,
    "attended": pl.Boolean,
}
CHECKUPS: Schema = {"case": pl.Int64, "on": pl.Int32}
#: Days of 肇事 or 肇祸, as told at a visit or entered as an incident; several rows may tell of one.
OFFENCES: Schema = {"case": pl.Int64, "on": pl.Int32}
#: Talks of support (心理疏导): with the person, the family, or both.
TALKS: Schema = {"case": pl.Int64, "on": pl.Int32, "subject": pl.Int8}
AREAS: Schema = {
    "code": pl.Int64,
    "name": pl.String,
    "level": pl.Int8,
    "parent": pl.Int64,
    "population": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Frames:
    """Everything one computation reads, each frame with the columns of the schema of the same name."""

    cases: pl.DataFrame
    visits: pl.DataFrame
    sessions: pl.DataFrame
    checkups: pl.DataFrame
    areas: pl.DataFrame
    offences: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=OFFENCES))
    talks: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TALKS))

    def collect(self, plan: pl.LazyFrame) -> pl.DataFrame:
        """The rows of a plan over these frames, made in the way that suits their size.

        For a township, starting the streaming engine and polishing the plan takes longer than the work;
        all that pays is to leave out what nobody asks for.
        """
        if self.cases.height < SMALL:
            return plan.collect(engine="in-memory", optimizations=_ASKED_FOR_ALONE)
        return plan.collect(engine="streaming")


def fitted(frame: pl.DataFrame, schema: Schema) -> pl.LazyFrame:
    """``frame`` with exactly the columns and types of ``schema``; ``ValueError`` if one is missing."""
    missing = [name for name in schema if name not in frame.columns]
    if missing:
        raise ValueError(f"columns missing: {', '.join(missing)}")
    return frame.lazy().select(_casts(tuple(schema.items())))


@cache
def _casts(schema: tuple[tuple[str, Any], ...]) -> list[pl.Expr]:
    return [pl.col(name).cast(kind) for name, kind in schema]
