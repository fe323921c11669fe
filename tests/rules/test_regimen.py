"""用药医嘱规则: days that count, names that mean the same drug, payers in order, and what runs out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules import dispensing, regimen
from casemgr.rules.drug import counted, listed, match, substance
from casemgr.rules.facts import CaseDay, FillFact, OrderFact
from casemgr.rules.medication import (
    DayState,
    Fill,
    HospitalMode,
    Injected,
    Span,
    Supply,
    coverage,
    each_lasting,
    lasting,
    ribbon,
)
from casemgr.rules.medicine_duty import of_medicine
from casemgr.rules.policy import in_force_on
from casemgr.rules.regimen import Kind, Ordered, Taken
from casemgr.terms.duty import DutyState
from casemgr.terms.medication import DrugClass, Payer, PayerState
from casemgr.terms.register import Lifecycle
from casemgr.terms.rulebook import rule

D = date(2026, 1, 1)
DAY = timedelta(1)
POLICY = in_force_on(D)


def day(number: int) -> date:
    return D + number * DAY


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("奥氮平片", "奥氮平"),
        ("奥氮平片5mg", "奥氮平"),
        ("富马酸喹硫平片", "喹硫平"),
        ("注射用利培酮微球", "利培酮"),
        ("盐酸苯海索片（2mg）", "苯海索"),
        ("片", "片"),
    ],
)
def test_salt_shape_and_strength_do_not_make_another_drug(name: str, same: str) -> None:
    assert substance(name) == same


def test_a_name_finds_the_strength_that_divides_every_dose() -> None:
    drugs = listed().values()
    assert [match("奥氮平", drugs, doses).code for doses in ((5_000, 15_000), (10_000,), ())] == [  # type: ignore[union-attr]
        "OLAN-5",
        "OLAN-10",
        "OLAN-5",
    ]
    assert match("利培酮", drugs, long_acting=True).code == "RLAI"  # type: ignore[union-attr]
    assert match("没有这个药", drugs) is None


def test_the_catalogue_is_whole_and_says_where_it_comes_from() -> None:
    for one in listed().values():
        assert one.source
        assert one.status
        assert one.second_generation or not one.free_programme
        assert one.strength_ug or one.long_acting


def test_the_main_class_alone_is_counted() -> None:
    assert counted([DrugClass.MOOD, DrugClass.ANTIPSYCHOTIC]) == {DrugClass.ANTIPSYCHOTIC}
    assert DrugClass.MOOD in counted([DrugClass.MOOD, DrugClass.SIDE_EFFECT])
    assert counted([DrugClass.SIDE_EFFECT]) == frozenset()


# --- days -----------------------------------------------------------------------------------------


def known(*fills: Fill, lines: tuple[Ordered, ...] = (), until: int = 99, off: tuple = ()) -> Supply:
    return regimen.supply(
        fills=fills, injections=(), hospital=(), lines=lines, no_medicine=off, until=day(until)
    )


def test_days_before_the_first_record_and_without_an_order_are_not_counted() -> None:
    found = known(Fill("a", day(20), 10), lines=(Ordered("a", day(0), day(50)),))
    counted_, stretches = ribbon(Span(day(0), day(99)), found, policy=POLICY)
    assert (counted_.covered, counted_.days) == (10, 30)
    assert [(one.state, one.days) for one in stretches] == [
        (DayState.NO_ORDER, 20),
        (DayState.COVERED, 10),
        (DayState.GAP, 20),
        (DayState.NO_ORDER, 50),
    ]


def test_without_any_line_the_first_handing_out_begins_the_order() -> None:
    found = coverage(Span(day(0), day(99)), known(Fill("a", day(40), 30)), policy=POLICY)
    assert (found.covered, found.days) == (30, 60)


def test_nobody_is_judged_without_a_record() -> None:
    found = coverage(Span(day(0), day(99)), known(lines=(Ordered("a", day(0)),)), policy=POLICY)
    assert (found.days, found.share) == (0, None)


def test_an_order_of_no_medicine_leaves_the_count() -> None:
    found = known(Fill("a", day(0), 10), lines=(Ordered("a", day(0), day(10)),), off=((day(10), None),))
    counted_, stretches = ribbon(Span(day(0), day(99)), found, policy=POLICY)
    assert (counted_.covered, counted_.days) == (10, 10)
    assert stretches[-1].state is DayState.NO_ORDER


FILLS = st.lists(
    st.builds(Fill, st.sampled_from(["a", "b"]), st.integers(-40, 140).map(day), st.integers(1, 60)),
    max_size=8,
)
SPANS = st.lists(
    st.tuples(st.integers(-20, 120), st.integers(0, 40)).map(lambda pair: Span(day(pair[0]), day(sum(pair)))),
    max_size=3,
)


@given(FILLS, SPANS, SPANS, st.sampled_from([HospitalMode.LEFT_OUT, HospitalMode.IGNORED]))
def test_the_strip_and_the_count_always_agree(
    fills: list[Fill], stays: list[Span], off: list[Span], mode: HospitalMode
) -> None:
    supply = Supply(tuple(fills), (Injected("PP1M", day(5)),), tuple(stays), tuple(off))
    period = Span(day(0), day(99))
    found, stretches = ribbon(period, supply, hospital=mode, policy=POLICY)
    by_state = {state: sum(one.days for one in stretches if one.state is state) for state in DayState}
    assert sum(by_state.values()) == period.days
    assert by_state[DayState.COVERED] == found.covered
    assert by_state[DayState.COVERED] + by_state[DayState.GAP] == found.days
    assert by_state[DayState.GAP] == sum(one.days for one in found.gaps)
    assert [one.first for one in stretches] == sorted(one.first for one in stretches)
    assert found == coverage(period, supply, hospital=mode, policy=POLICY)


@given(FILLS)
def test_a_refill_is_never_used_up_before_the_one_before_it(fills: list[Fill]) -> None:
    ends: dict[str, date] = {}
    for fill, last in each_lasting(Supply(tuple(fills))):
        assert last >= fill.on + (fill.days - 1) * DAY
        assert last > ends.get(fill.drug, date.min)
        ends[fill.drug] = last
    assert lasting(Supply(tuple(fills))) == ends


def test_what_is_left_is_told_for_what_is_ordered_today() -> None:
    lines = (Ordered("a", day(0)), Ordered("b", day(0)), Ordered("c", day(0), day(9)))
    supply = known(Fill("a", day(0), 30), Fill("c", day(0), 90), lines=lines, until=20)
    found = regimen.left(lines, supply, day(20))
    assert [(one.drug, one.days(day(20))) for one in found] == [("a", 10), ("b", None)]


# --- a visit and the regimen ----------------------------------------------------------------------


OLAN = Taken(1, "奥氮平片", False, morning_ug=5_000)


def test_a_visit_says_more_other_or_less() -> None:
    rows = [replace(OLAN, name="奥氮平", morning_ug=10_000), Taken(3, "氯氮平片", False, evening_ug=25_000)]
    found = regimen.differences(rows, [OLAN, Taken(2, "苯海索片", False, morning_ug=2_000)], 3)
    assert [one.kind for one in found] == [Kind.CHANGED, Kind.ADDED, Kind.MISSING]
    assert regimen.differences([], [OLAN], 3) == ()
    assert regimen.differences([OLAN], [OLAN], 3) == ()


def test_the_older_form_is_compared_by_the_dose_of_a_day() -> None:
    row = Taken(1, "奥氮平", False, dose_ug=5_000, times_per_day=1)
    assert regimen.differences([row], [OLAN], 3) == ()
    assert regimen.differences([replace(row, times_per_day=2)], [OLAN], 3)[0].kind is Kind.CHANGED


# --- payers and rights ----------------------------------------------------------------------------


DONE, OPEN, NONE = PayerState.SETTLED, PayerState.OPEN, PayerState.NONE


@pytest.mark.parametrize(
    ("states", "broken"),
    [
        ((DONE, DONE, DONE), None),
        ((DONE, NONE, DONE), None),
        ((NONE, NONE, DONE), None),
        ((OPEN, OPEN, OPEN), None),
        ((DONE, OPEN, OPEN), None),
        ((OPEN, NONE, DONE), (Payer.FREE, Payer.INSURANCE)),
        ((DONE, OPEN, DONE), (Payer.FREE, Payer.ASSISTANCE)),
        ((OPEN, DONE, NONE), (Payer.ASSISTANCE, Payer.INSURANCE)),
    ],
)
def test_a_later_payer_waits_for_an_earlier_one(
    states: tuple[PayerState, ...], broken: tuple[Payer, Payer] | None
) -> None:
    assert dispensing.charged_too_early(dict(zip(dispensing.ORDER, states, strict=True))) == broken
    assert rule(dispensing.PAYING).unverified


def test_everybody_on_the_register_is_entitled() -> None:
    right = dispensing.entitlement(Lifecycle.ON_REGISTER, None, day(0), day(5))
    assert right.entitled
    assert rule(right.rule).unverified
    assert not dispensing.entitlement(Lifecycle.ON_REGISTER, None, day(6), day(5)).entitled
    assert dispensing.entitlement(Lifecycle.DEAD, day(9), day(0), day(5)).entitled
    assert not dispensing.entitlement(Lifecycle.DEAD, day(4), day(0), day(5)).entitled


# --- the duty -------------------------------------------------------------------------------------


def case(*fills: FillFact, **more: object) -> CaseDay:
    given_ = {"ordered": (OrderFact("a", day(0), None),), **more}
    return CaseDay(1, 1, day(-400), day(-400), fills=fills, **given_)  # type: ignore[arg-type]


def states(facts: CaseDay, today: int) -> list[tuple[int, DutyState]]:
    return [(one.origin, one.state) for one in of_medicine(facts, POLICY, day(today))]


def test_how_the_duty_ends() -> None:
    one, two = FillFact(1, "a", day(0), 30), FillFact(2, "a", day(28), 30)
    assert states(case(one), 10) == [(1, DutyState.OPEN)]
    assert states(case(one), 40) == [(1, DutyState.OPEN)]
    assert states(case(one), 60) == [(1, DutyState.MISSED)]
    assert states(case(one, two), 28) == [(1, DutyState.DONE), (2, DutyState.OPEN)]
    assert states(case(one, two), 80) == [(2, DutyState.OPEN)]
    early = two._replace(on=day(10))
    assert states(case(one, early), 12) == [(2, DutyState.OPEN)]
    late = two._replace(on=day(35))
    assert states(case(one, late), 36) == [(1, DutyState.LATE), (2, DutyState.OPEN)]


def test_nobody_is_asked_without_an_order_or_after_leaving() -> None:
    one = FillFact(1, "a", day(0), 30)
    assert states(case(one, ordered=()), 25) == []
    assert states(case(one, ordered=(OrderFact("b", day(0), None),)), 25) == []
    assert states(case(one, ordered=(OrderFact("a", day(0), day(26)),)), 28) == [(1, DutyState.VOID)]
    assert states(case(one, unmedicated=((day(26), None),)), 28) == [(1, DutyState.VOID)]
    gone = case(one, lifecycle=int(Lifecycle.DEAD), lifecycle_on=day(27))
    assert states(gone, 29) == [(1, DutyState.VOID)]
