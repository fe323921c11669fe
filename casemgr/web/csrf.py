"""防跨站: a request that changes something must come from a page of this site.

Two independent checks: the browser's own statement (``Sec-Fetch-Site``, ``Origin``) and a token that is bound
to the session and stands in a hidden field named ``csrf`` (scripts send the header ``X-CSRF-Token``). Before
somebody signs in the token is bound to a random cookie instead.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from casemgr.services.errors import Forbidden

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD, HEADER = "csrf", "X-CSRF-Token"
COOKIE = "casemgr-door"


def _cookie_name() -> str:
    return f"__Host-{COOKIE}" if request.is_secure else COOKIE


def _door() -> str:
    """The random value this browser carries before anybody has signed in; a new one if it has none."""
    known = request.cookies.get(_cookie_name(), "")
    if len(known) == 43 and known.isascii():
        return known
    if "door" not in g:
        g.door = secrets.token_urlsafe(32)
    return str(g.door)


def token() -> str:
    """The token of this page, for the hidden field of its forms."""
    if g.get("person") is not None:
        return str(g.person.csrf)
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, b"casemgr door|" + _door().encode(), hashlib.sha256).hex()


def check() -> None:
    """Refuse a changing request of another site (403) or without this session's token (400)."""
    if request.method in SAFE:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("这个请求来自其他网站，已经拒绝。请从本系统的页面上操作。")
    origin = request.headers.get("Origin", "null")
    # Pages are sent with no-referrer, and then browsers write "null" here; the token still decides.
    if origin != "null" and urlsplit(origin).netloc != request.host:
        raise Forbidden("这个请求来自其他网站，已经拒绝。请从本系统的页面上操作。")
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not hmac.compare_digest(given.encode(), token().encode()):
        raise BadRequest(
            "页面打开的时间太长，或您已在另一个窗口重新登录，刚才的操作没有执行。"
            "请返回上一页刷新后再做一次；如果仍然这样，请确认浏览器允许本站使用 Cookie。"
        )


def _hand_out(response: Response) -> Response:
    if "door" in g:
        response.set_cookie(
            _cookie_name(), g.door, path="/", httponly=True, samesite="Strict", secure=request.is_secure
        )
    return response


def install(app: Flask) -> None:
    """Make ``csrf_token()`` known to templates and hand out the cookie of the login page."""
    app.jinja_env.globals["csrf_token"] = token
    app.after_request(_hand_out)
