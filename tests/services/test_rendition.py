"""报表格式: further files of a report and the agency, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from casemgr.reports.figures import PeriodFigures, canonical, digest_of, restored
from casemgr.reports.paper import document
from casemgr.reports.tables import tables_of
from casemgr.rules.access import Access, Action, Role
from casemgr.rules.timetable import SHANGHAI
from casemgr.services import agency, clock, rendition, report
from casemgr.services.errors import Missing, Refused, Unfit
from casemgr.services.report import ReportView
from casemgr.store.work import open_work
from casemgr.terms.report import Rendition, ReportKind
from tests.conftest import TODAY
from tests.services.closed_county import COUNTY, DOCTOR, OFFICER, SYSTEM, TOWN, close, open_areas

ELSEWHERE = Access.over(15, "邻县", Role.COUNTY_OFFICER, 999902000000)


def kept(kind: ReportKind, number: int, area: int) -> ReportView:
    """An issued report whose paper is any bytes."""
    with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
        figures = report.collect(work, kind, number, area, 1)
    return report._keep(OFFICER, figures, f"%PDF-1.7 {kind.slug}".encode(), (), clock.now())


def drawn(text: str, archive: bool) -> tuple[bytes, int]:
    """Stands for the press: the text itself, so that a test can read it."""
    return f"%PDF {archive} {text}".encode(), 0


def test_both_databases_keep_agencies_and_further_files_by_area(both: Flask) -> None:
    clock.fix(TODAY)
    open_areas()
    close("2026-09")
    close("2026-10")
    month = kept(ReportKind.MONTHLY, 202610, TOWN)
    quarter = kept(ReportKind.QUARTERLY, 202609, COUNTY)
    with pytest.raises(Refused, match="还没有填写发文机关"):
        rendition.make(DOCTOR, month.key, Rendition.OFFICIAL, drawn)
    for once, title in ((1, "示例县卫生局"), (2, "示例县卫生健康局")):
        for _again in range(2):
            agency.write(OFFICER, once, f" {title} ", "示卫精防", True)
    assert [(one.title, one.letterhead) for one in agency.history(OFFICER)] == [
        ("示例县卫生健康局", True),
        ("示例县卫生局", True),
    ]
    assert agency.history(ELSEWHERE) == []
    assert agency.history(DOCTOR) == []
    with pytest.raises(Unfit) as wrong:
        agency.write(OFFICER, 3, "局", "示" * 21, False)
    assert set(wrong.value.fields) == {"title", "code"}

    # A township's paper carries the name of its county's agency; nobody elsewhere sees or makes it.
    rendition.make(DOCTOR, month.key, Rendition.OFFICIAL, drawn)
    text = rendition.download(DOCTOR, month.key, Rendition.OFFICIAL).content.decode()
    assert "示例县卫生健康局文件" in text
    assert f"示卫精防〔{month.issued_at.astimezone(SHANGHAI).year}〕" in text
    for act in (rendition.opened, lambda access, key: rendition.make(access, key, Rendition.WORKBOOK)):
        with pytest.raises(Missing):
            act(ELSEWHERE, month.key)
        with pytest.raises(Missing):
            act(DOCTOR, quarter.key)
    rendition.make(OFFICER, quarter.key, Rendition.WORKBOOK)
    content = rendition.download(OFFICER, quarter.key, Rendition.WORKBOOK).content
    assert report.verify(None, content).report == quarter
    shown = rendition.opened(OFFICER, quarter.key)
    assert "本期后补录" in {table.name for table in shown.tables}
    assert [one.rendition for one in shown.files if one.size] == [Rendition.WORKBOOK]
    clock.fix(None)


def test_figures_that_were_changed_on_the_disk_are_not_believed(app: Flask) -> None:
    clock.fix(TODAY)
    open_areas()
    close("2026-10")
    month = kept(ReportKind.MONTHLY, 202610, TOWN)
    file = Path(app.config["CASEMGR"].instance) / "reports" / "202610" / f"{TOWN}-1.figures"
    file.write_bytes(file.read_bytes()[:-3])
    # The closing still gives the same figures, so the report can be looked at and made into other forms.
    assert rendition.opened(DOCTOR, month.key).tables
    close("2026-10", left_out=3)
    assert rendition.opened(DOCTOR, month.key).tables == ()
    with pytest.raises(Refused, match="没有保存下来"):
        rendition.make(DOCTOR, month.key, Rendition.WORKBOOK)
    clock.fix(None)


def test_issuing_again_after_a_new_closing_makes_a_new_number_for_every_kind(app: Flask) -> None:
    clock.fix(TODAY)
    open_areas()
    close("2026-09")
    first = kept(ReportKind.QUARTERLY, 202609, COUNTY)
    close("2026-09", left_out=4)
    draft = report._draft(OFFICER, "2026-Q3", COUNTY, ReportKind.QUARTERLY)
    assert draft.issued is None
    assert digest_of(draft.figures) != first.digest
    assert draft.figures.number == "示例县精防统〔2026〕季3号（修订1）"
    # What the issue before printed otherwise, by cause; the causes add up to the difference.
    assert isinstance(draft.figures, PeriodFigures)
    told = draft.figures.earlier
    assert told is not None
    assert told.number == first.number
    assert {one.month for one in told.shifts} == {"2026年9月"}
    assert "管理率" in {one.name for one in told.shifts}
    for one in told.shifts:
        before, after = ([int(part) for part in text.split("/")] for text in (one.before, one.after))
        assert [after[0] - before[0], after[1] - before[1]] == [one.numerator, one.denominator]
        assert sum(cause.numerator for cause in one.causes) == one.numerator
        assert sum(cause.denominator for cause in one.causes) == one.denominator
        assert all(cause.name for cause in one.causes)
    assert restored(canonical(draft.figures)) == draft.figures
    table = next(one for one in tables_of(draft.figures) if one.name == "与上一版签发的差异")
    assert sum(row[4] == "合计" for row in table.rows) == len(told.shifts)
    assert "与上一版签发" in document(draft.figures, report.ADDRESS)
    clock.fix(None)
