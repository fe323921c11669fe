"""操作: one request the JSON door answers, declared once for routing, checking and the OpenAPI document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote

from flask import Response, request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from casemgr.api import errors
from casemgr.api.fields import AreaCode, Choice, Flag, Id, Patterned, Slug, Strict, Whole
from casemgr.rules.access import Access, Action
from casemgr.services.errors import Missing, Problem, Unfit

JSON = "application/json"
PDF = "application/pdf"
JSON_BODY = 16 * 1024

#: Kinds of the variable parts of paths.
IN_PATH: dict[str, type[Patterned]] = {
    "attempt_id": Id,
    "case_id": Id,
    "clue_id": Id,
    "code": AreaCode,
    "emergency_id": Id,
    "incident_id": Id,
    "lock_up_id": Id,
    "name": Slug,
    "notice_id": Id,
    "referral_id": Id,
    "report_id": Id,
    "result_id": Id,
    "transfer_id": Id,
}


class Unreadable(Problem):
    """The body is not what its content type promises (400)."""

    code = "unreadable"


class Nothing(Strict):
    """No parameters."""


@dataclass(frozen=True, slots=True)
class File:
    """A file as an answer."""

    content: bytes
    name: str
    media: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has been checked: variable parts of the path, query, JSON body or raw bytes."""

    path: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    raw: bytes
    source: str
    bearer: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path (``/cases/{case_id}``).

    ``action`` says which roles may ask; ``None`` with ``public`` stands for everybody, without it for anybody
    signed in. ``takes`` is the content type of the body, ``gives`` that of the answer; ``refusals`` are
    statuses besides those that every operation can answer with.
    """

    method: str
    path: str
    name: str
    summary: str
    function: Callable[[Access, Asked], Any]
    action: Action | None = None
    public: bool = False
    query: type[Schema] = Nothing
    body: type[Schema] | None = None
    takes: str = ""
    gives: str = JSON
    answer: type[Schema] | None = None
    status: int = 200
    refusals: frozenset[int] = frozenset()
    largest: int = JSON_BODY
    parts: tuple[str, ...] = field(default=())

    @property
    def rule(self) -> str:
        """The path as Flask writes it."""
        return re.sub(r"\{(\w+)\}", r"<\1>", self.path)

    @property
    def answers(self) -> list[int]:
        """Every status this operation can answer with."""
        found = {self.status, 422, 500} | set(self.refusals)
        if not self.public:
            found |= {401, 403}
        if self.takes:
            found |= {400, 413, 415}
        if self.parts:
            found |= {404}
        return sorted(found)


class Chapter:
    """The operations of one noun."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.operations: list[Operation] = []

    def _add(self, method: str, path: str, **more: Any) -> Callable[[Any], Any]:
        def declare(function: Callable[[Access, Asked], Any]) -> Callable[[Access, Asked], Any]:
            summary = (function.__doc__ or "").strip().split("\n")[0]
            name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
            parts = tuple(re.findall(r"\{(\w+)\}", path))
            refusals = frozenset(more.pop("refusals", ()))
            self.operations.append(
                Operation(method, path, name, summary, function, parts=parts, refusals=refusals, **more)
            )
            return function

        return declare

    def get(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare a reading operation."""
        return self._add("GET", path, **more)

    def post(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare an operation with a body."""
        return self._add("POST", path, takes=more.pop("takes", JSON), **more)

    def delete(self, path: str, **more: Any) -> Callable[[Any], Any]:
        """Declare an operation that ends something."""
        return self._add("DELETE", path, **more)


@cache
def _schema(kind: type[Schema]) -> Schema:
    return kind()


def _flat(messages: Any, trail: str = "") -> dict[str, str]:
    """Marshmallow's nested messages as one sentence a field, named ``a.b`` below another."""
    if isinstance(messages, Mapping):
        found: dict[str, str] = {}
        for name, inner in messages.items():
            own = "" if name == "_schema" else str(name)
            found.update(_flat(inner, ".".join(part for part in (trail, own) if part)))
        return found
    return {trail or "body": " ".join(str(one) for one in messages)}


def _load(kind: type[Schema], data: Any) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = _schema(kind).load(data)
    except ValidationError as wrong:
        raise Unfit(errors.WORDS[422][1], fields=_flat(wrong.messages)) from None
    return loaded


def typed(kind: type[Schema], name: str, value: str) -> Any:
    """A value of a query as the type its field takes, or as it is when it does not look like one."""
    wanted = _schema(kind).fields.get(name)
    if isinstance(wanted, Whole | Choice) and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", value):
        return int(value)
    if isinstance(wanted, Flag) and value in ("true", "false"):
        return value == "true"
    return value


def _query(kind: type[Schema]) -> dict[str, Any]:
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise Unfit(errors.WORDS[422][1], fields=dict.fromkeys(twice, "这一项只能给一次。"))
    return _load(kind, {name: typed(kind, name, value) for name, value in request.args.items()})


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _json() -> Any:
    try:
        return json.loads(request.get_data(), object_pairs_hook=_unique, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Unreadable(errors.WORDS[400][1]) from None


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _path(values: Mapping[str, str]) -> dict[str, Any]:
    try:
        return {name: IN_PATH[name]().deserialize(value) for name, value in values.items()}
    except ValidationError:
        raise Missing(errors.WORDS[404][1]) from None


def perform(operation: Operation, access: Access, bearer: str, values: Mapping[str, str]) -> Response:
    """Check the request against the declaration, do it, and write the answer in its declared shape."""
    path, query = _path(values), _query(operation.query)
    body: dict[str, Any] = {}
    raw = b""
    if operation.takes:
        if request.mimetype != operation.takes:
            raise UnsupportedMediaType
        if operation.body is not None:
            body = _load(operation.body, _json())
        else:
            raw = request.get_data()
    done = operation.function(access, Asked(path, query, body, raw, request.remote_addr or "", bearer))
    if isinstance(done, File):
        answer = Response(done.content, operation.status, mimetype=done.media)
        # A plain name for old programs, the Chinese one for the others.
        answer.headers["Content-Disposition"] = (
            f"attachment; filename=report.pdf; filename*=UTF-8''{quote(done.name)}"
        )
        return answer
    if operation.answer is None:
        return Response(status=204)
    return errors.put(_schema(operation.answer).dump(done), operation.status)
