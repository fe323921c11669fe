"""The code of the phone: right once, in its span, by whoever has the secret; lost phones and lost papers."""

from __future__ import annotations

from base64 import b32decode, b32encode
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Action, Role
from casemgr.rules.second_factor import asked_from, asked_of
from casemgr.services import account, second_factor, step_up
from casemgr.services.errors import Forbidden, Refused, Throttled, Unauthenticated, Unfit
from casemgr.store import one_time
from casemgr.store.models.sign_in import RecoveryCode, SecondFactor
from casemgr.store.work import open_work
from tests.staff import NOW, PASSWORD, open_accounts, quick_hasher
from tests.store.register import SYSTEM, open_areas

SOURCE = "10.0.0.7"
NEW_SECRET = one_time.new_secret


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()


@pytest.fixture(autouse=True)
def _same_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes have six digits: of secrets drawn anew, two are the same once in a hundred thousand runs."""
    numbers = count(1)
    monkeypatch.setattr(one_time, "new_secret", lambda: b32encode(bytes([next(numbers)]) * 20).decode())


@pytest.fixture
def staff(app: Flask) -> Flask:
    open_areas()
    open_accounts()
    return app


def enrol(login: str, now: datetime = NOW) -> tuple[str, tuple[str, ...]]:
    """Set up a factor for ``login``; the secret and the recovery codes."""
    person = account.sign_in(login, PASSWORD, SOURCE, now).person
    secret = second_factor.begin(person.access, now).secret
    code = one_time.code_at(secret, one_time.step_of(now))
    return secret, second_factor.finish(person.access, code, person.session, now)


def at(secret: str, moment: datetime, steps: int = 0) -> str:
    return one_time.code_at(secret, one_time.step_of(moment) + steps)


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_codes_are_those_of_the_standard(seconds: int, digits: str) -> None:
    """The SHA-1 column of RFC 6238, appendix B, cut to six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    assert at(secret, datetime.fromtimestamp(seconds, UTC)) == digits[-6:]


def test_every_secret_is_new() -> None:
    made = {NEW_SECRET() for _ in range(100)}
    assert len(made) == 100
    assert {len(b32decode(one)) for one in made} == {one_time.SECRET_BYTES}


def test_one_span_before_and_after_and_never_twice() -> None:
    secret, now = one_time.new_secret(), NOW
    middle = one_time.step_of(now)
    fits = [one_time.fitting_step(secret, at(secret, now, step), now, 0) for step in range(-3, 4)]
    assert fits == [None, None, middle - 1, middle, middle + 1, None, None]
    assert one_time.fitting_step(secret, at(secret, now), now, middle) is None
    assert one_time.fitting_step(secret, at(secret, now, -1), now, middle) is None


def test_signing_in_asks_for_the_code_after_the_password(staff: Flask) -> None:
    secret, _ = enrol("east")
    later = NOW + timedelta(minutes=2)
    with pytest.raises(Unauthenticated) as wrong:
        account.sign_in("east", "不是这个密码呀呀", SOURCE, later)
    assert not isinstance(wrong.value, account.CodeNeeded)
    with pytest.raises(account.CodeNeeded) as needed:
        account.sign_in("east", PASSWORD, SOURCE, later)
    ticket = account.finish_sign_in(needed.value.half, at(secret, later), SOURCE, later)
    assert account.signed_in(ticket.token, later) is not None
    assert ticket.person.has_factor


def test_a_code_opens_once(staff: Flask) -> None:
    secret, _ = enrol("east")
    later = NOW + timedelta(minutes=2)
    code = at(secret, later)
    account.sign_in("east", PASSWORD, SOURCE, later, code=code)
    with pytest.raises(Unauthenticated):
        account.sign_in("east", PASSWORD, SOURCE, later, code=code)
    with pytest.raises(Unauthenticated):
        account.sign_in("east", PASSWORD, SOURCE, later, code=at(secret, later, -1))
    account.sign_in("east", PASSWORD, SOURCE, later, code=at(secret, later, 1))


def test_the_code_of_setting_up_is_spent_too(staff: Flask) -> None:
    secret, _ = enrol("east")
    with pytest.raises(Unauthenticated):
        account.sign_in("east", PASSWORD, SOURCE, NOW, code=at(secret, NOW))


