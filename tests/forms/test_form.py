"""Declared forms: reading, emptiness, and that every projection knows the same conditions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader
from jsonschema_rs import Draft202012Validator, ValidationErrorKind, meta

from casemgr.forms import json_schema
from casemgr.forms.cell import (
    Amount,
    Code,
    Codes,
    DocumentNumber,
    Flag,
    FullDay,
    PartialDay,
    Phone,
    Pressure,
    Whole,
)
from casemgr.forms.form import Field, Form, Moment, is_asked, is_required, read, shown, to_raw
from casemgr.forms.registry import FORMS, form_named

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 21)
EVERY = [form for versions in FORMS.values() for form in versions]
IDS = [f"{form.name}-{form.version}" for form in EVERY]
every = pytest.mark.parametrize("form", EVERY, ids=IDS)


class Inputs(HTMLParser):
    """What a page would send, and the conditions it carries."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.names: set[str] = set()
        self.asked: dict[str, Any] = {}
        self.required: dict[str, Any] = {}
        self._text = self._select = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = dict(pairs)
        if key := attributes.get("data-key"):
            self.asked[key] = json.loads(attributes.get("data-asked") or '["all"]')
            self.required[key] = json.loads(attributes.get("data-required") or '["any"]')
        name = attributes.get("name") or ""
        if tag in ("input", "select", "textarea"):
            self.names.add(name)
        if tag == "input":
            choice = attributes.get("type") in ("radio", "checkbox")
            if "checked" in attributes or (not choice and attributes.get("value")):
                self.sent.setdefault(name, []).append(attributes.get("value") or "")
        self._select = name if tag == "select" else self._select
        if tag == "option" and "selected" in attributes and attributes.get("value"):
            self.sent.setdefault(self._select, []).append(attributes["value"] or "")
        self._text = name if tag == "textarea" else ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._text = ""

    def handle_data(self, data: str) -> None:
        if self._text and data:
            self.sent.setdefault(self._text, []).append(data)


@cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(ROOT / "templates"), autoescape=True)


def page(form: Form, raw: Mapping[str, list[str]]) -> Inputs:
    template = _environment().from_string(
        '{% from "parts/form.html" import form_section %}'
        "{% for section in form.sections %}{{ form_section(section, raw) }}{% endfor %}"
    )
    found = Inputs()
    found.feed(template.render(form=form, raw=raw))
    return found


@every
def test_an_empty_form_stays_empty(form: Form) -> None:
    """No default anywhere: nothing typed, nothing chosen, nothing read, nothing written."""
    assert read(form, {}, TODAY).values == {}
    assert page(form, {}).sent == {}
    assert page(form, {}).names == {each.key for each in form.fields}
    assert "default" not in json.dumps(json_schema.schema(form))
    blanks = {each.key: ["", "  "] for each in form.fields}
    assert read(form, blanks, TODAY).values == {}


@every
def test_a_form_is_coherent(form: Form) -> None:
    keys = [each.key for each in form.fields]
    assert len(keys) == len(set(keys))
    assert form_named(form.name, form.version) is form
    for each in form.fields:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", each.key)
        for code, key in each.other:
            assert code in dict(each.choices) and key in form.by_key
    assert meta.is_valid(json_schema.schema(form))


def test_a_day_finds_its_version() -> None:
    assert form_named("followup", date(2018, 5, 27)).version == "2017.1"
    assert form_named("followup", date(2018, 5, 28)).version == "2018.1"
    assert form_named("followup").version == "2018.1"
    with pytest.raises(KeyError):
        form_named("followup", "1999")


# --- reading -------------------------------------------------------------------------------------

SEEN = {
    "on": ["2026-11-20"],
    "mode": ["2"],
    "risk": ["0"],
    "stability": ["3"],
    "next_on": ["2027-02-20"],
}


def _wrong(**typed: list[str]) -> Mapping[str, str]:
    return read(form_named("followup"), {**SEEN, **typed}, TODAY).problems


def test_a_sound_visit_has_no_problem() -> None:
    assert _wrong() == {}


