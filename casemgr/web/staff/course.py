"""病程图: where each visit, stay, injection and session stands in the drawing of 24 months.

Two panels of twelve months each; they stand side by side on a wide screen and under each other on a phone.
Height is the danger level, shape the way of contact, filling the class, so that it reads in black and white.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from casemgr.services.case_view import CaseView, VisitView
from casemgr.services.clock import SHANGHAI
from casemgr.services.event import CaseEvents
from casemgr.terms.followup import VisitMode
from casemgr.terms.risk import RiskLevel, Stability

LEFT, RIGHT = 38.0, 396.0
STEP = 15.0
TOP = 13.0
LEVELS = len(RiskLevel)
#: Rows under the levels: what was not assessed, stays in hospital, injections, sessions, names of months.
NOT_ASSESSED = TOP + LEVELS * STEP
STAY, DOSE, SESSION = NOT_ASSESSED + 17, NOT_ASSESSED + 32, NOT_ASSESSED + 47
EVENT = NOT_ASSESSED + 62
FLOOR = NOT_ASSESSED + 55
#: Below the floor come the names of months; a row of events, where there are any, pushes the floor down.
BELOW, EVENT_ROW = 18, 15
MONTHS_OF_PANEL = 12
RADIUS = 4.6

FILLS = {Stability.STABLE: "calm", Stability.BASIC: "fair", Stability.UNSTABLE: "grave"}


@dataclass(frozen=True, slots=True)
class Sign:
    """One visit in the drawing: ``shape`` is path data, ``kind`` the filling, ``words`` what it says."""

    shape: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time; ``open`` ends are unknown or still lasting."""

    x: float
    width: float
    words: str
    open: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Twelve months of one person, in the units of the drawing."""

    first: date
    last: date
    months: tuple[tuple[float, str], ...]
    edges: str
    signs: tuple[Sign, ...]
    line: str
    gaps: tuple[Stretch, ...]
    stays: tuple[Stretch, ...]
    doses: str
    sessions: str
    now: float | None
    locks: tuple[Stretch, ...] = ()
    events: tuple[Sign, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """The whole drawing: two panels, oldest first, and one sentence that says what is in it."""

    panels: tuple[Panel, ...]
    words: str
    rows: tuple[tuple[float, str], ...]
    height: float = FLOOR + BELOW
    floor: float = FLOOR
    level_tops: tuple[float, ...] = tuple(TOP + index * STEP for index in range(LEVELS))


#: Labels at the left: level 5 on top, then the rows underneath.
ROWS = (
    *((TOP + (LEVELS - 1 - int(level)) * STEP, level.label) for level in reversed(RiskLevel)),
    (NOT_ASSESSED, "未评"),
    (STAY, "住院"),
    (DOSE, "针剂"),
    (SESSION, "康复"),
)


def _month_after(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def of(view: CaseView, events: CaseEvents | None = None) -> Course:
    """The drawing of one person's months, with a row of events only for somebody who has any."""
    events = events or CaseEvents()
    marked = bool(events.incidents or events.lock_ups or events.emergencies)
    floor = FLOOR + (EVENT_ROW if marked else 0)
    halves = (view.since, _month_after(view.since, MONTHS_OF_PANEL))
    panels = tuple(
        _panel(view, events, first, _month_after(first, MONTHS_OF_PANEL), floor) for first in halves
    )
    seen = sum(one.loss is None for one in view.visits)
    told = ""
    if marked:
        told = (
            f"应急处置 {len(events.emergencies)} 次，危险行为 {len(events.incidents)} 次，"
            f"关锁 {len(events.lock_ups)} 次，"
        )
    words = (
        f"{view.since.isoformat()} 至 {view.until.isoformat()}：随访到 {seen} 次，"
        f"未访到 {len(view.visits) - seen} 次，"
        f"超过间隔上限 {len(view.gaps)} 处，住院 {len(view.stays)} 次，{told}"
        f"长效针剂 {len(view.doses)} 次，社区康复 {len(view.sessions)} 次。逐次记录见下方表格。"
    )
    return Course(panels, words, (*ROWS, *(((EVENT, "事件"),) if marked else ())), floor + BELOW, floor)


