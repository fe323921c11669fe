"""字段: the strict kinds of values the JSON door takes and gives, with refusals in Chinese.

A value is taken as it is or refused; nothing is converted silently. Values of a query arrive as text and are
turned into numbers and truth values before, see :func:`casemgr.api.operation.typed`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from casemgr.terms.code import Term

REQUIRED = "这一项必须填写。"
EMPTY = "这一项不能为空。"
LARGEST_KEY = 2**63 - 1

#: marshmallow speaks English unless a field says otherwise; whoever reads an answer reads Chinese.
SPOKEN: tuple[tuple[type[fields.Field[Any]], dict[str, str]], ...] = (
    (fields.Field, {"required": REQUIRED, "null": EMPTY, "validator_failed": "内容不对。"}),
    (fields.List, {"invalid": "应为一个 JSON 数组。"}),
    (fields.Mapping, {"invalid": "应为一个 JSON 对象。"}),
    (fields.Dict, {"invalid": "应为一个 JSON 对象。"}),
    (fields.Nested, {"type": "应为一个 JSON 对象。"}),
    (fields.String, {"invalid": "应为文字。", "invalid_utf8": "应为 UTF-8 文字。"}),
)
for kind, words in SPOKEN:
    kind.default_error_messages = {**kind.default_error_messages, **words}


class Strict(Schema):
    """Base of everything the door takes: an unknown key is refused, not ignored."""

    error_messages = {"unknown": "没有这一项。", "type": "应为一个 JSON 对象。"}  # noqa: RUF012 - marshmallow's own way

    class Meta:
        unknown = "raise"
        ordered = True


class Shape(Schema):
    """Base of everything the door gives; values are taken from attributes of frozen views."""


#: What marshmallow lets a message be.
Messages = dict[str, str | list[Any] | dict[Any, Any]]


def _messages(**more: str) -> Messages:
    return {"required": REQUIRED, "null": EMPTY, **more}


class Whole(fields.Integer):
    """A whole number; a fraction, a text or a truth value is refused."""

    default_error_messages = _messages(invalid="应为整数。", too_large="数字太大。")

    def __init__(self, *, low: int = 0, high: int = 2**31 - 1, **more: Any) -> None:
        span = validate.Range(low, high, error=f"应在 {low} 与 {high} 之间。")
        super().__init__(strict=True, validate=span, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class Size(Whole):
    """A whole number out of a few."""

    def __init__(self, sizes: tuple[int, ...], **more: Any) -> None:
        super().__init__(low=min(sizes), high=max(sizes), **more)
        words = "、".join(str(size) for size in sizes)
        self.validators = [validate.OneOf(sizes, error=f"可用：{words}。")]


class Flag(fields.Boolean):
    """True or false, nothing else."""

    default_error_messages = _messages(invalid="应为 true 或 false。")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if type(value) is not bool:
            raise self.make_error("invalid")
        return value


class Text(fields.String):
    """A text without control characters."""

    default_error_messages = _messages(invalid="应为文字。", unreadable="含有不能使用的控制字符。")

    def __init__(self, *, longest: int, shortest: int = 0, **more: Any) -> None:
        words = f"应为 {shortest}–{longest} 个字。" if shortest else f"最多 {longest} 个字。"
        super().__init__(validate=validate.Length(min=shortest or None, max=longest, error=words), **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
            raise self.make_error("unreadable")
        return value


class Prose(Text):
    """A text that may have several lines."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if isinstance(value, str):
            super()._deserialize(value.replace("\n", " ").replace("\t", " "), attr, data, **more)
            return value.strip()
        return super()._deserialize(value, attr, data, **more)


