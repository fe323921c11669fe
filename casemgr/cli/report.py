"""报表命令: issue reports of months, quarters and years and the statistics forms, and verify a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import area, rendition, report
from casemgr.services.report import ReportView, Verification
from casemgr.terms.area import AreaLevel
from casemgr.terms.report import Rendition, ReportKind

group = PoliteGroup("report", help="报表：签发月报、季报、年报、表9、表14，核验文件。")

ISSUER = Access.system("report")
MONTH = "YYYY-MM"


def _document(view: ReportView) -> dict[str, Any]:
    return {
        "id": str(view.key),
        "number": view.number,
        "kind": view.kind.label,
        "period": view.period,
        "area": str(view.area),
        "area_name": view.area_name,
        "revision": view.revision,
        "as_of": view.as_of.isoformat(),
        "title": view.title,
        "digest": view.digest,
        "sha256": view.file_digest,
        "code": view.code,
        "bytes": view.size,
        "issued_at": view.issued_at.isoformat(timespec="seconds"),
    }


def _save(path: Path, content: bytes) -> None:
    if path.is_dir():
        raise click.BadParameter("是一个文件夹，请写明文件名。", param_hint="--out")
    path.write_bytes(content)


LAYOUTS = {"table": Rendition.TABLE, "official": Rendition.OFFICIAL}
ARCHIVED = {"table": Rendition.TABLE_ARCHIVE, "official": Rendition.OFFICIAL_ARCHIVE}


def _rendition(layout: str, archive: bool, out: Path) -> Rendition:
    if out.suffix.lower() not in ("", ".pdf", ".xlsx"):
        raise click.BadParameter(
            f"写不出 {out.suffix} 文件。要 PDF 请把文件名改成 .pdf，要 Excel 请改成 .xlsx。",
            param_hint="--out",
        )
    if out.suffix.lower() != ".xlsx":
        return (ARCHIVED if archive else LAYOUTS)[layout]
    if archive or layout != "table":
        raise click.UsageError(
            "--layout 和 --archive 只用于 PDF。要 Excel 请去掉这两个选项，要 PDF 请把文件名改成 .pdf。"
        )
    return Rendition.WORKBOOK


def _issue(kind: ReportKind, period: str, code: int, out: Path, as_json: bool, form: Rendition) -> None:
    view = report.issue(ISSUER, period, code, kind)
    if form is Rendition.TABLE:
        _save(out, report.download(ISSUER, view.key).content)
    else:
        rendition.make(ISSUER, view.key, form)
        _save(out, rendition.download(ISSUER, view.key, form).content)
    if as_json:
        put_json(_document(view) | {"file": str(out)})
    else:
        click.echo(f"{view.number}《{view.title}》已写入 {out}，核验码 {view.code}。")


def _command(name: str, kind: ReportKind, metavar: str, example: str, areas: str, words: str) -> None:
    """One command of the shape of ``report monthly`` for a kind of report."""

    @group.command(name, help=f"{words}（已签发且数据未变的，给出同一份文件）。")
    @click.option("--period", required=True, metavar=metavar, help=f"{example}；其最后一个月须已月结。")
    @click.option("--area", "code", required=True, type=int, metavar="CODE", help=f"{areas}的区划代码。")
    @click.option(
        "--out",
        required=True,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="写到这个文件；以 .xlsx 结尾的为 Excel。",
    )
    @click.option(
        "--layout", type=click.Choice(list(LAYOUTS)), default="table", help="统计表（默认）或公文 official。"
    )
    @click.option("--archive", is_flag=True, help="归档格式 PDF/A。")
    @click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
    def command(period: str, code: int, out: Path, layout: str, archive: bool, as_json: bool) -> None:
        _issue(kind, period, code, out, as_json, _rendition(layout, archive, out))


_command("monthly", ReportKind.MONTHLY, MONTH, "月份，如 2026-10", "县（区）或乡镇", "签发一份月报")
_command("quarterly", ReportKind.QUARTERLY, "YYYY-Qn", "季度，如 2026-Q3", "县（区）或乡镇", "签发一份季报")
_command("yearly", ReportKind.YEARLY, "YYYY", "年份，如 2025", "县（区）或乡镇", "签发一份年报")
_command(
    "form9",
    ReportKind.EXCHANGE,
    MONTH,
    "月份，如 2026-10",
    "县（区）或乡镇",
    "签发表9 信息交换表（只有人数）",
)
_command("form14", ReportKind.STATISTICS, "YYYY", "年份，如 2025", "县（区）", "签发表14 年度统计报表")

#: ``report all --kind``: the names of the commands above.
KINDS = {
    "monthly": ReportKind.MONTHLY,
    "quarterly": ReportKind.QUARTERLY,
    "yearly": ReportKind.YEARLY,
    "form9": ReportKind.EXCHANGE,
}


@group.command("all")
@click.option("--period", required=True, metavar=MONTH, help="月份，如 2026-10；须已月结。")
@click.option("--area", "code", required=True, type=int, metavar="CODE", help="县（区）的区划代码。")
@click.option("--kind", type=click.Choice(list(KINDS)), default="monthly", help="报表种类，默认月报。")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def every(period: str, code: int, kind: str, as_json: bool) -> None:
    """签发县（区）和全部乡镇（街道）的月报（或另选一种），存放在系统中。"""
    inside = area.tree(Access.system("report", code), AreaLevel.TOWNSHIP)
    codes = [one.code for one in inside if one.level in (AreaLevel.COUNTY, AreaLevel.TOWNSHIP)]
    issued: list[ReportView] = []
    failed: list[str] = []
    for place, result in report.issue_many(ISSUER, period, codes, kind=KINDS[kind]):
        if isinstance(result, ReportView):
            issued.append(result)
        else:
            failed.append(f"{place}：{result.message}")
    if as_json:
        put_json({"issued": [_document(view) for view in issued], "failed": failed})
    else:
        click.echo(f"{period} {KINDS[kind].label} {len(issued)} 份已签发。")
    if failed or not codes:
        click.echo("；".join(failed) or "没有这个区划，或其下没有乡镇（街道）。", err=True)
        raise SystemExit(1)


def _verdict(answer: Verification) -> dict[str, Any]:
    return {
        "genuine": answer.genuine,
        "verdict": answer.verdict.value,
        "sentence": answer.sentence,
        "report": _document(answer.report) if answer.report else None,
    }


@group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def verify(file: Path, as_json: bool) -> None:
    """核验一个 PDF：是不是本系统签发的报表，有没有改动。"""
    with file.open("rb") as opened:
        answer = report.verify(None, opened.read(report.LARGEST + 1))
    if as_json:
        put_json(_verdict(answer))
    elif answer.genuine:
        click.echo(answer.sentence)
    if not answer.genuine:
        click.echo(answer.sentence, err=True)
        raise SystemExit(1)
