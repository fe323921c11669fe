"""药品页: the medicine of a person, who of a township runs out, stock, catalogue, and a county as counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import (
    clock,
    medicine,
    medicine_drug,
    medicine_ledger,
    medicine_visit,
    medicine_watch,
    register,
)
from casemgr.services.incident import spoken
from casemgr.services.medicine import LineForm, RegimenForm, Stop
from casemgr.services.medicine_drug import DrugForm
from casemgr.services.medicine_ledger import Handed
from casemgr.terms.area import AreaLevel, level_of
from casemgr.terms.medication import DrugClass, Fetcher, PayerState, StopReason
from casemgr.web import guard
from casemgr.web.staff import listing, ribbon
from casemgr.web.staff.case import AREA, KEY
from casemgr.web.staff.typed import Typed, have, kept
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("medicine", __name__)

#: 12.5 → 12500; three decimals of a milligram are micrograms, two of a yuan are fen.
_DECIMAL = re.compile(r"\d{1,6}(\.\d{1,3})?")
#: So many micrograms, or fen, are no dose and no price.
MOST = 100_000_000
LABELS = {
    "code": "药品",
    "name": "目录外药名",
    "long_acting": "长效药",
    "morning_mg": "早",
    "noon_mg": "中",
    "evening_mg": "晚",
    "every_weeks": "每几周一次",
    "dose_mg": "每次剂量",
    "since": "开始日期",
    "prescriber": "开具或决定的医师",
    "stopped_on": "停用日期",
    "reason": "原因",
    "note": "说明",
    "on": "日期",
    "ended_on": "结束日期",
    "quantity": "数量",
    "days": "可用天数",
    "batch": "批号",
    "lot": "库存批次",
    "expires_on": "有效期至",
    "insurance": "医保",
    "assistance": "医疗救助",
    "free": "免费二代药",
    "insurance_yuan": "医保金额",
    "assistance_yuan": "医疗救助金额",
    "free_yuan": "免费二代药金额",
    "own_yuan": "自付金额",
    "fetcher": "取药人",
    "unit": "单位",
    "kind": "类别",
    "strength_mg": "每单位毫克数",
    "source": "依据",
    "free_programme": "列入本地免费二代药",
}
#: Codes among them, by their lists.
CHOICES = {"fetcher": Fetcher}


def _thousandths(typed: Typed, name: str, label: str, unit: str, scale: int) -> int | None:
    """A decimal number as a whole number of its ``scale``-th part."""
    text = typed.form.get(name, "").strip()
    if not text:
        return None
    if not _DECIMAL.fullmatch(text) or (found := Decimal(text) * scale) != int(found) or found >= MOST:
        typed.wrong[name] = f"{label}应写成 12.5 这样的数（{unit}）。请改正，或清空。"
        return None
    return int(found)


def _mg(typed: Typed, name: str) -> int | None:
    found = _thousandths(typed, name, LABELS[name], "毫克", 1_000)
    return found or None


def _fen(typed: Typed, name: str) -> int | None:
    return _thousandths(typed, name, LABELS[name], "元", 100)


def _name(person: int) -> str:
    names = listing.names()
    return register.reveal_names(g.access, [person], names.purpose).get(person, "") if names.open else ""


def _names(people: list[int]) -> Mapping[int, str]:
    names = listing.names()
    return register.reveal_names(g.access, people, names.purpose) if names.open else {}


# --- one person -----------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/medicine")
@guard.guard(Action.MEDICINE_READ)
def person(key: int) -> str:
    """Regimen, orders, ribbon, suggestions and the ledger of one person."""
    return _person(key)


def _person(key: int, ended_on: str = "", wrong: str = "") -> str:
    view = medicine.page(g.access, key, clock.today())
    return render_template(
        "medicine/person.html",
        view=view,
        ribbon=ribbon.of(view.adherence) if view.adherence is not None else None,
        offer=medicine_visit.offer_of_case(g.access, key),
        writes=g.access.may(Action.MEDICINE_WRITE),
        name=_name(view.person_id),
        ended_on=ended_on,
        wrong=wrong,
    )


@pages.get(f"/case/<{KEY}:key>/medicine/new")
@guard.guard(Action.MEDICINE_WRITE)
def new(key: int) -> str:
    """A new line of the regimen; nothing is chosen beforehand."""
    return _line(medicine.begin(g.access, key), {}, {})


def _line(form: RegimenForm, given: Mapping[str, object], fields: dict[str, str]) -> str:
    line = form.line
    if not given and line is not None:
        given = {
            "code": line.code,
            "name": "" if line.code else line.name,
            "long_acting": "1" if line.long_acting else "",
            "morning_mg": _as_mg(line.morning_ug),
            "noon_mg": _as_mg(line.noon_ug),
            "evening_mg": _as_mg(line.evening_ug),
            "every_weeks": line.every_weeks,
            "dose_mg": _as_mg(line.dose_ug),
        }
    return render_template(
        "medicine/line.html",
        form=form,
        given=given,
        fields=fields,
        labels=LABELS,
        drugs=[
            (one.code, f"{one.label}（{one.kind.label}{'，长效' if one.long_acting else ''}）")
            for one in form.drugs
        ],
        today=clock.today(),
    )


def _as_mg(ug: int | None) -> str:
    return "" if ug is None else f"{Decimal(ug) / 1_000:f}"


def _line_form(typed: Typed) -> LineForm:
    since = typed.day("since", LABELS["since"], required=True)
    weeks = typed.whole("every_weeks", LABELS["every_weeks"], 1, 52)
    doses = [_mg(typed, name) for name in ("morning_mg", "noon_mg", "evening_mg", "dose_mg")]
    name = typed.text("name", LABELS["name"], longest=60)
    prescriber = typed.text("prescriber", LABELS["prescriber"], longest=60)
    typed.settle()
    return LineForm(
        have(since),
        typed.form.get("code", "").strip(),
        name,
        typed.flag("long_acting") is True,
        doses[0],
        doses[1],
        doses[2],
        weeks,
        doses[3],
        prescriber,
    )


@pages.post(f"/case/<{KEY}:key>/medicine/new")
@guard.guard(Action.MEDICINE_WRITE)
def save(key: int) -> Response | tuple[str, int]:
    """Keep the line once."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        saved = medicine.add_line(g.access, key, once, _line_form(typed), clock.today())
    except REFUSALS as wrong:
        return _line(medicine.begin(g.access, key), kept(request.form), by_field(wrong)), wrong.status
    flash("已写入用药医嘱。" if not saved.again else "这一条已经保存过，没有重复写入。", "good")
    return _back(key)


