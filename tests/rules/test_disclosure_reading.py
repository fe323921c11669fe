"""披露矩阵的另一种读法: sight of every party, group and condition against a reading of the list of its own.

Persons of every kind are made, and the conditions that hold for them are told from what they are, by the
words of the study (condition ① is grade 3 and more, an act on file, or lost). The list is read here as plain
text: nothing of the program's own reading is used to say what is expected.
"""

from __future__ import annotations

import csv
from collections.abc import Collection
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

import casemgr
from casemgr.rules.disclosure import PARTY_OF_ROLE, Loosening, closed_columns, knows_person, may_see, sight
from casemgr.terms.account import Role
from casemgr.terms.disclosure import Condition, FieldGroup, Level, Party

LISTS = Path(casemgr.__file__).parent / "lists"
ON = date(2026, 11, 22)
EAST, WEST, COUNTY = 999901100000, 999901101000, 999901000000


def read(name: str) -> list[dict[str, str]]:
    with (LISTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


KEYS = [line["key"] for line in read("disclosure_loosening")]
PLACES = st.sampled_from([EAST, WEST, COUNTY, 0])
MATRIX, SLACKS, COLUMNS = (read(f"disclosure_{name}") for name in ("matrix", "loosening", "columns"))
ORDER = ["NONE", "COUNT", "FLAG", "SUMMARY", "MASKED", "OWN", "FULL"]


class Someone(NamedTuple):
    """A person as the register knows them; ``grade`` empty: 未评估."""

    grade: int | None
    acts: int
    lost: bool
    consented: bool
    withdrew: bool
    claimed: bool
    exited: bool
    in_care: bool
    team: bool
    emergency: bool
    safe_to_tell: bool

    def conditions(self) -> set[int]:
        """The conditions of the study that hold, by their numbers."""
        held = set()
        if not self.exited:
            if (self.grade is not None and self.grade >= 3) or self.acts or self.lost:
                held.add(1)
            if self.consented and not self.withdrew:
                held.add(3)
            held |= {number for number, so in ((4, self.claimed), (5, self.team), (8, self.in_care)) if so}
        if self.emergency:
            held.add(2)
        if self.safe_to_tell:
            held.add(7)
        return held


anybody = st.builds(
    Someone,
    grade=st.one_of(st.none(), st.integers(0, 5)),
    acts=st.integers(0, 2),
    **{name: st.booleans() for name in Someone._fields[2:]},  # type: ignore[arg-type]
)


def expected(party: int, group: str, held: Collection[int], loosened: Collection[str] = ()) -> str:
    """The highest level among the lines of one cell whose conditions hold, read from the text of the list."""
    return _expected(party, group, frozenset(held), frozenset(loosened))


@cache
def _expected(party: int, group: str, held: frozenset[int], loosened: frozenset[str]) -> str:
    best = "NONE"
    widened = [line for line in SLACKS if line["key"] in loosened]
    lines = [line for line in MATRIX + widened if (line["party"], line["group"]) == (str(party), group)]
    for line in lines:
        first, last = line.get("valid_from") or "2017-01-01", line.get("valid_to") or "9999-12-31"
        if not first <= ON.isoformat() <= last:
            continue
        ways = [{int(one) for one in way.split("+") if one} for way in line["conditions"].split("/")]
        if any(way <= held for way in ways) and ORDER.index(line["level"]) > ORDER.index(best):
            best = line["level"]
    return best


@settings(max_examples=80)
@given(someone=anybody)
def test_every_party_is_told_of_everybody_exactly_what_the_list_says(someone: Someone) -> None:
    held = someone.conditions()
    given_ = {Condition.read(one) for one in held}
    for party in Party:
        for group in FieldGroup:
            assert may_see(party, group, given_, ON).name == expected(int(party), group.name, held), (
                party, group, held,
            )  # fmt: skip


@settings(max_examples=50)
@given(
    someone=anybody,
    loosened=st.dictionaries(st.sampled_from(KEYS), PLACES, max_size=4),
    at=PLACES,
)
def test_what_is_loosened_adds_its_line_in_its_area_alone(
    someone: Someone, loosened: dict[str, int], at: int
) -> None:
    held = someone.conditions()
    given_ = {Condition.read(one) for one in held}
    entries = [Loosening(key, "文号", ON, ON, over) for key, over in loosened.items()]
    around = {0, at, COUNTY} if at in (EAST, WEST) else {0, at}
    here = {key for key, over in loosened.items() if over in around}
    for party in {int(line["party"]) for line in SLACKS}:
        for group in FieldGroup:
            told = sight(Party.read(party), group, given_, ON, entries, at)
            assert told.level.name == expected(party, group.name, held, here), (party, group, held, at)


@settings(max_examples=120)
@given(grade=st.one_of(st.none(), st.integers(0, 5)), acts=st.integers(0, 1), lost=st.booleans())
def test_the_police_know_of_nobody_below_grade_three_without_an_act_who_is_not_lost(
    grade: int | None, acts: int, lost: bool
) -> None:
    """Not assessed is no grade: it tells nobody anything. Consent and benefits open nothing to the police."""
    known = (grade is not None and grade >= 3) or bool(acts) or lost
    someone = Someone(grade, acts, lost, True, False, True, False, True, False, False, False)
    held = {Condition.read(one) for one in someone.conditions()}
    assert knows_person(Role.POLICE, held, ON) is known
    gone = {Condition.read(one) for one in someone._replace(exited=True).conditions()}
    others = [role for role in PARTY_OF_ROLE if expected(int(PARTY_OF_ROLE[role]), "G1", set()) != "FULL"]
    assert {role for role in others if knows_person(role, gone, ON)} == set()
    assert expected(int(Party.POLICE), "G1", someone.conditions()) == ("FULL" if known else "NONE")


def test_who_works_at_the_files_opens_no_column_beyond_the_list() -> None:
    """Each role × column: open if and only if the list tells the text of its group without a condition."""
    at_files = (Role.TOWNSHIP_DOCTOR, Role.UNIT_HEAD, Role.COUNTY_OFFICER)
    for role in (*at_files, Role.ADMINISTRATOR, Role.CITY_OFFICER):
        closed = closed_columns(role, ON)
        for line in COLUMNS:
            told = expected(int(PARTY_OF_ROLE[role]), line["group"], set())
            assert (line["column"] in closed) is (told not in ("MASKED", "OWN", "FULL")), (role, line)
    assert Level.FULL > Level.OWN > Level.MASKED > Level.SUMMARY > Level.FLAG > Level.COUNT > Level.NONE
