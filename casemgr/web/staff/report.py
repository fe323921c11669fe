"""报表页: the issued reports, their files, and the question whether a paper is genuine."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Access, Action
from casemgr.services import agency, area, clock, indicator, job, month_revision, rendition, report
from casemgr.services.errors import Missing, Problem, Refused, Unfit
from casemgr.services.report import ReportView, Verdict, Verification
from casemgr.terms.area import AreaLevel
from casemgr.terms.report import Rendition, ReportKind
from casemgr.web import guard
from casemgr.web.staff.form import in_background
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("report", __name__)

#: A report of a county with hundreds of townships stays far below.
UPLOAD = 21 * 1024 * 1024
SIZES = (20, 50, 100)
LAST_PAGE = 1_000_000
MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")
#: A month that is closed is printed; one that is not is closed first, which prints it too.
ISSUE_JOB, CLOSE_JOB = "issue-reports", "close-month"
PERIODS_JOB, EXCHANGE_JOB = "issue-periods", "issue-exchange"
#: What can be asked for, by the word of its kind; 表14 comes with the year.
KINDS = (
    (ReportKind.MONTHLY.slug, "月报"),
    (ReportKind.QUARTERLY.slug, "季报"),
    (ReportKind.YEARLY.slug, "年报和表14（年度统计报表）"),
    (ReportKind.EXCHANGE.slug, "表9（信息交换表）"),
)
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


def _list(wrong: Problem | None = None, asked: str = "", kind: str = "") -> str | tuple[str, int]:
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
        may_write=g.access.may(Action.REPORT_ISSUE),
        fields=by_field(wrong) if wrong and not month else {},
        sentence=wrong.message if wrong and (month or wrong.fields) else "",
        asked=asked,
        kinds=KINDS,
        kind=kind or KINDS[0][0],
        url=url_for("report.list_", month=month or None, area=place),
    )
    return (page, wrong.status) if wrong else page


def _asked(kind: ReportKind, typed: str) -> str:
    """The closing month of what was asked for; a month inside a quarter or year stands for all of it."""
    last = clock.today().replace(day=1) - timedelta(days=1)
    if not typed:
        months = {ReportKind.QUARTERLY: 3, ReportKind.YEARLY: 12}.get(kind, 1)
        while last.month % months:
            last = last.replace(day=1) - timedelta(days=1)
        return f"{last:%Y-%m}"
    if kind is ReportKind.QUARTERLY and MONTH.fullmatch(typed):
        typed = f"{typed[:4]}-Q{(int(typed[5:]) + 2) // 3}"
    if kind is ReportKind.YEARLY and MONTH.fullmatch(typed):
        typed = typed[:4]
    return report.last_month(kind, typed)


@pages.post("/reports/issue")
@guard.guard(Action.REPORT_ISSUE)
def issue() -> Response | str | tuple[str, int]:
    """Ask for the reports of a period; they are printed in the background, a page never waits for paper."""
    typed = request.form.get("period", "").strip()
    word = request.form.get("kind", "") or ReportKind.MONTHLY.slug
    try:
        if word not in dict(KINDS):
            raise Unfit("没有这种报表。请从列表中选择。", fields={"kind": "请选择报表种类。"})
        kind = ReportKind[word.upper()]
        period = _asked(kind, typed)
        name = EXCHANGE_JOB if kind is ReportKind.EXCHANGE else PERIODS_JOB
        if kind is ReportKind.MONTHLY:
            name = ISSUE_JOB if indicator.closed(g.access, period, g.access.low) is not None else CLOSE_JOB
        put = job.run(g.access, name, period)
    except REFUSALS as wrong:
        return _list(wrong, typed, word)
    return redirect(url_for("job.view", key=put.key), 303)


@pages.get("/reports/<int:key>")
@guard.guard(Action.REPORT_READ)
def view(key: int) -> str:
    """One issued report: its figures as on paper, and the forms it can be had in."""
    shown = rendition.opened(g.access, key)
    return render_template(
        "report/view.html",
        shown=shown,
        signed=_signed(shown.report),
        waiting=_waiting(key),
        slug=slug_of,
    )


def slug_of(one: Rendition) -> str:
    """The word of a form in addresses: ``official-archive``."""
    return one.name.lower().replace("_", "-")


FORMS = {slug_of(one): one for one in rendition.FURTHER}


def _form_named(word: str) -> Rendition:
    if word not in FORMS:
        raise Missing("没有这种格式。请在报表页选择。")
    return FORMS[word]


#: Files being drawn in this process, so that a press of a button twice draws once.
_drawing: set[tuple[int, Rendition]] = set()


def _waiting(key: int) -> set[Rendition]:
    return {one for report_key, one in _drawing if report_key == key}


@pages.post("/reports/<int:key>/files")
@guard.guard(Action.REPORT_READ)
def make(key: int) -> Response:
    """Make one more form of a report: Excel at once, paper beside the requests."""
    wanted = _form_named(request.form.get("form", ""))
    found = report.get(g.access, key)
    try:
        if wanted is Rendition.WORKBOOK:
            rendition.make(g.access, found.key, wanted)
            return redirect(url_for("report.form_file", key=key, word=slug_of(wanted)), 303)
        rendition.check(g.access, found.key, wanted)
    except Refused as wrong:
        flash(wrong.message, "warn")
        return redirect(url_for("report.view", key=key), 303)
    if (key, wanted) not in _drawing:
        _drawing.add((key, wanted))
        in_background(current_app._get_current_object(), _make, g.access, key, wanted)  # type: ignore[attr-defined]
    flash(f"正在生成{wanted.label}，约需几秒。请刷新本页后下载。", "info")
    return redirect(url_for("report.view", key=key), 303)


def _make(access: Access, key: int, wanted: Rendition) -> None:
    try:
        rendition.make(access, key, wanted)
    finally:
        _drawing.discard((key, wanted))


@pages.get("/reports/<int:key>/files/<word>")
@guard.guard(Action.REPORT_READ)
def form_file(key: int, word: str) -> Response:
    """One more form of a report, always as a download."""
    wanted = _form_named(word)
    found = rendition.download(g.access, key, wanted)
    return _sent(found.content, found.name, rendition.media_of(wanted))


@pages.route("/reports/agency", methods=["GET", "POST"])
@guard.guard(Action.REPORT_ISSUE)
def agency_() -> Response | str | tuple[str, int]:
    """The agency's own name on 公文, with every wording there was."""
    fields: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            agency.write(
                g.access,
                _whole(request.form.get("once")) or agency.once(),
                request.form.get("title", ""),
                request.form.get("code", ""),
                request.form.get("letterhead") == "1",
            )
        except REFUSALS as wrong:
            fields, status = by_field(wrong), wrong.status
        else:
            flash("发文机关已保存，今后生成的公文用这个名称。", "good")
            return redirect(url_for("report.agency_"), 303)
    page = render_template(
        "report/agency.html",
        history=agency.history(g.access),
        typed=request.form,
        once=request.form.get("once") or agency.once(),
        fields=fields,
        labels={"title": "发文机关", "code": "机关代字"},
    )
    return page if status == 200 else (page, status)


