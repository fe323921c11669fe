"""单元格: how one cell of a workbook becomes a value, and how a value becomes a cell again.

A cell arrives as text, a number or nothing. A date cell arrives as text that begins with ``DAY_MARK``, a
character no workbook can hold: the mark, then days since 1970, then ``m`` or ``y`` when the cell shows no
day or no month. So cells stay plain scalars on their way out of the reading process.
"""

from __future__ import annotations

import re
import unicodedata
from abc import abstractmethod
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from casemgr.terms import idnumber
from casemgr.terms.code import Term, from_mask, normal, to_mask

Cell = str | int | float | None

DAY_MARK = "\x01"
EPOCH = date(1970, 1, 1).toordinal()
YEAR, MONTH, DAY = 1, 2, 3
LARGEST_SMALL = 32_767
LARGEST_WHOLE = 2_147_483_647

V = TypeVar("V")


class Unfit(ValueError):
    """The cell cannot be taken; ``code`` is that of the contract, ``says`` tells what would do instead."""

    def __init__(self, code: str, says: str) -> None:
        super().__init__(code)
        self.code = code
        self.says = says


class Partial(NamedTuple):
    """A date known to the year, the month or the day; ``first`` is its first day, in days since 1970."""

    first: int
    precision: int

    @property
    def last(self) -> int:
        """The last day it may stand for."""
        if self.precision == DAY:
            return self.first
        start = day_of(self.first)
        if self.precision == YEAR:
            return days(date(start.year, 12, 31))
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        return days(following) - 1


class ExcelDay(int):
    """Days since 1970 that are to be written as a date cell."""


