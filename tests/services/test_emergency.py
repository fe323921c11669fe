"""应急处置 with both databases: the clock, its steps, the end, 表12 and the upload, each kept once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from casemgr.rules.access import Action
from casemgr.services import emergency, event
from casemgr.services.emergency import EmergencyEnd
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.store.work import open_work
from casemgr.terms.emergency import (
    EmergencyCause,
    EmergencyEffect,
    EmergencyGround,
    EmergencyMeasure,
    EmergencyStep,
    Whereabouts,
)
from tests.conftest import TODAY
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, EAST, SYSTEM, add_person, open_areas

AT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
NOW = AT + timedelta(minutes=30)
END = EmergencyEnd(
    started_at=AT + timedelta(minutes=15),
    ended_at=AT + timedelta(minutes=25),
    causes=(EmergencyCause.RELAPSE,),
    measures=(EmergencyMeasure.ADMISSION,),
    effect=EmergencyEffect.GOOD,
    stay=Whereabouts.HOSPITAL,
    in_charge="村医",
    consent_on=None,
    ground=EmergencyGround.ARTICLE_28,
)


@pytest.fixture
def case(both: Flask) -> int:
    units = open_areas()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, EAST, units[EAST], "900-00001", "王小明", phone="10000000001")
    return key


def test_an_emergency_is_kept_from_the_report_to_the_upload(case: int) -> None:
    once = emergency.begin(DOCTOR_EAST, case).once
    first = emergency.start(DOCTOR_EAST, case, once, AT, NOW)
    assert emergency.start(DOCTOR_EAST, case, once, AT, NOW).again
    assert emergency.start(DOCTOR_EAST, case, once + 1, AT, NOW).id == first.id, "one at a time"
    emergency.tick(DOCTOR_EAST, first.id, EmergencyStep.ARRIVED, NOW)
    assert emergency.tick(DOCTOR_EAST, first.id, EmergencyStep.ARRIVED, NOW + timedelta(1)).again
    with pytest.raises(Conflict):
        emergency.record_form(DOCTOR_EAST, first.id, TODAY)
    emergency.end(DOCTOR_EAST, first.id, END, NOW, TODAY)
    assert emergency.end(DOCTOR_EAST, first.id, END, NOW, TODAY).again
    shown = emergency.view(DOCTOR_EAST, first.id, NOW, TODAY)
    assert (shown.in_charge, shown.causes, shown.ended_at) == ("村医", END.causes, END.ended_at)
    assert {one.due_on for one in shown.deadlines} >= {date(2026, 11, 22), date(2026, 12, 5)}
    assert emergency.view(DOCTOR_EAST, first.id, NOW, TODAY, "").in_charge == ""

    begun = emergency.record_form(DOCTOR_EAST, first.id, TODAY)
    raw = {**begun.raw, "place": ["村委会门口"], "scene": ["已平静"], "filled_by": ["东镇乙"]}
    emergency.keep_record(DOCTOR_EAST, first.id, begun.form.version, raw, TODAY)
    assert emergency.keep_record(DOCTOR_EAST, first.id, begun.form.version, raw, TODAY).again
    emergency.keep_record(DOCTOR_EAST, first.id, begun.form.version, {**raw, "scene": ["已送医"]}, TODAY)
    assert emergency.record_form(DOCTOR_EAST, first.id, TODAY).raw["scene"] == ["已送医"]
    emergency.uploaded(DOCTOR_EAST, first.id, TODAY, TODAY)
    [line] = event.of_case(DOCTOR_EAST, case, TODAY).emergencies
    assert (line.recorded_on, line.uploaded_on) == (TODAY, TODAY)


def test_what_cannot_be_leaves_the_emergency_running(case: int) -> None:
    first = emergency.start(DOCTOR_EAST, case, emergency.begin(DOCTOR_EAST, case).once, AT, NOW)
    with pytest.raises(Unfit) as wrong:
        emergency.end(DOCTOR_EAST, first.id, replace(END, ground=None), NOW, TODAY)
    assert wrong.value.fields
    assert event.of_case(DOCTOR_EAST, case, TODAY).running is not None
    with pytest.raises(Missing):
        emergency.view(DOCTOR_WEST, first.id, NOW, TODAY)
