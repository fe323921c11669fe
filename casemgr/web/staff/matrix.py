"""披露矩阵页: every line of the matrix in words, and the lines that a document loosens for a time."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area, clock, matrix
from casemgr.services.errors import Conflict, Forbidden
from casemgr.terms.access import LooseningState
from casemgr.terms.area import AreaLevel
from casemgr.terms.disclosure import Condition, FieldGroup, Level
from casemgr.web import guard, step_up
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("matrix", __name__)

LABELS = {
    "key": "放宽哪一项",
    "over": "在哪里生效",
    "approver": "签发单位或批准人",
    "number": "文号",
    "impact": "影响说明",
    "first": "开始日期",
    "last": "截止日期",
}
#: The word of each level in the table of the whole matrix.
SHORT = {
    Level.NONE: "—",
    Level.COUNT: "数",
    Level.FLAG: "有无",
    Level.SUMMARY: "要点",
    Level.MASKED: "遮",
    Level.OWN: "本方",
    Level.FULL: "可见",
}
CIRCLED = "⓪①②③④⑤⑥⑦⑧"


@pages.get("/matrix")
@guard.guard(Action.ACCESS_READ)
def page() -> str:
    """The whole matrix at a glance, what the signs mean, and every loosening."""
    return render_template(
        "matrix/page.html",
        view=matrix.view(g.access, clock.today()),
        groups=FieldGroup,
        levels=[(SHORT[one], one.label) for one in Level],
        conditions=[(CIRCLED[one], one.label) for one in Condition],
        short=SHORT,
        circled=CIRCLED,
        proposed=LooseningState.PROPOSED,
        running=(LooseningState.PROPOSED, LooseningState.APPROVED),
        changes=g.access.may(Action.ACCESS_CHANGE),
        approves=g.access.may(Action.ACCESS_APPROVE),
    )


@pages.get("/matrix/<int:party>")
@guard.guard(Action.ACCESS_READ)
def row(party: int) -> str:
    """One party's lines, each as a sentence with its ground."""
    return render_template("matrix/row.html", row=matrix.row_of(g.access, party, clock.today()))


def _form(given: MultiDict[str, str], fields: dict[str, str]) -> str:
    offered = [(one.key, one.title) for one in matrix.choices()]
    areas = area.everywhere(g.access, AreaLevel.TOWNSHIP)
    names = {one.code: one.name for one in areas}
    places = [
        (
            one.code,
            f"{names.get(one.parent or 0, '')} {one.name}".strip()
            if one.level is AreaLevel.TOWNSHIP
            else one.name,
        )
        for one in areas
        if one.level in matrix.PLACES
    ]
    return render_template(
        "matrix/loosen.html",
        given=given,
        fields=fields,
        labels=LABELS,
        offered=offered,
        places=places,
        today=clock.today(),
    )


@pages.route("/matrix/loosen", methods=["GET", "POST"])
@guard.guard(Action.ACCESS_CHANGE)
def loosen() -> Response | str | tuple[str, int]:
    """Propose to loosen one line by a document."""
    if request.method == "GET":
        return _form(MultiDict({"once": str(matrix.begin())}), {})
    typed = Typed(request.form)
    first, last = typed.day("first", LABELS["first"]), typed.day("last", LABELS["last"])
    try:
        over = typed.whole("over", LABELS["over"], most=10**12)
        typed.settle()
        matrix.propose(
            g.access,
            typed.key("once"),
            request.form.get("key", ""),
            request.form.get("number", ""),
            request.form.get("impact", ""),
            first,
            last,
            over,
            request.form.get("approver", ""),
        )
    except REFUSALS as wrong:
        return _form(request.form, by_field(wrong, "key")), wrong.status
    flash("放宽申请已提交，须由另一个账号批准后才生效。", "good")
    return redirect(url_for("matrix.page", _anchor="loosenings"), 303)


@pages.post("/matrix/loosen/<int:key>/decide")
@guard.guard(Action.ACCESS_APPROVE)
@step_up.fresh
def decide(key: int) -> Response:
    """Approve or refuse what somebody else proposed."""
    approved = request.form.get("approved") == "1"
    try:
        matrix.decide(g.access, key, approved)
    except (Conflict, Forbidden) as wrong:
        flash(wrong.message, "bad")
    else:
        flash("已批准，到截止日期自动恢复。" if approved else "已记为不予批准，矩阵不变。", "good")
    return redirect(url_for("matrix.page", _anchor="loosenings"), 303)


@pages.post("/matrix/loosen/<int:key>/end")
@guard.guard(Action.ACCESS_CHANGE)
def end(key: int) -> Response:
    """The strict line holds again."""
    matrix.end(g.access, key)
    flash(
        "已终止，矩阵从现在起恢复从严。对方已有的信息单从现在起不再显示放宽的内容，当晚从库中清除；"
        "已经打印或导出的，请通知对方销毁。",
        "good",
    )
    return redirect(url_for("matrix.page", _anchor="loosenings"), 303)
