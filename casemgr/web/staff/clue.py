"""线索页: clues by state, taking one down with the nine questions, and its steps until it is decided."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area, clock, clue, register
from casemgr.services.clue import NewClue, Step
from casemgr.services.errors import Conflict
from casemgr.terms.area import AreaLevel
from casemgr.terms.clue import ClueSource, ClueState, OddSign
from casemgr.terms.person import Sex
from casemgr.terms.register import Diagnosis
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("clue", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "name": "姓名",
    "sex": "性别",
    "birth_year": "出生年份",
    "id_number": "证件号码",
    "phone": "联系电话",
    "village": "村（社区）",
    "residence": "住址",
    "source": "线索来源",
    "found_on": "发现日期",
    "informant": "知情人",
    "surveyor": "调查人",
    "note": "说明",
    "on": "日期",
    "diagnosis": "诊断",
    "decided_by": "诊断医院和医师",
    "review_on": "复查日期",
    "sign1": "九个问题",
}
#: Codes among them, by their lists.
CHOICES = {"to": ClueState, "diagnosis": Diagnosis, "source": ClueSource, "sex": Sex}


def village_choices() -> list[tuple[int, str]]:
    """Villages within reach, with their township for whoever reaches several."""
    tree = area.tree(g.access, AreaLevel.VILLAGE)
    names = {one.code: one.name for one in tree}
    several = sum(one.level is AreaLevel.TOWNSHIP for one in tree) > 1
    return [
        (one.code, f"{names.get(one.parent or 0, '')} {one.name}".strip() if several else one.name)
        for one in tree
        if one.level is AreaLevel.VILLAGE
    ]


def _state() -> ClueState | None:
    wanted = listing.whole(request.values.get("state"), 1)
    return next((one for one in ClueState if int(one) == wanted), None)


@pages.route("/clues", methods=["GET", "POST"])
@guard.guard(Action.CLUE_READ)
def list_() -> str:
    """Clues by state; a name to be looked for travels in the body, never in the address."""
    text = request.form.get("text", "").strip()[:60]
    number = listing.whole(request.args.get("page"), 1) or 1
    names = listing.names()
    found = clue.list_(g.access, _state(), clock.today(), text, number, names.purpose)
    return render_template(
        "clue/list.html",
        found=found,
        counts=clue.counts(g.access),
        state=_state(),
        text=text,
        names=names,
        purposes=listing.PURPOSES,
    )


@pages.get("/clues/new")
@guard.guard(Action.CLUE_WRITE)
def new() -> str:
    """表1: nine questions put to somebody who knows the person."""
    return _form({"found_on": clock.today().isoformat(), "once": clue.begin()}, {})


def _form(given: dict[str, object], fields: dict[str, str]) -> str:
    return render_template(
        "clue/new.html",
        given=given,
        fields=fields,
        labels=LABELS,
        sources=ClueSource.choices(),
        sexes=[(int(one), one.label) for one in (Sex.MALE, Sex.FEMALE)],
        questions=OddSign.choices(),
        villages=village_choices(),
    )


@pages.post("/clues/new")
@guard.guard(Action.CLUE_WRITE)
def save() -> Response | tuple[str, int]:
    """Take the clue down; a second press leads to the same one."""
    typed = Typed(request.form)
    once = typed.key("once")
    found_on = typed.day("found_on", LABELS["found_on"], required=True)
    this_year = clock.today().year
    told = {
        "name": typed.text("name", LABELS["name"], required=True, longest=40),
        "source": typed.code(ClueSource, "source", LABELS["source"], required=True),
        "village": listing.whole(request.form.get("village"), 1),
        "sex": typed.code(Sex, "sex", LABELS["sex"]),
        "birth_year": typed.whole("birth_year", LABELS["birth_year"], this_year - 120, this_year),
        "signs": _signs(typed),
        **{
            name: typed.text(name, LABELS[name], longest=longest)
            for name, longest in (
                ("id_number", 24),
                ("phone", 30),
                ("residence", 120),
                ("informant", 60),
                ("surveyor", 40),
                ("note", 500),
            )
        },
    }
    wrong = typed.wrong
    if found_on is not None:
        entry = NewClue(found_on=found_on, **told)  # type: ignore[arg-type]
        wrong = {**clue.faults(entry, clock.today()), **wrong}
        if not wrong:
            try:
                key = clue.add(g.access, once, entry, clock.today())
            except REFUSALS as unfit:
                given: dict[str, object] = {**request.form}
                if isinstance(unfit, Conflict):
                    given["once"] = clue.begin()
                return _form(given, by_field(unfit)), unfit.status
            flash("线索已登记。核实前不计入任何统计。", "good")
            return redirect(url_for("clue.page", key=key), 303)
    return _form(dict(request.form), wrong), 422


def _signs(typed: Typed) -> frozenset[OddSign] | None:
    """The questions answered 有; ``None`` when none was answered. Half answered is wrong."""
    answers = {sign: typed.flag(f"sign{int(sign)}") for sign in OddSign}
    open_ones = [sign for sign, answer in answers.items() if answer is None]
    if len(open_ones) == len(answers):
        return None
    for sign in open_ones:
        typed.wrong[f"sign{int(sign)}"] = f"第 {int(sign)} 个问题没有回答。请选“有”或“没有”。"
    return frozenset(sign for sign, answer in answers.items() if answer)


@pages.route(f"/clues/<{KEY}:key>", methods=["GET", "POST"])
@guard.guard(Action.CLUE_READ)
def page(key: int) -> str | tuple[str, int]:
    """One clue; its identity only for a purpose, or while this session shows names."""
    if request.method == "GET":
        return _page(key)
    try:
        return _page(key, purpose=register.purpose_of(request.form.get("purpose", "")).label)
    except REFUSALS as wrong:
        return _page(key, fields=by_field(wrong)), wrong.status


def _page(
    key: int,
    purpose: str = "",
    fields: dict[str, str] | None = None,
    given: Mapping[str, str] | None = None,
) -> str:
    view = clue.get(g.access, key, clock.today(), purpose or listing.names().purpose)
    return render_template(
        "clue/view.html",
        view=view,
        fields=fields or {},
        given=given or {},
        labels=LABELS,
        purposes=listing.PURPOSES,
        diagnoses=Diagnosis.choices(),
        questions=list(OddSign),
        today=clock.today(),
    )


@pages.post(f"/clues/<{KEY}:key>/step")
@guard.guard(Action.CLUE_WRITE)
def step(key: int) -> Response | tuple[str, int]:
    """The next step: verified, confirmed, excluded, or to be looked at again."""
    typed = Typed(request.form)
    to = typed.code(ClueState, "to", "下一步", required=True)
    on = typed.day("on", LABELS["on"], required=True)
    diagnosis = typed.code(Diagnosis, "diagnosis", LABELS["diagnosis"])
    decided_by = typed.text("decided_by", LABELS["decided_by"], longest=80)
    review_on = typed.day("review_on", LABELS["review_on"])
    note = typed.text("note", LABELS["note"], longest=300)
    version = listing.whole(request.form.get("version"), 1) or 0
    try:
        typed.settle()
        if to is not None and on is not None:
            told = Step(to, on, note, diagnosis, decided_by, review_on)
            clue.step(g.access, key, version, told, clock.today())
    except REFUSALS as wrong:
        return _page(key, fields=by_field(wrong), given=request.form), wrong.status
    flash("已记录。", "good")
    return redirect(url_for("clue.page", key=key), 303)
