"""显示: how dates, counts, unknowns and small drawings are written on every page."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from flask import Flask

CHINA = ZoneInfo("Asia/Shanghai")
DASH = "—"

Value = float | int | str | None
#: Lower and upper edge of a drawing, in the unit of its values.
Box = tuple[float, float]


def day(value: dt.date | None) -> str:
    """A business day as ``2026-09-12``; nothing is a dash."""
    return DASH if value is None else value.isoformat()[:10]


def moment(value: dt.datetime | None) -> str:
    """An aware instant in Chinese time, ``2026-09-12 06:00``; nothing is a dash."""
    return DASH if value is None else value.astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def number(value: int | float | None) -> str:
    """A count with thousands set apart; nothing is a dash, zero is 0."""
    return DASH if value is None else f"{value:,}"


def duration(value: float | int | dt.timedelta | None) -> str:
    """Seconds in words: ``0.4 秒``, ``3 分 20 秒``, ``2 小时 5 分``; nothing is a dash."""
    if value is None:
        return DASH
    seconds = value.total_seconds() if isinstance(value, dt.timedelta) else float(value)
    if seconds < 10:
        return f"{seconds:.1f} 秒"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} 秒"
    if whole < 3600:
        return f"{whole // 60} 分 {whole % 60} 秒"
    return f"{whole // 3600} 小时 {whole % 3600 // 60} 分"


def size(value: int | None) -> str:
    """Bytes in the unit a person would use: ``820 字节``, ``35 KB``, ``2.4 MB``."""
    if value is None:
        return DASH
    if value < 1024:
        return f"{value} 字节"
    if value < 1024 * 1024:
        return f"{value / 1024:.0f} KB"
    return f"{value / 1024 / 1024:.1f} MB"


def neighbours(page: int, last: int) -> list[int]:
    """The page numbers a pager offers around ``page``: the first, the last and two on each side."""
    return sorted({n for n in (1, *range(page - 2, page + 3), last) if 1 <= n <= last})


def pairs(url: str) -> list[tuple[str, str]]:
    """The query of an address as (name, value), so that a GET form can carry it again."""
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def _known(values: Sequence[Value]) -> list[float]:
    return [float(value) for value in values if value is not None]


def span(values: Sequence[Value], target: Value = None, even: bool = False, top: float | None = None) -> Box:
    """Lower and upper edge that hold all values and the target; ``even`` makes four equal round steps.

    ``top``: what no value can exceed (100 for a share), so neither does the axis. A drawing never starts at
    an edge that would make a small change look like a leap: the edges are at least four units apart.
    """
    known = _known([*values, target])
    if not known:
        return 0.0, 100.0
    low, high = min(known), max(known)
    if high - low < 4:
        middle = (low + high) / 2
        low, high = max(0.0, middle - 2), max(0.0, middle - 2) + 4
    if not even:
        return low, high
    steps = (step * 10**power for power in range(-1, 7) for step in (1, 2, 2.5, 5))
    for step in steps:
        floor = math.floor(low / step) * step
        if floor + 4 * step >= high:
            over = top is not None and high <= top < floor + 4 * step
            # Round steps below the top as well: 20 to 100 rather than 40 to 120.
            floor = top - 4 * step if over and 0 <= top - 4 * step <= low else floor
            return floor, floor + 4 * step
    return low, high


def rungs(box: Box) -> list[str]:
    """The five labels of the upright axis, from top to bottom."""
    low, high = box
    return [f"{high - (high - low) * i / 4:g}" for i in range(5)]


def _points(values: Sequence[Value], box: Box, edge: bool) -> list[tuple[float, float] | None]:
    low, high = box
    count = len(values)
    points: list[tuple[float, float] | None] = []
    for index, value in enumerate(values):
        if value is None:
            points.append(None)
            continue
        across = index / max(count - 1, 1) if edge else (index + 0.5) / count
        up = (float(value) - low) / (high - low) if high > low else 0.5
        points.append((round(across * 100, 2), round(100 - up * 100, 2)))
    return points


def trace(values: Sequence[Value], box: Box, edge: bool = False) -> str:
    """Path of a line through ``values`` in a square of 100 × 100; an unknown value interrupts it.

    ``edge`` lets the line run from the left to the right edge; otherwise each value stands in the middle of
    its column.
    """
    path: list[str] = []
    drawing = False
    for point in _points(values, box, edge):
        if point is not None:
            path.append(f"{'L' if drawing else 'M'}{point[0]:g} {point[1]:g}")
        drawing = point is not None
    return "".join(path)


def dots(values: Sequence[Value], box: Box, edge: bool = False, last: bool = False) -> str:
    """Path of dots at ``values`` (only the last with ``last``): lines of no length, drawn with round ends."""
    known = [point for point in _points(values, box, edge) if point is not None]
    return "".join(f"M{x:g} {y:g}h0" for x, y in (known[-1:] if last else known))


FILTERS: dict[str, Any] = {
    "day": day,
    "moment": moment,
    "number": number,
    "duration": duration,
    "size": size,
    "neighbours": neighbours,
    "pairs": pairs,
    "span": span,
    "rungs": rungs,
    "trace": trace,
    "dots": dots,
}


def install(app: Flask) -> None:
    """Make the filters known to every template of ``app``."""
    app.jinja_env.filters.update(FILTERS)
