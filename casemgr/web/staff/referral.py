"""转诊页: a referral up or down, from the advice until the person is back."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, contact, followup, hospital_care, incident, referral
from casemgr.services.errors import Missing
from casemgr.services.referral import ReferralEntry, ReferralStep, VisitAdvice
from casemgr.terms.emergency import ContactKind
from casemgr.terms.referral import Direction, ReferralState
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed, have, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("referral", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "direction": "方向",
    "advised_on": "建议日期",
    "sent_on": "转出日期",
    "reason": "转诊原因",
    "target": "机构及科室",
    "hospital": "告知收治医院",
    "to": "进展",
    "on": "日期",
    "note": "说明",
}
#: Codes among them, by their lists.
CHOICES = {"direction": Direction, "to": ReferralState}


def _from_visit(key: int) -> VisitAdvice | None:
    visit = listing.whole(request.values.get("visit"), 1)
    return referral.advice(g.access, key, visit) if visit is not None else None


@pages.get(f"/case/<{KEY}:key>/referral")
@guard.guard(Action.EVENT_WRITE)
def new(key: int) -> str:
    """A new referral, begun from a visit that advises it or alone."""
    form = incident.begin(g.access, key)
    given: dict[str, object] = {"once": form.once}
    if (advised := _from_visit(key)) is not None:
        given |= {
            "visit": advised.visit_id,
            "direction": int(Direction.UP),
            "advised_on": advised.on.isoformat(),
            "sent_on": advised.on.isoformat() if advised.sent else "",
            "reason": advised.reason,
            "target": advised.target,
        }
    return _form(form, given, {})


def _form(form: incident.EventForm, given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "referral/new.html",
        form=form,
        given=given,
        fields=fields,
        labels=LABELS,
        directions=[
            (int(Direction.UP), Direction.UP.label, "从基层转往上级或专科医院"),
            (int(Direction.DOWN), Direction.DOWN.label, "医院病情稳定后转回社区"),
        ],
        contacts=contact.of_area(g.access, form.case_id, (ContactKind.HOSPITAL,)),
        hospitals=hospital_care.hospitals(g.access, form.case_id),
        today=clock.today(),
    )


@pages.post(f"/case/<{KEY}:key>/referral")
@guard.guard(Action.EVENT_WRITE)
def save(key: int) -> Response | tuple[str, int]:
    """Keep the referral; what cannot be comes back with everything that was typed."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        direction = typed.code(Direction, "direction", LABELS["direction"], required=True)
        advised_on = typed.day("advised_on", LABELS["advised_on"], required=True)
        sent_on = typed.day("sent_on", LABELS["sent_on"])
        reason, target = typed.text("reason", LABELS["reason"]), typed.text("target", LABELS["target"])
        hospital = listing.whole(request.form.get("hospital"), 1)
        typed.settle()
        entry = ReferralEntry(
            have(direction),
            have(advised_on),
            sent_on,
            reason,
            target,
            listing.whole(request.form.get("visit"), 1),
            hospital,
        )
        saved = referral.record(g.access, key, once, entry, clock.today())
    except REFUSALS as wrong:
        return _form(incident.begin(g.access, key), kept(request.form), by_field(wrong)), wrong.status
    flash("转诊已登记。" if not saved.again else "这次转诊已经登记过，没有重复。", "good")
    return redirect(url_for("referral.page", key=saved.id), 303)


@pages.get(f"/referral/<{KEY}:key>")
@guard.guard(Action.EVENT_WRITE)
def page(key: int) -> str | Response:
    """How far one referral has come, and the next step.

    A visit may ask for the result of a referral that nobody wrote down: its key leads to the form for it.
    """
    try:
        return _page(key, {}, {})
    except Missing:
        case = followup.case_of_visit(g.access, key)
        return redirect(url_for("referral.new", key=case, visit=key), 303)


def _page(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    view = referral.view(g.access, key)
    return render_template(
        "referral/page.html",
        view=view,
        given=given,
        fields=fields,
        labels=LABELS,
        steps=[(int(one), STEP_WORDS[one]) for one in view.next],
        today=clock.today(),
    )


#: What each step is called on the button that takes it.
STEP_WORDS = {
    ReferralState.SENT: "已转出（患者已出发或转诊单已发出）",
    ReferralState.ACCEPTED: "对方已接收",
    ReferralState.DECLINED: "对方未接收",
    ReferralState.DONE: "已诊治，得知结果",
    ReferralState.BACK: "已转回社区",
    ReferralState.CANCELLED: "取消转诊",
}


@pages.post(f"/referral/<{KEY}:key>")
@guard.guard(Action.EVENT_WRITE)
def step(key: int) -> Response | tuple[str, int]:
    """Take the next step."""
    typed = Typed(request.form)
    try:
        to = typed.code(ReferralState, "to", LABELS["to"], required=True)
        on = typed.day("on", LABELS["on"], required=True)
        note = typed.text("note", LABELS["note"])
        typed.settle()
        saved = referral.step(g.access, key, ReferralStep(have(to), have(on), note), clock.today())
    except REFUSALS as wrong:
        return _page(key, kept(request.form), by_field(wrong)), wrong.status
    flash("已更新。" if not saved.again else "这一步已经登记过，没有改动。", "good")
    return redirect(url_for("referral.page", key=key), 303)
