"""接口错误: every refusal and every fault as ``{"error": {"code", "message", "fields", "rule"}}``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, Response, request
from marshmallow import fields
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from casemgr.api.fields import Shape
from casemgr.services.errors import Problem
from casemgr.services.fault import describe

#: Code and sentence of each status that has no words of its own.
WORDS: dict[int, tuple[str, str]] = {
    400: ("unreadable", "请求内容无法读取，没有改动任何数据。请检查内容是否为有效的 JSON。"),
    401: ("unauthenticated", "需要登录。请在 Authorization 头中给出 Bearer 令牌，或先登录。"),
    403: ("forbidden", "您的角色不能进行这项操作。如工作需要，请联系系统管理员。"),
    404: ("missing", "没有找到，或不在您的辖区内。"),
    405: ("method", "这个地址不支持这种请求方法。可用的方法见 Allow 头。"),
    409: ("conflict", "这条记录刚刚被保存过。请重新读取后再试。"),
    413: ("too-large", "请求内容超过允许的大小，没有接收。"),
    415: ("unsupported", "不支持这种内容类型。请使用接口说明中列出的 Content-Type。"),
    422: ("unfit", "请求中有不能接受的内容，没有改动任何数据。请按 fields 中的提示改正。"),
    429: ("throttled", "尝试次数过多，请稍后再试。"),
    500: ("fault", "系统内部出错，操作没有完成。请稍后重试；如仍出错，请把编号告诉系统管理员。"),
}


class ErrorBody(Shape):
    """Why a request was refused; ``fields`` names each unfit value, ``rule`` the rule that forbids it."""

    code = fields.String(required=True)
    message = fields.String(required=True)
    fields_ = fields.Dict(
        keys=fields.String(), values=fields.String(), data_key="fields", attribute="fields", required=True
    )
    rule = fields.String(required=True)


class Error(Shape):
    """Every refusal and every fault."""

    error = fields.Nested(ErrorBody, required=True)


def put(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(text, status, headers, mimetype="application/json")


def refuse(
    status: int,
    *,
    code: str = "",
    message: str = "",
    fields: Mapping[str, str] | None = None,
    rule: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a refused request; the usual words of ``status`` where none are given."""
    usual, sentence = WORDS.get(status) or WORDS[500 if status >= 500 else 400]
    body = {
        "code": code or usual,
        "message": message or sentence,
        "fields": dict(fields or {}),
        "rule": rule,
    }
    more = dict(headers or {})
    if status == 401:
        more["WWW-Authenticate"] = "Bearer"
    return put({"error": body}, status, more)


def _problem(problem: Problem) -> Response:
    return refuse(
        problem.status, code=problem.code, message=problem.message, fields=problem.fields, rule=problem.rule
    )


def http(error: HTTPException) -> BaseResponse:
    """A refusal of the framework; its English words stay inside."""
    status = error.code or 500
    if status < 400:
        return error.get_response(request.environ)
    headers = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return refuse(status if status in WORDS else 500 if status >= 500 else 400, headers=headers)


def _fault(wrong: Exception) -> Response:
    sentence = describe(wrong, f"request {request.endpoint}")
    return refuse(500, message=f"{WORDS[500][1]}（{sentence}）")


def _nowhere() -> BaseResponse | None:
    """Answer unknown addresses and methods below the door here: they belong to no view of it."""
    wrong = request.routing_exception
    return http(wrong) if wrong is not None and request.path.startswith("/api/") else None


def install(app: Flask, blueprint: Blueprint) -> None:
    """Answer every refusal and every fault of the door in its own form."""
    blueprint.register_error_handler(Problem, _problem)
    blueprint.register_error_handler(HTTPException, http)
    blueprint.register_error_handler(Exception, _fault)
    app.before_request(_nowhere)
