"""权利申请页: requests of patients and guardians, their clock, decision and letter, and who has looked."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, clue, receiver_notice, rights, seen
from casemgr.services.errors import Conflict, Refused
from casemgr.services.rights import NewRequest, Told
from casemgr.terms.rights import Asker, Decision, ExitGround, RequestKind, ReturnGround
from casemgr.web import guard
from casemgr.web.staff.form import begin_drawing
from casemgr.web.staff.typed import Typed, have
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("rights", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "kind": "申请事项",
    "asker": "申请人",
    "asked_on": "申请日期",
    "what": "申请内容",
    "decision": "办理结果",
    "reason": "理由",
    "ground": "理由类别",
    "safe": "医生判断",
}
#: Codes among them, by their lists.
CHOICES = {
    "safe": ((1, "不会"), (0, "可能")),
    "decision": Decision,
    "ground": (*ExitGround.choices(), *ReturnGround.choices()),
    "kind": RequestKind,
    "asker": Asker,
}


@pages.get("/rights")
@guard.guard(Action.RIGHTS_READ)
def list_() -> str:
    """What waits and by when, and what was answered in the last year; nobody is named."""
    today = clock.today()
    told = receiver_notice.listed(g.access, today)
    return render_template("rights/list.html", lines=rights.listed(g.access, today), told=told)


@pages.get(f"/rights/told/<{KEY}:key>")
@guard.guard(Action.RIGHTS_READ)
def told(key: int) -> str:
    """One earlier receiver that has to be told of a change, and the letter to it."""
    view = receiver_notice.view(g.access, key, clock.today())
    return render_template("rights/told.html", view=view, writes=g.access.may(Action.RIGHTS_WRITE))


@pages.post(f"/rights/told/<{KEY}:key>")
@guard.guard(Action.RIGHTS_WRITE)
def tell(key: int) -> Response:
    """Print the letter, or write down that it was delivered."""
    try:
        if request.form.get("do") == "letter":
            made = receiver_notice.letter(g.access, key, clock.today())
            begin_drawing(made)
            return redirect(url_for("form.print_", key=made), 303)
        version = Typed(request.form).whole("version", "版本", most=32_000)
        done = receiver_notice.tell(g.access, key, version or 0, clock.today())
        flash(
            "已登记告知，已记入台账；告知中的姓名已清除。" if done else "此前已登记告知，没有重复。", "good"
        )
    except (Refused, Conflict) as wrong:
        flash(wrong.message, "bad")
    return redirect(url_for("rights.told", key=key), 303)


@pages.get(f"/case/<{KEY}:key>/rights")
@guard.guard(Action.RIGHTS_WRITE)
def new(key: int) -> str:
    """Take a request down, beside those that were made before."""
    return _new(key, {"asked_on": clock.today().isoformat(), "once": clue.begin()}, {})


def _new(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    kinds = rights.kinds_of(g.access, key)
    return render_template(
        "rights/new.html",
        key=key,
        sealed=RequestKind.RETURN in kinds,
        lines=rights.of_case(g.access, key, clock.today()),
        given=given,
        fields=fields,
        labels=LABELS,
        kinds=[(int(one), one.label) for one in kinds],
        askers=Asker.choices(),
        today=clock.today(),
    )


@pages.post(f"/case/<{KEY}:key>/rights")
@guard.guard(Action.RIGHTS_WRITE)
def add(key: int) -> Response | tuple[str, int]:
    """Keep the request; a second press leads to the same one."""
    typed = Typed(request.form)
    once = typed.key("once")
    told = NewRequest(
        typed.code(RequestKind, "kind", LABELS["kind"], required=True),
        typed.code(Asker, "asker", LABELS["asker"], required=True),
        typed.day("asked_on", LABELS["asked_on"], required=True) or clock.today(),
        typed.text("what", LABELS["what"], longest=rights.LONGEST),
    )
    try:
        typed.settle()
        made = rights.add(g.access, once, key, told, clock.today())
    except REFUSALS as wrong:
        return _new(key, dict(request.form), by_field(wrong)), wrong.status
    flash("已登记申请。", "good")
    return redirect(url_for("rights.page", key=made), 303)


@pages.get(f"/rights/<{KEY}:key>")
@guard.guard(Action.RIGHTS_READ)
def page(key: int) -> str:
    """One request: what was asked, what is known, the decision and its letter."""
    return _page(key, {}, {})


def _page(key: int, given: dict[str, object], fields: dict[str, str]) -> str:
    view = rights.view(g.access, key, clock.today())
    return render_template(
        "rights/view.html",
        view=view,
        given=given,
        fields=fields,
        labels=LABELS,
        decisions=[(int(one), one.label) for one in rights.DECISIONS[view.line.kind]],
        grounds=_grounds(view.line.kind).choices(),
        statutory=rights.STATUTORY,
        writes=g.access.may(Action.RIGHTS_WRITE),
    )


def _grounds(kind: RequestKind) -> type[ExitGround] | type[ReturnGround]:
    return ReturnGround if kind is RequestKind.RETURN else ExitGround


@pages.post(f"/rights/<{KEY}:key>")
@guard.guard(Action.RIGHTS_WRITE)
def act(key: int) -> Response | tuple[str, int]:
    """Decide, review, or write down that the request was taken back."""
    typed = Typed(request.form)
    do, today = request.form.get("do", ""), clock.today()
    version = typed.whole("version", "版本", most=32_000)
    told = Told(
        typed.code(Decision, "decision", LABELS["decision"]),
        typed.text("reason", LABELS["reason"], longest=rights.LONGEST),
        typed.code(_grounds(rights.kind_of(g.access, key)), "ground", LABELS["ground"]),
        typed.flag("safe"),
    )
    try:
        typed.settle()
        if do == "cancel":
            rights.cancel(g.access, key, have(version), today)
            flash("已记录：申请人撤回。", "good")
        elif do == "review":
            rights.review(g.access, key, have(version), told, today)
            flash("已办结，可以打印答复书。", "good")
        else:
            state = rights.decide(g.access, key, have(version), told, today)
            flash(f"已保存：{state.label}。", "good")
    except REFUSALS as wrong:
        return _page(key, dict(request.form), by_field(wrong, "decision")), wrong.status
    return redirect(url_for("rights.page", key=key), 303)


@pages.post(f"/rights/<{KEY}:key>/<any(letter, summary):what>")
@guard.guard(Action.RIGHTS_WRITE)
def print_(key: int, what: str) -> Response:
    """The answer, or the summary of the file, as PDF."""
    begin = rights.letter if what == "letter" else rights.summary
    try:
        made = begin(g.access, key, clock.today())
    except Refused as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("rights.page", key=key), 303)
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)


@pages.get(f"/case/<{KEY}:key>/seen")
@guard.guard(Action.RIGHTS_READ)
def seen_by(key: int) -> str:
    """Who has looked at this person's data and what others received, for the person concerned."""
    writes = g.access.may(Action.RIGHTS_WRITE)
    return render_template("rights/seen.html", seen=seen.of_case(g.access, key), writes=writes)


@pages.post(f"/case/<{KEY}:key>/seen")
@guard.guard(Action.RIGHTS_WRITE)
def print_seen(key: int) -> Response:
    """The same list as PDF, to be handed over."""
    made = seen.begin(g.access, key, clock.today())
    begin_drawing(made, large=True)
    return redirect(url_for("form.print_", key=made), 303)
