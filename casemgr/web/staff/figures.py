"""指标展示: the figures of one area arranged for its page: tiles, the areas below, links to the people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask import url_for

from casemgr.rules.access import Access, Action
from casemgr.services import indicator, month_revision, safety
from casemgr.services.errors import Missing
from casemgr.services.indicator import AreaFigures, Computation, Figure, Trend
from casemgr.terms.area import AreaLevel, level_of

#: The three rates on top of every page, by indicator; the edition says which variant of each is official.
HEADLINE = ("IND-03", "IND-05", "IND-12")
#: What a doctor sees first, by indicator, with the variant where the edition names none.
FIRST = {
    "IND-02": "IND-02.REG-A",
    "IND-03": "IND-03.STD-INT",
    "IND-04": "IND-04.MED-QUARTER",
    "IND-05": "IND-05.MED-QUARTER",
    "IND-09": "IND-09.LAST",
}
#: Families that no edition chooses among: records, support, and what a county reports for a year.
BESIDE = ("IND-16", "IND-17", "IND-18", "IND-19", "IND-20", "IND-21", "IND-22", "IND-23", "IND-24")
PER_RESIDENT = "IND-01"
REGISTERED = "IND-02.REG-A"
CLASSED = "IND-09.LAST"
RECORDS, REPORTED = "IND-16", "REPORTED"
#: A figure that follows from a report but counts people, and the figure whose people these are.
SERVED, PARTICIPATION = "IND-22", "IND-12.N1"
#: Fewer people than this are not told apart to those who may not see people (REC-SMALL-1).
SMALL = 5
#: A rate of fewer people than this is said to be shaky; the line under the dots is divided by so much.
FEW, STEP = 50, 10
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
    rate_url: str


@dataclass(frozen=True, slots=True)
class Safety:
    """One tile of what is dangerous and waits; a small number is not told to who may not see people."""

    title: str
    count: str
    url: str
    rule: str
    any: bool


@dataclass(frozen=True, slots=True)
class Dot:
    """One area in a comparison: ends and middle are places on a line of 100, ``few`` tells of few people."""

    name: str
    tile: Tile
    low: float
    high: float
    at: float
    interval: str
    few: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of the areas below as dots with their 95 % intervals, by code or by what is still to do."""

    figure: Figure
    dots: tuple[Dot, ...]
    left: str
    right: str
    goal: float | None
    by_open: bool
    choices: tuple[tuple[str, str], ...]


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
    first: tuple[Tile, ...]
    beside: tuple[Tile, ...]
    others: tuple[Tile, ...]
    trends: tuple[Trend, ...]
    rows: tuple[Row, ...]
    sort: str
    down: bool
    registered: int
    registered_url: str
    unassessed: int
    unassessed_url: str
    level: AreaLevel = AreaLevel.COUNTY
    listed: bool = True

    @property
    def below(self) -> str:
        """What the areas of ``rows`` are called."""
        return "县（区）" if self.level < AreaLevel.COUNTY else "乡镇（街道）"


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
    first_keys = tuple(
        next((key for key in keys if key.split(".")[0] == family), usual) for family, usual in FIRST.items()
    )
    trends = tuple(indicator.trend(access, area, tuple(dict.fromkeys((*keys, *first_keys)))))
    listed = access.may(Action.CASE_LIST)
    tiles = {one.key: _tile(own, one, month, trends, listed) for one in own.indicators}
    headline = [key for family in HEADLINE for key in keys if key.split(".")[0] == family]
    registered = own.figure(REGISTERED)
    rows = _rows(computed, area, headline, month, listed)
    beside = [key for family in BESIDE for key in tiles if key.split(".")[0] == family]
    sort = sort or (f"{headline[0]}.distance" if headline else "name")
    return Overview(
        code=area,
        name=own.name,
        month=month,
        months=months,
        as_of=computed.as_of,
        edition=computed.edition,
        closable=bool(month) and frozen is None,
        state=_state(access, month, area) if frozen else "草稿",
        frozen=frozen is not None,
        headline=tuple(tiles[key] for key in headline),
        official=tuple(tiles[key] for key in keys if key not in headline),
        first=tuple(tiles[key] for key in first_keys),
        beside=tuple(tiles[key] for key in beside if key not in keys),
        others=tuple(tile for key, tile in tiles.items() if key not in (*keys, *beside)),
        trends=tuple(one for key in headline for one in trends if one.key == key),
        rows=_sorted(rows, headline, sort, down),
        sort=sort,
        down=down,
        registered=registered.denominator or 0,
        registered_url=people_url(area, REGISTERED, "denominator", month, listed),
        unassessed=(registered.denominator or 0) - (own.figure(CLASSED).denominator or 0),
        unassessed_url=people_url(area, CLASSED, "unasked", month, listed),
        level=level_of(area),
        listed=listed,
    )


