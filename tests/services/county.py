"""样例县入库: lays the frames of the sample county into a database, without names."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from casemgr.rules.access import Access, Action
from casemgr.store.db import new_key, new_keys
from casemgr.store.models import Area, Case, Checkup, Person, RehabSession, Unit, Visit
from casemgr.store.work import Work, open_work
from casemgr.terms.area import AreaLevel, ancestor
from tests.indicators.county import county

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SYSTEM = Access.system("test")
FILLED = {"recorded_at": NOW, "recorded_by": 1}


def file_no(number: int) -> str:
    """File number of the n-th person of the sample county."""
    return f"900-{number:05}"


def lay_down() -> dict[int, int]:
    """Put the sample county into the database; returns the number of a person → key of the case."""
    frames = county()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        units = {}
        for area in frames.areas.sort("level", "code").iter_rows(named=True):
            work.add(Area(**area))
            work.flush()
            if area["level"] <= int(AreaLevel.TOWNSHIP):
                code = area["code"]
                units[code] = work.add(Unit(id=new_key(), code=str(code), name="卫生院", area_code=code)).id
        work.flush()
        people = frames.cases.rows(named=True)
        keys = dict(zip((one["case"] for one in people), new_keys(len(people)), strict=True))
        work.add_many(Person, [{"id": keys[one["case"]], "area": one["area"]} for one in people])
        work.add_many(Case, [_case(one, keys[one["case"]], units) for one in people])
        areas = {one["case"]: one["area"] for one in people}
        for model, frame, extra in (
            (Visit, frames.visits, FILLED | {"form_version": 2018}),
            (RehabSession, frames.sessions, FILLED),
            (Checkup, frames.checkups, FILLED),
        ):
            _add(work, model, frame.rows(named=True), keys, areas, extra)
    return keys


def _case(one: dict[str, Any], key: int, units: dict[int, int]) -> dict[str, Any]:
    return {
        "id": key,
        "person_id": key,
        "area": one["area"],
        "county": ancestor(one["area"], AreaLevel.COUNTY),
        "file_no": file_no(one["case"]),
        "unit_id": units[one["area"]],
        "village": one["village"],
        "diagnosis": one["diagnosis"],
        "registered_on": one["registered_on"],
        "article30": one["article30"],
        "consent": 0 if one["refused"] else 1,
        "lifecycle": one["exit"] or 1,
        "lifecycle_on": one["exited_on"],
        "created_at": NOW,
    }


def _add(
    work: Work,
    model: type[Any],
    rows: list[dict[str, Any]],
    keys: dict[int, int],
    areas: dict[int, int],
    extra: dict[str, Any],
) -> None:
    made = []
    for key, row in zip(new_keys(len(rows)), rows, strict=True):
        case = row.pop("case")
        made.append({"id": key, "case_id": keys[case], "area": areas[case], **row, **extra})
    work.add_many(model, made)
