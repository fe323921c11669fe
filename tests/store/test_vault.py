"""The vault: bytes, places, ciphers, tokens, rings."""

from __future__ import annotations

import base64
import json
import pickle
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from casemgr.store.vault import (
    HEADER,
    BadKeyring,
    CannotOpen,
    Key,
    Place,
    Vault,
    new_key,
    read_ring,
    write_ring,
)

NAME, PHONE = Place("identity", "name"), Place("identity", "phone")
FIXED = Key(7, bytes(range(32)), "active", "2026-01-01")
AES, SM4 = Vault([FIXED]), Vault([FIXED], "sm4")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80), st.integers(0, 2**63 - 1), st.sampled_from([AES, SM4]))
def test_what_is_sealed_opens_again_and_shows_no_length(text: str, row: int, vault: Vault) -> None:
    sealed = vault.seal(NAME, row, text)
    assert vault.open(NAME, row, sealed) == text
    # Behind the header, which says format, cipher and key, and may be what somebody has written.
    assert text.encode() not in sealed[HEADER.size :] or len(text.encode()) < 8
    padded = len(sealed) - 35
    assert padded >= 16
    assert padded & (padded - 1) == 0


@pytest.mark.parametrize("vault", [AES, SM4])
def test_a_value_opens_only_in_its_place_and_whole(vault: Vault) -> None:
    sealed = vault.seal(NAME, 5, "张三")
    for place, row in ((PHONE, 5), (NAME, 6), (Place("identit", "yname"), 5)):
        with pytest.raises(CannotOpen):
            vault.open(place, row, sealed)
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        with pytest.raises(CannotOpen):
            vault.open(NAME, 5, bytes(broken))
    with pytest.raises(CannotOpen):
        vault.open(NAME, 5, sealed[:20])


def test_both_ciphers_can_be_read_from_one_ring() -> None:
    assert AES.open(NAME, 1, SM4.seal(NAME, 1, "李四")) == "李四"
    assert SM4.open(NAME, 1, AES.seal(NAME, 1, "李四")) == "李四"
    assert AES.seal(NAME, 1, "x")[1] == 1
    assert SM4.seal(NAME, 1, "x")[1] == 2


def test_sm4_gcm_gives_the_published_vector() -> None:
    """RFC 8998, appendix A.1: the library's SM4-GCM is the standard's."""
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    aad = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(aad)
    sealed = encryptor.update(plain) + encryptor.finalize()
    assert sealed.hex().upper().startswith("17F399F08C67D5EE19D0DC9969C4BB7D")
    assert encryptor.tag.hex().upper() == "83DE3541E4C2B58177E065A9BF7B62EC"


def test_many_names_open_as_one_by_one() -> None:
    older = Vault([Key(3, bytes(range(1, 33)), "active", "")])
    both = Vault([Key(3, bytes(range(1, 33)), "decrypt_only", ""), FIXED])
    values = [
        (1, AES.seal(NAME, 1, "张三")),
        (2, older.seal(NAME, 2, "李四")),
        (3, SM4.seal(NAME, 3, "王五")),
        (4, AES.seal(NAME, 4, "欧阳䶮")),
    ]
    assert list(both.open_many(NAME, values)) == [(1, "张三"), (2, "李四"), (3, "王五"), (4, "欧阳䶮")]
    with pytest.raises(CannotOpen):
        list(both.open_many(NAME, [(9, values[0][1])]))


def test_tokens_differ_by_place_and_key_and_are_found_while_keys_change() -> None:
    older = Vault([Key(3, bytes(range(1, 33)), "active", "")])
    both = Vault([Key(3, bytes(range(1, 33)), "decrypt_only", ""), FIXED])
    number = "999901198001010000"
    assert AES.token(NAME, number) != AES.token(PHONE, number)
    assert len(AES.token(NAME, number)) == 16
    assert both.tokens(NAME, number) == [AES.token(NAME, number), older.token(NAME, number)]


def test_a_ring_is_written_for_its_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ring.json"
    write_ring(path, [new_key(1)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(BadKeyring, match="没有覆盖"):
        write_ring(path, [new_key(1)])
    assert path.read_bytes() == before
    assert read_ring(path)[0].key_id == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("not json", "损坏"),
        ('{"keys": [{}]}', "损坏"),
        (
            json.dumps(
                {
                    "keys": [
                        {
                            "id": 1,
                            "state": "active",
                            "created": "",
                            "material": base64.b64encode(b"short").decode(),
                        }
                    ]
                }
            ),
            "太弱",
        ),
        (
            json.dumps(
                {
                    "keys": [
                        {
                            "id": 1,
                            "state": "active",
                            "created": "",
                            "material": base64.b64encode(b"a" * 32).decode(),
                        }
                    ]
                }
            ),
            "太弱",
        ),
    ],
)
def test_a_bad_ring_is_refused_with_a_sentence(tmp_path: Path, body: str, words: str) -> None:
    path = tmp_path / "ring.json"
    path.write_text(body)
    path.chmod(0o600)
    with pytest.raises(BadKeyring, match=words):
        read_ring(path)
    with pytest.raises(BadKeyring, match="读不到"):
        read_ring(tmp_path / "nowhere.json")


def test_one_key_is_active() -> None:
    for keys in ([], [FIXED, new_key(8)]):
        with pytest.raises(BadKeyring):
            Vault(keys)


def test_key_material_leaves_by_no_side_door() -> None:
    assert FIXED.material.hex() not in repr(FIXED) + repr(AES) + FIXED.fingerprint
    with pytest.raises(TypeError):
        pickle.dumps(AES)
