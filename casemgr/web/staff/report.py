"""报表页: the issued reports, their files, and the question whether a paper is genuine."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area, clock, indicator, job, report
from casemgr.services.errors import Conflict, Unfit
from casemgr.services.report import Verdict, Verification
from casemgr.terms.area import AreaLevel
from casemgr.web import guard

pages = Blueprint("report", __name__)

#: A report of a county with hundreds of townships stays far below.
UPLOAD = 21 * 1024 * 1024
SIZES = (20, 50, 100)
LAST_PAGE = 1_000_000
#: A month that is closed is printed; one that is not is closed first, which prints it too.
ISSUE_JOB, CLOSE_JOB = "issue-reports", "close-month"
#: How an answer looks; its sentence says the same.
TONES = {
    Verdict.GENUINE: ("good", "通过核验"),
    Verdict.KNOWN_CODE: ("", "有这份报表，请与原件核对"),
    Verdict.ALTERED: ("bad", "不能通过核验：内容与签发时不同"),
    Verdict.UNKNOWN: ("bad", "不能通过核验：没有签发过"),
    Verdict.FOREIGN: ("bad", "不能通过核验：不是本系统的报表"),
}
LABELS = {"file": "PDF 文件", "code": "核验码", "period": "月份"}


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _areas() -> list[tuple[int, str]]:
    inside = area.tree(g.access, AreaLevel.TOWNSHIP)
    return [(one.code, one.name) for one in inside if one.level in (AreaLevel.COUNTY, AreaLevel.TOWNSHIP)]


@pages.get("/reports")
@guard.guard(Action.REPORT_READ)
def list_() -> str | tuple[str, int]:
    """The issued reports, by month and area."""
    return _list()


def _list(wrong: Unfit | None = None, asked: str = "") -> str | tuple[str, int]:
    month = request.args.get("month", "").strip()
    place = _whole(request.args.get("area"))
    number = min(max(_whole(request.args.get("page")) or 1, 1), LAST_PAGE)
    size = _whole(request.args.get("size")) or SIZES[1]
    size = size if size in SIZES else SIZES[1]
    try:
        reports, total = report.list_(g.access, month, place, number, size)
    except Unfit as unfit:
        reports, total, wrong = [], 0, unfit
    page = render_template(
        "report/list.html",
        reports=reports,
        total=total,
        number=number,
        size=size,
        months=[(one, one) for one in report.months(g.access)],
        areas=_areas(),
        month=month,
        area=place,
        may_issue=g.access.may(Action.REPORT_ISSUE) and g.access.may(Action.JOB_RUN),
        fields=wrong.fields if wrong and not month else {},
        sentence=wrong.message if wrong else "",
        asked=asked,
        url=url_for("report.list_", month=month or None, area=place),
    )
    return (page, wrong.status) if wrong else page


@pages.post("/reports/issue")
@guard.guard(Action.REPORT_ISSUE)
def issue() -> Response | str | tuple[str, int]:
    """Ask for the reports of a month; they are printed in the background, a page never waits for paper."""
    last_month = clock.today().replace(day=1) - timedelta(days=1)
    period = request.form.get("period", "").strip() or f"{last_month:%Y-%m}"
    try:
        closed = indicator.closed(g.access, period, g.access.low) is not None
        put = job.run(g.access, ISSUE_JOB if closed else CLOSE_JOB, period)
    except Conflict as wrong:
        flash(wrong.message, "warn")
        return redirect(url_for("report.list_"), 303)
    except Unfit as wrong:
        return _list(wrong, period)
    return redirect(url_for("job.view", key=put.key), 303)


@pages.get("/reports/<int:key>/file")
@guard.guard(Action.REPORT_READ)
def file(key: int) -> Response:
    """The PDF as it was issued, always as a download."""
    found = report.download(g.access, key)
    response = send_file(
        BytesIO(found.content),
        mimetype="application/pdf",
        as_attachment=True,
        download_name=found.name,
        etag=False,
    )
    response.headers["Content-Security-Policy"] = "sandbox"
    return response


@pages.route("/reports/verify", methods=["GET", "POST"])
@guard.guard(Action.REPORT_VERIFY, body=UPLOAD)
def verify() -> str | tuple[str, int]:
    """Upload a PDF, or type the 核验码 from paper."""
    if request.method == "GET":
        code = request.args.get("code", "").strip()
        return _answer(report.verify_code(g.access, code) if code else None, code=code)
    sent = request.files.get("file")
    content = sent.read() if sent is not None else b""
    if content:
        return _answer(report.verify(g.access, content))
    code = request.form.get("code", "").strip()
    if code:
        return _answer(report.verify_code(g.access, code), code=code)
    return _answer(None, fields={"file": "请选择要核验的 PDF 文件，或在下面输入纸面上的核验码。"}), 422


def _answer(answer: Verification | None, code: str = "", fields: dict[str, str] | None = None) -> str:
    tone, heading = TONES[answer.verdict] if answer else ("", "")
    reachable = bool(answer and answer.report and g.access.reaches(answer.report.area))
    return render_template(
        "report/verify.html",
        answer=answer,
        tone=tone,
        heading=heading,
        sentence=answer.sentence.removeprefix("不能").removeprefix("通过核验：") if answer else "",
        reachable=reachable and g.access.may(Action.REPORT_READ),
        code=code,
        fields=fields or {},
        labels=LABELS,
    )
