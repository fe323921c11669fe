"""转诊判定: which step may follow which on the way of one referral, and when a step is out of order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType

from casemgr.rules.finding import Finding, Weight
from casemgr.terms.referral import Direction, ReferralState

#: What may come after a state. A declined referral may be sent again (elsewhere) or given up.
NEXT: Mapping[ReferralState, tuple[ReferralState, ...]] = MappingProxyType(
    {
        ReferralState.ADVISED: (ReferralState.SENT, ReferralState.CANCELLED),
        ReferralState.SENT: (
            ReferralState.ACCEPTED,
            ReferralState.DECLINED,
            ReferralState.DONE,
            ReferralState.CANCELLED,
        ),
        ReferralState.ACCEPTED: (ReferralState.DONE, ReferralState.BACK),
        ReferralState.DECLINED: (ReferralState.SENT, ReferralState.CANCELLED),
        ReferralState.DONE: (ReferralState.BACK,),
        ReferralState.BACK: (),
        ReferralState.CANCELLED: (),
    }
)
#: States in which nothing is awaited any more.
CLOSED = frozenset({ReferralState.BACK, ReferralState.CANCELLED})


def steps(direction: Direction, state: ReferralState) -> tuple[ReferralState, ...]:
    """The steps that may follow; a person who came down to the township does not come «back»."""
    if direction is Direction.DOWN:
        return tuple(one for one in NEXT[state] if one is not ReferralState.BACK)
    return NEXT[state]


def check_step(to: ReferralState, on: date, last_on: date, today: date) -> Iterator[Finding]:
    """Findings ev01 and ev02 of one step: its day lies between the step before and today."""
    if on > today:
        yield Finding(
            "ev02",
            Weight.BLOCKS,
            "on",
            "日期晚于今天。还没有发生的事不能登记。请改正日期，或等发生后再登记。",
        )
    if on < last_on:
        yield Finding(
            "ev01",
            Weight.BLOCKS,
            "on",
            f"“{to.label}”的日期早于上一步（{last_on.isoformat()}）。先后颠倒的日期无法说明经过。"
            "请改正日期，或核对上一步的日期。",
        )
