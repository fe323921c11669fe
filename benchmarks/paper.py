"""月报测速 (P10): one township's and one county's report, and three hundred township reports in one go."""

from __future__ import annotations

import resource
from collections.abc import Callable
from typing import Any

from benchmarks.county import MONTH, ROOT, County
from benchmarks.row import Row, in_turn, seconds

MANY = 300
#: A county with more townships is printed too, but is no county of the usual size.
USUAL = 60
LIMIT = 180.0


def _forget(county: County) -> None:
    """Take the issued reports away, so that the next issue prints again."""
    with county.connect() as bare:
        bare.execute("DELETE FROM report")


def bare_press() -> Callable[[str], bytes]:
    """The floor: WeasyPrint alone on finished HTML, with sheets and one font configuration kept."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    folder = ROOT / "static" / "css"
    sheets = [CSS(filename=folder / name, font_config=fonts) for name in ("fonts.css", "print.css")]

    def press(text: str) -> bytes:
        page = HTML(string=text)
        made: bytes = page.write_pdf(stylesheets=sheets, font_config=fonts, pdf_variant="pdf/ua-1")
        return made

    return press


def text_of(area: int) -> str:
    """The finished HTML of one report."""
    from casemgr.reports.monthly import document
    from casemgr.rules.access import Access, Action
    from casemgr.services import monthly, report
    from casemgr.store.work import open_work

    with open_work(Access.system("benchmark"), Action.REPORT_ISSUE, writes=False) as work:
        return document(monthly.collect(work, MONTH, area, 1), report.ADDRESS)


def one(county: County, area: int, words: str, press: Callable[[str], bytes]) -> Row:
    """Collecting, arranging, printing and keeping one report, beside printing alone."""
    from casemgr.rules.access import Access
    from casemgr.services import report

    text = text_of(area)
    pages: list[int] = []

    def product() -> None:
        _forget(county)
        pages.append(report.issue(Access.system("benchmark"), MONTH, area).size)

    floor, whole = in_turn(lambda: press(text), product, times=5)
    ratio = whole / floor
    return Row(
        "P10", f"report of {words}: figures, text, print, store", "WeasyPrint alone on the same text",
        floor, whole,        "≤ 1.2 ×", ratio <= 1.2, f"{pages[-1] // 1024} KB",
    )  # fmt: skip


def _spent() -> float:
    """Processor seconds of this process and of the children it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def many(county: County, towns: list[int]) -> Row:
    """All at once, one press for each processor."""
    from casemgr.rules.access import Access
    from casemgr.services import report
    from casemgr.services.presses import presses
    from casemgr.services.report import ReportView

    _forget(county)
    made: list[Any] = []
    before = _spent()
    took = seconds(lambda: made.extend(report.issue_many(Access.system("benchmark"), MONTH, towns)))
    each = (_spent() - before) / len(towns)
    failed = [area for area, result in made if not isinstance(result, ReportView)]
    if failed:
        raise AssertionError(f"{len(failed)} of {len(made)} reports were not issued")
    return Row(
        "P10", f"reports of {len(towns)} townships, {presses()} at a time", "–", None, took,
        f"{MANY} in ≤ 3 minutes", took <= LIMIT * len(towns) / MANY,
        f"{took / len(towns):.2f} s each by the clock, {each:.2f} s of processor time",
    )  # fmt: skip


def run(county: County) -> list[Row]:
    """P10 on one county; its month is closed first."""
    from casemgr.rules.access import Access
    from casemgr.services import indicator

    with county.connect() as bare:
        towns = [row[0] for row in bare.execute("SELECT code FROM area WHERE level = 4 ORDER BY code")]
        whole = bare.execute("SELECT code FROM area WHERE level = 3 ORDER BY code LIMIT 1").fetchone()[0]
    press = bare_press()
    with county.application():
        indicator.close(Access.system("benchmark"), MONTH)
        rows = [one(county, county.largest_township(), "a township", press)]
        if len(towns) <= USUAL:
            rows.append(one(county, whole, f"a county of {len(towns)} townships", press))
        rows.append(many(county, towns[:MANY]))
    return rows
