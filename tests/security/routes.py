"""路由表: every address of every door with its guard, made from the URL maps; and how to fill one in."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from casemgr.api.door import CHAPTERS
from casemgr.api.operation import IN_PATH
from casemgr.app import LIAISON
from casemgr.rules.access import RECEIVERS, ROLE_ACTIONS, Action, Role
from casemgr.web import guard
from casemgr.web.liaison import guard as department_guard
from tests.security.twins import Twin

OPERATIONS = {one.name.replace(".", "_"): one for chapter in CHAPTERS for one in chapter.operations}
#: Parts of addresses that are words; a new one belongs here, or its route cannot be asked.
WORDS: dict[str, tuple[str, ...]] = {
    "part": ("numerator",),
    "key": ("IND-03",),
    "name": ("followup",),
    "version": ("2018.1",),
    "product_id": ("PP1M",),
    "month": ("2026-10",),
    "word": ("xlsx",),
    "filename": ("css/screen.css",),
    "slug": ("unseen",),
    "revision": ("1",),
}
#: The largest number that a part of an address takes if it is the code of an area.
LARGEST_AREA = 10**12 - 1


@dataclass(frozen=True)
class Route:
    """One method of one address; ``action`` is ``None`` where no role is asked for."""

    door: str
    method: str
    rule: Rule
    action: Action | None
    public: bool = False

    @property
    def name(self) -> str:
        return f"{self.door} {self.method} {self.path}"

    @property
    def path(self) -> str:
        return (LIAISON if self.door == "liaison" else "") + self.rule.rule

    @property
    def keys(self) -> tuple[str, ...]:
        """The parts of the address that name a row or an area."""
        return tuple(sorted(one for one in self.rule._converters if _kind(self.rule, one) != "word"))

    def may(self, role: Role) -> bool:
        """Whether the role has the action that the guard asks for."""
        if (role in RECEIVERS) is not (self.door == "liaison"):
            return False
        return self.action is None or self.action in ROLE_ACTIONS.get(role, frozenset())


def routes(site: Flask, departments: Flask) -> list[Route]:
    """Every method of every address of the three doors, in the order of the addresses."""
    found = [
        Route("liaison", method, rule, *_department_mark(departments, rule.endpoint))
        for rule in departments.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    for rule in site.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.endpoint.startswith("api."):
                operation = OPERATIONS.get(rule.endpoint.removeprefix("api."))
                action = operation.action if operation else None
                public = operation is None or operation.public
                found.append(Route("api", method, rule, action, public))
                continue
            mark = guard.mark_of(site, rule.endpoint)
            public = rule.endpoint in guard.PUBLIC
            found.append(Route("staff", method, rule, mark.action if mark else None, public))
    return sorted(found, key=lambda one: (one.door, one.path, one.method))


def _department_mark(departments: Flask, endpoint: str) -> tuple[Action | None, bool]:
    """(action, whether it is open to everybody) of a page of the other departments."""
    mark = getattr(departments.view_functions[endpoint], department_guard.MARK, (None,))
    return mark[0], endpoint in department_guard.PUBLIC


def _kind(rule: Rule, name: str) -> str:
    """``row``, ``area`` or ``word``."""
    converter = rule._converters[name]
    if isinstance(converter, IntegerConverter):
        if converter.max == LARGEST_AREA:
            return "area"
        return "word" if converter.max is not None and converter.max < LARGEST_AREA else "row"
    if rule.endpoint.startswith("api."):
        told = IN_PATH.get(name)
        if told is not None:
            return {"Id": "row", "AreaCode": "area"}.get(told.__name__, "word")
    return "word"


def addresses(route: Route, area: int, key: int) -> Iterator[str]:
    """The address with this area and key in it, once for each word that a part may be."""
    choices = []
    for name in sorted(route.rule._converters):
        kind = _kind(route.rule, name)
        words = sorted(getattr(route.rule._converters[name], "items", ()))
        if kind != "word":
            choices.append((str(area if kind == "area" else key),))
        elif words:
            choices.append(tuple(words))
        else:
            assert name in WORDS, f"{route.name}: tell WORDS what {name} may be"
            choices.append(WORDS[name])
    for values in itertools.product(*choices):
        told = dict(zip(sorted(route.rule._converters), values, strict=True))
        built = route.rule.build(told, append_unknown=False)
        assert built is not None, route.name
        yield (LIAISON if route.door == "liaison" else "") + built[1]


class Forms(HTMLParser):
    """The forms of a page: where each goes and what somebody would send who filled it in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, dict[str, str]]] = []
        self._fields: dict[str, str] | None = None
        self._select = ""
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        name = told.get("name", "")
        if tag == "form":
            self._fields = {}
            self.found.append((told.get("method", "get").lower(), told.get("action", ""), self._fields))
        if "formaction" in told and self._fields is not None:
            self.found.append(("post", told["formaction"], self._fields))
        if self._fields is None:
            return
        if tag == "input" and name:
            self._input(name, told)
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and told.get("value"):
            if "selected" in told or self._select not in self._fields:
                self._fields[self._select] = told["value"]
        elif tag == "textarea" and name:
            self._fields.setdefault(name, "试")
        elif tag == "button" and name:
            self._fields.setdefault(name, told.get("value", ""))

    def _input(self, name: str, told: Mapping[str, str]) -> None:
        assert self._fields is not None
        kind, value = told.get("type", "text"), told.get("value", "")
        if kind in ("radio", "checkbox"):
            if "checked" in told or name not in self._fields:
                self._fields[name] = value or "1"
        elif value or kind == "hidden":
            self._fields[name] = value
        else:
            filled = {"date": "2026-11-10", "number": "1", "month": "2026-10", "time": "08:00"}
            self._fields[name] = filled.get(kind, "试")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None
        elif tag == "select":
            self._select = ""


def forms_of(page: str) -> list[tuple[str, str, dict[str, str]]]:
    """(method, where to, fields) of every form of a page."""
    parser = Forms()
    parser.feed(page)
    return parser.found


def swapped(told: Mapping[str, Any], mine: Twin, theirs: Twin, key: int | None = None) -> dict[str, Any]:
    """What was filled in, with every key and area of one side replaced by the other's."""
    text = json.dumps(told).replace(str(mine.key), str(theirs.key if key is None else key))
    found: dict[str, Any] = json.loads(text.replace(str(mine.area), str(theirs.area)))
    return found


def sample(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Any:
    """A value that fits a JSON Schema of our OpenAPI document, the plainest there is."""
    if "$ref" in schema:
        found: Any = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return sample(found, whole)
    for name in ("oneOf", "anyOf", "allOf"):
        if name in schema:
            return sample(schema[name][0], whole)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    kind = next(one for one in kind if one != "null") if isinstance(kind, list) else kind
    if kind == "object":
        inner = schema.get("properties", {})
        return {name: sample(inner[name], whole) for name in schema.get("required", ()) if name in inner}
    if kind == "array":
        return [sample(schema["items"], whole) for _ in range(schema.get("minItems", 0))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return False
    return _sampled_text(schema)


def _sampled_text(schema: Mapping[str, Any]) -> str:
    pattern = str(schema.get("pattern", ""))
    if schema.get("format") == "date" or "{4}-" in pattern:
        return "2026-11-10"
    if "[0-9]" in pattern:
        return "4100000000000000017" if "19" in pattern or "18" in pattern else "999901100000"
    return "试" * max(1, int(schema.get("minLength", 1)))
