"""长效针剂应办事项: the next injection, its closing window, a missed one, oral cover; and what ends them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casemgr.rules.duty import Due
from casemgr.rules.facts import CaseDay, DoseFact, VisitFact
from casemgr.rules.injection_course import Given, settle
from casemgr.rules.injection_duty import of_doses
from casemgr.rules.injection_label import labels
from casemgr.rules.policy import in_force_on
from casemgr.terms.duty import DutyKind, DutyState, Urgency
from casemgr.terms.register import Lifecycle

K, S = DutyKind, DutyState
DAY = timedelta(1)
FIRST = date(2025, 6, 10)
POLICY = in_force_on(date(2026, 1, 1))
KINDS = {K.INJECTION, K.INJECTION_CLOSING, K.INJECTION_MISSED, K.ORAL_COVER}


def doses(product: str, *days: date, ordinal: int | None = 6) -> tuple[DoseFact, ...]:
    """Doses of one product as they are stored; the first is the sixth of its course unless said otherwise."""
    told = [Given(day, ordinal=ordinal if number == 0 else None) for number, day in enumerate(days)]
    return tuple(
        DoseFact(
            number + 1,
            one.on,
            product,
            None if place.role is None else int(place.role),
            place.number,
            place.start_on,
            place.cover_until,
            None,
            None,
            None,
            place.cover_days,
        )
        for number, (one, place) in enumerate(zip(told, settle(labels()[product], told), strict=True))
    )


def case(*given: DoseFact) -> CaseDay:
    return CaseDay(
        1, 100, date(2020, 1, 1), date(2020, 1, 1), doses=tuple(sorted(given, key=lambda one: one.on))
    )


def duties(facts: CaseDay, today: date) -> dict[tuple[DutyKind, int], Due]:
    found = list(of_doses(facts, labels(), POLICY, today))
    keyed = {(one.kind, one.origin): one for one in found}
    assert len(keyed) == len(found)
    return keyed


def at(facts: CaseDay, day: int, kind: DutyKind = K.INJECTION, origin: int = 1) -> DutyState | None:
    found = duties(facts, FIRST + day * DAY).get((kind, origin))
    return found.state if found else None


def test_nobody_without_doses_is_asked_anything() -> None:
    assert duties(case(), FIRST) == {}


@pytest.mark.parametrize(
    ("day", "next_", "closing", "missed"),
    [
        (0, S.OPEN, None, None),
        (29, S.OPEN, None, None),
        (30, S.OPEN, S.OPEN, None),  # 2025-07-10, seven days before the window closes
        (37, S.OPEN, S.OPEN, None),
        (38, S.MISSED, S.MISSED, S.OPEN),
        (300, S.MISSED, S.MISSED, S.OPEN),
    ],
)
def test_one_dose_and_no_other(
    day: int, next_: DutyState, closing: DutyState | None, missed: DutyState | None
) -> None:
    facts = case(*doses("PP1M", FIRST))
    got = tuple(at(facts, day, kind) for kind in (K.INJECTION, K.INJECTION_CLOSING, K.INJECTION_MISSED))
    assert got == (next_, closing, missed)


def test_the_days_the_words_and_the_rule_come_from_the_label() -> None:
    found = duties(case(*doses("PP1M", FIRST)), FIRST + 38 * DAY)
    following = found[K.INJECTION, 1]
    assert (following.planned_on, following.due_on) == (date(2025, 7, 10), date(2025, 7, 17))
    assert (following.rule, following.urgency) == ("LAI-WINDOW", Urgency.USUAL)
    assert found[K.INJECTION_CLOSING, 1].urgency is Urgency.WINDOW
    missed = found[K.INJECTION_MISSED, 1]
    assert (missed.due_on, missed.urgency, missed.rule) == (date(2025, 7, 18), Urgency.HIGH, "LAI-MISSED")
    assert "逾期，请专科医师决定" in missed.because
    later = duties(case(*doses("PP1M", FIRST)), FIRST + 60 * DAY)[K.INJECTION_MISSED, 1]
    assert "漏针-需重启步骤" in later.because
    unsure = duties(case(*doses("RLAI", FIRST)), FIRST)[K.INJECTION, 1]
    assert unsure.rule == "LAI-WINDOW-U"


def test_a_dose_ends_what_waited_for_it_and_begins_the_next() -> None:
    in_time = case(*doses("PP1M", FIRST, FIRST + 31 * DAY))
    assert at(in_time, 31) is S.DONE
    assert at(in_time, 31, K.INJECTION_CLOSING) is S.DONE
    assert at(in_time, 31, origin=2) is S.OPEN
    early = case(*doses("PP1M", FIRST, FIRST + 25 * DAY))
    assert at(early, 31, K.INJECTION_CLOSING) is None
    late = case(*doses("PP1M", FIRST, FIRST + 40 * DAY))
    assert at(late, 40) is S.MISSED
    assert at(late, 40, K.INJECTION_MISSED) is S.LATE
    assert at(late, 39, K.INJECTION_MISSED) is S.OPEN


def test_a_course_ends_by_the_doctor_another_product_or_the_file() -> None:
    dose = doses("PP1M", FIRST)[0]
    stopped = case(dose._replace(stopped_on=FIRST + 20 * DAY))
    assert at(stopped, 200) is S.VOID
    assert at(stopped, 200, K.INJECTION_MISSED) is None
    late = case(dose._replace(stopped_on=FIRST + 60 * DAY))
    assert at(late, 200) is S.MISSED
    assert at(late, 200, K.INJECTION_MISSED) is S.VOID
    other = doses("HALD", FIRST + 28 * DAY)[0]._replace(id=9)
    changed = case(dose, other)
    assert at(changed, 200) is S.VOID
    assert at(changed, 200, origin=9) is S.MISSED
    gone = replace(case(dose), lifecycle=int(Lifecycle.DEAD), lifecycle_on=FIRST + 5 * DAY)
    assert at(gone, 200) is S.VOID


def test_the_doctors_own_day_is_planned_and_the_window_stays() -> None:
    dose = doses("PP1M", FIRST)[0]._replace(next_on=date(2025, 7, 8))
    found = duties(case(dose), FIRST)[K.INJECTION, 1]
    assert (found.planned_on, found.due_on) == (date(2025, 7, 8), date(2025, 7, 17))


def test_products_without_a_figure_make_no_duty() -> None:
    assert duties(case(doses("PP6M", FIRST)[0]), FIRST + 300 * DAY) == {}
    assert duties(case(doses("FLUD", FIRST)[0]), FIRST + 300 * DAY) == {}
    interval = case(doses("FLUD", FIRST)[0]._replace(interval=21))
    assert at(interval, 10) is S.OPEN


def test_oral_cover_ends_with_a_word_a_visit_or_a_dose() -> None:
    start = doses("RLAI", FIRST, ordinal=1)
    facts = case(*start)
    found = duties(facts, FIRST)[K.ORAL_COVER, 1]
    assert (found.due_on, found.state) == (FIRST + 20 * DAY, S.OPEN)
    assert at(facts, 90, K.ORAL_COVER) is S.OPEN
    told = replace(facts, settled={(K.ORAL_COVER, 1): FIRST + 18 * DAY})
    assert at(told, 90, K.ORAL_COVER) is S.DONE
    seen = replace(facts, visits=(VisitFact(5, FIRST + 25 * DAY),))
    assert at(seen, 90, K.ORAL_COVER) is S.LATE
    again = case(*doses("RLAI", FIRST, FIRST + 14 * DAY, ordinal=1))
    assert at(again, 90, K.ORAL_COVER) is S.DONE
    assert at(again, 90, K.ORAL_COVER, origin=2) is None


products = st.sampled_from(["PP1M", "PP3M", "RLAI", "RLAI2", "ARI400", "HALD", "PENF"])


@given(products, st.lists(st.integers(1, 120), max_size=6), st.integers(0, 400), st.integers(0, 200))
def test_what_has_ended_stays_ended_and_one_need_has_one_open_end(
    product: str, gaps: list[int], ahead: int, more: int
) -> None:
    days = [FIRST]
    for gap in gaps:
        days.append(days[-1] + gap * DAY)
    facts = case(*doses(product, *days, ordinal=1))
    today = FIRST + ahead * DAY
    before, after = duties(facts, today), duties(facts, today + more * DAY)
    for key, one in before.items():
        assert one.kind in KINDS
        if not one.is_open:
            assert (after[key].state, after[key].ended_on) == (one.state, one.ended_on)
    waiting = [one for one in after.values() if one.is_open and one.kind in (K.INJECTION, K.INJECTION_MISSED)]
    assert len(waiting) <= 1
    assert waiting or days[-1] > today + more * DAY
