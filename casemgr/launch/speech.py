"""说话: what the launcher says to the person at the terminal, short and in Chinese."""

from __future__ import annotations

import contextlib
import sys


class Stop(Exception):
    """The launcher cannot go on; the message is one sentence for the person, never a traceback."""

    def __init__(self, sentence: str, code: int = 1) -> None:
        super().__init__(sentence)
        self.code = code


def open_mouth() -> None:
    """Make both streams able to print Chinese: a terminal of another encoding gets "?", no error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace", line_buffering=True)


def say(sentence: str = "") -> None:
    """One line to the person."""
    with contextlib.suppress(OSError):  # the terminal may be closed; ending properly matters more
        print(sentence, flush=True)


def warn(sentence: str) -> None:
    """One line about something that is missing or wrong."""
    with contextlib.suppress(OSError):
        print(sentence, file=sys.stderr, flush=True)
