"""Figures over the JSON door: as the service counts them, with the people behind them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from casemgr.rules.access import Access
from casemgr.services import indicator
from tests.api.conftest import NAMES, Caller
from tests.store.register import COUNTY, EAST, OFFICER, WEST

Call = Callable[..., Caller]
MONTH = {"period": "2026-10"}


def test_a_month_as_the_service_counts_it(site: Flask, caller: Call) -> None:
    answer = caller("officer").get("/indicators/computed", **MONTH)
    assert answer.status == 200
    assert (answer.document["period"], answer.document["as_of"]) == ("2026-10", "2026-10-31")
    assert [area["code"] for area in answer.document["areas"]] == [str(COUNTY), str(EAST), str(WEST)]
    with site.app_context():
        counted = indicator.compute(OFFICER, "2026-10", COUNTY)
    for area, own in zip(answer.document["areas"], counted.areas, strict=True):
        assert [
            (one["key"], one["numerator"], one["denominator"], one["value"], one["target"], one["distance"])
            for one in area["indicators"]
        ] == [
            (one.key, one.numerator, one.denominator, one.value, one.target, one.distance)
            for one in own.indicators
        ]
    prevalence = answer.document["areas"][0]["indicators"][0]
    assert (prevalence["key"], prevalence["numerator"], prevalence["denominator"]) == ("IND-01", 4, 10_000)


def test_an_area_narrows_and_one_outside_is_missing(steady: Call) -> None:
    east = steady("east")
    assert [area["code"] for area in east.get("/indicators/live").document["areas"]] == [str(EAST)]
    assert [
        area["code"] for area in steady("officer").get("/indicators/live", area=WEST).document["areas"]
    ] == [str(WEST)]
    for path in ("computed", "closed", "people", "gap"):
        query = {**MONTH, "area": WEST} | ({"key": "IND-03"} if path in ("people", "gap") else {})
        assert east.get(f"/indicators/{path}", **query).status == 404


def test_closed_figures_are_there_once_the_month_is_closed(site: Flask, caller: Call) -> None:
    officer = caller("officer")
    assert officer.get("/indicators/closed", **MONTH).error["code"] == "missing"
    with site.app_context():
        indicator.close(Access.system("test", COUNTY), "2026-10")
    closed = officer.get("/indicators/closed", **MONTH).document
    assert closed["areas"] == officer.get("/indicators/computed", **MONTH).document["areas"]
    trend = officer.get("/indicators/trend", key="IND-01", months=2).document
    assert [(point["month"], point["numerator"]) for point in trend["points"]] == [
        ("2026-09", None), ("2026-10", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["numerator", "denominator", "missing"])
def test_a_number_opens_exactly_its_people_without_names(steady: Call, part: str) -> None:
    officer = steady("officer")
    figures = officer.get("/indicators/computed", **MONTH).document["areas"][0]["indicators"]
    [figure] = [one for one in figures if one["key"] == "IND-03.STD-INT"]
    numbers = {"numerator": figure["numerator"], "denominator": figure["denominator"]}
    numbers["missing"] = numbers["denominator"] - numbers["numerator"]
    people = officer.get("/indicators/people", key="IND-03", part=part, **MONTH)
    assert people.document["total"] == len(people.document["items"]) == numbers[part]
    assert all(name not in people.response.get_data(as_text=True) for name in NAMES.values())
    assert officer.get("/indicators/people", key="IND-03", part=part, page=2, **MONTH).document["items"] == []


def test_who_is_missing_to_the_target(steady: Call) -> None:
    gap = steady("officer").get("/indicators/gap", key="IND-03", **MONTH).document
    assert gap["figure"]["key"] == "IND-03.STD-INT"
    assert len(gap["items"]) == gap["figure"]["denominator"] - gap["figure"]["numerator"] == 4
    assert gap["items"][0]["reason"]


def test_why_one_person_counts_or_not(steady: Call, ids: dict[str, int]) -> None:
    east = steady("east")
    answer = east.get(f"/cases/{ids['E1']}/indicators", **MONTH)
    assert answer.status == 200
    told = {one["key"]: one for one in answer.document["items"]}
    assert (told["IND-03.STD-INT"]["counted"], bool(told["IND-03.STD-INT"]["rule"])) == (False, True)
    assert east.get(f"/cases/{ids['E1']}/indicators").status == 200
    assert east.get(f"/cases/{ids['W1']}/indicators", **MONTH).status == 404


@pytest.mark.parametrize(("path", "query", "status"), [
    ("computed", {}, 422), ("computed", {"period": "2026-13"}, 422), ("computed", {"period": "2001-01"}, 422),
    ("people", {"key": "IND-99"}, 404), ("people", {"key": "IND-01", "part": "denominator"}, 422),
    ("people", {"key": "IND-03", "part": "all"}, 422), ("trend", {"key": "IND-99"}, 404),
    ("trend", {"key": "IND-03"}, 200), ("trend", {"key": "IND-01", "months": 61}, 422),
])  # fmt: skip
def test_what_cannot_be_asked(steady: Call, path: str, query: dict[str, object], status: int) -> None:
    answer = steady("officer").get(f"/indicators/{path}", **query)
    assert answer.status == status
    if status == 422:
        assert answer.error["code"] in ("unfit", "refused")


def test_an_administrator_sees_no_figures(steady: Call) -> None:
    assert steady("admin").get("/indicators/live").status == 403
