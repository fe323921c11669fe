"""应办事项规则: every deadline that the records of one case imply, with its rule and how it ended.

A pure function of the facts, the policy and the day: the same records give the same duties again, and a later
record never changes how an earlier duty ended unless it corrects one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from casemgr.rules import followup, monitoring
from casemgr.rules.calendar import Deadline, deadline, is_certain, months_after
from casemgr.rules.facts import (
    AttemptFact,
    CaseDay,
    ClueFact,
    NoticeDueFact,
    NoticeFact,
    PartnerFact,
    PauseFact,
    RehabFact,
    RightsFact,
    StateFact,
    TransferFact,
    VisitFact,
)
from casemgr.rules.followup import Next
from casemgr.rules.policy import Policy
from casemgr.rules.risk import needs_second
from casemgr.terms.attempt import AttemptResult
from casemgr.terms.clue import ClueState
from casemgr.terms.consent import ConsentAnswer
from casemgr.terms.duty import Calendar, DutyKind, DutyState, Urgency
from casemgr.terms.followup import HospitalState, LossReason, YesNo
from casemgr.terms.notice import NoticeKind, NoticeState
from casemgr.terms.referral import Direction, ReferralState
from casemgr.terms.register import Lifecycle, Management, Pause
from casemgr.terms.rights import NoticeCause, RequestKind, RequestState
from casemgr.terms.risk import RiskLevel, Stability
from casemgr.terms.transfer import TransferSide, TransferState

#: Kinds that somebody may say are done where no other record tells it.
SETTLED_BY_HAND = frozenset(
    {
        DutyKind.TELL_POLICE,
        DutyKind.PSYCHIATRIST,
        DutyKind.LOST_NOTICE,
        DutyKind.TRANSFER_COUNTY,
        DutyKind.ORAL_COVER,
    }
)
#: Kinds that ask for a visit and end with one.
VISITS = frozenset(
    {
        DutyKind.VISIT,
        DutyKind.FIRST_VISIT,
        DutyKind.DISCHARGE_VISIT,
        DutyKind.FACE_VISIT,
        DutyKind.RETRY_VISIT,
        DutyKind.AWAY_CALL,
        DutyKind.EMERGENCY_VISIT,
    }
)
#: Kinds done along with a visit: they bring nobody to the worklist before their last days.
ALONG = frozenset({DutyKind.CHECKUP, DutyKind.MONITORING})
#: A file entered so long after its registration was taken over from elsewhere.
TAKEN_OVER = timedelta(365)
HIGH_RISK = RiskLevel.LEVEL_3
DECEMBER, LAST = 12, 31


@dataclass(frozen=True, slots=True)
class Due:
    """One duty: what, from when, by when under which rule and why; how it stands and since when."""

    kind: DutyKind
    origin: int
    began_on: date
    due_on: date
    rule: str
    because: str
    urgency: Urgency
    state: DutyState = DutyState.OPEN
    ended_on: date | None = None
    calendar: Calendar = Calendar.CALENDAR
    opens_on: date | None = None
    due_at: datetime | None = None

    @property
    def planned_on(self) -> date:
        """The day it is planned for: what was agreed (perhaps too late), else the last day allowed."""
        return self.opens_on or self.due_on

    @property
    def is_open(self) -> bool:
        return self.state is DutyState.OPEN

    @property
    def certain(self) -> bool:
        """Whether the last day was counted with official calendars alone."""
        return is_certain(self.began_on, self.due_on, self.calendar)


@dataclass(frozen=True, slots=True)
class Silence:
    """A time without regular visits: lost, refused, or off the register for good."""

    id: int
    since: date
    until: date | None
    lost: bool = False
    known_on: date | None = None
    #: Ended by a visit that found the person, which begins the next duty itself.
    found: bool = False

    def covers(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


def _ended(
    due: date, done: date | None, stop: date | None, lapse: DutyState
) -> tuple[DutyState, date | None]:
    """How a duty ended: by being done, or because it stopped; ``lapse`` when it was too late by then."""
    if done is not None and (stop is None or done <= stop):
        return (DutyState.DONE if done <= due else DutyState.LATE), done
    if stop is not None:
        return (lapse if stop > due else DutyState.VOID), stop
    return DutyState.OPEN, None


def _first(days: Iterable[date | None], since: date) -> date | None:
    """The first of some days that is not before ``since``."""
    return min((day for day in days if day is not None and day >= since), default=None)


@dataclass(slots=True)
class _Course:
    """The facts of one case as the rules walk through them."""

    facts: CaseDay
    policy: Policy
    today: date
    reached: list[VisitFact] = field(init=False)
    nexts: list[Next] = field(init=False)
    left: date | None = field(init=False)
    history: list[StateFact] = field(init=False)
    stays: list[StateFact] = field(init=False)
    silences: list[Silence] = field(init=False)

    def __post_init__(self) -> None:
        facts = self.facts
        self.reached = [one for one in facts.visits if one.reached]
        self.nexts = followup.after_visits(self.reached, self.policy)
        self.history = self._states()
        self.stays = [one for one in self.history if one.value == Management.IN_HOSPITAL]
        self.left = None
        if facts.lifecycle != Lifecycle.ON_REGISTER:
            self.left = facts.lifecycle_on or facts.lifecycle_known_on or facts.registered_on
        self.silences = sorted(self._silences(), key=lambda one: one.since)

    def _silences(self) -> Iterator[Silence]:
        facts = self.facts
        if self.left is not None:
            yield Silence(0, self.left, None)
        refused: Silence | None = None
        for answer in facts.consents:
            on = answer.on or facts.registered_on
            if answer.answer == ConsentAnswer.REFUSED and refused is None and not facts.article30:
                refused = Silence(answer.id, on, None)
            elif answer.answer == ConsentAnswer.AGREED and refused is not None:
                yield Silence(answer.id, refused.since, on)
                refused = None
        if refused is not None:
            yield refused
        for key, value, since, until, known_on in self.history:
            if value == Management.REFUSED and not facts.article30 and not facts.consents:
                yield Silence(key, since, until)
            elif value == Management.LOST:
                back = next((one.on for one in self.reached if one.on > since), None)
                if back is not None and (until is None or back <= until):
                    yield Silence(key, since, back, lost=True, known_on=known_on, found=True)
                else:
                    yield Silence(key, since, until, lost=True, known_on=known_on)

    def _states(self) -> list[StateFact]:
        """The management history, with the present put right where only the file itself tells it."""
        facts = self.facts
        known = list(facts.states)
        running = known[-1] if known and known[-1].until is None else None
        if facts.management is not None and (running is None or running.value != facts.management):
            since = facts.management_on or (known[-1].until if known else None) or facts.registered_on
            if running is not None:
                known[-1] = running._replace(until=max(since, running.since))
            known.append(StateFact(facts.case, facts.management, since, None, since))
        return known

    def stop(self, since: date, *, lost: bool = True) -> date | None:
        """When regular visits stopped at or after ``since``; with ``lost`` false only leaving or refusing.

        A visit may be written down for a day on which the person had died, when the death is heard of late:
        what it asks for has stopped as it begins.
        """
        if self.left is not None and self.left < since:
            return since
        return next(
            (one.since for one in self.silences if one.since >= since and (lost or not one.lost)), None
        )

    def silent(self, day: date) -> bool:
        return any(one.covers(day) for one in self.silences)

    def next_reached(self, since: date, *, after: bool, face: bool = False) -> date | None:
        """The first visit after (or from) a day on that reached somebody; ``face``: face to face."""
        for one in self.reached:
            if (one.on > since if after else one.on >= since) and (not face or one.face):
                return one.on
        return None


def gather(facts: CaseDay, policy: Policy, today: date) -> list[Due]:
    """Every duty that the records of a case imply on ``today``, open or ended."""
    course = _Course(facts.known_by(today), policy, today)
    return [
        *_visits(course),
        *_after_visits(course),
        *_face(course),
        *_tries(course),
        *_away(course),
        *_lost(course),
        *_discharges(course),
        *_consents(course),
        *_file(course),
        *_referrals(course),
        *_emergencies(course),
        *_lockups(course),
        *_transfers(course),
        *(due for notice in facts.notices for due in of_notice(notice, policy)),
        *_checkups(course),
        *_monitoring(course),
    ]


# --- visits ---------------------------------------------------------------------------------------


def _planned(course: _Course, began: date, due: date, told: date | None, ended: date | None) -> date | None:
    """The day agreed on, or written on the form as 下次随访日期, if it lies within the term."""
    plan = told if told is not None and began < told <= due else None
    for one in course.facts.attempts:
        if one.on < began or (ended is not None and one.on > ended):
            continue
        if one.next_on is not None and one.next_on > one.on:
            plan = one.next_on
    return plan


def _visits(course: _Course) -> Iterator[Due]:
    """The chain of regular visits: after registration, after each visit, after each silence."""
    facts, policy = course.facts, course.policy
    yield from _first_visit(course)
    for number, (visit, following) in enumerate(zip(course.reached, course.nexts, strict=True)):
        done = course.reached[number + 1].on if number + 1 < len(course.reached) else None
        silent = any(
            one.covers(visit.on) and not (one.lost and one.since == visit.on) for one in course.silences
        )
        if silent or course.stop(visit.on) == visit.on:
            continue
        end, because, rule, calendar = following.on, following.reason, following.rule, following.calendar
        moved = _in_hospital(course, visit.on, end, done)
        if moved is not None:
            end, because, rule, calendar = moved
        if (moved := _paused(course, visit, end, done)) is not None:
            end, because, rule, calendar = moved
        state, ended = _ended(end, done, course.stop(visit.on), DutyState.MISSED)
        high = visit.stability == Stability.UNSTABLE or (visit.risk or 0) >= HIGH_RISK
        yield Due(
            DutyKind.VISIT,
            visit.id,
            visit.on,
            end,
            rule,
            because,
            Urgency.HIGH if high else Urgency.USUAL,
            state,
            ended,
            calendar,
            _planned(course, visit.on, end, visit.next_on, ended),
        )
    for silence in course.silences:
        until = silence.until
        if until is None or silence.found or until > course.today or course.silent(until):
            continue
        done = course.next_reached(until, after=False)
        if done == until:
            continue
        due = deadline(until, policy.first_visit)
        state, ended = _ended(due.on, done, course.stop(until), DutyState.MISSED)
        yield _due(
            DutyKind.VISIT,
            silence.id or facts.case,
            until,
            due,
            f"恢复管理后{followup.words(policy.first_visit)}内须随访",
            Urgency.USUAL,
            state,
            ended,
            _planned(course, until, due.on, None, ended),
        )


def _due(
    kind: DutyKind,
    origin: int,
    began: date,
    end: Deadline,
    because: str,
    urgency: Urgency,
    state: DutyState,
    ended: date | None,
    planned: date | None = None,
) -> Due:
    return Due(kind, origin, began, end.on, end.rule, because, urgency, state, ended, end.calendar, planned)


def _first_visit(course: _Course) -> Iterator[Due]:
    """Face to face in ten working days after registration (GF2018-5.3)."""
    facts, policy = course.facts, course.policy
    began = facts.registered_on
    taken_over = facts.created_on - began > TAKEN_OVER
    if course.silent(began) or (taken_over and course.reached):
        return
    due = deadline(began, policy.first_visit)
    done = course.next_reached(began, after=False, face=True)
    state, ended = _ended(due.on, done, course.stop(began), DutyState.MISSED)
    yield _due(
        DutyKind.FIRST_VISIT,
        facts.case,
        began,
        due,
        f"建档后{followup.words(policy.first_visit)}内须面访",
        Urgency.USUAL,
        state,
        ended,
        _planned(course, began, due.on, None, ended),
    )


Moved = tuple[date, str, str, Calendar]


def _in_hospital(course: _Course, began: date, due: date, done: date | None) -> Moved | None:
    """The term of a visit that a stay in hospital falls into: asked after while it lasts, seen after it."""
    policy = course.policy
    for _key, _value, since, until, _known_on in course.stays:
        if since > due or (until is not None and until <= began) or (done is not None and since > done):
            continue
        if until is None or (done is not None and until > done):
            one = deadline(max(since, began), policy.visit_in_hospital)
            because = f"住院期间，{followup.words(policy.visit_in_hospital)}内了解一次情况"
        else:
            one = deadline(until, policy.discharge_visit)
            because = f"出院后{followup.words(policy.discharge_visit)}内须随访"
        if one.on > due:
            return one.on, because, one.rule, one.calendar
    return None


def _pauses(course: _Course) -> tuple[PauseFact, ...]:
    """The pauses of a case; one without a history of its own is taken to have begun with the last visit."""
    facts = course.facts
    if facts.pauses or facts.pause is None:
        return facts.pauses
    since = course.reached[-1].on if course.reached else facts.registered_on
    return (PauseFact(0, facts.pause, since, facts.paused_until, None),)


def _paused(course: _Course, visit: VisitFact, due: date, done: date | None) -> Moved | None:
    """The term of the next visit while the person is away or in hospital: four times a year.

    A pause that has ended keeps having moved what was due in its time.
    """
    policy = course.policy
    for pause in _pauses(course):
        if pause.since > due or (pause.ended_on is not None and pause.ended_on <= visit.on):
            continue
        if done is not None and (pause.id == 0 or pause.since > done):
            continue
        if pause.kind == Pause.AWAY and visit.stability == Stability.UNSTABLE:
            continue  # somebody unstable who is away is asked after all the more
        one = deadline(visit.on, policy.visit_in_hospital)
        why = "住院" if pause.kind == Pause.IN_HOSPITAL else "外出"
        because = f"{why}期间按每{followup.words(policy.visit_in_hospital)}了解一次"
        until = pause.ended_on or pause.planned_until
        if until is not None:
            back = deadline(until, policy.discharge_visit)
            if back.on < one.on:
                one = back
                because = f"{why}至{until:%m-%d}，其后{followup.words(policy.discharge_visit)}内随访"
        if one.on > due:
            return one.on, because, one.rule, one.calendar
    return None


def _away(course: _Course) -> Iterator[Due]:
    """Somebody who is away is called once before the planned return, and at the latest after three months."""
    policy = course.policy
    for pause in course.facts.pauses:
        if pause.kind != Pause.AWAY or course.silent(pause.since):
            continue
        end = deadline(pause.since, policy.visit_in_hospital)
        if pause.planned_until is not None and pause.planned_until < end.on:
            end = Deadline(pause.planned_until, end.calendar, end.rule)
        answered = (one.on for one in course.facts.attempts if one.result != AttemptResult.NOT_REACHED)
        met = course.next_reached(pause.since, after=True)
        done = _first([met, pause.ended_on, *answered], pause.since + timedelta(1))
        state, ended = _ended(end.on, done, course.stop(pause.since), DutyState.MISSED)
        because = f"{pause.since:%m-%d} 起外出，{end.on:%m-%d} 前电话了解一次"
        yield _due(DutyKind.AWAY_CALL, pause.id, pause.since, end, because, Urgency.USUAL, state, ended)


def _face(course: _Course) -> Iterator[Due]:
    """Face to face after two telephone calls without the patient (FU-C10)."""
    policy = course.policy
    begun: tuple[VisitFact, date] | None = None
    for number, visit in enumerate(course.reached):
        if begun is not None and visit.face:
            yield _face_due(course, *begun, visit.on)
            begun = None
        elif begun is None and followup.needs_face(_row(course.reached, number), policy) == visit:
            begun = visit, course.nexts[number].on
    if begun is not None:
        yield _face_due(course, *begun, None)


def _row(visits: Sequence[VisitFact], last: int) -> Sequence[VisitFact]:
    """The visits up to ``last`` since the one before that was face to face."""
    first = last
    while first > 0 and not visits[first - 1].face:
        first -= 1
    return visits[first : last + 1]


def _face_due(course: _Course, visit: VisitFact, due: date, done: date | None) -> Due:
    policy = course.policy
    state, ended = _ended(due, done, course.stop(visit.on), DutyState.MISSED)
    return Due(
        DutyKind.FACE_VISIT,
        visit.id,
        visit.on,
        due,
        policy.phone_visits.rule,
        f"连续{followup.words(policy.phone_visits).replace('个', '')}电话随访未与本人通话，下次应面访",
        Urgency.USUAL,
        state,
        ended,
    )


# --- what a visit brings --------------------------------------------------------------------------


def _after_visits(course: _Course) -> Iterator[Due]:
    """Referral, police, second opinion, the psychiatrist: what the finding of a visit asks for at once."""
    policy, facts = course.policy, course.facts
    told = {one.visit_id for one in facts.referrals}
    up = [one.advised_on for one in facts.referrals if one.direction == Direction.UP]
    before: VisitFact | None = None
    run = 0
    dangerous = False
    for number, visit in enumerate(course.reached):
        following = course.reached[number + 1].on if number + 1 < len(course.reached) else None
        stop = min((day for day in (following, course.stop(visit.on)) if day is not None), default=None)
        # A file that was taken over says nothing of what was done besides.
        lapse = DutyState.MISSED if visit.own else DutyState.VOID
        fresh = _is_fresh(course, number)
        if visit.stability == Stability.UNSTABLE and visit.hospital != HospitalState.NOW:
            yield from (one for one in _refer(course, visit, up, stop, lapse) if fresh or not one.is_open)
        if visit.referred == YesNo.YES and visit.id not in told:
            end = deadline(visit.on, policy.referral_result)
            state, ended = _ended(end.on, following, course.stop(visit.on), DutyState.MISSED)
            because = f"转诊后{followup.words(policy.referral_result)}内了解结果"
            if fresh or state is not DutyState.OPEN:
                yield _due(
                    DutyKind.REFERRAL_RESULT, visit.id, visit.on, end, because, Urgency.NOW, state, ended
                )
        high = (visit.risk or 0) >= HIGH_RISK
        if high and not dangerous and fresh:
            yield _police(course, visit, number, lapse)
        dangerous = high and (dangerous or fresh)
        if visit.own and _lowered(before, visit):
            end = deadline(visit.on, policy.second_opinion)
            # Another visit is no second person: only a level that is high again leaves nothing to agree to.
            raised = _next_high(course.reached[number + 1 :])
            over = min((day for day in (raised, course.stop(visit.on)) if day is not None), default=None)
            state, ended = _ended(end.on, visit.confirmed_on, over, lapse)
            because = "危险性由3级以上下调，须第二人复核"
            yield _due(DutyKind.SECOND_OPINION, visit.id, visit.on, end, because, Urgency.NOW, state, ended)
        run = run + 1 if visit.stability == Stability.BASIC else 0
        if run == 1 + 1:
            yield from _psychiatrist(course, visit, up, stop, lapse)
        # A visit without a level lowers nothing; the level before it still stands.
        before = visit if visit.risk is not None else before


def _is_fresh(course: _Course, number: int) -> bool:
    """Whether a finding was known here while it still told how somebody is: before the next visit was due.

    A history that was taken over says nothing of what was done at once years ago. Only what it tells of the
    present asks for something immediate now.
    """
    known_on = course.reached[number].known_on
    return known_on is None or known_on <= course.nexts[number].on


def _refer(
    course: _Course, visit: VisitFact, up: Sequence[date], stop: date | None, lapse: DutyState
) -> Iterator[Due]:
    """Refer at once (GW2017-7.10); a visit that says so itself has done it."""
    end = deadline(visit.on, course.policy.refer)
    told = YesNo.YES in (visit.referral_advised, visit.referred)
    done = visit.on if told else _first(up, visit.on)
    state, ended = _ended(end.on, done, stop, lapse)
    yield _due(DutyKind.REFER, visit.id, visit.on, end, "病情不稳定，须立即转诊", Urgency.NOW, state, ended)


def _lowered(before: VisitFact | None, now: VisitFact) -> bool:
    return needs_second(before.risk if before is not None else None, now.risk, now.peak)


def _next_high(visits: Sequence[VisitFact]) -> date | None:
    return next((one.on for one in visits if (one.risk or 0) >= HIGH_RISK), None)


def _police(course: _Course, visit: VisitFact, number: int, lapse: DutyState) -> Due:
    """Danger level 3 and above is told to the police (GF2018-10.3), once for each time it is reached."""
    facts = course.facts
    end = deadline(visit.on, course.policy.tell_police)
    done = _first([facts.settled.get((DutyKind.TELL_POLICE, visit.id)), *facts.police_told], visit.on)
    lower = next(
        (one.on for one in course.reached[number + 1 :] if one.risk is not None and one.risk < HIGH_RISK),
        None,
    )
    left = course.stop(visit.on, lost=False)
    stop = min((day for day in (lower, left) if day is not None), default=None)
    state, ended = _ended(end.on, done, stop, lapse)
    because = f"危险性{visit.risk}级，须通报公安"
    return _due(DutyKind.TELL_POLICE, visit.id, visit.on, end, because, Urgency.NOW, state, ended)


def _psychiatrist(
    course: _Course, visit: VisitFact, up: Sequence[date], stop: date | None, lapse: DutyState
) -> Iterator[Due]:
    """The second step of 基本稳定 asks for a psychiatrist's guidance (GW2017-7.11) before the next visit."""
    if not visit.own:
        return
    end = deadline(visit.on, course.policy.visit_basic_again)
    told = YesNo.YES in (visit.referral_advised, visit.referred)
    settled = course.facts.settled.get((DutyKind.PSYCHIATRIST, visit.id))
    done = visit.on if told else _first([settled, *up], visit.on)
    state, ended = _ended(end.on, done, stop, lapse)
    because = "2周复查仍未稳定，请精神科医师指导"
    yield _due(DutyKind.PSYCHIATRIST, visit.id, visit.on, end, because, Urgency.USUAL, state, ended)


