"""长效针剂页: recording a dose, the calendar of a township, candidates, and the data of products."""

from __future__ import annotations

import re
import unicodedata
from datetime import time
from decimal import Decimal
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area as areas
from casemgr.services import clock, injection, injection_calendar, product
from casemgr.services.errors import Missing, Unfit
from casemgr.services.injection import DoseCheck, DoseEntry, DoseForm, Kept
from casemgr.services.injection_calendar import MARKS, Group
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.injection import CourseEnd, Place, Reaction, Role, Side, Site, Trigger
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.case import AREA, KEY, area_choices
from casemgr.web.staff.typed import Typed, have, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("injection", __name__)

MICROGRAMS, MOST_MG = 1000, 10_000
#: Milligrams with micrograms behind the point; a finer or a mathematical way to write is no dose.
_MILLIGRAMS = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?")
WEEKDAYS = "一二三四五六日"
#: How many marks a day of the month grid shows before the rest is counted.
SHOWN_MARKS = 4


# --- one dose -------------------------------------------------------------------------------------


def _milligrams(typed: Typed) -> int | None:
    text = str(typed.form.get("dose_ug", "")).strip().removesuffix("mg").strip()
    if not text:
        return None
    plain = unicodedata.normalize("NFKC", text)
    micrograms = int(Decimal(plain) * MICROGRAMS) if _MILLIGRAMS.fullmatch(plain) else 0
    if not 0 < micrograms <= MOST_MG * MICROGRAMS:
        typed.wrong["dose_ug"] = "剂量应为大于 0 的毫克数，例如 37.5。请改正，或清空。"
        return None
    return micrograms


def _time(typed: Typed) -> time | None:
    text = str(typed.form.get("observed_until", "")).strip()
    if not text:
        return None
    try:
        return injection.clock_time(text)
    except Unfit as wrong:
        typed.wrong |= wrong.fields
        return None


def _entry(typed: Typed) -> DoseEntry:
    labels = injection.LABELS
    on = typed.day("on", labels["on"], required=True)
    code = str(typed.form.get("product", "")).strip()
    if not code:
        typed.wrong["product"] = "请选择产品。没有产品就无法知道下一针的日期。"
    batch = typed.text("batch", labels["batch"], longest=40)
    slip = str(typed.form.get("referral_id", "")).strip()
    entry = {
        "dose_ug": _milligrams(typed),
        "partial": typed.flag("partial"),
        "interval_days": typed.whole("interval_days", labels["interval_days"], 1, 400),
        "role": typed.code(Role, "role", labels["role"]),
        "role_reason": typed.text("role_reason", labels["role_reason"], longest=200),
        "site": typed.code(Site, "site", labels["site"]),
        "side": typed.code(Side, "side", labels["side"]),
        "batch": batch,
        "cold_checked": typed.flag("cold_checked"),
        "place": typed.code(Place, "place", labels["place"]),
        "given_at": typed.text("given_at", labels["given_at"], longest=100),
        "referral_id": listing.whole(slip),
        "reaction": typed.code(Reaction, "reaction", labels["reaction"]),
        "observed_until": _time(typed),
        "next_on": typed.day("next_on", labels["next_on"]),
        "clearance": typed.whole("clearance", labels["clearance"], 1, 300),
        "pregnant": typed.flag("pregnant"),
        "tolerated": typed.flag("tolerated"),
        "note": typed.text("note", labels["note"], longest=500),
    }
    typed.settle()
    return DoseEntry(code, have(on), **entry)  # type: ignore[arg-type]


def _page(
    form: DoseForm,
    raw: dict[str, object],
    fields: dict[str, str],
    check: DoseCheck | None = None,
    change: bool = False,
) -> str:
    return render_template(
        "injection/form.html",
        form=form,
        raw=raw,
        fields=fields,
        check=check,
        change=change,
        slips=[(one.id, one.label) for one in form.referrals],
        labels={**injection.LABELS, "reason": "更正原因"},
        choices={
            "role": Role.choices(),
            "site": Site.choices(),
            "side": Side.choices(),
            "place": Place.choices(),
            "reaction": Reaction.choices(),
        },
        today=clock.today(),
    )


