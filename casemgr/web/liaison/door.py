"""部门联络门: opens the pages of other departments on an application of their own.

It shares neither login nor cookie nor template with the staff door and can run on another host; of the
services it knows one. On the common host it is mounted at ``/liaison``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, current_app, g, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.routing import IntegerConverter, ValidationError

from casemgr.services import liaison
from casemgr.terms.account import Role
from casemgr.web import csrf, filters, headers, unsaved, uploads
from casemgr.web.liaison import benefit, errors, guard, login, post, window

PRODUCT = "部门联络窗口"
#: What a post does about somebody on its list; departments report what they learn instead.
ANSWERS = {Role.VILLAGE_DOCTOR: "报告所见", Role.HOSPITAL: "回报社区医生"}
#: Every blueprint of this door; a new noun adds its ``pages`` here.
PAGES: tuple[Blueprint, ...] = (login.pages, window.pages, post.pages, benefit.pages)


class MessageCookie(SecureCookieSessionInterface):
    """Flask's own cookie, which here carries the message for the next page and nothing else."""

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure

    def get_cookie_path(self, app: Flask) -> str:
        return f"{request.script_root}/"


class RowKey(IntegerConverter):
    """A number in an address that a database can hold; any other leads nowhere."""

    regex = r"[0-9]{1,19}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number >= 2**63:
            raise ValidationError
        return number


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of this door shows around its content; templates know it as ``frame``."""

    product: str
    person: str
    role: str
    place: str
    demo: bool
    request_id: str
    endpoint: str
    benefits: bool
    papers: bool
    #: Of a village doctor or a hospital: what the own window calls reporting about somebody.
    answers: str


def _frame() -> dict[str, Any]:
    person = g.get("person")
    shown = person is not None and not person.must_change
    return {
        "frame": Frame(
            product=PRODUCT,
            person=person.display if person else "",
            role=person.role.label if person else "",
            place=person.area_name if shown else "",
            demo=bool(current_app.config["CASEMGR"].demo),
            request_id=g.get("request_id", ""),
            endpoint=(request.endpoint or "") if shown else "",
            benefits=bool(shown and liaison.receives_benefits(person.role)),
            papers=bool(shown and liaison.has_papers(person.role)),
            answers=ANSWERS.get(person.role, "") if person is not None and shown else "",
        )
    }


def open_on(app: Flask) -> None:
    """Register the pages on ``app``; raises :class:`~casemgr.web.liaison.guard.Unguarded` without a guard."""
    app.config.update(
        SESSION_COOKIE_NAME="casemgr-liaison-flash",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        TEMPLATES_AUTO_RELOAD=app.debug,
    )
    app.session_interface = MessageCookie()
    app.url_map.converters["int"] = RowKey
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.request_class = uploads.MemoryRequest
    guard.install(app)
    csrf.install(app)
    errors.install(app)
    filters.install(app)
    app.context_processor(_frame)
    unsaved.install(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    headers.install(app)
    if open_pages := guard.unguarded(app):
        raise guard.Unguarded("these pages have no guard: " + ", ".join(open_pages))
