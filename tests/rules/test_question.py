"""待核对规则: each check over several records fires on one set of facts and not on its near miss."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from casemgr.rules.policy import in_force_on
from casemgr.rules.question import CHECKS, TITLES, FileFacts, ask

TODAY = date(2026, 11, 21)
DAYS = (date(2026, 11, 1), date(2026, 11, 8), date(2026, 11, 15))


def asked(**facts: Any) -> dict[str, str]:
    known = FileFacts(**{"registered_on": date(2026, 1, 1), **facts})
    return {one.id: one.says for one in ask(known, in_force_on(TODAY), TODAY)}


#: check → (facts that ask, facts that nearly do, words of the sentence)
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "id13": ({"alike": ("100-00002",)}, {"alike": ()}, "100-00002"),
    "id16": ({"sharers": 5, "families": 4}, {"sharers": 5, "families": 3}, "5 位患者名下，分属 4 户"),
    "id17": ({"institution": "东镇卫生院"}, {"institution": ""}, "东镇卫生院"),
    "id19": ({"unreached": DAYS}, {"unreached": DAYS[:2]}, "2026-11-15"),
    "id20": ({"guardian_risk": 3}, {"guardian_risk": 2}, "3 级"),
    "id21": ({"risk": 3, "guardian": False}, {"risk": 2, "guardian": False}, "3 级"),
    "id10": (
        {"no_document": True, "document_ask_on": TODAY},
        {"no_document": True, "document_ask_on": date(2026, 11, 22)},
        "2026-11-21",
    ),
    "id25": (
        {"resident_here": True, "domicile_here": False},
        {"resident_here": True, "domicile_here": None},
        "户籍",
    ),
    "id27": (
        {"poor": True, "poverty_seen_on": date(2025, 11, 20)},
        {"poor": True, "poverty_seen_on": date(2025, 11, 21)},
        "2025-11-20",
    ),
    "vc26": (
        {"works_well": True, "no_work": True},
        {"works_well": True, "no_work": True, "in_rehab": True},
        "下岗或无业",
    ),
    "ev07": ({"told_elsewhere": DAYS[:1]}, {"told_elsewhere": ()}, "2026-11-01"),
}


def test_every_check_is_tried_here() -> None:
    assert {one.id for one in CHECKS} == CASES.keys() == TITLES.keys()


@pytest.mark.parametrize("check", CASES)
def test_a_check_asks_and_does_not_ask(check: str) -> None:
    fires, misses, words = CASES[check]
    says = asked(**fires)
    assert set(says) == {check} and words in says[check]
    assert asked(**misses) == {}


def test_numbers_alike_in_other_townships_are_counted_and_not_named() -> None:
    assert "本县其他乡镇 2 份" in asked(alike_elsewhere=2)["id13"]


def test_a_guardian_is_asked_for_only_where_there_is_none() -> None:
    assert asked(risk=5) == {}


def test_what_was_confirmed_about_poverty_is_asked_again_in_another_year() -> None:
    facts = FileFacts(registered_on=date(2020, 1, 1), poor=True)
    now, later = date(2026, 12, 31), date(2027, 1, 1)
    (one,), (other,) = ask(facts, in_force_on(now), now), ask(facts, in_force_on(later), later)
    assert one.says == other.says and one.facts != other.facts