@pytest.mark.parametrize(
    ("typed", "key", "words"),
    [
        ({"on": ["2026-11-22"]}, "on", "晚于今天（2026年11月21日）"),
        ({"on": [""]}, "on", "没有填"),
        ({"risk": ["6"]}, "risk", "超出允许范围"),
        ({"mode": ["飞鸽"]}, "mode", "无法识别"),
        ({"symptoms": ["12"]}, "symptoms_other", "没有填"),
        ({"symptoms_other": ["失眠"]}, "symptoms_other", "只在“目前症状”选了“其他”时填写"),
        ({"acts": ["7", "1"], "disturbance_count": ["1"]}, "acts", "选了“无”，又选了其他项"),
        ({"acts": ["1"]}, "disturbance_count", "没有填"),
        ({"hospital": ["2"]}, "discharged", "没有填"),
        ({"next_on": ["2026-11-19"]}, "next_on", "早于“随访日期”"),
        ({"died_on": ["2026-11-01"]}, "death_cause", "没有填"),
        ({"risk": []}, "risk", "写明原因"),
        ({"drug2_noon_ug": ["5"]}, "drug2_name", "没有填"),
    ],
)
def test_what_is_wrong_is_said_with_two_ways_out(typed: dict[str, list[str]], key: str, words: str) -> None:
    sentence = _wrong(**typed)[key]
    assert words in sentence
    assert "请" in sentence.split("。")[-2] and re.search(r"，或", sentence)
    assert "！" not in sentence


def test_a_lost_person_needs_no_clinical_item() -> None:
    form = form_named("followup")
    found = read(form, {"on": ["2026-11-20"], "mode": ["2"], "loss_reason": ["3"]}, TODAY)
    assert found.sound
    assert found.unassessed == ("informants",)


def test_a_level_that_cannot_be_assessed_needs_its_reason() -> None:
    typed = {**SEEN, "risk": [], "risk_reason": ["隔着门说话"], "stability": []}
    found = read(form_named("followup"), typed, TODAY)
    assert found.sound and "risk" in found.unassessed


def test_labels_and_codes_are_both_read() -> None:
    form = form_named("followup")
    by_label = read(form, {**SEEN, "mode": ["家庭访视"], "symptoms": ["幻觉", "猜疑"]}, TODAY)
    by_code = read(form, {**SEEN, "symptoms": ["1", "3"]}, TODAY)
    assert by_label.values == by_code.values


def test_moments_keep_their_minute() -> None:
    form = form_named("emergency")
    found = read(form, {"started_at": ["2026-11-20T22:05"], "ended_at": ["2026-11-20 21:00"]}, TODAY)
    assert "早于“处置开始时间”" in found.problems["ended_at"]
    assert shown(form.field("started_at"), found.values["started_at"]) == "2026年11月20日 22:05"


def test_a_partial_date_may_lie_in_the_same_month_as_the_one_before() -> None:
    form = form_named("supplement")
    same = {"onset": ["2019-05-20"], "treated": ["2019-05"]}
    assert "treated" not in read(form, same, TODAY).problems
    assert "treated" in read(form, {**same, "treated": ["2018"]}, TODAY).problems


# --- the same conditions everywhere ---------------------------------------------------------------


def _value(each: Field) -> st.SearchStrategy[Any]:
    kind = each.kind
    if isinstance(kind, Codes):
        codes = [code for code, _ in each.choices]
        return st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True)
    if isinstance(kind, Code):
        return st.sampled_from([code for code, _ in each.choices])
    if isinstance(kind, Flag):
        return st.booleans()
    if isinstance(kind, FullDay):
        return st.just("2026-11-02")
    if isinstance(kind, PartialDay):
        return st.sampled_from(["2026", "2026-11", "2026-11-02"])
    if isinstance(kind, Moment):
        return st.just("2026-11-02T09:30")
    if isinstance(kind, Whole | Amount):
        return st.integers(max(getattr(kind, "low", 1), 1), 3)
    if isinstance(kind, Phone | DocumentNumber | Pressure):
        return st.just("10012345678")
    return st.sampled_from(["甲", "乙"])


