"""指标查询: closed months and their figures, and the files behind the people of a figure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from casemgr.store.models.area import Area
from casemgr.store.models.indicator import ClosedFigure, ClosedVerdicts, MonthClose
from casemgr.store.models.register import Case
from casemgr.store.scope import lasting
from casemgr.store.work import Work

#: How many keys one statement names.
KEYS = 5_000


def latest_close(work: Work, period: int, area: int) -> MonthClose | None:
    """The newest revision of a closed month of one county."""
    found: MonthClose | None = work.one(
        select(MonthClose)
        .where(MonthClose.period == period, MonthClose.area == area)
        .order_by(MonthClose.revision.desc())
        .limit(1)
    )
    return found


def latest_closes(work: Work, period: int, low: int, high: int) -> list[MonthClose]:
    """The newest revision of a closed month of every county in ``[low, high)``."""
    rows: Sequence[MonthClose] = work.entities(
        select(MonthClose)
        .where(MonthClose.period == period, MonthClose.area >= low, MonthClose.area < high)
        .order_by(MonthClose.revision)
    )
    return list({row.area: row for row in rows}.values())


def revisions(work: Work, period: int, low: int, high: int, key: str) -> dict[int, int]:
    """Newest revision by area of the areas in ``[low, high)`` that have a figure with this key."""
    statement = (
        select(ClosedFigure.area, func.max(ClosedFigure.revision))
        .where(
            ClosedFigure.period == period,
            ClosedFigure.area >= low,
            ClosedFigure.area < high,
            ClosedFigure.key == key,
        )
        .group_by(ClosedFigure.area)
    )
    return dict(map(tuple, work.rows(statement)))


def figures(work: Work, period: int, low: int, high: int, among: Collection[int]) -> Sequence[Any]:
    """(area, revision, key, numerator, denominator) of the areas in ``[low, high)`` in some revisions."""
    return work.rows(
        select(
            ClosedFigure.area,
            ClosedFigure.revision,
            ClosedFigure.key,
            ClosedFigure.numerator,
            ClosedFigure.denominator,
        ).where(
            ClosedFigure.period == period,
            ClosedFigure.area >= low,
            ClosedFigure.area < high,
            ClosedFigure.revision.in_(among),
        )
    )


def figures_of_close(work: Work, close: int) -> Sequence[Any]:
    """(area, key, numerator, denominator) of one closing."""
    return work.rows(
        select(ClosedFigure.area, ClosedFigure.key, ClosedFigure.numerator, ClosedFigure.denominator).where(
            ClosedFigure.close_id == close
        )
    )


def course(
    work: Work, areas: Collection[int], periods: Collection[int], keys: Collection[str]
) -> Sequence[Any]:
    """(area, period, key, numerator, denominator) of some areas and months, newest revision last."""
    return work.rows(
        select(
            ClosedFigure.area,
            ClosedFigure.period,
            ClosedFigure.key,
            ClosedFigure.numerator,
            ClosedFigure.denominator,
        )
        .where(ClosedFigure.area.in_(areas), ClosedFigure.period.in_(periods), ClosedFigure.key.in_(keys))
        .order_by(ClosedFigure.revision)
    )


def registered(work: Work, low: int, high: int) -> Sequence[Any]:
    """(area, files) of the areas in ``[low, high)`` that hold any, whatever became of the person."""
    return work.rows(
        select(Case.area, func.count()).where(Case.area >= low, Case.area < high).group_by(Case.area)
    )


def verdicts(work: Work, period: int, low: int, high: int) -> Sequence[Any]:
    """(area, revision, packed, reasons) of the verdicts of the areas in ``[low, high)``, newest of each.

    ``reasons`` is empty of closings made before they were kept.
    """
    rows = work.rows(
        select(ClosedVerdicts.area, ClosedVerdicts.revision, ClosedVerdicts.packed, ClosedVerdicts.reasons)
        .where(ClosedVerdicts.period == period, ClosedVerdicts.area >= low, ClosedVerdicts.area < high)
        .order_by(ClosedVerdicts.revision)
    )
    return list({row.area: row for row in rows}.values())


def counties(work: Work, low: int, high: int, level: int) -> Sequence[int]:
    """Codes of the areas of a level in ``[low, high)``."""
    return [
        row.code
        for row in work.rows(
            select(Area.code)
            .where(Area.code >= low, Area.code < high, Area.level == level)
            .order_by(Area.code)
        )
    ]


_FILES = lasting(
    select(Case.id, Case.file_no, Case.area, Case.village).where(
        Case.id.in_(bindparam("keys", expanding=True))
    )
)


def files(work: Work, cases: Iterable[int]) -> dict[int, Any]:
    """(file_no, area, village) of cases by key, as far as they lie inside the access."""
    wanted = list(cases)
    found: dict[int, Any] = {}
    for start in range(0, len(wanted), KEYS):
        found.update((row.id, row) for row in work.rows(_FILES, keys=wanted[start : start + KEYS]))
    return found


def case_numbered(work: Work, file_no: str) -> Sequence[int]:
    """Keys of the cases with this file number; it is unique within one county."""
    return [row.id for row in work.rows(select(Case.id).where(Case.file_no == file_no).limit(2))]
