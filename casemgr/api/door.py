"""接口门: opens the JSON door on an application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response

from casemgr.api import errors, guard, openapi
from casemgr.api.operation import Chapter, Operation, perform
from casemgr.api.v1 import (
    area,
    case,
    clue,
    duty,
    emergency,
    envelope,
    event,
    form,
    indicator,
    injection,
    medicine,
    monitoring,
    notice,
    referral,
    registration,
    report,
    state,
    token,
    transfer,
)

#: Every chapter of the first version; a new noun adds its own here.
CHAPTERS: tuple[Chapter, ...] = (
    token.chapter,
    area.chapter,
    indicator.chapter,
    case.chapter,
    registration.chapter,
    clue.chapter,
    notice.chapter,
    state.chapter,
    transfer.chapter,
    event.chapter,
    emergency.chapter,
    medicine.chapter,
    injection.chapter,
    monitoring.chapter,
    referral.chapter,
    duty.chapter,
    envelope.chapter,
    form.chapter,
    report.chapter,
)


def _view(operation: Operation) -> Callable[..., Response]:
    def view(**values: str) -> Response:
        access, bearer = guard.enter(operation)
        return perform(operation, access, bearer, values)

    return view


def _describe(**_: Any) -> Response:
    return errors.put(openapi.document(CHAPTERS))


def open_on(app: Flask) -> None:
    """Register every declared operation on ``app``; nothing is reachable that is not declared."""
    door = Blueprint("api", __name__, url_prefix="/api/v1")
    for chapter in CHAPTERS:
        for operation in chapter.operations:
            door.add_url_rule(
                operation.rule,
                operation.name.replace(".", "_"),
                _view(operation),
                methods=[operation.method],
                provide_automatic_options=False,
            )
    door.add_url_rule("/openapi.json", "openapi", _describe, methods=["GET"], provide_automatic_options=False)
    errors.install(app, door)
    app.register_blueprint(door)
