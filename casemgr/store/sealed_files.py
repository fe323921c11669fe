"""密封文件: files that people bring, kept for a while, sealed like a column and bound to their run."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from casemgr.store.vault import Place
from casemgr.store.work import Work


def _path(work: Work, folder: str, key: int, kind: str) -> Path:
    return work._home.instance / folder / f"{key}.{kind}"


def put(work: Work, folder: str, key: int, kind: str, content: bytes) -> None:
    """Keep ``content`` sealed under a key; whole or not at all, readable by this program's user only."""
    path = _path(work, folder, key, kind)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    sealed = work.vault.seal_bytes(Place(folder, kind), key, content)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


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
    _path(work, folder, key, kind).unlink(missing_ok=True)


def keys(work: Work, folder: str) -> set[int]:
    """Keys under which anything is kept."""
    place = work._home.instance / folder
    names = (path.name.partition(".")[0] for path in place.glob("[0-9]*.*")) if place.is_dir() else ()
    return {int(name) for name in names if name.isdigit()}
