"""审批页: ask for an export or for more people today, answer what others ask, fetch the file."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, current_app, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import approval, area, clock
from casemgr.services.errors import Conflict, Forbidden
from casemgr.terms.approval import ApprovalState, Wish
from casemgr.terms.area import AreaLevel
from casemgr.terms.purpose import Purpose
from casemgr.web import guard, step_up
from casemgr.web.staff.exchange import WORKBOOK, in_background
from casemgr.web.staff.listing import whole
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("approval", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {"area": "区划", "purpose": "用途", "reason": "理由", "people": "人数", "answer": "意见"}
PURPOSES = [(int(one), one.label) for one in Purpose]
TAGS = {
    ApprovalState.WAITING: "warn",
    ApprovalState.APPROVED: "good",
    ApprovalState.REFUSED: "bad",
    ApprovalState.WITHDRAWN: "",
}


@pages.get("/approvals")
@guard.guard(Action.IDENTITY_REVEAL)
def list_() -> str:
    """Own requests, and for whoever may answer them those of the unit or county."""
    return _list({}, {})


def _list(given: dict[str, str], fields: dict[str, str]) -> str:
    now = clock.now()
    return render_template(
        "approval/list.html",
        found=approval.list_(g.access, now),
        numbers=approval.numbers(g.access, now),
        decides=g.access.may(Action.EXPORT_APPROVE),
        exports=g.access.may(Action.EXCHANGE_EXPORT),
        given=given,
        fields=fields,
        labels=LABELS,
        purposes=PURPOSES,
        tags=TAGS,
    )


@pages.post("/approvals/raise")
@guard.guard(Action.IDENTITY_REVEAL)
def ask_raise() -> Response | tuple[str, int]:
    """Ask for opening more people today."""
    given = {name: request.form.get(name, "") for name in ("people", "purpose", "reason")}
    people = whole(given["people"], 1) or 0
    try:
        key = approval.ask_raise(g.access, people, given["purpose"], given["reason"], clock.now())
    except REFUSALS as wrong:
        return _list(given, by_field(wrong)), wrong.status
    flash("申请已提交。同意后立即生效，当天有效。", "good")
    return redirect(url_for("approval.page", key=key), 303)


@pages.route("/export", methods=["GET", "POST"])
@guard.guard(Action.EXCHANGE_EXPORT)
def export() -> Response | str | tuple[str, int]:
    """Ask for the workbook of an area."""
    if request.method == "GET":
        return _export({}, {})
    asked = step_up.ask()
    if asked is not None:
        return asked
    given = {name: request.form.get(name, "") for name in ("once", "area", "purpose", "reason")}
    once, place = whole(given["once"], 1), whole(given["area"], 1)
    try:
        key = approval.ask_export(
            g.access,
            once,
            place or 0,
            given["purpose"],
            given["reason"],
            clock.now(),
        )
    except REFUSALS as wrong:
        return _export(given, by_field(wrong)), wrong.status
    return redirect(url_for("approval.page", key=key), 303)


def _export(given: dict[str, str], fields: dict[str, str]) -> str:
    places = [one for one in area.tree(g.access, AreaLevel.TOWNSHIP) if one.level >= AreaLevel.COUNTY]
    return render_template(
        "approval/export.html",
        areas=[(one.code, one.name) for one in places],
        numbers=approval.numbers(g.access, clock.now()),
        content=approval.CONTENT,
        given=given,
        fields=fields,
        labels=LABELS,
        purposes=PURPOSES,
    )


@pages.get(f"/approvals/<{KEY}:key>")
@guard.guard(Action.IDENTITY_REVEAL)
def page(key: int) -> str:
    """One request: what is asked for, what became of it, and what can be done next."""
    return _shown(key, "", {})


def _shown(key: int, answer: str, fields: dict[str, str]) -> str:
    view = approval.get(g.access, key, clock.now())
    waits = view.state is ApprovalState.WAITING
    return render_template(
        "approval/page.html",
        view=view,
        nobody=waits and view.mine and not approval.has_decider(g.access, key),
        is_export=view.wish is Wish.EXPORT,
        content=approval.CONTENT,
        fetches=approval.FETCHES,
        making=request.args.get("making") == "1" and not view.is_made,
        answer=answer,
        fields=fields,
        labels=LABELS,
        tags=TAGS,
    )


@pages.post(f"/approvals/<{KEY}:key>/decide")
@guard.guard(Action.EXPORT_APPROVE)
@step_up.fresh
def decide(key: int) -> Response | tuple[str, int]:
    """Agree or refuse."""
    verdict, answer = request.form.get("verdict", ""), request.form.get("answer", "")
    if verdict not in ("yes", "no"):
        return _shown(key, answer, {"answer": "请按“同意”或“不同意”。"}), 422
    try:
        approval.decide(g.access, key, verdict == "yes", answer, clock.now())
    except REFUSALS as wrong:
        return _shown(key, answer, by_field(wrong)), wrong.status
    flash("已同意，对方现在可以继续。" if verdict == "yes" else "已记录为不同意，对方能看到理由。", "good")
    return redirect(url_for("approval.page", key=key), 303)


@pages.post(f"/approvals/<{KEY}:key>/withdraw")
@guard.guard(Action.IDENTITY_REVEAL)
def withdraw(key: int) -> Response:
    """Take an own request back."""
    try:
        approval.withdraw(g.access, key)
    except Conflict as wrong:
        flash(wrong.message, "bad")
    else:
        flash("申请已撤回。", "good")
    return redirect(url_for("approval.page", key=key), 303)


@pages.post(f"/approvals/<{KEY}:key>/file")
@guard.guard(Action.EXCHANGE_EXPORT)
@step_up.fresh
def make(key: int) -> Response:
    """Begin to make the file beside the requests."""
    try:
        approval.check(g.access, key, clock.now())
    except (Forbidden, Conflict) as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("approval.page", key=key), 303)
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    in_background(app, approval.make, g.access, key, clock.now())
    return redirect(url_for("approval.page", key=key, making=1), 303)


@pages.post(f"/approvals/<{KEY}:key>/fetch")
@guard.guard(Action.EXCHANGE_EXPORT)
@step_up.fresh
def fetch(key: int) -> Response:
    """The file; its name says nothing about anybody."""
    try:
        made = approval.fetch(g.access, key, clock.now())
    except (Forbidden, Conflict) as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("approval.page", key=key), 303)
    name = f"导出-{clock.today().isoformat()}-{key % 10_000:04d}.xlsx"
    response = send_file(
        BytesIO(made.content), mimetype=WORKBOOK, as_attachment=True, download_name=name, etag=False
    )
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
