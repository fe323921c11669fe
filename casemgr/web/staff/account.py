"""账号页: the administrator's accounts, and everybody's own sessions, password and view."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from casemgr.rules.access import POSTS, WITH_TOKENS, Action
from casemgr.services import account, area, clock, entry_code
from casemgr.services.account import AREA_OF_ROLE
from casemgr.services.errors import Refused, Throttled, Unfit
from casemgr.terms.account import Role
from casemgr.terms.area import AreaLevel
from casemgr.web import guard, held, login, shell, step_up
from casemgr.web.unsaved import REFUSALS, by_field

pages = Blueprint("account", __name__)

ROLE_NOTES = {
    Role.TOWNSHIP_DOCTOR: "管理一个乡镇（街道）的患者",
    Role.COUNTY_OFFICER: "查看和导入全县（区）数据，出报表",
    Role.ADMINISTRATOR: "管理账号和任务，看不到任何患者信息",
    Role.UNIT_HEAD: "查看本乡镇（街道）的患者和工作，复核紧急查看；证件号码遮盖，不录入",
    Role.HEALTH_BUREAU: "只看全县（区）的指标、月报和乡镇对比，看不到患者",
    Role.CITY_OFFICER: "只看全市（州）的指标、月报和对比，看不到患者",
    Role.SECURITY_ADMINISTRATOR: "管理披露矩阵和账号复核，看不到任何患者信息",
    Role.AUDIT_ADMINISTRATOR: "查看和核验操作记录，看不到任何患者信息",
    Role.POLICE: "部门联络入口：本派出所辖区内依规定提供的人员",
    Role.CIVIL_AFFAIRS: "部门联络入口：本人申请或同意的人员",
    Role.DISABLED_FEDERATION: "部门联络入口：本人申请或同意的人员",
    Role.POLITICAL_LEGAL: "部门联络入口：本乡镇（街道）汇总和依规定提供的人员",
    Role.REHAB_BODY: "部门联络入口：本人单独同意转介来的人员",
    Role.VILLAGE_DOCTOR: "部门联络入口：本岗位各村的患者（岗位由县级设置）",
    Role.HOSPITAL: "部门联络入口：转诊、送医、住院到本院的患者（岗位由县级设置）",
}
LABELS = {
    "login": "登录名",
    "display": "姓名",
    "role": "角色",
    "area": "辖区",
    "staff_no": "工号",
    "purpose": "用途",
    "days": "有效天数",
    "phone": "手机号",
    "old": "当前密码",
    "new": "新密码",
    "again": "再输一次新密码",
}


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


# --- one's own account ----------------------------------------------------------------------------


@pages.post("/view")
def view() -> Response:
    """Height of rows, large view, how names are shown: for this browser; large view for the account too."""
    choice = shell.view_choice()
    density = request.form.get("density", choice.density)
    large = request.form.get("large", str(int(choice.large))) == "1"
    alias = request.form.get("alias", str(int(choice.alias))) == "1"
    chosen = shell.ViewChoice(shell.ViewChoice.read(density).density, large, alias)
    if g.person is not None and g.person.large != large:
        account.set_view(g.access, large)
    response = redirect(guard.safe_next(request.form.get("back")) or shell.home_of(g.person), 303)
    shell.remember_view(response, chosen)
    return response


@pages.get("/account/sessions")
@guard.personal
def sessions() -> str:
    """Where this account is signed in."""
    return _own_page({}, {})


def _own_page(given: Mapping[str, str], fields: Mapping[str, str]) -> str:
    now = clock.now()
    return render_template(
        "account/sessions.html",
        sessions=account.sessions(g.access, g.person.session, now),
        tokens=account.own_tokens(g.access, now),
        with_tokens=g.person.role in WITH_TOKENS,
        days=account.TOKEN_DAYS,
        given=given,
        fields=fields,
        labels=LABELS,
    )


@pages.post("/account/tokens")
@guard.personal
@step_up.fresh
def make_token() -> str | tuple[str, int]:
    """A token for a program in one's own name; shown once."""
    try:
        made = account.make_token(
            g.access, clock.now(), _whole(request.form.get("days")), request.form.get("purpose", "")
        )
    except REFUSALS as wrong:
        return _own_page(request.form, by_field(wrong, "purpose")), wrong.status
    return render_template("account/token.html", made=made)


