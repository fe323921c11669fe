"""经过: attempts, events and opened notes of one person in one list, newest first, by kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from casemgr.services.case_view import CaseView
from casemgr.services.clock import SHANGHAI
from casemgr.services.event import CaseEvents, OpenedEventText
from casemgr.services.register import OpenedIdentity

#: The kinds that the list may be narrowed to.
KINDS = (("", "全部"), ("contact", "联系"), ("event", "事件"), ("state", "状态"), ("note", "文字"))
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Told:
    """One line: its day, kind and words; ``url`` leads to the record where there is a page."""

    on: date
    kind: str
    title: str
    words: str = ""
    url: str = ""


def told(
    view: CaseView,
    events: CaseEvents,
    opened: OpenedIdentity | None,
    texts: tuple[OpenedEventText, ...],
    kind: str,
) -> tuple[Told, ...]:
    """The list, newest first; free texts only on a page whose identity has been opened."""
    lines = [*_contacts(view, events), *_events(events), *_states(view), *_texts(opened, texts)]
    if kind:
        lines = [one for one in lines if one.kind == kind]
    return tuple(sorted(lines, key=lambda one: one.on, reverse=True)[:SHOWN])


def _contacts(view: CaseView, events: CaseEvents) -> Iterator[Told]:
    for one in events.attempts:
        way = f"（{one.way.label}）" if one.way is not None else ""
        after = f"，下次 {one.next_on.isoformat()}" if one.next_on else ""
        undone = "，已撤销" if one.undone else ""
        yield Told(one.on, "contact", f"联系{way}", f"{one.result.label}{after}{undone}")
    for visit in view.visits:
        if visit.loss is not None:
            mode = f"（{visit.mode.label}）" if visit.mode is not None else ""
            yield Told(visit.on, "contact", f"随访未访到{mode}", visit.loss.label)


def _events(events: CaseEvents) -> Iterator[Told]:
    for incident in events.incidents:
        yield Told(
            incident.on, "event", incident.kind.label, incident.done or "措施未填", f"/incident/{incident.id}"
        )
    for lock in events.lock_ups:
        yield Told(lock.known_on, "event", "得知关锁", "", f"/lock-up/{lock.id}/release")
        if lock.released_on is not None:
            proof = lock.verified.label if lock.verified is not None else ""
            yield Told(lock.released_on, "event", "解除关锁", proof, f"/lock-up/{lock.id}/release")
    for emergency in events.emergencies:
        day = emergency.reported_at.astimezone(SHANGHAI).date()
        running = "" if emergency.ended_at else "进行中"
        yield Told(day, "event", "应急处置", emergency.causes or running, f"/emergency/{emergency.id}")
    for referral in events.referrals:
        yield Told(
            referral.sent_on or referral.advised_on,
            "event",
            f"转诊（{referral.direction.label}）",
            referral.state.label,
            f"/referral/{referral.id}",
        )


def _states(view: CaseView) -> Iterator[Told]:
    for one in view.states:
        yield Told(one.since, "state", one.track.label, one.value)


def _texts(opened: OpenedIdentity | None, texts: tuple[OpenedEventText, ...]) -> Iterator[Told]:
    if opened is None:
        return
    for note in opened.notes:
        words = "；".join(f"{label}：{text}" for label, text in note.texts)
        yield Told(note.on, "note", "随访中的文字", words)
    for one in texts:
        yield Told(one.on, "note", one.what, one.text)
