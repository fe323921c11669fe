"""病例事实: what a rule may know of one case; days, codes and keys, never who somebody is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

from casemgr.terms.followup import Informant, VisitMode
from casemgr.terms.register import Management, Pause

#: Ways of visiting in which somebody is met face to face.
FACE = frozenset({int(VisitMode.CLINIC), int(VisitMode.HOME)})
SELF = 1 << int(Informant.SELF)
NOTHING: Mapping[tuple[int, int], date] = MappingProxyType({})


class VisitFact(NamedTuple):
    """One follow-up record; ``own`` when it was written here on the form and not taken over from a file."""

    id: int
    on: date
    mode: int | None = None
    informants: int | None = None
    loss_reason: int | None = None
    risk: int | None = None
    stability: int | None = None
    hospital: int | None = None
    referral_advised: int | None = None
    referred: int | None = None
    next_on: date | None = None
    confirmed_on: date | None = None
    own: bool = False
    #: When it was written down here; ``None`` where that is not known: then on its own day.
    known_on: date | None = None
    #: The kinds of watched drugs among those it names; ``None`` when it names none at all.
    watch: int | None = None
    #: The highest danger level it had before it was changed; ``None`` when that was never 3 or more.
    peak: int | None = None

    @property
    def reached(self) -> bool:
        """Whether somebody was reached at all (no reason of loss is given)."""
        return self.loss_reason is None

    @property
    def face(self) -> bool:
        """Whether it was face to face; a way that nobody wrote down is taken as such."""
        return self.mode is None or self.mode in FACE

    @property
    def without_patient(self) -> bool:
        """FU-C10: on the telephone, and not with the patient."""
        return self.mode == VisitMode.PHONE and bool(self.informants) and not (self.informants or 0) & SELF


class AttemptFact(NamedTuple):
    """One try to reach the person that was not taken back."""

    id: int
    on: date
    result: int
    next_on: date | None = None


class StateFact(NamedTuple):
    """A management state (管理状态), open when ``until`` is empty; ``known_on``: told on."""

    id: int
    value: int
    since: date
    until: date | None
    known_on: date


class ConsentFact(NamedTuple):
    """One answer about 知情同意; without a day when nobody wrote it down."""

    id: int
    answer: int
    on: date | None


class ReferralFact(NamedTuple):
    """One referral and how far it has come."""

    id: int
    direction: int
    state: int
    advised_on: date
    sent_on: date | None
    answered_on: date | None
    result_on: date | None
    back_on: date | None
    visit_id: int | None


class DoseFact(NamedTuple):
    """One long-acting injection with its place in the course; without a role it is none.

    ``cover_days`` are those of the oral cover it begins, ``cover_until`` the end of the latest of the course.
    """

    id: int
    on: date
    product: str
    role: int | None
    number: int | None
    start_on: date | None
    cover_until: date | None
    interval: int | None
    next_on: date | None
    stopped_on: date | None
    cover_days: int | None = None


class EmergencyFact(NamedTuple):
    """One emergency; days are local, ``ended_at`` begins the hours of its record."""

    id: int
    on: date
    ended_at: datetime | None
    ended_on: date | None
    recorded_on: date | None
    uploaded_on: date | None


class LockUpFact(NamedTuple):
    """One lock-up, open until there is a release."""

    id: int
    known_on: date
    released_on: date | None


class PauseFact(NamedTuple):
    """One time without regular visits, in hospital or away; ``ended_on`` when somebody was back."""

    id: int
    kind: int
    since: date
    planned_until: date | None
    ended_on: date | None


class NoticeFact(NamedTuple):
    """One notice of a hospital about this case, or about somebody who has no file yet."""

    id: int
    kind: int
    state: int
    received_on: date
    forwarded_on: date | None
    accepted_on: date | None
    ended_on: date | None


class TransferFact(NamedTuple):
    """One side of a transfer."""

    id: int
    side: int
    state: int
    asked_on: date
    asked_by_receiver: bool
    answered_on: date | None
    county_asked_on: date | None


class RightsFact(NamedTuple):
    """What a patient or guardian asked for about the own data; ``closed_on`` is the day it was answered."""

    id: int
    kind: int
    asked_on: date
    due_on: date
    state: int
    closed_on: date | None


class NoticeDueFact(NamedTuple):
    """Somebody who received something earlier is to be told of a change; ``told_on`` when that was done."""

    id: int
    cause: int
    raised_on: date
    told_on: date | None


class RehabFact(NamedTuple):
    """One referral to rehabilitation on this side; ``over_on``: it goes no further, for whatever reason."""

    id: int
    applied_on: date
    checked_on: date | None
    referred_on: date | None
    over_on: date | None


class ClueFact(NamedTuple):
    """One clue; ``filed_on`` is the day on which it became a file."""

    id: int
    state: int
    found_on: date
    verified_on: date | None
    review_on: date | None
    decided_on: date | None
    filed_on: date | None = None


class PartnerFact(NamedTuple):
    """What another department reported (``task`` false), or answered to a task, and until when it waited."""

    id: int
    task: bool
    came_on: date
    urgent: bool
    from_whom: str
    ended_on: date | None


class ResultFact(NamedTuple):
    """One result of a test; ``value`` in thousandths of the test's own unit, ``None`` without a number."""

    id: int
    test: int
    on: date
    value: int | None = None
    handled_on: date | None = None
    known_on: date | None = None


