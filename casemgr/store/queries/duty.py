"""应办事项查询: the open duties of a township, of one case, what a row shows, and counts for supervisors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, and_, bindparam, case, exists, func, literal, or_, select
from sqlalchemy.orm import aliased

from casemgr.store.models.account import Account
from casemgr.store.models.area import Area
from casemgr.store.models.attempt import Attempt
from casemgr.store.models.clue import Clue
from casemgr.store.models.duty import Duty, SavedFilter, StandIn
from casemgr.store.models.followup import Visit
from casemgr.store.models.liaison import LiaisonReport, LiaisonTask
from casemgr.store.models.notice import Notice
from casemgr.store.models.person import Identity
from casemgr.store.models.register import Case
from casemgr.store.models.rights import ReceiverNotice, RightsRequest
from casemgr.store.models.sharing import BenefitClaim, ShareConsent
from casemgr.store.models.transfer import Transfer
from casemgr.store.scope import lasting
from casemgr.store.types import Day
from casemgr.store.work import Work
from casemgr.terms.account import Role
from casemgr.terms.clue import ClueState
from casemgr.terms.duty import DutyState
from casemgr.terms.notice import NoticeState
from casemgr.terms.sharing import Benefit, ClaimState
from casemgr.terms.transfer import TransferSide, TransferState

OPEN = int(DutyState.OPEN)
Village = aliased(Area)
_AREA: Any = bindparam("area", type_=BigInteger)
_KEYS: Any = bindparam("keys", expanding=True)
_TODAY: Any = bindparam("today", type_=Day())
_UNTIL: Any = bindparam("until", type_=Day())

#: Columns of a duty as the views read them.
_DUTY = (
    Duty.id,
    Duty.case_id,
    Duty.kind,
    Duty.origin,
    Duty.began_on,
    Duty.opens_on,
    Duty.due_on,
    Duty.due_at,
    Duty.calendar,
    Duty.rule,
    Duty.because,
    Duty.urgency,
    Duty.state,
    Duty.ended_on,
    Duty.remind_on,
    Duty.assignee,
)
_LISTED = lasting(
    select(
        Duty.id,
        Duty.case_id,
        Duty.kind,
        Duty.urgency,
        Duty.began_on,
        Duty.due_on,
        Duty.opens_on,
        Duty.remind_on,
        Duty.assignee,
        Case.village,
        Case.management,
    )
    .join(Case, Case.id == Duty.case_id)
    .where(
        Duty.area == _AREA,
        Duty.state == OPEN,
        or_(Duty.due_on <= _UNTIL, Duty.opens_on <= _UNTIL, Duty.remind_on <= _TODAY),
    )
)
_OPEN_OF = lasting(select(*_DUTY).where(Duty.case_id.in_(_KEYS), Duty.state == OPEN).order_by(Duty.due_on))
_ALL_OF = lasting(
    select(*_DUTY).where(Duty.case_id == bindparam("case")).order_by(Duty.state, Duty.due_on, Duty.id)
)
_NEXT = lasting(
    select(Duty.case_id, Duty.opens_on, Duty.kind, Case.person_id, Case.file_no)
    .join(Case, Case.id == Duty.case_id)
    .where(Duty.area == _AREA, Duty.state == OPEN, Duty.due_on > _UNTIL)
    .order_by(Duty.due_on, Duty.case_id)
    .limit(1)
)
_SEEN = (
    select(Visit.on)
    .where(Visit.case_id == Case.id, Visit.loss_reason.is_(None))
    .order_by(Visit.on.desc())
    .limit(1)
    .correlate(Case)
    .scalar_subquery()
)
_PERSON = (
    Case.id,
    Case.person_id,
    Case.file_no,
    Case.sex,
    Case.birth_year,
    Case.village,
    Village.name.label("village_name"),
    Visit.on.label("seen_on"),
    Visit.mode,
    Visit.stability,
    Visit.risk,
    Visit.adherence,
)


def _people(*more: Any) -> Any:
    return (
        select(*_PERSON, *more)
        .outerjoin(Village, Village.code == Case.village)
        .outerjoin(Visit, and_(Visit.case_id == Case.id, Visit.on == _SEEN))
        .where(Case.id.in_(_KEYS))
    )


_PEOPLE = lasting(_people())
_NAMED = lasting(_people(Identity.name).outerjoin(Identity, Identity.person_id == Case.person_id))
_TOLD = lasting(
    select(Attempt.id, Attempt.case_id, Attempt.on, Attempt.result, Attempt.next_on)
    .where(Attempt.area == _AREA, Attempt.on >= bindparam("since", type_=Day()), Attempt.undone.is_(False))
    .order_by(Attempt.on, Attempt.id)
)
_STAFF = lasting(
    select(Account.id, Account.display, Account.area_code)
    .where(
        Account.area_code >= bindparam("low", type_=BigInteger),
        Account.area_code < bindparam("high", type_=BigInteger),
        # Heads of units and other departments have the same area and no duties.
        Account.role.in_([int(Role.TOWNSHIP_DOCTOR), int(Role.COUNTY_OFFICER)]),
        Account.active.is_(True),
    )
    .order_by(Account.area_code, Account.created_at)
)
_STAND_INS = lasting(
    select(StandIn.id, StandIn.area, StandIn.absent, StandIn.instead, StandIn.since, StandIn.until)
    .where(
        StandIn.area >= bindparam("low", type_=BigInteger),
        StandIn.area < bindparam("high", type_=BigInteger),
        StandIn.until >= _TODAY,
    )
    .order_by(StandIn.since)
)
_VIEW = (
    SavedFilter.id,
    SavedFilter.label,
    SavedFilter.block,
    SavedFilter.village,
    SavedFilter.kind,
    SavedFilter.mine,
    SavedFilter.first,
)
_VIEWS = lasting(
    select(*_VIEW)
    .where(SavedFilter.owner == bindparam("owner"), SavedFilter.area == _AREA)
    .order_by(SavedFilter.label)
)
_SAVED = lasting(
    select(SavedFilter)
    .where(SavedFilter.owner == bindparam("owner"), SavedFilter.area == _AREA)
    .order_by(SavedFilter.label)
)
_CHOSEN = lasting(select(Duty).where(Duty.id.in_(_KEYS)))
_FOR_CASES = lasting(select(Duty).where(Duty.case_id.in_(_KEYS), Duty.state == OPEN))
_ASSIGNED = lasting(
    select(Duty).where(Duty.area == _AREA, Duty.state == OPEN, Duty.assignee == bindparam("account"))
)
_UNASSIGNED = lasting(select(Duty).where(Duty.area == _AREA, Duty.state == OPEN, Duty.assignee.is_(None)))
_COUNTS = lasting(
    select(
        Duty.area,
        Duty.assignee,
        Duty.state,
        func.count().label("count"),
        func.sum(case((Duty.due_on < _TODAY, 1), else_=0)).label("overdue"),
    )
    .where(
        Duty.area >= bindparam("low", type_=BigInteger),
        Duty.area < bindparam("high", type_=BigInteger),
        or_(Duty.state == OPEN, Duty.ended_on.between(bindparam("first", type_=Day()), _TODAY)),
    )
    .group_by(Duty.area, Duty.assignee, Duty.state)
)
_LOW: Any = bindparam("low", type_=BigInteger)
_HIGH: Any = bindparam("high", type_=BigInteger)
_SINCE: Any = bindparam("since", type_=Day())
# Who waits without a file here, and what has ended since a day. A file keeps its own duties.
_CLUE_WAITS = and_(
    Clue.area >= _LOW,
    Clue.area < _HIGH,
    or_(
        Clue.state.in_([int(ClueState.NEW), int(ClueState.PENDING)]),
        and_(Clue.state == int(ClueState.CONFIRMED), Clue.case_id.is_(None)),
        Clue.verified_on >= _SINCE,
        Clue.decided_on >= _SINCE,
    ),
)
_NOTICE_WAITS = and_(
    Notice.area >= _LOW,
    Notice.area < _HIGH,
    Notice.case_id.is_(None),
    or_(
        Notice.state != int(NoticeState.CORRECTED),
        Notice.forwarded_on >= _SINCE,
        Notice.accepted_on >= _SINCE,
    ),
)
_TRANSFER_WAITS = and_(
    Transfer.area >= _LOW,
    Transfer.area < _HIGH,
    Transfer.side == int(TransferSide.RECEIVER),
    or_(
        Transfer.state.in_([int(TransferState.ASKED), int(TransferState.COUNTY_ASKED)]),
        and_(Transfer.state == int(TransferState.DECLINED), Transfer.answered_on >= _SINCE),
    ),
)
_REPORT_WAITS = and_(
    LiaisonReport.area >= _LOW,
    LiaisonReport.area < _HIGH,
    or_(LiaisonReport.answered_on.is_(None), LiaisonReport.answered_on >= _SINCE),
)
_TASK_WAITS = and_(
    LiaisonTask.area >= _LOW,
    LiaisonTask.area < _HIGH,
    LiaisonTask.answered_on.is_not(None),
    or_(LiaisonTask.closed_on.is_(None), LiaisonTask.closed_on >= _SINCE),
)
_RIGHTS_WAITS = and_(
    RightsRequest.area >= _LOW,
    RightsRequest.area < _HIGH,
    or_(RightsRequest.closed_on.is_(None), RightsRequest.closed_on >= _SINCE),
)
_TOLD_WAITS = and_(
    ReceiverNotice.area >= _LOW,
    ReceiverNotice.area < _HIGH,
    or_(ReceiverNotice.told_on.is_(None), ReceiverNotice.told_on >= _SINCE),
)
_REHAB_WAITS = and_(
    BenefitClaim.area >= _LOW,
    BenefitClaim.area < _HIGH,
    BenefitClaim.benefit == int(Benefit.REHABILITATION),
    or_(
        BenefitClaim.state.in_([int(ClaimState.APPLIED), int(ClaimState.CHECKED)]),
        BenefitClaim.checked_on >= _SINCE,
        BenefitClaim.referred_on >= _SINCE,
        BenefitClaim.stopped_on >= _SINCE,
    ),
)
# Most townships have none of these: one statement finds out which tables are worth asking.
_PRESENT = lasting(
    select(
        exists().where(_CLUE_WAITS).label("clues"),
        exists().where(_NOTICE_WAITS).label("notices"),
        exists().where(_TRANSFER_WAITS).label("transfers"),
        exists().where(_REPORT_WAITS).label("reports"),
        exists().where(_TASK_WAITS).label("tasks"),
        exists().where(_RIGHTS_WAITS).label("rights"),
        exists().where(_TOLD_WAITS).label("told"),
        exists().where(_REHAB_WAITS).label("rehab"),
    )
    .select_from(Area)
    .where(Area.code == _LOW)
)
_REPORTS = lasting(
    select(
        LiaisonReport.area,
        LiaisonReport.receiver,
        LiaisonReport.id,
        LiaisonReport.reported_on,
        LiaisonReport.urgent,
        LiaisonReport.answered_on,
    ).where(_REPORT_WAITS)
)
_TASKS = lasting(
    select(
        LiaisonTask.area,
        LiaisonTask.receiver,
        LiaisonTask.id,
        LiaisonTask.answered_on,
        literal(0).label("urgent"),
        LiaisonTask.closed_on,
    ).where(_TASK_WAITS)
)
_RIGHTS = lasting(
    select(
        RightsRequest.area,
        RightsRequest.id,
        RightsRequest.kind,
        RightsRequest.asked_on,
        RightsRequest.due_on,
        RightsRequest.state,
        RightsRequest.closed_on,
    ).where(_RIGHTS_WAITS)
)
_NOTICES_DUE = lasting(
    select(
        ReceiverNotice.area,
        ReceiverNotice.id,
        ReceiverNotice.cause,
        ReceiverNotice.raised_on,
        ReceiverNotice.told_on,
    ).where(_TOLD_WAITS)
)
_REHAB = lasting(
    select(
        BenefitClaim.area,
        ShareConsent.until,
        Case.lifecycle,
        Case.lifecycle_on,
        BenefitClaim.stopped_on,
        BenefitClaim.id,
        BenefitClaim.applied_on,
        BenefitClaim.checked_on,
        BenefitClaim.referred_on,
    )
    .join(ShareConsent, ShareConsent.id == BenefitClaim.consent_id)
    .join(Case, Case.id == BenefitClaim.case_id)
    .where(_REHAB_WAITS)
)
_CLUES = lasting(
    select(
        Clue.area,
        Clue.village,
        Village.name.label("village_name"),
        Case.created_at,
        Clue.id,
        Clue.state,
        Clue.found_on,
        Clue.verified_on,
        Clue.review_on,
        Clue.decided_on,
    )
    .outerjoin(Village, Village.code == Clue.village)
    .outerjoin(Case, Case.id == Clue.case_id)
    .where(_CLUE_WAITS)
)
_NOTICES = lasting(
    select(
        Notice.area,
        Notice.id,
        Notice.kind,
        Notice.state,
        Notice.received_on,
        Notice.forwarded_on,
        Notice.accepted_on,
        Notice.ended_on,
    ).where(_NOTICE_WAITS)
)
_TRANSFERS = lasting(
    select(
        Transfer.area,
        Transfer.id,
        Transfer.side,
        Transfer.state,
        Transfer.asked_on,
        Transfer.asked_by_receiver,
        Transfer.answered_on,
        Transfer.county_asked_on,
    ).where(_TRANSFER_WAITS)
)


def listed(work: Work, area: int, today: date, until: date) -> Sequence[Any]:
    """The open duties of a township that are due or planned by ``until``, with what puts people in order."""
    return work.rows(_LISTED, area=area, today=today, until=until)


def open_of(work: Work, cases: Sequence[int]) -> Sequence[Any]:
    """Every open duty of these cases, what is due first first."""
    return work.rows(_OPEN_OF, keys=list(cases)) if cases else ()


def all_of(work: Work, case: int) -> Sequence[Any]:
    """Every stored duty of one case, open ones first."""
    return work.rows(_ALL_OF, case=case)


def next_one(work: Work, area: int, until: date) -> Any:
    """(case, planned day, kind, person, file number) of the first open duty after ``until``."""
    return work.row(_NEXT, area=area, until=until)


def people(work: Work, cases: Sequence[int], *, named: bool) -> Sequence[Any]:
    """What a row shows of these cases and their last visit; ``named``: the sealed name too."""
    return work.rows(_NAMED if named else _PEOPLE, keys=list(cases)) if cases else ()


def told(work: Work, area: int, since: date) -> Sequence[Any]:
    """Attempts of a township from ``since`` on that were not taken back, oldest first."""
    return work.rows(_TOLD, area=area, since=since)


def staff(work: Work, low: int, high: int) -> Sequence[Any]:
    """(key, display, area) of the active accounts whose area lies in the range."""
    return work.rows(_STAFF, low=low, high=high)


def stand_ins(work: Work, low: int, high: int, today: date) -> Sequence[Any]:
    """Stand-ins of the range that have not ended."""
    return work.rows(_STAND_INS, low=low, high=high, today=today)


def views(work: Work, owner: int, area: int) -> Sequence[Any]:
    """(id, label, block, village, kind, mine, first) of these views, by name."""
    return work.rows(_VIEWS, owner=owner, area=area)


def saved(work: Work, owner: int, area: int) -> list[SavedFilter]:
    """The views of a township's list that an account has named, to be changed."""
    return work.entities(_SAVED, owner=owner, area=area)