# --- attempts and loss ----------------------------------------------------------------------------


def _failures(course: _Course) -> list[AttemptFact]:
    """Attempts and visits that reached nobody, oldest first."""
    failed = [
        AttemptFact(one.id, one.on, int(AttemptResult.NOT_REACHED), one.next_on)
        for one in course.facts.visits
        if not one.reached
    ]
    return sorted([*course.facts.attempts, *failed], key=lambda one: (one.on, one.id))


def _tries(course: _Course) -> Iterator[Due]:
    """Try again in two weeks after nobody was met (GF2018-8.2); call somebody who is away; a death told."""
    policy, facts = course.policy, course.facts
    tries = _failures(course)
    if not tries:
        return
    for number, one in enumerate(tries):
        following = next((other.on for other in tries[number + 1 :] if other.on > one.on), None)
        met = course.next_reached(one.on, after=False)
        if one.result in (AttemptResult.NOT_REACHED, AttemptResult.AWAY) and not course.silent(one.on):
            if number + 1 < len(tries) and tries[number + 1].on == one.on:
                continue  # only the last of a day counts
            end = deadline(one.on, policy.retry_visit)
            done = min((day for day in (following, met) if day is not None), default=None)
            if done == one.on:
                continue
            state, ended = _ended(end.on, done, course.stop(one.on), DutyState.MISSED)
            away = one.result == AttemptResult.AWAY
            because = "外出，" if away else "未访到，"
            yield _due(
                DutyKind.AWAY_CALL if away else DutyKind.RETRY_VISIT,
                one.id,
                one.on,
                end,
                f"{because}{followup.words(policy.retry_visit)}内再联系",
                Urgency.USUAL,
                state,
                ended,
                one.next_on if one.next_on is not None and one.next_on > one.on else None,
            )
        elif one.result == AttemptResult.DEATH_TOLD:
            end = deadline(one.on, policy.death_confirm)
            dead = facts.lifecycle == Lifecycle.DEAD
            done = max(facts.lifecycle_known_on or one.on, one.on) if dead else None
            # A record of the same day may be the very one that told of it.
            seen_later = course.next_reached(one.on, after=True)
            state, ended = _ended(end.on, done, seen_later, DutyState.VOID)
            yield _due(
                DutyKind.DEATH_CONFIRM,
                one.id,
                one.on,
                end,
                "有人告知死亡，须核实后登记",
                Urgency.HIGH,
                state,
                ended,
            )


