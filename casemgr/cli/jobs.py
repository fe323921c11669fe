"""任务命令: the jobs of the clock, listed and run by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import clock, job
from casemgr.services.clock import SHANGHAI
from casemgr.services.job import JobView, RunView
from casemgr.terms.job import RunState

group = PoliteGroup("jobs", help="定时任务：列出、手动运行。")

HAND = Access.system("jobs")


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(SHANGHAI).isoformat(timespec="seconds")


def _run_document(run: RunView | None) -> dict[str, Any] | None:
    if run is None:
        return None
    return {
        "id": str(run.key),
        "name": run.name,
        "due": _moment(run.due),
        "period": run.period or None,
        "state": run.state.value,
        "by_hand": run.by_hand,
        "attempts": run.attempts,
        "started": _moment(run.started_at),
        "finished": _moment(run.finished_at),
        "seconds": run.seconds,
        "done": run.done,
        "total": run.total,
        "result": run.result,
    }


def _document(view: JobView) -> dict[str, Any]:
    return {
        "name": view.name,
        "title": view.title,
        "when": view.when,
        "next": _moment(view.next_due),
        "monthly": view.monthly,
        "latest": _run_document(view.latest),
    }


def _line(view: JobView) -> str:
    latest = "还没有运行过"
    if view.latest is not None:
        at = view.latest.finished_at or view.latest.started_at or view.latest.due
        latest = f"{view.latest.state.label} {at.astimezone(SHANGHAI):%Y-%m-%d %H:%M} {view.latest.result}"
    return f"{view.name}\t{view.title}\t{view.when}\t{latest}"


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def list_(as_json: bool) -> None:
    """列出全部任务：名称、时间、最近一次结果。"""
    views = job.list_(HAND, clock.now())
    if as_json:
        put_json([_document(view) for view in views])
        return
    for view in views:
        click.echo(_line(view))


@group.command("run")
@click.argument("name")
@click.option("--for", "period", default="", metavar="YYYY-MM", help="月度任务的月份；不填为上个月。")
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def run(name: str, period: str, as_json: bool) -> None:
    """立即运行一个任务并等待结果。"""
    done = job.run_now(HAND, name, period)
    if as_json:
        put_json(_run_document(done))
    if done.state is RunState.DONE:
        if not as_json:
            click.echo(done.result)
        return
    click.echo(done.result or "没有完成。", err=True)
    raise SystemExit(1)
