"""Lives of the demo county as they are made up, before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from random import Random

from casemgr.services.demo import FORGOTTEN
from casemgr.services.demo_county import County, Township, counties, townships_for
from casemgr.services.demo_course import Course, Courses
from casemgr.services.demo_people import EPOCH, Facts, People

AS_OF = date(2026, 11, 21)
HISTORY = date(2024, 1, 1)


def day(when: date) -> int:
    return when.toordinal() - EPOCH


@dataclass(frozen=True)
class Life:
    town: Township
    number: int
    facts: Facts
    course: Course


def lives(people: int, seed: int, as_of: date = AS_OF, *, sparse: bool = False) -> Iterator[Life]:
    """Everybody of a county, as the loader makes them."""
    made = county(people, seed, as_of)
    persons = People(seed, day(HISTORY), day(as_of))
    courses = Courses(day(HISTORY), day(as_of), sparse=sparse)
    for town in made.townships:
        rng = Random(f"{seed}/{town.index}")
        for number in range(town.people):
            facts = persons.make(rng, town, number + 1)
            forgotten = number % FORGOTTEN == 2
            course = courses.live(rng, town, facts, forgotten=forgotten, elsewhere=None, doctor=1)
            yield Life(town, number, facts, course)


def county(people: int, seed: int, as_of: date = AS_OF) -> County:
    return counties(people, townships_for(people), seed, as_of)[0]


@cache
def default_county() -> tuple[Life, ...]:
    """The county that ``run`` lays down."""
    return tuple(lives(2_300, 2026))
