"""用药监测: which test of a drug is due since when, and what a value asks for; a reminder, never an order.

Intervals and values are data (``lists/monitoring.csv``, ``lists/critical_values.csv``), each with its rule,
status and source. Where the label says "regularly" without an interval, no day is made up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from casemgr.rules.calendar import months_after
from casemgr.terms.code import Term
from casemgr.terms.lists import Line, lines

DEFAULT = "DEFAULT"
MONTHS = "月"
PER_CENT = 100


class Standing(Term):
    """How a test stands on a day."""

    NO_INTERVAL = 1, "没有间隔依据，请按说明书"
    NOT_DUE = 2, "未到期"
    DUE = 3, "应查"
    BEYOND = 4, "超过最长间隔"


class Weight(Term):
    """How heavy a value is: 停 asks a specialist at once."""

    WARN = 1, "注意"
    STOP = 2, "停"


@dataclass(frozen=True, slots=True)
class Interval:
    """One line: the test of a drug from one day after its start to another, with its rule.

    ``at`` are days since the start, after them ``every`` counts from the last result; ``limit`` is the
    longest time between two results. ``every`` ``None``: the source names no interval.
    """

    rule: str
    drug: str
    item: str
    name: str
    edition: str
    phase: str
    first: int
    final: int | None
    at: tuple[int, ...]
    every: int | None
    limit: int | None
    unit: str
    status: str
    source: str

    def after(self, day: date, steps: int) -> date:
        """The day ``steps`` units after ``day``."""
        return months_after(day, steps) if self.unit == MONTHS else day + timedelta(steps)


@dataclass(frozen=True, slots=True)
class Check:
    """One test of a person on a day: when it is due, how it stands, why, and by which rule."""

    item: str
    name: str
    due: date | None
    standing: Standing
    reason: str
    rule: str
    status: str
    source: str


@dataclass(frozen=True, slots=True)
class Alert:
    """What a value asks for, in words, with its rule."""

    item: str
    weight: Weight
    text: str
    rule: str
    status: str
    source: str


@cache
def intervals(drug: str, edition: str = DEFAULT) -> tuple[Interval, ...]:
    """The lines of one drug; an edition's own lines for a test take the place of the default ones."""
    known = [_interval(line) for line in lines("monitoring") if line["drug"] == drug]
    own = {one.item for one in known if one.edition == edition}
    return tuple(
        one for one in known if one.edition == edition or (one.edition == DEFAULT and one.item not in own)
    )


def _interval(line: Line) -> Interval:
    def whole(column: str) -> int | None:
        return int(line[column]) if line[column] else None

    return Interval(
        rule=line["rule_id"],
        drug=line["drug"],
        item=line["item"],
        name=line["item_name"],
        edition=line["edition"],
        phase=line["phase"],
        first=int(line["from_day"]),
        final=whole("until_day"),
        at=tuple(int(one) for one in line["at_days"].split(";") if one),
        every=whole("every"),
        limit=whole("limit"),
        unit=line["unit"],
        status=line["status"],
        source=line["source"],
    )


def due_tests(
    drug: str,
    start: date,
    results: Iterable[tuple[str, date]],
    as_of: date,
    *,
    phase: str = "",
    edition: str = DEFAULT,
) -> tuple[Check, ...]:
    """Every test of a drug on ``as_of``, in the order of the list; none for a drug the list does not know.

    ``results`` are (item, day); ``phase`` chooses between lines that have one. The interval is that of the
    day of the last result, so that a day passing never makes a missed test good.
    """
    done: dict[str, list[date]] = {}
    for item, day in results:
        if day <= as_of:
            done.setdefault(item, []).append(day)
    fitting = [one for one in intervals(drug, edition) if not one.phase or one.phase == phase]
    found = []
    for item in dict.fromkeys(one.item for one in fitting):
        last = max(done.get(item, ()), default=None)
        number = max((last - start).days, 0) if last else 0
        line = next(
            (
                one
                for one in fitting
                if one.item == item and one.first <= number and (one.final is None or number <= one.final)
            ),
            None,
        )
        if line is not None:
            found.append(_test(line, start, last, as_of))
    return tuple(found)


def _test(line: Interval, start: date, last: date | None, as_of: date) -> Check:
    due, reason = _due(line, start, last)
    standing = Standing.NO_INTERVAL
    if due is not None:
        standing = Standing.DUE if as_of >= due else Standing.NOT_DUE
        if line.limit is not None and as_of > line.after(last or start, line.limit):
            standing = Standing.BEYOND
    if last is not None:
        reason = f"上次{last.isoformat()}，已过{(as_of - last).days}天；{reason}"
    return Check(line.item, line.name, due, standing, reason, line.rule, line.status, line.source)


def _due(line: Interval, start: date, last: date | None) -> tuple[date | None, str]:
    if last is None:
        if line.every is None:
            return None, "来源没有写间隔"
        return start, f"用药开始{start.isoformat()}，还没有结果"
    for day in line.at:
        if start + timedelta(day) > last:
            return start + timedelta(day), f"用药后第{day}天应查"
    if line.every is None:
        return None, "来源没有写间隔"
    return line.after(last, line.every), f"每{line.every}{'个月' if line.unit == MONTHS else '天'}"


def alerts(drug: str, item: str, value: Decimal, shown: str = "") -> tuple[Alert, ...]:
    """What the list says about a value, the heaviest first; empty when it lies in no range.

    ``shown`` takes the place of the value in the words (rounded, as people read it).
    """
    found = []
    for line in lines("critical_values"):
        if line["drug"] != drug or line["item"] != item:
            continue
        if line["at_least"] and value < Decimal(line["at_least"]):
            continue
        if line["above"] and value <= Decimal(line["above"]):
            continue
        if line["below"] and value >= Decimal(line["below"]):
            continue
        text = f"{line['item_name']}{shown or value} {line['unit']}：{line['wording']}；请由医师确认"
        found.append(
            Alert(item, Weight.read(line["level"]), text, line["rule_id"], line["status"], line["source"])
        )
    return tuple(sorted(found, key=lambda one: -one.weight))


def weight_gain(start_g: int, now_g: int) -> tuple[Alert, ...]:
    """What a change from the weight at the start asks for; ``ValueError`` without a weight at the start."""
    if start_g <= 0:
        raise ValueError("没有用药前体重")
    gain = Decimal((now_g - start_g) * PER_CENT) / Decimal(start_g)
    return alerts("second_generation", "weight_gain", gain, f"{gain:.2f}")
