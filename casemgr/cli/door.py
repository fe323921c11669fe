"""命令行: how commands answer; one line on failure, never a traceback, and JSON alone where asked for."""

from __future__ import annotations

import errno
import json
import logging
import sys
from importlib import import_module
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.exc import DBAPIError

from casemgr.services.errors import Problem, Unfit
from casemgr.store.session import LockBroken
from casemgr.store.vault import BadKeyring, CannotOpen, Locked

#: What services call a month that was given in words they cannot read: an argument, not a failure.
MONTH = "period"
EXPECTED = (BadKeyring, CannotOpen, Locked, OSError)


def sentence(wrong: Exception) -> str:
    """What went wrong in one Chinese sentence, without values."""
    if isinstance(wrong, Problem):
        return wrong.message + "".join(f" {name}：{text}" for name, text in wrong.fields.items())
    if isinstance(wrong, DBAPIError):
        text = str(wrong.orig).lower()
        if "no such table" in text or "does not exist" in text:
            return "数据库还没有建好。请先执行 flask db upgrade。"
        if "locked" in text:
            return "数据库正忙（有另一个任务在写）。请稍后再试。"
        return "数据库出错，没有写入任何内容。请检查 CASEMGR_DATABASE_URL 与磁盘空间后再试。"
    if isinstance(wrong, LockBroken):
        return "程序错误：一次越权的数据访问被拦下，没有写入任何内容。请把操作步骤告诉维护人员。"
    if isinstance(wrong, CannotOpen):
        return "有加密内容无法打开：密钥文件与数据库不匹配。请用与该数据库配套的密钥文件。"
    if isinstance(wrong, OSError) and wrong.errno is not None:
        return _file_trouble(wrong)
    if isinstance(wrong, EXPECTED):
        return str(wrong)
    return f"程序错误（{type(wrong).__name__}），没有写入任何内容。请把操作步骤告诉维护人员。"


def _file_trouble(wrong: OSError) -> str:
    """What is wrong with a file or folder, in words; the system's own are English."""
    where = f"“{wrong.filename}”" if wrong.filename else "文件"
    if isinstance(wrong, FileNotFoundError):
        return f"{where}不存在，或它所在的文件夹不存在。请检查路径，或先建好文件夹再试。"
    if isinstance(wrong, PermissionError):
        return f"没有权限读写{where}。请换一个文件夹，或请管理员给这个文件夹授权后再试。"
    if isinstance(wrong, FileExistsError):
        return f"{where}已经存在。请换一个文件名，或先移走原来的文件。"
    if wrong.errno == errno.ENOSPC:
        return "磁盘已满，文件没有写完整。请清理磁盘或换一个磁盘后再试。"
    return f"{where}读写失败（{errno.errorcode.get(wrong.errno or 0, '未知')}）。请检查路径和磁盘后再试。"


class PoliteGroup(AppGroup):
    """A group of commands whose failures are one line on stderr: exit code 2 for a wrong month, else 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as wrong:
            logging.getLogger("casemgr").debug("command failed", exc_info=True)
            click.echo(sentence(wrong), err=True)
            ctx.exit(2 if isinstance(wrong, Unfit) and MONTH in wrong.fields else 1)


class LazyGroup(click.Group):
    """Stands for ``casemgr.cli.<noun>.group`` and imports it only when it is called."""

    def __init__(self, noun: str) -> None:
        super().__init__(name=noun)
        self._module = f"casemgr.cli.{noun}"

    def _real(self) -> click.Group:
        group: click.Group = import_module(self._module).group
        return group

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self._real().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return self._real().list_commands(ctx)

    def invoke(self, ctx: click.Context) -> Any:
        return self._real().invoke(ctx)

    def get_short_help_str(self, limit: int = 45) -> str:
        return self._real().get_short_help_str(limit)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = self._real().help
        super().format_help(ctx, formatter)


def put_json(document: Any) -> None:
    """One JSON document on stdout and nothing else."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
