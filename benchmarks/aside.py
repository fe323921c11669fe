"""单独测量: runs pieces of work in turn in this fresh process and prints seconds and peak memory as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.county import County
from benchmarks.row import TIMES, seconds

#: Readers that may run at once beside this process; each is taken for as large as the largest.
SIDE_BY_SIDE = os.cpu_count() or 1
#: From so many people on, each is run once only.
LARGE = 1_000_000


def _cpu() -> float:
    """Processor seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(works: str, people: str, folder: str, arguments: str) -> None:
    """Each of ``works`` once to warm up, then ``TIMES`` times in turn; the answer is that of the last call.

    In turn, so that a machine that others use too is as busy for one as for the other; of the largest
    counties once and cold. A function ``before_<name>`` beside a work is called before each time, outside
    the clock. The peak of memory is that of all of them.
    """
    county, given = County(int(people), Path(folder)), json.loads(arguments)
    found = {name: _Work(name, county, given) for name in works.split(",")}
    large = county.people >= LARGE
    for round_ in range(1 if large else TIMES + 1):
        for one in found.values():
            one.run(counted=large or round_ > 0)
    own, helper = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    peak = (own + SIDE_BY_SIDE * helper) // 1024
    told = [
        {"seconds": one.wall, "cpu": one.spent, "peak_mb": peak, "answer": one.answer}
        for one in found.values()
    ]
    print(json.dumps(told))


class _Work:
    """One piece of work and what it took."""

    def __init__(self, name: str, county: County, given: Any) -> None:
        module, function = name.split(":")
        place = import_module(module)
        self._function = getattr(place, function)
        self._prepare = getattr(place, f"before_{function}", None)
        self._county, self._given = county, given
        self.wall: list[float] = []
        self.spent: list[float] = []
        self.answer: Any = None

    def run(self, *, counted: bool) -> None:
        if self._prepare is not None:
            self._prepare(self._county)
        before = _cpu()
        took = seconds(self._once)
        if counted:
            self.wall.append(took)
            self.spent.append(_cpu() - before)

    def _once(self) -> None:
        self.answer = self._function(self._county, *self._given)


if __name__ == "__main__":
    main(*sys.argv[1:])