def _filled(form: Form) -> st.SearchStrategy[dict[str, Any]]:
    """Items that conditions look at are filled more often than not, the others seldom."""

    def drawn(draw: st.DrawFn) -> dict[str, Any]:
        found = {}
        chosen = draw(st.sets(st.sampled_from([each.key for each in form.fields]), max_size=25))
        for each in form.fields:
            if each.key in chosen:
                found[each.key] = draw(_value(each))
        return found

    return st.composite(drawn)()


def _true(tree: list[Any], sent: Mapping[str, list[str]]) -> bool:
    """The data-attributes, evaluated as a browser would: texts only."""
    operator, *rest = tree
    if operator in ("all", "any"):
        return (all if operator == "all" else any)(_true(each, sent) for each in rest)
    if operator == "not":
        return not _true(rest[0], sent)
    typed = [one for one in sent.get(rest[0], []) if one]
    if operator == "filled":
        return bool(typed)
    if operator in ("equals", "holds"):
        return str(rest[1]) in typed
    if operator == "in":
        return any(str(value) in typed for value in rest[1])
    assert operator == "least"
    return bool(typed) and float(typed[0]) >= rest[1]


@pytest.mark.parametrize(
    "form",
    [form for form in EVERY if any(each.asked_data or each.required_data for each in form.fields)],
    ids=lambda form: f"{form.name}-{form.version}",
)
def test_every_projection_knows_the_same_conditions(form: Form) -> None:
    checker = Draft202012Validator(json_schema.schema(form))
    blank = page(form, {})

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(_filled(form))
    def compare(data: dict[str, Any]) -> None:
        raw, unknown = json_schema.from_json(form, data)
        assert unknown == ()
        found = read(form, raw, TODAY)
        assert not [key for key, says in found.problems.items() if "无法识别" in says or "超出" in says]
        missing = {each.key for each in form.fields if is_required(each, found.values)} - set(data)
        unasked = {each.key for each in form.fields if not is_asked(each, found.values)} & set(data)
        told = found.problems
        assert missing == {key for key, says in told.items() if "没有填。" in says}
        assert unasked == {key for key, says in told.items() if "只在" in says and "时填写" in says}
        assert missing == {key for key in blank.asked if key not in data and _page_requires(blank, key, raw)}
        assert unasked == {key for key in data if not _true(blank.asked[key], raw)}
        by_schema = _by_schema(checker, data)
        assert by_schema == (missing, unasked)

    compare()


def _page_requires(blank: Inputs, key: str, raw: Mapping[str, list[str]]) -> bool:
    return _true(blank.asked[key], raw) and _true(blank.required[key], raw)


def _by_schema(checker: Draft202012Validator, data: dict[str, Any]) -> tuple[set[str], set[str]]:
    missing, unasked = set(), set()
    for error in checker.iter_errors(data):
        match error.kind:
            case ValidationErrorKind.Required():
                missing.add(error.kind.property)
            case ValidationErrorKind.FalseSchema():
                unasked.add(str(error.instance_path[-1]))
            case ValidationErrorKind.MaxItems():
                assert error.instance_path  # the option that excludes the others
            case _:
                raise AssertionError(error.message)
    return missing, unasked


@every
def test_values_survive_every_way_round(form: Form) -> None:
    """Texts of a page, JSON and the clean values say the same."""

    @settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    @given(_filled(form))
    def compare(data: dict[str, Any]) -> None:
        raw, _ = json_schema.from_json(form, data)
        values = read(form, raw, TODAY + timedelta(days=1)).values
        assert read(form, to_raw(form, values), TODAY).values == values
        again, _ = json_schema.from_json(form, json_schema.to_json(form, values))
        assert read(form, again, TODAY).values == values
        assert read(form, page(form, to_raw(form, values)).sent, TODAY).values == values

    compare()


def test_a_boolean_is_no_code() -> None:
    raw, unknown = json_schema.from_json(form_named("followup"), {"mode": True, "weather": 1})
    assert unknown == ("weather",)
    assert "mode" in read(form_named("followup"), raw, TODAY).problems
