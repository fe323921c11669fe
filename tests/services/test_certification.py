"""Days of accounts, yearly confirmation, leaving, and three administrators who are three people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from casemgr.rules.access import KEEPERS, POSTS, ROLE_ACTIONS, Access, Action, Role
from casemgr.services import account, certification, clock
from casemgr.services.account import AREA_OF_ROLE
from casemgr.services.errors import Forbidden, Refused, Unauthenticated, Unfit
from casemgr.store.models.account import Account
from casemgr.store.queries import account as queries
from casemgr.store.work import open_work
from tests.conftest import TODAY
from tests.staff import NOW, PASSWORD, open_accounts, quick_hasher
from tests.store.register import COUNTY, EAST, SYSTEM, open_areas


@pytest.fixture
def keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, int]]:
    """A county with its four accounts and a security administrator; their keys by login."""
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()
    open_areas()
    open_accounts()
    account.create(
        SYSTEM, "safe", "安全戊", int(Role.SECURITY_ADMINISTRATOR), None, NOW, PASSWORD, must_change=False
    )
    yield {one.login: one.key for one in account.list_(SYSTEM)}
    clock.fix(TODAY)


def access_of(login: str) -> Access:
    return account.sign_in(login, PASSWORD, "10.0.0.1", NOW).person.access


def after(days: int) -> None:
    clock.fix(TODAY + timedelta(days=days))


def test_no_role_holds_what_another_administrator_holds_and_no_administrator_reaches_people() -> None:
    apart = {
        Role.ADMINISTRATOR: {Action.ACCOUNT_MANAGE, Action.JOB_RUN},
        Role.SECURITY_ADMINISTRATOR: {Action.ACCESS_CHANGE},
    }
    for role, own in apart.items():
        for other in KEEPERS - {role}:
            assert not own & ROLE_ACTIONS[other], (role, other)
    people = {
        Action.CASE_LIST,
        Action.CASE_READ,
        Action.CASE_SEARCH,
        Action.IDENTITY_REVEAL,
        Action.GLASS_BREAK,
    }
    for role in KEEPERS | {Role.HEALTH_BUREAU, Role.CITY_OFFICER}:
        assert not people & ROLE_ACTIONS[role], role
    for role in KEEPERS | POSTS:
        assert Access.over(1, "x", role, EAST).high == 0


def test_a_post_is_needed_for_who_works_for_one_and_the_system_is_nobody(keys: dict[str, int]) -> None:
    for role, area in ((Role.VILLAGE_DOCTOR, EAST), (Role.HOSPITAL, COUNTY), (Role.SYSTEM, EAST)):
        with pytest.raises(Unfit):
            account.create(SYSTEM, f"x{int(role)}", "某甲", int(role), area, NOW)
    assert Role.SYSTEM not in AREA_OF_ROLE


def test_an_administrator_gives_himself_no_other_role_and_no_area(keys: dict[str, int]) -> None:
    admin, shown = access_of("admin"), account.get(SYSTEM, keys["admin"])
    for role, area in ((Role.TOWNSHIP_DOCTOR, EAST), (Role.SECURITY_ADMINISTRATOR, None)):
        with pytest.raises(Refused, match="不能更改自己账号"):
            account.change(admin, keys["admin"], "管理丁", int(role), area, shown.version)
    account.change(admin, keys["admin"], "管理丁丁", int(Role.ADMINISTRATOR), None, shown.version)
    assert account.get(SYSTEM, keys["admin"]).display == "管理丁丁"


@pytest.mark.parametrize(
    ("name", "role", "area"),
    [
        ("管理丁", Role.SECURITY_ADMINISTRATOR, None),
        ("管理丁", Role.AUDIT_ADMINISTRATOR, None),
        ("管理丁", Role.TOWNSHIP_DOCTOR, EAST),
        ("安全戊", Role.ADMINISTRATOR, None),
        ("县级甲", Role.AUDIT_ADMINISTRATOR, None),
    ],
)
def test_one_person_is_not_two_of_the_three_nor_one_of_them_and_a_reader_of_people(
    keys: dict[str, int], name: str, role: Role, area: int | None
) -> None:
    with pytest.raises(Unfit, match="不同的人"):
        account.create(access_of("admin"), "second", name, int(role), area, NOW)
    other = account.get(SYSTEM, keys["west"])
    with pytest.raises(Unfit, match="不同的人"):
        account.change(access_of("admin"), keys["west"], name, int(role), area, other.version)


def test_outside_its_days_an_account_opens_nothing_and_what_was_open_ends(keys: dict[str, int]) -> None:
    ticket = account.sign_in("east", PASSWORD, "10.0.0.1", NOW)
    token = account.issue_token(SYSTEM, "east", NOW).secret
    assert account.signed_in(ticket.token, NOW) and account.bearer(token, NOW)
    admin, shown = access_of("admin"), account.get(SYSTEM, keys["east"])
    certification.set_term(admin, keys["east"], None, TODAY + timedelta(days=3), shown.version)
    after(3)
    assert account.signed_in(ticket.token, NOW) and account.bearer(token, NOW)
    after(4)
    assert account.signed_in(ticket.token, NOW) is None
    assert account.bearer(token, NOW) is None
    with pytest.raises(Unauthenticated, match="有效期到 2026-11-24 为止"):
        account.sign_in("east", PASSWORD, "10.0.0.1", NOW)
    with pytest.raises(Unauthenticated, match="有效期到"):
        account.take_token("east", PASSWORD, "10.0.0.1", NOW)
    after(0)
    shown = account.get(SYSTEM, keys["east"])
    certification.set_term(admin, keys["east"], TODAY + timedelta(days=1), None, shown.version)
    assert account.signed_in(ticket.token, NOW) is None
    with pytest.raises(Unauthenticated, match="起才能使用"):
        account.sign_in("east", PASSWORD, "10.0.0.1", NOW)
    after(1)
    assert account.bearer(token, NOW) is None, "a token that ended does not come back"
    assert account.sign_in("east", PASSWORD, "10.0.0.1", NOW)


def test_the_reason_is_told_to_nobody_who_does_not_know_the_password(keys: dict[str, int]) -> None:
    after(400)
    with pytest.raises(Unauthenticated) as wrong:
        account.sign_in("east", "不是这个密码呀呀呀", "10.0.0.1", NOW)
    assert wrong.value.message == account.WRONG


def test_an_account_is_confirmed_once_a_year_by_somebody_else(keys: dict[str, int]) -> None:
    after(340)
    assert account.sign_in("east", PASSWORD, "10.0.0.1", NOW).person.last_day == TODAY + timedelta(days=365)
    admin, safe = access_of("admin"), access_of("safe")
    with pytest.raises(Forbidden, match="安全管理员"):
        certification.certify(admin, keys["east"])
    with pytest.raises(Refused, match="自己的账号"):
        certification.certify(safe, keys["safe"])
    assert certification.certify(admin, keys["safe"]).use.last_day == TODAY + timedelta(days=705)
    certification.certify(safe, keys["east"])
    after(366)
    with pytest.raises(Unauthenticated, match="满一年没有复核"):
        account.sign_in("west", PASSWORD, "10.0.0.1", NOW)
    ticket = account.sign_in("east", PASSWORD, "10.0.0.1", NOW)
    assert ticket.person.last_day is None
    with pytest.raises(Forbidden):
        certification.certify(ticket.person.access, keys["west"])
    certification.certify(Access.system("cli"), keys["west"])
    assert account.sign_in("west", PASSWORD, "10.0.0.1", NOW)


def test_without_a_security_administrator_who_can_sign_in_the_system_administrator_confirms(
    keys: dict[str, int],
) -> None:
    account.disable(SYSTEM, keys["safe"])
    after(300)
    assert certification.certify(access_of("admin"), keys["east"]).certified_on == clock.today()
    rows = {one.account.login: one for one in certification.list_(access_of("admin"))}
    assert rows["admin"].own and rows["east"].by == "管理丁" and not rows["safe"].account.active
    assert [one.account.login for one in certification.list_(SYSTEM)][-1] == "safe"


def test_whoever_leaves_loses_everything_at_once_and_the_rows_stay(keys: dict[str, int]) -> None:
    ticket = account.sign_in("east", PASSWORD, "10.0.0.1", NOW)
    token = account.issue_token(SYSTEM, "east", NOW).secret
    admin = access_of("admin")
    certification.leave(admin, keys["east"])
    assert account.signed_in(ticket.token, NOW) is None and account.bearer(token, NOW) is None
    with pytest.raises(Unauthenticated) as refused:
        account.sign_in("east", PASSWORD, "10.0.0.1", NOW)
    assert refused.value.message == account.WRONG
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        found = work.get(Account, keys["east"])
        assert found is not None and found.left_on == TODAY and not found.active
        assert not queries.sessions_of(work, keys["east"])
        assert all(one.revoked for one in queries.tokens_of(work, keys["east"]))
    with pytest.raises(Refused, match="自己的账号"):
        certification.leave(admin, keys["admin"])
    with pytest.raises(Refused, match="最后一个"):
        certification.leave(Access.system("cli"), keys["admin"])
    account.enable(admin, keys["east"])
    assert account.sign_in("east", PASSWORD, "10.0.0.1", NOW)


def test_the_days_of_an_account_stand_in_order(keys: dict[str, int]) -> None:
    version = account.get(SYSTEM, keys["east"]).version
    with pytest.raises(Unfit) as wrong:
        certification.set_term(SYSTEM, keys["east"], TODAY, TODAY - timedelta(days=1), version)
    assert set(wrong.value.fields) == {"valid_until"}
    with pytest.raises(Forbidden):
        certification.set_term(access_of("safe"), keys["east"], None, None, version)


def test_a_bureau_has_a_county_and_reads_figures_only(keys: dict[str, int]) -> None:
    bureau = account.create(
        SYSTEM, "wjj", "卫健己", int(Role.HEALTH_BUREAU), COUNTY, NOW, PASSWORD, must_change=False
    )
    assert account.get(SYSTEM, bureau.account).area == COUNTY
    assert ROLE_ACTIONS[Role.HEALTH_BUREAU] - ROLE_ACTIONS[Role.CITY_OFFICER] == {Action.ACCESS_APPROVE}
    for login, role, area, place in (
        ("wjj2", Role.HEALTH_BUREAU, EAST, "县（区）"),
        ("shi", Role.CITY_OFFICER, COUNTY, "市（州）"),
    ):
        with pytest.raises(Unfit) as wrong:
            account.create(SYSTEM, login, "某乙", int(role), area, NOW)
        assert place in wrong.value.fields["area"]
