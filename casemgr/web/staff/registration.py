"""登记建档页: entering the register, the warning about duplicates while typing, and correcting a file."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, registration
from casemgr.services.errors import Conflict
from casemgr.services.registration import Asked, Done
from casemgr.web import guard
from casemgr.web.staff import listing

pages = Blueprint("registration", __name__)

KEY = "int(max=9223372036854775807)"


def _raw() -> dict[str, list[str]]:
    return {name: texts[:40] for name, texts in request.form.lists()}


def _shown(asked: Asked, status: int = 200) -> tuple[str, int]:
    labels = {each.key: each.label for each in asked.form.fields}
    page = render_template(
        "registration/edit.html" if asked.case_id is not None else "registration/new.html",
        asked=asked,
        labels=labels,
        reasons=registration.REASONS,
        reason=request.form.get("reason", ""),
    )
    return page, status


@pages.get("/register/new")
@guard.guard(Action.REGISTER_WRITE)
def new() -> tuple[str, int]:
    """The registration, empty or filled with what a clue or a notice knows."""
    clue = listing.whole(request.args.get("clue"), 1)
    notice = listing.whole(request.args.get("notice"), 1)
    return _shown(registration.begin(g.access, clock.today(), clue, notice))


@pages.post("/register/new")
@guard.guard(Action.REGISTER_WRITE)
def save() -> Response | tuple[str, int]:
    """Register; a second press leads to the same person."""
    found = registration.register(g.access, _raw(), clock.today())
    if isinstance(found, Done):
        if found.already:
            flash("这份档案刚才已经建立，没有重复建档。", "warn")
        else:
            flash("已登记建档。请核对档案内容，并约定首次随访。", "good")
        return redirect(url_for("case.page", key=found.case_id), 303)
    return _shown(found, 422)


@pages.post("/register/alike")
@guard.guard(Action.REGISTER_WRITE)
def alike() -> str:
    """Who may be the same person as the one being typed in; asked by the form while it is filled."""
    case = listing.whole(request.form.get("case"), 1)
    found = registration.look(g.access, _raw(), case)
    return render_template("registration/alike.html", found=found)


@pages.get(f"/case/<{KEY}:key>/edit")
@guard.guard(Action.REGISTER_WRITE)
def edit(key: int) -> tuple[str, int]:
    """The data of a registered person, opened for correction; that is written down."""
    return _shown(registration.edit(g.access, key))


@pages.post(f"/case/<{KEY}:key>/edit")
@guard.guard(Action.REGISTER_WRITE)
def correct(key: int) -> Response | tuple[str, int]:
    """Save a correction; when somebody else was faster, both sides are shown."""
    try:
        found = registration.correct(g.access, key, _raw(), clock.today())
    except Conflict as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("registration.edit", key=key), 303)
    if isinstance(found, Done):
        flash("修改已保存，改动逐项留痕。", "good")
        return redirect(url_for("case.page", key=key), 303)
    return _shown(found, 409 if found.theirs and not found.problems else 422)
