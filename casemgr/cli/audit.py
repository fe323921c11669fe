"""审计命令: check the chain of audit entries."""

from __future__ import annotations

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import audit

group = PoliteGroup("audit", help="审计链。")


@group.command("verify")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
@click.option(
    "--anchors",
    type=click.Path(exists=True, dir_okay=False),
    help="另行保存的锚点文件（每行一个），与审计链一并核对。",
)
def verify(as_json: bool, anchors: str | None) -> None:
    """逐条核对审计链，指出第一条被改动或缺失的记录。"""
    lines = None
    if anchors is not None:
        with open(anchors, encoding="utf-8", errors="replace") as kept:
            lines = kept.readlines()
    verdict = audit.verify(Access.system("audit-verify"), lines)
    if as_json:
        put_json(
            {
                "count": verdict.count,
                "broken": verdict.broken,
                "reason": verdict.reason,
                "anchors": verdict.anchors,
            }
        )
    elif verdict.broken is None:
        click.echo(f"审计链完整，共 {verdict.count} 条，与 {verdict.anchors} 个锚点相符。")
    else:
        click.echo(f"审计链在第 {verdict.broken} 条断开：{verdict.reason}。", err=True)
    if verdict.broken is not None:
        raise SystemExit(1)


@group.command("anchor")
def anchor() -> None:
    """立即把审计链的末端写入锚点（平时每 10 分钟自动进行）。"""
    click.echo(f"审计链已锚定到第 {audit.anchor(Access.system('audit-anchor'))} 条。")
