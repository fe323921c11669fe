"""密封文件: files that people bring, kept for a while, sealed like a column and bound to their run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from casemgr.store.alone import alone
from casemgr.store.vault import FORMAT, CannotOpen, Place, Vault
from casemgr.store.whole_file import lay_down
from casemgr.store.work import Work


def _path(work: Work, folder: str, key: int, kind: str) -> Path:
    return work._home.instance / folder / f"{key}.{kind}"


def _turn(instance: Path) -> AbstractContextManager[None]:
    """Let nobody else replace or remove a file meanwhile: sealing anew must not bring an older one back."""
    return alone(instance / ".sealed-files.lock")


def put(work: Work, folder: str, key: int, kind: str, content: bytes) -> None:
    """Keep ``content`` sealed under a key; whole or not at all, readable by this program's user only."""
    path = _path(work, folder, key, kind)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _turn(work._home.instance):
        lay_down(path, work.vault.seal_bytes(Place(folder, kind), key, content))


def take(work: Work, folder: str, key: int, kind: str) -> bytes | None:
    """The content kept under a key, ``None`` when it is gone; raises ``CannotOpen`` when it was changed."""
    try:
        sealed = _path(work, folder, key, kind).read_bytes()
    except FileNotFoundError:
        return None
    return work.vault.open_bytes(Place(folder, kind), key, sealed)


def exists(work: Work, folder: str, key: int, kind: str) -> bool:
    """Whether something is kept under a key."""
    return _path(work, folder, key, kind).is_file()


def remove(work: Work, folder: str, key: int, kind: str) -> None:
    """Forget what is kept under a key."""
    with _turn(work._home.instance):
        _path(work, folder, key, kind).unlink(missing_ok=True)


def keys(work: Work, folder: str) -> set[int]:
    """Keys under which anything is kept."""
    place = work._home.instance / folder
    names = (path.name.partition(".")[0] for path in place.glob("[0-9]*.*")) if place.is_dir() else ()
    return {int(name) for name in names if name.isdigit()}


def _all(instance: Path) -> Iterator[tuple[Path, Place, int]]:
    """Every file here that is kept sealed, with the place its bytes are bound to."""
    for path in sorted(instance.rglob("[0-9]*.*")):
        number, _, kind = path.name.partition(".")
        if path.is_file() and number.isdigit() and path.parent != instance:
            yield path, Place(path.parent.relative_to(instance).as_posix(), kind), int(number)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(6)
    except FileNotFoundError:
        return b""


def stale(work: Work) -> list[Path]:
    """Sealed files that are not under the active key."""
    heads = [(path, _head(path)) for path, _, _ in _all(work._home.instance)]
    return [path for path, head in heads if head[:1] == bytes([FORMAT]) and head != work.vault.head]


def reseal(work: Work) -> tuple[int, int]:
    """Seal every file anew that is not under the active key: (how many, how many could not be opened)."""
    old, done, failed = set(stale(work)), 0, 0
    vault: Vault = work.vault
    for path, place, key in _all(work._home.instance):
        if path not in old:
            continue
        with _turn(work._home.instance):
            try:
                lay_down(path, vault.seal_bytes(place, key, vault.open_bytes(place, key, path.read_bytes())))
                done += 1
            except FileNotFoundError:
                continue
            except CannotOpen:
                failed += 1
    return done, failed
