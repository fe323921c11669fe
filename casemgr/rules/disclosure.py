"""披露矩阵: what a party may be told of one person, and under which conditions; strict unless loosened.

The matrix is ``lists/disclosure_matrix.csv``. Nothing here knows a person: whoever asks says which conditions
hold, and must have looked at the evidence of each. An unknown party, group or day gets nothing. A line may be
loosened only by an entry of ``lists/disclosure_loosening.csv``, over an area, see :class:`Loosening`. Which
group a sealed column belongs to stands in ``lists/disclosure_columns.csv``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from casemgr.rules.access import RECEIVERS
from casemgr.terms.account import Role
from casemgr.terms.area import span_of
from casemgr.terms.disclosure import Condition, FieldGroup, Level, Party
from casemgr.terms.lists import first_day, last_day, lines

#: The row of the matrix that a role is; the system itself is no party and is told nothing.
PARTY_OF_ROLE: Mapping[Role, Party] = MappingProxyType(
    {
        Role.TOWNSHIP_DOCTOR: Party.TOWNSHIP_DOCTOR,
        Role.VILLAGE_DOCTOR: Party.VILLAGE_DOCTOR,
        Role.UNIT_HEAD: Party.UNIT_HEAD,
        Role.COUNTY_OFFICER: Party.COUNTY_UNIT,
        Role.HEALTH_BUREAU: Party.HEALTH_BUREAU,
        Role.CITY_OFFICER: Party.STATISTICS,
        Role.HOSPITAL: Party.HOSPITAL,
        Role.REHAB_BODY: Party.REHAB_BODY,
        Role.POLICE: Party.POLICE,
        Role.CIVIL_AFFAIRS: Party.CIVIL_AFFAIRS,
        Role.DISABLED_FEDERATION: Party.DISABLED_FEDERATION,
        Role.POLITICAL_LEGAL: Party.POLITICAL_LEGAL,
        Role.ADMINISTRATOR: Party.ADMINISTRATOR,
        Role.SECURITY_ADMINISTRATOR: Party.AUDITOR,
        Role.AUDIT_ADMINISTRATOR: Party.AUDITOR,
    }
)

#: Sets of conditions, any one of which has to hold whole; a single empty set always holds.
Conditions = tuple[frozenset[Condition], ...]


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """One line: this party is told this group at this level, when one of the sets of conditions holds.

    ``mask`` names how a value is covered (``id``, ``phone``, ``village``), ``reveal`` whether the party may
    uncover it against reason and audit entry; ``detail`` says in words what of the group is meant.
    """

    party: Party
    group: FieldGroup
    level: Level
    conditions: Conditions
    mask: str
    reveal: bool
    detail: str
    ground: str
    first: date
    last: date
    status: str
    source: str

    def holds(self, given: Collection[Condition], on: date) -> bool:
        """Whether the line is in force on a day and its conditions are among the given ones."""
        return self.first <= on <= self.last and any(one <= set(given) for one in self.conditions)

    @property
    def unverified(self) -> bool:
        """Whether the line is shown as 待核对."""
        return self.status.startswith("UNVERIFIED")

    @property
    def by_screen(self) -> bool:
        """Whether some page may show it; what hangs on a written request alone is handed over by a person."""
        return any(Condition.REQUEST not in one for one in self.conditions)

    @property
    def words(self) -> str:
        """The line as a sentence for the people it binds."""
        said = self.level.label + (f"（{MASKS[self.mask]}）" if self.mask else "")
        if self.detail:
            said += f"：{self.detail}"
        if self.level is not Level.NONE and self.conditions != ALWAYS:
            ways = ["，且".join(one.label for one in sorted(each)) for each in self.conditions]
            said += "；条件：" + "；或".join(ways)
        return said + ("；可凭理由查看全部，逐次记录" if self.reveal else "")


@dataclass(frozen=True, slots=True)
class Slack:
    """One loosening that the code knows: the most that an approved document may add to a line."""

    key: str
    party: Party
    group: FieldGroup
    level: Level
    conditions: Conditions
    mask: str
    detail: str
    ground: str
    status: str
    source: str

    @property
    def title(self) -> str:
        """What it adds, in a few words."""
        more = f"，{self.detail}" if self.detail else ""
        return f"{self.party.label} · {self.group.label}：{self.level.label}{more}"

    def line(self, first: date, last: date, number: str) -> MatrixLine:
        """The line of the matrix it becomes under a document, between two days (both included)."""
        return MatrixLine(
            self.party,
            self.group,
            self.level,
            self.conditions,
            self.mask,
            False,
            self.detail,
            f"{self.ground}；{number}",
            first,
            last,
            self.status,
            self.source,
        )


@dataclass(frozen=True, slots=True)
class Loosening:
    """A loosening in force by an approved document; ``key`` is that of a :class:`Slack`, days included.

    It holds for what lies in the area ``over``; 0 are those from before a loosening had an area.
    """

    key: str
    number: str
    first: date
    last: date
    over: int = 0

    def covers(self, area: int) -> bool:
        """Whether everything of ``area`` lies in the area of this loosening; an unknown area (0) never."""
        if self.over == 0:
            return True
        low, high = span_of(self.over)
        return area != 0 and low <= area and span_of(area)[1] <= high


@dataclass(frozen=True, slots=True)
class Sight:
    """What a party is told of one group: the level and the line (or loosened line) it rests on."""

    level: Level
    line: MatrixLine | None = None

    @property
    def mask(self) -> str:
        """How the value is covered, empty for not at all."""
        return self.line.mask if self.line else ""

    @property
    def ground(self) -> str:
        """The law or document it rests on."""
        return self.line.ground if self.line else ""


MASKS = MappingProxyType({"id": "前三位、后两位", "phone": "前三位、后四位", "village": "只到村（社区）"})
ALWAYS: Conditions = (frozenset(),)
NOTHING = Sight(Level.NONE)


def _conditions(text: str) -> Conditions:
    """``3+7/4``: both consent and the doctor's check, or the benefit; empty: always."""
    return tuple(frozenset(Condition.read(one) for one in each.split("+") if one) for each in text.split("/"))