def _lost(course: _Course) -> Iterator[Due]:
    """失访: propose, confirm, report in writing, go on searching (GF2018-8.2, -8.3, -8.4, REC-8.7, -8.8)."""
    yield from _proposals(course)
    policy, facts = course.policy, course.facts
    tries = _failures(course)
    for silence in course.silences:
        if not silence.lost:
            continue
        since, until = silence.since, silence.until
        left = course.stop(since, lost=False)
        stop = min((day for day in (until, left) if day is not None), default=None)
        # A loss that is older than the file itself was taken over; what was done at once then is not told.
        fresh = deadline(since, policy.lost_confirm).on >= facts.created_on
        last = next((one for one in reversed(course.reached) if one.on <= since), None)
        grave = last is not None and (last.stability == Stability.UNSTABLE or (last.risk or 0) >= HIGH_RISK)
        if fresh and grave:
            end = deadline(since, policy.tell_police_left)
            done = _first([facts.settled.get((DutyKind.TELL_POLICE, silence.id)), *facts.police_told], since)
            state, ended = _ended(end.on, done, stop, DutyState.VOID)
            because = "不稳定或危险性3级以上而失访，须通报公安"
            yield _due(DutyKind.TELL_POLICE, silence.id, since, end, because, Urgency.NOW, state, ended)
        end = deadline(since, policy.lost_notice)
        done = _first([facts.settled.get((DutyKind.LOST_NOTICE, silence.id))], since)
        state, ended = _ended(end.on, done, stop, DutyState.VOID)
        because = "失访须书面报告综合管理小组并报上级"
        yield _due(DutyKind.LOST_NOTICE, silence.id, since, end, because, Urgency.SEARCH, state, ended)
        yield from _searches(course, silence, stop, tries)


