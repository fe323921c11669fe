"""权利申请: each kind from the request to the letter, the second doctor, and what an exit ends."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import (
    audit,
    ledger_line,
    printing,
    receiver_notice,
    register,
    rights,
    seen,
    worklist,
)
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.services.rights import NewRequest, Told
from casemgr.services.worklist import WorkQuery
from casemgr.store import sealed_files
from casemgr.store.db import new_key
from casemgr.store.models import BenefitClaim, Case, LedgerLine, ReceiverNotice, ShareConsent, Unit
from casemgr.store.queries import rights as queries
from casemgr.store.session import LockBroken
from casemgr.store.work import Work, open_work
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.duty import DutyKind
from casemgr.terms.liaison import ExchangeKind
from casemgr.terms.register import Ground, Lifecycle, Management
from casemgr.terms.rights import (
    Asker,
    Decision,
    ExitGround,
    NoticeCause,
    RequestKind,
    RequestState,
    ReturnGround,
)
from casemgr.terms.sharing import ClaimState, StopReason
from tests.conftest import TODAY
from tests.store.register import (
    COUNTY,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    NOW,
    OFFICER,
    SYSTEM,
    WEST,
    add_person,
    add_visit,
    open_areas,
)

COLLEAGUE = Access.over(99, "东镇另一位", Role.TOWNSHIP_DOCTOR, EAST)
WHY = "已核对原始记录"


@pytest.fixture
def case(both: Flask) -> int:
    """One person of the eastern township, who agreed to be managed."""
    return registered()


@pytest.fixture
def alone(app: Flask) -> int:
    """The same where the database makes no difference."""
    return registered()


def registered() -> int:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        _, key = add_person(work, EAST, units[EAST], "E-1", "张一", "999901198001010000", "10000000001")
        add_visit(work, EAST, key, TODAY - timedelta(days=9))
        row = work.get(Case, key)
        assert row is not None
        row.consent, row.consent_on = int(ConsentAnswer.AGREED), date(2020, 1, 1)
        row.management, row.ground = int(Management.MANAGED), int(Ground.CONSENT)
    return key


def ask(case: int, kind: RequestKind, asker: Asker = Asker.SELF) -> int:
    told = NewRequest(kind, asker, TODAY - timedelta(days=1), "请办理我的这项申请")
    return rights.add(DOCTOR_EAST, new_key(), case, told, TODAY)


def state_of(key: int, who: Access = DOCTOR_EAST) -> tuple[RequestState, Decision | None, int]:
    found = rights.view(who, key, TODAY)
    return found.line.state, found.decision, found.version


def case_row(case: int) -> Case:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        found = work.get(Case, case)
        assert found is not None
        return found


def test_a_request_has_a_clock_a_duty_and_is_taken_down_once(case: int) -> None:
    once = new_key()
    told = NewRequest(RequestKind.COPY, Asker.GUARDIAN, TODAY - timedelta(days=1), "复印今年的随访记录")
    for _ in range(2):
        assert rights.add(DOCTOR_EAST, once, case, told, TODAY) == once
    (line,) = rights.listed(DOCTOR_EAST, TODAY)
    assert (line.due_on, line.days, line.asker) == (TODAY + timedelta(days=29), 29, Asker.GUARDIAN)
    found = worklist.worklist(DOCTOR_EAST, WorkQuery(), line.due_on)
    assert [(one.kind, one.key, one.due_on) for one in found.apart] == [
        (DutyKind.RIGHTS_ANSWER, once, line.due_on)
    ]
    for stranger in (DOCTOR_WEST,):
        assert rights.listed(stranger, TODAY) == ()
        with pytest.raises(Missing):
            rights.view(stranger, once, TODAY)
    with pytest.raises(Forbidden):
        rights.listed(Access.over(14, "管理员", Role.ADMINISTRATOR, None), TODAY)
    with pytest.raises(Unfit) as wrong:
        rights.add(
            DOCTOR_EAST, new_key(), case, NewRequest(None, None, TODAY + timedelta(days=1), "无"), TODAY
        )
    assert set(wrong.value.fields) == {"kind", "asker", "asked_on", "what"}
    _, _, version = state_of(once)
    rights.cancel(DOCTOR_EAST, once, version, TODAY)
    with pytest.raises(Conflict):
        rights.cancel(DOCTOR_EAST, once, version, TODAY)
    assert worklist.worklist(DOCTOR_EAST, WorkQuery(), line.due_on).apart == ()


def test_copies_need_the_doctors_judgement_on_harm_and_a_reason(case: int) -> None:
    key = ask(case, RequestKind.COPY)
    _, _, version = state_of(key)
    for told, field in (
        (Told(Decision.GRANTED, WHY), "safe"),
        (Told(Decision.GRANTED, WHY, safe=False), "safe"),
        (Told(Decision.REFUSED, ""), "reason"),
        (Told(Decision.CORRECTED, WHY), "decision"),
    ):
        with pytest.raises(Unfit) as wrong:
            rights.decide(DOCTOR_EAST, key, version, told, TODAY)
        assert field in wrong.value.fields
    for paper in (rights.letter, rights.summary):
        with pytest.raises(Refused):
            paper(DOCTOR_EAST, key, TODAY)
    granted = Told(Decision.GRANTED, "本人要求，查阅无妨", safe=True)
    assert rights.decide(DOCTOR_EAST, key, version, granted, TODAY) is RequestState.CLOSED
    assert rights.letter(DOCTOR_EAST, key, TODAY)
    assert rights.summary(DOCTOR_EAST, key, TODAY)
    assert rights.view(DOCTOR_EAST, key, TODAY).letter_on == TODAY
    refused = ask(case, RequestKind.COPY)
    rights.decide(DOCTOR_EAST, refused, 1, Told(Decision.REFUSED, "近期病情波动，暂缓查阅"), TODAY)
    assert rights.letter(DOCTOR_EAST, refused, TODAY)
    with pytest.raises(Refused):
        rights.summary(DOCTOR_EAST, refused, TODAY)


def test_a_correction_holds_after_a_second_doctor(case: int) -> None:
    key = ask(case, RequestKind.CORRECTION)
    told = Told(Decision.ANNOTATED, "记录与原件一致")
    assert rights.decide(DOCTOR_EAST, key, 1, told, TODAY) is RequestState.REVIEW
    state, _, version = state_of(key)
    assert state is RequestState.REVIEW
    assert not rights.view(DOCTOR_EAST, key, TODAY).may_review
    with pytest.raises(Refused):
        rights.review(DOCTOR_EAST, key, version, Told(Decision.CORRECTED, WHY), TODAY)
    with pytest.raises(Refused):
        rights.letter(DOCTOR_EAST, key, TODAY)
    rights.review(COLLEAGUE, key, version, Told(Decision.CORRECTED, WHY), TODAY)
    assert state_of(key)[:2] == (RequestState.CLOSED, Decision.CORRECTED)
    with pytest.raises(Conflict):
        rights.review(COLLEAGUE, key, version, Told(Decision.CORRECTED, WHY), TODAY)


def test_withdrawing_ends_every_consent_and_care_goes_on(case: int) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(
            ShareConsent(
                id=new_key(), case_id=case, area=EAST, kind=1, benefit=1, receiver=int(Role.CIVIL_AFFAIRS),
                giver=1, capacity=1, signed_on=date(2026, 1, 1), recorded_at=NOW, recorded_by=1,
            )
        )  # fmt: skip
        work.flush()
        work.add(
            BenefitClaim(
                id=new_key(), case_id=case, area=EAST, receiver=int(Role.CIVIL_AFFAIRS), receiver_area=COUNTY,
                consent_id=work.scalar(select(ShareConsent.id)), benefit=1, state=int(ClaimState.GRANTED),
                applied_on=date(2026, 1, 1), recorded_at=NOW, recorded_by=1,
            )
        )  # fmt: skip
    key = ask(case, RequestKind.WITHDRAWAL)
    before = rights.view(DOCTOR_EAST, key, TODAY)
    assert (before.consents, before.consent, before.statutory) == (1, ConsentAnswer.AGREED, "")
    rights.decide(DOCTOR_EAST, key, 1, Told(Decision.GRANTED, "本人当面提出撤回"), TODAY)
    after = rights.view(DOCTOR_EAST, key, TODAY)
    assert (after.consents, after.consent, after.lifecycle) == (
        0,
        ConsentAnswer.REFUSED,
        Lifecycle.ON_REGISTER,
    )
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert work.scalar(select(ShareConsent.withdrawn_on)) == TODAY
        claim = work.one(select(BenefitClaim))
        assert (claim.state, claim.stop_reason) == (ClaimState.STOPPED, StopReason.WITHDRAWN)


def test_an_exit_needs_a_ground_and_a_second_doctor_and_locks_the_file(case: int) -> None:
    key = ask(case, RequestKind.EXIT)
    for ground in (ExitGround.DIED, ExitGround.MOVED, ExitGround.WRONG_DIAGNOSIS):
        with pytest.raises(Refused):
            rights.decide(DOCTOR_EAST, key, 1, Told(Decision.GRANTED, WHY, ground), TODAY)
    with pytest.raises(Unfit):
        rights.decide(DOCTOR_EAST, key, 1, Told(Decision.GRANTED, WHY), TODAY)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        row = work.get(Case, case)
        assert row is not None
        row.ground = int(Ground.STATUTORY)
    with pytest.raises(Refused, match="不以同意为前提"):
        rights.decide(DOCTOR_EAST, key, 1, Told(Decision.GRANTED, WHY, ExitGround.NO_GROUND), TODAY)
    told = Told(Decision.GRANTED, "复核后已痊愈", ExitGround.RECOVERED)
    assert rights.decide(DOCTOR_EAST, key, 1, told, TODAY) is RequestState.REVIEW
    person = case_row(case).person_id
    assert register.reveal_names(DOCTOR_EAST, [person], "随访") == {person: "张一"}
    _, _, version = state_of(key)
    rights.review(COLLEAGUE, key, version, Told(Decision.GRANTED, WHY), TODAY)
    assert case_row(case).lifecycle == Lifecycle.EXCLUDED
    # Kept and not read: no road to the name is left, for the county and the system neither.
    for access in (DOCTOR_EAST, OFFICER):
        assert register.reveal_names(access, [person], "随访") == {}
        with pytest.raises(Missing):
            register.reveal_identity(access, case, "随访", TODAY)
        with pytest.raises(Missing):
            register.case(access, case, TODAY)
        assert not register.cases(access, register.CaseQuery(text="张一"), TODAY).rows
        assert not register.cases(access, register.CaseQuery(text="999901198001010000"), TODAY).rows
    assert rights.view(DOCTOR_EAST, key, TODAY).locked
    assert rights.letter(DOCTOR_EAST, key, TODAY)
    assert audit.verify(SYSTEM).broken is None


def test_an_exit_that_the_first_did_not_grant_is_granted_by_nobody_alone(case: int) -> None:
    key = ask(case, RequestKind.EXIT)
    told = Told(Decision.REFUSED, WHY, ExitGround.RECOVERED)
    assert rights.decide(DOCTOR_EAST, key, 1, told, TODAY) is RequestState.REVIEW
    _, _, version = state_of(key)
    with pytest.raises(Refused, match="两名医生都同意"):
        rights.review(COLLEAGUE, key, version, Told(Decision.GRANTED, WHY), TODAY)
    assert case_row(case).lifecycle == Lifecycle.ON_REGISTER
    rights.review(COLLEAGUE, key, version, Told(Decision.REFUSED, WHY), TODAY)
    assert state_of(key)[:2] == (RequestState.CLOSED, Decision.REFUSED)
    assert not rights.view(DOCTOR_EAST, key, TODAY).locked


def test_a_question_about_the_grade_is_answered_by_a_person(case: int) -> None:
    key = ask(case, RequestKind.EXPLANATION, Asker.GUARDIAN)
    found = rights.view(DOCTOR_EAST, key, TODAY)
    assert found.assessed_on == TODAY - timedelta(days=9)
    rights.decide(DOCTOR_EAST, key, 1, Told(Decision.EXPLAINED, "根据近三个月睡眠和服药情况评定"), TODAY)
    assert rights.letter(DOCTOR_EAST, key, TODAY)


def test_who_has_seen_it_is_told_by_unit_role_and_purpose_and_names_no_reader(case: int) -> None:
    register.case(DOCTOR_EAST, case, TODAY)
    register.reveal_identity(DOCTOR_EAST, case, "随访", TODAY)
    register.reveal_identity(OFFICER, case, "督导", TODAY)
    found = seen.of_case(DOCTOR_EAST, case)
    told = {(one.unit, one.role, one.purpose) for one in found.lines}
    assert ("东镇卫生院", "精防医生", "随访") in told
    assert any(unit != "东镇卫生院" and role == "县级管理员" for unit, role, _ in told)
    assert "东镇医生" not in repr(found)
    assert seen.begin(DOCTOR_EAST, case, TODAY)
    with pytest.raises(Missing):
        seen.of_case(DOCTOR_WEST, case)


def unit_of(work: Work, area: int) -> int:
    return int(work.scalar(select(Unit.id).where(Unit.area_code == area)))


def left(case: int) -> int:
    """The person has left the register, granted by two doctors; the key of the request."""
    key = ask(case, RequestKind.EXIT)
    told = Told(Decision.GRANTED, "复核后已痊愈", ExitGround.RECOVERED)
    rights.decide(DOCTOR_EAST, key, 1, told, TODAY)
    rights.review(COLLEAGUE, key, state_of(key)[2], Told(Decision.GRANTED, WHY), TODAY)
    return key


def called(case: int) -> None:
    """The police and the hospital were called about the person, and a file went to another county."""
    with open_work(DOCTOR_EAST, Action.LIAISON_MANAGE) as work:
        for role in (Role.POLICE, Role.HOSPITAL):
            ledger_line.called_in_emergency(work, case, EAST, role, "应急处置：来电", TODAY)
        ledger_line.enter(
            work,
            kind=ExchangeKind.FILE,
            receiver=Role.POLICE,
            place=COUNTY,
            people={case: EAST},
            groups=(FieldGroup.G1, FieldGroup.G4),
            conditions=(Condition.REQUEST,),
            ground="数据安全法第35条",
            document="示例县公安局 调字1号",
        )


def open_notices() -> list[tuple[str, NoticeCause]]:
    return [(one.receiver, one.cause) for one in receiver_notice.listed(DOCTOR_EAST, TODAY) if one.open]


def text_of(key: int) -> str:
    with open_work(DOCTOR_EAST, Action.FORM_PRINT) as work:
        return (sealed_files.take(work, printing.FOLDER, key, printing.TEXT) or b"").decode()


def test_who_has_left_comes_back_by_two_doctors_and_the_file_is_as_it_was(case: int) -> None:
    with pytest.raises(Unfit) as wrong:  # nothing is sealed yet
        ask(case, RequestKind.RETURN)
    assert "kind" in wrong.value.fields
    called(case)
    left(case)
    person = case_row(case).person_id
    assert rights.kinds_of(DOCTOR_EAST, case) == (RequestKind.RETURN,)
    with pytest.raises(Unfit):
        ask(case, RequestKind.COPY)
    key = ask(case, RequestKind.RETURN, Asker.GUARDIAN)
    with pytest.raises(Unfit) as wrong:
        rights.decide(DOCTOR_EAST, key, 1, Told(Decision.GRANTED, WHY), TODAY)
    assert "ground" in wrong.value.fields
    told = Told(Decision.GRANTED, "家属要求继续管理", ReturnGround.AGREED)
    assert rights.decide(DOCTOR_EAST, key, 1, told, TODAY) is RequestState.REVIEW
    with pytest.raises(Refused):
        rights.review(DOCTOR_EAST, key, state_of(key)[2], Told(Decision.GRANTED, WHY), TODAY)
    assert register.reveal_names(OFFICER, [person], "随访") == {}
    rights.review(COLLEAGUE, key, state_of(key)[2], Told(Decision.GRANTED, WHY), TODAY)
    assert register.reveal_names(DOCTOR_EAST, [person], "随访") == {person: "张一"}
    row = case_row(case)
    assert (row.lifecycle, row.management) == (Lifecycle.ON_REGISTER, Management.MANAGED)
    assert rights.view(DOCTOR_EAST, key, TODAY).ground is ReturnGround.AGREED
    assert "恢复登记" in text_of(rights.letter(DOCTOR_EAST, key, TODAY))
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        kinds = work.entities(select(LedgerLine.kind).order_by(LedgerLine.id))
    assert kinds[-2:] == [ExchangeKind.LEFT, ExchangeKind.RETURNED]
    assert "档案封存" in repr(seen.of_case(DOCTOR_EAST, case).given)
    # Nobody was told of the exit yet, so nobody is told of either.
    assert open_notices() == []
    assert audit.verify(SYSTEM).broken is None


def test_a_return_that_the_first_did_not_grant_is_granted_by_nobody_alone(alone: int) -> None:
    left(alone)
    key = ask(alone, RequestKind.RETURN)
    rights.decide(DOCTOR_EAST, key, 1, Told(Decision.REFUSED, WHY), TODAY)
    with pytest.raises(Refused, match="两名医生都同意"):
        rights.review(COLLEAGUE, key, state_of(key)[2], Told(Decision.GRANTED, WHY), TODAY)
    rights.review(COLLEAGUE, key, state_of(key)[2], Told(Decision.REFUSED, WHY), TODAY)
    assert case_row(alone).lifecycle == Lifecycle.EXCLUDED
    assert rights.view(DOCTOR_EAST, key, TODAY).locked


def test_of_two_requests_for_the_same_thing_one_is_granted(alone: int) -> None:
    granted = Told(Decision.GRANTED, WHY)
    for kind, told in (
        (RequestKind.EXIT, Told(Decision.GRANTED, WHY, ExitGround.RECOVERED)),
        (RequestKind.RETURN, Told(Decision.GRANTED, WHY, ReturnGround.MISTAKE)),
    ):
        one, two, three = (ask(alone, kind) for _ in range(3))
        for key in (one, two):
            rights.decide(DOCTOR_EAST, key, 1, told, TODAY)
        rights.review(COLLEAGUE, one, state_of(one)[2], granted, TODAY)
        with pytest.raises(Refused, match="另一件申请"):
            rights.review(COLLEAGUE, two, state_of(two)[2], granted, TODAY)
        with pytest.raises(Refused, match="另一件申请"):
            rights.decide(DOCTOR_EAST, three, 1, told, TODAY)
        rights.review(COLLEAGUE, two, state_of(two)[2], Told(Decision.REFUSED, WHY), TODAY)
        rights.cancel(DOCTOR_EAST, three, 1, TODAY)
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        kinds = work.entities(select(LedgerLine.kind).order_by(LedgerLine.id))
    assert kinds == [ExchangeKind.LEFT, ExchangeKind.RETURNED]


def test_who_has_another_file_by_now_is_not_let_back(alone: int) -> None:
    left(alone)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        add_person(work, WEST, unit_of(work, WEST), "W-1", "张一", "999901198001010000", "10000000001")
    key = ask(alone, RequestKind.RETURN)
    told = Told(Decision.GRANTED, WHY, ReturnGround.MISTAKE)
    rights.decide(DOCTOR_EAST, key, 1, told, TODAY)
    with pytest.raises(Refused, match="另一份档案"):
        rights.review(COLLEAGUE, key, state_of(key)[2], Told(Decision.GRANTED, WHY), TODAY)
    assert rights.view(DOCTOR_EAST, key, TODAY).locked


def test_locked_rows_are_found_by_nobody_but_whoever_decides(case: int) -> None:
    left(case)
    person = case_row(case).person_id
    for access, action in ((OFFICER, Action.REGISTER_WRITE), (SYSTEM, Action.DEMO_LOAD)):
        with pytest.raises(LockBroken), open_work(access, action) as work:
            queries.kept(work, person)
    with open_work(DOCTOR_WEST, Action.RIGHTS_WRITE) as work:
        assert queries.kept(work, person) == []


def test_earlier_receivers_are_told_by_letter_in_time(alone: int) -> None:
    called(alone)
    left(alone)
    assert sorted(open_notices()) == [
        ("东镇 公安", NoticeCause.LEFT),
        ("东镇 收治医院", NoticeCause.LEFT),
        ("示例县 公安", NoticeCause.LEFT),
    ]
    lines = receiver_notice.listed(DOCTOR_EAST, TODAY)
    due = {one.due_on for one in lines}
    found = worklist.worklist(DOCTOR_EAST, WorkQuery(), max(due))
    duties = [one for one in found.apart if one.kind is DutyKind.RECEIVER_NOTICE]
    assert {one.key for one in duties} == {one.key for one in lines} and {one.due_on for one in duties} == due
    first = next(one for one in lines if one.receiver == "示例县 公安")
    view = receiver_notice.view(DOCTOR_EAST, first.key, TODAY)
    assert view.documents == ("示例县公安局 调字1号",)
    with pytest.raises(Refused):  # nothing was sent yet
        receiver_notice.tell(DOCTOR_EAST, first.key, view.version, TODAY)
    with pytest.raises(Missing):
        receiver_notice.view(DOCTOR_WEST, first.key, TODAY)
    # The name is sealed for good in the file, and stands on the letter that stops its use.
    written = text_of(receiver_notice.letter(DOCTOR_EAST, first.key, TODAY))
    assert "张一" in written and "调字1号" in written and "停止使用" in written
    version = receiver_notice.view(DOCTOR_EAST, first.key, TODAY).version
    assert receiver_notice.tell(DOCTOR_EAST, first.key, version, TODAY)
    assert not receiver_notice.tell(DOCTOR_EAST, first.key, version, TODAY)
    with pytest.raises(Refused):
        receiver_notice.letter(DOCTOR_EAST, first.key, TODAY)
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        row = work.get(ReceiverNotice, first.key)
        assert row is not None and row.called is None
        last = work.one(select(LedgerLine).order_by(LedgerLine.id.desc()).limit(1))
    assert (last.kind, last.receiver, last.receiver_area) == (ExchangeKind.NOTIFIED, Role.POLICE, COUNTY)
    assert len(open_notices()) == 2


def test_a_correction_reaches_who_had_the_old_value_and_an_annotation_does_not(alone: int) -> None:
    called(alone)
    for decision, expected in ((Decision.ANNOTATED, 0), (Decision.CORRECTED, 3), (Decision.CORRECTED, 3)):
        key = ask(alone, RequestKind.CORRECTION)
        rights.decide(DOCTOR_EAST, key, 1, Told(decision, "与原件不一致"), TODAY)
        rights.review(COLLEAGUE, key, state_of(key)[2], Told(decision, WHY), TODAY)
        # The same correction twice before anybody was told is told once.
        assert len(open_notices()) == expected
