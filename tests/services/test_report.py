"""报表: closed figures in, one kept file out, and a clear answer about any paper."""

from __future__ import annotations

import hashlib
import re
import shutil
import stat
import zlib
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from casemgr.indicators.editions import BESIDE
from casemgr.indicators.small_cells import small
from casemgr.reports.figures import FormFigures, MonthlyFigures
from casemgr.reports.monthly import document
from casemgr.rules.access import Access, Action
from casemgr.services import clock, indicator, monthly, report
from casemgr.services.errors import Forbidden, Missing, Problem, Refused, Unfit
from casemgr.services.report import ReportView, Verdict
from casemgr.store.db import db
from casemgr.store.models import Area, AuditEntry, Report
from casemgr.store.work import open_work
from casemgr.terms.report import ReportKind
from casemgr.terms.risk import RiskLevel, Stability
from tests.conftest import TODAY, create_app, make_config
from tests.indicators.county import expected
from tests.services.closed_county import (
    ADMINISTRATOR,
    COUNTY,
    DOCTOR,
    OFFICER,
    OTHER_TOWN,
    SYSTEM,
    TOWN,
    close,
    open_areas,
)

pytest.importorskip("casemgr.reports.pdf", reason="WeasyPrint finds no Pango here", exc_type=OSError)

OCTOBER = "2026-10"
TOWNS = (TOWN, OTHER_TOWN, 999901102000, 999901103000)