def _searches(
    course: _Course, silence: Silence, stop: date | None, tries: Sequence[AttemptFact]
) -> Iterator[Due]:
    """Each try to find somebody begins the next three months (REC-8.7)."""
    days = [(silence.id, silence.since)]
    for one in tries:
        if one.on > days[-1][1] and silence.covers(one.on):
            days.append((one.id, one.on))
    for number, (origin, began) in enumerate(days):
        end = deadline(began, course.policy.lost_search)
        done = days[number + 1][1] if number + 1 < len(days) else None
        # Being found is what the search was for.
        found = silence.until if done is None and stop is not None and stop == silence.until else None
        state, ended = _ended(end.on, done or found, stop, DutyState.VOID)
        because = f"失访者每{followup.words(course.policy.lost_search)}至少查找一次"
        yield _due(DutyKind.LOST_SEARCH, origin, began, end, because, Urgency.SEARCH, state, ended)


def _proposals(course: _Course) -> Iterator[Due]:
    """失访 proposed by three failures, or told on the form; ended by confirming or by meeting the person."""
    policy = course.policy
    tries = _failures(course)
    reasons = {one.id: one.loss_reason for one in course.facts.visits if not one.reached}
    days = [one.on for one in course.reached]
    since = 0
    row: list[AttemptFact] = []
    proposed = False
    for one in tries:
        while since < len(days) and days[since] <= one.on:
            since += 1
            row, proposed = [], False
        if course.silent(one.on) and not any(silence.since == one.on for silence in course.silences):
            row, proposed = [], False
            continue
        row.append(one)
        if proposed:
            continue
        told = reasons.get(one.id)
        found = followup.lost_proposed(row, policy)
        if found is None and (told is None or told == LossReason.OTHER):
            continue
        proposed = True
        because = (
            f"{len(found.failed)}次未访到，首末相隔{found.days}天，请确认是否失访"
            if found is not None
            else f"随访记录填了“{LossReason.read(told).label}”，请确认是否失访"
        )
        end = deadline(one.on, policy.lost_confirm)
        confirmed = next(
            (
                max(lost.known_on or lost.since, one.on)
                for lost in course.silences
                if lost.lost and lost.since >= one.on
            ),
            None,
        )
        already = any(lost.lost and lost.covers(one.on) for lost in course.silences)
        met = course.next_reached(one.on, after=True)
        stop = min((day for day in (met, course.stop(one.on, lost=False)) if day is not None), default=None)
        state, ended = _ended(end.on, one.on if already else confirmed, stop, DutyState.VOID)
        yield _due(DutyKind.LOST_CONFIRM, one.id, one.on, end, because, Urgency.HIGH, state, ended)


