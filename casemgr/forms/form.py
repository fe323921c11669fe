"""表单: one declaration of an official form, from which page, JSON schema, Excel sheet and paper are made.

A form has sections, a section has fields and tables (repeated lines), a field has one kind of value
(:mod:`casemgr.forms.cell`) and says by conditions when it is asked for and when it must be filled. There is
no default anywhere: what nobody has entered stays empty and means 未评估.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as made
from datetime import date
from functools import cached_property
from typing import Any

from casemgr.forms.cell import (
    Amount,
    Code,
    Codes,
    Flag,
    FullDay,
    Kind,
    Partial,
    PartialDay,
    Phone,
    Text,
    Unfit,
    Whole,
    as_text,
    day_of,
    days,
)
from casemgr.forms.condition import (
    ALWAYS,
    NEVER,
    All,
    AnyOf,
    AtLeast,
    Condition,
    Equals,
    Given,
    Holds,
    In,
    Not,
    holds,
    keys_of,
    to_data,
)
from casemgr.terms.code import from_mask

Raw = Mapping[str, Sequence[str]]
#: Texts up to this length are asked for in one line, longer ones in a box.
ONE_LINE = 120

MISSING = "“{0}”没有填。{1}请补填，或先存为草稿，问清后再填。"
MISSING_WHY = "缺了这一项，这张表就不完整。"
UNREADABLE = "“{0}”的内容无法识别，应为：{1}。无法识别的内容不能成为记录。请按此改正，或先清空这一项。"
OUTSIDE = "“{0}”超出允许范围，应为：{1}。这样的数值不可能成立。请核对后改正，或先清空这一项。"
DAMAGED = (
    "“{0}”像是被表格软件改成了数字，末几位已丢失。号码有误会造成重复建档。请照证件重填，或先清空这一项。"
)
FUTURE = "“{0}”晚于今天（{1}）。尚未发生的事不能登记。请改正日期，或先清空这一项。"
REVERSED = (
    "“{0}”早于“{1}”。时间先后颠倒，其中一个必定有误。请对照原始记录改正，或把记不准的日期只填到年、月。"
)
UNASKED = "“{0}”只在{1}时填写。两处不一致，就不知道以哪一处为准。请清空这一项，或改正前面的选择。"
NOT_ALONE = "“{0}”选了“{1}”，又选了其他项，两者矛盾。请去掉“{1}”，或去掉其他各项。"
UNKNOWN = "表中没有“{0}”这一项，填写的内容无处可放。请核对表单版本，或去掉这一项。"


@dataclass(frozen=True)
class Moment(Kind[int]):
    """A day with hour and minute on the clock of the place, in minutes since 1970."""

    def read(self, raw: str | int | float) -> int | None:
        found = _MOMENT.fullmatch(unicodedata.normalize("NFKC", as_text(raw)))
        try:
            if found is not None:
                year, month, day, hour, minute = (int(part) for part in found.groups())
                if hour < 24 and minute < 60 and 1850 <= year <= 2199:
                    return days(date(year, month, day)) * DAY_MINUTES + hour * 60 + minute
        except ValueError:
            pass
        raise Unfit("code", "年月日和时分，例如 2026-03-05 09:30")

    def write(self, value: Any) -> str | None:
        if value is None:
            return None
        hour, minute = divmod(int(value) % DAY_MINUTES, 60)
        return f"{day_of(int(value) // DAY_MINUTES).isoformat()}T{hour:02d}:{minute:02d}"


DAY_MINUTES = 24 * 60
_MOMENT = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?[ T]+(\d{1,2})[:：时](\d{1,2})(?::\d{2})?分?"
)


@dataclass(frozen=True)
class Field:
    """One item of a form.

    ``number`` is its place on the paper; ``asked`` says when it is asked at all, ``required`` when it must be
    filled before the form can be kept, ``expected`` when empty means 未评估.
    ``other`` names the text that belongs to an option (code → key), ``alone`` the option that excludes
    the rest.
    ``judgement`` marks what is judged anew each time: «与上次相同» never fills it.
    """

    key: str
    label: str
    kind: Kind[Any]
    number: str = ""
    asked: Condition = ALWAYS
    required: Condition = NEVER
    expected: Condition = NEVER
    other: tuple[tuple[int, str], ...] = ()
    alone: int | None = None
    past: bool = False
    not_before: str = ""
    unit: str = ""
    hint: str = ""
    why: str = ""
    rule: str = ""
    status: str = "V"
    judgement: bool = False
    sealed: bool = False
    printed: bool = True
    wording: tuple[tuple[int, str], ...] = ()
    notes: tuple[tuple[int, str], ...] = ()
    star: bool = False
    #: The heading that several items share on paper.
    group: str = ""

    @cached_property
    def choices(self) -> tuple[tuple[Any, str], ...]:
        """(code, label) pairs in the order of the form; for 是/否 the code is the word itself."""
        if isinstance(self.kind, Flag):
            return (("是", "是"), ("否", "否"))
        said = dict(self.wording)
        return tuple((code, said.get(code, label)) for code, label in self.kind.choices)

    @property
    def widget(self) -> str:
        """How a page asks for it: radio, checks, select, date, moment, partial, number, tel, text or box."""
        kind = self.kind
        if isinstance(kind, Codes):
            return "checks"
        if isinstance(kind, Code | Flag):
            return "select" if len(self.choices) > 15 else "radio"
        if isinstance(kind, FullDay):
            return "date"
        if isinstance(kind, Moment):
            return "moment"
        if isinstance(kind, Whole | Amount):
            return "number"
        if isinstance(kind, Phone):
            return "tel"
        if isinstance(kind, PartialDay):
            return "partial"
        return "textarea" if isinstance(kind, Text) and kind.limit > ONE_LINE else "text"

    @property
    def tips(self) -> dict[Any, str]:
        """What an option means, by code."""
        return dict(self.notes)

    @property
    def may_repeat(self) -> bool:
        """Whether «与上次相同» may fill it: never a judgement, never a day."""
        return not self.judgement and not isinstance(self.kind, FullDay | PartialDay | Moment)

    @property
    def asked_data(self) -> str:
        """The condition of being asked, as JSON for the page; empty when it is always asked."""
        return "" if self.asked == ALWAYS else _json(self.asked)

    @property
    def required_data(self) -> str:
        """The condition of being required, as JSON for the page; empty when it never is."""
        return "" if self.required == NEVER else _json(self.required)

    @property
    def always_required(self) -> bool:
        """Whether the form cannot be kept without it, whatever else is filled."""
        return self.required == ALWAYS and self.asked == ALWAYS


def _json(condition: Condition) -> str:
    return json.dumps(to_data(condition), ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Table:
    """Repeated lines of the same columns; line 2 of column ``name`` has the key ``<key>2_name``."""

    key: str
    label: str
    columns: tuple[Field, ...]
    rows: int
    number: str = ""
    row_label: str = "第{0}行"
    #: A line is filled when this column is; the other columns need it.
    lead: str = "name"
    asked: Condition = ALWAYS
    #: When at least the first line must be filled.
    required: Condition = NEVER
    star: bool = False

    def line(self, row: int) -> tuple[Field, ...]:
        """The fields of one line, counted from 1."""
        rest = tuple(column.key for column in self.columns if column.key != self.lead)
        fields = []
        for column in self.columns:
            required = column.required
            if column.key == self.lead:
                others = tuple(Given(self._key(row, key)) for key in rest)
                required = AnyOf(self.required, *others) if row == 1 else AnyOf(*others)
            fields.append(
                replace(
                    column,
                    key=self._key(row, column.key),
                    label=f"{self.row_label.format(row)}{column.label}",
                    asked=column.asked if self.asked == ALWAYS else self.asked,
                    required=required,
                )
            )
        return tuple(fields)

    def _key(self, row: int, key: str) -> str:
        return f"{self.key}{row}_{key}"

    @cached_property
    def lines(self) -> tuple[tuple[Field, ...], ...]:
        """The fields of all lines."""
        return tuple(self.line(row) for row in range(1, self.rows + 1))


Item = Field | Table


@dataclass(frozen=True)
class Section:
    """A part of a form; ``step`` counts the screens of a phone, ``folded`` says when they pass it over."""

    key: str
    title: str
    items: tuple[Item, ...]
    step: int = 1
    note: str = ""
    folded: Condition = NEVER

    @property
    def folded_data(self) -> str:
        """The condition of being passed over, as JSON for the page; empty when it never is."""
        return "" if self.folded == NEVER else _json(self.folded)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every field, those of tables included."""
        return tuple(_flat(self.items))


