"""结果表: keeps what was measured in ``measured.json`` and writes it into ``docs/performance.md``."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.county import ROOT
from benchmarks.row import Row

KEPT = Path(__file__).parent / "measured.json"
DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEAD = "| # | Work | People | Floor | Floor (s) | Product (s) | Ratio | Goal | Reached | Note |"
RULE = "|---|---|---|---|---|---|---|---|---|---|"


def _all() -> dict[str, dict[str, Any]]:
    return dict(json.loads(KEPT.read_text(encoding="utf-8"))) if KEPT.exists() else {}


def keep(topic: str, people: int, row: Row) -> None:
    """Keep one row; it takes the place of an earlier one of the same work and size."""
    known = _all()
    known[f"{row.id}/{row.work}/{people}"] = asdict(row) | {
        "people": people,
        "topic": topic,
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} × {platform.machine()}, Python {platform.python_version()}",
    }
    KEPT.write_text(
        json.dumps(dict(sorted(known.items())), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )


def line(people: int, row: Row) -> str:
    """One row of the table."""
    reached = {True: "yes", False: "**no**", None: "–"}[row.reached]
    floor = "–" if row.floor is None else _short(row.floor)
    ratio = "–" if row.ratio is None else f"{row.ratio:.2f} ×"
    cells = (
        row.id, row.work, f"{people:,}", row.floor_name, floor, _short(row.product), ratio, row.goal, reached,
        row.note,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _short(seconds: float) -> str:
    return f"{seconds:.2f}" if seconds >= 1 else f"{seconds:.2g}"


def _number(name: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdigit, name))
    return int(digits or 0), name


def _growth(known: list[dict[str, Any]]) -> list[str]:
    """P13: the largest county beside the smallest, for the township page and for the county's figures."""
    found = []
    for name, work, per_person, goal in (
        ("P3", "live figures of a township", False, "flat"),
        ("P1", "all figures of a month, per person", True, "linear"),
    ):
        sizes = sorted((one for one in known if one["id"] == name), key=lambda one: int(one["people"]))
        if len(sizes) < 2:
            continue
        small, large = (
            one["product"] / (one["people"] if per_person else 1) for one in (sizes[0], sizes[-1])
        )
        row = Row(
            "P13",
            f"growth from {sizes[0]['people']:,}: {work}",
            "the smallest county",
            small,
            large,
            goal,
            large <= 1.5 * small,
        )
        found.append(line(sizes[-1]["people"], row))
    return found


def write() -> None:
    """Put everything that was measured between the two marks of the document."""
    known = sorted(_all().values(), key=lambda one: (_number(one["id"]), one["work"], one["people"]))
    rows = [
        line(one["people"], Row(**{name: one[name] for name in Row.__dataclass_fields__})) for one in known
    ]
    rows += _growth(known)
    machines = sorted({f"{one['machine']} ({one['measured_at']})" for one in known})
    table = "\n".join((BEGIN, "", HEAD, RULE, *rows, "", f"Measured on: {'; '.join(machines)}.", "", END))
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    DOCUMENT.write_text(before + table + after, encoding="utf-8")
