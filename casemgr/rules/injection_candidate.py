"""长效针剂候选: which of the four situations of LOC-13.7 somebody is in, each shown by itself.

The plan joins the four with commas and does not say whether one is enough: here each makes a candidate, and
says which. It is a list to talk about: the patient or guardian consents, a psychiatrist prescribes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from casemgr.rules.policy import Policy
from casemgr.terms.code import to_mask
from casemgr.terms.incident import DangerousAct
from casemgr.terms.injection import Trigger
from casemgr.terms.medication import Adherence
from casemgr.terms.risk import RiskLevel

RULE = "LOC-13.7"
NOT_REGULAR = frozenset({int(Adherence.IRREGULAR), int(Adherence.NONE)})
#: Acts that harm others; whoever harms himself is nobody's offender.
HARMS = to_mask(
    [
        DangerousAct.DISTURBANCE,
        DangerousAct.OFFENCE,
        DangerousAct.CRIME,
        DangerousAct.OTHER_HARM,
    ]
)


class SeenFact(NamedTuple):
    """What a visit that reached the person tells; empty is 未评估 and makes nobody a candidate."""

    on: date
    adherence: int | None = None
    risk: int | None = None
    acts: int | None = None
    harm_count: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """One situation that holds, and in words what shows it."""

    trigger: Trigger
    because: str


def reasons(seen: Sequence[SeenFact], guarded: bool, policy: Policy) -> tuple[Reason, ...]:
    """The situations that hold for one person; ``seen`` are the latest visits, latest first.

    ``guarded``: a guardian is on file. How able a guardian is, no record tells: the doctor judges it.
    """
    looked = seen[: policy.candidate_visits.value]
    return tuple(_reasons(looked, guarded))


def _reasons(seen: Sequence[SeenFact], guarded: bool) -> Iterator[Reason]:
    told = [one for one in seen if one.adherence is not None]
    last = told[0] if told else None
    bad = [one for one in told if one.adherence in NOT_REGULAR]
    if last is not None and last.adherence in NOT_REGULAR:
        yield Reason(Trigger.ADHERENCE, f"{last.on.isoformat()} 随访：{Adherence.read(last.adherence).label}")
    if not guarded:
        yield Reason(Trigger.GUARDIAN, "档案中没有登记监护人")
    if len(bad) > 1:
        yield Reason(Trigger.IRREGULAR, f"最近 {len(told)} 次随访中 {len(bad)} 次没有规律服药")
    for one in seen:
        if one.risk is not None and one.risk >= RiskLevel.LEVEL_3:
            yield Reason(Trigger.HARM, f"{one.on.isoformat()} 危险性评估 {one.risk} 级")
            return
        if one.harm_count or (one.acts or 0) & HARMS:
            yield Reason(Trigger.HARM, f"{one.on.isoformat()} 随访记有影响他人的危险行为")
            return
