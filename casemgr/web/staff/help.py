"""帮助: the few things a newcomer asks, in the same place on every page."""

from __future__ import annotations

from flask import Blueprint, render_template

pages = Blueprint("help", __name__)


@pages.get("/help")
def page() -> str:
    """How to read the figures, who may see what, how to work with the keyboard."""
    return render_template("help/page.html")
