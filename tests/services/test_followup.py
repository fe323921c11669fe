"""随访记录: one visit in one unit of work, never twice, and nobody's words are lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Access, Action, Role
from casemgr.rules.risk import Change
from casemgr.services import clock, followup, revision
from casemgr.services.errors import Forbidden, Missing, Refused, Unfit
from casemgr.services.followup import Answer
from casemgr.store import identity
from casemgr.store.models import Case, DrugLine, Visit, VisitText
from casemgr.store.models.attempt import Attempt
from casemgr.store.models.duty import Duty
from casemgr.store.models.incident import Incident, LockUp
from casemgr.store.models.sheet import Draft, Envelope, Revision, Sheet
from casemgr.store.work import Taken, open_work
from casemgr.terms.duty import DutyKind, DutyState
from tests.services import people
from tests.services.visits import STEADY, envelope, typed
from tests.store.register import ADMINISTRATOR, DOCTOR_EAST, DOCTOR_WEST, EAST, OFFICER, SYSTEM, open_areas

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
COLLEAGUE = Access.over(21, "东镇丁", Role.TOWNSHIP_DOCTOR, EAST)


@pytest.fixture
def case(app: Flask) -> Iterator[int]:
    """One person of the eastern township, registered in 2020, never visited."""
    clock.fix(TODAY)
    units = open_areas()
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        _, key = people.add(work, EAST, units[EAST], "900-00001", 1, "王小明")
    yield key
    clock.fix(None)


def visited(case: int, on: date, **given: Any) -> int:
    """A visit that is there already."""
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        return people.visit(work, EAST, case, on, **{**people.STEADY, **given})


def rows(model: type[Any], *conditions: Any) -> list[Any]:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        return work.entities(select(model).where(*conditions))


def count(model: type[Any]) -> int:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        return int(work.scalar(select(func.count(getattr(model, getattr(model, "row_key", "id"))))))


def opened(model: type[Any], key: int, column: str) -> str:
    with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
        row = work.get(model, key)
        return identity.open_texts(work, model.__name__, [(key, getattr(row, column))], "test")[0]


def send(case: int, id: str = "e1", access: Access = DOCTOR_EAST, **changed: Any) -> followup.Receipt:
    return followup.record(access, envelope(case, id, **changed), TODAY, NOW)


# --- one visit -----------------------------------------------------------------------------------------


def test_a_visit_is_kept_with_texts_drugs_and_suggestion(case: int) -> None:
    found = send(case, note="家属说夜里睡得好", guide1_name="利培酮片", guide1_evening_ug="3")
    assert found.answer is Answer.ACCEPTED
    [visit] = rows(Visit)
    assert (visit.id, visit.on, visit.version) == (found.visit_id, TODAY, 1)
    assert (visit.risk, visit.symptoms, visit.stability, visit.self_harm_count) == (0, 0, 3, 0)
    assert (visit.suggested, visit.suggested_rule) == (3, "GW2017-7.12")
    assert (visit.serious_illness, visit.serious_reaction) == (False, None)
    assert (visit.entered_on, visit.recorded_by, visit.next_on) == (TODAY, 11, date(2027, 2, 20))
    assert opened(VisitText, visit.id, "note") == "家属说夜里睡得好"
    lines = sorted(rows(DrugLine), key=lambda one: one.guidance)
    assert [(one.guidance, one.evening_ug) for one in lines] == [(False, 2000), (True, 3000)]
    assert opened(DrugLine, lines[0].id, "name") == "利培酮片"
    assert found.next is not None
    assert found.next.on == date(2027, 2, 21)


def test_sending_twice_changes_nothing(case: int) -> None:
    first = send(case)
    again = send(case)
    assert (again.answer, again.visit_id) == (Answer.ALREADY_HERE, first.visit_id)
    assert (count(Visit), count(DrugLine), count(Envelope), count(Revision)) == (1, 1, 1, 0)


def test_the_database_alone_tells_nothing_of_what_was_sent(case: int) -> None:
    """The digest that knows an envelope again is keyed: drugs and notes cannot be tried out against it."""
    told = envelope(case)
    send(case)
    [row] = rows(Envelope)
    content = {key: list(texts) for key, texts in sorted(told.data.items()) if any(texts)}
    whole = json.dumps([told.id, told.version, case, content], ensure_ascii=False)
    assert row.digest != hashlib.sha256(whole.encode()).digest()


def test_the_same_envelope_with_other_content_changes_the_visit_and_keeps_the_old_values(case: int) -> None:
    first = send(case)
    again = send(case, sleep="3", drug1_evening_ug="4")
    assert (again.answer, again.visit_id, again.version) == (Answer.CHANGED, first.visit_id, 2)
    assert count(Visit) == 1
    [view] = revision.of_case(DOCTOR_EAST, case)
    told = {one.label: (one.old, one.new) for one in view.changes}
    assert told["睡眠情况"] == ("良好", "较差")
    assert told["药物1晚mg"] == ("2", "4")
    assert send(case, sleep="3", drug1_evening_ug="4").answer is Answer.ALREADY_HERE


def test_an_older_copy_of_the_same_envelope_is_not_taken(case: int) -> None:
    send(case, _filled_at=NOW)
    late = send(case, sleep="3", _filled_at=NOW - timedelta(minutes=5))
    assert late.answer is Answer.OLDER
    assert rows(Visit)[0].sleep == 1


def test_what_is_unfit_writes_nothing(case: int) -> None:
    found = send(case, risk=None, next_on=None)
    assert found.answer is Answer.UNFIT
    assert {"risk", "next_on"} <= set(found.fields)
    assert (count(Visit), count(Envelope)) == (0, 0)


def test_a_question_needs_a_reason_and_the_reason_is_kept_sealed(case: int) -> None:
    asked = send(case, symptoms=["1"], no_symptoms=None, stability="2", next_on="2026-12-05")
    assert asked.answer is Answer.UNFIT
    assert [one.id for one in asked.questions] == ["vc13"]
    found = send(
        case, symptoms=["1"], no_symptoms=None, stability="2", next_on="2026-12-05", why_vc13="幻听无威胁内容"
    )
    assert found.answer is Answer.ACCEPTED
    told = json.loads(opened(Sheet, found.visit_id or 0, "data"))
    assert told["reasons"] == {"vc13": "幻听无威胁内容"}


def test_a_better_class_than_suggested_needs_a_written_reason(case: int) -> None:
    better = {"insight": "2", "stability": "3"}
    assert [one.id for one in send(case, **better).questions] == ["vc09"]
    found = send(case, **better, class_reason="与上级医院会诊一致")
    assert found.answer is Answer.ACCEPTED
    visit = rows(Visit)[0]
    assert (visit.stability, visit.suggested) == (3, 2)
    assert opened(VisitText, visit.id, "class_reason") == "与上级医院会诊一致"


def test_unassessed_stays_unassessed(case: int) -> None:
    bare = {key: None for key in STEADY if key not in ("on", "mode", "next_on")}
    found = send(case, **bare, risk_reason="本人拒绝交谈")
    assert found.answer is Answer.ACCEPTED
    visit = rows(Visit)[0]
    empty = ("risk", "symptoms", "insight", "stability", "adherence", "hospital", "self_harm_count", "sleep")
    assert [getattr(visit, name) for name in empty] == [None] * len(empty)
    assert (visit.suggested, count(DrugLine)) == (None, 0)


def test_counted_acts_need_days_and_become_incidents(case: int) -> None:
    wrong = {"acts": ["6"], "suicide_attempt_count": "1", "risk": "4", "stability": "1",
             "next_on": "2026-12-05", "referral_advised": "2", "referral_reason": "自杀未遂"}  # fmt: skip
    assert "vc17" in send(case, **wrong).fields["acts"]
    found = send(case, **wrong, incident_6_1="2026-11-10")
    assert (found.answer, found.change) == (Answer.ACCEPTED, Change.RAISED)
    [incident] = rows(Incident)
    assert (incident.kind, incident.on, incident.visit_id) == (6, date(2026, 11, 10), found.visit_id)
    assert rows(Visit)[0].self_harm_count == 0
    again = send(case, **wrong, incident_6_1="2026-11-11")
    assert again.answer is Answer.CHANGED
    assert [one.on for one in rows(Incident)] == [date(2026, 11, 11)]


def test_a_lock_up_opens_a_case_of_its_own_once(case: int) -> None:
    send(case, confinement="2", housework="3", work="3", stability="2", next_on="2026-12-05")
    assert [one.known_on for one in rows(LockUp)] == [TODAY]
    send(case, id="e2", on="2026-11-20", confinement="2", housework="3", work="3", stability="2",
         next_on="2026-12-04")  # fmt: skip
    assert count(LockUp) == 1


def test_another_townships_case_is_not_there_and_an_administrator_may_not(case: int) -> None:
    with pytest.raises(Missing):
        send(case, access=DOCTOR_WEST)
    with pytest.raises(Forbidden):
        send(case, access=ADMINISTRATOR)
    with pytest.raises(Missing):
        followup.open_visit(DOCTOR_WEST, case, TODAY)


def test_an_unknown_version_or_id_is_refused(case: int) -> None:
    assert send(case, _version="1999.1").answer is Answer.REFUSED
    assert send(case, id="").answer is Answer.REFUSED
    assert send(case, id="x" * 41).answer is Answer.REFUSED
    assert count(Visit) == 0


# --- two at once ---------------------------------------------------------------------------------------


def test_two_doctors_on_one_day_see_both_sides_and_choose(case: int) -> None:
    first = send(case, note="上午去的")
    other = send(case, id="e2", access=COLLEAGUE, sleep="2", diet="3", note="下午去的")
    assert other.answer is Answer.CONFLICT
    assert other.sides is not None
    told = {one.key: (one.theirs, one.mine) for one in other.sides.fields}
    assert told == {"sleep": ("良好", "一般"), "diet": ("良好", "较差"), "note": ("上午去的", "下午去的")}
    assert rows(Visit)[0].sleep == 1
    mine = envelope(case, "e3", sleep="2", diet="3", note="下午去的", _visit_id=first.visit_id, _expects=1)
    merged = followup.merge(COLLEAGUE, mine, frozenset({"diet"}), TODAY)
    kept = followup.record(COLLEAGUE, merged, TODAY, NOW)
    assert kept.answer is Answer.CHANGED
    visit = rows(Visit)[0]
    assert (visit.sleep, visit.diet, visit.version) == (1, 3, 2)
    assert opened(VisitText, visit.id, "note") == "上午去的"
    assert count(Visit) == 1


def test_the_other_was_faster_between_the_look_and_the_writing(
    case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = followup._keep
    once = iter([True])

    def slow(*args: Any) -> Any:
        if next(once, False):
            raise Taken("IntegrityError")
        return found(*args)

    monkeypatch.setattr(followup, "_keep", slow)
    assert send(case).answer is Answer.ACCEPTED


def test_editing_with_an_old_version_loses_neither_side(case: int) -> None:
    first = send(case)
    edit = {"_visit_id": first.visit_id, "_expects": 1}
    assert send(case, "e2", sleep="3", **edit).answer is Answer.CHANGED
    stale = send(case, "e3", access=COLLEAGUE, diet="2", **edit)
    assert stale.answer is Answer.CONFLICT
    assert stale.sides is not None
    assert {one.key for one in stale.sides.fields} == {"sleep", "diet"}
    assert stale.version == 2
    same = send(case, "e4", access=COLLEAGUE, sleep="3", **edit)
    assert same.answer is Answer.ALREADY_HERE
    assert send(case, "e5", diet="2", sleep="3", _visit_id=first.visit_id, _expects=2).version == 3


def test_an_edit_onto_the_day_of_another_visit_is_a_conflict(case: int) -> None:
    first = send(case)
    send(case, id="e2", on="2026-11-20", next_on="2027-02-20")
    moved = send(case, id="e3", on="2026-11-20", _visit_id=first.visit_id, _expects=1)
    assert moved.answer is Answer.CONFLICT
    assert len({one.on for one in rows(Visit)}) == 2


# --- special days --------------------------------------------------------------------------------------


def test_the_29th_of_february_is_a_day_and_three_months_later_is_the_29th_of_may(
    app: Flask, case: int
) -> None:
    leap = date(2028, 2, 29)
    found = followup.record(DOCTOR_EAST, envelope(case, on="2028-02-29", next_on="2028-05-29"), leap, NOW)
    assert found.answer is Answer.ACCEPTED
    assert found.next is not None
    assert found.next.on == date(2028, 5, 29)
    wrong = followup.record(DOCTOR_EAST, envelope(case, "e2", on="2027-02-29"), leap, NOW)
    assert wrong.answer is Answer.UNFIT
    assert "无法识别" in wrong.fields["on"]


def test_a_patient_registered_on_the_last_day_of_the_year(app: Flask, case: int) -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        row = work.get(Case, case)
        assert row is not None
        row.registered_on = date(2026, 12, 31)
    clock.fix(date(2027, 1, 4))
    today = date(2027, 1, 4)
    before = followup.review(DOCTOR_EAST, case, typed(on="2026-12-30", next_on="2027-03-30"), today)
    assert "tm02" in {one.id for one in before.questions}
    assert before.counted is not None
    assert before.counted.number == 0
    same = followup.review(DOCTOR_EAST, case, typed(on="2026-12-31", next_on="2027-03-31"), today)
    assert same.counted is not None
    assert (same.counted.year, same.counted.number) == (2026, 1)
    after = followup.review(DOCTOR_EAST, case, typed(on="2027-01-01", next_on="2027-04-01"), today)
    assert after.counted is not None
    assert (after.counted.year, after.counted.number) == (2027, 1)


def test_a_death_before_later_visits_is_stopped_and_one_that_fits_closes_nothing(case: int) -> None:
    visited(case, date(2026, 10, 1))
    gone = {key: None for key in STEADY if key not in ("on", "mode")}
    wrong = send(case, **gone, died_on="2026-09-01", death_cause="4", why_st05="交通事故")
    assert wrong.answer is Answer.UNFIT
    assert "2026年10月1日" in wrong.fields["died_on"]
    found = send(case, **gone, died_on="2026-11-01", death_cause="1", death_disease="3")
    assert found.answer is Answer.ACCEPTED
    [row] = rows(Case)
    assert row.lifecycle == 1


def test_level_5_on_the_telephone_is_questioned_not_blocked(case: int) -> None:
    told = {"mode": "3", "risk": "5", "stability": "1", "next_on": "2026-12-05", "referral_advised": "2",
            "referral_reason": "持刀伤人", "acts": ["3"], "crime_count": "1",
            "incident_3_1": "2026-11-20"}  # fmt: skip
    asked = send(case, **told)
    assert [one.id for one in asked.questions] == ["vc37"]
    found = send(case, **told, why_vc37="派出所来电告知，已出警")
    assert (found.answer, found.change) == (Answer.ACCEPTED, Change.RAISED)


def test_an_unplanned_visit_a_day_after_the_last_is_kept_and_said_so(case: int) -> None:
    visited(case, date(2026, 11, 20), next_on=date(2027, 2, 20))
    found = send(case)
    assert found.answer is Answer.ACCEPTED
    assert "tm11" in {one.id for one in found.later}


def test_a_clock_set_wrong_is_flagged_and_a_day_in_the_future_is_not_taken(case: int) -> None:
    found = send(case, _filled_at=NOW + timedelta(days=3))
    assert (found.answer, found.clock_off) == (Answer.ACCEPTED, True)
    # A time in the future must not make every later correction look older.
    assert send(case, sleep="2", _filled_at=NOW + timedelta(minutes=1)).answer is Answer.CHANGED
    ahead = send(case, id="e2", on="2026-11-22")
    assert ahead.answer is Answer.UNFIT
    assert "晚于今天" in ahead.fields["on"]


# --- lowering ------------------------------------------------------------------------------------------


def test_a_lowered_level_waits_for_a_second_person(case: int) -> None:
    visited(case, date(2026, 11, 7), risk=3, stability=1)
    found = send(case)
    assert found.change is Change.LOWERED
    key = found.visit_id or 0
    view = followup.read_visit(DOCTOR_EAST, key, TODAY)
    assert (view.to_confirm, view.own) == (True, True)
    with pytest.raises(Refused):
        followup.confirm(DOCTOR_EAST, key, TODAY)
    assert followup.confirm(COLLEAGUE, key, TODAY) == case
    assert (rows(Visit, Visit.id == key)[0].confirmed_by, count(Revision)) == (21, 0)
    assert not followup.read_visit(OFFICER, key, TODAY).to_confirm
    # A changed level has to be looked at again.
    send(case, "e2", risk="1", stability="2", next_on="2026-12-05", _visit_id=key, _expects=2)
    assert rows(Visit, Visit.id == key)[0].confirmed_by is None


def test_a_second_person_may_disagree_with_a_reason(case: int) -> None:
    visited(case, date(2026, 11, 7), risk=3, stability=1)
    key = send(case).visit_id or 0
    with pytest.raises(Refused):
        followup.decline(DOCTOR_EAST, key, "自己的", TODAY)
    with pytest.raises(Unfit) as wrong:
        followup.decline(COLLEAGUE, key, "", TODAY)
    assert "reason" in wrong.value.fields
    assert followup.decline(COLLEAGUE, key, "上周仍有持刀", TODAY) == case
    followup.decline(COLLEAGUE, key, "第二次按", TODAY)
    assert (rows(Visit, Visit.id == key)[0].declined_by, count(Revision)) == (21, 1)
    view = followup.read_visit(DOCTOR_EAST, key, TODAY)
    assert view.to_confirm and view.declined_on == TODAY
    followup.confirm(COLLEAGUE, key, TODAY)  # agreed after all
    assert rows(Visit, Visit.id == key)[0].declined_by is None
    with pytest.raises(Refused):
        followup.decline(COLLEAGUE, key, "太晚", TODAY)


def test_who_lowers_the_level_in_somebody_elses_visit_is_not_its_second_person(case: int) -> None:
    visited(case, date(2026, 11, 7), risk=3, stability=1)
    key = visited(case, date(2026, 11, 21), risk=4, stability=1)
    version = rows(Visit, Visit.id == key)[0].version
    lowered = send(case, "e2", COLLEAGUE, _visit_id=key, _expects=version)
    assert lowered.answer is Answer.CHANGED
    assert followup.read_visit(COLLEAGUE, key, TODAY).own
    with pytest.raises(Refused):
        followup.confirm(COLLEAGUE, key, TODAY)
    # A change of something else makes nobody the author of the level.
    send(case, "e3", sleep="2", _visit_id=key, _expects=lowered.version)
    with pytest.raises(Refused):
        followup.confirm(COLLEAGUE, key, TODAY)
    assert not followup.read_visit(DOCTOR_EAST, key, TODAY).own
    assert followup.confirm(DOCTOR_EAST, key, TODAY) == case


def test_a_high_level_taken_out_of_a_visit_again_waits_for_a_second_person(case: int) -> None:
    """The visit before was low, so only the visit itself knows that it was high."""
    visited(case, date(2026, 11, 7), risk=1, stability=2)
    key = visited(case, date(2026, 11, 21), risk=4, stability=1)
    version = rows(Visit, Visit.id == key)[0].version
    lowered = send(case, "e2", _visit_id=key, _expects=version)
    view = followup.read_visit(DOCTOR_EAST, key, TODAY)
    assert (view.to_confirm, view.before_risk) == (True, 4)
    assert duties_of(case)[DutyKind.SECOND_OPINION][0] is DutyState.OPEN
    with pytest.raises(Refused):
        followup.confirm(DOCTOR_EAST, key, TODAY)
    # Changing something else does not wash it away.
    send(case, "e3", sleep="2", _visit_id=key, _expects=lowered.version)
    assert followup.read_visit(DOCTOR_EAST, key, TODAY).to_confirm
    followup.confirm(COLLEAGUE, key, TODAY)
    assert duties_of(case)[DutyKind.SECOND_OPINION][0] is DutyState.DONE


def test_nothing_to_confirm_is_said(case: int) -> None:
    found = send(case)
    with pytest.raises(Unfit):
        followup.confirm(COLLEAGUE, found.visit_id or 0, TODAY)


# --- drafts --------------------------------------------------------------------------------------------


def test_a_draft_is_ones_own_sealed_and_taken_up_again(case: int) -> None:
    raw = {"on": ["2026-11-21"], "note": ["写到一半"]}
    followup.save_draft(DOCTOR_EAST, case, raw, 3, "e9", now=NOW)
    followup.save_draft(DOCTOR_EAST, case, {**raw, "sleep": ["1"]}, 4, "e9", now=NOW)
    assert count(Draft) == 1
    form = followup.open_visit(DOCTOR_EAST, case, TODAY)
    assert form.draft is not None
    assert (form.draft.step, form.once, dict(form.raw)["sleep"]) == (4, "e9", ["1"])
    assert followup.open_visit(COLLEAGUE, case, TODAY).draft is None
    with pytest.raises(Missing):
        followup.save_draft(DOCTOR_WEST, case, raw, 1, "e9")
    assert followup.drop_draft(DOCTOR_EAST, case)
    assert followup.open_visit(DOCTOR_EAST, case, TODAY).draft is None


def test_a_draft_opens_under_the_version_it_was_begun_with(case: int) -> None:
    followup.save_draft(DOCTOR_EAST, case, {"sleep": ["1"]}, 1, "e9", "2017.1")
    assert followup.open_visit(DOCTOR_EAST, case, TODAY).form.version == "2017.1"


def test_saving_ends_the_draft_and_no_late_script_brings_it_back(case: int) -> None:
    followup.save_draft(DOCTOR_EAST, case, typed(), 7, "e1")
    send(case)
    assert count(Draft) == 0
    assert followup.save_draft(DOCTOR_EAST, case, typed(), 7, "e1") is None
    assert count(Draft) == 0


def test_the_form_shows_the_last_time_and_never_repeats_a_judgement(case: int) -> None:
    visited(case, date(2026, 8, 21), risk=2, insight=2, adherence=2, sleep=3, self_harm_count=1)
    form = followup.open_visit(DOCTOR_EAST, case, TODAY)
    assert form.before["sleep"] == "较差"
    assert form.before["risk"] == "2级"
    assert form.repeat["sleep"] == ["3"]
    never = {"risk", "insight", "adherence", "acts", "self_harm_count", "stability", "on", "next_on"}
    assert not never & set(form.repeat)
    assert form.raw == {}


def test_what_is_stored_fills_the_form_of_an_edit(case: int) -> None:
    found = send(case, note="备注一", guide1_name="氯氮平片")
    form = followup.open_visit(DOCTOR_EAST, case, TODAY, found.visit_id)
    told = typed(note="备注一", guide1_name="氯氮平片")
    assert {key: form.raw.get(key) for key in told} == told
    assert form.expects == 1
    unchanged = followup.record(
        DOCTOR_EAST,
        replace(envelope(case, "e2"), data=form.raw, visit_id=found.visit_id, expects=0),
        TODAY,
        NOW,
    )
    assert unchanged.answer is Answer.ALREADY_HERE


# --- attempts ------------------------------------------------------------------------------------------


def test_an_attempt_is_kept_once_and_can_be_taken_back(case: int) -> None:
    once = followup.new_once(DOCTOR_EAST)
    first = followup.attempt(DOCTOR_EAST, case, once, 3, 1, date(2026, 11, 28), "没人接", TODAY)
    again = followup.attempt(DOCTOR_EAST, case, once, 3, 1, date(2026, 11, 28), "没人接", TODAY)
    assert (first.again, again.again, count(Attempt), count(Visit)) == (False, True, 1, 0)
    with pytest.raises(Missing):
        followup.undo_attempt(COLLEAGUE, once)
    assert followup.undo_attempt(DOCTOR_EAST, once) == case
    assert [one.undone for one in rows(Attempt)] == [True]


def test_an_attempt_without_result_or_with_a_day_gone_by_is_unfit(case: int) -> None:
    with pytest.raises(Unfit) as wrong:
        followup.attempt(DOCTOR_EAST, case, 5, 0, None, date(2026, 11, 1), "", TODAY)
    assert set(wrong.value.fields) == {"result", "next_on"}


def test_three_failed_attempts_are_needed_for_that_reason_of_loss(case: int) -> None:
    gone = {key: None for key in STEADY if key not in ("on", "mode")}
    assert "tm14" in send(case, **gone, loss_reason="4").fields["loss_reason"]
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        for day in (date(2026, 10, 1), date(2026, 11, 1)):
            work.add(Attempt(id=day.toordinal(), area=EAST, case_id=case, on=day, result=3, undone=False,
                             recorded_at=NOW, recorded_by=11))  # fmt: skip
    found = send(case, **gone, loss_reason="4")
    assert found.answer is Answer.ACCEPTED
    assert rows(Visit)[0].loss_reason == 4


# --- what follows in the list of duties ----------------------------------------------------------------


def duties_of(case: int) -> dict[DutyKind, tuple[DutyState, date]]:
    """Kinds of duties of a case with how the latest of each stands and when it is due."""
    found = sorted(rows(Duty, Duty.case_id == case), key=lambda one: (one.began_on, one.due_on))
    return {DutyKind.read(one.kind): (DutyState.read(one.state), one.due_on) for one in found}


def test_raising_opens_its_duties_in_the_same_unit_of_work(case: int) -> None:
    reasons = {
        "why_vc16": "家属口述，未见行为",
        "why_vc29": "已联系医院等床位",
        "why_FU-C9": "已联系医院等床位",
    }
    assert send(case, risk="3", stability="1", next_on="2026-12-05", acts=["7"], **reasons).kept
    found = duties_of(case)
    assert found[DutyKind.VISIT] == (DutyState.OPEN, date(2026, 12, 5))
    assert found[DutyKind.REFER][0] is DutyState.OPEN
    assert found[DutyKind.TELL_POLICE][0] is DutyState.OPEN


def test_lowering_opens_a_second_opinion_that_the_confirmation_ends(case: int) -> None:
    visited(case, date(2026, 11, 7), risk=3, stability=1)
    found = send(case)
    assert duties_of(case)[DutyKind.SECOND_OPINION][0] is DutyState.OPEN
    followup.confirm(COLLEAGUE, found.visit_id or 0, TODAY)
    assert duties_of(case)[DutyKind.SECOND_OPINION][0] is DutyState.DONE


def test_a_death_told_at_a_visit_waits_to_be_confirmed(case: int) -> None:
    gone = {key: None for key in STEADY if key not in ("on", "mode")}
    send(case, **gone, died_on="2026-11-01", death_cause="1", death_disease="3")
    assert duties_of(case)[DutyKind.DEATH_CONFIRM][0] is DutyState.OPEN
    assert rows(Case)[0].lifecycle == 1
    # Told by mistake: with the correction the duty is no longer needed.
    assert send(case, why_md21="").kept
    assert duties_of(case).get(DutyKind.DEATH_CONFIRM, (DutyState.VOID,))[0] is not DutyState.OPEN


def test_a_failed_attempt_asks_for_another_and_taking_it_back_ends_that(case: int) -> None:
    visited(case, date(2026, 8, 1))
    once = followup.new_once(DOCTOR_EAST)
    followup.attempt(DOCTOR_EAST, case, once, 3, 1, None, "", TODAY)
    assert duties_of(case)[DutyKind.RETRY_VISIT][0] is DutyState.OPEN
    followup.undo_attempt(DOCTOR_EAST, once)
    assert duties_of(case).get(DutyKind.RETRY_VISIT, (DutyState.VOID,))[0] is not DutyState.OPEN


# --- the other database --------------------------------------------------------------------------------


def test_recording_is_the_same_on_both_databases(both: Flask) -> None:
    clock.fix(TODAY)
    units = open_areas()
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        _, key = people.add(work, EAST, units[EAST], "900-00001", 1, "王小明")
    followup.save_draft(DOCTOR_EAST, key, {"sleep": ["1"]}, 2, "e1", now=NOW)
    found = send(key, note="甲", acts=["1"], disturbance_count="1", incident_1_1="2026-11-10", risk="1",
                 stability="2", next_on="2026-12-05")  # fmt: skip
    assert (found.answer, count(Draft), count(Incident)) == (Answer.ACCEPTED, 0, 1)
    moved = {"on": "2026-10-30", "next_on": "2026-11-13", "incident_1_1": "2026-10-20"}
    edit = envelope(key, "e2", acts=["1"], disturbance_count="1", risk="1", stability="2", **moved,
                    _visit_id=found.visit_id, _expects=1)  # fmt: skip
    assert followup.record(DOCTOR_EAST, edit, TODAY, NOW).answer is Answer.CHANGED
    assert (
        followup.record(COLLEAGUE, replace(edit, id="e3", data=typed()), TODAY, NOW).answer is Answer.CONFLICT
    )
    once = followup.new_once(DOCTOR_EAST)
    followup.attempt(DOCTOR_EAST, key, once, 3, None, None, "", TODAY)
    assert followup.undo_attempt(DOCTOR_EAST, once) == key
    assert followup.read_visit(OFFICER, found.visit_id or 0, TODAY).version == 2
