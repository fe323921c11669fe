"""报表文件: where papers lie in the installation's folder; written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from casemgr.services.use_case import within
from casemgr.store.work import Work

FOLDER = "reports"


def path_of(work: Work, name: str) -> Path:
    """A file of the folder of reports."""
    folder: Path = within(work).instance / FOLDER
    return folder / name


def write_file(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by the program's user only, on the disk before the row is."""
    path.parent.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
