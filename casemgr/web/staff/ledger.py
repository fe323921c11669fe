"""对外提供台账页: what was given of one person, by receiver, and what happened lately."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, ledger
from casemgr.services.ledger import Call
from casemgr.terms.account import Role
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("ledger", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "receiver": "告诉了哪个部门",
    "groups": "告诉了哪些信息",
    "emergency": "正在发生紧急情况",
    "document": "文书号或缘由",
}


@pages.get("/ledger")
@guard.guard(Action.LIAISON_MANAGE)
def page() -> str:
    """The receivers within reach, and the latest lines."""
    return render_template("ledger/page.html", ledger=ledger.overview(g.access))


@pages.get("/ledger/<int:role>/<int(max=999999999999):area>")
@guard.guard(Action.LIAISON_MANAGE)
def receiver(role: int, area: int) -> str:
    """What one receiver has and had."""
    kind = next((one for one in Role if int(one) == role), None)
    if kind is None:
        abort(404)
    return render_template("ledger/receiver.html", view=ledger.of_receiver(g.access, kind, area))


@pages.get(f"/case/<{KEY}:key>/ledger")
@guard.guard(Action.LIAISON_MANAGE)
def of_case(key: int) -> str:
    """Everything given of one person; printable for the person or the guardian."""
    return render_template("ledger/case.html", view=ledger.of_case(g.access, key))


@pages.post(f"/case/<{KEY}:key>/ledger/<{KEY}:line>/receipt")
@guard.guard(Action.LIAISON_MANAGE)
def receipt(key: int, line: int) -> Response:
    """What left on paper or by telephone has arrived: a line of its own."""
    done = ledger.receipt(g.access, key, line)
    flash("已登记签收。" if done else "此前已登记签收，没有重复。", "good")
    return redirect(url_for("ledger.of_case", key=key, _anchor="h-lines"), 303)


def _call_form(key: int, given: Mapping[str, object], fields: dict[str, str]) -> str:
    form = ledger.begin_call(g.access, key)
    return render_template("ledger/call.html", form=form, given=given, fields=fields, labels=LABELS)


@pages.get(f"/case/<{KEY}:key>/ledger/new")
@guard.guard(Action.LIAISON_MANAGE)
def new_call(key: int) -> str:
    """What was told by telephone or on paper, to be written down."""
    return _call_form(key, {}, {})


@pages.post(f"/case/<{KEY}:key>/ledger/new")
@guard.guard(Action.LIAISON_MANAGE)
def save_call(key: int) -> Response | tuple[str, int]:
    """Keep it in the ledger."""
    typed = Typed(request.form)
    given: dict[str, object] = dict(request.form.to_dict()) | {"groups": request.form.getlist("groups")}
    groups = (listing.whole(one) for one in request.form.getlist("groups"))
    chosen = {one for one in groups if one is not None}
    call = Call(
        str(given.get("receiver", "")),
        frozenset(chosen),
        given.get("emergency") == "1",
        str(given.get("document", "")).strip(),
    )
    try:
        kept = ledger.record_call(g.access, key, typed.key("once"), call, clock.today())
    except REFUSALS as wrong:
        return _call_form(key, given, by_field(wrong)), wrong.status
    flash("已记入台账。" if kept else "这一条此前已记入台账，没有重复。", "good")
    return redirect(url_for("ledger.of_case", key=key), 303)
