"""报表文件: where papers lie in the installation's folder; written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from casemgr.services.use_case import within
from casemgr.store.whole_file import lay_down
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
    lay_down(path, content)
