"""应急页: the red button, one screen while the clock runs, the end, 表12 and what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import caution, clock, contact, emergency, event
from casemgr.services.clock import SHANGHAI
from casemgr.services.emergency import EmergencyEnd, RecordForm
from casemgr.services.errors import Conflict
from casemgr.services.event import Reached
from casemgr.terms.emergency import (
    ContactKind,
    EmergencyCause,
    EmergencyEffect,
    EmergencyGround,
    EmergencyMeasure,
    EmergencyStep,
    Whereabouts,
)
from casemgr.web import guard
from casemgr.web.staff.typed import Typed, have, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("emergency", __name__)

KEY = "int(max=9223372036854775807)"
CONTACTS = (
    ContactKind.POLICE,
    ContactKind.HOSPITAL,
    ContactKind.COMMITTEE,
    ContactKind.COUNTY,
    ContactKind.AMBULANCE,
    ContactKind.POLICE_LINE,
    ContactKind.CRISIS,
)
LABELS = {
    "reported_at": "接报时间",
    "started_at": "到场时间",
    "ended_at": "结束时间",
    "causes": "处置缘由",
    "measures": "主要处置措施",
    "effect": "处置效果",
    "stay": "处置后去向",
    "in_charge": "处置后的负责人",
    "consent_on": "知情同意书签署日期",
    "ground": "住院或约束的依据",
    "on": "上报日期",
}


@pages.get(f"/case/<{KEY}:key>/emergency")
@guard.guard(Action.EVENT_WRITE)
def page_of(key: int) -> Response | str:
    """The running emergency of this person, or the button that starts one."""
    begun = emergency.begin(g.access, key)
    if begun.running is not None:
        return redirect(url_for("emergency.page", key=begun.running), 303)
    return _start(begun, {}, {})


def _start(begun: emergency.Start, given: dict[str, object], fields: dict[str, str]) -> str:
    now = clock.moment().astimezone(SHANGHAI)
    given = given or {"reported_at": now.date().isoformat(), "reported_at_time": now.strftime("%H:%M")}
    return render_template("emergency/start.html", begun=begun, given=given, fields=fields, labels=LABELS)


@pages.post(f"/case/<{KEY}:key>/emergency")
@guard.guard(Action.EVENT_WRITE)
def start(key: int) -> Response | tuple[str, int]:
    """Let the clock run."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        reported = typed.moment("reported_at", LABELS["reported_at"], required=True)
        typed.settle()
        saved = emergency.start(g.access, key, once, have(reported), clock.moment())
    except REFUSALS as wrong:
        return _start(emergency.begin(g.access, key), kept(request.form), by_field(wrong)), wrong.status
    return redirect(url_for("emergency.page", key=saved.id), 303)


@pages.get(f"/emergency/<{KEY}:key>")
@guard.guard(Action.EVENT_WRITE)
def page(key: int) -> str:
    """One screen: clock, whom to call, what has been done, the end."""
    return _page(key)


def _page(
    key: int,
    given: dict[str, object] | None = None,
    fields: dict[str, str] | None = None,
    reached: Reached | None = None,
) -> str:
    view = emergency.view(g.access, key, clock.moment(), clock.today())
    now = clock.moment().astimezone(SHANGHAI)
    shown = given or {
        "started_at": view.started_at.astimezone(SHANGHAI).date().isoformat() if view.started_at else "",
        "started_at_time": view.started_at.astimezone(SHANGHAI).strftime("%H:%M") if view.started_at else "",
        "consent_on": view.consent_on.isoformat() if view.consent_on else "",
    }
    return render_template(
        "emergency/page.html",
        caution=caution.of_case(g.access, view.case_id),
        view=view,
        given=shown,
        fields=fields or {},
        labels=LABELS,
        reached=reached,
        now=now,
        today=clock.today(),
        contacts=contact.of_area(g.access, view.case_id, CONTACTS),
        causes=EmergencyCause.choices(),
        measures=EmergencyMeasure.choices(),
        effects=EmergencyEffect.choices(),
        stays=Whereabouts.choices(),
        grounds=EmergencyGround.choices(),
    )


