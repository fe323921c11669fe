"""县级说明书数据: the figures of a product one by one, and a county's own figures laid over them.

A figure is one number or sentence of a line of the product list, with where it was read and whether it was
verified. What a county lays over it names the county's source; everything it does not name stays as shipped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from casemgr.rules.injection_course import Given, NoBasis, Placed, plan_after
from casemgr.rules.injection_label import Ground, Label, document, local, source_title
from casemgr.terms.injection import Role

#: No interval, window or threshold of any label is longer than this, in days or months.
LONGEST = 400
#: Digits of a figure; leading zeros must not hide a number that no calendar holds.
LONGEST_NUMBER = 6
LONGEST_TEXT = 300
MG = "mg"
DAYS, MONTHS, WORDS, YES, MINUTES = "天", "个月", "文字", "是或否", "分钟"
PHASES = {
    "INIT2": "起始第2针",
    "FIRST": "起始后第一次维持",
    "REINIT2": "重启第2针",
    "MAINT": "维持",
    "START": "首次3个月剂型",
    "BACK": "重启后恢复",
    "TEST": "试验剂量之后",
}
SPAN = {"early": "窗口提前", "late": "窗口延后", "lead": "提前提醒"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its key, what it is, the value in words, its unit, and where it comes from.

    ``needed``: a product shipped disabled is enabled only where the county has told this one.
    """

    key: str
    group: str
    name: str
    value: str
    unit: str
    ground: Ground
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Laid:
    """What a county has laid over one product: figures by key, source and its day, whether it was checked."""

    figures: Mapping[str, str]
    source: str
    labelled_on: date
    checked: bool


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a figure stands: the object that carries it, the object that carries its ground, the key."""

    figure: Figure
    holder: Any
    name: Any
    grounded: Any


def _ground(entry: Mapping[str, Any]) -> Ground:
    return Ground(tuple(entry.get("sources", ())), entry.get("verified") is True)


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "、".join(f"{one['mg_eq'] if isinstance(one, dict) else one:g}" for one in value)
    return str(value)


def _spots(line: Mapping[str, Any]) -> Iterator[_Spot]:
    """Every figure of one line of the list, in the order in which a label tells them."""

    def spot(
        key: str, group: str, name: str, unit: str, holder: Any, at: Any, grounded: Any, needed: bool = False
    ) -> _Spot:
        figure = Figure(key, group, name, _words(holder.get(at)), unit, _ground(grounded), needed)
        return _Spot(figure, holder, at, grounded)

    interval = line["maintenance"]["interval"]
    if isinstance(interval["value"], dict) and interval["value"].get("allowed"):
        for number, name in enumerate(("医嘱间隔最短", "医嘱间隔最长")):
            allowed = interval["value"]["allowed"]
            figure = Figure(
                f"allowed.{number}", "间隔", name, _words(allowed[number]), DAYS, _ground(interval)
            )
            yield _Spot(figure, allowed, number, interval)
    for phase in line["phases"]:
        begin, group = f"phase.{phase['name']}", PHASES.get(phase["name"], phase["name"])
        for number, due in enumerate(phase["due"]):
            for at, unit in (("months", MONTHS), ("days", DAYS)):
                if due.get(at):
                    anchor = "上一针" if due["from"] == "last" else "首针"
                    ways = {"US": "（美国说明书）", "CN": ""}[due.get("profile", "CN")]
                    gap = f"（第2针在首针后{due['gap'][0]}–{due['gap'][1]}天）" if due.get("gap") else ""
                    name = f"应打日：{anchor}后{gap}{ways}"
                    yield spot(f"{begin}.due.{number}", group, name, unit, due, at, phase, True)
        if phase.get("opens_on_day") is not None:
            yield spot(f"{begin}.opens", group, "最早在上一针后", DAYS, phase, "opens_on_day", phase, True)
        spans = phase.get("by_interval")
        for number, span in enumerate(spans or [phase]):
            upto = f"（间隔不超过{span['to']}天）" if spans and span.get("to") else ""
            for at, name in SPAN.items():
                if at == "early" and phase.get("opens_on_day") is not None:
                    continue
                key = f"{begin}.{at}" + (f".{number}" if spans else "")
                yield spot(key, group, f"{name}{upto}", DAYS, span, at, phase, at != "lead")
    for row in line["rows"]:
        for at, unit in (("days", DAYS), ("months", MONTHS)):
            if row["from"].get(at):
                yield spot(
                    f"row.{row['id']}.{at}", "错过之后", f"{row['id']} 自上一针后", unit, row["from"], at, row
                )
        yield spot(f"row.{row['id']}.text", "错过之后", f"{row['id']} 说明", WORDS, row, "text", row)
    for at, name, unit in (
        ("strengths", "规格", MG),
        ("maximum", "单次最大量", MG),
        ("oral_cover_days", "首针口服覆盖", DAYS),
        ("observation_minutes", "注射后留观", MINUTES),
        ("cold_chain", "需要冷链", YES),
    ):
        if line.get(at):
            yield spot(at, "剂量与处置", name, unit, line[at], "value", line[at])


def figures(line: Mapping[str, Any]) -> tuple[Figure, ...]:
    """All figures of one line of the list."""
    return tuple(one.figure for one in _spots(line))


def line_of(product: str) -> Mapping[str, Any] | None:
    """The shipped line of a product, ``None`` for one the list does not know."""
    return next((one for one in document()["products"] if one["id"] == product), None)


def read_value(figure: Figure, text: str) -> Any:
    """A typed figure as the list holds it; :class:`ValueError` with a sentence when it is none."""
    text = text.strip()
    if figure.unit == WORDS:
        if len(text) > LONGEST_TEXT:
            raise ValueError(f"最多 {LONGEST_TEXT} 个字，现在是 {len(text)} 个。请缩短。")
        return text
    if figure.unit == YES:
        if text not in ("是", "否"):
            raise ValueError("请填“是”或“否”，或清空。")
        return text == "是"
    if figure.unit == MG:
        try:
            doses = [float(one) for one in text.replace("，", "、").replace(",", "、").split("、")]
        except ValueError:
            raise ValueError("请写毫克数，多个规格用“、”隔开，例如 25、37.5、50。") from None
        if not all(0 < one <= 10_000 for one in doses):
            raise ValueError("毫克数应大于 0。请核对说明书的规格。")
        if figure.key != "strengths" and len(doses) > 1:
            raise ValueError("单次最大量只有一个毫克数。请只填一个。")
        return doses if figure.key == "strengths" else doses[0]
    # An interval of no days would ask for the next injection on the day of this one.
    least = 1 if figure.key.startswith("allowed.") or ".due." in figure.key else 0
    digits = text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER
    if not (digits and least <= int(text) <= LONGEST):
        raise ValueError(f"请填 {least}–{LONGEST} 的整数（{figure.unit}），或清空。")
    return int(text)


def lay(line: Mapping[str, Any], laid: Laid) -> Mapping[str, Any]:
    """A line with the county's figures in place of the shipped ones; keys nobody knows are left out.

    A figure that was checked counts as verified once nothing unverified is left beside it under the same
    ground; every touched ground names the county's source first.
    """
    made = deepcopy(dict(line))
    touched: dict[int, tuple[Any, list[bool]]] = {}
    for spot in _spots(made):
        told = laid.figures.get(spot.figure.key, "").strip()
        _entry, all_told = touched.setdefault(id(spot.grounded), (spot.grounded, []))
        all_told.append(bool(told) or spot.figure.value == "")
        if told:
            spot.holder[spot.name] = read_value(spot.figure, told)
    changed = {spot.figure.key for spot in _spots(line) if laid.figures.get(spot.figure.key, "").strip()}
    named = {id(spot.grounded) for spot in _spots(made) if spot.figure.key in changed}
    for key in named:
        entry, all_told = touched[key]
        whole = all(all_told)
        entry["verified"] = laid.checked and (whole or entry.get("verified") is True)
        kept = [] if whole else [one for one in entry.get("sources", ()) if one != laid.source]
        entry["sources"] = [laid.source, *kept]
    made["local_label"] = f"按本县录入的说明书数据（{laid.source}，{laid.labelled_on.isoformat()}）"
    return made


@lru_cache(maxsize=2_000)
def _made(product: str, told: str, source: str, labelled_on: date, checked: bool, author: str) -> Label:
    line = line_of(product)
    if line is None:
        raise KeyError(product)
    return local(lay(line, Laid(json.loads(told), source, labelled_on, checked)), author)


def label(product: str, laid: Laid, author: str) -> Label:
    """The label of a product with a county's figures; the same object for the same figures."""
    told = json.dumps(dict(laid.figures), sort_keys=True, ensure_ascii=False)
    return _made(product, told, laid.source, laid.labelled_on, laid.checked, author)


#: Days on which a label is tried: a month's end, a leap day and a plain day.
TRIED = (date(2024, 1, 31), date(2024, 2, 29), date(2025, 6, 10))


def contradicts(made: Label) -> bool:
    """Whether two rows of a label hold on one day, or a row begins before its window has closed."""
    low, high = made.allowed_days or (None, None)
    if low is not None and high is not None and low > high:
        return True
    for role in Role:
        for on in TRIED:
            for interval in {None, low, high}:
                one = Placed(Given(on, role), role, False, 1, on, 0, 0)
                try:
                    plan = plan_after(made, one, interval)
                except NoBasis:
                    continue
                firsts = [first for first, _row in plan.rows]
                in_order = plan.soon <= plan.opens <= plan.due <= plan.closes
                if not in_order or firsts != sorted(set(firsts)) or any(day <= plan.closes for day in firsts):
                    return True
    return False


def titles(ground: Ground) -> tuple[str, ...]:
    """The titles of the sources of a figure; a county's own source stands in its own words."""
    return tuple(source_title(one) for one in ground.sources if one != "UNVERIFIED")
