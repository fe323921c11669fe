"""随访: every cross-check of a visit fires, and stays silent at the near miss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from casemgr.forms import followup
from casemgr.forms.followup import VisitAround, VisitRow
from tests.forms.example import CASE, LATEST, VISIT, blank, day, known

AROUND = VisitAround(CASE, LATEST)
Change = tuple[dict[str, Any], dict[str, Any]]
HELD = {"died_on": day(2026, 3, 1), "death_cause": 2}

#: check → (change that fires, change that just does not); keys that begin with ``case.`` change the case.
CASES: dict[str, list[Change]] = {
    "FU-C3": [
        (
            {"died_on": day(2026, 3, 1), "case.died_on": day(2026, 3, 1)},
            {**HELD, "case.died_on": day(2026, 3, 1)},
        ),
        ({"death_cause": 2}, {}),
        ({**HELD}, {**HELD, "case.died_on": day(2026, 3, 1)}),
        ({**HELD, "case.died_on": day(2026, 3, 2)}, {**HELD, "case.died_on": day(2026, 3, 1)}),
        (
            {**HELD, "died_on": day(2026, 3, 6)},
            {**HELD, "died_on": day(2026, 3, 5), "case.died_on": day(2026, 3, 5)},
        ),
    ],
    "FU-C4": [
        ({"adherence": 4}, {"adherence": 4, "drug1_name": None}),
        ({"drug1_name": None}, {"drug1_name": None, "depot_name": "棕榈酸帕利哌酮"}),
        ({"adherence": 2, "drug1_name": None}, {"adherence": 3, "drug1_name": None}),
    ],
    "FU-C6": [
        ({"hospital": 2}, {"hospital": 2, "discharged": known(2026, 2, 1)}),
        ({"discharged": known(2026, 2, 1)}, {"hospital": 1, "discharged": known(2026, 2, 1)}),
    ],
    "FU-C7": [({"risk": 3, "stability": 2}, {"risk": 3, "stability": 1}), ({"risk": 5}, {"risk": 2})],
    "FU-C8": [
        ({"self_harm_count": 1, "risk": 3}, {"self_harm_count": 1, "risk": 4}),
        ({"suicide_attempt_count": 1, "risk": 0}, {"suicide_attempt_count": 0, "risk": 0}),
        ({"crime_count": 1, "risk": 2}, {"crime_count": 1, "risk": 3}),
    ],
    "FU-C9": [
        ({"stability": 1}, {"stability": 1, "hospital": 1}),
        ({"stability": 1, "referral_advised": None}, {"stability": 1, "referral_advised": 2}),
    ],
    "FU-C10": [({"mode": 3, "informants": 1 << 2}, {"mode": 3, "informants": 1 << 1 | 1 << 2})],
    "FU-C11": [
        ({"next_on": day(2026, 6, 6)}, {"next_on": day(2026, 6, 5)}),
        ({"stability": 1, "next_on": day(2026, 3, 20)}, {"stability": 1, "next_on": day(2026, 3, 19)}),
        ({"stability": 2, "next_on": day(2026, 3, 20)}, {"stability": 2, "next_on": day(2026, 3, 19)}),
    ],
    "tm02": [({"on": day(2020, 1, 5)}, {"on": day(2020, 1, 6)})],
    "tm04": [
        ({"case.left_on": day(2026, 3, 4)}, {"case.left_on": day(2026, 3, 5)}),
        ({"case.refused": True}, {"case.refused": False}),
    ],
    "tm07": [
        ({"next_on": None}, {"next_on": None, "loss_reason": 1, "risk": None, "symptoms": None}),
        ({"next_on": day(2026, 3, 5)}, {"next_on": day(2026, 3, 6)}),
    ],
    "tm14": [({"loss_reason": 4}, {"loss_reason": 3})],
    "vc01": [({"risk": None}, {"risk": None, "loss_reason": 1})],
    "vc03": [({"risk": 1}, {"risk": 1, "stability": 2}), ({"risk": 2}, {"risk": 0})],
    "vc04": [
        (
            dict.fromkeys(
                ("risk", "symptoms", "insight", "self_care", "housework", "work", "study", "contact")
            ),
            dict.fromkeys(("risk", "symptoms", "insight", "self_care", "housework", "work", "study")),
        )
    ],
    "vc05": [({"insight": 3}, {"insight": 2})],
    "vc06": [
        ({"symptoms": 1 << 3}, {"symptoms": 1 << 11}),
        ({"symptoms": 1 << 3 | 1 << 11}, {"symptoms": 1 << 3, "stability": 2}),
    ],
    "vc07": [({"contact": 3}, {"contact": 2}), ({"work": 3}, {"work": 9})],
    "vc08": [({"adverse_reaction": 2}, {"adverse_reaction": 2, "stability": 1})],
    "vc12": [
        ({"symptoms": 1 << 12}, {"symptoms": 1 << 12, "symptoms_other": "失眠"}),
        ({"rehab_measures": 1 << 5}, {"rehab_measures": 1 << 5, "measures_other": "园艺"}),
    ],
    "vc13": [
        ({"symptoms": 1 << 1}, {"symptoms": 1 << 1, "risk": 1}),
        ({"symptoms": 1 << 7}, {"symptoms": 1 << 8}),
    ],
    "vc16": [({"risk": 3}, {"risk": 3, "offence_count": 1}), ({"risk": 4}, {"risk": 4, "crime_count": None})],
    "vc18": [({"disturbance_count": 21}, {"disturbance_count": 20})],
    "vc20": [
        ({"confinement": 2, "housework": 1}, {"confinement": 2}),
        ({"confinement": 2, "work": 1}, {"confinement": 3, "work": 1}),
    ],
    "vc22": [({"hospital": 1}, {"hospital": 1, "mode": 1})],
    "vc29": [({"risk": 3}, {"risk": 3, "referral_advised": 2}), ({"risk": 5}, {"risk": 5, "hospital": 1})],
    "vc36": [
        ({"outcome": 1}, {"outcome": 1, "symptoms": None}),
        ({"outcome": 4}, {"outcome": 4, "stability": 2}),
    ],
    "md03": [({"adherence": 3, "adverse_reaction": 2}, {"adherence": 2, "adverse_reaction": 2})],
    "md19": [({"adverse_reaction": 2}, {"adverse_reaction": 2, "reaction_text": "手抖，轻度"})],
    "md21": [
        ({"adverse_reaction": 9}, {"adverse_reaction": 9, "adherence": 4}),
        ({"outcome": 9}, {"outcome": 9, "adherence": 3}),
    ],
    "st14": [({"loss_reason": 1}, {"loss_reason": 1, "risk": None, "symptoms": None})],
}


def applied(changes: dict[str, Any]) -> tuple[VisitRow, VisitAround]:
    row = VISIT._replace(**{key: value for key, value in changes.items() if "." not in key})
    case = replace(CASE, **{key[5:]: value for key, value in changes.items() if key.startswith("case.")})
    return row, VisitAround(case, LATEST)


def fired(changes: dict[str, Any]) -> set[str]:
    row, around = applied(changes)
    return {check.id for check in followup.SHEET.checks if check.test(row, around) is not None}


def test_the_example_raises_no_question() -> None:
    assert fired({}) == set()


@pytest.mark.parametrize(
    ("check", "fires"), [(key, pair[0]) for key, pairs in CASES.items() for pair in pairs]
)
def test_it_fires(check: str, fires: dict[str, Any]) -> None:
    assert check in fired(fires)


@pytest.mark.parametrize(
    ("check", "near"), [(key, pair[1]) for key, pairs in CASES.items() for pair in pairs]
)
def test_it_is_silent_at_the_near_miss(check: str, near: dict[str, Any]) -> None:
    assert check not in fired(near)


def test_every_check_has_both_tests() -> None:
    assert {check.id for check in followup.SHEET.checks} == set(CASES)


def test_a_visit_that_says_nothing_but_its_day_is_taken() -> None:
    row = blank(VisitRow, file_no="1", on=day(2026, 3, 5))
    assert {check.id for check in followup.SHEET.checks if check.test(row, AROUND)} <= {"vc01", "tm07"}


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"discharged": known(2026, 3, 6)}, ["order"]),
        ({"discharged": known(2026, 3, 5)}, []),
        ({"on": day(1970, 3, 4)}, ["order"]),
        ({"on": day(1970, 3, 5)}, []),
        ({"on": day(1969, 12, 31), "case.birth": None, "case.birth_year": 1970}, ["order"]),
        ({"on": day(1970, 1, 1), "case.birth": None, "case.birth_year": 1970}, []),
        ({"case.died_on": day(2026, 3, 4)}, ["after-death"]),
        ({"case.died_on": day(2026, 3, 5)}, []),
        ({"case.died_on": day(2026, 3, 4), "died_on": day(2026, 3, 4)}, []),
    ],
)
def test_what_cannot_be_true_of_a_visit(changes: dict[str, Any], codes: list[str]) -> None:
    row, around = applied(changes)
    assert [fault.code for fault in followup.faults(row, around.case)] == codes


def test_acts_as_a_set() -> None:
    assert followup.acts_mask(VISIT) == 1 << 7
    assert followup.acts_mask(VISIT._replace(offence_count=2, self_harm_count=1)) == (1 << 2 | 1 << 5)
    assert followup.acts_mask(VISIT._replace(crime_count=None)) is None


def across(*rows: VisitRow) -> list[tuple[int, str]]:
    return [(number, check[0]) for number, check, _ in followup.across(range(2, 2 + len(rows)), rows)]


def test_released_without_having_been_locked() -> None:
    last, now = VISIT._replace(on=day(2026, 1, 1)), VISIT._replace(confinement=3)
    assert across(now, last) == [(2, "vc19")]
    assert across(last._replace(confinement=3), now) == [(3, "vc19")]
    assert across(last._replace(confinement=2), now) == []
    assert across(last._replace(file_no="other"), now) == []


def test_a_level_that_jumps() -> None:
    last, now = VISIT._replace(on=day(2026, 1, 1)), VISIT._replace(risk=3)
    assert across(last, now) == [(3, "vc33")]
    assert across(last, now._replace(risk=2)) == []
    assert across(last, now._replace(offence_count=1)) == []
    assert across(last, now._replace(hospital=1)) == []


def test_levels_from_one_to_six() -> None:
    shifted = [VISIT._replace(on=day(2026, 1, 1) + number, risk=1) for number in range(20)]
    assert (1, "ex03") in across(*shifted)
    assert across(*shifted[:-1], shifted[-1]._replace(risk=0)) == []
    assert across(*shifted[:19]) == []


def test_the_plan_is_held_against_the_class_of_the_visit_before() -> None:
    """FU-C11 asks by the very days of the next visit's duty: 基本稳定 has two steps, a stay another term."""
    basic = VISIT._replace(stability=2, next_on=day(2026, 4, 5))
    asked = {"FU-C11"}
    assert asked <= found(basic, VisitAround(CASE, LATEST, 3))
    assert not asked & found(basic, VisitAround(CASE, LATEST, 2))
    assert asked <= found(basic._replace(next_on=day(2026, 4, 6)), VisitAround(CASE, LATEST, 2))
    stay = basic._replace(stability=1, hospital=1, next_on=day(2026, 6, 5))
    assert not asked & found(stay, VisitAround(CASE, LATEST, None))


def found(row: VisitRow, around: VisitAround) -> set[str]:
    """The checks that ask about a row."""
    return {one.id for one in followup.SHEET.checks if one.test(row, around) is not None}
