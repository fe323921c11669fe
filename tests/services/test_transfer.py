"""迁移: asked for by one side, answered by the other, and the file with everything follows."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action
from casemgr.services import job, register, revision, state, transfer, upkeep
from casemgr.services.errors import Conflict, Forbidden, Missing, Refused, Unfit
from casemgr.services.transfer import TransferView
from casemgr.store.db import new_key
from casemgr.store.models import AuditEntry, Case, Duty, Guardian, Identity, Transfer, Visit
from casemgr.store.types import Plain
from casemgr.store.work import open_work
from casemgr.terms.register import Track
from casemgr.terms.transfer import TransferSide, TransferState
from tests.services.people import number_of
from tests.store.register import (
    ADMINISTRATOR,
    DOCTOR_EAST,
    DOCTOR_WEST,
    EAST,
    OFFICER,
    SYSTEM,
    WEST,
    add_person,
    add_visit,
    open_areas,
)

TODAY = date(2026, 11, 21)
NUMBER = number_of(1)


def furnish() -> int:
    units = open_areas()
    with open_work(DOCTOR_EAST, Action.REGISTER_WRITE) as work:
        person, key = add_person(work, EAST, units[EAST], "100-00001", "赵试验", NUMBER, "10000000001")
        add_visit(work, EAST, key, date(2026, 9, 1))
        work.add(Guardian(id=new_key(), person_id=person, area=EAST, relation=5, name=Plain("赵监护")))
    return key


@pytest.fixture
def case(app: Flask) -> int:
    return furnish()


def only(access: Access) -> TransferView:
    (one,) = transfer.list_(access, TODAY)
    return one


def test_a_file_moves_with_everything_when_the_receiver_accepts(both: Flask) -> None:
    case = furnish()
    transfer.ask(DOCTOR_EAST, case, WEST, "随子女居住", TODAY)
    here, there = only(DOCTOR_EAST), only(DOCTOR_WEST)
    assert (here.side, here.file_no, here.answers) == (TransferSide.SENDER, "100-00001", False)
    assert (there.side, there.file_no, there.case_id, there.answers) == (
        TransferSide.RECEIVER,
        "",
        None,
        True,
    )
    assert transfer.get(DOCTOR_WEST, there.id, TODAY).name == "赵试验"
    with pytest.raises(Missing):
        register.case(DOCTOR_WEST, case, TODAY)  # until it accepts, the receiver sees its row alone
    assert register.case(DOCTOR_EAST, case, TODAY).file_no == "100-00001"  # and the sender is responsible

    assert transfer.accept(DOCTOR_WEST, there.id, there.version, None, TODAY) == case
    view = register.case(DOCTOR_WEST, case, TODAY)
    assert (view.file_no, view.unit) == ("100-00001", "西镇卫生院")
    with pytest.raises(Missing):
        register.case(DOCTOR_EAST, case, TODAY)
    with open_work(SYSTEM, Action.CASE_READ) as work:
        for model in (Case, Visit, Guardian, Identity):
            assert {one.area for one in work.entities(select(model))} == {WEST}, model
        assert {one.area for one in work.entities(select(Duty))} <= {WEST}
        units = [one for one in work.entities(select(Transfer)) if one.state == TransferState.ACCEPTED]
        assert len(units) == 2
    history = state.standing(DOCTOR_WEST, case, TODAY).history
    assert [one.words for one in history if one.track is Track.UNIT] == ["西镇卫生院"]
    (change,) = revision.of_case(DOCTOR_WEST, case)
    assert (change.changes[0].old, change.changes[0].new) == ("东镇卫生院", "西镇卫生院")
    assert only(DOCTOR_EAST).state is TransferState.ACCEPTED and only(DOCTOR_EAST).case_id is None


def test_a_second_press_asks_once_and_answers_once(case: int) -> None:
    first = transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    assert transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY) == first
    there = only(DOCTOR_WEST)
    transfer.accept(DOCTOR_WEST, there.id, there.version, None, TODAY)
    with pytest.raises(Conflict):
        transfer.accept(DOCTOR_WEST, there.id, there.version, None, TODAY)


def test_declined_with_a_reason_the_sender_stays_responsible(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    there = only(DOCTOR_WEST)
    with pytest.raises(Unfit):
        transfer.decline(DOCTOR_WEST, there.id, there.version, "", TODAY)
    transfer.decline(DOCTOR_WEST, there.id, there.version, "本人未到，地址不实", TODAY)
    here = only(DOCTOR_EAST)
    assert here.state is TransferState.DECLINED
    assert transfer.get(DOCTOR_EAST, here.id, TODAY).reason == "本人未到，地址不实"
    assert register.case(DOCTOR_EAST, case, TODAY)
    transfer.ask(DOCTOR_EAST, case, WEST, "已核实地址", TODAY)  # may be asked again


def test_only_the_asker_withdraws_and_only_the_other_answers(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    here, there = only(DOCTOR_EAST), only(DOCTOR_WEST)
    with pytest.raises(Refused):
        transfer.accept(DOCTOR_EAST, here.id, here.version, None, TODAY)
    with pytest.raises(Refused):
        transfer.withdraw(DOCTOR_WEST, there.id, there.version, TODAY)
    transfer.withdraw(DOCTOR_EAST, here.id, here.version, TODAY)
    assert only(DOCTOR_WEST).state is TransferState.WITHDRAWN


def test_what_cannot_be_asked(case: int) -> None:
    for to in (None, EAST, 110101001000):
        with pytest.raises(Unfit):
            transfer.ask(DOCTOR_EAST, case, to, "搬家", TODAY)
    with pytest.raises(Unfit):
        transfer.ask(DOCTOR_EAST, case, WEST, "", TODAY)
    state.moved(DOCTOR_EAST, case, 1, TODAY, "邻县", "", TODAY)
    with pytest.raises(Refused):
        transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)


def test_a_file_that_closes_meanwhile_is_not_moved(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    now = state.standing(DOCTOR_EAST, case, TODAY).version
    state.moved(DOCTOR_EAST, case, now, TODAY, "邻县", "", TODAY)
    there = only(DOCTOR_WEST)
    with pytest.raises(Refused):
        transfer.accept(DOCTOR_WEST, there.id, there.version, None, TODAY)


def test_the_village_lies_in_the_receiving_township(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    there = only(DOCTOR_WEST)
    with pytest.raises(Unfit):
        transfer.accept(DOCTOR_WEST, there.id, there.version, EAST + 201, TODAY)
    with pytest.raises(Unfit):
        transfer.accept(DOCTOR_WEST, there.id, there.version, None, TODAY, f"U{EAST}")
    transfer.accept(DOCTOR_WEST, there.id, there.version, WEST + 201, TODAY, f"U{WEST}")


def test_after_five_working_days_the_county_is_asked_and_may_decide(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", date(2026, 11, 16))  # a Monday
    assert transfer.list_(DOCTOR_WEST, date(2026, 11, 23))[0].late is False
    assert transfer.ask_county(OFFICER, date(2026, 11, 23)) == 0
    assert transfer.ask_county(OFFICER, date(2026, 11, 24)) == 1
    for access in (DOCTOR_EAST, DOCTOR_WEST):
        assert only(access).state is TransferState.COUNTY_ASKED
    (there,) = transfer.list_(OFFICER, TODAY)  # the county sees it once
    assert transfer.accept(OFFICER, there.id, there.version, None, TODAY) == case
    assert register.case(DOCTOR_WEST, case, TODAY)


def test_asked_by_the_receiver_it_learns_nothing_until_the_holder_agrees(both: Flask) -> None:
    case = furnish()
    key = transfer.ask_in(DOCTOR_WEST, NUMBER, "赵某", "登记时查重发现", TODAY)
    assert transfer.ask_in(DOCTOR_WEST, NUMBER, "赵某", "登记时查重发现", TODAY) == key
    there = transfer.get(DOCTOR_WEST, key, TODAY)
    assert (there.name, there.other, there.file_no, there.answers) == ("赵某", "本县其他乡镇", "", False)
    with open_work(DOCTOR_WEST, Action.TRANSFER_READ) as work:
        (row,) = work.entities(select(Transfer))
        assert row.other_area not in (EAST,) and row.other_unit == 0  # not even in its own row
    here = only(DOCTOR_EAST)
    assert here.answers and transfer.get(DOCTOR_EAST, here.id, TODAY).name == "赵试验"
    with pytest.raises(Refused):
        transfer.accept(DOCTOR_WEST, key, there.version, None, TODAY)
    assert transfer.accept(DOCTOR_EAST, here.id, here.version, None, TODAY) == case
    assert register.case(DOCTOR_WEST, case, TODAY).unit == "西镇卫生院"
    assert transfer.get(DOCTOR_WEST, key, TODAY).other == "东镇"


def test_nobody_to_ask_for(case: int) -> None:
    with pytest.raises(Refused):
        transfer.ask_in(DOCTOR_WEST, number_of(2), "某人", "", TODAY)
    with pytest.raises(Unfit):
        transfer.ask_in(DOCTOR_WEST, NUMBER[:17], "某人", "", TODAY)
    with pytest.raises(Refused):
        transfer.ask_in(DOCTOR_EAST, NUMBER, "某人", "", TODAY)  # it is one's own
    with pytest.raises(Refused):
        transfer.ask_in(OFFICER, NUMBER, "某人", "", TODAY)


def test_the_audit_names_the_doctor_behind_the_system(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    there = only(DOCTOR_WEST)
    transfer.accept(DOCTOR_WEST, there.id, there.version, None, TODAY)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        moved = work.entities(select(AuditEntry).where(AuditEntry.verb == "move"))
    assert [(one.actor, one.actor_label) for one in moved] == [(DOCTOR_WEST.actor, DOCTOR_WEST.label)]


def test_an_administrator_neither_asks_nor_answers(case: int) -> None:
    with pytest.raises(Forbidden):
        transfer.ask(ADMINISTRATOR, case, WEST, "搬家", TODAY)
    with pytest.raises(Forbidden):
        transfer.list_(ADMINISTRATOR, TODAY)


def test_the_nightly_job_brings_what_nobody_answered_to_the_county(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", date(2026, 11, 2))
    outcome = upkeep.refresh_duties(_Night(Access.system("duties"), TODAY))  # type: ignore[arg-type]
    assert "1 项迁移超期未答复" in outcome.text
    assert only(DOCTOR_WEST).state is TransferState.COUNTY_ASKED
    assert isinstance(outcome, job.Outcome)


class _Night:
    """What the job is given, as far as it asks."""

    def __init__(self, access: Access, today: date) -> None:
        self.access, self.today = access, today

    def step(self, done: int, total: int) -> None:
        assert done <= total
