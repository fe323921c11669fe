"""长效针剂: the scheduling cases as a table, the label's ranges day by day, and what holds for any course."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules.injection import Advice, Given, Role, Site, Status, advise, move, resume, stand
from casemgr.rules.injection_course import Placed, counted, place, settle
from casemgr.rules.injection_label import document, labels, local, read, source_title

CASES: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "data" / "injection-cases.json").read_text(encoding="utf-8")
)
ENABLED = {"PP1M", "PP3M", "RLAI", "RLAI2", "ARI400", "HALD", "FLUD", "PENF"}
DAY = timedelta(1)
MAINT = [Given(date(2025, 6, 10), Role.MAINT)]


def dose(text: str) -> Given:
    day, role = text.split(":")
    return Given(date.fromisoformat(day), Role[role])


def on(day: str, role: Role | None = None, milligrams: float | None = None) -> Given:
    return Given(date.fromisoformat(day), role, None if milligrams is None else round(milligrams * 1000))


def codes(advice: Advice) -> set[str]:
    return {one.code for one in advice.flags}


def test_all_scheduling_cases_are_here() -> None:
    assert len(CASES) == 60


@pytest.mark.parametrize("name", CASES)
def test_scheduling_case(name: str) -> None:
    case = CASES[name]
    found = advise(
        case["product"],
        [dose(one) for one in case["doses"]],
        date.fromisoformat(case["as_of"]),
        profile=case.get("profile", "CN"),
        interval=case.get("interval"),
        include_disabled=True,
    )
    days = {key: getattr(found, key) for key in ("due", "window_open", "window_close", "oral_cover_until")}
    got = {"status": found.status.name, "rule": found.rule} | {
        key: day.isoformat() if day else None for key, day in days.items()
    }
    assert {key: got[key] for key in case["want"]} == case["want"]
    assert "请由医师确认" in found.guidance
    assert found.reason
    assert ("待核对" in found.guidance) is (not found.verified)
    assert all(source_title(one) != one for one in found.sources if one != "UNVERIFIED")


# The rows of the label once more, as first and last day since the dose, beside the way the engine holds them.
RANGES = [
    ("PP1M", Role.INIT1, [(12, 27, "PP1M-I2-A"), (28, 49, "PP1M-I2-B"), (50, 400, "PP1M-I2-C")]),
    ("PP1M", Role.MAINT, [(38, 42, "PP1M-M-A"), (43, 183, "PP1M-M-B"), (184, 400, "PP1M-M-C")]),
    ("PP3M", Role.MAINT, [(107, 121, "PP3M-M-A"), (122, 273, "PP3M-M-B"), (274, 500, "PP3M-M-C")]),
    ("PP6M", Role.MAINT, [(205, 244, "PP6M-M-A"), (245, 334, "PP6M-M-B"), (335, 500, "PP6M-M-C")]),
    ("RLAI", Role.MAINT, [(18, 21, "RLAI-M-A1"), (22, 42, "RLAI-M-A2"), (43, 300, "RLAI-M-B")]),
    ("RLAI2", Role.MAINT, [(18, 28, "RLAI2-M-A"), (29, 300, "RLAI2-M-B")]),
    ("ARI400", Role.INIT1, [(31, 34, "ARI-M-A23"), (35, 300, "ARI-M-B23")]),
    ("HALD", Role.MAINT, [(36, 42, "HALD-M-A"), (43, 91, "HALD-M-B"), (92, 300, "HALD-M-C")]),
    ("PENF", Role.MAINT, [(9, 100, "PENF-M-A")]),
]


@pytest.mark.parametrize(("product", "role", "rows"), RANGES)
def test_every_day_has_exactly_the_row_of_the_label(
    product: str, role: Role, rows: list[tuple[int, int, str]]
) -> None:
    start = date(2025, 6, 10)
    for elapsed in range(rows[-1][1] + 1):
        expected = next((row for first, last, row in rows if first <= elapsed <= last), None)
        found = advise(product, [Given(start, role)], start + elapsed * DAY, include_disabled=True)
        assert (found.row.id if found.row else None) == expected, elapsed
        assert (found.status >= Status.OVERDUE) is (expected is not None)


def test_missing_the_third_dose_leaves_the_dose_of_the_restart_to_the_doctor() -> None:
    history = [on("2025-03-01"), on("2025-03-08")]
    assert advise("PP1M", history, date(2025, 4, 20)).rule == "PP1M-M-NOSTAB"
    assert advise("PP1M", history, date(2025, 9, 9)).rule == "PP1M-M-C"
    assert not advise("PP1M", history, date(2025, 4, 20)).verified


def test_late_dose_2_beyond_four_weeks_is_no_dose_2() -> None:
    entered = advise("PP1M", [on("2025-03-01"), on("2025-03-29", Role.INIT2)], date(2025, 4, 1))
    assert (entered.status, entered.rule, entered.due) == (Status.DATA_ERROR, "GEN-ORDER", None)
    inferred = advise("PP1M", [on("2025-03-01"), on("2025-03-29")], date(2025, 4, 5))
    assert inferred.last and inferred.last.role is Role.REINIT1
    assert (inferred.status, inferred.rule) == (Status.IN_WINDOW, "PP1M-R2")


def test_roles_follow_from_the_course() -> None:
    days = ["2025-03-01", "2025-03-08", "2025-04-08", "2025-06-01", "2025-06-08", "2025-07-08", "2026-02-01"]
    history = [on(day) for day in days]
    seen = []
    for number, one in enumerate(history):
        last = advise("PP1M", history[: number + 1], one.on).last
        assert last and last.inferred
        seen.append(last.role.name)
    assert seen == ["INIT1", "INIT2", "MAINT", "REINIT1", "REINIT2", "MAINT", "INIT1"]


def test_the_ordinal_on_record_speaks_against_a_new_course() -> None:
    first = Given(date(2025, 3, 1), ordinal=6)
    assert advise("PP1M", [first], date(2025, 3, 2)).due == date(2025, 4, 1)
    second = Given(date(2025, 3, 8), ordinal=2)
    found = advise("PP1M", [second], date(2025, 3, 9))
    assert found.last and found.last.role is Role.INIT2
    assert found.due == date(2025, 4, 8)


def test_where_one_product_restarts_another_the_strength_tells_which_was_given() -> None:
    history = [on("2025-01-10", Role.MAINT, 350), on("2025-06-01", milligrams=100)]
    found = advise("PP3M", history, date(2025, 6, 8))
    assert (found.rule, found.status) == ("PP1M-R2", Status.IN_WINDOW)
    assert not {"V3", "V5"} & codes(found)
    back = advise("PP3M", [*history, on("2025-06-08", milligrams=100)], date(2025, 7, 8))
    assert (back.rule, back.due) == ("PP3M-START", date(2025, 7, 8))
    itself = advise("PP3M", [history[0], on("2025-06-01", milligrams=350)], date(2025, 6, 8))
    assert itself.due == date(2025, 9, 1)


def test_first_three_month_dose_that_never_came_falls_under_the_monthly_rows() -> None:
    found = advise("PP3M", [on("2025-05-15", Role.PP1M_LAST)], date(2025, 6, 24))
    assert (found.status, found.rule) == (Status.OVERDUE, "PP1M-M-A")


@pytest.mark.parametrize(
    ("product", "interval", "rule"),
    [
        ("XYZ", None, "GEN-PRODUCT"),
        ("FLUD", None, "GEN-INTERVAL"),
        ("FLUD", 13, "GEN-INTERVAL"),
        ("FLUD", 29, "GEN-INTERVAL"),
        ("PP6M", None, "GEN-DISABLED"),
        ("OLAN_PAM", 28, "GEN-DISABLED"),
    ],
)
def test_without_a_figure_there_is_no_guess(product: str, interval: int | None, rule: str) -> None:
    found = advise(product, MAINT, date(2025, 7, 1), interval=interval)
    assert (found.status, found.rule, found.due) == (Status.DATA_ERROR, rule, None)
    assert "暂无依据，请按说明书" in found.guidance
    assert found.without_basis


def test_products_shipped_disabled_wait_for_a_local_label() -> None:
    assert {label.id for label in labels().values() if label.enabled} == ENABLED
    for label in labels().values():
        for interval in (None, 14, 28):
            found = advise(label.id, MAINT, date(2025, 7, 1), interval=interval, include_disabled=True)
            assert ("GEN-DISABLED" in codes(found)) is (label.id not in ENABLED)
    line = next(one for one in document()["products"] if one["id"] == "PP6M")
    mine = local(line, "县医院药剂科")
    assert advise(mine, MAINT, date(2025, 12, 10)).status is Status.IN_WINDOW
    assert not read(line).enabled


def test_no_window_in_any_source_means_no_day_of_grace() -> None:
    one = [on("2025-06-01", Role.MAINT)]
    on_day = advise("FLUPD", one, date(2025, 6, 15), interval=14, include_disabled=True)
    assert (on_day.status, on_day.rule, on_day.verified) == (Status.IN_WINDOW, "GEN-WINDOW", False)
    after = advise("FLUPD", one, date(2025, 6, 16), interval=14, include_disabled=True)
    assert (after.status, after.rule) == (Status.OVERDUE, "GEN-DOCTOR")
    lauroxil = advise("ARI_LAUROXIL", one, date(2025, 6, 16), include_disabled=True)
    assert (lauroxil.status, lauroxil.rule) == (Status.DATA_ERROR, "GEN-DOCTOR")


def test_stopped_incomplete_later_and_unborn() -> None:
    assert advise("PP1M", MAINT, date(2026, 1, 1), stopped_on=date(2025, 7, 1)).status is Status.STOPPED
    resumed = [*MAINT, on("2025-08-01", Role.INIT1)]
    assert advise("PP1M", resumed, date(2025, 8, 2), stopped_on=date(2025, 7, 1)).status is Status.DUE_SOON
    leaked = [*MAINT, Given(date(2025, 7, 10), Role.MAINT, complete=False)]
    found = advise("PP1M", leaked, date(2025, 7, 18))
    assert found.status is Status.OVERDUE
    assert "GEN-PARTIAL" in codes(found)
    later = [*MAINT, on("2025-07-10", Role.MAINT)]
    assert advise("PP1M", later, date(2025, 7, 1)).rule == "GEN-DATE"
    assert advise("PP1M", later, date(2025, 7, 1), live=False).due == date(2025, 7, 10)
    assert advise("PP1M", MAINT, date(2025, 7, 1), born=date(2025, 6, 11)).rule == "GEN-DATE"


def test_the_doctors_own_date_reminds_and_hides_nothing() -> None:
    found = advise("PP1M", MAINT, date(2025, 7, 1), doctor_date=date(2025, 7, 8))
    assert (found.remind_on, found.due, found.days_to_due) == (date(2025, 7, 8), date(2025, 7, 10), 9)
    late = advise("PP1M", MAINT, date(2025, 7, 12))
    assert late.past_due_in_window
    assert (late.elapsed, late.days_to_due) == (32, -2)


def test_drift_needs_two_doses_on_one_side() -> None:
    twice = [*MAINT, on("2025-07-16", Role.MAINT), on("2025-08-22", Role.MAINT)]
    assert "GEN-DRIFT" in codes(advise("PP1M", twice, date(2025, 8, 23)))
    once = [*MAINT, on("2025-07-16", Role.MAINT), on("2025-08-16", Role.MAINT)]
    assert "GEN-DRIFT" not in codes(advise("PP1M", once, date(2025, 8, 23)))
    both = [*MAINT, on("2025-07-16", Role.MAINT), on("2025-08-12", Role.MAINT)]
    assert "GEN-DRIFT" not in codes(advise("PP1M", both, date(2025, 8, 23)))


@pytest.mark.parametrize(
    ("product", "given_mg", "day", "steps"),
    [
        ("PP3M", 525, "2025-12-10", [100, 100, 525]),
        ("PP3M", 175, "2025-12-10", [50, 50, 175]),
        ("PP3M", 263, "2025-12-10", [75, 75, 263]),
        ("PP3M", 350, "2025-12-10", [100, 100, 350]),
        ("PP3M", None, "2025-12-10", [None, None, None]),
        ("PP1M", 150, "2025-08-01", [100, 100, 150]),
        ("PP1M", 75, "2025-08-01", [75, 75, 75]),
        ("PP1M", None, "2025-08-01", [None, None, None]),
        ("PP1M", 100, "2026-01-01", [150, 100]),
        ("PP1M", 100, "2025-07-20", [100]),
    ],
)
def test_doses_of_a_restart(product: str, given_mg: int | None, day: str, steps: list[int | None]) -> None:
    found = advise(product, [on("2025-06-10", Role.MAINT, given_mg)], date.fromisoformat(day))
    assert [one.dose_ug and one.dose_ug // 1000 for one in found.steps] == steps
    if None not in steps:
        assert " / ".join(map(str, steps)) + " mg" in found.guidance
    if len(steps) > 1:
        assert found.steps[0].site is Site.DELTOID


def test_oral_cover_of_starts_and_restarts() -> None:
    first = advise("RLAI", [on("2025-04-01")], date(2025, 4, 10))
    assert first.oral_cover_until == date(2025, 4, 21)
    assert any(one.code == "ORAL-COVER" and "2025-04-21（还在进行）" in one.text for one in first.flags)
    again = [on("2025-04-01", Role.INIT1), on("2025-05-14")]
    assert advise("RLAI", again, date(2025, 5, 15)).oral_cover_until == date(2025, 6, 3)
    late = [on("2025-03-01"), on("2025-04-05"), on("2025-05-05")]
    found = advise("ARI400", late, date(2025, 5, 6))
    assert found.oral_cover_until == date(2025, 4, 18)
    assert found.last and found.last.number == 3
    assert advise("RLAI2", [on("2025-04-01")], date(2025, 4, 2)).oral_cover_until is None
    american = advise("RLAI2", [on("2025-04-01")], date(2025, 4, 2), profile="US")
    assert american.oral_cover_until == date(2025, 4, 7)


def test_moving_from_microspheres_to_the_monthly_product() -> None:
    found = move("RLAI", "PP1M", [on("2025-04-01", Role.MAINT, 37.5)], date(2025, 4, 5))
    assert (found.on, found.role, found.doses_ug) == (date(2025, 4, 15), Role.MAINT, (75_000, 100_000))
    assert found.ground.verified
    assert "不需要起始" in found.guidance
    assert "75–100 mg" in found.guidance
    assert move("HALD", "PP1M", MAINT, date(2025, 7, 1)).rule == "GEN-DOCTOR"
    assert move("PP1M", "PP6M", MAINT, date(2025, 7, 1)).rule == "GEN-DISABLED"
    months = [on(f"2025-0{month}-10", Role.MAINT, 100) for month in range(1, 6)]
    to_three = move("PP1M", "PP3M", months, date(2025, 5, 20))
    assert (to_three.opens, to_three.on, to_three.closes) == (
        date(2025, 6, 3),
        date(2025, 6, 10),
        date(2025, 6, 17),
    )
    assert to_three.doses_ug == (350_000, 350_000)
    assert to_three.flags == ()


def test_every_figure_has_a_source_and_says_whether_it_was_verified() -> None:
    known = set(document()["sources"])

    def walk(node: Any, path: str) -> None:
        if isinstance(node, dict):
            if "sources" in node and path != "":
                assert set(node["sources"]) <= known, path
            if "value" in node:
                assert {"sources", "verified"} <= set(node), path
                assert node["sources"], path
                if node["sources"] == ["UNVERIFIED"]:
                    assert node["verified"] is False, path
            for key, value in node.items():
                if not (path == "" and key == "sources"):
                    walk(value, f"{path}/{key}")
        elif isinstance(node, list):
            for number, value in enumerate(node):
                walk(value, f"{path}/{number}")

    walk(dict(document()), "")


# --- what holds for any course ---

INTERVALS = {"FLUD": 21}
days = st.dates(date(2019, 1, 1), date(2030, 12, 31))
month_ends = st.sampled_from(
    [date(2024, 2, 29), date(2023, 2, 28), date(2024, 1, 31), date(2025, 8, 31), date(2024, 11, 30)]
)
starts = st.one_of(days, month_ends)
products = st.sampled_from(sorted(ENABLED))
roles = st.sampled_from([Role.INIT1, Role.MAINT, Role.REINIT1, Role.REINIT2])


@given(products, roles, starts, st.integers(0, 450), st.integers(0, 60))
def test_without_a_dose_the_status_never_goes_back(
    product: str, role: Role, start: date, elapsed: int, more: int
) -> None:
    history = [Given(start, role)]
    interval = INTERVALS.get(product)
    earlier = advise(product, history, start + elapsed * DAY, interval=interval)
    later = advise(product, history, start + (elapsed + more) * DAY, interval=interval)
    assert later.status >= earlier.status
    assert earlier.due == later.due
    if earlier.plan:
        firsts = [first for first, _ in earlier.plan.rows]
        assert firsts == sorted(set(firsts))
        assert all(first > earlier.plan.closes for first in firsts)
        assert earlier.plan.soon <= earlier.plan.opens <= earlier.plan.due <= earlier.plan.closes


@given(products, starts, st.lists(st.integers(3, 60), max_size=6), st.data())
def test_a_dose_inside_the_window_always_ends_overdue(
    product: str, start: date, gaps: list[int], data: st.DataObject
) -> None:
    interval = INTERVALS.get(product)
    history = [Given(start)]
    for gap in gaps:
        history.append(Given(history[-1].on + gap * DAY))
    before = advise(product, history, history[-1].on, interval=interval)
    assert before.plan
    inside = data.draw(st.dates(before.plan.opens, before.plan.closes))
    after = advise(product, [*history, Given(inside)], inside, interval=interval)
    assert after.status in {Status.NOT_YET_DUE, Status.DUE_SOON}
    assert after.due and after.due > inside


@given(starts, st.integers(1, 200))
def test_looking_back_tells_what_was_told_then(start: date, ahead: int) -> None:
    then = advise("PP1M", [Given(start, Role.MAINT)], start + ahead * DAY)
    doses = [Given(start, Role.MAINT), Given(start + (ahead + 1) * DAY)]
    now = advise("PP1M", doses, start + ahead * DAY, live=False)
    assert (then.status, then.due, then.rule) == (now.status, now.due, now.rule)


@pytest.mark.parametrize(
    ("product", "last", "due"),
    [
        ("PP1M", "2024-01-31", "2024-02-29"),
        ("PP1M", "2023-01-31", "2023-02-28"),
        ("PP1M", "2025-02-28", "2025-03-28"),
        ("PP1M", "2024-02-29", "2024-03-29"),
        ("PP3M", "2023-11-30", "2024-02-29"),
        ("ARI400", "2025-01-31", "2025-02-28"),
        ("HALD", "2024-02-01", "2024-02-29"),
        ("RLAI", "2024-02-20", "2024-03-05"),
    ],
)
def test_month_ends_and_leap_years(product: str, last: str, due: str) -> None:
    found = advise(product, [on(last, Role.MAINT)], date.fromisoformat(last))
    assert found.due == date.fromisoformat(due)


@given(products, starts, st.lists(st.integers(3, 60), max_size=5), st.integers(0, 400))
def test_the_last_dose_alone_gives_the_same_answer(
    product: str, start: date, gaps: list[int], ahead: int
) -> None:
    history = [Given(start)]
    for gap in gaps:
        history.append(Given(history[-1].on + gap * DAY))
    as_of, interval = history[-1].on + ahead * DAY, INTERVALS.get(product)
    whole = advise(product, history, as_of, interval=interval)
    assert whole.last
    alone = stand(labels()[product], whole.last, as_of, interval)
    assert (alone.status, alone.rule, alone.due, alone.guidance, alone.reason) == (
        whole.status,
        whole.rule,
        whole.due,
        whole.guidance,
        whole.reason,
    )


@given(
    products,
    starts,
    st.lists(st.tuples(st.integers(1, 200), st.sampled_from([None, None, None, *Role])), max_size=7),
    st.sampled_from([None, 1, 2, 6]),
    st.integers(0, 500),
)
def test_the_stored_tail_answers_like_the_whole_history(
    product: str, start: date, more: list[tuple[int, Role | None]], ordinal: int | None, ahead: int
) -> None:
    """Role, number and the rest of their place as they are stored: the last two doses answer for all."""
    label, interval = labels()[product], INTERVALS.get(product)
    history = [Given(start, ordinal=ordinal, dose_ug=100_000, interval=interval)]
    for gap, role in more:
        history.append(Given(history[-1].on + gap * DAY, role, 75_000, interval=interval))
    as_of = history[-1].on + ahead * DAY
    stored = [
        Placed(
            one,
            one.role or where.role,
            one.role is None,
            where.number or 1,
            where.start_on,
            where.aside or 0,
            where.cover_days or 0,
            where.cover_until,
        )
        for one, where in zip(history, settle(label, history), strict=True)
        if where.role is not None
    ]
    whole = advise(product, history, as_of)
    assert resume(label, stored[-2:], as_of) == whole
    later = Given(as_of + DAY, interval=interval)
    taken_up = list(place(label, [later], before=stored[-1]))[-1]
    assert taken_up == list(place(label, counted([*history, later])))[-1]


@given(products, roles, starts, st.integers(0, 500))
def test_exactly_one_rule_applies_on_each_day(product: str, role: Role, start: date, elapsed: int) -> None:
    found = advise(product, [Given(start, role)], start + elapsed * DAY, interval=INTERVALS.get(product))
    if found.plan is None:
        return
    day = start + elapsed * DAY
    holding = [
        row
        for number, (first, row) in enumerate(found.plan.rows)
        if first <= day and (number + 1 == len(found.plan.rows) or day < found.plan.rows[number + 1][0])
    ]
    inside = found.plan.opens <= day <= found.plan.closes
    before = day < found.plan.opens
    assert [before, inside, bool(holding)].count(True) == 1
    assert len(holding) <= 1
    assert found.row == (holding[0] if holding else None)


def test_settling_marks_what_is_no_injection_and_tells_what_follows() -> None:
    days = [date(2025, 3, 1), date(2025, 3, 5), date(2025, 3, 8), date(2025, 3, 8)]
    history = [Given(days[0]), Given(days[1], complete=False), Given(days[2]), Given(days[3])]
    first, partial, second, twice = settle(labels()["PP1M"], history)
    assert (first.role, first.number, first.followed_on) == (Role.INIT1, 1, days[2])
    assert (partial.role, partial.followed_on) == (None, days[1])
    assert (second.role, second.start_on, second.followed_on) == (Role.INIT2, days[0], None)
    assert (twice.role, twice.followed_on) == (None, days[3])
    unknown = settle(None, [Given(days[0]), Given(days[2])])
    assert [one.followed_on for one in unknown] == [days[2], None]
    assert {one.role for one in unknown} == {None}
