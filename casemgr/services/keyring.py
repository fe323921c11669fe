"""密钥轮换: a new generation of keys at once, and sealing under it while everybody works on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from casemgr.rules.access import Access, Action
from casemgr.services.errors import Refused
from casemgr.services.use_case import use_case, within
from casemgr.store import keyring, reseal, sealed_files, shares
from casemgr.store.models.keys import KeyGeneration
from casemgr.store.queries import account as accounts
from casemgr.store.reseal import Holding
from casemgr.store.shares import BadShares
from casemgr.store.vault import (
    ACTIVE,
    DECRYPT_ONLY,
    PRE,
    RETIRED,
    BadKeyring,
    CannotOpen,
    Key,
    new_key,
    read_ring,
    unsafe,
    write_ring,
)
from casemgr.store.work import Work

#: A table is looked through again for rows that somebody was just writing, at most so often.
ROUNDS = 5
#: How long to wait for transactions that began before sealing anew did.
WAIT_SECONDS = 60.0
#: Name of the sealed files among the tables.
FILES = "files"


@dataclass(frozen=True, slots=True)
class KeyView:
    """One key: its state, suite and fingerprint; ``values`` and ``entries`` are what still needs it."""

    key_id: int
    state: str
    suite: str
    created: str
    fingerprint: str
    values: int = 0
    entries: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """How far one table has come: rows sealed anew, and the last key looked at."""

    table: str
    resealed: int
    last: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Resealed:
    """What sealing anew came to.

    ``left``: rows by table that are not under the active key; ``damaged`` of them do not open.
    """

    key_id: int
    resealed: int
    files: int
    left: dict[str, int]
    damaged: int
    older_writers: int

    @property
    def complete(self) -> bool:
        """Whether nothing is left under an older key."""
        return not (self.left or self.damaged or self.older_writers)


def _system() -> Access:
    return Access.system("keys")


def _view(key: Key) -> KeyView:
    return KeyView(key.key_id, key.state, key.suite, key.created, key.fingerprint)


def create(path: Path, suite: str, provider: str, command: Sequence[str]) -> KeyView:
    """A new ring with one key at ``path``; :class:`BadKeyring` when there is one already."""
    key = new_key(1, suite=suite)
    write_ring(path, [key], wrapping=keyring.wrappings(command)[provider])
    return _view(key)


def listed(path: Path, command: Sequence[str]) -> list[KeyView]:
    """The keys of the ring at ``path``; :class:`BadKeyring` when it cannot be used."""
    return [_view(key) for key in read_ring(path, keyring.wrappings(command))]


def share(path: Path, folder: Path, parts: int, needed: int) -> list[Path]:
    """The ring at ``path`` in ``parts`` files inside ``folder``, any ``needed`` of which give it back."""
    if fault := unsafe(path):
        raise BadKeyring(fault)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    try:
        lines = shares.split(path.read_bytes(), parts, needed)
    except BadShares as wrong:
        raise Refused(str(wrong)) from None
    for number, line in enumerate(lines, start=1):
        file = folder / f"share-{number}.txt"
        try:
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise Refused(f"{file} 已经存在，没有覆盖。请换一个空文件夹。") from None
        with os.fdopen(handle, "w") as out:
            out.write(line + "\n")
        made.append(file)
    return made


def join(files: Sequence[Path], path: Path, command: Sequence[str]) -> list[KeyView]:
    """Put the ring together again from shares, and write it to ``path`` where there is none."""
    if path.exists():
        raise Refused(f"密钥文件 {path} 已经存在，没有覆盖。请先核对它是否可用，再移走。")
    try:
        content = shares.join([file.read_text(encoding="ascii", errors="replace") for file in files])
    except BadShares as wrong:
        raise Refused(str(wrong)) from None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
    return listed(path, command)


# --- generations ----------------------------------------------------------------------------------


@use_case(Action.KEYS_MANAGE, writes=False)
def generations(work: Work) -> list[KeyView]:
    """All keys of the ring with what still needs them; counts every sealed value of the database."""
    values, entries = reseal.by_key(work), reseal.entries_by_key(work)
    return [
        replace(_view(key), values=values.get(key.key_id, 0), entries=entries.get(key.key_id, 0))
        for key in within(work).keys.read()
    ]


def rotate(access: Access, suite: str | None, now: datetime, *, prepare: bool = False) -> KeyView:
    """Make a new generation (or take up the one prepared) and let every process seal with it from now on.

    ``suite`` is ``aes``, ``sm`` or ``None`` for that of the present key. With ``prepare`` the new key is only
    laid into the ring, so that it can be brought to other machines before it is used. Former keys open on.
    """
    return _turned(access, suite, now, prepare)


@use_case(Action.KEYS_MANAGE)
def _turned(work: Work, suite: str | None, now: datetime, prepare: bool) -> KeyView:
    ring = within(work).keys
    with keyring.turn(ring.path):
        keys = ring.read()
        active = next(key for key in keys if key.state == ACTIVE)
        waiting = next((key for key in keys if key.state == PRE), None)
        if waiting is not None and prepare:
            raise Refused(
                f"第 {waiting.key_id} 号密钥已经预备好，还没有启用。"
                "请先执行 flask keys rotate 启用它，再预备下一把。"
            )
        if waiting is not None and suite not in (None, waiting.suite or "aes"):
            raise Refused(
                f"预备好的第 {waiting.key_id} 号密钥是另一套算法。"
                "请先不带 --suite 启用它，再轮换到所要的算法。"
            )
        if waiting is None:
            number = max(key.key_id for key in keys) + 1
            waiting = new_key(number, PRE, suite or active.suite or ("sm" if ring.cipher == "sm4" else "aes"))
            keys = [*keys, waiting]
        if not prepare:
            turned = {ACTIVE: DECRYPT_ONLY, PRE: ACTIVE}
            keys = [replace(key, state=turned.get(key.state, key.state)) for key in keys]
        for key in keys:
            _write_down(work, key, now)
        work.note("prepare" if prepare else "rotate", "KeyRing", row_key=waiting.key_id, fields=waiting.suite)
        # Last, and within this unit of work: a ring that cannot be written leaves no word of a rotation.
        write_ring(ring.path, keys, replace=True, wrapping=ring.wrapping)
    return _view(next(key for key in keys if key.key_id == waiting.key_id))


def _write_down(work: Work, key: Key, now: datetime) -> None:
    known = work.get(KeyGeneration, key.key_id)
    if known is None:
        known = work.add(
            KeyGeneration(key_id=key.key_id, fingerprint=key.fingerprint, suite=key.suite, activated_at=None)
        )
    if key.state == ACTIVE and known.activated_at is None:
        known.activated_at = now
    if key.state == RETIRED and known.retired_at is None:
        known.retired_at = now


@use_case(Action.KEYS_MANAGE)
def retire(work: Work, key_id: int, now: datetime, telephones_asked: bool = False) -> KeyView:
    """Destroy a former key that nothing needs any more; only its fingerprint stays.

    Raises :class:`Refused` while a value, a file or an audit entry needs it, and unless ``telephones_asked``
    while accounts have telephones: which key a telephone was compared under is written down nowhere, and
    one that stood only under this key no longer tells that two accounts are one person's.
    """
    ring = within(work).keys
    with keyring.turn(ring.path):
        keys = ring.read()
        key = next((one for one in keys if one.key_id == key_id), None)
        if key is None or key.state not in (DECRYPT_ONLY, PRE):
            raise Refused(
                f"第 {key_id} 号密钥不存在，或不是“只解密”状态，没有停用。请先用 flask keys status 核对。"
            )
        values, entries = reseal.by_key(work).get(key_id, 0), reseal.entries_by_key(work).get(key_id, 0)
        files = len(sealed_files.stale(work))
        if values or entries or files:
            raise Refused(
                f"第 {key_id} 号密钥还不能停用："
                f"{values} 个加密值、{files} 个文件、{entries} 条审计记录仍要用它。"
                "请先执行 flask keys reseal；审计记录在保存期满归档以前，一直需要原来的密钥。"
            )
        telephones = 0 if telephones_asked or key.state == PRE else accounts.with_telephone(work)
        if telephones:
            raise Refused(
                f"第 {key_id} 号密钥还没有停用：有 {telephones} 个账号登记了手机号码（只存密文摘要）。"
                "用这把密钥登记的号码停用后不能再比对，同一个人的两个账号可能认不出来。请先在账号管理中请本人重新填写手机号码；"
                "已经重新填写，或确认不需要时，加上 --telephones-asked 再执行。"
            )
        keys = [replace(one, state=RETIRED) if one.key_id == key_id else one for one in keys]
        gone = Key(key.key_id, b"", RETIRED, key.created, key.suite, key.fingerprint)
        keys = [gone if one.key_id == key_id else one for one in keys]
        _write_down(work, gone, now)
        work.note("retire", "KeyRing", row_key=key_id)
        write_ring(ring.path, keys, replace=True, wrapping=ring.wrapping)
    return _view(gone)


@use_case(Action.KEYS_MANAGE)
def rewrap(work: Work) -> list[KeyView]:
    """Lay the keys down anew as the settings say (in the file or by the outside program); no data changes."""
    ring = within(work).keys
    with keyring.turn(ring.path):
        keys = ring.read()
        work.note("rewrap", "KeyRing", count=len(keys), fields=ring.wrapping.name)
        write_ring(ring.path, keys, replace=True, wrapping=ring.wrapping)
    return [_view(key) for key in keys]


# --- sealing anew ---------------------------------------------------------------------------------


@use_case(Action.KEYS_MANAGE, writes=False)
def steps(work: Work) -> list[Step]:
    """How far sealing anew has come, by table; empty before it was ever begun."""
    return [
        Step(one.table_name, one.resealed, one.last_key, one.finished) for one in reseal.all_progress(work)
    ]


@use_case(Action.KEYS_MANAGE, writes=False)
def _begun(work: Work, holding: Holding) -> tuple[int, int]:
    """(last key looked at, rows sealed anew) of an earlier run to the same key that was not ended."""
    found = reseal.progress(work, holding)
    return (0, 0) if found is None or found.finished else (found.last_key, found.resealed)


@use_case(Action.KEYS_MANAGE, writes=False)
def _read(work: Work, holding: Holding, after: int) -> tuple[reseal.Stale, list[tuple[dict, dict]], int]:  # type: ignore[type-arg]
    found, made, damaged = reseal.read(work, holding, after), [], 0
    for row in found.rows:
        try:
            made.append((row, reseal.anew(work.vault, holding, row)))
        except CannotOpen:
            damaged += 1
    return found, made, damaged


@use_case(Action.KEYS_MANAGE)
def _lay_down(work: Work, holding: Holding, made: list, last: int, before: int, finished: bool) -> int:  # type: ignore[type-arg]
    written = reseal.lay_down(work, holding, made) if made else 0
    reseal.note(work, holding, last, before + written, finished)
    return written


@use_case(Action.KEYS_MANAGE, writes=False)
def _left(work: Work) -> dict[str, int]:
    counted = {holding.name: reseal.count(work, holding) for holding in reseal.holdings()}
    counted[FILES] = len(sealed_files.stale(work))
    return {name: number for name, number in counted.items() if number}


@use_case(Action.KEYS_MANAGE)
def _files(work: Work) -> tuple[int, int]:
    return sealed_files.reseal(work)


@use_case(Action.KEYS_MANAGE, writes=False)
def _older_writers(work: Work, since: datetime) -> int:
    return reseal.older_writers(work, since)


@use_case(Action.KEYS_MANAGE)
def _ended(work: Work, resealed: int, files: int, outcome: str) -> int:
    work.note(
        "reseal",
        "KeyRing",
        row_key=work.vault.active_id,
        count=resealed,
        fields=f"files={files}",
        outcome=outcome,
    )
    return work.vault.active_id


def reseal_all(
    access: Access, say: Callable[[Step], None] = lambda _: None, *, pause: float = 1.0
) -> Resealed:
    """Bring every sealed value, token and file under the active key, in batches, while others read and write.

    ``say`` is told how far each table has come. ``pause``: after each batch, wait so many times as long as it
    took, so that others have their turn. Can be ended at any moment and begun again.
    """
    begun = datetime.now(UTC)
    total = damaged = files = broken_files = older = 0
    left: dict[str, int] = {}
    wanted = list(reseal.holdings())
    # Whoever began with the former keys alone must neither look for tokens that are anew nor write after us.
    _have_a_turn(access)
    _waited(access, begun)
    for turn in range(ROUNDS):
        damaged = 0
        for holding in wanted:
            written, broken = _table(access, holding, say, pause, resume=turn == 0)
            total, damaged = total + written, damaged + broken
        if turn == 0:
            files, broken_files = _files(access)
        left = _left(access)
        wanted = [holding for holding in wanted if holding.name in left]
        if not wanted or sum(left.values()) == damaged + broken_files:
            break
    older = _older_writers(access, begun)
    key_id = _ended(access, total, files, "done" if not left and not older else "partial")
    return Resealed(key_id, total, files, left, damaged + broken_files, older)


def _table(
    access: Access, holding: Holding, say: Callable[[Step], None], pause: float, *, resume: bool
) -> tuple[int, int]:
    after, before = _begun(access, holding) if resume else (0, 0)
    written = damaged = 0
    while True:
        found, made, broken = _read(access, holding, after)
        damaged += broken
        began = time.perf_counter()
        if made or (found.end and before + written):
            written += _lay_down(access, holding, made, found.last, before + written, found.end)
        after = found.last
        say(Step(holding.name, before + written, after, found.end))
        if found.end:
            return written, damaged
        time.sleep(pause * (time.perf_counter() - began))


@use_case(Action.KEYS_MANAGE)
def _have_a_turn(work: Work) -> None:
    """On SQLite, whoever wrote before has ended by now, and whoever comes after knows the new key."""


def _waited(access: Access, begun: datetime) -> None:
    """Have patience with the transactions that were running when sealing anew began."""
    until = time.monotonic() + WAIT_SECONDS
    while _older_writers(access, begun) and time.monotonic() < until:
        time.sleep(0.2)


# --- the drill ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Drilled:
    """Sealed columns of which one value under each key was opened, columns without any, and failures."""

    opened: int
    empty: int
    damaged: tuple[str, ...]


@use_case(Action.KEYS_MANAGE)
def drill(work: Work) -> Drilled:
    """Open one value of every sealed column under every key in use; nothing of it is shown or kept."""
    opened, empty, damaged = 0, 0, []
    for holding in reseal.holdings():
        for name, place in holding.sealed:
            samples = reseal.samples(work, holding, name)
            empty += not samples
            try:
                for key, value in samples:
                    work.vault.open_bytes(place, key, value)
                opened += bool(samples)
            except CannotOpen:
                damaged.append(f"{holding.name}.{name}")
    work.note("drill", "KeyRing", count=opened, outcome="failed" if damaged else "done")
    return Drilled(opened, empty, tuple(damaged))
