"""影响评估页: what must be written down before anything flows to another side; one form, one list."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, impact
from casemgr.services.impact import TEXTS, NewNote
from casemgr.terms.sharing import Flow
from casemgr.web import guard
from casemgr.web.staff.typed import Typed, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("impact", __name__)

LABELS = {"flow": "评估的是", "written_on": "评估日期", **TEXTS}
#: Codes among them, by their lists.
CHOICES = {"flow": Flow}


@pages.get("/impact")
@guard.guard(Action.SHARING_READ)
def page() -> str:
    """The notes there are, and which flows have none."""
    return _page({"once": impact.begin()}, {})


def _page(given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "impact/page.html",
        notes=impact.list_(g.access),
        missing=impact.missing(g.access),
        flows=Flow.choices(),
        labels=LABELS,
        texts=TEXTS,
        given=given,
        fields=fields,
    )


@pages.post("/impact")
@guard.guard(Action.SHARING_WRITE)
def write() -> Response | tuple[str, int]:
    """Keep a note; a second press changes nothing."""
    typed = Typed(request.form)
    once = typed.key("once")
    told = NewNote(
        typed.code(Flow, "flow", LABELS["flow"]),
        typed.day("written_on", LABELS["written_on"]),
        {name: typed.text(name, label) for name, label in TEXTS.items()},
    )
    try:
        impact.write(g.access, once, told, clock.today())
    except REFUSALS as wrong:
        return _page(kept(request.form), {**by_field(wrong), **typed.wrong}), wrong.status
    flash("影响评估已保存，相应的提供可以启用。评估至少保存三年。", "good")
    return redirect(url_for("impact.page"), 303)
