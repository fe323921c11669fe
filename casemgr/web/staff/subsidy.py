"""监护补助发放页: who can be paid in a quarter, the list for whoever pays, and the text for posting."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import benefit, clock, subsidy
from casemgr.services.errors import Refused
from casemgr.web import guard, step_up
from casemgr.web.staff import listing
from casemgr.web.staff.case import area_choices
from casemgr.web.staff.form import begin_drawing

pages = Blueprint("subsidy", __name__)

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: How many quarters there are to choose from.
BACK = 5


def _quarters() -> list[tuple[int, str]]:
    now = benefit.quarter_of(clock.today())
    year, part = now // 10, now % 10
    found = []
    for _ in range(BACK):
        found.append((year * 10 + part, benefit.quarter_in_words(year * 10 + part)))
        year, part = (year, part - 1) if part > 1 else (year - 1, 4)
    return found


def _quarter() -> int:
    asked = listing.whole(request.values.get("quarter"), 1)
    known = [one for one, _ in _quarters()]
    return asked if asked in known else known[0]


def _township() -> int:
    asked = listing.whole(request.values.get("township"), 1) or 0
    return asked if asked in dict(area_choices()) else 0


@pages.get("/benefits/subsidy")
@guard.guard(Action.SHARING_READ)
def page() -> str:
    """How the subsidies of a quarter stand."""
    return render_template(
        "benefit/subsidy.html",
        standing=subsidy.standing(g.access, _quarter(), clock.today(), _township()),
        quarters=_quarters(),
        township=_township(),
        townships=area_choices(),
    )


@pages.post("/benefits/subsidy")
@guard.guard(Action.SHARING_WRITE)
@step_up.fresh
def hand_out() -> Response:
    """The list for whoever pays, or the text that may be posted."""
    quarter, township, form = _quarter(), _township(), request.form.get("form", "")
    try:
        if form == "posting":
            text = subsidy.posting(g.access, quarter, clock.today())
            return _file(text.encode(), f"公示-{quarter}.txt", "text/plain; charset=utf-8")
        if form == "workbook":
            content = subsidy.payment_workbook(g.access, quarter, clock.today(), township)
            return _file(content, f"补助发放清单-{quarter}.xlsx", WORKBOOK)
        made = subsidy.payment_sheet(g.access, quarter, clock.today(), township)
    except Refused as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("subsidy.page", quarter=quarter, township=township or None), 303)
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)


def _file(content: bytes, name: str, media: str) -> Response:
    response = send_file(BytesIO(content), mimetype=media, as_attachment=True, download_name=name, etag=False)
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
