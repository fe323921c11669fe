"""An empty register: first accounts, first workbook, and what the officer reaches before and after."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from casemgr.rules.access import Access, Action
from casemgr.services import account, area, exchange, founding
from casemgr.services.errors import Conflict, Unfit
from casemgr.store.models import Account, Case
from casemgr.store.work import open_work
from tests.services.workbooks import AREAS, COUNTY_ROW, WHOLE, workbook

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
TODAY = date(2026, 11, 21)
COUNTY = 999901000000
DATA = Path(__file__).resolve().parents[1] / "data"
SYSTEM = Access.system("test")


def officer() -> Access:
    with open_work(SYSTEM, Action.ACCOUNT_SIGN_IN, writes=False) as work:
        return founding.reach_of(work, work.one(select(Account).where(Account.login == "xianji")))


@pytest.mark.usefixtures("app")
def test_the_first_accounts_are_made_once_and_must_choose_a_password() -> None:
    made = account.open_first(SYSTEM, NOW)
    assert [one.login for one in made] == ["xianji", "guanli"]
    assert len({one.secret for one in made}) == 2
    with open_work(SYSTEM, Action.ACCOUNT_LIST) as work:
        assert set(work.entities(select(Account.must_change))) == {True}
    with pytest.raises(Conflict):
        account.open_first(SYSTEM, NOW)


def test_the_first_workbook_gives_the_officer_a_county(app: Flask) -> None:
    account.open_first(SYSTEM, NOW)
    assert founding.founding(officer())
    result = exchange.import_file(officer(), DATA / "county.xlsx", TODAY)
    assert result.refused == 0
    settled = officer()
    assert (settled.low, settled.high) == (COUNTY, COUNTY + 10**6)
    assert not founding.founding(settled)
    assert area.get(settled, COUNTY).name == "示例县"
    with open_work(settled, Action.CASE_LIST) as work:
        assert work.scalar(select(func.count()).select_from(Case)) == 420


@pytest.mark.usefixtures("app")
def test_two_counties_in_the_first_workbook_are_one_too_many() -> None:
    account.open_first(SYSTEM, NOW)
    second = COUNTY_ROW._replace(code=999903000000, name="示例乙县", unit_code="U9", unit_name="示例乙县疾控")
    with pytest.raises(Unfit, match="恰好包含一个县"):
        exchange.import_file(officer(), workbook({**WHOLE, "机构与区划": [*AREAS, second]}), TODAY)
    assert founding.founding(officer())
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert work.scalar(select(func.count()).select_from(Case)) == 0
    # The same people with one county come in: it was the county too many.
    assert exchange.import_file(officer(), workbook(WHOLE), TODAY).refused == 0


@pytest.mark.usefixtures("app")
def test_an_officer_without_county_reaches_nothing_once_there_are_areas() -> None:
    account.open_first(SYSTEM, NOW)
    assert exchange.import_file(SYSTEM, workbook(WHOLE), TODAY).refused == 0
    late = officer()
    assert (late.low, late.high) == (0, 0)
