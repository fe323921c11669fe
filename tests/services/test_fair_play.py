"""规律性核对: copied visits are found, put to their author first, and the county reads the answer."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.indicators.period import Period
from casemgr.rules.access import Access, Action, Role
from casemgr.rules.fair_play import Found
from casemgr.rules.policy import in_force_on
from casemgr.services import fair_play
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.store.db import new_key
from casemgr.store.models import AuditEntry, Visit
from casemgr.store.work import open_work
from casemgr.terms.fair_play import Pattern
from tests.store.register import DOCTOR_EAST, DOCTOR_WEST, EAST, OFFICER, SYSTEM, add_person, open_areas

JOB = Access.system("look-for-patterns")
ASKED = date(2026, 11, 2)
FIRST = date(2026, 10, 5)


@pytest.fixture
def register(both: Flask) -> Flask:
    """Twelve people of the eastern township, each visited in July and once more in October just the same."""
    units = open_areas()
    for number in range(12):
        with open_work(SYSTEM, Action.DEMO_LOAD) as work:
            _, case = add_person(work, EAST, units[EAST], f"100-{number:05}", "王小明")
            for on in (FIRST - timedelta(days=90), FIRST + timedelta(days=number)):
                work.add(
                    Visit(
                        id=new_key(), case_id=case, area=EAST, on=on, form_version=2018, mode=2,
                        risk=number % 3, stability=3, adherence=1, insight=1, suggested=3,
                        recorded_by=DOCTOR_EAST.actor,
                        recorded_at=datetime(on.year, on.month, on.day, 2, number, tzinfo=UTC),
                    )
                )  # fmt: skip
    return both


def test_copied_visits_are_put_to_their_author_and_then_to_the_county(register: Flask) -> None:
    assert sum(fair_play.look(JOB, "2026-10", ASKED)) == 1
    assert sum(fair_play.look(JOB, "2026-10", ASKED)) == 0
    mine = fair_play.of_access(DOCTOR_EAST, ASKED)
    assert [(one.kind, one.counted, one.visits, one.mine) for one in mine] == [(Pattern.COPIED, 12, 12, True)]
    assert (fair_play.waiting(DOCTOR_EAST), fair_play.waiting(DOCTOR_WEST), fair_play.waiting(OFFICER)) == (
        1,
        0,
        0,
    )
    colleague = Access.over(99, "东镇另一位", Role.TOWNSHIP_DOCTOR, EAST)
    for stranger in (DOCTOR_WEST, colleague):
        assert fair_play.of_access(stranger, ASKED) == ()
        with pytest.raises(Missing):
            fair_play.answer(stranger, mine[0].key, "替别人说明一下", ASKED)
    # The county waits for the answer, or for ten working days.
    assert fair_play.of_access(OFFICER, mine[0].open_on) == ()
    assert [one.answer for one in fair_play.of_access(OFFICER, mine[0].open_on + timedelta(days=1))] == [""]

    with pytest.raises(Unfit):
        fair_play.answer(DOCTOR_EAST, mine[0].key, "  无 ", ASKED)
    fair_play.answer(DOCTOR_EAST, mine[0].key, "当月逐户走访，病情确无变化", ASKED)
    with pytest.raises(Conflict):
        fair_play.answer(DOCTOR_EAST, mine[0].key, "改口再说一次", ASKED)
    told = fair_play.of_access(OFFICER, ASKED)
    assert [(one.answer, one.mine, one.township) for one in told] == [
        ("当月逐户走访，病情确无变化", False, told[0].township)
    ]
    assert fair_play.waiting(DOCTOR_EAST) == 0
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        assert work.scalar(select(AuditEntry.seq).where(AuditEntry.noun == "PatternQuestion").limit(1))


def test_one_answer_that_differs_is_no_copy_and_files_are_asked_of_the_township(register: Flask) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        rows = work.entities(select(Visit).where(Visit.area == EAST, Visit.on >= FIRST).order_by(Visit.on))
        for row in rows[:2]:
            row.sleep = 2
        for row in rows:
            row.suggested = None
    assert sum(fair_play.look(JOB, "2026-10", ASKED)) == 0
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for row in work.entities(select(Visit).where(Visit.area == EAST, Visit.sleep == 2)):
            row.sleep = None
    assert sum(fair_play.look(JOB, "2026-10", ASKED)) == 1
    # Brought by a file: whoever works there may say why.
    colleague = Access.over(99, "东镇另一位", Role.TOWNSHIP_DOCTOR, EAST)
    found = fair_play.of_access(colleague, ASKED)
    assert [one.mine for one in found] == [True]
    fair_play.answer(colleague, found[0].key, "由旧系统整批导入，内容已核对", ASKED)


def test_administrators_and_other_roles_have_no_part_in_it(register: Flask) -> None:
    administrator = Access.over(4, "管理员", Role.ADMINISTRATOR, None)
    with pytest.raises(Forbidden):
        fair_play.of_access(administrator, ASKED)
    with pytest.raises(Forbidden):
        fair_play.answer(administrator, 1, "说明一下原因", ASKED)


@pytest.mark.parametrize(
    ("asked", "last"),
    [
        (date(2026, 11, 2), date(2026, 11, 16)),  # plain weeks
        (date(2026, 11, 1), date(2026, 11, 13)),  # asked on a Sunday
        (date(2026, 9, 24), date(2026, 10, 15)),  # 中秋 and 国庆, with 10 October worked instead
        (date(2026, 2, 10), date(2026, 3, 2)),  # 春节, with 14 and 28 February worked instead
        (date(2025, 12, 22), date(2026, 1, 6)),  # over the turn of the year, with 4 January worked instead
    ],
)
def test_the_author_has_the_whole_of_ten_working_days(app: Flask, asked: date, last: date) -> None:
    open_areas()
    policy = in_force_on(asked)
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for kind in (Pattern.COPIED, Pattern.LAST_DAYS):
            found = Found(EAST, DOCTOR_EAST.actor, kind, 12, 12)
            work.add(fair_play._question(found, Period.to(asked), asked, policy))
    mine = fair_play.of_access(DOCTOR_EAST, asked)
    assert [(one.mine, one.open_on) for one in mine] == [(True, last)] * 2
    assert fair_play.of_access(OFFICER, asked) == fair_play.of_access(OFFICER, last) == ()
    # An answer on the last day opens this one at once and not the other.
    fair_play.answer(DOCTOR_EAST, mine[0].key, "月末集中下乡，逐户走访", last)
    assert [one.key for one in fair_play.of_access(OFFICER, last)] == [mine[0].key]
    after = last + timedelta(days=1)
    assert {one.key: one.answer for one in fair_play.of_access(OFFICER, after)} == {
        mine[0].key: "月末集中下乡，逐户走访",
        mine[1].key: "",
    }
    # The box stays open to the author; what is said late is read too, and said once.
    fair_play.answer(DOCTOR_EAST, mine[1].key, "请假期间未能及时说明", after)
    assert all(one.answer for one in fair_play.of_access(OFFICER, after))
    with pytest.raises(Conflict):
        fair_play.answer(DOCTOR_EAST, mine[1].key, "再补充一句说明", after)
    for nobody in (OFFICER, DOCTOR_WEST):
        with pytest.raises(Missing):
            fair_play.answer(nobody, mine[1].key, "替别人说明一下", after)