def _back(case_id: int) -> Response:
    return redirect(url_for("medicine.person", key=case_id), 303)


@pages.get(f"/regimen/<{KEY}:key>/change")
@guard.guard(Action.MEDICINE_WRITE)
def change(key: int) -> str:
    """Another dose or drug from a day on."""
    return _line(medicine.begin_change(g.access, key), {}, {})


@pages.post(f"/regimen/<{KEY}:key>/change")
@guard.guard(Action.MEDICINE_WRITE)
def save_change(key: int) -> Response | tuple[str, int]:
    """Stop the old line and begin the new one, in one step."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        note = typed.text("note", LABELS["note"], longest=300)
        saved = medicine.change_line(g.access, key, once, _line_form(typed), note, clock.today())
    except REFUSALS as wrong:
        return _line(medicine.begin_change(g.access, key), kept(request.form), by_field(wrong)), wrong.status
    flash(
        "已调整：原来的一条停用，新的一条从同一天开始。" if not saved.again else "这次调整已经保存过。",
        "good",
    )
    return _back(saved.case_id)


@pages.get(f"/regimen/<{KEY}:key>/stop")
@guard.guard(Action.MEDICINE_WRITE)
def stop(key: int) -> str:
    """Stop one drug with day and reason."""
    return _stop(key, {}, {})


def _stop(key: int, given: Mapping[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "medicine/stop.html",
        form=medicine.begin_change(g.access, key),
        given=given,
        fields=fields,
        labels=LABELS,
        reasons=[(int(one), one.label) for one in StopReason if one is not StopReason.CHANGED],
        today=clock.today(),
    )


@pages.post(f"/regimen/<{KEY}:key>/stop")
@guard.guard(Action.MEDICINE_WRITE)
def save_stop(key: int) -> Response | tuple[str, int]:
    """Keep the end of the line; it stays among the stopped ones."""
    typed = Typed(request.form)
    try:
        on = typed.day("stopped_on", LABELS["stopped_on"], required=True)
        reason = typed.code(StopReason, "reason", LABELS["reason"], required=True)
        note = typed.text("note", LABELS["note"], longest=300)
        prescriber = typed.text("prescriber", LABELS["prescriber"], longest=60)
        typed.settle()
        told = Stop(have(on), have(reason), note, prescriber)
        saved = medicine.stop_line(g.access, key, told, clock.today())
    except REFUSALS as wrong:
        return _stop(key, kept(request.form), by_field(wrong)), wrong.status
    flash("已登记停用，记录保留。" if not saved.again else "这一条此前已停用，没有改动。", "good")
    return _back(saved.case_id)


# --- 医嘱勿需用药 ------------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/medicine/none")
@guard.guard(Action.MEDICINE_WRITE)
def off(key: int) -> str:
    """A doctor's order that no medicine is needed."""
    return _off(medicine.begin(g.access, key), {}, {})


