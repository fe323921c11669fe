"""数据库命令: bring the tables to the newest migration, or back."""

from __future__ import annotations

import logging

import click
from alembic import command
from alembic.config import Config as AlembicConfig

from casemgr.cli.door import PoliteGroup
from config import ROOT

group = PoliteGroup("db", help="数据库迁移。")


def alembic_config() -> AlembicConfig:
    """Alembic's configuration for this project, made without a file."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(ROOT / "migrations"))
    return settings


@group.command("upgrade")
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """升级到最新（或指定）版本。"""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(alembic_config(), revision)
    click.echo("数据库已是最新版本。" if revision == "head" else f"数据库已升级到 {revision}。")


@group.command("downgrade")
@click.argument("revision")
def downgrade(revision: str) -> None:
    """退回到指定版本；会丢弃该版本之后新增的列和表。"""
    command.downgrade(alembic_config(), revision)
    click.echo(f"数据库已退回到 {revision}。")


@group.command("check")
def check() -> None:
    """检查数据库结构与程序是否一致。"""
    command.check(alembic_config())
    click.echo("数据库结构与程序一致。")


@group.command("revision", hidden=True)
@click.option("-m", "--message", required=True)
def revision(message: str) -> None:
    """Write the next migration from the difference between models and database (for developers)."""
    command.revision(alembic_config(), message, autogenerate=True)