@pytest.fixture(scope="module")
def closed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance whose sample county has closed months, and the two October reports already issued."""
    folder = tmp_path_factory.mktemp("closed") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    application = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with application.app_context():
        open_areas()
        for month in ("2025-10", "2025-12", "2026-03", "2026-09", OCTOBER):
            close(month)
        for area in (COUNTY, TOWN):
            report.issue(OFFICER, OCTOBER, area)
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


def newest(area: int = COUNTY) -> ReportView:
    return report.list_(SYSTEM, OCTOBER, area)[0][0]


def collected(area: int, month: str = OCTOBER) -> MonthlyFigures:
    with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
        return monthly.collect(work, month, area, 1)


def words(content: bytes) -> str:
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())


# --- figures --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("month", ["2025-12", "2026-03", OCTOBER])
def test_every_printed_rate_is_the_expected_and_the_screens_figure(month: str) -> None:
    for area in (COUNTY, TOWN):
        figures = collected(area, month)
        wanted = expected()[month][str(area)]
        printed = {rate.key: [rate.numerator, rate.denominator] for rate in figures.rates}
        hidden = {rate.key for rate in figures.rates if rate.hidden}
        assert not hidden & {rate.key for rate in figures.official}
        # Beside the expected ones: entry in time, support, and what a county reports for a year.
        shown = {key: counts for key, counts in printed.items() if key not in BESIDE | hidden}
        assert shown == {key: counts for key, counts in wanted.items() if key not in hidden}
        assert printed.keys() - wanted.keys() <= BESIDE
        screen = indicator.closed(OFFICER, month, area)
        assert screen is not None
        for rate in figures.rates:
            assert rate.hidden or rate.value == screen.area(area).figure(rate.key).value
            assert not rate.hidden or (rate.numerator, rate.value, rate.distance) == (None, None, None)


@pytest.mark.usefixtures("office")
def test_last_month_and_last_year_are_their_own_closings() -> None:
    rate = next(rate for rate in collected(COUNTY).rates if rate.key == "IND-03.STD-INT")
    for month, shown in (("2026-09", rate.last_month), ("2025-10", rate.last_year)):
        screen = indicator.closed(OFFICER, month, COUNTY)
        assert screen is not None
        assert shown == screen.area(COUNTY).figure(rate.key).value
    before = next(rate for rate in collected(COUNTY, "2026-03").rates if rate.key == "IND-03.STD-INT")
    assert (before.last_month, before.last_year) == (None, None)


@pytest.mark.usefixtures("office")
def test_the_township_table_adds_up_to_the_county() -> None:
    figures = collected(COUNTY)
    assert figures.table.total is not None
    for place, cell in enumerate(figures.table.total.cells):
        assert cell.numerator == sum(row.cells[place].numerator or 0 for row in figures.table.rows)
        assert cell.denominator == sum(row.cells[place].denominator or 0 for row in figures.table.rows)
    assert (
        figures.table.total.registered
        == figures.registered
        == sum(row.registered or 0 for row in figures.table.rows)
    )


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("month", ["2025-12", "2026-03", OCTOBER])
def test_no_village_shows_a_count_of_one_to_four(month: str) -> None:
    for area in (TOWN, OTHER_TOWN):
        table = collected(area, month).table
        assert table.protected
        for row in table.rows:
            counts = [
                row.registered,
                *(count for cell in row.cells for count in (cell.numerator, cell.denominator)),
            ]
            assert not any(count is not None and small(count) for count in counts), row
            for cell in row.cells:
                # A rate beside a hidden count would tell it.
                assert not cell.hidden or (cell.numerator, cell.value, cell.met) == (None, None, None)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("area", [COUNTY, TOWN])
def test_no_danger_level_class_or_duty_shows_a_count_of_one_to_four(area: int) -> None:
    figures = collected(area)
    for distribution, told_elsewhere in ((figures.risk, {"未评估"}), (figures.classes, {"稳定", "未分类"})):
        hidden = [share for share in distribution.shares if share.hidden]
        assert len(hidden) != 1
        assert distribution.total == figures.registered
        for share in distribution.shares:
            assert share.name in told_elsewhere or share.count is None or not small(share.count)
    assert [duty.name for duty in figures.duties] == [
        "不稳定",
        "基本稳定",
        "稳定",
        "未分类",
        "本年尚无完整随访",
    ]
    assert {duty.mark for duty in figures.duties} == {"", "待核对"}
    for duty in figures.duties:
        assert duty.name == "稳定" or duty.people is None or not small(duty.people)
        assert not any(count is not None and small(count) for count in (duty.coming, duty.overdue))
        assert duty.people is not None or (duty.coming, duty.overdue) == (None, None)
    assert figures.duties_total.people in (None, figures.registered - (figures.not_agreed or 0))
    assert figures.not_agreed is None or not small(figures.not_agreed)


def everything_printed(area: int) -> dict[str, tuple[int | None, bool]]:
    """Key → (count, hidden) of each line that any paper of the month about an area prints."""
    with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
        month = report.collect(work, ReportKind.MONTHLY, 202610, area, 1)
        form = report.collect(work, ReportKind.EXCHANGE, 202610, area, 1)
    assert isinstance(month, MonthlyFigures)
    assert isinstance(form, FormFigures)
    found: dict[str, tuple[int | None, bool]] = {}
    levels = {f"{share.name}（人）": share for one in (month.risk, month.classes) for share in one.shares}
    rates = {rate.key: rate for rate in month.rates}
    for block in form.blocks:
        for line in block.lines:
            found[line.name] = (line.count, line.hidden)
            if line.name in levels:
                assert (levels[line.name].count, levels[line.name].hidden) == found[line.name]
            elif line.key in rates and line.count is not None and not line.asked:
                assert not rates[line.key].hidden
                assert line.count in (rates[line.key].numerator, rates[line.key].denominator)
            elif line.key in rates and line.hidden:
                assert rates[line.key].hidden
    return found


def doubtful(table: list[list[int]], hidden: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Hidden cells that have another value in a table one step away with the same sums (last row: all)."""
    county = len(table) - 1
    found: set[tuple[int, int]] = set()
    for (row, line), (partner, other) in product(hidden, hidden):
        corners = {(row, line), (row, other), (partner, line), (partner, other)}
        if row == partner or line == other or not corners <= hidden:
            continue
        # One person from ``line`` to ``other`` in the row; in the county alike, in a township the other way.
        giver = line if county in (row, partner) else other
        if table[row][line] > 0 and table[partner][giver] > 0:
            found |= corners
    return found


