"""联络窗口: the list of what was disclosed, one sheet, tasks, reports, and how to behave safely."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import liaison, liaison_post
from casemgr.services.liaison import ReportEntry
from casemgr.terms.liaison import GENERAL, TaskAnswer
from casemgr.web.liaison import guard
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("window", __name__)

KEY = "int(max=9223372036854775807)"
#: Codes among what is asked, by their lists.
CHOICES = {"answer": TaskAnswer}
LABELS = {
    "kind": "报送的情况",
    "happened_on": "发生日期",
    "area": "乡镇（街道）",
    "person": "涉及人员",
    "place": "地点",
    "told": "情况",
    "contact": "联系人和电话",
    "answer": "答复",
    "reply": "说明",
}


def whole(text: str | None) -> int | None:
    """A whole number that a key or a version can be; ``None`` for anything else."""
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        return None
    return int(text) if int(text) < 2**63 else None


def day(text: str) -> date:
    """A typed day; ``ValueError`` for none, and for a year that is a slip of the keys."""
    found = date.fromisoformat(text)
    if not 1900 <= found.year <= 2100:
        raise ValueError("no year of anybody here")
    return found


@pages.get("/")
@guard.guard(Action.LIAISON_VIEW)
def home() -> str:
    """What there is for this department now."""
    return render_template("liaison/home.html", home=liaison.home(g.access, liaison.today()))


@pages.post(f"/sheet/<{KEY}:key>")
@guard.guard(Action.LIAISON_VIEW)
def open_sheet(key: int) -> str:
    """Open one sheet; opening is an act that is written down, hence a button and no link."""
    return render_template("liaison/sheet.html", view=liaison.sheet(g.access, key))


@pages.get(f"/sheet/<{KEY}:key>")
@guard.guard(Action.LIAISON_VIEW)
def sheet(key: int) -> Response:
    """Typed addresses and the back button lead to the list, where opening is asked for again."""
    return redirect(url_for("window.home"), 303)


@pages.post(f"/sheet/<{KEY}:key>/receive")
@guard.guard(Action.LIAISON_VIEW)
def receive(key: int) -> Response:
    """Acknowledge what stands there, a correction or a withdrawal."""
    done = liaison.receive(g.access, key, whole(request.form.get("version")) or 0)
    flash("已签收。" if done else "此前已签收，没有改动。", "good")
    return redirect(url_for("window.home"), 303)


@pages.get(f"/task/<{KEY}:key>")
@guard.guard(Action.LIAISON_VIEW)
def task(key: int) -> str:
    """One task and the form of its answer."""
    view = liaison.task(g.access, key, liaison.today())
    given = {"answer": "" if view.row.answer is None else int(view.row.answer), "reply": view.reply}
    return _task_page(view, given, {})


def _task_page(view: liaison.TaskView, given: Mapping[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "liaison/task.html",
        view=view,
        given=given,
        fields=fields,
        labels=LABELS,
        answers=TaskAnswer.choices(),
        line=liaison_post.line_of_task(g.access, view.row.id) if g.access.post else None,
    )


@pages.post(f"/task/<{KEY}:key>")
@guard.guard(Action.LIAISON_REPORT)
def answer(key: int) -> Response | tuple[str, int]:
    """Keep the answer to a task."""
    code, reply = whole(request.form.get("answer")), request.form.get("reply", "").strip()
    choice = next((one for one in TaskAnswer if code == one), None)
    try:
        said = liaison.answer(g.access, key, choice, reply)
    except REFUSALS as wrong:
        view = liaison.task(g.access, key, liaison.today())
        return _task_page(view, {"answer": code, "reply": reply}, by_field(wrong)), wrong.status
    flash("已答复，医生会看到。" if said else "答复与此前相同，没有改动。", "good")
    return redirect(url_for("window.home"), 303)


def _report_page(form: liaison.ReportForm, given: MultiDict[str, str], fields: dict[str, str]) -> str:
    return render_template(
        "liaison/report_form.html",
        form=form,
        given=given,
        fields=fields,
        labels=LABELS,
        kinds=[(int(one), one.label) for one in GENERAL],
        today=liaison.today(),
    )


@pages.get("/report")
@guard.guard(Action.LIAISON_REPORT)
def new_report() -> str:
    """An empty report, about somebody on the list or about anybody else."""
    return _report_page(liaison.begin_report(g.access, whole(request.args.get("line"))), MultiDict(), {})


@pages.post("/report")
@guard.guard(Action.LIAISON_REPORT)
def report() -> Response | tuple[str, int]:
    """Keep a report; everything typed stays when something is missing."""
    typed = request.form
    once, line = whole(typed.get("once")), whole(typed.get("line"))
    fields: dict[str, str] = {}
    happened: date | None = None
    if text := typed.get("happened_on", "").strip():
        try:
            happened = day(text)
        except ValueError:
            fields["happened_on"] = "没有这个日期。请按 2026-09-12 的样子填写；不清楚的，填得知的日期。"
    code = whole(typed.get("kind"))
    entry = ReportEntry(
        kind=next((one for one in GENERAL if code == one), None),
        happened_on=happened,
        urgent=typed.get("urgent") == "1",
        line=line,
        area=whole(typed.get("area")),
        **{name: typed.get(name, "").strip() for name in ("person", "place", "told", "contact")},
    )
    form = liaison.begin_report(g.access, line)
    try:
        kept = liaison.report(g.access, once or form.once, entry, liaison.today())
    except REFUSALS as wrong:
        return _report_page(form, typed, by_field(wrong) | fields), wrong.status
    words = "已报送，社区医生会核实并答复。" if kept else "这份情况此前已报送，没有重复。"
    if kept and entry.urgent:
        words += "紧急情况请同时拨打 120 或直接联系医生，不要等待答复。"
    flash(words, "good")
    return redirect(url_for("window.home"), 303)


@pages.get(f"/report/<{KEY}:key>")
@guard.guard(Action.LIAISON_VIEW)
def own_report(key: int) -> str:
    """One's own report and how far it has come."""
    return render_template("liaison/report.html", view=liaison.own_report(g.access, key))