@cache
def matrix() -> tuple[MatrixLine, ...]:
    """Every line of the list; ``ValueError`` or ``KeyError`` for one that cannot be read."""
    return tuple(
        MatrixLine(
            Party.read(line["party"]),
            FieldGroup[line["group"]],
            Level[line["level"]],
            _conditions(line["conditions"]),
            line["mask"],
            line["reveal"] == "1",
            line["detail"],
            line["ground"],
            first_day(line),
            last_day(line),
            line["status"],
            line["source"],
        )
        for line in lines("disclosure_matrix")
    )


@cache
def slacks() -> Mapping[str, Slack]:
    """Every loosening the code knows, by its key."""
    return MappingProxyType(
        {
            line["key"]: Slack(
                line["key"],
                Party.read(line["party"]),
                FieldGroup[line["group"]],
                Level[line["level"]],
                _conditions(line["conditions"]),
                line["mask"],
                line["detail"],
                line["ground"],
                line["status"],
                line["source"],
            )
            for line in lines("disclosure_loosening")
        }
    )


@cache
def _cells() -> Mapping[tuple[Party, FieldGroup], tuple[MatrixLine, ...]]:
    cells: dict[tuple[Party, FieldGroup], list[MatrixLine]] = {}
    for line in matrix():
        cells.setdefault((line.party, line.group), []).append(line)
    return {key: tuple(found) for key, found in cells.items()}


def cell(party: Party, group: FieldGroup) -> tuple[MatrixLine, ...]:
    """The lines of one cell, in the order of the list."""
    return _cells().get((party, group), ())


