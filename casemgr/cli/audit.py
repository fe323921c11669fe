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
@click.option(
    "--public-key",
    "keys",
    multiple=True,
    metavar="KEY",
    help="另行抄录的锚点签名公钥（64 个十六进制字符），可给多次。",
)
def verify(as_json: bool, anchors: str | None, keys: tuple[str, ...]) -> None:
    """逐条核对审计链和锚点的签名，指出第一条被改动或缺失的记录。"""
    lines = None
    if anchors is not None:
        with open(anchors, encoding="utf-8", errors="replace") as kept:
            lines = kept.readlines()
    verdict = audit.verify(Access.system("audit-verify"), lines, [audit.public_key(one) for one in keys])
    if as_json:
        put_json(
            {
                "count": verdict.count,
                "broken": verdict.broken,
                "reason": verdict.reason,
                "anchors": verdict.anchors,
                "archived": verdict.archived,
                "absent": verdict.absent,
                "signatures": verdict.signatures,
                "public_keys": [{"seq": seq, "key": key} for seq, key in verdict.roots],
            }
        )
    elif verdict.broken is None:
        click.echo(f"审计链完整，{verdict.told}，与 {verdict.anchors} 个锚点相符。")
        click.echo(f"{verdict.signatures} 个锚点有签名，签名都对。")
        if not keys:
            _tell(verdict.roots)
    else:
        click.echo(f"审计链在第 {verdict.broken} 条断开：{verdict.reason}。", err=True)
    if verdict.broken is not None:
        raise SystemExit(1)


def _tell(roots: tuple[tuple[int, str], ...]) -> None:
    for number, (seq, key) in enumerate(roots):
        said = "签名公钥" if not number else "签名密钥从这里重新开始（换机、恢复备份之外的情形请核查）"
        click.echo(f"第 {seq} 条的锚点起，{said}：{key}")


@group.command("public-key")
def public_key() -> None:
    """显示锚点签名的公钥。请在安装当天抄录或打印，交另一单位保存。"""
    found = audit.public_keys(Access.system("audit-verify"))
    if not found:
        click.echo("还没有带签名的锚点。请先执行 flask audit anchor。", err=True)
        raise SystemExit(1)
    _tell(found)


@group.command("signatures")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option(
    "--public-key", "keys", multiple=True, required=True, metavar="KEY", help="另行抄录的公钥，可给多次。"
)
def signatures(file: str, keys: tuple[str, ...]) -> None:
    """只凭公钥核对锚点文件的签名；不需要密钥文件，也不读登记库。"""
    with open(file, encoding="utf-8", errors="replace") as kept:
        found = audit.signatures(kept.readlines(), [audit.public_key(one) for one in keys])
    if found.fault is not None:
        click.echo(f"锚点在第 {found.fault[0]} 条处不可信：{found.fault[1]}。", err=True)
        raise SystemExit(1)
    click.echo(f"{found.count} 个锚点的签名都对，前后相接。")


@group.command("anchor")
def anchor() -> None:
    """立即把审计链的末端写入锚点（平时每 10 分钟自动进行）。"""
    click.echo(f"审计链已锚定到第 {audit.anchor(Access.system('audit-anchor'))} 条。")
