"""接口门卫: who is asking, by bearer token or by the session of the pages, and whether the role may.

A bearer token says who is asking all by itself. The session cookie is sent by browsers unasked, so a request
that changes or reveals something then has to carry the session's token in ``X-CSRF-Token`` too.
"""

from __future__ import annotations

import hmac
import secrets

from flask import g, request

from casemgr.api.operation import Operation
from casemgr.rules.access import Access, Role
from casemgr.services import account, clock
from casemgr.services.account import SignedIn
from casemgr.services.errors import Forbidden, Unauthenticated
from casemgr.services.step_up import NotFresh
from casemgr.services.use_case import note_refusal

SAFE = frozenset({"GET", "HEAD"})
#: The cookie of the staff door and its header; a test keeps the two doors alike.
COOKIE = "casemgr-session"
HEADER = "X-CSRF-Token"

NOBODY = Access.over(0, "", Role.ADMINISTRATOR, None)


def _bearer() -> str | None:
    """The token of the Authorization header; empty if it holds something else, ``None`` without one."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _check_own_site(person: SignedIn) -> None:
    """Refuse a changing request that another site made this browser send."""
    if request.method in SAFE:
        return
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("这个请求来自其他网站，已经拒绝。")
    given = request.headers.get(HEADER, "")
    if not hmac.compare_digest(given.encode(), person.csrf.encode()):
        raise Forbidden(f"用登录状态调用接口修改或查看身份时，须带上 {HEADER} 头。程序请改用 Bearer 令牌。")


def _by_session() -> SignedIn:
    name = f"__Host-{COOKIE}" if request.is_secure else COOKIE
    person = account.signed_in(request.cookies.get(name, ""), clock.now(), request=g.request_id)
    if person is None:
        raise Unauthenticated("需要登录。请在 Authorization 头中给出 Bearer 令牌，或先登录。")
    _check_own_site(person)
    if person.must_change:
        raise Forbidden("您还在使用初始密码。请先在网页上修改密码。")
    if person.factor_due(clock.now()):
        raise Forbidden("您还没有设置动态码。请先在网页上设置。")
    if account.needs_touch(person, clock.now()):
        account.touch(person.access, person.session, clock.now())
    return person


def enter(operation: Operation) -> tuple[Access, str]:
    """The access of whoever is asking, and the bearer token if there is one.

    Raises :class:`Unauthenticated` or :class:`Forbidden`, the latter after writing the attempt down.
    """
    g.request_id = g.get("request_id") or secrets.token_hex(5)
    request.max_content_length = operation.largest
    if operation.public:
        return NOBODY, ""
    token = _bearer()
    hidden = False
    if token is None:
        person = _by_session()
        access, hidden = person.access, account.hides_names(person)
    else:
        found = account.bearer(token, clock.now(), g.request_id)
        if found is None:
            raise Unauthenticated("令牌无效、已过期或已收回。请重新取得令牌。")
        access = found.access
    if operation.action is not None and not access.may(operation.action):
        note_refusal(access, operation.action)
        raise Forbidden("您的角色不能进行这项操作。如工作需要，请联系系统管理员。")
    if hidden and operation.action is not None and operation.action.writes:
        raise NotFresh("姓名已隐藏。请先在网页上输入密码确认是您本人，再做一次。")
    return access, token or ""
