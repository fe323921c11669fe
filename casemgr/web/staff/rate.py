"""率的说明页: how one figure came about, the records behind one of records, and who waits in danger."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request, url_for

from casemgr.rules.access import Action
from casemgr.services import clock, rate, safety, timeliness
from casemgr.services.timeliness import PARTS
from casemgr.terms.area import AreaLevel, level_of
from casemgr.web import guard
from casemgr.web.staff import figures, listing
from casemgr.web.staff.case import AREA

pages = Blueprint("rate", __name__)

SIZE = 50


@pages.get(f"/rate/<{AREA}:area>/<key>")
@guard.guard(Action.INDICATOR_READ)
def page(area: int, key: str) -> str:
    """One figure of an area in words: what counts, how many fail by which reason, edition and closing."""
    month = request.args.get("month", "")
    view = rate.of_area(g.access, area, key, month, clock.today())
    listed = g.access.may(Action.CASE_LIST)
    tile = figures.tile_of(view.area, view.figure, month, listed)
    return render_template(
        "rate/page.html",
        view=view,
        tile=tile,
        listed=listed,
        month=month,
        back=figures.place_url(area, month, listed) or url_for("county.page"),
        closing_url=url_for("closing.page", month=month, area=area)
        if view.frozen and view.level >= AreaLevel.COUNTY
        else "",
        edition_url=url_for("edition.list_", area=area),
        facts_url=url_for("fact.page", year=view.as_of.year),
    )


@pages.get(f"/records/<{AREA}:area>/<key>/<part>")
@guard.guard(Action.CASE_LIST)
def records(area: int, key: str, part: str) -> str:
    """The records behind a number of 信息录入及时率: exactly as many as it says, late ones first."""
    month = request.args.get("month", "")
    number = min(listing.whole(request.args.get("page"), 1) or 1, 10**6)
    found = timeliness.records(
        g.access, area, key, timeliness.period_of(month), part, start=(number - 1) * SIZE, size=SIZE
    )
    return render_template(
        "rate/records.html",
        found=found,
        area=area,
        key=key,
        part=part,
        parts=tuple(zip(PARTS, ("及时", "应录入", "未及时"), strict=True)),
        month=month,
        number=found.start // SIZE + 1,
        size=SIZE,
        back=figures.place_url(area, month, True),
        county=level_of(area) < AreaLevel.TOWNSHIP,
    )


@pages.get(f"/danger/<{AREA}:area>/<slug>")
@guard.guard(Action.CASE_LIST)
def danger(area: int, slug: str) -> str:
    """Who is dangerous and was not seen in time, or which events nobody has closed."""
    found = safety.behind(g.access, area, safety.named(slug), clock.today())
    return render_template(
        "rate/danger.html",
        found=found,
        today=clock.today(),
        back=figures.place_url(area, "", True),
        county=level_of(area) < AreaLevel.TOWNSHIP,
    )