# --- discharge, consent, file ---------------------------------------------------------------------


def _discharges(course: _Course) -> Iterator[Due]:
    """Face to face in ten working days after the notice of discharge came (GF2018-5.3)."""
    policy = course.policy
    because = f"出院后{followup.words(policy.discharge_visit)}内须面访"
    begun = [
        (one.id, one.accepted_on or one.forwarded_on or one.received_on)
        for one in course.facts.notices
        if one.kind == NoticeKind.DISCHARGE and one.state not in (NoticeState.RETURNED, NoticeState.CORRECTED)
    ]
    begun += [(one.id, one.until) for one in course.stays if one.until is not None]
    for origin, began in begun:
        if began > course.today or course.silent(began):
            continue
        end = deadline(began, policy.discharge_visit)
        done = course.next_reached(began, after=False, face=True)
        state, ended = _ended(end.on, done, course.stop(began), DutyState.MISSED)
        yield _due(DutyKind.DISCHARGE_VISIT, origin, began, end, because, Urgency.HIGH, state, ended)


def _consents(course: _Course) -> Iterator[Due]:
    """Ask for consent on registering, and again every year after a refusal (GF2018-4.1, GF2018-4.3)."""
    facts, policy = course.facts, course.policy
    if facts.article30:
        return
    answers = [(one, one.on or facts.registered_on) for one in facts.consents]
    if not answers and facts.consent is None:
        end = deadline(facts.registered_on, policy.consent_ask)
        state, ended = _ended(end.on, None, course.left, DutyState.MISSED)
        because = "六类病种须征求知情同意后纳入管理"
        yield _due(
            DutyKind.CONSENT_ASK, facts.case, facts.registered_on, end, because, Urgency.USUAL, state, ended
        )
    for number, (one, on) in enumerate(answers):
        if one.answer != ConsentAnswer.REFUSED:
            continue
        end = deadline(on, policy.consent_again)
        done = answers[number + 1][1] if number + 1 < len(answers) else None
        state, ended = _ended(end.on, done, course.left, DutyState.MISSED)
        because = f"不同意参加管理，{followup.words(policy.consent_again)}后再征求一次"
        yield _due(DutyKind.CONSENT_REASK, one.id, on, end, because, Urgency.USUAL, state, ended)


