"""外迁页: a file on its way to another county — its letter and its workbook, until the answer is entered."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, g, redirect, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, exchange, letter, transfer
from casemgr.services.errors import Refused
from casemgr.web import guard, step_up
from casemgr.web.staff import state as state_pages
from casemgr.web.staff.form import WORKBOOK, begin_drawing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("leaving", __name__)

KEY = "int(max=9223372036854775807)"


@pages.post(f"/case/<{KEY}:key>/leaving")
@guard.guard(Action.TRANSFER_WRITE)
def send(key: int) -> Response | tuple[str, int]:
    """Write down that the file is being sent; a second press leads to the same transfer."""
    typed = Typed(request.form)
    receiver = typed.text("receiver", "接收机构", longest=80)
    address = typed.text("address", "新住址和原因", longest=300)
    try:
        typed.settle()
        made = transfer.send_abroad(g.access, key, receiver, address, clock.today())
    except REFUSALS as wrong:
        return state_pages.shown(key, "moved", dict(request.form), by_field(wrong)), wrong.status
    flash("已记录。请打印迁移函、下载档案材料寄送对方；登记对方答复之前，仍由本单位负责。", "good")
    return redirect(url_for("transfer.page", key=made), 303)


@pages.post(f"/transfers/<{KEY}:key>/letter")
@guard.guard(Action.FORM_PRINT)
def print_letter(key: int) -> Response:
    """The letter to the receiving county as PDF."""
    try:
        made = letter.transfer_abroad(g.access, key, clock.today())
    except Refused as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("transfer.page", key=key), 303)
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)


@pages.post(f"/transfers/<{KEY}:key>/workbook")
@guard.guard(Action.EXCHANGE_EXPORT)
@step_up.fresh
def workbook(key: int) -> Response:
    """The workbook of this one person; its name says nothing about whom."""
    try:
        case, *_ = transfer.papers_abroad(g.access, key)
    except Refused as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("transfer.page", key=key), 303)
    out = BytesIO()
    exchange.export_person(g.access, case, out)
    out.seek(0)
    name = f"迁移档案-{clock.today().isoformat()}.xlsx"
    return send_file(out, mimetype=WORKBOOK, as_attachment=True, download_name=name, etag=False)
