"""门卫: every page is closed unless it says who may enter; finds out who is asking.

A view is opened with :func:`guard` (a role that may do the action) or :func:`personal` (anybody signed in,
about their own account), or stands in ``PUBLIC``. Anything else is refused at start-up, see
:func:`unguarded`, and once more at each request. During a request ``g.access`` is the
:class:`~casemgr.rules.access.Access` of the person (``None`` when nobody is signed in) and ``g.person`` the
:class:`~casemgr.services.account.SignedIn` with display name, area name and session.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, current_app, g, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, Unauthorized
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import account, clock
from casemgr.services.account import SignedIn
from casemgr.services.errors import Forbidden
from casemgr.services.use_case import note_refusal
from casemgr.web import csrf, held

log = logging.getLogger("casemgr.web")

View = TypeVar("View", bound=Callable[..., Any])

FORM_BODY = 512 * 1024
ENDED = "登录已过期，刚才填的还没有保存，内容都还在。请在这里重新登录，然后继续提交。"
MARK = "casemgr_guard"
COOKIE = "casemgr-session"

#: Pages anybody may ask for; the short list a reviewer reads.
PUBLIC = frozenset(
    {
        "static",
        "login.page",
        "login.sign_in",
        "login.entry",
        "login.second",
        "help.page",
        "account.view",
        "health.alive",
        "health.ready",
        "health.metrics",
    }
)
#: Public pages that do not even look at who is asking.
ANONYMOUS = frozenset({"static", "health.alive", "health.ready", "health.metrics"})
#: What somebody who still has to choose a password may do.
BEFORE_PASSWORD = frozenset({"account.password", "account.view", "login.sign_out", "login.stay", "help.page"})
#: What somebody who still has to set up a second factor may do.
BEFORE_FACTOR = BEFORE_PASSWORD | {"factor.page", "factor.begin", "factor.finish", "login.confirm"}


@dataclass(frozen=True, slots=True)
class Mark:
    """Who may enter a view (``None``: anybody signed in), and how large a request may be."""

    action: Action | None
    body: int
    background: bool


class Unguarded(RuntimeError):
    """A route that nobody guards; a programming error."""


def guard(action: Action, *, body: int = FORM_BODY, background: bool = False) -> Callable[[View], View]:
    """Open a view for the roles that may do ``action``.

    ``body`` is the largest request in bytes (only uploads need more than a form); ``background`` marks a view
    that scripts poll, so that asking it does not keep a session alive.
    """

    def mark(view: View) -> View:
        view.__dict__[MARK] = Mark(action, body, background)
        return view

    return mark


def personal(view: View) -> View:
    """Open a view for anybody signed in; it may only deal with that person's own account."""
    view.__dict__[MARK] = Mark(None, FORM_BODY, False)
    return view


def mark_of(app: Flask, endpoint: str) -> Mark | None:
    """The mark of an endpoint's view, ``None`` if it has none."""
    found = getattr(app.view_functions.get(endpoint), MARK, None)
    return found if isinstance(found, Mark) else None


def mark_of_request() -> Mark | None:
    """The mark of the view that was asked for, ``None`` if it has none."""
    return mark_of(current_app, request.endpoint or "")


def unguarded(app: Flask) -> list[str]:
    """Endpoints that are neither guarded nor public; an application with one of them does not start."""
    return sorted(
        {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if rule.endpoint not in PUBLIC and not _of_api(rule.rule) and mark_of(app, rule.endpoint) is None
        }
    )


def _of_api(path: str) -> bool:
    # The JSON door has its own guard, its own answers and its own test of closedness.
    return path.startswith("/api/")


def cookie_name(name: str) -> str:
    """``name`` with the prefix that ties a cookie to this host and to TLS, where there is TLS."""
    return f"__Host-{name}" if request.is_secure else name


def session_token() -> str:
    """The session token the browser sent, empty if none."""
    return request.cookies.get(cookie_name(COOKIE), "")


def give_session(response: Response, token: str) -> None:
    """Hand the browser its session; it ends with the browser, and at the server's limits in any case."""
    response.set_cookie(
        cookie_name(COOKIE), token, path="/", httponly=True, samesite="Strict", secure=request.is_secure
    )


def take_session(response: Response) -> None:
    """Tell the browser to forget the session and everything it has kept from these pages."""
    response.delete_cookie(
        cookie_name(COOKIE), path="/", httponly=True, samesite="Strict", secure=request.is_secure
    )
    response.headers["Clear-Site-Data"] = '"cache", "storage"'


