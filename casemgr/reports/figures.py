"""报表数据: the frozen figures a report prints from, their canonical text and its digest.

Only counts, rates and names of areas and units stand here; no person can be put into these shapes. Small
cells are hidden before the figures are built: a hidden count is not in the object at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from hashlib import sha256
from typing import Any, cast, get_args, get_type_hints

from casemgr.indicators.catalogue import RECORDS, REPORTED
from casemgr.indicators.editions import BESIDE

#: Version of the layout of the canonical text; a change of layout changes every digest knowingly.
SCHEMA = 1

#: Marks a field that papers issued before it came do not have: at its default it is not in the text, so
#: their digests stay what they are.
LATER: Mapping[str, bool] = {"later": True}

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CODE_BITS = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """One indicator of the report's own area: the figure, its aim and its definition's name.

    ``value`` is the printed number (two decimals) in ``unit``, ``None`` when the denominator is zero or
    unknown. ``distance`` is the number of people missing to the target, 0 when it is met. ``hidden``: too few
    people, then counts, rates and distance are ``None`` (the denominator only where it tells as much).
    """

    key: str
    name: str
    unit: str
    numerator: int | None
    denominator: int | None
    value: str | None
    target: str | None
    met: bool | None
    distance: int | None
    official: bool
    variant: str
    base_set: str
    rules: tuple[str, ...]
    status: str
    last_month: str | None
    last_year: str | None
    hidden: bool = field(default=False, metadata=LATER)

    @property
    def unverified(self) -> bool:
        """Whether a ground of the definition could not be read in its source (待核对)."""
        return self.status.startswith("UNVERIFIED")

    @property
    def people(self) -> bool:
        """Whether its numerator counts people; else records, areas or what was reported."""
        return self.base_set not in (RECORDS, REPORTED)


@dataclass(frozen=True, slots=True)
class AreaColumn:
    """One measure of the table by area."""

    key: str
    name: str
    unit: str
    target: str | None


@dataclass(frozen=True, slots=True)
class AreaCell:
    """One measure of one area; ``hidden`` = too few people, then all three are ``None``."""

    numerator: int | None
    denominator: int | None
    value: str | None
    met: bool | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class AreaRow:
    """One area below the report's own: people on the register and one cell per column."""

    code: int | None
    name: str
    registered: int | None
    cells: tuple[AreaCell, ...]
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class AreaTable:
    """The table by township or by village; ``omitted`` tells in a sentence why there is none."""

    level: str
    columns: tuple[AreaColumn, ...]
    rows: tuple[AreaRow, ...]
    total: AreaRow | None
    protected: bool
    omitted: str = ""

    @property
    def hides(self) -> bool:
        """Whether any count is hidden, so that its mark has to be explained."""
        return any(row.hidden or any(cell.hidden for cell in row.cells) for row in self.rows)


@dataclass(frozen=True, slots=True)
class Trend:
    """One indicator over the months up to the report's (values as printed, ``None`` = month not closed)."""

    key: str
    name: str
    unit: str
    target: str | None
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One line of a distribution; ``count`` and ``percent`` are ``None`` when hidden."""

    name: str
    count: int | None
    percent: str | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """People on the register by one attribute; the shares add up to ``total``."""

    name: str
    note: str
    total: int
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """Follow-up owed on the as-of day for one class: people, due by the end of next month, overdue.

    ``people``, ``coming`` and ``overdue`` are ``None`` where they are hidden, because they are few or would
    tell how few refused.
    """

    name: str
    limit_days: int | None
    people: int | None
    coming: int | None
    overdue: int | None
    rule: str
    mark: str


@dataclass(frozen=True, slots=True)
class Ground:
    """One rule behind a definition: id, wording and the words beside it (待核对, 产品建议 or nothing)."""

    id: str
    wording: str
    mark: str


@dataclass(frozen=True, slots=True)
class Definition:
    """What one official indicator means: variant, the people it is taken of, and its grounds.

    ``again`` are ids of grounds whose wording stands in a definition above.
    """

    key: str
    name: str
    variant: str
    people: str
    grounds: tuple[Ground, ...]
    again: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One official figure that a later revision of the month changed."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Because:
    """By how much people of one cause change numerator and denominator."""

    name: str
    numerator: int
    denominator: int


@dataclass(frozen=True, slots=True)
class Shift:
    """One main figure of a month that the issue before printed otherwise; the causes add up to the change."""

    month: str
    name: str
    before: str
    after: str
    numerator: int
    denominator: int
    causes: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What differs from the issue before: its number, its closings, and the figures by cause."""

    number: str
    shifts: tuple[Shift, ...]


