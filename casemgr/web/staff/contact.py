"""联系单位页: numbers of police stations, hospitals and committees, kept by the county's officers."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import area, contact
from casemgr.terms.area import AreaLevel
from casemgr.terms.emergency import ContactKind
from casemgr.web import guard
from casemgr.web.staff import listing
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("contact", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {"area": "用于", "kind": "类别", "name": "单位名称", "phone": "电话"}
#: Codes among them, by their lists.
CHOICES = {"kind": ContactKind}


def _page(given: Mapping[str, object], fields: Mapping[str, str]) -> str:
    tree = area.tree(g.access, AreaLevel.VILLAGE)
    places = [(one.code, one.name) for one in tree if one.level >= AreaLevel.COUNTY]
    return render_template(
        "contact/list.html",
        lines=contact.written(g.access),
        places=places,
        kinds=ContactKind.choices(),
        given={"once": contact.begin(), **given},
        fields=fields,
        labels=LABELS,
    )


@pages.get("/contacts")
@guard.guard(Action.AREA_WRITE)
def list_() -> str:
    """The numbers written down for the county, and the form for another."""
    return _page({}, {})


@pages.post("/contacts")
@guard.guard(Action.AREA_WRITE)
def write() -> Response | tuple[str, int]:
    """Write a number down."""
    typed = Typed(request.form)
    once = typed.key("once")
    place = listing.whole(request.form.get("area"), 1)
    kind = typed.code(ContactKind, "kind", LABELS["kind"])
    name = typed.text("name", LABELS["name"], longest=80)
    phone = typed.text("phone", LABELS["phone"], longest=30)
    try:
        typed.settle()
        contact.write(g.access, once, place, kind, name, phone)
    except REFUSALS as wrong:
        return _page(dict(request.form), by_field(wrong)), wrong.status
    flash("已保存。该辖区的患者页、应急页即时使用这个号码。", "good")
    return redirect(url_for("contact.list_"), 303)


@pages.post(f"/contacts/<{KEY}:key>/end")
@guard.guard(Action.AREA_WRITE)
def end(key: int) -> Response:
    """A number is no longer used."""
    contact.end(g.access, key)
    flash("已停用，记录保留。", "good")
    return redirect(url_for("contact.list_"), 303)
