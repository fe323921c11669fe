"""密钥与加密: the key ring, sealing of single values, keyed tokens and the audit key.

Bytes of a sealed value (format 1)::

    0     1  format version = 0x01
    1     1  algorithm: 0x01 AES-256-GCM, 0x02 SM4-GCM
    2     4  key id, big endian
    6     1  flags, 0x01 = padded
    7    12  nonce
    19    n  ciphertext, then 16 bytes of tag

Associated data binds a value to its place: table, column and the row's 16-byte uuid. A value moved to
another column or row does not open. Every column has its own subkey, derived from the key of the ring.

A key belongs to a suite: ``aes`` is AES-256-GCM with HMAC and HKDF over SHA-256, ``sm`` is SM4-GCM with HMAC
and HKDF over SM3. A key without one is older than suites: SHA-256, and the cipher of the settings.

A :class:`Vault` never changes its mind about which key is the active one; whoever works for a while keeps the
vault he began with. :mod:`casemgr.store.keyring` hands out the newest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import stat
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = 1
AES, SM4 = 1, 2
CIPHERS = {"aes": AES, "sm4": SM4}
#: Suites of a generation, with what people call them.
SUITES = {"aes": "AES-256-GCM + HMAC-SHA-256", "sm": "SM4-GCM + HMAC-SM3"}
#: 预备: known everywhere, not used yet · 启用 · 只解密 · 停用: destroyed, only its fingerprint is left.
PRE, ACTIVE, DECRYPT_ONLY, RETIRED = "pre", "active", "decrypt_only", "retired"
STATES = (PRE, ACTIVE, DECRYPT_ONLY, RETIRED)
PADDED = 1
HEADER = struct.Struct(">BBIB")
NONCE, TAG = 12, 16
TEXT = b"\x01"
TOKEN_LENGTH = 16


class BadKeyring(Exception):
    """The key ring cannot be used; the message is a Chinese sentence without key material."""


class Locked(Exception):
    """The installation has no keys that can be used, or those of another database; a Chinese sentence."""


class CannotOpen(Exception):
    """A sealed value does not open: other key, other place, or damaged bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value belongs."""

    table: str
    column: str

    @property
    def info(self) -> bytes:
        return f"{self.table}|{self.column}".encode()


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the ring; ``material`` leaves this module only to be wrapped, and is empty once retired."""

    key_id: int
    material: bytes
    state: str
    created: str
    suite: str = ""
    #: The fingerprint as it was written down; only a retired key has nothing else.
    mark: str = ""

    @property
    def fingerprint(self) -> str:
        """Eight hex digits by which people tell keys apart."""
        if not self.material:
            return self.mark
        return hashlib.sha256(b"casemgr fingerprint" + self.material).hexdigest()[:8]

    @property
    def usable(self) -> bool:
        """Whether it still opens anything."""
        return self.state != RETIRED and bool(self.material)

    def __repr__(self) -> str:
        return f"Key({self.key_id}, {self.state})"


class Wrapping(Protocol):
    """Where keys come from (密钥来源): lays a key down in the ring file and takes it up again.

    ``context`` names the key and must be given again; a wrapping may bind it.
    """

    name: str

    def wrap(self, material: bytes, context: str) -> bytes:
        """The key as it is written into the ring."""

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The key again; :class:`BadKeyring` with a sentence when it cannot be had."""


class InTheFile:
    """密钥文件: the key itself stands in the file, which only its owner can read."""

    name = "file"

    def wrap(self, material: bytes, context: str) -> bytes:
        """The key as it is."""
        return material

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The key as it is."""
        return wrapped


def _padded(payload: bytes) -> bytes:
    """Payload with its length, filled up to 16, 32, 64 … bytes: the length of a name is itself a hint."""
    body = len(payload).to_bytes(4, "big") + payload
    size = max(16, 1 << (len(body) - 1).bit_length())
    return body.ljust(size, b"\0")


def _unpadded(body: bytes) -> bytes:
    (length,) = struct.unpack_from(">I", body)
    return body[4 : 4 + length]


