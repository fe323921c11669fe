"""示例县命令: lay the synthetic county into an empty register."""

from __future__ import annotations

from datetime import date, datetime

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.services import demo

group = PoliteGroup("demo", help="示例县（虚构数据）。")
STAGES = {"people": "人员", "months": "月结"}


def _say(stage: str, done: int, total: int) -> None:
    click.echo(f"\r{STAGES[stage]} {done:,}/{total:,}", nl=done >= total, err=True)


@group.command("load")
@click.option(
    "--people",
    type=click.IntRange(1, demo.MOST_PEOPLE),
    default=demo.PEOPLE,
    show_default=True,
    help="人数。",
)
@click.option(
    "--townships",
    type=click.IntRange(1, demo.MOST_TOWNSHIPS),
    help="乡镇数。  [默认：18；超过 5,400 人时每 300 人一个]",
)
@click.option("--seed", default=demo.SEED, show_default=True, help="随机种子；种子与日期相同，内容相同。")
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="数据截至日。  [默认：今天]")
@click.option(
    "--years",
    type=click.IntRange(0, demo.MOST_YEARS),
    help="当年以前几年的历史，从1月1日起。  [默认：2；超过 5 万人为 1；超过 20 万人为 0]",
)
@click.option(
    "--months", type=click.IntRange(0), help="月结到截至日为止的多少个月。  [默认：24；超过 5 万人为 0]"
)
@click.option("--if-empty", is_flag=True, help="已有档案时什么也不做。")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def load(
    people: int,
    townships: int | None,
    seed: int,
    as_of: datetime | None,
    years: int | None,
    months: int | None,
    if_empty: bool,
    as_json: bool,
) -> None:
    """装入示例县：全部为虚构人员，证件号码和区划以 9999 开头，电话以 100 开头。"""
    day: date | None = as_of.date() if as_of else None
    loaded = demo.load(
        people,
        townships,
        seed,
        day,
        years=years,
        months=months,
        if_empty=if_empty,
        progress=None if as_json else _say,
    )
    accounts = [{"login": one.login, "password": one.password, "title": one.title} for one in loaded.accounts]
    if as_json:
        put_json(
            {
                "demo": True,
                "fresh": loaded.fresh,
                "empty": False,
                "accounts": accounts,
                "as_of": loaded.as_of and loaded.as_of.isoformat(),
                "history": loaded.history and loaded.history.isoformat(),
                "counties": loaded.counties,
                "townships": loaded.townships,
                "people": loaded.people,
                "rows": loaded.rows,
                "months": loaded.months,
            }
        )
        return
    if loaded.fresh:
        click.echo(
            f"已装入示例县：{loaded.townships} 个乡镇，{loaded.people:,} 人，"
            f"随访 {loaded.rows['visit']:,} 次，"
            f"{loaded.history} 至 {loaded.as_of}；月结 {loaded.months} 个月。"
        )
    else:
        click.echo("登记库里已有档案，没有装入示例县。")
    for one in accounts:
        click.echo(f"  {one['login']:<12} 密码 {one['password']:<18} {one['title']}")
