"""令牌: sign in with login and password for a bearer token, hand it back, ask who one is."""

from __future__ import annotations

from typing import Any

from casemgr.api import fields as f
from casemgr.api.operation import Asked, Chapter, Unreadable
from casemgr.rules.access import Access
from casemgr.services import account, clock

chapter = Chapter("令牌")


class Credentials(f.Strict):
    """Login and password of an account; ``code``: of the phone, or a recovery code, when it has a factor."""

    login = f.Text(required=True, shortest=1, longest=80)
    password = f.Text(required=True, shortest=1, longest=account.LONGEST_PASSWORD)
    code = f.Text(load_default="", longest=20)


class Token(f.Shape):
    """A bearer token and when it ends."""

    token = f.text()
    type = f.text(metadata={"enum": ["Bearer"]})
    ends_at = f.moment()


class Me(f.Shape):
    """Who a token or a session belongs to; ``area`` is the subtree within reach, empty for none."""

    login = f.text()
    role = f.coded()
    area = f.text(allow_none=True)


@chapter.post("/token", public=True, body=Credentials, answer=Token, status=201, refusals=(401, 403, 429))
def take(_nobody: Access, asked: Asked) -> dict[str, Any]:
    """以账号和密码取得令牌，8 小时内有效."""
    now = clock.now()
    body = asked.body
    given = account.take_token(body["login"], body["password"], asked.source, now, body["code"])
    return {"token": given.secret, "type": "Bearer", "ends_at": now + account.ABSOLUTE}


@chapter.delete("/token", status=204, refusals=(400,))
def revoke(access: Access, asked: Asked) -> None:
    """收回正在使用的令牌."""
    if not asked.bearer:
        raise Unreadable("没有可以收回的令牌：这个请求使用的是网页登录状态。请在网页上退出登录。")
    account.revoke_token(access, asked.bearer)


@chapter.get("/me", answer=Me)
def me(access: Access, _asked: Asked) -> dict[str, Any]:
    """令牌或登录状态属于谁，能看到哪里."""
    return {"login": access.label, "role": access.role, "area": access.low or None}
