"""What the browser tests look at: areas, one account for each role, and whatever other nouns add."""

from __future__ import annotations

from dataclasses import replace

from casemgr.rules.access import Access, Action
from casemgr.services import duties, indicator, report
from casemgr.store.work import open_work
from tests.reports.sample import county, township
from tests.services import people
from tests.staff import NOW, PASSWORD, PEOPLE, open_accounts
from tests.store.register import COUNTY, EAST, OFFICER, SYSTEM, open_areas

__all__ = ["PASSWORD", "PEOPLE", "furnish"]


def keep_reports() -> None:
    """Two issued reports; the file is any file, the pages only hand it out."""
    for code, name, figures in ((COUNTY, "示例县", county(4)), (EAST, "东镇", township())):
        number = f"{name}精防统〔2026〕10号"
        report._keep(
            Access.system("test"),
            replace(figures, area=code, area_name=name, number=number),
            f"%PDF-1.7 {code}".encode(),
            (),
            NOW,
        )


def furnish() -> None:
    """Fill an empty, migrated register."""
    made = people.furnish(open_areas())
    open_accounts()
    with open_work(SYSTEM, Action.JOB_RUN) as work:
        duties.refresh(work, made.cases.values())
    for month in ("2026-08", "2026-09", "2026-10"):
        indicator.close(OFFICER, month)
    keep_reports()
