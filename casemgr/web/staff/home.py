"""首页: sends everybody to the page where their work begins."""

from __future__ import annotations

from flask import Blueprint, g, redirect, url_for
from werkzeug.wrappers import Response

from casemgr.web import guard, shell

pages = Blueprint("home", __name__)


@pages.get("/")
@guard.personal
def page() -> Response:
    """The county's page, the township's page or the accounts, by role."""
    target = shell.home_of(g.person)
    return redirect(target if target != url_for("home.page") else url_for("help.page"), 303)
