"""登记建档页: entering the register, its drafts, the warning about duplicates, and correcting a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, registration, registration_draft
from casemgr.services.registration import Asked, Done
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("registration", __name__)

KEY = "int(max=9223372036854775807)"


def _raw() -> dict[str, list[str]]:
    return {name: texts[:40] for name, texts in request.form.lists()}


def _shown(asked: Asked, status: int = 200) -> tuple[str, int]:
    labels = {each.key: each.label for each in asked.form.fields}
    drafts = () if asked.case_id is not None else registration_draft.list_(g.access)
    page = render_template(
        "registration/edit.html" if asked.case_id is not None else "registration/new.html",
        asked=asked,
        labels=labels,
        reasons=registration.REASONS,
        drafts=[one for one in drafts if one.key != asked.once],
        draft=next((one for one in drafts if one.key == asked.once), None),
        reason=request.form.get("reason", ""),
    )
    return page, status


def again(problems: Mapping[str, str], status: int = 422) -> tuple[str, int]:
    """The registration as it was typed, with what another page found wrong with it."""
    begun, typed = registration.begin(g.access, clock.today()), _raw()
    asked = replace(
        begun,
        raw={**begun.raw, **typed},
        problems=problems,
        once=listing.whole(request.form.get("once"), 1) or begun.once,
        clue=listing.whole(request.form.get("clue"), 1),
        notice=listing.whole(request.form.get("notice"), 1),
    )
    return _shown(asked, status)


@pages.get("/register/new")
@guard.guard(Action.REGISTER_WRITE)
def new() -> tuple[str, int]:
    """The registration, empty or filled with what a clue or a notice knows."""
    clue = listing.whole(request.args.get("clue"), 1)
    notice = listing.whole(request.args.get("notice"), 1)
    draft = listing.whole(request.args.get("draft"), 1)
    if draft is not None:
        return _shown(registration_draft.resume(g.access, draft, clock.today()))
    return _shown(registration.begin(g.access, clock.today(), clue, notice))


@pages.post("/register/draft")
@guard.guard(Action.DRAFT_WRITE)
def draft() -> Response:
    """Keep what was typed: asked for by a script while somebody types, or by the button."""
    once = Typed(request.form).key("once")
    saved = registration_draft.save(g.access, once, _raw())
    if request.headers.get("X-CSRF-Token"):
        if saved is None:
            return Response(status=204)
        said = saved.astimezone(clock.SHANGHAI).strftime("%H:%M")
        return Response(json.dumps({"saved": said}), mimetype="application/json")
    if saved is None:
        flash("还没有填写姓名、证件、电话或诊断，没有可存的草稿。", "warn")
        return redirect(url_for("registration.new"), 303)
    flash("草稿已存。可以稍后从“登记建档”继续填写。", "good")
    return redirect(url_for("registration.new", draft=once), 303)


@pages.post(f"/register/draft/<{KEY}:key>/drop")
@guard.guard(Action.DRAFT_WRITE)
def drop(key: int) -> Response:
    """Throw one's own draft away."""
    registration_draft.drop(g.access, key)
    flash("草稿已删除。", "good")
    return redirect(url_for("registration.new"), 303)


@pages.post("/register/new")
@guard.guard(Action.REGISTER_WRITE)
def save() -> Response | tuple[str, int]:
    """Register; a second press leads to the same person."""
    try:
        found = registration.register(g.access, _raw(), clock.today())
    except REFUSALS as wrong:
        return again(by_field(wrong), wrong.status)
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
    except REFUSALS as wrong:
        # With what was seen as it was: pressed again, both sides are shown.
        begun = registration.edit(g.access, key)
        asked = replace(begun, raw=_raw(), problems=by_field(wrong), seen=request.form.get("seen", ""))
        return _shown(asked, wrong.status)
    if isinstance(found, Done):
        flash("修改已保存，改动逐项留痕。", "good")
        return redirect(url_for("case.page", key=key), 303)
    return _shown(found, 409 if found.theirs and not found.problems else 422)
