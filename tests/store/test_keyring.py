"""Where keys come from, what a running program does when they change, and what it does without them."""

from __future__ import annotations

import base64
import itertools
import logging
import stat
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask
from sqlalchemy import func, select

from casemgr.app import create_app
from casemgr.rules.access import ROLE_ACTIONS, Action
from casemgr.services import health, keyring
from casemgr.services.account import anybody
from casemgr.services.errors import Refused, Unavailable
from casemgr.store import identity
from casemgr.store.db import db
from casemgr.store.keyring import ByCommand, LiveRing, wrappings
from casemgr.store.models import AuditEntry, Identity
from casemgr.store.shares import BadShares, join, split
from casemgr.store.types import Secret
from casemgr.store.vault import (
    AES,
    SM4,
    BadKeyring,
    CannotOpen,
    Key,
    Locked,
    Place,
    Vault,
    new_key,
    read_ring,
    write_ring,
)
from casemgr.store.work import installation, open_work
from casemgr.terms.account import Role
from config import BadConfig, from_env
from tests.conftest import make_config
from tests.store.register import EAST, SYSTEM, add_person, open_areas

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
NAME = Place("identity", "name")
#: Wraps by turning bits round and a seal in front; says no for a key that is not its own.
PROGRAM = """#!/usr/bin/env python3
import base64, hashlib, sys
verb, context = sys.argv[-2:]
given = base64.b64decode(sys.stdin.readline())
mask = hashlib.sha256(b"device" + context.encode()).digest()
turn = lambda some: bytes(one ^ two for one, two in zip(some, mask))
if verb == "wrap":
    made = b"device" + turn(given)
elif given.startswith(b"device"):
    made = turn(given[6:])
else:
    sys.exit(3)
print(base64.b64encode(made).decode())
"""


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """An outside program that stands for a device."""
    path = tmp_path / "device"
    path.write_text(PROGRAM)
    path.chmod(0o700)
    return path


def _person(name: str = "张三") -> int:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        return add_person(work, EAST, units[EAST], "E1", name, "999901198001010000")[0]


# --- published vectors ----------------------------------------------------------------------------


def _gcm(key: str, nonce: str, plain: str, aad: str) -> str:
    raw = [bytes.fromhex(part) for part in (key, nonce, plain, aad)]
    return AESGCM(raw[0]).encrypt(raw[1], raw[2], raw[3]).hex()