def test_the_half_way_proof_ends_and_belongs_to_its_password(staff: Flask) -> None:
    secret, _ = enrol("east")
    with pytest.raises(account.CodeNeeded) as needed:
        account.sign_in("east", PASSWORD, SOURCE, NOW)
    half = needed.value.half
    late = NOW + account.HALF_WAY
    with pytest.raises(Unauthenticated):
        account.finish_sign_in(half, at(secret, late), SOURCE, late)
    soon = NOW + timedelta(minutes=1)
    key, ends, mac = half.split(".")
    for forged in (
        f"{key}.{int(ends) + 900}.{mac}",
        f"{key}.{ends}.{'0' * 64}",
        "",
        "x",
        f"{key}1.{ends}.{mac}",
        f"{'9' * 19}.{ends}.{mac}",
    ):
        with pytest.raises(Unauthenticated):
            account.finish_sign_in(forged, at(secret, soon), SOURCE, soon)
    account.reset_password(SYSTEM, int(key))
    with pytest.raises(Unauthenticated):
        account.finish_sign_in(half, at(secret, soon), SOURCE, soon)


def test_codes_are_throttled_with_the_passwords(staff: Flask) -> None:
    secret, _ = enrol("east")
    with pytest.raises(account.CodeNeeded) as needed:
        account.sign_in("east", PASSWORD, SOURCE, NOW)
    wrong = f"{(int(at(secret, NOW, 0)) + 1) % 1_000_000:06d}"
    for _ in range(account.TRIES - 1):
        with pytest.raises(account.CodeWrong):
            account.finish_sign_in(needed.value.half, wrong, SOURCE, NOW)
    with pytest.raises(Throttled):
        account.finish_sign_in(needed.value.half, at(secret, NOW, 1), SOURCE, NOW)


def test_each_recovery_code_opens_once(staff: Flask) -> None:
    _, codes = enrol("east")
    assert len(set(codes)) == second_factor.RECOVERY_CODES == 10
    for code in codes[:2]:
        account.sign_in("east", PASSWORD, SOURCE, NOW, code=f" {code.upper()} ")
        with pytest.raises(Unauthenticated):
            account.sign_in("east", PASSWORD, SOURCE, NOW, code=code)
        account.sign_in("east", PASSWORD, SOURCE, NOW, code=codes[int(code == codes[1]) + 5])
    person = account.sign_in("east", PASSWORD, SOURCE, NOW, code=codes[4]).person
    assert second_factor.view(person.access).recovery_left == 5


def test_recovery_codes_are_nobody_elses(staff: Flask) -> None:
    _, codes = enrol("east")
    enrol("west")
    with pytest.raises(Unauthenticated):
        account.sign_in("west", PASSWORD, SOURCE, NOW, code=codes[0])


def test_nothing_readable_lies_in_the_tables(staff: Flask) -> None:
    secret, codes = enrol("east")
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        factor = work.one(select(SecondFactor))
        kept = work.entities(select(RecoveryCode))
    assert secret.encode() not in factor.secret._sealed
    assert all(codes[0].replace("-", "").encode() not in one.digest for one in kept)


def test_setting_up_needs_a_right_code_and_ends_other_sessions(staff: Flask) -> None:
    other = account.sign_in("east", PASSWORD, SOURCE, NOW)
    here = account.sign_in("east", PASSWORD, SOURCE, NOW)
    token = account.take_token("east", PASSWORD, SOURCE, NOW).secret
    setting = second_factor.begin(here.person.access, NOW)
    with pytest.raises(Unfit) as wrong:
        second_factor.finish(here.person.access, "000000", here.person.session, NOW + timedelta(days=400))
    assert "code" in wrong.value.fields
    account.sign_in("east", PASSWORD, SOURCE, NOW)  # until it is finished, the password is enough
    here = account.sign_in("east", PASSWORD, SOURCE, NOW)
    second_factor.finish(here.person.access, at(setting.secret, NOW), here.person.session, NOW)
    assert account.signed_in(here.token, NOW) is not None
    assert account.signed_in(other.token, NOW) is None
    assert account.bearer(token, NOW) is None


def test_an_old_phone_holds_until_the_new_one_has_been_tried(staff: Flask) -> None:
    secret, _ = enrol("east")
    later = NOW + timedelta(minutes=5)
    person = account.sign_in("east", PASSWORD, SOURCE, later, code=at(secret, later)).person
    new = second_factor.begin(person.access, later).secret
    later += timedelta(minutes=5)
    account.sign_in("east", PASSWORD, SOURCE, later, code=at(secret, later))
    person = account.sign_in("east", PASSWORD, SOURCE, later, code=at(secret, later, 1)).person
    second_factor.finish(person.access, at(new, later), person.session, later)
    later += timedelta(minutes=5)
    with pytest.raises(Unauthenticated):
        account.sign_in("east", PASSWORD, SOURCE, later, code=at(secret, later))
    account.sign_in("east", PASSWORD, SOURCE, later, code=at(new, later))


