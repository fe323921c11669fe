"""短记法: people with their visits in one line each, for tests of judgements."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from casemgr.indicators.case_period import days
from casemgr.indicators.count import judged
from casemgr.indicators.explain import Explanation, explain_case
from casemgr.indicators.frames import AREAS, CASES, CHECKUPS, OFFENCES, SESSIONS, TALKS, VISITS, Frames
from casemgr.indicators.judgement import Basis
from casemgr.indicators.period import Period
from casemgr.rules import policy
from casemgr.terms.area import AreaLevel

TOWNSHIP = 999901101000
COUNTY = 999901000000


def person(number: int = 1, **known: Any) -> dict[str, Any]:
    """One case; registered in 2020 with 精神分裂症 unless said otherwise. Days are dates."""
    plain = {
        "case": number,
        "area": TOWNSHIP,
        "village": None,
        "registered_on": date(2020, 5, 1),
        "exit": 0,
        "exited_on": None,
        "diagnosis": 1,
        "refused": False,
        "article30": False,
        "lost": False,
    }
    return plain | known


def visit(on: date, number: int = 1, **found: Any) -> dict[str, Any]:
    """One complete home visit that saw the person, stable and regular, unless said otherwise."""
    plain = {
        "case": number,
        "on": on,
        "mode": 2,
        "informants": 2,
        "loss_reason": None,
        "risk": 0,
        "symptoms": None,
        "stability": 3,
        "adherence": 1,
        "hospital": 0,
    }
    return plain | found


def visits(year: int, line: str, number: int = 1) -> list[dict[str, Any]]:
    """Visits written ``01-10 2/3/1; 04-08 1/3/1``: month-day, form, class, adherence."""
    found = []
    for part in filter(None, line.split(";")):
        when, codes = part.split()
        month, day = map(int, when.split("-"))
        mode, stability, adherence = map(int, codes.split("/"))
        found.append(
            visit(date(year, month, day), number, mode=mode, stability=stability, adherence=adherence)
        )
    return found


def frames(
    people: list[dict[str, Any]],
    seen: list[dict[str, Any]] | None = None,
    sessions: list[dict[str, Any]] | None = None,
    checkups: list[dict[str, Any]] | None = None,
    population: int | None = 2000,
    offences: list[dict[str, Any]] | None = None,
    talks: list[dict[str, Any]] | None = None,
) -> Frames:
    """Frames of people in one township of one county."""
    areas = [
        {"code": COUNTY, "name": "示例县", "level": int(AreaLevel.COUNTY), "population": population},
        {
            "code": TOWNSHIP, "name": "示例镇", "level": int(AreaLevel.TOWNSHIP), "parent": COUNTY,
            "population": population,
        },
    ]  # fmt: skip
    return Frames(
        _frame(people, CASES), _frame(seen or [], VISITS), _frame(sessions or [], SESSIONS),
        _frame(checkups or [], CHECKUPS), _frame(areas, AREAS), _frame(offences or [], OFFENCES),
        _frame(talks or [], TALKS),
    )  # fmt: skip


def _frame(rows: list[dict[str, Any]], schema: dict[str, Any]) -> pl.DataFrame:
    plain = [
        {name: days(value) if isinstance(value, date) else value for name, value in row.items()}
        for row in rows
    ]
    return pl.DataFrame(plain, schema=schema)


def basis(end: date) -> Basis:
    """The national policy for the period that ends on ``end``."""
    return Basis(Period.to(end), policy.in_force_on(end))


def told(facts: Frames, end: date) -> dict[str, Explanation]:
    """What is said about the first person, by key."""
    under = basis(end)
    rows = judged(facts, under.period, under.policy).sort("case").collect()
    return {one.key: one for one in explain_case(rows, under)}
