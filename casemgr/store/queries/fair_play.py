"""规律性核对查询: how the visits of a month were recorded, and the questions that came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, bindparam, func, select

from casemgr.store.models.fair_play import PatternQuestion
from casemgr.store.models.followup import Visit
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work

#: The coded answers of a visit that are compared with those of the visit before.
ANSWERS = (
    Visit.risk,
    Visit.symptoms,
    Visit.insight,
    Visit.sleep,
    Visit.diet,
    Visit.self_care,
    Visit.housework,
    Visit.work,
    Visit.study,
    Visit.contact,
    Visit.hospital,
    Visit.laboratory,
    Visit.adherence,
    Visit.adverse_reaction,
    Visit.outcome,
    Visit.rehab_measures,
    Visit.stability,
)
_VISITS = lasting(
    select(
        Visit.case_id,
        Visit.area,
        Visit.on,
        Visit.mode,
        Visit.recorded_at,
        Visit.recorded_by,
        Visit.suggested,
        *ANSWERS,
    )
    .where(
        Visit.area >= bindparam("low", type_=BigInteger),
        Visit.area < bindparam("high", type_=BigInteger),
        Visit.on >= bindparam("since", type_=Day()),
        Visit.on <= bindparam("last", type_=Day()),
        Visit.loss_reason.is_(None),
    )
    .order_by(Visit.case_id, Visit.on)
)
_OPEN = (
    select(PatternQuestion)
    .where(
        PatternQuestion.area >= bindparam("low", type_=BigInteger),
        PatternQuestion.area < bindparam("high", type_=BigInteger),
    )
    .order_by(PatternQuestion.period.desc(), PatternQuestion.area, PatternQuestion.kind)
)
_ALL = lasting(_OPEN)


def visits(work: Work, low: int, high: int, since: date, last: date) -> Iterator[Any]:
    """The visits that reached the person, by person and day, with how and what was recorded."""
    return iter(work.rows(_VISITS, low=low, high=high, since=since, last=last))


def questions(work: Work, low: int, high: int) -> list[PatternQuestion]:
    """Every question about the townships in ``[low, high)``, latest month first."""
    found: list[PatternQuestion] = work.entities(_ALL, low=low, high=high)
    return found


def of_month(work: Work, low: int, high: int, period: int) -> Sequence[PatternQuestion]:
    """The questions about one month."""
    found: Sequence[PatternQuestion] = work.entities(
        select(PatternQuestion).where(
            PatternQuestion.period == period, PatternQuestion.area >= low, PatternQuestion.area < high
        )
    )
    return found


def unanswered(work: Work, low: int, high: int, author: int) -> int:
    """How many questions wait for an author; those about files wait for whoever works there."""
    found: int | None = work.scalar(
        select(func.count())
        .select_from(PatternQuestion)
        .where(
            PatternQuestion.area >= low,
            PatternQuestion.area < high,
            PatternQuestion.answered_on.is_(None),
            PatternQuestion.author.in_((0, author)),
        )
    )
    return found or 0
