"""Printing side by side: who dies over a document takes no other along, and nobody outlives the program."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from casemgr.services import presses
from casemgr.services.presses import Pressed, Presses, Unprinted


def work(text: str) -> Pressed:
    """Prints anything but two words: over one it fails, over the other the whole child ends."""
    if text == "fault":
        raise ValueError("no such document")
    if text == "death":
        os._exit(9)
    return text.encode(), ()


def begin() -> None:
    """Nothing to make ready."""


def test_a_document_that_kills_its_child_is_the_only_one_missing() -> None:
    told: dict[str, bytes | str] = {}
    with Presses(work, begin) as row:
        sheets = [row.submit(text) for text in ("one", "death", "fault", "two")]
        for sheet in sheets:
            try:
                told[sheet.text] = row.result(sheet)[0]
            except (Unprinted, ValueError) as wrong:
                told[sheet.text] = type(wrong).__name__
        # The row begins anew for what comes after.
        told["three"] = row.result(row.submit("three"))[0]
    assert told == {
        "one": b"one", "death": "Unprinted", "fault": "ValueError", "two": b"two", "three": b"three",
    }  # fmt: skip


@pytest.mark.parametrize(("processors", "count"), [(None, 1), (1, 1), (2, 2), (64, presses.MOST)])
def test_there_are_as_many_as_processors_within_bounds(
    monkeypatch: pytest.MonkeyPatch, processors: int | None, count: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processors)
    assert presses.presses() == count


@pytest.mark.skipif(os.name != "posix", reason="needs a signal that nobody can refuse")
def test_no_child_outlives_a_program_that_was_killed() -> None:
    program = (
        "import os, signal\n"
        "from casemgr.reports.press import end_with_parent\n"
        "from casemgr.services.presses import Presses\n"
        "row = Presses(str.upper, end_with_parent)\n"
        "print(row.result(row.submit('drawn')), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    # The children hold the same output open: its end comes when the last of them has gone.
    ended = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, timeout=300, text=True, check=False
    )
    assert (ended.stdout, ended.returncode) == ("DRAWN\n", -9)
