"""带入页: a filled Excel sheet of one form, put onto the screen to be looked at and saved there."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.forms.form import Form
from casemgr.rules.access import Action
from casemgr.services import clock, emergency, filled, followup, sheet
from casemgr.services.errors import Unfit
from casemgr.services.filled import FilledSheet
from casemgr.web import guard
from casemgr.web.staff import sheet as sheet_pages
from casemgr.web.staff import visit as visit_pages
from casemgr.web.staff.emergency import record_page

pages = Blueprint("filled", __name__)

KEY = "int(max=9223372036854775807)"
MIB = 1024 * 1024
#: A sheet of one form is small; its lists and its first page take a few kilobytes.
LARGEST = 2 * MIB
UPLOAD = LARGEST + MIB // 4
DONE = "表格内容已带入，还没有保存。请逐项核对后保存。"


Shown = Response | tuple[str, int] | str


def _choose(form: Form, back: str, action: str, wrong: Unfit | None = None) -> Shown:
    shown = render_template(
        "filled/page.html",
        form=form,
        back=back,
        action=action,
        fields=wrong.fields if wrong else {},
        largest=LARGEST // MIB,
    )
    return (shown, wrong.status) if wrong else shown


def _read(case_id: int, form: Form) -> FilledSheet:
    sent = request.files.get("file")
    content = b"" if sent is None else sent.read(LARGEST + 1)
    if len(content) > LARGEST:
        says = f"文件超过 {LARGEST // MIB} MB，没有读取。请只保留这一张表，或直接在屏幕上填写。"
        raise Unfit("没有带入。", fields={"file": says})
    return filled.read(g.access, case_id, form, content, clock.today())


# --- 表8 ------------------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/visit/filled")
@guard.guard(Action.FOLLOWUP_RECORD)
def visit(key: int) -> Shown:
    """Choose a filled sheet of 表8."""
    return _visit(key)


def _visit(key: int, wrong: Unfit | None = None) -> Shown:
    form = followup.open_visit(g.access, key, clock.today()).form
    return _choose(form, url_for("visit.page", key=key), url_for("filled.take_visit", key=key), wrong)


@pages.post(f"/case/<{KEY}:key>/visit/filled")
@guard.guard(Action.FOLLOWUP_RECORD, body=UPLOAD)
def take_visit(key: int) -> Shown:
    """Put it into the form of the visit; like everything typed there it is a draft until it is saved."""
    shown = followup.open_visit(g.access, key, clock.today())
    try:
        taken = _read(key, shown.form)
    except Unfit as wrong:
        return _visit(key, wrong)
    raw = {name: list(texts) for name, texts in taken.raw.items()}
    followup.save_draft(g.access, key, raw, 1, shown.once, shown.form.version, None, None, clock.now())
    flash(DONE, "good")
    if taken.problems:
        return visit_pages.with_problems(key, raw, taken.problems), 422
    return redirect(url_for("visit.page", key=key, step=1), 303)


# --- 表6, 表7, 表11 ---------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/sheet/<{sheet_pages.NAME}:name>/filled")
@guard.guard(Action.REGISTER_WRITE)
def kept(key: int, name: str) -> Shown:
    """Choose a filled sheet of this form."""
    return _kept(key, name)


def _kept(key: int, name: str, wrong: Unfit | None = None) -> Shown:
    form = sheet.open_sheet(g.access, key, name, clock.today()).form
    back = url_for("sheet.page", key=key, name=name)
    return _choose(form, back, url_for("filled.take_kept", key=key, name=name), wrong)


@pages.post(f"/case/<{KEY}:key>/sheet/<{sheet_pages.NAME}:name>/filled")
@guard.guard(Action.REGISTER_WRITE, body=UPLOAD)
def take_kept(key: int, name: str) -> Shown:
    """Put it onto the form; what the sheet leaves empty stays as it was the last time."""
    shown = sheet.open_sheet(g.access, key, name, clock.today())
    try:
        taken = _read(key, shown.form)
    except Unfit as wrong:
        return _kept(key, name, wrong)
    known = shown.form.by_key
    raw = {**shown.raw, **{one: texts for one, texts in taken.raw.items() if one in known}}
    problems = {one: says for one, says in taken.problems.items() if one in known}
    flash(DONE, "good")
    page = sheet_pages.shown_page(replace(shown, raw=raw, problems=problems))
    return (page, 422) if problems else page


# --- 表12 -----------------------------------------------------------------------------------------


@pages.get(f"/emergency/<{KEY}:key>/record/filled")
@guard.guard(Action.EVENT_WRITE)
def record(key: int) -> Shown:
    """Choose a filled sheet of 表12."""
    return _record(key)


def _record(key: int, wrong: Unfit | None = None) -> Shown:
    form = emergency.record_form(g.access, key, clock.today()).form
    return _choose(form, url_for("emergency.record", key=key), url_for("filled.take_record", key=key), wrong)


@pages.post(f"/emergency/<{KEY}:key>/record/filled")
@guard.guard(Action.EVENT_WRITE, body=UPLOAD)
def take_record(key: int) -> Shown:
    """Put it over what is known of this emergency."""
    shown = emergency.record_form(g.access, key, clock.today())
    try:
        taken = _read(shown.case_id, shown.form)
    except Unfit as wrong:
        return _record(key, wrong)
    flash(DONE, "good")
    page = record_page(shown, {**shown.raw, **taken.raw}, taken.problems)
    return (page, 422) if taken.problems else page
