"""台账行: the one place that writes down that something about people was given, whichever way it left.

Every line says to whom, which field groups, under which conditions of the matrix, on which ground and
evidence, until when, and by which paper. What a department sees in its window is written by
:mod:`casemgr.services.disclosure`; files, sheets, letters, exports, calls and tasks are written from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from casemgr.rules.policy import in_force_on
from casemgr.services import clock, disclosure
from casemgr.services.use_case import within
from casemgr.store.db import new_keys
from casemgr.store.models import LedgerLine
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.code import to_mask
from casemgr.terms.disclosure import Condition, FieldGroup
from casemgr.terms.liaison import ExchangeKind, Reason

#: The receiver lies in no area of this register: another county's unit.
ELSEWHERE = 0
EMERGENCY = "精神卫生法第28条；个人信息保护法第13条第1款第4项"
SHARED_BY_LAW = "精神卫生法第24条第2款"
#: An emergency lets something be told for a day (② of the matrix).
ONE_DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What met the conditions when it was given: the reason, its grade and day; ``until`` ends it."""

    reason: Reason | None = None
    grade: int | None = None
    on: date | None = None
    until: date | None = None


NO_EVIDENCE = Evidence()


def at_risk(work: Work, cases: Sequence[int], today: date) -> dict[int, Evidence]:
    """Why condition ① holds for each of these files, the weightiest reason."""
    policy = in_force_on(today, within(work).region)
    found: dict[int, Evidence] = {}
    for start in range(0, len(cases), disclosure.LOT):
        for one in disclosure.at_risk(work, cases[start : start + disclosure.LOT], today, policy):
            before = found.get(one.case)
            if before is None or before.reason is None or one.reason < before.reason:
                found[one.case] = Evidence(one.reason, one.grade, one.on)
    return found


def enter(
    work: Work,
    *,
    kind: ExchangeKind,
    receiver: Role,
    place: int,
    people: Mapping[int, int],
    groups: Iterable[FieldGroup],
    conditions: Iterable[Condition] = (),
    ground: str,
    document: str = "",
    count: int = 0,
    evidence: Mapping[int, Evidence] | Evidence = NO_EVIDENCE,
    once: int | None = None,
) -> None:
    """One line for each person (case → area), or one for ``count`` people where nobody is named.

    ``place`` is the area of the receiver, ``document`` the number on what left, ``once`` the key of a single
    line that was drawn when its form was shown.
    """
    whole = work.access.low
    lines: list[tuple[int | None, int, int]] = [(case, area, 1) for case, area in sorted(people.items())]
    if not lines:
        lines = [(None, whole, count)]
    keys = [once] if once is not None else new_keys(len(lines))
    shared = {
        "receiver": int(receiver),
        "receiver_area": place,
        "disclosure_id": None,
        "kind": int(kind),
        "at": clock.now(),
        "actor": work.access.actor,
        "groups": to_mask(groups),
        "conditions": to_mask(conditions),
        "ground": ground[:240],
        "document": Plain(document) if document else None,
        "answers": None,
    }
    rows = []
    for key, (case, area, number) in zip(keys, lines, strict=True):
        why = evidence if isinstance(evidence, Evidence) else evidence.get(case or 0, NO_EVIDENCE)
        rows.append(
            {
                "id": key,
                "area": area,
                "file_key": case,
                "count": number,
                "reason": None if why.reason is None else int(why.reason),
                "grade": why.grade,
                "evidence_on": why.on,
                "until": why.until,
                **shared,
            }
        )
    work.add_many(LedgerLine, rows)


def called_in_emergency(work: Work, case: int, area: int, receiver: Role, document: str, on: date) -> None:
    """Somebody was called because of danger: told who and where, for a day (condition ②)."""
    enter(
        work,
        kind=ExchangeKind.CALL,
        receiver=receiver,
        place=area,
        people={case: area},
        groups=(FieldGroup.G1, FieldGroup.G4),
        conditions=(Condition.EMERGENCY,),
        ground=EMERGENCY,
        document=document,
        evidence=Evidence(on=on, until=on + ONE_DAY),
    )


def told_police(
    work: Work, case: int, area: int, groups: Iterable[FieldGroup], document: str, today: date
) -> None:
    """The police post was told of somebody by telephone or in person, as the law asks."""
    why = at_risk(work, [case], today).get(case, NO_EVIDENCE)
    enter(
        work,
        kind=ExchangeKind.CALL,
        receiver=Role.POLICE,
        place=area,
        people={case: area},
        groups=groups,
        conditions=(Condition.RISK,) if why.reason is not None else (),
        ground=SHARED_BY_LAW,
        document=document,
        evidence=why,
    )
