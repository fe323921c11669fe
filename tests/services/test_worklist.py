"""Three blocks with one reason each; counters equal rows; what people do to duties, and who does them."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import account, clock, duties, event, followup, supervision, worklist
from casemgr.services.errors import Forbidden, Missing, Refused, Unfit
from casemgr.services.worklist import Worklist, WorkQuery
from casemgr.store.db import new_key
from casemgr.store.models import AuditEntry, Clue, Duty, Notice, Transfer
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.duty import Block, DutyKind, DutyState, Urgency
from casemgr.terms.notice import NoticeState
from casemgr.terms.transfer import TransferSide, TransferState
from tests.services.day import FAR, GIVEN, NEAR, TODAY, Day, furnish
from tests.services.people import NOW, visit
from tests.services.test_register import statements
from tests.store.register import (
    ADMINISTRATOR,
    COUNTY,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    OFFICER,
    SYSTEM,
    WEST,
    open_areas,
)


@pytest.fixture
def day(app: Flask) -> Day:
    clock.fix(TODAY)
    return furnish(open_areas())


def listed(**asked: object) -> Worklist:
    return worklist.worklist(DOCTOR_EAST, WorkQuery(**asked), TODAY)  # type: ignore[arg-type]


def names(found: Worklist) -> list[str]:
    return [row.file_no.removeprefix("900-") for row in found.rows]


def counts(found: Worklist) -> dict[Block, int]:
    return {one.block: one.count for one in (*found.counts, *found.folded)}


def test_everybody_stands_in_one_block_in_order(day: Day) -> None:
    found = listed()
    assert names(found) == ["police", "today", "unstable", "late", "later", "week"]
    assert counts(found) == {Block.TODAY: 2, Block.WEEK: 1, Block.LATE: 3, Block.TOLD: 0, Block.LOST: 2}
    police, today, unstable = found.rows[:3]
    assert (police.main.kind, police.main.urgency) == (DutyKind.TELL_POLICE, Urgency.NOW)
    assert {one.kind for one in police.others} == {DutyKind.VISIT, DutyKind.CHECKUP}
    assert (today.main.when, today.main.rule) == ("今天到期", "GW2017-7.12")
    assert unstable.main.reason == "上次分类不稳定，14天内须随访，已 20 天"
    assert (unstable.main.when, unstable.main.overdue_days) == ("逾期 6 天", 6)
    assert sorted(names(listed(block=Block.LOST))) == ["lost", "year"]


@pytest.mark.parametrize(
    "asked", [{}, {"village": NEAR}, {"village": FAR}, {"village": 0}, {"kind": DutyKind.VISIT}]
)
def test_counters_equal_rows(day: Day, asked: dict[str, object]) -> None:
    whole = listed(**asked)
    assert sum(one.count for one in whole.counts) == whole.total == len(whole.rows)
    for one in (*whole.counts, *whole.folded):
        part = listed(**asked, block=one.block)
        assert one.count == part.total == len(part.rows)
        assert counts(part) == counts(whole), "choosing a block changes no counter"


def test_filters_say_what_they_would_find(day: Day) -> None:
    found = listed()
    assert found.villages == ((NEAR, "近村", 3), (FAR, "远村", 3))
    assert dict(found.kinds)[DutyKind.TELL_POLICE] == 1
    near = listed(village=NEAR)
    assert names(near) == ["today", "late", "week"]
    assert near.rows[0].neighbours == 2
    assert len(listed(size=20, page=9).rows) == 6, "a page behind the last is the last"


def test_an_attempt_takes_somebody_out_of_the_day_and_an_undo_brings_them_back(day: Day) -> None:
    once = listed().rows[1].once
    told = followup.attempt(
        DOCTOR_EAST, day["today"], once, int(AttemptResult.NOT_REACHED), 1, None, "", TODAY
    )
    found = listed()
    assert "today" not in names(found)
    assert counts(found)[Block.TOLD] == 1
    (row,) = listed(block=Block.TOLD).rows
    assert (row.tried, row.tried_on) == (AttemptResult.NOT_REACHED, TODAY)
    assert DutyKind.RETRY_VISIT in {one.kind for one in row.others}
    followup.undo_attempt(DOCTOR_EAST, told.attempt_id)
    assert names(listed())[1] == "today"
    clock.fix(date(2026, 11, 22))
    assert "today" in names(worklist.worklist(DOCTOR_EAST, WorkQuery(), date(2026, 11, 22)))


def test_an_agreed_day_is_shown_and_hides_nothing_overdue(day: Day) -> None:
    followup.attempt(
        DOCTOR_EAST, day["late"], new_key(), int(AttemptResult.AGREED), 1, date(2026, 11, 24), "", TODAY
    )
    tomorrow, then = date(2026, 11, 22), date(2026, 11, 24)
    (row,) = (
        row
        for row in worklist.worklist(DOCTOR_EAST, WorkQuery(), tomorrow).rows
        if row.case_id == day["late"]
    )
    assert (row.block, row.agreed_on) == (Block.LATE, then)
    (row,) = (
        row for row in worklist.worklist(DOCTOR_EAST, WorkQuery(), then).rows if row.case_id == day["late"]
    )
    assert row.block is Block.TODAY


def test_a_visit_leaves_the_list_in_the_next_request(day: Day) -> None:
    with open_work(DOCTOR_EAST, Action.FOLLOWUP_RECORD) as work:
        visit(work, EAST, day["today"], TODAY, **GIVEN)
        duties.refresh(work, [day["today"]])
    assert "today" not in names(listed())
    assert counts(listed())[Block.TOLD] == 0


def test_names_are_opened_for_a_purpose_and_recorded(day: Day) -> None:
    assert {row.name for row in listed().rows} == {""}
    found = worklist.worklist(DOCTOR_EAST, WorkQuery(), TODAY, "随访")
    assert {row.name for row in found.rows} >= {"人police", "人today"}
    with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
        (entry,) = work.entities(select(AuditEntry).where(AuditEntry.verb == "reveal"))
    assert (entry.count, entry.purpose) == (6, "随访")


def test_nothing_to_do_says_who_comes_next(app: Flask) -> None:
    clock.fix(TODAY)
    day = furnish(open_areas())
    early = date(2026, 6, 1)
    found = worklist.worklist(DOCTOR_WEST, WorkQuery(), early)
    assert found.nothing and not found.rows
    assert found.next is not None
    assert (found.next.case_id, found.next.on, found.next.name) == (day["west"], date(2026, 11, 1), "")
    assert worklist.worklist(DOCTOR_WEST, WorkQuery(), early, "随访").next.name == "人west"  # type: ignore[union-attr]


def test_only_townships_inside_the_access_have_a_list(day: Day) -> None:
    for access, area in ((OFFICER, None), (DOCTOR_WEST, EAST), (DOCTOR_EAST, COUNTY)):
        with pytest.raises(Missing):
            worklist.worklist(access, WorkQuery(area=area), TODAY)
    assert worklist.worklist(OFFICER, WorkQuery(area=EAST), TODAY).total == 6
    with pytest.raises(Forbidden):
        worklist.of_case(ADMINISTRATOR, day["late"], TODAY)


def clue(area: int = EAST, **given: object) -> None:
    values = {"state": 1, "found_on": date(2026, 11, 2), "name": Plain("某人"), "village": None, **given}
    with open_work(SYSTEM, Action.CLUE_WRITE) as work:
        work.add(Clue(id=new_key(), area=area, form_version=2018, recorded_at=NOW, recorded_by=11, **values))


def notice(area: int, state: NoticeState, **given: object) -> None:
    values = {"kind": 2, "happened_on": date(2026, 10, 20), "received_on": date(2026, 11, 2), **given}
    with open_work(SYSTEM, Action.NOTICE_WRITE) as work:
        work.add(
            Notice(
                id=new_key(),
                area=area,
                state=int(state),
                name=Plain("某人"),
                recorded_at=NOW,
                recorded_by=11,
                **values,
            )
        )


def transfer(area: int, side: TransferSide, state: TransferState, file: int, on: date | None) -> None:
    with open_work(SYSTEM, Action.TRANSFER_WRITE) as work:
        work.add(
            Transfer(
                id=new_key(),
                area=area,
                pair=file,
                side=int(side),
                state=int(state),
                file_key=file,
                other_area=WEST,
                other_unit=1,
                asked_on=date(2026, 11, 9),
                answered_on=on,
                name=Plain("某人"),
                recorded_at=NOW,
                recorded_by=11,
            )
        )


def test_what_has_no_file_waits_beside_the_list_and_counts(day: Day) -> None:
    before = counts(listed())
    clue(village=NEAR)
    (apart,) = listed().apart
    assert (apart.kind, apart.due_on, apart.when, apart.block, apart.village_name) == (
        DutyKind.CLUE_VERIFY,
        date(2026, 11, 16),
        "逾期 5 天",
        Block.LATE,
        "近村",
    )
    notice(EAST, NoticeState.ACCEPTED, accepted_on=date(2026, 11, 10))
    notice(EAST, NoticeState.FORWARDED, forwarded_on=date(2026, 11, 20))
    clue(state=3, verified_on=date(2026, 11, 3), decided_on=date(2026, 11, 20))
    found = listed()
    assert [(one.kind, one.block) for one in found.apart] == [
        (DutyKind.CLUE_VERIFY, Block.LATE),
        (DutyKind.FILE_ENTRY, Block.WEEK),
        (DutyKind.NOTICE_ACCEPT, Block.WEEK),
        (DutyKind.FILE_ENTRY, None),
    ]
    after = counts(found)
    assert {block: after[block] - before[block] for block in after if after[block] != before[block]} == {
        Block.LATE: 1,
        Block.WEEK: 2,
    }
    assert found.later == 1
    assert dict(found.kinds)[DutyKind.FILE_ENTRY] == 1
    for asked in ({}, {"village": NEAR}, {"village": 0}, {"kind": DutyKind.FILE_ENTRY}):
        whole = listed(**asked)
        for one in (*whole.counts, *whole.folded):
            part = listed(**asked, block=one.block)
            assert one.count == len(part.rows) + len(part.apart)
            assert counts(part) == counts(whole)
        assert sum(one.count for one in whole.counts) == len(whole.rows) + len(whole.apart) - whole.later
    assert {code: count for code, _name, count in found.villages} == {0: 2, NEAR: 4, FAR: 3}


def test_supervisors_count_what_has_no_file(both: Flask) -> None:
    clock.fix(TODAY)
    day = furnish(open_areas())
    east, west = supervision.townships(OFFICER, COUNTY, TODAY)
    clue()
    clue(state=4, verified_on=date(2026, 11, 20), decided_on=date(2026, 11, 20))
    notice(EAST, NoticeState.FORWARDED, forwarded_on=date(2026, 11, 4))
    transfer(WEST, TransferSide.RECEIVER, TransferState.ASKED, day["fine"], None)
    transfer(EAST, TransferSide.RECEIVER, TransferState.DECLINED, day["west"], date(2026, 11, 12))
    after_east, after_west = supervision.townships(OFFICER, COUNTY, TODAY)
    more = after_east.standing.open - east.standing.open, after_east.standing.overdue - east.standing.overdue
    assert more == (2, 2)
    assert after_east.standing.late == east.standing.late + 1
    assert after_east.standing.done == east.standing.done + 2, "forwarded in time, and declined in time"
    assert after_west.standing.open == west.standing.open + 1
    team = supervision.team(DOCTOR_EAST, EAST, TODAY)
    assert team.total == after_east.standing == team.members[0].standing
    # What the county itself holds: a notice just come in, and one that a township has returned.
    notice(COUNTY, NoticeState.RECEIVED, kind=1)
    notice(EAST, NoticeState.RETURNED, forwarded_on=date(2026, 11, 4), ended_on=date(2026, 11, 20))
    own, again, _west = supervision.townships(OFFICER, COUNTY, TODAY)
    assert own.own and (own.standing.open, own.standing.overdue) == (2, 1)
    assert again.standing == after_east.standing
    assert not [one for one in listed().apart if one.kind is DutyKind.NOTICE_FORWARD]


def test_a_transfer_asked_is_no_duty_of_the_file_that_has_not_come(day: Day) -> None:
    """The night refreshes every area at once and still sees only the side that holds the file."""
    transfer(WEST, TransferSide.RECEIVER, TransferState.ASKED, day["fine"], None)
    assert sum(duties.refresh_all(SYSTEM)) == len(day.cases)
    kinds = {one.kind for one in worklist.of_case(DOCTOR_EAST, day["fine"], TODAY)}
    assert DutyKind.TRANSFER_ANSWER not in kinds
    (apart,) = worklist.worklist(DOCTOR_WEST, WorkQuery(), TODAY).apart
    assert apart.kind is DutyKind.TRANSFER_ANSWER


def test_a_list_takes_a_constant_number_of_statements(day: Day) -> None:
    def asked(**given: object) -> int:
        with statements() as sent:
            listed(**given)
        return len(sent)

    asked()
    assert asked() == asked(village=FAR) <= 9
    clue()
    notice(EAST, NoticeState.FORWARDED, forwarded_on=date(2026, 11, 20))
    one_each = asked()
    for _ in range(3):
        clue()
        notice(EAST, NoticeState.FORWARDED, forwarded_on=date(2026, 11, 20))
    assert asked() == one_each <= 11
    with statements() as sent:
        supervision.townships(OFFICER, COUNTY, TODAY)
    assert len(sent) <= 8


# --- what people do -------------------------------------------------------------------------------


def of_kind(case: int, kind: DutyKind) -> worklist.DutyView:
    return next(one for one in worklist.of_case(DOCTOR_EAST, case, TODAY) if one.kind is kind)


def test_what_no_record_tells_is_said_by_hand(day: Day) -> None:
    duty = of_kind(day["police"], DutyKind.TELL_POLICE)
    assert duty.by_hand
    with pytest.raises(Unfit):
        worklist.settle(DOCTOR_EAST, duty.id, date(2026, 11, 17), TODAY)
    assert worklist.settle(DOCTOR_EAST, duty.id, date(2026, 11, 19), TODAY) == day["police"]
    after = of_kind(day["police"], DutyKind.TELL_POLICE)
    assert (after.state, after.ended_on) == (DutyState.LATE, date(2026, 11, 19))
    with pytest.raises(Missing):
        worklist.settle(DOCTOR_EAST, duty.id, TODAY, TODAY)
    with pytest.raises(Refused):
        worklist.settle(DOCTOR_EAST, of_kind(day["late"], DutyKind.VISIT).id, TODAY, TODAY)
    with pytest.raises(Missing):
        worklist.of_case(DOCTOR_WEST, day["late"], TODAY)


def test_a_reminder_puts_somebody_on_the_list_of_a_day(day: Day) -> None:
    assert "fine" not in names(listed())
    with pytest.raises(Unfit):
        worklist.remind(DOCTOR_EAST, [day["fine"]], date(2026, 11, 20), TODAY)
    assert worklist.remind(DOCTOR_EAST, [day["fine"], day["west"]], TODAY, TODAY) == 1
    assert "fine" in names(listed(block=Block.TODAY))


@pytest.fixture
def team(day: Day) -> dict[str, int]:
    """Keys of two doctors of the township and one of the other."""
    for login, area in (("yi", EAST), ("er", EAST), ("san", EAST + 1000)):
        account.create(
            SYSTEM, login, login, int(Role.TOWNSHIP_DOCTOR), area, NOW, "湖边有七棵老槐树", must_change=False
        )
    return {one.login: one.key for one in account.list_(SYSTEM)}


def test_only_who_does_visits_is_on_the_team(day: Day, team: dict[str, int]) -> None:
    """A head of unit and a liaison officer have the township's area, and none of its duties."""
    for login, role in (("tou", Role.UNIT_HEAD), ("jing", Role.POLICE)):
        account.create(SYSTEM, login, login, int(role), EAST, NOW, "湖边有七棵老槐树", must_change=False)
    other = {one.login: one.key for one in account.list_(SYSTEM)}
    members = supervision.team(DOCTOR_EAST, EAST, TODAY).members
    assert [one.display for one in members if one.id is not None] == ["yi", "er"]
    for login in ("tou", "jing"):
        with pytest.raises(Unfit):
            worklist.assign(DOCTOR_EAST, [day["late"]], other[login])
    assert [one.name for one in event.of_case(DOCTOR_EAST, day["late"], TODAY).owners] == ["yi", "er"]