class Vault:
    """Seals and opens values with the keys of one ring; safe to share between threads.

    ``newer`` is asked for a key that came into the ring after this vault was made.
    """

    def __init__(
        self, keys: list[Key], cipher: str = "aes", newer: Callable[[int], Key | None] | None = None
    ) -> None:
        active = [key for key in keys if key.state == ACTIVE]
        if len(active) != 1:
            raise BadKeyring(f"密钥文件里应当恰好有一把启用的密钥，现在有 {len(active)} 把。")
        self._keys = {key.key_id: key for key in keys}
        self._active = active[0]
        self._setting = CIPHERS[cipher]
        self._algorithm = self._algorithm_of(self._active)
        self._newer = newer
        self._subkeys: dict[tuple[int, str, bytes], bytes] = {}
        self._aead: dict[tuple[int, bytes], AESGCM] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Vault(active={self._active.key_id}, keys={sorted(self._keys)})"

    def __reduce__(self) -> str:
        raise TypeError("the vault never leaves its process")

    @property
    def active_id(self) -> int:
        """Id of the key new values are sealed with."""
        return self._active.key_id

    @property
    def head(self) -> bytes:
        """The first six bytes of every value sealed now: format, algorithm, key."""
        return HEADER.pack(FORMAT, self._algorithm, self._active.key_id, PADDED)[:6]

    def keys(self) -> list[Key]:
        """All keys that open anything, for listing and trying (id, state, fingerprint)."""
        return [self._keys[key_id] for key_id in sorted(self._keys) if self._keys[key_id].usable]

    def _algorithm_of(self, key: Key) -> int:
        return {"aes": AES, "sm": SM4}.get(key.suite, self._setting)

    def _key(self, key_id: int) -> Key:
        key = self._keys.get(key_id)
        if key is None and self._newer is not None:
            key = self._newer(key_id)
            if key is not None:
                # A new dictionary: another thread may just be going through the old one.
                self._keys = {**self._keys, key_id: key}
        if key is None or not key.usable:
            raise CannotOpen(f"key {key_id} is not in the ring")
        return key

    def _subkey(self, key_id: int, purpose: str, info: bytes = b"", length: int = 32) -> bytes:
        wanted = (key_id, purpose, info)
        found = self._subkeys.get(wanted)
        if found is None:
            key = self._key(key_id)
            derived = HKDF(_hash_of(key), length, None, b"casemgr/v1|" + purpose.encode() + b"|" + info)
            with self._lock:
                found = self._subkeys[wanted] = derived.derive(key.material)
        return found

    def _keyed(self, key_id: int, subkey: bytes, message: bytes) -> bytes:
        if self._key(key_id).suite != "sm":
            return hmac.digest(subkey, message, "sha256")
        made = keyed.HMAC(subkey, hashes.SM3())
        made.update(message)
        return made.finalize()

    @staticmethod
    def _aad(header: bytes, place: Place, row: int) -> bytes:
        table, column = place.table.encode(), place.column.encode()
        return (
            b"CMG1"
            + header
            + struct.pack(">H", len(table))
            + table
            + struct.pack(">H", len(column))
            + column
            + row.to_bytes(16, "big")
        )

    def seal(self, place: Place, row: int, text: str) -> bytes:
        """``text`` sealed for one column of one row."""
        return self.seal_bytes(place, row, TEXT + text.encode())

    def open(self, place: Place, row: int, sealed: bytes) -> str:
        """The text sealed for this column of this row; :class:`CannotOpen` for anything else."""
        return self.open_bytes(place, row, sealed)[1:].decode()

    def seal_bytes(self, place: Place, row: int, payload: bytes) -> bytes:
        """Any bytes (a file, a list of keys) sealed for their place."""
        key_id = self._active.key_id
        header = HEADER.pack(FORMAT, self._algorithm, key_id, PADDED)
        nonce = os.urandom(NONCE)
        aad = self._aad(header, place, row)
        body = _padded(payload)
        if self._algorithm == AES:
            return header + nonce + self._aes(key_id, place).encrypt(nonce, body, aad)
        key = self._subkey(key_id, "sm4", place.info)[:16]
        encryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(aad)
        return header + nonce + encryptor.update(body) + encryptor.finalize() + encryptor.tag

    def sealer(self, place: Place) -> Callable[[int, str], bytes]:
        """:meth:`seal` for many values of one column, with all that they share worked out once."""
        if self._algorithm != AES:
            return partial(self.seal, place)
        key_id = self._active.key_id
        header = HEADER.pack(FORMAT, AES, key_id, PADDED)
        head = self._aad(header, place, 0)[:-16]
        encrypt, nonce_of = self._aes(key_id, place).encrypt, os.urandom

        def seal(row: int, text: str) -> bytes:
            nonce, body = nonce_of(NONCE), _padded(TEXT + text.encode())
            return header + nonce + encrypt(nonce, body, head + row.to_bytes(16, "big"))

        return seal

    def open_bytes(self, place: Place, row: int, sealed: bytes) -> bytes:
        """Inverse of :meth:`seal_bytes`."""
        if len(sealed) < HEADER.size + NONCE + TAG:
            raise CannotOpen("too short")
        header = sealed[: HEADER.size]
        version, algorithm, key_id, flags = HEADER.unpack(header)
        if version != FORMAT or flags != PADDED or algorithm not in (AES, SM4):
            raise CannotOpen("unknown format")
        nonce = sealed[HEADER.size : HEADER.size + NONCE]
        body = sealed[HEADER.size + NONCE :]
        aad = self._aad(header, place, row)
        try:
            if algorithm == AES:
                return _unpadded(self._aes(key_id, place).decrypt(nonce, body, aad))
            key = self._subkey(key_id, "sm4", place.info)[:16]
            decryptor = Cipher(algorithms.SM4(key), modes.GCM(nonce, body[-TAG:])).decryptor()
            decryptor.authenticate_additional_data(aad)
            # update() hands out bytes before the tag is checked; nothing leaves before finalize().
            plain = decryptor.update(body[:-TAG])
            decryptor.finalize()
            return _unpadded(plain)
        except InvalidTag as wrong:
            raise CannotOpen(f"{place.table}.{place.column}") from wrong

    def open_many(self, place: Place, values: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, str]]:
        """(row, text) of many values of one column; the way names are searched within an area."""
        table, column = place.table.encode(), place.column.encode()
        tail = struct.pack(">H", len(table)) + table + struct.pack(">H", len(column)) + column
        expected = head = b""
        decrypt = AESGCM(bytes(32)).decrypt
        for row, sealed in values:
            header = sealed[: HEADER.size]
            if header != expected:
                _version, algorithm, key_id, _flags = HEADER.unpack(header)
                if algorithm != AES:
                    yield row, self.open(place, row, sealed)
                    continue
                decrypt = self._aes(key_id, place).decrypt
                expected, head = header, b"CMG1" + header + tail
            try:
                body = decrypt(sealed[7:19], sealed[19:], head + row.to_bytes(16, "big"))
            except InvalidTag as wrong:
                raise CannotOpen(f"{place.table}.{place.column}") from wrong
            yield row, body[5 : 4 + int.from_bytes(body[:4], "big")].decode()

    def _aes(self, key_id: int, place: Place) -> AESGCM:
        wanted = (key_id, place.info)
        found = self._aead.get(wanted)
        if found is None:
            found = self._aead[wanted] = AESGCM(self._subkey(key_id, "aes", place.info))
        return found

    def token(self, place: Place, normal: str, key_id: int | None = None) -> bytes:
        """Full-length keyed token of a unique identifier that is already in its normal form."""
        key_id = key_id or self._active.key_id
        key = self._subkey(key_id, "token", place.info)
        return self._keyed(key_id, key, normal.encode())[:TOKEN_LENGTH]

    def tokens(self, place: Place, normal: str) -> list[bytes]:
        """The token under every key of the ring, newest first, for looking up during a rotation."""
        return [self.token(place, normal, key_id) for key_id in self._generations()]

    def _generations(self) -> list[int]:
        """Every key that opens anything, the active one first, then the newest."""
        usable = [key.key_id for key in self._keys.values() if key.usable]
        return sorted(usable, key=lambda key_id: (key_id != self._active.key_id, -key_id))

    def mac(self, purpose: str, message: bytes, key_id: int | None = None) -> bytes:
        """32-byte keyed digest for ``purpose`` (audit chain, session ids, report codes)."""
        key_id = key_id or self._active.key_id
        return self._keyed(key_id, self._subkey(key_id, purpose), message)

    def macs(self, purpose: str, message: bytes) -> list[bytes]:
        """The digest under every key of the ring, the active one first; for what is older than a rotation."""
        return [self.mac(purpose, message, key_id) for key_id in self._generations()]


