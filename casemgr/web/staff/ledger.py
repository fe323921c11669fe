"""对外提供台账页: what was given of one person, by receiver, and what happened lately."""

from __future__ import annotations

from flask import Blueprint, abort, g, render_template

from casemgr.rules.access import Action
from casemgr.services import ledger
from casemgr.terms.account import Role
from casemgr.web import guard

pages = Blueprint("ledger", __name__)

KEY = "int(max=9223372036854775807)"


@pages.get("/ledger")
@guard.guard(Action.LIAISON_MANAGE)
def page() -> str:
    """The receivers within reach, and the latest lines."""
    return render_template("ledger/page.html", ledger=ledger.overview(g.access))


@pages.get("/ledger/<int:role>/<int(max=999999999999):area>")
@guard.guard(Action.LIAISON_MANAGE)
def receiver(role: int, area: int) -> str:
    """What one receiver has and had."""
    kind = next((one for one in Role if int(one) == role), None)
    if kind is None:
        abort(404)
    return render_template("ledger/receiver.html", view=ledger.of_receiver(g.access, kind, area))


@pages.get(f"/case/<{KEY}:key>/ledger")
@guard.guard(Action.LIAISON_MANAGE)
def of_case(key: int) -> str:
    """Everything given of one person; printable for the person or the guardian."""
    return render_template("ledger/case.html", view=ledger.of_case(g.access, key))
