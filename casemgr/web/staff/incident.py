"""事件页: dangerous acts by two routes (harm to self, harm to others), and lock-ups until released."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, contact, incident
from casemgr.services.errors import Unfit
from casemgr.services.incident import AddedMeasures, IncidentEntry
from casemgr.terms.emergency import ContactKind
from casemgr.terms.incident import DangerousAct, IncidentMeasure, ReleaseProof
from casemgr.web import guard
from casemgr.web.staff.typed import Typed, have, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("incident", __name__)

KEY = "int(max=9223372036854775807)"
SELF, OTHERS = "self", "others"
#: What each route offers first; whoever harms himself meets family and hospital, not the police.
MEASURES = {
    SELF: (
        IncidentMeasure.FAMILY,
        IncidentMeasure.HOSPITAL,
        IncidentMeasure.PSYCHIATRIST,
        IncidentMeasure.CRISIS_HELP,
        IncidentMeasure.MEANS,
        IncidentMeasure.COMMITTEE,
        IncidentMeasure.OTHER,
    ),
    OTHERS: (
        IncidentMeasure.FAMILY,
        IncidentMeasure.POLICE,
        IncidentMeasure.HOSPITAL,
        IncidentMeasure.PSYCHIATRIST,
        IncidentMeasure.COMMITTEE,
        IncidentMeasure.COUNTY,
        IncidentMeasure.OTHER,
    ),
}
CONTACTS = {
    SELF: (ContactKind.HOSPITAL, ContactKind.CRISIS, ContactKind.AMBULANCE, ContactKind.COMMITTEE),
    OTHERS: (
        ContactKind.POLICE,
        ContactKind.POLICE_LINE,
        ContactKind.HOSPITAL,
        ContactKind.AMBULANCE,
        ContactKind.COMMITTEE,
        ContactKind.COUNTY,
    ),
}
KINDS = {
    SELF: tuple(one for one in DangerousAct if one.to_self),
    OTHERS: tuple(one for one in DangerousAct if not one.to_self and one is not DangerousAct.NONE),
}
LABELS = {
    "on": "发生日期",
    "kind": "类别",
    "done": "已采取的措施",
    "police_told_on": "通报公安日期",
    "others_hurt": "有无他人受伤或死亡",
    "note": "经过",
    "reason": "核对说明",
    "known_on": "得知日期",
    "plan": "解锁计划",
    "released_on": "解除日期",
    "verified": "核实方式",
}
#: Codes among them, by their lists.
CHOICES = {
    "others_hurt": ((1, "有"), (0, "无")),
    "kind": DangerousAct,
    "done": IncidentMeasure,
    "verified": ReleaseProof,
}


def _route() -> str:
    asked = request.values.get("route", "")
    return asked if asked in MEASURES else ""


@pages.get(f"/case/<{KEY}:key>/incident")
@guard.guard(Action.EVENT_WRITE)
def new(key: int) -> str:
    """First which way — harm to self or to others — then the form of that way."""
    form = incident.begin(g.access, key)
    if not _route():
        return render_template("incident/choose.html", form=form)
    return _form(form, {"once": form.once}, {})


def _form(form: incident.EventForm, given: dict[str, object], fields: dict[str, str]) -> str:
    route = _route()
    return render_template(
        "incident/form.html",
        form=form,
        route=route,
        given=given,
        fields=fields,
        labels=LABELS,
        kinds=[(int(one), one.label) for one in KINDS[route]],
        measures=[(int(one), one.label) for one in MEASURES[route]],
        contacts=contact.of_area(g.access, form.case_id, CONTACTS[route]),
        today=clock.today(),
    )


@pages.post(f"/case/<{KEY}:key>/incident")
@guard.guard(Action.EVENT_WRITE)
def save(key: int) -> Response | tuple[str, int]:
    """Keep the act; what is questioned comes back with everything that was typed."""
    typed = Typed(request.form)
    if not _route():
        raise Unfit("请先选择事件类别，没有保存。请回到患者页重新打开。")
    once = typed.key("once")
    try:
        on = typed.day("on", LABELS["on"], required=True)
        kind = typed.code(DangerousAct, "kind", LABELS["kind"], required=True)
        done = typed.codes(IncidentMeasure, "done")
        told = typed.day("police_told_on", LABELS["police_told_on"])
        note = typed.text("note", LABELS["note"])
        reason = typed.text("reason", LABELS["reason"], longest=300)
        typed.settle()
        entry = IncidentEntry(have(on), have(kind), done, told, typed.flag("others_hurt"), note, reason)
        saved = incident.record(g.access, key, once, entry, clock.today())
    except REFUSALS as wrong:
        form, given = incident.begin(g.access, key), kept(request.form, ("done",))
        return _form(form, given, by_field(wrong)), wrong.status
    flash("这次事件已保存。" if not saved.again else "这次事件已经保存过，没有重复登记。", "good")
    if saved.later:
        flash(incident.spoken(saved.later), "warn")
    return redirect(url_for("case.page", key=key) + "#events", 303)


@pages.get(f"/incident/<{KEY}:key>")
@guard.guard(Action.EVENT_WRITE)
def page(key: int) -> str:
    """One act, to add what was done later."""
    return _page(key, {}, {})


def _page(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    view = incident.view(g.access, key)
    return render_template(
        "incident/page.html",
        view=view,
        given=given,
        fields=fields,
        labels=LABELS,
        measures=[(int(one), one.label) for one in IncidentMeasure if one not in view.done],
    )


@pages.post(f"/incident/<{KEY}:key>")
@guard.guard(Action.EVENT_WRITE)
def add(key: int) -> Response | tuple[str, int]:
    """Add what was done later."""
    typed = Typed(request.form)
    try:
        added = AddedMeasures(
            typed.codes(IncidentMeasure, "done"), typed.day("police_told_on", LABELS["police_told_on"])
        )
        typed.settle()
        saved = incident.add_measures(g.access, key, added, clock.today())
    except REFUSALS as wrong:
        return _page(key, kept(request.form, ("done",)), by_field(wrong)), wrong.status
    flash("没有新的内容需要保存。" if saved.again else "已补记。", "good")
    return redirect(url_for("case.page", key=saved.case_id) + "#events", 303)


# --- 关锁 -----------------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/lock-up")
@guard.guard(Action.EVENT_WRITE)
def lock_up(key: int) -> Response | str:
    """Open a lock-up, or go on to the one that is open."""
    form = incident.begin(g.access, key)
    if form.open_lock_up is not None:
        return redirect(url_for("incident.release_page", key=form.open_lock_up), 303)
    return _lock_up(form, {"once": form.once}, {})


def _lock_up(form: incident.EventForm, given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "incident/lock_up.html",
        form=form,
        given=given,
        fields=fields,
        labels=LABELS,
        today=clock.today(),
        contacts=contact.of_area(g.access, form.case_id, (ContactKind.COMMITTEE, ContactKind.HOSPITAL)),
    )


@pages.post(f"/case/<{KEY}:key>/lock-up")
@guard.guard(Action.EVENT_WRITE)
def save_lock_up(key: int) -> Response | tuple[str, int]:
    """Keep the lock-up with its plan."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        known_on = typed.day("known_on", LABELS["known_on"], required=True)
        plan, note = typed.text("plan", LABELS["plan"]), typed.text("note", "情况说明")
        typed.settle()
        saved = incident.open_lock_up(g.access, key, once, have(known_on), plan, note, clock.today())
    except REFUSALS as wrong:
        return _lock_up(incident.begin(g.access, key), kept(request.form), by_field(wrong)), wrong.status
    flash("关锁情况已登记；解除并核实后请登记解除。" if not saved.again else "已经登记过，没有重复。", "good")
    return redirect(url_for("case.page", key=key) + "#events", 303)