def test_people_are_given_to_somebody_who_may_be_covered(day: Day, team: dict[str, int]) -> None:
    with pytest.raises(Unfit):
        worklist.assign(DOCTOR_EAST, [day["late"]], team["san"])
    assert worklist.assign(DOCTOR_EAST, [day["late"], day["today"]], team["yi"]) == 2
    second = Access.over(team["er"], "er", Role.TOWNSHIP_DOCTOR, EAST)
    mine = worklist.worklist(second, WorkQuery(mine=True), TODAY)
    assert "late" not in names(mine)
    assert "later" in names(mine), "what nobody holds is everybody's"
    key = supervision.stand_in(DOCTOR_EAST, EAST, team["yi"], team["er"], TODAY, date(2026, 11, 30), TODAY)
    mine = worklist.worklist(second, WorkQuery(mine=True), TODAY)
    assert "late" in names(mine)
    assert {row.holder for row in mine.rows if row.case_id == day["late"]} == {"er"}
    (cover,) = supervision.team(DOCTOR_EAST, EAST, TODAY).covers
    assert (cover.absent, cover.instead, cover.running) == ("yi", "er", True)
    assert supervision.end_stand_in(DOCTOR_EAST, key, TODAY) == EAST
    assert not supervision.team(DOCTOR_EAST, EAST, TODAY).covers


