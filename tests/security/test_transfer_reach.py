"""迁移的越权: a doctor neither reads nor moves a stranger's case through a transfer (decision 0020)."""

from __future__ import annotations

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import duplicates, register, registration, transfer
from casemgr.services.errors import Conflict, Missing, Refused
from casemgr.services.reach import over_county
from casemgr.store.models import Area, Case, Identity, Transfer, Unit
from casemgr.store.session import LockBroken
from casemgr.store.work import Taken, open_work
from casemgr.terms.transfer import TransferState
from tests.services.test_transfer import NUMBER, TODAY, furnish
from tests.store.register import COUNTY, DOCTOR_EAST, DOCTOR_WEST, EAST, SYSTEM, WEST

NORTH = EAST + 2_000
DOCTOR_NORTH = Access.over(19, "北镇医生", Role.TOWNSHIP_DOCTOR, NORTH)
OTHER_COUNTY = Access.over(20, "外县医生", Role.TOWNSHIP_DOCTOR, 999902100000)


@pytest.fixture
def case(both: Flask) -> int:
    key = furnish()
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        work.add(Area(code=NORTH, name="北镇", level=4, parent=COUNTY, population=10))
        work.flush()
        work.add(Unit(id=7, code=f"U{NORTH}", name="北镇卫生院", area_code=NORTH))
    return key


def area_of(case: int) -> int:
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        row = work.get(Case, case)
        assert row is not None
        return row.area


def rows_of(access: Access) -> list[Transfer]:
    with open_work(access, Action.TRANSFER_READ) as work:
        return work.entities(select(Transfer))


def test_a_stranger_can_neither_send_nor_fetch_a_case(case: int) -> None:
    for doctor in (DOCTOR_WEST, DOCTOR_NORTH, OTHER_COUNTY):
        with pytest.raises(Missing):
            transfer.ask(doctor, case, WEST, "搬家", TODAY)
        with pytest.raises(Missing):
            transfer.targets(doctor, case)
        assert rows_of(doctor) == []
    assert area_of(case) == EAST


def test_neither_side_reads_or_answers_the_row_of_the_other_nor_does_a_third(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    (here,), (there,) = rows_of(DOCTOR_EAST), rows_of(DOCTOR_WEST)
    assert (here.area, there.area) == (EAST, WEST)
    for doctor, row in (
        (DOCTOR_WEST, here),
        (DOCTOR_EAST, there),
        (DOCTOR_NORTH, here),
        (DOCTOR_NORTH, there),
        (OTHER_COUNTY, there),
    ):
        with pytest.raises(Missing):
            transfer.get(doctor, row.id, TODAY)
        for act in (
            lambda d=doctor, r=row: transfer.accept(d, r.id, r.version, None, TODAY),
            lambda d=doctor, r=row: transfer.decline(d, r.id, r.version, "不", TODAY),
            lambda d=doctor, r=row: transfer.withdraw(d, r.id, r.version, TODAY),
        ):
            with pytest.raises(Missing):
                act()
    assert area_of(case) == EAST
    # What the receiver's row carries opens nothing.
    with pytest.raises(Missing):
        register.case(DOCTOR_WEST, there.file_key, TODAY)
    assert there.file_key == case
    with open_work(DOCTOR_WEST, Action.CASE_READ) as work:
        assert work.entities(select(Case)) == work.entities(select(Identity)) == []


def test_the_second_half_alone_does_nothing_under_a_doctors_own_access(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    (there,) = rows_of(DOCTOR_WEST)
    for doctor in (DOCTOR_WEST, DOCTOR_NORTH):
        with pytest.raises(Conflict):
            transfer._move(doctor, there.pair, None, "", TODAY)
        with pytest.raises(Conflict):
            transfer._close(doctor, there.pair, TransferState.DECLINED, "不", TODAY)
        with pytest.raises(Refused):
            transfer._found_and_asked(doctor, NUMBER, "某", "", doctor.low, doctor.actor, TODAY)
    asked = transfer._may_ask(DOCTOR_EAST, case, NORTH, "搬家")
    with pytest.raises((LockBroken, Conflict, Taken)):
        transfer._write_pair(DOCTOR_EAST, asked, 11, TODAY)
    assert area_of(case) == EAST
    assert rows_of(DOCTOR_NORTH) == []


def test_what_was_withdrawn_or_declined_cannot_be_accepted_later(case: int) -> None:
    transfer.ask(DOCTOR_EAST, case, WEST, "搬家", TODAY)
    (here,), (there,) = rows_of(DOCTOR_EAST), rows_of(DOCTOR_WEST)
    transfer.withdraw(DOCTOR_EAST, here.id, here.version, TODAY)
    for version in (there.version, there.version + 1):
        with pytest.raises(Conflict):
            transfer.accept(DOCTOR_WEST, there.id, version, None, TODAY)
    assert area_of(case) == EAST


def test_asking_by_number_tells_nothing_and_moves_nothing(case: int) -> None:
    assert duplicates.held_in_county(DOCTOR_NORTH, NUMBER) is True
    found = registration.look(DOCTOR_NORTH, {"id_number": [NUMBER]})
    assert found.elsewhere and found.near == ()
    assert duplicates.held_in_county(OTHER_COUNTY, NUMBER) is False  # another county learns nothing at all
    key = transfer.ask_in(DOCTOR_NORTH, NUMBER, "某人", "查重", TODAY)
    (row,) = rows_of(DOCTOR_NORTH)
    assert row.other_area == COUNTY and row.other_unit == 0
    view = transfer.get(DOCTOR_NORTH, key, TODAY)
    assert "赵" not in view.name + view.reason and view.file_no == "" and "东" not in view.other
    with pytest.raises(Refused):
        transfer.accept(DOCTOR_NORTH, key, row.version, None, TODAY)
    assert area_of(case) == EAST


def test_the_wider_access_is_the_county_and_names_the_asker() -> None:
    wide = over_county(DOCTOR_EAST, "transfer")
    assert (wide.low, wide.high) == (COUNTY, COUNTY + 1_000_000)
    assert (wide.actor, wide.label, wide.role) == (DOCTOR_EAST.actor, DOCTOR_EAST.label, Role.SYSTEM)
    assert not wide.reaches(999902100000) and date(2026, 11, 21) == TODAY
