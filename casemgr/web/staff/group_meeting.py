"""综治例会页: what the group is shown, keeping a meeting, and its sheet as PDF."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, group_meeting
from casemgr.web import guard
from casemgr.web.staff.form import begin_drawing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("group_meeting", __name__)

LABELS = {"agenda": "议程"}

KEY = "int(max=9223372036854775807)"


@pages.get("/meetings")
@guard.guard(Action.SHARING_READ)
def page() -> str:
    """The meetings so far, and what the next one would be shown."""
    return _page({"once": group_meeting.begin()}, {})


def _page(given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "group_meeting/page.html",
        meetings=group_meeting.list_(g.access),
        ahead=group_meeting.ahead(g.access, clock.today()),
        given=given,
        fields=fields,
    )


@pages.post("/meetings")
@guard.guard(Action.SHARING_WRITE)
def hold() -> Response | tuple[str, int]:
    """Keep the counts and the agenda of today's meeting."""
    once, agenda = Typed(request.form).key("once"), request.form.get("agenda", "")
    try:
        group_meeting.hold(g.access, once, agenda, clock.today())
    except REFUSALS as wrong:
        return _page({"once": once, "agenda": agenda}, by_field(wrong)), wrong.status
    flash("会议材料已保存，可以打印。", "good")
    return redirect(url_for("group_meeting.page"), 303)


@pages.post(f"/meetings/<{KEY}:key>/sheet")
@guard.guard(Action.SHARING_WRITE)
def sheet(key: int) -> Response:
    """Begin to print the sheet of one meeting."""
    made = group_meeting.sheet(g.access, key, clock.today())
    if made is None:
        raise NotFound("没有这次会议，或不在您的辖区内。请从例会列表进入。")
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)
