"""服务记录页: a session of rehabilitation, a check-up or a talk of support, entered or put right."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import care, clock
from casemgr.services.care import CareForm
from casemgr.web import guard
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field, typed

pages = Blueprint("care", __name__)

KEY = "int(max=9223372036854775807)"
NOUN = "any(rehab, checkup, counselling)"


def _typed() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in request.form}


def _page(form: CareForm, raw: dict[str, str], fields: dict[str, str], change: bool) -> str:
    labels = {**form.labels, "reason": "更正原因"}
    return render_template(
        "care/form.html",
        form=form,
        raw=raw,
        fields=fields,
        labels=labels,
        change=change,
        today=clock.today(),
    )


@pages.get(f"/case/<{KEY}:key>/<{NOUN}:noun>/new")
@guard.guard(Action.EVENT_WRITE)
def new(key: int, noun: str) -> str:
    """An empty form; nothing is chosen beforehand."""
    return _page(care.begin(g.access, noun, key), {}, {}, change=False)


@pages.post(f"/case/<{KEY}:key>/<{NOUN}:noun>/new")
@guard.guard(Action.EVENT_WRITE)
def save(key: int, noun: str) -> Response | tuple[str, int]:
    """Keep the record once."""
    once = Typed(request.form).key("once")
    try:
        kept = care.record(g.access, noun, key, once, _typed(), clock.today())
    except REFUSALS as wrong:
        return _page(care.begin(g.access, noun, key), _typed(), by_field(wrong), change=False), wrong.status
    return _done(kept, f"{care.CARES[noun].title}已保存。")


@pages.get(f"/<{NOUN}:noun>/<{KEY}:key>")
@guard.guard(Action.EVENT_WRITE)
def edit(noun: str, key: int) -> str:
    """A kept record, to be put right with a reason."""
    form = care.form_of(g.access, noun, key)
    return _page(form, dict(form.raw), {}, change=True)


@pages.post(f"/<{NOUN}:noun>/<{KEY}:key>")
@guard.guard(Action.EVENT_WRITE)
def put_right(noun: str, key: int) -> Response | tuple[str, int]:
    """Keep the correction with old and new values."""
    raw = _typed()
    reason = raw.get("reason", "").strip()
    try:
        kept = care.change(g.access, noun, key, raw, raw.get("seen", ""), reason, clock.today())
    except REFUSALS as wrong:
        return _page(
            care.form_of(g.access, noun, key), typed(wrong, raw), by_field(wrong), change=True
        ), wrong.status
    return _done(kept, "已更正，原来的内容保留在改动记录中。")


def _done(kept: care.Kept, said: str) -> Response:
    flash("这条记录已经保存过，没有重复登记。" if kept.recorded.again else said, "good")
    for sentence in kept.asked:
        flash(sentence, "warn")
    return redirect(url_for("case.page", key=kept.recorded.case_id), 303)
