"""季报、年报、表9、表14: the same closed figures as the months, and what came in after them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from casemgr.indicators.small_cells import small
from casemgr.reports.figures import FormFigures, MonthlyFigures, PeriodFigures, canonical, restored
from casemgr.rules.access import Action
from casemgr.services import clock, report
from casemgr.services.errors import Refused, Unfit
from casemgr.services.monthly import month_number
from casemgr.store.db import db
from casemgr.store.models import LedgerLine
from casemgr.store.queries import report as queries
from casemgr.store.work import open_work
from casemgr.terms.report import ReportKind
from tests.conftest import TODAY, create_app, make_config
from tests.indicators.county import expected
from tests.services.closed_county import COUNTY, DOCTOR, OFFICER, SYSTEM, TOWN, close, open_areas

pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

#: The register and the main figures are printed in every paper, with the people they are taken of.
OPEN = (
    "IND-02.REG-A",
    "IND-03.STD-INT",
    "IND-05.MED-QUARTER",
    "IND-12.N1",
    "SCHIZOPHRENIA",
    "HOME",
    "DUTY.VISIT.LATE",
)
MONTHS = ("2024-12", "2025-12", "2026-03", "2026-06", "2026-08", "2026-09", "2026-10")


@pytest.fixture(scope="module")
def closed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance whose sample county has closed months; August was closed again with three people more."""
    folder = tmp_path_factory.mktemp("periods") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with application.app_context():
        open_areas()
        for month in MONTHS:
            close(month, left_out=3 if month == "2026-08" else 0)
        close("2026-08")
        db.engine.dispose()
    clock.fix(None)
    return folder


