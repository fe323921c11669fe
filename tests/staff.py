"""Staff of the small register of ``tests/store/register.py``: one account for each role and township."""

from __future__ import annotations

from datetime import UTC, datetime

from argon2 import PasswordHasher

from casemgr.services import account
from casemgr.terms.account import Role
from tests.store.register import COUNTY, EAST, SYSTEM, WEST

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
PASSWORD = "湖边有七棵老槐树"
PEOPLE = {
    "officer": ("县级甲", Role.COUNTY_OFFICER, COUNTY),
    "east": ("东镇乙", Role.TOWNSHIP_DOCTOR, EAST),
    "west": ("西镇丙", Role.TOWNSHIP_DOCTOR, WEST),
    "admin": ("管理丁", Role.ADMINISTRATOR, None),
}


def open_accounts() -> None:
    """The four accounts, all with ``PASSWORD`` and none that has to change it."""
    for login, (display, role, area) in PEOPLE.items():
        account.create(SYSTEM, login, display, int(role), area, NOW, PASSWORD, must_change=False)


def quick_hasher() -> PasswordHasher:
    """A hasher that costs nothing, for tests about something else."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