FROZEN, ADDED = "已冻结", "，其后有补录"


def _state(access: Access, month: str, area: int) -> str:
    """In words how far a closed month is done with."""
    return FROZEN + (ADDED if month_revision.added_since(access, month, area) else "")


def _ended(today: date, closed: set[str]) -> list[str]:
    """The twelve months before ``today``'s, and the closed ones, latest first."""
    wanted = set(closed)
    year, month = today.year, today.month
    for _ in range(12):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
        wanted.add(f"{year}-{month:02d}")
    return sorted(wanted, reverse=True)


def people_url(area: int, key: str, part: str, month: str, listed: bool = True) -> str:
    """Address of the list behind a number; empty for those who may not see people."""
    if not listed:
        return ""
    if key.partition(".")[0] == RECORDS:
        return url_for("rate.records", area=area, key=key, part=part, month=month or None)
    return url_for("case.people", area=area, key=key, part=part, month=month or None)


def _tile(own: AreaFigures, one: Figure, month: str, trends: Sequence[Trend], listed: bool) -> Tile:
    course = next((trend for trend in trends if trend.key == one.key), None)
    values = [point.value for point in course.points if not month or point.month <= month] if course else []
    before = values[:-1] if month else values
    last = next((value for value in reversed(before[-1:]) if value is not None), None)
    family = one.key.partition(".")[0]
    resident, records = family == PER_RESIDENT, family == RECORDS
    # Of a county that runs the service these are its people at home and those of them who took part.
    served = one.key == SERVED and level_of(own.code) is AreaLevel.COUNTY and bool(one.denominator)
    told = listed and (one.base_set != REPORTED or served)
    parts = told and not resident
    behind = PARTICIPATION if served else one.key
    return Tile(
        figure=one,
        trend=tuple(None if value is None else float(value) for value in values),
        change=None if one.value is None or last is None else _signed(Decimal(one.value) - Decimal(last)),
        numerator_url=people_url(own.code, behind, "numerator", month, told),
        denominator_url=people_url(own.code, behind, "denominator", month, parts),
        missing=None
        if resident or one.unit != "%" or one.denominator is None
        else one.denominator - one.numerator,
        missing_url=people_url(own.code, behind, "missing", month, parts),
        gap_url=url_for("case.gaps", area=own.code, key=behind, month=month or None)
        if parts and not records
        else "",
        rate_url=url_for("rate.page", area=own.code, key=one.key, month=month or None),
    )


def tile_of(area: int, one: Figure, month: str, listed: bool) -> Tile:
    """The tile of one figure of an area without its course."""
    return _tile(AreaFigures(area, "", int(level_of(area)), None, (one,)), one, month, (), listed)


def reported(access: Access, area: int, year: int, today: date) -> tuple[Tile, ...]:
    """The figures of a year that follow from what was reported for it."""
    end = min(today, date(year, 12, 31))
    found = indicator.live(access, area, end).area(area).indicators
    listed = access.may(Action.CASE_LIST)
    month = "" if end == today else f"{year}-12"
    return tuple(tile_of(area, one, month, listed) for one in found if one.base_set == REPORTED)


def _signed(points: Decimal) -> str:
    return f"{'+' if points > 0 else '−' if points < 0 else ''}{abs(points)}"