@pages.get(f"/case/<{KEY}:key>/dose/new")
@guard.guard(Action.INJECTION_WRITE)
def new(key: int) -> str:
    """An empty form; what was given last time stands grey beside the fields, nothing is chosen.

    From a referral slip the form begins with that slip and the hospital as the place.
    """
    form = injection.begin(g.access, key)
    slip = listing.whole(request.args.get("referral"))
    if slip is None or slip not in {one.id for one in form.referrals}:
        return _page(form, {}, {})
    return _page(form, {"referral_id": slip, "place": int(Place.HOSPITAL)}, {})


@pages.post(f"/case/<{KEY}:key>/dose/new")
@guard.guard(Action.INJECTION_WRITE)
def save(key: int) -> Response | str | tuple[str, int]:
    """First the check (role, questions, next dose), then, with the check seen, keep the dose once."""
    typed, today = Typed(request.form), clock.today()
    once = typed.key("once")
    try:
        entry = _entry(typed)
        check = injection.look(g.access, key, entry, once, today)
        if request.form.get("looked") != check.digest or request.form.get("recheck"):
            return _page(injection.begin(g.access, key, once), kept(request.form), {}, check)
        done = injection.record(g.access, key, once, entry, today)
    except REFUSALS as wrong:
        return _page(injection.begin(g.access, key, once), kept(request.form), by_field(wrong)), wrong.status
    return _done(done, "这一针已登记。")


@pages.get(f"/dose/<{KEY}:key>")
@guard.guard(Action.INJECTION_WRITE)
def edit(key: int) -> str:
    """A kept dose, to be put right with a reason."""
    form = injection.form_of(g.access, key)
    return _page(form, dict(form.raw), {}, change=True)


@pages.post(f"/dose/<{KEY}:key>")
@guard.guard(Action.INJECTION_WRITE)
def put_right(key: int) -> Response | str | tuple[str, int]:
    """Keep the correction with old and new values, after the same check."""
    typed, today = Typed(request.form), clock.today()
    seen = request.form.get("seen", "")
    try:
        entry = _entry(typed)
        reason = typed.text("reason", "更正原因", longest=200)
        typed.settle()
        done = injection.change(g.access, key, entry, seen, reason, today)
    except REFUSALS as wrong:
        form = injection.form_of(g.access, key)
        return _page(form, kept(request.form), by_field(wrong), change=True), wrong.status
    return _done(done, "已更正，原来的内容保留在改动记录中。")


@pages.post(f"/dose/<{KEY}:key>/stop")
@guard.guard(Action.INJECTION_WRITE)
def stop(key: int) -> Response:
    """Write down that the doctor ended the course, or take that back."""
    today = clock.today()
    if request.form.get("back") == "1":
        return _done(injection.resume_course(g.access, key, today), "已撤销停用。")
    typed = Typed(request.form)
    on = typed.day("stopped_on", "停用日期", required=True)
    reason = typed.code(CourseEnd, "stop_reason", "停用原因", required=True)
    typed.settle()
    return _done(injection.stop(g.access, key, have(on), have(reason), today), "已登记停用。")


def _done(done: Kept, said: str) -> Response:
    if done.recorded.again:
        flash("这一针已经登记过，没有重复登记。", "good")
    else:
        following = f"下一针：{done.advice.when}。" if done.advice is not None else ""
        flash(f"{said}{following}", "good")
    return redirect(url_for("case.page", key=done.recorded.case_id) + "#injection", 303)


# --- the township ---------------------------------------------------------------------------------


@pages.get("/injections", defaults={"code": None})
@pages.get(f"/injections/<{AREA}:code>")
@guard.guard(Action.INJECTION_READ)
def calendar(code: int | None) -> str:
    """The calendar of one township: the month and the list by urgency; a county chooses a township first."""
    place = g.access.low if code is None else code
    if level_of(place) is not AreaLevel.TOWNSHIP:
        if place != g.access.low:
            raise Missing(injection_calendar.NOT_A_TOWNSHIP)
        return render_template(
            "injection/townships.html", townships=area_choices(), writes=g.access.may(Action.PRODUCT_WRITE)
        )
    today, names = clock.today(), listing.names()
    month = injection_calendar.month_of(request.args.get("month", ""), today)
    found = injection_calendar.calendar(g.access, place, month, today, names.purpose)
    return render_template(
        "injection/calendar.html",
        found=found,
        place=areas.get(g.access, place),
        names=names,
        purposes=listing.PURPOSES,
        marks=MARKS,
        weekdays=WEEKDAYS,
        shown_marks=SHOWN_MARKS,
        Group=Group,
        writes=g.access.may(Action.INJECTION_WRITE),
    )


