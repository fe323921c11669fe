"""账号: people who sign in, their sessions, tokens and failed attempts; holds no patient."""

from __future__ import annotations

from datetime import date, datetime
from types import MappingProxyType

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, LargeBinary, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from casemgr.store.db import Model
from casemgr.store.types import Day, Instant, Key


class Account(Model):
    """One account; ``factor_at``: since when it also asks for a code at signing in; ``post_id``: the post
    (:mod:`casemgr.store.models.post`) that it works for.

    ``valid_from`` and ``valid_until`` (both included, empty: open) bound its use; ``certified_on`` is when
    somebody last confirmed that it is still needed, ``left_on`` when its person gave up the post.
    ``staff_no`` and ``phone_digest`` (keyed; the number itself is kept nowhere) tell whether two accounts are
    one person's.
    """

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    display: Mapped[str] = mapped_column(String(40))
    role: Mapped[int] = mapped_column(SmallInteger)
    area_code: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("area.code"))
    post_id: Mapped[int | None] = mapped_column(BigInteger)
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change: Mapped[bool] = mapped_column(Boolean, default=False)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    large_view: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    factor_at: Mapped[datetime | None] = mapped_column(Instant)
    valid_from: Mapped[date | None] = mapped_column(Day)
    valid_until: Mapped[date | None] = mapped_column(Day)
    certified_on: Mapped[date | None] = mapped_column(Day)
    certified_by: Mapped[int | None] = mapped_column(BigInteger)
    left_on: Mapped[date | None] = mapped_column(Day)
    staff_no: Mapped[str | None] = mapped_column(String(40))
    phone_digest: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    version: Mapped[int] = mapped_column(SmallInteger, default=1)

    __mapper_args__ = MappingProxyType({"version_id_col": version})


class LoginSession(Model):
    """One signed-in browser; only a keyed digest of its id is kept.

    ``confirmed_at``: when its person last proved to be who signed in; ``glass_until``: until when somebody's
    file may be read in an emergency (紧急查看), shown on every page.
    """

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    csrf: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    source: Mapped[str] = mapped_column(String(64), default="")
    agent: Mapped[str] = mapped_column(String(120), default="")
    names_until: Mapped[datetime | None] = mapped_column(Instant)
    names_purpose: Mapped[str] = mapped_column(String(40), default="")
    confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    glass_until: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index(None, "account_id"),)


class ApiToken(Model):
    """Bearer token of the JSON door; only a keyed digest is kept.

    ``purpose`` says what uses it, ``made_by`` who made it (0: the operator at the machine, empty: nobody
    knows), ``used_at`` when it was last shown, to the hour.
    """

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    revoked: Mapped[bool] = mapped_column(Boolean, default=False)
    purpose: Mapped[str] = mapped_column(String(60), default="", server_default="")
    made_by: Mapped[int | None] = mapped_column(BigInteger)
    used_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (Index(None, "account_id"),)


class LoginAttempt(Model):
    """One failed attempt to sign in, counted per login and per source for the throttle."""

    __tablename__ = "login_attempt"

    id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    login_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    source_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index(None, "login_digest", "at"), Index(None, "source_digest", "at"))
