"""第二因素: whose password alone is not enough, and from when on (动态码)."""

from __future__ import annotations

from datetime import datetime, timedelta

from casemgr.rules.access import ROLE_ACTIONS, Action
from casemgr.terms.account import Role

#: Who may do one of these sees names, or decides who may.
GRAVE = frozenset({Action.IDENTITY_REVEAL, Action.LIAISON_VIEW, Action.ACCOUNT_MANAGE, Action.ACCESS_CHANGE})


def asked_of(role: Role) -> bool:
    """Whether this role signs in with a code of its phone besides the password."""
    return not GRAVE.isdisjoint(ROLE_ACTIONS.get(role, frozenset()))


def asked_from(role: Role, created_at: datetime, days: int | None) -> datetime | None:
    """From when on an account without a code is led to setting one up; ``None``: never.

    ``days`` counts from the making of the account and is a choice of the installation, ``None`` for never.
    """
    return created_at + timedelta(days=days) if days is not None and asked_of(role) else None
