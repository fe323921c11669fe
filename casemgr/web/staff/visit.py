"""随访页: the form of a visit in seven steps, one visit to read, the second look, and failed attempts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from casemgr.forms.official.followup import COUNTS
from casemgr.forms.visit_check import ABOUT_CLASS
from casemgr.rules.access import Action
from casemgr.services import caution, clock, followup, medicine_visit, register
from casemgr.services.followup import Answer, Envelope, Receipt, VisitForm
from casemgr.services.visit_sheet import CURRENT, DATES, KINDS, NO_SYMPTOMS, incident_key, why_key
from casemgr.terms.attempt import AttemptResult, AttemptWay
from casemgr.terms.incident import DangerousAct
from casemgr.terms.risk import RiskLevel
from casemgr.web import guard
from casemgr.web.staff.case import KEY
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("visit", __name__)

Raw = dict[str, list[str]]
CONTROLS = frozenset({"csrf", "once", "version", "expects", "go", "save", "fill", "same", "step", "reason"})
STEPS = 7
#: Fields that «与上次相同» may fill, by the group its button names.
_PARTS = ("name", "morning_ug", "noon_ug", "evening_ug", "times_per_day", "times_per_month", "dose_ug")
SAME: Mapping[str, tuple[str, ...]] = {
    "state": ("sleep", "diet", "self_care", "housework", "work", "study", "contact"),
    "drugs": (
        *(f"drug{number}_{part}" for number in (1, 2, 3) for part in _PARTS),
        "depot_name",
        "depot_weeks",
        "depot_dose_ug",
    ),
    "support": ("rehab_measures", "measures_other"),
}
MESSAGES = {
    Answer.ACCEPTED: ("随访已保存。", "good"),
    Answer.CHANGED: ("改动已保存，原来的内容留在变更记录中。", "good"),
    Answer.ALREADY_HERE: ("这次随访已经保存过，没有重复写入。", "info"),
    Answer.OLDER: ("这份内容早于已保存的版本，没有写入。请核对下面的记录；如需更正，请点“修改”。", "warn"),
}


def _raw() -> Raw:
    found = {key: [text for text in request.form.getlist(key) if text.strip()] for key in request.form}
    return {key: texts for key, texts in found.items() if texts and key not in CONTROLS}


def _whole(text: str | None, most: int = 2**63 - 1) -> int | None:
    text = text or ""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= most else None


def _step(text: str | None) -> int:
    return min(max(_whole(text) or 1, 1), STEPS)


def _address(case_id: int, visit_id: int | None, **more: Any) -> str:
    if visit_id is None:
        return url_for("visit.page", key=case_id, **more)
    return url_for("visit.edit", key=visit_id, **more)


def _name(person: int) -> str:
    until = g.person.names_until
    if until is None or until <= clock.now():
        return ""
    return register.reveal_names(g.access, [person], g.person.names_purpose).get(person, "")


# --- the form ------------------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/visit")
@guard.guard(Action.FOLLOWUP_RECORD)
def page(key: int) -> str:
    """The form of a new visit; one that was begun and left is offered first."""
    form = followup.open_visit(g.access, key, clock.today())
    if form.draft is not None and "step" not in request.args:
        return render_template("visit/draft.html", form=form, address=_address(form.case_id, form.visit_id))
    return _shown(form, form.raw, _step(request.args.get("step")))


@pages.post(f"/case/<{KEY}:key>/visit")
@guard.guard(Action.FOLLOWUP_RECORD)
def save(key: int) -> BaseResponse | tuple[str, int] | str:
    """One step further (the draft is kept), or the visit itself."""
    return _posted(key, None)


@pages.get(f"/visit/<{KEY}:key>/edit")
@guard.guard(Action.FOLLOWUP_RECORD)
def edit(key: int) -> str:
    """The same form with what is stored."""
    form = followup.open_visit(g.access, followup.case_of_visit(g.access, key), clock.today(), key)
    if form.draft is not None and "step" not in request.args:
        return render_template("visit/draft.html", form=form, address=_address(form.case_id, form.visit_id))
    return _shown(form, form.raw, _step(request.args.get("step")))


@pages.post(f"/visit/<{KEY}:key>/edit")
@guard.guard(Action.FOLLOWUP_RECORD)
def change(key: int) -> BaseResponse | tuple[str, int] | str:
    """Keep what was changed; nothing is overwritten that somebody changed meanwhile."""
    return _posted(followup.case_of_visit(g.access, key), key)


def _posted(case_id: int, visit_id: int | None) -> BaseResponse | tuple[str, int] | str:
    raw = _raw()
    once = request.form.get("once", "") or str(followup.new_once(g.access))
    version = request.form.get("version", CURRENT.version)
    expects = _whole(request.form.get("expects"))
    if "save" not in request.form:
        _fill(case_id, visit_id, raw)
        step = _step(request.form.get("go") or request.form.get("step"))
        followup.save_draft(g.access, case_id, raw, step, once, version, visit_id, expects, clock.now())
        anchor = "s-closing" if step == STEPS else None
        return redirect(_address(case_id, visit_id, step=step, _anchor=anchor), 303)
    envelope = Envelope(
        id=once,
        case_id=case_id,
        data=raw,
        version=version,
        device="网页",
        visit_id=visit_id,
        expects=expects,
        reason=request.form.get("reason", "").strip(),
    )
    return _answered(envelope, followup.record(g.access, envelope, clock.today()))


def _fill(case_id: int, visit_id: int | None, raw: Raw) -> None:
    """Buttons that fill fields for those without script: 今天, 昨天, 与上次相同, 采用提示日期."""
    name, _, value = request.form.get("fill", "").partition("=")
    if name in ("on", "next_on") and value:
        raw[name] = [value]
    keys = SAME.get(request.form.get("same", ""), ())
    if not keys:
        return
    repeat = followup.open_visit(g.access, case_id, clock.today(), visit_id).repeat
    for key in keys:
        if key in repeat and key not in raw:
            raw[key] = list(repeat[key])


def _answered(envelope: Envelope, receipt: Receipt) -> BaseResponse | tuple[str, int] | str:
    """The page after saving: the visit, both sides of a conflict, or the form with what is to be changed."""
    if receipt.answer in MESSAGES and receipt.visit_id is not None:
        flash(MESSAGES[receipt.answer][0], MESSAGES[receipt.answer][1])
        return redirect(url_for("visit.view", key=receipt.visit_id), 303)
    followup.save_draft(
        g.access,
        envelope.case_id,
        envelope.data,
        STEPS,
        envelope.id,
        envelope.version,
        envelope.visit_id,
        envelope.expects,
        clock.now(),
    )
    form = followup.open_visit(g.access, envelope.case_id, clock.today(), envelope.visit_id)
    if receipt.answer is Answer.CONFLICT and receipt.sides is not None:
        shown = render_template(
            "visit/conflict.html", form=form, receipt=receipt, sides=receipt.sides, raw=envelope.data
        )
        return shown, 409
    fields = dict(receipt.fields)
    for one in receipt.questions:
        target = "class_reason" if one.id in ABOUT_CLASS else why_key(one.id)
        fields.setdefault(target, f"{one.says}（{one.id}）")
    if not fields:
        fields["on"] = receipt.message
    order = {one.key: place for place, one in enumerate(form.form.fields)}
    fields = dict(sorted(fields.items(), key=lambda pair: order.get(pair[0], len(order))))
    return _shown(form, envelope.data, _step_of(form, fields), fields), 422


def _step_of(form: VisitForm, fields: Mapping[str, str]) -> int:
    steps = [section.step for section in form.form.sections for one in section.fields if one.key in fields]
    return min(steps, default=STEPS)


def _shown(
    form: VisitForm, raw: Mapping[str, Sequence[str]], step: int, problems: Mapping[str, str] | None = None
) -> str:
    today = clock.today()
    review = None
    if step == STEPS or problems:
        review = followup.review(g.access, form.case_id, raw, today, form.form.version, form.visit_id)
    labels = {one.key: one.label for one in form.form.fields}
    if review is not None:
        labels |= {why_key(one.id): "需要说明" for one in review.questions}
    steps = {one.key: section.step for section in form.form.sections for one in section.fields}
    return render_template(
        "visit/form.html",
        form=form,
        caution=caution.of_case(g.access, form.case_id),
        sections=form.form.sections,
        suggested=medicine_visit.suggested(g.access, form.case_id, today, form.visit_id),
        values=raw,
        step=step,
        problems=problems or {},
        labels=labels,
        steps=steps,
        review=review,
        about_class=ABOUT_CLASS,
        why_key=why_key,
        levels=tuple(RiskLevel),
        acts=[
            (int(kind), kind.label, COUNTS[kind], [incident_key(kind, n) for n in range(1, DATES + 1)])
            for kind in KINDS
        ],
        none_act=int(DangerousAct.NONE),
        no_symptoms=NO_SYMPTOMS,
        same={
            group: json.dumps(
                {key: form.repeat[key] for key in keys if key in form.repeat}, ensure_ascii=False
            )
            for group, keys in SAME.items()
            if any(key in form.repeat for key in keys)
        },
        today=today,
        yesterday=today - timedelta(1),
        doctor=g.person.display,
        address=_address(form.case_id, form.visit_id),
        name=_name(form.person_id),
    )


def with_problems(case_id: int, raw: Mapping[str, Sequence[str]], problems: Mapping[str, str]) -> str:
    """The form of a new visit with what stands in it and what is wrong, open at the first step that is."""
    form = followup.open_visit(g.access, case_id, clock.today())
    return _shown(form, raw, _step_of(form, problems), problems)


@pages.post(f"/case/<{KEY}:key>/visit/draft")
@guard.guard(Action.DRAFT_WRITE)
def draft(key: int) -> BaseResponse:
    """Kept by a script every few seconds: what stands in the fields; answers the minute it was kept."""
    visit_id = _whole(request.form.get("visit"))
    raw = _raw()
    raw.pop("visit", None)
    saved = followup.save_draft(
        g.access,
        key,
        raw,
        _step(request.form.get("step")),
        request.form.get("once", ""),
        request.form.get("version", ""),
        visit_id,
        _whole(request.form.get("expects")),
        clock.now(),
    )
    if saved is None:
        return Response(status=204)
    said = saved.astimezone(clock.SHANGHAI).strftime("%H:%M")
    return Response(json.dumps({"saved": said}), mimetype="application/json")


@pages.post(f"/case/<{KEY}:key>/visit/discard")
@guard.guard(Action.DRAFT_WRITE)
def discard(key: int) -> BaseResponse:
    """Throw one's own draft away."""
    visit_id = _whole(request.form.get("visit"))
    followup.drop_draft(g.access, key, visit_id)
    flash("草稿已放弃。", "info")
    if visit_id is not None:
        return redirect(url_for("visit.view", key=visit_id), 303)
    return redirect(url_for("visit.page", key=key), 303)


