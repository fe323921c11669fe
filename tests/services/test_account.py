"""Accounts: throttled logins, sessions that end, secrets that are not kept, the administrator's duties."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from flask import Flask, current_app
from sqlalchemy import select

from casemgr.app import create_app
from casemgr.rules.access import Access, Action
from casemgr.services import account, clock
from casemgr.services.account import SignedIn, Ticket, wait_after
from casemgr.services.errors import (
    Conflict,
    Forbidden,
    Missing,
    Refused,
    Throttled,
    Unauthenticated,
    Unfit,
)
from casemgr.store.db import db
from casemgr.store.models import AuditEntry
from casemgr.store.models.account import Account, ApiToken, LoginSession
from casemgr.store.work import open_work
from casemgr.terms.account import Role
from tests.conftest import TODAY, make_config
from tests.store.register import COUNTY, DOCTOR_EAST, EAST, SYSTEM, WEST, open_areas

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PASSWORD = "湖边有七棵老槐树"
OTHER = "雨后山路上三只羊"
HERE, THERE = "10.0.0.1", "10.0.0.2"


def minutes(count: float) -> datetime:
    return NOW + timedelta(minutes=count)


@pytest.fixture(autouse=True)
def _quick_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    account._nobody.cache_clear()


def furnish() -> None:
    open_areas()
    for login, role, area in (
        ("doctor", Role.TOWNSHIP_DOCTOR, EAST),
        ("officer", Role.COUNTY_OFFICER, COUNTY),
        ("admin", Role.ADMINISTRATOR, None),
    ):
        account.create(SYSTEM, login, login, int(role), area, NOW, PASSWORD, must_change=False)


@pytest.fixture
def staff(app: Flask) -> Flask:
    """Three accounts on SQLite, in demo mode."""
    furnish()
    return app


def enter(login: str = "doctor", now: datetime = NOW, source: str = HERE, password: str = PASSWORD) -> Ticket:
    return account.sign_in(login, password, source, now, "Firefox · Linux")


def person(login: str = "doctor", now: datetime = NOW) -> SignedIn:
    return enter(login, now).person


def fail(login: str = "doctor", now: datetime = NOW, source: str = HERE) -> None:
    with pytest.raises(Unauthenticated):
        account.sign_in(login, "不是这个密码呀呀", source, now)


# --- signing in -----------------------------------------------------------------------------------


def test_a_session_is_found_by_its_token_on_both_databases(both: Flask) -> None:
    furnish()
    ticket = enter(" Doctor ")
    found = account.signed_in(ticket.token, minutes(1), "abc")
    assert found is not None
    assert (found.login, found.role, found.area, found.area_name) == (
        "doctor",
        Role.TOWNSHIP_DOCTOR,
        EAST,
        "东镇",
    )
    assert found.access == Access.over(found.account, "doctor", Role.TOWNSHIP_DOCTOR, EAST, "abc")
    fail(now=minutes(2))
    assert account.signed_in("x" * 43, NOW) is None
    assert account.signed_in("", NOW) is None


def test_the_database_keeps_neither_password_nor_token(staff: Flask) -> None:
    ticket = enter()
    token = account.issue_token(SYSTEM, "doctor", NOW).secret
    instance: Path = current_app.config["CASEMGR"].instance
    for secret in (PASSWORD, ticket.token, token):
        for path in instance.glob("casemgr.db*"):
            assert secret.encode() not in path.read_bytes()


def test_passwords_cost_enough_to_guess() -> None:
    fresh = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
    assert extract_parameters(fresh.hash("x")).memory_cost == 32 * 1024
    # The module's own hasher, not the quick one of these tests:
    source = Path(account.__file__).read_text(encoding="utf-8")
    assert "PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)" in source
    assert account.HASHES_AT_ONCE == 2


def test_unknown_disabled_and_wrong_get_the_same_words(staff: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    fits = account._fits
    monkeypatch.setattr(account, "_fits", lambda stored, given: checked.append(stored) or fits(stored, given))
    account.disable(SYSTEM, account.key_of(SYSTEM, "officer"))
    words = set()
    for login, password in (("doctor", OTHER), ("nobody", PASSWORD), ("officer", PASSWORD)):
        with pytest.raises(Unauthenticated) as refused:
            account.sign_in(login, password, HERE, NOW)
        words.add(refused.value.message)
    assert len(words) == 1
    assert len(checked) == 3, "an unknown login costs a hash as well"


def test_old_hashes_are_renewed_at_the_next_login(staff: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    enter()
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        stored = work.scalar(select(Account.password_hash).where(Account.login == "doctor"))
    assert extract_parameters(stored).memory_cost == 16


def test_a_full_queue_for_hashing_is_told_and_not_counted_as_a_failure(
    staff: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "_hash_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(account, "HASH_QUEUE_SECONDS", 0.0)
    with account._HashPlace(), pytest.raises(Throttled, match="同时登录的人太多"):
        enter()


# --- throttling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "asked", "wait"),
    [
        ([0, 1, 2, 3], 3, 0),
        ([0, 1, 2, 3, 4], 4, 15),
        ([0, 1, 2, 3, 4], 18, 1),
        ([0, 1, 2, 3, 4], 19, 0),
        ([0, 1, 2, 3, 4, 19], 19, 30),
        ([0, 1, 2, 3, 4, 19, 49], 49, 60),
        ([0, 1, 2, 3, 4, 19, 49, 109], 109, 60),
        ([0, 4, 8, 12, 16], 16, 0),
        ([0, 60, 120, 180, 240, 300], 300, 0),
    ],
)
def test_five_failures_in_a_quarter_of_an_hour_then_longer_waits(
    failures: list[int], asked: int, wait: int
) -> None:
    assert wait_after([minutes(at) for at in failures], minutes(asked)) == timedelta(minutes=wait)


def test_an_account_waits_after_five_failures_but_is_never_locked(staff: Flask) -> None:
    for second in range(5):
        fail(now=NOW + timedelta(seconds=second))
    with pytest.raises(Throttled, match="15 分钟后"):
        enter(now=minutes(1))
    with pytest.raises(Throttled):
        enter(now=minutes(1), source=THERE)
    enter("officer", now=minutes(1))
    enter(now=minutes(16))
    for second in range(4):
        fail(now=minutes(17) + timedelta(seconds=second))
    enter(now=minutes(18))


def test_a_reset_ends_the_wait(staff: Flask) -> None:
    for second in range(5):
        fail(now=NOW + timedelta(seconds=second))
    made = account.reset_password(SYSTEM, account.key_of(SYSTEM, "doctor"))
    assert enter(now=minutes(1), password=made.secret).person.must_change


def test_one_source_may_not_try_many_accounts(staff: Flask) -> None:
    for number in range(30):
        fail(f"nobody{number}")
    with pytest.raises(Throttled, match="这个网络"):
        enter(now=minutes(1))
    enter(now=minutes(1), source=THERE)
    enter(now=minutes(15))


def test_many_attempts_at_once_do_not_slip_through(staff: Flask) -> None:
    results: list[str] = []

    def attempt() -> None:
        with staff.app_context():
            try:
                account.sign_in("doctor", "不是这个密码呀呀", HERE, NOW)
            except (Unauthenticated, Throttled) as refused:
                results.append(refused.code)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results.count("unauthenticated") == 5
    assert results.count("throttled") == 7


def test_failures_and_logins_stand_in_the_audit(staff: Flask) -> None:
    fail()
    entered = person()
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        rows = work.rows(
            select(AuditEntry.actor, AuditEntry.verb, AuditEntry.noun, AuditEntry.outcome).where(
                AuditEntry.noun == "LoginSession"
            )
        )
    assert (0, "refuse", "LoginSession", "refused") in rows
    assert (entered.account, "create", "LoginSession", "done") in rows


# --- sessions -------------------------------------------------------------------------------------


def test_a_session_ends_when_idle_and_in_any_case_after_eight_hours(staff: Flask) -> None:
    ticket = enter()
    assert ticket.person.idle == timedelta(minutes=30), "demo"
    assert account.signed_in(ticket.token, minutes(29)) is not None
    assert account.signed_in(ticket.token, minutes(30)) is None
    for step in range(1, 17):
        account.touch(ticket.person.access, ticket.person.session, minutes(29 * step))
    assert account.signed_in(ticket.token, minutes(29 * 16 + 1)) is not None
    assert account.signed_in(ticket.token, NOW + timedelta(hours=8)) is None


def test_in_a_real_installation_a_quarter_of_an_hour_is_idle(
    instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = create_app(make_config(instance), doors=())
    # A year after they were opened accounts have to be confirmed; this is about the day they were.
    monkeypatch.setattr(clock, "_fixed", TODAY)
    with application.app_context():
        furnish()
        ticket = enter()
        assert account.signed_in(ticket.token, minutes(14)) is not None
        assert account.signed_in(ticket.token, minutes(15)) is None
        db.engine.dispose()


def test_a_sign_of_life_is_written_at_most_once_a_minute(staff: Flask) -> None:
    entered = person()
    assert not account.needs_touch(entered, NOW + timedelta(seconds=59))
    assert account.needs_touch(entered, NOW + timedelta(seconds=60))


def test_signing_out_ends_the_session_on_the_server(staff: Flask) -> None:
    ticket = enter()
    account.sign_out(ticket.person.access, ticket.person.session)
    assert account.signed_in(ticket.token, NOW) is None
    account.sign_out(ticket.person.access, ticket.person.session)


def test_nobody_ends_the_session_of_somebody_else(staff: Flask) -> None:
    mine, theirs = enter("doctor"), enter("officer")
    account.sign_out(mine.person.access, theirs.person.session)
    assert account.signed_in(theirs.token, NOW) is not None
    assert [view.key for view in account.sessions(mine.person.access, mine.person.session, NOW)] == [
        mine.person.session
    ]


def test_other_sessions_can_be_ended_at_once(staff: Flask) -> None:
    first, second = enter(), enter(now=minutes(1))
    assert account.sign_out_others(second.person.access, second.person.session) == 1
    assert account.signed_in(first.token, minutes(1)) is None
    assert account.signed_in(second.token, minutes(1)) is not None


def test_in_a_real_installation_a_third_login_ends_the_oldest(
    staff: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "SESSIONS_KEPT_DEMO", account.SESSIONS_KEPT)
    tickets = [enter(now=minutes(number)) for number in range(3)]
    alive = [account.signed_in(ticket.token, minutes(3)) is not None for ticket in tickets]
    assert alive == [False, True, True]


def test_old_sessions_and_attempts_are_swept_at_the_next_login(staff: Flask) -> None:
    enter()
    fail("nobody")
    enter("officer", now=NOW + timedelta(days=2))
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        assert len(work.entities(select(LoginSession))) == 1


def test_names_may_be_shown_by_the_session_of_the_asker_only(staff: Flask) -> None:
    mine, theirs = enter("doctor"), enter("officer")
    account.show_names(mine.person.access, mine.person.session, "随访", minutes(30))
    found = account.signed_in(mine.token, minutes(1))
    assert found is not None
    assert (found.names_until, found.names_purpose) == (minutes(30), "随访")
    with pytest.raises(Missing):
        account.show_names(mine.person.access, theirs.person.session, "随访", minutes(30))
    account.show_names(mine.person.access, mine.person.session, "", None)
    found = account.signed_in(mine.token, minutes(1))
    assert found is not None
    assert found.names_until is None


# --- one's own password ---------------------------------------------------------------------------


def test_a_new_password_ends_everything_that_is_signed_in(staff: Flask) -> None:
    first, second = enter(), enter()
    token = account.issue_token(SYSTEM, "doctor", NOW).secret
    account.change_password(second.person.access, PASSWORD, OTHER, OTHER, HERE, NOW)
    assert account.signed_in(first.token, NOW) is None
    assert account.signed_in(second.token, NOW) is None
    assert account.bearer(token, NOW) is None
    assert not enter(password=OTHER).person.must_change


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("错的错的错的", OTHER, OTHER), "old"),
        ((PASSWORD, PASSWORD, PASSWORD), "new"),
        ((PASSWORD, "短密码", "短密码"), "new"),
        ((PASSWORD, "doctor2026", "doctor2026"), "new"),
        ((PASSWORD, OTHER, OTHER + "!"), "again"),
    ],
)
def test_a_password_that_does_not_do_is_named(staff: Flask, given: tuple[str, str, str], field: str) -> None:
    with pytest.raises(Unfit) as wrong:
        account.change_password(person().access, *given, HERE, NOW)
    assert list(wrong.value.fields) == [field]


def test_the_old_password_cannot_be_guessed_through_the_change_form(staff: Flask) -> None:
    access = person().access
    for _ in range(5):
        with pytest.raises(Unfit):
            account.change_password(access, "错的错的错的", OTHER, OTHER, HERE, NOW)
    with pytest.raises(Throttled):
        account.change_password(access, PASSWORD, OTHER, OTHER, HERE, NOW)


# --- tokens ---------------------------------------------------------------------------------------


def test_a_token_works_until_its_end(staff: Flask) -> None:
    made = account.issue_token(SYSTEM, "officer", NOW, days=10)
    assert made.secret.startswith("cmt_")
    found = account.bearer(made.secret, NOW + timedelta(days=9), "r1")
    assert found is not None
    assert found.access == Access.over(found.account, "officer", Role.COUNTY_OFFICER, COUNTY, "r1")
    assert account.bearer(made.secret, NOW + timedelta(days=10)) is None
    assert account.bearer("cmt_" + "x" * 43, NOW) is None
    assert account.bearer(made.secret.removeprefix("cmt_"), NOW) is None


def test_a_revoked_token_is_dead(staff: Flask) -> None:
    made = account.issue_token(SYSTEM, "officer", NOW)
    with open_work(SYSTEM, Action.ACCOUNT_MANAGE) as work:
        work.one(select(ApiToken)).revoked = True
    assert account.bearer(made.secret, NOW) is None


@pytest.mark.parametrize("days", [0, 367])
def test_a_token_lives_between_a_day_and_a_year(staff: Flask, days: int) -> None:
    with pytest.raises(Unfit):
        account.issue_token(SYSTEM, "officer", NOW, days)


def test_no_token_for_a_closed_or_unknown_account(staff: Flask) -> None:
    account.disable(SYSTEM, account.key_of(SYSTEM, "officer"))
    with pytest.raises(Refused):
        account.issue_token(SYSTEM, "officer", NOW)
    with pytest.raises(Missing):
        account.issue_token(SYSTEM, "nobody", NOW)


def test_tokens_are_for_programs_of_those_who_work_with_files_or_figures(staff: Flask) -> None:
    """Not for the keepers, by the operator, by oneself or with a password."""
    with pytest.raises(Refused, match="没有程序接口"):
        account.issue_token(SYSTEM, "admin", NOW)
    admin = account.sign_in("admin", PASSWORD, HERE, NOW).person.access
    with pytest.raises(Refused):
        account.make_token(admin, NOW, 5, "接口")
    with pytest.raises(Refused):
        account.take_token("admin", PASSWORD, HERE, NOW)


def test_own_tokens_are_made_for_a_purpose_listed_and_taken_back(staff: Flask) -> None:
    person = account.sign_in("doctor", PASSWORD, HERE, NOW).person.access
    with pytest.raises(Unfit) as wrong:
        account.make_token(person, NOW, 400, " ")
    assert set(wrong.value.fields) == {"days", "purpose"}
    made = account.make_token(person, NOW, 30, "医院接口")
    (one,) = account.own_tokens(person, NOW)
    assert (one.purpose, one.ends_at, one.used_at, one.by_operator) == (
        "医院接口", NOW + timedelta(days=30), None, False,
    )  # fmt: skip
    assert account.bearer(made.secret, NOW + timedelta(minutes=5)) is not None
    assert account.bearer(made.secret, NOW + timedelta(minutes=9)) is not None
    assert account.own_tokens(person, NOW)[0].used_at == NOW + timedelta(minutes=5)
    other = account.sign_in("officer", PASSWORD, HERE, NOW).person.access
    account.end_own_token(other, one.key)
    assert account.bearer(made.secret, NOW) is not None
    account.end_own_token(person, one.key)
    assert account.bearer(made.secret, NOW) is None and account.own_tokens(person, NOW) == []
    kept = account.issue_token(SYSTEM, "doctor", NOW, purpose="旧程序")
    (seen,) = account.tokens_of(SYSTEM, kept.account, NOW)
    assert seen.by_operator
    account.end_token(SYSTEM, 1, seen.key)
    assert account.bearer(kept.secret, NOW) is not None
    account.end_token(SYSTEM, kept.account, seen.key)
    assert account.bearer(kept.secret, NOW) is None


# --- accounts -------------------------------------------------------------------------------------


def test_a_made_up_password_has_to_be_changed(staff: Flask) -> None:
    made = account.create(SYSTEM, "New.One", "新 医生", int(Role.TOWNSHIP_DOCTOR), WEST, NOW)
    assert made.login == "new.one"
    assert len(made.secret) == 19
    assert enter("new.one", password=made.secret).person.must_change
    token = account.issue_token(SYSTEM, "new.one", NOW).secret
    assert account.bearer(token, NOW) is None, "a token does not get around the change"


@pytest.mark.parametrize(
    ("login", "display", "role", "area", "fields"),
    [
        ("张三", "张三", Role.ADMINISTRATOR, None, {"login"}),
        ("a", "", Role.ADMINISTRATOR, None, {"login", "display"}),
        ("d2", "医生", Role.TOWNSHIP_DOCTOR, None, {"area"}),
        ("d2", "医生", Role.TOWNSHIP_DOCTOR, COUNTY, {"area"}),
        ("d2", "医生", Role.TOWNSHIP_DOCTOR, 999_999_999_000, {"area"}),
        ("o2", "县级", Role.COUNTY_OFFICER, EAST, {"area"}),
        ("s2", "系统", Role.SYSTEM, None, {"role"}),
        ("s2", "系统", 77, None, {"role"}),
    ],
)
def test_what_is_wrong_with_a_new_account_is_named(
    staff: Flask, login: str, display: str, role: int, area: int | None, fields: set[str]
) -> None:
    with pytest.raises(Unfit) as wrong:
        account.create(SYSTEM, login, display, int(role), area, NOW)
    assert set(wrong.value.fields) == fields


def test_a_login_is_taken_once(staff: Flask) -> None:
    with pytest.raises(Conflict):
        account.create(SYSTEM, "DOCTOR", "另一位", int(Role.ADMINISTRATOR), None, NOW)


def test_a_new_role_or_area_ends_the_sessions(staff: Flask) -> None:
    ticket = enter()
    shown = account.get(SYSTEM, ticket.person.account)
    account.change(SYSTEM, shown.key, "改名", int(shown.role), EAST, shown.version)
    assert account.signed_in(ticket.token, NOW) is not None
    with pytest.raises(Conflict):
        account.change(SYSTEM, shown.key, "改名", int(shown.role), WEST, shown.version)
    account.change(SYSTEM, shown.key, "改名", int(shown.role), WEST, account.get(SYSTEM, shown.key).version)
    assert account.signed_in(ticket.token, NOW) is None
    assert enter().person.area == WEST


def test_a_closed_account_is_out_at_once_and_can_come_back(staff: Flask) -> None:
    ticket = enter()
    token = account.issue_token(SYSTEM, "doctor", NOW).secret
    account.disable(SYSTEM, ticket.person.account)
    assert account.signed_in(ticket.token, NOW) is None
    assert account.bearer(token, NOW) is None
    account.enable(SYSTEM, ticket.person.account)
    assert account.signed_in(ticket.token, NOW) is None
    assert enter().person.account == ticket.person.account


def test_the_last_administrator_stays(staff: Flask) -> None:
    key = account.key_of(SYSTEM, "admin")
    shown = account.get(SYSTEM, key)
    with pytest.raises(Refused):
        account.disable(SYSTEM, key)
    with pytest.raises(Refused):
        account.change(SYSTEM, key, "管理", int(Role.COUNTY_OFFICER), COUNTY, shown.version)
    account.create(SYSTEM, "admin2", "第二位", int(Role.ADMINISTRATOR), None, NOW)
    account.disable(SYSTEM, key)


def test_the_list_says_who_and_since_when(staff: Flask) -> None:
    entered = person(now=minutes(5))
    listed = {view.login: view for view in account.list_(SYSTEM)}
    assert listed["doctor"].seen_at == minutes(5)
    assert listed["officer"].seen_at is None
    assert (listed["doctor"].area_name, listed["admin"].area_name) == ("东镇", "")
    account.set_view(entered.access, True)
    assert person().large


def test_a_doctor_manages_no_accounts(staff: Flask) -> None:
    with pytest.raises(Forbidden):
        account.list_(DOCTOR_EAST)
    with pytest.raises(Forbidden):
        account.create(DOCTOR_EAST, "mine", "我的", int(Role.ADMINISTRATOR), None, NOW)
    with pytest.raises(Forbidden):
        account.issue_token(DOCTOR_EAST, "doctor", NOW)
