"""状态变更页: one page for each change of state of a case, all of one shape; and letters to be printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, state
from casemgr.services import letter as letters
from casemgr.services.errors import Conflict, Refused
from casemgr.services.state import Answer, Death, Rediagnosis
from casemgr.terms.followup import BodilyDisease, DeathCause, LossReason
from casemgr.terms.register import Diagnosis, Lifecycle, Management, Pause
from casemgr.terms.state import ConsentStep, DeathProof
from casemgr.web import guard, unsaved
from casemgr.web.staff import listing
from casemgr.web.staff.form import begin_drawing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("state", __name__)

KEY = "int(max=9223372036854775807)"


@dataclass(frozen=True, slots=True)
class Item:
    """One field of a page of this module; ``kind`` is that of parts/field.html."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    hint: str = ""
    choices: tuple[tuple[int, str], ...] = ()
    longest: int = 200


Save = Callable[[int, int, Typed], str]


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change: its page, its fields, and what saves it and says so."""

    title: str
    lead: str
    button: str
    items: tuple[Item, ...]
    save: Save
    rule: str = ""
    status: str = ""
    open_only: bool = True
    labels: dict[str, str] = field(default_factory=dict)


def _choices(term: Any, *without: int) -> tuple[tuple[int, str], ...]:
    return tuple((code, label) for code, label in term.choices() if code not in without)


def _on(label: str, hint: str = "") -> Item:
    return Item("on", label, "date", True, hint)


def _reason(required: bool = True, hint: str = "") -> Item:
    return Item("reason", "理由", "textarea", required, hint, longest=300)


def _day(typed: Typed, name: str, label: str) -> date:
    """A required day; the first of January 1900 stands for one that is wrong, which ``settle`` raises."""
    return typed.day(name, label, required=True) or date(1900, 1, 1)


def _death(key: int, version: int, typed: Typed) -> str:
    told = Death(
        _day(typed, "on", "死亡日期"),
        typed.code(DeathCause, "cause", "死亡原因"),
        typed.code(BodilyDisease, "disease", "疾病"),
        typed.code(DeathProof, "proof", "核实方式"),
        typed.text("detail", "核实经过", longest=300),
        typed.text("why_no_incident", "没有登记事件的理由", longest=200),
    )
    typed.settle()
    if state.death(g.access, key, version, told, clock.today()):
        return "已登记死亡，档案不再计入在册。"
    return "已记录为“死亡待核实”，档案不变。请入户或取得证明后再登记。"


def _lost(key: int, version: int, typed: Typed) -> str:
    on = _day(typed, "on", "失访日期")
    why = typed.code(LossReason, "why", "失访原因")
    reason = typed.text("reason", "判定依据", longest=300)
    typed.settle()
    state.lost(g.access, key, version, on, why, reason, clock.today())
    return "已确认失访。档案仍在册，请打印书面告知并继续查找。"


def _pause(key: int, version: int, typed: Typed) -> str:
    kind = typed.code(Pause, "kind", "情形")
    since, until = typed.day("since", "开始日期"), typed.day("until", "预计到")
    reason = typed.text("reason", "理由", longest=300)
    typed.settle()
    state.pause(g.access, key, version, kind, until, reason, clock.today(), since)
    return "已暂停按期随访，到期前会提醒恢复。"


def _exclude(key: int, version: int, typed: Typed) -> str:
    on = _day(typed, "on", "重新诊断日期")
    hospital, reason = (
        typed.text("hospital", "诊断医院", longest=80),
        typed.text("reason", "理由", longest=300),
    )
    typed.settle()
    state.exclude(g.access, key, version, on, hospital, reason, clock.today())
    return "已排除，档案不再计入在册。有报告卡的，请通知报告单位更正。"


def _moved(key: int, version: int, typed: Typed) -> str:
    on = _day(typed, "on", "迁出日期")
    place, reason = typed.text("place", "接收机构", longest=80), typed.text("reason", "理由", longest=300)
    typed.settle()
    state.moved(g.access, key, version, on, place, reason, clock.today())
    return "已登记迁出本县。请把档案材料交给接收机构。"


def _diagnose(key: int, version: int, typed: Typed) -> str:
    told = Rediagnosis(
        typed.code(Diagnosis, "diagnosis", "新的诊断"),
        typed.text("icd10", "ICD-10", longest=10),
        _day(typed, "on", "诊断日期"),
        typed.text("hospital", "诊断医院", longest=80),
        typed.text("reason", "理由", longest=300),
    )
    typed.settle()
    state.diagnose(g.access, key, version, told, clock.today())
    return "诊断已变更，原诊断留在历史中。"


def _consent(key: int, version: int, typed: Typed) -> str:
    told = Answer(
        typed.code(ConsentStep, "step", "征求结果"),
        _day(typed, "on", "签字或告知日期"),
        typed.text("signer", "签字人", longest=40),
        typed.text("reason", "说明", longest=300),
    )
    typed.settle()
    state.consent(g.access, key, version, told, clock.today())
    return "已记录。不同意的，一年后会提醒再次征求。" if told.step in (2, 3) else "已记录。"


def _reopen(key: int, version: int, typed: Typed) -> str:
    on, reason = _day(typed, "on", "恢复日期"), typed.text("reason", "理由", longest=300)
    typed.settle()
    state.reopen(g.access, key, version, on, reason, clock.today())
    return "档案已恢复在册。"


CHANGES: dict[str, Change] = {
    "death": Change(
        "登记死亡",
        "由医生核实后登记。只听电话告知的，选“电话告知，尚未核实”，档案不变，先列入待办。",
        "登记",
        (
            _on("死亡日期"),
            Item("proof", "核实方式", "radio", True, choices=_choices(DeathProof)),
            Item("cause", "死亡原因", "radio", False, choices=_choices(DeathCause)),
            Item("disease", "躯体疾病", "select", hint="死于躯体疾病时填写", choices=_choices(BodilyDisease)),
            Item("detail", "核实经过", "textarea", hint="向谁核实、看了什么证明", longest=300),
            Item("why_no_incident", "没有登记事件的理由", hint="死于自杀或意外、又没有登记事件时填写"),
        ),
        _death,
        "GW2017-8.6",
        "V",
    ),
    "lost": Change(
        "确认失访",
        "失访者仍在册，继续查找。找到后一按即恢复。",
        "确认失访",
        (
            _on("失访日期", "一般为最后一次未访到的日期"),
            Item("why", "失访原因", "radio", True, choices=_choices(LossReason)),
            Item("reason", "判定依据", "textarea", hint="没有满三次未访到时必填", longest=300),
        ),
        _lost,
        "GF2018-8.2",
        "UNVERIFIED-H",
    ),
    "pause": Change(
        "暂停按期随访",
        "住院或外出期间另行安排，到期提醒恢复；不等于不管。",
        "暂停",
        (
            Item("kind", "情形", "radio", True, choices=_choices(Pause)),
            Item("since", "开始日期", "date", hint="不填即今天"),
            Item("until", "预计到", "date", True),
            _reason(False, "如住院医院、外出地点和联系办法"),
        ),
        _pause,
    ),
    "exclude": Change(
        "排除",
        "经重新诊断或鉴定不属于严重精神障碍的，档案排除，不再计入在册。",
        "排除",
        (_on("重新诊断日期"), Item("hospital", "诊断医院", required=True, longest=80), _reason()),
        _exclude,
        "FB2013-3.5",
        "V",
    ),
    "moved": Change(
        "迁出本县",
        "迁往本县其他乡镇的，请用“迁移”。迁往外县的，先寄送材料，对方答复接收后再登记迁出；登记之前仍由本单位负责。",
        "登记迁出",
        (_on("迁出日期"), Item("place", "接收机构", required=True, longest=80), _reason(False)),
        _moved,
        "GF2018-8.5",
        "UNVERIFIED-M",
    ),
    "diagnosis": Change(
        "变更诊断",
        "须有精神科执业医师的诊断。原诊断和日期留在历史中。",
        "变更",
        (
            Item("diagnosis", "新的诊断", "radio", True, choices=_choices(Diagnosis)),
            Item("icd10", "ICD-10", longest=10),
            _on("诊断日期"),
            Item("hospital", "诊断医院", required=True, longest=80),
            _reason(),
        ),
        _diagnose,
        "GW2017-1.3",
        "V2",
    ),
    "consent": Change(
        "征求知情同意",
        "不同意者仍在册，每年再征求一次；符合第三十条第二款第二项的，告知后纳入管理。",
        "保存",
        (
            Item("step", "征求结果", "radio", True, choices=_choices(ConsentStep)),
            _on("签字或告知日期"),
            Item("signer", "签字人或被告知的人", required=True, hint="如：本人；监护人", longest=40),
            Item("reason", "说明", "textarea", longest=300),
        ),
        _consent,
        "GF2018-4.3",
        "V2",
    ),
    "reopen": Change(
        "恢复在册",
        "登记有误的，填出册的那一天；重新迁入的，填回来的日期。",
        "恢复在册",
        (_on("恢复日期"), _reason()),
        _reopen,
        "REC-8.7",
        "REC",
        open_only=False,
    ),
}
KINDS = "any(" + ",".join(CHANGES) + ")"
#: Fields of the step before 迁出本县, see :mod:`casemgr.web.staff.leaving`.
LEAVING = {"receiver": "接收机构", "address": "新住址和原因"}
LABELS = {item.name: item.label for change in CHANGES.values() for item in change.items} | LEAVING
#: Codes among them, by their lists.
CHOICES = {
    "proof": DeathProof,
    "cause": DeathCause,
    "disease": BodilyDisease,
    "why": LossReason,
    "kind": Pause,
    "step": ConsentStep,
    "diagnosis": Diagnosis,
}


@pages.get(f"/case/<{KEY}:key>/<{KINDS}:kind>")
@guard.guard(Action.REGISTER_WRITE)
def page(key: int, kind: str) -> str:
    """The page of one change, with how the case stands."""
    return shown(key, kind, {}, {})


def shown(key: int, kind: str, given: dict[str, Any], fields: dict[str, str]) -> str:
    """The page of one change with what was typed and what is wrong."""
    change = CHANGES[kind]
    standing = state.standing(g.access, key, clock.today())
    return render_template(
        "state/page.html",
        kind=kind,
        change=change,
        standing=standing,
        given={"version": standing.version, **given},
        fields=fields,
        labels={item.name: item.label for item in change.items} | LEAVING,
        open=standing.on_register if change.open_only else not standing.on_register,
        letters=state.RECEIVERS if kind == "lost" and standing.management is Management.LOST else {},
        lifecycle=Lifecycle,
        today=clock.today(),
    )


@pages.post(f"/case/<{KEY}:key>/<{KINDS}:kind>")
@guard.guard(Action.REGISTER_WRITE)
def save(key: int, kind: str) -> Response | tuple[str, int]:
    """Save the change; a second press is answered like the first."""
    typed = Typed(request.form)
    version = listing.whole(request.form.get("version"), 1) or 0
    try:
        said = CHANGES[kind].save(key, version, typed)
    except REFUSALS as wrong:
        return shown(key, kind, unsaved.typed(wrong, request.form), by_field(wrong)), wrong.status
    flash(said, "good")
    if kind == "lost":
        return redirect(url_for("state.page", key=key, kind=kind), 303)
    return redirect(url_for("case.page", key=key), 303)


@pages.post(f"/case/<{KEY}:key>/found")
@guard.guard(Action.REGISTER_WRITE)
def found(key: int) -> Response:
    """Found again, in one tap."""
    return _tapped(key, lambda: state.found(g.access, key, clock.today()), "已恢复管理。请尽快安排随访。")


@pages.post(f"/case/<{KEY}:key>/resume")
@guard.guard(Action.REGISTER_WRITE)
def resume(key: int) -> Response:
    """Back from hospital or from away, in one tap."""
    return _tapped(key, lambda: state.resume(g.access, key, clock.today()), "已恢复按期随访。")


def _tapped(key: int, act: Callable[[], None], said: str) -> Response:
    try:
        act()
    except (Refused, Conflict) as wrong:
        flash(wrong.message, "bad")
    else:
        flash(said, "good")
    return redirect(url_for("case.page", key=key), 303)


@pages.post(f"/case/<{KEY}:key>/lost/letter")
@guard.guard(Action.FORM_PRINT)
def letter(key: int) -> Response:
    """One written notice about somebody lost, to be printed and signed; its page tells when it is drawn."""
    to = request.form.get("to", "")
    if to not in state.RECEIVERS:
        raise NotFound
    made = letters.lost(g.access, key, to, clock.today())
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)