@pytest.mark.usefixtures("office")
def test_every_paper_hides_alike_and_all_of_them_together_tell_nothing_hidden() -> None:
    towns = list(TOWNS)
    printed = {area: everything_printed(area) for area in (COUNTY, *towns)}
    with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
        close = monthly.closings_of(work, [202610], COUNTY)[202610]
        real = monthly.by_area(work, close.id, COUNTY, COUNTY + 10**6)
    levels = {f"{one.label}（人）": f"DIST.RISK.{int(one)}" for one in RiskLevel}
    classes = {f"{one.label}（人）": f"DIST.CLASS.{int(one)}" for one in Stability}
    for lines in (
        {**levels, "未评估（人）": "DIST.RISK.NONE"},
        {**classes, "未分类（人）": "DIST.CLASS.NONE"},
    ):
        table = [[real[area][key][0] for key in lines.values()] for area in (*towns, COUNTY)]
        hidden = {
            (row, place)
            for row, area in enumerate((*towns, COUNTY))
            for place, name in enumerate(lines)
            if printed[area][name][1]
        }
        assert hidden
        assert all(
            printed[area][name][0] == table[row][place]
            for row, area in enumerate((*towns, COUNTY))
            for place, name in enumerate(lines)
            if (row, place) not in hidden
        )
        assert doubtful(table, hidden) == hidden, lines


@pytest.mark.usefixtures("office")
def test_numbers_are_made_of_county_month_township_and_issue() -> None:
    assert collected(COUNTY).number == "示例县精防统〔2026〕10号"
    assert collected(OTHER_TOWN).number == "示例县精防统〔2026〕10-101号"
    with open_work(SYSTEM, Action.REPORT_ISSUE, writes=False) as work:
        assert monthly.collect(work, OCTOBER, TOWN, 3).number == "示例县精防统〔2026〕10-100号（修订2）"


# --- issuing --------------------------------------------------------------------------------------


def test_issuing_again_gives_the_same_bytes_and_no_second_row(office: Flask) -> None:
    first = newest(TOWN)
    content = report.download(OFFICER, first.key).content
    assert report.issue(OFFICER, OCTOBER, TOWN) == first
    assert report.list_(SYSTEM, OCTOBER)[1] == 2
    # Also when the file was lost: the same figures print the same bytes.
    file = Path(office.config["CASEMGR"].instance) / "reports" / "202610" / f"{TOWN}-1.pdf"
    file.unlink()
    assert report.issue(OFFICER, OCTOBER, TOWN) == first
    assert file.read_bytes() == content
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("office")
def test_a_new_closing_makes_a_new_issue_that_lists_what_changed() -> None:
    first = newest()
    close(OCTOBER, left_out=3)
    second = report.issue(OFFICER, OCTOBER, COUNTY)
    assert (second.revision, second.number) == (2, "示例县精防统〔2026〕10号（修订1）")
    text = words(report.download(OFFICER, second.key).content)
    assert "与上一版月结的差异" in text
    old = expected()[OCTOBER][str(COUNTY)]["IND-02.REG-A"]
    assert f"{old[0]}/{old[1]}" in text
    # Both papers are genuine; the older one says that there is a newer.
    answer = report.verify(None, report.download(OFFICER, first.key).content)
    assert answer.genuine
    assert "新的一版" in answer.sentence
    assert "新的一版" not in report.verify(None, report.download(OFFICER, second.key).content).sentence


@pytest.mark.usefixtures("office")
def test_a_month_that_is_not_closed_is_refused_with_the_way_to_close_it() -> None:
    with pytest.raises(Refused, match=r"还没有月结.*flask indicator close --period 2026-11"):
        report.issue(OFFICER, "2026-11", COUNTY)


@pytest.mark.usefixtures("office")
def test_only_counties_and_townships_inside_the_access_have_reports() -> None:
    with pytest.raises(Unfit, match="月份"):
        report.issue(OFFICER, "2026-13", COUNTY)
    with pytest.raises(Missing):
        report.issue(OFFICER, OCTOBER, 110000000000)
    with pytest.raises(Unfit, match="县（区）和乡镇"):
        report.issue(OFFICER, OCTOBER, 999901100200)
    for access in (DOCTOR, ADMINISTRATOR):
        with pytest.raises(Forbidden):
            report.issue(access, OCTOBER, TOWN)


