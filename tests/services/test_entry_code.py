"""A code for somebody who forgot the password: told once, used once, for a quarter of an hour."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import account, entry_code
from casemgr.services.errors import Forbidden, Missing, Throttled, Unauthenticated, Unfit
from casemgr.store.models.sign_in import EntryCode
from casemgr.store.work import open_work
from tests.staff import NOW, PASSWORD, open_accounts, quick_hasher
from tests.store.register import COUNTY, EAST, SYSTEM, open_areas

SOURCE = "10.0.0.9"
CHOSEN = "井台上晾着五把青菜"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()


@pytest.fixture
def keys(app: Flask) -> dict[str, int]:
    open_areas()
    open_accounts()
    return {one.login: one.key for one in account.list_(SYSTEM)}


def test_the_code_opens_once_and_only_to_a_new_password(keys: dict[str, int]) -> None:
    living = account.sign_in("east", PASSWORD, SOURCE, NOW)
    made = entry_code.make(SYSTEM, keys["east"], NOW)
    entry_code.enter(" EAST ", made.secret.upper().replace("-", " "), CHOSEN, CHOSEN, SOURCE, NOW)
    assert account.signed_in(living.token, NOW) is None
    with pytest.raises(Unauthenticated):
        account.sign_in("east", PASSWORD, SOURCE, NOW)
    assert not account.sign_in("east", CHOSEN, SOURCE, NOW).person.must_change
    with pytest.raises(Unfit) as wrong:
        entry_code.enter("east", made.secret, "六只白鹅站在桥头边", "六只白鹅站在桥头边", SOURCE, NOW)
    assert "code" in wrong.value.fields


def test_it_ends_and_a_new_one_voids_the_old(keys: dict[str, int]) -> None:
    old = entry_code.make(SYSTEM, keys["east"], NOW).secret
    new = entry_code.make(SYSTEM, keys["east"], NOW).secret
    for code, at in ((old, NOW), (new, NOW + entry_code.VALID)):
        with pytest.raises(Unfit):
            entry_code.enter("east", code, CHOSEN, CHOSEN, SOURCE, at)
    entry_code.enter("east", new, CHOSEN, CHOSEN, SOURCE, NOW + entry_code.VALID - timedelta(seconds=1))


def test_an_unfit_password_does_not_use_it_up(keys: dict[str, int]) -> None:
    code = entry_code.make(SYSTEM, keys["east"], NOW).secret
    for bad in ("短", "东镇dongzhen1", "eastyiyi12", "password1234"):
        with pytest.raises(Unfit) as wrong:
            entry_code.enter("east", code, bad, bad, SOURCE, NOW)
        assert "new" in wrong.value.fields, bad
    with pytest.raises(Unfit) as wrong:
        entry_code.enter("east", code, CHOSEN, CHOSEN + "吗", SOURCE, NOW)
    assert "again" in wrong.value.fields
    entry_code.enter("east", code, CHOSEN, CHOSEN, SOURCE, NOW)


def test_unknown_login_wrong_code_and_closed_account_sound_alike(keys: dict[str, int]) -> None:
    code = entry_code.make(SYSTEM, keys["east"], NOW).secret
    account.disable(SYSTEM, keys["west"])
    said = set()
    for login, tried in (("east", "a" * 12), ("nobody", code), ("west", code), ("officer", code)):
        with pytest.raises(Unfit) as wrong:
            entry_code.enter(login, tried, CHOSEN, CHOSEN, SOURCE, NOW)
        said.add((wrong.value.message, *wrong.value.fields))
    assert len(said) == 1


def test_guessing_is_throttled_with_the_passwords(keys: dict[str, int]) -> None:
    code = entry_code.make(SYSTEM, keys["east"], NOW).secret
    for _ in range(account.TRIES):
        with pytest.raises(Unfit):
            entry_code.enter("east", "b" * 12, CHOSEN, CHOSEN, SOURCE, NOW)
    with pytest.raises(Throttled):
        entry_code.enter("east", code, CHOSEN, CHOSEN, SOURCE, NOW)


def test_only_a_digest_is_kept(keys: dict[str, int]) -> None:
    code = entry_code.make(SYSTEM, keys["east"], NOW).secret.replace("-", "")
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        row = work.one(select(EntryCode))
    assert code.encode() not in row.digest
    assert len(row.digest) == 32


def test_the_county_helps_its_townships_and_nobody_else(keys: dict[str, int]) -> None:
    officer = Access.over(keys["officer"], "officer", Role.COUNTY_OFFICER, COUNTY)
    assert {one.login for one in entry_code.colleagues(officer)} == {"east", "west"}
    assert entry_code.make(officer, keys["east"], NOW).login == "east"
    for login in ("officer", "admin"):
        with pytest.raises(Missing):
            entry_code.make(officer, keys[login], NOW)
    other = Access.over(99, "far", Role.COUNTY_OFFICER, 999_902_000_000)
    with pytest.raises(Missing):
        entry_code.make(other, keys["east"], NOW)
    doctor = Access.over(keys["east"], "east", Role.TOWNSHIP_DOCTOR, EAST)
    with pytest.raises(Forbidden):
        entry_code.make(doctor, keys["west"], NOW)


def test_a_password_is_not_the_own_name_place_or_unit_in_any_spelling(keys: dict[str, int]) -> None:
    east = account.sign_in("east", PASSWORD, SOURCE, NOW).person
    for bad in ("dongzhenyi2026", "DongZhen-2026", "示例县202611", "east123456", "东镇乙20261"):
        with pytest.raises(Unfit) as wrong:
            account.change_password(east.access, PASSWORD, bad, bad, SOURCE, NOW)
        assert "new" in wrong.value.fields, bad
