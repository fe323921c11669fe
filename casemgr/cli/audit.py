"""审计命令: check the chain of audit entries."""

from __future__ import annotations

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import audit

group = PoliteGroup("audit", help="审计链。")


@group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def verify(as_json: bool) -> None:
    """逐条核对审计链，指出第一条被改动或缺失的记录。"""
    verdict = audit.verify(Access.system("audit-verify"))
    if as_json:
        put_json({"count": verdict.count, "broken": verdict.broken, "reason": verdict.reason})
    elif verdict.broken is None:
        click.echo(f"审计链完整，共 {verdict.count} 条。")
    else:
        click.echo(f"审计链在第 {verdict.broken} 条断开：{verdict.reason}。", err=True)
    if verdict.broken is not None:
        raise SystemExit(1)
