"""表单的 JSON: a declared form as JSON Schema (draft 2020-12), and filled values in and out of JSON.

Codes are integers, sets of codes arrays, days ``2026-03-05``, partly known days ``2019-05`` or ``2019``,
moments ``2026-03-05T09:30``, amounts numbers in the unit that is named, 是/否 booleans. Empty items are left
out. When an item is asked or required stands in the schema as ``if``/``then``, made of the conditions of the
form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from casemgr.forms.cell import (
    LARGEST_SMALL,
    Amount,
    Code,
    Codes,
    DocumentNumber,
    Flag,
    FullDay,
    Mark,
    PartialDay,
    Phone,
    Text,
    Whole,
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
)
from casemgr.forms.form import Field, Form, Moment, texts
from casemgr.terms.code import from_mask

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DAY = r"^\d{4}-\d{2}-\d{2}$"
PARTIAL = r"^\d{4}(-\d{2}(-\d{2})?)?$"
MOMENT = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$"


def schema(form: Form) -> dict[str, Any]:
    """The whole form as a JSON Schema object."""
    properties = {each.key: _property(form, each) for each in form.fields}
    required = [each.key for each in form.fields if each.always_required]
    rules = [rule for each in form.fields for rule in _rules(each)]
    found: dict[str, Any] = {
        "$schema": DIALECT,
        "title": form.title,
        "description": f"{form.table}，{form.version} 版",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    if rules:
        found["allOf"] = rules
    return found


def _property(form: Form, each: Field) -> dict[str, Any]:
    found = _type(each)
    found["title"] = each.label
    if each.unit:
        found["x-unit"] = each.unit
    if each.hint:
        found["description"] = each.hint
    if each.rule:
        found["x-rule"] = each.rule
    if each.status.startswith("UNVERIFIED"):
        found["x-status"] = "待核对"
    if each.number:
        found["x-number"] = each.number
    if each.judgement:
        found["x-never-copied"] = True
    if each.past:
        found["x-not-in-future"] = True
    if each.not_before:
        found["x-not-before"] = each.not_before
    return found


def _type(each: Field) -> dict[str, Any]:
    kind = each.kind
    if isinstance(kind, Codes):
        options = _options(each)
        found: dict[str, Any] = {
            "type": "array",
            "items": {"oneOf": options},
            "uniqueItems": True,
            "minItems": 1,
        }
        if each.alone is not None:
            # Whoever names the option that excludes the others names nothing else.
            found["if"] = {"contains": {"const": each.alone}}
            found["then"] = {"maxItems": 1}
        return found
    if isinstance(kind, Code):
        return {"type": "integer", "oneOf": _options(each)}
    if isinstance(kind, Flag):
        return {"type": "boolean"}
    if isinstance(kind, FullDay):
        return {"type": "string", "format": "date", "pattern": DAY}
    if isinstance(kind, PartialDay):
        return {"type": "string", "pattern": PARTIAL}
    if isinstance(kind, Moment):
        return {"type": "string", "pattern": MOMENT}
    if isinstance(kind, Whole):
        high = {} if kind.high == LARGEST_SMALL else {"maximum": kind.high}
        return {"type": "integer", "minimum": kind.low, **high}
    if isinstance(kind, Amount):
        return {"type": "number", "minimum": 0} if kind.zero else {"type": "number", "exclusiveMinimum": 0}
    found = {"type": "string", "minLength": 1}
    if isinstance(kind, Text | Mark):
        found["maxLength"] = kind.limit
    elif isinstance(kind, Phone | DocumentNumber):
        found["maxLength"] = 40
    return found


def _options(each: Field) -> list[dict[str, Any]]:
    found = []
    for code, label in each.choices:
        option: dict[str, Any] = {"const": code, "title": label}
        if tip := each.tips.get(code):
            option["description"] = tip
        found.append(option)
    return found


def _rules(each: Field) -> list[dict[str, Any]]:
    rules = []
    if each.asked != ALWAYS:
        rules.append({"if": condition(each.asked), "else": {"properties": {each.key: False}}})
    if each.required != NEVER and not each.always_required:
        when = condition(each.required)
        if each.asked != ALWAYS:
            when = (
                {"allOf": [condition(each.asked), when]} if each.required != ALWAYS else condition(each.asked)
            )
        rules.append({"if": when, "then": {"required": [each.key]}})
    return rules


def condition(when: Condition) -> Any:
    """The condition as a schema that filled data satisfy exactly when it holds."""
    match when:
        case Equals(key, value):
            return _has(key, {"const": value})
        case In(key, values):
            return _has(key, {"enum": list(values)})
        case Holds(key, code):
            return _has(key, {"type": "array", "contains": {"const": code}})
        case Given(key):
            return {"required": [key]}
        case AtLeast(key, least):
            return _has(key, {"type": "number", "minimum": least})
        case Not(inner):
            return {"not": condition(inner)}
        case All(conditions):
            return {"allOf": [condition(each) for each in conditions]} if conditions else True
        case AnyOf(conditions):
            return {"anyOf": [condition(each) for each in conditions]} if conditions else False


def _has(key: str, what: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {key: what}, "required": [key]}


def to_json(form: Form, values: Mapping[str, Any]) -> dict[str, Any]:
    """Clean values as the schema describes them; keys the form does not have are left out."""
    return {
        each.key: _to_json(each, values[each.key]) for each in form.fields if values.get(each.key) is not None
    }


def _to_json(each: Field, value: Any) -> Any:
    kind = each.kind
    if isinstance(kind, Codes):
        return [int(term) for term in from_mask(kind.term, value)]
    if isinstance(kind, Flag):
        return bool(value)
    if isinstance(kind, Code | Whole | Amount):
        return kind.write(value) if isinstance(kind, Amount) else int(value)
    return texts(each, value)[0]


def from_json(form: Form, data: Mapping[str, Any]) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """JSON data as the texts that :func:`casemgr.forms.form.read` takes, and the keys the form does not know.

    Everything that was sent is kept as text, whatever its type; reading says what is wrong with it.
    """
    raw: dict[str, list[str]] = {}
    unknown = []
    for key, value in data.items():
        each = form.by_key.get(key)
        if each is None:
            unknown.append(key)
        elif value is not None:
            raw[key] = [_text(each, part) for part in (value if isinstance(value, list) else [value])]
    return raw, tuple(unknown)


def _text(each: Field, value: Any) -> str:
    if isinstance(value, bool):
        # Only a yes-or-no item understands yes and no; elsewhere a boolean must not pass for the code 1.
        return ("是" if value else "否") if isinstance(each.kind, Flag) else ("true" if value else "false")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, str) else str(value)