@pages.post(f"/emergency/<{KEY}:key>/reach")
@guard.guard(Action.IDENTITY_REVEAL)
def reach(key: int) -> str:
    """The guardian's number, opened for calling; recorded."""
    view = emergency.view(g.access, key, clock.moment(), clock.today())
    return _page(key, reached=event.numbers(g.access, view.case_id, "guardian"))


@pages.post(f"/emergency/<{KEY}:key>/step")
@guard.guard(Action.EVENT_WRITE)
def step(key: int) -> Response:
    """Tick a step with the time of now."""
    typed = Typed(request.form)
    done = typed.code(EmergencyStep, "step", "步骤", required=True)
    typed.settle()
    emergency.tick(g.access, key, have(done), clock.moment())
    return redirect(url_for("emergency.page", key=key) + "#steps", 303)


@pages.post(f"/emergency/<{KEY}:key>/end")
@guard.guard(Action.EVENT_WRITE)
def end(key: int) -> Response | tuple[str, int]:
    """End it; what is missing comes back with everything that was typed."""
    typed = Typed(request.form)
    try:
        ended = typed.moment("ended_at", LABELS["ended_at"], required=True)
        told = (
            typed.moment("started_at", LABELS["started_at"]),
            typed.codes(EmergencyCause, "causes"),
            typed.codes(EmergencyMeasure, "measures"),
            typed.code(EmergencyEffect, "effect", LABELS["effect"]),
            typed.code(Whereabouts, "stay", LABELS["stay"]),
            typed.text("in_charge", LABELS["in_charge"], longest=60),
            typed.day("consent_on", LABELS["consent_on"]),
            typed.code(EmergencyGround, "ground", LABELS["ground"]),
        )
        typed.settle()
        given = EmergencyEnd(told[0], have(ended), *told[1:])
        saved = emergency.end(g.access, key, given, clock.moment(), clock.today())
    except REFUSALS as wrong:
        return _page(key, kept(request.form, ("causes", "measures")), by_field(wrong)), wrong.status
    flash("此前已登记结束，没有改动。" if saved.again else "已登记结束。请在 24 小时内填写记录单。", "good")
    return redirect(url_for("emergency.page", key=key), 303)


@pages.get(f"/emergency/<{KEY}:key>/record")
@guard.guard(Action.EVENT_WRITE)
def record(key: int) -> Response | str:
    """表12, begun from what is known."""
    try:
        shown = emergency.record_form(g.access, key, clock.today())
    except Conflict as wrong:
        flash(wrong.message, "warn")
        return redirect(url_for("emergency.page", key=key), 303)
    return record_page(shown, shown.raw, {})


def record_page(shown: RecordForm, values: Mapping[str, Sequence[str]], problems: Mapping[str, str]) -> str:
    """表12 with what stands in it and what is wrong."""
    return render_template("emergency/record.html", shown=shown, values=values, problems=problems)


@pages.post(f"/emergency/<{KEY}:key>/record")
@guard.guard(Action.EVENT_WRITE)
def keep_record(key: int) -> Response | tuple[str, int]:
    """Keep 表12."""
    raw = {name: request.form.getlist(name) for name in request.form}
    try:
        saved = emergency.keep_record(g.access, key, request.form.get("version", ""), raw, clock.today())
    except REFUSALS as wrong:
        shown = emergency.record_form(g.access, key, clock.today())
        return record_page(shown, raw, by_field(wrong)), wrong.status
    flash("记录单没有变化。" if saved.again else "记录单已保存。上报后请登记上报日期。", "good")
    return redirect(url_for("emergency.page", key=key), 303)


@pages.post(f"/emergency/<{KEY}:key>/uploaded")
@guard.guard(Action.EVENT_WRITE)
def uploaded(key: int) -> Response | tuple[str, int]:
    """Write down the day of the upload."""
    typed = Typed(request.form)
    try:
        on = typed.day("on", LABELS["on"], required=True)
        typed.settle()
        emergency.uploaded(g.access, key, have(on), clock.today())
    except REFUSALS as wrong:
        return _page(key, kept(request.form), by_field(wrong)), wrong.status
    flash("已登记上报。", "good")
    return redirect(url_for("emergency.page", key=key), 303)
