"""Papers of a county with an edition of its own: they print what its pages show, not the shipped edition."""

from __future__ import annotations

import pytest
from flask import Flask

from casemgr.rules.access import Action
from casemgr.services import edition, indicator, monthly, period_report, statistics_form
from casemgr.services.edition import Draft, Line
from casemgr.store.db import new_key
from casemgr.store.work import open_work
from casemgr.terms.report import ReportKind
from tests.services.closed_county import COUNTY, OFFICER, SYSTEM, TOWN, close, open_areas

OWN = Draft(
    "示例县口径（2026）",
    "示卫发〔2026〕9号",
    "2026-09",
    (Line("IND-02.REG-A", 2, "61.5"), Line("IND-03.STD-4", 2, "85"), Line("IND-05.MED-LAST", 2, "60.5")),
    {"gap_stable": "60"},
)


@pytest.fixture
def office(app: Flask) -> Flask:
    """A county whose own edition holds from September on, closed for August, September and October."""
    open_areas()
    close("2026-08")
    edition.add(OFFICER, COUNTY, OWN, new_key())
    close("2026-09")
    close("2026-10")
    return app


def test_every_paper_prints_the_figures_the_page_shows(office: Flask) -> None:
    shown = indicator.closed(OFFICER, "2026-09", COUNTY)
    on_page = {one.key: one.value for one in shown.areas[0].indicators if one.official}
    assert shown.edition == "999901-202609"
    with open_work(SYSTEM, Action.REPORT_ISSUE) as work:
        for area in (COUNTY, TOWN):
            month = monthly.collect(work, "2026-09", area, 1)
            assert (month.edition, month.edition_name) == (shown.edition, OWN.title)
            assert {one.key for one in month.rates if one.official} == {one.key for one in OWN.lines}
        month = monthly.collect(work, "2026-09", COUNTY, 1)
        assert {one.key: one.value for one in month.rates if one.official} == on_page
        assert {one.name: one.limit_days for one in month.duties}["稳定"] == 60
        before = monthly.collect(work, "2026-08", COUNTY, 1)
        assert before.edition == "CN-2020"
        quarter = period_report.collect(work, ReportKind.QUARTERLY, "2026-Q3", "2026-09", COUNTY, 1)
        course = {one.key: one.points for one in quarter.course}
        assert {key: points[-1].value for key, points in course.items()} == on_page
        form = statistics_form.collect(work, ReportKind.EXCHANGE, "2026-09", "2026-09", COUNTY, 1)
    assert form.edition == shown.edition
    standard = [line for block in form.blocks for line in block.lines if line.name == "规范管理患者（人）"]
    assert [line.key for line in standard] == ["IND-03.STD-4"]