def _flat(items: tuple[Item, ...]) -> Iterator[Field]:
    for item in items:
        if isinstance(item, Table):
            for line in item.lines:
                yield from line
        else:
            yield item


@dataclass(frozen=True)
class Form:
    """One official form in one version; ``since`` is the first day on which it is used for new records."""

    name: str
    title: str
    table: str
    version: str
    since: date
    rule: str
    sections: tuple[Section, ...]
    status: str = "V"
    who: str = ""
    notes: tuple[str, ...] = ()
    #: How the paper is arranged: by numbers, sections, questions, as an agreement, or as a list.
    paper: str = "sections"

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every field in the order of the screen."""
        return tuple(each for section in self.sections for each in section.fields)

    @cached_property
    def by_key(self) -> Mapping[str, Field]:
        """Fields by key."""
        return {each.key: each for each in self.fields}

    def field(self, key: str) -> Field:
        """The field of that key; ``KeyError`` if there is none."""
        return self.by_key[key]

    @property
    def unverified(self) -> bool:
        """Whether the form, or an item of it, has not been compared with the printed original."""
        return any(each.startswith("UNVERIFIED") for each in (self.status, *(f.status for f in self.fields)))


@dataclass(frozen=True)
class Filled:
    """What was read: clean values by key (empty ones left out), and a sentence per field that is wrong.

    ``unassessed`` are the keys that were expected and are empty. ``raw`` is what was typed, whole.
    """

    values: Mapping[str, Any]
    problems: Mapping[str, str]
    raw: Raw
    unassessed: tuple[str, ...] = made(default=())

    @property
    def sound(self) -> bool:
        """Whether the form can be kept."""
        return not self.problems


def read(form: Form, raw: Raw, today: date) -> Filled:
    """Typed texts → clean values and problems; nothing is guessed, nothing typed is lost.

    ``raw`` holds the texts per key as a page posts them (several for a multi-choice field). Codes and labels
    are both understood. Values are those of :mod:`casemgr.forms.cell`: days since 1970, masks, micrograms.
    """
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for each in form.fields:
        text = _typed(each, raw)
        if not text:
            continue
        try:
            value = each.kind.read(text)
        except Unfit as unfit:
            wrong[each.key] = _unreadable(each, unfit)
            continue
        if value is not None:
            values[each.key] = value
    for each in form.fields:
        if each.key not in wrong and (sentence := _judged(form, each, values, today)):
            wrong[each.key] = sentence
    ordered = {each.key: wrong[each.key] for each in form.fields if each.key in wrong}
    unassessed = tuple(
        each.key
        for each in form.fields
        if each.key not in values
        and each.key not in wrong
        and is_asked(each, values)
        and holds(each.expected, values)
    )
    return Filled(values, ordered, raw, unassessed)


def is_asked(each: Field, values: Mapping[str, Any]) -> bool:
    """Whether the field is asked for, given the other values."""
    return holds(each.asked, values)


def is_required(each: Field, values: Mapping[str, Any]) -> bool:
    """Whether the form cannot be kept without it, given the other values."""
    return is_asked(each, values) and holds(each.required, values)


def _typed(each: Field, raw: Raw) -> str:
    parts = [part.strip() for part in raw.get(each.key, ()) if part.strip()]
    if not parts:
        return ""
    return ",".join(parts) if isinstance(each.kind, Codes) else parts[0]


def _unreadable(each: Field, unfit: Unfit) -> str:
    if unfit.code == "id-damaged":
        return DAMAGED.format(each.label)
    return (OUTSIDE if unfit.code == "range" else UNREADABLE).format(each.label, unfit.says)


def _judged(form: Form, each: Field, values: Mapping[str, Any], today: date) -> str:
    value = values.get(each.key)
    if value is None:
        return MISSING.format(each.label, each.why or MISSING_WHY) if is_required(each, values) else ""
    if not is_asked(each, values):
        return UNASKED.format(each.label, in_words(form, each.asked))
    if each.past and _day(each, value) > days(today):
        return FUTURE.format(each.label, f"{today.year}年{today.month}月{today.day}日")
    if each.alone is not None and value >> each.alone & 1 and value != 1 << each.alone:
        return NOT_ALONE.format(each.label, dict(each.choices)[each.alone])
    earlier = values.get(each.not_before) if each.not_before else None
    if earlier is not None and _last(value) < _first(earlier):
        return REVERSED.format(each.label, form.field(each.not_before).label)
    return ""


def _first(value: Any) -> int:
    return value.first if isinstance(value, Partial) else int(value)


def _last(value: Any) -> int:
    return value.last if isinstance(value, Partial) else int(value)


def _day(each: Field, value: Any) -> int:
    return int(value) // DAY_MINUTES if isinstance(each.kind, Moment) else _first(value)


def in_words(form: Form, condition: Condition) -> str:
    """The condition as a person would say it, e.g. “实验室检查”为“有”."""
    match condition:
        case Equals(key, value):
            return f"“{form.field(key).label}”为“{_choice(form.field(key), value)}”"
        case In(key, wanted):
            choices = "、".join(f"“{_choice(form.field(key), value)}”" for value in wanted)
            return f"“{form.field(key).label}”为{choices}"
        case Holds(key, code):
            return f"“{form.field(key).label}”选了“{_choice(form.field(key), code)}”"
        case Given(key):
            return f"填了“{form.field(key).label}”"
        case AtLeast(key, least):
            return f"“{form.field(key).label}”不低于 {_choice(form.field(key), least)}"
        case Not(Given(key)):
            return f"没有填“{form.field(key).label}”"
        case Not(Equals(key, value)):
            return f"“{form.field(key).label}”不是“{_choice(form.field(key), value)}”"
        case Not(AnyOf(conditions)) if conditions and all(isinstance(each, Given) for each in conditions):
            labels = "".join(f"“{form.field(key).label}”" for key in sorted_keys(form, condition))
            return f"{labels}都没有填"
        case Not(inner):
            return f"不属于（{in_words(form, inner)}）的情形"
        case All(conditions):
            return "，且".join(in_words(form, each) for each in conditions)
        case AnyOf(conditions):
            return "，或".join(in_words(form, each) for each in conditions)


def sorted_keys(form: Form, condition: Condition) -> list[str]:
    """The fields that a condition looks at, in the order of the form."""
    wanted = keys_of(condition)
    return [each.key for each in form.fields if each.key in wanted]


def _choice(each: Field, value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(dict(each.choices).get(value, value))


def to_raw(form: Form, values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Clean values as the texts a page would post; :func:`read` gives the values again."""
    raw = {}
    for each in form.fields:
        value = values.get(each.key)
        if value is not None:
            raw[each.key] = texts(each, value)
    return raw


