"""待核对页: the people of an area with open questions, and the answer to one of them."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area as areas
from casemgr.services import clock, question, register
from casemgr.terms.area import AreaLevel, level_of
from casemgr.web import guard
from casemgr.web.staff import case, listing
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("question", __name__)

KEY = "int(max=9223372036854775807)"


def _area(text: str | None) -> int:
    """The area asked for, or the asker's own."""
    found = listing.whole(text, 1)
    return g.access.low if found is None or found >= 10**12 else found


@pages.get("/questions")
@guard.guard(Action.CASE_LIST)
def list_() -> str:
    """Whom the checks ask about, longest waiting first; a county begins with the townships."""
    place, code = _area(request.args.get("area")), request.args.get("code", "")[:12]
    number = listing.whole(request.args.get("page"), 1) or 1
    found = question.list_(g.access, place, code, number, clock.today())
    names = listing.names()
    if names.open:
        people = [row.case.person_id for row in found.page.rows]
        opened = register.reveal_names(g.access, people, names.purpose)
        rows = tuple(
            replace(row, case=replace(row.case, name=opened.get(row.case.person_id, "")))
            for row in found.page.rows
        )
        found = replace(found, page=replace(found.page, rows=rows))
    township = level_of(place) is AreaLevel.TOWNSHIP
    return render_template(
        "question/list.html",
        place=areas.get(g.access, place),
        found=found,
        code=code,
        given={name: value for name, value in (("area", request.args.get("area")), ("code", code)) if value},
        townships=() if township else question.per_township(g.access, place),
        township=township,
        names=names,
        purposes=listing.PURPOSES,
        checks_now=township and g.access.may(Action.REGISTER_WRITE),
    )


@pages.post("/questions/check")
@guard.guard(Action.REGISTER_WRITE)
def check() -> Response:
    """Ask about every file of one township now, instead of waiting for the night."""
    place = _area(request.form.get("area"))
    if level_of(place) is not AreaLevel.TOWNSHIP:
        flash("请先选择一个乡镇（街道），再核对；全县的档案每天夜里核对一次。", "bad")
        return redirect(url_for("question.list_"), 303)
    count = question.ask_area(g.access, place, clock.today())
    flash(f"已核对 {count} 份档案。", "good")
    return redirect(url_for("question.list_", area=place), 303)


@pages.post(f"/case/<{KEY}:key>/question")
@guard.guard(Action.REGISTER_WRITE)
def answer(key: int) -> Response | tuple[str, int]:
    """«已核实，确实如此» with its reason; not asked again until the facts change."""
    asked = listing.whole(request.form.get("question"), 1) or 0
    reason = request.form.get(f"reason-{asked}", "").strip()
    try:
        question.answer(g.access, key, asked, reason, clock.today())
    except REFUSALS as wrong:
        return case.shown(key, by_field(wrong)), wrong.status
    flash("已记录。情况不变时不再询问。", "good")
    return redirect(url_for("case.page", key=key) + "#questions", 303)
