"""账号命令: accounts and tokens from the operator's side."""

from __future__ import annotations

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import account, certification, clock
from casemgr.services.account import AREA_OF_ROLE, NewSecret
from casemgr.terms.account import Role

group = PoliteGroup("account", help="账号：新建、签发令牌、停用、重置密码。")

ROLES = {
    "doctor": Role.TOWNSHIP_DOCTOR,
    "officer": Role.COUNTY_OFFICER,
    "administrator": Role.ADMINISTRATOR,
    "unit-head": Role.UNIT_HEAD,
    "bureau": Role.HEALTH_BUREAU,
    "city": Role.CITY_OFFICER,
    "security": Role.SECURITY_ADMINISTRATOR,
    "audit": Role.AUDIT_ADMINISTRATOR,
    "police": Role.POLICE,
    "civil-affairs": Role.CIVIL_AFFAIRS,
    "federation": Role.DISABLED_FEDERATION,
    "political-legal": Role.POLITICAL_LEGAL,
    **{role.label: role for role in AREA_OF_ROLE},
}
JSON = click.option("--json", "as_json", is_flag=True, help="只输出一个 JSON。")
OPERATOR = Access.system("cli")


def _show(made: NewSecret, kind: str, as_json: bool, sentence: str) -> None:
    if as_json:
        put_json({"account": str(made.account), "login": made.login, kind: made.secret})
    else:
        click.echo(sentence)


@group.command("create")
@click.argument("login")
@click.option("--name", required=True, help="姓名。")
@click.option("--role", required=True, type=click.Choice(list(ROLES)), help="角色。")
@click.option("--area", type=int, help="区划代码（12 位），按岗位填乡镇、县或市；三类管理员不填。")
@click.option("--ask-password", is_flag=True, help="输入密码，而不是由系统生成。")
@JSON
def create(login: str, name: str, role: str, area: int | None, ask_password: bool, as_json: bool) -> None:
    """新建账号 LOGIN；密码由系统生成并只显示一次，首次登录必须更换。"""
    password = click.prompt("密码", hide_input=True, confirmation_prompt="再输一次") if ask_password else ""
    made = account.create(
        OPERATOR, login, name, int(ROLES[role]), area, clock.now(), password, must_change=not ask_password
    )
    shown = "" if ask_password else f"，初始密码 {made.secret}（只显示这一次，首次登录必须更换）"
    _show(made, "password", as_json, f"已新建账号 {made.login}{shown}。")


@group.command("token")
@click.argument("login")
@click.option("--days", type=int, default=account.TOKEN_DAYS, show_default=True, help="有效天数。")
@click.option("--purpose", default="", help="哪个程序使用，例如“医院接口”。")
@click.option("--code", default="", help="设置了动态码的账号：本人手机上的 6 位动态码，或一个恢复码。")
@JSON
def token(login: str, days: int, purpose: str, code: str, as_json: bool) -> None:
    """为账号 LOGIN 签发 JSON 接口的令牌，打印在标准输出，只显示这一次。"""
    made = account.issue_token(OPERATOR, login, clock.now(), days, purpose, code)
    _show(made, "token", as_json, made.secret)


@group.command("tokens")
@click.argument("login")
@JSON
def tokens(login: str, as_json: bool) -> None:
    """列出账号 LOGIN 现在有效的令牌；令牌本身只在签发时显示过。"""
    found = account.tokens_of(OPERATOR, account.key_of(OPERATOR, login), clock.now())
    if as_json:
        put_json(
            [
                {
                    "key": str(one.key),
                    "purpose": one.purpose,
                    "created_at": one.created_at.isoformat(),
                    "ends_at": one.ends_at.isoformat(),
                    "used_at": one.used_at.isoformat() if one.used_at else None,
                }
                for one in found
            ]
        )
        return
    for one in found:
        used = one.used_at.date().isoformat() if one.used_at else "没有用过"
        purpose = one.purpose or ("登录取得" if one.short else "未写用途")
        click.echo(f"{one.key}\t{purpose}\t有效到 {one.ends_at.date()}\t{used}")


@group.command("revoke")
@click.argument("login")
@click.argument("key", type=int)
def revoke(login: str, key: int) -> None:
    """收回账号 LOGIN 的令牌 KEY（编号见 tokens），立即失效。"""
    account.end_token(OPERATOR, account.key_of(OPERATOR, login), key)
    click.echo("令牌已收回。")


@group.command("disable")
@click.argument("login")
def disable(login: str) -> None:
    """停用账号 LOGIN；登录和令牌立即失效，记录保留。"""
    account.disable(OPERATOR, account.key_of(OPERATOR, login))
    click.echo(f"账号 {account.normal_login(login)} 已停用。")


@group.command("enable")
@click.argument("login")
def enable(login: str) -> None:
    """重新启用账号 LOGIN。"""
    account.enable(OPERATOR, account.key_of(OPERATOR, login))
    click.echo(f"账号 {account.normal_login(login)} 已启用。")


@group.command("renew")
@click.argument("login")
def renew(login: str) -> None:
    """复核账号 LOGIN，从今天起再用一年；没有管理员能登录时使用。"""
    renewed = certification.certify(OPERATOR, account.key_of(OPERATOR, login))
    click.echo(f"账号 {renewed.login} 已复核，可用到 {renewed.use.last_day}。")


@group.command("leave")
@click.argument("login")
def leave(login: str) -> None:
    """为账号 LOGIN 办理离岗；登录和令牌立即失效，记录保留。"""
    certification.leave(OPERATOR, account.key_of(OPERATOR, login))
    click.echo(f"账号 {account.normal_login(login)} 已办理离岗。")


@group.command("password")
@click.argument("login")
@JSON
def password(login: str, as_json: bool) -> None:
    """为账号 LOGIN 生成新的初始密码；原有登录和令牌立即失效。"""
    made = account.reset_password(OPERATOR, account.key_of(OPERATOR, login))
    _show(made, "password", as_json, f"账号 {made.login} 的新密码：{made.secret}（首次登录必须更换）。")


@group.command("list")
@JSON
def list_(as_json: bool) -> None:
    """列出全部账号。"""
    found = account.list_(OPERATOR)
    if as_json:
        put_json(
            [
                {
                    "login": one.login,
                    "name": one.display,
                    "role": one.role.label,
                    "area": one.area,
                    "active": one.active,
                }
                for one in found
            ]
        )
        return
    for one in found:
        state = "在用" if one.active else "停用"
        click.echo(f"{one.login}\t{one.display}\t{one.role.label}\t{one.area or '-'}\t{state}")
