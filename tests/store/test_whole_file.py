"""整存文件: whole or not at all, and for this program's user alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from casemgr.store.whole_file import lay_down


def test_a_file_is_replaced_whole_and_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "paper.pdf"
    lay_down(path, b"first")
    lay_down(path, b"second")
    assert path.read_bytes() == b"second"
    assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["paper.pdf"]


@pytest.mark.parametrize("step", ["fsync", "fdopen"])
def test_a_broken_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "paper.pdf"
    lay_down(path, b"first")

    def full(*_given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, step, full)
        with pytest.raises(OSError, match="No space"):
            lay_down(path, b"second")
    assert path.read_bytes() == b"first"
    assert [one.name for one in tmp_path.iterdir()] == ["paper.pdf"]
