"""小组材料: the office of the group sees what the report prints, and whose turn it is; nobody is named."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action, Role
from casemgr.services import clock, group_meeting, group_window, liaison, partner
from casemgr.services.errors import Missing
from casemgr.store.db import new_key
from casemgr.store.models import LedgerLine
from casemgr.store.work import open_work
from casemgr.terms.liaison import PaperKind, TaskKind
from tests.services import liaison as made
from tests.services.liaison import EAST, SYSTEM, TODAY, open_areas, visit
from tests.store.register import DOCTOR_EAST

SHARES = (
    SimpleNamespace(name="3级", count=None, hidden=True),
    SimpleNamespace(name="0级", count=40, hidden=False),
)
RATES = (
    SimpleNamespace(name="规范管理率", value=None, unit="%", hidden=True, official=True),
    SimpleNamespace(name="规律服药率", value="80.00", unit="%", hidden=False, official=True),
)
FIGURES = SimpleNamespace(
    registered=43, risk=SimpleNamespace(shares=SHARES), rates=RATES, area_name="东镇", period="2026-10",
    number="月报1",
)  # fmt: skip


def test_the_office_of_the_group_sees_what_is_printed_and_nobody(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.fix(TODAY)
    units = open_areas()
    accesses = made.open_departments(monkeypatch)
    office = accesses["office"]
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        case = made.add(work, EAST, units[EAST], 1, "王小明")
    visit(case, EAST, date(2026, 11, 2), 4)
    to = f"{int(Role.POLICE)}.{EAST}"
    assert partner.ask(DOCTOR_EAST, case, new_key(), to, TaskKind.AT_HOME, "是否在家", TODAY)
    # No report was issued yet: there are no totals to be shown.
    assert group_window.write_out(SYSTEM, TODAY) == 1
    assert [one.kind for one in liaison.papers(office)] == [PaperKind.TASKS]
    monkeypatch.setattr(group_window.reports, "latest", lambda *_: object())
    monkeypatch.setattr(group_window.report, "frozen", lambda *_: FIGURES)
    assert group_window.write_out(SYSTEM, TODAY) == 1
    assert group_window.write_out(SYSTEM, TODAY) == 0  # nothing is written anew
    group_meeting.hold(DOCTOR_EAST, group_meeting.begin(), "通报情况\n研究协查", TODAY)
    rows = {one.kind: one.id for one in liaison.papers(office)}
    assert set(rows) == set(PaperKind)
    totals = liaison.paper(office, rows[PaperKind.TOTALS])
    assert dict(totals.lines) == {
        "在册人数（人）": "43", "危险性评估 3级（人）": "人数少，不写", "危险性评估 0级（人）": "40",
        "规范管理率": "人数少，不写", "规律服药率": "80.00 %",
    }  # fmt: skip
    tasks = liaison.paper(office, rows[PaperKind.TASKS])
    assert [(one[0], one[3]) for one in tasks.lines] == [("东镇 公安", "待答复")]
    meeting = liaison.paper(office, rows[PaperKind.MEETING])
    assert ("议程", "研究协查", "") in meeting.lines
    said = json.dumps([totals.lines, tasks.lines, meeting.lines], ensure_ascii=False)
    assert not any(word in said for word in ("王", "是否在家", TaskKind.AT_HOME.label, "级（20"))
    with open_work(SYSTEM, Action.LIAISON_VIEW) as work:
        viewed = work.entities(select(LedgerLine).where(LedgerLine.receiver == int(Role.POLITICAL_LEGAL)))
    assert [(one.kind, one.file_key) for one in viewed] == [(2, None)] * 3
    # Nobody else reaches them: not the police of the township, not another office.
    for other in (accesses["eastpost"], Access.over(99, "西综治", Role.POLITICAL_LEGAL, made.WEST)):
        assert liaison.papers(other) == ()
        with pytest.raises(Missing):
            liaison.paper(other, rows[PaperKind.TOTALS])
