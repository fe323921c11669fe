"""应办事项: the duties of cases, kept in step with the records they follow from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.rules.duty import Due, gather
from casemgr.rules.facts import CaseDay
from casemgr.rules.injection_duty import of_doses
from casemgr.rules.medicine_duty import of_medicine
from casemgr.rules.policy import Policy, in_force_on
from casemgr.services import clock, disclosure, injection_course, product, receiver_change
from casemgr.services.injection_course import LabelsOf
from casemgr.services.use_case import use_case, within
from casemgr.store import course
from casemgr.store.db import new_keys
from casemgr.store.models import Duty
from casemgr.store.work import Work
from casemgr.terms.duty import DutyKind, DutyState

#: Cases brought in line in one transaction by the nightly job.
LOT = 5_000


def refresh(work: Work, cases: Iterable[int], *, disclosed: bool = True) -> None:
    """Bring the duties of some cases in line with their records, within the same unit of work.

    What other departments may see of them follows the same records at once, and so does who is to be told of
    what they had on paper; ``disclosed=False`` leaves that to whoever does it for all cases.
    """
    keys = sorted(set(cases))
    if not keys:
        return
    work.flush()
    today = clock.today()
    policy = in_force_on(today, within(work).region)
    known: list[LabelsOf] = []

    def labels_of(area: int) -> Any:
        # Most cases have no injection: what counties laid over labels is read when somebody has one.
        if not known:
            known.append(product.labels_of(work))
        return known[0](area)

    for start in range(0, len(keys), course.KEYS):
        _reconcile(work, keys[start : start + course.KEYS], policy, labels_of, today)
    if disclosed:
        disclosure.refresh(work, keys)
        receiver_change.follow(work, keys)


def _values(due: Due) -> tuple[Any, ...]:
    """A duty as it is stored, from ``began_on`` to ``ended_on`` of :data:`course.STORED`."""
    return (
        due.began_on,
        due.planned_on,
        due.due_on,
        due.due_at,
        int(due.calendar),
        due.rule,
        due.because,
        int(due.urgency),
        int(due.state),
        due.ended_on,
    )


#: Positions in :data:`course.STORED`.
_FIRST, _LAST, _STATE = 4, 14, 12
_COLUMNS = course.STORED[_FIRST:_LAST]
_NEVER_TOLD = frozenset({int(DutyKind.ASSESSMENT), int(DutyKind.CONSENT_ASK)})


def _implied(facts: CaseDay, policy: Policy, labels_of: LabelsOf, today: date) -> list[Due]:
    """Every duty of a case; whoever has no injection is not asked about any."""
    found = gather(facts, policy, today)
    if facts.doses:
        found += of_doses(facts, labels_of(facts.area), policy, today)
    if facts.fills:
        found += of_medicine(facts, policy, today)
    return found


def _reconcile(work: Work, keys: list[int], policy: Policy, labels_of: LabelsOf, today: date) -> None:
    kept_since = date(today.year, 1, 1)
    new: list[dict[str, Any]] = []
    changes: dict[int, dict[str, Any]] = {}
    for facts, stored in course.of_cases(work, keys, kept_since):
        known = {(row[2], row[3]): row for row in stored}
        for due in _implied(facts, policy, labels_of, today):
            row = known.pop((int(due.kind), due.origin), None)
            values = _values(due)
            if row is None:
                if due.ended_on is None or due.ended_on >= kept_since:
                    new.append(
                        {
                            "case_id": facts.case,
                            "area": facts.area,
                            "kind": int(due.kind),
                            "origin": due.origin,
                            **dict(zip(_COLUMNS, values, strict=True)),
                        }
                    )
            elif row[_FIRST:_LAST] != values:
                changes[row[1]] = dict(zip(_COLUMNS, values, strict=True))
        for left in known.values():
            if left[_STATE] == DutyState.OPEN:
                changes[left[1]] = _gone(left, today)
    for key, made in zip(new_keys(len(new)), new, strict=True):
        made["id"] = key
    work.add_many(Duty, new, note=False)
    if changes:
        for duty in course.changed(work, list(changes)):
            for name, value in changes[duty.id].items():
                setattr(duty, name, value)
        work.flush()


def _gone(row: tuple[Any, ...], today: date) -> dict[str, Any]:
    """How an open duty ends that nothing asks for any more: filled in since, or not needed."""
    state = DutyState.VOID
    if row[2] in _NEVER_TOLD:
        state = DutyState.DONE if today <= row[6] else DutyState.LATE
    return {"state": int(state), "ended_on": today}


@use_case(Action.JOB_RUN)
def _refresh_lot(work: Work, after: int) -> tuple[int, int]:
    """(how many cases, the last of them)."""
    keys = course.all_keys(work, after, LOT)
    injection_course.fill(work, keys, product.labels_of(work))
    refresh(work, keys, disclosed=False)
    return len(keys), keys[-1] if keys else after


def refresh_all(access: Access) -> Iterator[int]:
    """Bring every duty inside the access in line, in lots with a transaction each; tells the size of each."""
    count, last = LOT, 0
    while count == LOT:
        count, last = _refresh_lot(access, last)
        yield count
