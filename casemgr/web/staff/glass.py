"""紧急查看页: one person opened for a day in an emergency, and the answer of the unit afterwards."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, glass
from casemgr.terms.access import GlassReason, GlassVerdict
from casemgr.web import guard, step_up
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("glass", __name__)

LABELS = {
    "asked": "证件号码或电话",
    "reason": "原因",
    "words": "正在发生什么",
    "verdict": "结论",
}
#: Codes among them, by their lists.
CHOICES = {"verdict": GlassVerdict, "reason": GlassReason}


@pages.get("/glass")
@guard.guard(Action.GLASS_BREAK)
def list_() -> str:
    """The own emergency readings of the last weeks, and how they were answered."""
    return render_template("glass/list.html", found=glass.mine(g.access))


def _form(given: MultiDict[str, str], fields: dict[str, str]) -> str:
    return render_template(
        "glass/new.html",
        given=given,
        fields=fields,
        labels=LABELS,
        reasons=GlassReason.choices(),
    )


@pages.get("/glass/new")
@guard.guard(Action.GLASS_BREAK)
def new() -> str:
    """The number, the reason and what is happening."""
    return _form(MultiDict({"once": str(glass.begin())}), {})


@pages.post("/glass/new")
@guard.guard(Action.GLASS_BREAK)
@step_up.fresh
def open_() -> Response | tuple[str, int]:
    """Open one person, after a fresh proof of who asks."""
    typed = Typed(request.form)
    try:
        opened = glass.break_(
            g.access,
            typed.key("once"),
            request.form.get("asked", ""),
            typed.code(GlassReason, "reason", LABELS["reason"]),
            request.form.get("words", ""),
        )
    except REFUSALS as wrong:
        return _form(request.form, by_field(wrong, "asked")), wrong.status
    if opened.case:
        flash("这位患者就在您的辖区内，不需要紧急查看，已为您打开档案。", "info")
        return redirect(url_for("case.page", key=opened.case), 303)
    return redirect(url_for("glass.page", key=opened.key), 303)


@pages.get("/glass/<int:key>")
@guard.guard(Action.GLASS_BREAK)
def page(key: int) -> str:
    """The one person, while the reading lasts; every look is written down."""
    return render_template("glass/page.html", view=glass.view(g.access, key), today=clock.today())


@pages.post("/glass/<int:key>/end")
@guard.guard(Action.GLASS_BREAK)
def end(key: int) -> Response:
    """The reader is done."""
    glass.end(g.access, key)
    flash("紧急查看已结束。", "good")
    return redirect(url_for("glass.list_"), 303)


def _reviews(
    key: int = 0, given: MultiDict[str, str] | None = None, fields: dict[str, str] | None = None
) -> str:
    return render_template(
        "glass/reviews.html",
        found=glass.reviews(g.access),
        verdicts=GlassVerdict.choices(),
        labels=LABELS | {"words": "理由和后续处理"},
        wrong=key,
        given=given or {},
        fields=fields or {},
    )


@pages.get("/glass/reviews")
@guard.guard(Action.GLASS_REVIEW)
def reviews() -> str:
    """Who read a person of one's own area in an emergency."""
    return _reviews()


@pages.post("/glass/<int:key>/review")
@guard.guard(Action.GLASS_REVIEW)
def review(key: int) -> Response | tuple[str, int]:
    """Whether it had to be."""
    typed = Typed(request.form)
    verdict = typed.code(GlassVerdict, "verdict", LABELS["verdict"])
    try:
        glass.review(g.access, key, verdict, request.form.get("words", ""))
    except REFUSALS as wrong:
        return _reviews(key, request.form, by_field(wrong)), wrong.status
    flash("复核结论已保存。", "good")
    return redirect(url_for("glass.reviews"), 303)
