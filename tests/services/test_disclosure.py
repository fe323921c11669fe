"""What other departments see follows the records at once: in, corrected, out; exactly the approved fields."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action
from casemgr.services import liaison
from casemgr.store.models import Disclosure, LedgerLine
from casemgr.store.work import open_work
from casemgr.terms.liaison import ExchangeKind, Reason, Withdrawal
from tests.services import liaison as made
from tests.services.liaison import EAST, SYSTEM, TODAY, WEST, add, open_areas, visit

ON = date(2026, 11, 2)


@dataclass
class County:
    accesses: dict[str, Access]
    east: int
    other: int
    west: int


@pytest.fixture
def county(both: Flask, monkeypatch: pytest.MonkeyPatch) -> County:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        keys = (
            add(work, EAST, units[EAST], 1, "王小明"),
            add(work, EAST, units[EAST], 2, "李丽"),
            add(work, WEST, units[WEST], 3, "欧阳建国"),
        )
    return County(made.open_departments(monkeypatch), *keys)


def lines(case: int) -> list[Disclosure]:
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        return work.entities(select(Disclosure).where(Disclosure.file_key == case).order_by(Disclosure.id))


def told(case: int) -> list[ExchangeKind]:
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        rows = work.rows(select(LedgerLine.kind).where(LedgerLine.file_key == case).order_by(LedgerLine.id))
    return [ExchangeKind.read(row[0]) for row in rows]


def test_a_person_enters_is_corrected_and_leaves_by_the_records_alone(county: County) -> None:
    post = county.accesses["eastpost"]
    assert liaison.home(post, TODAY).lines == ()
    visit(county.east, EAST, ON, 2)
    assert lines(county.east) == []
    visit(county.east, EAST, ON + timedelta(days=1), 3)
    (row,) = liaison.home(post, TODAY).lines
    assert (row.alias, row.reason, row.grade, row.received) == ("王某", Reason.GRADE, 3, False)
    seen = liaison.sheet(post, row.id)
    facts = dict(seen.facts)
    assert facts["姓名"] == "王小明"
    assert facts["身份证号"].startswith("999***") and "*" * 13 in facts["身份证号"]
    assert facts["危险性评估"] == "3级（2026-11-03评估）"
    assert "王父" in facts["监护人"]
    assert liaison.receive(post, row.id, seen.row.version)
    visit(county.east, EAST, ON + timedelta(days=5), 4)
    (row,) = liaison.home(post, TODAY).lines
    assert row.corrected and not row.received
    assert dict(liaison.sheet(post, row.id).facts)["危险性评估"].startswith("4级")
    visit(county.east, EAST, ON + timedelta(days=9), 1)
    home = liaison.home(post, TODAY)
    assert home.lines == ()
    (gone,) = home.withdrawn
    assert gone.withdrawal is Withdrawal.ENDED
    assert liaison.sheet(post, gone.id).facts == ()
    (kept,) = lines(county.east)
    assert kept.sheet is None
    assert liaison.receive(post, gone.id, gone.version)
    assert liaison.home(post, TODAY).withdrawn == ()
    assert told(county.east) == [
        ExchangeKind.OPENED,
        ExchangeKind.VIEWED,
        ExchangeKind.RECEIVED,
        ExchangeKind.CORRECTED,
        ExchangeKind.VIEWED,
        ExchangeKind.WITHDRAWN,
        ExchangeKind.RECEIVED,
    ]
