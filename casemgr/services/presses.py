"""印刷队: prints many documents in a few child processes; a document that breaks one stops no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from casemgr.reports.press import press, ready

#: The bytes of a document and the characters that could not be drawn.
Pressed = tuple[bytes, tuple[str, ...]]
#: More children take more memory than a machine that people work on has to spare at night.
MOST = 4


def presses() -> int:
    """How many documents are drawn at a time: one for each processor, within bounds."""
    return max(1, min(os.cpu_count() or 1, MOST))


class Unprinted(Exception):
    """The child that printed a document died of it, twice."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A document on its way, with its text in case the child that has it dies."""

    text: str
    future: Future[Pressed]


class Presses:
    """A row of children that print; ended with ``with``, and by themselves when this process is gone."""

    def __init__(self, work: Callable[[str], Pressed] = press, begin: Callable[[], None] = ready) -> None:
        self.count = presses()
        self._work, self._begin = work, begin
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _wrong: BaseException | None, _where: TracebackType | None
    ) -> None:
        if self._pool is not None:
            # Whoever ends early does not wait for what nobody will take.
            self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, text: str) -> Sheet:
        """Put a document on its way; :meth:`result` gives it out."""
        if self._pool is None:
            self._pool = self._row(self.count)
        try:
            return Sheet(text, self._pool.submit(self._work, text))
        except BrokenProcessPool:
            self._pool = self._row(self.count)
            return Sheet(text, self._pool.submit(self._work, text))

    def result(self, sheet: Sheet) -> Pressed:
        """What became of a document; raises what printing it raised, :class:`Unprinted` if it kills.

        When a child dies, all that were on their way are lost with it: each is then printed in a child of
        its own, so that only the one at fault is missing in the end.
        """
        try:
            return sheet.future.result()
        except BrokenProcessPool:
            with self._row(1) as alone:
                try:
                    return alone.submit(self._work, sheet.text).result()
                except BrokenProcessPool:
                    raise Unprinted from None

    def _row(self, count: int) -> ProcessPoolExecutor:
        # Spawned, not forked: a child must not inherit connections, keys or locks.
        return ProcessPoolExecutor(count, get_context("spawn"), initializer=self._begin)
