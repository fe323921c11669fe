"""第二因素: setting up the code of the phone, using it once, codes for a lost phone (动态码、恢复码).

A code holds for its span of 30 seconds and one span around it, and each span is used once: a code that was
looked at over a shoulder opens nothing. The secret is sealed; recovery codes are kept as keyed digests.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from casemgr.reports.qr import svg
from casemgr.rules.access import Action
from casemgr.rules.second_factor import asked_from
from casemgr.services.errors import Conflict, Missing, Unfit
from casemgr.services.use_case import use_case, within
from casemgr.store import one_time
from casemgr.store.db import new_key
from casemgr.store.identity import open_texts
from casemgr.store.models.account import Account
from casemgr.store.models.sign_in import RecoveryCode, SecondFactor
from casemgr.store.queries import account as accounts
from casemgr.store.queries import sign_in as queries
from casemgr.store.types import Plain
from casemgr.store.work import SIGN_IN_TURN, Work
from casemgr.terms.account import Role

#: What the list of an authenticator shows; says nothing about whose records these are.
ISSUER = "casemgr"
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
CODE = re.compile(r"\d{6}")
RECOVERY = re.compile(f"[{LETTERS}]{{10}}")
PURPOSE = "动态码"


@dataclass(frozen=True, slots=True)
class FactorView:
    """Whether an account has a second factor, and from when on it has to."""

    begun_at: datetime | None
    recovery_left: int
    asked_from: datetime | None


@dataclass(frozen=True, slots=True)
class Setting:
    """A factor being set up: what the phone has to be told."""

    secret: str
    address: str

    @property
    def picture(self) -> str:
        """The address as an SVG drawing of a QR code."""
        return svg(self.address, "动态码的二维码")

    @property
    def spoken(self) -> str:
        """The secret in groups of four, for typing it in."""
        return " ".join(self.secret[start : start + 4] for start in range(0, len(self.secret), 4))


def _normal(code: str) -> str:
    """A code as it was made: half-width small letters and digits, without blanks and hyphens."""
    return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", code[:40])).lower()


def looks_like_code(text: str) -> bool:
    """Whether a text can be a code of a phone or a recovery code, so that it need not be a password."""
    normal = _normal(text)
    return bool(CODE.fullmatch(normal) or RECOVERY.fullmatch(normal))


def _opened(work: Work, row: SecondFactor) -> str:
    return open_texts(work, "SecondFactor", [(row.id, row.secret)], PURPOSE)[0]


def _digests(work: Work, account: int, code: str) -> set[bytes]:
    text = f"{account}|{code}".encode()
    return {work.vault.mac("recovery", text, key.key_id) for key in work.vault.keys()}  # noqa: SIM118 - not a dict


@use_case(Action.ACCOUNT_SIGN_IN)
def spend(work: Work, code: str, now: datetime) -> bool:
    """Whether ``code`` is the caller's, of a phone or from the printed list; it is used up by it."""
    work.take_turn(SIGN_IN_TURN)
    normal = _normal(code)
    if CODE.fullmatch(normal):
        row = next((one for one in queries.factors_of(work, work.access.actor) if one.begun_at), None)
        step = one_time.fitting_step(_opened(work, row), normal, now, row.last_step) if row else None
        if row is None or step is None:
            return False
        row.last_step = step
        return True
    if not RECOVERY.fullmatch(normal):
        return False
    digests = _digests(work, work.access.actor, normal)
    for kept in queries.recovery_of(work, work.access.actor):
        if kept.used_at is None and kept.digest in digests:
            kept.used_at = now
            work.note("use", "RecoveryCode", row_key=kept.id)
            return True
    return False


# --- setting up -----------------------------------------------------------------------------------


def _account(work: Work) -> Account:
    found = accounts.by_id(work, work.access.actor)
    if found is None:
        raise Missing("登录已经结束。请重新登录。")
    return found


