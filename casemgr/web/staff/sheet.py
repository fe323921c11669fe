"""填表页: 表6, 表7 and 表11 of one person, filled in on the screen and kept."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import caution, clock, sheet
from casemgr.services.sheet import SheetForm
from casemgr.web import guard
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("sheet", __name__)

KEY = "int(max=9223372036854775807)"
NAME = "any(resident,supplement,emergency_consent)"


def shown_page(shown: SheetForm) -> str:
    """The form as it stands."""
    return render_template(
        "sheet/page.html",
        shown=shown,
        labels={each.key: each.label for each in shown.form.fields},
        caution=caution.of_case(g.access, shown.case_id),
    )


@pages.get(f"/case/<{KEY}:key>/sheet/<{NAME}:name>")
@guard.guard(Action.REGISTER_WRITE)
def page(key: int, name: str) -> str:
    """The form with what it held the last time; what the register keeps is shown and not asked."""
    return shown_page(sheet.open_sheet(g.access, key, name, clock.today()))


@pages.post(f"/case/<{KEY}:key>/sheet/<{NAME}:name>")
@guard.guard(Action.REGISTER_WRITE)
def save(key: int, name: str) -> Response | tuple[str, int]:
    """Keep the form; a second press keeps it once."""
    once = Typed(request.form).key("once")
    raw = {field: texts[:40] for field, texts in request.form.lists()}
    try:
        found = sheet.save(g.access, key, name, once, raw, clock.today())
    except REFUSALS as wrong:
        shown = sheet.open_sheet(g.access, key, name, clock.today())
        return shown_page(replace(shown, raw=raw, once=once, problems=by_field(wrong))), wrong.status
    if isinstance(found, SheetForm):
        return shown_page(found), 422
    flash("已保存，可在“表单”中打印。", "good")
    return redirect(url_for("case.page", key=key), 303)
