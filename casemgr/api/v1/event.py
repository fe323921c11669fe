"""事件: attempts, dangerous acts and lock-ups of one person, and whom to call."""

from __future__ import annotations

from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter
from casemgr.api.sending import Kept, Outcome, Sending, done, keep
from casemgr.rules.access import Access, Action
from casemgr.services import clock, contact, event, followup, incident
from casemgr.services.event import CaseEvents
from casemgr.services.incident import AddedMeasures, IncidentEntry
from casemgr.services.register import purpose_of
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.emergency import ContactKind
from casemgr.terms.incident import DangerousAct, IncidentMeasure, ReleaseProof
from casemgr.terms.purpose import Purpose

chapter = Chapter("事件")


class Incident(f.Shape):
    """One dangerous act; ``done`` in words, ``by_visit``: told by a visit of that day."""

    id = f.key("id")
    on = f.day()
    kind = f.coded()
    done = f.text()
    police_told_on = f.day(allow_none=True)
    by_visit = f.flag()


class LockUp(f.Shape):
    """One lock-up; without ``released_on`` it goes on."""

    id = f.key("id")
    known_on = f.day()
    released_on = f.day(allow_none=True)
    verified = f.coded()


class EmergencyLine(f.Shape):
    """One emergency; running as long as it has no end."""

    id = f.key("id")
    reported_at = f.moment()
    ended_at = f.moment(allow_none=True)
    causes = f.text()
    effect = f.coded()
    stay = f.coded()
    recorded_on = f.day(allow_none=True)
    uploaded_on = f.day(allow_none=True)


class ReferralLine(f.Shape):
    """One referral in short; ``open``: something is still awaited."""

    id = f.key("id")
    direction = f.coded()
    state = f.coded()
    advised_on = f.day()
    sent_on = f.day(allow_none=True)
    result_on = f.day(allow_none=True)
    open = f.flag()


class Attempt(f.Shape):
    """One attempt to reach the person."""

    id = f.key("id")
    on = f.day()
    way = f.coded()
    result = f.coded()
    next_on = f.day(allow_none=True)
    undone = f.flag()


class TransferLine(f.Shape):
    """One transfer of the file."""

    id = f.key("id")
    side = f.coded()
    state = f.coded()
    asked_on = f.day()
    answered_on = f.day(allow_none=True)


class Events(f.Shape):
    """Everything that happened beside the visits; nothing in it is free text."""

    incidents = f.many(Incident)
    lock_ups = f.many(LockUp)
    emergencies = f.many(EmergencyLine)
    referrals = f.many(ReferralLine)
    attempts = f.many(Attempt)
    transfers = f.many(TransferLine)
    pause = f.coded()
    paused_until = f.day(allow_none=True)


class EventWhy(f.Strict):
    """The purpose of opening; it is written into the audit."""

    purpose = f.Choice(Purpose, required=True)


class EventText(f.Shape):
    """One opened note."""

    on = f.day()
    what = f.text()
    text = f.text()


class EventTexts(f.Shape):
    """The notes of events and attempts, latest first."""

    items = f.many(EventText)


class ContactLine(f.Shape):
    """One institution to call; ``status`` UNVERIFIED stands for 待核对."""

    kind = f.coded()
    name = f.text()
    phone = f.text()
    status = f.text()


class Contacts(f.Shape):
    """Whom to call for one person, nearest first."""

    items = f.many(ContactLine)


class AttemptIn(Sending):
    """One attempt to reach somebody; it is no visit."""

    result = f.Choice(AttemptResult, required=True)
    way = f.Choice(AttemptWay, load_default=None)
    next_on = f.Day(load_default=None)
    note = f.Prose(longest=followup.LONGEST_NOTE, load_default="")


class IncidentIn(Sending):
    """One dangerous act and what was done; ``reason`` answers what was questioned."""

    on = f.Day(required=True)
    kind = f.Choice(DangerousAct, required=True)
    done = f.Choices(IncidentMeasure)
    police_told_on = f.Day(load_default=None)
    others_hurt = f.Flag(load_default=None, allow_none=True)
    note = f.Prose(longest=1000, load_default="")
    reason = f.Prose(longest=300, load_default="")


class MeasuresIn(Sending):
    """What was done later about an act."""

    done = f.Choices(IncidentMeasure)
    police_told_on = f.Day(load_default=None)


class LockUpIn(Sending):
    """Somebody is locked up; with the plan for the release."""

    known_on = f.Day(required=True)
    plan = f.Prose(required=True, longest=1000)
    note = f.Prose(longest=1000, load_default="")


class ReleaseIn(Sending):
    """The release: its day, how it was verified, and what was seen."""

    released_on = f.Day(required=True)
    verified = f.Choice(ReleaseProof, required=True)
    note = f.Prose(required=True, longest=1000)


