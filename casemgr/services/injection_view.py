"""长效针剂视图: an answer of the label rules turned into words, days and a bar; nothing sealed, no order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from casemgr.rules.injection import Advice, resume, stand
from casemgr.rules.injection_check import milligrams
from casemgr.rules.injection_course import Placed
from casemgr.rules.injection_label import Ground, Label, labels, source_title
from casemgr.services import injection_course
from casemgr.terms.injection import Level, Status

#: Width of the bar in its own units, and how much of it the time before the window may take.
WIDTH = 1000
#: At least so many days after the window are drawn.
AFTER = 14
MISSED = frozenset({Status.OVERDUE, Status.MISSED_REINIT, Status.MISSED_RESTART})
KINDS = {
    Status.OVERDUE: "late",
    Status.MISSED_REINIT: "restart",
    Status.MISSED_RESTART: "anew",
}


@dataclass(frozen=True, slots=True)
class FlagView:
    """One thing to look at: its code, weight, words and sources."""

    code: str
    level: Level
    text: str
    sources: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the bar: ``kind`` is wait, window, late, restart or anew."""

    kind: str
    label: str
    first: date
    last: date | None
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Bar:
    """Early – best – late – restart for one course; positions are parts of :data:`WIDTH`."""

    stretches: tuple[Stretch, ...]
    best: int
    now: int
    words: str
    #: (day, words) in order: what a table beneath the bar says.
    days: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class AdviceView:
    """Where one course stands today, what the label says, from where, and how sure that is."""

    product: str
    name: str
    status: Status
    rule: str
    last_on: date | None
    last_role: str
    last_inferred: bool
    number: int
    last_ug: int | None
    elapsed: int | None
    due: date | None
    opens: date | None
    closes: date | None
    remind_on: date | None
    days_to_due: int | None
    days_to_close: int | None
    guidance: str
    reason: str
    sources: tuple[str, ...]
    verified: bool
    local: str
    #: Which label of the county holds and its day, in words; empty for the shipped data.
    dated: str
    flags: tuple[FlagView, ...]
    cover_until: date | None
    without_basis: bool
    bar: Bar | None

    @property
    def missed(self) -> bool:
        """Whether the window has closed without a dose."""
        return self.status in MISSED

    @property
    def tone(self) -> str:
        """The tone of its status: bad, warn, good or nothing."""
        if self.status in {Status.MISSED_REINIT, Status.MISSED_RESTART, Status.OVERDUE}:
            return "bad"
        if self.without_basis or self.status is Status.DATA_ERROR:
            return "warn"
        if self.status is Status.IN_WINDOW:
            return "warn" if (self.days_to_close or 0) <= AFTER // 2 else "good"
        return ""

    @property
    def when(self) -> str:
        """How the course stands against its days, in one phrase."""
        if self.without_basis:
            return "暂无依据，请按说明书"
        if self.due is None or self.closes is None or self.opens is None:
            return self.status.label
        if self.missed:
            return f"窗口{self.closes.isoformat()}已关闭，已过 {-(self.days_to_close or 0)} 天"
        if self.status is Status.IN_WINDOW:
            left = self.days_to_close or 0
            return "窗口今天关闭" if left == 0 else f"窗口还有 {left} 天关闭（{self.closes.isoformat()}）"
        return (
            f"最佳注射日 {self.due.isoformat()}，窗口 {self.opens.isoformat()} 至 {self.closes.isoformat()}"
        )


def titles(ground: Ground) -> tuple[str, ...]:
    """The sources of an answer as people read them."""
    return tuple(source_title(one) for one in ground.sources if one != "UNVERIFIED")


#: Flags that quote how a label wants somebody treated; whoever reads one is told who decides.
TREATING = frozenset({"V6", "V7", "V8"})


def flag_of(one: Any) -> FlagView:
    """One flag of the rules for pages."""
    text = one.text
    if one.code in TREATING and "医师" not in text and "专科" not in text:
        text = f"{text.rstrip('。')}。请专科医师决定"
    return FlagView(one.code, one.level, text, titles(one.ground), one.ground.verified)