@use_case(Action.ACCOUNT_SIGN_IN, writes=False)
def view(work: Work) -> FactorView:
    """The caller's own second factor."""
    found = _account(work)
    left = sum(one.used_at is None for one in queries.recovery_of(work, found.id))
    home = within(work)
    days = None if home.demo else home.factor_days
    return FactorView(found.factor_at, left, asked_from(Role.read(found.role), found.created_at, days))


@use_case(Action.ACCOUNT_SIGN_IN)
def begin(work: Work, now: datetime) -> Setting:
    """A new secret for the caller's phone; an old one holds until the new one has been tried.

    The door asks for a fresh proof of who this is before it.
    """
    found = _account(work)
    for old in queries.factors_of(work, found.id):
        if old.begun_at is None:
            work.remove(old)
    secret = one_time.new_secret()
    work.add(SecondFactor(id=new_key(), account_id=found.id, secret=Plain(secret), last_step=0, made_at=now))
    return _setting(found, secret)


def _setting(account: Account, secret: str) -> Setting:
    return Setting(secret, one_time.address(secret, ISSUER, account.login))


def _waiting(work: Work, account: int) -> SecondFactor:
    found = next((one for one in queries.factors_of(work, account) if one.begun_at is None), None)
    if found is None:
        raise Conflict("没有正在设置的动态码，可能已在另一个窗口完成或取消。请重新开始设置。")
    return found


@use_case(Action.ACCOUNT_SIGN_IN)
def again(work: Work) -> Setting:
    """The secret that is being set up, once more; :class:`Conflict` when there is none."""
    found = _account(work)
    return _setting(found, _opened(work, _waiting(work, found.id)))


@use_case(Action.ACCOUNT_SIGN_IN)
def finish(work: Work, code: str, session: int, now: datetime) -> tuple[str, ...]:
    """Let the new secret hold, now that the phone has shown a right code; the new recovery codes.

    Ends all other sessions and the tokens. Raises :class:`Unfit` naming ``code``.
    """
    work.take_turn(SIGN_IN_TURN)
    found = _account(work)
    row = _waiting(work, found.id)
    step = one_time.fitting_step(_opened(work, row), _normal(code), now, 0)
    if step is None:
        words = "动态码不对。请等手机上换出下一个码再输入；如仍不对，请把手机时间设为自动校准。"
        raise Unfit(words, fields={"code": words})
    for old in queries.factors_of(work, found.id):
        if old.id != row.id:
            work.remove(old)
    row.begun_at, row.last_step = now, step
    found.factor_at = now
    accounts.end_everything(work, found.id, but=session)
    return _new_recovery(work, found.id)


def _new_recovery(work: Work, account: int) -> tuple[str, ...]:
    for old in queries.recovery_of(work, account):
        work.remove(old)
    made = []
    for _ in range(RECOVERY_CODES):
        code = "".join(secrets.choice(LETTERS) for _ in range(10))
        digest = work.vault.mac("recovery", f"{account}|{code}".encode())
        work.add(RecoveryCode(id=new_key(), account_id=account, digest=digest))
        made.append(f"{code[:5]}-{code[5:]}")
    return tuple(made)


@use_case(Action.ACCOUNT_SIGN_IN)
def new_recovery(work: Work) -> tuple[str, ...]:
    """New recovery codes for the caller; those from before are void."""
    if _account(work).factor_at is None:
        raise Conflict("还没有设置动态码，没有恢复码可换。请先设置动态码。")
    return _new_recovery(work, work.access.actor)


def remove(work: Work, account: Account, but: int | None = None) -> None:
    """Take the second factor of an account away and end its sessions (except ``but``) and tokens."""
    for row in (*queries.factors_of(work, account.id), *queries.recovery_of(work, account.id)):
        work.remove(row)
    account.factor_at = None
    accounts.end_everything(work, account.id, but=but)


@use_case(Action.ACCOUNT_SIGN_IN)
def drop(work: Work, session: int) -> None:
    """The caller does without a second factor again; possible until it is asked of the account."""
    remove(work, _account(work), but=session)