@pytest.mark.usefixtures("office")
def test_a_name_that_no_font_can_draw_is_refused_in_words() -> None:
    with open_work(SYSTEM, Action.AREA_WRITE) as work:
        area = work.get(Area, OTHER_TOWN)
        assert area is not None
        area.name = "河\U000f0000镇"
    with pytest.raises(Refused, match="1 个字没有字形"):
        report.issue(OFFICER, OCTOBER, OTHER_TOWN)


@pytest.mark.usefixtures("office")
def test_many_are_issued_in_children_and_a_failure_stops_nobody() -> None:
    steps: list[tuple[int, int]] = []
    wanted = [COUNTY, 110000000000, OTHER_TOWN]
    found = dict(report.issue_many(OFFICER, OCTOBER, wanted, lambda done, total: steps.append((done, total))))
    assert found[COUNTY] == newest(COUNTY)
    assert isinstance(found[110000000000], Problem)
    made = found[OTHER_TOWN]
    assert isinstance(made, ReportView)
    assert made == newest(OTHER_TOWN)
    assert all(total == 3 for _done, total in steps)
    # A child prints the very bytes this process prints.
    from casemgr.reports.pdf import printed

    again = printed(document(collected(OTHER_TOWN), report.ADDRESS)).content
    assert hashlib.sha256(again).hexdigest() == made.file_digest


@pytest.mark.usefixtures("office")
def test_no_name_of_a_person_is_in_any_report() -> None:
    import openpyxl

    book = openpyxl.load_workbook(Path(__file__).parent.parent / "data" / "county.xlsx", read_only=True)
    rows = book["患者"].iter_rows(min_row=2, values_only=True)
    names = {str(row[1]) for row in rows}
    book.close()
    text = words(report.download(OFFICER, newest(COUNTY).key).content)
    text += words(report.download(OFFICER, newest(TOWN).key).content)
    assert len(names) > 300
    assert [name for name in names if name in text] == []


def test_both_databases_keep_and_find_the_same_report(both: Flask) -> None:
    clock.fix(TODAY)
    open_areas()
    close("2026-09")
    close(OCTOBER)
    figures = collected(TOWN)
    kept = report._keep(OFFICER, figures, b"%PDF-1.7 any file", (), clock.now())
    assert report.list_(DOCTOR, OCTOBER, TOWN) == ([kept], 1)
    assert report.months(DOCTOR) == [OCTOBER]
    assert report.download(DOCTOR, kept.key).content == b"%PDF-1.7 any file"
    assert report.verify(None, b"%PDF-1.7 any file").report == kept
    assert report.verify_code(None, kept.code).report == kept
    assert [rate.last_month is None for rate in figures.official] == [False] * len(figures.official)
    clock.fix(None)


# --- looking --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("office")
def test_lists_show_what_lies_inside_the_access() -> None:
    assert [view.area for view in report.list_(OFFICER)[0]] == [COUNTY, TOWN]
    assert [view.area for view in report.list_(DOCTOR)[0]] == [TOWN]
    assert report.list_(OFFICER, "2026-09") == ([], 0)
    assert report.list_(OFFICER, OCTOBER, TOWN)[1] == 1
    assert report.months(OFFICER) == [OCTOBER]
    with pytest.raises(Forbidden):
        report.list_(ADMINISTRATOR)


def test_a_file_changed_on_the_disk_is_not_given_out(office: Flask) -> None:
    view = newest(TOWN)
    with pytest.raises(Missing):
        report.download(Access.over(9, "别处", OFFICER.role, 110101000000), view.key)
    file = Path(office.config["CASEMGR"].instance) / "reports" / "202610" / f"{TOWN}-1.pdf"
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(Refused, match="损坏或丢失"):
        report.download(DOCTOR, view.key)


@pytest.mark.usefixtures("office")
def test_a_download_has_a_name_without_a_person_and_is_written_down() -> None:
    download = report.download(DOCTOR, newest(TOWN).key)
    assert download.name == "城关镇严重精神障碍管理治疗月报（2026年10月）.pdf"
    with open_work(SYSTEM, Action.AUDIT_READ) as work:
        verbs = work.rows(select(AuditEntry.verb, AuditEntry.noun).order_by(AuditEntry.seq.desc()).limit(1))
    assert [tuple(row) for row in verbs] == [("download", "Report")]


