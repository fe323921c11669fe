"""审计: verify the chain, anchor its head outside the database."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from casemgr.reports import qr
from casemgr.rules.access import Access, Action
from casemgr.services import clock
from casemgr.services.errors import Unfit
from casemgr.services.use_case import use_case
from casemgr.store import audit
from casemgr.store.audit import Anchor, Verdict
from casemgr.store.queries import audit as queries
from casemgr.store.work import ANCHOR_LISTENERS, Work

log = logging.getLogger("casemgr.audit")

__all__ = ["Anchor", "Verdict", "anchor", "verify"]

FORGED = "锚点不是由本系统的密钥生成，或内容被改动"
MISSING_ANCHOR = "锚点之间缺少一条"
FOREIGN = "锚点属于另一套系统"
EARLIER = "数据库比锚点旧：锚点之后的记录不见了"
UNLIKE = "与锚点不符"
UNREADABLE = (
    "给出的锚点里没有一行能看懂，所以没有核对，也不能说审计链完整。"
    "请确认拿的是锚点文件（每行一个）；或不带锚点文件，只核对审计链本身。"
)


def verify(access: Access, lines: Iterable[str] | None = None) -> Verdict:
    """Walk the whole chain and compare it with the anchors written outside the database.

    ``lines``: those of a file of anchors that was kept elsewhere, compared besides the ones known here.
    Raises nothing for a broken chain: the verdict names the first entry that does not fit. Raises
    :class:`Unfit` when no line that was brought is an anchor.
    """
    verdict: Verdict = _verify(access, list(lines) if lines is not None else None)
    return verdict


@use_case(Action.AUDIT_VERIFY)
def _verify(work: Work, lines: Sequence[str] | None) -> Verdict:
    last = audit.newest(work.session)  # what is added while this walks belongs to the next walk
    verdict = audit.verify(queries.all_entries(work, last), work.vault, queries.all_subjects(work, last))
    own = queries.anchors(work)
    brought = queries.anchors_in(lines) if lines is not None else []
    if lines is not None and not brought:
        raise Unfit(UNREADABLE, fields={"anchors": UNREADABLE})
    verdict = replace(verdict, anchors=len({(one.seq, one.mac) for one in (*own, *brought)}))
    name = queries.installation_id(work)
    found = [
        fault for fault in (_compared(work, own, name), _compared(work, brought, name)) if fault is not None
    ]
    if verdict.broken is not None:
        found.append((verdict.broken, verdict.reason))
    if not found:
        return verdict
    broken, reason = min(found)
    return replace(verdict, broken=broken, reason=reason)


def _compared(work: Work, anchors: Sequence[Anchor], name: str) -> tuple[int, str] | None:
    """The first anchor that does not fit the chain, or the anchors themselves; and why."""
    ordered = sorted(anchors, key=lambda one: one.seq)
    sealed = [one for one in ordered if one.seal]
    seals = {one.seal for one in sealed}
    for one in ordered:
        if one.seal:
            if one.installation != name:
                return one.seq, FOREIGN
            if not audit.genuine(work.vault, one):
                return one.seq, FORGED
            # A file may begin in the middle, when the ones before were put away.
            if one.previous and one.previous not in seals and one.seq > sealed[0].seq:
                return one.seq, MISSING_ANCHOR
        mac = queries.mac_of(work, one.seq)
        if mac is None:
            return one.seq, EARLIER
        if mac != one.mac:
            return one.seq, UNLIKE
    return None


def anchor(access: Access) -> int:
    """Write the head of the chain down outside it, as a sealed line; the number it stands for, 0 for none.

    The line goes to the anchor table, to the files and to the system log that the installation names.
    """
    made = _anchor(access)
    if made is not None:
        _send(access, made)
        return made.seq
    return _newest(access)


@use_case(Action.AUDIT_VERIFY, writes=True)
def _anchor(work: Work) -> Anchor | None:
    return queries.anchor(work, clock.now())


@use_case(Action.AUDIT_VERIFY)
def _send(work: Work, made: Anchor) -> None:
    # Only after the anchor is kept: one of an entry that was rolled back would accuse the next one.
    queries.send(work, made)


@use_case(Action.AUDIT_VERIFY)
def _newest(work: Work) -> int:
    return audit.newest(work.session)


def anchor_block() -> None:
    """Anchor when a block of entries has passed; a busy database leaves it to the clock."""
    try:
        anchor(Access.system("audit-anchor"))
    except Exception as wrong:  # the act itself is written and chained; the next anchor covers it
        log.warning("block not anchored: %s", type(wrong).__name__)


if anchor_block not in ANCHOR_LISTENERS:
    ANCHOR_LISTENERS.append(anchor_block)


@use_case(Action.DUTY_READ)
def on_paper(work: Work) -> str:
    """The newest anchor as a drawing for the day's paper, to leave the house with people; or nothing."""
    made = queries.latest_anchor(work)
    return "" if made is None else qr.svg(made.line(), "审计锚点")