@pages.post(f"/case/<{KEY}:key>/visit/choose")
@guard.guard(Action.FOLLOWUP_RECORD)
def choose(key: int) -> BaseResponse | tuple[str, int] | str:
    """Two records of the same visit: for each field that differs one side was chosen."""
    today = clock.today()
    visit_id = _whole(request.form.get("visit")) or 0
    version = _whole(request.form.get("shown"))
    raw = {k: v for k, v in _raw().items() if not k.startswith("pick_") and k not in ("visit", "shown")}
    mine = frozenset(
        name.removeprefix("pick_")
        for name, picked in request.form.items()
        if name.startswith("pick_") and picked == "mine"
    )
    envelope = Envelope(
        id=str(followup.new_once(g.access)),
        case_id=key,
        data=raw,
        version=request.form.get("version", CURRENT.version),
        device="网页",
        visit_id=visit_id,
        expects=version,
        reason="两份记录逐项核对后合并",
    )
    envelope = followup.merge(g.access, envelope, mine, today)
    receipt = followup.record(g.access, envelope, today)
    if receipt.kept:
        followup.drop_draft(g.access, key)
    return _answered(envelope, receipt)


# --- one visit -----------------------------------------------------------------------------------------


@pages.get(f"/visit/<{KEY}:key>")
@guard.guard(Action.FOLLOWUP_RECORD)
def view(key: int) -> str:
    """One visit with all its fields, who wrote it, and what follows from it."""
    found = followup.read_visit(g.access, key, clock.today())
    return render_template(
        "visit/view.html",
        view=found,
        name=_name(found.person_id),
        offer=medicine_visit.offer(g.access, key) if g.access.may(Action.MEDICINE_WRITE) else None,
        suggested=medicine_visit.suggested(g.access, found.case_id, found.on, key),
        referral=_there(f"/case/{found.case_id}/referral"),
        emergency=_there(f"/case/{found.case_id}/emergency"),
        death=_there(f"/case/{found.case_id}/death"),
    )


