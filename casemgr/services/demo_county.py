"""示例县: made-up counties with townships, villages and units, each township with a character of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from random import Random

from casemgr.services.demo_names import places

#: The code of the made-up prefecture; 9999 stands for no real place.
PREFECTURE = 999900000000
#: 999901 is left to workbooks that people import for practice.
FIRST_COUNTY = 2
TOWNSHIPS_OF_COUNTY = 500
PEOPLE_OF_TOWNSHIP = 300
LEAST_TOWNSHIPS = 18
#: Residents per person in the register; with those who leave it, about 4.6 ‰ remain on it.
RESIDENTS_PER_PERSON = 198
STEMS = "甲乙丙丁戊己庚辛壬癸"


@dataclass(frozen=True, slots=True)
class Character:
    """What makes a township different; shares lie between 0 and 1.

    ``lapse`` is how often an ordinary follow-up comes too late, ``residents`` how many people live
    there per person in the register, ``unvisited`` the days of a spell in which nobody was visited at all.
    """

    lapse: float
    regular: float
    rehab: float
    checked: float
    phone: float
    clinic: float
    lost: float
    refused: float
    bunched: float
    entered_late: float
    unassessed: float
    residents: float
    unvisited: tuple[int, int] | None = None
    old_form_until: int = 0


@dataclass(frozen=True, slots=True)
class Village:
    code: int
    name: str
    population: int


@dataclass(frozen=True, slots=True)
class Township:
    """One township with its health centre and the number of people it brings into the register."""

    index: int
    code: int
    county: int
    county_name: str
    name: str
    unit_code: str
    unit_name: str
    doctor: str
    people: int
    population: int
    villages: tuple[Village, ...]
    character: Character


@dataclass(frozen=True, slots=True)
class County:
    code: int
    name: str
    parent: int | None
    unit_code: str
    unit_name: str
    townships: tuple[Township, ...] = field(repr=False)

    @property
    def population(self) -> int:
        return sum(town.population for town in self.townships)


def townships_for(people: int) -> int:
    """How many townships a register of this size has by default: 18, then one for each 300 people."""
    return min(people, max(LEAST_TOWNSHIPS, -(-people // PEOPLE_OF_TOWNSHIP)))


def _even(rng: Random, count: int) -> list[float]:
    """Numbers from 0 to 1 at even distances in chance order: every county has its best and its worst."""
    steps = [(step + 0.5) / count for step in range(count)]
    rng.shuffle(steps)
    return steps


def _between(low: float, high: float, share: float) -> float:
    return low + (high - low) * share


def _shares(rng: Random, total: int, parts: int, spread: float) -> list[int]:
    """``total`` divided into ``parts`` whole numbers that differ by about ``spread``."""
    weights = [1 + spread * (2 * rng.random() - 1) for _ in range(parts)]
    scale = total / sum(weights)
    edges = [0.0]
    for weight in weights:
        edges.append(edges[-1] + weight * scale)
    edges[-1] = total
    return [round(high) - round(low) for low, high in pairwise(edges)]


def _characters(rng: Random, count: int, as_of: date) -> list[Character]:
    """Characters at even distances; a few townships have a story that the figures show."""
    today = as_of.toordinal() - date(1970, 1, 1).toordinal()
    columns = [_even(rng, count) for _ in range(12)]
    made = []
    for index, (
        lapse,
        regular,
        rehab,
        checked,
        phone,
        clinic,
        lost,
        refused,
        bunched,
        late,
        blank,
        residents,
    ) in enumerate(zip(*columns, strict=True)):
        unvisited = None
        old_form = 0
        if index % 18 == 5:
            # The only doctor fell ill in the summer before last.
            unvisited = (today - 500, today - 450)
        if index % 18 == 11:
            phone = 1.4  # the hills: most follow-ups by telephone
        if index % 18 == 14:
            old_form = today - 400  # went on with the paper of 2017 for longer than the others
        made.append(
            Character(
                lapse=_between(0.004, 0.070, lapse**1.3),
                regular=_between(0.66, 0.86, regular),
                rehab=_between(0.30, 0.69, rehab),
                checked=_between(0.45, 0.88, checked),
                phone=_between(0.10, 0.30, phone),
                clinic=_between(0.20, 0.55, clinic),
                lost=_between(0.003, 0.035, lost**2),
                refused=_between(0.0, 0.045, refused**1.6),
                bunched=_between(0.60, 0.97, bunched),
                entered_late=_between(0.01, 0.06, late),
                unassessed=_between(0.002, 0.03, blank**2),
                residents=RESIDENTS_PER_PERSON * _between(0.87, 1.13, residents),
                unvisited=unvisited,
                old_form_until=old_form,
            )
        )
    return made


def counties(people: int, townships: int, seed: int, as_of: date) -> list[County]:
    """The made-up counties for ``people`` in ``townships``; the same arguments give the same counties.

    Up to 500 townships make one county without a prefecture above it; more make several under one.
    ``ValueError`` for numbers that no county can have.
    """
    if people < townships or townships < 1:
        raise ValueError("every township has at least one person")
    if townships > TOWNSHIPS_OF_COUNTY * len(STEMS):
        raise ValueError("too many townships")
    rng = Random(f"county/{seed}/{people}/{townships}/{as_of}")
    count = -(-townships // TOWNSHIPS_OF_COUNTY)
    sizes = _shares(rng, people - townships, townships, 0.22)
    characters = _characters(rng, townships, as_of)
    made: list[County] = []
    done = 0
    for number in range(count):
        prefix = PREFECTURE // 10**6 + FIRST_COUNTY + number
        code, name = prefix * 10**6, f"示例{STEMS[number]}县"
        here = range(done, min(done + -(-townships // count), townships))
        done = here.stop
        names = places(rng, len(here))
        made.append(
            County(
                code,
                name,
                PREFECTURE if count > 1 else None,
                f"{prefix}0001",
                f"{name}疾病预防控制中心",
                tuple(
                    _township(
                        rng,
                        index,
                        code + (100 + position) * 1000,
                        name,
                        word,
                        sizes[index] + 1,
                        characters[index],
                    )
                    for position, (index, word) in enumerate(zip(here, names, strict=True))
                ),
            )
        )
    return made


def _township(
    rng: Random, index: int, code: int, county_name: str, word: str, people: int, character: Character
) -> Township:
    kind = "镇" if rng.random() < 0.6 else "乡"
    name = f"示例{word}{kind}"
    county = code // 10**6 * 10**6
    population = round(people * character.residents)
    count = max(2, min(16, 4 + people // 18))
    residents = _shares(rng, population, count, 0.5)
    villages = tuple(
        Village(code + 200 + number, f"示例{place}村", residents[number])
        for number, place in enumerate(places(rng, count))
    )
    town = code // 1000 % 1000
    return Township(
        index,
        code,
        county,
        county_name,
        name,
        f"{county // 10**6}1{town:03d}",
        f"{name}卫生院",
        f"示例医生{index + 1:02d}",
        people,
        population,
        villages,
        character,
    )
