"""月结页: the closings of a month with who signed them, and what each later one changed, person by person."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import month_revision, timeliness
from casemgr.services.errors import Missing
from casemgr.terms.area import AreaLevel, ancestor
from casemgr.terms.indicator import Cause, CloseStep
from casemgr.web import guard
from casemgr.web.staff import figures, listing
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("closing", __name__)

KEY = "int(max=9223372036854775807)"
SIZES = (20, 50, 100)
LABELS = {"reason": "退回原因"}
#: What a button says that does a step.
DO = {
    CloseStep.CHECKED: "核对无误",
    CloseStep.APPROVED: "审批同意",
    CloseStep.ISSUED: "签发",
    CloseStep.REOPENED: "退回重开",
}
DONE = {
    CloseStep.CHECKED: "已记录核对。请由另一位账号审批。",
    CloseStep.APPROVED: "已记录审批。",
    CloseStep.ISSUED: "已签发。此后重新月结不会改动这一版，除非先退回重开。",
    CloseStep.REOPENED: "已退回重开。更正后重新月结，会生成新的一版并列出差异。",
}


def _area() -> int:
    """The area asked for: the own one without a word about it."""
    return listing.whole(request.args.get("area"), 1) or int(g.access.low)


@pages.get("/closings/<month>")
@guard.guard(Action.INDICATOR_READ)
def page(month: str) -> str:
    """The closings of one month: state, steps, and the differences of each later one."""
    return _page(month, _area(), {}, {})


def _page(month: str, area: int, given: dict[str, str], fields: dict[str, str]) -> str:
    found = month_revision.of_month(g.access, month, area)
    may_close = g.access.may(Action.INDICATOR_CLOSE)
    return render_template(
        "closing/page.html",
        found=found,
        added=month_revision.added_since(g.access, month, area),
        closings=month_revision.steps(g.access, month, area) if may_close else (),
        listed=g.access.may(Action.CASE_LIST),
        back=figures.place_url(area, month, g.access.may(Action.CASE_LIST))
        or url_for("county.page", code=ancestor(area, AreaLevel.COUNTY), month=month),
        do=DO,
        record_keys=timeliness.KEYS,
        reopened=CloseStep.REOPENED,
        given=given,
        fields=fields,
        labels=LABELS,
    )


@pages.post("/closings/<month>")
@guard.guard(Action.INDICATOR_CLOSE)
def step(month: str) -> Response | tuple[str, int]:
    """Do the next step; pressed twice or meanwhile done by somebody else, it is said and nothing happens."""
    form = request.form
    area = listing.whole(form.get("area"), 1) or int(g.access.low)
    key, revision = listing.whole(form.get("key"), 1), listing.whole(form.get("revision"), 1)
    wanted = listing.whole(form.get("step"), 1)
    if key is None or revision is None or wanted not in {int(one) for one in CloseStep}:
        raise Missing("没有这一步。请从月结页面的按钮操作。")
    to = CloseStep.read(wanted)
    try:
        month_revision.step(g.access, key, to, revision, form.get("reason", ""))
    except REFUSALS as wrong:
        return _page(month, area, dict(form), by_field(wrong)), wrong.status
    flash(DONE[to], "good")
    return redirect(url_for("closing.page", month=month, area=area), 303)


@pages.get("/closings/<month>/<int(max=32767):revision>")
@guard.guard(Action.CASE_LIST)
def people(month: str, revision: int) -> str:
    """Whom one closing counts otherwise than the one before."""
    area = _area()
    key = request.args.get("key", "")
    code = listing.whole(request.args.get("cause"), 1)
    cause = Cause.read(code) if code in {int(one) for one in Cause} else None
    size = listing.whole(request.args.get("size"), 1)
    size = size if size in SIZES else SIZES[1]
    number = min(listing.whole(request.args.get("page"), 1) or 1, 10**6)
    history = month_revision.of_month(g.access, month, area)
    found = month_revision.people(
        g.access, month, area, revision, key=key, cause=cause, start=(number - 1) * size, size=size
    )
    difference = next((one for one in history.revisions if one.revision == revision), None)
    return render_template(
        "closing/people.html",
        history=history,
        revision=revision,
        found=found,
        figure=next((one for one in difference.figures if one.key == key), None) if difference else None,
        cause=cause,
        number=found.start // size + 1,
        size=size,
        sizes=SIZES,
        url=url_for(
            "closing.people",
            month=month,
            revision=revision,
            area=area,
            key=key or None,
            cause=int(cause) if cause else None,
        ),
    )