def days(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - EPOCH


def day_of(number: int) -> date:
    """Inverse of :func:`days`."""
    return date.fromordinal(number + EPOCH)


def folded(text: str) -> str:
    """Full-width forms folded and every blank removed: for numbers, codes and dates, never for names."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def as_text(raw: str | int | float) -> str:
    """What a person sees in the cell."""
    if isinstance(raw, str):
        if raw.startswith(DAY_MARK):
            return day_of(int(raw[1:].rstrip("my"))).isoformat()
        return raw.strip()
    if isinstance(raw, float) and raw.is_integer() and abs(raw) < 1e15:
        return str(int(raw))
    return str(raw)


def is_blank(raw: Cell) -> bool:
    """Whether nothing, or nothing but blanks, stands in the cell."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


class Kind(Generic[V]):
    """How the cells of one column are read and written."""

    #: Whether the same few cells come again and again, so that the reading may be remembered.
    repeats: ClassVar[bool] = True
    #: Number format of the column in a written workbook; ``@`` keeps Excel from guessing.
    format: ClassVar[str] = "@"

    @abstractmethod
    def read(self, raw: str | int | float) -> V | None:
        """The value of a cell that is not blank; :class:`Unfit` when it has none."""

    def write(self, value: Any) -> str | int | float | None:
        """The cell for a value; reading it again gives the value."""
        return None if value is None else str(value)

    @property
    def choices(self) -> list[tuple[int, str]]:
        """Codes and labels of the column, empty when it has no list."""
        return []


@dataclass(frozen=True)
class Text(Kind[str]):
    """Free text, kept letter for letter except for the blanks around it."""

    limit: int = 4_000
    repeats: ClassVar[bool] = False

    def read(self, raw: str | int | float) -> str | None:
        text = as_text(raw)
        if len(text) > self.limit:
            raise Unfit("range", f"最多 {self.limit} 个字")
        return text or None


@dataclass(frozen=True)
class Word(Text):
    """A short text that comes again and again: the name of a doctor, a drug, a clinic."""

    repeats: ClassVar[bool] = True


@dataclass(frozen=True)
class Mark(Kind[str]):
    """A code made of letters and digits, without blanks: file number, unit, batch, ICD."""

    limit: int = 24

    def read(self, raw: str | int | float) -> str | None:
        text = folded(as_text(raw))
        if len(text) > self.limit:
            raise Unfit("range", f"最多 {self.limit} 个字符")
        return text or None


@dataclass(frozen=True)
class Symbol(Mark):
    """A code that is always written in capitals."""

    def read(self, raw: str | int | float) -> str | None:
        text = super().read(raw)
        return text.upper() if text else None


@dataclass(frozen=True)
class Phone(Kind[str]):
    """A telephone number; whether it can be called is a matter of warnings."""

    repeats: ClassVar[bool] = False

    def read(self, raw: str | int | float) -> str | None:
        return folded(as_text(raw)) or None


@dataclass(frozen=True)
class DocumentNumber(Kind[str]):
    """The number of an identity document; in a number cell its last digits are lost for good."""

    repeats: ClassVar[bool] = False

    def read(self, raw: str | int | float) -> str | None:
        if not isinstance(raw, str) or raw.startswith(DAY_MARK):
            raise Unfit("id-damaged", "")
        number = idnumber.normal(raw)
        if re.fullmatch(r"\d(\.\d+)?E\+?\d+", number):
            raise Unfit("id-damaged", "")
        return number or None


@dataclass(frozen=True)
class AreaCode(Kind[int]):
    """A 12-digit area code; anything else names no area."""

    def read(self, raw: str | int | float) -> int | None:
        text = folded(as_text(raw))
        if not (text.isascii() and text.isdigit() and len(text) == 12 and text[0] != "0"):
            raise Unfit("unknown-area", "")
        return int(text)


@cache
def _labels(term: type[Term]) -> dict[int, str]:
    return dict(term.choices())


@dataclass(frozen=True)
class Code(Kind[int]):
    """One entry of a code list, by label or by code."""

    term: type[Term]
    without: frozenset[int] = frozenset()

    def read(self, raw: str | int | float) -> int | None:
        try:
            found = int(self.term.read(as_text(raw)))
        except ValueError:
            raise Unfit("code", self._allowed()) from None
        if found in self.without:
            raise Unfit("code", self._allowed())
        return found

    def write(self, value: Any) -> str | None:
        return None if value is None else _labels(self.term)[value]

    @property
    def choices(self) -> list[tuple[int, str]]:
        return [(code, label) for code, label in self.term.choices() if code not in self.without]

    def _allowed(self) -> str:
        shown = [f"{label}（{code}）" for code, label in self.choices[:10]]
        return "、".join(shown) + (" 等" if len(self.choices) > 10 else "")


@dataclass(frozen=True)
class Level(Code):
    """A graded code: a number beyond the grades is out of range, a word is no entry at all."""

    def read(self, raw: str | int | float) -> int | None:
        try:
            return super().read(raw)
        except Unfit:
            if re.fullmatch(r"-?\d+(\.\d+)?级?", folded(as_text(raw))):
                raise Unfit("range", self._allowed()) from None
            raise


@dataclass(frozen=True)
class Codes(Kind[int]):
    """Several entries of a code list, as a bit mask; separated by comma, semicolon, bar, slash or 、."""

    term: type[Term]

    def read(self, raw: str | int | float) -> int | None:
        found: set[int] = set()
        for part in re.split(r"[,，;；|/\n]", as_text(raw)):
            if part.strip():
                found |= self._part(part)
        return to_mask(found) if found else None

    def _part(self, part: str) -> set[int]:
        # A label may itself hold a 、, so the whole part is tried before it is cut.
        try:
            return {int(self.term.read(part))}
        except ValueError:
            pass
        try:
            return {int(self.term.read(piece)) for piece in part.split("、") if piece.strip()}
        except ValueError:
            shown = "、".join(f"{label}（{code}）" for code, label in self.choices)
            raise Unfit("code", shown + "；多项之间用逗号隔开") from None

    def write(self, value: Any) -> str | None:
        return ",".join(term.label for term in from_mask(self.term, value)) or None

    @property
    def choices(self) -> list[tuple[int, str]]:
        return self.term.choices()


@dataclass(frozen=True)
class Flag(Kind[bool]):
    """是 or 否. Digits are refused: on the forms 1 means 否, elsewhere it means 是."""

    def read(self, raw: str | int | float) -> bool | None:
        text = normal(as_text(raw)).upper()
        if text in ("是", "有", "TRUE"):
            return True
        if text in ("否", "无", "FALSE"):
            return False
        raise Unfit("code", "是、否")

    def write(self, value: Any) -> str | None:
        return None if value is None else "是" if value else "否"

    @property
    def choices(self) -> list[tuple[int, str]]:
        return [(1, "是"), (0, "否")]


@dataclass(frozen=True)
class Whole(Kind[int]):
    """A whole number within limits."""

    low: int = 0
    high: int = LARGEST_SMALL
    format: ClassVar[str] = "General"

    def read(self, raw: str | int | float) -> int | None:
        number = _number(raw, "")
        if number != number.to_integral_value() or not self.low <= number <= self.high:
            upper = "" if self.high in (LARGEST_SMALL, LARGEST_WHOLE) else f"、不大于 {self.high} "
            raise Unfit("range", f"不小于 {self.low} {upper}的整数")
        return int(number)

    def write(self, value: Any) -> int | None:
        return None if value is None else int(value)


@dataclass(frozen=True)
class Amount(Kind[int]):
    """A measured amount, kept in thousandths of its unit (mg as µg, kg as g)."""

    unit: str
    zero: bool = True
    format: ClassVar[str] = "General"

    def read(self, raw: str | int | float) -> int | None:
        number = _number(raw, self.unit) * 1000
        above = number >= 0 if self.zero else number > 0
        if not above or number != number.to_integral_value() or number > LARGEST_WHOLE:
            lowest = "不小于 0" if self.zero else "大于 0"
            raise Unfit("range", f"{lowest} 的数，单位 {self.unit}，最多三位小数")
        return int(number)

    def write(self, value: Any) -> int | float | None:
        if value is None:
            return None
        whole, rest = divmod(int(value), 1000)
        return whole if rest == 0 else value / 1000


@dataclass(frozen=True)
class Pressure(Kind[tuple[int, int]]):
    """Blood pressure as ``systolic/diastolic`` in mmHg."""

    def read(self, raw: str | int | float) -> tuple[int, int] | None:
        found = re.fullmatch(r"(\d{1,3})/(\d{1,3})(mmHg)?", folded(as_text(raw)), re.IGNORECASE)
        if found is None:
            raise Unfit("code", "收缩压/舒张压，例如 120/80")
        return int(found[1]), int(found[2])

    def write(self, value: Any) -> str | None:
        return None if value is None or None in value else f"{value[0]}/{value[1]}"


@dataclass(frozen=True)
class FullDay(Kind[int]):
    """A calendar day, in days since 1970."""

    format: ClassVar[str] = "yyyy-mm-dd"

    def read(self, raw: str | int | float) -> int | None:
        found = read_date(raw)
        if found is None or (found.precision != DAY and not _is_day_cell(raw)):
            raise Unfit("code", "精确到日的日期，例如 2026-03-05")
        return found.first

    def write(self, value: Any) -> ExcelDay | None:
        return None if value is None else ExcelDay(value)


@dataclass(frozen=True)
class PartialDay(Kind[Partial]):
    """A date that the form allows to be known to the month or the year only."""

    format: ClassVar[str] = "yyyy-mm-dd"

    def read(self, raw: str | int | float) -> Partial | None:
        found = read_date(raw)
        if found is None:
            raise Unfit("code", "日期，例如 2019年、2019-05 或 2019-05-20")
        return found

    def write(self, value: Any) -> str | ExcelDay | None:
        if value is None or value[0] is None:
            return None
        first, precision = value
        if precision == YEAR:
            return f"{day_of(first).year}年"
        return f"{day_of(first):%Y-%m}" if precision == MONTH else ExcelDay(first)


_FULL = re.compile(r"(\d{4})(?:[-/.](\d{1,2})[-/.](\d{1,2})|年(\d{1,2})月(\d{1,2})日?|(\d{2})(\d{2}))")
_SHORT = re.compile(r"(\d{4})(?:年(?:(\d{1,2})月?)?|[-/.](\d{1,2}))?")
_CLOCK = re.compile(r"[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")
_PRECISION = {"y": YEAR, "m": MONTH}


def _is_day_cell(raw: object) -> bool:
    return isinstance(raw, str) and raw.startswith(DAY_MARK)


def read_date(raw: str | int | float) -> Partial | None:
    """The date in any of the spellings of the contract; ``None`` if there is no such spelling or day."""
    if isinstance(raw, str) and raw.startswith(DAY_MARK):
        precision = _PRECISION.get(raw[-1], DAY)
        return Partial(int(raw[1:].rstrip("my")), precision)
    text = folded(_CLOCK.sub("", as_text(raw)))
    full = _FULL.fullmatch(text)
    try:
        if full is not None:
            year, month, day = (int(part) for part in full.groups() if part is not None)
            return _sensible(date(year, month, day), DAY)
        short = _SHORT.fullmatch(text)
        if short is None:
            return None
        month_text = short[2] or short[3]
        return _sensible(date(int(short[1]), int(month_text or 1), 1), MONTH if month_text else YEAR)
    except ValueError:
        return None


def _sensible(day: date, precision: int) -> Partial | None:
    # Years outside are typing errors; Excel itself begins in 1900.
    return Partial(days(day), precision) if 1850 <= day.year <= 2199 else None


def _number(raw: str | int | float, unit: str) -> Decimal:
    text = folded(as_text(raw))
    if unit and text.lower().endswith(unit):
        text = text[: -len(unit)]
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Unfit("code", "数字")
    return number