def _file(course: _Course) -> Iterator[Due]:
    """The supplement and full assessment that go with taking somebody in (GW2017-5.1)."""
    facts = course.facts
    if facts.supplemented:
        return
    end = deadline(facts.registered_on, course.policy.file_entry)
    state, ended = _ended(end.on, None, course.left, DutyState.VOID)
    because = "建档时先登记了基本信息，须补全个人信息补充表"
    yield _due(
        DutyKind.ASSESSMENT, facts.case, facts.registered_on, end, because, Urgency.USUAL, state, ended
    )


# --- events ---------------------------------------------------------------------------------------


def _referrals(course: _Course) -> Iterator[Due]:
    """What became of a referral is learned within two weeks (GW2017-7.10)."""
    policy = course.policy
    for one in course.facts.referrals:
        if one.sent_on is None or one.direction != Direction.UP:
            continue
        end = deadline(one.sent_on, policy.referral_result)
        done = _first([one.result_on, one.back_on], one.sent_on)
        dropped = one.state in (ReferralState.CANCELLED, ReferralState.DECLINED)
        stop = (one.answered_on or one.sent_on) if dropped else course.left
        if stop is not None and stop < one.sent_on:
            continue
        state, ended = _ended(end.on, done, stop, DutyState.VOID)
        because = f"转诊后{followup.words(policy.referral_result)}内了解结果"
        yield _due(DutyKind.REFERRAL_RESULT, one.id, one.sent_on, end, because, Urgency.NOW, state, ended)


def _emergencies(course: _Course) -> Iterator[Due]:
    """The record in 24 hours, its upload in five working days, a visit in two weeks (GF2018-10.5)."""
    policy = course.policy
    for one in course.facts.emergencies:
        if one.ended_on is not None and one.ended_at is not None:
            at = one.ended_at + timedelta(hours=policy.emergency_record.value)
            due = one.ended_on + timedelta(hours=policy.emergency_record.value)
            state, ended = _ended(due, one.recorded_on, None, DutyState.MISSED)
            because = f"应急处置后{followup.words(policy.emergency_record)}内填写记录单"
            yield Due(
                DutyKind.EMERGENCY_RECORD,
                one.id,
                one.ended_on,
                due,
                policy.emergency_record.rule,
                because,
                Urgency.NOW,
                state,
                ended,
                Calendar.HOURS,
                due_at=at,
            )
            end = deadline(one.ended_on, policy.emergency_upload)
            state, ended = _ended(end.on, one.uploaded_on, None, DutyState.MISSED)
            because = f"应急处置记录{followup.words(policy.emergency_upload)}内上报"
            yield _due(
                DutyKind.EMERGENCY_UPLOAD, one.id, one.ended_on, end, because, Urgency.HIGH, state, ended
            )
        if course.silent(one.on) and course.left is not None:
            continue
        # It may go on past midnight: the two weeks run from its end, and what is seen until then is still it.
        since = one.ended_on or one.on
        end = deadline(since, policy.emergency_visit)
        done = course.next_reached(since, after=True)
        state, ended = _ended(end.on, done, course.left and max(course.left, since), DutyState.MISSED)
        because = f"应急处置后{followup.words(policy.emergency_visit)}内随访"
        yield _due(DutyKind.EMERGENCY_VISIT, one.id, since, end, because, Urgency.NOW, state, ended)


def _lockups(course: _Course) -> Iterator[Due]:
    """A lock-up ends with a release alone; until then its plan is looked at every month (REC-9.7)."""
    policy = course.policy
    for one in course.facts.lockups:
        end = deadline(one.known_on, policy.unlock)
        state, ended = _ended(
            end.on, one.released_on, course.left and max(course.left, one.known_on), DutyState.MISSED
        )
        yield _due(
            DutyKind.UNLOCK,
            one.id,
            one.known_on,
            end,
            "关锁未解除，以解锁记录结案",
            Urgency.HIGH,
            state,
            ended,
        )


def _transfers(course: _Course) -> Iterator[Due]:
    for one in course.facts.transfers:
        yield from of_transfer(
            one, course.policy, course.today, course.facts.settled.get((DutyKind.TRANSFER_COUNTY, one.id))
        )


