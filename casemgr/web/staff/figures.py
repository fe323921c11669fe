"""指标展示: the figures of one area arranged for its page: tiles, the areas below, links to the people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask import url_for

from casemgr.rules.access import Access, Action
from casemgr.services import indicator
from casemgr.services.errors import Missing
from casemgr.services.indicator import AreaFigures, Computation, Figure, Trend
from casemgr.terms.area import AreaLevel

#: The three rates on top of every page, by indicator; the edition says which variant of each is official.
HEADLINE = ("IND-03", "IND-05", "IND-12")
PER_RESIDENT = "IND-01"
REGISTERED = "IND-02.REG-A"
CLASSED = "IND-09.LAST"
#: Registers larger than this open with the last closed month; the running month is one press away.
LARGE = 20_000


@dataclass(frozen=True, slots=True)
class Tile:
    """One rate with what stands around it; ``trend`` runs from the oldest of the closed months."""

    figure: Figure
    trend: tuple[float | None, ...]
    change: str | None
    numerator_url: str
    denominator_url: str
    missing: int | None
    missing_url: str
    gap_url: str


@dataclass(frozen=True, slots=True)
class Row:
    """One area below with its headline figures."""

    code: int
    name: str
    url: str
    registered: int
    registered_url: str
    cells: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything the page of an area shows about its figures.

    ``month`` is empty for the running one, ``months`` are the ended ones of the last year, latest first,
    each with whether it was closed; ``closable`` tells of an ended month that it was not; ``state`` says in
    words whether the figures can still change. ``sort`` and ``down`` tell the order of ``rows``. ``people``:
    whether the reader may look at the people behind a number; without, no address leads to them.
    """

    code: int
    name: str
    month: str
    months: tuple[tuple[str, bool], ...]
    closable: bool
    as_of: date
    edition: str
    state: str
    frozen: bool
    headline: tuple[Tile, ...]
    official: tuple[Tile, ...]
    others: tuple[Tile, ...]
    trends: tuple[Trend, ...]
    rows: tuple[Row, ...]
    sort: str
    down: bool
    registered: int
    registered_url: str
    unassessed: int
    unassessed_url: str
    people: bool


def overview(access: Access, area: int, month: str, sort: str, down: bool, today: date) -> Overview:
    """The figures of an area: of the running month for ``live``, of an ended one when ``month`` names it.

    An ended month that was not closed is computed anew and called a draft. Without a month the running one is
    shown, in a very large register the last closed one. Raises :class:`Missing` for an area out of reach or a
    month that has not ended, :class:`Unfit` for what is no month.
    """
    first = indicator.trend(access, area, (REGISTERED,))[0]
    closed_months = {one.month for one in first.points if one.value is not None}
    months = tuple((one, one in closed_months) for one in _ended(today, closed_months))
    newest = next((one for one in reversed(first.points) if one.value is not None), None)
    if not month and newest is not None and (newest.denominator or 0) > LARGE:
        month = newest.month
    month = "" if month == "live" else month
    frozen = indicator.closed(access, month, area) if month else None
    if frozen is None and month >= f"{today:%Y-%m}":
        raise Missing(f"{month} 还没有结束，没有整月的数字。请从月份列表中选择，或查看“本月至今”。")
    computed = frozen or (
        indicator.compute(access, month, area) if month else indicator.live(access, area, today)
    )
    own = computed.area(area)
    keys = tuple(one.key for one in own.indicators if one.official)
    trends = tuple(indicator.trend(access, area, keys))
    people = access.may(Action.CASE_LIST)
    tiles = {one.key: _tile(own, one, month, trends, people) for one in own.indicators}
    headline = [key for family in HEADLINE for key in keys if key.split(".")[0] == family]
    registered = own.figure(REGISTERED)
    rows = _rows(computed, area, headline, month, people)
    sort = sort or (f"{headline[0]}.distance" if headline else "name")
    return Overview(
        code=area,
        name=own.name,
        month=month,
        months=months,
        as_of=computed.as_of,
        edition=computed.edition,
        closable=bool(month) and frozen is None,
        state="已冻结" if frozen else "草稿",
        frozen=frozen is not None,
        headline=tuple(tiles[key] for key in headline),
        official=tuple(tiles[key] for key in keys if key not in headline),
        others=tuple(tile for key, tile in tiles.items() if key not in keys),
        trends=tuple(one for key in headline for one in trends if one.key == key),
        rows=_sorted(rows, headline, sort, down),
        sort=sort,
        down=down,
        registered=registered.denominator or 0,
        registered_url=people_url(area, REGISTERED, "denominator", month, people),
        unassessed=(registered.denominator or 0) - (own.figure(CLASSED).denominator or 0),
        unassessed_url=people_url(area, CLASSED, "unasked", month, people),
        people=people,
    )


