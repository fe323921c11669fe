"""快速隐藏: one button or one key that takes every name off the screen, until the password is given again.

The session stays open and figures can be looked at; whatever opens names or writes asks first who is there,
with everything that was typed kept. A session without a proof of its person is such a session.
"""

from __future__ import annotations

from flask import Blueprint, Flask, flash, g, redirect, request
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import account
from casemgr.web import guard, shell, step_up

pages = Blueprint("veil", __name__)

#: Write nothing but that they were read, and show names only where the switch of the session shows them.
WITHOUT_NAMES = frozenset({Action.CASE_READ})


@pages.post("/names/off")
@guard.personal
def hide() -> Response:
    """Take the names off every page of this session at once; only a password brings them back."""
    account.hide_names(g.access, g.person.session)
    flash("姓名已全部隐藏。再次查看姓名或保存内容时，需要输入密码确认是您本人。", "good")
    return redirect(guard.safe_next(request.form.get("back")) or shell.home_of(g.person), 303)


def drawn() -> bool:
    """Whether the names of this session are hidden until its person proves to be there."""
    person = g.get("person")
    return person is not None and account.hides_names(person)


def offered() -> bool:
    """Whether the button stands on this page: for whoever may see names, and until it was pressed."""
    person = g.get("person")
    return (
        person is not None
        and bool(person.session)
        and not drawn()
        and not guard.first_of(person)
        and person.access.may(Action.IDENTITY_REVEAL)
    )


def _ask_first() -> Response | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in guard.PUBLIC or not drawn():
        return None
    # Who still has to choose a password or set up a second factor is led there, and sees no names before.
    mark = guard.mark_of_request()
    if mark is None or mark.action is None or guard.first_of(g.person):
        return None
    opens = mark.action.writes and mark.action not in WITHOUT_NAMES
    return step_up.ask() if opens else None


def install(app: Flask) -> None:
    """Ask before every page of ``app`` that opens names, once they were hidden; after the guard."""
    app.before_request(_ask_first)
    app.jinja_env.globals.update(names_hidden=drawn, offers_hiding=offered)