class WatchFact(NamedTuple):
    """What a doctor has stated about a watched drug: begun, ended, in which phase; ``known_on``: told on."""

    drug: int
    since: date | None
    until: date | None
    phase: int | None
    known_on: date


class RegimenFact(NamedTuple):
    """One prescribed drug of a watched kind (``kinds`` is a mask), taken until the day before ``stopped_on``.

    ``sure``: it was begun on ``since``, not only found in a visit of that day.
    """

    kinds: int
    since: date
    stopped_on: date | None
    known_on: date
    sure: bool = True


class FillFact(NamedTuple):
    """One handing-out of a drug by mouth that stands, and for how many days it lasts."""

    id: int
    drug: str
    on: date
    days: int


class OrderFact(NamedTuple):
    """One drug by mouth as ordered, until the day before ``stopped_on``."""

    drug: str
    since: date
    stopped_on: date | None


@dataclass(frozen=True, slots=True)
class CaseDay:
    """Everything the duties of one case follow from; records oldest first."""

    case: int
    area: int
    registered_on: date
    created_on: date
    article30: bool = False
    consent: int | None = None
    lifecycle: int = 1
    lifecycle_on: date | None = None
    #: When the end of the file was written down, which may be later than the day itself.
    lifecycle_known_on: date | None = None
    management: int | None = None
    management_on: date | None = None
    pause: int | None = None
    paused_until: date | None = None
    pauses: tuple[PauseFact, ...] = ()
    supplemented: bool = True
    visits: tuple[VisitFact, ...] = ()
    attempts: tuple[AttemptFact, ...] = ()
    states: tuple[StateFact, ...] = ()
    consents: tuple[ConsentFact, ...] = ()
    referrals: tuple[ReferralFact, ...] = ()
    doses: tuple[DoseFact, ...] = ()
    emergencies: tuple[EmergencyFact, ...] = ()
    lockups: tuple[LockUpFact, ...] = ()
    notices: tuple[NoticeFact, ...] = ()
    transfers: tuple[TransferFact, ...] = ()
    checkups: tuple[date, ...] = ()
    police_told: tuple[date, ...] = ()
    sex: int | None = None
    results: tuple[ResultFact, ...] = ()
    watches: tuple[WatchFact, ...] = ()
    regimen: tuple[RegimenFact, ...] = ()
    fills: tuple[FillFact, ...] = ()
    ordered: tuple[OrderFact, ...] = ()
    #: Orders of no medicine: from when, until the day before.
    unmedicated: tuple[tuple[date, date | None], ...] = ()
    #: What somebody has said is done where no other record tells it, by (kind, origin).
    settled: Mapping[tuple[int, int], date] = field(default_factory=lambda: NOTHING)

    @property
    def wards(self) -> tuple[tuple[date, date | None], ...]:
        """Stays in hospital (since, until), told as a management state or as the reason of a pause."""
        stays = [(one.since, one.until) for one in self.states if one.value == Management.IN_HOSPITAL]
        stays += [(one.since, one.ended_on) for one in self.pauses if one.kind == Pause.IN_HOSPITAL]
        return tuple(sorted(stays, key=lambda one: one[0]))

    def known_by(self, day: date) -> CaseDay:
        """The same case without visits and attempts dated after ``day``."""
        if (not self.visits or self.visits[-1].on <= day) and (
            not self.attempts or self.attempts[-1].on <= day
        ):
            return self
        return replace(
            self,
            visits=tuple(one for one in self.visits if one.on <= day),
            attempts=tuple(one for one in self.attempts if one.on <= day),
        )