def test_a_lost_file_that_cannot_be_printed_alike_is_not_replaced(office: Flask) -> None:
    with open_work(SYSTEM, Action.REPORT_ISSUE) as work:
        row = work.get(Report, newest(TOWN).key)
        assert row is not None
        row.file_digest = "0" * 64
    with pytest.raises(Refused, match="不能冒充原件"):
        report.issue(OFFICER, OCTOBER, TOWN)


# --- verifying ------------------------------------------------------------------------------------


def altered(content: bytes) -> bytes:
    """The same PDF with one drawn glyph changed inside its first page."""
    for found in re.finditer(rb"stream\r?\n", content):
        start = found.end()
        end = content.index(b"endstream", start)
        try:
            plain = zlib.decompress(content[start:end].rstrip(b"\r\n"))
        except zlib.error:
            continue
        if (place := plain.find(b"Tj")) > 0 or (place := plain.find(b"TJ")) > 0:
            digit = plain.rfind(b">", 0, place) - 1
            changed = (
                plain[:digit] + (b"1" if plain[digit : digit + 1] != b"1" else b"2") + plain[digit + 1 :]
            )
            packed = zlib.compress(changed)
            return (
                content[:start]
                + packed.ljust(end - start, b" ")[: max(end - start, len(packed))]
                + content[end:]
            )
    raise AssertionError("no page found")


@pytest.mark.usefixtures("office")
def test_the_issued_file_passes_for_everybody_who_may_ask() -> None:
    view = newest()
    content = report.download(OFFICER, view.key).content
    for access in (None, OFFICER, DOCTOR, ADMINISTRATOR):
        answer = report.verify(access, content)
        assert answer.genuine
        assert answer.report == view
        assert view.number in answer.sentence


@pytest.mark.usefixtures("office")
def test_one_digit_altered_in_the_file_fails_and_names_the_real_report() -> None:
    view = newest()
    answer = report.verify(None, altered(report.download(OFFICER, view.key).content))
    assert answer.verdict is Verdict.ALTERED
    assert not answer.genuine
    assert view.number in answer.sentence
    assert "内容与签发时不同" in answer.sentence


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("keep_marks", [True, False])
def test_a_report_printed_anew_with_one_person_more_fails(keep_marks: bool) -> None:
    from casemgr.reports.pdf import printed

    view, figures = newest(TOWN), collected(TOWN)
    rates = tuple(replace(rate, numerator=(rate.numerator or 0) + 1) for rate in figures.rates)
    text = document(replace(figures, rates=rates), report.ADDRESS)
    if keep_marks:  # a careful forger copies digest and code as well
        forged_code = re.search(r'casemgr-code" content="([^"]+)', text)
        assert forged_code is not None
        text = text.replace(forged_code[1], view.code)
    answer = report.verify(None, printed(text).content)
    assert answer.verdict is Verdict.ALTERED
    assert answer.report == view


@pytest.mark.usefixtures("office")
def test_a_paper_never_issued_and_a_foreign_file_get_other_sentences() -> None:
    from casemgr.reports.pdf import printed

    other = printed(document(collected(OTHER_TOWN), report.ADDRESS)).content
    assert report.verify(None, other).verdict is Verdict.UNKNOWN
    assert report.verify(None, b"%PDF-1.7 nothing of ours").verdict is Verdict.FOREIGN
    assert report.verify(None, b"").verdict is Verdict.FOREIGN


@pytest.mark.usefixtures("office")
def test_a_code_typed_from_paper_names_the_report() -> None:
    view = newest()
    answer = report.verify_code(DOCTOR, f" {view.code.lower().replace('-', ' ')} ")
    assert answer.verdict is Verdict.KNOWN_CODE
    assert answer.report == view
    assert not answer.genuine
    assert report.verify_code(DOCTOR, "0000-0000-0000").verdict is Verdict.UNKNOWN
    assert "12 位" in report.verify_code(DOCTOR, "报表").sentence
