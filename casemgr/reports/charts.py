"""图: small SVG charts for pages and for print (柱形图、趋势图、分布图).

Rules every chart keeps:

* presentation attributes and classes only, no ``style`` attribute, no ``id``: a strict CSP lets it pass,
  and two charts on one page never clash;
* told apart without colour: solid, hatched, pale and crossed fills; solid, dashed and dotted lines with
  different markers; every bar carries its number;
* the printed number is the given text itself, so chart and table cannot disagree;
* ``None`` is a gap with an em dash, ``HIDDEN`` a gap with its mark; neither is ever drawn as a zero;
* a ``<title>`` (read aloud, and the alternative text of the tagged PDF) and a ``<desc>`` with all values.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

INK = "#1F2933"
MUTED = "#52606D"
RULE = "#CBD2D9"
PRIMARY = "#0B5CAD"
PALE = "#D9E2EC"
DANGER = "#B42318"
FONT = "CaseMgr Sans, Noto Sans CJK SC, Microsoft YaHei, PingFang SC, sans-serif"
NOTHING = "—"
HIDDEN = "＊"

TEXT_PX = 11.0
SMALL_PX = 10.0


class Picture(str):
    """SVG text that templates print as it is; everything inside was escaped when it was drawn."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of values; each value is the number as printed, or ``None`` where there is none."""

    name: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One column of :func:`panels`: a measure with its values, its scale's end and its target line."""

    name: str
    values: tuple[str | None, ...]
    unit: str = "%"
    target: str | None = None
    top: float | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One bar of :func:`distribution`; ``text`` is printed, ``size`` drawn (``None`` = hidden or unknown)."""

    name: str
    size: int | None
    text: str


# --- geometry and text ---------------------------------------------------------------------------


def _n(value: float) -> str:
    """A coordinate with at most one decimal, the same on every machine."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def text_width(text: str, size: float) -> float:
    """Rough width of ``text`` in pixels: wide characters one em, others a little over half."""
    ems = sum(1.0 if unicodedata.east_asian_width(char) in "WF" else 0.56 for char in text)
    return ems * size


