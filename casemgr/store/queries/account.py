"""账号查询: accounts, their sessions, tokens and failed attempts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select

from casemgr.store.models.account import Account, ApiToken, LoginAttempt, LoginSession
from casemgr.store.models.area import Area, Unit
from casemgr.store.models.post import Post
from casemgr.store.scope import lasting
from casemgr.store.work import Work


def by_login(work: Work, login: str) -> Account | None:
    """The account with this login."""
    found: Account | None = work.one(select(Account).where(Account.login == login))
    return found


def by_id(work: Work, key: int) -> Account | None:
    """The account with this key."""
    return work.get(Account, key)


def everybody(work: Work) -> list[tuple[Account, str | None, datetime | None]]:
    """(Account, name of its area, its latest sign of life) of all accounts, by role, area and login."""
    seen = dict(
        tuple(row)
        for row in work.rows(
            select(LoginSession.account_id, func.max(LoginSession.seen_at)).group_by(LoginSession.account_id)
        )
    )
    rows: Sequence[Any] = work.rows(
        select(Account, func.coalesce(Post.name, Area.name))
        .outerjoin(Area, Area.code == Account.area_code)
        .outerjoin(Post, Post.id == Account.post_id)
        .order_by(Account.role, Account.area_code, Account.login)
    )
    return [(account, name, seen.get(account.id)) for account, name in rows]


#: Asked at every request.
class SessionFacts(NamedTuple):
    """What every request needs of its session."""

    id: int
    csrf: str
    seen_at: datetime
    ends_at: datetime
    names_until: datetime | None
    names_purpose: str
    confirmed_at: datetime | None
    glass_until: datetime | None


class AccountFacts(NamedTuple):
    """What every request needs of the account that asks; never its password."""

    id: int
    login: str
    display: str
    role: int
    area_code: int | None
    post_id: int | None
    must_change: bool
    active: bool
    large_view: bool
    created_at: datetime
    factor_at: datetime | None
    valid_from: date | None
    valid_until: date | None
    certified_on: date | None
    left_on: date | None


_OWN = len(SessionFacts._fields)
_SESSION = lasting(
    select(
        *(getattr(LoginSession, name).label(f"session_{name}") for name in SessionFacts._fields),
        *(getattr(Account, name) for name in AccountFacts._fields),
        func.coalesce(Post.name, Area.name),
    )
    .select_from(LoginSession)
    .join(Account, Account.id == LoginSession.account_id)
    .outerjoin(Area, Area.code == Account.area_code)
    .outerjoin(Post, Post.id == Account.post_id)
    .where(LoginSession.digest.in_(bindparam("digests", expanding=True)))
)


def session_by_digest(work: Work, digests: list[bytes]) -> Any:
    """(SessionFacts, AccountFacts, area name) of the session with one of these digests, or ``None``."""
    row: Any = work.row(_SESSION, digests=digests)
    if row is None:
        return None
    return SessionFacts._make(row[:_OWN]), AccountFacts._make(row[_OWN:-1]), row[-1]


def token_by_digest(work: Work, digests: list[bytes]) -> Any:
    """(ApiToken, Account, area name) of the token with one of these digests, or ``None``."""
    return work.row(
        select(ApiToken, Account, Area.name)
        .join(Account, Account.id == ApiToken.account_id)
        .outerjoin(Area, Area.code == Account.area_code)
        .where(ApiToken.digest.in_(digests))
    )


def sessions_of(work: Work, account: int) -> list[LoginSession]:
    """The sessions of one account, latest first."""
    return work.entities(
        select(LoginSession).where(LoginSession.account_id == account).order_by(LoginSession.seen_at.desc())
    )


def end_everything(work: Work, account: int, but: int | None = None) -> None:
    """End the sessions and tokens of one account, except the session ``but``."""
    for session in sessions_of(work, account):
        if session.id != but:
            work.remove(session)
    for token in tokens_of(work, account):
        token.revoked = True


def stale_sessions(work: Work, before: datetime, limit: int = 200) -> list[LoginSession]:
    """Sessions whose absolute end lies before ``before``; their rows serve nobody any more."""
    return work.entities(select(LoginSession).where(LoginSession.ends_at < before).limit(limit))


def tokens_of(work: Work, account: int) -> list[ApiToken]:
    """The tokens of one account, latest first."""
    return work.entities(
        select(ApiToken).where(ApiToken.account_id == account).order_by(ApiToken.created_at.desc())
    )


def attempts_on(work: Work, login_digests: list[bytes], since: datetime) -> list[datetime]:
    """Instants of the failed attempts on one login since ``since``; a digest for each key."""
    rows = work.rows(
        select(LoginAttempt.at)
        .where(LoginAttempt.login_digest.in_(login_digests), LoginAttempt.at > since)
        .order_by(LoginAttempt.at)
    )
    return [row.at for row in rows]


def attempts_from(work: Work, source_digests: list[bytes], since: datetime) -> list[datetime]:
    """Instants of the failed attempts from one source since ``since``; a digest for each key."""
    rows = work.rows(
        select(LoginAttempt.at)
        .where(LoginAttempt.source_digest.in_(source_digests), LoginAttempt.at > since)
        .order_by(LoginAttempt.at)
    )
    return [row.at for row in rows]


def attempt_rows(work: Work, login_digests: list[bytes]) -> list[LoginAttempt]:
    """The failed attempts on one login, for forgetting them after a success; a digest for each key."""
    return work.entities(select(LoginAttempt).where(LoginAttempt.login_digest.in_(login_digests)))


def stale_attempts(work: Work, before: datetime, limit: int = 500) -> list[LoginAttempt]:
    """Failed attempts too old to count."""
    return work.entities(select(LoginAttempt).where(LoginAttempt.at < before).limit(limit))


def stale_tokens(work: Work, before: datetime, limit: int = 500) -> list[ApiToken]:
    """Tokens that ended before ``before``, revoked or not."""
    return work.entities(select(ApiToken).where(ApiToken.ends_at < before).limit(limit))


def all_sessions(work: Work) -> list[LoginSession]:
    """Every session there is."""
    return work.entities(select(LoginSession))


def living_tokens(work: Work) -> list[ApiToken]:
    """Tokens that are not revoked."""
    return work.entities(select(ApiToken).where(ApiToken.revoked.is_(False)))


def area_name(work: Work, code: int | None) -> str | None:
    """Name of an area, ``None`` if there is no such area."""
    if code is None:
        return None
    found: str | None = work.scalar(select(Area.name).where(Area.code == code))
    return found


def places_of(work: Work, code: int | None) -> tuple[str, ...]:
    """Names of an area, of the areas it lies in, and of its units: words somebody would guess."""
    if code is None:
        return ()
    above = [code // size * size for size in (10**10, 10**8, 10**6, 10**3)]
    names = work.rows(select(Area.name).where(Area.code.in_({code, *above})))
    units = work.rows(select(Unit.name).where(Unit.area_code == code).limit(50))
    return tuple(row.name for row in (*names, *units))


def with_telephone(work: Work) -> int:
    """How many accounts a telephone was given for."""
    return int(work.scalar(select(func.count(Account.id)).where(Account.phone_digest.is_not(None))) or 0)


def active_administrators(work: Work, role: int) -> int:
    """How many active accounts have this role."""
    return int(work.scalar(select(func.count(Account.id)).where(Account.role == role, Account.active)) or 0)
