"""名单比对页: upload another side's list, look into what differs, hand back row numbers and verdicts."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, flash, g, redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from casemgr.forms.archive import MIB
from casemgr.rules.access import Action
from casemgr.services import clock, comparison
from casemgr.services.errors import Refused
from casemgr.terms.account import Role
from casemgr.terms.sharing import Finding
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.form import begin_drawing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("comparison", __name__)

LABELS = {"answer": "核对结果", "party": "名单来源"}

KEY = "int(max=9223372036854775807)"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LARGEST = 8 * MIB
PARTIES = tuple((int(one), comparison.NAMES[one]) for one in comparison.PARTIES)
#: The piles in the order in which they are worked on.
PILES = (
    Finding.SAME,
    Finding.DIFFERENT,
    Finding.THEIRS,
    Finding.OURS,
    Finding.BELOW,
    Finding.CLOSED,
    Finding.REFUSED,
)


@pages.get("/comparisons")
@guard.guard(Action.SHARING_READ)
def list_() -> str:
    """The comparisons so far, and a form for the next one."""
    return _list({"once": comparison.begin()}, {})


def _list(given: dict[str, object], fields: dict[str, str], sentence: str = "") -> str:
    return render_template(
        "comparison/list.html",
        views=comparison.list_(g.access),
        names=comparison.NAMES,
        parties=PARTIES,
        piles=PILES,
        largest=LARGEST // MIB,
        given=given,
        fields=fields,
        sentence=sentence,
    )


@pages.post("/comparisons")
@guard.guard(Action.SHARING_WRITE, body=LARGEST + MIB)
def upload() -> Response | tuple[str, int]:
    """Compare a list; the file itself is never kept."""
    typed = Typed(request.form)
    once = typed.key("once")
    party = typed.code(Role, "party", "名单来源")
    sent = request.files.get("file")
    given: dict[str, object] = {"once": once, "party": request.form.get("party", "")}
    try:
        key = comparison.compare(g.access, once, party, sent.read() if sent else b"", clock.today())
    except Refused as wrong:  # says in its own words where to go on
        return _list(given, {}, wrong.message), wrong.status
    except REFUSALS as wrong:
        return _list(given, by_field(wrong)), wrong.status
    return redirect(url_for("comparison.page", key=key), 303)


@pages.get("/comparisons/blank")
@guard.guard(Action.SHARING_READ)
def blank() -> Response:
    """The empty list with the headers that are read."""
    comparison.list_(g.access)
    return _file(comparison.template(), "比对名单（空白）.xlsx")


@pages.get(f"/comparisons/<{KEY}:key>")
@guard.guard(Action.SHARING_READ)
def page(key: int) -> str:
    """One comparison: its piles, what is to be looked into, what goes back."""
    return _page(key, 0, "", {})


def _page(key: int, asked: int, typed: str, fields: dict[str, str]) -> str:
    return render_template(
        "comparison/page.html",
        view=comparison.page(
            g.access,
            key,
            next((one for one in PILES if int(one) == listing.whole(request.args.get("pile"), 1)), None),
            listing.whole(request.args.get("page"), 1) or 1,
        ),
        size=comparison.SIZE,
        piles=PILES,
        names=comparison.NAMES,
        asked=asked,
        typed=typed,
        fields=fields,
    )


@pages.post(f"/comparisons/<{KEY}:key>/answer")
@guard.guard(Action.SHARING_WRITE)
def answer(key: int) -> Response | tuple[str, int]:
    """Write down what was found out about one question."""
    asked = Typed(request.form).key("question")
    text = request.form.get("answer", "")
    try:
        comparison.answer(g.access, key, asked, text, clock.today())
    except REFUSALS as wrong:
        return _page(key, asked, text, by_field(wrong)), wrong.status
    flash("已保存核对结果。", "good")
    pile = listing.whole(request.args.get("pile"), 1)
    return redirect(url_for("comparison.page", key=key, pile=pile), 303)


@pages.post(f"/comparisons/<{KEY}:key>/return")
@guard.guard(Action.SHARING_WRITE)
def give_back(key: int) -> Response:
    """The workbook that goes back; each matched person gets a line of the ledger."""
    try:
        content, name = comparison.give_back(g.access, key, clock.today())
    except Refused as wrong:
        flash(wrong.message, "bad")
        return redirect(url_for("comparison.page", key=key), 303)
    return _file(content, name)


@pages.post(f"/comparisons/<{KEY}:key>/sheet")
@guard.guard(Action.SHARING_WRITE)
def sheet(key: int) -> Response:
    """Begin to print the counts, to be signed by both sides."""
    made = comparison.result_sheet(g.access, key, clock.today())
    begin_drawing(made)
    return redirect(url_for("form.print_", key=made), 303)


def _file(content: bytes, name: str) -> Response:
    response = send_file(
        BytesIO(content), mimetype=WORKBOOK, as_attachment=True, download_name=name, etag=False
    )
    response.headers["Content-Security-Policy"] = "sandbox"
    return response
