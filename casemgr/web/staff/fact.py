"""年度情况页: what a county reports for a year, with source, history and the figures that follow from it."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area_fact, clock
from casemgr.services.area_fact import Typed, YearFacts
from casemgr.terms.area_fact import KINDS, Told
from casemgr.web import guard, unsaved
from casemgr.web.staff import figures, listing
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("fact", __name__)


def _year() -> int:
    return listing.whole(request.values.get("year"), 1) or clock.today().year


@pages.get("/facts")
@guard.guard(Action.INDICATOR_READ)
def page() -> str:
    """The facts of one year within reach; a county's officer can fill them in."""
    return _page(area_fact.of_year(g.access, _year()), {}, {})


def _page(known: YearFacts, given: dict[str, str], fields: dict[str, str]) -> str:
    labels = {
        f"{part}-{one.name}": f"{one.area_name} {one.key.label}{word}"
        for one in (*known.counties, *known.townships)
        for part, word in (("value", ""), ("source", "的出处"))
    }
    return render_template(
        "fact/page.html",
        known=known,
        kinds=KINDS,
        told=Told.choices(),
        given=given,
        fields=fields,
        labels=labels,
        tiles=figures.reported(g.access, known.area, known.year, clock.today()),
    )


@pages.post("/facts")
@guard.guard(Action.AREA_WRITE)
def save() -> Response | tuple[str, int]:
    """Write what differs from what stands; a second press writes nothing."""
    year = _year()
    typed = {
        name.removeprefix("value-"): Typed(
            value,
            request.form.get(f"source-{name.removeprefix('value-')}", ""),
            listing.whole(request.form.get(f"seen-{name.removeprefix('value-')}")) or 0,
        )
        for name, value in request.form.items()
        if name.startswith("value-")
    }
    try:
        saved = area_fact.save(g.access, year, typed)
    except REFUSALS as wrong:
        again = unsaved.typed(wrong, request.form)
        return _page(area_fact.of_year(g.access, year), again, by_field(wrong)), wrong.status
    flash(f"已保存 {saved.written} 项。" if saved.written else "与已填报的相同，没有改动。", "good")
    for sentence in saved.asked:
        flash(sentence, "warn")
    return redirect(url_for("fact.page", year=year), 303)