def party_of(asker: Role | Party) -> Party | None:
    """The row of the matrix for a role; a party is its own row. ``None``: no row, so nothing."""
    return asker if isinstance(asker, Party) else PARTY_OF_ROLE.get(asker)


def sight(
    asker: Role | Party,
    group: FieldGroup,
    conditions: Collection[Condition],
    on: date,
    loosened: Iterable[Loosening] = (),
    at: int = 0,
) -> Sight:
    """The most that the lines which hold on ``on`` under ``conditions`` tell of a group, and by which line.

    ``loosened`` are the approved loosenings in force, ``at`` the area of the file (or of all the files) it is
    about; a loosening of another area, party or group, or with a key the code does not know, changes nothing.
    """
    party = party_of(asker)
    if party is None:
        return NOTHING
    known = list(cell(party, group))
    for one in loosened:
        slack = slacks().get(one.key)
        if slack is not None and (slack.party, slack.group) == (party, group) and one.covers(at):
            known.append(slack.line(one.first, one.last, one.number))
    best = NOTHING
    for line in known:
        if line.level > best.level and line.holds(conditions, on):
            best = Sight(line.level, line)
    return best


def may_see(
    asker: Role | Party,
    group: FieldGroup,
    conditions: Collection[Condition],
    on: date,
    loosened: Iterable[Loosening] = (),
    at: int = 0,
) -> Level:
    """How much of a group a role or party is told on a day, given the conditions that hold."""
    return sight(asker, group, conditions, on, loosened, at).level


def sights(
    asker: Role | Party,
    conditions: Collection[Condition],
    on: date,
    loosened: Iterable[Loosening] = (),
    at: int = 0,
) -> dict[FieldGroup, Sight]:
    """The same for every group of which anything at all is told."""
    held = tuple(loosened)
    found = {group: sight(asker, group, conditions, on, held, at) for group in FieldGroup}
    return {group: one for group, one in found.items() if one.level is not Level.NONE}


def knows_person(
    asker: Role | Party,
    conditions: Collection[Condition],
    on: date,
    loosened: Iterable[Loosening] = (),
    at: int = 0,
) -> bool:
    """Whether the party may know that this very person is registered: it is told who the person is."""
    return may_see(asker, FieldGroup.G1, conditions, on, loosened, at) >= Level.MASKED


def covered(text: str, mask: str) -> str:
    """A value with its middle covered: an id number keeps 3 and 2 digits, a phone 3 and 4; short ones none.

    ``village`` covers by leaving out: the caller shows the village and not the address, so it gives nothing.
    """
    if not mask:
        return text
    keep = {"id": (3, 2), "phone": (3, 4)}.get(mask)
    if keep is None:
        return ""
    head, tail = keep
    if len(text) <= head + tail:
        return "*" * len(text)
    return text[:head] + "*" * (len(text) - head - tail) + text[-tail:]


#: Roles that do not work at the files: who reads what was written out by the matrix, and the program itself.
_AT_THE_DOOR = RECEIVERS | {Role.SYSTEM}
#: Of a group told at one of these levels the text itself may be opened.
_TEXT = frozenset({Level.FULL, Level.OWN, Level.MASKED})


@cache
def groups_of_columns() -> Mapping[str, FieldGroup]:
    """The group that each sealed column (``table.column``) belongs to; papers of the own work have none."""
    told = lines("disclosure_columns")
    return MappingProxyType({line["column"]: FieldGroup[line["group"]] for line in told})


def closed_columns(role: Role, on: date, loosened: Iterable[Loosening] = (), at: int = 0) -> frozenset[str]:
    """The sealed columns whose text the matrix does not tell a role that works at the files, unconditionally.

    ``at`` is the whole area the role works over: a loosening of a part of it opens nothing.
    """
    if role in _AT_THE_DOOR:
        return frozenset()
    held = tuple(loosened)
    told = {group: may_see(role, group, (), on, held, at) for group in FieldGroup}
    return frozenset(name for name, group in groups_of_columns().items() if told[group] not in _TEXT)