def _trigger(text: str) -> Trigger | None:
    return next((one for one in Trigger if str(int(one)) == text), None)


@pages.get(f"/injections/<{AREA}:code>/candidates")
@guard.guard(Action.INJECTION_READ)
def candidates(code: int) -> str:
    """Who might be asked about long-acting injections, with each situation that made the candidate."""
    names = listing.names()
    trigger = _trigger(request.args.get("trigger", ""))
    page = listing.whole(request.args.get("page"), 1) or 1
    found = injection_calendar.candidates(
        g.access,
        code,
        trigger,
        clock.today(),
        names.purpose,
        page,
        listing.whole(request.args.get("size"), 1) or 50,
    )
    address = url_for("injection.candidates", code=code)
    return render_template(
        "injection/candidates.html",
        found=found,
        place=areas.get(g.access, code),
        names=names,
        purposes=listing.PURPOSES,
        link=partial(_link, address),
    )


def _link(address: str, **given: object) -> str:
    told = {name: str(value) for name, value in given.items() if value not in (None, "")}
    return f"{address}?{urlencode(told)}" if told else address


# --- products -------------------------------------------------------------------------------------


@pages.get("/injections/products")
@guard.guard(Action.INJECTION_READ)
def products() -> str:
    """All products as they hold here, and how many of their figures are 待核对."""
    return render_template("injection/products.html", products=product.list_(g.access))


def _product_page(product_id: str, raw: dict[str, object], fields: dict[str, str]) -> str:
    view = product.product(g.access, product_id)
    return render_template(
        "injection/product.html",
        product=view,
        raw=raw,
        fields=fields,
        labels={"source": "说明书名称和版本", "labelled_on": "说明书日期"},
        once=raw.get("once") or product.next_key(g.access),
        today=clock.today(),
    )


@pages.get("/injections/products/<product_id>")
@guard.guard(Action.INJECTION_READ)
def product_page(product_id: str) -> str:
    """One product: each figure with its source and mark, and the county's own figures beside."""
    view = product.product(g.access, product_id)
    raw: dict[str, object] = {f"figure.{one.key}": one.laid for one in view.figures}
    if view.overlay is not None:
        raw |= {"source": view.overlay.source, "labelled_on": view.overlay.labelled_on.isoformat()}
        raw["checked"] = "1" if view.overlay.checked else ""
    return _product_page(product_id, raw, {})


@pages.post("/injections/products/<product_id>")
@guard.guard(Action.PRODUCT_WRITE)
def lay(product_id: str) -> Response | tuple[str, int]:
    """Lay the county's figures over the product, or take them back."""
    typed = Typed(request.form)
    once = typed.key("once")
    here = url_for("injection.product_page", product_id=product_id)
    try:
        if request.form.get("withdraw") == "1":
            product.withdraw(g.access, product_id, once)
            flash("已撤回本县录入的数据，恢复系统自带数据。原来录入的内容保留在历史中。", "good")
            return redirect(here, 303)
        figures = {
            name.removeprefix("figure."): str(text)
            for name, text in request.form.items()
            if name.startswith("figure.")
        }
        told = product.Typed(
            figures,
            typed.text("source", "说明书名称和版本", longest=200),
            typed.day("labelled_on", "说明书日期"),
            bool(typed.flag("checked")),
        )
        typed.settle()
        written = product.overlay(g.access, product_id, once, told, clock.today())
    except REFUSALS as wrong:
        fields = {
            name if name in ("source", "labelled_on") else f"figure.{name}": text
            for name, text in by_field(wrong).items()
        }
        return _product_page(product_id, kept(request.form), fields), wrong.status
    flash(
        "已保存本县录入的数据，有关患者的下次注射日期已重新计算。"
        if written
        else "已经保存过，没有重复保存。",
        "good",
    )
    return redirect(here, 303)
