"""状态变更: dated, in order, with reasons; dead by a doctor only, lost by a person, found in one tap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action
from casemgr.services import revision, state, worklist
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.state import Answer, Death, Rediagnosis, Standing
from casemgr.store.db import new_key
from casemgr.store.models import Attempt, Case, CaseState, Consent, Incident, Supplement, Visit
from casemgr.store.work import open_work
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.duty import DutyKind
from casemgr.terms.followup import BodilyDisease, DeathCause, LossReason
from casemgr.terms.register import Diagnosis, Lifecycle, Management, Pause, Track
from casemgr.terms.state import ConsentStep, DeathProof
from tests.services.people import number_of
from tests.store.register import (
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    NOW,
    WEST,
    add_person,
    add_visit,
    open_areas,
)

TODAY = date(2026, 11, 21)
Wrong = Callable[[], object]


@pytest.fixture
def case(app: Flask) -> int:
    units = open_areas()
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        _, key = add_person(work, EAST, units[EAST], "100-00001", "赵试验", phone="10000000001")
        add_visit(work, EAST, key, date(2026, 9, 1))
    return key


def standing(case: int) -> Standing:
    return state.standing(DOCTOR_EAST, case, TODAY)


def version(case: int) -> int:
    return standing(case).version


def tries(case: int, *days: date, result: AttemptResult = AttemptResult.NOT_REACHED) -> None:
    with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
        for on in days:
            work.add(
                Attempt(
                    id=new_key(),
                    area=EAST,
                    case_id=case,
                    on=on,
                    way=int(AttemptWay.PHONE),
                    result=int(result),
                    recorded_at=NOW,
                    recorded_by=11,
                )
            )


def wrong_in(act: Wrong) -> dict[str, str]:
    with pytest.raises(Unfit) as unfit:
        act()
    return unfit.value.fields


DEATH = Death(date(2026, 11, 10), DeathCause.BODILY_DISEASE, BodilyDisease.HEART, DeathProof.HOME, "见到证明")


def test_a_death_closes_the_file_with_cause_and_history(case: int) -> None:
    assert state.death(DOCTOR_EAST, case, version(case), DEATH, TODAY)
    now = standing(case)
    assert (now.lifecycle, now.lifecycle_on, now.management) == (Lifecycle.DEAD, DEATH.on, None)
    with open_work(DOCTOR_EAST, Action.CASE_READ) as work:
        row = work.get(Case, case)
        assert row is not None and (row.death_cause, row.death_disease) == (1, 3)
    assert any("入户核实" in one.reason for one in now.history)
    assert any(c.label == "死亡原因" for r in revision.of_case(DOCTOR_EAST, case) for c in r.changes)
    # A second press is answered like the first; anything else is refused.
    assert state.death(DOCTOR_EAST, case, 1, DEATH, TODAY)
    with pytest.raises(Refused):
        state.pause(DOCTOR_EAST, case, now.version, Pause.AWAY, date(2027, 1, 1), "", TODAY)


def test_a_death_told_by_telephone_is_a_proposal(case: int) -> None:
    told = replace(DEATH, cause=None, disease=None, proof=DeathProof.TOLD)
    assert not state.death(DOCTOR_EAST, case, version(case), told, TODAY)
    now = standing(case)
    assert now.on_register and now.told_dead_on == TODAY


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"cause": None}, "cause"),  # st01
        ({"disease": None}, "disease"),
        ({"cause": DeathCause.OTHER}, "disease"),
        ({"proof": None}, "proof"),  # st16
        ({"on": date(2026, 11, 22)}, "on"),  # st02
        ({"on": date(2019, 12, 31)}, "on"),
        ({"on": date(2026, 8, 31)}, "on"),  # a visit on 1 September
        ({"cause": DeathCause.SUICIDE, "disease": None}, "why_no_incident"),  # st05
    ],
)
def test_what_a_death_cannot_be(case: int, change: dict[str, object], key: str) -> None:
    told = replace(DEATH, **change)  # type: ignore[arg-type]
    fields = wrong_in(lambda: state.death(DOCTOR_EAST, case, version(case), told, TODAY))
    assert key in fields
    if change == {"on": date(2026, 8, 31)}:
        assert "2026-09-01" in fields["on"]  # the visit is named
    assert standing(case).on_register


def test_a_death_on_the_day_of_the_last_visit_and_a_suicide_with_its_incident(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.EVENT_WRITE) as work:
        names = {column.key for column in Incident.__table__.columns}
        given = {
            "id": new_key(),
            "area": EAST,
            "case_id": case,
            "on": date(2026, 9, 1),
            "kind": 5,
            "recorded_at": NOW,
            "recorded_by": 11,
            "version": 1,
        }
        work.add(Incident(**{name: value for name, value in given.items() if name in names}))
    told = Death(date(2026, 9, 1), DeathCause.SUICIDE, None, DeathProof.DOCUMENT)
    assert state.death(DOCTOR_EAST, case, version(case), told, TODAY)


def test_a_death_before_the_onset_cannot_be(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        work.add(Supplement(case_id=case, area=EAST, onset_on=date(2026, 11, 15), onset_precision=3))
    fields = wrong_in(lambda: state.death(DOCTOR_EAST, case, version(case), DEATH, TODAY))
    assert "发病" in fields["on"]


def test_three_failures_over_a_month_propose_and_a_person_confirms(case: int) -> None:
    tries(case, date(2026, 10, 1), date(2026, 10, 20), date(2026, 11, 2))
    assert standing(case).proposed == (date(2026, 10, 1), date(2026, 10, 20), date(2026, 11, 2))
    state.lost(DOCTOR_EAST, case, version(case), date(2026, 11, 2), LossReason.NOT_MET_3_TIMES, "", TODAY)
    now = standing(case)
    assert (now.management, now.management_on, now.on_register) == (Management.LOST, date(2026, 11, 2), True)
    state.lost(
        DOCTOR_EAST, case, 1, date(2026, 11, 2), LossReason.NOT_MET_3_TIMES, "", TODAY
    )  # twice is once
    assert sum(one.words == "失访" for one in standing(case).history) == 1


def test_without_three_failures_the_ground_is_written_out(case: int) -> None:
    tries(case, date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3))  # within three days
    now = version(case)
    fields = wrong_in(
        lambda: state.lost(DOCTOR_EAST, case, now, date(2026, 11, 3), LossReason.MISSING, "", TODAY)
    )
    assert "reason" in fields
    state.lost(DOCTOR_EAST, case, now, date(2026, 11, 3), LossReason.MISSING, "家属报走失", TODAY)
    assert standing(case).management is Management.LOST


def test_a_day_before_the_last_meeting_is_no_day_of_loss(case: int) -> None:
    now = version(case)
    fields = wrong_in(
        lambda: state.lost(DOCTOR_EAST, case, now, date(2026, 8, 1), LossReason.MISSING, "走失", TODAY)
    )
    assert "2026-09-01" in fields["on"]


def test_found_again_in_one_tap(case: int) -> None:
    state.lost(DOCTOR_EAST, case, version(case), date(2026, 11, 3), LossReason.MISSING, "走失", TODAY)
    state.found(DOCTOR_EAST, case, TODAY)
    state.found(DOCTOR_EAST, case, TODAY)
    now = standing(case)
    assert (now.management, now.management_on) == (Management.MANAGED, TODAY)
    spans = [(one.words, one.since, one.until) for one in now.history if one.track is Track.MANAGEMENT]
    assert spans == [("在管", TODAY, None), ("失访", date(2026, 11, 3), TODAY)]


def test_letters_tell_each_receiver_no_more_than_it_needs(case: int) -> None:
    with pytest.raises(Refused):
        state.letter(DOCTOR_EAST, case, "police", TODAY)
    state.lost(DOCTOR_EAST, case, version(case), date(2026, 11, 3), LossReason.MISSING, "走失", TODAY)
    police = dict(state.letter(DOCTOR_EAST, case, "police", TODAY).facts)
    assert police["姓名"] == "赵试验" and "末次危险性评估" not in police  # level 0, stable: nothing more
    committee = dict(state.letter(DOCTOR_EAST, case, "committee", TODAY).facts)
    assert "证件号码" not in committee and "末次危险性评估" not in committee
    superior = dict(state.letter(DOCTOR_EAST, case, "superior", TODAY).facts)
    assert "姓名" not in superior and superior["末次危险性评估"] == "0级"
    with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
        for visit in work.entities(select(Visit)):
            visit.risk = 3
    assert dict(state.letter(DOCTOR_EAST, case, "police", TODAY).facts)["末次危险性评估"] == "3级"
    with pytest.raises(Missing):
        state.letter(DOCTOR_WEST, case, "police", TODAY)


def test_a_pause_and_the_way_back(case: int) -> None:
    now = version(case)
    assert {"kind", "until"} <= wrong_in(
        lambda: state.pause(DOCTOR_EAST, case, now, None, None, "", TODAY)
    ).keys()
    assert "until" in wrong_in(lambda: state.pause(DOCTOR_EAST, case, now, Pause.AWAY, TODAY, "", TODAY))
    until = TODAY + timedelta(days=1)
    state.pause(DOCTOR_EAST, case, now, Pause.IN_HOSPITAL, until, "县医院", TODAY)
    assert (standing(case).pause, standing(case).paused_until) == (Pause.IN_HOSPITAL, until)
    state.resume(DOCTOR_EAST, case, TODAY)
    state.resume(DOCTOR_EAST, case, TODAY)
    assert standing(case).pause is None
    assert len([one for one in revision.of_case(DOCTOR_EAST, case) if one.noun == "state"]) == 2


def test_pauses_have_a_history_of_their_own(case: int) -> None:
    until, begun = TODAY + timedelta(days=40), TODAY - timedelta(days=5)
    state.pause(DOCTOR_EAST, case, version(case), Pause.AWAY, until, "去外地打工", TODAY, begun)
    state.pause(DOCTOR_EAST, case, version(case), Pause.AWAY, until + timedelta(9), "", TODAY)  # put off
    (spell,) = standing(case).pauses
    assert (spell.kind, spell.since, spell.ended_on) == (Pause.AWAY, begun, None)
    assert (spell.planned_until, spell.reason) == (until + timedelta(9), "去外地打工")
    kinds = {one.kind for one in worklist.of_case(DOCTOR_EAST, case, TODAY)}
    assert DutyKind.AWAY_CALL in kinds
    state.pause(DOCTOR_EAST, case, version(case), Pause.IN_HOSPITAL, until, "", TODAY)
    assert [(one.kind, one.ended_on) for one in standing(case).pauses] == [
        (Pause.IN_HOSPITAL, None),
        (Pause.AWAY, TODAY),
    ]
    state.resume(DOCTOR_EAST, case, TODAY)
    assert all(one.ended_on == TODAY for one in standing(case).pauses)
    for since in (begun, TODAY + timedelta(1)):
        assert "since" in wrong_in(
            lambda since=since: state.pause(  # type: ignore[misc]
                DOCTOR_EAST, case, version(case), Pause.AWAY, until, "", TODAY, since
            )
        )


def test_whoever_leaves_is_no_longer_away(case: int) -> None:
    state.pause(DOCTOR_EAST, case, version(case), Pause.AWAY, TODAY + timedelta(9), "", TODAY)
    state.exclude(DOCTOR_EAST, case, version(case), TODAY, "示例医院", "复诊排除", TODAY)
    assert [one.ended_on for one in standing(case).pauses] == [TODAY]


def test_exclusion_and_the_way_back_with_a_reason(case: int) -> None:
    now = version(case)
    assert {"hospital", "reason"} <= wrong_in(
        lambda: state.exclude(DOCTOR_EAST, case, now, date(2026, 11, 1), "", "", TODAY)
    ).keys()
    state.exclude(DOCTOR_EAST, case, now, date(2026, 11, 1), "省精卫中心", "复诊排除", TODAY)
    assert standing(case).lifecycle is Lifecycle.EXCLUDED
    now = version(case)
    assert {"on", "reason"} <= wrong_in(
        lambda: state.reopen(DOCTOR_EAST, case, now, date(2026, 10, 31), "", TODAY)
    ).keys()
    state.reopen(DOCTOR_EAST, case, now, date(2026, 11, 1), "登记有误", TODAY)
    back = standing(case)
    assert back.on_register and back.management is Management.MANAGED


def test_nobody_gets_a_second_file_on_the_register_by_reopening_the_first(app: Flask) -> None:
    """Left for elsewhere, registered by another township meanwhile, and then put back by the first."""
    units = open_areas()
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        _, first = add_person(work, EAST, units[EAST], "100-00007", "赵试验", number_of(7))
        _, other = add_person(work, EAST, units[EAST], "100-00008", "钱试验", number_of(8))
    for case in (first, other):
        state.moved(DOCTOR_EAST, case, version(case), date(2026, 11, 1), "邻县某卫生院", "", TODAY)
    with open_work(DOCTOR_WEST, Action.REGISTER_WRITE) as work:
        add_person(work, WEST, units[WEST], "101-00007", "赵试验", number_of(7))
    with pytest.raises(Refused, match="另一份档案"):
        state.reopen(DOCTOR_EAST, first, version(first), TODAY, "重新迁入", TODAY)
    assert standing(first).lifecycle is Lifecycle.MOVED_OUT
    state.reopen(DOCTOR_EAST, other, version(other), TODAY, "重新迁入", TODAY)
    assert standing(other).on_register


def test_moving_out_of_the_county_names_who_receives(case: int) -> None:
    now = version(case)
    assert "place" in wrong_in(lambda: state.moved(DOCTOR_EAST, case, now, TODAY, "", "", TODAY))
    state.moved(DOCTOR_EAST, case, now, TODAY, "邻县某卫生院", "", TODAY)
    assert standing(case).lifecycle is Lifecycle.MOVED_OUT


def test_a_new_diagnosis_keeps_the_old_one_in_the_history(case: int) -> None:
    told = Rediagnosis(Diagnosis.BIPOLAR, "F31", date(2026, 11, 1), "省精卫中心", "复诊")
    now = version(case)
    for change, key in (
        ({"hospital": ""}, "hospital"),
        ({"reason": ""}, "reason"),
        ({"diagnosis": None}, "diagnosis"),
        ({"diagnosis": Diagnosis.SCHIZOPHRENIA, "icd10": ""}, "diagnosis"),
        ({"diagnosis": Diagnosis.ARTICLE_30}, "diagnosis"),
        ({"on": date(2026, 11, 22)}, "on"),
    ):
        bad = replace(told, **change)  # type: ignore[arg-type]
        assert key in wrong_in(lambda bad=bad: state.diagnose(DOCTOR_EAST, case, now, bad, TODAY))  # type: ignore[misc]
    state.diagnose(DOCTOR_EAST, case, now, told, TODAY)
    again = standing(case)
    assert again.diagnosis is Diagnosis.BIPOLAR
    assert [one.words for one in again.history if one.track is Track.DIAGNOSIS] == ["双相(情感)障碍"]


def test_consent_refused_asked_again_agreed_and_withdrawn(case: int) -> None:
    def answer(step: ConsentStep | None, on: date, signer: str = "本人") -> None:
        state.consent(DOCTOR_EAST, case, version(case), Answer(step, on, signer, ""), TODAY)

    assert {"step", "signer"} <= wrong_in(lambda: answer(None, TODAY, "")).keys()
    assert "step" in wrong_in(lambda: answer(ConsentStep.WITHDRAW, TODAY))
    answer(ConsentStep.REFUSE, date(2026, 10, 1))
    assert standing(case).management is Management.REFUSED and standing(case).on_register
    assert "on" in wrong_in(lambda: answer(ConsentStep.AGREE, date(2026, 9, 30)))
    answer(ConsentStep.AGREE, date(2026, 11, 1))
    assert standing(case).management is Management.MANAGED
    answer(ConsentStep.WITHDRAW, date(2026, 11, 15))
    assert standing(case).management is Management.REFUSED
    answer(ConsentStep.INFORMED, date(2026, 11, 20))
    now = standing(case)
    assert now.article30 and now.management is Management.MANAGED
    with open_work(DOCTOR_EAST, Action.CASE_READ) as work:
        rows = work.entities(select(Consent).order_by(Consent.on))
    assert [(one.answer, one.on) for one in rows] == [
        (0, date(2026, 10, 1)),
        (1, date(2026, 11, 1)),
        (0, date(2026, 11, 15)),
    ]


def test_days_in_the_wrong_order_are_refused(case: int) -> None:
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        row = work.get(Case, case)
        assert row is not None
        state.enter(work, row, Track.LIFECYCLE, int(Lifecycle.ON_REGISTER), date(2026, 6, 1), "")
    with pytest.raises(Refused) as refused:
        state.exclude(DOCTOR_EAST, case, version(case), date(2026, 5, 1), "省精卫中心", "复诊", TODAY)
    assert "2026-06-01" in refused.value.message
    with open_work(DOCTOR_EAST, Action.CASE_READ) as work:
        assert len(work.entities(select(CaseState))) == 1  # nothing was half written


def test_two_at_once_and_strangers(case: int) -> None:
    now = version(case)
    state.pause(DOCTOR_EAST, case, now, Pause.AWAY, date(2027, 1, 1), "", TODAY)
    with pytest.raises(Conflict):
        state.death(DOCTOR_EAST, case, now, DEATH, TODAY)
    for act in (
        lambda: state.standing(DOCTOR_WEST, case, TODAY),
        lambda: state.death(DOCTOR_WEST, case, now, DEATH, TODAY),
        lambda: state.found(DOCTOR_WEST, case, TODAY),
        lambda: state.resume(DOCTOR_WEST, case, TODAY),
    ):
        with pytest.raises(Missing):
            act()