def _shortened(text: str, width: float, size: float) -> str:
    """``text`` cut with an ellipsis so that it fits ``width``."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: float = TEXT_PX,
    anchor: str = "start",
    fill: str = INK,
    kind: str = "label",
    bold: bool = False,
    turn: float | None = None,
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    turned = f' transform="rotate({_n(turn)} {_n(x)} {_n(y)})"' if turn is not None else ""
    return (
        f'<text class="chart-{kind}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{fill}"'
        f"{place}{weight}{turned}>{escape(text)}</text>"
    )


def _line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    stroke: str = RULE,
    width: float = 1,
    dash: str = "",
    kind: str = "rule",
) -> str:
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<line class="chart-{kind}" x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}" '
        f'stroke="{stroke}" stroke-width="{_n(width)}"{dashed}/>'
    )


def _hatching(x: float, y: float, width: float, height: float, step: float, rising: bool) -> str:
    """Path data of parallel 45° lines clipped to a rectangle (no ``<pattern>``, hence no id)."""
    moves = []
    offset = step
    while offset < width + height:
        # Along the line u + v = offset inside the rectangle 0..width × 0..height.
        u1, v1 = (offset, 0.0) if offset <= width else (width, offset - width)
        u2, v2 = (0.0, offset) if offset <= height else (offset - height, height)
        if rising:
            moves.append(f"M{_n(x + u1)} {_n(y + v1)}L{_n(x + u2)} {_n(y + v2)}")
        else:
            moves.append(f"M{_n(x + u1)} {_n(y + height - v1)}L{_n(x + u2)} {_n(y + height - v2)}")
        offset += step
    return "".join(moves)


def _box(x: float, y: float, width: float, height: float, tone: int) -> str:
    """A bar in one of four tones that stay apart in black and white: solid, hatched, pale, crossed."""
    if width <= 0 or height <= 0:
        return ""
    frame = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    tone %= 4
    if tone == 0:
        return f'<rect class="chart-bar tone-0" {frame} fill="{PRIMARY}"/>'
    if tone == 2:
        return f'<rect class="chart-bar tone-2" {frame} fill="{PALE}" stroke="{INK}" stroke-width="0.6"/>'
    hatch = _hatching(x, y, width, height, 4, True)
    if tone == 3:
        hatch += _hatching(x, y, width, height, 4, False)
    bar = f'<rect class="chart-bar tone-{tone}" {frame} fill="#FFFFFF" stroke="{INK}" stroke-width="0.8"/>'
    if hatch:
        bar += f'<path class="chart-hatch" d="{hatch}" stroke="{INK}" stroke-width="0.7" fill="none"/>'
    return bar


def _marker(x: float, y: float, tone: int, colour: str, radius: float = 2.8) -> str:
    tone %= 4
    if tone == 0:
        return f'<circle class="chart-dot" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}" fill="{colour}"/>'
    if tone == 1:
        return (
            f'<rect class="chart-dot" x="{_n(x - radius)}" y="{_n(y - radius)}" width="{_n(2 * radius)}" '
            f'height="{_n(2 * radius)}" fill="#FFFFFF" stroke="{colour}" stroke-width="1.2"/>'
        )
    points = (
        f"{_n(x)},{_n(y - radius - 0.6)} {_n(x - radius - 0.4)},{_n(y + radius)} "
        f"{_n(x + radius + 0.4)},{_n(y + radius)}"
    )
    fill = colour if tone == 2 else "#FFFFFF"
    return f'<polygon class="chart-dot" points="{points}" fill="{fill}" stroke="{colour}" stroke-width="1"/>'


_LINE_COLOURS = (PRIMARY, INK, DANGER, MUTED)
_DASHES = ("", "5 2", "1.5 2", "8 2 1.5 2")


def scale_of(low: float, high: float, lines: int = 5) -> list[float]:
    """Round level lines (steps of 1, 2, 2.5 or 5 × 10ⁿ) from at or below ``low`` to at or above ``high``."""
    span = high - low
    if span <= 0:
        span = abs(high) or 1.0
        high = low + span
    rough = span / lines
    size = 10.0 ** floor(log10(rough))
    step = next(factor * size for factor in (1, 2, 2.5, 5, 10) if factor * size >= rough - 1e-9)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(place * step, 6) for place in range(first, last + 1)]


def _tick_label(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _small(x: float, y: float, text: str, anchor: str = "start") -> str:
    """Text of an axis."""
    return _text(x, y, text, size=SMALL_PX, anchor=anchor, fill=MUTED, kind="tick")


def _number(x: float, y: float, text: str, anchor: str = "start", turn: float | None = None) -> str:
    """The number that belongs to one bar or point."""
    return _text(x, y, text, size=SMALL_PX, anchor=anchor, kind="value", turn=turn)


def _axis(left: float, right: float, floor_y: float, ticks: Sequence[float], scale: float) -> list[str]:
    """The level lines with their numbers at the left; the lowest lies at ``floor_y``."""
    out = []
    for tick in ticks:
        y = floor_y - (tick - ticks[0]) * scale
        out.append(_line(left, y, right, y, stroke=INK if tick == ticks[0] else RULE, width=0.8))
        out.append(_small(left - 5, y + 3.6, _tick_label(tick), "end"))
    return out


def _goal(x1: float, y1: float, x2: float, y2: float) -> str:
    """The target as a dashed line."""
    return _line(x1, y1, x2, y2, stroke=DANGER, width=1.1, dash="5 3", kind="target")


def _size(value: str | None) -> float | None:
    """What to draw for a printed value: nothing for a gap or a hidden count."""
    return None if value is None or value == HIDDEN else float(value)


def _numbers(values: Sequence[str | None]) -> list[float]:
    return [size for size in map(_size, values) if size is not None]


def _wrap(kind: str, title: str, desc: str, width: float, height: float, body: list[str]) -> Picture:
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart-{kind}" role="img" '
        f'font-family="{FONT}" width="{_n(width)}" height="{_n(height)}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}">'
        f"<title>{escape(title)}</title><desc>{escape(desc)}</desc>{''.join(body)}</svg>"
    )


def _told(categories: Sequence[str], series: Sequence[Series], unit: str) -> str:
    """All values in one sentence, for people who cannot see the picture."""
    lines = []
    for line in series:
        told = "，".join(
            f"{name} {value or NOTHING}{'' if _size(value) is None else unit}"
            for name, value in zip(categories, line.values, strict=True)
        )
        lines.append(f"{line.name}：{told}")
    return "；".join(lines)


def _legend(x: float, y: float, names: Sequence[str], lines: bool) -> str:
    out = []
    for tone, name in enumerate(names):
        if lines:
            colour = _LINE_COLOURS[tone % 4]
            out.append(
                _line(
                    x,
                    y - 3.5,
                    x + 22,
                    y - 3.5,
                    stroke=colour,
                    width=1.6,
                    dash=_DASHES[tone % 4],
                    kind="series",
                )
            )
            out.append(_marker(x + 11, y - 3.5, tone, colour))
            x += 26
        else:
            out.append(_box(x, y - 8.5, 12, 9, tone))
            x += 16
        out.append(_text(x, y, name, kind="legend"))
        x += text_width(name, TEXT_PX) + 16
    return "".join(out)


# --- the charts ----------------------------------------------------------------------------------


def bars(
    title: str,
    categories: Sequence[str],
    values: Sequence[str | None],
    *,
    unit: str = "",
    target: str | None = None,
    width: float = 620,
    height: float = 220,
) -> Picture:
    """柱形图: one upright bar per category with its number on top and, if given, the target as a line."""
    return grouped_bars(
        title, categories, [Series("", tuple(values))], unit=unit, target=target, width=width, height=height
    )


def grouped_bars(
    title: str,
    categories: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str = "",
    target: str | None = None,
    width: float = 620,
    height: float = 240,
) -> Picture:
    """分组柱形图: for each category one bar per series, told apart by fill; numbers stand on the bars.

    ``categories`` and every series have the same length (``ValueError`` otherwise).
    """
    for line in series:
        if len(line.values) != len(categories):
            raise ValueError("every series needs one value per category")
    known = [number for line in series for number in _numbers(line.values)]
    if target is not None:
        known.append(float(target))
    highest = max(known, default=0.0)
    ticks = scale_of(0, 100 if unit == "%" and 50 < highest <= 100 else highest)
    named = [line.name for line in series if line.name]
    left, right, upper = 40.0, 12.0, 34.0 if named else 22.0
    slot = (width - left - right) / max(len(categories), 1)
    longest = max((text_width(name, TEXT_PX) for name in categories), default=0.0)
    turned = longest > slot - 4
    lower = min(longest, 84.0) * 0.62 + 20 if turned else 22.0
    floor_y = height - lower
    scale = (floor_y - upper) / ticks[-1]
    body: list[str] = []
    if named:
        body.append(_legend(left, 12, named, lines=False))
    body.extend(_axis(left, width - right, floor_y, ticks, scale))
    body.append(_small(left - 5, upper - 11, unit, "end"))
    bar = min(slot * 0.74 / max(len(series), 1), 34.0)
    for index, name in enumerate(categories):
        middle = left + slot * (index + 0.5)
        start = middle - bar * len(series) / 2
        for tone, line in enumerate(series):
            value = line.values[index] or NOTHING
            size = _size(line.values[index])
            x = start + bar * tone
            if size is None:
                body.append(_number(x + bar / 2, floor_y - 3, value, "middle"))
                continue
            tall = size * scale
            body.append(_box(x + 0.5, floor_y - tall, bar - 1, tall, tone))
            if text_width(value, SMALL_PX) <= bar + 3:
                body.append(_number(x + bar / 2, floor_y - tall - 3, value, "middle"))
            else:
                # Too narrow for a level number: stand it on the bar.
                body.append(_number(x + bar / 2 + 3.4, floor_y - tall - 3, value, turn=-90))
        if turned:
            shown = _shortened(name, 84.0, TEXT_PX)
            body.append(_text(middle + 4, floor_y + 13, shown, anchor="end", turn=-38))
        else:
            body.append(_text(middle, floor_y + 15, name, anchor="middle"))
    if target is not None:
        y = floor_y - float(target) * scale
        body.append(_goal(left, y, width - right, y))
        body.append(_number(width - right, y - 3, f"目标 {target}{unit}", "end"))
    return _wrap("bars", title, _told(categories, series, unit), width, height, body)


def panels(
    title: str, rows: Sequence[str], columns: Sequence[Panel], *, width: float = 620, row_height: float = 16
) -> Picture:
    """并列条形图: areas down the side, one panel of lying bars per measure, numbers at the bars' ends.

    A bar that reaches its target is solid, one that does not is hatched, so the paper needs no colour.
    Every panel has one value per row (``ValueError`` otherwise).
    """
    for column in columns:
        if len(column.values) != len(rows):
            raise ValueError("every panel needs one value per row")
    size = min(TEXT_PX, row_height * 0.72)
    names = min(max((text_width(name, size) for name in rows), default=0.0) + 8, width * 0.3)
    head = 32.0
    height = head + row_height * len(rows) + 8
    share = (width - names) / max(len(columns), 1)
    body: list[str] = []
    for index, name in enumerate(rows):
        y = head + row_height * (index + 0.5) + size * 0.36
        body.append(_text(names - 6, y, _shortened(name, names - 6, size), size=size, anchor="end"))
    for place, column in enumerate(columns):
        x = names + share * place
        known = [*_numbers(column.values), *([float(column.target)] if column.target is not None else [])]
        top = column.top if column.top is not None else scale_of(0, max(known, default=0.0))[-1]
        label = max((text_width(value or NOTHING, size) for value in column.values), default=0.0) + 8
        scale = (share - label - 8) / top
        body.append(_text(x, 11, column.name, bold=True, kind="panel"))
        goal = None
        if column.target is not None:
            goal = float(column.target)
            body.append(_small(x, 25, f"虚线 = 目标 {column.target}{column.unit}"))
        elif column.unit:
            body.append(_small(x, 25, f"单位 {column.unit}"))
        labels: list[str] = []
        for index, value in enumerate(column.values):
            y = head + row_height * index
            baseline = y + row_height * 0.5 + size * 0.36
            drawn = _size(value)
            if value is None or drawn is None:
                body.append(_text(x + 3, baseline, value or NOTHING, size=size, kind="value"))
                continue
            long = drawn * scale
            short_of_it = goal is not None and drawn < goal
            body.append(_box(x, y + row_height * 0.14, long, row_height * 0.72, 1 if short_of_it else 0))
            # A white ground keeps the number readable where the target line crosses it.
            labels.append(
                f'<rect class="chart-ground" x="{_n(x + long + 2)}" y="{_n(y + 1)}" fill="#FFFFFF" '
                f'width="{_n(text_width(value, size) + 2)}" height="{_n(row_height - 2)}"/>'
            )
            labels.append(_text(x + long + 4, baseline, value, size=size, kind="value"))
        body.append(_line(x, head - 2, x, height - 6, stroke=INK, width=0.8))
        if goal is not None:
            at = x + goal * scale
            body.append(_goal(at, head - 2, at, height - 6))
        body.extend(labels)
    told = "；".join(_told(rows, [Series(column.name, column.values)], column.unit) for column in columns)
    return _wrap("panels", title, told, width, height, body)


def trend(
    title: str,
    categories: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str = "%",
    target: str | None = None,
    width: float = 620,
    height: float = 230,
) -> Picture:
    """趋势图: one line per series over the months, told apart by dash and marker, last value written out.

    The scale begins at a round number below the smallest value when nothing is near zero; the
    description says so. Every series has one value per category (``ValueError`` otherwise).
    """
    for line in series:
        if len(line.values) != len(categories):
            raise ValueError("every series needs one value per category")
    known = [number for line in series for number in _numbers(line.values)]
    if target is not None:
        known.append(float(target))
    ticks = _levels(known, unit)
    low = ticks[0]
    named = [line.name for line in series if line.name]
    left, right, upper, lower = 40.0, 58.0, 34.0 if named else 16.0, 24.0
    floor_y = height - lower
    scale = (floor_y - upper) / (ticks[-1] - low)
    step = (width - left - right) / max(len(categories) - 1, 1)
    body: list[str] = []
    if named:
        body.append(_legend(left, 12, named, lines=True))
    body.extend(_axis(left, width - right, floor_y, ticks, scale))
    longest = max((text_width(name, SMALL_PX) for name in categories), default=1.0)
    every = max(1, ceil(longest / max(step - 4, 1)))
    for index, name in enumerate(categories):
        if (len(categories) - 1 - index) % every == 0:
            body.append(_text(left + step * index, floor_y + 15, name, size=SMALL_PX, anchor="middle"))
    if target is not None:
        y = floor_y - (float(target) - low) * scale
        body.append(_goal(left, y, width - right, y))
        body.append(_number(left + 3, y - 3, f"目标 {target}{unit}"))
    ends: list[tuple[float, str]] = []
    for tone, line in enumerate(series):
        colour = _LINE_COLOURS[tone % 4]
        run: list[str] = []
        dots: list[str] = []
        for index, value in enumerate(line.values):
            size = _size(value)
            if size is None:
                body.append(_polyline(run, colour, _DASHES[tone % 4]))
                run = []
                continue
            x, y = left + step * index, floor_y - (size - low) * scale
            run.append(f"{_n(x)},{_n(y)}")
            dots.append(_marker(x, y, tone, colour))
        body.append(_polyline(run, colour, _DASHES[tone % 4]))
        body.extend(dots)
        last = _size(line.values[-1]) if line.values else None
        if last is not None:
            ends.append((floor_y - (last - low) * scale, f"{line.values[-1]}{unit}"))
    body.extend(_end_labels(ends, width - right + 8, upper, floor_y))
    note = "" if low == 0 else f"纵轴自{_tick_label(low)}{unit}起。"
    return _wrap("trend", title, note + _told(categories, series, unit), width, height, body)


def _levels(known: Sequence[float], unit: str) -> list[float]:
    """Level lines from zero, or from a round number when all values lie far above it."""
    if not known:
        return scale_of(0, 100 if unit == "%" else 1)
    low, high = min(known), max(known)
    if unit == "%" and high > 90:
        high = 100
    return scale_of(low if low > 40 and high - low < 40 else 0, high)


def _polyline(run: Sequence[str], colour: str, dash: str) -> str:
    if len(run) < 2:
        return ""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline class="chart-series" points="{" ".join(run)}" fill="none" stroke="{colour}" '
        f'stroke-width="1.6"{dashed}/>'
    )


def _end_labels(ends: Sequence[tuple[float, str]], x: float, upper: float, lower: float) -> list[str]:
    """The last values beside the lines, moved apart so that they never overlap."""
    gap = TEXT_PX + 1
    placed: list[tuple[float, str]] = []
    for y, text in sorted(ends):
        placed.append((max(y, placed[-1][0] + gap) if placed else max(y, upper), text))
    shift = max(0.0, placed[-1][0] - lower) if placed else 0.0
    return [_text(x, y - shift + 3.8, text, bold=True, kind="value") for y, text in placed]


def sparkline(
    title: str, values: Sequence[str | None], *, unit: str = "%", width: float = 120, height: float = 28
) -> Picture:
    """迷你趋势线: the shape of the last months in the height of a line of text; last point marked."""
    known = _numbers(values)
    told = "，".join(NOTHING if value is None else value + unit for value in values)
    if not known:
        return _wrap("sparkline", title, told, width, height, [_text(2, height / 2 + 4, NOTHING)])
    low, top = min(known), max(known)
    spread = (top - low) or 1.0
    step = (width - 8) / max(len(values) - 1, 1)
    body: list[str] = []
    run: list[str] = []
    last: tuple[float, float] | None = None
    for index, value in enumerate(values):
        size = _size(value)
        if size is None:
            body.append(_polyline(run, PRIMARY, ""))
            run = []
            continue
        y = height / 2 if top == low else height - 4 - (size - low) / spread * (height - 8)
        last = (4 + step * index, y)
        run.append(f"{_n(last[0])},{_n(last[1])}")
    body.append(_polyline(run, PRIMARY, ""))
    if last is not None:
        body.append(_marker(*last, 0, PRIMARY))
    return _wrap("sparkline", title, told, width, height, body)


def distribution(title: str, parts: Sequence[Part], *, width: float = 300, row_height: float = 19) -> Picture:
    """分布图: lying bars, one per grade, with the printed text at the end; a hidden count has no bar."""
    names = max((text_width(part.name, TEXT_PX) for part in parts), default=0.0) + 8
    label = max((text_width(part.text, TEXT_PX) for part in parts), default=0.0) + 8
    most = max((part.size or 0 for part in parts), default=0)
    scale = (width - names - label) / most if most else 0.0
    height = row_height * len(parts) + 6
    body: list[str] = []
    for index, part in enumerate(parts):
        y = 3 + row_height * index
        baseline = y + row_height / 2 + 4
        body.append(_text(names - 6, baseline, part.name, anchor="end"))
        long = (part.size or 0) * scale
        body.append(_box(names, y + row_height * 0.16, long, row_height * 0.68, 0))
        body.append(_text(names + long + 4, baseline, part.text, kind="value"))
    body.append(_line(names, 1, names, height - 1, stroke=INK, width=0.8))
    told = "，".join(f"{part.name} {part.text}" for part in parts)
    return _wrap("distribution", title, told, width, height, body)
