"""安全提示: who is dangerous and was not seen in time, which events nobody has closed; counts and lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from casemgr.rules import policy as policies
from casemgr.rules.access import Action
from casemgr.rules.calendar import deadline
from casemgr.rules.policy import Parameter
from casemgr.services.errors import Missing
from casemgr.services.use_case import use_case, within
from casemgr.store.course import local_day
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import safety as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, span_of
from casemgr.terms.incident import DangerousAct
from casemgr.terms.register import Pause
from casemgr.terms.risk import RiskLevel

#: From this danger level on somebody is seen at least every two weeks.
HIGH = RiskLevel.LEVEL_3
#: A level found longer ago tells of nobody any more.
YEARS = timedelta(2 * 366)
#: Acts without anything noted as done are asked about for so long.
ACTS = timedelta(366)
NOT_HERE = "没有这个区划，或不在您的辖区内。请从首页的列表进入。"


class Danger(Enum):
    """What a tile of the first page counts: its name in addresses, its title, the rule behind it."""

    UNSEEN = "unseen", "危险性3级及以上，超过两周未随访", "GW2017-7.10"
    UNCLOSED = "unclosed", "未了结的事件", "GF2018-10.5"

    def __init__(self, slug: str, title: str, rule: str) -> None:
        self.slug = slug
        self.title = title
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Count:
    """One tile: how many there are now."""

    danger: Danger
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """One person (``UNSEEN``) or one event (``UNCLOSED``): since when, what about it, how many days late."""

    case_id: int
    file_no: str
    area: int
    township: str
    on: date | None
    what: str
    days: int


@dataclass(frozen=True, slots=True)
class Found:
    """What stands behind one tile, longest waiting first."""

    danger: Danger
    place: str
    area: int
    rows: tuple[Row, ...]


def named(slug: str) -> Danger:
    """The tile with a name in addresses; :class:`Missing` for any other."""
    for one in Danger:
        if one.slug == slug:
            return one
    raise Missing("没有这一项提示。请从首页进入。")


def _span(work: Work, area: int) -> tuple[int, int]:
    low, high = span_of(area)
    if not (work.access.low <= low and high <= work.access.high):
        raise Missing(NOT_HERE)
    return low, high


@use_case(Action.INDICATOR_READ)
def counts(work: Work, area: int, today: date) -> tuple[Count, ...]:
    """Both tiles of an area as things stand now; :class:`Missing` outside the access."""
    low, high = _span(work, area)
    return tuple(Count(one, sum(1 for _ in _rows(work, one, low, high, today))) for one in Danger)


@use_case(Action.CASE_LIST)
def behind(work: Work, area: int, danger: Danger, today: date) -> Found:
    """The people or events behind one tile, exactly as many as it says."""
    low, high = _span(work, area)
    places = {row.code: row.name for row in area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))}
    if area not in places:
        raise Missing(NOT_HERE)
    rows = [
        Row(row.case_id, row.file_no, row.area, places.get(row.area, ""), row.on, row.what, row.days)
        for row in _rows(work, danger, low, high, today)
    ]
    rows.sort(key=lambda one: (-one.days, one.area, one.file_no, one.what))
    return Found(danger, places[area], area, tuple(rows))


def _rows(work: Work, danger: Danger, low: int, high: int, today: date) -> Iterator[Row]:
    if danger is Danger.UNSEEN:
        return _unseen(work, low, high, today)
    return _unclosed(work, low, high, today)


def _unseen(work: Work, low: int, high: int, today: date) -> Iterator[Row]:
    """Whose latest danger level is high and whose latest contact lies longer back than the term."""
    term: Parameter = policies.in_force_on(today, within(work).region).visit_unstable
    since = today - YEARS
    keys = queries.ever_high(work, low, high, since, int(HIGH))
    risks: dict[int, int] = {}
    seen: dict[int, date] = {}
    for visit in queries.levels(work, keys, since):
        if visit.risk is not None:
            risks[visit.case_id] = visit.risk
        if visit.loss_reason is None:
            seen[visit.case_id] = visit.on
    dangerous = [case for case, risk in risks.items() if risk >= HIGH]
    for row in queries.on_register(work, dangerous):
        in_hospital = row.pause == Pause.IN_HOSPITAL and (
            row.paused_until is None or row.paused_until >= today
        )
        last = seen.get(row.id)
        end = deadline(last, term).on if last is not None else None
        if not in_hospital and low <= row.area < high and (end is None or end < today):
            days = (today - end).days if end is not None else YEARS.days
            level = RiskLevel.read(risks[row.id]).label
            yield Row(row.id, row.file_no, row.area, "", last, f"危险性{level}", days)


def _unclosed(work: Work, low: int, high: int, today: date) -> Iterator[Row]:
    for row in queries.emergencies(work, low, high):
        on = local_day(row.reported_at) or today
        what = "应急处置还没有填记录单"
        yield Row(row.case_id, row.file_no, row.area, "", on, what, (today - on).days)
    for row in queries.lock_ups(work, low, high):
        yield Row(row.case_id, row.file_no, row.area, "", row.on, "关锁还没有解除", (today - row.on).days)
    for row in queries.incidents(work, low, high, today - ACTS):
        what = f"{DangerousAct.read(row.kind).label}：没有登记采取的措施"
        yield Row(row.case_id, row.file_no, row.area, "", row.on, what, (today - row.on).days)