@pages.get(f"/lock-up/<{KEY}:key>/release")
@guard.guard(Action.EVENT_WRITE)
def release_page(key: int) -> str:
    """The release: its day and how it was verified."""
    return _release(key, {}, {})


def _release(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "incident/release.html",
        view=incident.lock_up(g.access, key),
        given=given,
        fields=fields,
        labels=LABELS,
        proofs=ReleaseProof.choices(),
        today=clock.today(),
    )


@pages.post(f"/lock-up/<{KEY}:key>/release")
@guard.guard(Action.EVENT_WRITE)
def release(key: int) -> Response | tuple[str, int]:
    """Keep the release; only this ends a lock-up."""
    typed = Typed(request.form)
    try:
        on = typed.day("released_on", LABELS["released_on"], required=True)
        verified = typed.code(ReleaseProof, "verified", LABELS["verified"], required=True)
        note = typed.text("note", "核实经过")
        typed.settle()
        saved = incident.release(g.access, key, have(on), have(verified), note, clock.today())
    except REFUSALS as wrong:
        return _release(key, kept(request.form), by_field(wrong)), wrong.status
    flash("已登记解除关锁。" if not saved.again else "这次关锁此前已登记解除，没有改动。", "good")
    return redirect(url_for("case.page", key=saved.case_id) + "#events", 303)
