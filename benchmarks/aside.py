"""单独测量: runs one piece of work in this fresh process and prints seconds and peak memory as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
from importlib import import_module
from pathlib import Path

from benchmarks.county import County
from benchmarks.row import TIMES, seconds

#: Readers that may run at once beside this process; each is taken for as large as the largest.
SIDE_BY_SIDE = os.cpu_count() or 1


def _cpu() -> float:
    """Processor seconds of this process and of those it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def main(work: str, people: str, folder: str, arguments: str) -> None:
    """Once to warm up, then ``TIMES`` times; the answer is that of the last call.

    A function ``before_<name>`` beside the work is called before each time, outside the clock.
    """
    module, name = work.split(":")
    place = import_module(module)
    function, prepare = getattr(place, name), getattr(place, f"before_{name}", None)
    county, given = County(int(people), Path(folder)), json.loads(arguments)
    answers = []

    def ready() -> None:
        if prepare is not None:
            prepare(county)

    def once() -> None:
        answers.append(function(county, *given))

    ready()
    once()
    wall, work_done = [], []
    for _ in range(TIMES):
        ready()
        before = _cpu()
        wall.append(seconds(once))
        work_done.append(_cpu() - before)
    own, helper = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    peak = (own + SIDE_BY_SIDE * helper) // 1024
    print(json.dumps({"seconds": wall, "cpu": work_done, "peak_mb": peak, "answer": answers[-1]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