def _hash_of(key: Key) -> hashes.HashAlgorithm:
    return hashes.SM3() if key.suite == "sm" else hashes.SHA256()


def new_key(key_id: int, state: str = ACTIVE, suite: str = "") -> Key:
    """A fresh 256-bit key."""
    return Key(key_id, os.urandom(32), state, datetime.now(UTC).date().isoformat(), suite)


def _context(key_id: int) -> str:
    return f"casemgr-key-{key_id}"


def _written(key: Key, wrapping: Wrapping) -> dict[str, Any]:
    row: dict[str, Any] = {"id": key.key_id, "state": key.state, "created": key.created}
    if key.suite:
        row["suite"] = key.suite
    if key.state == RETIRED:
        return {**row, "fingerprint": key.fingerprint}
    laid = base64.b64encode(wrapping.wrap(key.material, _context(key.key_id))).decode()
    if wrapping.name == InTheFile.name:
        return {**row, "material": laid}
    return {**row, "by": wrapping.name, "wrapped": laid, "fingerprint": key.fingerprint}


def write_ring(
    path: Path, keys: list[Key], *, replace: bool = False, wrapping: Wrapping | None = None
) -> None:
    """Write the ring with mode 0600; refuses to overwrite one unless ``replace`` (rotation)."""
    if path.exists() and not replace:
        raise BadKeyring(f"密钥文件 {path} 已经存在，没有覆盖。丢失旧密钥会使已有数据永远无法打开。")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = {"format": 1, "keys": [_written(key, wrapping or InTheFile()) for key in keys]}
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        if path.exists() and os.name == "posix" and path.stat().st_uid != os.geteuid():
            # Whoever runs the command, the program that serves must still be able to read its keys.
            os.fchown(out.fileno(), path.stat().st_uid, path.stat().st_gid)
        json.dump(body, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def unsafe(path: Path) -> str:
    """Why the file may not hold keys (a link, open to others, not this user's), or an empty text."""
    if path.is_symlink():
        return f"密钥文件 {path} 是符号链接，请改为普通文件。"
    if not path.is_file():
        return f"读不到密钥文件 {path}。请检查文件是否存在、是否属于当前用户。"
    found = path.stat()
    if os.name == "posix" and found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return f"密钥文件 {path} 可以被其他用户读取。请执行：chmod 600 {path}"
    if os.name == "posix" and os.geteuid() not in (0, found.st_uid):
        return f"密钥文件 {path} 不属于当前用户。请用运行程序的用户，或把文件交给该用户。"
    return ""


def read_ring(path: Path, wrappings: Mapping[str, Wrapping] | None = None) -> list[Key]:
    """The keys of the ring at ``path``; :class:`BadKeyring` with a sentence when it cannot be used.

    ``wrappings``: by name, what keys that do not stand in the file themselves are taken up with.
    """
    if fault := unsafe(path):
        raise BadKeyring(fault)
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        keys = [_read(row, wrappings or {}) for row in body["keys"]]
    except OSError as wrong:
        raise BadKeyring(f"读不到密钥文件 {path}。请检查文件是否存在、是否属于当前用户。") from wrong
    except (ValueError, KeyError, TypeError) as wrong:
        raise BadKeyring(f"密钥文件 {path} 内容损坏。请用备份的密钥文件恢复，不要新建。") from wrong
    if len({key.key_id for key in keys}) != len(keys):
        raise BadKeyring(f"密钥文件 {path} 内容损坏：有两把同号的密钥。请用备份的密钥文件恢复，不要新建。")
    for key in keys:
        if key.usable and (len(key.material) < 32 or len(set(key.material)) < 8):
            raise BadKeyring(f"密钥文件 {path} 中的密钥 {key.key_id} 太弱（不足 256 位），已拒绝使用。")
    return keys


def _read(row: dict[str, Any], wrappings: Mapping[str, Wrapping]) -> Key:
    key_id, state, suite = int(row["id"]), row["state"], row.get("suite", "")
    if state not in STATES or suite not in ("", *SUITES):
        raise ValueError("unknown state or suite")
    if state == RETIRED:
        return Key(key_id, b"", state, row["created"], suite, row["fingerprint"])
    if "by" not in row:
        return Key(key_id, base64.b64decode(row["material"], validate=True), state, row["created"], suite)
    wrapping = wrappings.get(row["by"])
    if wrapping is None:
        raise BadKeyring(
            f"第 {key_id} 号密钥由外部密钥程序保管，但没有设置 CASEMGR_KEY_COMMAND。请补上设置后再启动。"
        )
    material = wrapping.unwrap(base64.b64decode(row["wrapped"], validate=True), _context(key_id))
    key = Key(key_id, material, state, row["created"], suite)
    if not hmac.compare_digest(key.fingerprint, str(row["fingerprint"])):
        raise BadKeyring(
            f"外部密钥程序交回的第 {key_id} 号密钥与记录的指纹不符。请检查密钥程序连接的是不是原来的设备。"
        )
    return key
