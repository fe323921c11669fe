"""测速命令: makes synthetic counties, measures floor and product, and writes ``docs/performance.md``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.county import ROOT, County

#: Every module here has ``run(county) -> list[Row]``.
TOPICS = ("indicator", "pages", "day", "injection", "paper", "exchange", "start")
SIZES = (10_000, 100_000)


def main(arguments: list[str] | None = None) -> None:
    """Measure the chosen topics on counties of the chosen sizes and rewrite the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--people",
        type=int,
        action="append",
        help=f"size of a county, may be repeated [{', '.join(map(str, SIZES))}]",
    )
    parser.add_argument("--only", choices=TOPICS, action="append", help="topic, may be repeated [all]")
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "instance" / "benchmarks",
        help="where the counties are made and kept",
    )
    chosen = parser.parse_args(arguments)
    sizes = sorted(set(chosen.people or SIZES))
    for people in sizes:
        county = County(people, chosen.folder.resolve() / str(people))
        print(f"{people:,} people: {county.folder}", file=sys.stderr)
        county.make()
        for topic in chosen.only or TOPICS:
            for row in import_module(f"benchmarks.{topic}").run(county):
                print(report.line(people, row), flush=True)
                report.keep(topic, people, row)
    report.write()


if __name__ == "__main__":
    main()
