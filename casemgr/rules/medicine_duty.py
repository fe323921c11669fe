"""药品将用完: when what was handed out ends by the records, so that somebody asks in time (REC-MED-3).

A pure function like the other duties. It asks only about drugs that are ordered; an early refill is no duty,
a refill in time is not told again after a month, and long after the end nobody is asked any more: the list of
the township keeps the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from casemgr.rules import regimen
from casemgr.rules.duty import Due
from casemgr.rules.facts import CaseDay, FillFact
from casemgr.rules.medication import Fill, Span, each_lasting
from casemgr.rules.policy import Policy
from casemgr.rules.regimen import Ordered
from casemgr.terms.duty import DutyKind, DutyState, Urgency
from casemgr.terms.register import Lifecycle

BECAUSE = "按发药记录推算药将用完，可先问是否在别处取药、家里还有没有"


def of_medicine(facts: CaseDay, policy: Policy, today: date) -> Iterator[Due]:
    """Every duty that the dispensing of one case implies on ``today``, open or ended."""
    fills = sorted((one for one in facts.fills if one.on <= today), key=lambda one: (one.on, one.drug))
    lines = [Ordered(one.drug, one.since, one.stopped_on) for one in facts.ordered]
    if not fills or not lines:
        return
    known = regimen.supply(
        fills=[Fill(one.drug, one.on, one.days) for one in fills],
        injections=(),
        hospital=[
            Span(since, max(since, min(until or today, today)))
            for since, until in facts.wards
            if since <= today
        ],
        lines=lines,
        no_medicine=facts.unmedicated,
        until=today,
    )
    ends = [last for _, last in each_lasting(known)]
    left = None
    if facts.lifecycle != Lifecycle.ON_REGISTER:
        left = facts.lifecycle_on or facts.lifecycle_known_on or facts.registered_on
    for number, (fill, last) in enumerate(zip(fills, ends, strict=True)):
        own = [one for one in lines if one.drug == fill.drug]
        if not own:
            continue
        done = next((one.on for one in fills[number + 1 :] if one.drug == fill.drug), None)
        due = _due(fill, last, done, _stop(facts, own, fill, left), policy, today)
        if due is not None:
            yield due


def _stop(facts: CaseDay, own: list[Ordered], fill: FillFact, left: date | None) -> date | None:
    """The first day on which nobody needs to ask any more: order ended, no medicine needed, file closed."""
    stopped = [one.stopped_on for one in own]
    ended = max((one for one in stopped if one is not None), default=None) if None not in stopped else None
    off = [since for since, _ in facts.unmedicated if since >= fill.on]
    days = [one for one in (ended, left, *off) if one is not None]
    return max(min(days), fill.on) if days else None


def _due(
    fill: FillFact, last: date, done: date | None, stop: date | None, policy: Policy, today: date
) -> Due | None:
    over = last + timedelta(policy.gap_stopped.value)
    state, ended = DutyState.OPEN, None
    if done is not None and done <= over and (stop is None or done <= stop):
        state, ended = (DutyState.DONE if done <= last else DutyState.LATE), done
    elif stop is not None and stop <= over:
        state, ended = (DutyState.VOID if stop <= last else DutyState.MISSED), stop
    elif over < today or done is not None:
        state, ended = DutyState.MISSED, over
    if ended is not None and ended > today:
        state, ended = DutyState.OPEN, None
    if ended is not None and ended < last - timedelta(policy.medicine_ahead.value):
        return None
    if state is DutyState.DONE and done is not None and done < today - timedelta(policy.gap_stopped.value):
        return None
    return Due(
        DutyKind.MEDICINE_OUT,
        fill.id,
        fill.on,
        last,
        policy.medicine_ahead.rule,
        BECAUSE,
        Urgency.USUAL,
        state,
        ended,
    )
