"""留存: what somebody has typed comes back when the session had ended, so that it can still be sent.

Only what a page of this site sent by a press of a button, as the browser itself says, is handed back: another
site can put nothing into anybody's hands. Passwords and files are never among it, and nothing is kept here.
"""

from __future__ import annotations

import json

from flask import render_template, request
from werkzeug.wrappers import Response

from casemgr.web import csrf

KEPT, PLACE = "kept", "kept_to"
#: The field in which somebody proves again who they are: a password or a code, so it is never kept.
PROOF = "proof"
URLENCODED = "application/x-www-form-urlencoded"
MOST = 4_000

Pairs = list[tuple[str, str]]


def sent() -> str:
    """What this request brought, as one text for a hidden field; empty if it is no form of a page of ours."""
    headers = request.headers
    pressed = headers.get("Sec-Fetch-Site") == "same-origin" and headers.get("Sec-Fetch-Mode") == "navigate"
    if request.method != "POST" or not pressed or request.mimetype != URLENCODED:
        return ""
    if (request.endpoint or "account.").startswith(("account.", "factor.", "login.")):
        return ""
    pairs = [
        (name, text)
        for name, texts in request.form.lists()
        if name not in (csrf.FIELD, PROOF)
        for text in texts
    ]
    return json.dumps(pairs, ensure_ascii=False) if any(text for _, text in pairs) else ""


def read(text: str) -> Pairs:
    """The names and texts in such a hidden field; empty for anything else."""
    try:
        found = json.loads(text) if text else []
    except (ValueError, RecursionError):
        return []
    if not isinstance(found, list) or len(found) > MOST:
        return []
    pairs = [(one[0], one[1]) for one in found if isinstance(one, list) and len(one) == 2]
    sound = len(pairs) == len(found) and all(isinstance(part, str) for pair in pairs for part in pair)
    return pairs if sound else []


def again(pairs: Pairs, place: str, status: int) -> Response:
    """The page on which somebody signed in sends again what was typed; nothing is written before that."""
    page = render_template("login/kept.html", pairs=pairs, place=place)
    return Response(page, status, mimetype="text/html")


def before(pairs: Pairs, place: str, first: str) -> Response:
    """The page that leads to what has to be done first (``first``) and takes along what was typed."""
    kept = json.dumps(pairs, ensure_ascii=False)
    page = render_template("login/before.html", kept=kept, place=place, first=first)
    return Response(page, 200, mimetype="text/html")


def carried() -> dict[str, str]:
    """What a page on the way has to put into its own form, so that it is not lost: names for its template."""
    return {"kept": request.form.get(KEPT, ""), "place": request.form.get(PLACE, "")}