def test_stand_ins_are_judged(day: Day, team: dict[str, int]) -> None:
    with pytest.raises(Unfit) as wrong:
        supervision.stand_in(DOCTOR_EAST, EAST, team["san"], team["san"], None, None, TODAY)
    assert set(wrong.value.fields) == {"absent", "instead", "since", "until"}
    with pytest.raises(Unfit) as wrong:
        supervision.stand_in(DOCTOR_EAST, EAST, team["yi"], team["yi"], TODAY, date(2026, 11, 1), TODAY)
    assert set(wrong.value.fields) == {"instead", "until"}


def test_everything_is_handed_over(day: Day, team: dict[str, int]) -> None:
    open_now = supervision.team(DOCTOR_EAST, EAST, TODAY).total.open
    assert worklist.hand_over(DOCTOR_EAST, EAST, None, team["yi"]) == open_now > 6
    assert worklist.hand_over(DOCTOR_EAST, EAST, team["yi"], team["er"]) == open_now
    standing = {one.display: one.standing for one in supervision.team(DOCTOR_EAST, EAST, TODAY).members}
    assert (standing["yi"].open, standing["er"].open, standing["未指定"].open) == (0, open_now, 0)
    with pytest.raises(Unfit):
        worklist.hand_over(DOCTOR_EAST, EAST, team["yi"], team["yi"])
    with pytest.raises(Missing):
        worklist.hand_over(DOCTOR_WEST, EAST, None, None)


