"""密钥环: the newest keys of the ring for every unit of work, wherever the keys themselves are kept.

The ring file is looked at when a unit of work begins; one that was replaced (轮换) is read again, so that
every running process seals with the new generation at once. A ring that belongs to another database locks the
installation: nothing is read or written until the right one is back.
"""

from __future__ import annotations

import base64
import logging
import os
import stat
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from casemgr.store.alone import alone
from casemgr.store.vault import BadKeyring, InTheFile, Key, Vault, Wrapping, read_ring

log = logging.getLogger("casemgr.keys")
#: How long an outside program may take for one key.
PATIENCE = 20


class ByCommand:
    """外部密钥程序: wraps and unwraps keys by a program that talks to a KMS, an HSM or a 密码机.

    Called as ``PROGRAM … wrap CONTEXT`` or ``PROGRAM … unwrap CONTEXT``; one line of base64 on its standard
    input, one on its standard output, exit code 0. What it says on its standard error is not kept.
    """

    name = "command"

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)

    def wrap(self, material: bytes, context: str) -> bytes:
        """The key as the program hands it back."""
        return self.ask("wrap", context, material)

    def unwrap(self, wrapped: bytes, context: str) -> bytes:
        """The key again; :class:`BadKeyring` with a sentence when the program does not answer."""
        return self.ask("unwrap", context, wrapped)

    def ask(self, verb: str, context: str, given: bytes) -> bytes:
        """What the program answers to a verb; :class:`BadKeyring` with a sentence when it does not."""
        if fault := unsafe_program(Path(self._command[0])):
            raise BadKeyring(fault)
        try:
            answered = subprocess.run(  # noqa: S603 - the operator's own program, checked above
                [*self._command, verb, context],
                input=base64.b64encode(given) + b"\n",
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE,
                check=True,
            )
            found = base64.b64decode(answered.stdout.strip(), validate=True)
        except subprocess.TimeoutExpired:
            raise BadKeyring(
                f"外部密钥程序 {PATIENCE} 秒内没有应答。请检查密钥设备或网络，恢复后再试。"
            ) from None
        except (OSError, ValueError, subprocess.SubprocessError):
            raise BadKeyring("外部密钥程序没有交出密钥。请检查密钥设备、登录状态和该程序的日志。") from None
        if not found:
            raise BadKeyring("外部密钥程序没有交出密钥。请检查密钥设备、登录状态和该程序的日志。")
        return found


def unsafe_program(path: Path) -> str:
    """Why a program may not be trusted with keys (a link, writable by others …), or an empty text."""
    if not path.is_absolute():
        return f"外部密钥程序 {path} 要写完整路径（CASEMGR_KEY_COMMAND）。"
    if path.is_symlink() or not path.is_file():
        return f"外部密钥程序 {path} 不存在，或不是普通文件（CASEMGR_KEY_COMMAND）。"
    found = path.stat()
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or found.st_uid not in (0, os.geteuid()):
        return f"外部密钥程序 {path} 可以被其他用户改写。请执行：chmod go-w {path}"
    return ""


def wrappings(command: Sequence[str]) -> dict[str, Wrapping]:
    """Every way keys can be laid down here, by name."""
    known: dict[str, Wrapping] = {InTheFile.name: InTheFile()}
    if command:
        known[ByCommand.name] = ByCommand(command)
    return known


@contextmanager
def turn(path: Path) -> Iterator[None]:
    """Keep every other process out that wants to change the ring at ``path``."""
    with alone(path.with_name(path.name + ".lock")):
        yield


class LiveRing:
    """The ring of a running installation; :meth:`vault` is the newest."""

    def __init__(
        self,
        path: Path,
        cipher: str = "aes",
        known: Mapping[str, Wrapping] | None = None,
        wraps: str = "file",
    ) -> None:
        self.path = path
        self.cipher = cipher
        self.known: Mapping[str, Wrapping] = known or wrappings(())
        self.wraps = wraps
        self._turn = threading.RLock()
        self._seen = _looks(path)
        self._keys = {key.key_id: key for key in self.read()}
        self._vault = Vault(list(self._keys.values()), cipher, self._newer)

    def __reduce__(self) -> str:
        raise TypeError("the ring never leaves its process")

    def read(self) -> list[Key]:
        """The keys as the file has them now; :class:`BadKeyring` when it cannot be used."""
        return read_ring(self.path, self.known)

    @property
    def wrapping(self) -> Wrapping:
        """How keys are laid down by this installation; :class:`BadKeyring` when its program is not set."""
        found = self.known.get(self.wraps)
        if found is None:
            raise BadKeyring("密钥来源设为外部程序，但没有设置 CASEMGR_KEY_COMMAND。请补上设置后再试。")
        return found

    def vault(self) -> Vault:
        """The vault of the ring as it is now; the former one while the new file cannot be used."""
        if _looks(self.path) != self._seen:
            self._again()
        return self._vault

    def _newer(self, key_id: int) -> Key | None:
        self.vault()
        return self._keys.get(key_id)

    def _again(self) -> None:
        with self._turn:
            looks = _looks(self.path)
            if looks == self._seen:
                return
            try:
                found = {key.key_id: key for key in self.read()}
                self._check(found)
                made = Vault(list(found.values()), self.cipher, self._newer)
            except BadKeyring as wrong:
                # What runs keeps running with the keys it has; a file half put back stops nobody.
                log.error("the key ring was changed and cannot be used: %s", wrong)
            else:
                self._keys, self._vault = found, made
                log.info("key ring read again, active key %s", made.active_id)
            self._seen = looks

    def _check(self, found: Mapping[int, Key]) -> None:
        for key_id, key in self._keys.items():
            other = found.get(key_id)
            if other is None or other.fingerprint != key.fingerprint:
                raise BadKeyring(
                    f"新的密钥文件里没有原来的第 {key_id} 号密钥，没有采用。请恢复原来的密钥文件。"
                )


def _looks(path: Path) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