def _off(form: RegimenForm, given: Mapping[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "medicine/off.html", form=form, given=given, fields=fields, labels=LABELS, today=clock.today()
    )


@pages.post(f"/case/<{KEY}:key>/medicine/none")
@guard.guard(Action.MEDICINE_WRITE)
def save_off(key: int) -> Response | tuple[str, int]:
    """Keep the order once."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        since = typed.day("since", LABELS["since"], required=True)
        prescriber = typed.text("prescriber", LABELS["prescriber"], required=True, longest=60)
        reason = typed.text("note", LABELS["note"], longest=300)
        typed.settle()
        saved = medicine.order_off(g.access, key, once, have(since), prescriber, reason, clock.today())
    except REFUSALS as wrong:
        return _off(medicine.begin(g.access, key), kept(request.form), by_field(wrong)), wrong.status
    flash("已登记“勿需用药”的医嘱。" if not saved.again else "这条医嘱已经保存过。", "good")
    return _back(key)


@pages.post(f"/no-medicine/<{KEY}:key>/end")
@guard.guard(Action.MEDICINE_WRITE)
def end_off(key: int) -> Response | tuple[str, int]:
    """End such an order; the day is the first on which it no longer holds."""
    typed = Typed(request.form)
    try:
        on = typed.day("ended_on", LABELS["ended_on"], required=True)
        typed.settle()
        saved = medicine.end_off(g.access, key, have(on), clock.today())
    except REFUSALS as wrong:
        case, said = medicine.case_of_order(g.access, key), by_field(wrong).get("ended_on", "")
        return _person(case, request.form.get("ended_on", ""), said), wrong.status
    flash("这条医嘱已结束，记录保留。" if not saved.again else "这条医嘱此前已结束。", "good")
    return _back(saved.case_id)


# --- from a visit ---------------------------------------------------------------------------------


@pages.get(f"/visit/<{KEY}:key>/medicine")
@guard.guard(Action.MEDICINE_WRITE)
def from_visit(key: int) -> Response | str:
    """What the visit says otherwise than the regimen, each to be chosen."""
    offer = medicine_visit.offer(g.access, key)
    if offer is None:
        flash("这次随访的用药和医嘱一致，或之后已有新的随访，没有需要改的内容。", "info")
        return redirect(url_for("visit.view", key=key), 303)
    return _from_visit(offer, {})


def _from_visit(offer: medicine_visit.Offer, given: Mapping[str, object], wrong: str = "") -> str:
    return render_template(
        "medicine/visit.html",
        offer=offer,
        given=given,
        wrong=wrong,
        labels=LABELS,
        reasons=[(int(one), one.label) for one in StopReason if one is not StopReason.CHANGED],
    )


@pages.post(f"/visit/<{KEY}:key>/medicine")
@guard.guard(Action.MEDICINE_WRITE)
def carry(key: int) -> Response | tuple[str, int]:
    """Write what was chosen into the regimen."""
    typed = Typed(request.form)
    chosen: dict[int, int] = {}
    stops: dict[int, StopReason] = {}
    for name in request.form:
        number = name.removeprefix("take_")
        if number != name and number.isascii() and number.isdigit() and len(number) < 3:
            chosen[int(number)] = typed.key(f"key_{number}")
        number = name.removeprefix("stop_")
        if number != name and number.isascii() and number.isdigit() and len(number) < 3:
            reason = typed.code(StopReason, name, LABELS["reason"])
            if reason is not None:
                stops[int(number)] = reason
    try:
        prescriber = typed.text("prescriber", LABELS["prescriber"], longest=60)
        typed.settle()
        written = medicine_visit.carry(g.access, key, chosen, stops, prescriber, clock.today())
    except REFUSALS as wrong:
        offer = medicine_visit.offer(g.access, key)
        if offer is None:
            raise
        said = "".join(wrong.fields.values()) or wrong.message
        return _from_visit(offer, kept(request.form), said), wrong.status
    flash(f"医嘱已改动 {written} 条。" if written else "这次改动已经保存过，没有重复写入。", "good")
    return redirect(url_for("visit.view", key=key), 303)


# --- handing out ----------------------------------------------------------------------------------


@pages.get(f"/case/<{KEY}:key>/dispense")
@guard.guard(Action.MEDICINE_WRITE)
def dispensing(key: int) -> str:
    """Hand something out."""
    return _dispense(key, {}, {})


def _dispense(key: int, given: Mapping[str, object], fields: dict[str, str]) -> str:
    today = clock.today()
    return render_template(
        "medicine/dispense.html",
        form=medicine_ledger.begin(g.access, key, today),
        given=given,
        fields=fields,
        labels=LABELS,
        states=PayerState.choices(),
        fetchers=Fetcher.choices(),
        today=today,
    )


@pages.post(f"/case/<{KEY}:key>/dispense")
@guard.guard(Action.MEDICINE_WRITE)
def dispense(key: int) -> Response | tuple[str, int]:
    """Keep what was handed out; what is questioned comes back with everything that was typed."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        told = _handed(typed)
        saved = medicine_ledger.dispense(g.access, key, once, told, clock.today())
    except REFUSALS as wrong:
        return _dispense(key, kept(request.form), by_field(wrong)), wrong.status
    flash("发药已登记。" if not saved.again else "这次发药已经登记过，没有重复写入。", "good")
    if saved.later:
        flash(spoken(saved.later), "warn")
    return _back(key)


def _handed(typed: Typed) -> Handed:
    on = typed.day("on", "发药日期", required=True)
    code = typed.text("code", LABELS["code"], longest=24)
    if not code:
        typed.wrong["code"] = "请选择发的是哪一种药。余药按药品分别推算。"
    quantity = typed.whole("quantity", LABELS["quantity"], 1, medicine_ledger.MOST_UNITS)
    days = typed.whole("days", LABELS["days"], 1, medicine_ledger.MOST_DAYS)
    for name, value in (("quantity", quantity), ("days", days)):
        if value is None and name not in typed.wrong:
            typed.missing(name, LABELS[name])
    states = {
        name: typed.code(PayerState, name, LABELS[name]) for name in ("insurance", "assistance", "free")
    }
    amounts = [_fen(typed, f"{name}_yuan") for name in ("insurance", "assistance", "free", "own")]
    batch = typed.text("batch", LABELS["batch"], longest=40)
    reason = typed.text("reason", LABELS["reason"], longest=300)
    lot = listing.whole(typed.form.get("lot"), 1)
    fetcher = typed.code(Fetcher, "fetcher", LABELS["fetcher"])
    typed.settle()
    return Handed(
        have(on),
        code,
        have(quantity),
        have(days),
        batch,
        lot,
        states["insurance"] or PayerState.OPEN,
        amounts[0],
        states["assistance"] or PayerState.OPEN,
        amounts[1],
        states["free"] or PayerState.OPEN,
        amounts[2],
        amounts[3],
        fetcher,
        reason,
    )


@pages.get(f"/dispensing/<{KEY}:key>/counter")
@guard.guard(Action.MEDICINE_WRITE)
def counter(key: int) -> str:
    """Take one entry back."""
    return _counter(key, {}, {})


def _counter(key: int, given: Mapping[str, object], fields: dict[str, str]) -> str:
    form = medicine_ledger.begin_counter(g.access, key)
    return render_template("medicine/counter.html", form=form, given=given, fields=fields, labels=LABELS)


@pages.post(f"/dispensing/<{KEY}:key>/counter")
@guard.guard(Action.MEDICINE_WRITE)
def save_counter(key: int) -> Response | tuple[str, int]:
    """Keep the counter-entry; the entry itself stays."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        reason = typed.text("reason", LABELS["reason"], longest=300)
        typed.settle()
        saved = medicine_ledger.counter(g.access, key, once, reason, clock.today())
    except REFUSALS as wrong:
        return _counter(key, kept(request.form), by_field(wrong)), wrong.status
    flash("已冲正，原记录保留。" if not saved.again else "这条记录已经冲正过，没有再写。", "good")
    return _back(saved.case_id)


# --- a township -----------------------------------------------------------------------------------


@pages.get("/medicine")
@guard.guard(Action.MEDICINE_READ)
def page() -> Response:
    """Where 药品 leads: a township's doctor to the own list, a county to its counts."""
    if level_of(g.access.low) is AreaLevel.TOWNSHIP:
        return redirect(url_for("medicine.township", area=g.access.low), 303)
    return redirect(url_for("medicine.county"), 303)


@pages.get(f"/medicine/<{AREA}:area>")
@guard.guard(Action.MEDICINE_READ)
def township(area: int) -> str:
    """谁快断药: who will soon have used up what was handed out, in kind words."""
    ahead = listing.whole(request.args.get("ahead"), 1)
    found = medicine_watch.running_out(g.access, area, clock.today(), ahead)
    ending = (*found.soon, *found.over, *found.long_over)
    shown = [*(one.person_id for one in ending), *(one.person_id for one in found.unrecorded)]
    return render_template(
        "medicine/township.html",
        found=found,
        choices=medicine_watch.AHEAD,
        names=_names(shown) if shown else {},
        open=listing.names().open,
        writes=g.access.may(Action.MEDICINE_WRITE),
    )


@pages.get(f"/medicine/<{AREA}:area>/stock")
@guard.guard(Action.MEDICINE_READ)
def stock(area: int) -> str:
    """The stock of a township by lot and expiry."""
    return _stock(area, {}, {})


def _stock(
    area: int,
    given: Mapping[str, object],
    fields: dict[str, str],
    off: Mapping[str, object] | None = None,
) -> str:
    today = clock.today()
    return render_template(
        "medicine/stock.html",
        found=medicine_ledger.stock(g.access, area, today),
        given=given,
        fields=fields,
        labels=LABELS,
        off=off or {},
        writes=g.access.may(Action.MEDICINE_WRITE),
        today=today,
    )


@pages.post(f"/medicine/<{AREA}:area>/stock")
@guard.guard(Action.MEDICINE_WRITE)
def receive(area: int) -> Response | tuple[str, int]:
    """Take a delivery in."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        on = typed.day("on", "入库日期", required=True)
        expires_on = typed.day("expires_on", LABELS["expires_on"], required=True)
        quantity = typed.whole("quantity", LABELS["quantity"], 1, medicine_ledger.MOST_UNITS)
        if quantity is None and "quantity" not in typed.wrong:
            typed.missing("quantity", LABELS["quantity"])
        code = typed.text("code", LABELS["code"], required=True, longest=24)
        batch = typed.text("batch", LABELS["batch"], required=True, longest=40)
        typed.settle()
        new = medicine_ledger.receive(
            g.access, area, once, code, batch, have(expires_on), have(quantity), have(on), clock.today()
        )
    except REFUSALS as wrong:
        return _stock(area, kept(request.form), by_field(wrong)), wrong.status
    flash("已入库。" if new else "这次入库已经登记过，没有重复写入。", "good")
    return redirect(url_for("medicine.stock", area=area), 303)


@pages.post(f"/stock/<{KEY}:key>/write-off")
@guard.guard(Action.MEDICINE_WRITE)
def write_off(key: int) -> Response | tuple[str, int]:
    """Take units out of a lot without handing them to anybody."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        quantity = typed.whole("quantity", LABELS["quantity"], 1, medicine_ledger.MOST_UNITS)
        if quantity is None and "quantity" not in typed.wrong:
            typed.missing("quantity", LABELS["quantity"])
        reason = typed.text("reason", LABELS["reason"], longest=300)
        typed.settle()
        area, new = medicine_ledger.write_off(g.access, key, once, have(quantity), reason, clock.today())
    except REFUSALS as wrong:
        area = medicine_ledger.area_of_lot(g.access, key)
        said = "".join(wrong.fields.values()) or wrong.message
        return _stock(area, {}, {}, {**kept(request.form), "lot": key, "says": said}), wrong.status
    flash("已报损。" if new else "这次报损已经登记过，没有重复写入。", "good")
    return redirect(url_for("medicine.stock", area=area), 303)


# --- the catalogue and the county -------------------------------------------------------------------


@pages.get("/medicine/drugs")
@guard.guard(Action.MEDICINE_READ)
def drugs() -> str:
    """The catalogue, with where each line comes from."""
    return _drugs({}, {})


def _drugs(given: Mapping[str, object], fields: dict[str, str]) -> str:
    writes = g.access.may(Action.PRODUCT_WRITE)
    return render_template(
        "medicine/drugs.html",
        drugs=medicine_drug.drugs(g.access),
        once=medicine_drug.begin_drug(g.access) if writes else 0,
        given=given,
        fields=fields,
        labels=LABELS,
        kinds=DrugClass.choices(),
        writes=writes,
    )


@pages.post("/medicine/drugs")
@guard.guard(Action.PRODUCT_WRITE)
def add_drug() -> Response | tuple[str, int]:
    """Add a drug of the county's own."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        kind = typed.code(DrugClass, "kind", LABELS["kind"], required=True)
        form = DrugForm(
            typed.text("code", "编码", required=True, longest=24).upper(),
            typed.text("name", "通用名", required=True, longest=medicine_drug.LONGEST_NAME),
            typed.text("unit", LABELS["unit"], required=True, longest=medicine_drug.LONGEST_UNIT),
            kind or DrugClass.OTHER,
            _mg(typed, "strength_mg"),
            typed.flag("second_generation") is True,
            typed.flag("free_programme") is True,
            typed.text("source", LABELS["source"], required=True, longest=medicine_drug.LONGEST_SOURCE),
        )
        typed.settle()
        new = medicine_drug.save_drug(g.access, once, form)
    except REFUSALS as wrong:
        return _drugs(kept(request.form), by_field(wrong)), wrong.status
    flash("药品已加入目录。" if new else "这个药品已经加入过。", "good")
    return redirect(url_for("medicine.drugs"), 303)


@pages.post("/medicine/drugs/switch")
@guard.guard(Action.PRODUCT_WRITE)
def switch_drug() -> Response:
    """Disable or enable a drug, or put it on or off the county's free list."""
    form: MultiDict[str, str] = request.form
    flags = {"1": True, "0": False}
    found = medicine_drug.switch_drug(
        g.access,
        form.get("code", ""),
        active=flags.get(form.get("active", "")),
        free_programme=flags.get(form.get("free_programme", "")),
    )
    flash(f"{found.label} 已改动，记录了改动人和日期。", "good")
    return redirect(url_for("medicine.drugs"), 303)


@pages.get("/medicine/county")
@guard.guard(Action.MEDICINE_READ)
def county() -> str:
    """Adherence by township and by drug, as counts; few people are not printed."""
    return render_template(
        "medicine/county.html",
        found=medicine_watch.county(g.access, g.access.low, clock.today()),
        columns=medicine_watch.COLUMNS,
    )
