"""查阅核对页: what in the log of readings the head of the unit is asked to look into; never about oneself."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, misuse
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.misuse import MisuseVerdict
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("misuse", __name__)

LABELS = {"verdict": "核对结果", "answer": "说明"}
#: Codes among them, by their lists.
CHOICES = {"verdict": MisuseVerdict}


@pages.get("/misuse")
@guard.guard(Action.MISUSE_READ)
def page() -> str:
    """The questions that wait for whoever looks, and what was answered in the last half year."""
    return _page(0, {}, {})


def _page(key: int, typed: dict[str, str], fields: dict[str, str]) -> str:
    colleagues, villages = misuse.staff(g.access)
    return render_template(
        "misuse/page.html",
        views=misuse.of_access(g.access, clock.today()),
        county=level_of(g.access.low) < AreaLevel.TOWNSHIP,
        colleagues=colleagues,
        villages=villages,
        verdicts=MisuseVerdict.choices(),
        key=key,
        typed=typed,
        fields=fields,
    )


@pages.post("/misuse")
@guard.guard(Action.MISUSE_ANSWER)
def answer() -> Response | tuple[str, int]:
    """Keep what came of asking; said once, it stays."""
    key = listing.whole(request.form.get("key"), 1) or 0
    typed = {name: request.form.get(name, "") for name in ("verdict", "answer")}
    chosen = listing.whole(typed["verdict"], 1)
    verdict = next((one for one in MisuseVerdict if int(one) == chosen), None)
    try:
        misuse.answer(g.access, key, verdict, typed["answer"], clock.today())
    except REFUSALS as wrong:
        return _page(key, typed, by_field(wrong)), wrong.status
    flash("已保存答复。", "good")
    return redirect(url_for("misuse.page"), 303)


@pages.post("/misuse/home")
@guard.guard(Action.MISUSE_ANSWER)
def home() -> Response | tuple[str, int]:
    """Write down in which village a colleague lives."""
    account = listing.whole(request.form.get("account"), 1) or 0
    try:
        misuse.live_in(g.access, account, listing.whole(request.form.get("village"), 1))
    except REFUSALS as wrong:
        return _page(0, {}, by_field(wrong)), wrong.status
    flash("已保存。", "good")
    return redirect(url_for("misuse.page") + "#h-staff", 303)