def of_transfer(one: TransferFact, policy: Policy, today: date, told: date | None = None) -> Iterator[Due]:
    """A side answers in five working days; a sender without an answer tells the county (GF2018-8.5)."""
    end = deadline(one.asked_on, policy.transfer_answer)
    gone = one.answered_on if one.state == TransferState.WITHDRAWN else None
    answers = one.side == TransferSide.RECEIVER and not one.asked_by_receiver
    answers = answers or (one.side == TransferSide.SENDER and one.asked_by_receiver)
    if answers:
        answered = None if gone is not None else one.answered_on
        state, ended = _ended(end.on, answered, gone, DutyState.VOID)
        if one.state == TransferState.WITHDRAWN and gone is None:
            state, ended = DutyState.VOID, end.on
        because = f"迁移申请{followup.words(policy.transfer_answer)}内答复"
        yield _due(DutyKind.TRANSFER_ANSWER, one.id, one.asked_on, end, because, Urgency.USUAL, state, ended)
        return
    waited = one.answered_on is None or one.answered_on > end.on
    if one.side == TransferSide.SENDER and today > end.on and waited and one.state != TransferState.WITHDRAWN:
        late = Deadline(end.on + timedelta(1), end.calendar, end.rule)
        done = _first([one.county_asked_on, told], one.asked_on)
        state, ended = _ended(late.on, done, one.answered_on, DutyState.VOID)
        because = f"迁出{followup.words(policy.transfer_answer)}未获答复，报县级协调；未接收前仍由本单位负责"
        yield _due(DutyKind.TRANSFER_COUNTY, one.id, end.on, late, because, Urgency.HIGH, state, ended)


def of_rights(one: RightsFact, policy: Policy) -> Iterator[Due]:
    """What a patient or guardian asks for about the own data is answered in time (REC-RIGHTS-1)."""
    end = replace(deadline(one.asked_on, policy.rights_answer), on=one.due_on)
    taken_back = one.closed_on if one.state == RequestState.CANCELLED else None
    state, ended = _ended(end.on, None if taken_back else one.closed_on, taken_back, DutyState.VOID)
    what = RequestKind.read(one.kind).label
    second = "，待另一名医生复核" if one.state == RequestState.REVIEW else ""
    because = f"权利申请“{what}”{followup.words(policy.rights_answer)}内答复{second}"
    yield _due(DutyKind.RIGHTS_ANSWER, one.id, one.asked_on, end, because, Urgency.USUAL, state, ended)


def of_receiver(one: NoticeDueFact, policy: Policy) -> Iterator[Due]:
    """Who received what was corrected, withdrawn or has left is told of it in time (REC-RIGHTS-2)."""
    end = deadline(one.raised_on, policy.receiver_notice)
    state, ended = _ended(end.on, one.told_on, None, DutyState.VOID)
    what = NoticeCause.read(one.cause).label
    because = f"{what}，{followup.words(policy.receiver_notice)}内告知曾接收的部门"
    yield _due(DutyKind.RECEIVER_NOTICE, one.id, one.raised_on, end, because, Urgency.HIGH, state, ended)


def of_rehab(one: RehabFact, policy: Policy) -> Iterator[Due]:
    """A wish for rehabilitation is checked and registered, then referred (REHAB-REF-1, REHAB-REF-2)."""
    check = deadline(one.applied_on, policy.rehab_check)
    done = one.checked_on or one.referred_on
    state, ended = _ended(check.on, done, one.over_on, DutyState.MISSED)
    because = f"康复转介申请{followup.words(policy.rehab_check)}内核对登记"
    yield _due(DutyKind.REHAB_CHECK, one.id, one.applied_on, check, because, Urgency.HIGH, state, ended)
    if one.checked_on is not None:
        refer = deadline(one.checked_on, policy.rehab_refer)
        state, ended = _ended(refer.on, one.referred_on, one.over_on, DutyState.MISSED)
        because = f"核对登记后{followup.words(policy.rehab_refer)}内转介到康复机构"
        yield _due(DutyKind.REHAB_REFER, one.id, one.checked_on, refer, because, Urgency.HIGH, state, ended)


def of_notice(one: NoticeFact, policy: Policy) -> Iterator[Due]:
    """What a hospital told is entered, passed on, accepted, filed (FB2013-3.4, GF2018-3.7, GF2018-5.2).

    What a township has returned is the county's to pass on anew.
    """
    if one.state == NoticeState.RETURNED and one.ended_on is not None:
        end = deadline(one.ended_on, policy.notice_forward)
        because = f"退回的告知单{followup.words(policy.notice_forward)}内改转"
        yield _due(
            DutyKind.NOTICE_FORWARD,
            one.id,
            one.ended_on,
            end,
            because,
            Urgency.USUAL,
            DutyState.OPEN,
            None,
        )
        return
    corrected = one.ended_on if one.state == NoticeState.CORRECTED else None
    if one.kind == NoticeKind.ONSET:
        end = deadline(one.received_on, policy.notice_entry)
        done = one.forwarded_on or one.accepted_on or (None if corrected else one.ended_on)
        state, ended = _ended(end.on, done, corrected, DutyState.VOID)
        because = f"收到报告卡后{followup.words(policy.notice_entry)}内录入"
        yield _due(DutyKind.NOTICE_ENTRY, one.id, one.received_on, end, because, Urgency.USUAL, state, ended)
    else:
        end = deadline(one.received_on, policy.notice_forward)
        done = one.forwarded_on or one.accepted_on
        state, ended = _ended(end.on, done, corrected, DutyState.VOID)
        because = f"收到出院信息单后{followup.words(policy.notice_forward)}内转基层"
        yield _due(
            DutyKind.NOTICE_FORWARD, one.id, one.received_on, end, because, Urgency.USUAL, state, ended
        )
    if one.forwarded_on is not None:
        end = deadline(one.forwarded_on, policy.notice_accept)
        state, ended = _ended(end.on, one.accepted_on, corrected, DutyState.VOID)
        because = f"转来的告知单{followup.words(policy.notice_accept)}内接收"
        yield _due(
            DutyKind.NOTICE_ACCEPT, one.id, one.forwarded_on, end, because, Urgency.USUAL, state, ended
        )
    if one.accepted_on is not None:
        filed = one.ended_on if one.state == NoticeState.REGISTERED else None
        yield _entry(one.id, one.accepted_on, filed, corrected, "接收告知单", policy)


