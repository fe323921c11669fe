"""月结: lays the figures and verdicts of one county and month down, once per state of the facts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

import polars as pl

from casemgr.indicators import distribution, topic
from casemgr.indicators.count import roll_up, tally
from casemgr.indicators.difference import Differences, between
from casemgr.indicators.difference import pack as pack_differences
from casemgr.indicators.editions import Edition
from casemgr.indicators.judgement import Basis
from casemgr.indicators.packed import masks, pack, unpack
from casemgr.services import area_fact, clock, counting, totals
from casemgr.store.db import new_key, new_keys
from casemgr.store.models.indicator import ClosedDifference, ClosedFigure, ClosedVerdicts, MonthClose
from casemgr.store.queries import closing as closings
from casemgr.store.queries import indicator as queries
from casemgr.store.types import to_days
from casemgr.store.work import CLOSING_TURN, Work
from casemgr.terms.area import span_of
from casemgr.terms.code import to_mask
from casemgr.terms.indicator import Cause, CloseStep
from casemgr.terms.register import Lifecycle, Track

#: Area, key, numerator, denominator (empty for plain counts and where the population is not known).
Line = tuple[int, str, int, int | None]
#: Whose denominator is everybody on the register.
REGISTERED = "IND-02.REG-A"


@dataclass(frozen=True, slots=True)
class ClosedCounty:
    """What closing a month did for one county: ``written`` is false when nothing differs from before.

    ``changes``: how many figures differ from those of the revision before. ``issued``: the figures that
    stand are signed and were left alone although others would follow from the records now.
    """

    code: int
    revision: int
    written: bool
    areas: int
    people: int
    changes: int
    issued: bool = False


def close_county(work: Work, code: int, edition: Edition, basis: Basis) -> ClosedCounty:
    """Close the month of ``basis`` for the county ``code``; a new revision only if something differs."""
    low, high = span_of(code)
    period = basis.period
    places = counting.areas(work, low, high)
    frames = counting.of_area(work, low, high, period, clock.today())
    rows = frames.collect(counting.judge(frames, basis)).lazy()
    told = area_fact.standing(work, period.end.year, low, high)
    lines = _lines(work, (low, high), rows, places, basis, area_fact.values(told))
    verdicts = masks(rows, topic.word()).collect()
    packed, reasons = {}, {}
    for area, part in _by_area(verdicts):
        packed[area], reasons[area] = (part.height, pack(part)), topic.pack(part)
    digest = _digest(lines, packed)
    work.take_turn(CLOSING_TURN)
    before = queries.latest_close(work, period.number, code)
    same = before is not None and (before.figures_digest, before.edition, before.policy_digest) == (
        digest,
        edition.id,
        basis.policy.digest,
    )
    if before is not None and same:
        # Some facts make figures of the city alone; a county that reports another value closes anew.
        same = area_fact.values(area_fact.of_close(work, before)) == area_fact.values(told)
    if before is not None and same:
        return ClosedCounty(code, before.revision, False, places.height, verdicts.height, 0)
    changes = _changes(queries.figures_of_close(work, before.id), lines) if before is not None else 0
    if before is not None and closings.latest_step(work, before.id) == CloseStep.ISSUED:
        return ClosedCounty(
            code, before.revision, False, places.height, verdicts.height, changes, issued=True
        )
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
        facts=area_fact.pack(told),
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
            {
                "id": key,
                "area": area,
                "cases_count": count,
                "packed": blob,
                "reasons": reasons[area],
                **common,
            }
            for key, (area, (count, blob)) in zip(new_keys(len(packed)), packed.items(), strict=True)
        ],
    )
    if before is not None:
        _tell_differences(work, before, made, {area: blob for area, (_, blob) in packed.items()})
    return ClosedCounty(code, revision, True, places.height, verdicts.height, changes)


def _tell_differences(work: Work, before: MonthClose, made: MonthClose, packed: dict[int, bytes]) -> None:
    """Lay down whom the new closing counts otherwise than the one before, and why as far as it is known.

    Only townships whose verdicts differ are looked at, which the same bytes tell at once.
    """
    old = closings.verdicts_of_close(work, before.id)
    found = {
        area: between(
            unpack(old[area]) if area in old else None, unpack(packed[area]) if area in packed else None
        )
        for area in sorted(old.keys() | packed.keys())
        if old.get(area) != packed.get(area)
    }
    cases = sorted({one.case for part in found.values() for one in part.people})
    same_rules = (before.edition, before.policy_digest) == (made.edition, made.policy_digest)
    gone = _gone(found.values())
    known = evidence(work, cases, gone, before.closed_at, made.as_of, same_rules=same_rules)
    work.add_many(
        ClosedDifference,
        [
            {
                "id": key,
                "area": area,
                "close_id": made.id,
                "period": made.period,
                "revision": made.revision,
                "since": before.closed_at,
                "closed_at": made.closed_at,
                "cases_count": len(part.people),
                "packed": pack_differences(
                    replace(
                        part,
                        people=tuple(
                            replace(one, causes=known[one.case].causes, on=known[one.case].on)
                            for one in part.people
                        ),
                    )
                ),
            }
            for key, (area, part) in zip(new_keys(len(found)), found.items(), strict=True)
        ],
    )


def _gone(parts: Iterable[Differences]) -> set[int]:
    left: set[int] = set()
    came: set[int] = set()
    for part in parts:
        bit = 1 << part.keys.index(REGISTERED)
        left |= {one.case for one in part.people if one.unasked & bit}
        came |= {one.case for one in part.people if one.asked & bit}
    return left - came


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why somebody is counted otherwise: a mask of causes; the latest day of what was entered late."""

    causes: int
    on: int | None


