"""查阅核对: a day's log becomes questions to the head of the unit, then to the county."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch

import pytest
from flask import Flask

from casemgr.rules.access import Access, Action, Role
from casemgr.services import misuse, register
from casemgr.services.errors import Conflict, Forbidden, Missing, Unfit
from casemgr.store import work as works
from casemgr.store.models import Account, Area, Case
from casemgr.store.work import open_work
from casemgr.terms.misuse import MisuseVerdict, Unusual
from tests.store.register import COUNTY, EAST, NOW, SYSTEM, WEST, add_person, add_visit, open_areas

JOB = Access.system("look-at-readings")
VILLAGE = EAST + 1
DOCTOR = Access.over(21, "张医生", Role.TOWNSHIP_DOCTOR, EAST)
HEAD = Access.over(22, "院长甲", Role.UNIT_HEAD, EAST)
OTHER_HEAD = Access.over(23, "院长乙", Role.UNIT_HEAD, WEST)
OFFICER = Access.over(24, "县级", Role.COUNTY_OFFICER, COUNTY)
WEST_DOCTOR = Access.over(25, "王医生", Role.TOWNSHIP_DOCTOR, WEST)
SECOND_OFFICER = Access.over(26, "县级二", Role.COUNTY_OFFICER, COUNTY)
ACCOUNTS = (DOCTOR, HEAD, OTHER_HEAD, OFFICER, WEST_DOCTOR, SECOND_OFFICER)
LOOKED = date(2026, 11, 16)
YES = MisuseVerdict.JUSTIFIED


class At:
    """The clock of the log, moved by hand."""

    moment = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)

    @classmethod
    def now(cls, _zone: object = None) -> datetime:
        return cls.moment


@pytest.fixture
def county(both: Flask) -> dict[str, int]:
    """Two townships with heads and doctors; 张一 and 李二 in the east, 王三 in the west."""
    units = open_areas()
    made = {}
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        work.add(Area(code=VILLAGE, name="一村", level=5, parent=EAST))
        for one in ACCOUNTS:
            area = COUNTY if one.role is Role.COUNTY_OFFICER else one.low
            work.add(
                Account(
                    id=one.actor, login=f"u{one.actor}", display=one.label, role=int(one.role),
                    area_code=area, password_hash="x", created_at=NOW,
                )
            )  # fmt: skip
        for number, (area, name) in enumerate(((EAST, "张一"), (EAST, "李二"), (WEST, "王三"))):
            _, made[name] = add_person(work, area, units[area], f"100-{number:05}", name)
    return made


def look_at(access: Access, case: int, at: datetime, request: str) -> None:
    """Open the page of one person at an instant, under one request."""
    from dataclasses import replace

    At.moment = at
    with patch.object(works, "datetime", At):
        who = replace(access, request=request)
        register.case(who, case, at.date())
        register.reveal_identity(who, case, "随访", at.date())


def local(hour: int, minute: int = 0, day: date = LOOKED) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def kinds(access: Access, today: date) -> list[tuple[Unusual, str, int]]:
    return [(one.kind, one.who, one.counted) for one in misuse.of_access(access, today)]


def test_the_own_surname_without_work_is_put_to_the_head_and_answered_once(county: dict[str, int]) -> None:
    look_at(DOCTOR, county["张一"], local(10), "a")
    look_at(DOCTOR, county["李二"], local(11), "b")
    # Work may follow for three days, so the question comes on the fourth.
    assert misuse.look(JOB, LOOKED + timedelta(days=1)) == 0
    asked = LOOKED + timedelta(days=4)
    assert misuse.look(JOB, asked) == 1
    assert misuse.look(JOB, asked) == 0
    (one,) = misuse.of_access(HEAD, asked)
    assert (one.kind, one.who, one.on, one.counted, one.case_id, one.mine) == (
        Unusual.OWN_NAME, "张医生", LOOKED, 1, county["张一"], True,
    )  # fmt: skip
    assert (misuse.waiting(HEAD, asked), misuse.waiting(OFFICER, asked)) == (1, 0)
    assert kinds(OTHER_HEAD, asked) == kinds(OFFICER, asked) == []
    with pytest.raises(Forbidden):
        misuse.of_access(DOCTOR, asked)
    for stranger in (OTHER_HEAD, OFFICER):
        with pytest.raises(Missing):
            misuse.answer(stranger, one.key, YES, "电话回访", asked)
    with pytest.raises(Unfit) as wrong:
        misuse.answer(HEAD, one.key, None, "无", asked)
    assert set(wrong.value.fields) == {"verdict", "answer"}
    misuse.answer(HEAD, one.key, YES, "当天电话回访，未留记录", asked)
    with pytest.raises(Conflict):
        misuse.answer(HEAD, one.key, YES, "改口再说一次", asked)
    (told,) = misuse.of_access(OFFICER, asked)
    assert (told.verdict, told.answer, told.mine) == (YES, "当天电话回访，未留记录", False)


def test_the_county_is_asked_where_there_is_no_head_or_no_answer_and_nobody_about_themselves(
    county: dict[str, int],
) -> None:
    with open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        other_head = work.get(Account, OTHER_HEAD.actor)
        assert other_head is not None
        other_head.active = False
    for number in range(3):
        look_at(WEST_DOCTOR, county["王三"], local(23, number), f"n{number}")
        look_at(HEAD, county["李二"], local(23, number), f"h{number}")
        look_at(OFFICER, county["李二"], local(5, number), f"o{number}")
    asked = LOOKED + timedelta(days=1)
    assert misuse.look(JOB, asked) == 3
    night = Unusual.AT_NIGHT
    # The western township has no head, the eastern head is asked about: both go to the county.
    assert set(kinds(OFFICER, asked)) == {(night, "王医生", 3), (night, "院长甲", 3)}
    assert (night, "县级", 3) in kinds(SECOND_OFFICER, asked)
    assert kinds(HEAD, asked) == []
    (own,) = [one for one in misuse.of_access(SECOND_OFFICER, asked) if one.who == "县级"]
    with pytest.raises(Missing):
        misuse.answer(OFFICER, own.key, YES, "值班时补录", asked)
    misuse.answer(SECOND_OFFICER, own.key, YES, "值班时补录", asked)


def test_after_ten_working_days_without_an_answer_the_county_reads_it(county: dict[str, int]) -> None:
    for number in range(3):
        look_at(DOCTOR, county["李二"], local(23, number), f"n{number}")
    asked = LOOKED + timedelta(days=1)
    assert misuse.look(JOB, asked) == 1
    (one,) = misuse.of_access(HEAD, asked)
    assert one.due_on == date(2026, 12, 1)
    assert kinds(OFFICER, one.due_on) == []
    assert kinds(OFFICER, one.due_on + timedelta(days=1)) == [(Unusual.AT_NIGHT, "张医生", 3)]
    misuse.answer(OFFICER, one.key, MisuseVerdict.TALK_HELD, "已当面了解", one.due_on + timedelta(days=1))


def test_work_on_the_file_ends_the_question_and_neighbours_are_asked_about(county: dict[str, int]) -> None:
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for name in ("张一", "李二"):
            case = work.get(Case, county[name])
            assert case is not None
            case.village = VILLAGE
    (line, *_), villages = misuse.staff(HEAD)
    assert villages == ((VILLAGE, "一村"),)
    assert (line.display, line.village) == ("张医生", None)
    for stranger, wanted in ((OFFICER, Forbidden), (OTHER_HEAD, Missing)):
        with pytest.raises(wanted):
            misuse.live_in(stranger, DOCTOR.actor, VILLAGE)
    with pytest.raises(Missing):
        misuse.live_in(HEAD, HEAD.actor, VILLAGE)
    with pytest.raises(Unfit):
        misuse.live_in(HEAD, DOCTOR.actor, WEST + 1)
    misuse.live_in(HEAD, DOCTOR.actor, VILLAGE)
    assert misuse.staff(HEAD)[0][0].village == VILLAGE
    look_at(DOCTOR, county["张一"], local(10), "a")
    look_at(DOCTOR, county["李二"], local(11), "b")
    At.moment = local(9, 0, LOOKED + timedelta(days=2))
    with patch.object(works, "datetime", At), open_work(DOCTOR, Action.FOLLOWUP_RECORD) as work:
        add_visit(work, EAST, county["张一"], LOOKED)
    asked = LOOKED + timedelta(days=4)
    assert misuse.look(JOB, asked) == 1
    assert kinds(HEAD, asked) == [(Unusual.OWN_VILLAGE, "张医生", 1)]
    misuse.live_in(HEAD, DOCTOR.actor, None)
    assert misuse.staff(HEAD)[0][0].village is None


def test_an_old_reach_after_a_change_and_refusals_are_asked_about(county: dict[str, int]) -> None:
    At.moment = local(8)
    with patch.object(works, "datetime", At), open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        moved = work.get(Account, DOCTOR.actor)
        assert moved is not None
        moved.area_code = WEST
    look_at(DOCTOR, county["李二"], local(10), "old")  # a session that was open before
    with patch.object(works, "datetime", At):
        for _ in range(5):
            with pytest.raises(Missing):
                register.case(WEST_DOCTOR, county["李二"], LOOKED)
    asked = LOOKED + timedelta(days=1)
    assert misuse.look(JOB, asked) == 2
    # Where somebody works now is who is asked.
    assert set(kinds(OTHER_HEAD, asked)) == {
        (Unusual.AFTER_LEAVING, "张医生", 1),
        (Unusual.OUT_OF_REACH, "王医生", 5),
    }
