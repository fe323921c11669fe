"""事件: what happened to one person beside the visits, as the person's page shows it; coded facts only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from casemgr.rules import referral as referral_rules
from casemgr.rules.access import Action
from casemgr.services.case_view import known, term, words
from casemgr.services.errors import Missing
from casemgr.services.use_case import use_case
from casemgr.store.identity import open_texts, reveal, reveal_guardians
from casemgr.store.queries import event as queries
from casemgr.store.work import Work
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.emergency import EmergencyCause, EmergencyEffect, Whereabouts
from casemgr.terms.incident import DangerousAct, IncidentMeasure, ReleaseProof
from casemgr.terms.purpose import Purpose
from casemgr.terms.referral import Direction, ReferralState
from casemgr.terms.register import Pause
from casemgr.terms.transfer import TransferSide, TransferState


@dataclass(frozen=True, slots=True)
class IncidentView:
    """One dangerous act; ``done`` in words."""

    id: int
    on: date
    kind: DangerousAct
    done: str
    police_told_on: date | None
    by_visit: bool


@dataclass(frozen=True, slots=True)
class LockUpView:
    """One lock-up; without ``released_on`` it goes on."""

    id: int
    known_on: date
    released_on: date | None
    verified: ReleaseProof | None


@dataclass(frozen=True, slots=True)
class EmergencyView:
    """One emergency; running as long as it has no end."""

    id: int
    reported_at: datetime
    ended_at: datetime | None
    causes: str
    effect: EmergencyEffect | None
    stay: Whereabouts | None
    recorded_on: date | None
    uploaded_on: date | None


@dataclass(frozen=True, slots=True)
class ReferralLine:
    """One referral in short; ``open``: something is still awaited."""

    id: int
    direction: Direction
    state: ReferralState
    advised_on: date
    sent_on: date | None
    result_on: date | None
    open: bool


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt to reach the person."""

    id: int
    on: date
    way: AttemptWay | None
    result: AttemptResult
    next_on: date | None
    undone: bool


@dataclass(frozen=True, slots=True)
class TransferLine:
    """One transfer of the file."""

    id: int
    side: TransferSide
    state: TransferState
    asked_on: date
    answered_on: date | None


@dataclass(frozen=True, slots=True)
class Owner:
    """Who looks after the people of a township, and who stands in until when."""

    name: str
    stand_in: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class CaseEvents:
    """Everything that happened beside the visits; kinds that never happened are empty."""

    incidents: tuple[IncidentView, ...] = ()
    lock_ups: tuple[LockUpView, ...] = ()
    emergencies: tuple[EmergencyView, ...] = ()
    referrals: tuple[ReferralLine, ...] = ()
    attempts: tuple[AttemptView, ...] = ()
    transfers: tuple[TransferLine, ...] = ()
    pause: Pause | None = None
    paused_until: date | None = None
    owners: tuple[Owner, ...] = ()
    changed: bool = False
    #: Whether another department ever received something of the person, or was asked about it.
    given: bool = False

    @property
    def running(self) -> EmergencyView | None:
        """The emergency that has not ended."""
        return next((one for one in self.emergencies if one.ended_at is None), None)

    @property
    def locked(self) -> LockUpView | None:
        """The lock-up that has not ended."""
        return next((one for one in self.lock_ups if one.released_on is None), None)


@use_case(Action.CASE_READ, writes=False)
def of_case(work: Work, case_id: int, today: date) -> CaseEvents:
    """What happened to one person; :class:`Missing` outside the access. Opens no text."""
    there = queries.present(work, case_id)
    if there is None:
        raise Missing("没有找到这份档案，或不在您的辖区内。请从名单重新打开。")
    return CaseEvents(
        incidents=_incidents(work, case_id) if there.incidents else (),
        lock_ups=_lock_ups(work, case_id) if there.lock_ups else (),
        emergencies=_emergencies(work, case_id) if there.emergencies else (),
        referrals=_referrals(work, case_id) if there.referrals else (),
        attempts=_attempts(work, case_id) if there.attempts else (),
        transfers=_transfers(work, case_id) if there.transfers else (),
        pause=term(Pause, there.pause),
        paused_until=there.paused_until,
        owners=_owners(work, there.area, today),
        changed=there.changed,
        given=bool(there.disclosed or there.asked),
    )


def _incidents(work: Work, case_id: int) -> tuple[IncidentView, ...]:
    return tuple(
        IncidentView(
            one.id,
            one.on,
            known(DangerousAct, one.kind),
            words(IncidentMeasure, one.done),
            one.police_told_on,
            one.visit_id is not None,
        )
        for one in queries.incidents(work, case_id)
    )


