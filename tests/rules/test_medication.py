"""服药依从性: the worked cases as a table, and what holds for any supply."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.rules.medication import (
    Coverage,
    Fill,
    HospitalMode,
    Injected,
    InjectionDays,
    Span,
    Supply,
    YearRecord,
    coverage,
    suggest,
    yearly,
)
from casemgr.rules.policy import in_force_on
from casemgr.terms.injection import Role
from casemgr.terms.medication import Adherence
from casemgr.terms.rulebook import rule

DAY = timedelta(1)
POLICY = in_force_on(date(2025, 1, 1))


def day(text: str) -> date:
    return date.fromisoformat(text)


def span(first: str, last: str) -> Span:
    return Span(day(first), day(last))


def fills(drug: str, days: int, *on: str) -> tuple[Fill, ...]:
    return tuple(Fill(drug, day(one), days) for one in on)


def injected(product: str, *on: str, roles: tuple[Role, ...] = (), oral: int = 0) -> tuple[Injected, ...]:
    given = [*roles, *[None] * len(on)]
    return tuple(Injected(product, day(one), role, oral) for one, role in zip(on, given, strict=False))


START = (Role.INIT1, Role.INIT2, Role.MAINT)
A1 = Supply(fills("olanzapine", 30, "2025-01-01", "2025-02-05", "2025-03-05"))
A6 = Supply(injections=injected("PP1M", "2025-01-10", "2025-02-10", "2025-03-18"))
A7 = Supply(injections=injected("PP1M", "2025-01-10", "2025-02-03", "2025-03-03"))
A8 = Supply(
    injections=injected("PP1M", "2025-01-10", "2025-02-10", "2025-04-05"),
    hospital=(span("2025-03-12", "2025-04-05"),),
)
A9 = Supply(fills("olanzapine", 60, "2025-03-01"), hospital=(span("2025-03-21", "2025-04-09"),))
RLAI = ("2025-04-01", "2025-04-15", "2025-04-29", "2025-05-13", "2025-05-27", "2025-06-10")
A10 = Supply(injections=injected("RLAI", *RLAI, roles=(Role.INIT1,), oral=21))
A10B = Supply(injections=injected("RLAI", *RLAI, roles=(Role.INIT1,)))
A11 = Supply(
    injections=injected(
        "PENF",
        *((day("2025-05-01") + week * 7 * DAY).isoformat() for week in range(13) if week not in {4, 9}),
    )
)
A12 = Supply(injections=injected("PP3M", "2025-01-10", "2025-04-20", "2025-07-20", "2025-10-20"))
A16 = Supply(fills("clozapine", 30, "2025-01-01", "2025-02-10"), injected("PP1M", "2025-01-01", "2025-02-01"))
A17 = Supply(injections=injected("PP1M", "2025-03-10", "2025-04-10", "2025-05-30"))

# name, first, last, supply, options, covered, days, PDC %, >= 80 %, gaps (first, last, days)
CASES = [
    ("A1", "2025-01-01", "2025-03-31", A1, {}, 85, 90, "94.4", True, [("2025-01-31", "2025-02-04", 5)]),
    (
        "A1b",
        "2025-01-01",
        "2025-04-10",
        A1,
        {},
        90,
        100,
        "90.0",
        True,
        [("2025-01-31", "2025-02-04", 5), ("2025-04-06", "2025-04-10", 5)],
    ),
    ("A1b no carry", "2025-01-01", "2025-04-10", A1, {"carry": False}, 88, 100, "88.0", True, None),
    (
        "A2",
        "2025-01-01",
        "2025-04-10",
        Supply(fills("x", 80, "2025-01-01")),
        {},
        80,
        100,
        "80.0",
        True,
        [("2025-03-22", "2025-04-10", 20)],
    ),
    (
        "A2b",
        "2025-01-01",
        "2025-04-10",
        Supply(fills("x", 79, "2025-01-01")),
        {},
        79,
        100,
        "79.0",
        False,
        [("2025-03-21", "2025-04-10", 21)],
    ),
    (
        "A2c",
        "2025-01-01",
        "2025-12-31",
        Supply(fills("x", 292, "2025-01-01")),
        {},
        292,
        365,
        "80.0",
        True,
        None,
    ),
    (
        "A2c less",
        "2025-01-01",
        "2025-12-31",
        Supply(fills("x", 291, "2025-01-01")),
        {},
        291,
        365,
        "79.7",
        False,
        None,
    ),
    (
        "A3",
        "2018-03-25",
        "2018-12-31",
        Supply(fills("x", 90, "2018-03-25", "2018-07-05", "2018-09-25")),
        {},
        270,
        282,
        "95.7",
        True,
        [("2018-06-23", "2018-07-04", 12)],
    ),
    (
        "A4",
        "2025-01-01",
        "2025-06-30",
        Supply(fills("risperidone", 90, "2025-01-01") + fills("olanzapine", 90, "2025-01-01")),
        {},
        90,
        181,
        "49.7",
        False,
        [("2025-04-01", "2025-06-30", 91)],
    ),
    (
        "A5",
        "2025-01-01",
        "2025-03-31",
        Supply(fills("risperidone", 30, "2025-01-01", "2025-01-21", "2025-02-10", "2025-03-02")),
        {},
        90,
        90,
        "100.0",
        True,
        [],
    ),
    (
        "A6",
        "2025-01-10",
        "2025-04-30",
        A6,
        {},
        90,
        111,
        "81.1",
        True,
        [("2025-03-10", "2025-03-17", 8), ("2025-04-18", "2025-04-30", 13)],
    ),
    (
        "A6f",
        "2025-01-10",
        "2025-04-30",
        A6,
        {"injections": InjectionDays.FIXED},
        84,
        111,
        "75.7",
        False,
        [("2025-02-07", "2025-02-09", 3), ("2025-03-10", "2025-03-17", 8), ("2025-04-15", "2025-04-30", 16)],
    ),
    ("A7", "2025-01-10", "2025-04-10", A7, {}, 83, 91, "91.2", True, [("2025-04-03", "2025-04-10", 8)]),
    ("A8", "2025-01-10", "2025-04-30", A8, {}, 84, 86, "97.7", True, [("2025-03-10", "2025-03-11", 2)]),
    (
        "A8b",
        "2025-01-10",
        "2025-04-30",
        A8,
        {"hospital": HospitalMode.COVERED},
        109,
        111,
        "98.2",
        True,
        [("2025-03-10", "2025-03-11", 2)],
    ),
    (
        "A8n",
        "2025-01-10",
        "2025-04-30",
        A8,
        {"hospital": HospitalMode.IGNORED},
        85,
        111,
        "76.6",
        False,
        [("2025-03-10", "2025-04-04", 26)],
    ),
    ("A9", "2025-03-01", "2025-05-29", A9, {}, 60, 70, "85.7", True, [("2025-05-20", "2025-05-29", 10)]),
    (
        "A9 ignoring",
        "2025-03-01",
        "2025-05-29",
        A9,
        {"hospital": HospitalMode.IGNORED},
        60,
        90,
        "66.7",
        False,
        None,
    ),
    ("A10", "2025-04-01", "2025-06-23", A10, {}, 84, 84, "100.0", True, []),
    ("A10b", "2025-04-01", "2025-06-23", A10B, {}, 63, 84, "75.0", False, [("2025-04-01", "2025-04-21", 21)]),
    (
        "A11",
        "2025-05-01",
        "2025-07-30",
        A11,
        {},
        77,
        91,
        "84.6",
        True,
        [("2025-05-29", "2025-06-04", 7), ("2025-07-03", "2025-07-09", 7)],
    ),
    ("A12", "2025-01-10", "2025-12-31", A12, {}, 346, 356, "97.2", True, [("2025-04-10", "2025-04-19", 10)]),
    (
        "A12 label",
        "2025-01-10",
        "2025-12-31",
        A12,
        {"injections": InjectionDays.LABEL},
        356,
        356,
        "100.0",
        True,
        [],
    ),
    (
        "A12b",
        "2025-01-10",
        "2025-06-30",
        Supply(injections=injected("PP3M", "2025-01-10", "2025-05-20")),
        {},
        132,
        172,
        "76.7",
        False,
        [("2025-04-10", "2025-05-19", 40)],
    ),
    (
        "A13",
        "2025-01-01",
        "2025-03-31",
        Supply(fills("x", 45, "2025-01-01"), no_medication=(span("2025-02-15", "2025-03-31"),)),
        {},
        45,
        45,
        "100.0",
        True,
        [],
    ),
    (
        "A14",
        "2025-03-01",
        "2025-05-07",
        Supply(injections=injected("PP1M", "2025-03-01", "2025-03-08", "2025-04-08", roles=START)),
        {},
        68,
        68,
        "100.0",
        True,
        [],
    ),
    (
        "A14b",
        "2025-03-01",
        "2025-03-31",
        Supply(injections=injected("PP1M", "2025-03-01", roles=START)),
        {},
        7,
        31,
        "22.6",
        False,
        [("2025-03-08", "2025-03-31", 24)],
    ),
    (
        "A15",
        "2025-06-01",
        "2025-07-31",
        Supply(
            fills("risperidone", 30, "2025-06-01"), injected("PP1M", "2025-06-21", "2025-06-28", roles=START)
        ),
        {},
        57,
        61,
        "93.4",
        True,
        [("2025-07-28", "2025-07-31", 4)],
    ),
    ("A16 any", "2025-01-01", "2025-02-28", A16, {}, 59, 59, "100.0", True, []),
    (
        "A16 all",
        "2025-01-01",
        "2025-02-28",
        A16,
        {"every_drug": True},
        49,
        59,
        "83.1",
        True,
        [("2025-01-31", "2025-02-09", 10)],
    ),
    (
        "A17",
        "2025-04-01",
        "2025-06-30",
        A17,
        {},
        70,
        91,
        "76.9",
        False,
        [("2025-05-10", "2025-05-29", 20), ("2025-06-30", "2025-06-30", 1)],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_worked_case(case: tuple[Any, ...]) -> None:
    _, first, last, supply, options, covered, days, per_cent, enough, gaps = case
    found = coverage(span(first, last), supply, **options)
    assert (found.covered, found.days) == (covered, days)
    assert found.share is not None
    assert f"{found.share * 100:.1f}" == per_cent
    assert found.adherent is enough
    if gaps is not None:
        assert [(one.first, one.last, one.days) for one in found.gaps] == [
            (day(a), day(b), length) for a, b, length in gaps
        ]


def test_supply_and_stock_of_the_worked_cases() -> None:
    def of(name: str) -> Coverage:
        case = next(one for one in CASES if one[0] == name)
        return coverage(span(case[1], case[2]), case[3], **case[4])

    assert (of("A1").supplied, of("A1").period_days) == (90, 90)
    assert (of("A4").supplied, of("A4").period_days) == (180, 181)
    assert (of("A5").supplied, of("A5").period_days) == (120, 90)
    assert of("A5").mpr > 1
    assert of("A5").stock_until == day("2025-04-30")
    assert of("A9").stock_until == day("2025-05-19")
    assert of("A16 any").by_drug == {"clozapine": 49, "PP1M": 59}


def test_gaps_are_named_by_their_length() -> None:
    def name(days: int) -> str:
        period = Span(day("2025-01-01"), day("2025-01-01") + days * DAY)
        return coverage(period, Supply(fills("x", 1, "2025-01-01"))).gaps[0].label

    assert [name(one) for one in (1, 6, 7, 29, 30, 90)] == ["短缺", "短缺", "中断", "中断", "停药", "停药"]


def test_without_a_figure_or_without_days_there_is_no_share() -> None:
    unknown = coverage(span("2025-01-01", "2025-03-31"), Supply(injections=injected("PP6M", "2025-01-01")))
    assert (unknown.without_basis, unknown.share, unknown.adherent) == (("PP6M",), None, None)
    fluphenazine = Supply(injections=(Injected("FLUD", day("2025-01-01")),))
    assert coverage(span("2025-01-01", "2025-03-31"), fluphenazine).without_basis == ("FLUD",)
    prescribed = Supply(injections=(Injected("FLUD", day("2025-01-01"), interval=21),))
    assert coverage(span("2025-01-01", "2025-01-31"), prescribed).covered == 21
    inside = Supply(hospital=(span("2025-01-01", "2025-03-31"),))
    assert coverage(span("2025-02-01", "2025-02-28"), inside).share is None
    with pytest.raises(ValueError, match="颠倒"):
        span("2025-02-02", "2025-02-01")


@pytest.mark.parametrize(
    ("name", "first", "last", "supply", "ordered", "told", "code", "computed"),
    [
        ("A11", "2025-05-01", "2025-07-30", A11, True, None, 2, 2),
        ("A17", "2025-04-01", "2025-06-30", A17, True, None, 2, 2),
        ("A17 told otherwise", "2025-04-01", "2025-06-30", A17, True, True, None, 2),
        ("A10", "2025-04-01", "2025-06-23", A10, True, True, 1, 1),
        ("A10 not asked", "2025-04-01", "2025-06-23", A10, True, None, None, 1),
        ("A10 told otherwise", "2025-04-01", "2025-06-23", A10, True, False, None, 1),
        ("A2 gap", "2025-01-01", "2025-04-10", Supply(fills("x", 80, "2025-01-01")), True, None, 2, 2),
        ("nothing taken", "2025-01-01", "2025-03-31", Supply(), True, False, 3, 3),
        ("nothing taken, told so", "2025-01-01", "2025-03-31", Supply(), True, True, None, 3),
        ("nothing ordered", "2025-01-01", "2025-03-31", Supply(), False, None, None, None),
        (
            "no medication",
            "2025-01-01",
            "2025-01-31",
            Supply(no_medication=(span("2024-12-01", "2025-02-28"),)),
            False,
            None,
            4,
            4,
        ),
        ("in the window", "2025-01-10", "2025-04-24", A12, True, True, 1, 1),
        ("seven days late in the window", "2025-02-01", "2025-04-10", A7, True, True, 1, 1),
        ("window over", "2025-02-01", "2025-04-12", A7, True, None, 2, 2),
        (
            "restart needed",
            "2025-04-10",
            "2025-05-25",
            Supply(fills("x", 60, "2025-04-10"), A17.injections),
            True,
            None,
            2,
            2,
        ),
        (
            "no basis",
            "2025-01-01",
            "2025-01-31",
            Supply(injections=injected("XYZ", "2025-01-01")),
            True,
            True,
            None,
            None,
        ),
        ("in hospital all along", "2025-03-15", "2025-03-20", A8, True, True, None, None),
    ],
)
def test_suggested_code(
    name: str,
    first: str,
    last: str,
    supply: Supply,
    ordered: bool,
    told: bool | None,
    code: int | None,
    computed: int | None,
) -> None:
    found = suggest(span(first, last), supply, ordered=ordered, as_ordered=told)
    assert (found.code, found.computed) == (code, computed), (name, found.reason)
    assert found.reason
    assert rule(found.rule).unverified


H = "H"


@pytest.mark.parametrize(
    ("name", "quarters", "taking", "regular"),
    [
        ("B1", ["1", "1", "1", "1"], True, True),
        ("B2", ["1", H, "1", "1"], True, True),
        ("B3", ["11", "1", "21", "1"], True, False),
        ("B4", ["1", "1", "", "1"], True, False),
        ("B5", ["1", "41", "1", "1"], True, True),
        ("B6", ["1", "4", "1", "1"], True, False),
        ("B7", ["3", "3", "3", "3"], False, False),
        ("B8", ["3", "1", "1", "1"], True, False),
    ],
)
def test_yearly_rule(name: str, quarters: list[str], taking: bool, regular: bool) -> None:
    records = [
        YearRecord(date(2025, 3 * quarter + 1 + number, 15), in_hospital=True)
        if letter == H
        else YearRecord(date(2025, 3 * quarter + 1 + number, 15), Adherence(int(letter)))
        for quarter, letters in enumerate(quarters)
        for number, letter in enumerate(letters)
    ]
    assert yearly(records) == (taking, regular), name


def test_a_year_is_one_year() -> None:
    assert yearly([]) == (False, False)
    with pytest.raises(ValueError, match="一个年度"):
        yearly([YearRecord(date(2025, 1, 1)), YearRecord(date(2026, 1, 1))])


# --- what holds for any supply ---

near = st.dates(date(2024, 1, 1), date(2024, 12, 31))
some_fill = st.builds(Fill, st.sampled_from(["a", "b"]), near, st.integers(1, 90))
some_dose = st.builds(Injected, st.sampled_from(["PP1M", "HALD", "RLAI"]), near)
some_span = st.builds(lambda first, days: Span(first, first + days * DAY), near, st.integers(0, 60))
some_supply = st.builds(
    Supply,
    st.lists(some_fill, max_size=6).map(tuple),
    st.lists(some_dose, max_size=4).map(tuple),
    st.lists(some_span, max_size=2).map(tuple),
    st.lists(some_span, max_size=1).map(tuple),
)
ways = st.sampled_from(list(InjectionDays))
modes = st.sampled_from(list(HospitalMode))


@settings(max_examples=60)
@given(some_span, some_supply, ways, modes, st.booleans(), st.booleans())
def test_the_share_lies_between_nothing_and_everything(
    period: Span, supply: Supply, way: InjectionDays, mode: HospitalMode, carry: bool, every: bool
) -> None:
    found = coverage(
        period, supply, injections=way, hospital=mode, carry=carry, every_drug=every, policy=POLICY
    )
    assert 0 <= found.covered <= found.days <= period.days
    assert found.share is None or 0 <= found.share <= 1
    assert found.covered + sum(one.days for one in found.gaps) == found.days
    assert all(period.first <= one.first <= one.last <= period.last for one in found.gaps)


@settings(max_examples=60)
@given(some_span, some_supply, some_fill, ways, modes, st.booleans())
def test_one_more_dispensing_never_lowers_the_share(
    period: Span, supply: Supply, more: Fill, way: InjectionDays, mode: HospitalMode, carry: bool
) -> None:
    richer = Supply((*supply.fills, more), supply.injections, supply.hospital, supply.no_medication)
    before = coverage(period, supply, injections=way, hospital=mode, carry=carry, policy=POLICY)
    after = coverage(period, richer, injections=way, hospital=mode, carry=carry, policy=POLICY)
    assert after.days == before.days
    assert after.covered >= before.covered
    assert after.mpr >= before.mpr
