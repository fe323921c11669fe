"""Forms over the API: the list, one form with its schema, versions."""

from __future__ import annotations

from collections.abc import Callable

from jsonschema_rs import Draft202012Validator, meta

from casemgr.forms import json_schema
from casemgr.forms.registry import FORMS, form_named
from tests.api.conftest import Caller

Call = Callable[..., Caller]


def test_every_form_is_listed_with_its_versions(steady: Call) -> None:
    answer = steady("east").get("/forms")
    assert answer.status == 200
    told = [(one["name"], one["version"], one["newest"]) for one in answer.document["items"]]
    assert told == [
        (form.name, form.version, form is versions[0]) for versions in FORMS.values() for form in versions
    ]
    assert answer.document["total"] == len(told)


def test_a_form_comes_with_the_schema_of_its_declaration(steady: Call) -> None:
    for name in FORMS:
        answer = steady("east").get(f"/forms/{name}")
        assert answer.status == 200
        assert answer.document["schema"] == json_schema.schema(form_named(name))
        assert meta.is_valid(answer.document["schema"])
    visit = steady("east").get("/forms/followup").document
    assert [one["title"] for one in visit["sections"]][:3] == ["到访", "安全", "状态"]
    good = {"on": "2026-11-20", "mode": 2, "risk": 0, "stability": 3, "next_on": "2027-02-20"}
    validator = Draft202012Validator(visit["schema"])
    assert validator.is_valid(good)
    assert not validator.is_valid({**good, "symptoms": [12]})


def test_an_older_version_is_given_when_it_is_named(steady: Call) -> None:
    older = steady("east").get("/forms/followup", version="2017.1").document
    assert (older["version"], older["newest"]) == ("2017.1", False)
    assert "drug1_dose_ug" in older["schema"]["properties"]
    assert steady("east").get("/forms/followup", version="1999").status == 404
    for address in ("/forms/nothing", "/forms/A-1"):
        assert steady("east").get(address).status == 404


def test_who_does_not_print_sees_no_forms(steady: Call) -> None:
    assert steady("admin").get("/forms").status == 403
