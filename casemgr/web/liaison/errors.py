"""错误页: what went wrong at this door, in its own template; no traceback, never a word about a person."""

from __future__ import annotations

import logging
import traceback
from types import TracebackType

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from casemgr.services.liaison import Problem

log = logging.getLogger("casemgr.liaison")

#: Heading and sentence by status.
WORDS = {
    400: ("请求不完整", "系统没有看懂这个请求，什么也没有改动。请返回上一页刷新重试。"),
    403: ("没有权限", "您的账号不能进行这项操作。如工作需要，请联系县级精防机构。"),
    404: ("没有找到", "没有这个页面，或这一条没有提供给您的单位。请从首页重新打开。"),
    405: ("不能这样打开", "这个地址不能用这种方式打开。请从页面上的按钮或链接进入。"),
    409: ("刚刚有变化", "这一条刚刚有变化，为避免覆盖，没有保存。请从首页重新打开。"),
    413: ("内容太大", "提交的内容超过允许的大小，没有接收。请减少内容后重试。"),
    422: ("内容需要改正", "提交的内容有误，没有保存。请返回上一页按提示改正。"),
    429: ("操作太频繁", "短时间内尝试次数过多，为安全起见请稍后再试。"),
    500: ("系统出错", "刚才的操作没有完成。请稍后重试；如仍出错，请把页面编号告诉县级精防机构。"),
    503: ("暂时不可用", "系统正忙，刚才的操作没有完成。请过一会儿再试。"),
}


def answer(status: int, sentence: str = "") -> Response:
    """The error page of ``status``; ``sentence`` replaces the usual one."""
    heading, usual = WORDS.get(status, WORDS[500 if status >= 500 else 400])
    page = render_template("liaison/error.html", heading=heading, sentence=sentence or usual)
    return Response(page, status, mimetype="text/html")


def _problem(problem: Problem) -> Response:
    return answer(problem.status, problem.message)


def _http(error: HTTPException) -> BaseResponse:
    if error.code is not None and error.code < 400:
        return error.get_response(request.environ)
    status = error.code or 500
    if type(getattr(error, "original_exception", None)).__name__ == "OperationalError":
        return answer(503)
    own = error.description if error.description != type(error).description else ""
    return answer(status, own if own and not own.isascii() else "")


def _log_fault(fault: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
    """Write down where it broke, but neither the message nor the values."""
    kind, _, trace = fault
    steps = traceback.extract_tb(trace)[-12:]
    where = "; ".join(f"{step.filename}:{step.lineno} {step.name}" for step in steps)
    name = kind.__name__ if kind else "unknown"
    log.error("fault %s in %s, request %s: %s", name, request.endpoint, g.get("request_id", "-"), where)


def install(app: Flask) -> None:
    """Answer every refusal and every fault of this door with a page in plain Chinese."""
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.log_exception = _log_fault  # type: ignore[method-assign, assignment]
