"""危险行为与关锁: kept once, questioned but not blocked, and a lock-up ends with a verified release only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import emergency, event, incident, referral, revision
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.services.incident import AddedMeasures, IncidentEntry
from casemgr.services.referral import ReferralEntry
from casemgr.store.db import new_key
from casemgr.store.models import Case, Incident, LockUp
from casemgr.store.work import open_work
from casemgr.terms.incident import DangerousAct, IncidentMeasure, ReleaseProof
from casemgr.terms.referral import Direction
from casemgr.terms.register import Lifecycle
from tests.conftest import TODAY
from tests.store.register import (
    ADMINISTRATOR,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    SYSTEM,
    add_person,
    add_visit,
    open_areas,
)

DAY = date(2026, 11, 18)


@pytest.fixture
def case(app: Flask) -> int:
    """One person of the eastern township with a stable visit after the day of the act."""
    units = open_areas()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, EAST, units[EAST], "900-00001", "王小明", phone="10000000001")
        add_visit(work, EAST, key, date(2026, 11, 19))
    return key


def kept(model: type) -> list:
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        return work.entities(select(model))


def entry(**given: object) -> IncidentEntry:
    return replace(IncidentEntry(DAY, DangerousAct.DISTURBANCE, (IncidentMeasure.FAMILY,)), **given)


def test_an_act_is_kept_once_however_often_it_is_sent(case: int) -> None:
    form = incident.begin(DOCTOR_EAST, case)
    first = incident.record(DOCTOR_EAST, case, form.once, entry(note="与邻居争吵"), TODAY)
    again = incident.record(DOCTOR_EAST, case, form.once, entry(note="与邻居争吵"), TODAY)
    assert (first.again, again.again) == (False, True)
    (row,) = kept(Incident)
    assert (row.on, row.kind, row.done, row.visit_id) == (DAY, 1, 1 << 1, None)
    assert str(row.note) == "●●●"
    page = incident.view(DOCTOR_EAST, first.id)
    assert page.note == "与邻居争吵"
    assert page.done == (IncidentMeasure.FAMILY,)


def test_an_act_of_the_day_of_a_visit_belongs_to_it(case: int) -> None:
    form = incident.begin(DOCTOR_EAST, case)
    incident.record(DOCTOR_EAST, case, form.once, entry(on=date(2026, 11, 19)), TODAY)
    assert kept(Incident)[0].visit_id is not None
    assert event.of_case(DOCTOR_EAST, case, TODAY).incidents[0].by_visit


def test_what_cannot_be_is_refused_by_field(case: int) -> None:
    once = incident.begin(DOCTOR_EAST, case).once
    for wrong, name in (
        (entry(on=date(2026, 11, 22)), "on"),
        (entry(kind=DangerousAct.NONE), "kind"),
        (entry(police_told_on=DAY), "done"),
        (entry(done=(IncidentMeasure.POLICE,), police_told_on=date(2026, 11, 17)), "police_told_on"),
    ):
        with pytest.raises(Unfit) as told:
            incident.record(DOCTOR_EAST, case, once, wrong, TODAY)
        assert list(told.value.fields) == [name]
    assert kept(Incident) == []


def test_a_low_level_after_self_harm_asks_for_a_reason_and_is_then_kept(case: int) -> None:
    once = incident.begin(DOCTOR_EAST, case).once
    harm = entry(kind=DangerousAct.SELF_HARM)
    with pytest.raises(Unfit) as told:
        incident.record(DOCTOR_EAST, case, once, harm, TODAY)
    assert set(told.value.fields) == {"kind", "reason"}
    assert "ev05" in told.value.fields["kind"]
    saved = incident.record(DOCTOR_EAST, case, once, replace(harm, reason="已由医院重新评估"), TODAY)
    assert not saved.again
    assert "核对说明：已由医院重新评估" in incident.view(DOCTOR_EAST, saved.id).note


def test_what_was_done_later_is_added_and_the_change_is_kept(case: int) -> None:
    once = incident.begin(DOCTOR_EAST, case).once
    saved = incident.record(DOCTOR_EAST, case, once, entry(), TODAY)
    added = AddedMeasures((IncidentMeasure.COMMITTEE, IncidentMeasure.POLICE), TODAY)
    assert not incident.add_measures(DOCTOR_EAST, saved.id, added, TODAY).again
    assert incident.add_measures(DOCTOR_EAST, saved.id, added, TODAY).again
    page = incident.view(DOCTOR_EAST, saved.id)
    assert page.done == (IncidentMeasure.FAMILY, IncidentMeasure.COMMITTEE, IncidentMeasure.POLICE)
    assert page.police_told_on == TODAY
    (change,) = revision.of_case(DOCTOR_EAST, case)
    assert {one.label for one in change.changes} == {"已采取的措施", "通报公安日期"}


def test_a_lock_up_lasts_until_a_verified_release(case: int) -> None:
    once = incident.begin(DOCTOR_EAST, case).once
    with pytest.raises(Unfit) as told:
        incident.open_lock_up(DOCTOR_EAST, case, once, DAY, "", "", TODAY)
    assert "plan" in told.value.fields
    saved = incident.open_lock_up(DOCTOR_EAST, case, once, DAY, "与家属商定下周送医", "", TODAY)
    assert incident.open_lock_up(DOCTOR_EAST, case, once, DAY, "再按一次", "", TODAY).again
    with pytest.raises(Conflict):
        incident.open_lock_up(DOCTOR_EAST, case, once + 1, DAY, "另一次", "", TODAY)
    assert incident.begin(DOCTOR_EAST, case).open_lock_up == saved.id
    for on, note, name in ((date(2026, 11, 17), "亲见", "released_on"), (DAY, "", "note")):
        with pytest.raises(Unfit) as told:
            incident.release(DOCTOR_EAST, saved.id, on, ReleaseProof.SEEN, note, TODAY)
        assert name in told.value.fields
    assert event.of_case(DOCTOR_EAST, case, TODAY).locked is not None
    done = incident.release(DOCTOR_EAST, saved.id, TODAY, ReleaseProof.SEEN, "上门，在院中自由活动", TODAY)
    assert not done.again
    assert incident.release(DOCTOR_EAST, saved.id, DAY, ReleaseProof.VIDEO, "再按", TODAY).again
    assert event.of_case(DOCTOR_EAST, case, TODAY).locked is None
    (row,) = kept(LockUp)
    assert (row.released_on, row.verified) == (TODAY, 1)


def test_nobody_else_touches_the_events_of_a_township(case: int) -> None:
    once = incident.begin(DOCTOR_EAST, case).once
    saved = incident.record(DOCTOR_EAST, case, once, entry(), TODAY)
    for ask in (
        lambda: incident.begin(DOCTOR_WEST, case),
        lambda: incident.record(DOCTOR_WEST, case, once + 1, entry(), TODAY),
        lambda: incident.view(DOCTOR_WEST, saved.id),
        lambda: incident.add_measures(DOCTOR_WEST, saved.id, AddedMeasures(()), TODAY),
        lambda: event.of_case(DOCTOR_WEST, case, TODAY),
        lambda: event.numbers(DOCTOR_WEST, case, "self"),
    ):
        with pytest.raises(Missing):
            ask()
    with pytest.raises(Forbidden):
        incident.begin(ADMINISTRATOR, case)


def test_a_number_is_opened_for_calling_and_recorded(case: int) -> None:
    assert event.numbers(DOCTOR_EAST, case, "self").lines == (("本人", "", "10000000001"),)
    assert event.numbers(DOCTOR_EAST, case, "guardian").lines == ()


def test_nothing_happens_after_a_registered_death(case: int) -> None:
    """A lock-up, a referral or an emergency after the death: one of the two days is wrong (tm03)."""
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        row = work.get(Case, case)
        assert row is not None
        row.lifecycle, row.lifecycle_on = int(Lifecycle.DEAD), DAY
    after, up = date(2026, 11, 19), ReferralEntry(Direction.UP, DAY, date(2026, 11, 19), "复发", "县医院")
    at = datetime(2026, 11, 18, 16, 30, tzinfo=UTC)  # past midnight in China
    for act, name in (
        (lambda: incident.open_lock_up(DOCTOR_EAST, case, new_key(), after, "计划", "", TODAY), "known_on"),
        (lambda: referral.record(DOCTOR_EAST, case, new_key(), up, TODAY), "sent_on"),
        (lambda: emergency.start(DOCTOR_EAST, case, new_key(), at, at), "reported_at"),
    ):
        with pytest.raises(Unfit) as wrong:
            act()
        assert "tm03" in wrong.value.fields[name]
    before = at - timedelta(hours=1)
    assert not emergency.start(DOCTOR_EAST, case, new_key(), before, at).again
    assert not incident.open_lock_up(DOCTOR_EAST, case, new_key(), DAY, "计划", "", TODAY).again
