"""A thousand random months: what is said person by person adds up to every figure of every area."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from casemgr.indicators.catalogue import MEASURES
from casemgr.indicators.count import counted, judged, roll_up, tally
from casemgr.indicators.explain import explain
from casemgr.indicators.frames import Frames
from casemgr.indicators.judgement import Basis
from casemgr.indicators.period import Period
from casemgr.rules import policy
from casemgr.terms.area import AreaLevel
from casemgr.terms.rulebook import book
from tests.indicators.people import COUNTY, TOWNSHIP, frames, person, visit

REGISTERS, ENDS = 100, 10
FIRST = date(2024, 9, 1)
SPAN = 600


def day(chance: random.Random) -> date:
    return FIRST + timedelta(days=chance.randrange(SPAN))


def some(chance: random.Random, low: int, high: int, empty: float = 0.2) -> int | None:
    return None if chance.random() < empty else chance.randint(low, high)


def register(chance: random.Random) -> Frames:
    """A few people with whatever may happen to a record, contradictions included."""
    people, seen, sessions, checkups, offences, talks = [], [], [], [], [], []
    for number in range(1, chance.randint(2, 9)):
        known: dict[str, Any] = {
            "area": chance.choice([COUNTY, TOWNSHIP]),
            "registered_on": chance.choice([date(2020, 5, 1), day(chance)]),
            "exit": chance.choice([0, 0, 0, 2, 3, 4]),
            "exited_on": chance.choice([None, day(chance)]),
            "diagnosis": chance.randint(1, 7),
            "refused": chance.random() < 0.15,
            "article30": chance.random() < 0.1,
            "lost": chance.random() < 0.1,
        }
        people.append(person(number, **known))
        for on in {day(chance) for _ in range(chance.choice([0, 1, 4, 9, 20]))}:
            found: dict[str, Any] = {
                "mode": some(chance, 1, 3),
                "informants": some(chance, 0, 15),
                "loss_reason": 1 if chance.random() < 0.1 else None,
                "risk": some(chance, 0, 5),
                "symptoms": some(chance, 0, 3),
                "stability": some(chance, 1, 3),
                "adherence": chance.choice([None, 1, 1, 1, 2, 3, 4]),
                "hospital": some(chance, 0, 2),
            }
            seen.append(visit(on, number, **found))
        for _ in range(chance.choice([0, 0, 1, 5, 14])):
            sessions.append(
                {
                    "case": number,
                    "on": day(chance),
                    "form": some(chance, 1, 10),
                    "minutes": some(chance, 20, 40),
                    "attended": chance.choice([True, True, False, None]),
                }
            )
        checkups += [{"case": number, "on": day(chance)} for _ in range(chance.choice([0, 1]))]
        offences += [{"case": number, "on": day(chance)} for _ in range(chance.choice([0, 0, 0, 1]))]
        for _ in range(chance.choice([0, 0, 1, 2])):
            talks.append({"case": number, "on": day(chance), "subject": chance.randint(1, 3)})
    return frames(people, seen, sessions, checkups, offences=offences, talks=talks)


@pytest.mark.parametrize("lot", range(10))
def test_what_is_said_adds_up_to_every_figure(lot: int) -> None:
    chance = random.Random(lot)
    known = book()
    for _ in range(REGISTERS // 10):
        facts = register(chance)
        areas = facts.areas.filter(pl.col("level") <= int(AreaLevel.TOWNSHIP))
        for _ in range(ENDS):
            period = Period.to(FIRST + timedelta(days=chance.randrange(120, SPAN)))
            under = Basis(period, policy.in_force_on(period.end))
            rows = judged(facts, period, under.policy).collect()
            figures = roll_up(tally(rows.lazy()).collect(), areas)
            people = rows.rows(named=True)
            for measure in MEASURES:
                said = [(row["area"], explain(row, measure, under)) for row in people]
                for area, of_area in (
                    (COUNTY, said),
                    (TOWNSHIP, [one for one in said if one[0] == TOWNSHIP]),
                ):
                    verdicts = Counter(one.counted for _, one in of_area)
                    numerator, denominator = figures[area][measure.key]
                    assert verdicts[True] == numerator, (measure.key, period.end)
                    if not measure.per_resident:
                        assert verdicts[True] + verdicts[False] == denominator, (measure.key, period.end)
                for _, one in said:
                    assert one.reason.endswith("。")
                    assert one.rule in known
                    # Under what people are counted together there is nobody's day and number.
                    assert one.counted or (one.topic and not any(c.isdigit() for c in one.topic))
                    # Nobody is asked to be graded otherwise.
                    assert not any(
                        word in one.change for word in ("改为稳定", "重新评估", "调整分类", "降级")
                    )
            assert sum(rows.filter(counted(MEASURES[0]))["reg_a"]) == figures[COUNTY]["IND-01"][0]
