"""记录规律页: what the records of a month look like, with a box for the reason; the author reads it first."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, fair_play
from casemgr.terms.area import AreaLevel, level_of
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("pattern", __name__)

LABELS = {"answer": "说明"}


@pages.get("/patterns")
@guard.guard(Action.PATTERN_READ)
def page() -> str:
    """The questions put to whoever looks; for the county those that may be read by now."""
    return _page(0, "", {})


def _page(key: int, typed: str, fields: dict[str, str]) -> str:
    return render_template(
        "pattern/page.html",
        views=fair_play.of_access(g.access, clock.today()),
        county=level_of(g.access.low) < AreaLevel.TOWNSHIP,
        key=key,
        typed=typed,
        fields=fields,
    )


@pages.post("/patterns")
@guard.guard(Action.PATTERN_WRITE)
def answer() -> Response | tuple[str, int]:
    """Keep what the author says; said once, it stays."""
    key = listing.whole(request.form.get("key"), 1) or 0
    typed = request.form.get("answer", "")
    try:
        fair_play.answer(g.access, key, typed, clock.today())
    except REFUSALS as wrong:
        return _page(key, typed, by_field(wrong)), wrong.status
    flash("已保存说明，县级可以看到。", "good")
    return redirect(url_for("pattern.page"), 303)
