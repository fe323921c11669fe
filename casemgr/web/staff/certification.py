"""账号复核页: the yearly confirmation of accounts, their days, and leaving a post."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import account, certification, clock
from casemgr.services.errors import Forbidden, Refused
from casemgr.web import guard
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("certification", __name__)

LABELS = {"valid_from": "启用日期", "valid_until": "截止日期"}


@pages.get("/accounts/review")
@guard.guard(Action.ACCOUNT_CERTIFY)
def list_() -> str:
    """Every account with the day on which it ends, the next one on top."""
    return render_template(
        "certification/list.html",
        found=certification.list_(g.access),
        today=clock.today(),
        manages=g.access.may(Action.ACCOUNT_MANAGE),
    )


@pages.post("/accounts/<int:key>/certify")
@guard.guard(Action.ACCOUNT_CERTIFY)
def certify(key: int) -> Response:
    """Confirm one account for another year."""
    try:
        shown = certification.certify(g.access, key)
    except (Refused, Forbidden) as wrong:
        flash(wrong.message, "bad")
    else:
        flash(f"账号 {shown.login} 已复核，可用到 {shown.use.last_day}。", "good")
    return redirect(url_for("certification.list_"), 303)


@pages.route("/accounts/<int:key>/term", methods=["GET", "POST"])
@guard.guard(Action.ACCOUNT_MANAGE)
def term(key: int) -> Response | str | tuple[str, int]:
    """The days on which an account may be used, and leaving the post."""
    shown = account.get(g.access, key)
    if request.method == "GET":
        given = {"valid_from": _text(shown.valid_from), "valid_until": _text(shown.valid_until)}
        return _term(shown, given, {})
    form = request.form
    days, fields = {}, {}
    for name in LABELS:
        try:
            days[name] = _day(form.get(name, ""))
        except ValueError:
            fields[name] = f"“{LABELS[name]}”不是日期。请写成 2027-06-30 这样，或清空。"
    if fields:
        return _term(shown, form, fields), 422
    version = form.get("version", "")
    try:
        certification.set_term(
            g.access,
            key,
            days["valid_from"],
            days["valid_until"],
            int(version) if version.isascii() and version.isdigit() and len(version) < 6 else 0,
        )
    except REFUSALS as wrong:
        return _term(account.get(g.access, key), form, by_field(wrong)), wrong.status
    flash("有效期已保存。", "good")
    return redirect(url_for("certification.term", key=key), 303)


def _term(shown: account.AccountView, given: object, fields: dict[str, str]) -> str:
    return render_template("certification/term.html", shown=shown, given=given, fields=fields, labels=LABELS)


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _day(text: str) -> date | None:
    text = text.strip()
    return date.fromisoformat(text) if text else None


@pages.post("/accounts/<int:key>/leave")
@guard.guard(Action.ACCOUNT_MANAGE)
def leave(key: int) -> Response:
    """Somebody has left the post: everything of the account ends now."""
    try:
        certification.leave(g.access, key)
    except Refused as wrong:
        flash(wrong.message, "bad")
    else:
        flash("已办理离岗：该账号的登录、令牌和紧急查看已全部失效，以往的记录保留。", "good")
    return redirect(url_for("certification.term", key=key), 303)
