"""随访核对: for every check one visit that it questions, and one near miss that it leaves alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from casemgr.forms.cell import days
from casemgr.forms.followup import SHEET, VisitRow
from casemgr.forms.form import read
from casemgr.forms.known import CaseFacts
from casemgr.forms.official.followup import FOLLOWUP_2018, to_row
from casemgr.forms.visit_check import ABOUT_CLASS, CHECKS, LEVELS, Around, findings
from casemgr.rules.policy import in_force_on
from casemgr.services.visit_rows import latest_by
from casemgr.terms.rulebook import book
from tests.services.visits import typed

TODAY = date(2026, 11, 21)
ON = days(TODAY)
GAPS = {1: 14, 2: 31, 3: 92}
LATEST = latest_by(in_force_on(TODAY))
CASE = CaseFacts(area=1, registered_on=days(date(2020, 1, 1)), birth_year=1980)


def row(**changed: Any) -> VisitRow:
    """A stable visit of today; changed as typed on the form, or with a leading underscore as a value."""
    values = {key.removeprefix("_"): changed.pop(key) for key in list(changed) if key.startswith("_")}
    found = read(FOLLOWUP_2018, typed(**changed), date(2028, 12, 31)).values
    return to_row(found, "900-00001")._replace(**values)


def before(days_ago: int = 60, **changed: Any) -> VisitRow:
    """The visit before."""
    return row(**{"_on": ON - days_ago, "_next_on": None, **changed})


def around(**changed: Any) -> Around:
    """Nothing unusual around the visit."""
    return Around(**{"case": CASE, "latest": LATEST, "gaps": GAPS, "today": ON, "entered": ON, **changed})


UNSTABLE = {"stability": "1", "next_on": "2026-12-05"}
BASIC = {"stability": "2", "next_on": "2026-12-05"}
REFERRED = {"referral_advised": "2", "referral_reason": "复发"}
GONE = {"risk": None, "acts": None, "no_symptoms": None, "insight": None, "stability": None, "next_on": None,
        "drug1_name": None, "drug1_evening_ug": None, "adherence": None}  # fmt: skip

#: id, level, visit that is questioned, what is around it; near miss, what is around that.
CASES: list[tuple[str, str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ("FU-C4", "C", {"adherence": "4"}, {}, {"adherence": "4", "drug1_name": None}, {}),
    ("FU-C4", "C", {"drug1_name": None}, {}, {"adherence": "3", "drug1_name": None}, {}),
    ("FU-C6", "B", {"hospital": "2"}, {}, {"hospital": "2", "discharged": "2026-11"}, {}),
    ("FU-C6", "B", {"hospital": "2", "discharged": "2026-11-22"}, {},
     {"hospital": "2", "discharged": "2026-11-21"}, {}),
    ("FU-C7", "C", {"risk": "3", **REFERRED, **BASIC}, {}, {"risk": "3", **REFERRED, **UNSTABLE}, {}),
    ("FU-C8", "C", {"acts": ["6"], "suicide_attempt_count": "1", "risk": "3"}, {},
     {"acts": ["6"], "suicide_attempt_count": "1", "risk": "4"}, {}),
    ("FU-C8", "C", {"acts": ["3"], "crime_count": "1", "risk": "2"}, {},
     {"acts": ["3"], "crime_count": "1", "risk": "3"}, {}),
    ("FU-C9", "C", UNSTABLE, {}, {**UNSTABLE, **REFERRED}, {}),
    ("FU-C10", "Q", {"mode": "3", "informants": ["2"]}, {}, {"mode": "3", "informants": ["1", "2"]}, {}),
    ("FU-C11", "C", {"next_on": "2027-02-22"}, {}, {"next_on": "2027-02-21"}, {}),
    ("tm01", "B", {"on": "2026-11-22"}, {}, {"on": "2026-11-21"}, {}),
    ("tm01", "B", {}, {"case": CASE.__class__(1, CASE.registered_on, birth_year=2027)}, {}, {}),
    ("tm02", "C", {"_on": CASE.registered_on - 1}, {}, {"_on": CASE.registered_on}, {}),
    ("tm03", "B", {}, {"case": CaseFacts(1, 0, died_on=ON - 1)}, {}, {"case": CaseFacts(1, 0, died_on=ON)}),
    ("tm04", "C", {}, {"case": CaseFacts(1, 0, left_on=ON - 1)}, {}, {"case": CaseFacts(1, 0, left_on=ON)}),
    ("tm04", "C", {}, {"case": CaseFacts(1, 0, refused=True)}, {}, {"case": CaseFacts(1, 0)}),
    ("tm07", "B", {"next_on": "2026-11-21"}, {}, {"next_on": "2026-11-22"}, {}),
    ("tm09", "Q", {}, {"earlier": (before(93),)}, {}, {"earlier": (before(92),)}),
    ("tm11", "Q", {}, {"earlier": (before(6),)}, {}, {"earlier": (before(7),)}),
    ("tm12", "Q", {}, {"entered": ON + 8}, {}, {"entered": ON + 7}),
    ("tm13", "C", {}, {"closed": "2026年10月"}, {}, {}),
    ("tm14", "B", {**GONE, "loss_reason": "4"}, {"failed": frozenset({ON - 20})},
     {**GONE, "loss_reason": "4"}, {"failed": frozenset({ON - 40, ON - 20})}),
    ("tm15", "C", {**GONE, "loss_reason": "3"}, {"answered": ON - 5}, {**GONE, "loss_reason": "1"},
     {"answered": ON - 5}),
    ("vc03", "C", {"risk": "1"}, {}, {"risk": "0"}, {}),
    ("vc04", "B", {"risk": None, "no_symptoms": None, "insight": None, "self_care": None, "housework": None,
                   "work": None, "study": None, "contact": None}, {},
     {"risk": None, "no_symptoms": None, "insight": "1", "self_care": None, "housework": None,
      "work": None, "study": None, "contact": None}, {}),
    ("vc05", "C", {"insight": "3"}, {}, {"insight": "2"}, {}),
    ("vc06", "C", {"symptoms": ["3"]}, {}, {"symptoms": ["11"]}, {}),
    ("vc07", "C", {"contact": "3"}, {}, {"contact": "2"}, {}),
    ("vc08", "C", {"adverse_reaction": "2", "reaction_text": "手抖"}, {},
     {"adverse_reaction": "2", "reaction_text": "手抖", **UNSTABLE}, {}),
    ("vc09", "C", {}, {"suggested": 2}, {}, {"suggested": 3}),
    ("vc11", "B", {"symptoms": ["3"]}, {"no_symptoms": True}, {}, {"no_symptoms": True}),
    ("vc13", "C", {"symptoms": ["7"]}, {}, {"symptoms": ["7"], "risk": "2"}, {}),
    ("vc14", "C", {"acts": ["1"], "disturbance_count": "1"}, {},
     {"acts": ["1"], "disturbance_count": "1", "risk": "1"}, {}),
    ("vc16", "C", {"risk": "3"}, {}, {"risk": "2"}, {}),
    ("vc17", "B", {"acts": ["2"], "offence_count": "1", "risk": "2"}, {"dated": {}},
     {"acts": ["2"], "offence_count": "1", "risk": "2"}, {"dated": {2: 1}}),
    ("vc17", "B", {}, {"told_twice": (ON - 3,)}, {}, {"told_twice": ()}),
    ("vc18", "C", {"acts": ["1"], "disturbance_count": "21", "risk": "1"}, {},
     {"acts": ["1"], "disturbance_count": "20", "risk": "1"}, {}),
    ("vc19", "C", {"confinement": "3"}, {"earlier": (before(confinement="1"),)},
     {"confinement": "3"}, {"earlier": (before(confinement="2"),)}),
    ("vc20", "C", {"confinement": "2", "housework": "1"}, {},
     {"confinement": "2", "housework": "2"}, {}),
    ("vc22", "C", {"hospital": "1"}, {}, {"hospital": "1", "mode": "3"}, {}),
    ("vc23", "C", {"hospital": "0"}, {"earlier": (before(hospital="1"),)},
     {"hospital": "2", "discharged": "2026-11-01"}, {"earlier": (before(hospital="1"),)}),
    ("vc24", "Q", {"hospital": "1", "mode": "3"}, {"earlier": (before(181, hospital="1"),)},
     {"hospital": "1", "mode": "3"}, {"earlier": (before(60, hospital="1"), before(181, hospital="0"))}),
    ("vc25", "Q", {"study": "1"}, {"birth_year": 1951}, {"study": "1"}, {"birth_year": 1952}),
    ("vc27", "C", {"laboratory": "2"}, {}, {"laboratory": "2", "laboratory_text": "血常规正常"}, {}),
    ("vc29", "C", {"risk": "3", **UNSTABLE}, {}, {"risk": "3", **UNSTABLE, **REFERRED}, {}),
    ("vc29", "C", UNSTABLE, {"earlier": (before(14, stability="1"),)},
     UNSTABLE, {"earlier": (before(14, stability="2"),)}),
    ("vc31", "Q", {"symptoms": ["11"]},
     {"earlier": (before(60, symptoms=["11"]), before(120, symptoms=["11"]))},
     {"symptoms": ["11"]}, {"earlier": (before(60, symptoms=["11"]), before(120))}),
    ("vc33", "Q", {"risk": "0"}, {"earlier": (before(risk="3"),)},
     {"risk": "0"}, {"earlier": (before(risk="2"),)}),
    ("vc36", "C", {"outcome": "4"}, {}, {"outcome": "4", **BASIC}, {}),
    ("vc37", "C", {"mode": "3", "risk": "5"}, {}, {"mode": "2", "risk": "5"}, {}),
    ("FU-C10", "Q", {"mode": "3", "informants": ["2"]}, {"earlier": (before(mode="3", informants=["3"]),)},
     {"mode": "3", "informants": ["1"]}, {"earlier": (before(mode="3", informants=["3"]),)}),
    ("md03", "C", {"adherence": "3", "adverse_reaction": "2", "reaction_text": "手抖"}, {},
     {"adherence": "3", "adverse_reaction": "1"}, {}),
    ("md11", "C", {"drug2_name": "利培酮片"}, {}, {"drug2_name": "氯氮平片"}, {}),
    ("md19", "B", {"adverse_reaction": "2"}, {}, {"adverse_reaction": "2", "reaction_text": "手抖"}, {}),
    ("md21", "C", {"outcome": "9"}, {}, {"outcome": "9", "adherence": "4", "drug1_name": None}, {}),
    ("st02", "B", {**GONE, "died_on": "2026-11-10", "death_cause": "6"}, {"last_seen": ON - 5},
     {**GONE, "died_on": "2026-11-16", "death_cause": "6"}, {"last_seen": ON - 5}),
    ("st02", "B", {**GONE, "died_on": "2026-11-22", "death_cause": "6"}, {},
     {**GONE, "died_on": "2026-11-21", "death_cause": "6"}, {}),
    ("st05", "C", {**GONE, "died_on": "2026-11-10", "death_cause": "2"}, {},
     {**GONE, "died_on": "2026-11-10", "death_cause": "2"}, {"dated": {6: 1}}),
    ("st14", "B", {"loss_reason": "1", "_risk": 0}, {}, {**GONE, "loss_reason": "1"}, {}),
]  # fmt: skip


def ids(visit: dict[str, Any], known: dict[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in findings(row(**visit), around(**known)):
        found.setdefault(one.id, []).append(one.level)
    return found


@pytest.mark.parametrize("told", CASES, ids=lambda told: told[0])
def test_one_visit_is_questioned_and_a_near_miss_is_not(told: tuple[Any, ...]) -> None:
    id, level, visit, known, near, near_known = told
    fired, spared = ids(visit, known), ids(near, near_known)
    assert level in fired.get(id, [])
    assert len(spared.get(id, [])) < len(fired[id])


def test_every_check_is_tried_here() -> None:
    tried = {told[0] for told in CASES}
    assert {one.id for one in CHECKS} <= tried
    assert set(LEVELS) <= tried
    assert set(LEVELS) <= {one.id for one in SHEET.checks}


def test_a_plain_stable_visit_raises_nothing() -> None:
    assert findings(row(), around(suggested=3)) == []


def test_one_reason_for_the_class_is_enough() -> None:
    found = {one.id for one in findings(row(insight="3"), around(suggested=1))}
    assert "vc05" in found
    assert "vc09" not in found
    assert "vc09" in ABOUT_CLASS


def test_each_sentence_has_two_ways_out_and_a_rule_of_the_book() -> None:
    for told in CASES:
        for one in findings(row(**told[2]), around(**told[3])):
            assert one.says.count("。") >= 2, one.id
            assert "请" in one.says
            assert "！" not in one.says
            assert not one.rule or one.rule in book()


def test_what_blocks_comes_first() -> None:
    levels = [one.level for one in findings(row(adverse_reaction="2", insight="3"), around(suggested=1))]
    assert levels == sorted(levels, key="BCQ".index)