def view(advice: Advice, product: str, *, bar: bool = True) -> AdviceView:
    """One answer for pages."""
    last, plan, label = advice.last, advice.plan, advice.label
    return AdviceView(
        product=product,
        name=label.name if label else product,
        status=advice.status,
        rule=advice.rule,
        last_on=last.dose.on if last else None,
        last_role=last.role.label if last else "",
        last_inferred=bool(last and last.inferred),
        number=last.number if last else 0,
        last_ug=last.dose.dose_ug if last else None,
        elapsed=advice.elapsed,
        due=advice.due,
        opens=advice.window_open,
        closes=advice.window_close,
        remind_on=advice.remind_on,
        days_to_due=advice.days_to_due,
        days_to_close=(plan.closes - advice.as_of).days if plan else None,
        guidance=advice.guidance.partition("（来源")[0],
        reason=advice.reason,
        sources=titles(advice.ground),
        verified=advice.verified,
        local=label.author if label else "",
        dated=label.note if label and label.author else "",
        flags=tuple(flag_of(one) for one in advice.flags),
        cover_until=advice.oral_cover_until,
        without_basis=advice.without_basis,
        bar=_bar(advice) if bar and plan is not None else None,
    )


def _bar(advice: Advice) -> Bar | None:
    last, plan = advice.last, advice.plan
    if last is None or plan is None:
        return None
    one_day = timedelta(1)
    begin = last.dose.on
    after = max(AFTER, (plan.closes - begin).days // 2)
    end = max(advice.as_of, plan.closes + timedelta(after))
    span = max((end - begin).days + 1, 1)

    def x(day: date) -> int:
        return round(max(0, min((day - begin).days, span)) * WIDTH / span)

    edges: list[tuple[str, str, date, date | None]] = [("wait", "等待", begin, plan.opens - one_day)]
    edges.append(("window", "窗口", plan.opens, plan.closes))
    for number, (first, row) in enumerate(plan.rows):
        following = plan.rows[number + 1][0] - one_day if number + 1 < len(plan.rows) else None
        edges.append((KINDS.get(row.status, "late"), row.status.label, first, following))
    if not plan.rows:
        edges.append(("late", "逾期（没有查到处理规定）", plan.closes + one_day, None))
    stretches = tuple(
        Stretch(kind, label, first, final, x(first), max(x((final or end) + one_day) - x(first), 0))
        for kind, label, first, final in edges
        if first <= end and (final is None or final >= first)
    )
    days = [
        (plan.opens, "最早"),
        (plan.due, "最佳"),
        (plan.closes, "最晚"),
        *((first, f"起：{label}") for kind, label, first, _ in edges if kind in {"late", "restart", "anew"}),
    ]
    words = "，".join(f"{name} {day.isoformat()}" for day, name in days)
    return Bar(stretches, x(plan.due), x(advice.as_of), words, tuple(days))


def live(rows: list[Any]) -> tuple[Any | None, list[Any]]:
    """The dose at the end of the course that runs, and the ends of courses that another product replaced.

    ``rows``: the last doses of one case's courses with their places.
    """
    counted = sorted((row for row in rows if row.role is not None), key=lambda row: (row.on, row.id))
    return (counted[-1], counted[:-1]) if counted else (None, [])


def tail_of(rows: list[Any], product: str) -> list[Placed]:
    """The last two doses of one course with their places, of all doses of a case in order of time."""
    found = [one for row in rows if row.product == product and (one := injection_course.placed(row))]
    return found[-2:]


def advise_course(held: Mapping[str, Label], rows: list[Any], product: str, today: date) -> Advice | None:
    """The answer for one course of a case from its stored doses, ``None`` without a label for the product."""
    label = held.get(product)
    own = [row for row in rows if row.product == product]
    if label is None or not own:
        return None
    last = next((row for row in reversed(own) if row.role is not None), None)
    return resume(
        label,
        tail_of(own, product),
        today,
        stopped_on=last.stopped_on if last else None,
        doctor_date=last.next_on if last else None,
        partial=any(row.partial for row in own),
    )


def advise_last(held: Mapping[str, Label], row: Any, today: date) -> Advice | None:
    """The answer from the last stored dose alone, for lists."""
    label, one = held.get(row.product), injection_course.placed(row)
    if label is None or one is None:
        return None
    if row.stopped_on is not None and row.stopped_on <= today and row.on <= row.stopped_on:
        return resume(label, [one], today, stopped_on=row.stopped_on)
    return stand(label, one, today)


def product_names() -> Iterator[tuple[str, str]]:
    """(code, name) of every product of the list."""
    yield from ((one.id, one.name) for one in labels().values())


def dose_words(ug: int | None) -> str:
    """A dose as people write it, empty when it was not written down."""
    return "" if ug is None else f"{milligrams(ug)} mg"
