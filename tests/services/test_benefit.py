"""待遇与同意: told to one receiver, the fields of that benefit alone, until the withdrawal."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import (
    account,
    benefit,
    benefit_answer,
    clock,
    disclosure,
    liaison,
    partner,
    supervision,
    worklist,
)
from casemgr.services.benefit import Asked
from casemgr.services.errors import Conflict, Missing, Refused, Unfit
from casemgr.services.worklist import WorkQuery
from casemgr.store.db import new_key
from casemgr.store.models import Disclosure, LedgerLine
from casemgr.store.work import open_work
from casemgr.terms.duty import DutyKind
from casemgr.terms.liaison import ExchangeKind, TaskKind, Withdrawal
from casemgr.terms.sharing import (
    Benefit,
    BenefitAnswer,
    Capacity,
    ClaimState,
    ConsentGiver,
    Flow,
    GuardianDuty,
    StopReason,
)
from tests.services import sharing
from tests.services.sharing import COUNTY, OFFICER, SECRETS, TODAY, name_of, number_of
from tests.staff import NOW, PASSWORD, quick_hasher
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, SYSTEM

CIVIL = Access.over(71, "民政", Role.CIVIL_AFFAIRS, COUNTY)
FEDERATION = Access.over(72, "残联", Role.DISABLED_FEDERATION, COUNTY)
REHAB = Access.over(73, "康复", Role.REHAB_BODY, COUNTY)
POLICE = Access.over(74, "公安", Role.POLICE, sharing.EAST)

ALLOWANCE = Asked(
    Benefit.ALLOWANCE,
    ConsentGiver.PATIENT,
    Capacity.CAPABLE,
    date(2026, 11, 10),
    None,
    signer="签字的人",
    purpose="申请最低生活保障",
)


@pytest.fixture
def county(app: Flask, monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple[int, int]]:
    clock.fix(TODAY)
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    made = sharing.people(6)
    for login, role in (
        ("minzheng", Role.CIVIL_AFFAIRS),
        ("canlian", Role.DISABLED_FEDERATION),
        ("kangfu", Role.REHAB_BODY),
    ):
        account.create(SYSTEM, login, login, int(role), COUNTY, NOW, PASSWORD, must_change=False)
    sharing.write_notes(Flow.CIVIL_AFFAIRS, Flow.DISABLED_FEDERATION, Flow.REHAB_BODY)
    return made


def apply(case: int, asked: Asked, access: Access = DOCTOR_EAST) -> int:
    once = benefit.begin()
    benefit.apply(access, once, case, asked, TODAY)
    return once


def seen_by(access: Access) -> dict[str, str]:
    """Everything the one line of a receiver says."""
    (line,) = liaison.home(access, TODAY).lines
    return dict(liaison.sheet(access, line.id).facts)


def lines(access: Access) -> int:
    return len(liaison.home(access, TODAY).lines)


def subsidy(case: int) -> Asked:
    guardian = benefit.of_case(DOCTOR_EAST, case, TODAY).guardians[0][0]
    return replace(
        ALLOWANCE,
        benefit=Benefit.SUBSIDY,
        guardian=guardian,
        agreement_on=date(2026, 1, 5),
        monthly=200,
        account="6222000011112222",
    )


def test_an_application_tells_one_receiver_its_fields_and_nobody_else(
    county: dict[int, tuple[int, int]],
) -> None:
    case = county[1][1]
    assert lines(CIVIL) == lines(FEDERATION) == 0
    once = benefit.begin()
    for _ in range(2):
        benefit.apply(DOCTOR_EAST, once, case, ALLOWANCE, TODAY)
    facts = seen_by(CIVIL)
    assert facts["姓名"] == name_of(1) and facts["办理事项"] == "低保、救助"
    assert facts["身份证号"].startswith(number_of(1)[:3]) and "*" in facts["身份证号"]
    assert "危险性评估" not in facts and "案（事）件" not in facts
    assert not any(secret in word for word in facts.values() for secret in SECRETS)
    assert lines(FEDERATION) == lines(REHAB) == 0
    # The other township knows nothing of it.
    with pytest.raises(Missing):
        benefit.of_case(DOCTOR_WEST, case, TODAY)


def test_withdrawal_ends_what_is_seen_at_once(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    once = apply(case, ALLOWANCE)
    assert lines(CIVIL) == 1
    assert benefit.withdraw(DOCTOR_EAST, case, once, TODAY) is True
    home = liaison.home(CIVIL, TODAY)
    assert (len(home.lines), len(home.withdrawn)) == (0, 1)
    assert liaison.sheet(CIVIL, home.withdrawn[0].id).facts == ()
    assert benefit_answer.benefits(CIVIL) == ()
    assert benefit.withdraw(DOCTOR_EAST, case, once, TODAY) is False
    (claim,) = benefit.of_case(DOCTOR_EAST, case, TODAY).claims
    assert (claim.state, claim.stop_reason) == (ClaimState.STOPPED, StopReason.WITHDRAWN)
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        kinds = [one.kind for one in work.entities(select(LedgerLine).order_by(LedgerLine.id))]
    assert kinds == [ExchangeKind.OPENED, ExchangeKind.WITHDRAWN]


def test_an_end_by_date_and_a_file_that_is_closed(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    apply(case, replace(ALLOWANCE, until=TODAY + timedelta(days=3)))
    assert lines(CIVIL) == 1
    clock.fix(TODAY + timedelta(days=4))
    list(disclosure.refresh_all(Access.system("refresh")))
    assert lines(CIVIL) == 0
    clock.fix(TODAY)
    other = county[3][1]
    apply(other, ALLOWANCE)
    sharing.leave(other)
    list(disclosure.refresh_all(Access.system("refresh")))
    assert [one.should_stop for one in benefit.under_way(OFFICER, TODAY) if one.case_id == other] == [
        StopReason.MOVED
    ]
    with pytest.raises(Refused):
        apply(other, replace(ALLOWANCE, benefit=Benefit.CERTIFICATE))


def test_what_ran_out_is_gone_at_midnight_and_told(county: dict[int, tuple[int, int]]) -> None:
    case, last = county[1][1], TODAY + timedelta(days=3)
    apply(case, replace(ALLOWANCE, until=last))
    (line,) = liaison.home(CIVIL, TODAY).lines
    assert partner.ask(DOCTOR_EAST, case, new_key(), f"12.{COUNTY}", TaskKind.AT_HOME, "", TODAY)
    clock.fix(last)
    assert [one.id for one in liaison.home(CIVIL, last).lines] == [line.id]
    (claim,) = benefit_answer.benefits(CIVIL)
    after = last + timedelta(days=1)
    clock.fix(after)
    # No job has run: what the window reads takes it back.
    assert benefit_answer.benefits(CIVIL) == ()
    home = liaison.home(CIVIL, after)
    assert home.lines == home.tasks == ()
    assert [(one.id, one.withdrawal) for one in home.withdrawn] == [(line.id, Withdrawal.EXPIRED)]
    with pytest.raises(Missing):
        benefit_answer.decide(CIVIL, claim.id, claim.version, BenefitAnswer.GRANTED, after, "", after)
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        kinds = [one.kind for one in work.entities(select(LedgerLine).order_by(LedgerLine.id))]
        (kept,) = work.entities(select(Disclosure))
    assert kinds == [ExchangeKind.OPENED, ExchangeKind.TASK, ExchangeKind.WITHDRAWN]
    assert (kept.sheet, kept.withdrawn_on) == (None, after)
    (open_claim,) = benefit.of_case(DOCTOR_EAST, case, after).claims
    assert open_claim.should_stop is StopReason.ENDED
    with pytest.raises(Refused):
        partner.ask(DOCTOR_EAST, case, new_key(), f"12.{COUNTY}", TaskKind.AT_HOME, "", after)
    # A new signature begins anew, and the night ends what nobody renewed.
    benefit.apply(DOCTOR_EAST, benefit.begin(), case, replace(ALLOWANCE, signed_on=after), after)
    assert [one.state for one in benefit.of_case(DOCTOR_EAST, case, after).claims] == [
        ClaimState.REFERRED, ClaimState.STOPPED,
    ]  # fmt: skip
    assert benefit.end_run_out(Access.system("night"), after) == 0
    assert lines(CIVIL) == 1


def test_of_two_signatures_the_one_that_ran_out_is_gone_alone(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    apply(case, ALLOWANCE)
    apply(case, replace(subsidy(case), until=TODAY))
    assert len(benefit_answer.benefits(CIVIL)) == 2
    after = TODAY + timedelta(days=1)
    clock.fix(after)
    # Until it was written out anew nothing is shown: the sheet holds what was told for the other one too.
    assert benefit_answer.benefits(CIVIL) == ()
    assert benefit.end_run_out(Access.system("night"), after) == 1
    list(disclosure.refresh_all(Access.system("refresh")))
    assert [one.benefit for one in benefit_answer.benefits(CIVIL)] == [Benefit.ALLOWANCE]


def test_a_referral_does_not_go_on_without_its_signature(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    apply(case, replace(ALLOWANCE, benefit=Benefit.REHABILITATION, needs="生活技能训练", until=TODAY))
    (claim,) = benefit.under_way(OFFICER, TODAY)
    after = TODAY + timedelta(days=1)
    (claim,) = benefit.under_way(OFFICER, after)
    assert claim.should_stop is StopReason.ENDED
    with pytest.raises(Refused, match="到期"):
        benefit.step(DOCTOR_EAST, claim.key, claim.version, ClaimState.CHECKED, after)
    benefit.step(DOCTOR_EAST, claim.key, claim.version, ClaimState.CHECKED, TODAY)


def test_a_subsidy_shows_the_guardian_and_no_more_of_the_patient(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    apply(case, subsidy(case))
    facts = seen_by(CIVIL)
    assert facts["监护人"].startswith(f"监护{name_of(1)}")
    assert set(facts) <= {"姓名", "性别", "出生日期", "办理事项", "监护人", "联系医生"}
    with open_work(SYSTEM, Action.SHARING_READ) as work:
        (line,) = work.entities(select(Disclosure))
        assert line.groups == (1 << 1) | (1 << 10)


def test_the_guardian_s_duties_are_reviewed_once_a_quarter(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    apply(case, subsidy(case))
    (row,) = benefit_answer.benefits(CIVIL)
    with pytest.raises(Refused):
        benefit.review(DOCTOR_EAST, row.id, tuple(GuardianDuty), False, "", TODAY)
    benefit_answer.decide(CIVIL, row.id, row.version, BenefitAnswer.GRANTED, TODAY, "", TODAY)
    with pytest.raises(Unfit):
        benefit.review(DOCTOR_EAST, row.id, tuple(GuardianDuty), None, "", TODAY)
    benefit.review(DOCTOR_EAST, row.id, tuple(GuardianDuty)[:2], False, "未按期复诊", TODAY)
    with pytest.raises(Conflict):
        benefit.review(DOCTOR_EAST, row.id, tuple(GuardianDuty), False, "", TODAY)
    (claim,) = benefit.of_case(DOCTOR_EAST, case, TODAY).claims
    assert [(one.quarter, one.passed) for one in claim.reviews] == [("2026年第4季度", False)]


def test_rehabilitation_is_checked_referred_answered_and_comes_back(
    county: dict[int, tuple[int, int]],
) -> None:
    case = county[1][1]
    asked = replace(
        ALLOWANCE,
        benefit=Benefit.REHABILITATION,
        signed_on=date(2026, 11, 9),
        needs="生活技能训练，希望就业",
        precautions="说话慢一些",
    )
    apply(case, asked)
    assert lines(REHAB) == 0
    (claim,) = benefit.under_way(OFFICER, TODAY)
    assert (claim.rule, claim.due_on, claim.late) == ("REHAB-REF-1", date(2026, 11, 16), True)
    with pytest.raises(Refused):
        benefit.step(DOCTOR_EAST, claim.key, claim.version, ClaimState.REFERRED, TODAY)
    benefit.step(DOCTOR_EAST, claim.key, claim.version, ClaimState.CHECKED, TODAY)
    (claim,) = benefit.under_way(OFFICER, TODAY)
    assert (claim.rule, claim.due_on, claim.late) == ("REHAB-REF-2", date(2026, 11, 27), False)
    benefit.step(DOCTOR_EAST, claim.key, claim.version, ClaimState.REFERRED, TODAY)
    facts = seen_by(REHAB)
    assert facts["诊断大类"] == "精神病性障碍" and facts["接待注意事项"] == "说话慢一些"
    assert "身份证号" not in facts and "危险性评估" not in facts
    assert not any(secret in word for word in facts.values() for secret in SECRETS)
    for choice, words in (
        (BenefitAnswer.ACCEPTED, ""),
        (BenefitAnswer.GRANTED, "已签协议"),
        (BenefitAnswer.SESSION, "生活技能"),
    ):
        (row,) = benefit_answer.benefits(REHAB)
        benefit_answer.decide(REHAB, row.id, row.version, choice, TODAY, words, TODAY)
    (claim,) = benefit.of_case(DOCTOR_EAST, case, TODAY).claims
    assert (claim.state, claim.sessions, claim.unread) == (ClaimState.GRANTED, 1, True)
    assert claim.answer == "2026-11-21 报送一次到场服务：生活技能"
    benefit.seen(DOCTOR_EAST, claim.key, claim.version, TODAY)
    (claim,) = benefit.of_case(DOCTOR_EAST, case, TODAY).claims
    assert not claim.unread
    benefit.stop(DOCTOR_EAST, claim.key, claim.version, StopReason.ENDED, TODAY)
    assert lines(REHAB) == 0


def test_the_terms_of_a_referral_are_duties_and_counted(county: dict[int, tuple[int, int]]) -> None:
    asked = replace(
        ALLOWANCE, benefit=Benefit.REHABILITATION, signed_on=date(2026, 11, 9), needs="生活技能训练"
    )
    for index in (1, 3):
        apply(county[index][1], asked)

    def duties(day: date) -> list[tuple[DutyKind, date, str]]:
        found = worklist.worklist(DOCTOR_EAST, WorkQuery(), day).apart
        return [(one.kind, one.due_on, one.rule) for one in found if one.noun == "benefit"]

    def counted(day: date) -> tuple[int, int]:
        (east,) = [one for one in supervision.townships(OFFICER, COUNTY, day) if one.code == DOCTOR_EAST.low]
        return east.standing.late, east.standing.missed

    check = (DutyKind.REHAB_CHECK, date(2026, 11, 16), "REHAB-REF-1")  # five working days after Monday
    assert duties(date(2026, 11, 16)) == [check, check]
    before = counted(TODAY)
    first, second = benefit.under_way(OFFICER, TODAY)
    benefit.step(DOCTOR_EAST, first.key, first.version, ClaimState.CHECKED, TODAY)
    refer = (DutyKind.REHAB_REFER, date(2026, 11, 27), "REHAB-REF-2")
    assert duties(TODAY) == [check, refer]
    assert counted(TODAY) == (before[0] + 1, before[1])  # checked after its term
    benefit.stop(DOCTOR_EAST, second.key, second.version, StopReason.OTHER, TODAY)
    assert counted(TODAY) == (before[0] + 1, before[1] + 1)  # never checked in time
    assert duties(TODAY) == [refer]
    (claim,) = benefit.under_way(OFFICER, TODAY)
    benefit.step(DOCTOR_EAST, claim.key, claim.version, ClaimState.REFERRED, TODAY)
    assert duties(TODAY) == []


def test_answers_are_the_receiver_s_own(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    apply(case, ALLOWANCE)
    (row,) = benefit_answer.benefits(CIVIL)
    for other in (FEDERATION, REHAB, POLICE):
        assert benefit_answer.benefits(other) == ()
        with pytest.raises(Missing):
            benefit_answer.decide(other, row.id, row.version, BenefitAnswer.GRANTED, TODAY, "", TODAY)
    with pytest.raises(Unfit) as wrong:
        benefit_answer.decide(CIVIL, row.id, row.version, BenefitAnswer.SESSION, None, "", TODAY)
    assert set(wrong.value.fields) == {"choice", "on"}
    with pytest.raises(Unfit):
        benefit_answer.decide(CIVIL, row.id, row.version, BenefitAnswer.REFUSED, TODAY, "", TODAY)
    benefit_answer.decide(CIVIL, row.id, row.version, BenefitAnswer.REFUSED, TODAY, "收入超过标准", TODAY)
    with pytest.raises(Conflict):
        benefit_answer.decide(CIVIL, row.id, row.version, BenefitAnswer.GRANTED, TODAY, "", TODAY)


def test_what_is_missing_on_the_paper_is_said(county: dict[int, tuple[int, int]]) -> None:
    case = county[1][1]
    with pytest.raises(Unfit) as wrong:
        apply(case, Asked(None, None, None, None, None, "", ""))
    assert set(wrong.value.fields) == {"benefit", "giver", "capacity", "signed_on", "signer", "purpose"}
    for change in (
        {"giver": ConsentGiver.GUARDIAN},
        {"capacity": Capacity.COURT},
        {"signed_on": TODAY + timedelta(days=1)},
        {"until": date(2026, 11, 12)},
        {"benefit": Benefit.SUBSIDY},
        {"benefit": Benefit.REHABILITATION},
    ):
        with pytest.raises(Unfit):
            apply(case, replace(ALLOWANCE, **change))  # type: ignore[arg-type]
    apply(case, ALLOWANCE)
    with pytest.raises(Unfit):
        apply(case, ALLOWANCE)
    proposed = dict(benefit.of_case(DOCTOR_EAST, case, TODAY).proposed)
    assert Benefit.SUBSIDY in proposed and Benefit.ALLOWANCE not in proposed


def test_nothing_is_sent_without_an_impact_note(app: Flask) -> None:
    clock.fix(TODAY)
    made = sharing.people(2)
    with pytest.raises(Refused) as wrong:
        apply(made[1][1], ALLOWANCE)
    assert wrong.value.rule == "PIPL-56"
