"""一次性代码: lets somebody who forgot the password choose a new one, without anybody else learning it.

The administrator, or the county for the people of its townships, has a code made and tells it in person or by
telephone. It holds a quarter of an hour, opens once, stands in no address, and is kept as a keyed digest.
With it one chooses a password; signing in with that password asks for the phone as always.
"""

from __future__ import annotations

import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from casemgr.rules.access import Action
from casemgr.services import account
from casemgr.services.account import NewSecret
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.models.account import Account
from casemgr.store.models.sign_in import EntryCode
from casemgr.store.queries import account as accounts
from casemgr.store.queries import sign_in as queries
from casemgr.store.work import SIGN_IN_TURN, Work
from casemgr.terms.account import Role

VALID = timedelta(minutes=15)
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 12
WRONG = (
    "登录名或一次性代码不对，或代码已用过、已超过 15 分钟。请核对后重新输入；"
    "仍不行请让县级管理员或系统管理员重新生成一个。"
)
#: Whom the county may help. Its own accounts are the administrator's, and so are the heads of units: they
#: approve what the county hands out, so nobody of the county may become one of them for a quarter of an hour.
HELPED_BY_COUNTY = frozenset({Role.TOWNSHIP_DOCTOR, Role.VILLAGE_DOCTOR, Role.HOSPITAL})


@dataclass(frozen=True, slots=True)
class Colleague:
    """An account somebody may make a code for."""

    key: int
    login: str
    display: str
    role: Role
    area_name: str


def _normal(code: str) -> str:
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code[:60])).lower()


def _within_reach(work: Work, found: Account) -> bool:
    """Whether the caller may make a code for this account: the administrator for all, never the own."""
    if not found.active or found.id == work.access.actor:
        return False
    if work.access.may(Action.ACCOUNT_MANAGE):
        return True
    inside = found.area_code is not None and work.access.reaches(found.area_code)
    return inside and Role.read(found.role) in HELPED_BY_COUNTY


@use_case(Action.ACCOUNT_ADMIT)
def colleagues(work: Work) -> tuple[Colleague, ...]:
    """The accounts the caller may make a code for, by area and login."""
    return tuple(
        Colleague(one.id, one.login, one.display, Role.read(one.role), area or "")
        for one, area, _seen in accounts.everybody(work)
        if _within_reach(work, one)
    )


@use_case(Action.ACCOUNT_ADMIT)
def make(work: Work, key: int, now: datetime) -> NewSecret:
    """A new code for an account; shown once. One made before is void.

    Raises :class:`Missing` for an account that is not there or that the caller may not help.
    """
    found = accounts.by_id(work, key)
    if found is None or not _within_reach(work, found):
        raise Missing("没有这个账号，或不能由您生成代码。请返回列表刷新，或请系统管理员处理。")
    for old in queries.entries_of(work, found.id):
        work.remove(old)
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    work.add(
        EntryCode(
            id=new_key(),
            account_id=found.id,
            digest=work.vault.mac("entry", f"{found.id}|{code}".encode()),
            made_by=work.access.actor,
            made_at=now,
            ends_at=now + VALID,
        )
    )
    return NewSecret(
        found.id, found.login, "-".join(code[start : start + 4] for start in range(0, LENGTH, 4))
    )


@use_case(Action.ACCOUNT_SIGN_IN)
def _known_words(work: Work, login: str, code: str, now: datetime) -> tuple[str, ...] | None:
    """Words the new password must not be made of, if this code opens this account now; else ``None``."""
    found = accounts.by_login(work, login)
    row = _open_one(work, found, code, now)
    if found is None or row is None:
        work.note("refuse", "EntryCode", outcome="refused" if found else "unknown")
        return None
    return (found.login, found.display, *accounts.places_of(work, found.area_code))


def _open_one(work: Work, found: Account | None, code: str, now: datetime) -> EntryCode | None:
    key = found.id if found is not None else 0
    text = f"{key}|{_normal(code)}".encode()
    digests = [work.vault.mac("entry", text, one.key_id) for one in work.vault.keys()]  # noqa: SIM118
    rows = queries.entries_of(work, key)
    fitting = [row for row in rows if any(hmac.compare_digest(row.digest, digest) for digest in digests)]
    row = next((one for one in fitting if one.used_at is None and now < one.ends_at), None)
    return row if found is not None and found.active else None


@use_case(Action.ACCOUNT_SIGN_IN)
def _store(work: Work, login: str, code: str, hashed: str, now: datetime) -> bool:
    work.take_turn(SIGN_IN_TURN)
    found = accounts.by_login(work, login)
    row = _open_one(work, found, code, now)
    if found is None or row is None:
        return False
    row.used_at = now
    found.password_hash = hashed
    found.must_change = False
    accounts.end_everything(work, found.id)
    for attempt in accounts.attempt_rows(work, work.vault.macs("login", login.encode())):
        work.remove(attempt)
    work.note("enter", "EntryCode", row_key=row.id)
    return True


def enter(login: str, code: str, new: str, again: str, source: str, now: datetime) -> None:
    """Choose a new password with a code; all sessions and tokens end. One signs in with it afterwards.

    Raises :class:`Unfit` naming ``code``, ``new`` or ``again``, :class:`Throttled` like signing in: wrong
    codes are counted together with wrong passwords. A right code is not used up by an unfit password.
    """
    login = account.normal_login(login)[:80]
    access = account.by_machine("entry-code")
    account.reserve(access, login, source, now)
    words = _known_words(access, login, code, now)
    if words is None:
        raise Unfit(WRONG, fields={"code": WRONG})
    account.forget_attempts(access, login)
    account.check_new_password("new", new, *words)
    if new != again:
        raise Unfit("两次输入不一致。", fields={"again": "两次输入的新密码不一致。请重新输入。"})
    if not _store(access, login, code, account.hashed_of(new), now):
        raise Refused("这个代码刚刚被用过。请让县级管理员或系统管理员重新生成一个。")
