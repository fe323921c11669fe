"""口径影响: the same people counted under two editions, and whom the change concerns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from casemgr.indicators.catalogue import BY_KEY
from casemgr.indicators.editions import Edition
from casemgr.indicators.figure import Counts, Figure, figure
from casemgr.indicators.period import Period
from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services import edition as book
from casemgr.services.edition import Draft
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.queries import area as area_queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, span_of

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class Pair:
    """One indicator under two editions; empty where an edition has no official figure of it.

    ``people``: how many count under one of the two and not under the other.
    """

    name: str
    before: Figure | None
    after: Figure | None
    people: int


@dataclass(frozen=True, slots=True)
class Effect:
    """Two editions over the people of one area and month; ``people``: whom it concerns in any indicator."""

    area: int
    area_name: str
    month: str
    before: Edition
    after: Edition
    pairs: tuple[Pair, ...]
    people: int
    registered: int


@use_case(Action.INDICATOR_READ)
def compare(work: Work, area: int, month: str, before: str, after: str) -> Effect:
    """The figures of a month under two editions, side by side; writes nothing.

    Raises :class:`Missing` for an area or edition that is not there, :class:`Unfit` for what is no month,
    :class:`Refused` for one before the numbers begin.
    """
    return _effect(work, area, month, book.named(work, area, before), book.named(work, area, after))


@use_case(Action.INDICATOR_READ)
def preview(work: Work, area: int, draft: Draft, month: str) -> Effect:
    """What a draft would change in a month that is known, against the edition in force then.

    Raises :class:`Unfit` for a draft that cannot stand, else as :func:`compare`.
    """
    county = book.county_of(work, area)
    if county is None:
        raise Refused(book.NO_COUNTY)
    after = book.read(work, county, draft)
    try:
        before = book.edition_on(work, _period(month).end, county)
    except LookupError:
        raise book.before_all(month) from None
    return _effect(work, county, month, before, after)


def _period(month: str) -> Period:
    try:
        return Period.of_month(month.strip())
    except ValueError:
        sentence = "月份应写成 2026-10 这样。"
        raise Unfit(sentence, fields={"month": sentence}) from None


def _effect(work: Work, area: int, month: str, before: Edition, after: Edition) -> Effect:
    import polars as pl  # loaded only where something is counted

    from casemgr.indicators.count import asked, counted  # loads polars
    from casemgr.indicators.judgement import Basis
    from casemgr.services import counting

    period = _period(month)
    low, high = span_of(area)
    places = area_queries.within(work, area, area + 1, int(AreaLevel.TOWNSHIP))
    if not places or not (work.access.low <= low and high <= work.access.high):
        raise Missing("没有这个区划，或不在您的辖区内。请从首页的列表进入。")
    frames = counting.of_area(work, low, high, period, clock.today())
    rows: list[pl.DataFrame] = []
    for side, edition in (("before", before), ("after", after)):
        try:
            basis = Basis(period, book.numbers_under(work, edition, period.end))
        except LookupError:
            raise book.before_all(month) from None
        judged = counting.judge(frames, basis).select(
            "case",
            pl.col("reg_a").alias(f"{side} registered"),
            *(counted(BY_KEY[key]).alias(f"{side} n {key}") for key in edition.official),
            *(asked(BY_KEY[key]).alias(f"{side} d {key}") for key in edition.official),
        )
        rows.append(frames.collect(judged))
    both = rows[0].join(rows[1], on="case")
    population = places[0].population or None
    pairs, concerned = [], pl.lit(value=False)
    for old, new in _paired(before, after):
        differs = _differs(old, new)
        concerned = concerned | differs
        pairs.append(
            Pair(
                BY_KEY[new or old or ""].name,
                _figure(both, "before", old, before, population),
                _figure(both, "after", new, after, population),
                both.select(differs.sum()).item(),
            )
        )
    return Effect(
        area,
        places[0].name,
        period.month,
        before,
        after,
        tuple(pairs),
        both.select(concerned.sum()).item(),
        both.select(pl.col("before registered").sum()).item(),
    )


def _paired(before: Edition, after: Edition) -> Iterable[tuple[str | None, str | None]]:
    """Official keys of one name in both editions side by side, in the order of the catalogue."""
    names = list(dict.fromkeys(one.name for one in BY_KEY.values()))
    for name in names:
        old = [key for key in before.official if BY_KEY[key].name == name]
        new = [key for key in after.official if BY_KEY[key].name == name]
        for place in range(max(len(old), len(new))):
            yield (
                old[place] if place < len(old) else None,
                new[place] if place < len(new) else None,
            )


def _differs(old: str | None, new: str | None) -> pl.Expr:
    """Who counts under one of the two and not under the other; nobody where one is not there."""
    import polars as pl

    if old is None or new is None:
        return pl.lit(value=False)
    return (
        (pl.col(f"before n {old}") != pl.col(f"after n {new}"))
        | (pl.col(f"before d {old}") != pl.col(f"after d {new}"))
    ).fill_null(False)


def _figure(
    rows: pl.DataFrame, side: str, key: str | None, edition: Edition, population: int | None
) -> Figure | None:
    if key is None:
        return None
    measure = BY_KEY[key]
    counts: Counts = {
        key: (
            int(rows[f"{side} n {key}"].sum()),
            population if measure.per_resident else int(rows[f"{side} d {key}"].sum()),
        )
    }
    return figure(measure, *counts[key], edition)
