"""长效针剂测速 (P13): where 100,000 injected people stand on one day, from their last doses as stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple

from benchmarks.county import AS_OF, County
from benchmarks.row import Row, in_turn

PEOPLE = 100_000
#: Products as a county has them: code, days between doses, micrograms, days the prescriber sets.
PRODUCTS = (
    ("PP1M", 30, 100_000, None),
    ("RLAI", 14, 37_500, None),
    ("HALD", 28, 50_000, None),
    ("PP3M", 91, 350_000, None),
    ("ARI400", 30, 400_000, None),
    ("FLUD", 21, 25_000, 21),
)
#: The doses of one person in a year and a half; what was missed now and then is in them.
DOSES = 18


class Stored(NamedTuple):
    """One dose as it comes from the table."""

    case_id: int
    product: str
    on: date
    dose_ug: int
    site: int
    ordinal: int | None
    interval_days: int | None
    partial: bool | None
    role_told: bool | None
    role: int | None
    number: int | None
    start_on: date | None
    aside: int | None
    cover_days: int | None
    cover_until: date | None
    next_on: date | None
    stopped_on: date | None


def _courses() -> Iterator[list[Stored]]:
    """The doses of each person with the places they were given when they were written down."""
    from casemgr.rules.injection_course import Given, settle
    from casemgr.rules.injection_label import labels

    rng = Random(20_261_122)
    for case in range(PEOPLE):
        product, days, dose, interval = PRODUCTS[case % len(PRODUCTS)]
        last = AS_OF - timedelta(int(rng.random() * 1.7 * days))
        gaps = [days + int(rng.random() * 5) - 2 + (days if rng.random() < 0.02 else 0) for _ in range(DOSES)]
        told = [last - timedelta(sum(gaps[: DOSES - number])) for number in range(DOSES)] + [last]
        given = [Given(on, dose_ug=dose, interval=interval) for on in told]
        yield [
            Stored(
                case, product, one.on, dose, 1, None, interval, None, None,
                place.role and int(place.role), place.number, place.start_on, place.aside, place.cover_days,
                place.cover_until, None, None,
            )
            for one, place in zip(given, settle(labels()[product], given), strict=True)
        ]  # fmt: skip


def run(county: County) -> list[Row]:
    """The whole histories as a floor to compare with, and the stored tails; one process."""
    from casemgr.rules.injection import advise
    from casemgr.rules.injection_course import Given
    from casemgr.rules.injection_label import labels
    from casemgr.services.injection_view import advise_course

    held = labels()
    whole, tails = [], []
    for course in _courses():
        tails.append(course[-2:])
        if len(whole) < PEOPLE // 10:
            whole.append(course)

    def from_history() -> list[Any]:
        return [
            advise(
                course[0].product,
                [Given(one.on, dose_ug=one.dose_ug, interval=one.interval_days) for one in course],
                AS_OF,
            )
            for course in whole
        ]

    def from_tail() -> list[Any]:
        return [advise_course(held, tail, tail[0].product, AS_OF) for tail in tails]

    told, again = from_history(), from_tail()[: len(whole)]
    same = sum(
        one.status is other.status and one.due == other.due
        for one, other in zip(told, again, strict=True)
        if other is not None
    )
    assert same == len(whole), f"{same} of {len(whole)}"
    history, tail = in_turn(from_history, from_tail)
    return [
        Row(
            "P13",
            f"injection advice for {PEOPLE:,} people on one day, from the last two doses stored",
            f"whole histories of {DOSES + 1} doses, ten times a tenth",
            history * 10,
            tail,
            "≤ 3 s",
            tail <= 3,
            "one process; the same status and due day for all compared",
        )
    ]
