"""再次确认页: asks for password or code before what is grave, and goes on with everything that was typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, cast

from flask import after_this_request, g, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.services import clock, step_up
from casemgr.services.errors import Throttled, Unfit
from casemgr.web import csrf, guard
from casemgr.web.held import PROOF

View = TypeVar("View", bound=Callable[..., Any])


def fresh(view: View) -> View:
    """Open a view only to somebody who proved within five minutes who they are; others are asked first.

    Stands under :func:`casemgr.web.guard.guard`. What a form brought is kept on the page that asks, and comes
    to the view together with the proof; files do not, so an upload asks on the page with its form.
    """

    @wraps(view)
    def run(*args: Any, **named: Any) -> Any:
        asked = ask()
        return view(*args, **named) if asked is None else asked

    return cast(View, run)


def ask() -> Response | None:
    """The page that asks for a proof, or ``None`` when the proof is fresh or came with this request."""
    now = clock.now()
    if step_up.is_fresh(g.person, now):
        return None
    if request.method != "POST" or PROOF not in request.form:
        return _page({}, "", 401)
    return take(request.form[PROOF])


def take(proof: str) -> Response | None:
    """Check a proof and give the browser its new session; the page that asks again when it is wrong."""
    now = clock.now()
    try:
        token = step_up.confirm(g.access, g.person.session, proof, now, request.remote_addr or "")
    except Unfit as wrong:
        return _page(wrong.fields, "", wrong.status)
    except Throttled as wrong:
        return _page({}, wrong.message, wrong.status)
    g.person = replace(g.person, confirmed_at=now)

    @after_this_request
    def give(response: Response) -> Response:
        if not response.headers.get("Clear-Site-Data"):  # a view that signed out keeps it so
            guard.give_session(response, token)
        return response

    return None


def _page(fields: dict[str, str], sentence: str, status: int) -> Response:
    """Ask, with what was typed in hidden fields; a page that was only asked for is opened afterwards."""
    if request.method == "POST" and request.endpoint != "login.confirm":
        place = guard.safe_next(request.full_path.rstrip("?"))
        pairs = [
            (name, text)
            for name, texts in request.form.lists()
            if name not in (csrf.FIELD, PROOF)
            for text in texts
        ]
    else:
        wanted = request.form.get("next") if request.method == "POST" else request.full_path.rstrip("?")
        place, pairs = url_for("login.confirm"), [("next", guard.safe_next(wanted))]
    shown = {"fields": fields, "sentence": sentence, "place": place, "pairs": pairs}
    return Response(render_template("login/confirm.html", **shown), status, mimetype="text/html")
