"""越界: whoever asks, by whatever page or operation, gets nothing of people outside their own area."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from casemgr.api.operation import IN_PATH
from tests.security.conftest import COUNTY, MONTH, Browser, Victim, World

#: Pages that end the session of whoever asks, or only serve it.
OWN = re.compile(r"login\.|account\.(sessions|end|password|view)|static|health\.|help\.|home\.")
KEY = "IND-03.STD-INT"


def values_of(rule: Rule, world: World, victim: Victim) -> Iterator[dict[str, Any]]:
    """Every variable part of an address filled with keys of somebody else's rows."""
    runs = list(world.runs.values())
    keys = {"case": [victim.case, victim.person], "report": [world.reports[victim.area]], "exchange": runs}
    keys["visit"] = [victim.case, victim.visit]
    noun = rule.endpoint.removeprefix("api.").partition(".")[0]
    choices: dict[str, list[Any]] = {
        "key": [KEY] if "part" in rule.arguments else keys.get(noun, [victim.case]),
        "case_id": keys["case"],
        "report_id": keys["report"],
        **{name: keys["case"] for name in IN_PATH if name.endswith("_id") and name != "report_id"},
        "code": [victim.area, COUNTY],
        "area": [victim.area, COUNTY],
        "part": ["numerator", "unasked"],
        "name": ["close-month", "followup"],
        "version": ["2018.1"],
        "product_id": ["PP1M"],
    }
    for name, converter in rule._converters.items():
        words = sorted(getattr(converter, "items", ()))
        if words or name not in choices:
            choices[name] = words
    names = sorted(rule.arguments)
    for values in itertools.product(*(choices[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def addresses(site: Flask, world: World, victim: Victim) -> Iterator[tuple[Rule, str]]:
    adapter = site.url_map.bind("localhost")
    for rule in site.url_map.iter_rules():
        if not OWN.match(rule.endpoint):
            for values in values_of(rule, world, victim):
                yield rule, adapter.build(rule.endpoint, values, method=next(iter(rule.methods or {"GET"})))


def readings(who: Browser, rule: Rule, path: str, victim: Victim) -> Iterator[tuple[str, Any]]:
    """An address read plainly, and with filters that ask for the area of the stranger in a closed month."""
    asked = {"area": str(victim.area), "period": MONTH, "month": MONTH, "key": KEY, "lifecycle": "all"}
    if path.startswith("/api/"):
        asked = {name: asked[name] for name in ("area", "period", "key")}
    for query in ({}, asked) if not rule.arguments else (asked,):
        yield f"GET {path} {query}", who.get(path, **query)


def sendings(who: Browser, rule: Rule, path: str, victim: Victim) -> Iterator[tuple[str, Any]]:
    """An address written to, with whatever a search or a reveal would take."""
    words = [victim.file_no, victim.name, victim.id_number, victim.phone]
    if not path.startswith("/api/"):
        for word in words if not rule.arguments else words[:1]:
            form = {"purpose": "1", "text": word, "names": "1", "area": str(victim.area), "lifecycle": "all"}
            yield f"POST {path}", who.post(path, **form)
        return
    bodies: list[dict[str, Any]] = [{"text": word} for word in words]
    for body in [*bodies, {"purpose": 1}] if not rule.arguments else [{"purpose": 1}]:
        yield f"POST {path}", who.ask("POST", path.removeprefix("/api/v1"), json=body)


def answers(who: Browser, site: Flask, world: World, victim: Victim) -> Iterator[tuple[str, str]]:
    """(what was asked, what came back) for every address and method."""
    for rule, path in addresses(site, world, victim):
        methods = rule.methods or set()
        for method, ways in (("GET", readings), ("POST", sendings)):
            if method in methods:
                for what, answer in ways(who, rule, path, victim):
                    assert answer.status_code < 500, what
                    text = answer.data.decode(errors="replace").replace(path, "")
                    # What was typed comes back in the field it was typed into; that alone is no answer.
                    text = re.sub(r'(<input[^>]*value=")[^"]*', r"\1", text)
                    yield what, re.sub(r"(<textarea[^>]* readonly>)[^<]*", r"\1", text)


@pytest.mark.parametrize(("login", "stranger"), [("east", "west"), ("officer", "other"), ("admin", "east")])
def test_nothing_of_a_stranger_comes_back_from_any_address(
    site: Flask, world: World, browser: Callable[[str], Browser], login: str, stranger: str
) -> None:
    victim = world.people[stranger]
    asked = 0
    for what, page in answers(browser(login), site, world, victim):
        asked += 1
        found = [word for word in victim.traces if word in page]
        assert not found, (what, found)
    assert asked > 60


def test_the_search_for_traces_finds_them_where_they_belong(
    site: Flask, world: World, browser: Callable[[str], Browser]
) -> None:
    """The counter-proof: the person's own doctor meets every trace on the same round."""
    victim = world.people["west"]
    met = "".join(page for _, page in answers(browser("west"), site, world, victim))
    hidden = {str(victim.person), str(victim.visit), *(word for word in victim.words if "补充" in word)}
    assert [word for word in victim.traces if word not in met and word not in hidden] == []
