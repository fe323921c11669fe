"""账号效期: whether an account may be used on a day, and how long it still may (REC-ACC-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from casemgr.rules.policy import Policy


class Standing(Enum):
    """What keeps an account from being used, or nothing."""

    GOOD = "在用"
    CLOSED = "已停用"
    LEFT = "已离岗"
    NOT_YET = "未到启用日期"
    OVER = "已过有效期"
    UNCONFIRMED = "超过一年没有复核"


@dataclass(frozen=True, slots=True)
class AccountDays:
    """The days that decide over an account; ``begun_on`` counts where it was never confirmed."""

    active: bool
    begun_on: date
    valid_from: date | None
    valid_until: date | None
    certified_on: date | None
    left_on: date | None


@dataclass(frozen=True, slots=True)
class Use:
    """How an account stands: ``last_day`` of its use as far as known, ``warned`` when that is near."""

    standing: Standing
    last_day: date
    warned: bool

    @property
    def usable(self) -> bool:
        """Whether its person may sign in and stay signed in."""
        return self.standing is Standing.GOOD


def confirmed_until(days: AccountDays, policy: Policy) -> date:
    """The last day on which the account needs no new confirmation."""
    return (days.certified_on or days.begun_on) + timedelta(days=policy.account_certify.value)


def use_on(days: AccountDays, today: date, policy: Policy) -> Use:
    """How an account stands on a day; the first thing that keeps it from being used is the one named."""
    confirmed = confirmed_until(days, policy)
    last = min(confirmed, days.valid_until) if days.valid_until else confirmed
    if days.left_on is not None:
        standing = Standing.LEFT
    elif not days.active:
        standing = Standing.CLOSED
    elif days.valid_from is not None and today < days.valid_from:
        standing = Standing.NOT_YET
    elif days.valid_until is not None and today > days.valid_until:
        standing = Standing.OVER
    elif today > confirmed:
        standing = Standing.UNCONFIRMED
    else:
        standing = Standing.GOOD
    near = standing is Standing.GOOD and today > last - timedelta(days=policy.account_warn.value)
    return Use(standing, last, near)
