"""What the browser tests look at: areas, one account for each role, and whatever other nouns add."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from casemgr.rules.access import Access
from casemgr.services import account, report
from casemgr.terms.account import Role
from tests.reports.sample import county, township
from tests.store.register import COUNTY, EAST, WEST, open_areas

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PASSWORD = "湖边有七棵老槐树"
PEOPLE = {
    "officer": ("县级甲", Role.COUNTY_OFFICER, COUNTY),
    "east": ("东镇乙", Role.TOWNSHIP_DOCTOR, EAST),
    "west": ("西镇丙", Role.TOWNSHIP_DOCTOR, WEST),
    "admin": ("管理丁", Role.ADMINISTRATOR, None),
}


def open_accounts() -> None:
    """One account for each role, all with ``PASSWORD``."""
    for login, (display, role, area) in PEOPLE.items():
        account.create(
            Access.system("test"),
            login,
            display,
            int(role),
            area,
            NOW,
            password=PASSWORD,
            must_change=False,
        )


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
    open_areas()
    open_accounts()
    keep_reports()
