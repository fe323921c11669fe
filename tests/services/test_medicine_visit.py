"""随访与用药医嘱: prefilled from the regimen, offered back after saving, never carried over silently."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.rules.regimen import Kind
from casemgr.services import followup, medicine, medicine_visit
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.store.models import Case, RegimenLine
from casemgr.store.work import open_work
from casemgr.terms.medication import StopReason
from casemgr.terms.register import Lifecycle
from tests.conftest import TODAY
from tests.services.medicine import DOCTOR, give, line, one_case
from tests.services.visits import envelope
from tests.store.register import DOCTOR_WEST, EAST, SYSTEM, add_visit


@pytest.fixture
def case(app: Flask) -> int:
    return one_case()


def lines() -> list[RegimenLine]:
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return work.entities(select(RegimenLine).order_by(RegimenLine.id))


def visited(case: int, **changed: object) -> int:
    receipt = followup.record(DOCTOR, envelope(case, **changed), TODAY)
    assert receipt.visit_id is not None, receipt
    return receipt.visit_id


def seen(case: int, on: date) -> int:
    """An older visit, coded only."""
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        return add_visit(work, EAST, case, on)


def test_the_rows_of_the_form_come_from_the_regimen_and_nothing_is_filled_in(case: int) -> None:
    line(case, since=date(2026, 6, 1))
    line(case, since=date(2026, 6, 1), code="PP1M", every_weeks=4, dose_ug=100_000)
    form = followup.open_visit(DOCTOR, case, TODAY)
    assert form.raw == {}
    assert form.ordered
    assert form.before["drug1_name"] == "医嘱：奥氮平片"
    assert form.before["drug1_evening_ug"].startswith("医嘱：10")
    assert form.repeat["drug1_name"] == ["奥氮平片"]
    assert form.repeat["drug1_evening_ug"] == ["10"]
    assert form.repeat["depot_weeks"] == ["4"]


def test_the_regimen_goes_before_the_drugs_of_the_last_visit(case: int) -> None:
    visited(case)
    assert followup.open_visit(DOCTOR, case, TODAY).before["drug1_name"] == "利培酮片"
    line(case)
    form = followup.open_visit(DOCTOR, case, TODAY)
    assert form.before["drug1_name"] == "医嘱：奥氮平片"
    assert "drug1_morning_ug" in form.repeat
    assert form.before["sleep"]


def test_more_drugs_than_rows_are_said_to_be_there(case: int) -> None:
    for code in ("OLAN-5", "RISP-1", "ARIP-5", "LITH-250"):
        line(case, code=code)
    form = followup.open_visit(DOCTOR, case, TODAY)
    assert form.ordered_more == 1
    visit = visited(case, drug1_name="奥氮平片", drug1_morning_ug="5", drug1_evening_ug="10")
    offer = medicine_visit.offer(DOCTOR, visit)
    assert offer is None


def test_a_visit_that_agrees_offers_nothing(case: int) -> None:
    line(case)
    visit = visited(case, drug1_name="奥氮平", drug1_morning_ug="5", drug1_evening_ug="10")
    assert medicine_visit.offer(DOCTOR, visit) is None


def test_what_differs_is_offered_and_taken_over_only_when_chosen(case: int) -> None:
    old = line(case, since=date(2026, 6, 1))
    gone = line(case, since=date(2026, 6, 1), code="TRIH-2", morning_ug=2_000, evening_ug=None)
    visit = visited(
        case, drug1_name="奥氮平片", drug1_morning_ug="5", drug1_evening_ug="15", drug2_name="阿立哌唑片",
        drug2_morning_ug="10",
    )  # fmt: skip
    assert [one.stopped_on for one in lines()] == [None, None]
    offer = medicine_visit.offer(DOCTOR, visit)
    assert offer is not None
    told = {one.kind: one for one in offer.offers}
    assert set(told) == {Kind.CHANGED, Kind.ADDED, Kind.MISSING}
    assert (told[Kind.CHANGED].old, told[Kind.CHANGED].new) == ("早 5、晚 10 mg", "早 5、晚 15 mg")
    assert told[Kind.ADDED].code == "ARIP-10"
    with pytest.raises(Unfit):
        medicine_visit.carry(DOCTOR, visit, {}, {}, "", TODAY)
    chosen = {one.number: offer.keys[one.number] for one in offer.offers if one.kind is not Kind.MISSING}
    by_doctor = {told[Kind.MISSING].number: StopReason.PHYSICIAN}
    with pytest.raises(Unfit, match="md14"):
        medicine_visit.carry(DOCTOR, visit, chosen, by_doctor, "", TODAY)
    assert medicine_visit.carry(DOCTOR, visit, chosen, {}, "李医师", TODAY) == 2
    assert medicine_visit.carry(DOCTOR, visit, chosen, {}, "李医师", TODAY) == 0
    by_id = {one.id: one for one in lines()}
    assert len(by_id) == 4
    assert (by_id[old].stopped_on, by_id[old].stop_reason) == (TODAY, int(StopReason.CHANGED))
    assert by_id[gone].stopped_on is None
    new = [one for one in by_id.values() if one.visit_id == visit]
    assert {(one.code, one.replaces) for one in new} == {("OLAN-5", old), ("ARIP-10", None)}
    left = medicine_visit.offer(DOCTOR, visit)
    assert left is not None
    assert [one.kind for one in left.offers] == [Kind.MISSING]
    assert medicine_visit.carry(DOCTOR, visit, {}, {0: StopReason.REACTION}, "", TODAY) == 1
    assert medicine_visit.offer(DOCTOR, visit) is None


def test_a_visit_without_drugs_stops_nothing_and_an_older_one_says_nothing(case: int) -> None:
    line(case)
    none = {"drug1_name": None, "drug1_evening_ug": None, "adherence": "3", "why_FU-C4": "家属称已停"}
    visit = visited(case, **none)
    assert medicine_visit.offer(DOCTOR, visit) is None
    older = seen(case, date(2026, 9, 1))
    assert medicine_visit.offer(DOCTOR, older) is None
    with pytest.raises(Conflict):
        medicine_visit.carry(DOCTOR, older, {0: 1}, {}, "", TODAY)


def test_a_closed_file_is_offered_nothing(case: int) -> None:
    visit = visited(case)
    assert medicine_visit.offer(DOCTOR, visit) is not None
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.get(Case, case).lifecycle = int(Lifecycle.DEAD)
    assert medicine_visit.offer(DOCTOR, visit) is None


def test_strangers_are_offered_nothing(case: int) -> None:
    line(case)
    visit = visited(case)
    with pytest.raises(Missing):
        medicine_visit.offer(DOCTOR_WEST, visit)
    with pytest.raises(Missing):
        medicine_visit.suggested(DOCTOR_WEST, case, TODAY)


def test_the_suggestion_on_the_form_chooses_nothing(case: int) -> None:
    assert medicine_visit.suggested(DOCTOR, case, TODAY) is None
    seen(case, date(2026, 8, 21))
    line(case, since=date(2026, 8, 21))
    give(case, date(2026, 8, 21), 30)
    found = medicine_visit.suggested(DOCTOR, case, TODAY)
    assert found is not None
    assert found.since == date(2026, 8, 21)
    assert found.proposal.computed is not None
    assert found.proposal.computed.label == "间断用药"
    form = followup.open_visit(DOCTOR, case, TODAY)
    assert "adherence" not in form.raw
    give(case, date(2026, 9, 20), 90)
    again = medicine_visit.suggested(DOCTOR, case, TODAY)
    assert again is not None
    assert again.proposal.code is None
    assert again.proposal.computed is not None
    assert again.proposal.computed.label == "按医嘱规律用药"
    assert medicine.page(DOCTOR, case, TODAY + timedelta(0)).adherence is not None


def test_regular_beside_other_records_is_asked_about_later_and_blocks_nothing(case: int) -> None:
    seen(case, date(2026, 8, 24))
    line(case, since=date(2026, 8, 24))
    give(case, date(2026, 8, 24), 30)
    receipt = followup.record(DOCTOR, envelope(case), TODAY)
    assert receipt.visit_id is not None
    (asked,) = [one for one in receipt.later if one.id == "md06"]
    assert "别处取药" in asked.says
    assert asked.rule == "REC-ADH-1"


def test_records_that_agree_ask_nothing(case: int) -> None:
    seen(case, date(2026, 8, 24))
    line(case, since=date(2026, 8, 24))
    give(case, date(2026, 8, 24), 90)
    receipt = followup.record(DOCTOR, envelope(case), TODAY)
    assert [one for one in receipt.later if one.id == "md06"] == []