def _there(path: str) -> str:
    """A page of another part of the program, if it is there."""
    try:
        current_app.url_map.bind("").match(path)
    except HTTPException:
        return ""
    return path


@pages.get(f"/visit/<{KEY}:key>/confirm")
@guard.guard(Action.FOLLOWUP_CONFIRM)
def second(key: int) -> str:
    """What a second person looks at before a lowered danger level counts as agreed."""
    return _second(key, {})


def _second(key: int, fields: Mapping[str, str]) -> str:
    found = followup.read_visit(g.access, key, clock.today())
    reason = request.form.get("reason", "")
    return render_template(
        "visit/confirm.html", view=found, name=_name(found.person_id), fields=fields, reason=reason
    )


@pages.post(f"/visit/<{KEY}:key>/confirm")
@guard.guard(Action.FOLLOWUP_CONFIRM)
def confirm(key: int) -> BaseResponse:
    """Agree to it."""
    followup.confirm(g.access, key, clock.today())
    flash("已复核。", "good")
    return redirect(url_for("visit.view", key=key), 303)


@pages.post(f"/visit/<{KEY}:key>/decline")
@guard.guard(Action.FOLLOWUP_CONFIRM)
def decline(key: int) -> BaseResponse | tuple[str, int]:
    """Do not agree, and say why; the one who wrote the visit changes it."""
    try:
        followup.decline(g.access, key, request.form.get("reason", "").strip()[:300], clock.today())
    except REFUSALS as wrong:
        return _second(key, by_field(wrong)), wrong.status
    flash("已记录不同意，这项复核仍在待办中，请与填写医生商定后修改。", "good")
    return redirect(url_for("visit.view", key=key), 303)


