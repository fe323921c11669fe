"""门卫: who may enter the pages of other departments; every page is closed unless it says so.

The door has a cookie of its own, which no other door reads, and reads no other. A page is opened with
:func:`guard` for an action or with :func:`personal` for anybody signed in; the few others are ``PUBLIC``.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import liaison
from casemgr.web import csrf, held

log = logging.getLogger("casemgr.liaison")
View = TypeVar("View", bound=Callable[..., Any])

COOKIE = "casemgr-liaison"
MARK = "casemgr_liaison_guard"
BODY = 64 * 1024
ENDED = "登录已过期。刚才填写的内容都保留着，登录后可以继续提交，还没有保存。"
#: What is read and promised before anything about anybody is opened.
PLEDGE = "window.pledge"
PUBLIC = frozenset({"static", "login.page", "login.sign_in", "login.second"})
#: What somebody who still has to choose a password may do.
BEFORE_PASSWORD = frozenset({"login.password", "login.set_password", "login.sign_out"})
#: What somebody who still has to set up the code of the phone may do.
BEFORE_FACTOR = BEFORE_PASSWORD | {"login.factor", "login.begin_factor", "login.finish_factor"}


class Unguarded(RuntimeError):
    """A route of this door that nobody guards; a programming error."""


def guard(action: Action) -> Callable[[View], View]:
    """Open a view for departments that may do ``action``."""

    def mark(view: View) -> View:
        view.__dict__[MARK] = (action,)
        return view

    return mark


def personal(view: View) -> View:
    """Open a view for anybody signed in here; about the own account only."""
    view.__dict__[MARK] = (None,)
    return view


def unguarded(app: Flask) -> list[str]:
    """Endpoints that are neither guarded nor public; a door with one of them does not open."""
    return sorted(
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint not in PUBLIC and not hasattr(app.view_functions[rule.endpoint], MARK)
    )


def _cookie() -> str:
    return f"__Secure-{COOKIE}" if request.is_secure else COOKIE


def _path() -> str:
    return f"{request.script_root}/"


def give_session(response: Response, token: str) -> None:
    """Hand the browser its session, for the addresses of this door alone."""
    response.set_cookie(
        _cookie(), token, path=_path(), httponly=True, samesite="Strict", secure=request.is_secure
    )


def take_session(response: Response) -> None:
    """Tell the browser to forget the session and everything it has kept from these pages."""
    response.delete_cookie(
        _cookie(), path=_path(), httponly=True, samesite="Strict", secure=request.is_secure
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def _sign_in_first(kept: str) -> Response:
    """The sign-in page that takes along what was typed when the session had ended; nothing is written."""
    words: dict[str, object] = {"login": "", "sentence": ENDED, "fields": {}, "kept": kept}
    words["place"] = request.full_path.rstrip("?")
    return Response(render_template("liaison/login.html", **words), 401, mimetype="text/html")


def place_of(text: str) -> str:
    """An address of this door to go on to: the one that was asked for, or the first page for any other."""
    plain = text.isascii() and text.isprintable() and "\\" not in text
    return (
        f"{request.script_root}{text}" if plain and text[:1] == "/" != text[1:2] else url_for("window.home")
    )


def _enter() -> Response | None:
    g.request_id = secrets.token_hex(5)
    g.person = g.access = None
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static":
        return None
    token = request.cookies.get(_cookie(), "")
    if token:
        g.person = liaison.signed_in(token, liaison.now(), g.request_id)
        g.access = g.person.access if g.person else None
    if endpoint not in PUBLIC:
        mark = getattr(current_app.view_functions[endpoint], MARK, None)
        if mark is None:
            raise Unguarded(endpoint)
        if g.person is None:
            if kept := held.sent():
                return _sign_in_first(kept)
            return redirect(url_for("login.page", ended=1 if token else None), 303)
        if g.person.must_change and endpoint not in BEFORE_PASSWORD:
            return redirect(url_for("login.password"), 303)
        if g.person.factor_due(liaison.now()) and endpoint not in BEFORE_FACTOR:
            return redirect(url_for("login.factor"), 303)
        action = mark[0]
        if action is not None and not g.access.may(action):
            liaison.note_refusal(g.access, action)
            raise liaison.Forbidden("您的账号不能打开这个页面。如工作需要，请联系县级精防机构调整。")
        if action is not None and liaison.asked_to_promise(g.person.role):
            promised = liaison.has_promised(g.access, liaison.today())
            if not promised:
                return redirect(url_for(PLEDGE), 303)
    if any("\0" in text for _name, texts in request.form.lists() for text in texts):
        raise BadRequest("内容中有不能使用的控制字符，没有处理。请删去后重新输入，或换一种方式粘贴。")
    csrf.check()
    return None


def _touch_later(response: Response) -> Response:
    """Keep the session alive after the answer is on its way."""
    person, at = g.get("person"), liaison.now()
    if person is not None and liaison.needs_touch(person, at):
        app = current_app._get_current_object()  # type: ignore[attr-defined]

        def touch() -> None:
            try:
                with app.app_context():
                    liaison.touch(person.access, person.session, at)
            except Exception as wrong:  # the answer is out; a busy database costs only this sign of life
                log.warning("session not touched: %s", type(wrong).__name__)

        response.call_on_close(touch)
    return response


def install(app: Flask) -> None:
    """Put the guard before every request of this door."""
    app.config["MAX_CONTENT_LENGTH"] = BODY
    app.before_request(_enter)
    app.after_request(_touch_later)
