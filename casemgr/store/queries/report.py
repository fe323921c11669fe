"""报表查询: closed months with their figures, and the register of issued reports."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select

from casemgr.store.models.account import Account
from casemgr.store.models.area import Area, Unit
from casemgr.store.models.indicator import ClosedFigure, ClosedVerdicts, MonthClose
from casemgr.store.models.report import Agency, Report, ReportFile
from casemgr.store.work import Work


def closes(work: Work, periods: Collection[int], roots: Collection[int]) -> list[MonthClose]:
    """The closings of the months (202610) over any of the areas in ``roots``, oldest revision first."""
    return work.entities(
        select(MonthClose)
        .where(MonthClose.period.in_(periods), MonthClose.area.in_(roots))
        .order_by(MonthClose.period, MonthClose.revision, MonthClose.id)
    )


def figures(
    work: Work, close_ids: Collection[int], low: int, high: int, keys: Collection[str] | None = None
) -> Sequence[Any]:
    """(close_id, area, key, numerator, denominator) of the areas in ``[low, high)``; all keys or some."""
    statement = select(
        ClosedFigure.close_id,
        ClosedFigure.area,
        ClosedFigure.key,
        ClosedFigure.numerator,
        ClosedFigure.denominator,
    ).where(ClosedFigure.close_id.in_(close_ids), ClosedFigure.area >= low, ClosedFigure.area < high)
    if keys is not None:
        statement = statement.where(ClosedFigure.key.in_(keys))
    return work.rows(statement)


def verdicts(work: Work, close_id: int, area: int) -> bytes | None:
    """The packed verdicts of one township in one closing."""
    found: bytes | None = work.scalar(
        select(ClosedVerdicts.packed).where(ClosedVerdicts.close_id == close_id, ClosedVerdicts.area == area)
    )
    return found


def unit_name(work: Work, area: int) -> str | None:
    """The active unit that serves exactly this area, the first by code."""
    found: str | None = work.scalar(
        select(Unit.name).where(Unit.area_code == area, Unit.active).order_by(Unit.code).limit(1)
    )
    return found


def newest(work: Work, kind: int, period: int, area: int) -> Report | None:
    """The newest revision of a report."""
    found: Report | None = work.one(
        select(Report)
        .where(Report.kind == kind, Report.period == period, Report.area == area)
        .order_by(Report.revision.desc())
        .limit(1)
    )
    return found


def latest(work: Work, kind: int, area: int) -> Report | None:
    """The newest issue of the latest period of one kind of report about an area."""
    found: Report | None = work.one(
        select(Report)
        .where(Report.kind == kind, Report.area == area)
        .order_by(Report.period.desc(), Report.revision.desc())
        .limit(1)
    )
    return found


def numbered(work: Work, kind: int, period: int, area: int, revision: int) -> Report | None:
    """One revision of a report."""
    found: Report | None = work.one(
        select(Report).where(
            Report.kind == kind, Report.period == period, Report.area == area, Report.revision == revision
        )
    )
    return found


def issued_since(work: Work, area: int, since: date, before: int | None) -> list[Report]:
    """The reports of one area whose figures stand on a day after ``since``, in the order of their issue.

    ``before``: only those with a smaller key, which are older.
    """
    statement = select(Report).where(Report.area == area, Report.as_of > since).order_by(Report.id)
    if before is not None:
        statement = statement.where(Report.id < before)
    return work.entities(statement)


def by_key(work: Work, key: int) -> Report | None:
    """The report with this key."""
    found: Report | None = work.one(select(Report).where(Report.id == key))
    return found


def by_file(work: Work, digest: str) -> Report | None:
    """The report whose bytes have this SHA-256."""
    found: Report | None = work.one(select(Report).where(Report.file_digest == digest))
    return found


def by_code(work: Work, code: str) -> Report | None:
    """The report with this 核验码."""
    found: Report | None = work.one(select(Report).where(Report.code == code))
    return found


def listed(
    work: Work, period: int | None, low: int, high: int, start: int, size: int
) -> tuple[list[Report], int]:
    """One page of issued reports of the areas in ``[low, high)``, newest month first, and their number."""
    where = [Report.area >= low, Report.area < high]
    if period is not None:
        where.append(Report.period == period)
    rows = work.entities(
        select(Report)
        .where(*where)
        .order_by(Report.period.desc(), Report.area, Report.revision.desc())
        .offset(start)
        .limit(size)
    )
    return rows, int(work.scalar(select(func.count(Report.id)).where(*where)) or 0)


def newest_revisions(
    work: Work, months: Collection[int], areas: Collection[int]
) -> dict[tuple[int, int, int], int]:
    """(kind, month, area) → number of the newest revision."""
    rows: Sequence[Any] = work.rows(
        select(Report.kind, Report.period, Report.area, func.max(Report.revision))
        .where(Report.period.in_(months), Report.area.in_(areas))
        .group_by(Report.kind, Report.period, Report.area)
    )
    return {(kind, period, area): revision for kind, period, area, revision in rows}


def area_names(work: Work, codes: Collection[int]) -> dict[int, str]:
    """Names of areas by code."""
    rows: Sequence[Any] = work.rows(select(Area.code, Area.name).where(Area.code.in_(codes)))
    return {row[0]: row[1] for row in rows}


def periods(work: Work) -> list[int]:
    """Months that have a report, newest first."""
    return work.entities(select(Report.period).distinct().order_by(Report.period.desc()))


# --- agencies and further files -------------------------------------------------------------------


def agencies(work: Work) -> list[tuple[Agency, str | None]]:
    """The agencies inside the access with the name of who wrote them, the newest first."""
    rows = work.entities(select(Agency).order_by(Agency.id.desc()))
    names = dict(
        map(
            tuple,
            work.rows(
                select(Account.id, Account.display).where(Account.id.in_({row.written_by for row in rows}))
            ),
        )
    )
    return [(row, names.get(row.written_by)) for row in rows]


def agency(work: Work, key: int) -> Agency | None:
    """One wording of an agency."""
    found: Agency | None = work.one(select(Agency).where(Agency.id == key))
    return found


def agency_of(work: Work, county: int) -> Agency | None:
    """The agency of a county in force."""
    found: Agency | None = work.one(
        select(Agency).where(Agency.area == county).order_by(Agency.id.desc()).limit(1)
    )
    return found


def files(work: Work, report: int) -> list[ReportFile]:
    """The further files of one report."""
    return work.entities(
        select(ReportFile).where(ReportFile.report_id == report).order_by(ReportFile.rendition)
    )


def file(work: Work, report: int, rendition: int) -> ReportFile | None:
    """One further file of a report."""
    found: ReportFile | None = work.one(
        select(ReportFile).where(ReportFile.report_id == report, ReportFile.rendition == rendition)
    )
    return found


def by_further_file(work: Work, digest: str) -> Report | None:
    """The report of which a further file has this SHA-256."""
    found: Report | None = work.one(
        select(Report)
        .join(ReportFile, ReportFile.report_id == Report.id)
        .where(ReportFile.file_digest == digest)
    )
    return found