@dataclass(frozen=True, slots=True)
class MonthlyFigures:
    """Everything a monthly report prints, from one revision of one closed month.

    ``period`` is ``YYYY-MM``; ``as_of`` and ``closed_on`` are ISO dates; ``place`` is how the text calls the
    area (全县, 全镇). ``months`` labels the values of every trend. ``revision`` counts the issues of this
    report, ``close_revision`` the closings of the month; ``demo`` marks made-up people.
    """

    number: str
    area: int
    area_name: str
    area_level: str
    place: str
    unit_name: str
    period: str
    as_of: str
    closed_on: str
    revision: int
    close_revision: int
    demo: bool
    edition: str
    edition_name: str
    policy_digest: str
    population: int | None
    registered: int
    rates: tuple[Rate, ...]
    table: AreaTable
    months: tuple[str, ...]
    trends: tuple[Trend, ...]
    risk: Distribution
    classes: Distribution
    duties: tuple[Duty, ...]
    duties_total: Duty
    not_agreed: int | None
    no_checkup: int | None
    definitions: tuple[Definition, ...]
    changes: tuple[Change, ...] = ()
    earlier: Earlier | None = field(default=None, metadata=LATER)

    @property
    def kind(self) -> str:
        """The slug of its kind of report."""
        return "monthly"

    @property
    def last_month(self) -> str:
        """The closed month the figures come from, ``YYYY-MM``."""
        return self.period

    @property
    def official(self) -> tuple[Rate, ...]:
        """The indicators that count in this edition."""
        return tuple(rate for rate in self.rates if rate.official)

    @property
    def hides_duties(self) -> bool:
        """Whether any count of the duties by class is hidden, so that its mark has to be explained."""
        return any(None in (duty.people, duty.coming, duty.overdue) for duty in self.duties)

    @property
    def beside(self) -> tuple[Rate, ...]:
        """What stands beside the main indicators: entry in time, support talks, what an area reports."""
        return tuple(rate for rate in self.rates if not rate.official and rate.key in BESIDE)

    @property
    def others(self) -> tuple[Rate, ...]:
        """The other variants, printed for comparison only."""
        return tuple(rate for rate in self.rates if not rate.official and rate.key not in BESIDE)


@dataclass(frozen=True, slots=True)
class Point:
    """One indicator at the end of one month; all ``None`` where the month was not closed."""

    numerator: int | None
    denominator: int | None
    value: str | None


@dataclass(frozen=True, slots=True)
class Course:
    """One official indicator over the months of a quarter or year, as each month was closed."""

    key: str
    name: str
    unit: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Before:
    """One indicator at the end of the quarter or year before: its key and the value as printed."""

    key: str
    value: str | None


