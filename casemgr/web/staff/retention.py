"""保存与销毁页: terms of every kind of record, what is over its term, lists of destruction, holds."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, retention
from casemgr.terms.retention import Kept
from casemgr.web import guard, step_up
from casemgr.web.staff.form import begin_drawing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("retention", __name__)
LABELS = {"kind": "类别", "reason": "依据和经过", "answer": "核对情况", "because": "解除原因"}
#: Codes among them, by their lists.
CHOICES = {"kind": Kept}
TONES = {1: "warn", 2: "", 3: "", 4: ""}


@pages.get("/retention")
@guard.guard(Action.RETENTION_LIST)
def page() -> str:
    """Every term with its ground and counts; for the county also what may be proposed, and the lists."""
    return _page({}, {})


def _page(given: Mapping[str, str], fields: Mapping[str, str]) -> str:
    reads = g.access.may(Action.RETENTION_READ)
    return render_template(
        "retention/page.html",
        kinds=retention.kinds(g.access),
        ready=retention.ready(g.access, clock.today()) if reads else (),
        lists=retention.lists(g.access) if reads else (),
        held=retention.held_files(g.access) if reads else (),
        once=given.get("once") or str(retention.begin()),
        reads=reads,
        given=given,
        fields=fields,
        labels=LABELS,
        tones=TONES,
        most=retention.MOST,
    )


@pages.post("/retention")
@guard.guard(Action.RETENTION_WRITE)
@step_up.fresh
def propose() -> Response | tuple[str, int]:
    """Put what is over its term on a list for somebody else to decide."""
    try:
        typed = Typed(request.form)
        kind = typed.whole("kind", LABELS["kind"]) or 0
        key = retention.propose(
            g.access, typed.key("once"), kind, request.form.get("reason", ""), clock.today()
        )
    except REFUSALS as wrong:
        return _page(request.form, by_field(wrong, "kind")), wrong.status
    flash("清册已提出，须由另一位县级人员批准后才销毁。", "good")
    return redirect(url_for("retention.one", key=key), 303)


@pages.get("/retention/<int:key>")
@guard.guard(Action.RETENTION_READ)
def one(key: int) -> str:
    """One list: file numbers and days, who proposed, what became of it."""
    return _one(key, {}, {})


def _one(key: int, given: Mapping[str, str], fields: Mapping[str, str]) -> str:
    return render_template(
        "retention/list.html",
        view=retention.one(g.access, key),
        given=given,
        fields=fields,
        labels=LABELS,
        tones=TONES,
    )


@pages.post("/retention/<int:key>")
@guard.guard(Action.RETENTION_WRITE)
@step_up.fresh
def decide(key: int) -> Response | tuple[str, int]:
    """Let somebody else's list be destroyed, or say why not."""
    typed = Typed(request.form)
    version = typed.whole("version", "版本") or 0
    agree = request.form.get("decision") == "agree"
    try:
        view = retention.decide(g.access, key, version, agree, request.form.get("answer", ""), clock.today())
    except REFUSALS as wrong:
        return _one(key, request.form, by_field(wrong, "answer")), wrong.status
    if agree:
        flash(
            f"已销毁 {view.done} 人的{view.kind.label}，未销毁 {view.skipped} 人。请打印清册签字存档。",
            "good",
        )
    else:
        flash("已记为不同意，没有销毁。", "good")
    return redirect(url_for("retention.one", key=key), 303)


@pages.post("/retention/<int:key>/withdraw")
@guard.guard(Action.RETENTION_WRITE)
def withdraw(key: int) -> Response | tuple[str, int]:
    """Take an own list back."""
    try:
        retention.withdraw(g.access, key, Typed(request.form).whole("version", "版本") or 0)
    except REFUSALS as wrong:
        return _one(key, request.form, by_field(wrong)), wrong.status
    flash("清册已撤回，没有销毁任何档案。", "good")
    return redirect(url_for("retention.page", _anchor="lists"), 303)


@pages.post("/retention/<int:key>/paper")
@guard.guard(Action.RETENTION_WRITE)
def paper(key: int) -> Response:
    """Begin to print one list."""
    made = retention.paper(g.access, key)
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)


@pages.get("/case/<int:key>/hold")
@guard.guard(Action.RETENTION_READ)
def holds(key: int) -> str:
    """The holds of one file."""
    return _holds(key, {}, {})


def _holds(key: int, given: Mapping[str, str], fields: Mapping[str, str]) -> str:
    number, views = retention.holds(g.access, key)
    return render_template(
        "retention/hold.html",
        key=key,
        number=number,
        views=views,
        once=given.get("once") or str(retention.begin()),
        running=next((view for view in views if view.lifted_on is None), None),
        given=given,
        fields=fields,
        labels=LABELS,
    )


@pages.post("/case/<int:key>/hold")
@guard.guard(Action.RETENTION_WRITE)
def hold(key: int) -> Response | tuple[str, int]:
    """Keep a file whatever its term, or end that."""
    typed = Typed(request.form)
    reason, because = request.form.get("reason", ""), request.form.get("because", "")
    lifts = request.form.get("what") == "lift"
    try:
        if lifts:
            held, version = typed.key("hold"), typed.whole("version", "版本") or 0
            retention.lift(g.access, key, held, version, because, clock.today())
        else:
            retention.hold(g.access, typed.key("once"), key, reason, clock.today())
    except REFUSALS as wrong:
        return _holds(key, request.form, by_field(wrong, "because" if lifts else "reason")), wrong.status
    flash(
        "已解除暂停，期限照常计算。" if lifts else "已暂停销毁，解除前这份档案的任何内容都不会到期销毁。",
        "good",
    )
    return redirect(url_for("retention.holds", key=key), 303)
