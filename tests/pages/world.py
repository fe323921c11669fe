"""What the browser tests look at: areas, one account for each role, and whatever other nouns add."""

from __future__ import annotations

from datetime import UTC, datetime

from casemgr.rules.access import Access
from casemgr.services import account
from casemgr.terms.account import Role
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


def furnish() -> None:
    """Fill an empty, migrated register."""
    open_areas()
    open_accounts()
