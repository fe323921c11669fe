"""随访查询: one case with its visits, attempts and incidents, drafts and envelopes, for recording a visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, exists, select

from casemgr.store.models.attempt import Attempt
from casemgr.store.models.followup import DrugLine, Visit, VisitText
from casemgr.store.models.incident import Incident, LockUp
from casemgr.store.models.indicator import ClosedVerdicts
from casemgr.store.models.register import Case
from casemgr.store.models.sheet import Draft, Envelope, Revision
from casemgr.store.scope import lasting
from casemgr.store.work import Work

#: Visits read around one that is recorded: enough for the year and for two rows of the same class.
AROUND = 30

_OF: Any = bindparam("case")
_SINCE: Any = bindparam("since")
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
        Case.article30,
    ).where(Case.id == _OF)
)
_VISITS = lasting(select(Visit).where(Visit.case_id == _OF).order_by(Visit.on.desc()).limit(AROUND))
_ATTEMPTS = lasting(
    select(Attempt.id, Attempt.on, Attempt.result)
    .where(Attempt.case_id == _OF, Attempt.on >= _SINCE, Attempt.undone.is_(False))
    .order_by(Attempt.on)
)
_INCIDENTS = lasting(
    select(Incident).where(Incident.case_id == _OF, Incident.on >= _SINCE).order_by(Incident.on)
)
_LOCKED = lasting(select(LockUp.id).where(LockUp.case_id == _OF, LockUp.released_on.is_(None)).limit(1))
_CLOSED = lasting(
    select(
        exists().where(ClosedVerdicts.area == Case.area, ClosedVerdicts.period == bindparam("period"))
    ).where(Case.id == _OF)
)
_ENVELOPE = lasting(
    select(Envelope).where(
        Envelope.recorded_by == bindparam("sender"), Envelope.sent_id == bindparam("sent_id")
    )
)
_DRAFT = lasting(
    select(Draft)
    .where(Draft.case_id == _OF, Draft.owner == bindparam("owner"), Draft.form == bindparam("form"))
    .order_by(Draft.saved_at.desc())
    .limit(1)
)
_DRAFTS = lasting(
    select(Draft).where(
        Draft.case_id == _OF, Draft.owner == bindparam("owner"), Draft.form == bindparam("form")
    )
)
_LINES = lasting(
    select(DrugLine)
    .where(DrugLine.visit_id == bindparam("visit"))
    .order_by(DrugLine.guidance, DrugLine.position, DrugLine.id)
)


def case(work: Work, key: int) -> Any:
    """What recording needs of one case; ``None`` outside the access."""
    return work.row(_CASE, case=key)


def visits(work: Work, key: int) -> list[Visit]:
    """The latest visits of one case, latest first."""
    return work.facts(_VISITS, case=key)


def attempts(work: Work, key: int, since: date) -> Sequence[Any]:
    """(key, day, result) of the attempts of one case from ``since`` on that were not undone, oldest first."""
    return work.rows(_ATTEMPTS, case=key, since=since)


def incidents(work: Work, key: int, since: date) -> list[Incident]:
    """The dated incidents of one case from ``since`` on, oldest first."""
    return work.entities(_INCIDENTS, case=key, since=since)


def locked(work: Work, key: int) -> bool:
    """Whether a lock-up of this case is open."""
    return work.scalar(_LOCKED, case=key) is not None


def envelope(work: Work, sender: int, sent_id: str) -> Envelope | None:
    """What this sender has sent under this id before."""
    found: Envelope | None = work.one(_ENVELOPE, sender=sender, sent_id=sent_id)
    return found


def draft(work: Work, owner: int, form: str, key: int) -> Draft | None:
    """The draft of this owner for this form and case."""
    found: Draft | None = work.one(_DRAFT, owner=owner, form=form, case=key)
    return found


def drafts(work: Work, owner: int, form: str, key: int) -> list[Draft]:
    """Every such draft (two windows may have begun one each)."""
    return work.entities(_DRAFTS, owner=owner, form=form, case=key)


def texts(work: Work, visit: int) -> VisitText | None:
    """The sealed texts of one visit."""
    return work.get(VisitText, visit)


def lines(work: Work, visit: int) -> list[DrugLine]:
    """The drug lines of one visit, those taken first, in the order of the form."""
    return work.entities(_LINES, visit=visit)


_LAST_CHANGE = lasting(
    select(Revision.recorded_by, Revision.recorded_at)
    .where(Revision.case_id == _OF, Revision.noun == "visit", Revision.row_id == bindparam("visit"))
    .order_by(Revision.recorded_at.desc())
    .limit(1)
)


def last_change(work: Work, key: int, visit: int) -> Any:
    """(author, instant) of the latest change of one visit, ``None`` if it was never changed."""
    return work.row(_LAST_CHANGE, case=key, visit=visit)


_CHANGES = lasting(
    select(Revision)
    .where(Revision.case_id == _OF, Revision.noun == "visit", Revision.row_id == bindparam("visit"))
    .order_by(Revision.recorded_at.desc(), Revision.id.desc())
)


def changes(work: Work, key: int, visit: int) -> list[Revision]:
    """Every change of one visit, latest first."""
    return work.entities(_CHANGES, case=key, visit=visit)


def closed(work: Work, key: int, day: date) -> bool:
    """Whether the month of ``day`` has been closed for the township of this case."""
    return bool(work.scalar(_CLOSED, case=key, period=day.year * 100 + day.month))
