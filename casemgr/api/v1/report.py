"""报表: issued reports, their files, and whether a file is one of them."""

from __future__ import annotations

from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import PDF, Asked, Chapter, File
from casemgr.rules.access import Access, Action
from casemgr.services import rendition, report
from casemgr.services.report import ReportView, Verification

chapter = Chapter("报表")

LARGEST_FILE = 20 * 1024 * 1024


class ReportQuery(f.Strict):
    """Which reports."""

    period = f.Month(load_default="")
    area = f.AreaCode(load_default=None)
    page = f.Whole(low=1, high=100_000, load_default=1)


class Report(f.Shape):
    """One issued report; ``digest`` is that of its figures, ``file_digest`` that of its bytes (SHA-256)."""

    id = f.key("key")
    number = f.text()
    kind = f.coded()
    period = f.text()
    area = f.text()
    area_name = f.text()
    revision = f.whole()
    newest = f.flag()
    as_of = f.day()
    title = f.text()
    digest = f.text()
    file_digest = f.text()
    code = f.text()
    size = f.whole()
    issued_at = f.moment()


class Reports(f.Shape):
    """One page of the issued reports."""

    items = f.many(Report)
    total = f.whole()
    page = f.whole()
    size = f.whole()


class Column(f.Shape):
    """One column of a table: ``kind`` is text, count or rate."""

    name = f.text()
    kind = f.text(metadata={"enum": ["text", "count", "rate"]})


class Line(f.Shape):
    """One row of a table: its cells as printed, empty where there is nothing, ``＊`` where hidden."""

    cells = f.texts()


class Table(f.Shape):
    """One table of a report under the name it has on paper."""

    name = f.text()
    columns = f.many(Column)
    rows = f.many(Line)
    note = f.text()


class Figures(f.Shape):
    """An issued report with the figures it was printed from."""

    report = f.one(Report)
    tables = f.many(Table)


class Verdict(f.Shape):
    """Whether a file is a report of this installation, unchanged, in a word and in a sentence."""

    verdict = f.text(metadata={"enum": [one.value for one in report.Verdict]})
    genuine = f.flag()
    sentence = f.text()
    report = f.one(Report, allow_none=True)


class Code(f.Strict):
    """The code printed at the foot of each page."""

    code = f.Text(required=True, shortest=1, longest=40)


@chapter.get("/reports", action=Action.REPORT_READ, query=ReportQuery, answer=Reports)
def list_(access: Access, asked: Asked) -> dict[str, Any]:
    """辖区内已签发的报表，新的在前，分页."""
    page = asked.query["page"]
    found, total = report.list_(access, asked.query["period"], asked.query["area"], page)
    return {"items": found, "total": total, "page": page, "size": report.PAGE}


@chapter.get("/reports/{report_id}", action=Action.REPORT_READ, answer=Report)
def read(access: Access, asked: Asked) -> ReportView:
    """一份报表的编号、摘要与核验码."""
    return report.get(access, asked.path["report_id"])


@chapter.get("/reports/{report_id}/figures", action=Action.REPORT_READ, answer=Figures)
def figures(access: Access, asked: Asked) -> dict[str, Any]:
    """一份报表签发时冻结的各表数据，与纸面、Excel 相同."""
    found = rendition.opened(access, asked.path["report_id"])
    return {
        "report": found.report,
        "tables": [
            {
                "name": table.name,
                "columns": table.columns,
                "rows": [
                    {"cells": ["" if cell is None else str(cell) for cell in row]} for row in table.rows
                ],
                "note": table.note,
            }
            for table in found.tables
        ],
    }


@chapter.get("/reports/{report_id}/file", action=Action.REPORT_READ, gives=PDF)
def download(access: Access, asked: Asked) -> File:
    """一份报表的 PDF 原件；下载留痕."""
    found = report.download(access, asked.path["report_id"])
    return File(found.content, found.name, PDF)


@chapter.post("/reports/verify", action=Action.REPORT_VERIFY, takes=PDF, largest=LARGEST_FILE, answer=Verdict)
def verify(access: Access, asked: Asked) -> dict[str, Any]:
    """核验一个文件是否为本系统签发、未经改动的报表."""
    return _verdict(report.verify(access, asked.raw))


@chapter.post("/reports/verify-code", action=Action.REPORT_VERIFY, body=Code, answer=Verdict)
def verify_code(access: Access, asked: Asked) -> dict[str, Any]:
    """按纸面上的核验码查对应的报表."""
    return _verdict(report.verify_code(access, asked.body["code"]))


def _verdict(found: Verification) -> dict[str, Any]:
    return {
        "verdict": found.verdict.value,
        "genuine": found.genuine,
        "sentence": found.sentence,
        "report": found.report,
    }
