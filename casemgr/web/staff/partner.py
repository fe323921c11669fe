"""部门协作页: tasks to other departments, their answers, and what they report."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, partner, post_report
from casemgr.terms.liaison import TO_DEPARTMENTS, TaskKind
from casemgr.web import guard
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("partner", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "receiver": "请哪个部门",
    "kind": "请对方做什么",
    "question": "要核实的事",
    "answer": "答复",
    "words": "说明",
    "file_no": "档案编号",
}
#: Codes among them, by their lists.
CHOICES = {"kind": TaskKind}


@pages.get("/partners")
@guard.guard(Action.LIAISON_MANAGE)
def list_() -> str:
    """What departments reported and were asked, open first."""
    today = clock.today()
    return render_template(
        "partner/list.html",
        reports=partner.reports(g.access, today),
        tasks=partner.tasks(g.access, today),
    )


def _task_form(key: int, given: Mapping[str, object], fields: dict[str, str]) -> str:
    form = partner.begin_task(g.access, key, clock.today())
    return render_template(
        "partner/task_form.html",
        form=form,
        given=given,
        fields=fields,
        labels=LABELS,
        kinds=form.kinds,
    )


@pages.get(f"/case/<{KEY}:key>/task")
@guard.guard(Action.LIAISON_MANAGE)
def new_task(key: int) -> str:
    """A task about this person to a department that may know it."""
    return _task_form(key, {}, {})


@pages.post(f"/case/<{KEY}:key>/task")
@guard.guard(Action.LIAISON_MANAGE)
def ask(key: int) -> Response | tuple[str, int]:
    """Send the task; refused where the matrix does not let the department know the person."""
    typed = Typed(request.form)
    given = request.form.to_dict()
    code = given.get("kind", "")
    kind = next((one for one in TaskKind if str(int(one)) == code), None)
    try:
        sent = partner.ask(
            g.access,
            key,
            typed.key("once"),
            given.get("receiver", ""),
            kind,
            given.get("question", "").strip(),
            clock.today(),
        )
    except REFUSALS as wrong:
        return _task_form(key, given, by_field(wrong)), wrong.status
    flash("已发送，对方答复后会出现在待办中。" if sent else "这项协查此前已发送，没有重复。", "good")
    return redirect(url_for("case.page", key=key) + "#given", 303)


@pages.get(f"/partners/task/<{KEY}:key>")
@guard.guard(Action.LIAISON_MANAGE)
def task(key: int) -> str:
    """One task with its answer."""
    return render_template("partner/task.html", view=partner.task(g.access, key, clock.today()))


@pages.post(f"/partners/task/<{KEY}:key>/close")
@guard.guard(Action.LIAISON_MANAGE)
def close(key: int) -> Response:
    """Close a task; what it said of the person is emptied."""
    closed = partner.close(g.access, key, Typed(request.form).whole("version", "版本") or 0, clock.today())
    flash("已办结，协查内容已清空。" if closed else "这项协查此前已办结，没有改动。", "good")
    return redirect(url_for("partner.list_"), 303)


def _report_page(key: int, given: Mapping[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "partner/report.html",
        view=partner.report(g.access, key, clock.today()),
        given=given,
        fields=fields,
        labels=LABELS,
        answers=[(int(one), one.label) for one in TO_DEPARTMENTS],
    )


@pages.get(f"/partners/report/<{KEY}:key>")
@guard.guard(Action.LIAISON_MANAGE)
def report(key: int) -> str:
    """One report; looking at it takes it over."""
    return _report_page(key, {}, {})


@pages.post(f"/partners/report/<{KEY}:key>")
@guard.guard(Action.LIAISON_MANAGE)
def answer(key: int) -> Response | tuple[str, int]:
    """Answer a report; a known file opens, so that what happened can be written down there."""
    given = request.form.to_dict()
    code = given.get("answer", "")
    choice = next((one for one in TO_DEPARTMENTS if str(int(one)) == code), None)
    try:
        case = partner.answer(
            g.access,
            key,
            Typed(request.form).whole("version", "版本") or 0,
            choice,
            given.get("words", "").strip(),
            given.get("file_no", "").strip(),
            clock.today(),
        )
    except REFUSALS as wrong:
        return _report_page(key, given, by_field(wrong)), wrong.status
    if case is None:
        flash("已答复。不在册的人员，需要时请登记为线索。", "good")
        return redirect(url_for("partner.list_"), 303)
    flash("已答复。请在档案中登记事件或安排随访。", "good")
    return redirect(url_for("case.page", key=case), 303)


@pages.post(f"/partners/report/<{KEY}:key>/take")
@guard.guard(Action.LIAISON_MANAGE)
def take(key: int) -> Response | tuple[str, int]:
    """Take over what a village doctor saw or a hospital told, or leave it out with a word on why."""
    given = request.form.to_dict()
    version = Typed(request.form).whole("version", "版本") or 0
    words, accepts = given.get("words", "").strip(), given.get("step") == "accept"
    step = post_report.accept if accepts else post_report.decline
    try:
        case = step(g.access, key, version, words, clock.today())
    except REFUSALS as wrong:
        return _report_page(key, given, by_field(wrong)), wrong.status
    flash("已采纳，写进了档案。" if accepts else "已答复未采纳，档案没有改动。", "good")
    return redirect(url_for("hospital.page", key=case), 303)
