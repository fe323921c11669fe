"""动态码页: a person sets up the code of the own phone, prints recovery codes, changes the phone."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.services import clock, second_factor
from casemgr.services.errors import Conflict, Unfit
from casemgr.services.second_factor import Setting
from casemgr.web import guard, held, shell, step_up

pages = Blueprint("factor", __name__)


@pages.route("/account/factor", methods=["GET", "POST"])
@guard.personal
def page() -> str:
    """Whether there is a second factor, and what can be done; a POST only carries typed text along."""
    found = second_factor.view(g.access)
    due = g.person.factor_due(clock.now())
    return render_template("account/factor.html", factor=found, due=due, **held.carried())


@pages.post("/account/factor/new")
@guard.personal
@step_up.fresh
def begin() -> str:
    """A new secret, shown as a QR code."""
    return _shown(second_factor.begin(g.access, clock.now()))


def _shown(setting: Setting, fields: dict[str, str] | None = None) -> str:
    return render_template(
        "account/factor_new.html",
        setting=setting,
        fields=fields or {},
        replaces=g.person.has_factor,
        **held.carried(),
    )


@pages.post("/account/factor/finish")
@guard.personal
@step_up.fresh
def finish() -> Response | str | tuple[str, int]:
    """Try the first code; then the factor holds and the recovery codes are shown once."""
    try:
        codes = second_factor.finish(g.access, request.form.get("code", ""), g.person.session, clock.now())
    except Unfit as wrong:
        return _shown(second_factor.again(g.access), wrong.fields), wrong.status
    except Conflict as gone:
        flash(gone.message, "bad")
        return redirect(url_for("factor.page"), 303)
    return _codes(codes)


def _codes(codes: tuple[str, ...]) -> str:
    typed = held.read(request.form.get(held.KEPT, ""))
    place = guard.safe_next(request.form.get(held.PLACE))
    return render_template(
        "account/factor_codes.html",
        codes=codes,
        pairs=typed if place else [],
        place=place,
        home=shell.home_of(g.person),
    )


@pages.post("/account/factor/codes")
@guard.personal
@step_up.fresh
def codes() -> Response | str:
    """New recovery codes instead of the old ones."""
    try:
        return _codes(second_factor.new_recovery(g.access))
    except Conflict as none:
        flash(none.message, "bad")
        return redirect(url_for("factor.page"), 303)


@pages.post("/account/factor/drop")
@guard.personal
@step_up.fresh
def drop() -> Response:
    """Do without the second factor again."""
    second_factor.drop(g.access, g.person.session)
    flash("动态码已停用，其他地方的登录和令牌已全部失效。", "good")
    return redirect(url_for("factor.page"), 303)
