"""月结: lays the figures and verdicts of one county and month down, once per state of the facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from casemgr.indicators import distribution
from casemgr.indicators.count import roll_up, tally
from casemgr.indicators.editions import Edition
from casemgr.indicators.judgement import Basis
from casemgr.indicators.packed import masks, pack
from casemgr.services import clock, counting
from casemgr.store.db import new_key, new_keys
from casemgr.store.models.indicator import ClosedFigure, ClosedVerdicts, MonthClose
from casemgr.store.queries import indicator as queries
from casemgr.store.work import Work
from casemgr.terms.area import span_of

#: Area, key, numerator, denominator (empty for plain counts and where the population is not known).
Line = tuple[int, str, int, int | None]


@dataclass(frozen=True, slots=True)
class ClosedCounty:
    """What closing a month did for one county: ``written`` is false when nothing differs from before.

    ``changes``: how many figures differ from those of the revision before.
    """

    code: int
    revision: int
    written: bool
    areas: int
    people: int
    changes: int


def close_county(work: Work, code: int, edition: Edition, basis: Basis) -> ClosedCounty:
    """Close the month of ``basis`` for the county ``code``; a new revision only if something differs."""
    low, high = span_of(code)
    period = basis.period
    places = counting.areas(work, low, high)
    frames = counting.of_area(work, low, high, period, clock.today())
    rows = frames.collect(counting.judge(frames, basis)).lazy()
    lines = _lines(rows, places, basis)
    verdicts = masks(rows).collect()
    packed = {area: (part.height, pack(part)) for area, part in _by_area(verdicts)}
    digest = _digest(lines, packed)
    before = queries.latest_close(work, period.number, code)
    same = before is not None and (before.figures_digest, before.edition, before.policy_digest) == (
        digest,
        edition.id,
        basis.policy.digest,
    )
    if before is not None and same:
        return ClosedCounty(code, before.revision, False, places.height, verdicts.height, 0)
    changes = _changes(queries.figures_of_close(work, before.id), lines) if before is not None else 0
    revision = before.revision + 1 if before is not None else 1
    made = MonthClose(
        id=new_key(),
        area=code,
        period=period.number,
        revision=revision,
        as_of=period.end,
        edition=edition.id,
        policy_digest=basis.policy.digest,
        figures_digest=digest,
        closed_at=clock.now(),
        closed_by=work.access.actor,
    )
    work.add(made)
    work.flush()
    common = {"close_id": made.id, "period": period.number, "revision": revision}
    work.add_many(
        ClosedFigure,
        [
            {
                "id": key,
                "area": area,
                "key": name,
                "numerator": numerator,
                "denominator": denominator,
                **common,
            }
            for key, (area, name, numerator, denominator) in zip(new_keys(len(lines)), lines, strict=True)
        ],
    )
    work.add_many(
        ClosedVerdicts,
        [
            {"id": key, "area": area, "cases_count": count, "packed": blob, **common}
            for key, (area, (count, blob)) in zip(new_keys(len(packed)), packed.items(), strict=True)
        ],
    )
    return ClosedCounty(code, revision, True, places.height, verdicts.height, changes)


def _lines(rows: pl.LazyFrame, places: pl.DataFrame, basis: Basis) -> list[Line]:
    """Every figure and every plain count of every area, in the order of area and key."""
    found: list[Line] = [
        (area, key, numerator, denominator)
        for area, counts in roll_up(tally(rows).collect(), places).items()
        for key, (numerator, denominator) in counts.items()
    ]
    found += [
        (area, key, number, None)
        for area, counts in distribution.counts(rows, places, basis.period, basis.policy).items()
        for key, number in counts.items()
    ]
    return sorted(found, key=lambda line: line[:2])


def _by_area(verdicts: pl.DataFrame) -> Iterable[tuple[int, pl.DataFrame]]:
    """The verdicts of each managing area; they come in the order of the areas."""
    for part in verdicts.partition_by("area", maintain_order=True):
        yield part.item(0, "area"), part


def _digest(lines: Iterable[Line], packed: dict[int, tuple[int, bytes]]) -> str:
    """SHA-256 over all figures and verdicts of a closing."""
    found = hashlib.sha256()
    for line in lines:
        found.update("|".join(map(str, line)).encode() + b"\n")
    for area, (count, blob) in sorted(packed.items()):
        found.update(f"{area}|{count}|".encode() + hashlib.sha256(blob).digest())
    return found.hexdigest()


def _changes(before: Iterable[Line], after: Iterable[Line]) -> int:
    return len({tuple(line) for line in before} ^ {*after}) // 2
