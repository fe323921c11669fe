"""用药监测: the worked cases of blood counts and metabolic checks, and what the lists must hold."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules.calendar import months_after
from casemgr.rules.facts import CaseDay, RegimenFact, ResultFact, VisitFact, WatchFact
from casemgr.rules.laboratory import by_key
from casemgr.rules.monitoring import (
    Standing,
    Taken,
    Weight,
    alerts,
    asked,
    due_tests,
    intervals,
    kinds_of,
    kinds_prescribed,
    kinds_taken,
    rounds,
    taken,
    weight_gain,
)
from casemgr.terms.code import to_mask
from casemgr.terms.lists import lines
from casemgr.terms.monitoring import Knowledge, WatchedDrug
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


# --- one person -----------------------------------------------------------------------------------

CLOZAPINE = to_mask([WatchedDrug.CLOZAPINE, WatchedDrug.SECOND_GENERATION])
WBC, NEUTROPHILS = (by_key()[key].code for key in ("wbc", "neutrophils"))


def facts(**more: object) -> CaseDay:
    return CaseDay(case=1, area=1, registered_on=START, created_on=START, **more)  # type: ignore[arg-type]


def visit(on: str, watch: int | None, *, own: bool = True) -> VisitFact:
    return VisitFact(day(on).toordinal(), day(on), own=own, watch=watch)


def result(test: int, on: str, value: str | None = "5") -> ResultFact:
    number = None if value is None else int(Decimal(value) * 1000)
    return ResultFact(day(on).toordinal() * 100 + test, test, day(on), number)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("氯氮平片", {WatchedDrug.CLOZAPINE, WatchedDrug.SECOND_GENERATION}),
        ("碳酸锂缓释片", {WatchedDrug.LITHIUM}),
        ("丙戊酸钠（德巴金）", {WatchedDrug.VALPROATE}),
        ("Clozapine 25mg", {WatchedDrug.CLOZAPINE, WatchedDrug.SECOND_GENERATION}),
        ("奥氮平片", {WatchedDrug.SECOND_GENERATION}),
        ("奋乃静片", set()),
        ("", set()),
    ],
)
def test_kinds_of_drugs(name: str, kinds: set[WatchedDrug]) -> None:
    assert kinds_of(name) == to_mask(kinds)


def test_a_record_without_drugs_tells_nothing() -> None:
    assert kinds_taken((None, None, None)) is None
    assert kinds_taken(("奋乃静片", None, None)) == 0
    assert kinds_taken((), "癸氟奋乃静") == to_mask([WatchedDrug.LONG_ACTING])
    prescribed = kinds_prescribed("棕榈酸帕利哌酮注射液", "PP1M", second_generation=True, long_acting=True)
    assert prescribed == to_mask([WatchedDrug.SECOND_GENERATION, WatchedDrug.LONG_ACTING])


def test_the_last_row_of_visits_says_what_is_taken() -> None:
    told = (
        visit("2025-01-01", CLOZAPINE, own=False),
        visit("2025-03-01", 0, own=False),
        visit("2025-06-01", CLOZAPINE, own=False),
        visit("2025-07-01", None),
        visit("2025-08-01", CLOZAPINE),
    )
    found = {one.drug: one for one in taken(facts(visits=told))}
    one = found[WatchedDrug.CLOZAPINE]
    assert (one.first_on, one.since, one.until, one.known_on) == (
        day("2025-06-01"),
        None,
        None,
        day("2025-08-01"),
    )
    assert taken(facts(visits=told[:2]))[0].until == day("2025-03-01")
    assert taken(facts(visits=told[:1]))[0].known_on is None
    assert taken(facts()) == ()


def test_a_regimen_goes_before_visits_and_a_statement_before_both() -> None:
    told = (visit("2025-08-01", to_mask([WatchedDrug.LITHIUM])),)
    lines_ = (
        RegimenFact(CLOZAPINE, day("2025-01-01"), day("2025-02-01"), day("2025-01-01")),
        RegimenFact(CLOZAPINE, day("2025-02-01"), None, day("2025-02-01")),
    )
    [one, other] = taken(facts(visits=told, regimen=lines_))
    assert (one.drug, one.since, one.until, one.how) == (
        WatchedDrug.CLOZAPINE,
        START,
        None,
        Knowledge.REGIMEN,
    )
    assert other.drug is WatchedDrug.SECOND_GENERATION
    broken = (lines_[0], RegimenFact(CLOZAPINE, day("2025-03-01"), None, day("2025-03-01"), sure=False))
    assert taken(facts(regimen=broken))[0] == Taken(
        WatchedDrug.CLOZAPINE,
        day("2025-03-01"),
        None,
        None,
        day("2025-03-01"),
        Knowledge.REGIMEN,
    )
    stated = (WatchFact(int(WatchedDrug.CLOZAPINE), day("2024-05-01"), None, None, day("2025-09-01")),)
    assert taken(facts(regimen=lines_, watches=stated))[0].since == day("2024-05-01")


def clozapine(since: str = "2025-01-01", known: str | None = "2025-01-01") -> Taken:
    known_on = None if known is None else day(known)
    return Taken(WatchedDrug.CLOZAPINE, day(since), day(since), None, known_on, Knowledge.REGIMEN)


def test_each_result_begins_the_next_round() -> None:
    """M-CLO-LOCAL."""
    counts = [result(WBC, one) for one in ("2025-01-01", "2025-01-08", "2025-01-20")]
    found = rounds([clozapine()], counts, day("2025-01-25"), None)
    assert [(one.due, one.done) for one in found] == [
        (day("2025-01-01"), day("2025-01-01")),
        (day("2025-01-08"), day("2025-01-08")),
        (day("2025-01-15"), day("2025-01-20")),
        (day("2025-01-27"), None),
    ]
    assert len({one.state for one in found}) == len(found)
    assert rounds([clozapine(known=None)], counts, day("2025-01-25"), None) == []


def test_a_drug_begun_elsewhere_has_one_interval_to_find_out() -> None:
    [one] = rounds([clozapine("2020-01-01", "2025-01-01")], [], day("2025-01-01"), None)
    assert one.due == day("2025-01-08")
    last = [result(WBC, "2024-12-20")]
    [one] = rounds([clozapine("2020-01-01", "2025-01-01")], last, day("2025-01-01"), None)
    assert one.due == day("2025-01-17")


def test_a_low_count_is_repeated_as_its_source_says() -> None:
    """M-CLO-US2: daily below 1.0, three times a week below 1.5."""
    for value, due_on in (("0.9", "2025-01-09"), ("1.2", "2025-01-10"), ("2.0", "2025-01-15")):
        counts = [result(WBC, "2025-01-01"), result(NEUTROPHILS, "2025-01-08", value)]
        [*_, one] = rounds([clozapine()], counts, day("2025-01-08"), None)
        assert one.due == day(due_on), value
        assert (one.rule == "M-CLO-US2") == (value != "2.0")


def test_the_metabolic_set_is_one_round_and_asks_again_for_what_is_missing() -> None:
    """M-MET-LOCAL."""
    drug = Taken(WatchedDrug.SECOND_GENERATION, START, START, None, START, Knowledge.REGIMEN)
    keys = ("weight", "waist", "systolic", "glucose", "cholesterol")
    known = [result(by_key()[key].code, "2025-01-02") for key in keys[:4]]
    [one] = rounds([drug], known, day("2025-01-10"), None)
    assert (one.done, len(one.items)) == (None, 5)
    known.append(result(by_key()["cholesterol"].code, "2025-01-05"))
    [first, second] = rounds([drug], known, day("2025-01-10"), None)
    assert first.done == day("2025-01-05")
    assert (second.due, second.items) == (day("2025-01-29"), ("体重",))
    unsure = Taken(WatchedDrug.SECOND_GENERATION, START, None, None, START, Knowledge.VISIT)
    assert rounds([unsure], [], day("2025-01-10"), None) == []


@pytest.mark.parametrize(
    ("value", "sex", "months"),
    [("16.5", 1, None), ("17", 1, 12), ("17", 2, None), ("29", 2, 12), ("51", 2, 6), ("101", 1, 3)],
)
def test_prolactin_is_repeated_by_its_band(value: str, sex: int, months: int | None) -> None:
    """M-LAI-PRL."""
    drug = Taken(WatchedDrug.LONG_ACTING, START, START, None, START, Knowledge.REGIMEN)
    code = by_key()["prolactin"].code
    found = rounds([drug], [result(code, "2025-01-01", value)], day("2025-01-02"), sex)
    again = [one.due for one in found if one.done is None]
    assert again == ([] if months is None else [months_after(START, months)])


def test_every_test_is_shown_with_its_source_even_without_a_day() -> None:
    found = {one.check.item: one.check for one in asked([clozapine()], [], START, None)}
    assert found["wbc"].standing is Standing.DUE
    assert found["liver"].standing is Standing.NO_INTERVAL
    assert all(one.source and one.rule for one in found.values())
    ended = Taken(WatchedDrug.CLOZAPINE, START, START, START, START, Knowledge.REGIMEN)
    assert asked([ended], [], day("2025-02-01"), None) == ()


@given(
    st.lists(st.integers(0, 400), max_size=12),
    st.integers(0, 420),
    st.integers(0, 60),
)
def test_a_day_that_passes_changes_no_round_that_ended(known: list[int], ahead: int, more: int) -> None:
    counts = sorted({START + timedelta(one) for one in known})
    results = [ResultFact(number, WBC, on, 5_000) for number, on in enumerate(counts)]

    def ended(today: date) -> list[tuple[date, date, date | None]]:
        seen = [one for one in results if one.on <= today]
        return [(one.state, one.due, one.done) for one in rounds([clozapine()], seen, today, None)]

    before, after = ended(START + timedelta(ahead)), ended(START + timedelta(ahead + more))
    assert [one for one in before if one[2]] == [one for one in after if one[2]][: len(before) - 1]
    assert sum(one[2] is None for one in after) == 1
