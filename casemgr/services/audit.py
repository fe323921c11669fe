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
from casemgr.store import anchor_signer, audit
from casemgr.store import audit_archive as archives
from casemgr.store.anchor_signer import Signatures
from casemgr.store.audit import Anchor, Verdict
from casemgr.store.audit_archive import Walked
from casemgr.store.queries import audit as queries
from casemgr.store.work import ANCHOR_LISTENERS, Work

log = logging.getLogger("casemgr.audit")

__all__ = ["Anchor", "Verdict", "anchor", "verify"]

FORGED = "锚点不是由本系统的密钥生成，或内容被改动"
MISSING_ANCHOR = "锚点之间缺少一条"
FOREIGN = "锚点属于另一套系统"
EARLIER = "数据库比锚点旧：锚点之后的记录不见了"
UNLIKE = "与锚点不符"
PUBLIC_KEY = 32
UNSIGNED = (
    "给出的文件里没有带签名的锚点，所以没有核对。"
    "请确认拿的是锚点文件；早期版本的锚点没有签名，请在本系统中用 flask audit verify --anchors 核对。"
)
UNREADABLE_KEY = (
    "公钥应是 64 个十六进制字符。公钥不对就无法判断签名真假。"
    "请对照当时抄录或打印的公钥重新输入，或用 flask audit public-key 查看。"
)
UNREADABLE = (
    "给出的锚点里没有一行能看懂，所以没有核对，也不能说审计链完整。"
    "请确认拿的是锚点文件（每行一个）；或不带锚点文件，只核对审计链本身。"
)


def verify(access: Access, lines: Iterable[str] | None = None, public_keys: Sequence[bytes] = ()) -> Verdict:
    """Walk the whole chain and compare it with the anchors written outside the database.

    ``lines``: those of a file of anchors that was kept elsewhere, compared besides the ones known here.
    ``public_keys``: those of signatures, noted elsewhere; every beginning of a key must be one of them.
    Raises nothing for a broken chain: the verdict names the first entry that does not fit. Raises
    :class:`Unfit` when no line that was brought is an anchor.
    """
    verdict: Verdict = _verify(access, list(lines) if lines is not None else None, public_keys)
    return verdict


@use_case(Action.AUDIT_VERIFY)
def _verify(work: Work, lines: Sequence[str] | None, public_keys: Sequence[bytes]) -> Verdict:
    last = audit.newest(work.session)  # what is added while this walks belongs to the next walk
    own = queries.anchors(work)
    brought = queries.anchors_in(lines) if lines is not None else []
    if lines is not None and not brought:
        raise Unfit(UNREADABLE, fields={"anchors": UNREADABLE})
    walked = archives.walk(work, frozenset(one.seq for one in (*own, *brought)))
    verdict = audit.verify(
        queries.all_entries(work, last), work.vault, queries.all_subjects(work, last), walked.seq, walked.mac
    )
    signatures = anchor_signer.check((*own, *brought), public_keys)
    verdict = replace(
        verdict,
        count=verdict.count + walked.entries,
        anchors=len({(one.seq, one.mac) for one in (*own, *brought)}),
        archived=walked.entries,
        absent=walked.absent,
        signatures=signatures.count,
        roots=tuple((seq, key.hex()) for seq, key in signatures.roots),
    )
    name = queries.installation_id(work)
    found = [_compared(work, own, name, walked), _compared(work, brought, name, walked)]
    found += [walked.fault, signatures.fault]
    if verdict.broken is not None:
        found.append((verdict.broken, verdict.reason))
    faults = [fault for fault in found if fault is not None]
    if not faults:
        return verdict
    broken, reason = min(faults, key=lambda one: one[0])
    return replace(verdict, broken=broken, reason=reason)


def _compared(work: Work, anchors: Sequence[Anchor], name: str, walked: Walked) -> tuple[int, str] | None:
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
        if walked.is_unknown(one.seq):
            continue  # said in the verdict: the file of this stretch is kept elsewhere
        mac = walked.mac_of(one.seq) or queries.mac_of(work, one.seq)
        if mac is None:
            return one.seq, EARLIER
        if mac != one.mac:
            return one.seq, UNLIKE
    return None


def signatures(lines: Iterable[str], public_keys: Sequence[bytes]) -> Signatures:
    """Check lines of anchors by public keys alone: no key ring and no database is asked.

    Raises :class:`Unfit` when no line is a signed anchor.
    """
    found = [one for one in queries.anchors_in(lines) if one.signature]
    if not found:
        raise Unfit(UNSIGNED, fields={"anchors": UNSIGNED})
    return anchor_signer.check(found, public_keys)


def public_key(text: str) -> bytes:
    """A public key as it was noted: 64 hexadecimal characters; :class:`Unfit` for anything else."""
    try:
        found = bytes.fromhex(text.strip())
    except ValueError:
        found = b""
    if len(found) != PUBLIC_KEY:
        raise Unfit(UNREADABLE_KEY, fields={"public_key": UNREADABLE_KEY})
    return found


@use_case(Action.AUDIT_VERIFY)
def public_keys(work: Work) -> tuple[tuple[int, str], ...]:
    """(entry, public key) of the anchors known here: the first, and each that began anew."""
    return tuple((seq, key.hex()) for seq, key in queries.signing_roots(work))


def anchor(access: Access) -> int:
    """Write the head of the chain down outside it, as a sealed line; the number it stands for, 0 for none.

    The line goes to the anchor table, to the files and to the system log that the installation names.
    """
    with queries.signing_turn():
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
    return "" if made is None else qr.svg(made.short(), "审计锚点")
