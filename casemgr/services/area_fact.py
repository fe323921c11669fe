"""年度事实: what a county reports for a year beside its register, with its source and every revision."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from casemgr.rules.access import Action
from casemgr.services import clock
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.models.area_fact import AreaFact
from casemgr.store.models.indicator import MonthClose
from casemgr.store.queries import area as area_queries
from casemgr.store.queries import area_fact as queries
from casemgr.store.queries import revision as revisions
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, level_of, span_of
from casemgr.terms.area_fact import KINDS, AreaFactKey, Told

FIRST_YEAR = 2017
SOURCE = 120
#: More people than any area has; a slip of the finger lies above it.
MOST = 9_999_999
UNTOLD = "未填报"
NO_COUNTY = "年度情况由县（区）填报。请用县级账号，或从市级页面查看各县（区）的填报。"
#: More psychiatrists per 100,000 residents than any county has are a slip, or another unit.
MOST_PER_100K = 100


Place = tuple[int, AreaFactKey]


@dataclass(frozen=True, slots=True)
class Standing:
    """A reported value, empty when it was taken back, with the number of its revision."""

    value: int | None
    revision: int


def in_words(key: AreaFactKey, value: int | None) -> str:
    """A value as it is printed."""
    if value is None:
        return UNTOLD
    unit = KINDS[key].unit
    return f"{value} {unit}" if unit else Told.read(value).label


@dataclass(frozen=True, slots=True)
class FactView:
    """One fact of one area: ``value`` empty when it was not reported; ``revision`` 0 when never."""

    area: int
    area_name: str
    key: AreaFactKey
    value: int | None
    source: str
    revision: int
    recorded_at: datetime | None = None
    recorded_by: str = ""

    @property
    def name(self) -> str:
        """Name of its two fields on a page."""
        return f"{self.area}-{int(self.key)}"

    @property
    def words(self) -> str:
        """The value as it is printed."""
        return in_words(self.key, self.value)


@dataclass(frozen=True, slots=True)
class YearFacts:
    """The facts of a year as one access sees them; ``history`` holds every revision, newest first."""

    year: int
    years: tuple[int, ...]
    area: int
    area_name: str
    editable: bool
    counties: tuple[FactView, ...]
    townships: tuple[FactView, ...]
    history: tuple[FactView, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed for one fact; ``seen`` is the revision that stood in the form."""

    value: str
    source: str
    seen: int


@dataclass(frozen=True, slots=True)
class Saved:
    """How many facts were written, and what is worth a second look."""

    written: int
    asked: tuple[str, ...] = field(default=())


def standing(
    work: Work, year: int, low: int, high: int, until: datetime | None = None
) -> dict[Place, Standing]:
    """What was reported for a year, what was taken back again included; as it stood at a moment, or now."""
    return {
        (row.area, AreaFactKey.read(row.key)): Standing(row.value, row.revision)
        for row in queries.of_year(work, year, low, high)
        if until is None or row.recorded_at <= until
    }


def values(facts: Mapping[Place, Standing]) -> dict[Place, int]:
    """Area and key → reported value, as far as one stands."""
    return {place: one.value for place, one in facts.items() if one.value is not None}


def pack(facts: Mapping[Place, Standing]) -> bytes:
    """The facts that a closing rests on as bytes; the same facts give the same bytes."""
    rows = [[area, int(key), one.value, one.revision] for (area, key), one in sorted(facts.items())]
    return zlib.compress(json.dumps(rows).encode())


def unpack(packed: bytes) -> dict[Place, Standing]:
    """What :func:`pack` has packed."""
    return {
        (area, AreaFactKey.read(key)): Standing(value, revision)
        for area, key, value, revision in json.loads(zlib.decompress(packed))
    }


def of_close(work: Work, close: MonthClose) -> dict[Place, Standing]:
    """The facts that a closing of a county rests on.

    Of one made before they were kept, those that stood at its moment: revisions are never changed.
    """
    if close.facts is not None:
        return unpack(close.facts)
    return standing(work, close.as_of.year, *span_of(close.area), close.closed_at)


def _year(year: int) -> int:
    if not FIRST_YEAR <= year <= clock.today().year:
        raise Missing(f"只有 {FIRST_YEAR} 年到今年的年度情况。请从年份列表中选择。")
    return year


@use_case(Action.INDICATOR_READ)
def of_year(work: Work, year: int) -> YearFacts:
    """The facts of one year of everything within reach; :class:`Missing` for a year that is none."""
    return _of_year(work, _year(year))