@pages.get("/reports/<int:key>/file")
@guard.guard(Action.REPORT_READ)
def file(key: int) -> Response:
    """The PDF as it was issued, always as a download."""
    found = report.download(g.access, key)
    return _sent(found.content, found.name, rendition.PDF)


def _sent(content: bytes, name: str, media: str) -> Response:
    response = send_file(BytesIO(content), mimetype=media, as_attachment=True, download_name=name, etag=False)
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


def _signed(one: ReportView) -> str:
    """What the county has signed of the month behind a monthly report; other papers add months up."""
    return month_revision.signed(one.period, one.area) if one.kind is ReportKind.MONTHLY else ""


def _answer(answer: Verification | None, code: str = "", fields: dict[str, str] | None = None) -> str:
    tone, heading = TONES[answer.verdict] if answer else ("", "")
    reachable = bool(answer and answer.report and g.access.reaches(answer.report.area))
    signed = _signed(answer.report) if answer and answer.report else ""
    return render_template(
        "report/verify.html",
        answer=answer,
        tone=tone,
        heading=heading,
        sentence=answer.sentence.removeprefix("不能").removeprefix("通过核验：") if answer else "",
        reachable=reachable and g.access.may(Action.REPORT_READ),
        signed=signed,
        code=code,
        fields=fields or {},
        labels=LABELS,
    )
