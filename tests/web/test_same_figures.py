"""同一个数: a live or monthly figure is one figure on page, explanation, API and command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from casemgr.app import create_app
from casemgr.services import account, clock
from casemgr.store.db import db
from tests.conftest import TODAY, make_config
from tests.store.register import COUNTY, EAST, SYSTEM, WEST
from tests.web.conftest import sign_in

AREAS = (COUNTY, EAST, WEST)


@pytest.fixture(scope="module")
def both_doors(inhabited: tuple[Flask, Any]) -> Iterator[Flask]:
    """The inhabited county with the JSON door beside the pages; nothing is written."""
    folder = inhabited[0].config["CASEMGR"].instance
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    application = create_app(config, ("web", "api"))
    application.testing = True
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture
def officer(both_doors: Flask) -> FlaskClient:
    clock.fix(TODAY)
    client = both_doors.test_client()
    sign_in(client, "officer")
    return client


def over_api(site: Flask, client: FlaskClient, path: str) -> dict[int, dict[str, dict[str, Any]]]:
    """Area → key → figure, of the county and its townships."""
    with site.app_context():
        token = account.issue_token(SYSTEM, "officer", clock.now()).secret
    answer = client.get(f"/api/v1/indicators/{path}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {
        int(area["code"]): {one["key"]: one for one in area["indicators"]}
        for area in json.loads(answer.data)["areas"]
    }


def plain(text: str) -> str:
    return "".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_every_live_figure_is_one_figure_on_page_explanation_and_api(
    both_doors: Flask, officer: FlaskClient
) -> None:
    live = over_api(both_doors, officer, f"live?area={COUNTY}")
    assert set(live) == set(AREAS)
    for area in (EAST, WEST):
        page = officer.get(f"/township/{area}").get_data(as_text=True)
        blocks = [
            *re.findall(r'<article class="tile.*?</article>', page, re.DOTALL),
            *re.findall(r"<tr>.*?</tr>", page, re.DOTALL),
        ]
        shown = {
            found[1]: plain(block)
            for block in blocks
            if (found := re.search(r'<span class="code[^"]*">(IND-[^<]+)</span>', block))
        }
        assert shown.keys() == live[area].keys()
        for key, one in live[area].items():
            assert one["name"] in shown[key]
            assert one["value"] is None or str(one["value"]) in shown[key], one
            if one["denominator"] is not None:
                people, of = f"{one['numerator']:,}", f"{one['denominator']:,}"
                assert f"{people}/{of}" in shown[key] or f"{people}{of}" in shown[key], one
    for key, one in live[COUNTY].items():
        explained = officer.get(f"/rate/{COUNTY}/{key}").get_data(as_text=True)
        assert f"<h1>{one['name']} {one['value'] or '—'} {one['unit']}" in explained, one


def test_every_figure_of_a_month_is_one_figure_by_command_and_api_for_every_area(
    both_doors: Flask, officer: FlaskClient
) -> None:
    words = ["indicator", "compute", "--period", "2026-10", "--all-variants", "--json"]
    result = both_doors.test_cli_runner().invoke(args=words)
    assert result.exit_code == 0, result.stderr
    told = {
        int(area["code"]): {one["key"]: one for one in area["indicators"]}
        for area in json.loads(result.stdout)["areas"]
    }
    computed = over_api(both_doors, officer, f"computed?period=2026-10&area={COUNTY}")
    assert told.keys() == computed.keys() == set(AREAS)
    for area in AREAS:
        assert told[area].keys() == computed[area].keys() >= {"IND-01", "IND-13", "IND-16", "IND-19.FAMILY"}
        for key, one in told[area].items():
            alike = computed[area][key]
            parts = one.keys() & alike.keys()
            assert parts >= {"name", "unit", "numerator", "denominator", "value", "target"}
            assert {part: one[part] for part in parts} == {part: alike[part] for part in parts}, (area, key)