def test_a_lost_phone_is_reset_by_the_administrator(staff: Flask) -> None:
    _, codes = enrol("east")
    living = account.sign_in("east", PASSWORD, SOURCE, NOW, code=codes[0])
    account.reset_factor(SYSTEM, living.person.account)
    assert account.signed_in(living.token, NOW) is None
    again = account.sign_in("east", PASSWORD, SOURCE, NOW)
    assert not again.person.has_factor
    east = account.sign_in("east", PASSWORD, SOURCE, NOW).person
    with pytest.raises(Forbidden):
        account.reset_factor(east.access, living.person.account)


def test_a_token_for_programs_asks_for_the_code_as_well(staff: Flask) -> None:
    secret, _ = enrol("east")
    later = NOW + timedelta(minutes=2)
    with pytest.raises(Unauthenticated):
        account.take_token("east", PASSWORD, SOURCE, later)
    with pytest.raises(Unauthenticated):
        account.take_token("east", PASSWORD, SOURCE, later, "000000")
    made = account.take_token("east", PASSWORD, SOURCE, later, at(secret, later))
    assert account.bearer(made.secret, later) is not None
    with pytest.raises(Unauthenticated):
        account.take_token("east", PASSWORD, SOURCE, later, at(secret, later))


def test_who_is_asked_and_from_when() -> None:
    assert all(asked_of(role) for role in (Role.TOWNSHIP_DOCTOR, Role.COUNTY_OFFICER, Role.ADMINISTRATOR))
    assert asked_from(Role.TOWNSHIP_DOCTOR, NOW, 14) == NOW + timedelta(days=14)
    assert asked_from(Role.TOWNSHIP_DOCTOR, NOW, 0) == NOW
    assert asked_from(Role.TOWNSHIP_DOCTOR, NOW, None) is None


def test_the_demonstration_never_demands_it(staff: Flask) -> None:
    person = account.sign_in("east", PASSWORD, SOURCE, NOW + timedelta(days=400)).person
    assert not person.factor_due(NOW + timedelta(days=400))


# --- proving again --------------------------------------------------------------------------------


def test_a_proof_is_fresh_for_five_minutes_and_changes_the_session(staff: Flask) -> None:
    ticket = account.sign_in("east", PASSWORD, SOURCE, NOW)
    assert step_up.is_fresh(ticket.person, NOW + timedelta(minutes=4, seconds=59))
    later = NOW + step_up.FRESH
    person = account.signed_in(ticket.token, later)
    assert person is not None
    assert not step_up.is_fresh(person, later)
    with pytest.raises(step_up.NotFresh):
        step_up.require(person, later)
    with pytest.raises(Unfit):
        step_up.confirm(person.access, person.session, "不是这个密码呀呀", later)
    token = step_up.confirm(person.access, person.session, PASSWORD, later)
    assert account.signed_in(ticket.token, later) is None
    renewed = account.signed_in(token, later)
    assert renewed is not None
    assert step_up.is_fresh(renewed, later)
    assert (renewed.session, renewed.csrf) == (person.session, person.csrf)


def test_a_code_proves_as_well_but_once(staff: Flask) -> None:
    secret, codes = enrol("east")
    ticket = account.sign_in("east", PASSWORD, SOURCE, NOW, code=codes[0])
    later = NOW + timedelta(minutes=10)
    person = ticket.person
    step_up.confirm(person.access, person.session, at(secret, later), later)
    with pytest.raises(Unfit):
        step_up.confirm(person.access, person.session, at(secret, later), later)


def test_wrong_proofs_are_throttled_and_nobody_proves_for_somebody_else(staff: Flask) -> None:
    east = account.sign_in("east", PASSWORD, SOURCE, NOW).person
    west = account.sign_in("west", PASSWORD, SOURCE, NOW).person
    with pytest.raises(Exception, match="登录已经结束"):
        step_up.confirm(west.access, east.session, PASSWORD, NOW)
    for _ in range(account.TRIES):
        with pytest.raises(Unfit):
            step_up.confirm(east.access, east.session, "不是这个密码呀呀", NOW)
    with pytest.raises(Throttled):
        step_up.confirm(east.access, east.session, PASSWORD, NOW)


def test_the_operator_makes_a_token_of_an_account_with_a_phone_only_with_its_code(staff: Flask) -> None:
    secret, _codes = enrol("east")
    with pytest.raises(Refused, match="--code"):
        account.issue_token(SYSTEM, "east", NOW)
    with pytest.raises(Unauthenticated):
        account.issue_token(SYSTEM, "east", NOW, code="000000")
    later = NOW + timedelta(minutes=2)
    assert account.bearer(account.issue_token(SYSTEM, "east", later, code=at(secret, later)).secret, later)
    with pytest.raises(Unauthenticated):
        account.issue_token(SYSTEM, "east", later, code=at(secret, later))
