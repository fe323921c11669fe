"""县级首页: the rates of a county or city, what they lack, and the townships or counties behind them."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, founding, glass, job
from casemgr.services.errors import Missing
from casemgr.terms.area import AreaLevel, level_of
from casemgr.web import guard
from casemgr.web.staff import figures
from casemgr.web.staff.case import AREA

pages = Blueprint("county", __name__)


@pages.get("/county", defaults={"code": None})
@pages.get(f"/county/<{AREA}:code>")
@guard.guard(Action.INDICATOR_READ)
def page(code: int | None) -> Response | str:
    """The first page of a county's or city's officer; a township's doctor is sent to the own township.

    With a code one of the counties within reach, for those who answer for several.
    """
    if founding.founding(g.access):
        return redirect(url_for("exchange.page"), 303)
    area = g.access.low if code is None else int(code)
    if level_of(area) >= AreaLevel.TOWNSHIP:
        if code is None and g.access.may(Action.CASE_LIST):
            return redirect(url_for("township.page"), 303)
        raise Missing("没有这个县（区），或不在您的辖区内。请从首页的列表进入。")
    today = clock.today()
    shown = figures.overview(
        g.access,
        area,
        request.args.get("month", ""),
        request.args.get("sort", ""),
        request.args.get("down") == "1",
        today,
    )
    own = area == g.access.low
    return render_template(
        "county/page.html",
        shown=shown,
        safety=figures.safety_of(g.access, area, today),
        compared=figures.compared(shown, request.args.get("compare", ""), request.args.get("by") == "open"),
        failures=job.failures(g.access, clock.now()) if own else (),
        today=today,
        own=own,
        glass_waiting=glass.waiting(g.access) if own and g.access.may(Action.GLASS_REVIEW) else None,
        may_close=own and g.access.may(Action.REPORT_ISSUE) and g.access.may(Action.JOB_RUN),
    )
