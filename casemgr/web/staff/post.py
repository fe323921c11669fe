"""岗位页: posts of village doctors and hospitals, which the county keeps with their accounts."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from casemgr.rules.access import Action
from casemgr.services import clock, post
from casemgr.terms.account import Role
from casemgr.web import guard, step_up
from casemgr.web.staff.typed import Typed
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("post", __name__)

KEY = "int(max=9223372036854775807)"
LABELS = {
    "role": "岗位类别",
    "place": "乡镇（街道）",
    "name": "岗位名称",
    "villages": "负责的村（社区）",
    "login": "登录名",
    "display": "姓名",
    "valid_from": "启用日期",
    "valid_until": "截止日期",
}
ROLES = (
    (int(Role.VILLAGE_DOCTOR), Role.VILLAGE_DOCTOR.label, "只看到所选各村的在册患者"),
    (int(Role.HOSPITAL), Role.HOSPITAL.label, "只看到转诊、应急送医、住院到本院的患者"),
)


@pages.get("/posts")
@guard.guard(Action.POST_MANAGE)
def list_() -> str:
    """Every post of the county."""
    return render_template("post/list.html", posts=post.list_(g.access))


def _new(given: MultiDict[str, str], fields: dict[str, str]) -> str:
    form = post.begin(g.access)
    towns = dict(form.townships)
    return render_template(
        "post/new.html",
        form=form,
        given=given,
        chosen=given.getlist("villages"),
        fields=fields,
        labels=LABELS,
        roles=ROLES,
        villages=[
            (towns[code], [(village, name) for town, village, name in form.villages if town == code])
            for code in towns
        ],
    )


@pages.get("/posts/new")
@guard.guard(Action.POST_MANAGE)
def new() -> str:
    """A new post."""
    return _new(MultiDict(), {})


def _villages() -> list[int]:
    found = (text.strip() for text in request.form.getlist("villages"))
    return [int(text) for text in found if text.isascii() and text.isdigit() and len(text) <= 12]


@pages.post("/posts/new")
@guard.guard(Action.POST_MANAGE)
def save() -> Response | tuple[str, int]:
    """Open the post; what is wrong comes back with everything typed."""
    typed = Typed(request.form)
    once = typed.key("once")
    try:
        role = typed.code(Role, "role", LABELS["role"])
        place = typed.whole("place", LABELS["place"], most=10**12)
        key = post.open_(g.access, once, role, place, request.form.get("name", ""), _villages())
    except REFUSALS as wrong:
        return _new(request.form, by_field(wrong)), wrong.status
    flash("岗位已建立。下一步：给在岗的人建账号。", "good")
    return redirect(url_for("post.page", key=key), 303)


def _page(key: int, given: MultiDict[str, str], fields: dict[str, str], opened: str = "") -> str:
    view, form = post.get(g.access, key), post.begin(g.access)
    chosen = given.getlist("villages") if opened == "change" else [code for code, _name in view.villages]
    return render_template(
        "post/page.html",
        view=view,
        given=given,
        fields=fields,
        opened=opened,
        chosen=chosen,
        labels=LABELS,
        villages=[(code, name) for town, code, name in form.villages if town == view.place],
    )


@pages.get(f"/posts/<{KEY}:key>")
@guard.guard(Action.POST_MANAGE)
def page(key: int) -> str:
    """One post: its villages, its accounts, how many people it sees."""
    return _page(key, MultiDict(), {})


@pages.post(f"/posts/<{KEY}:key>")
@guard.guard(Action.POST_MANAGE)
def change(key: int) -> Response | tuple[str, int]:
    """Change name and villages; what a post loses is withdrawn at once."""
    version = Typed(request.form).whole("version", "版本") or 0
    try:
        post.change(g.access, key, version, request.form.get("name", ""), _villages())
    except REFUSALS as wrong:
        return _page(key, request.form, by_field(wrong), "change"), wrong.status
    flash("岗位已保存。不再负责的村，村医的名单已撤回。", "good")
    return redirect(url_for("post.page", key=key), 303)


@pages.post(f"/posts/<{KEY}:key>/end")
@guard.guard(Action.POST_MANAGE)
def end(key: int) -> Response:
    """Close the post with its accounts; everything it had is withdrawn."""
    done = post.end(g.access, key, Typed(request.form).whole("version", "版本") or 0)
    flash("岗位已撤销，账号已停用，名单已撤回。" if done else "岗位此前已撤销，没有改动。", "good")
    return redirect(url_for("post.page", key=key), 303)


@pages.post(f"/posts/<{KEY}:key>/account")
@guard.guard(Action.POST_MANAGE)
@step_up.fresh
def open_account(key: int) -> Response | str | tuple[str, int]:
    """An account for the post; its first password is shown once."""
    typed, given = Typed(request.form), request.form
    try:
        first = typed.day("valid_from", LABELS["valid_from"])
        last = typed.day("valid_until", LABELS["valid_until"])
        typed.settle()
        made = post.open_account(
            g.access, key, given.get("login", ""), given.get("display", ""), first, last, clock.now()
        )
    except REFUSALS as wrong:
        return _page(key, given, by_field(wrong), "account"), wrong.status
    return render_template("post/secret.html", made=made, key=key)


@pages.post(f"/posts/<{KEY}:key>/account/<{KEY}:who>/leave")
@guard.guard(Action.POST_MANAGE)
def leave(key: int, who: int) -> Response:
    """Somebody gave up the post."""
    done = post.leave(g.access, key, who)
    flash("已办理离岗，该账号的登录已全部失效。" if done else "该账号此前已停用，没有改动。", "good")
    return redirect(url_for("post.page", key=key), 303)
