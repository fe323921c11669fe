"""再次确认: somebody signed in proves once more who they are, before what should not happen in their name.

Exports, printed lists, own sign-in settings and emergency access ask for a password or a code that is not
older than five minutes: a screen left open, or a stolen session, is not enough for them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from casemgr.rules.access import Access
from casemgr.services import account
from casemgr.services.account import SignedIn
from casemgr.services.errors import Forbidden

FRESH = timedelta(minutes=5)


class NotFresh(Forbidden):
    """The last proof is too old; the door asks for another one and comes back."""

    code = "confirm-first"


def is_fresh(session: SignedIn, now: datetime) -> bool:
    """Whether this session proved within the last five minutes who it is; signing in counts."""
    return session.confirmed_at is not None and now - session.confirmed_at < FRESH


def require(session: SignedIn, now: datetime) -> None:
    """Raise :class:`NotFresh` unless :func:`is_fresh`; for doors that cannot ask (programs)."""
    if not is_fresh(session, now):
        raise NotFresh("这项操作需要 5 分钟内确认过身份。请用密码（和动态码）重新取得令牌后立即再做一次。")


def confirm(access: Access, session: int, password_or_code: str, now: datetime, source: str = "") -> str:
    """Check a password, a code of the phone or a recovery code; the new secret id of the session.

    The door gives the id to the browser in place of the old one, which opens nothing any more. Raises
    :class:`Unfit` naming the field ``proof``, :class:`Throttled` after too many wrong ones.
    """
    account.prove_again(access, password_or_code, source, now)
    return account.renew(access, session, now)
