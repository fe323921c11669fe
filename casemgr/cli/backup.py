"""备份命令: one sealed file of the database and the files, and back into an empty installation."""

from __future__ import annotations

import logging
from dataclasses import asdict
from pathlib import Path

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import backup, clock

group = PoliteGroup("backup", help="加密备份与恢复（不含密钥）。")
FILE = click.Path(dir_okay=False, path_type=Path)


def _upgrade() -> None:
    from alembic import command  # only here: a start that restores nothing stays light

    from casemgr.cli.db import alembic_config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    command.upgrade(alembic_config(), "head")


def _in_words(found: backup.BackupView) -> str:
    return f"{found.made_at} 的备份：{found.rows:,} 行，{found.files} 个文件，审计到第 {found.audit_seq} 条"


@group.command("create")
@click.option("--out", required=True, type=FILE, help="备份文件；已经存在时拒绝覆盖。")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def create(out: Path, as_json: bool) -> None:
    """生成加密备份：数据库和文件，不含密钥；期间可以照常使用。"""
    made = backup.create(Access.system("backup"), out.absolute(), clock.now())
    if as_json:
        put_json(asdict(made))
        return
    click.echo(f"已备份到 {out}（{_in_words(made)}）。")
    click.echo("恢复时需要现在的密钥文件。请把它与这份备份分开存放。")


@group.command("check")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def check(file: Path, as_json: bool) -> None:
    """逐项核对一份备份是否完整、能否用现有密钥打开；什么也不恢复。"""
    found = backup.check(Access.system("backup"), file.absolute())
    if as_json:
        put_json(asdict(found))
        return
    click.echo(f"备份完好（{_in_words(found)}）。")


@group.command("restore")
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def restore(file: Path, as_json: bool) -> None:
    """把备份恢复到空的安装：核对全部内容，升级到现在的版本，并结束所有登录。"""
    found = backup.restore(Access.system("backup"), file.absolute(), _upgrade)
    if as_json:
        put_json(asdict(found))
        return
    click.echo(f"已恢复（{_in_words(found)}）。")
    if found.behind:
        click.echo(
            "另存的审计锚点比这份备份新：备份之后的记录没有恢复。请保留那份锚点文件备查，另设新的文件。"
        )
    click.echo(f"已结束 {found.sessions_ended} 个登录，停用 {found.tokens_revoked} 个接口令牌。请重新登录。")