def texts(each: Field, value: Any) -> list[str]:
    """One clean value as posted texts: codes as digits, days as ``2026-03-05``."""
    kind = each.kind
    if isinstance(kind, Codes):
        return [str(int(term)) for term in from_mask(kind.term, value)]
    if isinstance(kind, Code):
        return [str(int(value))]
    if isinstance(kind, FullDay):
        return [day_of(value).isoformat()]
    if isinstance(kind, PartialDay):
        whole = day_of(value[0]).isoformat()
        return [{1: whole[:4], 2: whole[:7]}.get(value[1], whole)]
    return [str(kind.write(value))]


def shown(each: Field, value: Any) -> str:
    """One clean value as a person reads it: labels, units, 年月日."""
    if value is None:
        return ""
    kind = each.kind
    if isinstance(kind, Codes):
        said = dict(each.choices)
        return "、".join(said[int(term)] for term in from_mask(kind.term, value) if int(term) in said)
    if isinstance(kind, Code):
        return str(dict(each.choices).get(int(value), value))
    if isinstance(kind, FullDay):
        day = day_of(value)
        return f"{day.year}年{day.month}月{day.day}日"
    if isinstance(kind, Moment):
        day, (hour, minute) = day_of(value // DAY_MINUTES), divmod(value % DAY_MINUTES, 60)
        return f"{day.year}年{day.month}月{day.day}日 {hour:02d}:{minute:02d}"
    if isinstance(kind, PartialDay):
        day = day_of(value[0])
        parts = (f"{day.year}年", f"{day.month}月", f"{day.day}日")
        return "".join(parts[: value[1]])
    unit = f" {each.unit}" if each.unit else ""
    return f"{kind.write(value)}{unit}"