# --- attempts ------------------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/attempt")
@guard.guard(Action.FOLLOWUP_RECORD)
def tried(key: int) -> str:
    """未访到 in a few taps: what came of it, how it was tried, when to try again."""
    return _attempt(key, {}, {})


def _attempt(key: int, given: Mapping[str, str], fields: Mapping[str, str]) -> str:
    today = clock.today()
    case = followup.case_of(g.access, key)
    return render_template(
        "visit/attempt.html",
        case=case,
        caution=caution.of_case(g.access, case.case_id),
        once=given.get("once") or followup.new_once(g.access),
        given=given,
        fields=fields,
        results=AttemptResult.choices(),
        ways=AttemptWay.choices(),
        today=today,
        soon=[
            (today + timedelta(days), label) for days, label in ((1, "明天"), (7, "一周后"), (14, "两周后"))
        ],
        back=guard.safe_next(request.values.get("back")),
        name=_name(case.person_id),
    )


@pages.post(f"/case/<{KEY}:key>/attempt")
@guard.guard(Action.FOLLOWUP_RECORD)
def attempt(key: int) -> BaseResponse | tuple[str, int]:
    """Keep one attempt; from the worklist or the person page, which says where to go ``back`` to."""
    given = {name: request.form.get(name, "") for name in ("result", "way", "next_on", "note", "once")}
    typed = Typed(request.form)
    next_on: date | None = typed.day("next_on", "下次联系日期")
    note = typed.text("note", "备注")
    try:
        typed.settle()
        found = followup.attempt(
            g.access,
            key,
            _whole(given["once"]) or followup.new_once(g.access),
            _whole(given["result"], 99) or 0,
            _whole(given["way"], 99),
            next_on,
            note,
            clock.today(),
        )
    except REFUSALS as wrong:
        return _attempt(key, given, by_field(wrong)), wrong.status
    if found.again:
        flash("这次联系已经记过，没有重复写入。", "info")
    else:
        flash(f"已记：{found.result.label}。|{found.attempt_id}", "undo")
    back = guard.safe_next(request.form.get("back")) or url_for("case.page", key=key)
    return redirect(back, 303)


@pages.post(f"/attempt/<{KEY}:key>/undo")
@guard.guard(Action.FOLLOWUP_RECORD)
def undo(key: int) -> BaseResponse:
    """Take back what was just written; the row stays, flagged."""
    case_id = followup.undo_attempt(g.access, key)
    flash("已撤销，记录保留并标明已撤销。", "good")
    back = guard.safe_next(request.form.get("back")) or url_for("case.page", key=case_id)
    return redirect(back, 303)
