"""说明书: what the product list says about intervals, windows and missed doses, ready to be asked.

Everything here is read from ``lists/lai_products.json``; each figure keeps its sources and whether it was
verified. Doses are micrograms, windows and leads whole days. A local label (:class:`Label` made from a line
of the same shape) takes the place of the shipped one; a product shipped disabled is enabled by nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from casemgr.terms.injection import Level, Role, Site, Status

MICROGRAMS = 1000
ANY_ROLE = "*"
_SITES = {"deltoid": Site.DELTOID, "gluteal": Site.GLUTEAL}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a figure was read, and whether it was verified there (otherwise 待核对)."""

    sources: tuple[str, ...]
    verified: bool


@dataclass(frozen=True, slots=True)
class Due:
    """One way to count the next day: months or days (``None``: as prescribed) from the last or first dose.

    It holds only for its ``profile`` and when the dose came ``gap`` (first, last) days after the start dose;
    ``start_unknown`` lets it hold when the start dose is not on record.
    """

    months: int
    days: int | None
    from_start: bool
    profile: str
    gap: tuple[int, int] | None
    start_unknown: bool


@dataclass(frozen=True, slots=True)
class Span:
    """Days before and after the due day, and of reminding before; ``None``: the label names none."""

    early: int | None
    late: int | None
    lead: int
    upto: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """What the label says about a missed dose from one day on; the next row of the phase ends it.

    The first day: the one after the window (``days`` and ``months`` zero), ``days`` after the last dose,
    or ``months`` after it (the day itself counted when ``inclusive``).
    """

    id: str
    status: Status
    days: int
    months: int
    inclusive: bool
    text: str
    ground: Ground
    cover_days: int
    doses_ug: tuple[int, ...]
    same: int
    instead_ug: Mapping[int, int]
    then_same: bool
    by_dose_ug: Mapping[int, tuple[int, ...]]
    site: Site | None


@dataclass(frozen=True, slots=True, eq=False)
class Phase:
    """The stretch of a course after a dose of one of ``after`` (empty: any role not named elsewhere)."""

    name: str
    after: frozenset[Role]
    dues: tuple[Due, ...]
    spans: tuple[Span, ...]
    opens_on_day: int | None
    code: str
    #: (up to which dose of the course, rows); the last group has no end.
    rows: tuple[tuple[int | None, tuple[Row, ...]], ...]
    ground: Ground
    note: str
    #: Whether the prescriber sets the interval, and whether the day of the start dose plays a part.
    prescribed: bool
    from_start: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning of the label about a person, when ``limits`` hold."""

    code: str
    level: Level
    text: str
    ground: Ground
    limits: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Of which molecules one must have been tolerated before the first dose, and what the label suggests."""

    molecules: frozenset[str]
    text: str
    ground: Ground


@dataclass(frozen=True, slots=True)
class Change:
    """How a person comes from another product to this one; doses in micrograms, least and most."""

    origin: str
    role: Role
    early: int
    late: int
    doses_ug: Mapping[int, tuple[int, int]]
    least_months: int
    same_last: int
    text: str
    ground: Ground


@dataclass(frozen=True, slots=True, eq=False)
class Label:
    """One product as its label has it. ``author`` is empty for the shipped list."""

    id: str
    name: str
    molecule: str
    second_generation: bool
    oral: bool
    enabled: bool
    note: str
    strengths_ug: frozenset[int]
    strengths_ground: Ground
    maximum_ug: int | None
    maximum_ground: Ground
    sites: frozenset[Site]
    sites_ground: Ground
    start_sites: frozenset[Site]
    start_roles: frozenset[Role]
    start_ground: Ground
    allowed_days: tuple[int, int] | None
    interval_ground: Ground
    phases: tuple[Phase, ...]
    cover_days: int | None
    cover_by_profile: Mapping[str, int]
    cover_ground: Ground
    observe_minutes: int
    observe_ground: Ground
    cold_chain: bool
    cold_ground: Ground
    tolerance: Tolerance | None
    notices: tuple[Notice, ...]
    changes: tuple[Change, ...]
    covered_days: Mapping[Role, int]
    lag_days: int
    fixed_days: int | None
    author: str = ""

    def phase_after(self, role: Role) -> Phase | None:
        """The phase that a dose of this role opens; ``None`` when the label says nothing about it."""
        for phase in self.phases:
            if role in phase.after or not phase.after:
                return phase
        return None

    def has_second_restart(self) -> bool:
        """Whether a re-start of this product has two doses, so that the first opens a phase of its own."""
        return any(phase.after == {Role.REINIT1} for phase in self.phases)


