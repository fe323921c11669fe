"""A thousand random months: what is said person by person adds up to every figure of every area."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from casemgr.indicators import topic
from casemgr.indicators.catalogue import MEASURES
from casemgr.indicators.count import judged, roll_up, tally
from casemgr.indicators.explain import explain
from casemgr.indicators.frames import AREAS, Frames
from casemgr.indicators.judgement import Basis
from casemgr.indicators.packed import masks, pack, unpack
from casemgr.indicators.period import Period
from casemgr.indicators.topic import WORD
from casemgr.rules import policy
from casemgr.terms.area import AreaLevel
from casemgr.terms.rulebook import book
from tests.indicators.people import frames, person, visit

REGISTERS, AT_ONCE, ENDS = 100, 10, 10
FIRST = date(2024, 9, 1)
SPAN = 600


def day(chance: random.Random) -> date:
    return FIRST + timedelta(days=chance.randrange(SPAN))


def some(chance: random.Random, low: int, high: int, empty: float = 0.2) -> int | None:
    return None if chance.random() < empty else chance.randint(low, high)


def registers(chance: random.Random, count: int) -> Frames:
    """Counties of a few people each, with whatever may happen to a record, contradictions included."""
    people, seen, sessions, checkups, offences, talks = [], [], [], [], [], []
    for county in range(count):
        for number in range(county * 10 + 1, county * 10 + chance.randint(2, 9)):
            known: dict[str, Any] = {
                "area": chance.choice([code_of(county), town_of(county)]),
                "village": chance.choice([None, town_of(county) + 1, town_of(county) + 2]),
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


def code_of(county: int) -> int:
    return 999901000000 + county * 1_000_000


def town_of(county: int) -> int:
    return code_of(county) + 101000


def areas_of(count: int) -> pl.DataFrame:
    rows = [
        {"code": code, "name": "", "level": int(level), "parent": None, "population": 1}
        for county in range(count)
        for code, level in (
            (code_of(county), AreaLevel.COUNTY),
            (town_of(county), AreaLevel.TOWNSHIP),
        )
    ]
    return pl.DataFrame(rows, schema=AREAS)


@pytest.mark.parametrize("lot", range(REGISTERS // AT_ONCE))
def test_what_is_said_adds_up_to_every_figure(lot: int) -> None:
    """A month of a register is judged beside those of nine others, which must not touch it."""
    chance = random.Random(lot)
    known = book()
    facts, areas = registers(chance, AT_ONCE), areas_of(AT_ONCE)
    for _ in range(ENDS):
        period = Period.to(FIRST + timedelta(days=chance.randrange(120, SPAN)))
        under = Basis(period, policy.in_force_on(period.end))
        rows = judged(facts, period, under.policy).with_columns(topic.word()).collect()
        figures = roll_up(tally(rows.lazy()).collect(), areas)
        people = rows.rows(named=True)
        packed = masks(rows.lazy()).collect().join(rows.select("case", WORD), on="case")
        verdicts, reasons = unpack(pack(packed)), topic.unpack(topic.pack(packed))
        for measure in MEASURES:
            place = (measure.key, period.end)
            said = [(row["area"], explain(row, measure, under)) for row in people]
            verdict = Counter((area, one.counted) for area, one in said)
            for county in range(AT_ONCE):
                for area, parts in (
                    (code_of(county), (code_of(county), town_of(county))),
                    (town_of(county), (town_of(county),)),
                ):
                    yes, no = (sum(verdict[part, counts] for part in parts) for counts in (True, False))
                    numerator, denominator = figures[area][measure.key]
                    assert yes == numerator, place
                    assert measure.per_resident or yes + no == denominator, place
            # What a closed month keeps is what is said of each, so its reasons add up to the rest.
            kept = {row["case"]: one.topic for row, (_, one) in zip(people, said, strict=True)
                    if one.counted is False}  # fmt: skip
            assert reasons.missing(verdicts, measure.key) == kept, place
            beside = {row["case"]: one.topic for row, (_, one) in zip(people, said, strict=True)
                      if one.counted is None and row["reg_a"]}  # fmt: skip
            assert topic.unasked(verdicts, measure.key, "IND-02.REG-A") == beside, place
            for _, one in said:
                assert one.reason.endswith("。")
                assert one.rule in known
                # Under what people are counted together there is nobody's day and number.
                assert one.counted or (one.topic and not any(c.isdigit() for c in one.topic))
                # Nobody is asked to be graded otherwise.
                assert not any(word in one.change for word in ("改为稳定", "重新评估", "调整分类", "降级"))
        # Villages, those of nobody among them, add up to the register.
        villages = verdicts.by_village()
        for measure in MEASURES:
            numerator = sum(of[measure.key][0] for of in villages.values())
            assert numerator == sum(figures[code_of(one)][measure.key][0] for one in range(AT_ONCE))
