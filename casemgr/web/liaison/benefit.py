"""待遇窗口: applications and referrals that stand with this department, and its answer to each."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import liaison
from casemgr.terms.sharing import BenefitAnswer
from casemgr.web.liaison import guard, step_up, window
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("benefit", __name__)

KEY = "int(max=9223372036854775807)"
#: Codes among what is asked, by their lists.
CHOICES = {"choice": BenefitAnswer}
LABELS = {"choice": "答复", "on": "日期", "words": "说明"}


@pages.get("/benefits")
@guard.guard(Action.LIAISON_VIEW)
def list_() -> str:
    """What people applied for or agreed to, for this department alone."""
    return _list(0, {}, {})


def _list(key: int, given: dict[str, str], fields: dict[str, str]) -> str:
    return render_template(
        "liaison/benefits.html",
        rows=liaison.benefits(g.access),
        key=key,
        given=given,
        fields=fields,
        labels=LABELS,
        today=liaison.today(),
    )


@pages.post(f"/benefits/<{KEY}:key>")
@guard.guard(Action.LIAISON_REPORT)
@step_up.fresh
def decide(key: int) -> Response | tuple[str, int]:
    """Keep the answer; the doctor sees it."""
    typed = {name: request.form.get(name, "").strip() for name in ("choice", "on", "words", "version")}
    choice = next((one for one in BenefitAnswer if str(int(one)) == typed["choice"]), None)
    version = window.whole(typed["version"]) or 0
    fields: dict[str, str] = {}
    on: date | None = None
    if typed["on"]:
        try:
            on = date.fromisoformat(typed["on"])
        except ValueError:
            fields["on"] = "没有这个日期。请按 2026-09-12 的样子填写，或从日历中选择。"
    try:
        liaison.decide_benefit(g.access, key, version, choice, on, typed["words"], liaison.today())
    except REFUSALS as wrong:
        return _list(key, typed, by_field(wrong) | fields), wrong.status
    flash("已答复，医生会看到。", "good")
    return redirect(url_for("benefit.list_"), 303)