def safe_next(target: str | None) -> str:
    """``target`` if it is a path on this site, otherwise empty: a login page sends nobody elsewhere."""
    if not target or len(target) > 500 or not target.startswith("/") or target[1:2] in ("/", "\\"):
        return ""
    if any(ord(char) <= 32 or char == "\\" or ord(char) == 127 for char in target):
        return ""
    parts = urlsplit(target)
    return "" if parts.scheme or parts.netloc else target


def first_of(person: SignedIn) -> str:
    """The page this person has to pass before any other: own password, second factor; empty if none."""
    if person.must_change:
        return url_for("account.password")
    return url_for("factor.page") if person.factor_due(clock.now()) else ""


def _lead_first(person: SignedIn, endpoint: str) -> Response | None:
    """The way to :func:`first_of`, with what was typed, unless this page may be seen before."""
    allowed = BEFORE_PASSWORD if person.must_change else BEFORE_FACTOR
    first = "" if endpoint in allowed else first_of(person)
    if not first:
        return None
    if kept := held.sent():
        return held.before(held.read(kept), _place(), first)
    return redirect(first, 303)


def _ask_to_sign_in() -> Response:
    if request.method in ("GET", "HEAD"):
        target = safe_next(request.full_path.rstrip("?"))
        return redirect(url_for("login.page", next=None if target == "/" else target or None), 303)
    if kept := held.sent():
        given = {"login": "", "next": "", "fields": {}, "kept": kept, "place": _place(), "sentence": ENDED}
        return Response(render_template("login/page.html", **given), 401, mimetype="text/html")
    raise Unauthorized("您还没有登录，或登录已经过期。刚才的操作没有执行。请重新登录后再做一次。")


def _place() -> str:
    return safe_next(request.full_path.rstrip("?"))


def _refuse_nul() -> None:
    """Refuse what no keyboard types: PostgreSQL keeps no NUL, and elsewhere it may end a text early."""
    for sent in (request.args, request.form):
        if any("\0" in text for name, texts in sent.lists() for text in (name, *texts)):
            raise BadRequest("内容中有不能使用的控制字符，没有处理。请删去后重新输入，或换一种方式粘贴。")


def _enter() -> Response | None:
    g.request_id = secrets.token_hex(5)
    g.person = None
    g.access = None
    endpoint = request.endpoint
    if endpoint in ANONYMOUS or _of_api(request.path):
        return None
    mark = Mark(None, FORM_BODY, True) if endpoint is None else _mark_here(endpoint)
    request.max_content_length = mark.body
    token = session_token()
    if token:
        g.person = account.signed_in(token, clock.now(), request=g.request_id)
        g.touch = not (mark.background or request.headers.get("X-Background"))
        g.access = g.person.access if g.person else None
    if endpoint is None:
        return None
    if endpoint not in PUBLIC:
        if g.person is None:
            return _ask_to_sign_in()
        if led := _lead_first(g.person, endpoint):
            return led
        if mark.action is not None and not g.access.may(mark.action):
            note_refusal(g.access, mark.action)
            raise Forbidden("您的角色不能打开这个页面。如工作需要，请联系系统管理员调整账号角色。")
    # Only now is a body read: a stranger does not get a large upload parsed.
    _refuse_nul()
    try:
        csrf.check()
    except BadRequest:
        # Signed in again in another window: the form is still the old one.
        kept = held.sent() if g.person is not None else ""
        if not kept or not _place():
            raise
        return held.again(held.read(kept), _place(), 400)
    return None


def _mark_here(endpoint: str) -> Mark:
    if endpoint in PUBLIC:
        return Mark(None, FORM_BODY, False)
    found = mark_of(current_app, endpoint)
    if found is None:
        raise Unguarded(endpoint)
    return found


def _touch_later(response: Response) -> Response:
    """Keep the session alive after the answer is on its way: a page never waits for the writer's place."""
    person = g.get("person")
    now = clock.now()
    if person is not None and g.get("touch") and account.needs_touch(person, now):
        app = current_app._get_current_object()  # type: ignore[attr-defined]

        def touch() -> None:
            try:
                with app.app_context():
                    account.touch(person.access, person.session, now)
            except Exception as wrong:  # the answer is out; a busy database costs only this sign of life
                log.warning("session not touched: %s", type(wrong).__name__)

        response.call_on_close(touch)
    return response


def install(app: Flask) -> None:
    """Put the guard before every request of ``app``."""
    app.config["MAX_CONTENT_LENGTH"] = FORM_BODY
    app.before_request(_enter)
    app.after_request(_touch_later)
