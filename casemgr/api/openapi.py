"""接口说明: the OpenAPI 3.1 document, made from the declared operations and their schemas."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any

from casemgr.api.errors import Error
from casemgr.api.operation import IN_PATH, PDF, Chapter, Operation

VERSION = "1.0"
ABOUT = (
    "严重精神障碍患者管理系统的 JSON 接口。以 Bearer 令牌或网页登录状态调用；列表不含姓名，"
    "姓名须经 reveal 单独查看并留痕。"
)


@cache
def document(chapters: tuple[Chapter, ...]) -> dict[str, Any]:
    """The document of the given chapters."""
    from apispec import APISpec  # only who asks for the document pays for it
    from apispec.ext.marshmallow import MarshmallowPlugin

    spec = APISpec(
        title="casemgr",
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": ABOUT},
        servers=[{"url": "/api/v1"}],
        tags=[{"name": chapter.title} for chapter in chapters],
        plugins=[MarshmallowPlugin(schema_name_resolver=lambda schema: _name(schema))],
    )
    spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    spec.components.security_scheme("session", {"type": "apiKey", "in": "cookie", "name": "casemgr-session"})
    for chapter in chapters:
        for operation in chapter.operations:
            spec.path(
                operation.path, operations={operation.method.lower(): _operation(operation, chapter.title)}
            )
    return spec.to_dict()


def _name(schema: Any) -> str:
    return str((schema if isinstance(schema, type) else type(schema)).__name__)


def _operation(operation: Operation, tag: str) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": f"^{IN_PATH[name].pattern}$"},
        }
        for name in operation.parts
    ]
    parameters.append({"in": "query", "schema": operation.query})
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [tag],
        "parameters": parameters,
        "responses": {str(status): _answer(operation, status) for status in operation.answers},
        "security": [] if operation.public else [{"bearer": []}, {"session": []}],
    }
    if operation.takes:
        shape: Any = operation.body or {"type": "string", "contentMediaType": operation.takes}
        found["requestBody"] = {"required": True, "content": {operation.takes: {"schema": shape}}}
    return found


def _answer(operation: Operation, status: int) -> dict[str, Any]:
    words = {"description": HTTPStatus(status).phrase}
    if status != operation.status:
        return {**words, "content": {"application/json": {"schema": Error}}}
    if operation.gives == PDF:
        return {**words, "content": {PDF: {"schema": {"type": "string", "contentMediaType": PDF}}}}
    if operation.answer is None:
        return words
    return {**words, "content": {"application/json": {"schema": operation.answer}}}
