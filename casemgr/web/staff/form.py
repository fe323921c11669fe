"""表单页: the official forms — blank as PDF and Excel, filled for one person, for a whole village."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import Blueprint, Flask, current_app, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.forms.form import Field, Form, in_words
from casemgr.rules.access import Access, Action
from casemgr.services import clock, printing
from casemgr.services.errors import Unfit
from casemgr.web import guard, step_up
from casemgr.web.staff import listing

pages = Blueprint("form", __name__)
log = logging.getLogger("casemgr.web")

KEY = "int(max=9223372036854775807)"
PDF = "application/pdf"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: One small and one large file at a time in each process: a village keeps nobody's single form waiting.
_turns = {False: threading.Lock(), True: threading.Lock()}


#: Blank forms being drawn in this process, so that a page that renews itself asks for each only once.
_drawing: set[tuple[str, str]] = set()


def in_background(app: Flask, function: Callable[..., None], *arguments: Any, large: bool = False) -> None:
    """Draw a file beside the requests; what goes wrong stands in the print itself."""

    def run() -> None:
        try:
            with _turns[large], app.app_context():
                function(*arguments)
        except Exception as wrong:  # here only the kind, never a value
            log.error("print failed: %s", type(wrong).__name__)

    threading.Thread(target=run, daemon=True, name="print").start()


def _start(function: Callable[..., None], *arguments: Any, large: bool = False) -> None:
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    in_background(app, function, g.access, *arguments, large=large)


def begin_drawing(key: int, *, large: bool = False) -> None:
    """Draw a print that was begun, beside the requests."""
    _start(printing.carry_out, key, large=large)


@pages.get("/forms")
@guard.guard(Action.FORM_PRINT)
def list_() -> str:
    """The blank forms, and printing for a village."""
    return _list()


def _list(wrong: Unfit | None = None) -> str:
    forms = printing.catalogue(g.access)
    return render_template(
        "form/list.html",
        forms=forms,
        batched=[
            (form.name, f"{form.table} {form.title}")
            for form in _newest(forms)
            if form.name in printing.BATCHED
        ],
        villages=[(one.code, one.name) for one in printing.villages(g.access)],
        purposes=listing.PURPOSES,
        typed=request.form,
        fields=wrong.fields if wrong else {},
        sentence=wrong.message if wrong else "",
    )


def _newest(forms: list[Form]) -> list[Form]:
    found: dict[str, Form] = {}
    for form in forms:
        found.setdefault(form.name, form)
    return list(found.values())


@pages.get("/forms/<name>/<version>")
@guard.guard(Action.FORM_PRINT)
def page(name: str, version: str) -> str:
    """One form: what it asks and when; its blank PDF is drawn when it is first looked at."""
    form = printing.form_of(name, version)
    ready = printing.blank(g.access, name, version) is not None
    if not ready and (name, version) not in _drawing:
        _drawing.add((name, version))
        _start(_draw_blank, name, version)
    return render_template("form/page.html", form=form, ready=ready, when=_when)


def _draw_blank(access: Access, name: str, version: str) -> None:
    try:
        printing.draw_blank(access, name, version)
    finally:
        _drawing.discard((name, version))


def _when(form: Form, each: Field) -> str:
    """When an item is asked and when it must be filled, in words."""
    if each.always_required:
        return "必填"
    asked = f"只在{in_words(form, each.asked)}时填写" if each.asked_data else ""
    if not each.required_data:
        return asked
    must = "此时必填" if each.required_data == '["all"]' else f"必填：{in_words(form, each.required)}"
    return f"{asked}，{must}" if asked else must


@pages.get("/forms/<name>/<version>/pdf")
@guard.guard(Action.FORM_PRINT)
def blank(name: str, version: str) -> Response:
    """The blank form; the page of the form tells when it is still being drawn."""
    content = printing.blank(g.access, name, version)
    if content is None:
        return redirect(url_for("form.page", name=name, version=version), 303)
    form = printing.form_of(name, version)
    return _file(content, f"{form.table}-{form.title}（空白）.pdf", PDF)


@pages.get("/forms/<name>/<version>/sheet")
@guard.guard(Action.FORM_PRINT)
def sheet(name: str, version: str) -> Response:
    """The form as an Excel sheet to be filled in."""
    form = printing.form_of(name, version)
    return _file(printing.sheet(g.access, name, version), f"{form.table}-{form.title}.xlsx", WORKBOOK)


@pages.post("/forms/village")
@guard.guard(Action.FORM_PRINT)
@step_up.fresh
def village() -> Response | tuple[str, int]:
    """Begin to print a form for everybody in a village."""
    code = listing.whole(request.form.get("village"))
    wanted = {
        "form": (request.form.get("form", "") in printing.BATCHED, "请选择要打印的表。"),
        "village": (code is not None, "请选择村（社区）。"),
        "purpose": (
            bool(request.form.get("purpose")),
            "打印会打开姓名，须说明目的，以便留痕。请选择其中一项。",
        ),
    }
    fields = {name: words for name, (given, words) in wanted.items() if not given}
    try:
        if fields or code is None:
            raise Unfit("有几项没有选择，还没有开始打印。请补选，或返回列表下载空白表。", fields=fields)
        key = printing.begin_village(
            g.access, code, request.form["form"], request.form["purpose"], clock.today()
        )
    except Unfit as wrong:
        return _list(wrong), wrong.status
    begin_drawing(key, large=True)
    return redirect(url_for("form.print_", key=key), 303)


@pages.route(f"/case/<{KEY}:key>/print/<name>", methods=["GET", "POST"])
@guard.guard(Action.FORM_PRINT)
def case(key: int, name: str) -> Response | str | tuple[str, int]:
    """Choose what is printed for one person and why; posting begins the print."""
    wrong: Unfit | None = None
    if request.method == "POST":
        try:
            record = listing.whole(request.form.get("record")) or 0
            made = printing.begin(
                g.access, [key], name, request.form.get("purpose", ""), clock.today(), record=record
            )
        except Unfit as unfit:
            wrong = unfit
        else:
            begin_drawing(made)
            return redirect(url_for("form.print_", key=made), 303)
    shown = render_template(
        "form/case.html",
        form=printing.form_of(name),
        records=printing.records(g.access, key, name),
        key=key,
        purposes=listing.PURPOSES,
        typed=request.form,
        fields=wrong.fields if wrong else {},
    )
    return (shown, wrong.status) if wrong else shown


@pages.get("/prints/<int:key>")
@guard.guard(Action.FORM_PRINT)
def print_(key: int) -> str:
    """How far a print is, and where it can be fetched."""
    return render_template("form/print.html", shown=printing.view(g.access, key))


@pages.get("/prints/<int:key>/file")
@guard.guard(Action.FORM_PRINT)
def fetch(key: int) -> Response:
    """The finished file; its name says nothing about a person."""
    title = printing.view(g.access, key).title
    return _file(printing.fetch(g.access, key), f"{title}-{clock.today().isoformat()}.pdf", PDF)


def _file(content: bytes, name: str, media: str) -> Response:
    response = send_file(BytesIO(content), mimetype=media, as_attachment=True, download_name=name, etag=False)
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
