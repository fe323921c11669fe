"""资料调取页: take a document down, decide, hand it out on paper; what is asked for is never shown."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, data_request
from casemgr.services.data_request import NewRequest
from casemgr.services.errors import Refused
from casemgr.terms.sharing import Requester, RequestState, SheetField
from casemgr.web import guard, step_up
from casemgr.web.staff import listing
from casemgr.web.staff.form import begin_drawing
from casemgr.web.staff.typed import Typed, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("data_request", __name__)

KEY = "int(max=9223372036854775807)"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LABELS = {
    "requester": "调取机关类别",
    "authority": "调取机关名称",
    "number": "文书号",
    "ground": "法律依据",
    "purpose": "调取事由",
    "received_on": "收到日期",
    "items": "调取内容",
    "files": "调取对象的档案编号",
}
#: Codes among them, by their lists.
CHOICES = {"items": SheetField, "requester": Requester}
TONES = {
    RequestState.ASKED: "warn",
    RequestState.APPROVED: "info",
    RequestState.REFUSED: "",
    RequestState.RELEASED: "good",
}


@pages.get("/requests")
@guard.guard(Action.SHARING_READ)
def list_() -> str:
    """The requests of the county."""
    return render_template("data_request/list.html", rows=data_request.list_(g.access), tones=TONES)


@pages.get("/requests/new")
@guard.guard(Action.SHARING_WRITE)
def new() -> str:
    """The form for a document."""
    data_request.list_(g.access)
    return _form({"once": data_request.begin(), "received_on": clock.today().isoformat()}, {})


def _form(given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "data_request/new.html",
        given=given,
        fields=fields,
        labels=LABELS,
        requesters=Requester.choices(),
        items=SheetField.choices(),
        most=data_request.MOST,
    )


@pages.post("/requests/new")
@guard.guard(Action.SHARING_WRITE)
def save() -> Response | tuple[str, int]:
    """Take a document down; a second press leads to the same one."""
    typed = Typed(request.form)
    once = typed.key("once")
    told = NewRequest(
        typed.code(Requester, "requester", LABELS["requester"]),
        typed.text("number", LABELS["number"], longest=60),
        typed.text("authority", LABELS["authority"], longest=60),
        typed.text("ground", LABELS["ground"], longest=200),
        typed.text("purpose", LABELS["purpose"], longest=200),
        typed.day("received_on", LABELS["received_on"]),
        typed.codes(SheetField, "items"),
        typed.text("files", LABELS["files"], longest=3000),
    )
    given = kept(request.form, ("items",))
    if typed.wrong:
        return _form(given, {**data_request.faults(told, clock.today()), **typed.wrong}), 422
    try:
        key = data_request.register(g.access, once, told, clock.today())
    except REFUSALS as wrong:
        return _form(given, by_field(wrong, "requester")), wrong.status
    flash("调取已登记，请由另一账号审批。批准之前不能出件。", "good")
    return redirect(url_for("data_request.page", key=key), 303)


@pages.get(f"/requests/<{KEY}:key>")
@guard.guard(Action.SHARING_READ)
def page(key: int) -> str:
    """One request, and what may be done with it now."""
    return _page(key, {}, {})


def _page(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    view = data_request.view(g.access, key, clock.today())
    return render_template(
        "data_request/page.html",
        view=view,
        allowed=[(int(one), one.label) for one in view.allowed],
        given=given,
        fields=fields,
        tones=TONES,
        labels={"items": "批准的项目", "why": "不予提供的理由", "again": "再次出件的原因"},
    )


@pages.post(f"/requests/<{KEY}:key>/decide")
@guard.guard(Action.SHARING_WRITE)
@step_up.fresh
def decide(key: int) -> Response | tuple[str, int]:
    """Approve some of the items, or refuse."""
    typed = Typed(request.form)
    version = listing.whole(request.form.get("version"), 1) or 0
    try:
        if request.form.get("decision") == "approve":
            data_request.approve(g.access, key, version, typed.codes(SheetField, "items"), clock.today())
            flash("已批准，可以在有效期内出件一次。", "good")
        else:
            data_request.refuse(g.access, key, version, request.form.get("why", ""), clock.today())
            flash("已退回，请打印不予提供答复函。", "good")
    except REFUSALS as wrong:
        return _page(key, kept(request.form, ("items",)), by_field(wrong)), wrong.status
    return redirect(url_for("data_request.page", key=key), 303)


@pages.post(f"/requests/<{KEY}:key>/release")
@guard.guard(Action.SHARING_WRITE)
@step_up.fresh
def release(key: int) -> Response:
    """Hand it out: as PDF to be printed, as workbook, or the letter that says no."""
    form = request.form.get("form", "")
    try:
        if form == "workbook":
            content = data_request.release_workbook(g.access, key, clock.today())
            name = f"资料提供单-{clock.today().isoformat()}.xlsx"
            response = send_file(
                BytesIO(content), mimetype=WORKBOOK, as_attachment=True, download_name=name, etag=False
            )
            response.headers["Content-Security-Policy"] = "sandbox"
            return response
        drawn = data_request.refusal_letter if form == "refusal" else data_request.release
        made = drawn(g.access, key, clock.today())
    except Refused as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("data_request.page", key=key), 303)
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)


@pages.post(f"/requests/<{KEY}:key>/again")
@guard.guard(Action.SHARING_WRITE)
def again(key: int) -> Response | tuple[str, int]:
    """Ask for a further sheet, which somebody else has to approve."""
    version = listing.whole(request.form.get("version"), 1) or 0
    why = request.form.get("again", "")
    try:
        data_request.ask_again(g.access, key, version, why, clock.today())
    except REFUSALS as wrong:
        return _page(key, {"again": why}, by_field(wrong)), wrong.status
    flash("已申请再次出件，请由另一账号审批。批准之前不能出件。", "good")
    return redirect(url_for("data_request.page", key=key), 303)
