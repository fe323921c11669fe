"""What is said about a person agrees with what is counted, and what is promised comes true."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from casemgr.indicators.case_period import days
from casemgr.indicators.catalogue import BY_KEY, MEASURES
from casemgr.indicators.count import counted, judged, roll_up, tally
from casemgr.indicators.explain import Explanation, explain_people, least_missing_first
from casemgr.indicators.frames import CHECKUPS, SESSIONS, VISITS, Frames, fitted
from casemgr.indicators.judgement import Basis
from casemgr.indicators.period import Period
from casemgr.rules import policy
from casemgr.terms.area import AreaLevel
from casemgr.terms.rulebook import book
from tests.indicators.county import county
from tests.indicators.people import visit

COUNTY = 999901000000


def said(facts: Frames, end: date, key: str) -> dict[int, Explanation]:
    under = Basis(Period.to(end), policy.in_force_on(end))
    rows = judged(facts, under.period, under.policy).collect()
    return {row["case"]: one for row, one in explain_people(rows, BY_KEY[key], under)}


@pytest.mark.parametrize("month", ["2025-12", "2026-03", "2026-10"])
def test_explanations_add_up_to_the_figures(month: str) -> None:
    period = Period.of_month(month)
    under = Basis(period, policy.in_force_on(period.end))
    rows = judged(county(), period, under.policy).collect()
    areas = county().areas.filter(pl.col("level") <= int(AreaLevel.TOWNSHIP))
    figures = roll_up(tally(rows.lazy()).collect(), areas)[COUNTY]
    for measure in MEASURES:
        verdicts = Counter(one.counted for _, one in explain_people(rows, measure, under))
        numerator, denominator = figures[measure.key]
        assert verdicts[True] == numerator
        assert measure.per_resident or verdicts[True] + verdicts[False] == denominator


def test_every_explanation_has_a_reason_and_a_known_rule() -> None:
    under = Basis(Period.of_month("2026-10"), policy.in_force_on(date(2026, 10, 31)))
    rows = judged(county(), under.period, under.policy).collect()
    for measure in MEASURES:
        for _, one in explain_people(rows, measure, under):
            assert one.reason.endswith("。")
            assert one.rule in book()
            assert one.counted is not False or one.change
            assert one.counted is not True or one.missing == 0


PROMISING = ["IND-02.REG-A", "IND-03.STD-INT", "IND-03.STD-3M", "IND-03.STD-4", "IND-03.STD-PRO", "IND-10",
             "IND-11", "IND-12.N1", "IND-12.N4"]  # fmt: skip


def with_acts(facts: Frames, key: str, needed: dict[int, int], first: date) -> Frames:
    """The facts after each case did the missing acts, one a day from ``first`` on."""
    done: list[dict[str, Any]] = []
    for case, count in needed.items():
        for number in range(count):
            on = days(first + timedelta(days=number))
            if key.startswith("IND-12"):
                done.append({"case": case, "on": on, "form": 1, "minutes": 30, "attended": True})
            elif key == "IND-11":
                done.append({"case": case, "on": on})
            else:
                done.append(visit(first, case) | {"on": on})
    if key.startswith("IND-12"):
        return replace(
            facts, sessions=pl.concat([facts.sessions, fitted(pl.DataFrame(done), SESSIONS).collect()])
        )
    if key == "IND-11":
        return replace(
            facts, checkups=pl.concat([facts.checkups, fitted(pl.DataFrame(done), CHECKUPS).collect()])
        )
    return replace(facts, visits=pl.concat([facts.visits, fitted(pl.DataFrame(done), VISITS).collect()]))


@pytest.mark.parametrize("key", PROMISING)
@pytest.mark.parametrize("end", [date(2026, 3, 31), date(2026, 8, 15)])
def test_doing_what_is_missing_in_time_makes_the_person_count(key: str, end: date) -> None:
    known = county()
    facts = replace(
        known,
        visits=known.visits.filter(pl.col("on") <= days(end)),
        sessions=known.sessions.filter(pl.col("on") <= days(end)),
        checkups=known.checkups.filter(pl.col("on") <= days(end)),
        cases=known.cases.with_columns(exited_on=pl.when(pl.col("exited_on") <= days(end)).then("exited_on")),
    )
    promised: dict[date, dict[int, int]] = defaultdict(dict)
    for case, one in said(facts, end, key).items():
        if one.counted is False and one.missing:
            assert one.until is not None
            assert one.until > end
            promised[one.until][case] = one.missing
    assert promised
    for until, needed in promised.items():
        last_chance = max(end + timedelta(days=1), until - timedelta(days=max(needed.values()) - 1))
        after = with_acts(facts, key, needed, last_chance)
        rows = judged(after, Period.to(until), policy.in_force_on(until)).collect()
        counts = set(rows.filter(counted(BY_KEY[key]))["case"].to_list())
        assert needed.keys() <= counts


def test_the_day_until_which_a_person_keeps_counting_is_the_last_one() -> None:
    end = date(2026, 8, 15)
    known = county()
    facts = replace(known, visits=known.visits.filter(pl.col("on") <= days(end)))
    by_day: dict[date, list[int]] = defaultdict(list)
    for case, one in said(facts, end, "IND-03.STD-INT").items():
        if one.counted and one.until and one.until < date(2026, 12, 31):
            by_day[one.until].append(case)
    assert by_day
    for until, cases in list(by_day.items())[:6]:
        for day, counts in ((until, True), (until + timedelta(days=1), False)):
            rows = judged(facts, Period.to(day), policy.in_force_on(day)).collect()
            kept = rows.filter(counted(BY_KEY["IND-03.STD-INT"]) & pl.col("case").is_in(cases))
            gone = rows.filter(~pl.col("reg_a") & pl.col("case").is_in(cases))
            assert kept.height == (len(cases) - gone.height if counts else 0)


def test_the_least_missing_come_first_and_the_hopeless_last() -> None:
    found = sorted(
        (one for one in said(county(), date(2026, 10, 31), "IND-03.STD-4").values() if one.counted is False),
        key=least_missing_first,
    )
    order = [one.missing for one in found]
    known = [number for number in order if number is not None]
    assert known == sorted(known)
    assert order == known + [None] * (len(order) - len(known))
