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


def test_two_counties_in_the_first_workbook_are_one_too_many(app: Flask, tmp_path: Path) -> None:
    from openpyxl import load_workbook

    account.open_first(SYSTEM, NOW)
    book = load_workbook(DATA / "county.xlsx")
    sheet = book["机构与区划"]
    sheet.append(["999903000000", "示例乙县", "县", "", 1000, 2025, "9999030001", "示例乙县疾控"])
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(Unfit, match="恰好包含一个县"):
        exchange.import_file(officer(), tmp_path / "two.xlsx", TODAY)
    assert founding.founding(officer())
    with open_work(SYSTEM, Action.CASE_LIST) as work:
        assert work.scalar(select(func.count()).select_from(Case)) == 0


def test_an_officer_without_county_reaches_nothing_once_there_are_areas(app: Flask) -> None:
    account.open_first(SYSTEM, NOW)
    exchange.import_file(SYSTEM, DATA / "county.xlsx", TODAY)
    late = officer()
    assert (late.low, late.high) == (0, 0)
