"""示例姓名: made-up names of people and places; combined by chance, taken from nobody."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from casemgr.terms.lists import lines
from casemgr.terms.person import Ethnicity, Sex

#: Peoples whose names are commonly written in two parts with a middle dot.
DOTTED = frozenset({Ethnicity.UYGHUR, Ethnicity.YI, Ethnicity.MONGOL, Ethnicity.TIBETAN})


class Weighted:
    """A list drawn from by weight; the same chance gives the same entry on every machine."""

    __slots__ = ("_edges", "_entries", "_total")

    def __init__(self, entries: Sequence[str], weights: Sequence[float]) -> None:
        self._entries = entries
        self._edges = list(accumulate(weights))
        self._total = self._edges[-1]

    def at(self, chance: float) -> str:
        """The entry that ``chance`` (0 ≤ chance < 1) falls on."""
        return self._entries[bisect(self._edges, chance * self._total)]


def _list(kind: str) -> Weighted:
    chosen = [line for line in lines("demo_names") if line["kind"] == kind]
    return Weighted([line["text"] for line in chosen], [float(line["weight"]) for line in chosen])


class Names:
    """Draws names of people."""

    #: Share of given names that hold a character few fonts have.
    RARE = 0.012

    def __init__(self) -> None:
        self._surnames = _list("surname")
        self._given = {int(Sex.MALE): _list("male"), int(Sex.FEMALE): _list("female")}
        self._rare = _list("rare")
        self._first = _list("dotted-first")
        self._last = _list("dotted-last")

    def surname(self, rng: Random) -> str:
        """One of the common surnames, by how common it is."""
        return self._surnames.at(rng.random())

    def given(self, rng: Random, sex: int) -> str:
        """A given name of one or two characters."""
        pool = self._given[sex]
        name = pool.at(rng.random())
        if rng.random() < 0.8:
            name += (self._rare if rng.random() < self.RARE / 0.8 else pool).at(rng.random())
        return name

    def person(self, rng: Random, sex: int, ethnicity: int) -> tuple[str, str]:
        """(surname, full name); the surname is empty where people have none."""
        if ethnicity in DOTTED:
            return "", f"{self._first.at(rng.random())}·{self._last.at(rng.random())}"
        surname = self.surname(rng)
        return surname, surname + self.given(rng, sex)


def places(rng: Random, count: int) -> list[str]:
    """``count`` different made-up place names of two characters, without their kind (镇, 村)."""
    first = [line["text"] for line in lines("demo_names") if line["kind"] == "place-first"]
    last = [line["text"] for line in lines("demo_names") if line["kind"] == "place-last"]
    every = [a + b for a in first for b in last if a != b]
    if count > len(every):
        raise ValueError(f"there are only {len(every)} place names")
    return rng.sample(every, count)
