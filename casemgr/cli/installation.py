"""安装命令: tables and demo county in one process; ``python3 -m casemgr run`` calls it before it serves.

One process, because each start of the application costs about a second.
"""

from __future__ import annotations

import logging

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import account, clock, demo, health

group = PoliteGroup("installation", help="安装（由 python3 -m casemgr run 调用）。")


@group.command("prepare")
@click.option("--demo", "wanted", is_flag=True, help="登记库为空时装入示例县。")
def prepare(wanted: bool) -> None:
    """升级数据库，需要时装入示例县，用 JSON 说明登记库里是什么。"""
    if not health.ready()["database"]:
        _upgrade()
    found = demo.holdings(Access.system("installation"))
    empty = not (found.files or found.real or found.demo)
    accounts: list[demo.DemoAccount] = []
    first: list[account.NewSecret] = []
    if empty and wanted:
        accounts = demo.load(if_empty=True).accounts
    elif found.demo and not found.real:
        accounts = demo.accounts(Access.system("installation"))
    elif empty and not account.anybody(Access.system("installation")):
        first = account.open_first(Access.system("installation"), clock.now())
    put_json(
        {
            "made_up": not found.real and (wanted or not empty),
            "real": found.real,
            "empty": empty and not wanted,
            "first": [{"login": one.login, "password": one.secret} for one in first],
            "accounts": [
                {"login": one.login, "password": one.password, "title": one.title} for one in accounts
            ],
        }
    )


def _upgrade() -> None:
    from alembic import command  # only here: a start with nothing to upgrade stays light

    from casemgr.cli.db import alembic_config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(alembic_config(), "head")
