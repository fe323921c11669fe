"""锚点签名: whoever has host, keys and database today cannot make yesterday's anchors anew unnoticed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask

from casemgr.services import audit
from casemgr.services.errors import Unfit
from casemgr.store import anchor_signer, backup, keyring
from casemgr.store import audit as chain
from casemgr.store import work as works
from casemgr.store.anchor_signer import FORGED, STATE, STRANGER, UNSIGNED, OneTimeKeys, check
from casemgr.store.audit import Anchor
from casemgr.store.db import db
from casemgr.store.models import AuditEntry, AuditSubject
from casemgr.store.queries import audit as queries
from tests.security.test_tamper_classes import _with_key, lay_down, let_change, raw, read, write_entries
from tests.store.register import SYSTEM


@pytest.fixture
def home(app: Flask) -> Path:
    """Four anchors of a chain of twelve entries."""
    for _ in range(4):
        write_entries(3)
        audit.anchor(SYSTEM)
    return Path(app.config["CASEMGR"].instance)


def lines(home: Path) -> list[str]:
    return [line for line in (home / queries.FILE).read_text().splitlines() if line.strip()]


def anchors(told: list[str]) -> list[Anchor]:
    return queries.anchors_in(told)


def test_each_key_signs_once_and_one_public_key_checks_all(home: Path) -> None:
    made = anchors(lines(home))
    assert [one.signer for one in made[1:]] == [one.following for one in made[:-1]]
    assert len({one.signer for one in made}) == 4
    root = made[0].signer
    assert check(made, [root]) == anchor_signer.Signatures(4, ((3, root),))
    verdict = audit.verify(SYSTEM, lines(home), [root])
    assert (verdict.broken, verdict.signatures, verdict.roots) == (None, 4, ((3, root.hex()),))
    # What lies on the host is the key of the anchor to come, and of none that was made; no backup takes it.
    kept = json.loads((home / STATE).read_text())
    assert kept["pending"] == ""
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(kept["current"]))
    assert private.public_key().public_bytes_raw() == made[-1].following
    assert (home / STATE).stat().st_mode & 0o077 == 0
    assert any(Path(STATE).match(pattern) for pattern in backup.LEFT_OUT)


def test_any_change_of_a_line_and_any_other_key_is_named(home: Path) -> None:
    made = anchors(lines(home))
    root = made[0].signer
    for number, one in enumerate(made):
        for other in (
            replace(one, mac=bytes(32)),
            replace(one, seal=bytes(32)),
            replace(one, previous=bytes(32)),
            replace(one, following=bytes(32)),
            replace(one, installation="f" + one.installation),
            replace(one, signature=one.signature[::-1]),
        ):
            changed = [*made[:number], other, *made[number + 1 :]]
            assert check(changed, [root]).fault == (one.seq, FORGED)
            assert check(changed).fault == (one.seq, FORGED)
    assert check([made[0], *made[2:]], [root]).fault == (made[2].seq, STRANGER)
    assert check(made[1:], [root]).fault == (made[1].seq, STRANGER)
    assert check(made[1:], [made[1].signer]).fault is None  # a public key noted on a later day
    bare = replace(made[3], mac=bytes(32), signature=b"")
    assert check([*made[:3], bare], [root]).fault == (bare.seq, UNSIGNED)
    paper = anchors([made[2].short()])
    assert paper[0].signature == b"" and len(made[2].short()) < len(made[2].line())
    assert check([*made, *paper], [root]).fault is None


def test_who_owns_host_keys_and_database_cannot_make_yesterday_anew(home: Path) -> None:
    """The chain is rebuilt with the ring, all anchors are made again with what lies on the host."""
    root = anchors(lines(home))[0].signer
    kept = lines(home)
    let_change()
    for left in (0, 2):
        entries, subjects = read(AuditEntry.__table__), read(AuditSubject.__table__)
        lay_down(_with_key(entries), subjects)
        raw("DELETE FROM audit_anchor WHERE seq > :last", last=3 * left)
        (home / queries.FILE).write_text("".join(f"{line}\n" for line in kept[:left]))
        write_entries(1)
        audit.anchor(SYSTEM)
        alone = audit.verify(SYSTEM)
        # The keyed digests fit: they were made with the ring.
        assert alone.broken is None
        assert len(alone.roots) == (1 if left == 0 else 2)
        found = audit.verify(SYSTEM, None, [root])
        assert (found.reason, found.broken) == (STRANGER, len(read(AuditEntry.__table__)))
        assert check(anchors(lines(home)), [root]).fault is not None
        raw("DELETE FROM audit_anchor")
        (home / queries.FILE).unlink()


def test_a_run_that_dies_between_signing_and_keeping_goes_on(home: Path) -> None:
    made = anchors(lines(home))
    signer = OneTimeKeys(home)
    bare = replace(made[-1], seq=99, signer=b"", following=b"", signature=b"")
    lost = signer.sign(bare, made[-1].following)  # never kept
    write_entries(1)
    audit.anchor(SYSTEM)
    kept = anchors(lines(home))[-1]
    assert kept.signer == lost.signer  # the key that was announced
    # Kept, and the former key not destroyed yet: the next anchor destroys it.
    following = signer.sign(replace(bare, seq=100), kept.following)
    after = signer.sign(replace(bare, seq=101), following.following)
    assert check([*made, kept, following, after], [made[0].signer]).fault is None
    (home / STATE).write_text("{")
    write_entries(1)
    audit.anchor(SYSTEM)
    verdict = audit.verify(SYSTEM)
    assert verdict.broken is None
    assert len(verdict.roots) == 2  # told, for whoever keeps the public key
    assert audit.public_keys(SYSTEM) == verdict.roots


def test_an_outside_program_signs_or_its_silence_stops_nobody(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    private = Ed25519PrivateKey.generate()

    def ask(_self: object, verb: str, _context: str, given: bytes) -> bytes:
        return private.public_key().public_bytes_raw() if verb == "public" else private.sign(given)

    with monkeypatch.context() as patched:
        patched.setattr(keyring.ByCommand, "ask", ask)
        works.furnish(db.engine, replace(works.installation(), anchor_command=("/opt/kms",)))
        for _ in range(2):
            write_entries(1)
            audit.anchor(SYSTEM)
    public = private.public_key().public_bytes_raw()
    made = anchors(lines(home))
    root = made[0].signer
    assert check(made, [root, public]).fault is None
    assert check(made, [root]).fault == (made[-2].seq, STRANGER)
    monkeypatch.setattr(keyring, "PATIENCE", 1)
    program = tmp_path / "kms"
    for body in ("exit 1", "echo '???'", "echo AAAA", "sleep 20", "head -c 300000 /dev/zero"):
        program.write_text(f"#!/bin/sh\n{body}\n")
        program.chmod(0o700)
        works.furnish(db.engine, replace(works.installation(), anchor_command=(str(program),)))
        write_entries(1)
        audit.anchor(SYSTEM)
        last = anchors(lines(home))[-1]
        assert last.signature == b"" and last.seal
    assert audit.verify(SYSTEM).broken is None
    assert audit.verify(SYSTEM, None, [root, public]).reason == UNSIGNED


def test_the_commands(home: Path, app: Flask, tmp_path: Path) -> None:
    from casemgr.cli.audit import group

    root = anchors(lines(home))[0].signer.hex()
    run = CliRunner()
    assert root in run.invoke(group, ["public-key"]).output
    file = home / queries.FILE
    asked = ["signatures", str(file), "--public-key", root]
    assert "4 个锚点的签名都对" in run.invoke(group, asked).output
    assert run.invoke(group, ["verify", "--public-key", root, "--anchors", str(file)]).exit_code == 0
    assert run.invoke(group, ["signatures", str(file), "--public-key", "0" * 64]).exit_code == 1
    with pytest.raises(Unfit):
        audit.public_key("zz")
    with pytest.raises(Unfit):
        audit.signatures(["{}"], [bytes(32)])
    assert chain.read_anchor(lines(home)[0]) is not None
