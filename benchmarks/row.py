"""一行结果: one measured ratio, as it is kept and printed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

TIMES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work measured beside its floor; seconds are medians, ``goal`` in words."""

    id: str
    work: str
    floor_name: str
    floor: float | None
    product: float
    goal: str
    reached: bool | None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Product over floor; the figure that carries from machine to machine."""
        return None if not self.floor else self.product / self.floor


def seconds(work: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """How long one call takes by a clock, with the garbage of the one before out of the way."""
    gc.collect()
    start = clock()
    work()
    return clock() - start


def processor(floor: Callable[[], Any], work: Callable[[], Any], times: int) -> str:
    """The ratio of processor time, in words: on a machine that others use too it is the steadier figure."""
    spent: list[list[float]] = [[], []]
    for _ in range(times):
        for place, one in zip(spent, (floor, work), strict=True):
            place.append(seconds(one, time.process_time))
    return f"processor time {median(spent[1]) / median(spent[0]):.2f} ×"


def in_turn(
    *works: Callable[[], Any],
    times: int = TIMES,
    warm: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> list[float]:
    """The median of each of several pieces of work, run in turn so that a busy machine is busy for all."""
    if warm:
        for work in works:
            work()
    found: list[list[float]] = [[] for _ in works]
    for _ in range(times):
        for place, work in zip(found, works, strict=True):
            place.append(seconds(work, clock))
    return [median(place) for place in found]
