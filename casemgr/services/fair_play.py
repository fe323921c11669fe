"""规律性核对: patterns of a month's records, shown to their author first, to the county after the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from casemgr.indicators.period import Period
from casemgr.rules import fair_play as rules
from casemgr.rules.access import Access, Action
from casemgr.rules.calendar import working_days_after
from casemgr.rules.fair_play import Found, VisitMark
from casemgr.rules.policy import Policy, in_force_on
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.fair_play import PatternQuestion
from casemgr.store.queries import area as areas
from casemgr.store.queries import fair_play as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.fair_play import Pattern

READING = "查阅记录规律的说明"
LONGEST = 300
NOT_THERE = "没有这一项，或不在您的辖区内。请从“记录规律”页的列表进入。"
#: How far back the visit before may lie: every person is visited at least once in a year.
LOOK_BACK = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class PatternView:
    """One question as pages show it; ``mine``: it waits for, or was put to, the one who looks."""

    key: int
    month: str
    area: int
    township: str
    kind: Pattern
    counted: int
    visits: int
    asked_on: date
    open_on: date
    mine: bool
    answered_on: date | None
    answer: str = field(default="", repr=False)


def look(access: Access, month: str, today: date) -> Iterator[int]:
    """Look at the records of a month township by township; yields how many questions were added in each.

    A question that was put stays as it was put; looking again adds only what is new.
    """
    for code in _townships(access):
        yield _look_at(access, code, month, today)


@use_case(Action.AREA_READ)
def _townships(work: Work) -> list[int]:
    rows = areas.within(work, work.access.low, work.access.high, int(AreaLevel.TOWNSHIP))
    return [row.code for row in rows if row.level == int(AreaLevel.TOWNSHIP)]


@use_case(Action.PATTERN_WRITE)
def _look_at(work: Work, township: int, month: str, today: date) -> int:
    period = Period.of_month(month)
    low, high = span_of(township)
    policy = in_force_on(period.end, within(work).region)
    first = period.end.replace(day=1)
    marks = _marks(work, low, high, first, period.end)
    known = {(row.kind, row.author) for row in queries.of_month(work, low, high, period.number)}
    new = [
        one for one in rules.patterns(marks, period.end, policy) if (int(one.kind), one.author) not in known
    ]
    for one in new:
        work.add(_question(one, period, today, policy))
    return len(new)


def _question(one: Found, period: Period, today: date, policy: Policy) -> PatternQuestion:
    return PatternQuestion(
        id=new_key(),
        area=one.area,
        period=period.number,
        kind=int(one.kind),
        author=one.author,
        counted=one.counted,
        visits=one.visits,
        asked_on=today,
        open_on=working_days_after(today, policy.fair_answer.value),
    )


def _marks(work: Work, low: int, high: int, first: date, last: date) -> Iterator[VisitMark]:
    """The visits of the month with how they were recorded."""
    rows = queries.visits(work, low, high, first - LOOK_BACK, last)
    width = len(queries.ANSWERS)
    for _, own in groupby(rows, key=lambda row: row.case_id):
        before = None
        for row in own:
            told = tuple(row[-width:])
            if row.on >= first:
                # What no form here suggested a class for was brought by a file, whoever sent it.
                typed = row.suggested is not None
                yield VisitMark(
                    row.area,
                    row.recorded_by if typed else 0,
                    row.on,
                    row.mode,
                    row.risk,
                    None if before is None else told == before,
                    int(row.recorded_at.timestamp() // 60) if typed else None,
                )
            before = told


@use_case(Action.PATTERN_READ)
def of_access(work: Work, today: date) -> tuple[PatternView, ...]:
    """The questions somebody may see: a doctor those put to them or about files of the township, the county
    those that are answered or whose time for an answer is over: the author has the whole of the last working
    day. Never who recorded what."""
    actor, county = work.access.actor, level_of(work.access.low) < AreaLevel.TOWNSHIP
    rows = [
        row
        for row in queries.questions(work, work.access.low, work.access.high)
        if (
            row.author == actor
            or (county and (row.answered_on is not None or row.open_on < today))
            or (not county and row.author == 0)
        )
    ]
    answered = [row for row in rows if row.answer is not None]
    told = dict(
        zip(
            (row.id for row in answered),
            open_texts(work, "PatternQuestion", [(row.id, row.answer) for row in answered], READING),
            strict=True,
        )
    )
    names = {
        row.code: row.name
        for row in areas.within(work, work.access.low, work.access.high, int(AreaLevel.TOWNSHIP))
    }
    return tuple(
        PatternView(
            row.id,
            f"{row.period // 100}-{row.period % 100:02d}",
            row.area,
            names.get(row.area, ""),
            Pattern.read(row.kind),
            row.counted,
            row.visits,
            row.asked_on,
            row.open_on,
            row.author == actor or (not county and row.author == 0),
            row.answered_on,
            told.get(row.id, ""),
        )
        for row in rows
    )


@use_case(Action.DUTY_READ)
def waiting(work: Work) -> int:
    """How many questions wait for the one who looks; a county is asked nothing."""
    if level_of(work.access.low) < AreaLevel.TOWNSHIP:
        return 0
    return queries.unanswered(work, work.access.low, work.access.high, work.access.actor)


@use_case(Action.PATTERN_WRITE)
def answer(work: Work, key: int, text: str, today: date) -> None:
    """Write down what the author says; once, so that what the county reads stays what was said.

    Raises :class:`Missing` for a question put to somebody else, :class:`Unfit` without words,
    :class:`Conflict` when it was answered meanwhile.
    """
    row = work.get(PatternQuestion, key)
    actor = work.access.actor
    local = level_of(work.access.low) is AreaLevel.TOWNSHIP
    if row is None or not (row.author == actor or (local and row.author == 0)):
        raise Missing(NOT_THERE)
    if row.answered_on is not None:
        raise Conflict("这一项已经说明过，说明不能改动。如需补充，请直接联系县级。")
    text = text.strip()
    if not 4 <= len(text) <= LONGEST:
        sentence = f"请写 4 到 {LONGEST} 字的说明，如“当月集中入户，逐人核对后病情确无变化”。请勿写患者姓名。"
        raise Unfit("没有保存。", fields={"answer": sentence})
    row.answered_on, row.answered_by, row.answer = today, actor, Plain(text)
