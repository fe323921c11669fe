"""收件: what another program sent under an id of its own, so that sending it again changes nothing.

A key is set aside for the row to be before anything is written, and the id is marked when the record is kept.
Between the two the same id meets the same key, so that a use case finds what it has written before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from casemgr.rules.access import Action
from casemgr.services.errors import Missing, Refused
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key
from casemgr.store.models.sheet import Envelope
from casemgr.store.queries import followup as queries
from casemgr.store.work import Work

OTHER_KIND = "这个编号已用于另一种内容，没有保存。请用新的编号重发。"
OTHER_CONTENT = "这个编号已用于另一份内容，没有保存。内容有改动时，请用新的编号重发。"
#: Digest of an id whose record is not known to be kept.
OPEN = bytes(32)


@dataclass(frozen=True, slots=True)
class Reserved:
    """The key of the row to be; ``done``: this very content was kept before, and ``key`` is its row."""

    key: int
    done: bool


@use_case(Action.DRAFT_WRITE)
def reserve(work: Work, sent_id: str, noun: str, content: str, now: datetime) -> Reserved:
    """Set a key aside for what this sender calls ``sent_id``, or find what was kept under it.

    ``content`` is all that was sent, as one text. Raises :class:`Refused` when the id stands for something
    else.
    """
    row = queries.envelope(work, work.access.actor, sent_id)
    if row is None:
        key = new_key()
        work.add(
            Envelope(
                id=new_key(),
                area=work.access.low,
                sent_id=sent_id,
                form=noun,
                digest=OPEN,
                noun=noun,
                row_id=key,
                filled_at=None,
                recorded_at=now,
                recorded_by=work.access.actor,
            )
        )
        return Reserved(key, False)
    if row.noun != noun:
        raise Refused(OTHER_KIND)
    if row.digest == OPEN:
        return Reserved(row.row_id, False)
    if row.digest not in work.vault.macs("sent", content.encode()):
        raise Refused(OTHER_CONTENT)
    return Reserved(row.row_id, True)


@use_case(Action.DRAFT_WRITE)
def settle(work: Work, sent_id: str, content: str, key: int) -> None:
    """Mark what was sent as kept in the row ``key``."""
    row = queries.envelope(work, work.access.actor, sent_id)
    if row is None:
        raise Missing("没有收到过这个编号的内容。")
    row.digest, row.row_id = _digest(work, content), key


def _digest(work: Work, content: str) -> bytes:
    # Keyed: somebody who only has the database must not be able to try names and numbers out.
    return bytes(work.vault.mac("sent", content.encode()))
