"""检验项目: which tests there are, in which unit they are kept, and how a value on paper becomes a number.

Values are kept as whole thousandths of the unit of ``lists/laboratory.csv``. A unit is converted only where
``lists/laboratory_units.csv`` gives a factor; any other is asked about, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from casemgr.terms.lists import lines

THOUSANDTHS = 3
SCALE = 10**THOUSANDTHS
#: The largest number of thousandths that the register keeps.
LARGEST = 2**31 - 1
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_RANGE = re.compile(r"([0-9.]+)(?:-|–|—|~|～|至|到)([0-9.]+)")
_ONE_SIDE = re.compile(r"(<=?|≤|小于|>=?|≥|大于)([0-9.]+)")


class Unclear(ValueError):
    """What is written cannot be taken; the message says what, why and what to do."""


@dataclass(frozen=True, slots=True)
class Test:
    """One test: ``item`` is what the schedules ask for, ``unit`` the one it is kept in, empty without number.

    ``drug``: a level belongs to the schedule of that drug alone.
    """

    code: int
    key: str
    drug: str
    item: str
    name: str
    unit: str
    least: Decimal | None
    most: Decimal | None

    @property
    def alert(self) -> str:
        """The word that the list of critical values uses for it."""
        return self.item if self.drug else self.key

    @property
    def units(self) -> tuple[str, ...]:
        """The units that are understood, the own one first."""
        return tuple(line["unit"] for line in lines("laboratory_units") if line["test"] == self.key)


@cache
def tests() -> tuple[Test, ...]:
    """Every test in the order of the list."""

    def bound(text: str) -> Decimal | None:
        return Decimal(text) if text else None

    return tuple(
        Test(
            int(line["code"]),
            line["key"],
            line["drug"],
            line["item"],
            line["name"],
            line["unit"],
            bound(line["least"]),
            bound(line["most"]),
        )
        for line in lines("laboratory")
    )


@cache
def by_code() -> dict[int, Test]:
    """Tests by the code that results are kept with."""
    return {one.code: one for one in tests()}


@cache
def by_key() -> dict[str, Test]:
    """Tests by their key."""
    return {one.key: one for one in tests()}


def normal_unit(text: str) -> str:
    """A unit as people mean it: forms folded, blanks, signs of powers and of multiplication left out."""
    folded = unicodedata.normalize("NFKC", text).lower()
    folded = folded.replace("μ", "u").replace("×", "").replace("^", "").replace("*", "")
    return "".join(folded.split())


@cache
def _factors(key: str) -> dict[str, Decimal]:
    return {
        normal_unit(line["unit"]): Decimal(line["factor"])
        for line in lines("laboratory_units")
        if line["test"] == key
    }


def number_of(text: str) -> Decimal:
    """A plain decimal; :class:`Unclear` for anything else."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if not _NUMBER.fullmatch(plain):
        raise Unclear("数值应是不带符号和单位的数字，例如 4.2。请改正，或清空这一项。")
    return Decimal(plain)


def factor_of(test: Test, unit: str) -> Decimal:
    """What a value in ``unit`` is multiplied by; :class:`Unclear` when no unit or an unknown one is given."""
    if not test.unit:
        raise Unclear(f"{test.name}没有数值，请只选择结论。")
    if not unit.strip():
        raise Unclear(f"{test.name}没有写单位，不同单位的数值相差很多。请按报告单选择单位，或清空这一项。")
    factor = _factors(test.key).get(normal_unit(unit))
    if factor is None:
        known = "、".join(test.units)
        raise Unclear(
            f"不认识{test.name}的这个单位，不能换算。请按报告单核对，可用的单位有 {known}；"
            "或请检验机构换算后再填。"
        )
    return factor


def _thousandths(value: Decimal) -> int:
    return int((value * SCALE).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def value_of(test: Test, text: str, unit: str) -> int:
    """The value in thousandths of the test's own unit; :class:`Unclear` when it cannot be taken."""
    number = number_of(text)
    factor = factor_of(test, unit)
    if factor == 1 and number != number.quantize(Decimal(1).scaleb(-THOUSANDTHS)):
        raise Unclear(f"{test.name}最多写 {THOUSANDTHS} 位小数。请按报告单改正。")
    value = number * factor
    if (test.least is not None and value < test.least) or (test.most is not None and value > test.most):
        raise Unclear(
            f"{test.name} {number} {unit.strip()} 超出可能的范围（{test.least}–{test.most} {test.unit}），"
            "常见原因是单位选错。请核对报告单上的单位和小数点。"
        )
    return _thousandths(value)


def _bound(value: Decimal) -> int:
    found = _thousandths(value)
    if found > LARGEST:
        raise Unclear("参考范围的数值太大，报告单上不会有。请按报告单改正，或清空。")
    return found


def range_of(test: Test, text: str, unit: str) -> tuple[int | None, int | None]:
    """A reference range (3.5-9.5, <40, ≥1.0) in thousandths of the test's own unit; empty ends are open."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if not plain:
        return None, None
    try:
        if found := _RANGE.fullmatch(plain):
            low, high = Decimal(found[1]), Decimal(found[2])
            if low > high:
                raise Unclear("参考范围的下限大于上限。请按报告单改正，或清空。")
            factor = factor_of(test, unit)
            return _bound(low * factor), _bound(high * factor)
        if found := _ONE_SIDE.fullmatch(plain):
            bound = _bound(Decimal(found[2]) * factor_of(test, unit))
            return (None, bound) if found[1] in ("<", "<=", "≤", "小于") else (bound, None)
    except InvalidOperation:
        pass
    raise Unclear("参考范围请写成 3.5-9.5、<40 或 ≥1.0 这样的形式。请按报告单改正，或清空。")


def shown(value: int) -> str:
    """Thousandths as people read them: 3500 is 3.5."""
    text = f"{Decimal(value).scaleb(-THOUSANDTHS):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
