"""日查看上限: how many different people one account may open on one day; asked by ``store/identity`` alone.

The same person again counts nothing. Nobody is counted for a job of the machine, nor for what a second
person has allowed. The count of a day is a set of keyed digests and is forgotten when the day is over.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from casemgr.rules.access import Role
from casemgr.rules.policy import in_force_on
from casemgr.store.models.approval import Approval, OpenedPerson
from casemgr.store.scope import lasting
from casemgr.store.session import unit_of_work_writes
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.approval import ApprovalState, Wish

ZONE = ZoneInfo("Asia/Shanghai")
#: A township and everything in it: whoever works over no more sees the people due there as a day's work.
TOWNSHIP_WIDTH = 1_000


class CeilingReached(Exception):
    """Opening these people too would go over what one account may open on one day."""

    def __init__(self, ceiling: int, opened: int) -> None:
        super().__init__(f"{opened} of {ceiling} opened")
        self.ceiling = ceiling
        self.opened = opened


def day_of(now: datetime) -> date:
    """The calendar day of an instant where the register is kept."""
    return now.astimezone(ZONE).date()


_KNOWN = lasting(
    select(OpenedPerson.mark).where(
        OpenedPerson.account_id == bindparam("account", type_=BigInteger),
        OpenedPerson.on == bindparam("day", type_=Day),
    )
)


def _marks(work: Work, day: date, person: int) -> list[bytes]:
    """The mark of a person under every key, the active one first: keys may have been turned since morning."""
    text = f"{work.access.actor}|{day.isoformat()}|{person}".encode()
    return [mac[:16] for mac in work.vault.macs("opened", text)]


def _known(work: Work, day: date) -> set[bytes]:
    return {bytes(row[0]) for row in work.rows(_KNOWN, account=work.access.actor, day=day)}


def ceiling(work: Work, day: date) -> int:
    """How many people the caller may open on this day: the rule, and what was allowed for the day."""
    base = in_force_on(day, work._home.region).identity_ceiling.value
    raised = work.scalar(
        select(func.sum(Approval.people)).where(
            Approval.asked_by == work.access.actor,
            Approval.on == day,
            Approval.wish == int(Wish.CEILING),
            Approval.state == int(ApprovalState.APPROVED),
        )
    )
    return base + int(raised or 0)


def opened_today(work: Work, now: datetime) -> tuple[int, int]:
    """(people the caller has opened today, people the caller may open today)."""
    day = day_of(now)
    return len(_known(work, day)), ceiling(work, day)


def is_day_work(work: Work) -> bool:
    """Whether the caller works over one township only, so that its people due are the day's own work."""
    access = work.access
    return 0 < access.high - access.low <= TOWNSHIP_WIDTH


def count(work: Work, people: Iterable[int], *, urgent: bool = False) -> None:
    """Count these people as opened by the caller today; raises :class:`CeilingReached` before that.

    ``urgent`` (somebody is being called, an emergency is on) counts, but is never refused.
    """
    if work.access.role is Role.SYSTEM:
        return
    day = day_of(datetime.now(UTC))
    known = _known(work, day)
    marks = [_marks(work, day, person) for person in set(people)]
    new = sorted(each[0] for each in marks if known.isdisjoint(each))
    if not new:
        return
    if not urgent:
        most = ceiling(work, day)
        if len(known) + len(new) > most:
            raise CeilingReached(most, len(known))
    # Two windows of one person may open the same people at once: whoever is second has nothing to add.
    dialect: Any = postgresql if work.dialect == "postgresql" else sqlite
    rows = [{"account_id": work.access.actor, "on": day, "mark": mark} for mark in new]
    with unit_of_work_writes():
        work.session.open_connection().execute(
            dialect.insert(OpenedPerson.__table__).on_conflict_do_nothing(), rows
        )
