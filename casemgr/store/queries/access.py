"""授权查询: loosened lines of the matrix, and emergency readings of one file (紧急查看)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import aliased

from casemgr.rules.disclosure import Loosening
from casemgr.store.models.access import Glass, MatrixLoosening
from casemgr.store.models.account import Account
from casemgr.store.models.audit import AuditEntry
from casemgr.store.models.register import Case
from casemgr.store.scope import lasting
from casemgr.store.types import Day, Instant
from casemgr.store.work import Work
from casemgr.terms.access import GlassVerdict, LooseningState
from casemgr.terms.account import Role
from casemgr.terms.register import Lifecycle

_IN_FORCE = lasting(
    select(
        MatrixLoosening.key,
        MatrixLoosening.number,
        MatrixLoosening.valid_from,
        MatrixLoosening.valid_to,
        MatrixLoosening.over,
    )
    .where(
        MatrixLoosening.state == int(LooseningState.APPROVED),
        MatrixLoosening.valid_from <= bindparam("day", type_=Day()),
        MatrixLoosening.valid_to >= bindparam("day", type_=Day()),
    )
    .order_by(MatrixLoosening.id)
)
Decider, Ender = aliased(Account), aliased(Account)
_LOOSENINGS = lasting(
    select(
        MatrixLoosening,
        Account.display.label("proposer"),
        Decider.display.label("decider"),
        Ender.display.label("ender"),
    )
    .outerjoin(Account, Account.id == MatrixLoosening.proposed_by)
    .outerjoin(Decider, Decider.id == MatrixLoosening.decided_by)
    .outerjoin(Ender, Ender.id == MatrixLoosening.ended_by)
    .order_by(MatrixLoosening.id.desc())
)


def in_force(work: Work, day: date) -> tuple[Loosening, ...]:
    """The loosenings that are approved and hold on a day, whatever area they hold over."""
    rows: Sequence[Any] = work.rows(_IN_FORCE, day=day)
    return tuple(Loosening(key, number, first, last, over) for key, number, first, last, over in rows)


def loosenings(work: Work) -> Sequence[Any]:
    """(MatrixLoosening, proposer, decider, ender) of every loosening, the latest first."""
    return work.rows(_LOOSENINGS)


def overlapping(work: Work, key: str, over: int, first: date, last: date) -> bool:
    """Whether a loosening of the same line, waiting or approved, covers this area on one of these days."""
    rows: Sequence[Any] = work.rows(
        select(MatrixLoosening.over).where(
            MatrixLoosening.key == key,
            MatrixLoosening.state.in_([int(LooseningState.PROPOSED), int(LooseningState.APPROVED)]),
            MatrixLoosening.valid_from <= last,
            MatrixLoosening.valid_to >= first,
        )
    )
    return any(Loosening(key, "", first, last, row.over).covers(over) for row in rows)


# --- emergency readings ---------------------------------------------------------------------------

Reviewer = aliased(Account)
_ROW = (
    select(
        Glass,
        Case.file_no,
        Account.display.label("reader"),
        Account.role.label("reader_role"),
        Reviewer.display.label("reviewer"),
    )
    .join(Case, Case.id == Glass.case_id)
    .outerjoin(Account, Account.id == Glass.account)
    .outerjoin(Reviewer, Reviewer.id == Glass.reviewed_by)
)
_OF_READER = lasting(
    _ROW.where(Glass.account == bindparam("account"), Glass.opened_at >= bindparam("since", type_=Instant()))
    .order_by(Glass.id.desc())
    .limit(bindparam("most"))
)
_TO_REVIEW = lasting(
    _ROW.where(or_(Glass.verdict.is_(None), Glass.reviewed_at >= bindparam("since", type_=Instant())))
    .order_by(Glass.verdict.is_not(None), Glass.due_on, Glass.id)
    .limit(bindparam("most"))
)
_WAITING = lasting(
    select(Glass.area, Glass.due_on, Glass.account, Glass.verdict).where(
        or_(Glass.verdict.is_(None), Glass.verdict == int(GlassVerdict.FOLLOW_UP))
    )
)
_TRIES = lasting(
    select(func.count(AuditEntry.seq)).where(
        AuditEntry.actor == bindparam("account"),
        AuditEntry.at >= bindparam("since", type_=Instant()),
        AuditEntry.action == bindparam("action"),
        AuditEntry.verb == "search",
    )
)


def cases_of(work: Work, people: Sequence[int]) -> Sequence[Any]:
    """(id, area, person_id) of the files on the register of these people, within the access."""
    return work.rows(
        select(Case.id, Case.area, Case.person_id)
        .where(Case.person_id.in_(list(people)), Case.lifecycle == int(Lifecycle.ON_REGISTER))
        .order_by(Case.id)
    )


def glass(work: Work, key: int) -> Glass | None:
    """One emergency reading within the access."""
    return work.get(Glass, key)


def of_reader(work: Work, account: int, since: datetime, most: int) -> Sequence[Any]:
    """(Glass, file number, reader, reader's role, reviewer) of one account's readings, the latest first."""
    return work.rows(_OF_READER, account=account, since=since, most=most)


def to_review(work: Work, since: datetime, most: int) -> Sequence[Any]:
    """The same of all readings within the access that wait, and of those answered since."""
    return work.rows(_TO_REVIEW, since=since, most=most)


def waiting(work: Work) -> Sequence[Any]:
    """(area, due_on, account, verdict) of the readings within the access that wait for an answer."""
    return work.rows(_WAITING)


def living_of(work: Work, account: int, now: datetime) -> list[Glass]:
    """The readings of one account that have not ended."""
    return work.entities(
        select(Glass).where(Glass.account == account, Glass.ends_at > now, Glass.ended_at.is_(None))
    )


def tries(work: Work, account: int, action: str, since: datetime) -> int:
    """How often an account searched under an action since an instant."""
    return int(work.scalar(_TRIES, account=account, action=action, since=since) or 0)


def heads(work: Work, areas: Sequence[int]) -> Sequence[Any]:
    """(account, area) of the open accounts of heads of units in these townships."""
    return work.rows(
        select(Account.id, Account.area_code).where(
            Account.role == int(Role.UNIT_HEAD), Account.active, Account.area_code.in_(list(areas))
        )
    )
