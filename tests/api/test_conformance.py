"""The door keeps what its description promises: no fault, no undeclared answer, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from casemgr.api.door import CHAPTERS
from casemgr.api.operation import Nothing, Operation
from casemgr.rules.access import Access
from casemgr.services import account, clock
from casemgr.store.db import db
from tests.api.conftest import copied, opened
from tests.store.register import COUNTY

OPERATIONS = [operation for chapter in CHAPTERS for operation in chapter.operations]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
#: Requests to each operation and of each kind: in every run, and with ``make attack``.
EXAMPLES = [6, pytest.param(30, marks=pytest.mark.attack)]
FEW = 4


@schemathesis.serializer("application/pdf")
def as_it_is(_context: Any, value: Any) -> bytes:
    """Files are sent as bytes."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Bench:
    """An application under test, its description as schemathesis reads it, and what really exists in it."""

    app: Flask
    schema: Any
    headers: dict[str, str]
    real: dict[str, str]


@pytest.fixture(scope="module")
def bench(furnished: tuple[Any, dict[str, int]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    app = opened(copied(furnished[0], tmp_path_factory.mktemp("conformance")))
    with app.app_context():
        token = account.issue_token(Access.system("test"), "officer", clock.now()).secret
    real = {
        "case_id": str(furnished[1]["E1"]), "code": str(COUNTY), "area": str(COUNTY), "key": "IND-03",
        "period": "2026-10",
    }  # fmt: skip
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    yield Bench(app, schema, {"Authorization": f"Bearer {token}"}, real)
    with app.app_context():
        db.engine.dispose()
    clock.fix(None)


def spoilt(case: Any) -> set[str]:
    """Which parts of a made-up request do not fit the description: path, query, body, header, cookie."""
    return {
        location.value
        for location, part in case.meta.components.items()
        if part.mode == GenerationMode.NEGATIVE
    }


def sent(bench: Bench, operation: Operation, mode: GenerationMode, examples: int) -> None:
    """Send made-up requests to one operation; in fitting ones some values are replaced by existing ones."""
    described = bench.schema[operation.path][operation.method]
    names = st.sets(st.sampled_from(sorted(bench.real)))

    @given(case=described.as_strategy(generation_mode=mode), existing=names)
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any, existing: set[str]) -> None:
        checks = list(CHECKS)
        if mode == GenerationMode.POSITIVE:
            for name in existing:
                for part in (case.path_parameters, case.query):
                    if isinstance(part, dict) and name in part:
                        part[name] = bench.real[name]
        elif spoilt(case) - {"header", "cookie"}:  # those are replaced by the token of this test
            checks.append(negative_data_rejection)
        case.call_and_validate(headers=bench.headers, checks=checks)

    send()


def few(operation: Operation, examples: int) -> int:
    # Each try of a password is made expensive on purpose; the door's own answers need no more of them.
    return FEW if operation.name == "token.take" else examples


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize(
    # Handing back a token would end this test's own.
    "operation",
    [one for one in OPERATIONS if one.name != "token.revoke"],
    ids=lambda one: str(one.name),
)
def test_what_fits_the_description(bench: Bench, operation: Operation, examples: int) -> None:
    sent(bench, operation, GenerationMode.POSITIVE, few(operation, examples))


@pytest.mark.parametrize("examples", EXAMPLES)
@pytest.mark.parametrize(
    # The others take nothing that could be unfit.
    "operation",
    [one for one in OPERATIONS if one.parts or one.body or one.query is not Nothing],
    ids=lambda one: str(one.name),
)
def test_what_does_not_fit_is_refused(bench: Bench, operation: Operation, examples: int) -> None:
    sent(bench, operation, GenerationMode.NEGATIVE, few(operation, examples))


@pytest.mark.parametrize(
    "operation",
    # Every third: that all of them are guarded is asked in tests/security/test_matrix.py.
    [one for one in OPERATIONS if not one.public][::3],
    ids=lambda one: str(one.name),
)
def test_without_a_login_nothing_opens(bench: Bench, operation: Operation) -> None:
    """However well a request fits: without token and session the answer is the same refusal."""
    described = bench.schema[operation.path][operation.method]

    @given(case=described.as_strategy(generation_mode=GenerationMode.POSITIVE))
    @settings(
        max_examples=1,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def send(case: Any) -> None:
        case.headers = {}
        case.cookies = {}
        assert case.call().status_code == 401

    send()
