"""Keyed digests when keys turn: each is worked out again or has a reason, and is found whichever its key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import LargeBinary, select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import account, audit, duplicates, entry_code, keyring, second_factor, sent
from casemgr.services import question as questions
from casemgr.services.errors import Refused, Throttled, Unauthenticated, Unfit
from casemgr.store import identity, reseal
from casemgr.store.db import Base
from casemgr.store.models import Account, OpenedPerson, Question
from casemgr.store.work import installation, open_work
from tests.services.test_question import again
from tests.services.test_registration import county, entered
from tests.services.test_second_factor import enrol
from tests.staff import NOW, PASSWORD, open_accounts, quick_hasher
from tests.store.register import DOCTOR_EAST, EAST, SYSTEM

__all__ = ["county"]

CHAIN = "part of the chain, which names the key of each link and is never written anew"
LOOKED_FOR = "looked for under every generation; :data:`WALK` tries it"
BROUGHT = "looked for under every generation and brought along whenever the same is typed again"
NO_KEY = "holds no key"
AGAIN = "differs once after a rotation, and what hangs on it is made anew"
KEPT = {
    ("audit_entry", "previous"): CHAIN,
    ("audit_entry", "mac"): CHAIN,
    ("audit_anchor", "mac"): CHAIN,
    ("audit_anchor", "previous"): CHAIN,
    ("audit_anchor", "seal"): CHAIN,
    ("audit_anchor", "signer"): NO_KEY,
    ("audit_anchor", "following"): NO_KEY,
    ("audit_anchor", "signature"): NO_KEY,
    ("audit_archive", "before"): CHAIN,
    ("audit_archive", "mac"): CHAIN,
    ("audit_archive", "digest"): NO_KEY,
    ("audit_archive", "seal"): CHAIN,
    ("api_token", "digest"): LOOKED_FOR,
    ("login_session", "digest"): LOOKED_FOR,
    ("question", "facts"): LOOKED_FOR,
    ("envelope", "digest"): LOOKED_FOR,
    ("recovery_code", "digest"): LOOKED_FOR,
    ("entry_code", "digest"): LOOKED_FOR,
    ("login_attempt", "login_digest"): LOOKED_FOR,
    ("login_attempt", "source_digest"): LOOKED_FOR,
    ("opened_person", "mark"): LOOKED_FOR,
    ("disclosure", "source"): AGAIN,
    ("account", "phone_digest"): BROUGHT,
    ("approval", "digest"): NO_KEY,
    ("month_close", "facts"): NO_KEY,
    ("closed_verdicts", "reasons"): NO_KEY,
    ("closed_verdicts", "packed"): NO_KEY,
    ("closed_difference", "packed"): NO_KEY,
    # Plain digests of files and figures, in hexadecimal.
    ("import_run", "file_digest"): NO_KEY,
    ("list_comparison", "file_digest"): NO_KEY,
    ("month_close", "figures_digest"): NO_KEY,
    ("month_close", "policy_digest"): NO_KEY,
    ("report", "figures_digest"): NO_KEY,
    ("report", "file_digest"): NO_KEY,
    ("report_file", "file_digest"): NO_KEY,
}


def test_every_digest_is_worked_out_again_or_has_a_reason(app: Flask) -> None:
    """A new column with a keyed digest must be thought of here, or a rotation would make it a riddle."""
    anew = {(table, name) for table, columns in reseal.TOKENS.items() for name, _, _ in columns}
    found = {
        (table.name, column.name)
        for table in Base.metadata.tables.values()
        for column in table.c
        if isinstance(column.type, LargeBinary) or column.name.endswith(("digest", "mac", "_token"))
    }
    assert found - anew == set(KEPT)
    assert anew <= found


# --- each is looked for after keys were turned ---

SOURCE, LATER = "10.0.0.9", NOW + timedelta(minutes=1)
Walk = Iterator[None]


def _doctor() -> Access:
    return account.sign_in("west", PASSWORD, SOURCE, NOW).person.access


def session() -> Walk:
    ticket = account.sign_in("east", PASSWORD, SOURCE, NOW)
    yield
    assert account.signed_in(ticket.token, LATER) is not None
    assert account.signed_in(ticket.token + "x", LATER) is None


def token() -> Walk:
    secret = account.issue_token(SYSTEM, "east", NOW, purpose="示例程序").secret
    yield
    assert account.bearer(secret, LATER) is not None
    assert account.bearer(secret + "x", LATER) is None


def one_time_code() -> Walk:
    made = entry_code.make(SYSTEM, account.key_of(SYSTEM, "east"), NOW)
    yield
    entry_code.enter("east", made.secret, "六只白鹅站在桥头", "六只白鹅站在桥头", SOURCE, LATER)
    with pytest.raises(Unfit):
        entry_code.enter("east", made.secret, "七只白鹅站在桥头", "七只白鹅站在桥头", SOURCE, LATER)


def recovery_code() -> Walk:
    _, codes = enrol("east")
    yield
    account.sign_in("east", PASSWORD, SOURCE, LATER, code=codes[0])
    with pytest.raises(Unauthenticated):
        account.sign_in("east", PASSWORD, SOURCE, LATER, code=codes[0])
    assert second_factor.view(_access("east")).recovery_left == 9


def _access(login: str) -> Access:
    return Access.over(account.key_of(SYSTEM, login), login, Role.TOWNSHIP_DOCTOR, EAST)


def failed_login() -> Walk:
    for second in range(5):
        with pytest.raises(Unauthenticated):
            account.sign_in("east", "不是这个密码呀呀", f"10.0.1.{second}", NOW + timedelta(seconds=second))
    yield
    with pytest.raises(Throttled, match="15 分钟后"):
        account.sign_in("east", PASSWORD, SOURCE, LATER)


def failed_source() -> Walk:
    for number in range(30):
        with pytest.raises(Unauthenticated):
            account.sign_in(f"nobody{number}", "不是这个密码呀呀", SOURCE, NOW)
    yield
    with pytest.raises(Throttled, match="这个网络"):
        account.sign_in("east", PASSWORD, SOURCE, LATER)


def envelope() -> Walk:
    access = _access("east")
    reserved = sent.reserve(access, "e1", "visit", "内容", NOW)
    sent.settle(access, "e1", "内容", reserved.key)
    yield
    assert sent.reserve(access, "e1", "visit", "内容", LATER) == sent.Reserved(reserved.key, True)
    with pytest.raises(Refused):
        sent.reserve(access, "e1", "visit", "别的内容", LATER)


def answered_question() -> Walk:
    key = entered(diagnosed="2026-10-09", onset="1970", treated="2000")
    late = next(one for one in questions.of_case(DOCTOR_EAST, key, NOW.date()) if one.code == "rg08")
    questions.answer(DOCTOR_EAST, key, late.id, "病历复印件写明", NOW.date())
    yield
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        before = set(work.entities(select(Question.id)))
    assert again(key) == {"rg09"}
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert set(work.entities(select(Question.id))) == before


def opened_person() -> Walk:
    entered()

    def look() -> int:
        with open_work(_access("east"), Action.IDENTITY_REVEAL) as work:
            people = list(work.entities(select(identity.Identity.person_id)))
            assert len(identity.reveal(work, people, "随访")) == 1
        with open_work(SYSTEM, Action.AUDIT_READ) as work:
            return len(work.rows(select(OpenedPerson.mark)))

    assert look() == 1
    yield
    assert look() == 1  # the same person on the same day is one person


def chain() -> Walk:
    audit.anchor(SYSTEM)
    yield
    assert audit.verify(SYSTEM).broken is None


def telephone() -> Walk:
    """A closed account, and another one for the same person made after the keys were turned."""

    def make(login: str, name: str, number: str, phone: str) -> int:
        made = account.create(
            SYSTEM, login, name, 1, EAST, NOW, PASSWORD, False, staff_no=number, phone=phone
        )
        return made.account

    first = make("first", "李甲", "L1", "100-0000-0077")
    account.disable(SYSTEM, first)
    yield
    second = make("second", "李乙", "L2", "+86 100 0000 0077")
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        marks = set(work.entities(select(Account.phone_digest).where(Account.phone_digest.is_not(None))))
    assert len(marks) == 1  # what had the earlier key's digest was brought along
    with pytest.raises(Refused, match="另一个账号"):
        account.enable(SYSTEM, first)
    keyring.rotate(SYSTEM, None, LATER)
    with pytest.raises(Unfit) as wrong:
        make("third", "李丙", "L3", "10000000077")
    assert set(wrong.value.fields) == {"phone"} and second


def asked_elsewhere() -> Walk:
    """Not a column of its own: the mark of a number that the county was asked about stands in the audit."""
    access = _access("east")
    number = "999901198001010019"
    assert duplicates._counted(access, number)
    yield
    assert duplicates._counted(access, number)
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        assert len(duplicates.queries.checked(work, access.actor, NOW - timedelta(days=9999))) == 1


WALK: dict[str, Callable[[], Walk]] = {
    "login_session.digest": session,
    "api_token.digest": token,
    "entry_code.digest": one_time_code,
    "recovery_code.digest": recovery_code,
    "login_attempt.login_digest": failed_login,
    "login_attempt.source_digest": failed_source,
    "envelope.digest": envelope,
    "question.facts": answered_question,
    "opened_person.mark": opened_person,
    "account.phone_digest": telephone,
    "audit": chain,
    "audit_entry.row_key": asked_elsewhere,
}


def test_every_digest_that_is_looked_for_is_walked() -> None:
    looked_for = {".".join(one) for one, why in KEPT.items() if why in (LOOKED_FOR, BROUGHT)}
    assert looked_for == {one for one in WALK if tuple(one.split(".")) in KEPT}


@pytest.mark.parametrize("name", WALK)
def test_what_was_made_under_an_earlier_key_is_found(
    county: Flask, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()
    open_accounts()
    walk = WALK[name]()
    next(walk)
    keyring.rotate(SYSTEM, "sm", NOW)
    assert not keyring.reseal_all(SYSTEM, pause=0).left
    assert installation().vault.active_id == 2
    with pytest.raises(StopIteration):
        next(walk)