class Patterned(fields.String):
    """A text of one fixed form."""

    pattern = r".*"
    words = "格式不对。"
    default_error_messages = _messages(invalid="应为文字。")

    def __init__(self, **more: Any) -> None:
        metadata = {"pattern": f"^{self.pattern}$", **more.pop("metadata", {})}
        super().__init__(metadata=metadata, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if not isinstance(value, str) or re.fullmatch(self.pattern, value, re.ASCII) is None:
            raise ValidationError(self.words)
        return self.meaning(value)

    def meaning(self, value: str) -> Any:
        """What a text of the right form stands for."""
        return value


class Id(Patterned):
    """The key of a record, as decimal digits in a text: numbers this long are rounded by some programs."""

    pattern = r"[0-9]{1,19}"
    words = "编号应为 1–19 位数字。"

    def meaning(self, value: str) -> int:
        if int(value) > LARGEST_KEY:
            raise ValidationError(self.words)
        return int(value)


class AreaCode(Patterned):
    """区划代码, twelve digits."""

    pattern = r"[1-9][0-9]{11}"
    words = "区划代码应为 12 位数字。"

    def meaning(self, value: str) -> int:
        return int(value)


class Slug(Patterned):
    """The name of a kind of thing in an address: ``followup``, ``report_card``."""

    pattern = r"[a-z][a-z_]{0,31}"
    words = "名称应为小写字母和下划线。"


class Month(Patterned):
    """A calendar month, ``2026-10``."""

    pattern = r"20[0-9]{2}-(0[1-9]|1[0-2])"
    words = "月份应写成 2026-10 这样。"


class Day(fields.Date):
    """A calendar day, ``2026-10-31``."""

    default_error_messages = _messages(invalid="日期应写成 2026-10-31 这样。")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if not isinstance(value, str) or re.fullmatch(r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", value) is None:
            raise self.make_error("invalid")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None


class Choice(fields.Integer):
    """One code of a national list (or of ``also``: further codes with their words)."""

    default_error_messages = _messages(invalid="应为代码（整数）。")

    def __init__(self, kind: type[Term], also: Mapping[int, str] | None = None, **more: Any) -> None:
        self.kind = kind
        codes = {**(also or {}), **dict(kind.choices())}
        words = "、".join(f"{code} {label}" for code, label in codes.items())
        chosen = validate.OneOf(list(codes), error=f"没有这个代码。可用：{words}。")
        super().__init__(strict=True, validate=chosen, metadata={"description": words}, **more)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class Choices(fields.List[Any]):
    """Several codes of a national list, each at most once meant."""

    default_error_messages = _messages(invalid="应为代码的数组。")

    def __init__(self, kind: type[Term], **more: Any) -> None:
        super().__init__(
            Choice(kind), validate=validate.Length(max=40, error="最多 40 项。"), load_default=list, **more
        )


class At(fields.AwareDateTime):
    """An instant with its offset, ``2026-11-21T09:30:00+08:00``."""

    default_error_messages = _messages(
        invalid="时间应写成 2026-11-21T09:30:00+08:00 这样。", invalid_awareness="时间应带时区。"
    )

    def __init__(self, **more: Any) -> None:
        super().__init__(format="iso", **more)


class OneOf(fields.String):
    """One of a few words."""

    default_error_messages = _messages(invalid="应为文字。")

    def __init__(self, words: tuple[str, ...], **more: Any) -> None:
        super().__init__(validate=validate.OneOf(words, error=f"可用：{'、'.join(words)}。"), **more)


class Coded(Shape):
    """A code of a national list with its label."""

    code = fields.Integer(attribute="value", required=True)
    label = fields.String(required=True)


class Words(fields.Dict):
    """Labels of a form with their words, given as an object; the view holds pairs."""

    def __init__(self, **more: Any) -> None:
        super().__init__(keys=fields.String(), values=fields.String(), **more)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **more: Any) -> Any:
        return dict(value)


def coded(**more: Any) -> fields.Nested:
    """A coded value that the door gives; empty stands for not assessed."""
    return fields.Nested(Coded, required=True, allow_none=True, **more)


def key(attribute: str) -> fields.String:
    """A key that the door gives, as text."""
    return fields.String(attribute=attribute, required=True, metadata={"pattern": "^[0-9]{1,19}$"})


def text(**more: Any) -> fields.String:
    """A text that the door gives."""
    return fields.String(required=True, **more)


def whole(**more: Any) -> fields.Integer:
    """A whole number that the door gives."""
    return fields.Integer(required=True, **more)


def flag(**more: Any) -> fields.Boolean:
    """A truth value that the door gives."""
    return fields.Boolean(required=True, **more)


def one(shape: type[Shape], **more: Any) -> fields.Nested:
    """A part that the door gives."""
    return fields.Nested(shape, required=True, **more)


def many(shape: type[Shape], **more: Any) -> fields.List[Any]:
    """Parts of one kind that the door gives."""
    return fields.List(fields.Nested(shape), required=True, **more)


def texts() -> fields.List[Any]:
    """Several texts that the door gives."""
    return fields.List(fields.String(), required=True)


def days() -> fields.List[Any]:
    """Several calendar days that the door gives."""
    return fields.List(fields.Date(), required=True)


def day(**more: Any) -> fields.Date:
    """A calendar day that the door gives."""
    return fields.Date(required=True, **more)


def moment(**more: Any) -> fields.AwareDateTime:
    """An instant with its offset that the door gives."""
    return fields.AwareDateTime(required=True, format="iso", **more)