@pages.post("/account/tokens/<int:key>/end")
@guard.personal
def end_own_token(key: int) -> Response:
    """End one of the own tokens."""
    account.end_own_token(g.access, key)
    flash("令牌已收回，使用它的程序从现在起不能再访问。", "good")
    return redirect(url_for("account.sessions", _anchor="tokens"), 303)


@pages.post("/accounts/<int:key>/tokens/<int:token>/end")
@guard.guard(Action.ACCOUNT_MANAGE)
def end_token(key: int, token: int) -> Response:
    """End a token of somebody's account."""
    account.end_token(g.access, key, token)
    flash("令牌已收回，使用它的程序从现在起不能再访问。", "good")
    return redirect(url_for("account.edit", key=key, _anchor="tokens"), 303)


@pages.post("/account/sessions/<int:key>/end")
@guard.personal
def end_session(key: int) -> Response:
    """Sign out one of the own sessions."""
    account.sign_out(g.access, key)
    if key == g.person.session:
        response = redirect(url_for("login.page"), 303)
        guard.take_session(response)
        return response
    flash("该处登录已结束。", "good")
    return redirect(url_for("account.sessions"), 303)


@pages.post("/account/sessions/end-others")
@guard.personal
def end_others() -> Response:
    """Sign out everywhere but here."""
    count = account.sign_out_others(g.access, g.person.session)
    flash(f"已结束其他 {count} 处登录。" if count else "没有其他登录。", "good")
    return redirect(url_for("account.sessions"), 303)


def _carried() -> dict[str, object]:
    return {**held.carried(), "shortest": account.shortest_password()}


@pages.route("/account/password", methods=["GET", "POST"])
@guard.personal
def password() -> Response | str | tuple[str, int]:
    """Change the own password; afterwards one signs in anew."""
    if request.method == "GET" or "old" not in request.form:
        return render_template("account/password.html", fields={}, labels=LABELS, sentence="", **_carried())
    old, chosen, again = (request.form.get(name, "") for name in ("old", "new", "again"))
    try:
        account.change_password(g.access, old, chosen, again, request.remote_addr or "", clock.now())
    except (Unfit, Throttled) as wrong:
        sentence = "" if wrong.fields else wrong.message
        page = render_template(
            "account/password.html",
            fields=wrong.fields,
            labels=LABELS,
            sentence=sentence,
            **_carried(),
        )
        return page, wrong.status
    flash("密码已修改，所有登录都已结束。请用新密码登录。", "good")
    response: Response = redirect(url_for("login.page"), 303)
    if request.form.get(held.KEPT):
        g.person = g.access = None
        response = login.shown()
    guard.take_session(response)
    return response


# --- the administrator ----------------------------------------------------------------------------


@pages.get("/accounts")
@guard.guard(Action.ACCOUNT_LIST)
def list_() -> str:
    """All accounts."""
    return render_template("account/list.html", accounts=account.list_(g.access))


def _choices(own: Role | None = None) -> dict[str, object]:
    """What a form offers; accounts of posts are made where posts are, so only ``own`` role of one stays."""
    areas = area.everywhere(g.access, AreaLevel.TOWNSHIP)
    names = {one.code: one.name for one in areas}
    cities = [(one.code, one.name) for one in areas if one.level is AreaLevel.PREFECTURE]
    counties = [(one.code, one.name) for one in areas if one.level is AreaLevel.COUNTY]
    townships = [
        (one.code, f"{names.get(one.parent or 0, '')} {one.name}".strip())
        for one in areas
        if one.level is AreaLevel.TOWNSHIP
    ]
    return {
        "roles": [
            (int(role), role.label, ROLE_NOTES[role])
            for role in AREA_OF_ROLE
            if (role is own if own in POSTS else role not in POSTS)
        ],
        "areas": [("市（州）", cities), ("县（区）", counties), ("乡镇（街道）", townships)],
        "labels": LABELS,
    }


