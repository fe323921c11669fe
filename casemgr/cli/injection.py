"""长效针剂命令: what the label says about a history of doses, without a patient."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.injection import Advice, Given, Role, advise

group = PoliteGroup("injection", help="长效针剂：窗口、逾期与漏针的说明书规定（不涉及具体患者）。")

MICROGRAMS = 1000
PARTS = 3


class DoseType(click.ParamType[Given]):
    """``DATE[:ROLE[:MG]]``."""

    name = "dose"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Given:
        if isinstance(value, Given):
            return value
        parts = str(value).split(":")
        if len(parts) > PARTS:
            self.fail(
                f"“{value}”多了一段；写法为 日期[:针次[:毫克]]，例如 2025-03-01:INIT1:150。", param, ctx
            )
        day, role, milligrams = (*parts, "", "")[:PARTS]
        return Given(
            self._day(day, param, ctx), self._role(role, param, ctx), self._dose(milligrams, param, ctx)
        )

    def _day(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            self.fail(f"“{text}”不是日期；请写成 2025-03-01。", param, ctx)

    def _role(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> Role | None:
        if not text:
            return None
        try:
            return Role[text.upper()]
        except KeyError:
            self.fail(f"没有针次“{text}”；可用：{'、'.join(Role.__members__)}，或留空。", param, ctx)

    def _dose(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if not text:
            return None
        try:
            micrograms = int((Decimal(text) * MICROGRAMS).to_integral_value())
        except (InvalidOperation, OverflowError, ValueError):
            micrograms = 0
        if micrograms <= 0:
            self.fail(f"“{text}”不是剂量；请写大于0的毫克数，例如 37.5。", param, ctx)
        return micrograms


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _document(found: Advice) -> dict[str, Any]:
    return {
        "status": found.status.name,
        "due": _day(found.due),
        "window_open": _day(found.window_open),
        "window_close": _day(found.window_close),
        "rule": found.rule,
        "guidance": found.guidance,
        "sources": list(found.sources),
        "verified": found.verified,
        "flags": [
            {
                "code": one.code,
                "level": one.level.name.lower(),
                "text": one.text,
                "sources": list(one.ground.sources),
                "verified": one.ground.verified,
            }
            for one in found.flags
        ],
    }


@group.command("advise")
@click.option("--product", required=True, metavar="ID", help="产品代码，例如 PP1M。")
@click.option(
    "--dose",
    "doses",
    type=DoseType(),
    multiple=True,
    metavar="DATE[:ROLE[:MG]]",
    help="一针：日期、针次（可不填）、毫克（可不填）；可写多次。",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), required=True, help="按哪一天判断。")
@click.option(
    "--interval", type=click.IntRange(1), metavar="DAYS", help="医嘱间隔天数（由处方医师定间隔的产品）。"
)
@click.option(
    "--profile", type=click.Choice(["CN", "US"]), default="CN", show_default=True, help="说明书地区。"
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def advise_command(
    product: str,
    doses: tuple[Given, ...],
    as_of: datetime,
    interval: int | None,
    profile: str,
    as_json: bool,
) -> None:
    """说明书对一段注射史怎么说；只是提示，不是医嘱，请由医师确认。"""
    found = advise(product, doses, as_of.date(), profile=profile, interval=interval, include_disabled=True)
    if as_json:
        put_json(_document(found))
        return
    click.echo(
        f"{found.as_of.isoformat()}  {found.label.name if found.label else product}  {found.status.label}"
    )
    click.echo(f"{found.guidance}（{found.rule}）")
    if found.plan:
        click.echo(found.reason)
    for one in found.flags:
        mark = "" if one.ground.verified else "（待核对）"
        click.echo(f"{one.level.label}：{one.text}{mark}（{one.code}）")
