"""待办清单规则: in which block of the worklist a duty stands, and which of a person's duties comes first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from casemgr.rules.calendar import months_after
from casemgr.rules.duty import ALONG
from casemgr.rules.policy import Policy
from casemgr.terms.duty import Block, DutyKind, Urgency

#: A person stands where the most pressing duty stands.
RANK = {Block.TODAY: 0, Block.LATE: 1, Block.WEEK: 2, Block.LOST: 3, Block.TOLD: 4}


class OpenDuty(NamedTuple):
    """What ordering needs to know of an open duty."""

    kind: DutyKind
    urgency: Urgency
    began_on: date
    due_on: date
    planned_on: date
    remind_on: date | None = None


def horizon(today: date, policy: Policy) -> date:
    """The last day that «本周到期» looks ahead to (REC-WL-1)."""
    return today + timedelta(policy.week_ahead.value)


def block_of(duty: OpenDuty, lost: bool, today: date, policy: Policy) -> Block | None:
    """The block of one open duty; ``None`` while it brings nobody to the list.

    What is urgent belongs to today, however late it is. Whoever is lost, or was not reached for a year,
    stands apart (REC-8.7).
    """
    due = min(duty.due_on, duty.planned_on)
    if duty.urgency is Urgency.NOW and due <= today:
        return Block.TODAY
    if lost:
        return Block.LOST
    if duty.due_on < today:
        if duty.kind is DutyKind.VISIT and months_after(duty.began_on, policy.lost_long.value) < today:
            return Block.LOST
        return Block.TODAY if today in (duty.planned_on, duty.remind_on) else Block.LATE
    if due <= today or (duty.remind_on is not None and duty.remind_on <= today):
        return Block.TODAY
    return Block.WEEK if due <= horizon(today, policy) else None


def place(blocks: Sequence[tuple[OpenDuty, Block | None]]) -> int | None:
    """The index of the duty that comes first among those of one person; ``None`` when none is on the list."""
    standing = [
        (RANK[block], duty.kind in ALONG, duty.urgency, duty.due_on, index)
        for index, (duty, block) in enumerate(blocks)
        if block is not None
    ]
    return min(standing)[-1] if standing else None


def order(block: Block, duty: OpenDuty, today: date) -> tuple[int, int, int]:
    """The place of a person within a block: by urgency, what is due soonest first, least overdue first."""
    days = (duty.due_on - today).days
    return int(duty.urgency), abs(days), days
