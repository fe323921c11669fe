"""文件来源: the parent's side of reading a workbook — starts the reading process and passes its rows on."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from casemgr.forms.archive import MIB, SAYS, Refusal, check_signature, check_size
from casemgr.forms.workbook import BadWorkbook

ROOT = Path(__file__).resolve().parents[2]
LONGEST_LINE = 64 * MIB
HEAD = 8
#: All that the reading process gets to know: where our code lies, and nothing of this installation.
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Header:
    """A sheet begins: its title and its first row."""

    title: str
    cells: list[Any]


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of the sheet: (number, cells)."""

    rows: list[tuple[int, list[Any]]]


class Source:
    """A workbook being read in a process of its own; a context manager that ends the process.

    ``file`` is a path or the bytes themselves. Raises :class:`BadWorkbook` with a Chinese sentence as soon as
    the file turns out not to be one. At most one block of rows is held at a time.
    """

    def __init__(self, file: Path | bytes, wanted: Sequence[str], partial: Sequence[str] = ()) -> None:
        self.total = 0
        self._file = file
        self._wanted = list(wanted)
        self._partial = list(partial)
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Source:
        try:
            stream = self._open()
        except Refusal as refusal:
            raise BadWorkbook(refusal.code, refusal.message) from None
        except OSError:
            raise BadWorkbook("missing", "找不到这个文件，或没有读取权限。请核对路径后重试。") from None
        self._child = subprocess.Popen(  # noqa: S603 - our own module, arguments are sheet titles
            [
                sys.executable,
                "-B",
                "-s",
                "-m",
                "casemgr.forms.reading",
                json.dumps(self._wanted),
                json.dumps(self._partial),
            ],
            stdin=stream if stream is not None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env=ENVIRONMENT,
            close_fds=True,
        )
        if stream is None:
            threading.Thread(target=self._feed, daemon=True).start()
        else:
            stream.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        child = self._child
        if child is None:
            return
        if child.poll() is None:
            child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()

    def _open(self) -> BinaryIO | None:
        """The open file for the child, ``None`` when bytes are fed; size and signature are checked first."""
        if isinstance(self._file, bytes):
            check_size(len(self._file))
            check_signature(self._file[:HEAD], self._file[HEAD : 4 * MIB])
            return None
        check_size(self._file.stat().st_size)
        stream = self._file.open("rb")
        try:
            head = stream.read(HEAD)
            check_signature(head, b"" if head.startswith(b"PK") else stream.read(4 * MIB))
            stream.seek(0)
            # The child reads the descriptor itself: its position counts, not that of the buffer.
            os.lseek(stream.fileno(), 0, os.SEEK_SET)
        except BaseException:
            stream.close()
            raise
        return stream

    def _feed(self) -> None:
        pipe = self._child.stdin if self._child is not None else None
        if pipe is None or not isinstance(self._file, bytes):
            return
        # A child that ends early closes the pipe; it says why on its own.
        with contextlib.suppress(OSError), pipe:
            pipe.write(self._file)

    def __iter__(self) -> Iterator[Header | Block]:
        """Headers and blocks in the order of the wanted sheets."""
        lines = self._child.stdout if self._child is not None else None
        while lines is not None and (line := lines.readline(LONGEST_LINE)):
            message = _understood(line)
            if "rows" in message:
                yield Block([(row[0], row[1:]) for row in message["rows"]])
            elif "header" in message:
                yield Header(message["sheet"], message["header"])
            elif "total" in message:
                self.total = int(message["total"])
            elif "done" in message:
                return
            else:
                raise _refused(message)
        # No last word: the limits ended the process.
        raise BadWorkbook("too-long", SAYS["too-long"])


def _understood(line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise BadWorkbook("damaged", SAYS["damaged"])
    return message


def _refused(message: dict[str, Any]) -> BadWorkbook:
    code = message.get("refused")
    words = message.get("words")
    if code not in SAYS or not isinstance(words, dict):
        return BadWorkbook("damaged", SAYS["damaged"])
    return BadWorkbook(str(code), Refusal(str(code), **words).message)
