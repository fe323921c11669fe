"""告知单页: report cards and discharge sheets — entered, forwarded, accepted, filed, returned, corrected."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, notice
from casemgr.services.errors import Conflict
from casemgr.services.notice import Asked
from casemgr.terms.notice import NoticeKind, NoticeState
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.case import area_choices
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("notice", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {"to": "转往乡镇", "file": "已建的档案", "reason": "理由", "received_on": "收到日期"}
KINDS = {"onset": NoticeKind.ONSET, "discharge": NoticeKind.DISCHARGE}


@pages.get("/notices")
@guard.guard(Action.NOTICE_READ)
def list_() -> str:
    """What hospitals told, by state, with the term that runs."""
    wanted = listing.whole(request.args.get("state"), 1)
    state = next((one for one in NoticeState if int(one) == wanted), None)
    names = listing.names()
    return render_template(
        "notice/list.html",
        rows=notice.list_(g.access, state, clock.today(), names.purpose),
        counts=notice.counts(g.access),
        state=state,
        names=names,
        purposes=listing.PURPOSES,
    )


@pages.get("/notices/new/<any(onset,discharge):kind>")
@guard.guard(Action.NOTICE_WRITE)
def new(kind: str) -> str:
    """表3 or 表4 as it came in."""
    return _form(kind, notice.begin(KINDS[kind]), {"received_on": clock.today().isoformat()})


def _form(kind: str, asked: Asked, given: dict[str, str]) -> str:
    labels = LABELS | {each.key: each.label for each in asked.form.fields}
    return render_template(
        "notice/new.html", kind=kind, asked=asked, given=given, labels=labels, townships=area_choices()
    )


@pages.post("/notices/new/<any(onset,discharge):kind>")
@guard.guard(Action.NOTICE_WRITE)
def enter(kind: str) -> Response | tuple[str, int]:
    """Keep what came in; a second press leads to the same notice."""
    typed = Typed(request.form)
    once = typed.key("once")
    raw = {name: texts[:40] for name, texts in request.form.lists()}
    received_on = typed.day("received_on", LABELS["received_on"], required=True)
    to = listing.whole(request.form.get("to"), 1)
    given = {name: request.form.get(name, "") for name in ("received_on", "to")}
    today = clock.today()
    try:
        typed.settle()
        found = notice.enter(g.access, KINDS[kind], once, raw, received_on or today, to, today)
    except REFUSALS as wrong:
        asked = replace(notice.begin(KINDS[kind]), raw=raw, problems=by_field(wrong))
        if not isinstance(wrong, Conflict):
            asked = replace(asked, once=once)
        return _form(kind, asked, given), wrong.status
    if isinstance(found, Asked):
        return _form(kind, found, given), 422
    flash("已录入。" if to is None else "已录入并转往乡镇。", "good")
    return redirect(url_for("notice.page", key=found), 303)


@pages.get(f"/notices/<{KEY}:key>")
@guard.guard(Action.NOTICE_READ)
def page(key: int) -> str:
    """One notice: the form, its clocks and the next steps; that it was read is written down."""
    return _page(key, {}, {})


def _page(key: int, given: dict[str, str], fields: dict[str, str]) -> str:
    view = notice.get(g.access, key, clock.today())
    return render_template(
        "notice/view.html", view=view, given=given, fields=fields, labels=LABELS, townships=area_choices()
    )


@pages.post(f"/notices/<{KEY}:key>")
@guard.guard(Action.NOTICE_WRITE)
def step(key: int) -> Response | tuple[str, int]:
    """The next step of a notice; a second press finds it taken."""
    form, today = request.form, clock.today()
    version = listing.whole(form.get("version"), 1) or 0
    reason, wanted = form.get("reason", "").strip()[:300], form.get("step", "")
    try:
        if wanted == "forward":
            notice.forward(g.access, key, version, listing.whole(form.get("to"), 1), today)
            flash("已转往乡镇，5 个工作日内接收。", "good")
        elif wanted == "accept":
            notice.accept(g.access, key, version, today)
            flash("已接收。请在 10 个工作日内建档或归档。", "good")
        elif wanted == "return":
            notice.give_back(g.access, key, version, reason, today)
            flash("已退回县级。", "good")
        elif wanted == "correct":
            excluded = notice.correct(g.access, key, version, reason, today, form.get("file", ""))
            flash("已更正，档案已排除，不再计入在册。" if excluded else "已更正。", "good")
        elif wanted == "file":
            case = listing.whole(form.get("case"), 1) or 0
            notice.file_to(g.access, key, version, case, today)
            flash("已归入档案。出院者请按期首访。", "good")
            return redirect(url_for("case.page", key=case), 303)
    except REFUSALS as wrong:
        return _page(key, dict(form), by_field(wrong)), wrong.status
    return redirect(url_for("notice.page", key=key), 303)