def chosen(work: Work, keys: Sequence[int]) -> list[Duty]:
    """Duties to be changed, by their keys."""
    return work.entities(_CHOSEN, keys=list(keys)) if keys else []


def open_for(work: Work, cases: Sequence[int]) -> list[Duty]:
    """The open duties of these cases, to be changed."""
    return work.entities(_FOR_CASES, keys=list(cases)) if cases else []


def held_by(work: Work, area: int, account: int | None) -> list[Duty]:
    """The open duties of a township that one account holds, or that nobody does, to be changed."""
    if account is None:
        return work.entities(_UNASSIGNED, area=area)
    return work.entities(_ASSIGNED, area=area, account=account)


def counts(work: Work, low: int, high: int, first: date, today: date) -> Sequence[Any]:
    """(area, assignee, state, count, overdue) of duties open now or ended from ``first`` to ``today``."""
    return work.rows(_COUNTS, low=low, high=high, first=first, today=today)


def waiting(work: Work, low: int, high: int, since: date) -> tuple[Sequence[Any], ...]:
    """Clues, notices, transfers, reports of departments, their answers, requests of patients, receivers to be
    told and referrals to rehabilitation of a range that wait, or ended from ``since`` on.

    At most nine statements, one where there are none. Columns as ``rules.facts`` has them, after the area
    (for a clue village, its name and the instant at which it became a file; for a department its role).
    """
    values = {"low": low, "high": high, "since": since}
    there = work.row(_PRESENT, **values)
    if there is None:
        return (), (), (), (), (), (), (), ()
    return (
        work.rows(_CLUES, **values) if there.clues else (),
        work.rows(_NOTICES, **values) if there.notices else (),
        work.rows(_TRANSFERS, **values) if there.transfers else (),
        work.rows(_REPORTS, **values) if there.reports else (),
        work.rows(_TASKS, **values) if there.tasks else (),
        work.rows(_RIGHTS, **values) if there.rights else (),
        work.rows(_NOTICES_DUE, **values) if there.told else (),
        work.rows(_REHAB, **values) if there.rehab else (),
    )