def test_aes_gcm_gives_the_published_vectors() -> None:
    """Test cases 13, 14 and 16 of the specification of GCM by McGrew and Viega, all with 256 bits."""
    zero, nothing = "00" * 32, "00" * 12
    assert _gcm(zero, nothing, "", "") == "530f8afbc74536b9a963b4f1c4cb738b"
    assert _gcm(zero, nothing, "00" * 16, "") == (
        "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"
    )
    key = "feffe9928665731c6d6a8f9467308308" * 2
    plain = (
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    sealed = (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    )
    aad = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
    assert _gcm(key, "cafebabefacedbaddecaf888", plain, aad) == sealed + "76fc6ece0f4e1768cddf8853bb2d551b"


def test_sm4_gives_the_published_vectors() -> None:
    """GB/T 32907 example 1, and RFC 8998 A.1 with the whole text."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    block = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # noqa: S305 - one block, as published
    assert (block.update(key) + block.finalize()).hex() == "681edf34d206965e86b3e94f536e4246"
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(bytes.fromhex("00001234567800000000abcd"))).encryptor()
    encryptor.authenticate_additional_data(bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
    assert (encryptor.update(plain) + encryptor.finalize()).hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert encryptor.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"


def _sm3(message: bytes) -> str:
    made = hashes.Hash(hashes.SM3())
    made.update(message)
    return made.finalize().hex()


def test_sm3_gives_the_published_answers() -> None:
    """GB/T 32905, examples 1 and 2; the keyed digest is RFC 2104 over it, worked out by hand."""
    assert _sm3(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert _sm3(b"abcd" * 16) == "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    key, message = bytes(range(32)), "张三".encode()
    padded = key.ljust(64, b"\0")
    inner = bytes.fromhex(_sm3(bytes(byte ^ 0x36 for byte in padded) + message))
    made = hmac.HMAC(key, hashes.SM3())
    made.update(message)
    assert made.finalize().hex() == _sm3(bytes(byte ^ 0x5C for byte in padded) + inner)


def test_a_suite_decides_cipher_derivation_and_digest() -> None:
    material = bytes(range(32))
    old, aes, sm = (
        Vault([Key(1, material, "active", "", suite)], cipher)
        for suite, cipher in (("", "aes"), ("aes", "sm4"), ("sm", "aes"))
    )
    assert old.seal(NAME, 1, "张三")[1] == aes.seal(NAME, 1, "张三")[1] == AES
    assert sm.seal(NAME, 1, "张三")[1] == SM4
    assert old.token(NAME, "x") == aes.token(NAME, "x") != sm.token(NAME, "x")
    assert old.mac("audit", b"x") == aes.mac("audit", b"x") != sm.mac("audit", b"x")
    assert len(sm.mac("audit", b"x")) == 32
    assert len(sm.token(NAME, "x")) == 16
    # The same material under another suite is another key: nothing passes from one to the other.
    with pytest.raises(CannotOpen):
        aes.open(NAME, 1, sm.seal(NAME, 1, "张三"))


def test_rows_of_both_suites_are_read_side_by_side() -> None:
    one, two = new_key(1, "decrypt_only", "aes"), new_key(2, "active", "sm")
    before, after = Vault([Key(1, one.material, "active", "", "aes")]), Vault([one, two])
    values = [
        (1, before.seal(NAME, 1, "张三")),
        (2, after.seal(NAME, 2, "李四")),
        (3, before.seal(NAME, 3, "王五")),
    ]
    assert list(after.open_many(NAME, values)) == [(1, "张三"), (2, "李四"), (3, "王五")]
    assert after.tokens(NAME, "x")[1] == before.token(NAME, "x")
    assert after.macs("session", b"x")[1] == before.mac("session", b"x")


# --- the file -------------------------------------------------------------------------------------


def test_unsafe_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    write_ring(path, [new_key(1)])
    path.chmod(0o644)
    with pytest.raises(BadKeyring, match="chmod 600"):
        read_ring(path)
    path.chmod(0o600)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    with pytest.raises(BadKeyring, match="符号链接"):
        read_ring(link)
    path.write_text("")
    with pytest.raises(BadKeyring, match="损坏"):
        read_ring(path)


def test_two_keys_with_one_number_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    write_ring(path, [new_key(1), new_key(1, "decrypt_only")])
    with pytest.raises(BadKeyring, match="同号"):
        read_ring(path)


def test_a_running_program_takes_the_new_ring_up_and_no_foreign_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ring.json"
    first = new_key(1)
    write_ring(path, [first])
    live, other = LiveRing(path), LiveRing(path)
    former = live.vault()
    second = new_key(2, suite="sm")
    former_keys = [Key(1, first.material, "decrypt_only", first.created), second]
    write_ring(path, former_keys, replace=True)
    sealed = live.vault().seal(NAME, 1, "张三")
    assert (live.vault().active_id, former.active_id) == (2, 1)
    # Whoever still works with the former vault opens what others sealed with the new key.
    assert former.open(NAME, 1, sealed) == "张三"
    assert other.vault().open(NAME, 1, sealed) == "张三"
    with caplog.at_level(logging.ERROR, "casemgr.keys"):
        write_ring(path, [new_key(2)], replace=True)
        assert live.vault().active_id == 2
        assert live.vault().open(NAME, 1, sealed) == "张三"
        path.unlink()
        assert live.vault().open(NAME, 1, sealed) == "张三"
    assert len(caplog.records) == 2
    assert second.material.hex() not in caplog.text
    with pytest.raises(CannotOpen):
        live.vault().open(NAME, 1, sealed[:2] + b"\x00\x00\x00\x09" + sealed[6:])


# --- the outside program --------------------------------------------------------------------------


def test_keys_come_from_an_outside_program(tmp_path: Path, program: Path) -> None:
    path, key = tmp_path / "ring.json", new_key(1)
    known = wrappings([str(program)])
    write_ring(path, [key], wrapping=known["command"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "material" not in path.read_text()
    assert read_ring(path, known)[0].material == key.material
    with pytest.raises(BadKeyring, match="CASEMGR_KEY_COMMAND"):
        read_ring(path)
    live = LiveRing(path, "aes", known, "command")
    assert live.vault().open(NAME, 1, live.vault().seal(NAME, 1, "张三")) == "张三"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("#!/bin/sh\nexit 1\n", "没有交出密钥"),
        ("#!/bin/sh\necho not base64 at all\n", "没有交出密钥"),
        ("#!/bin/sh\ncat >/dev/null\n", "没有交出密钥"),
        ("#!/bin/sh\ncat >/dev/null\necho MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n", "指纹不符"),
        ("#!/bin/sh\nexec sleep 30\n", "没有应答"),
    ],
)
def test_a_program_that_fails_gives_a_sentence(
    tmp_path: Path, program: Path, body: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ring.json"
    write_ring(path, [new_key(1)], wrapping=ByCommand([str(program)]))
    monkeypatch.setattr("casemgr.store.keyring.PATIENCE", 0.5 if "sleep" in body else 20)
    program.write_text(body)
    with pytest.raises(BadKeyring, match=words):
        read_ring(path, wrappings([str(program)]))


def test_a_program_that_others_may_change_is_not_asked(tmp_path: Path, program: Path) -> None:
    asked = ByCommand([str(program)])
    program.chmod(0o722)
    with pytest.raises(BadKeyring, match="改写"):
        asked.wrap(b"x" * 32, "casemgr-key-1")
    program.chmod(0o700)
    link = tmp_path / "link"
    link.symlink_to(program)
    for path, words in ((link, "普通文件"), (tmp_path / "nowhere", "不存在"), (Path("device"), "完整路径")):
        with pytest.raises(BadKeyring, match=words):
            ByCommand([str(path)]).wrap(b"x" * 32, "casemgr-key-1")


def test_an_installation_moves_from_the_file_to_a_device(instance: Path, program: Path) -> None:
    settings = {"CASEMGR_KEY_PROVIDER": "command", "CASEMGR_KEY_COMMAND": str(program)}
    with create_app(make_config(instance, **settings), doors=()).app_context():
        person = _person()
        assert "material" in installation().keys.path.read_text()
        keyring.rewrap(SYSTEM)
        keyring.rotate(SYSTEM, "sm", NOW)
        assert "material" not in installation().keys.path.read_text()
        db.engine.dispose()
    with create_app(make_config(instance, **settings), doors=()).app_context():
        with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
            assert identity.reveal(work, [person], "核对")[person].name == "张三"
        db.engine.dispose()
    program.write_text("#!/bin/sh\nexit 1\n")
    with create_app(make_config(instance, **settings), doors=()).app_context():
        assert "没有交出密钥" in health.locked()
        db.engine.dispose()


def test_settings_name_the_source_of_keys(tmp_path: Path) -> None:
    environ = {
        "CASEMGR_INSTANCE": str(tmp_path),
        "CASEMGR_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
    }
    write_ring(tmp_path / "keyring.json", [new_key(1)])
    for wrong in ({"CASEMGR_KEY_PROVIDER": "cloud"}, {"CASEMGR_KEY_PROVIDER": "command"}):
        with pytest.raises(BadConfig, match="CASEMGR_KEY_"):
            from_env(environ | wrong)
    right = {"CASEMGR_KEY_PROVIDER": "command", "CASEMGR_KEY_COMMAND": "/opt/kms/tool --slot 3"}
    assert from_env(environ | right).key_command == ("/opt/kms/tool", "--slot", "3")


# --- locked ---------------------------------------------------------------------------------------


def test_with_another_ring_nothing_is_read_or_written(instance: Path) -> None:
    with create_app(make_config(instance), doors=()).app_context():
        _person()
        with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
            before = work.scalar(select(func.max(AuditEntry.seq)))
        db.engine.dispose()
    right = (instance / "keyring.json").read_bytes()
    write_ring(instance / "keyring.json", [new_key(1)], replace=True)
    application = create_app(make_config(instance))
    with application.app_context():
        with pytest.raises(Unavailable, match="已锁定"):
            anybody(SYSTEM)
        with pytest.raises(Locked, match="不匹配"), open_work(SYSTEM, Action.DEMO_LOAD):
            pass
        assert health.ready() == {"database": True, "keys": False}
        client = application.test_client()
        assert client.get("/readyz").status_code == 503
        answer = client.post("/api/v1/token", json={"login": "x", "password": "y"})
        assert answer.status_code == 503
        assert "密钥文件与登记库不匹配" in answer.get_json()["error"]["message"]
        db.engine.dispose()
    (instance / "keyring.json").write_bytes(right)
    with create_app(make_config(instance), doors=()).app_context():
        assert health.locked() == ""
        with open_work(SYSTEM, Action.AUDIT_VERIFY) as work:
            assert work.scalar(select(func.max(AuditEntry.seq))) == before
        db.engine.dispose()


def test_a_ring_that_lacks_an_older_generation_locks(instance: Path) -> None:
    with create_app(make_config(instance), doors=()).app_context():
        _person()
        keyring.rotate(SYSTEM, None, NOW)
        keyring.reseal_all(SYSTEM, pause=0)
        keys = installation().keys.read()
        db.engine.dispose()
    write_ring(instance / "keyring.json", [key for key in keys if key.key_id == 2], replace=True)
    with create_app(make_config(instance), doors=()).app_context():
        assert "不匹配" in health.locked()
        db.engine.dispose()


# --- shares and the drill -------------------------------------------------------------------------


def test_two_of_three_shares_give_the_ring_back_and_one_gives_nothing() -> None:
    secret = bytes(range(256)) * 2
    shares = split(secret, 3, 2)
    for pair in itertools.permutations(shares, 2):
        assert join(pair) == secret
    assert join(shares) == secret
    with pytest.raises(BadShares, match="份数不够"):
        join(shares[:1])
    with pytest.raises(BadShares, match="份数不够"):
        join([shares[1], shares[1]])
    with pytest.raises(BadShares, match="不属于同一个"):
        join([shares[0], split(secret, 3, 2)[1].replace(shares[0].split()[3], "0" * 16)])
    with pytest.raises(BadShares, match="没有抄全"):
        join([shares[0], shares[1][:-8]])
    with pytest.raises(BadShares, match="拼不出"):
        join([shares[0], split(secret, 3, 2)[1]])
    # Whatever the secret, a single share is even noise: its bytes do not tell zeros from anything else.
    ones = Counter(share for turn in range(40) for share in _bytes_of(split(bytes(200), 3, 2)[turn % 3]))
    assert len(ones) == 256
    assert max(ones.values()) < 3 * 8_000 // 256


def _bytes_of(share: str) -> bytes:
    return base64.b64decode(share.split()[-1])


def test_the_ring_is_lost_and_comes_back_from_two_institutions(instance: Path, tmp_path: Path) -> None:
    """The drill of docs/keys.md, step by step."""
    config = make_config(instance)
    path, folder = config.keyring, tmp_path / "shares"
    with create_app(config, doors=()).app_context():
        person = _person()
        keyring.rotate(SYSTEM, "sm", NOW)
        whole = path.read_bytes()
        made = keyring.share(path, folder, 3, 2)
        assert [stat.S_IMODE(one.stat().st_mode) for one in made] == [0o600] * 3
        with pytest.raises(Refused, match="没有覆盖"):
            keyring.share(path, folder, 3, 2)
        db.engine.dispose()
    path.unlink()
    with pytest.raises(BadConfig, match="缺少密钥文件"):
        make_config_without_ring(instance)
    with pytest.raises(Refused, match="份数不够"):
        keyring.join(made[:1], path, ())
    assert not path.exists()
    keys = keyring.join([made[2], made[0]], path, ())
    assert [key.key_id for key in keys] == [1, 2]
    assert path.read_bytes() == whole
    with pytest.raises(Refused, match="没有覆盖"):
        keyring.join(made, path, ())
    with create_app(make_config(instance), doors=()).app_context():
        done = keyring.drill(SYSTEM)
        assert done.damaged == ()
        assert done.opened >= 2
        with open_work(SYSTEM, Action.IDENTITY_REVEAL) as work:
            assert identity.reveal(work, [person], "核对")[person].name == "张三"
        db.engine.dispose()


def make_config_without_ring(instance: Path) -> object:
    """Settings of an installation whose ring is gone."""
    return from_env(
        {"CASEMGR_INSTANCE": str(instance), "CASEMGR_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz"}
    )


def test_a_drill_names_the_column_that_does_not_open(app: Flask) -> None:
    person = _person()
    with open_work(SYSTEM, Action.REGISTER_WRITE) as work:
        row = work.get(Identity, person)
        assert row is not None
        row.name = Secret(work.vault.seal(Place("identity", "phone"), person, "张三"), NAME)
    assert keyring.drill(SYSTEM).damaged == ("identity.name",)


def test_nobody_but_the_system_turns_keys(app: Flask) -> None:
    holders = {role for role, actions in ROLE_ACTIONS.items() if Action.KEYS_MANAGE in actions}
    assert holders == {Role.SYSTEM}
