"""Village doctors and hospitals: who is on which list, what it says, how it leaves, what comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.rules.disclosure import matrix
from casemgr.services import (
    account,
    clock,
    disclosure,
    emergency,
    hospital_care,
    indicator,
    liaison,
    liaison_post,
    partner,
    pledge,
    post,
    post_report,
    referral,
    seen,
    state,
)
from casemgr.services.errors import Conflict, Missing, Refused, Unauthenticated, Unfit
from casemgr.services.liaison_post import FromHospital, Seen
from casemgr.services.referral import ReferralEntry, ReferralStep
from casemgr.store.db import new_key
from casemgr.store.models import (
    Case,
    Disclosure,
    Duty,
    LiaisonPledge,
    LiaisonReport,
    LiaisonTask,
    Notice,
    PauseSpell,
    Referral,
    RegimenLine,
    Visit,
)
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.disclosure import FieldGroup, Level, Party
from casemgr.terms.duty import DutyKind, DutyState
from casemgr.terms.liaison import Reason, ReportAnswer, ReportKind, TaskAnswer, TaskKind, Withdrawal
from casemgr.terms.post import CareGround, Danger, Spirits, Stay, Taking
from casemgr.terms.referral import Direction, ReferralState
from casemgr.terms.register import Diagnosis, Lifecycle, Pause
from tests.services.liaison import incident, settle, visit
from tests.services.posts import EAST, ONE, TODAY, TWO, World, days, open_world
from tests.staff import NOW, PASSWORD
from tests.store.register import DOCTOR_EAST, OFFICER, SYSTEM


@pytest.fixture
def world(app: Flask, monkeypatch: pytest.MonkeyPatch) -> World:
    """Posts and people on SQLite."""
    return open_world(monkeypatch)


def aliases(access: Access) -> list[str]:
    return [one.alias for one in liaison.home(access, TODAY).lines]


def facts(access: Access) -> dict[str, str]:
    """The one open sheet of a post, lines of one name joined."""
    (line,) = liaison.home(access, TODAY).lines
    found: dict[str, str] = {}
    for label, words in liaison.sheet(access, line.id).facts:
        found[label] = f"{found[label]}|{words}" if label in found else words
    return found


def sent_to(world: World, login: str = "yuan", case: int | None = None) -> int:
    """An open referral of the first person to a hospital; its key."""
    entry = ReferralEntry(
        Direction.UP, days(3), days(2), "近来睡眠差、自语", "精神科", hospital=world.posts[login]
    )
    return referral.record(DOCTOR_EAST, case or world.one, new_key(), entry, TODAY).id


def test_a_village_doctor_sees_the_own_villages_by_the_matrix(world: World) -> None:
    visit(world.one, EAST, days(20), 3, stability=2, adherence=2, symptoms=2, insight=2)
    incident(world.one, EAST, days(40), 5)
    with open_work(SYSTEM, Action.MEDICINE_WRITE) as work:
        work.add(
            RegimenLine(
                id=new_key(),
                area=EAST,
                case_id=world.one,
                code="RISP-1",
                ingredient="risperidone",
                long_acting=False,
                morning_ug=1000,
                evening_ug=2000,
                since=days(90),
                recorded_at=NOW,
                recorded_by=11,
            )
        )
        work.add(
            RegimenLine(
                id=new_key(),
                area=EAST,
                case_id=world.one,
                name=Plain("祖传方"),
                long_acting=False,
                morning_ug=500,
                since=days(30),
                recorded_at=NOW,
                recorded_by=11,
            )
        )
    settle(world.one)
    told = facts(world.accesses["cunone"])
    assert aliases(world.accesses["cunone"]) == ["王某（女，1951年生）"]
    assert (told["姓名"], told["身份证号"][3:-2]) == ("王小明", "*" * 13)
    assert (told["病情"], told["服药情况"]) == ("基本稳定（2026-11-01）", "间断用药（2026-11-01）")
    assert told["用药"] == "利培酮片 早1毫克、晚2毫克|祖传方 早0.5毫克"
    assert (told["危险性评估"], told["案（事）件"]) == ("3级（2026-11-01）", "2026-10-12 自伤")
    assert (told["残疾证"], told["诊断"]) == ("无", Diagnosis.read(2).label)
    assert {"目前症状", "自知力"}.isdisjoint(told) and told["随访"].startswith("应于 ")
    # Of the next village another doctor, of hospitals and departments nobody.
    assert aliases(world.accesses["cuntwo"]) == ["李某（男，1952年生）"]
    for login in ("cunfar", "yuan", "other", "aid"):
        assert "王某（女，1951年生）" not in aliases(world.accesses[login])


def test_a_sheet_tells_no_group_that_the_matrix_does_not(world: World) -> None:
    """Every line of both rows, looked up in the list itself."""
    visit(world.one, EAST, days(20), 4, stability=1, adherence=1, symptoms=6, insight=1, rehab_measures=2)
    sent_to(world)
    for login, party in (("cunone", Party.VILLAGE_DOCTOR), ("yuan", Party.HOSPITAL)):
        (line,) = liaison.home(world.accesses[login], TODAY).lines
        with open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
            groups = work.get(Disclosure, line.id).groups
        held = {8} if party is Party.HOSPITAL else set()
        open_ = {
            one.group
            for one in matrix()
            if one.party is party
            and one.level is not Level.NONE
            and any({int(each) for each in ways} <= held for ways in one.conditions)
        }
        told = {group for group in FieldGroup if groups >> int(group) & 1}
        assert told <= open_, login
        assert {FieldGroup.G1, FieldGroup.G2, FieldGroup.G5, FieldGroup.G6, FieldGroup.G8} <= told
        assert FieldGroup.G13 not in told


def test_the_view_leaves_by_itself(world: World) -> None:
    village = world.accesses["cunone"]

    def reason() -> Withdrawal | None:
        home = liaison.home(village, TODAY)
        assert not home.lines
        (gone,) = home.withdrawn
        assert liaison.sheet(village, gone.id).facts == ()
        return gone.withdrawal

    def settled(**given: Any) -> None:
        with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
            case = work.get(Case, world.one)
            for name, value in given.items():
                setattr(case, name, value)
        settle(world.one)

    settled(village=TWO)
    assert reason() is Withdrawal.MOVED
    assert sorted(aliases(world.accesses["cuntwo"])) == ["李某（男，1952年生）", "王某（女，1951年生）"]
    for change, why in (
        ({"consent": 0}, Withdrawal.ENDED),
        ({"lifecycle": int(Lifecycle.DEAD), "lifecycle_on": TODAY}, Withdrawal.LEFT),
    ):
        settled(village=ONE, consent=1, lifecycle=1)
        liaison.receive(village, *_first_withdrawn(village))
        assert aliases(village) == ["王某（女，1951年生）"]
        settled(**change)
        assert reason() is why
    # Refused, but on the register by law: care goes on.
    settled(lifecycle=1, consent=0, article30=True)
    assert aliases(village) == ["王某（女，1951年生）"]


def _first_withdrawn(access: Access) -> tuple[int, int]:
    (row,) = liaison.home(access, TODAY).withdrawn
    return row.id, row.version


def test_a_post_changes_its_villages_and_ends(world: World) -> None:
    key = world.posts["cunone"]
    post.change(OFFICER, key, post.get(OFFICER, key).version, "东镇卫生室", [ONE, TWO])
    assert len(aliases(world.accesses["cunone"])) == 2
    for wrong, name in (([], "villages"), ([ONE + 900], "villages"), ([EAST + 1201], "villages")):
        with pytest.raises(Unfit) as found:
            post.change(OFFICER, key, post.get(OFFICER, key).version, "东镇卫生室", wrong)
        assert set(found.value.fields) == {name}
    open_form = post.get(OFFICER, key).version
    post.change(OFFICER, key, open_form, "东镇卫生室", [TWO])
    with pytest.raises(Conflict):  # somebody else's form with the villages of before
        post.change(OFFICER, key, open_form, "东镇卫生室", [ONE, TWO])
    assert aliases(world.accesses["cunone"]) == ["李某（男，1952年生）"]
    inside = liaison.sign_in("cunone", PASSWORD, "127.0.0.1", clock.now())
    assert inside.person.area_name == "东镇卫生室"
    assert post.end(OFFICER, key, post.get(OFFICER, key).version)
    assert liaison.signed_in(inside.token, clock.now()) is None
    assert aliases(world.accesses["cunone"]) == []
    with pytest.raises(Unauthenticated):
        liaison.sign_in("cunone", PASSWORD, "127.0.0.1", clock.now())
    with pytest.raises(Refused):
        post.open_account(OFFICER, key, "second", "某乙", None, None, NOW)


def test_the_county_gives_accounts_with_days_and_takes_them_back(world: World) -> None:
    key = world.posts["cuntwo"]
    with pytest.raises(Unfit) as found:
        post.open_account(OFFICER, key, "B d", "", TODAY, days(1), NOW)
    assert found.value.fields
    made = post.open_account(OFFICER, key, "newdoc", "陈医生", days(5), days(1), NOW)
    who = next(one for one in post.get(OFFICER, key).accounts if one.key == made.account)
    assert (who.active, who.usable, who.valid_until) == (True, False, days(1))
    with pytest.raises(Unauthenticated, match="有效期"):
        liaison.sign_in("newdoc", made.secret, "127.0.0.1", clock.now())
    made = post.open_account(OFFICER, key, "newer", "赵医生", None, TODAY + timedelta(90), NOW)
    token = liaison.sign_in("newer", made.secret, "127.0.0.1", clock.now())
    assert token.person.must_change and token.person.access.post == key
    assert post.leave(OFFICER, key, made.account) and not post.leave(OFFICER, key, made.account)
    assert liaison.signed_in(token.token, clock.now()) is None
    # Nobody gives such an account without a post, or moves one to another role.
    shown = account.get(SYSTEM, world.keys["yuan"])
    with pytest.raises((Unfit, Refused)):
        account.change(SYSTEM, shown.key, "某", int(Role.POLICE), EAST, shown.version)
    with pytest.raises(Missing):
        post.get(replace(OFFICER, low=EAST + 10**6, high=EAST + 2 * 10**6), key)


def test_a_hospital_sees_whom_it_is_sent_until_the_referral_is_over(world: World) -> None:
    visit(world.one, EAST, days(9), 2, symptoms=2, insight=3, stability=1)
    key = sent_to(world)
    told = facts(world.accesses["yuan"])
    assert (told["转诊原因"], told["收治关系"]) == ("近来睡眠差、自语", "转诊到本院（2026-11-19）")
    assert (told["自知力"], told["目前症状"]) == ("自知力缺失", "幻觉（2026-11-12）")
    assert told["身份证号"].isdigit() or told["身份证号"][:-1].isdigit()
    assert aliases(world.accesses["other"]) == []
    referral.step(DOCTOR_EAST, key, ReferralStep(ReferralState.DONE, days(1), "已就诊，调药"), TODAY)
    (gone,) = liaison.home(world.accesses["yuan"], TODAY).withdrawn
    assert (gone.reason, gone.withdrawal) == (Reason.CARE, Withdrawal.ENDED)


def test_a_sheet_that_was_over_at_midnight_is_neither_asked_about_nor_answered(world: World) -> None:
    sent_to(world)
    yuan = world.accesses["yuan"]
    line, task = _line(yuan), new_key()
    known = partner.begin_task(DOCTOR_EAST, world.one, TODAY).receivers
    to = next(one for one in known if one.role is Role.HOSPITAL)
    assert partner.ask(DOCTOR_EAST, world.one, task, to.key, TaskKind.FEEDBACK, "", TODAY)
    assert liaison.task(yuan, task, TODAY).facts
    with open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
        work.get(Disclosure, line).valid_until = days(1)
    with pytest.raises(Missing):
        liaison_post.begin(yuan, line)
    with pytest.raises(Missing):
        liaison_post.answer(yuan, line, new_key(), FromHospital(ReportKind.TAKEN_IN, TODAY), TODAY)
    assert liaison.task(yuan, task, TODAY).facts == ()


def test_an_emergency_and_a_stay_are_told_on_what_is_in_the_records(world: World) -> None:
    yuan = world.posts["yuan"]
    for ground in (CareGround.REFERRAL, CareGround.EMERGENCY, CareGround.ADMISSION, None):
        with pytest.raises(Unfit) as found:
            hospital_care.tell(DOCTOR_EAST, world.one, new_key(), yuan, ground, TODAY)
        assert set(found.value.fields) == {"ground"}
    with pytest.raises(Unfit) as found:
        hospital_care.tell(DOCTOR_EAST, world.one, new_key(), world.posts["cunone"], None, TODAY)
    assert set(found.value.fields) == {"ground", "post"}
    emergency.start(DOCTOR_EAST, world.one, new_key(), NOW, NOW)
    once = new_key()
    assert hospital_care.tell(DOCTOR_EAST, world.one, once, yuan, CareGround.EMERGENCY, TODAY)
    assert not hospital_care.tell(DOCTOR_EAST, world.one, once, yuan, CareGround.EMERGENCY, TODAY)
    (line,) = liaison.home(world.accesses["yuan"], TODAY).lines
    assert line.until == TODAY + timedelta(days=14)
    (care,) = hospital_care.page(DOCTOR_EAST, world.one, TODAY).cares
    assert care.running and hospital_care.end(DOCTOR_EAST, care.id, TODAY) == world.one
    assert aliases(world.accesses["yuan"]) == []
    with open_work(SYSTEM, Action.CASE_READ) as work:
        version = work.get(Case, world.one).version
    state.pause(
        DOCTOR_EAST, world.one, version, Pause.IN_HOSPITAL, TODAY + timedelta(20), "市精神卫生中心", TODAY
    )
    assert hospital_care.tell(DOCTOR_EAST, world.one, new_key(), yuan, CareGround.ADMISSION, TODAY)
    assert len(aliases(world.accesses["yuan"])) == 1
    state.resume(DOCTOR_EAST, world.one, TODAY)
    assert aliases(world.accesses["yuan"]) == []


def _line(access: Access) -> int:
    (row,) = liaison.home(access, TODAY).lines
    return row.id


def _seen(**given: Any) -> Seen:
    usual = {
        "on": TODAY,
        "spirits": Spirits.USUAL,
        "taking": Taking.REGULAR,
        "stay": Stay.HOME,
        "dangers": (),
    }
    return Seen(**{**usual, **given})


def test_what_a_village_doctor_saw_is_an_entry_and_never_a_visit(world: World) -> None:
    visit(world.one, EAST, days(60), 1, stability=3)
    before = _figures()
    village, once = world.accesses["cunone"], new_key()
    with pytest.raises(Unfit) as found:
        liaison_post.observe(village, _line(village), new_key(), _seen(spirits=None, on=None), TODAY)
    assert set(found.value.fields) == {"spirits", "on"}
    assert liaison_post.observe(village, _line(village), once, _seen(note="在院里晒太阳"), TODAY)
    assert not liaison_post.observe(village, _line(village), once, _seen(), TODAY)
    view = partner.report(DOCTOR_EAST, once, TODAY)
    assert view.of_post and view.kind is ReportKind.SEEN and not view.urgent
    assert "和平常一样" in view.facts[0][1] and "在院里晒太阳" in view.facts[0][1]
    with pytest.raises(Missing):  # it is taken over or not, not answered like a report of another office
        partner.answer(DOCTOR_EAST, once, view.version, ReportAnswer.FOLLOWED, "", "", TODAY)
    with pytest.raises(Unfit):
        post_report.decline(DOCTOR_EAST, once, view.version, "", TODAY)
    assert post_report.accept(DOCTOR_EAST, once, view.version, "谢谢", TODAY) == world.one
    assert post_report.accept(DOCTOR_EAST, once, view.version, "谢谢", TODAY) == world.one
    (told,) = post_report.of_case(DOCTOR_EAST, world.one)
    assert (told.answer, told.reporter) == (ReportAnswer.ACCEPTED, "cunone岗位 村医")
    own = liaison.own_report(village, once)
    assert (own.row.answer, own.words) == (ReportAnswer.ACCEPTED, "谢谢")
    with open_work(SYSTEM, Action.CASE_READ) as work:
        assert len(work.rows(select(Visit.id).where(Visit.case_id == world.one))) == 1
        open_visits = select(Duty.id).where(Duty.case_id == world.one, Duty.state == int(DutyState.OPEN))
        assert len(work.rows(open_visits.where(Duty.kind == int(DutyKind.VISIT)))) == 1
    assert _figures() == before
    # Somebody else's list, or a hospital's, begins nothing.
    for login in ("cuntwo", "yuan", "eastpost"):
        with pytest.raises(Missing):
            liaison_post.observe(world.accesses[login], _line(village), new_key(), _seen(), TODAY)


def _figures() -> list[tuple[int, str, int | None, int | None]]:
    made = indicator.live(OFFICER, None, TODAY)
    return [
        (area.code, one.key, one.numerator, one.denominator) for area in made.areas for one in area.indicators
    ]


@pytest.mark.parametrize("sign", [{"dangers": (Danger.SUICIDE,)}, {"stay": Stay.MISSING}])
def test_a_sign_of_danger_opens_the_duty_at_once(world: World, sign: dict[str, Any]) -> None:
    village, once = world.accesses["cunone"], new_key()
    liaison_post.observe(village, _line(village), once, _seen(**sign), TODAY)
    view = partner.report(DOCTOR_EAST, once, TODAY)
    assert view.urgent and view.due_on - TODAY <= timedelta(days=3)
    usual = new_key()
    liaison_post.observe(village, _line(village), usual, _seen(), TODAY)
    assert partner.report(DOCTOR_EAST, usual, TODAY).due_on > view.due_on


def test_a_task_goes_to_the_village_and_comes_back(world: World) -> None:
    form = partner.begin_task(DOCTOR_EAST, world.one, TODAY)
    assert [one.label for one in form.receivers] == ["cunone岗位 村医"]
    key = form.receivers[0].key
    with pytest.raises(Unfit) as found:
        partner.ask(DOCTOR_EAST, world.one, form.once, key, TaskKind.FEEDBACK, "", TODAY)
    assert set(found.value.fields) == {"kind"}
    assert partner.ask(DOCTOR_EAST, world.one, form.once, key, TaskKind.MEDICINE, "药物按时吃了吗", TODAY)
    village = world.accesses["cunone"]
    view = liaison.task(village, form.once, TODAY)
    assert dict(view.facts)["姓名"] == "王小明" and view.question == "药物按时吃了吗"
    assert liaison_post.line_of_task(village, form.once) == _line(village)
    assert liaison_post.line_of_task(world.accesses["eastpost"], form.once) is None
    liaison.answer(village, form.once, TaskAnswer.YES, "已提醒")
    with pytest.raises(Missing):
        liaison.task(world.accesses["cuntwo"], form.once, TODAY)
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        work.get(Case, world.one).village = TWO
    settle(world.one)
    assert liaison.task(village, form.once, TODAY).facts == ()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        work.get(Case, world.one).village = ONE
    settle(world.one)
    # A department is not asked what only a village doctor is.
    visit(world.one, EAST, days(9), 4)
    police = next(
        one for one in partner.begin_task(DOCTOR_EAST, world.one, TODAY).receivers if one.role is Role.POLICE
    )
    with pytest.raises(Unfit) as found:
        partner.ask(DOCTOR_EAST, world.one, new_key(), police.key, TaskKind.MEDICINE, "", TODAY)
    assert set(found.value.fields) == {"kind"}


def test_a_discharge_becomes_the_notice_and_opens_the_two_weeks(world: World) -> None:
    key = sent_to(world)
    yuan = world.accesses["yuan"]

    def told(kind: ReportKind, on: date, **given: Any) -> int:
        once = new_key()
        assert liaison_post.answer(yuan, _line(yuan), once, FromHospital(kind, on, **given), TODAY)
        return once

    def accepted(once: int) -> None:
        post_report.accept(DOCTOR_EAST, once, partner.report(DOCTOR_EAST, once, TODAY).version, "", TODAY)

    accepted(told(ReportKind.ADMITTED, days(2)))
    with open_work(SYSTEM, Action.CASE_READ) as work:
        assert work.get(Case, world.one).pause == Pause.IN_HOSPITAL
        assert work.get(Referral, key).state == ReferralState.ACCEPTED
    with pytest.raises(Unfit) as found:
        liaison_post.answer(yuan, _line(yuan), new_key(), FromHospital(ReportKind.DISCHARGED, TODAY), TODAY)
    assert set(found.value.fields) == {"admitted_on", "diagnosis", "medication", "advice"}
    left = told(
        ReportKind.DISCHARGED,
        days(1),
        admitted_on=days(2),
        diagnosis=Diagnosis.BIPOLAR,
        medication="碳酸锂 0.25克 每日2次",
        advice="两周后复查血锂",
        doctor="周医生",
    )
    with open_work(SYSTEM, Action.CASE_READ) as work:
        assert work.rows(select(Notice.id)) == [] and work.get(Case, world.one).pause == Pause.IN_HOSPITAL
    accepted(left)
    with open_work(SYSTEM, Action.CASE_READ) as work:
        (row,) = work.entities(select(Notice))
        assert (row.case_id, row.happened_on) == (world.one, days(1))
        assert work.get(Case, world.one).pause is None
        assert work.entities(select(PauseSpell))[0].ended_on == days(1)
        assert work.get(Referral, key).state == ReferralState.DONE
        (due,) = work.rows(select(Duty.due_on, Duty.state).where(Duty.kind == int(DutyKind.DISCHARGE_VISIT)))
        assert (due.state, due.due_on - days(1)) == (DutyState.OPEN, timedelta(days=14))
        # The diagnosis in the file is the doctor's to change, with what a new diagnosis asks for.
        assert work.get(Case, world.one).diagnosis != Diagnosis.BIPOLAR
    (line,) = liaison.home(yuan, TODAY).lines
    assert (line.reason, line.until) == (Reason.AFTER, days(1) + timedelta(days=14))


def test_a_stay_of_many_years_is_taken_over(world: World) -> None:
    sent_to(world)
    yuan, once = world.accesses["yuan"], new_key()
    told = FromHospital(ReportKind.ADMITTED, date(2008, 3, 1))
    assert liaison_post.answer(yuan, _line(yuan), once, told, TODAY)
    post_report.accept(DOCTOR_EAST, once, partner.report(DOCTOR_EAST, once, TODAY).version, "", TODAY)
    with open_work(SYSTEM, Action.CASE_READ) as work:
        assert work.get(Case, world.one).pause == Pause.IN_HOSPITAL


def test_a_word_of_a_hospital_can_be_left_out(world: World) -> None:
    key = sent_to(world)
    yuan, once = world.accesses["yuan"], new_key()
    said = FromHospital(ReportKind.ABSENT, TODAY, note="电话未接")
    liaison_post.answer(yuan, _line(yuan), once, said, TODAY)
    view = partner.report(DOCTOR_EAST, once, TODAY)
    assert view.urgent
    post_report.decline(DOCTOR_EAST, once, view.version, "已改约下周", TODAY)
    with open_work(SYSTEM, Action.CASE_READ) as work:
        assert work.get(Referral, key).state == ReferralState.SENT
        assert work.get(LiaisonReport, once).answer == ReportAnswer.DECLINED
    # Nothing is written into the file of somebody who has left.
    again = new_key()
    liaison_post.answer(yuan, _line(yuan), again, said, TODAY)
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        work.get(Case, world.one).lifecycle = int(Lifecycle.MOVED_OUT)
    settle(world.one)
    with pytest.raises(Refused):
        post_report.accept(DOCTOR_EAST, again, 1 + 1, "", TODAY)


def test_no_promise_is_kept_of_whom_none_is_asked(world: World) -> None:
    for login in ("cunone", "yuan"):
        pledge.promise(world.accesses[login], set(pledge.PROMISES), TODAY)
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        kept = {row.account for row in work.entities(select(LiaisonPledge))}
    assert not kept & {world.accesses[login].actor for login in ("cunone", "yuan")}


def test_the_ledger_and_the_person_know_who_looked(world: World) -> None:
    facts(world.accesses["cunone"])
    given = seen.of_case(DOCTOR_EAST, world.one).given
    assert {(one.receiver, one.step) for one in given} == {
        ("cunone岗位村医", "开始提供"),
        ("cunone岗位村医", "查看"),
    }


def test_a_sheet_is_left_alone_when_nothing_changed(world: World) -> None:
    """The nightly job opens no text anew where nothing was written."""
    with open_work(SYSTEM, Action.MEDICINE_WRITE) as work:
        work.add(
            RegimenLine(
                id=new_key(),
                area=EAST,
                case_id=world.one,
                name=Plain("祖传方"),
                long_acting=False,
                since=days(30),
                recorded_at=NOW,
                recorded_by=11,
            )
        )
    settle(world.one)
    with open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
        (before,) = work.rows(select(Disclosure.version).where(Disclosure.file_key == world.one))
    assert sum(disclosure.refresh_all(SYSTEM)) == 3
    with open_work(SYSTEM, Action.LIAISON_MANAGE) as work:
        (after,) = work.rows(select(Disclosure.version).where(Disclosure.file_key == world.one))
        assert work.rows(select(LiaisonTask.id)) == []
    assert before == after
