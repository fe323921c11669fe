"""What a gap list promises comes true: 120 random months, every figure, done at once and at last."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from casemgr.indicators import editions
from casemgr.indicators.case_period import days
from casemgr.indicators.catalogue import MEASURES, Measure
from casemgr.indicators.count import counted, judged
from casemgr.indicators.explain import Explanation, explain, least_missing_first
from casemgr.indicators.figure import figure
from casemgr.indicators.frames import CHECKUPS, SESSIONS, TALKS, VISITS, Frames, fitted
from casemgr.indicators.judgement import Basis
from casemgr.indicators.period import Period
from casemgr.rules import policy
from tests.indicators.people import visit
from tests.indicators.test_random_months import AT_ONCE, FIRST, registers, town_of

LOTS, ENDS = 3, 4
FRAMES = ("visits", "sessions", "checkups", "offences", "talks")
#: The figures that some edition holds against a target, and those whose people an act can bring in.
AIMED_AT = {one.key: target.value for edition in editions.shipped() for one in MEASURES
            for key, target in edition.targets.items() if key == one.key}  # fmt: skip
KINDS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "CHECKED": ("checkups", CHECKUPS, {}),
    **dict.fromkeys(
        ("N1", "N4", "N12"), ("sessions", SESSIONS, {"form": 1, "minutes": 30, "attended": True})
    ),
    "SUPPORTED": ("talks", TALKS, {"subject": 1}),
    "FAMILY-SUPPORTED": ("talks", TALKS, {"subject": 2}),
}
#: What may be asked for, and what must never be.
ACTS = ("完整随访", "完整记录", "健康体检", "康复活动", "心理疏导")
JUDGED = ("分类", "危险性", "等级", "依从性", "稳定", "评估", "改为", "改填")


def known_by(facts: Frames, end: date) -> Frames:
    """The facts as they stand on a day: nothing later has happened, nobody has left since."""
    cut = {name: getattr(facts, name).filter(pl.col("on") <= days(end)) for name in FRAMES}
    gone = pl.col("exited_on") <= days(end)
    cases = facts.cases.with_columns(
        exited_on=pl.when(gone).then("exited_on"), exit=pl.when(gone).then("exit").otherwise(0).cast(pl.Int8)
    )
    return replace(facts, cases=cases, **cut)


def acted(facts: Frames, promises: list[tuple[int, Measure, Explanation, date]]) -> Frames:
    """For each promise a double of the person with all records and the acts, one a day from a day on."""
    keys = pl.DataFrame(
        [(case, 10_000 + number) for number, (case, *_) in enumerate(promises)],
        schema={"case": pl.Int64, "double": pl.Int64},
        orient="row",
    )
    made = {}
    for name in ("cases", *FRAMES):
        own = getattr(facts, name)
        made[name] = keys.join(own, on="case").with_columns(case="double").select(own.columns)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    schemas = {}
    for number, (_, measure, said, first) in enumerate(promises):
        key = 10_000 + number
        into, schema, more = KINDS.get(measure.judgement, ("visits", VISITS, {}))
        schemas[into] = schema
        for place in range(said.missing or 0):
            plain = visit(first, key) if into == "visits" else {"case": key}
            rows[into].append(plain | more | {"on": days(first + timedelta(days=place))})
    for into, done in rows.items():
        made[into] = pl.concat([made[into], fitted(pl.DataFrame(done), schemas[into]).collect()])
    return replace(facts, **made)


@pytest.mark.parametrize("lot", range(LOTS))
def test_every_promise_comes_true(lot: int) -> None:
    chance = random.Random(1000 + lot)
    facts = registers(chance, AT_ONCE)
    kept = 0
    for _ in range(ENDS):
        end = FIRST + timedelta(days=chance.randrange(120, 600))
        if end.month == 12 and end.day > 20:
            end = end.replace(day=20)
        now = known_by(facts, end)
        under = Basis(Period.to(end), policy.in_force_on(end))
        rows = judged(now, under.period, under.policy).collect()
        by_day: dict[date, list[tuple[int, Measure, Explanation, date]]] = defaultdict(list)
        for measure in MEASURES:
            missing: dict[int, list[Explanation]] = defaultdict(list)
            tally: dict[int, list[int]] = defaultdict(lambda: [0, 0])
            for row in rows.rows(named=True):
                said = explain(row, measure, under)
                town = row["area"]
                if said.counted is None:
                    continue
                tally[town][0] += said.counted
                tally[town][1] += 1
                if said.counted:
                    continue
                missing[town].append(said)
                if said.missing is None:
                    # Nothing is promised where a later visit decides what is found, or nothing can.
                    assert not any(f"{act} 1 次" in said.change for act in ACTS), said.change
                    continue
                assert said.missing >= 1
                assert said.until is not None and said.until > end, (measure.key, said)
                assert any(act in said.change for act in ACTS), said.change
                assert not any(word in said.change for word in JUDGED), said.change
                last = said.until - timedelta(days=said.missing - 1)
                for first in {end + timedelta(days=1), max(last, end + timedelta(days=1))}:
                    done = first + timedelta(days=said.missing - 1)
                    if done <= said.until:
                        by_day[done].append((row["case"], measure, said, first))
            if measure.key in AIMED_AT:
                _reaches(measure, missing, tally, end)
        for day, promises in sorted(by_day.items()):
            after = judged(acted(now, promises), Period.to(day), policy.in_force_on(day)).collect()
            for measure in dict.fromkeys(one for _, one, _, _ in promises):
                counts = set(after.filter(counted(measure))["case"].to_list())
                for number, (case, of, said, first) in enumerate(promises):
                    if of is measure:
                        assert 10_000 + number in counts, (case, measure.key, end, first, said)
                        kept += 1
    assert kept > 300


def _reaches(
    measure: Measure, missing: dict[int, list[Explanation]], tally: dict[int, list[int]], end: date
) -> None:
    """Of every township: the first of the list, as many as the distance, are enough, and one less is not."""
    edition = editions.in_force_on(end)
    target = editions.Target(measure.key, AIMED_AT[measure.key], "", "")
    aimed = replace(edition, targets={measure.key: target})
    for county in range(AT_ONCE):
        numerator, denominator = tally[town_of(county)]
        made = figure(measure, numerator, denominator, aimed)
        listed = sorted(missing[town_of(county)], key=least_missing_first)
        assert len(listed) == denominator - numerator
        promised = [one for one in listed if one.missing is not None]
        assert listed[: len(promised)] == promised
        if not denominator or made.met:
            continue
        assert made.distance
        assert figure(measure, numerator + made.distance, denominator, aimed).met
        assert not figure(measure, numerator + made.distance - 1, denominator, aimed).met


def test_the_figures_with_a_target_are_those_of_the_founding_documents() -> None:
    assert {"IND-03.STD-INT", "IND-05.MED-QUARTER", "IND-06.MED-QUARTER", "IND-12.N1", "IND-08.LAST",
            "IND-08.SCHIZO.LAST", "IND-19.PATIENT", "IND-19.FAMILY"} <= AIMED_AT.keys()  # fmt: skip
