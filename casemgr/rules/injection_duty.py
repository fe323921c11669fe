"""长效针剂应办事项: the next injection, its closing window, a missed one, and the end of oral cover.

A pure function like the other duties: from the doses of a case, the labels and the day. A case without doses
costs nothing. A course is over when it was stopped, when another product took its place, or when the file
was closed; a product without a figure in its label makes no duty, the card of the person says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from casemgr.rules.duty import Due
from casemgr.rules.facts import CaseDay, DoseFact
from casemgr.rules.injection_course import Given, NoBasis, Placed, Plan, plan_after
from casemgr.rules.injection_label import Ground, Label
from casemgr.rules.policy import Policy
from casemgr.terms.duty import Calendar, DutyKind, DutyState, Urgency
from casemgr.terms.injection import Role, Status
from casemgr.terms.register import Lifecycle

ONE_DAY = timedelta(1)
_ROLES = {int(one): one for one in Role}


def of_doses(facts: CaseDay, labels: Mapping[str, Label], policy: Policy, today: date) -> Iterator[Due]:
    """Every duty that the doses of one case imply on ``today``, open or ended."""
    doses = [one for one in facts.doses if one.on <= today]
    if not doses:
        return
    left = None
    if facts.lifecycle != Lifecycle.ON_REGISTER:
        left = facts.lifecycle_on or facts.lifecycle_known_on or facts.registered_on
    for number, dose in enumerate(doses):
        label = labels.get(dose.product)
        role = _ROLES.get(dose.role or 0)
        if label is None or role is None or not label.enabled:
            continue
        later = doses[number + 1 :]
        done = next((one.on for one in later if one.product == dose.product and one.role), None)
        if done is not None and done == dose.on:
            continue
        other = next((one.on for one in later if one.product != dose.product and one.on > dose.on), None)
        stop = min((day for day in (dose.stopped_on, other, left) if day is not None), default=None)
        try:
            plan = plan_after(label, _placed(dose, role), dose.interval)
        except NoBasis:
            continue
        yield from _next(dose, plan, done, stop, policy, today)
        if dose.cover_days and dose.cover_until is not None:
            yield _cover(facts, dose, label, later, stop, policy)


def _placed(dose: DoseFact, role: Role) -> Placed:
    return Placed(Given(dose.on, interval=dose.interval), role, False, dose.number or 1, dose.start_on, 0, 0)


def _rule(name: str, ground: Ground) -> str:
    """The rule of the book: another one where the figures of the product are not verified."""
    return name if ground.verified else f"{name}-U"


def _next(
    dose: DoseFact, plan: Plan, done: date | None, stop: date | None, policy: Policy, today: date
) -> Iterator[Due]:
    # Whichever came first ended the wait for this dose.
    if stop is not None and done is not None and done <= stop:
        stop = None
    elif stop is not None:
        done, stop = None, max(stop, dose.on)
    closes = plan.closes
    in_time = done if done is not None and done <= closes else None
    stopped = stop if stop is not None and stop <= closes else None
    window = f"窗口{plan.opens:%m-%d}至{closes:%m-%d}" if plan.has_window else "没有查到容许窗口"
    words = f"应打日{plan.due:%m-%d}，{window}"
    rule = _rule("LAI-WINDOW", plan.phase.ground)

    def due(
        kind: DutyKind, began: date, end: date, because: str, urgency: Urgency, rule_id: str,
        state: DutyState, ended: date | None, planned: date | None = None,
    ) -> Due:  # fmt: skip
        return Due(
            kind, dose.id, began, end, rule_id, because, urgency, state, ended, Calendar.CALENDAR, planned
        )

    def state_until(day: date) -> tuple[DutyState, date | None]:
        """How a duty stands that ends with its last day, done or not."""
        if in_time is not None:
            return DutyState.DONE, in_time
        if stopped is not None:
            return DutyState.VOID, stopped
        return (DutyState.MISSED, day) if today > day else (DutyState.OPEN, None)

    state, ended = state_until(closes)
    planned = dose.next_on if dose.next_on is not None and dose.on < dose.next_on <= closes else plan.due
    yield due(DutyKind.INJECTION, dose.on, closes, words, Urgency.USUAL, rule, state, ended, planned)
    closing = max(plan.opens, closes - timedelta(policy.injection_closing.value), dose.on + ONE_DAY)
    if today >= closing and (ended is None or ended >= closing):
        because = f"{words}，{closes:%m-%d}后须按错过处理"
        yield due(
            DutyKind.INJECTION_CLOSING, closing, closes, because, Urgency.WINDOW,
            policy.injection_closing.rule, state, ended, closing,
        )  # fmt: skip
    if today <= closes or state is not DutyState.MISSED:
        return
    missed = closes + ONE_DAY
    if done is not None:
        state, ended = (DutyState.DONE if done <= missed else DutyState.LATE), done
    elif stop is not None:
        state, ended = DutyState.VOID, stop
    else:
        state, ended = DutyState.OPEN, None
    row = plan.row_on(ended or today)
    status = row.status if row else Status.OVERDUE
    ground = row.ground if row else plan.phase.ground
    because = f"窗口{closes:%m-%d}已关闭，{status.label}，请专科医师决定"
    yield due(
        DutyKind.INJECTION_MISSED, missed, missed, because, Urgency.HIGH,
        _rule("LAI-MISSED", ground), state, ended,
    )  # fmt: skip


def _cover(
    facts: CaseDay,
    dose: DoseFact,
    label: Label,
    later: Sequence[DoseFact],
    stop: date | None,
    policy: Policy,
) -> Due:
    """The end of oral cover: done when somebody said so, or met the person in its last days or after it."""
    until = dose.cover_until or dose.on
    ending = max(dose.on + ONE_DAY, until - timedelta(policy.injection_closing.value))
    told = facts.settled.get((DutyKind.ORAL_COVER, dose.id))
    met = [one.on for one in facts.visits if one.reached and one.on >= ending]
    given = [one.on for one in later if one.on >= ending]
    done = min((day for day in (told, *met[:1], *given[:1]) if day is not None), default=None)
    if stop is not None and stop <= until and (done is None or stop < done):
        state, ended = DutyState.VOID, max(stop, dose.on)
    elif done is not None:
        state, ended = (DutyState.DONE if done <= until else DutyState.LATE), done
    else:
        state, ended = DutyState.OPEN, None
    because = f"口服覆盖到{until:%m-%d}，结束前请医师确认口服药是否停用"
    return Due(
        DutyKind.ORAL_COVER,
        dose.id,
        dose.on,
        until,
        _rule("LAI-COVER", label.cover_ground),
        because,
        Urgency.USUAL,
        state,
        ended,
    )
