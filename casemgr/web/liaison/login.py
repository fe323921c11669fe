"""登录: the way in and out for other departments, and their own password."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.services import liaison
from casemgr.services.liaison import Throttled, Unauthenticated, Unfit
from casemgr.web.liaison import guard

pages = Blueprint("login", __name__)


def _page(
    login: str = "", sentence: str = "", fields: dict[str, str] | None = None, status: int = 200
) -> Response:
    words = {"login": login, "sentence": sentence, "fields": fields or {}}
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
    except (Unauthenticated, Throttled) as refused:
        return _page(login, sentence=refused.message, status=422 if refused.status == 401 else refused.status)
    target = "login.password" if ticket.person.must_change else "window.home"
    response = redirect(url_for(target), 303)
    guard.give_session(response, ticket.token)
    return response


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
