"""随访期限: when the next visit is due by class, what is late, and when somebody is proposed as lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from casemgr.rules.calendar import deadline
from casemgr.rules.facts import AttemptFact, VisitFact
from casemgr.rules.policy import Parameter, Policy
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.duty import Calendar
from casemgr.terms.followup import HospitalState
from casemgr.terms.risk import Stability


@dataclass(frozen=True, slots=True)
class Next:
    """The next visit: by when, under which rule and why; ``again`` in the second step of 7.11."""

    on: date
    calendar: Calendar
    rule: str
    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """失访 is proposed: the attempts that failed, first to last, and the rule; a person confirms."""

    on: date
    origin: int
    failed: tuple[date, ...]
    rule: str

    @property
    def days(self) -> int:
        """Days from the first failure to the last."""
        return (self.failed[-1] - self.failed[0]).days


def words(parameter: Parameter) -> str:
    """A term as people say it: ``14天``, ``3个月``, ``10个工作日``."""
    unit = parameter.unit if parameter.unit in ("天", "小时") else f"个{parameter.unit}"
    return f"{parameter.value}{unit}"


def is_recheck(stability: int | None, before: Iterable[int | None]) -> bool:
    """Whether a visit is the second step of 基本稳定: the class was the same at the visit before (7.11).

    ``before``: the classes of the earlier visits, the latest first.
    """
    return stability == Stability.BASIC and next(iter(before), None) == Stability.BASIC


def _term(stability: int | None, again: bool, in_hospital: bool, policy: Policy) -> tuple[Parameter, str]:
    if in_hospital:
        return policy.visit_in_hospital, f"住院期间，{words(policy.visit_in_hospital)}内了解一次情况"
    if stability == Stability.UNSTABLE:
        return policy.visit_unstable, f"上次分类不稳定，{words(policy.visit_unstable)}内须随访"
    if stability == Stability.BASIC and again:
        one = policy.visit_basic_again
        return one, f"复查仍为基本稳定，{words(one)}后随访"
    if stability == Stability.BASIC:
        return policy.visit_basic, f"上次分类基本稳定，{words(policy.visit_basic)}后复查"
    if stability == Stability.STABLE:
        return policy.visit_stable, f"上次分类稳定，{words(policy.visit_stable)}内须随访"
    one = policy.visit_unclassified
    return one, f"上次未评估分类，{words(one)}内须随访"


def next_visit(
    stability: int | None,
    on: date,
    history: Sequence[int | None],
    policy: Policy,
    *,
    in_hospital: bool = False,
) -> Next:
    """When the next visit is due at the latest after one on ``on`` with this class (GW2017-7.10 to 7.12).

    ``history``: the classes of the visits before that reached somebody, the latest first. 基本稳定 takes two
    steps: seen again after two weeks, then after a month while it has not become 稳定.
    """
    again = is_recheck(stability, history)
    parameter, reason = _term(stability, again, in_hospital, policy)
    end = deadline(on, parameter)
    return Next(end.on, end.calendar, end.rule, reason, again)


def latest_allowed(
    stability: int | None,
    on: date,
    history: Sequence[int | None],
    policy: Policy,
    *,
    in_hospital: bool = False,
) -> date:
    """The last day for which the next visit may be planned without a written reason (FU-C11).

    The very day on which the duty of the next visit is due; counting allows other distances (STD-INT).
    """
    return next_visit(stability, on, history, policy, in_hospital=in_hospital).on


def after_visits(visits: Sequence[VisitFact], policy: Policy) -> list[Next]:
    """The next visit after each of these, which all reached somebody, oldest first."""
    found: list[Next] = []
    before: int | None = None
    for one in visits:
        found.append(
            next_visit(
                one.stability, one.on, (before,), policy, in_hospital=one.hospital == HospitalState.NOW
            )
        )
        before = one.stability
    return found


def lost_proposed(attempts: Sequence[AttemptFact], policy: Policy) -> Proposal | None:
    """Whether 失访 is to be proposed after these attempts since somebody was last reached (REC-8.8).

    Three in a row that failed, on days of their own, the first thirty days or more before the last.
    ``attempts`` oldest first; a call that was answered begins the count anew.
    """
    failed: list[AttemptFact] = []
    for one in attempts:
        if one.result != AttemptResult.NOT_REACHED:
            failed.clear()
        elif not failed or failed[-1].on != one.on:
            failed.append(one)
        enough = len(failed) >= policy.lost_attempts.value
        if enough and (failed[-1].on - failed[0].on).days >= policy.lost_span.value:
            days = tuple(try_.on for try_ in failed)
            return Proposal(one.on, one.id, days, policy.lost_attempts.rule)
    return None


def needs_face(visits: Sequence[VisitFact], policy: Policy) -> VisitFact | None:
    """The visit after which the next is to be face to face (FU-C10), ``None`` if none is.

    ``visits`` reached somebody, oldest first: it is the one that completed a row of telephone calls
    without the patient which no face-to-face visit has ended.
    """
    row = 0
    found: VisitFact | None = None
    for one in visits:
        row = row + 1 if one.without_patient else 0
        if one.face:
            found = None
        elif row == policy.phone_visits.value and found is None:
            found = one
    return found
