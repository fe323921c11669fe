"""登录: the way in and out for other departments, and their own password."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.services import liaison
from casemgr.services.liaison import (
    CodeNeeded,
    CodeWrong,
    Conflict,
    Throttled,
    Ticket,
    Unauthenticated,
    Unfit,
)
from casemgr.web import held
from casemgr.web.liaison import guard

pages = Blueprint("login", __name__)


def _page(
    login: str = "", sentence: str = "", fields: dict[str, str] | None = None, status: int = 200
) -> Response:
    words = {"login": login, "sentence": sentence, "fields": fields or {}, **held.carried()}
    return Response(render_template("liaison/login.html", **words), status, mimetype="text/html")


@pages.get("/login")
def page() -> Response:
    """The form; somebody signed in here already goes on to the own list."""
    if g.person is not None:
        return redirect(url_for("window.home"), 303)
    return _page(sentence="登录已过期，请重新登录。" if request.args.get("ended") else "")


@pages.post("/login")
def sign_in() -> Response:
    """Try login and password; a failure keeps the login as typed."""
    login, password = request.form.get("login", ""), request.form.get("password", "")
    fields = {}
    if not login.strip():
        fields["login"] = "请输入登录名。"
    if not password:
        fields["password"] = "请输入密码。"  # noqa: S105 - a sentence
    if fields:
        return _page(login, fields=fields, status=422)
    try:
        ticket = liaison.sign_in(login, password, request.remote_addr or "", liaison.now())
    except CodeNeeded as needed:
        return _second(needed.half)
    except (Unauthenticated, Throttled) as refused:
        return _page(login, sentence=refused.message, status=422 if refused.status == 401 else refused.status)
    return _enter(ticket)


def _enter(ticket: Ticket) -> Response:
    typed = held.read(request.form.get(held.KEPT, ""))
    if typed and not ticket.person.must_change:
        g.person, g.access = ticket.person, ticket.person.access
        place = guard.place_of(request.form.get(held.PLACE, ""))
        page = render_template("liaison/kept.html", pairs=typed, place=place)
        response = Response(page, 200, mimetype="text/html")
    else:
        target = "login.password" if ticket.person.must_change else "window.home"
        response = redirect(url_for(target), 303)
    guard.give_session(response, ticket.token)
    return response


def _second(
    half: str, sentence: str = "", fields: dict[str, str] | None = None, status: int = 200
) -> Response:
    words = {"half": half, "sentence": sentence, "fields": fields or {}, **held.carried()}
    page = render_template("liaison/second.html", minutes=liaison.HALF_WAY.seconds // 60, **words)
    return Response(page, status, mimetype="text/html")


@pages.post("/login/second")
def second() -> Response:
    """The code of the phone, after the password was right."""
    half, code = request.form.get("half", ""), request.form.get("code", "").strip()
    if not code:
        return _second(half, fields={"code": "请输入手机上的 6 位动态码，或一个恢复码。"}, status=422)
    try:
        ticket = liaison.finish_sign_in(half, code, request.remote_addr or "", liaison.now())
    except CodeWrong as wrong:
        return _second(half, fields={"code": wrong.message}, status=422)
    except Throttled as refused:
        return _second(half, sentence=refused.message, status=refused.status)
    except Unauthenticated as late:
        return _page(sentence=late.message, status=422)
    return _enter(ticket)


@pages.get("/factor")
@guard.personal
def factor() -> str:
    """Whether the code of the phone is set up; who sees names has to."""
    return _factor(has=g.person.has_factor)


def _factor(**words: Any) -> str:
    words = {"has": False, "setting": None, "waiting": False, "codes": (), "fields": {}} | words
    return render_template("liaison/factor.html", **words)


@pages.post("/factor")
@guard.personal
def begin_factor() -> Response | str | tuple[str, int]:
    """A new secret, shown as a QR code to whoever knows the password and not to a session left open.

    Another phone is set up after a reset by the administrator.
    """
    if g.person.has_factor:
        flash("动态码已经启用。换手机请联系县级精防机构重置后再设置。", "warn")
        return redirect(url_for("login.factor"), 303)
    try:
        liaison.prove_again(g.access, request.form.get("proof", ""), request.remote_addr or "", liaison.now())
    except (Unfit, Throttled) as wrong:
        return _factor(fields=wrong.fields or {"proof": wrong.message}), wrong.status
    return _factor(setting=liaison.begin_factor(g.access, liaison.now()))


@pages.post("/factor/finish")
@guard.personal
def finish_factor() -> Response | str | tuple[str, int]:
    """Try the first code; then it holds, and the codes for a lost phone are shown once."""
    try:
        codes = liaison.finish_factor(g.access, request.form.get("code", ""), g.person.session, liaison.now())
    except Unfit as wrong:
        # The secret was shown once; the phone has it, and a session left open need not show it again.
        return _factor(waiting=True, fields=wrong.fields), wrong.status
    except Conflict as gone:
        flash(gone.message, "bad")
        return redirect(url_for("login.factor"), 303)
    return _factor(has=True, codes=codes)


@pages.post("/logout")
@guard.personal
def sign_out() -> Response:
    """End this session, on the server too."""
    liaison.sign_out(g.access, g.person.session)
    flash("已安全退出。", "good")
    response = redirect(url_for("login.page"), 303)
    guard.take_session(response)
    return response


@pages.get("/password")
@guard.personal
def password() -> str:
    """The form for a new password; at the first login it comes before everything else."""
    return render_template("liaison/password.html", fields={})


@pages.post("/password")
@guard.personal
def set_password() -> Response | tuple[str, int]:
    """Set the own password; all sessions end."""
    form = request.form
    try:
        liaison.change_password(
            g.access,
            form.get("old", ""),
            form.get("new", ""),
            form.get("again", ""),
            request.remote_addr or "",
            liaison.now(),
        )
    except Unfit as wrong:
        return render_template("liaison/password.html", fields=wrong.fields), wrong.status
    flash("密码已修改，请用新密码登录。", "good")
    response = redirect(url_for("login.page"), 303)
    guard.take_session(response)
    return response
