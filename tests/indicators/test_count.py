"""Every figure of the sample county and of the ten-person example, and what must hold of any county."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from casemgr.indicators.catalogue import MEASURES
from casemgr.indicators.count import JUDGEMENTS, asked, counted, judged, roll_up, tally
from casemgr.indicators.frames import Frames
from casemgr.indicators.period import Period
from casemgr.indicators.sets import SETS
from casemgr.rules import policy
from casemgr.terms.area import AreaLevel
from tests.indicators.county import county, expected
from tests.indicators.oracle import verdicts
from tests.indicators.people import COUNTY, TOWNSHIP, frames, person, visit, visits


def counts(facts: Frames, period: Period) -> dict[int, dict[str, tuple[int, int | None]]]:
    rows = judged(facts, period, policy.in_force_on(period.end))
    areas = facts.areas.filter(pl.col("level") <= int(AreaLevel.TOWNSHIP))
    return {code: dict(found) for code, found in roll_up(tally(rows).collect(), areas).items()}


@pytest.mark.parametrize("month", ["2025-12", "2026-03", "2026-10"])
def test_every_figure_of_the_sample_county(month: str) -> None:
    wanted = {
        int(code): {key: tuple(pair) for key, pair in figures.items()}
        for code, figures in expected()[month].items()
    }
    fixed = {one.key for one in MEASURES if not one.further}
    found = counts(county(), Period.of_month(month))
    assert {
        code: {key: pair for key, pair in one.items() if key in fixed} for code, one in found.items()
    } == wanted


EXAMPLE = frames(
    [
        person(1),
        person(2),
        person(3, diagnosis=4),
        person(4),
        person(5),
        person(6, diagnosis=6, registered_on=date(2024, 8, 1)),
        person(7, exit=2, exited_on=date(2024, 6, 30)),
        person(8, exit=3, exited_on=date(2024, 3, 1)),
        person(9, diagnosis=2, exit=2, exited_on=date(2022, 4, 1)),
        person(10, refused=True),
    ],
    [
        *visits(2024, "01-10 2/3/1; 04-08 1/3/1; 07-05 2/3/1; 09-28 2/3/1; 12-20 3/3/1", 1),
        *visits(2024, "01-15 2/3/1; 03-01 2/3/2; 04-12 3/3/1; 12-01 2/3/1", 2),
        *visits(2024, "02-01 3/3/4; 08-15 3/3/4", 3),
        *visits(2024, "01-20 2/2/2; 02-18 2/2/1; 03-16 2/3/1; 06-12 1/3/1; 09-10 2/3/1; 12-06 2/3/1", 4),
        *visits(2024, "08-09 2/3/3; 11-05 2/3/3", 6),
        *visits(2024, "01-08 2/3/1; 04-05 2/3/1", 7),
        *visits(2024, "01-09 2/3/1", 8),
    ],
)


def test_the_ten_people_of_the_worked_example() -> None:
    found = counts(EXAMPLE, Period.of_month("2024-12"))[COUNTY]
    wanted = {
        "IND-01": (7, 2000),
        "IND-02.REG-A": (5, 7),
        "IND-02.REG-B": (6, 8),
        "IND-03.STD-INT": (3, 7),
        "IND-03.STD-INT.REG-B": (4, 8),
        "IND-03.STD-4": (3, 7),
        "IND-03.STD-PRO": (4, 7),
        "IND-04.MED-YEAR": (3, 7),
        "IND-05.MED-YEAR": (1, 7),
        "IND-05.MED-LAST": (3, 7),
        "IND-08.LAST": (3, 7),
        "IND-08.SCHIZO.LAST": (3, 5),
        "IND-09.LAST": (5, 5),
        "IND-10": (4, 7),
        "IND-01.REG-B": (8, 2000),
        "IND-04.MED-LAST": (3, 7),
        "IND-04.MED-YEAR.DEN-MAN": (3, 5),
        "IND-05.MED-ALL4": (2, 7),
        "IND-06.MED-YEAR": (3, 5),
        "IND-07.MED-YEAR": (1, 5),
        "IND-09.STA-2011": (5, 7),
        "IND-09.STA-2016": (4, 5),
        "IND-09.STA-2020": (5, 5),
        # P03 alone was told to take nothing all year.
        "IND-05.MED-YEAR.EX4": (1, 6),
        "IND-14.TAKING": (0, 1),
    }
    assert {key: found[key] for key in wanted} == wanted


def test_the_people_behind_the_worked_example() -> None:
    period = Period.of_month("2024-12")
    rows = judged(EXAMPLE, period, policy.in_force_on(period.end)).sort("case").collect()

    def who(key: str) -> list[int]:
        measure = next(one for one in MEASURES if one.key == key)
        return rows.filter(counted(measure))["case"].to_list()

    assert who("IND-03.STD-INT") == [1, 4, 6]
    assert who("IND-03.STD-INT.REG-B") == [1, 4, 6, 7]
    assert who("IND-03.STD-4") == [1, 2, 4]
    assert who("IND-03.STD-PRO") == [1, 2, 4, 6]
    assert who("IND-05.MED-YEAR") == [1]


def test_every_measure_names_a_set_and_a_judgement_that_exist() -> None:
    assert {one.base for one in MEASURES} <= SETS.keys()
    assert {one.judgement for one in MEASURES} == JUDGEMENTS.keys()
    assert len({one.key for one in MEASURES}) == len(MEASURES)


def test_nobody_at_all_gives_zeros() -> None:
    found = counts(frames([], population=None), Period.of_month("2026-10"))[TOWNSHIP]
    assert found["IND-01"] == (0, None)
    assert set(found.values()) == {(0, None), (0, 0)}


def test_a_population_of_zero_is_no_population() -> None:
    assert counts(frames([person()], population=0), Period.of_month("2026-10"))[COUNTY]["IND-01"] == (1, None)


# What must hold of any county -------------------------------------------------------------------------

DAYS = st.dates(date(2024, 10, 1), date(2026, 1, 31))
AREAS = st.sampled_from([COUNTY, TOWNSHIP, 999901102000])
END = date(2025, 10, 31)


def maybe(low: int, high: int) -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(low, high)


PEOPLE = st.builds(
    dict,
    area=AREAS,
    registered_on=DAYS | st.just(date(2020, 5, 1)),
    exit=st.sampled_from([0, 0, 0, 2, 3, 4]),
    exited_on=st.none() | DAYS,
    diagnosis=st.integers(1, 7),
    refused=st.booleans(),
    article30=st.booleans(),
    lost=st.booleans(),
)
VISITS = st.builds(
    dict,
    on=DAYS,
    mode=maybe(1, 3),
    informants=maybe(0, 15),
    loss_reason=st.none() | st.none() | st.just(1),
    risk=maybe(0, 5),
    symptoms=maybe(0, 3),
    stability=maybe(1, 3),
    adherence=maybe(1, 4),
    hospital=maybe(0, 2),
)
SESSIONS = st.builds(
    dict, on=DAYS, form=maybe(1, 10), minutes=maybe(20, 40), attended=st.none() | st.booleans()
)
TALKS = st.builds(dict, on=DAYS, subject=st.integers(1, 3))


@st.composite
def counties(draw: st.DrawFn) -> Frames:
    people, seen, sessions, checkups, offences, talks = [], [], [], [], [], []
    for number, known in enumerate(draw(st.lists(PEOPLE, min_size=1, max_size=6)), 1):
        people.append(person(number, **known))
        found = draw(st.lists(VISITS, max_size=6, unique_by=lambda one: one["on"]))
        seen += [visit(number=number, **one) for one in found]
        sessions += [one | {"case": number} for one in draw(st.lists(SESSIONS, max_size=3))]
        checkups += [{"case": number, "on": on} for on in draw(st.lists(DAYS, max_size=1))]
        offences += [{"case": number, "on": on} for on in draw(st.lists(DAYS, max_size=1))]
        talks += [one | {"case": number} for one in draw(st.lists(TALKS, max_size=2))]
    made = frames(people, seen, sessions, checkups, offences=offences, talks=talks)
    other = made.areas.filter(pl.col("code") == TOWNSHIP).with_columns(code=pl.lit(999901102000, pl.Int64))
    return replace(made, areas=pl.concat([made.areas, other]))


quick = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(counties())
def test_a_numerator_is_part_of_its_denominator_and_verdicts_add_up(facts: Frames) -> None:
    found = counts(facts, Period.to(END))[COUNTY]
    rows = judged(facts, Period.to(END), policy.in_force_on(END)).collect()
    for measure in MEASURES:
        numerator, denominator = found[measure.key]
        assert numerator == rows.filter(counted(measure)).height
        if not measure.per_resident:
            assert denominator == rows.filter(asked(measure)).height
            assert 0 <= numerator <= denominator


@quick
@given(counties(), st.sampled_from([END, date(2025, 12, 31), date(2025, 2, 10)]))
def test_columns_and_plain_definitions_judge_everyone_alike(facts: Frames, end: date) -> None:
    rows = judged(facts, Period.to(end), policy.in_force_on(end)).collect()
    tests = [pl.when(asked(one)).then(counted(one)).alias(one.key) for one in MEASURES]
    found = {row.pop("case"): row for row in rows.select("case", *tests).iter_rows(named=True)}
    assert found == verdicts(facts, Period.to(end))


@quick
@given(counties())
def test_a_county_is_its_townships_and_its_own_people(facts: Frames) -> None:
    found = counts(facts, Period.to(END))
    own = replace(facts, cases=facts.cases.filter(pl.col("area") == COUNTY))
    parts = [found[TOWNSHIP], found[999901102000], counts(own, Period.to(END))[COUNTY]]
    for measure in MEASURES:
        assert found[COUNTY][measure.key][0] == sum(part[measure.key][0] for part in parts)
        if not measure.per_resident:
            assert found[COUNTY][measure.key][1] == sum(part[measure.key][1] or 0 for part in parts)


@quick
@given(counties())
def test_a_record_dated_after_the_period_changes_nothing(facts: Frames) -> None:
    last = (END - date(1970, 1, 1)).days
    trimmed = replace(
        facts,
        cases=facts.cases.filter(pl.col("registered_on") <= last),
        visits=facts.visits.filter(pl.col("on") <= last),
        sessions=facts.sessions.filter(pl.col("on") <= last),
        checkups=facts.checkups.filter(pl.col("on") <= last),
    )
    assert counts(facts, Period.to(END)) == counts(trimmed, Period.to(END))


@quick
@given(counties(), st.permutations(range(6)))
def test_the_order_of_the_rows_is_of_no_matter(facts: Frames, order: list[int]) -> None:
    shuffled = replace(
        facts,
        cases=facts.cases.sample(fraction=1.0, shuffle=True, seed=order[0]),
        visits=facts.visits.sample(fraction=1.0, shuffle=True, seed=order[1]),
    )
    assert counts(facts, Period.to(END)) == counts(shuffled, Period.to(END))


def test_earlier_years_count_for_nothing_but_where_the_person_is() -> None:
    before = visit(date(2024, 12, 30), hospital=1)
    for hospital, at_home in ((1, 0), (2, 1)):
        facts = frames([person()], [before | {"hospital": hospital}])
        found = counts(facts, Period.to(END))[TOWNSHIP]
        assert found["IND-02.REG-A"] == (0, 1)
        assert found["IND-12.N1"] == (0, at_home)


def test_visits_before_registration_count_for_nothing() -> None:
    facts = frames([person(registered_on=END - timedelta(days=10))], [visit(END - timedelta(days=11))])
    assert counts(facts, Period.to(END))[TOWNSHIP]["IND-02.REG-A"] == (0, 1)
