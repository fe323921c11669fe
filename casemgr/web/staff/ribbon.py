"""用药条: where the days with medicine, gaps, stays and days without order stand in a strip of twelve months.

Each kind has a pattern of its own, so that the strip reads in black and white; the words are in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from casemgr.services.medicine import AdherenceView

LEFT, RIGHT = 2.0, 398.0
KINDS = {"有药": "covered", "无药": "gap", "住院": "ward", "无医嘱或无记录": "off"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of days alike: where it stands, its kind, and what it says."""

    x: float
    width: float
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Ribbon:
    """The strip: bars oldest first, edges of months as a path, names of months, and one sentence."""

    bars: tuple[Bar, ...]
    edges: str
    months: tuple[tuple[float, str], ...]
    words: str


def of(view: AdherenceView) -> Ribbon:
    """The strip of one person's twelve months."""
    first, last = view.period.first, view.period.last
    end = (last.replace(day=1) + timedelta(31)).replace(day=1)
    days = (end - first).days

    def x(day: date) -> float:
        return round(LEFT + (RIGHT - LEFT) * (day - first).days / days, 1)

    bars = tuple(
        Bar(
            x(one.first),
            round(x(one.last + timedelta(1)) - x(one.first), 1),
            KINDS[one.state.value],
            f"{one.first} 至 {one.last} {one.state.value} {one.days} 天",
        )
        for one in view.stretches
    )
    starts = []
    month = first
    while month < end:
        starts.append(month)
        month = (month + timedelta(31)).replace(day=1)
    told: dict[str, int] = {}
    for one in view.stretches:
        told[one.state.value] = told.get(one.state.value, 0) + one.days
    words = "，".join(f"{label} {count} 天" for label, count in told.items())
    return Ribbon(
        bars,
        "".join(f"M{x(one)} 4V30" for one in starts[1:]),
        tuple((x(one + timedelta(14)), str(one.month)) for one in starts),
        f"{first.isoformat()} 至 {last.isoformat()}：{words}。逐月天数见下表。",
    )