@pages.route("/accounts/new", methods=["GET", "POST"])
@guard.guard(Action.ACCOUNT_MANAGE)
def new() -> Response | str | tuple[str, int]:
    """A new account; the password is made up and shown once."""
    if request.method == "GET":
        return render_template("account/new.html", fields={}, given={}, **_choices())
    given = request.form
    try:
        made = account.create(
            g.access,
            given.get("login", ""),
            given.get("display", ""),
            _whole(given.get("role")) or 0,
            _whole(given.get("area")),
            clock.now(),
            staff_no=given.get("staff_no", ""),
            phone=given.get("phone", ""),
        )
    except REFUSALS as wrong:
        page = render_template("account/new.html", fields=by_field(wrong), given=given, **_choices())
        return page, wrong.status
    return render_template("account/secret.html", made=made, again=False)


@pages.route("/accounts/<int:key>", methods=["GET", "POST"])
@guard.guard(Action.ACCOUNT_MANAGE)
def edit(key: int) -> Response | str | tuple[str, int]:
    """Name, role and area of one account, and the buttons that close it or give it a new password."""
    shown = account.get(g.access, key)
    if request.method == "GET":
        given = {
            "display": shown.display,
            "role": int(shown.role),
            "area": shown.area,
            "staff_no": shown.staff_no,
        }
        tokens = account.tokens_of(g.access, key, clock.now())
        return render_template(
            "account/edit.html", shown=shown, given=given, fields={}, tokens=tokens, **_choices(shown.role)
        )
    given_form = request.form
    try:
        account.change(
            g.access,
            key,
            given_form.get("display", ""),
            _whole(given_form.get("role")) or 0,
            _whole(given_form.get("area")),
            _whole(given_form.get("version")) or 0,
            given_form.get("staff_no"),
            given_form.get("phone", ""),
        )
    except REFUSALS as wrong:
        page = render_template(
            "account/edit.html",
            shown=account.get(g.access, key),
            given=given_form,
            fields=by_field(wrong),
            **_choices(shown.role),
        )
        return page, wrong.status
    flash("账号已保存。", "good")
    return redirect(url_for("account.edit", key=key), 303)


@pages.post("/accounts/<int:key>/disable")
@guard.guard(Action.ACCOUNT_MANAGE)
def disable(key: int) -> Response:
    """Close an account."""
    try:
        account.disable(g.access, key)
    except Refused as wrong:
        flash(wrong.message, "bad")
    else:
        flash("账号已停用，该账号的登录和令牌已全部失效。", "good")
    return redirect(url_for("account.edit", key=key), 303)


@pages.post("/accounts/<int:key>/enable")
@guard.guard(Action.ACCOUNT_MANAGE)
def enable(key: int) -> Response:
    """Open an account again."""
    try:
        account.enable(g.access, key)
    except Refused as wrong:
        flash(wrong.message, "bad")
    else:
        flash("账号已启用。", "good")
    return redirect(url_for("account.edit", key=key), 303)


@pages.get("/colleagues")
@guard.guard(Action.ACCOUNT_ADMIT)
def colleagues() -> str:
    """People one may help who forgot their password."""
    return render_template("account/colleagues.html", found=entry_code.colleagues(g.access))


@pages.post("/colleagues/<int:key>/code")
@guard.guard(Action.ACCOUNT_ADMIT)
@step_up.fresh
def code(key: int) -> str:
    """A code with which somebody chooses a new password; shown once."""
    made = entry_code.make(g.access, key, clock.now())
    minutes = int(entry_code.VALID.total_seconds()) // 60
    return render_template("account/code.html", made=made, minutes=minutes)


@pages.post("/accounts/<int:key>/factor")
@guard.guard(Action.ACCOUNT_MANAGE)
@step_up.fresh
def reset_factor(key: int) -> Response:
    """Take the second factor away from somebody who lost phone and recovery codes."""
    account.reset_factor(g.access, key)
    flash("动态码已重置，该账号的登录和令牌已全部失效。本人下次登录后需要重新设置。", "good")
    return redirect(url_for("account.edit", key=key), 303)


@pages.post("/accounts/<int:key>/password")
@guard.guard(Action.ACCOUNT_MANAGE)
@step_up.fresh
def reset(key: int) -> str:
    """A new password for somebody who has forgotten theirs; shown once."""
    return render_template("account/secret.html", made=account.reset_password(g.access, key), again=True)
