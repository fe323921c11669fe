"""查找: what somebody types to find a person travels in the body of a request, never in an address."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import account, clock, register
from casemgr.services.errors import Unfit
from casemgr.services.register import CaseRow, Page
from casemgr.web import guard, shell
from casemgr.web.staff import case, listing

pages = Blueprint("search", __name__)


@pages.post("/cases")
@guard.guard(Action.CASE_SEARCH)
def find() -> Response | str | tuple[str, int]:
    """The people found by file number, name, initials, id number or phone, within the filters sent along.

    Filters alone say nothing personal, so they go into the address, where they can be kept and gone back to.
    """
    text = request.form.get("text", "").strip()
    query = listing.query_of(request.form, text=text)
    if not text:
        kept: dict[str, Any] = dict(listing.as_words(query))
        if request.form.get("home") == "township" and query.area is not None:
            month = request.form.get("month") or None
            township = url_for("township.page", code=kept.pop("area"), month=month, _anchor="people", **kept)
            return redirect(township, 303)
        return redirect(url_for("case.list_", **kept), 303)
    fields: dict[str, str] = {}
    status = 200
    try:
        if wanted := request.form.get("names"):
            _switch(wanted)
        found: Page[CaseRow] = register.cases(g.access, query, clock.today(), listing.names().purpose)
    except Unfit as wrong:
        fields, status = dict(wrong.fields), wrong.status
        found = Page((), 0, 1, query.size)
    page = render_template(
        "case/list.html", areas=case.area_choices(), text=text, fields=fields, **listing.shown(query, found)
    )
    return page, status


@pages.post("/names")
@guard.guard(Action.IDENTITY_REVEAL)
def names() -> Response:
    """Show names on the lists of this session for a quarter of an hour, or hide them again."""
    try:
        _switch(request.form.get("names", ""))
    except Unfit as wrong:
        flash(wrong.fields.get("purpose", wrong.message), "bad")
    return redirect(guard.safe_next(request.form.get("back")) or shell.home_of(g.person), 303)


def _switch(wanted: str) -> None:
    """``hide``, or the code of the purpose for which names are shown; holds for this request already."""
    if wanted == "hide":
        until, purpose = None, ""
    else:
        until, purpose = clock.now() + register.NAMES_OPEN, register.purpose_of(wanted).label
    account.show_names(g.access, g.person.session, purpose or g.person.names_purpose, until)
    g.person = replace(g.person, names_until=until, names_purpose=purpose)
