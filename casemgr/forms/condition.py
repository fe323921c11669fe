"""条件: when a field of a form is asked for — data, not code, the same tree in every projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Value = int | str | bool


@dataclass(frozen=True, slots=True)
class Equals:
    """The field has this very value (a code, a text, true or false)."""

    key: str
    value: Value


@dataclass(frozen=True, slots=True)
class In:
    """The field has one of these values."""

    key: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Holds:
    """The multi-choice field has this code among the chosen ones."""

    key: str
    code: int


@dataclass(frozen=True, slots=True)
class Given:
    """The field has any value."""

    key: str


@dataclass(frozen=True, slots=True)
class AtLeast:
    """The field has a number or graded code not below ``least``."""

    key: str
    least: int


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    condition: Condition


@dataclass(frozen=True, slots=True, init=False)
class All:
    """Every one of the conditions holds; with none of them always true."""

    conditions: tuple[Condition, ...]

    def __init__(self, *conditions: Condition) -> None:
        object.__setattr__(self, "conditions", conditions)


@dataclass(frozen=True, slots=True, init=False)
class AnyOf:
    """One of the conditions holds; with none of them never true."""

    conditions: tuple[Condition, ...]

    def __init__(self, *conditions: Condition) -> None:
        object.__setattr__(self, "conditions", conditions)


Condition = Equals | In | Holds | Given | AtLeast | Not | All | AnyOf

ALWAYS, NEVER = All(), AnyOf()


def holds(condition: Condition, values: Mapping[str, Any]) -> bool:
    """Whether ``condition`` is true of clean values (codes, masks, days, texts; missing or None is empty)."""
    match condition:
        case Equals(key, value):
            return bool(values.get(key) == value)
        case In(key, wanted):
            return values.get(key) in wanted
        case Holds(key, code):
            mask = values.get(key)
            return mask is not None and bool(mask >> code & 1)
        case Given(key):
            return values.get(key) is not None
        case AtLeast(key, least):
            number = values.get(key)
            return number is not None and bool(number >= least)
        case Not(inner):
            return not holds(inner, values)
        case All(conditions):
            return all(holds(each, values) for each in conditions)
        case AnyOf(conditions):
            return any(holds(each, values) for each in conditions)


def keys_of(condition: Condition) -> set[str]:
    """The fields that ``condition`` looks at."""
    match condition:
        case Equals(key, _) | In(key, _) | Holds(key, _) | Given(key) | AtLeast(key, _):
            return {key}
        case Not(inner):
            return keys_of(inner)
        case All(conditions) | AnyOf(conditions):
            return {key for each in conditions for key in keys_of(each)}


def to_data(condition: Condition) -> list[Any]:
    """The tree as nested lists for JSON, e.g. ``["not", ["filled", "loss_reason"]]``."""
    match condition:
        case Equals(key, value):
            return ["equals", key, _spelt(value)]
        case In(key, wanted):
            return ["in", key, [_spelt(each) for each in wanted]]
        case Holds(key, code):
            return ["holds", key, code]
        case Given(key):
            return ["filled", key]
        case AtLeast(key, least):
            return ["least", key, least]
        case Not(inner):
            return ["not", to_data(inner)]
        case All(conditions):
            return ["all", *(to_data(each) for each in conditions)]
        case AnyOf(conditions):
            return ["any", *(to_data(each) for each in conditions)]


def _spelt(value: Value) -> int | str:
    """Yes and no are posted as words: on the forms the digit 1 means 否, elsewhere it means 是."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value