@pages.get("/papers")
@guard.guard(Action.LIAISON_VIEW)
def papers() -> str:
    """Totals, members' tasks and meeting sheets for the office of the group."""
    return render_template("liaison/papers.html", rows=liaison.papers(g.access))


@pages.post(f"/papers/<{KEY}:key>")
@guard.guard(Action.LIAISON_VIEW)
def paper(key: int) -> str:
    """Open one of them; opening is written down, hence a button and no link."""
    return render_template("liaison/paper.html", view=liaison.paper(g.access, key))


@pages.get(f"/papers/<{KEY}:key>")
@guard.guard(Action.LIAISON_VIEW)
def paper_again(key: int) -> Response:
    """Typed addresses and the back button lead to the list."""
    return redirect(url_for("window.papers"), 303)


@pages.get("/pledge")
@guard.personal
def pledge() -> str:
    """What is never told here, how to behave, and what each account promises once a year."""
    return _pledge(set(), {})


def _pledge(ticked: set[str], fields: dict[str, str]) -> str:
    said = liaison.PROMISES
    return render_template("liaison/pledge.html", promises=said, labels=said, ticked=ticked, fields=fields)


@pages.post("/pledge")
@guard.personal
def keep_pledge() -> Response | tuple[str, int]:
    """Keep the promise; what was ticked stays when something is missing."""
    ticked = {name for name in liaison.PROMISES if request.form.get(name) == "1"}
    try:
        liaison.promise(g.access, ticked, liaison.today())
    except REFUSALS as wrong:
        return _pledge(ticked, by_field(wrong)), wrong.status
    flash("已记录，一年内有效。", "good")
    return redirect(url_for("window.home"), 303)


@pages.get("/advice")
@guard.personal
def advice() -> str:
    """How to behave safely, in plain words; general, about nobody."""
    return render_template("liaison/advice.html")