def _ended(today: date, closed: set[str]) -> list[str]:
    """The twelve months before ``today``'s, and the closed ones, latest first."""
    wanted = set(closed)
    year, month = today.year, today.month
    for _ in range(12):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        wanted.add(f"{year}-{month:02d}")
    return sorted(wanted, reverse=True)


def people_url(area: int, key: str, part: str, month: str, people: bool = True) -> str:
    """Address of the list behind a number, empty for somebody who may look at no people."""
    if not people:
        return ""
    return url_for("case.people", area=area, key=key, part=part, month=month or None)


def _tile(own: AreaFigures, one: Figure, month: str, trends: Sequence[Trend], people: bool) -> Tile:
    course = next((trend for trend in trends if trend.key == one.key), None)
    values = [point.value for point in course.points if not month or point.month <= month] if course else []
    before = values[:-1] if month else values
    last = next((value for value in reversed(before[-1:]) if value is not None), None)
    resident = one.key.partition(".")[0] == PER_RESIDENT
    return Tile(
        figure=one,
        trend=tuple(None if value is None else float(value) for value in values),
        change=None if one.value is None or last is None else _signed(Decimal(one.value) - Decimal(last)),
        numerator_url=people_url(own.code, one.key, "numerator", month, people),
        denominator_url="" if resident else people_url(own.code, one.key, "denominator", month, people),
        missing=None if resident or one.denominator is None else one.denominator - one.numerator,
        missing_url="" if resident else people_url(own.code, one.key, "missing", month, people),
        gap_url=""
        if resident or not people
        else url_for("case.gaps", area=own.code, key=one.key, month=month or None),
    )


def _signed(points: Decimal) -> str:
    return f"{'+' if points > 0 else '−' if points < 0 else ''}{abs(points)}"


def _rows(computed: Computation, area: int, headline: Sequence[str], month: str, people: bool) -> list[Row]:
    below = [one for one in computed.areas if one.code != area and one.level == AreaLevel.TOWNSHIP]
    return [
        Row(
            code=one.code,
            name=one.name,
            url=url_for("township.page", code=one.code, month=month or None) if people else "",
            registered=one.figure(REGISTERED).denominator or 0,
            registered_url=people_url(one.code, REGISTERED, "denominator", month, people),
            cells=tuple(_tile(one, one.figure(key), month, (), people) for key in headline),
        )
        for one in below
    ]


def _sorted(rows: Sequence[Row], headline: Sequence[str], sort: str, down: bool) -> tuple[Row, ...]:
    """Rows by name, people, one of the rates, or how many people are missing to its target (most first)."""
    key, _, kind = sort.rpartition(".")
    if key in headline:
        index = headline.index(key)

        def by_value(row: Row) -> tuple[bool, Decimal]:
            value = row.cells[index].figure.value
            return value is None, Decimal(value or 0)

        def by_distance(row: Row) -> tuple[bool, Decimal]:
            distance = row.cells[index].figure.distance
            return distance is None, Decimal(-(distance or 0))

        order: Callable[[Row], tuple[bool, Decimal]] = by_distance if kind == "distance" else by_value
        return tuple(sorted(rows, key=lambda row: (*order(row), row.code), reverse=down))
    if sort == "registered":
        return tuple(sorted(rows, key=lambda row: (-row.registered, row.code), reverse=down))
    return tuple(sorted(rows, key=lambda row: row.code, reverse=down))