def _of_year(work: Work, year: int) -> YearFacts:
    low, high = work.access.low, work.access.high
    places = area_queries.within(work, low, high, int(AreaLevel.TOWNSHIP))
    if not places:
        raise Missing("辖区内还没有区划。请先导入“机构与区划”。")
    rows = list(queries.of_year(work, year, low, high))
    names = revisions.authors(work, sorted({row.recorded_by for row in rows}))
    titles = {row.code: row.name for row in places}
    told = [_view(row, titles.get(row.area, ""), names) for row in rows]
    newest = {(one.area, one.key): one for one in told}

    def of_level(level: AreaLevel) -> tuple[FactView, ...]:
        keys = [key for key, kind in KINDS.items() if kind.level is level]
        return tuple(
            newest.get((place.code, key)) or FactView(place.code, place.name, key, None, "", 0)
            for place in places
            if place.level == level
            for key in keys
        )

    return YearFacts(
        year,
        tuple(range(clock.today().year, FIRST_YEAR - 1, -1)),
        places[0].code,
        places[0].name,
        level_of(low) is AreaLevel.COUNTY and work.access.may(Action.AREA_WRITE),
        of_level(AreaLevel.COUNTY),
        of_level(AreaLevel.TOWNSHIP),
        tuple(sorted(told, key=lambda one: (one.recorded_at, one.name), reverse=True)),
    )


def _view(row: Any, name: str, names: Mapping[int, str]) -> FactView:
    return FactView(
        row.area,
        name,
        AreaFactKey.read(row.key),
        row.value,
        row.source,
        row.revision,
        row.recorded_at,
        names.get(row.recorded_by, "系统"),
    )


@use_case(Action.AREA_WRITE)
def save(work: Work, year: int, typed: Mapping[str, Typed]) -> Saved:
    """Write those of the typed facts that differ from what stands; nothing at all when one cannot stand.

    ``typed`` goes by the name of a :class:`FactView`. Raises :class:`Unfit` with a sentence per field
    (``value-…``, ``source-…``), :class:`Conflict` when somebody has changed one since it was shown,
    :class:`Refused` outside a county.
    """
    year = _year(year)
    if level_of(work.access.low) is not AreaLevel.COUNTY or work.access.high != span_of(work.access.low)[1]:
        raise Refused(NO_COUNTY)
    known = _of_year(work, year)
    wrong: dict[str, str] = {}
    values: dict[tuple[int, AreaFactKey], int | None] = {}
    changed: list[tuple[FactView, int | None, str]] = []
    for one in (*known.counties, *known.townships):
        given = typed.get(one.name)
        if given is None:
            values[one.area, one.key] = one.value
            continue
        value, source = _read(one, given, wrong)
        values[one.area, one.key] = value
        if value == one.value and (source == one.source or value is None):
            continue
        if given.seen != one.revision:
            raise Conflict(
                f"“{one.key.label}”在您打开之后被别人改过，您填的没有保存。两人各改各的会丢掉一次修改。"
                "请核对现在的数后再填，或与对方商量以哪个为准。"
            )
        changed.append((one, value, source))
    for (area, key), value in values.items():
        whole = KINDS[key].part_of
        limit = values.get((area, whole)) if whole is not None else None
        if whole is not None and value is not None and (limit is None or value > limit):
            wrong.setdefault(
                f"value-{area}-{int(key)}",
                f"“{key.label}”（{value}）不能多于“{whole.label}”（{UNTOLD if limit is None else limit}）。"
                "请核对两个数，或先补填前一项。",
            )
    if wrong:
        raise Unfit("没有保存，请改正后再试。", fields=wrong)
    now = clock.now()
    for one, value, source in changed:
        work.add(
            AreaFact(
                id=new_key(),
                area=one.area,
                year=year,
                key=int(one.key),
                value=value,
                source=source,
                revision=one.revision + 1,
                recorded_at=now,
                recorded_by=work.access.actor,
            )
        )
    return Saved(len(changed), tuple(_doubts(work, known, values)))


def _read(one: FactView, given: Typed, wrong: dict[str, str]) -> tuple[int | None, str]:
    text, source = given.value.strip(), given.source.strip()
    value: int | None = None
    if text:
        most = MOST if KINDS[one.key].unit else int(Told.YES)
        if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and int(text) <= most:
            value = int(text)
        else:
            wrong[f"value-{one.name}"] = (
                f"“{one.key.label}”应为 0 到 {most} 的整数。不知道的请留空，留空按未填报处理。"
                if KINDS[one.key].unit
                else f"“{one.key.label}”只能选“有”“无”，或留空表示未填报。"
            )
        if not 2 <= len(source) <= SOURCE:
            wrong[f"source-{one.name}"] = (
                f"请写明“{one.key.label}”的出处（2 到 {SOURCE} 字），如“县卫健局2026年报表”。"
                "数字被质疑时要能找到出处。"
            )
    elif len(source) > SOURCE:
        wrong[f"source-{one.name}"] = f"出处最多 {SOURCE} 字。请写得短一些。"
    return value, source


def _doubts(
    work: Work, known: YearFacts, values: Mapping[tuple[int, AreaFactKey], int | None]
) -> Sequence[str]:
    doctors = values.get((known.area, AreaFactKey.PSYCHIATRISTS))
    [place] = area_queries.within(work, known.area, known.area + 1, int(AreaLevel.COUNTY))
    if doctors and place.population and doctors * 100_000 > MOST_PER_100K * place.population:
        return (
            f"精神科执业（助理）医师 {doctors} 人，折合每 10 万人口超过 {MOST_PER_100K} 人，已按所填保存。"
            "请核对是否误填了其他单位的人数。",
        )
    return ()
