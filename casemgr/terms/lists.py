"""册: reads the lists in ``casemgr/lists`` that officials change, without a line of code."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from types import MappingProxyType

Line = Mapping[str, str]


@cache
def lines(name: str) -> tuple[Line, ...]:
    """The lines of ``lists/<name>.csv`` as mappings from the header's words; blanks around values are cut."""
    source = files("casemgr") / "lists" / f"{name}.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return tuple(MappingProxyType({key: (value or "").strip() for key, value in row.items()}) for row in rows)


def first_day(line: Line) -> date:
    """The day from which a dated line holds."""
    return date.fromisoformat(line["valid_from"])


def last_day(line: Line) -> date:
    """The last day on which a dated line holds; the end of time when it is still open."""
    return date.fromisoformat(line["valid_to"]) if line["valid_to"] else date.max


def in_force(line: Line, day: date) -> bool:
    """Whether a dated line holds on ``day``; both ends are included."""
    return first_day(line) <= day <= last_day(line)


def holes_and_overlaps(dated: Iterable[Line], *identity: str) -> list[str]:
    """Where the dated lines of one thing (lines alike in ``identity``) leave days out or name them twice."""
    spans: dict[tuple[str, ...], set[tuple[date, date]]] = {}
    for line in dated:
        thing = tuple(line[column] for column in identity)
        span = (first_day(line), last_day(line))
        if span in spans.setdefault(thing, set()):
            return [f"{thing}: {span[0]} is written twice"]
        spans[thing].add(span)
    found = []
    for thing, known in spans.items():
        ordered = sorted(known)
        found += [f"{thing}: ends before it begins" for first, last in ordered if last < first]
        for (_, last), (first, _) in pairwise(ordered):
            if last == date.max or first <= last:
                found.append(f"{thing}: overlap at {first}")
            elif first - last != timedelta(days=1):
                found.append(f"{thing}: hole after {last}")
    return found
