"""错误页: what went wrong, why it matters, two ways out; never a traceback, never a word about a person."""

from __future__ import annotations

import logging
import traceback
from dataclasses import dataclass
from types import TracebackType

from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from casemgr.services.errors import Problem

log = logging.getLogger("casemgr.web")


@dataclass(frozen=True, slots=True)
class Words:
    """Heading and sentence of a status, and the code the JSON door uses for it."""

    code: str
    heading: str
    sentence: str


WORDS = {
    400: Words("unreadable", "请求不完整", "系统没有看懂这个请求，什么也没有改动。请返回上一页刷新重试。"),
    401: Words("unauthenticated", "需要登录", "您还没有登录，或登录已经过期。请重新登录后再做一次。"),
    403: Words("forbidden", "没有权限", "您的角色不能进行这项操作。如工作需要，请联系系统管理员。"),
    404: Words("missing", "没有找到", "没有这个页面，或这条记录不在您的辖区内。请从菜单重新进入。"),
    405: Words("method", "不能这样打开", "这个地址不能用这种方式打开。请从页面上的按钮或链接进入。"),
    409: Words("conflict", "已被他人修改", "记录刚刚被保存过，为避免覆盖，没有写入。请重新打开核对后再改。"),
    413: Words("too-large", "内容太大", "提交的内容超过允许的大小，没有接收。请减少内容或拆分文件后重试。"),
    415: Words("unreadable", "格式不支持", "系统不接收这种格式的内容。请按页面上的说明提交。"),
    422: Words("unfit", "内容需要改正", "提交的内容有误，没有保存。请返回上一页按提示改正。"),
    429: Words("throttled", "操作太频繁", "短时间内尝试次数过多，为安全起见请稍后再试。"),
    500: Words("fault", "系统出错", "刚才的操作没有完成。请稍后重试；如仍出错，请把页面编号告诉管理员。"),
    503: Words(
        "unavailable",
        "暂时不可用",
        "数据库正忙（可能正在导入或结账）或连接不上，刚才的操作没有完成。请过一会儿再试。",
    ),
}


#: Headings of refusals that say more than their status.
OWN_WORDS = {
    "ceiling": Words("ceiling", "今天查看的人数已到上限", ""),
    "confirm-first": Words("confirm-first", "需要再次确认身份", ""),
}


def _words(status: int) -> Words:
    return WORDS.get(status) or (WORDS[500] if status >= 500 else WORDS[400])


def answer(
    status: int,
    sentence: str = "",
    *,
    rule: str = "",
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    code: str = "",
) -> Response:
    """The error page of ``status``, or its JSON form under ``/api/``; ``sentence`` replaces the usual one."""
    words = OWN_WORDS.get(code) or _words(status)
    sentence = sentence or words.sentence
    if request.path.startswith("/api/"):
        body = {"code": words.code, "message": sentence, "fields": fields or {}, "rule": rule}
        response: Response = jsonify(error=body)
    else:
        page = render_template(
            "errors/page.html",
            status=status,
            words=words,
            sentence=sentence,
            rule=rule,
            fields=fields or {},
        )
        response = Response(page, mimetype="text/html")
    response.status_code = status
    response.headers.extend(headers or {})
    return response


def _problem(problem: Problem) -> Response:
    fields = dict(problem.fields)
    return answer(problem.status, problem.message, rule=problem.rule, fields=fields, code=problem.code)


def _http(error: HTTPException) -> BaseResponse:
    if error.code is not None and error.code < 400:
        return error.get_response(request.environ)  # a redirect of the router
    status = error.code or 500
    cause = getattr(error, "original_exception", None)
    if type(cause).__name__ == "OperationalError":
        # The database is busy or away; the door knows the driver's error by its name only.
        return answer(503, headers={"Retry-After": "30"})
    own = error.description if error.description != type(error).description else ""
    # Werkzeug's own English explanations stay inside; only sentences this program wrote go out.
    sentence = own if own and not own.isascii() else ""
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    if status == 401 and request.path.startswith("/api/"):
        headers["WWW-Authenticate"] = "Bearer"
    return answer(status, sentence, headers=headers)


def _log_fault(fault: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
    """Write down where it broke, but neither the message nor the values: either may hold a name."""
    kind, _, trace = fault
    steps = traceback.extract_tb(trace)[-12:]
    where = "; ".join(f"{step.filename}:{step.lineno} {step.name}" for step in steps)
    name = kind.__name__ if kind else "unknown"
    log.error("fault %s in %s, request %s: %s", name, request.endpoint, g.get("request_id", "-"), where)


def install(app: Flask) -> None:
    """Answer every refusal and every fault of ``app`` with a page in plain Chinese."""
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.log_exception = _log_fault  # type: ignore[method-assign, assignment]