@dataclass(frozen=True, slots=True)
class Wording:
    """Words of a check with blanks to fill, its level and ground."""

    level: Level
    text: str
    ground: Ground


@cache
def document() -> Mapping[str, Any]:
    """The list as it stands in the file."""
    text = (files("casemgr") / "lists" / "lai_products.json").read_text(encoding="utf-8")
    return MappingProxyType(json.loads(text))


@cache
def labels() -> Mapping[str, Label]:
    """All shipped labels by product code."""
    return MappingProxyType({line["id"]: read(line) for line in document()["products"]})


@cache
def generic() -> Mapping[str, str]:
    """The words that belong to no product, by code."""
    return MappingProxyType(document()["generic"])


@cache
def checks() -> Mapping[str, Wording]:
    """The words of the checks by code."""
    found = {
        code: Wording(Level[line["level"].upper()], line["text"], _ground(line))
        for code, line in document()["checks"].items()
    }
    return MappingProxyType(found)


@cache
def people_notices() -> tuple[Notice, ...]:
    """Warnings that hold for every product."""
    return tuple(_notice(line) for line in document()["people"])


def source_title(source: str) -> str:
    """The title of a source; the code itself when the list does not know it."""
    known = document()["sources"].get(source)
    return str(known["title"]) if known else source


def local(line: Mapping[str, Any], author: str) -> Label:
    """A county's own label in place of the shipped one: what it says holds, whoever wrote it."""
    return replace(read(line), enabled=True, author=author)


def read(line: Mapping[str, Any]) -> Label:
    """One line of the product list. ``KeyError`` or ``ValueError`` when it has not the shape of the list."""
    upkeep = line["maintenance"]
    interval = upkeep["interval"]
    start = line.get("start_site")
    tolerance = line.get("tolerance")
    coverage = line["coverage"]["value"]
    allowed = interval["value"].get("allowed") if isinstance(interval["value"], dict) else None
    maximum = line.get("maximum")
    own_rows = {one["id"]: _row(one) for one in line["rows"]}
    return Label(
        id=line["id"],
        name=line["generic_zh"],
        molecule=line["molecule"],
        second_generation=line["generation"] == "second",
        oral=line["route"] == "oral",
        enabled=line["enabled"],
        note=line["local_label"],
        strengths_ug=_strengths(line["strengths"]),
        strengths_ground=_ground(line["strengths"]),
        maximum_ug=_micrograms(maximum["value"]) if maximum else None,
        maximum_ground=_ground(maximum),
        sites=_sites(upkeep["site"]),
        sites_ground=_ground(upkeep["site"]),
        start_sites=_sites(start),
        start_roles=frozenset(Role[name] for name in start["roles"]) if start else frozenset(),
        start_ground=_ground(start),
        allowed_days=(allowed[0], allowed[1]) if allowed else None,
        interval_ground=_ground(interval),
        phases=tuple(_phase(one, own_rows) for one in line["phases"]),
        cover_days=line["oral_cover_days"]["value"],
        cover_by_profile=MappingProxyType(line["oral_cover_days"].get("by_profile", {})),
        cover_ground=_ground(line["oral_cover_days"]),
        observe_minutes=line["observation_minutes"]["value"] or 0,
        observe_ground=_ground(line["observation_minutes"]),
        cold_chain=bool(line["cold_chain"]["value"]),
        cold_ground=_ground(line["cold_chain"]),
        tolerance=Tolerance(frozenset(tolerance["value"]), tolerance["text"], _ground(tolerance))
        if tolerance
        else None,
        notices=tuple(_notice(one) for one in line["flags"]),
        changes=tuple(_change(one) for one in line.get("switch", ())),
        covered_days=MappingProxyType(
            {Role[name]: days for name, days in coverage.get("by_role", {}).items()}
        ),
        lag_days=coverage.get("lag_days", 0),
        fixed_days=line["fixed_days"]["value"],
    )


