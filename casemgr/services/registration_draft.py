"""建档草稿: what somebody has typed of a registration and not saved yet; sealed, for who typed it alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from casemgr.forms.registration import REGISTRATION
from casemgr.rules.access import Access, Action
from casemgr.services import clock, registration
from casemgr.services.errors import Missing
from casemgr.services.registration import Asked
from casemgr.services.use_case import use_case
from casemgr.store.identity import open_texts
from casemgr.store.models import Case, Draft
from casemgr.store.queries import registration as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work

Raw = Mapping[str, Sequence[str]]
PURPOSE = "登记建档"
FORM = REGISTRATION.name
#: What travels with the form and is no part of what was typed.
CONTROLS = frozenset({"csrf", "once", "case"})
GONE = "没有这份草稿，或不是您存的，或已经登记建档。请从“登记建档”重新开始。"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One draft of one's own: its key and when it was saved; whose it is, it does not say."""

    key: int
    saved_at: datetime


@use_case(Action.DRAFT_WRITE)
def list_(work: Work) -> tuple[DraftLine, ...]:
    """One's own drafts of registrations, the latest first."""
    return tuple(DraftLine(row.id, row.saved_at) for row in queries.drafts(work, work.access.actor, FORM))


@use_case(Action.DRAFT_WRITE)
def save(work: Work, once: int, raw: Raw) -> datetime | None:
    """Keep what was typed under the key of the file to be; ``None`` when nothing is worth keeping.

    A draft of a file that is in the register meanwhile is not kept: the back button brings no ghost.
    """
    told = {name: [text for text in texts if text] for name, texts in raw.items() if name not in CONTROLS}
    told = {name: texts for name, texts in told.items() if texts}
    if not ({"name", "id_number", "phone", "diagnosis"} & told.keys()) or work.get(Case, once) is not None:
        return None
    now, data = clock.now(), Plain(json.dumps(told, ensure_ascii=False))
    found = work.get(Draft, once)
    if found is not None:
        if found.owner != work.access.actor or found.form != FORM:
            raise Missing(GONE)
        found.data, found.saved_at, found.version = data, now, found.version + 1
        return now
    work.add(
        Draft(
            id=once,
            area=work.access.low,
            case_id=None,
            owner=work.access.actor,
            form=FORM,
            form_version=REGISTRATION.version,
            data=data,
            begun_at=now,
            saved_at=now,
        )
    )
    return now


@use_case(Action.DRAFT_WRITE)
def _read(work: Work, key: int) -> dict[str, list[str]]:
    found = _own(work, key)
    (text,) = open_texts(work, "Draft", [(key, found.data)], PURPOSE)
    told: dict[str, list[str]] = json.loads(text or "{}")
    return told


def _own(work: Work, key: int) -> Draft:
    found = work.get(Draft, key)
    if found is None or found.owner != work.access.actor or found.form != FORM:
        raise Missing(GONE)
    return found


def resume(access: Access, key: int, today: date) -> Asked:
    """The form as it was left; :class:`Missing` for a draft of somebody else."""
    raw = _read(access, key)
    begun = registration.begin(access, today)
    clue, notice = (_whole(raw, name) for name in ("clue", "notice"))
    return replace(begun, raw={**begun.raw, **raw}, once=key, clue=clue, notice=notice)


def _whole(raw: Raw, name: str) -> int | None:
    text = next(iter(raw.get(name, ())), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63 else None


@use_case(Action.DRAFT_WRITE)
def drop(work: Work, key: int) -> None:
    """Throw one's own draft away; one that is gone already is no fault."""
    if work.get(Draft, key) is not None:
        work.remove(_own(work, key))
