"""再次确认: asks for password or code before what this door does not take back, and keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast

from flask import after_this_request, g, render_template, request
from werkzeug.wrappers import Response

from casemgr.services import liaison
from casemgr.services.liaison import Throttled, Unfit
from casemgr.web import csrf
from casemgr.web.held import PROOF
from casemgr.web.liaison import guard

View = TypeVar("View", bound=Callable[..., Any])


def fresh(view: View) -> View:
    """Open a view that posts a form only to somebody who proved within five minutes who they are.

    Stands under :func:`casemgr.web.liaison.guard.guard`; what the form brought comes back with the proof.
    """

    @wraps(view)
    def run(*args: Any, **named: Any) -> Any:
        asked = None if liaison.is_fresh(g.person, liaison.now()) else _take()
        return view(*args, **named) if asked is None else asked

    return cast(View, run)


def _take() -> Response | None:
    if PROOF not in request.form:
        return _page({}, "", 401)
    now = liaison.now()
    try:
        token = liaison.confirm(
            g.access, g.person.session, request.form[PROOF], now, request.remote_addr or ""
        )
    except Unfit as wrong:
        return _page(wrong.fields, "", wrong.status)
    except Throttled as wrong:
        return _page({}, wrong.message, wrong.status)
    g.person = replace(g.person, confirmed_at=now)

    @after_this_request
    def give(response: Response) -> Response:
        guard.give_session(response, token)
        return response

    return None


def _page(fields: dict[str, str], sentence: str, status: int) -> Response:
    pairs = [
        (name, text)
        for name, texts in request.form.lists()
        if name not in (csrf.FIELD, PROOF)
        for text in texts
    ]
    place = guard.place_of(request.full_path.rstrip("?"))
    shown = {"fields": fields, "sentence": sentence, "pairs": pairs, "place": place}
    return Response(render_template("liaison/confirm.html", **shown), status, mimetype="text/html")