def _panel(view: CaseView, events: CaseEvents, first: date, end: date, floor: float) -> Panel:
    days = (end - first).days

    def x(day: date) -> float:
        inside = min(max((day - first).days, 0), days)
        return round(LEFT + (RIGHT - LEFT) * inside / days, 1)

    def stretch(since: date | None, until: date | None, words: str, open_: bool) -> Stretch | None:
        begin, stop = since or first, until or min(view.until, end)
        if begin >= end or stop < first:
            return None
        return Stretch(x(begin), round(max(x(stop) - x(begin), 1.5), 1), words, open_)

    inside = [one for one in reversed(view.visits) if first <= one.on < end]
    levels = [one for one in inside if one.risk is not None and one.loss is None]
    starts = [_month_after(first, number) for number in range(MONTHS_OF_PANEL)]
    gaps = (
        stretch(
            gap.first,
            gap.last,
            f"{gap.first} 至 {gap.last} 相隔 {gap.days} 天，超过 {gap.limit} 天上限",
            gap.open,
        )
        for gap in view.gaps
    )
    stays = (
        stretch(
            stay.first or (stay.last - timedelta(days=7) if stay.last else None),
            stay.last,
            f"住院 {stay.first or '入院日不详'} 至 {stay.last or '今'}",
            stay.first is None or stay.last is None,
        )
        for stay in view.stays
    )
    locks = (
        stretch(one.known_on, one.released_on, f"关锁 {one.known_on} 至 {one.released_on or '今'}", False)
        for one in events.lock_ups
    )
    return Panel(
        first=first,
        last=min(view.until, end - timedelta(days=1)),
        months=tuple((x(start + timedelta(days=14)), str(start.month)) for start in starts),
        edges="".join(f"M{x(start)} {TOP - 8}V{floor}" for start in starts[1:]),
        signs=tuple(_sign(one, x(one.on)) for one in inside),
        line="".join(
            f"{'L' if index else 'M'}{x(one.on)} {_height(one)}" for index, one in enumerate(levels)
        ),
        gaps=tuple(one for one in gaps if one is not None),
        stays=tuple(one for one in stays if one is not None),
        doses="".join(f"M{x(one.on)} {DOSE - 5}v10" for one in view.doses if first <= one.on < end),
        sessions="".join(
            f"M{x(one.on)} {SESSION}h0"
            for one in view.sessions
            if first <= one.on < end and one.attended is not False
        ),
        now=x(view.until) if first <= view.until < end else None,
        locks=tuple(one for one in locks if one is not None),
        events=tuple(
            Sign(peak(x(day)), kind, words) for day, kind, words in _events(events) if first <= day < end
        ),
    )


def _events(events: CaseEvents) -> Iterator[tuple[date, str, str]]:
    for emergency in events.emergencies:
        day = emergency.reported_at.astimezone(SHANGHAI).date()
        yield day, "grave", f"{day} 应急处置"
    for incident in events.incidents:
        yield incident.on, "fair", f"{incident.on} {incident.kind.label}"


def _height(visit: VisitView) -> float:
    if visit.risk is None or visit.loss is not None:
        return NOT_ASSESSED
    return TOP + (LEVELS - 1 - int(visit.risk)) * STEP


def _sign(visit: VisitView, x: float) -> Sign:
    level = visit.risk.label if visit.risk is not None else "危险性未评估"
    named = visit.stability.label if visit.stability is not None else "未分类"
    mode = visit.mode.label if visit.mode is not None else "方式未填"
    if visit.loss is not None:
        return Sign(cross(x, NOT_ASSESSED), "lost", f"{visit.on} {mode}：未访到（{visit.loss.label}）")
    kind = "open" if visit.stability is None else FILLS[visit.stability]
    return Sign(shape(visit.mode, x, _height(visit)), kind, f"{visit.on} {mode}：{level}，{named}")


def shape(mode: VisitMode | None, x: float, y: float) -> str:
    """Path of the shape of a way of contact: square 门诊, house 家庭访视, circle 电话, diamond unknown."""
    r = RADIUS
    if mode is VisitMode.CLINIC:
        return f"M{x - r + 0.6:g} {y - r + 0.6:g}h{2 * r - 1.2:g}v{2 * r - 1.2:g}h-{2 * r - 1.2:g}z"
    if mode is VisitMode.HOME:
        return f"M{x - r:g} {y + r:g}v-{r + 0.4:g}L{x:g} {y - r - 0.8:g}L{x + r:g} {y - 0.4:g}v{r + 0.4:g}z"
    if mode is VisitMode.PHONE:
        return f"M{x - r:g} {y:g}a{r:g} {r:g} 0 1 0 {2 * r:g} 0a{r:g} {r:g} 0 1 0 -{2 * r:g} 0z"
    return f"M{x:g} {y - r - 1:g}L{x + r + 1:g} {y:g}L{x:g} {y + r + 1:g}L{x - r - 1:g} {y:g}z"


def cross(x: float, y: float) -> str:
    """Path of the mark of an attempt that did not reach the person."""
    r = RADIUS - 0.8
    return f"M{x - r:g} {y - r:g}l{2 * r:g} {2 * r:g}m0 -{2 * r:g}l-{2 * r:g} {2 * r:g}"


def peak(x: float) -> str:
    """Path of the mark of an event: a small triangle in the row of events."""
    return f"M{x - RADIUS:g} {EVENT + 4:g}L{x:g} {EVENT - 5:g}L{x + RADIUS:g} {EVENT + 4:g}z"
