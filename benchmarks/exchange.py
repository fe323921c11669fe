"""导入测速: the county workbook with 50,000 visits, beside reading it with openpyxl and nothing else (P9)."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.county import AS_OF, ROOT, County
from benchmarks.row import TIMES, Row

VISITS = 50_000
MOST_MEMORY = 300


def run(county: County) -> list[Row]:
    """P9 for a first import, and for the same file a second time."""
    folder = county.folder / "import"
    file = folder / f"{VISITS}.xlsx"
    if not file.exists():
        folder.mkdir(exist_ok=True)
        _aside("write", county.environ, str(file))
    floors, firsts, seconds, peaks = [], [], [], []
    for _ in range(TIMES):
        # In turn, so that a busy machine is busy for all.
        floors.append(_aside("read", county.environ, str(file))["seconds"])
        empty = _empty(county, folder / "empty")
        first = _aside("bring", empty, str(file))
        again = _aside("bring", empty, str(file))
        assert first["accepted"] == first["read"]
        assert again["unchanged"] == again["read"]
        firsts.append(first["seconds"])
        seconds.append(again["seconds"])
        peaks.append(max(first["peak_mb"], again["peak_mb"]))
    floor, peak = median(floors), max(peaks)
    goal = f"≤ 3 ×, ≤ {MOST_MEMORY} MB"
    named = "openpyxl reading the same file once"
    return [
        Row("P9", f"import of a workbook with {VISITS:,} visits", named, floor, median(firsts), goal,
            median(firsts) <= 3 * floor and peak <= MOST_MEMORY, f"{peak} MB with the reading process"),
        Row("P9", "the same file once more, nothing changed", named, floor, median(seconds), goal,
            median(seconds) <= 3 * floor and peak <= MOST_MEMORY, ""),
    ]  # fmt: skip


def _empty(county: County, folder: Path) -> dict[str, str]:
    """Settings of a fresh, empty installation."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environ = county.environ | {"CASEMGR_INSTANCE": str(folder)}
    for command in (("keys", "create"), ("db", "upgrade")):
        subprocess.run([sys.executable, "-m", "flask", *command], cwd=ROOT, env=environ, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
    return environ


def _aside(work: str, environ: dict[str, str], file: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.exchange", work, file],
        cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def write(file: Path) -> dict[str, Any]:
    """A workbook with so many visits out of the county, with shared strings as Excel itself saves it."""
    from casemgr.forms import excel
    from casemgr.forms.workbook import SHEETS
    from casemgr.rules.access import Access
    from casemgr.services import exchange

    excel.MEMORY_FOLDER = file.with_suffix(".none")
    access = Access.system("benchmark")
    areas = exchange._area_page(access, 0, 10**12)
    keys = exchange._export_keys(access, areas[0].code, areas[0].code, 10**12)
    visits: list[Any] = []
    taken = 0
    while len(visits) < VISITS and taken < len(keys):
        visits += exchange._pages(access, "visit", keys[taken : taken + 500])
        taken += 500
    people = list(exchange._pages(access, "case", keys[:taken]))
    rows = {"area": areas, "case": people, "visit": visits[:VISITS]}
    sheets = []
    for sheet in SHEETS:
        places = [place for place, column in enumerate(sheet.columns) if not column.extra]
        shown = [tuple(row[place] for place in places) for row in rows.get(sheet.noun, ())]
        sheets.append((sheet, [sheet.columns[place] for place in places], shown))
    return excel.write_workbook(file, sheets)


def read(file: Path) -> dict[str, Any]:
    """The floor: every row once, nothing done with it."""
    import openpyxl

    start = time.perf_counter()
    for sheet in openpyxl.load_workbook(file, read_only=True):
        for _ in sheet.iter_rows(values_only=True):
            pass
    return {"seconds": time.perf_counter() - start}


def bring(file: Path) -> dict[str, Any]:
    """The product: judge, compare, write, commit."""
    from casemgr.rules.access import Access
    from casemgr.services import exchange

    start = time.perf_counter()
    result = exchange.import_file(Access.system("benchmark"), file, AS_OF)
    took = time.perf_counter() - start
    counts = list(result.sheets.values())
    own, child = (
        resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {
        "seconds": took,
        "peak_mb": (own + child) // 1024,
        "read": sum(one.read for one in counts),
        "accepted": sum(one.accepted for one in counts),
        "unchanged": sum(one.unchanged for one in counts),
    }


def main(work: str, file: str) -> None:
    """One piece of work in this fresh process; prints what it took as JSON."""
    if work == "read":
        print(json.dumps(read(Path(file))))
        return
    county = County(0, Path(os.environ["CASEMGR_INSTANCE"]))
    with county.application():
        print(json.dumps({"write": write, "bring": bring}[work](Path(file))))


if __name__ == "__main__":
    main(*sys.argv[1:])
