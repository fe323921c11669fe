"""锚点签名: Ed25519 signatures whose private key is destroyed after one use, or never is on this host.

Each anchor is signed with a key made for it and names the public half of the key that signs the next one.
The private half is overwritten when its anchor is kept. Whoever has the host today has the key of the next
anchor and none of the former ones: yesterday's anchors cannot be made anew, and the public key noted on the
first day is enough to check all of them. With an outside program (KMS, 密码机) the private key never comes
here; then one key signs every anchor.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from casemgr.store.audit import Anchor
from casemgr.store.keyring import ByCommand
from casemgr.store.vault import BadKeyring

log = logging.getLogger("casemgr.audit")

#: Never part of a backup (``*.key``): a copy of a key that was destroyed would be that key again.
STATE = "anchor-signer.key"
CONTEXT = "casemgr-anchor"
STRANGER = "签名密钥接不上：之前的锚点不在其中，或签名密钥被换过"
UNSIGNED = "锚点没有签名"
FORGED = "签名不对：锚点不是由当时的签名密钥生成，或内容被改动"


def covered(anchor: Anchor) -> bytes:
    """The bytes a signature covers: the sealed anchor, and both public keys."""
    parts = (anchor.signed(), anchor.seal, anchor.signer, anchor.following)
    return b"".join(struct.pack(">I", len(part)) + part for part in parts)


def _public(private: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


class OneTimeKeys:
    """The key of the next anchor, in a file of the program's user."""

    def __init__(self, instance: Path) -> None:
        self._path = instance / STATE

    def sign(self, anchor: Anchor, announced: bytes) -> Anchor:
        """The anchor with its signature; ``announced`` is the public key that the anchor before named.

        A key that nobody announced begins anew: whoever checks is told so. Until :meth:`settle` both keys are
        kept, so that a run that dies in between is gone on with.
        """
        current, pending = self._read()
        if pending and announced == _public(pending):
            current = pending
        following = secrets.token_bytes(32)
        self._write(current, following)
        made = replace(anchor, signer=_public(current), following=_public(following))
        signature = Ed25519PrivateKey.from_private_bytes(current).sign(covered(made))
        return replace(made, signature=signature)

    def settle(self, made: Anchor) -> None:
        """Destroy the key that signed an anchor which is kept now."""
        _current, pending = self._read()
        if pending and _public(pending) == made.following:
            self._write(pending, b"")

    def _read(self) -> tuple[bytes, bytes]:
        try:
            told = json.loads(self._path.read_text(encoding="ascii"))
            current, pending = bytes.fromhex(told["current"]), bytes.fromhex(told["pending"])
            if len(current) == 32 and len(pending) in (0, 32):
                return current, pending
        except FileNotFoundError:
            return secrets.token_bytes(32), b""
        except (ValueError, KeyError, TypeError, OSError):
            pass
        log.warning("state of the anchor signer not readable: signatures begin anew")
        return secrets.token_bytes(32), b""

    def _write(self, current: bytes, pending: bytes) -> None:
        text = json.dumps({"current": current.hex(), "pending": pending.hex()})
        scratch = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            with suppress(FileNotFoundError), self._path.open("r+b") as old:
                old.write(b"0" * self._path.stat().st_size)
                old.flush()
                os.fsync(old.fileno())
            scratch.replace(self._path)
        finally:
            scratch.unlink(missing_ok=True)


class ByProgram:
    """Signatures by an outside program, called as ``PROGRAM … public casemgr-anchor`` and ``… sign …``.

    It speaks base64 lines as the program for keys does; a public key has 32 bytes, a signature 64.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._program = ByCommand(command)

    def sign(self, anchor: Anchor, announced: bytes) -> Anchor:
        """The anchor with its signature, or without one when the program gives none."""
        try:
            public = self._program.ask("public", CONTEXT, CONTEXT.encode())
            if len(public) != 32:
                raise BadKeyring("公钥长度不对")
            made = replace(anchor, signer=public, following=public)
            made = replace(made, signature=self._program.ask("sign", CONTEXT, covered(made)))
        except BadKeyring:
            log.warning("anchor not signed: the outside program gave no signature")
            return anchor
        if not _fits(made):
            log.warning("anchor not signed: the outside program gave a wrong signature")
            return anchor
        return made

    def settle(self, made: Anchor) -> None:
        """Nothing is kept here."""


def signer_of(instance: Path, command: Sequence[str]) -> OneTimeKeys | ByProgram:
    """What signs the anchors of an installation."""
    return ByProgram(command) if command else OneTimeKeys(instance)


def _fits(anchor: Anchor) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(anchor.signer).verify(anchor.signature, covered(anchor))
        return True
    except (InvalidSignature, ValueError):
        return False


@dataclass(frozen=True, slots=True)
class Signatures:
    """What the signatures say: how many, where keys begin that no anchor announced, the first fault.

    ``roots`` are (entry, public key): the first, and each that began anew. Whoever noted the public key of
    the first day compares it; without that a second beginning is told and not judged.
    """

    count: int
    roots: tuple[tuple[int, bytes], ...]
    fault: tuple[int, str] | None = None


def check(anchors: Iterable[Anchor], known: Sequence[bytes] = ()) -> Signatures:
    """Check the signatures of anchors by public keys alone; ``known`` are those noted elsewhere.

    Nothing else is needed: no key ring, no database. With ``known`` an anchor without a signature, after the
    first that has one, is a fault, unless it is the short line of one that has (a square of dots on paper).
    """
    found = list(anchors)
    by_signature = {one.signature: one for one in found if one.signature}
    twins = {(one.seq, one.mac, one.seal) for one in by_signature.values()}
    first = min((one.seq for one in by_signature.values()), default=0)
    bare = [one.seq for one in found if one.seq >= first and (one.seq, one.mac, one.seal) not in twins]
    roots: list[tuple[int, bytes]] = []
    expected = b""
    count = 0
    for one in sorted(by_signature.values(), key=lambda one: one.seq):
        if one.signer != expected:
            roots.append((one.seq, one.signer))
            if known and one.signer not in known:
                return Signatures(count, tuple(roots), (one.seq, STRANGER))
        if not _fits(one):
            return Signatures(count, tuple(roots), (one.seq, FORGED))
        expected, count = one.following, count + 1
    fault = (min(bare), UNSIGNED) if known and bare else None
    return Signatures(count, tuple(roots), fault)
