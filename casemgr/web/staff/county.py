"""县级首页: the rates of the county, what they lack, and the townships behind them."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, founding, job
from casemgr.terms.area import AreaLevel, level_of
from casemgr.web import guard
from casemgr.web.staff import figures

pages = Blueprint("county", __name__)


@pages.get("/county")
@guard.guard(Action.INDICATOR_READ)
def page() -> Response | str:
    """The first page of a county's officer; a township's doctor is sent to the own township."""
    if founding.founding(g.access):
        return redirect(url_for("exchange.page"), 303)
    if level_of(g.access.low) is AreaLevel.TOWNSHIP:
        return redirect(url_for("township.page"), 303)
    today = clock.today()
    shown = figures.overview(
        g.access,
        g.access.low,
        request.args.get("month", ""),
        request.args.get("sort", ""),
        request.args.get("down") == "1",
        today,
    )
    return render_template(
        "county/page.html",
        shown=shown,
        failures=job.failures(g.access, clock.now()),
        today=today,
        may_close=g.access.may(Action.REPORT_ISSUE) and g.access.may(Action.JOB_RUN),
    )
