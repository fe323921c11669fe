"""服药命令: PDC, MPR and gaps of event lists, counted in every way, so that the method is never hidden."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.medication import (
    Coverage,
    Fill,
    HospitalMode,
    Injected,
    InjectionDays,
    Role,
    Span,
    Supply,
    coverage,
)
from casemgr.services.errors import Unfit

group = PoliteGroup("medication", help="服药：有药天数（PDC）、供药比（MPR）与空档。")

#: Days of oral cover with a first dose, for the two variants of a product that works late.
COVER_DAYS = 21
INJECTIONS = ("lai", "weekly_oral")
CENT = Decimal("0.01")


def _percent(covered: int, days: int) -> str | None:
    """A percentage with two decimals, half up; ``None`` without days."""
    if not days:
        return None
    return str((Decimal(covered * 100) / Decimal(days)).quantize(CENT, ROUND_HALF_UP))


def _span(pair: Any) -> Span:
    first, last = pair
    return Span(date.fromisoformat(first), date.fromisoformat(last))


def _fill(event: Mapping[str, Any]) -> Fill:
    days = event["days"]
    if isinstance(days, bool) or not isinstance(days, int) or days < 1:
        raise ValueError("days 应为大于0的整数")
    return Fill(str(event["drug"]), date.fromisoformat(event["date"]), days)


def _injected(event: Mapping[str, Any]) -> Injected:
    role = event.get("role")
    return Injected(
        str(event["product"]),
        date.fromisoformat(event["date"]),
        Role[role] if role else None,
        int(event.get("oral_days", 0)),
        event.get("interval"),
    )


def _supply(case: Mapping[str, Any]) -> Supply:
    events = case["events"]
    if wrong := {str(one["type"]) for one in events} - {"fill", *INJECTIONS}:
        raise ValueError(f"没有事件类型 {'、'.join(sorted(wrong))}")
    injections = sorted(
        (_injected(one) for one in events if one["type"] in INJECTIONS), key=lambda one: one.on
    )
    if case.get("first_is_start") and injections:
        injections[0] = replace(injections[0], role=Role.INIT1)
    return Supply(
        tuple(_fill(one) for one in events if one["type"] == "fill"),
        tuple(injections),
        tuple(_span(one) for one in case.get("hospital", ())),
        tuple(_span(one) for one in case.get("no_medication", ())),
        tuple(_span(one) for one in case.get("unordered", ())),
    )


def _oral(supply: Supply, days: int) -> Supply:
    """The same supply with that many days of oral cover recorded with each start dose."""
    covered = (replace(one, oral_days=days) if one.role is Role.INIT1 else one for one in supply.injections)
    return replace(supply, injections=tuple(covered))


def _counted(case: Mapping[str, Any]) -> dict[str, Any]:
    """One case with all its variants; the names are those of the expected values of the worked cases."""
    period, supply = _span(case["period"]), _supply(case)

    def count(**way: Any) -> Coverage:
        return coverage(period, supply, **way)

    def pair(found: Coverage) -> list[int]:
        return [found.covered, found.days]

    found = count()
    return {
        "id": case.get("id"),
        "period": [period.first.isoformat(), period.last.isoformat()],
        "covered": found.covered,
        "days": found.days,
        "pdc": None if found.share is None else _percent(found.covered, found.days),
        "adherent": found.adherent,
        "gaps": [[one.first.isoformat(), one.last.isoformat()] for one in found.gaps],
        "gap_days": [one.days for one in found.gaps],
        "gap_labels": [one.label for one in found.gaps],
        "mpr": f"{found.supplied}/{found.period_days}",
        "mpr_percent": _percent(found.supplied, found.period_days),
        "stock_until": found.stock_until.isoformat() if found.stock_until else None,
        "by_drug": dict(found.by_drug),
        "without_basis": list(found.without_basis),
        "covered_no_carry": count(carry=False).covered,
        "covered_fixed28": count(injections=InjectionDays.FIXED).covered,
        "covered_label_mode": count(injections=InjectionDays.LABEL).covered,
        "mode_a": pair(found),
        "mode_b": pair(count(hospital=HospitalMode.COVERED)),
        "hospital_ignored": pair(count(hospital=HospitalMode.IGNORED)),
        "with_oral_21d": pair(coverage(period, _oral(supply, COVER_DAYS))),
        "without_oral": pair(coverage(period, _oral(supply, 0))),
        "any": pair(found),
        "all": pair(count(every_drug=True)),
        "rule": found.rule,
    }


def _each(document: Any, answer: Callable[[Mapping[str, Any]], dict[str, Any]]) -> list[dict[str, Any]]:
    cases = document if isinstance(document, list) else [document]
    found = []
    for number, case in enumerate(cases, 1):
        try:
            found.append(answer(case))
        except LookupError as wrong:
            raise Unfit(
                f"事件清单第{number}项缺少或不认识 {wrong.args[0]}，请对照示例改正后再试。"
            ) from wrong
        except (TypeError, ValueError, AttributeError) as wrong:
            raise Unfit(f"事件清单第{number}项读不懂（{wrong}），请对照示例改正后再试。") from wrong
    return found


@group.command("coverage")
@click.option(
    "--events",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE.json",
    help="事件清单：一项或多项，每项有 period 和 events。",
)
@click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")
def coverage_command(events: Path, as_json: bool) -> None:
    """按事件清单计算有药天数、供药比与空档，并列出各种算法；不写入任何内容。"""
    try:
        document = json.loads(events.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as wrong:
        raise Unfit("文件不是 UTF-8 编码的 JSON，请检查后再试。") from wrong
    found = _each(document, _counted)
    if as_json:
        put_json(found)
        return
    for one in found:
        share = f"{one['pdc']}%" if one["pdc"] else "暂无依据，请按说明书" if one["without_basis"] else "—"
        figures = f"{one['covered']} / {one['days']}  PDC {share}  MPR {one['mpr']}"
        click.echo(f"{one['id'] or ''}  {figures}（{one['rule']}，待核对）")
        for (first, last), days, name in zip(one["gaps"], one["gap_days"], one["gap_labels"], strict=True):
            click.echo(f"  {first} 至 {last}，{days}天（{name}）")
