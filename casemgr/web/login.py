"""登录: the way in and the way out."""

from __future__ import annotations

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.services import account, clock, entry_code
from casemgr.services.account import CodeNeeded, CodeWrong, Ticket
from casemgr.services.errors import Refused, Throttled, Unauthenticated, Unfit
from casemgr.web import guard, held, shell, step_up

pages = Blueprint("login", __name__)

LABELS = {"login": "登录名", "code": "一次性代码", "new": "新密码", "again": "再输一次新密码"}


def _page(
    login: str = "", sentence: str = "", fields: dict[str, str] | None = None, status: int = 200
) -> Response:
    values = {"login": login, "sentence": sentence, "fields": fields or {}}
    values |= held.carried()
    target = guard.safe_next(request.values.get("next"))
    return Response(render_template("login/page.html", next=target, **values), status, mimetype="text/html")


def shown() -> Response:
    """The form, with what the request before carried along."""
    return _page()


@pages.get("/login")
def page() -> Response:
    """The form; somebody who is signed in already goes on to where they wanted."""
    if g.person is not None:
        return redirect(guard.safe_next(request.args.get("next")) or shell.home_of(g.person), 303)
    return _page()


@pages.post("/login")
def sign_in() -> Response:
    """Try login and password; a failure keeps the login as typed."""
    login, password = request.form.get("login", ""), request.form.get("password", "")
    fields = {}
    if not login.strip():
        fields["login"] = "请输入登录名。"
    if not password:
        fields["password"] = "请输入密码。"  # noqa: S105 - a sentence
    if fields:
        return _page(login, fields=fields, status=422)
    try:
        browser = _browser(request.headers.get("User-Agent", ""))
        ticket = account.sign_in(login, password, request.remote_addr or "", clock.now(), browser)
    except CodeNeeded as needed:
        return _second(needed.half)
    except (Unauthenticated, Throttled) as refused:
        return _page(login, sentence=refused.message, status=422 if refused.status == 401 else refused.status)
    return _enter(ticket)


def _second(
    half: str, sentence: str = "", fields: dict[str, str] | None = None, status: int = 200
) -> Response:
    values = {
        "half": half,
        "sentence": sentence,
        "fields": fields or {},
        "minutes": account.HALF_WAY.seconds // 60,
    }
    values |= held.carried()
    target = guard.safe_next(request.form.get("next"))
    return Response(render_template("login/second.html", next=target, **values), status, mimetype="text/html")


@pages.post("/login/second")
def second() -> Response:
    """The code of the phone, after the password was right."""
    half, code = request.form.get("half", ""), request.form.get("code", "").strip()
    if not code:
        return _second(half, fields={"code": "请输入手机上的 6 位动态码，或一个恢复码。"}, status=422)
    try:
        browser = _browser(request.headers.get("User-Agent", ""))
        ticket = account.finish_sign_in(half, code, request.remote_addr or "", clock.now(), browser)
    except CodeWrong as wrong:
        return _second(half, fields={"code": wrong.message}, status=422)
    except Throttled as refused:
        return _second(half, sentence=refused.message, status=refused.status)
    except Unauthenticated as late:
        return _page(sentence=late.message, status=422)
    return _enter(ticket)


def _enter(ticket: Ticket) -> Response:
    """Give the browser its session, and go on with what was typed before or to where one begins."""
    person = ticket.person
    if g.person is not None:
        account.sign_out(g.access, g.person.session)  # the session this browser had before
    first = guard.first_of(person)
    target = first or guard.safe_next(request.form.get("next")) or shell.home_of(person)
    response: Response = redirect(target, 303)
    typed, place = held.read(request.form.get(held.KEPT, "")), guard.safe_next(request.form.get(held.PLACE))
    if typed and place:
        g.person, g.access = person, person.access
        response = held.before(typed, place, first) if first else held.again(typed, place, 200)
    guard.give_session(response, ticket.token)
    choice = shell.view_choice()
    if choice.large != person.large:
        shell.remember_view(response, shell.ViewChoice(choice.density, person.large, choice.alias))
    return response


def _browser(agent: str) -> str:
    """Browser and system in a few words, so that people recognise their own sessions."""
    browser = next((label for mark, label in _BROWSERS if mark in agent), "其他浏览器")
    system = next((label for mark, label in _SYSTEMS if mark in agent), "其他系统")
    return f"{browser} · {system}"


_BROWSERS = (
    ("MicroMessenger", "微信"),
    ("Edg", "Edge"),
    ("QQBrowser", "QQ浏览器"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("HarmonyOS", "鸿蒙"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@pages.route("/login/code", methods=["GET", "POST"])
def entry() -> Response:
    """A new password with a code that somebody was told; the code is never part of an address."""
    if request.method == "GET":
        return _entry("", {})
    given = {name: request.form.get(name, "") for name in ("login", "code", "new", "again")}
    asked = {**{name: f"请输入{label}。" for name, label in LABELS.items()}, "again": "请再输一次新密码。"}
    missing = {name: asked[name] for name, told in given.items() if not told.strip()}
    if missing:
        return _entry(given["login"], missing, status=422)
    source = request.remote_addr or ""
    try:
        entry_code.enter(given["login"], given["code"], given["new"], given["again"], source, clock.now())
    except Unfit as wrong:
        return _entry(given["login"], wrong.fields, status=wrong.status)
    except (Refused, Throttled) as wrong:
        return _entry(given["login"], {}, wrong.message, wrong.status)
    flash("密码已设置，其他地方的登录都已结束。请用新密码登录。", "good")
    response: Response = redirect(url_for("login.page"), 303)
    guard.take_session(response)
    return response


def _entry(login: str, fields: dict[str, str], sentence: str = "", status: int = 200) -> Response:
    shown = {"login": login, "fields": fields, "sentence": sentence, "labels": LABELS}
    page = render_template("login/entry.html", **shown, shortest=account.shortest_password())
    return Response(page, status, mimetype="text/html")


@pages.post("/confirm")
@guard.personal
def confirm() -> Response:
    """Prove again who one is, and go on to the page that was asked for."""
    asked = step_up.take(request.form.get(held.PROOF, ""))
    if asked is not None:
        return asked
    return redirect(guard.safe_next(request.form.get("next")) or shell.home_of(g.person), 303)


@pages.post("/logout")
@guard.personal
def sign_out() -> Response:
    """End this session, on the server too."""
    account.sign_out(g.access, g.person.session)
    flash("已安全退出。", "good")
    response = redirect(url_for("login.page"), 303)
    guard.take_session(response)
    return response


@pages.post("/session/stay")
@guard.personal
def stay() -> Response:
    """Somebody is still there: keep the session alive now."""
    account.touch(g.access, g.person.session, clock.now())
    return Response(status=204)
