"""双向转诊: step by step, each once, never out of turn, with days that can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from flask import Flask

from casemgr.rules.access import Action
from casemgr.services import event, incident, referral, revision
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.referral import ReferralEntry, ReferralStep
from casemgr.store.models import Visit, VisitText
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.referral import Direction, ReferralState
from tests.conftest import TODAY
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, EAST, SYSTEM, add_person, add_visit, open_areas

DAY = date(2026, 11, 10)
UP = ReferralEntry(Direction.UP, DAY, DAY, "症状明显，需调整用药", "示例市精神卫生中心门诊")


@pytest.fixture
def case(app: Flask) -> int:
    """One person of the eastern township."""
    units = open_areas()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, EAST, units[EAST], "900-00001", "王小明")
    return key


def begun(case: int, entry: ReferralEntry = UP) -> int:
    return referral.record(DOCTOR_EAST, case, incident.begin(DOCTOR_EAST, case).once, entry, TODAY).id


def take(key: int, to: ReferralState, on: date = TODAY, note: str = "") -> bool:
    return referral.step(DOCTOR_EAST, key, ReferralStep(to, on, note), TODAY).again


def test_a_referral_goes_up_and_comes_back(case: int) -> None:
    key = begun(case, replace(UP, sent_on=None))
    assert referral.view(DOCTOR_EAST, key).state is ReferralState.ADVISED
    assert not take(key, ReferralState.SENT, date(2026, 11, 11))
    assert not take(key, ReferralState.ACCEPTED, date(2026, 11, 12))
    assert take(key, ReferralState.ACCEPTED, date(2026, 11, 12))
    assert not take(key, ReferralState.DONE, date(2026, 11, 16), "加量后好转")
    assert not take(key, ReferralState.BACK, date(2026, 11, 20), "每晚服药")
    view = referral.view(DOCTOR_EAST, key)
    assert (view.sent_on, view.answered_on, view.result_on, view.back_on) == (
        date(2026, 11, 11),
        date(2026, 11, 12),
        date(2026, 11, 16),
        date(2026, 11, 20),
    )
    assert view.next == ()
    assert view.result.splitlines() == ["2026-11-16 已诊治：加量后好转", "2026-11-20 已转回：每晚服药"]
    assert len(revision.of_case(DOCTOR_EAST, case)) == 4
    assert not event.of_case(DOCTOR_EAST, case, TODAY).referrals[0].open


def test_a_declined_referral_may_be_sent_elsewhere(case: int) -> None:
    key = begun(case)
    with pytest.raises(Unfit):
        take(key, ReferralState.DECLINED)
    take(key, ReferralState.DECLINED, date(2026, 11, 12), "无床位")
    take(key, ReferralState.SENT, date(2026, 11, 13))
    view = referral.view(DOCTOR_EAST, key)
    assert (view.state, view.sent_on, view.answered_on) == (ReferralState.SENT, date(2026, 11, 13), None)


def test_steps_out_of_turn_and_days_that_cannot_be_are_refused(case: int) -> None:
    key = begun(case)
    with pytest.raises(Refused, match="已转出"):
        take(key, ReferralState.BACK)
    for on in (date(2026, 11, 9), date(2026, 11, 22)):
        with pytest.raises(Unfit) as told:
            take(key, ReferralState.ACCEPTED, on)
        assert "on" in told.value.fields
    with pytest.raises(Unfit) as told:
        take(key, ReferralState.DONE)
    assert "note" in told.value.fields
    wrong = (
        (replace(UP, reason=""), "reason"),
        (replace(UP, target=""), "target"),
        (replace(UP, sent_on=date(2026, 11, 9)), "sent_on"),
        (replace(UP, advised_on=date(2026, 12, 1)), "advised_on"),
        (replace(UP, direction=Direction.DOWN, sent_on=None), "sent_on"),
    )
    for entry, name in wrong:
        with pytest.raises(Unfit) as told:
            begun(case, entry)
        assert name in told.value.fields


def test_a_person_sent_down_does_not_come_back(case: int) -> None:
    key = begun(case, replace(UP, direction=Direction.DOWN))
    take(key, ReferralState.ACCEPTED)
    assert ReferralState.BACK not in referral.view(DOCTOR_EAST, key).next


def test_a_second_press_writes_no_second_referral(case: int) -> None:
    once = incident.begin(DOCTOR_EAST, case).once
    assert not referral.record(DOCTOR_EAST, case, once, UP, TODAY).again
    assert referral.record(DOCTOR_EAST, case, once, UP, TODAY).again
    assert len(event.of_case(DOCTOR_EAST, case, TODAY).referrals) == 1


def test_a_visit_that_advises_a_referral_begins_the_form(case: int) -> None:
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        advising, silent = add_visit(work, EAST, case, DAY), add_visit(work, EAST, case, TODAY)
        work.flush()
        visit = work.get(Visit, advising)
        assert visit is not None
        visit.referral_advised, visit.referred = 2, 1
        work.add(
            VisitText(
                visit_id=advising, area=EAST, referral_reason=Plain("幻听加重"), referral_to=Plain("精神科")
            )
        )
    told = referral.advice(DOCTOR_EAST, case, advising)
    assert told is not None
    assert (told.on, told.sent, told.reason, told.target) == (DAY, False, "幻听加重", "精神科")
    assert referral.advice(DOCTOR_EAST, case, silent) is None
    with pytest.raises(Missing):
        referral.advice(DOCTOR_WEST, case, advising)
    key = begun(case, replace(UP, visit_id=advising))
    with pytest.raises(Missing):
        referral.view(DOCTOR_WEST, key)