def _entry(
    origin: int, began: date, filed: date | None, corrected: date | None, after: str, policy: Policy
) -> Due:
    """Whoever is newly confirmed or discharged has a file in ten working days (GF2018-5.2)."""
    end = deadline(began, policy.file_entry)
    state, ended = _ended(end.on, filed, corrected, DutyState.VOID)
    because = f"{after}后{followup.words(policy.file_entry)}内建档录入"
    return _due(DutyKind.FILE_ENTRY, origin, began, end, because, Urgency.USUAL, state, ended)


def of_partner(one: PartnerFact, policy: Policy) -> Iterator[Due]:
    """A report of another department is checked and answered, its answer to a task dealt with (REC-LIA-3)."""
    parameter = policy.liaison_urgent if one.urgent else policy.liaison_report
    end = deadline(one.came_on, parameter)
    state, ended = _ended(end.on, one.ended_on, None, DutyState.VOID)
    kind = DutyKind.PARTNER_TASK if one.task else DutyKind.PARTNER_REPORT
    told = "已答复协查，请查看并办结" if one.task else f"报送的情况{followup.words(parameter)}内核实答复"
    urgency = Urgency.NOW if one.urgent else Urgency.HIGH
    yield _due(kind, one.id, one.came_on, end, f"{one.from_whom}{told}", urgency, state, ended)


def of_clue(one: ClueFact, policy: Policy) -> Iterator[Due]:
    """A clue is verified, looked at again on its day (REC-2.8), and a file once it is confirmed."""
    end = deadline(one.found_on, policy.clue_verify)
    done = one.verified_on or one.decided_on
    state, ended = _ended(end.on, done, None, DutyState.VOID)
    if one.state == ClueState.NEW or done is not None:
        because = f"线索登记后{followup.words(policy.clue_verify)}内核实"
        yield _due(DutyKind.CLUE_VERIFY, one.id, one.found_on, end, because, Urgency.USUAL, state, ended)
    if one.state == ClueState.PENDING and one.review_on is not None:
        began = one.verified_on or one.found_on
        again = Deadline(one.review_on, Calendar.CALENDAR, policy.clue_verify.rule)
        yield _due(
            DutyKind.CLUE_REVIEW,
            one.id,
            began,
            again,
            "待核查线索到期复查",
            Urgency.USUAL,
            DutyState.OPEN,
            None,
        )
    if one.state == ClueState.CONFIRMED and one.decided_on is not None:
        yield _entry(one.id, one.decided_on, one.filed_on, None, "确诊", policy)


def _checkups(course: _Course) -> Iterator[Due]:
    """Once in a calendar year (GW2017-14.1); whoever came late in a year is asked from the next one on."""
    facts, grace = course.facts, course.policy.checkup_grace
    for year in (course.today.year - 1, course.today.year):
        began, end = max(date(year, 1, 1), facts.registered_on), date(year, DECEMBER, LAST)
        if months_after(began, grace.value) > end or course.silent(began):
            continue
        done = next((day for day in facts.checkups if began <= day <= end), None)
        stop = course.stop(began)
        over = date(year + 1, 1, 1) if course.today > end else None
        stop = min((day for day in (stop, over) if day is not None), default=None)
        state, ended = _ended(end, done, stop, DutyState.MISSED)
        if ended is not None and ended == over:
            ended = end  # missed with the last day of its year
        yield Due(
            DutyKind.CHECKUP,
            year,
            began,
            end,
            grace.rule,
            f"{year}年健康体检（须征得同意）",
            Urgency.USUAL,
            state,
            ended,
        )


# --- tests of drugs -------------------------------------------------------------------------------

#: Keeps the rounds of two groups of tests apart: their origin is the group and a day.
GROUP = 10**7


def _monitoring(course: _Course) -> Iterator[Due]:
    """Tests that drugs ask for, and values that ask for a specialist; nothing for whoever takes none."""
    facts, today = course.facts, course.today
    drugs = monitoring.taken(facts)
    if not drugs:
        return
    results = [one for one in facts.results if one.on <= today]
    for one in monitoring.rounds(drugs, results, today, facts.sex):
        yield _round(course, one)
    for number, result in enumerate(results):
        alert = next(iter(monitoring.of_value(drugs, result, facts.sex)), None)
        if alert is None or alert.weight is not monitoring.Weight.STOP:
            continue
        known_on = max(result.on, result.known_on or result.on)
        newer = [one.on for one in results[number + 1 :] if one.test == result.test and one.on > result.on]
        if result.handled_on is None and any(on < known_on for on in newer):
            continue  # taken over with a newer value: the newer one says how it is
        state, ended = _ended(
            known_on, result.handled_on, course.stop(known_on, lost=False), DutyState.MISSED
        )
        yield Due(
            DutyKind.CRITICAL_VALUE,
            result.id,
            result.on,
            known_on,
            alert.rule,
            alert.text[:LONGEST],
            Urgency.NOW,
            state,
            ended,
        )


#: As long as a reason may be.
LONGEST = 120


def _round(course: _Course, one: monitoring.Round) -> Due:
    """A round of tests; not asked for while somebody is lost, has refused, or is in hospital."""
    facts, today = course.facts, course.today
    away = [(stay.since, stay.until) for stay in course.stays]
    away += [ward for ward in facts.wards if ward not in away]
    away += [(silence.since, silence.until) for silence in course.silences]
    if facts.pause == Pause.IN_HOSPITAL and not any(until is None for _, until in away):
        away.append((today, None))
    due, stop = one.due, one.stop
    for since, until in away:
        if until is None or until > today:
            if one.done is None:
                gone = max(since, one.began)
                stop = gone if stop is None else min(stop, gone)
        elif until > one.began and since <= due and (one.done is None or until <= one.done):
            due = max(due, until)
    state, ended = _ended(due, one.done, stop, DutyState.VOID)
    because = f"{'、'.join(one.items)}（{one.reason}）"
    if one.beyond and state is DutyState.OPEN:
        because += "，已超过最长间隔"
    return Due(
        DutyKind.MONITORING,
        one.number * GROUP + one.state.toordinal(),
        one.began,
        due,
        one.rule,
        because[:LONGEST],
        Urgency.HIGH if one.beyond else Urgency.USUAL,
        state,
        ended,
    )
