"""对外提供页: where everything that leaves begins, and what waits there."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from casemgr.rules.access import Action
from casemgr.services import benefit, clock, comparison, data_request, impact
from casemgr.terms.area import AreaLevel, level_of
from casemgr.web import guard

pages = Blueprint("sharing", __name__)


@pages.get("/sharing")
@guard.guard(Action.SHARING_READ)
def page() -> str:
    """What may be done here, county and township apart."""
    county = level_of(g.access.low) is AreaLevel.COUNTY
    return render_template(
        "sharing/page.html",
        county=county,
        waiting=sum(
            one.unread or one.late or one.should_stop is not None
            for one in benefit.under_way(g.access, clock.today())
        ),
        missing=impact.missing(g.access),
        asked=data_request.waiting(g.access) if county else 0,
        differing=sum(one.waiting for one in comparison.list_(g.access)) if county else 0,
    )