def _below(computed: Computation, area: int) -> list[AreaFigures]:
    """The townships of a county, the counties of a city."""
    wanted = AreaLevel.COUNTY if level_of(area) < AreaLevel.COUNTY else AreaLevel.TOWNSHIP
    return [one for one in computed.areas if one.code != area and one.level == wanted]


def place_url(code: int, month: str, listed: bool) -> str:
    """Address of the page of an area; empty for a township, whose page lists people, without them."""
    if level_of(code) is AreaLevel.TOWNSHIP:
        return url_for("township.page", code=code, month=month or None) if listed else ""
    return url_for("county.page", code=code, month=month or None)


def _rows(computed: Computation, area: int, headline: Sequence[str], month: str, listed: bool) -> list[Row]:
    return [
        Row(
            code=one.code,
            name=one.name,
            url=place_url(one.code, month, listed),
            registered=one.figure(REGISTERED).denominator or 0,
            registered_url=people_url(one.code, REGISTERED, "denominator", month, listed),
            cells=tuple(_tile(one, one.figure(key), month, (), listed) for key in headline),
        )
        for one in _below(computed, area)
    ]


def compared(shown: Overview, wanted: str, by_open: bool) -> Comparison | None:
    """One headline figure of the areas below; nothing with fewer than two of them."""
    if len(shown.rows) < 2 or not shown.headline:
        return None
    keys = [one.figure.key for one in shown.headline]
    index = keys.index(wanted) if wanted in keys else 0
    figure = shown.headline[index].figure
    ends = []
    for row in shown.rows:
        one = row.cells[index].figure
        ends.append(indicator.interval(one.numerator, one.denominator or 0))
    edges = [edge for pair in ends if pair for edge in pair] + (
        [float(figure.target)] if figure.target else []
    )
    left = min((int(edge // STEP) * STEP for edge in edges), default=0)
    right = max((-int(-edge // STEP) * STEP for edge in edges), default=100)
    scale = 100 / (right - left or 1)
    dots = []
    for row, pair in zip(shown.rows, ends, strict=True):
        tile = row.cells[index]
        if pair is None or tile.figure.value is None:
            continue
        low, high = pair
        dots.append(
            Dot(
                row.name,
                tile,
                round((low - left) * scale, 2),
                round((high - left) * scale, 2),
                round((float(tile.figure.value) - left) * scale, 2),
                f"{low:.1f}–{high:.1f}",
                (tile.figure.denominator or 0) < FEW,
            )
        )
    codes = {row.name: row.code for row in shown.rows}
    dots.sort(key=lambda one: (-(one.tile.figure.distance or 0) if by_open else 0, codes[one.name]))
    return Comparison(
        figure,
        tuple(dots),
        str(left),
        str(right),
        None if figure.target is None else round((float(figure.target) - left) * scale, 2),
        by_open,
        tuple((one.figure.key, one.figure.name) for one in shown.headline),
    )


def safety_of(access: Access, area: int, today: date) -> tuple[Safety, ...]:
    """The tiles of what is dangerous and waits, as things stand today."""
    listed = access.may(Action.CASE_LIST)
    return tuple(
        Safety(
            one.danger.title,
            str(one.count) if listed or one.count >= SMALL or not one.count else f"1–{SMALL - 1}",
            url_for("rate.danger", area=area, slug=one.danger.slug) if listed and one.count else "",
            one.danger.rule,
            bool(one.count),
        )
        for one in safety.counts(access, area, today)
    )


def _sorted(rows: Sequence[Row], headline: Sequence[str], sort: str, down: bool) -> tuple[Row, ...]:
    """Rows by name, by people, or by how many are missing to a target (most first); never by a rate."""
    key, _, kind = sort.rpartition(".")
    if key in headline and kind == "distance":
        index = headline.index(key)

        def by_distance(row: Row) -> tuple[bool, int]:
            distance = row.cells[index].figure.distance
            return distance is None, -(distance or 0)

        return tuple(sorted(rows, key=lambda row: (*by_distance(row), row.code), reverse=down))
    if sort == "registered":
        return tuple(sorted(rows, key=lambda row: (-row.registered, row.code), reverse=down))
    return tuple(sorted(rows, key=lambda row: row.code, reverse=down))
