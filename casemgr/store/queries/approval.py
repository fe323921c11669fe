"""审批查询: requests that a second person answers, and how many people an export would hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select

from casemgr.store.models.account import Account
from casemgr.store.models.approval import Approval, OpenedPerson
from casemgr.store.models.area import Area
from casemgr.store.models.register import Case
from casemgr.store.work import Work
from casemgr.terms.approval import ApprovalState, Wish

LISTED = 50


def people_in(work: Work, low: int, high: int) -> int:
    """How many files an export of this range of areas would hold."""
    asked = select(func.count(Case.id)).where(Case.area >= low, Case.area < high)
    return int(work.scalar(asked) or 0)


def listed(work: Work, mine: int | None) -> list[tuple[Approval, str | None]]:
    """(request, name of its area) inside the access, waiting ones first; only those of ``mine`` if given."""
    asked = (
        select(Approval, Area.name)
        .outerjoin(Area, Area.code == Approval.area)
        .order_by(Approval.state != int(ApprovalState.WAITING), Approval.asked_at.desc(), Approval.id)
        .limit(LISTED)
    )
    if mine is not None:
        asked = asked.where(Approval.asked_by == mine)
    rows: Sequence[Any] = work.rows(asked)
    return [(row[0], row[1]) for row in rows]


def one(work: Work, key: int) -> tuple[Approval, str | None] | None:
    """One request inside the access."""
    row: Any = work.row(
        select(Approval, Area.name).outerjoin(Area, Area.code == Approval.area).where(Approval.id == key)
    )
    return None if row is None else (row[0], row[1])


def open_raise(work: Work, account: int, day: date) -> Approval | None:
    """The request of an account for more people on a day that waits or was allowed."""
    found: Approval | None = work.one(
        select(Approval).where(
            Approval.asked_by == account,
            Approval.on == day,
            Approval.wish == int(Wish.CEILING),
            Approval.state.in_([int(ApprovalState.WAITING), int(ApprovalState.APPROVED)]),
        )
    )
    return found


def deciders(work: Work, roles: list[int], area: int, but: int) -> int:
    """How many active accounts of these roles reach an area, not counting one account."""
    above = [area // size * size for size in (1, 10**3, 10**6)]
    asked = select(func.count(Account.id)).where(
        Account.role.in_(roles), Account.active, Account.id != but, Account.area_code.in_(above)
    )
    return int(work.scalar(asked) or 0)


def past_files(work: Work, now: datetime, limit: int = 200) -> list[Approval]:
    """Exports whose time is over or that were fetched often enough, with a file that was made."""
    return work.entities(
        select(Approval)
        .where(Approval.digest.is_not(None), or_(Approval.ends_at < now, Approval.fetched > 1))
        .limit(limit)
    )


def past_counts(work: Work, day: date, limit: int = 2_000) -> list[OpenedPerson]:
    """Counts of days before ``day``."""
    return work.entities(select(OpenedPerson).where(OpenedPerson.on < day).limit(limit))