@dataclass(frozen=True, slots=True)
class Closing:
    """What became of one month after it was closed first: how often again, and how many figures moved.

    ``closed_on`` are the days of the first and of the newest closing; all zero or empty where there is none.
    """

    month: str
    revisions: int
    first_closed_on: str
    closed_on: str
    figures_changed: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Entries that came after the first closing, by cause; people are counted, never named."""

    name: str
    count: int | None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class PeriodFigures:
    """What a quarterly or yearly report prints: its last month as closed, and the months up to it.

    ``period`` is ``2026-Q3`` or ``2025``; ``month`` holds the figures of the last month under the number and
    revision of this report; ``before_name`` says in words which period ``before`` is of. ``causes`` is empty
    where no closing of the period was followed by another.
    """

    kind: str
    period: str
    month: MonthlyFigures
    before_name: str
    before: tuple[Before, ...]
    labels: tuple[str, ...]
    course: tuple[Course, ...]
    closings: tuple[Closing, ...]
    changes: tuple[Change, ...]
    causes: tuple[Cause, ...] = ()
    earlier: Earlier | None = field(default=None, metadata=LATER)

    @property
    def number(self) -> str:
        """报表编号."""
        return self.month.number

    @property
    def area(self) -> int:
        """The code of the area reported on."""
        return self.month.area

    @property
    def area_name(self) -> str:
        """The name of the area reported on."""
        return self.month.area_name

    @property
    def unit_name(self) -> str:
        """填报单位."""
        return self.month.unit_name

    @property
    def revision(self) -> int:
        """Which issue of this report it is."""
        return self.month.revision

    @property
    def close_revision(self) -> int:
        """Which closing of the last month the figures are of."""
        return self.month.close_revision

    @property
    def as_of(self) -> str:
        """The day the figures stand on, ISO."""
        return self.month.as_of

    @property
    def closed_on(self) -> str:
        """The day the last month was closed, ISO."""
        return self.month.closed_on

    @property
    def last_month(self) -> str:
        """The closed month the figures come from, ``YYYY-MM``."""
        return self.month.period

    @property
    def demo(self) -> bool:
        """Whether the people are made up."""
        return self.month.demo

    def before_of(self, key: str) -> str | None:
        """The value of an indicator at the end of the period before."""
        return next((one.value for one in self.before if one.key == key), None)


@dataclass(frozen=True, slots=True)
class FormLine:
    """One line of a statistics form; ``asked`` lines are written by hand, the program does not know them.

    ``hidden``: too few people, then ``count`` is ``None``. ``key`` is the figure behind it, if it is one.
    """

    name: str
    count: int | None
    key: str
    hidden: bool = False
    asked: bool = False
    inner: bool = False


@dataclass(frozen=True, slots=True)
class FormBlock:
    """One part of a form and who fills it."""

    name: str
    filler: str
    lines: tuple[FormLine, ...]


@dataclass(frozen=True, slots=True)
class FormFigures:
    """What 表9 or 表14 prints: counts of one area from one closing, and blanks for what others know."""

    kind: str
    number: str
    form_number: str
    form_name: str
    area: int
    area_name: str
    unit_name: str
    period: str
    last_month: str
    as_of: str
    closed_on: str
    revision: int
    close_revision: int
    demo: bool
    edition: str
    edition_name: str
    protected: bool
    blocks: tuple[FormBlock, ...]
    rates: tuple[Rate, ...]
    notes: tuple[str, ...]


Figures = MonthlyFigures | PeriodFigures | FormFigures
_SHAPES: Mapping[str, type[Figures]] = {
    "monthly": MonthlyFigures,
    "quarterly": PeriodFigures,
    "yearly": PeriodFigures,
    "exchange": FormFigures,
    "statistics": FormFigures,
}


def canonical(figures: Figures) -> bytes:
    """The figures as one unambiguous UTF-8 JSON text: sorted keys, no blanks, layout version in front."""
    document = {"schema": SCHEMA, "kind": figures.kind, "figures": _plain(figures)}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    """A value as JSON has it; later fields at their default are left out."""
    if is_dataclass(value):
        made = {}
        for one in fields(value):
            held = getattr(value, one.name)
            if not one.metadata.get("later") or held != one.default:
                made[one.name] = _plain(held)
        return made
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value


def restored(content: bytes) -> Figures:
    """The figures whose :func:`canonical` text ``content`` is; ``ValueError`` for anything else."""
    try:
        document = json.loads(content)
        if document["schema"] != SCHEMA:
            raise ValueError("another layout")
        made = cast(Figures, _read(_SHAPES[document["kind"]], document["figures"]))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeDecodeError) as wrong:
        raise ValueError("these are no figures of a report") from wrong
    if canonical(made) != content:
        raise ValueError("these are no figures of a report")
    return made


@cache
def _hints(shape: Any) -> Mapping[str, Any]:
    return get_type_hints(shape)


def _read(shape: Any, raw: Any) -> Any:
    """Plain JSON as a value of ``shape``: a dataclass (or nothing), a tuple of one shape, a plain value."""
    if isinstance(raw, dict):
        made = cast(Any, next((one for one in (shape, *get_args(shape)) if is_dataclass(one)), None))
        hints = _hints(made)
        wanted = [one for one in fields(made) if one.name in raw or one.default is MISSING]
        return made(**{one.name: _read(hints[one.name], raw[one.name]) for one in wanted})
    if isinstance(raw, list):
        return tuple(_read(get_args(shape)[0], one) for one in raw)
    return raw


def digest_of(figures: Figures) -> str:
    """摘要: SHA-256 of the canonical figures, 64 hexadecimal digits."""
    return sha256(canonical(figures)).hexdigest()


def code_of(digest: str) -> str:
    """核验码: the first 60 bits of the digest as 12 characters without I, L, O, U (``7K2M-9XWD-40TQ``)."""
    bits = int(digest, 16) >> (256 - _CODE_BITS)
    letters = "".join(_BASE32[bits >> shift & 31] for shift in range(_CODE_BITS - 5, -1, -5))
    return grouped(letters)


def read_code(raw: str) -> str | None:
    """The 核验码 a person typed (small letters, blanks, O for 0, I or L for 1), or ``None`` if it is none."""
    letters = "".join(raw.upper().replace("－", "-").replace("-", "").split())
    letters = letters.replace("O", "0").replace("I", "1").replace("L", "1")
    if len(letters) != _CODE_BITS // 5 or any(letter not in _BASE32 for letter in letters):
        return None
    return grouped(letters)


def grouped(text: str, mark: str = "-") -> str:
    """``text`` in groups of four, easy to compare by eye."""
    return mark.join(text[start : start + 4] for start in range(0, len(text), 4))
