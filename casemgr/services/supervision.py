"""督导: how the duties of townships and doctors stand, and who stands in for whom (代班)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from casemgr.rules.access import Action
from casemgr.rules.policy import in_force_on
from casemgr.services import clock
from casemgr.services.errors import Missing, Unfit
from casemgr.services.unfiled import unfiled
from casemgr.services.use_case import use_case, within
from casemgr.store.db import new_key
from casemgr.store.models import StandIn
from casemgr.store.queries import area as areas
from casemgr.store.queries import duty as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.duty import DutyState

LONGEST = timedelta(366)
NOT_HERE = "没有这个乡镇（街道），或不在您的辖区内。请从首页的列表进入。"


@dataclass(frozen=True, slots=True)
class Standing:
    """How duties stand: open and overdue now; in time, late and missed since 1 January."""

    open: int = 0
    overdue: int = 0
    done: int = 0
    late: int = 0
    missed: int = 0

    def __add__(self, other: Standing) -> Standing:
        return Standing(
            self.open + other.open,
            self.overdue + other.overdue,
            self.done + other.done,
            self.late + other.late,
            self.missed + other.missed,
        )


@dataclass(frozen=True, slots=True)
class TownshipStanding:
    """One township and how its duties stand; ``own``: the county itself, which holds duties of no file."""

    code: int
    name: str
    standing: Standing
    own: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """One account and the duties given to it; without an account: those that nobody was given."""

    id: int | None
    display: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Cover:
    """One stand-in that has not ended."""

    id: int
    absent: str
    instead: str
    since: date
    until: date
    running: bool


@dataclass(frozen=True, slots=True)
class Team:
    """The people of one township and what they hold."""

    members: tuple[Member, ...]
    covers: tuple[Cover, ...]
    total: Standing


_PARTS: dict[int, str] = {DutyState.DONE: "done", DutyState.LATE: "late", DutyState.MISSED: "missed"}


def _summed(rows: Iterable[Any], key: str) -> dict[Any, Standing]:
    found: dict[Any, Standing] = {}
    for row in rows:
        if row.state == DutyState.OPEN:
            more = Standing(open=row.count, overdue=int(row.overdue))
        elif row.state in _PARTS:
            more = Standing(**{_PARTS[row.state]: row.count})
        else:
            continue  # what nobody needed counts for nobody
        of = getattr(row, key)
        found[of] = found.get(of, Standing()) + more
    return found


def _counts(work: Work, low: int, high: int, today: date) -> list[Any]:
    return list(queries.counts(work, low, high, date(today.year, 1, 1), today))


def _without_file(work: Work, low: int, high: int, today: date) -> dict[int, Standing]:
    """How the duties that belong to no file stand, by area: they are given to nobody."""
    policy, first = in_force_on(today, within(work).region), date(today.year, 1, 1)
    found: dict[int, Standing] = {}
    for one in unfiled(work, low, high, policy, today, first):
        due = one.due
        if due.is_open:
            more = Standing(open=1, overdue=int(due.due_on < today))
        elif due.state in _PARTS and due.ended_on is not None and first <= due.ended_on <= today:
            more = Standing(**{_PARTS[due.state]: 1})
        else:
            continue
        found[one.area] = found.get(one.area, Standing()) + more
    return found


@use_case(Action.DUTY_READ)
def townships(work: Work, place: int, today: date) -> tuple[TownshipStanding, ...]:
    """How the duties of each township of a county stand; :class:`Missing` outside the access."""
    low, high = span_of(place)
    if low < work.access.low or high > work.access.high:
        raise Missing(NOT_HERE)
    found = _summed(_counts(work, low, high, today), "area")
    for area, more in _without_file(work, low, high, today).items():
        found[area] = found.get(area, Standing()) + more
    rows = areas.within(work, low, high, int(AreaLevel.TOWNSHIP))
    townships = [
        TownshipStanding(row.code, row.name, found.get(row.code, Standing()))
        for row in rows
        if row.level == AreaLevel.TOWNSHIP
    ]
    own = [
        TownshipStanding(row.code, f"{row.name}（本级）", found[row.code], own=True)
        for row in rows
        if row.level == AreaLevel.COUNTY and row.code in found
    ]
    return (*own, *townships)


def _township(work: Work, area: int) -> int:
    if level_of(area) is not AreaLevel.TOWNSHIP or not work.access.reaches(area):
        raise Missing(NOT_HERE)
    return area


@use_case(Action.DUTY_READ)
def team(work: Work, area: int, today: date) -> Team:
    """Who holds how many duties of a township, and who stands in for whom."""
    _township(work, area)
    found = _summed(_counts(work, area, area + 1, today), "assignee")
    apart = _without_file(work, area, area + 1, today).get(area, Standing())
    found[None] = found.get(None, Standing()) + apart
    displays = {row.id: row.display for row in queries.staff(work, area, area + 1)}
    members = [Member(None, "未指定", found.get(None, Standing()))]
    members += [Member(key, display, found.get(key, Standing())) for key, display in displays.items()]
    members += [
        Member(key, "已停用账号", standing)
        for key, standing in found.items()
        if key is not None and key not in displays
    ]
    covers = tuple(
        Cover(
            row.id,
            displays.get(row.absent, "已停用账号"),
            displays.get(row.instead, "已停用账号"),
            row.since,
            row.until,
            row.since <= today,
        )
        for row in queries.stand_ins(work, area, area + 1, today)
    )
    return Team(tuple(members), covers, sum(found.values(), Standing()))


@use_case(Action.DUTY_ASSIGN)
def stand_in(
    work: Work,
    area: int,
    absent: int | None,
    instead: int | None,
    since: date | None,
    until: date | None,
    today: date,
) -> int:
    """One account of a township stands in for another from a day to a day; the key of the entry.

    Raises :class:`Unfit` for accounts of elsewhere, the same person twice, or days that do not fit.
    """
    _township(work, area)
    staff = {row.id for row in queries.staff(work, area, area + 1)}
    wrong: dict[str, str] = {}
    if absent not in staff:
        wrong["absent"] = "请选择本乡镇（街道）的在岗人员。不在名单上的人没有可代的事项。请从列表选择。"
    if instead not in staff:
        wrong["instead"] = "请选择本乡镇（街道）的在岗人员代班。其他单位的人看不到这里的患者。请从列表选择。"
    elif instead == absent:
        wrong["instead"] = "代班人与缺勤人相同，事项没有人接。请另选一位，或不登记代班。"
    if since is None:
        wrong["since"] = "请填写代班开始日期。没有日期就不知道从哪天起由谁负责。请选择日期，或填今天。"
    if until is None:
        wrong["until"] = "请填写代班结束日期。没有日期就不知道何时交还。请选择日期，之后可以提前结束。"
    elif until < today or (since is not None and until < since):
        wrong["until"] = "结束日期早于今天或早于开始日期，代班不会生效。请改结束日期，或改开始日期。"
    elif since is not None and until - since > LONGEST:
        wrong["until"] = "代班超过一年。长期由他人负责时应办理交接。请改结束日期，或用“交接”。"
    if wrong or absent is None or instead is None or since is None or until is None:
        raise Unfit("代班没有登记。", fields=wrong)
    made = work.add(
        StandIn(
            id=new_key(),
            area=area,
            absent=absent,
            instead=instead,
            since=since,
            until=until,
            recorded_at=clock.now(),
            recorded_by=work.access.actor,
        )
    )
    return int(made.id)


@use_case(Action.DUTY_ASSIGN)
def end_stand_in(work: Work, key: int, today: date) -> int:
    """A stand-in ends yesterday, or before it began; answers the township."""
    found = work.get(StandIn, key)
    if found is None:
        raise Missing("没有找到这条代班记录，或已经结束。请刷新页面核对。")
    found.until = today - timedelta(1)
    return int(found.area)
