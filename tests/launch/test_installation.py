"""安装: the instance folder and the session secret belong to their owner alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from casemgr.launch.installation import make_folder, make_secret
from casemgr.launch.speech import Stop
from config import SHORTEST_SECRET


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_folder_and_secret_are_closed_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_folder(tmp_path / "a" / "instance")
        assert make_secret(tmp_path / "a" / "instance")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a" / "instance") == 0o700
    assert mode(tmp_path / "a" / "instance" / "logs") == 0o700
    assert mode(tmp_path / "a" / "instance" / "secret.key") == 0o600


def test_a_secret_is_made_once_and_long_enough(tmp_path: Path) -> None:
    make_folder(tmp_path)
    assert make_secret(tmp_path)
    first = (tmp_path / "secret.key").read_text()
    assert not make_secret(tmp_path)
    assert (tmp_path / "secret.key").read_text() == first
    assert len(first.strip()) >= SHORTEST_SECRET


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Stop, match="CASEMGR_INSTANCE"):
        make_folder(tmp_path / "file" / "instance")
