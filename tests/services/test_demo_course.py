"""Made-up courses: in the order of life, after the cross-checks of the form, as mixed as a real county."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from casemgr.rules import policy
from casemgr.services.demo_course import BEFORE_FILE, DEPOTS, MANAGED, NO_ACT
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.followup import HospitalState
from casemgr.terms.injection import products
from casemgr.terms.medication import Adherence
from casemgr.terms.register import Lifecycle, Management, Track
from casemgr.terms.rehab import RehabForm
from casemgr.terms.risk import Stability
from tests.services.county_life import AS_OF, HISTORY, Life, day, default_county, lives

LAST, YEARS = day(AS_OF), (AS_OF - HISTORY).days / 365.25


@pytest.fixture(scope="module")
def people() -> tuple[Life, ...]:
    return default_county()


def test_nothing_happens_after_the_end_or_in_the_future(people: tuple[Life, ...]) -> None:
    for life in people:
        case = life.course.case
        end = case["lifecycle_on"] if case["lifecycle"] != Lifecycle.ON_REGISTER else LAST
        assert case["registered_on"] <= end <= LAST
        for row in (*life.course.visits, *life.course.doses, *life.course.sessions, *life.course.checkups):
            assert row["on"] <= end
        for visit in life.course.visits:
            assert visit["on"] <= (visit["entered_on"] or LAST) <= LAST


def test_only_marked_visits_lie_before_registration(people: tuple[Life, ...]) -> None:
    marked = 0
    for life in people:
        notes = {number: row["note"] for number, row in life.course.texts}
        for number, visit in enumerate(life.course.visits):
            if visit["on"] < life.course.case["registered_on"]:
                assert notes[number] == BEFORE_FILE
                marked += 1
        for row in (*life.course.doses, *life.course.sessions, *life.course.checkups):
            assert row["on"] >= life.course.case["registered_on"]
    assert marked <= 0.005 * len(people)


def test_a_person_is_visited_once_a_day_and_in_order(people: tuple[Life, ...]) -> None:
    for life in people:
        days = [visit["on"] for visit in life.course.visits]
        assert days == sorted(set(days))
        sessions = [one["on"] for one in life.course.sessions]
        assert len(sessions) == len(set(sessions))


def test_visits_pass_the_cross_checks_of_the_form(people: tuple[Life, ...]) -> None:
    for life in people:
        drugs = {number for number, _ in life.course.drugs}
        for number, visit in enumerate(life.course.visits):
            counts = [value for name, value in visit.items() if name.endswith("_count")]
            if visit["acts"] == NO_ACT:
                assert set(counts) == {0}  # FU-C1
            if visit["loss_reason"] is not None:
                assert visit["risk"] is visit["stability"] is visit["adherence"] is None  # FU-C2
            assert (visit["died_on"] is None) == (visit["death_cause"] is None)  # FU-C3
            if visit["adherence"] in (Adherence.REGULAR, Adherence.IRREGULAR):
                assert number in drugs  # FU-C4
            if visit["adherence"] == Adherence.NOT_NEEDED:
                assert number not in drugs
            if visit["hospital"] == HospitalState.EARLIER:
                assert visit["discharged_on"] <= visit["on"]  # FU-C6
            if (visit["risk"] or 0) >= 3:
                assert visit["stability"] in (Stability.UNSTABLE, None)  # FU-C7


def test_dates_of_states_follow_one_another(people: tuple[Life, ...]) -> None:
    for life in people:
        for track in Track:
            states = [state for state in life.course.states if state["track"] == track]
            assert states[0]["since"] == life.course.case["registered_on"], track
            for state, following in pairwise(states):
                assert state["until"] == following["since"]
            assert all(state["until"] is None or state["since"] <= state["until"] for state in states)
        last = [state for state in life.course.states if state["track"] == Track.LIFECYCLE][-1]
        assert last["value"] == life.course.case["lifecycle"]
        managed = [state for state in life.course.states if state["track"] == Track.MANAGEMENT][-1]
        assert managed["value"] == life.course.case["management"]


def test_whoever_refuses_is_not_followed(people: tuple[Life, ...]) -> None:
    refusing = [life for life in people if life.course.case["management"] == Management.REFUSED]
    assert 0.003 < len(refusing) / len(people) < 0.04
    for life in refusing:
        assert life.course.case["consent"] == ConsentAnswer.REFUSED
        assert not life.course.case["article30"]
        assert not life.course.visits
        assert not life.course.sessions


def test_how_people_leave_the_register(people: tuple[Life, ...]) -> None:
    left = Counter(life.course.case["lifecycle"] for life in people)
    assert left[Lifecycle.DEAD] / len(people) / YEARS == pytest.approx(0.0155, abs=0.005)
    assert left[Lifecycle.MOVED_OUT] / len(people) / YEARS == pytest.approx(0.008, abs=0.004)
    assert 0 < left[Lifecycle.EXCLUDED] < 20
    for life in people:
        assert (life.course.case["death_cause"] is not None) == (
            life.course.case["lifecycle"] == Lifecycle.DEAD
        )


def test_the_present_looks_like_a_register(people: tuple[Life, ...]) -> None:
    last = [
        [visit for visit in life.course.visits if visit["loss_reason"] is None][-1]
        for life in people
        if life.course.case["management"] == MANAGED
        and life.course.case["lifecycle"] == Lifecycle.ON_REGISTER
        and life.course.visits
    ]
    classes = Counter(visit["stability"] for visit in last)
    assert classes[Stability.STABLE] / len(last) == pytest.approx(0.85, abs=0.04)
    assert classes[Stability.BASIC] / len(last) == pytest.approx(0.13, abs=0.04)
    assert 0.004 < classes[Stability.UNSTABLE] / len(last) < 0.03
    risks = Counter(visit["risk"] for visit in last)
    assert risks[0] / len(last) == pytest.approx(0.92, abs=0.02)
    assert 0 < sum(risks[level] for level in (3, 4, 5)) / len(last) < 0.02
    assert 0 < risks[None] / len(last) < 0.03
    management = Counter(life.course.case["management"] for life in people)
    assert management[Management.LOST] > 20
    assert management[Management.IN_HOSPITAL] > 20


def test_visits_bunch_at_the_ends_of_quarters_and_some_are_entered_late(people: tuple[Life, ...]) -> None:
    visits = [visit for life in people for visit in life.course.visits]
    assert 4.5 < len(visits) / len(people) / YEARS < 6.5

    def left_in_quarter(number: int) -> int:
        when = date.fromordinal(number + date(1970, 1, 1).toordinal())
        month = (when.month - 1) // 3 * 3 + 4
        following = date(when.year + month // 13, (month - 1) % 12 + 1, 1)
        return (following - when).days

    bunched = sum(left_in_quarter(visit["on"]) <= 10 for visit in visits)
    assert 0.33 < bunched / len(visits) < 0.5
    late = sum(visit["entered_on"] - visit["on"] > 14 for visit in visits)
    assert 0.015 < late / len(visits) < 0.06
    empty = sum(visit["risk"] is None and visit["loss_reason"] is None for visit in visits)
    assert 0.003 < empty / len(visits) < 0.03
    assert {visit["form_version"] for visit in visits} == {2017, 2018}


def test_every_township_has_people_who_are_overdue(people: tuple[Life, ...]) -> None:
    rules = policy.in_force_on(AS_OF)
    limits = {
        Stability.STABLE: rules.gap_stable.value,
        Stability.BASIC: rules.gap_basic.value,
        Stability.UNSTABLE: rules.gap_unstable.value,
    }
    overdue: Counter[int] = Counter()
    for life in people:
        case = life.course.case
        if (
            case["lifecycle"] == Lifecycle.ON_REGISTER
            and case["management"] == MANAGED
            and life.course.visits
        ):
            last = life.course.visits[-1]
            overdue[life.town.code] += LAST - last["on"] > limits.get(last["stability"], 92)
    assert set(overdue) == {life.town.code for life in people}
    assert min(overdue.values()) >= 2


def test_injections_and_sessions_are_of_known_kinds(people: tuple[Life, ...]) -> None:
    known = {DEPOTS.at(step / 100).product for step in range(100)}
    doses = [dose for life in people for dose in life.course.doses]
    assert {dose["product"] for dose in doses} == known <= set(products())
    for dose in doses:
        product = products()[dose["product"]]
        assert not product.strengths_ug or dose["dose_ug"] in product.strengths_ug
        assert not product.sites or dose["site"] in product.sites
    assert len({id(life) for life in people if life.course.doses}) > 40
    assert all(dose["dose_ug"] >= 12_500 for dose in doses)
    sessions = [one for life in people for one in life.course.sessions]
    assert {one["form"] for one in sessions} == {int(form) for form in RehabForm}
    assert 0.9 < sum(one["attended"] for one in sessions) / len(sessions) < 0.99
    assert 0 < sum(one["minutes"] < 30 for one in sessions) / len(sessions) < 0.1
    assert {one["place"] for one in sessions} == {1, 2, 3}


def test_a_large_county_keeps_only_the_texts_that_say_something() -> None:
    full, sparse = list(lives(80, 3)), list(lives(80, 3, sparse=True))
    assert [life.course.visits for life in sparse] == [life.course.visits for life in full]
    texts = sum(len(life.course.texts) for life in sparse)
    assert 0 < texts < 0.35 * sum(len(life.course.texts) for life in full)
    for life in sparse:
        assert len({number for number, _ in life.course.drugs}) <= 1
