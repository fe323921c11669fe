"""乡镇页: the same figures for one township, its villages, and the list of its people."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from casemgr.rules.access import Action, Role
from casemgr.services import area, clock, fair_play, misuse, register, village
from casemgr.services.errors import Missing
from casemgr.terms.area import AreaLevel, level_of
from casemgr.web import guard
from casemgr.web.staff import figures, listing
from casemgr.web.staff.case import AREA

pages = Blueprint("township", __name__)

NOT_HERE = "没有这个乡镇（街道），或不在您的辖区内。请从首页的列表进入。"


def _township(code: int | None) -> int:
    found = g.access.low if code is None else code
    if level_of(found) is not AreaLevel.TOWNSHIP:
        raise Missing(NOT_HERE)
    return int(found)


@pages.get("/township", defaults={"code": None})
@pages.get(f"/township/<{AREA}:code>")
@guard.guard(Action.CASE_LIST)
def page(code: int | None) -> str:
    """One township; without a code the one the account belongs to."""
    township, today = _township(code), clock.today()
    shown = figures.overview(g.access, township, request.args.get("month", ""), "", False, today)
    query = listing.query_of({"size": "20", **request.args}, area=township)
    found = register.cases(g.access, query, today, listing.names().purpose)
    places = [
        (one.code or 0, f"{one.name}（{one.registered} 人）") for one in register.villages(g.access, township)
    ]
    return render_template(
        "township/page.html",
        shown=shown,
        safety=figures.safety_of(g.access, township, today),
        villages=places,
        patterns=fair_play.waiting(g.access) if g.access.may(Action.PATTERN_WRITE) else 0,
        looked=misuse.waiting(g.access, today) if g.access.role is Role.UNIT_HEAD else 0,
        **listing.shown(query, found),
    )


@pages.get(f"/township/<{AREA}:code>/villages")
@guard.guard(Action.CASE_LIST)
def villages(code: int) -> str:
    """The headline rates by village, as the rows are today."""
    township, today = _township(code), clock.today()
    rows = village.rates(g.access, township, figures.HEADLINE, today)
    return render_template(
        "township/villages.html",
        place=area.get(g.access, township),
        rows=rows,
        headline=rows[0].figures if rows else (),
        today=today,
    )
