"""计数准备: reads the facts of some people through a unit of work and judges them; loads polars."""

from __future__ import annotations

from datetime import date

import polars as pl

from casemgr.indicators.count import judged
from casemgr.indicators.frames import AREAS, Frames
from casemgr.indicators.judgement import Basis
from casemgr.indicators.period import Period
from casemgr.store import facts
from casemgr.store.facts import People
from casemgr.store.queries import area as area_queries
from casemgr.store.work import Work
from casemgr.terms.area import CODE_LENGTH, AreaLevel

EVERYWHERE = (0, 10**CODE_LENGTH)


def _read(work: Work, people: People, period: Period, low: int, high: int, today: date) -> Frames:
    past = period.end < today
    known = facts.known(work, people, period.start, period.end, low, high, past=past)
    nowhere = pl.DataFrame(schema=AREAS)
    return Frames(
        known.cases, known.visits, known.sessions, known.checkups, nowhere, known.offences, known.talks
    )


def of_area(work: Work, low: int, high: int, period: Period, today: date) -> Frames:
    """The facts about everyone managed in ``[low, high)`` on the last day of the period."""
    return _read(work, facts.of_area(work, low, high), period, low, high, today)


def of_case(work: Work, case_id: int, period: Period, today: date) -> Frames:
    """The facts about one person within the access today, wherever they were managed then."""
    return _read(work, facts.one(case_id), period, *EVERYWHERE, today)


def areas(work: Work, low: int, high: int) -> pl.DataFrame:
    """The areas in ``[low, high)`` down to the townships, as a frame."""
    rows = area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))
    return pl.DataFrame([tuple(row) for row in rows], schema=AREAS, orient="row")


def judge(frames: Frames, basis: Basis) -> pl.LazyFrame:
    """The judged rows of the people of ``frames``."""
    return judged(frames, basis.period, basis.policy)