def test_supervisors_see_how_townships_stand(day: Day) -> None:
    east, west = supervision.townships(OFFICER, COUNTY, TODAY)
    assert (east.name, west.name) == ("东镇", "西镇")
    with open_work(SYSTEM, Action.DUTY_READ) as work:
        rows = work.rows(select(Duty.state, Duty.due_on).where(Duty.area == EAST))
    open_rows = [row for row in rows if row[0] == DutyState.OPEN]
    assert east.standing.open == len(open_rows)
    assert east.standing.overdue == sum(row[1] < TODAY for row in open_rows)
    assert east.standing.missed == sum(row[0] == DutyState.MISSED for row in rows)
    with pytest.raises(Missing):
        supervision.townships(DOCTOR_EAST, COUNTY, TODAY)


def test_both_databases_give_the_same_day(both: Flask) -> None:
    clock.fix(TODAY)
    day = furnish(open_areas())
    found = listed()
    assert names(found) == ["police", "today", "unstable", "late", "later", "week"]
    assert found.next is None
    assert worklist.worklist(DOCTOR_EAST, WorkQuery(), TODAY, "随访").rows[0].name == "人police"
    east, _west = supervision.townships(OFFICER, COUNTY, TODAY)
    assert (east.standing.open, east.standing.overdue) == (19, 7)
    assert worklist.remind(DOCTOR_EAST, [day["fine"]], TODAY, TODAY) == 1
    assert "fine" in names(listed())
    assert sum(duties.refresh_all(SYSTEM)) == len(day.cases)
    assert worklist.worklist(DOCTOR_WEST, WorkQuery(), date(2026, 6, 1)).next is not None
