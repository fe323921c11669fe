"""The month end: every county closed, every report issued, and one that fails stops no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from casemgr.rules.access import Access, Action
from casemgr.services import clock, indicator, job, report
from casemgr.services.errors import Problem, Refused
from casemgr.store.models import Area, MonthClose, Report
from casemgr.store.work import open_work
from casemgr.terms.job import RunState
from casemgr.terms.report import ReportKind
from tests.store.register import COUNTY, EAST, OFFICER, SYSTEM, WEST, add_person, add_visit, open_areas

SECOND = COUNTY + 1_000_000
NORTH = SECOND + 100_000

Step = Callable[[int, int], None]


class Presses:
    """Stands for closing and printing; notes what was asked and fails where told to."""

    def __init__(self) -> None:
        self.closed: list[int] = []
        self.issued: list[int] = []
        self.cannot_close: set[int] = set()
        self.cannot_issue: set[int] = set()
        self.break_down = False
        self.kinds: list[ReportKind] = []

    def close(self, access: Access, month: str) -> None:
        assert month == "2026-10"
        if access.low in self.cannot_close:
            raise ZeroDivisionError("张三")
        self.closed.append(access.low)

    def issue_many(
        self,
        access: Access,
        month: str,
        areas: Sequence[int],
        step: Step,
        kind: ReportKind = ReportKind.MONTHLY,
    ) -> Iterator[tuple[int, Any]]:
        self.kinds.append(kind)
        for number, area in enumerate(areas):
            step(number, len(areas))
            if self.break_down:
                raise OSError("a child died with 张三")
            problem: Problem | str = "a report"
            if area in self.cannot_issue:
                problem = Refused("这个月还没有结账。")
            else:
                self.issued.append(area)
            yield area, problem


@pytest.fixture
def presses(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Presses:
    open_areas()
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        for code, name, level, parent in ((SECOND, "邻县", 3, None), (NORTH, "北镇", 4, SECOND)):
            work.add(Area(code=code, name=name, level=level, parent=parent))
            work.flush()
    presses = Presses()
    monkeypatch.setattr(indicator, "close", presses.close)
    monkeypatch.setattr(report, "issue_many", presses.issue_many)
    return presses


def test_every_county_and_township(presses: Presses) -> None:
    view = job.run_now(SYSTEM, "close-month", "2026-10")
    assert (view.state, view.result) == (RunState.DONE, "2026-10 月结：2 个县（区）已结账，月报 5 份。")
    assert (view.done, view.total) == (7, 7)
    assert presses.closed == [COUNTY, SECOND]
    assert presses.issued == [COUNTY, EAST, WEST, SECOND, NORTH]


def test_a_county_that_fails_stops_no_other_and_is_named(
    presses: Presses, caplog: pytest.LogCaptureFixture
) -> None:
    presses.cannot_close = {COUNTY}
    view = job.run_now(SYSTEM, "close-month", "2026-10")
    assert presses.issued == [SECOND, NORTH]
    assert view.state is RunState.DUE, "it is tried again"
    assert view.result.startswith(
        "2026-10 月结：1 个县（区）已结账，月报 2 份。未完成：示例县（月结：程序错误 "
    )
    assert "张三" not in view.result + caplog.text
    [failure] = [one for one in job.failures(OFFICER, clock.now()) if one.run]
    assert failure.title == "月结与月报（2026-10）"


def test_a_report_that_fails_stops_no_other_and_is_named(presses: Presses) -> None:
    presses.cannot_issue = {EAST}
    view = job.run_now(SYSTEM, "close-month", "2026-10")
    assert presses.issued == [COUNTY, WEST, SECOND, NORTH]
    assert view.result.endswith("月报 4 份。未完成：东镇（月报：这个月还没有结账。）。")


def test_presses_that_break_down_stop_no_other_county(
    presses: Presses, caplog: pytest.LogCaptureFixture
) -> None:
    presses.break_down = True
    view = job.run_now(SYSTEM, "close-month", "2026-10")
    assert presses.closed == [COUNTY, SECOND]
    assert "示例县、东镇、西镇（月报：程序错误 OSError" in view.result
    assert "张三" not in view.result + caplog.text


def test_an_officer_closes_the_own_county_only(presses: Presses) -> None:
    view = job.run_now(OFFICER, "close-month", "2026-10")
    assert presses.closed == [COUNTY]
    assert view.result == "2026-10 月结：1 个县（区）已结账，月报 3 份。"


def test_reports_of_a_month_that_is_closed_are_issued_by_hand(presses: Presses) -> None:
    view = job.run_now(OFFICER, "issue-reports", "2026-10")
    assert (view.state, view.result) == (RunState.DONE, "2026-10 月报 3 份。")
    assert (presses.closed, presses.issued) == ([], [COUNTY, EAST, WEST])
    presses.cannot_issue = {WEST}
    assert "未完成：西镇" in job.run_now(OFFICER, "issue-reports", "2026-10").result


def test_without_areas_there_is_nothing_to_close(app: Flask) -> None:
    view = job.run_now(SYSTEM, "close-month", "2026-10")
    assert view.state is RunState.DONE
    assert "还没有县" in view.result


def test_the_real_month_end_and_once_more(app: Flask) -> None:
    units = open_areas()
    with open_work(SYSTEM, Action.DEMO_LOAD) as work:
        for number, area in enumerate((EAST, WEST)):
            _person, case = add_person(work, area, units[area], f"F{number}", "张一")
            add_visit(work, area, case, date(2026, 3, 4))
    view = job.run_now(OFFICER, "close-month")
    assert (view.state, view.period) == (RunState.DONE, "2026-10"), view.result
    assert view.result == "2026-10 月结：1 个县（区）已结账，月报 3 份。"
    again = job.run_now(OFFICER, "close-month")
    assert again.result == view.result
    with open_work(SYSTEM, Action.REPORT_READ) as work:
        assert [tuple(row) for row in work.rows(select(MonthClose.period, MonthClose.revision))] == [
            (202610, 1)
        ]
        rows = work.rows(select(Report.area, Report.revision).order_by(Report.area))
        assert [tuple(row) for row in rows] == [(COUNTY, 1), (EAST, 1), (WEST, 1)]


def test_a_quarter_and_a_year_are_printed_when_they_end(presses: Presses) -> None:
    view = job.run_now(SYSTEM, "issue-periods", "2026-09")
    assert (view.state, view.result) == (RunState.DONE, "2026-09：季报 5 份。")
    assert (view.done, view.total) == (5, 5)
    view = job.run_now(SYSTEM, "issue-periods", "2025-12")
    assert view.result == "2025-12：季报 5 份、年报 5 份、年度统计报表 2 份。"
    assert view.total == 12
    view = job.run_now(SYSTEM, "issue-periods", "2026-10")
    assert (view.state, view.result) == (RunState.DONE, "2026-10 不是季末，没有要出的季报、年报。")
    view = job.run_now(SYSTEM, "issue-exchange", "2026-10")
    assert view.result == "2026-10：信息交换表 5 份。"
    assert set(presses.kinds) == {
        ReportKind.QUARTERLY,
        ReportKind.YEARLY,
        ReportKind.STATISTICS,
        ReportKind.EXCHANGE,
    }


def test_one_township_that_fails_stops_no_other_report_of_a_quarter(presses: Presses) -> None:
    presses.cannot_issue = {EAST}
    view = job.run_now(SYSTEM, "issue-periods", "2026-09")
    assert view.state is RunState.DUE
    assert view.result == "2026-09：季报 4 份。未完成：东镇（季报：这个月还没有结账。）。"
