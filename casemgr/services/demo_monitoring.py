"""示范用药监测: three people of the demo county whose tests show what the pages of monitoring do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from casemgr.rules import laboratory
from casemgr.rules.access import Action
from casemgr.services import duties
from casemgr.services.use_case import use_case
from casemgr.store.db import new_key, new_keys
from casemgr.store.models import DrugWatch, LabResult
from casemgr.store.queries import monitoring as queries
from casemgr.store.types import Plain
from casemgr.store.work import Work
from casemgr.terms.monitoring import Phase, ResultOrigin, WatchedDrug

LABORATORY = "示例县人民医院检验科"
MORNING = time(1, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Example:
    """Somebody on one drug for ``days``: results as (days ago, test, thousandths)."""

    drug: WatchedDrug
    days: int
    phase: Phase | None
    results: tuple[tuple[int, str, int], ...]


def _counts(first: int, last: int, values: tuple[int, ...]) -> Iterator[tuple[int, str, int]]:
    """Weekly counts from ``first`` to ``last`` days ago; neutrophils are about half of them."""
    for number, ago in enumerate(range(first, last - 1, -7)):
        value = values[number % len(values)]
        yield ago, "wbc", value
        yield ago, "neutrophils", value // 2


#: Counts in time; a count that asks for a specialist; a level that is overdue.
EXAMPLES = (
    Example(WatchedDrug.CLOZAPINE, 95, None, tuple(_counts(95, 4, (6200, 5800, 6500, 5900, 5400, 6100)))),
    Example(
        WatchedDrug.CLOZAPINE,
        36,
        None,
        (*_counts(36, 8, (5600, 5100, 4600, 4300, 3900)), (1, "wbc", 2600), (1, "neutrophils", 900)),
    ),
    Example(
        WatchedDrug.LITHIUM,
        210,
        Phase.MAINTENANCE,
        tuple(
            (ago, "lithium_level", value) for ago, value in ((210, 620), (160, 700), (110, 780), (47, 840))
        ),
    ),
)


@use_case(Action.DEMO_LOAD)
def lay(work: Work, as_of: date, doctor: int) -> int:
    """Give three people who take these drugs their results; how many there were."""
    taken: set[int] = set()
    there = queries.examples(work)
    for example in EXAMPLES:
        found = next((row for row in there if row.watch >> example.drug & 1 and row.id not in taken), None)
        if found is None:
            continue
        taken.add(found.id)
        _lay_one(work, found, example, as_of, doctor)
    duties.refresh(work, taken)
    return len(taken)


def _lay_one(work: Work, case: Any, example: Example, as_of: date, doctor: int) -> None:
    begun = as_of - timedelta(example.days)
    work.add(
        DrugWatch(
            id=new_key(),
            area=case.area,
            case_id=case.id,
            drug=int(example.drug),
            since=begun,
            phase=None if example.phase is None else int(example.phase),
            recorded_at=datetime.combine(begun, MORNING),
            recorded_by=doctor,
        )
    )
    entries = {ago: new_key() for ago, _, _ in example.results}
    rows: list[dict[str, Any]] = [
        {
            "area": case.area,
            "case_id": case.id,
            "entry": entries[ago],
            "test": laboratory.by_key()[test].code,
            "on": as_of - timedelta(ago),
            "value": value,
            "source": int(ResultOrigin.TAKEN_OVER),
            "written": Plain(f"{laboratory.shown(value)} {laboratory.by_key()[test].unit}"),
            "laboratory": Plain(LABORATORY),
            "recorded_at": datetime.combine(as_of - timedelta(ago), MORNING),
            "recorded_by": doctor,
        }
        for ago, test, value in example.results
    ]
    for key, row in zip(new_keys(len(rows)), rows, strict=True):
        row["id"] = key
    work.add_many(LabResult, rows, note=False)
