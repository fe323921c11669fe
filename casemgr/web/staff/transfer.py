"""迁移页: transfers of files between townships — asked for, accepted, declined, taken back."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, registration, transfer
from casemgr.services.errors import Conflict, Refused, Unfit
from casemgr.terms.area import AreaLevel, ancestor, level_of
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.clue import village_choices
from casemgr.web.staff.registration import again
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("transfer", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {"to": "迁往", "reason": "原因", "village": "现住村（社区）", "unit_code": "管理单位"}


@pages.get("/transfers")
@guard.guard(Action.TRANSFER_READ)
def list_() -> str:
    """What comes in, what goes out; the county sees each once and those nobody has answered in time."""
    if g.access.may(Action.TRANSFER_WRITE) and level_of(g.access.low) < AreaLevel.TOWNSHIP:
        transfer.ask_county(g.access, clock.today())
    names = listing.names()
    return render_template(
        "transfer/list.html",
        rows=transfer.list_(g.access, clock.today(), names.purpose),
        names=names,
        purposes=listing.PURPOSES,
    )


@pages.get(f"/transfers/<{KEY}:key>")
@guard.guard(Action.TRANSFER_READ)
def page(key: int) -> str:
    """One transfer: who, from where, why, and the answer; the name is opened and that is written down."""
    return _page(key, {}, {})


def _page(key: int, given: dict[str, str], fields: dict[str, str]) -> str:
    view = transfer.get(g.access, key, clock.today())
    # Whoever receives places the person in one of the own villages; the holder of the file does not.
    places = view.side == 2 or level_of(g.access.low) < AreaLevel.TOWNSHIP
    villages = [one for one in village_choices() if ancestor(one[0], AreaLevel.TOWNSHIP) == view.area]
    return render_template(
        "transfer/view.html",
        view=view,
        given=given,
        fields=fields,
        labels=LABELS,
        villages=villages if places else [],
        units=registration.units_of(g.access, view.area) if places else (),
    )


@pages.post(f"/transfers/<{KEY}:key>")
@guard.guard(Action.TRANSFER_WRITE)
def answer(key: int) -> Response | tuple[str, int]:
    """Accept, decline or take back; a second press finds the answer given."""
    form = request.form
    version = listing.whole(form.get("version"), 1) or 0
    today, wanted = clock.today(), form.get("answer", "")
    try:
        if wanted == "accept":
            village = listing.whole(form.get("village"), 1)
            case = transfer.accept(g.access, key, version, village, today, form.get("unit_code", ""))
            return _accepted(key, case)
        if wanted == "decline":
            transfer.decline(g.access, key, version, form.get("reason", "").strip()[:300], today)
            flash("已答复不接收，对方会看到理由，并继续负责管理。", "good")
        elif wanted == "withdraw":
            transfer.withdraw(g.access, key, version, today)
            flash("已撤回。", "good")
    except REFUSALS as wrong:
        return _page(key, dict(form), by_field(wrong)), wrong.status
    return redirect(url_for("transfer.page", key=key), 303)


def _accepted(key: int, case: int) -> Response:
    view = transfer.get(g.access, key, clock.today())
    if view.case_id is None:
        flash("已同意转出，档案已转到对方，由对方负责管理。", "good")
        return redirect(url_for("transfer.page", key=key), 303)
    flash("已接收，档案由本单位负责管理。请核对住址和电话，并按待办随访。", "good")
    return redirect(url_for("case.page", key=case), 303)


@pages.get(f"/case/<{KEY}:key>/transfer")
@guard.guard(Action.TRANSFER_WRITE)
def new(key: int) -> str:
    """Ask another township of the county to take a file over."""
    return _new(key, {}, {})


def _new(key: int, given: dict[str, str], fields: dict[str, str]) -> str:
    file_no, townships = transfer.targets(g.access, key)
    return render_template(
        "transfer/new.html",
        key=key,
        file_no=file_no,
        townships=townships,
        given=given,
        fields=fields,
        labels=LABELS,
    )


@pages.post(f"/case/<{KEY}:key>/transfer")
@guard.guard(Action.TRANSFER_WRITE)
def ask(key: int) -> Response | tuple[str, int]:
    """Send the question to the other township; asking twice is asking once."""
    typed = Typed(request.form)
    reason = typed.text("reason", LABELS["reason"], longest=300)
    to = listing.whole(request.form.get("to"), 1)
    try:
        typed.settle()
        made = transfer.ask(g.access, key, to, reason, clock.today())
    except REFUSALS as wrong:
        return _new(key, dict(request.form), by_field(wrong)), wrong.status
    flash("迁移申请已送出。对方接收之前，仍由本单位负责管理。", "good")
    return redirect(url_for("transfer.page", key=made), 303)


@pages.post("/transfers/ask-in")
@guard.guard(Action.TRANSFER_WRITE)
def ask_in() -> Response | tuple[str, int]:
    """«申请转入» from the warning about duplicates: what was typed travels in the body, and comes back."""
    form = request.form
    try:
        made = transfer.ask_in(
            g.access,
            form.get("id_number", ""),
            form.get("name", "").strip()[:40],
            "登记建档时查重发现",
            clock.today(),
        )
    except (Unfit, Refused, Conflict) as wrong:
        return again({"id_number": "；".join(wrong.fields.values()) or wrong.message})
    flash("转入申请已送出。对方同意后，档案会转到本单位；在此之前由对方负责管理。", "good")
    return redirect(url_for("transfer.page", key=made), 303)
