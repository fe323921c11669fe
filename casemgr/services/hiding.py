"""小数保护（全部报表）: what no paper about a county or its townships prints of one closing (REC-SMALL-1).

One rule for all papers. The register and the main figures of the edition are printed as they are: an area
answers for them. Any other number of people is hidden where it, or what it leaves of its whole, is 1–4, and
wherever somebody who holds all papers of the month and of the year before could find such a number by
subtraction. What is hidden is laid down once for each closing, beside the papers, when the first of them is
made; so all of them hide alike, and the same paper asked for again is the same.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from casemgr.indicators.catalogue import ANY_KEY, MEASURES, RECORDS
from casemgr.indicators.editions import BESIDE, Edition
from casemgr.indicators.joint_cells import Cell, hide_jointly
from casemgr.indicators.small_cells import small
from casemgr.services.report_file import path_of, write_file
from casemgr.store.models.indicator import MonthClose
from casemgr.store.queries import report as queries
from casemgr.store.work import Work
from casemgr.terms.area import AreaLevel, ancestor, span_of
from casemgr.terms.risk import RiskLevel, Stability

REGISTERED = "IND-02.REG-A"
WITH_DEATHS = "IND-02.REG-B"
RISK, CLASS, DUTY = "DIST.RISK", "DIST.CLASS", "DUTY.VISIT"
NONE, NEVER = "NONE", "NEVER"
REFUSED = f"{DUTY}.REFUSED"
#: Counts that are no figure of their own: the dead of the year, the diagnoses, those who live at home.
DEATHS, SCHIZOPHRENIA, BIPOLAR, HOME = "DEATHS", "SCHIZOPHRENIA", "BIPOLAR", "HOME"
OFFENCE, LOST = "IND-13", "IND-15"
STABLE_LAST = "IND-09.LAST"
#: The same people as IND-12 where a county runs the service.
SERVED, PARTICIPATION = "IND-22", "IND-12.N1"
#: Whom civil affairs count.
CLIENTS = "IND-23"
#: Whose denominators count people of one kind.
KINDS = {
    SCHIZOPHRENIA: ("IND-06.MED-QUARTER", "REG-A-SCHIZO"),
    BIPOLAR: ("IND-14.TAKING", "REG-A-BIPOLAR"),
    HOME: ("IND-12.N1", "REG-A-HOME"),
}
GROUPS = (*(str(int(one)) for one in (Stability.UNSTABLE, Stability.BASIC, Stability.STABLE)), NONE, NEVER)
#: People of the first count are among those of the second; what is left of the second is a number too.
INSIDE = (
    ("IND-05.MED-QUARTER", "IND-04.MED-QUARTER"),
    ("IND-05.MED-YEAR", "IND-04.MED-YEAR"),
    ("IND-12.N4", "IND-12.N1"),
    ("IND-12.N12", "IND-12.N4"),
)
#: Closings within a year of each other are read together.
TOGETHER = timedelta(days=366)

#: key → (numerator, denominator) of one area in one closing.
Closed = Mapping[str, tuple[int, int | None]]
#: Area → what is hidden of it.
Hidden = Mapping[int, frozenset[str]]
Count = Callable[[Closed], int]


def of_close(work: Work, close: MonthClose, area: int, edition: Edition) -> Hidden:
    """Area → keys that no paper prints, for the county of ``area`` and its townships, of one closing.

    Beside keys of figures: ``DIST.RISK.3``, ``DUTY.VISIT.1.ALL`` and the names at the top of this module.
    """
    county = ancestor(area, AreaLevel.COUNTY)
    path = path_of(work, f"{close.period}/{county:012d}-{close.revision}.hidden")
    standing = _read(path.read_bytes()) if path.is_file() else None
    if standing is not None and standing[0] == close.figures_digest:
        return standing[1]
    found: dict[int, dict[str, tuple[int, int | None]]] = {}
    for _close, code, key, numerator, denominator in queries.figures(work, [close.id], *span_of(county)):
        found.setdefault(code, {})[key] = (numerator, denominator)
    hidden = hidden_in(found, county, open_keys(edition), _before(work, close, county, path.name))
    kept = {str(code): sorted(keys) for code, keys in sorted(hidden.items()) if keys}
    write_file(path, zlib.compress(json.dumps({"figures": close.figures_digest, "hidden": kept}).encode()))
    return hidden


def _read(content: bytes) -> tuple[str, Hidden] | None:
    try:
        found = json.loads(zlib.decompress(content))
        return found["figures"], {int(code): frozenset(keys) for code, keys in found["hidden"].items()}
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError):
        return None


def _before(work: Work, close: MonthClose, county: int, own: str) -> Hidden:
    """What is hidden already in other closings of the county within a year."""
    low, high = close.as_of - TOGETHER, close.as_of + TOGETHER
    first, last = low.year * 100 + low.month, high.year * 100 + high.month
    together: dict[int, frozenset[str]] = {}
    for path in sorted(path_of(work, "").glob(f"*/{county:012d}-*.hidden")):
        period = int(path.parent.name) if path.parent.name.isdigit() else 0
        if not first <= period <= last or (period == close.period and path.name == own):
            continue
        standing = _read(path.read_bytes())
        for code, keys in (standing[1] if standing else {}).items():
            together[code] = together.get(code, frozenset()) | keys
    return together


# --- what is printed as it is -------------------------------------------------------------------------


def open_keys(edition: Edition) -> frozenset[str]:
    """The figures an area answers for, and those that say the same about the same people."""
    official = {REGISTERED, STABLE_LAST, *edition.official}
    alike = {
        one.key
        for one in MEASURES
        for key in official
        if one.judgement == ANY_KEY[key].judgement and one.base.startswith(ANY_KEY[key].base)
    }
    return frozenset(official | alike | {"IND-01"})


def _open_kinds(opened: Collection[str]) -> set[str]:
    bases = {ANY_KEY[key].base for key in opened}
    return {kind for kind, (_key, base) in KINDS.items() if base in bases}


# --- what is hidden -----------------------------------------------------------------------------------


def hidden_in(closed: Mapping[int, Closed], county: int, opened: frozenset[str], before: Hidden) -> Hidden:
    """Area → hidden keys from the figures of a county and its townships; pure, for :func:`of_close`."""
    townships = [code for code in sorted(closed) if code != county]
    work = _Papers([*townships, county], [closed.get(code, {}) for code in (*townships, county)], before)
    risk = [f"{RISK}.{int(level)}" for level in RiskLevel]
    work.lines([*risk, f"{RISK}.{NONE}"], opened=[f"{RISK}.{NONE}"])
    classes = [f"{CLASS}.{int(one)}" for one in (Stability.UNSTABLE, Stability.BASIC, Stability.STABLE)]
    stable, unclassed = f"{CLASS}.{int(Stability.STABLE)}", f"{CLASS}.{NONE}"
    # 稳定 and 未分类 can be read from 病情稳定率; hiding them here would hide nothing.
    work.lines([*classes, unclassed], opened=[stable, unclassed])
    _duties(work)
    entered = [f"IND-16.{part}" for part in ("VISIT", "FILE", "EMERGENCY")]
    work.lines(entered, opened=entered[:1], read=lambda own, key: own.get(key, (0, 0))[1] or 0)
    for kind, (key, _base) in KINDS.items():
        if kind not in _open_kinds(opened):
            work.part(kind, _denominator(key), _denominator(REGISTERED))
    if not any(ANY_KEY[key].base == "REG-B" for key in opened):
        work.part(DEATHS, _deaths, lambda own: _deaths(own) + _denominator(REGISTERED)(own))
    work.part(CLIENTS, _numerator(CLIENTS), _denominator(CLIENTS))
    for one in MEASURES:
        printed = not one.further or one.key in BESIDE or one.key in (OFFENCE, LOST)
        if printed and one.key not in opened and one.base != "REG-B":
            forced = [row for row, own in enumerate(work.own) if _few_left(one.key, own, opened)]
            work.part(one.key, _numerator(one.key), _denominator(one.key), forced)
    return work.hidden


def _duties(work: _Papers) -> None:
    """Who is owed a visit by class, with those who refused: together they are the register."""
    people = [f"{DUTY}.{group}.ALL" for group in GROUPS]
    codes = dict(zip(GROUPS, people, strict=True))
    for row, code in enumerate(work.codes):
        hidden = work.hidden[code]
        work.force(row, [codes[key.removeprefix(f"{CLASS}.")] for key in hidden if key.startswith(CLASS)])
    work.lines([*people, REFUSED], opened=[codes[str(int(Stability.STABLE))]])
    for which in ("NEXT", "LATE"):
        for row, code in enumerate(work.codes):
            hidden = work.hidden[code]
            work.force(row, [f"{DUTY}.{group}.{which}" for group in GROUPS if codes[group] in hidden])
        work.lines([f"{DUTY}.{group}.{which}" for group in GROUPS])


def _few_left(key: str, own: Closed, opened: Collection[str]) -> bool:
    """Whether the figure and one that holds its people, or is held by it, are 1–4 apart."""
    for inner, outer in INSIDE:
        if key == (outer if inner in opened else inner) and inner in own and outer in own:
            return small(own[outer][0] - own[inner][0])
    return False


class _Papers:
    """The papers of one closing: the townships, then the county, and what is hidden of each."""

    def __init__(self, codes: Sequence[int], own: Sequence[Closed], before: Hidden) -> None:
        self.codes = codes
        self.own = own
        self.before = before
        self.hidden: dict[int, frozenset[str]] = dict.fromkeys(codes, frozenset())
        self._forced: dict[int, set[str]] = {}

    def force(self, row: int, keys: Iterable[str]) -> None:
        """Hide these lines of an area in any case."""
        self._forced.setdefault(row, set()).update(keys)

    def lines(
        self,
        keys: Sequence[str],
        opened: Collection[str] = (),
        read: Callable[[Closed, str], int] = lambda own, key: own[key][0] if key in own else 0,
    ) -> None:
        """Lines that add up to a whole everybody knows."""
        counts = [[read(own, key) for key in keys] for own in self.own]
        self._hide(keys, counts, [place for place, key in enumerate(keys) if key in opened])

    def part(self, key: str, counted: Count, of: Count, forced: Iterable[int] = ()) -> None:
        """Those who count, among people whose number everybody knows; those who do not are on no paper."""
        counts = [[counted(own), max(0, of(own) - counted(own))] for own in self.own]
        for row in forced:
            self.force(row, [key])
        self._hide([key, ""], counts, (), unprinted=(1,))

    def _hide(
        self,
        keys: Sequence[str],
        counts: Sequence[Sequence[int]],
        opened: Collection[int],
        unprinted: Collection[int] = (),
    ) -> None:
        def places(named: Callable[[int, int], Collection[str]]) -> set[Cell]:
            return {
                (row, place)
                for row, code in enumerate(self.codes)
                for place, key in enumerate(keys)
                if key in named(row, code)
            }

        found = hide_jointly(
            counts[:-1],
            counts[-1],
            opened,
            unprinted=unprinted,
            forced=places(lambda row, _code: self._forced.get(row, ())),
            before=places(lambda _row, code: self.before.get(code, ())),
        )
        for row, place in found:
            self.hidden[self.codes[row]] |= {keys[place]}


def _numerator(key: str) -> Count:
    return lambda own: own[key][0] if key in own else 0


def _denominator(key: str) -> Count:
    return lambda own: own.get(key, (0, 0))[1] or 0


def _deaths(own: Closed) -> int:
    if WITH_DEATHS not in own or REGISTERED not in own:
        return 0
    return (own[WITH_DEATHS][1] or 0) - (own[REGISTERED][1] or 0)


def hides_figure(key: str, hidden: Collection[str], opened: Collection[str]) -> bool:
    """Whether a figure is printed as ＊: it is hidden itself, or its people would tell what is hidden."""
    if key in opened:
        return False
    if key == SERVED:
        return PARTICIPATION in hidden or HOME in hidden
    return key in hidden or hides_people(key, hidden)


def hides_people(key: str, hidden: Collection[str]) -> bool:
    """Whether the number of people a figure is taken of is hidden."""
    base = ANY_KEY[key].base
    if base == "REG-B":
        return DEATHS in hidden
    if base == RECORDS:
        return key in hidden
    return any(kind in hidden for kind, (_key, of) in KINDS.items() if of == base)
