"""病例经过: what the duties of many cases follow from, read with a constant number of statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, or_, select

from casemgr.rules.facts import (
    AttemptFact,
    CaseDay,
    ConsentFact,
    DoseFact,
    EmergencyFact,
    FillFact,
    LockUpFact,
    NoticeFact,
    OrderFact,
    PauseFact,
    ReferralFact,
    RegimenFact,
    ResultFact,
    StateFact,
    TransferFact,
    VisitFact,
    WatchFact,
)
from casemgr.rules.timetable import SHANGHAI
from casemgr.store.models import (
    Attempt,
    Case,
    CaseState,
    Checkup,
    Consent,
    Dispensing,
    Dose,
    DrugWatch,
    Duty,
    Emergency,
    Incident,
    LabResult,
    LockUp,
    NoMedicine,
    Notice,
    PauseSpell,
    Referral,
    RegimenLine,
    Supplement,
    Transfer,
    Visit,
)
from casemgr.store.scope import lasting
from casemgr.store.work import Work
from casemgr.terms.medication import StopReason
from casemgr.terms.register import Lifecycle, Track

#: A line of a regimen that was never meant.
MISTAKE = int(StopReason.MISTAKE)
#: How many cases one round of statements names; their facts are all that is held at a time.
KEYS = 2_000

_KEYS: Any = bindparam("keys", expanding=True)
_CASES = lasting(
    select(
        Case.id,
        Case.area,
        Case.registered_on,
        Case.created_at,
        Case.article30,
        Case.consent,
        Case.lifecycle,
        Case.lifecycle_on,
        Case.management,
        Case.management_on,
        Case.pause,
        Case.paused_until,
        Case.sex,
        Supplement.case_id,
    )
    .outerjoin(Supplement, Supplement.case_id == Case.id)
    .where(Case.id.in_(_KEYS))
)


def _of(key: Any, *columns: Any, where: Sequence[Any] = (), order: Sequence[Any] = ()) -> Any:
    return lasting(select(key, *columns).where(key.in_(_KEYS), *where).order_by(*order))


_VISITS = _of(
    Visit.case_id,
    Visit.id,
    Visit.on,
    Visit.mode,
    Visit.informants,
    Visit.loss_reason,
    Visit.risk,
    Visit.stability,
    Visit.hospital,
    Visit.referral_advised,
    Visit.referred,
    Visit.next_on,
    Visit.confirmed_on,
    Visit.suggested,
    Visit.recorded_at,
    Visit.watch,
    Visit.peak_risk,
    order=(Visit.case_id, Visit.on),
)
_ATTEMPTS = _of(
    Attempt.case_id,
    Attempt.id,
    Attempt.on,
    Attempt.result,
    Attempt.next_on,
    where=(Attempt.undone.is_(False),),
    order=(Attempt.on, Attempt.id),
)
_STATES = _of(
    CaseState.case_id,
    CaseState.track,
    CaseState.id,
    CaseState.value,
    CaseState.since,
    CaseState.until,
    CaseState.recorded_at,
    where=(CaseState.track.in_([int(Track.MANAGEMENT), int(Track.LIFECYCLE)]),),
    order=(CaseState.since, CaseState.id),
)
_CONSENTS = _of(Consent.case_id, Consent.id, Consent.answer, Consent.on, order=(Consent.on, Consent.id))
_REFERRALS = _of(
    Referral.case_id,
    Referral.id,
    Referral.direction,
    Referral.state,
    Referral.advised_on,
    Referral.sent_on,
    Referral.answered_on,
    Referral.result_on,
    Referral.back_on,
    Referral.visit_id,
    order=(Referral.advised_on, Referral.id),
)
_EMERGENCIES = _of(
    Emergency.case_id,
    Emergency.id,
    Emergency.reported_at,
    Emergency.ended_at,
    Emergency.recorded_on,
    Emergency.uploaded_on,
    order=(Emergency.reported_at,),
)
_LOCKUPS = _of(LockUp.case_id, LockUp.id, LockUp.known_on, LockUp.released_on, order=(LockUp.known_on,))
_PAUSES = _of(
    PauseSpell.case_id,
    PauseSpell.id,
    PauseSpell.kind,
    PauseSpell.since,
    PauseSpell.planned_until,
    PauseSpell.ended_on,
    order=(PauseSpell.since, PauseSpell.id),
)
_NOTICES = _of(
    Notice.case_id,
    Notice.id,
    Notice.kind,
    Notice.state,
    Notice.received_on,
    Notice.forwarded_on,
    Notice.accepted_on,
    Notice.ended_on,
    order=(Notice.received_on, Notice.id),
)
# A file carries the duties of the side that holds it; a receiver who has not accepted has none of it yet.
_TRANSFERS = lasting(
    select(
        Transfer.file_key,
        Transfer.id,
        Transfer.side,
        Transfer.state,
        Transfer.asked_on,
        Transfer.asked_by_receiver,
        Transfer.answered_on,
        Transfer.county_asked_on,
    )
    .join(Case, and_(Case.id == Transfer.file_key, Case.area == Transfer.area))
    .where(Transfer.file_key.in_(_KEYS))
    .order_by(Transfer.asked_on, Transfer.id)
)
_CHECKUPS = _of(Checkup.case_id, Checkup.on, order=(Checkup.on,))
_POLICE = _of(
    Incident.case_id,
    Incident.police_told_on,
    where=(Incident.police_told_on.is_not(None),),
    order=(Incident.police_told_on,),
)
#: Doses of injections that are the last of their course, or were so on some day since.
_DOSES = _of(
    Dose.case_id,
    Dose.id,
    Dose.on,
    Dose.product,
    Dose.role,
    Dose.number,
    Dose.start_on,
    Dose.cover_until,
    Dose.interval_days,
    Dose.next_on,
    Dose.stopped_on,
    Dose.cover_days,
    where=(or_(Dose.followed_on.is_(None), Dose.followed_on >= bindparam("since")),),
    order=(Dose.case_id, Dose.on, Dose.id),
)
_RESULTS = _of(
    LabResult.case_id,
    LabResult.id,
    LabResult.test,
    LabResult.on,
    LabResult.value,
    LabResult.handled_on,
    LabResult.recorded_at,
    where=(LabResult.void.is_(False),),
    order=(LabResult.on, LabResult.id),
)
_WATCHES = _of(
    DrugWatch.case_id,
    DrugWatch.drug,
    DrugWatch.since,
    DrugWatch.until,
    DrugWatch.phase,
    DrugWatch.recorded_at,
)
_REGIMEN = _of(
    RegimenLine.case_id,
    RegimenLine.watch,
    RegimenLine.since,
    RegimenLine.stopped_on,
    RegimenLine.recorded_at,
    RegimenLine.visit_id,
    # A regimen without any watched drug says so, too.
    where=(
        RegimenLine.watch.is_not(None),
        or_(RegimenLine.stop_reason.is_(None), RegimenLine.stop_reason != MISTAKE),
    ),
    order=(RegimenLine.since,),
)
_FILLS = _of(
    Dispensing.case_id,
    Dispensing.id,
    Dispensing.ingredient,
    Dispensing.on,
    Dispensing.days,
    Dispensing.counters,
    order=(Dispensing.on, Dispensing.id),
)
_ORDERED = _of(
    RegimenLine.case_id,
    RegimenLine.ingredient,
    RegimenLine.since,
    RegimenLine.stopped_on,
    where=(RegimenLine.long_acting.is_(False), RegimenLine.ingredient.is_not(None)),
    order=(RegimenLine.since, RegimenLine.id),
)
_UNMEDICATED = _of(NoMedicine.case_id, NoMedicine.since, NoMedicine.ended_on, order=(NoMedicine.since,))
#: What is kept of a duty, in the order of :data:`STORED`.
STORED = (
    "case_id",
    "id",
    "kind",
    "origin",
    "began_on",
    "opens_on",
    "due_on",
    "due_at",
    "calendar",
    "rule",
    "because",
    "urgency",
    "state",
    "ended_on",
    "settled_on",
)
_DUTIES = _of(Duty.case_id, *(getattr(Duty, name) for name in STORED[1:]))
_CHANGED = lasting(select(Duty).where(Duty.id.in_(_KEYS)))
_ALL = lasting(select(Case.id).where(Case.id > bindparam("after")).order_by(Case.id).limit(bindparam("size")))


def local_day(at: datetime | None) -> date | None:
    """The business day of an instant."""
    return None if at is None else at.astimezone(SHANGHAI).date()


def _grouped(
    work: Work, statement: Any, keys: Sequence[int], make: Callable[..., Any], **values: Any
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in work.rows(statement, keys=keys, **values):
        found[row[0]].append(make(*row[1:]))
    return found


def _visit(*values: Any) -> VisitFact:
    """``values`` as the select has them; a suggestion is made on the form alone."""
    *columns, suggested, recorded_at, watch, peak = values
    return VisitFact._make((*columns, suggested is not None, local_day(recorded_at), watch, peak))


def _result(*values: Any) -> ResultFact:
    return ResultFact._make((*values[:-1], local_day(values[-1])))


def _watch(*values: Any) -> WatchFact:
    return WatchFact._make((*values[:-1], local_day(values[-1])))


def _regimen(
    kinds: int, since: date, stopped_on: date | None, recorded_at: datetime, visit: int | None
) -> RegimenFact:
    return RegimenFact(kinds, since, stopped_on, local_day(recorded_at) or since, visit is None)


def _emergency(
    key: int, reported_at: datetime, ended_at: datetime | None, recorded: date | None, uploaded: date | None
) -> EmergencyFact:
    on = reported_at.astimezone(SHANGHAI).date()
    return EmergencyFact(key, on, ended_at, local_day(ended_at), recorded, uploaded)


def _fills(work: Work, keys: Sequence[int]) -> dict[int, tuple[FillFact, ...]]:
    """What was handed out and stands, by case: neither taken back nor taking something back."""
    found: dict[int, tuple[FillFact, ...]] = {}
    for case, rows in _grouped(work, _FILLS, keys, lambda *values: values).items():
        gone = {row[4] for row in rows}
        found[case] = tuple(FillFact(*row[:4]) for row in rows if row[4] is None and row[0] not in gone)
    return found


def of_cases(
    work: Work, keys: Sequence[int], since: date = date.min
) -> Iterator[tuple[CaseDay, list[tuple[Any, ...]]]]:
    """The facts of these cases (at most :data:`KEYS`) inside the access, each with its stored duties.

    A stored duty is a tuple in the order of :data:`STORED`. Of injections only the last of each course, and
    those whose next one was given from ``since`` on.
    """
    keys = list(keys)
    visits = _grouped(work, _VISITS, keys, _visit)
    attempts = _grouped(work, _ATTEMPTS, keys, AttemptFact)
    consents = _grouped(work, _CONSENTS, keys, ConsentFact)
    referrals = _grouped(work, _REFERRALS, keys, ReferralFact)
    emergencies = _grouped(work, _EMERGENCIES, keys, _emergency)
    lockups = _grouped(work, _LOCKUPS, keys, LockUpFact)
    notices = _grouped(work, _NOTICES, keys, NoticeFact)
    pauses = _grouped(work, _PAUSES, keys, PauseFact)
    transfers = _grouped(work, _TRANSFERS, keys, TransferFact)
    checkups = _grouped(work, _CHECKUPS, keys, lambda on: on)
    police = _grouped(work, _POLICE, keys, lambda on: on)
    watches = _grouped(work, _WATCHES, keys, _watch)
    regimen = _grouped(work, _REGIMEN, keys, _regimen)
    # Results are read only of people who take something that is watched.
    watched = {case for case, seen in visits.items() if any(one.watch for one in seen)}
    watched |= {case for case, lines in regimen.items() if any(one.kinds for one in lines)} | set(watches)
    results = _grouped(work, _RESULTS, sorted(watched), _result) if watched else {}
    doses = _grouped(work, _DOSES, keys, DoseFact, since=since)
    fills = _fills(work, keys)
    supplied = sorted(fills)
    ordered = _grouped(work, _ORDERED, supplied, OrderFact) if supplied else {}
    off = _grouped(work, _UNMEDICATED, supplied, lambda *values: values) if supplied else {}
    states: dict[int, list[StateFact]] = defaultdict(list)
    left: dict[int, date] = {}
    for row in work.rows(_STATES, keys=keys):
        case, track, key, value, since, until, recorded_at = tuple(row)
        known_on = recorded_at.astimezone(SHANGHAI).date()
        if track == Track.MANAGEMENT:
            states[case].append(StateFact(key, value, since, until, known_on))
        elif value != Lifecycle.ON_REGISTER and until is None:
            left[case] = known_on
    stored: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for row in work.rows(_DUTIES, keys=keys):
        stored[row[0]].append(tuple(row))
    for row in work.rows(_CASES, keys=keys):
        (
            case, area, registered_on, created_at, article30, consent, lifecycle, lifecycle_on,
            management, management_on, pause, paused_until, sex, supplement,
        ) = tuple(row)  # fmt: skip
        kept = stored.get(case, [])
        settled = {(one[2], one[3]): one[14] for one in kept if one[14] is not None}
        yield (
            CaseDay(
                case=case,
                area=area,
                registered_on=registered_on,
                created_on=created_at.astimezone(SHANGHAI).date(),
                article30=article30,
                consent=consent,
                lifecycle=lifecycle,
                lifecycle_on=lifecycle_on,
                lifecycle_known_on=left.get(case),
                management=management,
                management_on=management_on,
                pause=pause,
                paused_until=paused_until,
                pauses=tuple(pauses.get(case, ())),
                supplemented=supplement is not None,
                visits=tuple(visits.get(case, ())),
                attempts=tuple(attempts.get(case, ())),
                states=tuple(states.get(case, ())),
                consents=tuple(consents.get(case, ())),
                referrals=tuple(referrals.get(case, ())),
                emergencies=tuple(emergencies.get(case, ())),
                lockups=tuple(lockups.get(case, ())),
                notices=tuple(notices.get(case, ())),
                transfers=tuple(transfers.get(case, ())),
                checkups=tuple(checkups.get(case, ())),
                police_told=tuple(police.get(case, ())),
                sex=sex,
                results=tuple(results.get(case, ())),
                watches=tuple(watches.get(case, ())),
                regimen=tuple(regimen.get(case, ())),
                doses=tuple(doses.get(case, ())),
                fills=fills.get(case, ()),
                ordered=tuple(ordered.get(case, ())),
                unmedicated=tuple(off.get(case, ())),
                settled=settled,
            ),
            kept,
        )


def changed(work: Work, keys: Sequence[int]) -> list[Duty]:
    """The stored duties with these keys, to be changed."""
    return [
        one
        for start in range(0, len(keys), KEYS)
        for one in work.entities(_CHANGED, keys=keys[start : start + KEYS])
    ]


def all_keys(work: Work, after: int, size: int) -> list[int]:
    """The next ``size`` keys of cases after one, in their order."""
    return [int(row[0]) for row in work.rows(_ALL, after=after, size=size)]
