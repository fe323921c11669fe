"""Whether two accounts are one person's: made, changed, closed and opened again."""

from __future__ import annotations

import pytest
from flask import Flask

from casemgr.rules.access import Role
from casemgr.services import account
from casemgr.services.account_person import normal_phone, normal_staff_no, one_person
from casemgr.services.errors import Refused, Unfit
from casemgr.store.work import open_work
from tests.staff import NOW, PASSWORD, quick_hasher
from tests.store.register import EAST, SYSTEM, WEST, open_areas


@pytest.fixture(autouse=True)
def _areas(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    open_areas()


def make(login: str, name: str, role: Role, number: str | None = None, phone: str = "") -> int:
    area = {Role.TOWNSHIP_DOCTOR: EAST}.get(role)
    made = account.create(
        SYSTEM, login, name, int(role), area, NOW, PASSWORD, False, staff_no=number, phone=phone
    )
    return made.account


def test_numbers_and_telephones_are_compared_in_one_form() -> None:
    assert normal_staff_no(" ab－０１ 2 ") == "AB-012"
    assert {
        normal_phone(one) for one in ("+86 100-0000-0001", "１００００００００01", "008610000000001")
    } == {"10000000001"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"number": "E１"}, "staff_no"),
        ({"number": "E2", "phone": "+86 100 0000 0001"}, "phone"),
        ({"number": ""}, "staff_no"),
        ({"number": "99990219840613361X"}, "staff_no"),
        ({"number": "E3", "phone": "12"}, "phone"),
    ],
)
def test_a_second_account_of_one_person_is_refused_by_field(given: dict[str, str], field: str) -> None:
    make("first", "王秀英", Role.TOWNSHIP_DOCTOR, "e1", "10000000001")
    with pytest.raises(Unfit) as wrong:
        make("second", "别的名字", Role.TOWNSHIP_DOCTOR, **given)
    assert set(wrong.value.fields) == {field}


def test_one_name_is_one_person_until_both_have_numbers() -> None:
    first = make("first", "王秀英", Role.TOWNSHIP_DOCTOR)
    second = make("second", "王 秀英", Role.TOWNSHIP_DOCTOR, "W2")
    with open_work(SYSTEM, account.Action.ACCOUNT_LIST) as work:
        assert one_person(work, first, second) and not one_person(work, first, None)
        assert one_person(work, first, first) and not one_person(work, first, 99)
    with pytest.raises(Unfit):
        make("keeper", "王秀英", Role.SECURITY_ADMINISTRATOR)
    account.change(SYSTEM, first, "王秀英", int(Role.TOWNSHIP_DOCTOR), WEST, 1, "W1", "10000000009")
    with open_work(SYSTEM, account.Action.ACCOUNT_LIST) as work:
        assert not one_person(work, first, second)
    with pytest.raises(Unfit):  # a number is not taken away again
        account.change(SYSTEM, first, "王秀英", int(Role.TOWNSHIP_DOCTOR), WEST, 2, "")


def test_a_closed_account_does_not_come_back_beside_a_new_one() -> None:
    """Close one, make another for the same person, open the first again: the way round that was open."""
    keeper = make("keeper", "赵守", Role.AUDIT_ADMINISTRATOR)
    doctor = make("doctor", "李医", Role.TOWNSHIP_DOCTOR, "D1")
    for key in (keeper, doctor):
        account.disable(SYSTEM, key)
    make("again", "赵守", Role.TOWNSHIP_DOCTOR)
    make("other", "李新名", Role.TOWNSHIP_DOCTOR, "D1")
    for key in (keeper, doctor):
        with pytest.raises(Refused, match="另一个账号"):
            account.enable(SYSTEM, key)
    account.disable(SYSTEM, account.key_of(SYSTEM, "other"))
    account.enable(SYSTEM, doctor)