@pytest.fixture
def office(closed: Path, tmp_path: Path) -> Iterator[Flask]:
    """A copy of that instance for one test."""
    folder = tmp_path / "instance"
    shutil.copytree(closed, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with application.app_context():
        yield application
        db.engine.dispose()
    clock.fix(None)


def collected(kind: ReportKind, period: str, area: int = COUNTY):  # type: ignore[no-untyped-def]
    number = month_number(report.last_month(kind, period))
    with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
        return report.collect(work, kind, number, area, 1)


def words(content: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


def test_periods_are_named_by_people_and_end_with_a_month() -> None:
    assert report.last_month(ReportKind.QUARTERLY, "2026-Q3") == "2026-09"
    assert report.last_month(ReportKind.QUARTERLY, "2026-09") == "2026-09"
    assert report.last_month(ReportKind.YEARLY, "2025") == "2025-12"
    assert report.last_month(ReportKind.STATISTICS, "2025-12") == "2025-12"
    assert report.last_month(ReportKind.EXCHANGE, "2026-10") == "2026-10"
    for kind, wrong in (
        (ReportKind.QUARTERLY, "2026-10"),
        (ReportKind.QUARTERLY, "2026-Q5"),
        (ReportKind.YEARLY, "2025-11"),
        (ReportKind.MONTHLY, "2026"),
        (ReportKind.EXCHANGE, "十月"),
    ):
        with pytest.raises(Unfit, match="应写成"):
            report.last_month(kind, wrong)
    assert report.period_text(ReportKind.QUARTERLY, 202609) == "2026-Q3"
    assert report.period_text(ReportKind.YEARLY, 202512) == "2025"


@pytest.mark.usefixtures("office")
def test_a_quarter_prints_its_last_month_and_the_months_up_to_it() -> None:
    figures = collected(ReportKind.QUARTERLY, "2026-Q3")
    assert isinstance(figures, PeriodFigures)
    month = collected(ReportKind.MONTHLY, "2026-09")
    assert figures.month.rates == month.rates
    assert figures.number == "示例县精防统〔2026〕季3号"
    assert figures.labels == ("2026年7月", "2026年8月", "2026年9月")
    june = collected(ReportKind.MONTHLY, "2026-06")
    told = {one.key: one.value for one in figures.before}
    assert {rate.key: rate.value for rate in june.official}.items() <= told.items()
    # What stands beside the main figures is compared as well, unless one of the two papers hides it.
    beside = {rate.key: rate for rate in figures.month.beside}
    assert told.keys() - {rate.key for rate in june.official} <= beside.keys()
    assert {"IND-16", "IND-19.PATIENT", "IND-20", "IND-21", "IND-22", "IND-23"} <= beside.keys()
    for line in figures.course:
        july, august, september = line.points
        assert (july.numerator, july.value) == (None, None)
        own = next(rate for rate in month.rates if rate.key == line.key)
        assert (september.numerator, september.denominator, september.value) == (
            own.numerator,
            own.denominator,
            own.value,
        )
        assert august.numerator is not None


@pytest.mark.usefixtures("office")
def test_what_came_in_after_the_first_closing_is_counted_and_nobody_is_named() -> None:
    figures = collected(ReportKind.QUARTERLY, "2026-Q3")
    july, august, september = figures.closings
    assert (july.revisions, july.first_closed_on) == (0, "")
    assert august.revisions == 2
    assert august.figures_changed > 0
    assert (september.revisions, september.figures_changed) == (1, 0)
    managed = next(one for one in figures.changes if one.name == "2026年8月管理率")
    before, after = (int(text.split("/")[1]) for text in (managed.before, managed.after))
    assert 0 <= after - before <= 3
    # The three came in between the closings; each is told under a cause, by number only.
    assert sum(one.count or 0 for one in figures.causes) >= 3
    assert all(one.name and not one.hidden for one in figures.causes)
    own = collected(ReportKind.QUARTERLY, "2026-Q3", TOWN)
    assert all(one.count is None for one in own.causes if one.hidden)
    assert not any(small(one.count) for one in own.causes if one.count is not None)
    quiet = collected(ReportKind.YEARLY, "2025")
    assert quiet.changes == ()
    assert quiet.causes == ()


@pytest.mark.usefixtures("office")
def test_a_year_has_twelve_months_and_the_year_before() -> None:
    figures = collected(ReportKind.YEARLY, "2025", TOWN)
    assert figures.number == "示例县精防统〔2025〕年-100号"
    assert len(figures.course[0].points) == 12
    assert figures.month.last_month == "2025-12"
    before = collected(ReportKind.MONTHLY, "2024-12", TOWN)
    told = {one.key: one.value for one in figures.before}
    assert {rate.key: rate.value for rate in before.official}.items() <= told.items()


@pytest.mark.usefixtures("office")
def test_a_statistics_form_counts_as_the_closing_does_and_leaves_the_rest_blank() -> None:
    figures = collected(ReportKind.STATISTICS, "2025")
    assert isinstance(figures, FormFigures)
    wanted = expected()["2025-12"][str(COUNTY)]
    lines = {line.name: line for block in figures.blocks for line in block.lines}
    assert lines["在册患者（人）"].count == wanted["IND-02.REG-A"][1]
    assert lines["在管患者（人）"].count == wanted["IND-02.REG-A"][0]
    assert lines["规范管理患者（人）"].count == wanted["IND-03.STD-INT"][0]
    # Four died: one rule for all papers, this one as well.
    assert wanted["IND-02.REG-B"][1] - wanted["IND-02.REG-A"][1] == 4
    assert lines["本年死亡（人）"].hidden
    levels = next(block for block in figures.blocks if block.name == "危险性评估").lines
    assert levels[-1].name == "未评估（人）"
    assert not any(line.count is not None and small(line.count) for line in levels[:-1])
    assert "接受心理疏导的居家患者（人）" in lines
    assert lines["按时录入（条）"].inner
    # What the county has not reported for the year is left to be written by hand.
    assert lines["建有精神卫生综合管理小组（个）"].asked
    assert {"IND-16", "IND-21"} <= {rate.key for rate in figures.rates}
    asked = [line for line in lines.values() if line.asked]
    assert len(asked) > 10
    assert all(line.count is None for line in asked)
    with pytest.raises(Unfit, match="由县（区）填报"):
        collected(ReportKind.STATISTICS, "2025", TOWN)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("area", [COUNTY, TOWN])
def test_an_exchange_form_prints_no_small_count_and_none_follows_from_two_others(area: int) -> None:
    figures = collected(ReportKind.EXCHANGE, "2026-10", area)
    blocks = {block.name: block.lines for block in figures.blocks}
    registered = blocks["患者"][0].count
    assert registered
    for name in ("患者", "管理服务"):
        for line in blocks[name]:
            if line.count is None or line.key in OPEN:
                continue
            assert not small(line.count)
            assert line.key == "DEATHS" or not small(registered - line.count)
    for name in ("危险性评估", "病情分类"):
        *lines, last = blocks[name]
        assert last.name.startswith("未")
        assert all(line.count is None or not small(line.count) for line in lines)
        assert sum(line.hidden for line in lines) != 1


@pytest.mark.usefixtures("office")
def test_every_kind_is_issued_kept_listed_and_verified() -> None:
    made = [
        report.issue(OFFICER, "2026-Q3", COUNTY, ReportKind.QUARTERLY),
        report.issue(OFFICER, "2025", TOWN, ReportKind.YEARLY),
        report.issue(OFFICER, "2026-10", TOWN, ReportKind.EXCHANGE),
        report.issue(OFFICER, "2025", COUNTY, ReportKind.STATISTICS),
    ]
    assert [one.period for one in made] == ["2026-Q3", "2025", "2026-10", "2025"]
    assert {one.key for one in report.list_(OFFICER)[0]} == {one.key for one in made}
    for one in made:
        content = report.download(OFFICER, one.key).content
        answer = report.verify(None, content)
        assert answer.genuine
        assert answer.report == one
        text = words(content)
        assert one.code in text
        assert "未评估" in text
        assert report.issue(OFFICER, one.period, one.area, one.kind) == one
        # Nobody but the digest decides: one byte more and it fails, still knowing what it claims to be.
        assert report.verify(None, content + b" ").report == one
    assert "本期后补录" in words(report.download(OFFICER, made[0].key).content)
    assert [one.area for one in report.list_(DOCTOR)[0]] == [TOWN, TOWN]
    with pytest.raises(Refused, match="还没有月结"):
        report.issue(OFFICER, "2023", COUNTY, ReportKind.YEARLY)


@pytest.mark.usefixtures("office")
def test_figures_come_back_from_their_text_unchanged() -> None:
    kinds = (
        (ReportKind.MONTHLY, "2026-10", TOWN),
        (ReportKind.QUARTERLY, "2026-Q3", COUNTY),
        (ReportKind.EXCHANGE, "2026-10", COUNTY),
    )
    for kind, period, area in kinds:
        figures = collected(kind, period, area)
        assert isinstance(figures, MonthlyFigures | PeriodFigures | FormFigures)
        assert restored(canonical(figures)) == figures
    for wrong in (b"", b"{}", b"[]", b"\xff", canonical(figures) + b" ", canonical(figures)[:-20]):
        with pytest.raises(ValueError, match=r"."):
            restored(wrong)


def hidden_in(figures: MonthlyFigures) -> set[tuple[str, str]]:
    """The names of everything a township's report hides."""
    found = {
        (row.name, column.key)
        for row in figures.table.rows
        for column, cell in zip(figures.table.columns, row.cells, strict=True)
        if cell.hidden
    }
    found |= {(row.name, "") for row in figures.table.rows if row.hidden}
    for one in (figures.risk, figures.classes):
        found |= {(one.name, share.name) for share in one.shares if share.hidden}
    return found


@pytest.mark.usefixtures("office")
def test_what_one_paper_hides_no_later_paper_about_the_area_shows() -> None:
    before: set[tuple[str, str]] = set()
    for kind, period in (
        (ReportKind.MONTHLY, "2026-08"),
        (ReportKind.QUARTERLY, "2026-Q3"),
        (ReportKind.MONTHLY, "2026-10"),
    ):
        made = report.issue(OFFICER, period, TOWN, kind)
        with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
            row = queries.by_key(work, made.key)
            assert row is not None
            figures = report.frozen(work, row)
        assert figures is not None
        month = figures.month if isinstance(figures, PeriodFigures) else figures
        assert isinstance(month, MonthlyFigures)
        # A table that cannot be protected is left out whole, and shows nothing either.
        rates = {one for one in before if one[1] in {column.key for column in month.table.columns} | {""}}
        assert before - (rates if month.table.omitted else set()) <= hidden_in(month)
        before = hidden_in(month)
        # Asked for again, the same paper comes, whatever was issued after it.
        assert report.issue(OFFICER, period, TOWN, kind) == made
    assert before
    made = report.issue(OFFICER, "2026-10", TOWN, ReportKind.EXCHANGE)
    with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
        row = queries.by_key(work, made.key)
        assert row is not None
        form = report.frozen(work, row)
    assert isinstance(form, FormFigures)
    for block in form.blocks:
        for line in block.lines:
            name = (block.name, line.name.removesuffix("（人）"))
            if name in before:
                assert line.hidden
    # The exchange sheet is given to the group: fetching it is a line of the ledger, about nobody.
    report.download(OFFICER, made.key)
    with open_work(SYSTEM, Action.SHARING_READ, writes=False) as work:
        assert [one.file_key for one in work.entities(select(LedgerLine))] == [None]
