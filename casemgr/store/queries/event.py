"""事件查询: incidents, lock-ups, emergencies, referrals, attempts of one case, what is known around."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, exists, select
from sqlalchemy.orm import aliased

from casemgr.store.models.account import Account
from casemgr.store.models.attempt import Attempt
from casemgr.store.models.duty import Duty, StandIn
from casemgr.store.models.emergency import Emergency
from casemgr.store.models.followup import Visit
from casemgr.store.models.incident import Incident, LockUp
from casemgr.store.models.liaison import Disclosure, LiaisonTask
from casemgr.store.models.referral import Referral
from casemgr.store.models.register import Case
from casemgr.store.models.sheet import Revision
from casemgr.store.models.transfer import Transfer
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.account import Role

_OF: Any = bindparam("case")

# Most files have none of these: one statement finds out which tables are worth asking.
_PRESENT = lasting(
    select(
        exists().where(Incident.case_id == Case.id).label("incidents"),
        exists().where(LockUp.case_id == Case.id).label("lock_ups"),
        exists().where(Emergency.case_id == Case.id).label("emergencies"),
        exists().where(Referral.case_id == Case.id).label("referrals"),
        exists().where(Attempt.case_id == Case.id).label("attempts"),
        exists().where(Transfer.file_key == Case.id).label("transfers"),
        exists().where(Revision.case_id == Case.id).label("changed"),
        exists().where(Disclosure.file_key == Case.id).label("disclosed"),
        exists().where(LiaisonTask.file_key == Case.id).label("asked"),
        Case.pause,
        Case.paused_until,
        Case.area,
    ).where(Case.id == _OF)
)
_INCIDENTS = lasting(select(Incident).where(Incident.case_id == _OF).order_by(Incident.on.desc()))
_LOCK_UPS = lasting(select(LockUp).where(LockUp.case_id == _OF).order_by(LockUp.known_on.desc()))
_EMERGENCIES = lasting(
    select(Emergency).where(Emergency.case_id == _OF).order_by(Emergency.reported_at.desc())
)
_REFERRALS = lasting(
    select(Referral).where(Referral.case_id == _OF).order_by(Referral.advised_on.desc(), Referral.id.desc())
)
_ATTEMPTS = lasting(
    select(Attempt).where(Attempt.case_id == _OF).order_by(Attempt.on.desc(), Attempt.id.desc()).limit(50)
)
_TRANSFERS = lasting(
    select(Transfer.id, Transfer.side, Transfer.state, Transfer.asked_on, Transfer.answered_on)
    .where(Transfer.file_key == _OF)
    .order_by(Transfer.asked_on.desc())
)
_CASE = lasting(
    select(
        Case.id,
        Case.area,
        Case.person_id,
        Case.file_no,
        Case.registered_on,
        Case.birth_year,
        Case.lifecycle,
        Case.lifecycle_on,
        Case.consent,
        Case.version,
    ).where(Case.id == _OF)
)
_SEEN_SINCE = lasting(
    select(Visit.id, Visit.on, Visit.risk)
    .where(Visit.case_id == _OF, Visit.on >= bindparam("since"), Visit.loss_reason.is_(None))
    .order_by(Visit.on)
    .limit(1)
)
_DUTIES_FROM = lasting(
    select(Duty.kind, Duty.due_on, Duty.due_at, Duty.rule, Duty.state)
    .where(Duty.case_id == _OF, Duty.origin == bindparam("origin"))
    .order_by(Duty.due_on, Duty.kind)
)
Instead = aliased(Account)
_OWNERS = lasting(
    select(Account.display, Instead.display.label("stand_in"), StandIn.until)
    .outerjoin(
        StandIn,
        and_(
            StandIn.absent == Account.id,
            StandIn.since <= bindparam("today"),
            StandIn.until >= bindparam("today"),
        ),
    )
    .outerjoin(Instead, Instead.id == StandIn.instead)
    .where(
        Account.area_code == bindparam("owner_area"),
        Account.role == int(Role.TOWNSHIP_DOCTOR),
        Account.active.is_(True),
    )
    .order_by(Account.created_at, StandIn.since)
)


def present(work: Work, case: int) -> Any:
    """Which kinds of events a case has, its pause and area; ``None`` outside the access."""
    return work.row(_PRESENT, case=case)


def case(work: Work, key: int) -> Any:
    """What the records of events need to know of a case; ``None`` outside the access."""
    return work.row(_CASE, case=key)


def incidents(work: Work, case: int) -> list[Incident]:
    """Dangerous acts of one case, latest first."""
    return work.entities(_INCIDENTS, case=case)


def lock_ups(work: Work, case: int) -> list[LockUp]:
    """Lock-ups of one case, latest first."""
    return work.entities(_LOCK_UPS, case=case)


def emergencies(work: Work, case: int) -> list[Emergency]:
    """Emergencies of one case, latest first."""
    return work.entities(_EMERGENCIES, case=case)


def referrals(work: Work, case: int) -> list[Referral]:
    """Referrals of one case, latest first."""
    return work.entities(_REFERRALS, case=case)


def attempts(work: Work, case: int) -> list[Attempt]:
    """The latest attempts to reach a person, latest first."""
    return work.entities(_ATTEMPTS, case=case)


def transfers(work: Work, case: int) -> Sequence[Any]:
    """Transfers of one file, latest first."""
    return work.rows(_TRANSFERS, case=case)


def seen_since(work: Work, case: int, since: date) -> Any:
    """(id, on, risk) of the first visit that reached the person on or after ``since``."""
    return work.row(_SEEN_SINCE, case=case, since=since)


def duties_from(work: Work, case: int, origin: int) -> Sequence[Any]:
    """The duties that one record of a case began, soonest first."""
    return work.rows(_DUTIES_FROM, case=case, origin=origin)


def owners(work: Work, area: int, today: date) -> Sequence[Any]:
    """(display, who stands in today, until when) of the active accounts of a township."""
    return work.rows(_OWNERS, owner_area=area, today=today)
