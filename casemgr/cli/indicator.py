"""指标命令: compute, close, explain, and who is missing to the target."""

from __future__ import annotations

from typing import Any

import click

from casemgr.cli.door import PoliteGroup, put_json
from casemgr.rules.access import Access
from casemgr.services import indicator
from casemgr.services.indicator import Figure

group = PoliteGroup("indicator", help="指标：计算、月结、逐人说明、差距名单。")

_period = click.option("--period", "month", required=True, metavar="YYYY-MM", help="月份，例如 2026-10。")
_further = click.option(
    "--all-variants", "further", is_flag=True, help="还列出其他年份、其他地区用过的口径。"
)
_json = click.option("--json", "as_json", is_flag=True, help="只输出 JSON。")


def _shown(one: Figure) -> str:
    rate = "—" if one.value is None else f"{one.value} {one.unit}"
    people = f"{one.numerator} / {'—' if one.denominator is None else one.denominator}"
    if one.target is None:
        return f"  {one.key:<28}{one.name}  {rate}（{people}）"
    aim = f"目标 {one.target} {one.unit}"
    state = "" if one.met is None else "，已达到" if one.met else f"，还差 {one.distance} 人"
    return f"  {one.key:<28}{one.name}  {rate}（{people}）{aim}{state}"


def _figure(one: Figure) -> dict[str, Any]:
    return {
        "key": one.key,
        "name": one.name,
        "unit": one.unit,
        "numerator": one.numerator,
        "denominator": one.denominator,
        "value": one.value,
        "target": one.target,
        "met": one.met,
        "official": one.official,
    }


@group.command("compute")
@_period
@click.option("--area", type=int, help="区划代码（12 位）；不填则为全部。")
@click.option("--edition", default="", metavar="ID", help="按另一口径版本计算，例如 CN-2020。")
@_further
@_json
def compute(month: str, area: int | None, edition: str, further: bool, as_json: bool) -> None:
    """计算一个月的指标和口径，到乡镇为止；不写入任何内容。"""
    found = indicator.compute(Access.system("indicator-compute"), month, area, edition)
    if as_json:
        put_json(
            {
                "period": found.period.month,
                "as_of": found.as_of.isoformat(),
                "edition": found.edition,
                "areas": [
                    {
                        "code": str(place.code),
                        "name": place.name,
                        "level": place.level,
                        "population": place.population,
                        "indicators": [
                            _figure(one) for one in place.indicators if further or not one.further
                        ],
                    }
                    for place in found.areas
                ],
            }
        )
        return
    click.echo(f"{found.period.month}，数据截至 {found.as_of.isoformat()}，口径 {found.edition}")
    for place in found.areas:
        click.echo(f"{place.code} {place.name}")
        for one in place.indicators:
            if further or not one.further:
                click.echo(_shown(one))


@group.command("close")
@_period
@_json
def close(month: str, as_json: bool) -> None:
    """月结：保存一个月的指标、判定和口径；与上次相同则不重复写入。"""
    found = indicator.close(Access.system("indicator-close"), month)
    if as_json:
        put_json(
            {
                "period": found.period,
                "as_of": found.as_of.isoformat(),
                "edition": found.edition,
                "counties": [
                    {
                        "code": str(one.code),
                        "revision": one.revision,
                        "written": one.written,
                        "areas": one.areas,
                        "people": one.people,
                        "changes": one.changes,
                        "issued": one.issued,
                    }
                    for one in found.counties
                ],
            }
        )
        return
    for one in found.counties:
        if one.issued:
            click.echo(
                f"{found.period} {one.code}：第 {one.revision} 版已签发，没有改动；按现有记录有 "
                f"{one.changes} 个数不同。需要修订，请先在“月结记录”页退回重开。"
            )
        elif not one.written:
            click.echo(f"{found.period} {one.code}：与第 {one.revision} 版相同，没有重复写入。")
        elif one.revision == 1:
            click.echo(f"{found.period} {one.code}：已月结，{one.areas} 个区划，{one.people} 人。")
        else:
            click.echo(
                f"{found.period} {one.code}：已重新月结为第 {one.revision} 版，{one.changes} 个数有变动。"
            )


@group.command("explain")
@click.option("--case", "file_no", required=True, metavar="FILE_NO", help="档案编号，例如 101-00001。")
@_period
@_further
@_json
def explain(file_no: str, month: str, further: bool, as_json: bool) -> None:
    """逐项说明一份档案是否计入、为什么、怎样才会改变。"""
    told = indicator.explain_file(Access.system("indicator-explain"), file_no, month)
    found = [one for one in told if further or not one.further]
    if as_json:
        put_json(
            {
                "case": file_no,
                "period": month,
                "indicators": [
                    {
                        "key": one.key,
                        "name": one.name,
                        "counted": one.counted,
                        "reason": one.reason,
                        "rule": one.rule,
                        "change": one.change,
                        "status": one.status,
                    }
                    for one in found
                ],
            }
        )
        return
    for one in found:
        state = "不在分母" if one.counted is None else "计入" if one.counted else "未计入"
        click.echo(f"{one.key:<28}{one.name}：{state}。{one.reason}{one.change}（{one.rule}）")


@group.command("gap")
@_period
@click.option("--area", type=int, required=True, help="区划代码（12 位）。")
@click.option("--indicator", "key", required=True, help="指标或口径，例如 IND-03 或 IND-03.STD-INT。")
@_json
def gap(month: str, area: int, key: str, as_json: bool) -> None:
    """差距名单：谁还没有计入，差得最少的在前。"""
    found = indicator.gap(Access.system("indicator-gap"), month, area, key)
    one = found.figure
    if as_json:
        put_json(
            {
                "period": found.period.month,
                "as_of": found.as_of.isoformat(),
                "area": str(found.area),
                "indicator": one.key,
                "name": one.name,
                "numerator": one.numerator,
                "denominator": one.denominator,
                "value": one.value,
                "target": one.target,
                "met": one.met,
                "distance": one.distance,
                "people": [
                    {
                        "file_no": person.file_no,
                        "area": str(person.area),
                        "missing": person.missing,
                        "until": person.until.isoformat() if person.until else None,
                        "reason": person.reason,
                        "rule": person.rule,
                        "change": person.change,
                    }
                    for person in found.people
                ],
            }
        )
        return
    click.echo(_shown(one).strip())
    for person in found.people:
        click.echo(f"{person.file_no}  {person.reason}{person.change}（{person.rule}）")
