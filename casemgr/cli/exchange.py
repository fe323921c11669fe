"""数据交换命令: bring a county workbook in, or take one out."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import clock, exchange
from casemgr.services.errors import Unfit
from casemgr.services.exchange import ImportResult

group = PoliteGroup("exchange", help="县级工作簿的导入与导出。")
SHOWN = 20


def _access(area: int | None = None) -> Access:
    return Access.system("exchange", area)


def _whole(area: str) -> int:
    if not (area.isascii() and area.isdigit() and len(area) == 12):
        raise click.BadParameter("区划代码应为 12 位数字，例如 999901000000。", param_hint="--area")
    return int(area)


def _bar(done: int, total: int) -> None:
    click.echo(f"\r已读 {done:,} / {total:,} 行", nl=done >= total, err=True)


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="只核对，不写入。")
@click.option(
    "--errors", type=click.Path(path_type=Path, dir_okay=False), help="把未导入的行写到这个工作簿。"
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def import_(file: Path, dry_run: bool, errors: Path | None, as_json: bool) -> None:
    """导入县级工作簿。只写入没有错误的行，全部在一个事务中；同一文件再次导入不会有任何变化。"""
    if errors is not None and errors.resolve() == file.resolve():
        raise Unfit("--errors 不能与要导入的文件相同，否则会覆盖原文件。请换一个文件名。")
    shown = not as_json and sys.stderr.isatty()
    result = exchange.import_file(
        _access(), file, clock.today(), dry_run=dry_run, progress=_bar if shown else None
    )
    if errors is not None:
        exchange.write_refused(file, result.problems, errors)
    if as_json:
        put_json(
            {
                "sheets": {title: asdict(counts) for title, counts in result.sheets.items()},
                "problems": [
                    {
                        "sheet": one.sheet,
                        "row": one.row,
                        "column": one.column,
                        "code": one.code,
                        "level": one.level,
                        "message": one.message,
                    }
                    for one in result.problems
                ],
            }
        )
        return
    _tell(result, errors)


def _tell(result: ImportResult, errors: Path | None) -> None:
    click.echo("试运行，没有写入任何内容。" if result.dry_run else "导入完成。")
    for title, counts in result.sheets.items():
        click.echo(
            f"  {title}：读入 {counts.read:,} 行，接受 {counts.accepted:,} 行"
            f"（其中请核对 {counts.warned:,} 行），"
            f"未导入 {counts.refused:,} 行，无变化 {counts.unchanged:,} 行"
        )
    refused = [one for one in result.problems if one.level == "refused"]
    for one in refused[:SHOWN]:
        click.echo(f"  {one.sheet} {one.cell} [{one.code}] {one.message}")
    if len(refused) > SHOWN:
        click.echo(f"  …… 另有 {len(refused) - SHOWN:,} 行未导入")
    asked = Counter((one.sheet, one.code) for one in result.problems if one.level != "refused")
    for (sheet, code), count in asked.most_common():
        click.echo(f"  {sheet} [{code}] 请核对 {count:,} 处")
    if errors is not None:
        click.echo(f"未导入的行已写到 {errors}，改正后可直接再次导入。")


@group.command("export")
@click.option("--area", required=True, help="区划代码（12 位），导出它及其下级的全部记录。")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="写到这个工作簿。"
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def export(area: str, out: Path, as_json: bool) -> None:
    """导出县级工作簿。导出的文件再次导入不会有任何变化；文件含有姓名和证件号码，请妥善保管。"""
    counts = exchange.export(_access(), _whole(area), out)
    if as_json:
        put_json({"sheets": counts})
        return
    told = "，".join(f"{title} {count:,} 行" for title, count in counts.items())
    click.echo(f"已导出到 {out}：{told}。")
