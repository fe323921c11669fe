"""用药监测: the worked cases of blood counts and metabolic checks, and what the lists must hold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules.monitoring import Standing, Weight, alerts, due_tests, intervals, weight_gain
from casemgr.terms.lists import lines
from casemgr.terms.rulebook import STATUSES

START = date(2025, 1, 1)
METABOLIC = ("weight", "blood_pressure", "glucose", "lipids", "waist")


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "last", "as_of", "edition", "standing", "rule"),
    [
        ("CLO1", "2025-01-08", "2025-01-20", "CN-MIN", Standing.NOT_DUE, "M-CLO-CN1"),
        ("CLO2", "2025-01-08", "2025-01-23", "CN-MIN", Standing.BEYOND, "M-CLO-CN1"),
        ("CLO3", "2025-04-10", "2025-05-05", "CN-MIN", Standing.NOT_DUE, "M-CLO-LOCAL"),
        ("CLO4", "2025-04-10", "2025-05-16", "CN-MIN", Standing.BEYOND, "M-CLO-LOCAL"),
        ("CLO1 weekly", "2025-01-08", "2025-01-20", "DEFAULT", Standing.DUE, "M-CLO-LOCAL"),
        ("weekly to day 126", "2025-04-10", "2025-05-05", "DEFAULT", Standing.DUE, "M-CLO-LOCAL"),
        ("then every 28 days", "2025-06-01", "2025-06-28", "DEFAULT", Standing.NOT_DUE, "M-CLO-LOCAL"),
        ("28 days over", "2025-06-01", "2025-06-29", "DEFAULT", Standing.DUE, "M-CLO-LOCAL"),
        ("35 days over", "2025-06-01", "2025-07-07", "DEFAULT", Standing.BEYOND, "M-CLO-LOCAL"),
    ],
)
def test_clozapine_counts(
    name: str, last: str, as_of: str, edition: str, standing: Standing, rule: str
) -> None:
    found = due_tests("clozapine", START, [("wbc", day(last))], day(as_of), edition=edition)
    count = next(one for one in found if one.item == "wbc")
    assert (count.standing, count.rule) == (standing, rule), name
    assert f"已过{(day(as_of) - day(last)).days}天" in count.reason


def test_without_an_interval_no_day_is_made_up() -> None:
    found = due_tests("clozapine", START, [("liver", START)], day("2025-12-31"))
    assert {one.item: one.standing for one in found if one.item != "wbc"} == dict.fromkeys(
        ("liver", "ecg", "glucose"), Standing.NO_INTERVAL
    )
    assert all(one.due is None for one in found if one.item != "wbc")
    assert due_tests("carbamazepine", START, [], day("2025-12-31")) == ()


def due(done: dict[str, list[str]], as_of: str) -> set[str]:
    results = [(item, day(one)) for item, known in done.items() for one in known]
    found = due_tests("second_generation", START, results, day(as_of))
    return {one.item for one in found if one.standing >= Standing.DUE}


def test_metabolic_checks() -> None:
    baseline = {item: ["2025-01-01"] for item in METABOLIC}
    assert due({}, "2025-01-01") == set(METABOLIC)
    assert due(baseline, "2025-01-28") == set()
    assert due(baseline, "2025-01-29") == {"weight"}  # MET1
    later = baseline | {"weight": ["2025-01-01", "2025-01-29", "2025-02-26"]}
    assert due(later, "2025-03-25") == set()
    assert due(later, "2025-03-26") == {"weight", "blood_pressure", "glucose", "lipids"}  # MET2
    week_12 = {item: ["2025-03-26"] for item in METABOLIC}
    assert due(week_12, "2025-06-24") == set()
    assert due(week_12, "2025-06-25") == {"weight"}  # MET3
    assert due(week_12, "2026-03-26") == set(METABOLIC)


@pytest.mark.parametrize(
    ("drug", "item", "value", "weight", "rule"),
    [
        ("clozapine", "neutrophils", "0.9", Weight.STOP, "M-CLO-US2"),  # CLO5
        ("clozapine", "neutrophils", "0.4", Weight.STOP, "M-CLO-US2"),
        ("clozapine", "neutrophils", "1.0", Weight.WARN, "M-CLO-US2"),
        ("clozapine", "neutrophils", "1.499", Weight.WARN, "M-CLO-US2"),
        ("clozapine", "neutrophils", "1.5", None, ""),
        ("clozapine", "wbc", "2.9", Weight.STOP, "M-CLO-CN4"),
        ("clozapine", "wbc", "3.0", None, ""),
        ("lithium", "level", "1.41", Weight.STOP, "M-LI-CN3"),
        ("lithium", "level", "1.4", None, ""),
        ("valproate", "level", "100", None, ""),
        ("valproate", "level", "49", Weight.WARN, "M-VPA-CN1"),
        ("valproate", "level", "101", Weight.WARN, "M-VPA-CN1"),
    ],
)
def test_values(drug: str, item: str, value: str, weight: Weight | None, rule: str) -> None:
    found = alerts(drug, item, Decimal(value))
    assert [(one.weight, one.rule) for one in found] == ([(weight, rule)] if weight else [])
    assert all("请由医师确认" in one.text for one in found)


def test_gain_of_weight() -> None:
    seven = weight_gain(60_000, 64_300)  # MET4
    assert [one.rule for one in seven] == ["M-MET-GAIN7", "M-MET-GAIN"]
    assert "7.17 %" in seven[0].text
    assert [one.rule for one in weight_gain(60_000, 63_000)] == ["M-MET-GAIN"]  # MET5
    assert [one.rule for one in weight_gain(100_000, 107_000)] == ["M-MET-GAIN"]
    assert weight_gain(60_000, 62_999) == weight_gain(60_000, 50_000) == ()
    with pytest.raises(ValueError, match="体重"):
        weight_gain(0, 60_000)


def test_lithium_has_phases_and_counts_months_as_people_do() -> None:
    results = [("level", day("2025-01-31"))]

    def level(as_of: str, phase: str) -> Standing:
        found = due_tests("lithium", START, results, day(as_of), phase=phase)
        return next(one.standing for one in found if one.item == "level")

    assert level("2025-02-27", "维持期") is Standing.NOT_DUE
    assert level("2025-02-28", "维持期") is Standing.DUE
    assert level("2025-02-14", "治疗期") is Standing.DUE
    assert level("2025-02-15", "治疗期") is Standing.BEYOND
    unknown = due_tests("lithium", START, results, day("2025-02-28"))
    assert "level" not in {one.item for one in unknown}


def test_the_lists_are_whole() -> None:
    for line in (*lines("monitoring"), *lines("critical_values")):
        assert line["rule_id"].startswith("M-")
        assert line["status"] in STATUSES
        assert line["source"]
    for drug in {line["drug"] for line in lines("monitoring")}:
        for edition in ("DEFAULT", "CN-MIN"):
            spans: dict[tuple[str, str], list[tuple[int, int | None]]] = {}
            for one in intervals(drug, edition):
                spans.setdefault((one.item, one.phase), []).append((one.first, one.final))
            for known in spans.values():
                assert known[0][0] == 0
                assert known[-1][1] is None
                assert all(
                    final is not None and first == final + 1 for (_, final), (first, _) in pairwise(known)
                )


@given(
    st.sampled_from(["clozapine", "valproate", "second_generation"]),
    st.dates(START, date(2027, 1, 1)),
    st.integers(0, 400),
    st.integers(0, 60),
)
def test_without_a_result_a_test_never_stands_better(drug: str, last: date, ahead: int, more: int) -> None:
    items = {one.item for one in intervals(drug)}
    results = [(item, last) for item in items]
    earlier = due_tests(drug, START, results, last + timedelta(ahead))
    later = due_tests(drug, START, results, last + timedelta(ahead + more))
    for before, after in zip(earlier, later, strict=True):
        assert before.item == after.item
        assert after.standing >= before.standing
        assert after.due == before.due