def evidence(
    work: Work, cases: list[int], gone: set[int], since: datetime, last: date, *, same_rules: bool
) -> dict[int, Evidence]:
    """What was entered after ``since`` about cases, of what is dated by ``last``; several causes may hold.

    ``gone``: those who are on the register no longer by the later closing.
    A change of which no record tells (an import that mended a row) is called a correction.
    """
    causes: dict[int, set[Cause]] = {case: set() for case in cases}
    days: dict[int, date] = {}
    for row in closings.entered(work, cases, since, last):
        causes[row.case].add(Cause.LATE_ENTRY)
        days[row.case] = max(row.on, days.get(row.case, row.on))
    for row in closings.states(work, cases, since, last):
        if row.track == Track.UNIT:
            causes[row.case].add(Cause.TRANSFER)
        elif row.track == Track.LIFECYCLE:
            left = Cause.CORRECTION if row.value == Lifecycle.ON_REGISTER else Cause.LEFT
            causes[row.case].add(Cause.DEATH if row.value == Lifecycle.DEAD else left)
        else:
            late = row.track == Track.MANAGEMENT
            causes[row.case].add(Cause.LATE_ENTRY if late else Cause.CORRECTION)
    for row in closings.files(work, cases):
        if row.created_at > since:
            # A new file brings its records along; that it was missing says it all.
            causes[row.case] = {Cause.REGISTERED}
        elif row.case in gone and not causes[row.case] and row.lifecycle != Lifecycle.ON_REGISTER:
            causes[row.case].add(Cause.DEATH if row.lifecycle == Lifecycle.DEAD else Cause.LEFT)
    for case in closings.answered(work, cases, since, last):
        if Cause.REGISTERED not in causes[case]:
            causes[case].add(Cause.CONSENT)
    for case in closings.changed(work, cases, since):
        if not causes[case]:
            causes[case].add(Cause.CORRECTION)
    found = {}
    for case, held in causes.items():
        if not same_rules:
            held.add(Cause.RULE)
        found[case] = Evidence(
            to_mask(held or {Cause.CORRECTION}), to_days(days[case]) if case in days else None
        )
    return found


def _lines(
    work: Work,
    span: tuple[int, int],
    rows: pl.LazyFrame,
    places: pl.DataFrame,
    basis: Basis,
    told: totals.Facts,
) -> list[Line]:
    """Every figure and every plain count of every area, in the order of area and key."""
    counted = roll_up(tally(rows).collect(), places)
    others = totals.counts(work, *span, basis.period, places.rows(), counted, told)
    found: list[Line] = [
        (area, key, numerator, denominator)
        for counts_of in (counted, others)
        for area, counts in counts_of.items()
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
