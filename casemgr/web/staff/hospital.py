"""收治关系页: which hospital is told of somebody, and what posts said of the person."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, hospital_care, post_report
from casemgr.terms.post import CareGround
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("hospital", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {"post": "收治医院", "ground": "依据"}
#: Codes among them, by their lists.
CHOICES = {"ground": CareGround}


def _page(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "hospital/page.html",
        page=hospital_care.page(g.access, key, clock.today()),
        told=post_report.of_case(g.access, key),
        given=given,
        fields=fields,
        labels=LABELS,
    )


@pages.get(f"/case/<{KEY}:key>/hospital")
@guard.guard(Action.LIAISON_MANAGE)
def page(key: int) -> str:
    """Who is told, and what they told."""
    return _page(key, {}, {})


@pages.post(f"/case/<{KEY}:key>/hospital")
@guard.guard(Action.LIAISON_MANAGE)
def tell(key: int) -> Response | tuple[str, int]:
    """Let a hospital see this person on a ground that is in the records."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        place = listing.whole(request.form.get("post"), 1)
        ground = typed.code(CareGround, "ground", LABELS["ground"])
        told = hospital_care.tell(g.access, key, once, place, ground, clock.today())
    except REFUSALS as wrong:
        return _page(key, kept(request.form), by_field(wrong)), wrong.status
    words = "已告知医院，关系结束或期满后自动撤回。" if told else "此前已告知，没有重复。"
    flash(words, "good")
    return redirect(url_for("hospital.page", key=key), 303)


@pages.post(f"/hospital/<{KEY}:care>/end")
@guard.guard(Action.LIAISON_MANAGE)
def end(care: int) -> Response:
    """End it by hand: the hospital's sheet is withdrawn."""
    case = hospital_care.end(g.access, care, clock.today())
    flash("已撤回，医院不再看到。", "good")
    return redirect(url_for("hospital.page", key=case), 303)
