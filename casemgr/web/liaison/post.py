"""岗位窗口: what a village doctor saw and what a hospital tells, each about somebody on the own list."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import liaison, liaison_post
from casemgr.services.liaison import Unfit
from casemgr.services.liaison_post import AnswerForm, FromHospital, Seen
from casemgr.terms.account import Role
from casemgr.terms.liaison import OF_HOSPITAL
from casemgr.terms.post import Danger, Spirits, Stay, Taking
from casemgr.terms.register import Diagnosis
from casemgr.web.liaison import guard
from casemgr.web.liaison.window import day, whole
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("post", __name__)

KEY = "int(max=9223372036854775807)"
#: Codes among what is asked, by their lists.
CHOICES = {"spirits": Spirits, "taking": Taking, "stay": Stay, "dangers": Danger, "diagnosis": Diagnosis}
LABELS = {
    "on": "哪一天",
    "spirits": "精神状态",
    "taking": "服药",
    "stay": "人在哪里",
    "dangers": "危险征兆",
    "note": "说明",
    "kind": "回报什么",
    "admitted_on": "入院日期",
    "diagnosis": "出院诊断",
    "medication": "用药（出院带药、有无调整）",
    "advice": "出院医嘱和注意事项",
    "again_on": "下次复诊日期",
    "doctor": "经治医生",
}
NO_DAY = "没有这个日期。请按 2026-09-12 的样子填写，或从日历中选择。"


def _page(form: AnswerForm, given: MultiDict[str, str], fields: dict[str, str]) -> str:
    village = form.role is Role.VILLAGE_DOCTOR
    return render_template(
        "liaison/seen.html" if village else "liaison/hospital.html",
        form=form,
        given=given,
        chosen=given.getlist("dangers"),
        fields=fields,
        labels=LABELS,
        today=liaison.today(),
        choices={
            "spirits": Spirits.choices(),
            "taking": Taking.choices(),
            "stay": Stay.choices(),
            "dangers": Danger.choices(),
            "kind": [(int(one), one.label) for one in OF_HOSPITAL],
            "diagnosis": Diagnosis.choices(),
        },
    )


@pages.get(f"/sheet/<{KEY}:key>/answer")
@guard.guard(Action.LIAISON_REPORT)
def new(key: int) -> str:
    """An empty answer about the person of a sheet; it names nobody but as the list does."""
    form = liaison_post.begin(g.access, key)
    return _page(form, MultiDict({"on": liaison.today().isoformat()}), {})


def _day(typed: MultiDict[str, str], name: str, wrong: dict[str, str]) -> date | None:
    text = typed.get(name, "").strip()
    if not text:
        return None
    try:
        return day(text)
    except ValueError:
        wrong[name] = NO_DAY
        return None


@pages.post(f"/sheet/<{KEY}:key>/answer")
@guard.guard(Action.LIAISON_REPORT)
def save(key: int) -> Response | tuple[str, int]:
    """Keep it; everything typed stays when something is missing."""
    typed = request.form
    form = liaison_post.begin(g.access, key)
    once = whole(typed.get("once")) or form.once
    wrong: dict[str, str] = {}
    try:
        if form.role is Role.VILLAGE_DOCTOR:
            told = _seen(typed, wrong)
            kept = liaison_post.observe(g.access, key, once, told, liaison.today())
            urgent = bool(told.dangers) or told.stay in liaison_post.URGENT_STAYS
        else:
            said = _from_hospital(typed, wrong)
            if wrong:  # a day that may stay empty, but is none: nothing is kept without it
                raise Unfit("没有保存。", fields=wrong)
            kept, urgent = liaison_post.answer(g.access, key, once, said, liaison.today()), False
    except REFUSALS as refused:
        return _page(form, typed, by_field(refused) | wrong), refused.status
    words = "已报给社区医生，核实采纳后进入档案。" if kept else "这一条此前已报过，没有重复。"
    if kept and urgent:
        words += "有危险的，请现在就打电话给社区医生；危及生命先拨 120、110。"
    flash(words, "warn" if kept and urgent else "good")
    return redirect(url_for("window.home"), 303)


def _seen(typed: MultiDict[str, str], wrong: dict[str, str]) -> Seen:
    code = {name: whole(typed.get(name)) for name in ("spirits", "taking", "stay")}
    ticked = {text.strip() for text in typed.getlist("dangers")}
    return Seen(
        on=_day(typed, "on", wrong),
        spirits=next((one for one in Spirits if code["spirits"] == one), None),
        taking=next((one for one in Taking if code["taking"] == one), None),
        stay=next((one for one in Stay if code["stay"] == one), None),
        dangers=tuple(one for one in Danger if str(int(one)) in ticked),
        note=typed.get("note", "").strip(),
    )


def _from_hospital(typed: MultiDict[str, str], wrong: dict[str, str]) -> FromHospital:
    code, diagnosis = whole(typed.get("kind")), whole(typed.get("diagnosis"))
    return FromHospital(
        kind=next((one for one in OF_HOSPITAL if code == one), None),
        on=_day(typed, "on", wrong),
        admitted_on=_day(typed, "admitted_on", wrong),
        diagnosis=next((one for one in Diagnosis if diagnosis == one), None),
        again_on=_day(typed, "again_on", wrong),
        **{name: typed.get(name, "").strip() for name in ("medication", "advice", "doctor", "note")},
    )