def _ground(entry: Mapping[str, Any] | None) -> Ground:
    if not entry:
        return Ground((), False)
    return Ground(tuple(entry["sources"]), entry["verified"] is True)


def _micrograms(milligrams: Any) -> int:
    return round(float(milligrams) * MICROGRAMS)


def _strengths(entry: Mapping[str, Any]) -> frozenset[int]:
    if not isinstance(entry["value"], list):
        return frozenset()
    return frozenset(_micrograms(one["mg_eq"] if isinstance(one, dict) else one) for one in entry["value"])


def _sites(entry: Mapping[str, Any] | None) -> frozenset[Site]:
    """The muscles named; none when the label describes them in words only."""
    named = (entry or {}).get("value") or []
    return frozenset(_SITES[one] for one in named) if set(named) <= set(_SITES) else frozenset()


def _row(line: Mapping[str, Any]) -> Row:
    begin, steps = line["from"], line.get("steps", {})
    return Row(
        id=line["id"],
        status=Status[line["status"]],
        days=begin.get("days", 0),
        months=begin.get("months", 0),
        inclusive=begin.get("inclusive", True),
        text=line["text"],
        ground=_ground(line),
        cover_days=line.get("cover_days", 0),
        doses_ug=tuple(_micrograms(one) for one in steps.get("doses", ())),
        same=steps.get("same", 0),
        instead_ug=MappingProxyType(
            {_micrograms(known): _micrograms(used) for known, used in steps.get("instead", {}).items()}
        ),
        then_same=steps.get("then", False),
        by_dose_ug=MappingProxyType(
            {
                _micrograms(known): tuple(_micrograms(one) for one in used)
                for known, used in steps.get("map", {}).items()
            }
        ),
        site=_SITES.get(steps.get("site", "")),
    )


@cache
def _all_rows() -> Mapping[str, Row]:
    return {f"{line['id']}:{one['id']}": _row(one) for line in document()["products"] for one in line["rows"]}


def _phase(line: Mapping[str, Any], own: Mapping[str, Row]) -> Phase:
    def row(name: str) -> Row:
        return _all_rows()[name] if ":" in name else own[name]

    groups = line.get("rows_by_ordinal", [{"rows": line["rows"]}])
    spans = line.get("by_interval", [line])
    after = line["after"]
    dues = tuple(_due(one) for one in line["due"])
    return Phase(
        name=line["name"],
        after=frozenset() if after == [ANY_ROLE] else frozenset(Role[name] for name in after),
        dues=dues,
        spans=tuple(Span(one.get("early"), one.get("late"), one["lead"], one.get("to")) for one in spans),
        opens_on_day=line.get("opens_on_day"),
        code=line["code"],
        rows=tuple((group.get("to"), tuple(row(name) for name in group["rows"])) for group in groups),
        ground=_ground(line),
        note=line.get("note", ""),
        prescribed=any(not due.months and due.days is None for due in dues),
        from_start=any(due.gap for due in dues),
    )


def _due(line: Mapping[str, Any]) -> Due:
    gap = line.get("gap")
    return Due(
        months=line.get("months", 0),
        days=line.get("days"),
        from_start=line["from"] != "last",
        profile=line.get("profile", ""),
        gap=(gap[0], gap[1]) if gap else None,
        start_unknown=line.get("start_unknown", False),
    )


def _notice(line: Mapping[str, Any]) -> Notice:
    level = Level[line["level"].upper()]
    return Notice(line["code"], level, line["text"], _ground(line), MappingProxyType(line["when"]))


def _change(line: Mapping[str, Any]) -> Change:
    return Change(
        origin=line["from"],
        role=Role[line["role"]],
        early=line.get("early", 0),
        late=line.get("late", 0),
        doses_ug=MappingProxyType(
            {
                _micrograms(known): (_micrograms(used[0]), _micrograms(used[-1]))
                for known, used in line["map"].items()
            }
        ),
        least_months=line.get("least_months", 0),
        same_last=line.get("same_last", 0),
        text=line["text"],
        ground=_ground(line),
    )