@chapter.get("/cases/{case_id}/events", action=Action.CASE_READ, answer=Events)
def list_(access: Access, asked: Asked) -> CaseEvents:
    """一份档案的联系、事件、关锁、应急、转诊和迁移，不含文字说明."""
    return event.of_case(access, asked.path["case_id"], clock.today())


@chapter.post(
    "/cases/{case_id}/events/reveal", action=Action.IDENTITY_REVEAL, body=EventWhy, answer=EventTexts
)
def reveal(access: Access, asked: Asked) -> dict[str, Any]:
    """查看事件和联系的文字说明；须说明目的，查看留痕."""
    case = asked.path["case_id"]
    event.of_case(access, case, clock.today())
    return {"items": event.texts(access, case, purpose_of(str(asked.body["purpose"])).label)}


@chapter.get("/cases/{case_id}/contacts", action=Action.EVENT_WRITE, answer=Contacts)
def contacts(access: Access, asked: Asked) -> dict[str, Any]:
    """这位患者附近的联系单位及电话."""
    return {"items": contact.of_area(access, asked.path["case_id"], tuple(ContactKind))}


@chapter.post("/cases/{case_id}/attempts", action=Action.FOLLOWUP_RECORD, body=AttemptIn, answer=Kept)
def attempt(access: Access, asked: Asked) -> dict[str, Any]:
    """记一次联系；不算随访."""
    told, case = asked.body, asked.path["case_id"]

    def act(key: int) -> Outcome:
        kept = followup.attempt(
            access, case, key, told["result"], told["way"], told["next_on"], told["note"], clock.today()
        )
        return done(kept.attempt_id, case, again=kept.again)

    return keep(access, "api.attempt", case, told, act, case=case)


@chapter.post("/attempts/{attempt_id}/undo", action=Action.FOLLOWUP_RECORD, body=Sending, answer=Kept)
def undo(access: Access, asked: Asked) -> dict[str, Any]:
    """撤销本人刚记的一次联系；记录保留并注明已撤销."""
    key = asked.path["attempt_id"]

    def act(_key: int) -> Outcome:
        return done(key, followup.undo_attempt(access, key))

    return keep(access, "attempt.undo", key, asked.body, act)


@chapter.post("/cases/{case_id}/incidents", action=Action.EVENT_WRITE, body=IncidentIn, answer=Kept)
def record(access: Access, asked: Asked) -> dict[str, Any]:
    """登记一次危险行为及已采取的措施."""
    told, case = asked.body, asked.path["case_id"]
    entry = IncidentEntry(
        told["on"],
        DangerousAct.read(told["kind"]),
        tuple(IncidentMeasure.read(one) for one in told["done"]),
        told["police_told_on"],
        told["others_hurt"],
        told["note"],
        told["reason"],
    )

    def act(key: int) -> Outcome:
        kept = incident.record(access, case, key, entry, clock.today())
        return done(kept.id, case, again=kept.again, later=kept.later)

    return keep(access, "incident", case, told, act, case=case)


@chapter.post("/incidents/{incident_id}/measures", action=Action.EVENT_WRITE, body=MeasuresIn, answer=Kept)
def measures(access: Access, asked: Asked) -> dict[str, Any]:
    """补记一次危险行为之后采取的措施；先前所记不改动."""
    told, key = asked.body, asked.path["incident_id"]
    added = AddedMeasures(tuple(IncidentMeasure.read(one) for one in told["done"]), told["police_told_on"])

    def act(_key: int) -> Outcome:
        kept = incident.add_measures(access, key, added, clock.today())
        return done(kept.id, kept.case_id, again=kept.again)

    return keep(access, "incident.measures", key, told, act)


@chapter.post("/cases/{case_id}/lock-ups", action=Action.EVENT_WRITE, body=LockUpIn, answer=Kept)
def lock_up(access: Access, asked: Asked) -> dict[str, Any]:
    """登记关锁及解锁计划."""
    told, case = asked.body, asked.path["case_id"]

    def act(key: int) -> Outcome:
        kept = incident.open_lock_up(
            access, case, key, told["known_on"], told["plan"], told["note"], clock.today()
        )
        return done(kept.id, case, again=kept.again)

    return keep(access, "lock_up", case, told, act, case=case)


@chapter.post("/lock-ups/{lock_up_id}/release", action=Action.EVENT_WRITE, body=ReleaseIn, answer=Kept)
def release(access: Access, asked: Asked) -> dict[str, Any]:
    """登记解除关锁及核实方式；只有这样一次关锁才算结束."""
    told, key = asked.body, asked.path["lock_up_id"]
    verified = ReleaseProof.read(told["verified"])

    def act(_key: int) -> Outcome:
        kept = incident.release(access, key, told["released_on"], verified, told["note"], clock.today())
        return done(kept.id, kept.case_id, again=kept.again)

    return keep(access, "lock_up.release", key, told, act)