def _lock_ups(work: Work, case_id: int) -> tuple[LockUpView, ...]:
    return tuple(
        LockUpView(one.id, one.known_on, one.released_on, term(ReleaseProof, one.verified))
        for one in queries.lock_ups(work, case_id)
    )


def _emergencies(work: Work, case_id: int) -> tuple[EmergencyView, ...]:
    return tuple(
        EmergencyView(
            one.id,
            one.reported_at,
            one.ended_at,
            words(EmergencyCause, one.causes),
            term(EmergencyEffect, one.effect),
            term(Whereabouts, one.stay),
            one.recorded_on,
            one.uploaded_on,
        )
        for one in queries.emergencies(work, case_id)
    )


def _referrals(work: Work, case_id: int) -> tuple[ReferralLine, ...]:
    found = []
    for one in queries.referrals(work, case_id):
        state = known(ReferralState, one.state)
        found.append(
            ReferralLine(
                one.id,
                known(Direction, one.direction),
                state,
                one.advised_on,
                one.sent_on,
                one.result_on,
                state not in referral_rules.CLOSED,
            )
        )
    return tuple(found)


def _attempts(work: Work, case_id: int) -> tuple[AttemptView, ...]:
    return tuple(
        AttemptView(
            one.id,
            one.on,
            term(AttemptWay, one.way),
            known(AttemptResult, one.result),
            one.next_on,
            one.undone,
        )
        for one in queries.attempts(work, case_id)
    )


def _transfers(work: Work, case_id: int) -> tuple[TransferLine, ...]:
    return tuple(
        TransferLine(
            one.id,
            known(TransferSide, one.side),
            known(TransferState, one.state),
            one.asked_on,
            one.answered_on,
        )
        for one in queries.transfers(work, case_id)
    )


def _owners(work: Work, area: int, today: date) -> tuple[Owner, ...]:
    return tuple(
        Owner(row.display, row.stand_in or "", row.until) for row in queries.owners(work, area, today)
    )


# --- reaching somebody ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reached:
    """Opened telephone numbers for one page: (who, name, number)."""

    lines: tuple[tuple[str, str, str], ...]


@use_case(Action.IDENTITY_REVEAL)
def numbers(work: Work, case_id: int, who: str) -> Reached:
    """The number of the person (``self``) or of the guardians (``guardian``), opened for calling; recorded.

    Raises :class:`Missing` outside the access.
    """
    row = queries.case(work, case_id)
    if row is None:
        raise Missing("没有找到这份档案，或不在您的辖区内。请从名单重新打开。")
    why = Purpose.FOLLOW_UP.label
    if who == "guardian":
        guardians = reveal_guardians(work, [row.person_id], why, case_id, urgent=True)
        return Reached(tuple(("监护人", one.name, one.phone) for one in guardians))
    opened = reveal(work, [row.person_id], why, ("phone",), case_id, urgent=True)
    phone = opened[row.person_id].phone if row.person_id in opened else ""
    return Reached((("本人", "", phone),))


@dataclass(frozen=True, slots=True)
class OpenedEventText:
    """One opened text about an event: its day, what it belongs to, and the words."""

    on: date
    what: str
    text: str


@use_case(Action.IDENTITY_REVEAL)
def texts(work: Work, case_id: int, purpose: str) -> tuple[OpenedEventText, ...]:
    """The notes of events and attempts of one person, latest first; recorded with the purpose."""
    rows: list[tuple[date, str, str, int, object]] = []
    for incident in queries.incidents(work, case_id):
        kind = known(DangerousAct, incident.kind).label
        rows.append((incident.on, kind, "Incident", incident.id, incident.note))
    for lock in queries.lock_ups(work, case_id):
        rows.append((lock.known_on, "解锁计划", "LockUp", lock.id, lock.plan))
        rows.append((lock.released_on or lock.known_on, "关锁", "LockUp", lock.id, lock.note))
    own = set()
    for attempt in queries.attempts(work, case_id):
        if attempt.recorded_by == work.access.actor:
            own.add(attempt.id)
        rows.append((attempt.on, "联系", "Attempt", attempt.id, attempt.note))
    found = []
    for noun in ("Incident", "LockUp", "Attempt"):
        filled = [row for row in rows if row[2] == noun and row[4] is not None]
        opened = open_texts(work, noun, [(row[3], row[4]) for row in filled], purpose, case_id, own)
        found += [OpenedEventText(row[0], row[1], text) for row, text in zip(filled, opened, strict=True)]
    return tuple(sorted(found, key=lambda one: one.on, reverse=True))
