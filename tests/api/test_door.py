"""The door as a whole: closed by default, errors of one form, light, described."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from casemgr.api.door import CHAPTERS
from casemgr.api.operation import IN_PATH, Operation
from casemgr.app import create_app
from casemgr.services import register
from casemgr.store.db import db
from tests.api.conftest import Caller

Call = Callable[..., Caller]
OPERATIONS = [operation for chapter in CHAPTERS for operation in chapter.operations]
PATHS = dict.fromkeys(IN_PATH, "1") | {"code": "999901000000", "name": "followup"}


def test_every_operation_is_closed_unless_it_says_so(steady: Call) -> None:
    nobody = steady()
    public = [operation.name for operation in OPERATIONS if operation.public]
    assert public == ["token.take"]
    for operation in OPERATIONS:
        if not operation.public:
            answer = nobody(operation.method, operation.path.format(**PATHS))
            assert answer.status == 401, operation.name


def test_nothing_is_reachable_that_is_not_declared(site: Flask) -> None:
    declared = {"api." + operation.name.replace(".", "_") for operation in OPERATIONS} | {"api.openapi"}
    reachable = {rule.endpoint for rule in site.url_map.iter_rules() if rule.rule.startswith("/api/")}
    assert reachable == declared


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/cases/", "/cases/x/y/z", "/../", "/cases/%00"])
def test_an_unknown_address_is_missing(steady: Call, path: str) -> None:
    answer = steady("east").get(path)
    assert (answer.status, answer.error["code"]) == (404, "missing")


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("POST", "/cases", {"GET", "HEAD"}), ("OPTIONS", "/cases", {"GET", "HEAD"}),
    ("PUT", "/token", {"POST", "DELETE"}), ("TRACE", "/me", {"GET", "HEAD"}),
])  # fmt: skip
def test_another_method_names_those_that_exist(
    steady: Call, method: str, path: str, allowed: set[str]
) -> None:
    answer = steady("east")(method, path)
    assert (answer.status, answer.error["code"]) == (405, "method")
    assert set(answer.response.headers["Allow"].replace(" ", "").split(",")) == allowed


@pytest.mark.parametrize(
    "key", ["0", "9223372036854775807", "9223372036854775808", "-1", "1.5", "１２", "x", "1" * 40]
)
def test_a_key_that_is_none_looks_like_one_that_is_absent(steady: Call, key: str) -> None:
    answer = steady("officer").get(f"/cases/{key}")
    assert (answer.status, answer.error["code"]) == (404, "missing")


@pytest.mark.parametrize(("body", "status"), [
    (b"", 400), (b"{", 400), (b"\xff\xfe", 400), (b'{"purpose": NaN}', 400),
    (b'{"purpose": 1, "purpose": 2}', 400), (b"[" * 20_000, 413), (b"[" * 9_000, 400), (b"[]", 422),
    (b"null", 422), (b'"x"', 422), (b"{}", 422), (b'{"purpose": "1"}', 422), (b'{"purpose": 1.0}', 422),
    (b'{"purpose": true}', 422), (b'{"purpose": null}', 422), (b'{"purpose": 1, "more": 2}', 422),
    (b'{"purpose": 99}', 422), (b'{"purpose": 1}', 200),
])  # fmt: skip
def test_bodies(steady: Call, ids: dict[str, int], body: bytes, status: int) -> None:
    answer = steady("east")(
        "POST", f"/cases/{ids['E1']}/reveal", data=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status == status
    if status != 200:
        assert answer.error["message"]


def test_the_unfit_fields_are_named_in_chinese(steady: Call, ids: dict[str, int]) -> None:
    east = steady("east")
    answer = east.post(f"/cases/{ids['E1']}/reveal", {"purpose": 99, "why": "x"})
    assert answer.error["fields"] == {
        "purpose": "没有这个代码。可用：1 随访、2 核对、3 转介、4 督导、9 其他。",
        "why": "没有这一项。",
    }
    assert east.post(f"/cases/{ids['E1']}/reveal", {}).error["fields"] == {"purpose": "这一项必须填写。"}


@pytest.mark.parametrize(("query", "field"), [
    ({"page": "0"}, "page"), ({"page": "1.0"}, "page"), ({"page": "٣"}, "page"), ({"page": " 1"}, "page"),
    ({"page": "1" * 30}, "page"), ({"size": "7"}, "size"), ({"down": "1"}, "down"), ({"area": "1"}, "area"),
    ({"area": "９９９９０１０００００００"}, "area"), ({"order": "name"}, "order"),
    ({"stability": "9"}, "stability"), ({"nothing": "1"}, "nothing"), ({"page": ""}, "page"),
    ([("page", "1"), ("page", "2")], "page"),
])  # fmt: skip
def test_a_query_is_taken_as_it_is_or_refused(steady: Call, query: Any, field: str) -> None:
    answer = steady("east")("GET", "/cases", query_string=query)
    assert answer.status == 422
    assert list(answer.error["fields"]) == [field]


def test_another_content_type_is_not_supported(steady: Call, ids: dict[str, int]) -> None:
    east = steady("east")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/pdf", ""):
        answer = east("POST", f"/cases/{ids['E1']}/reveal", data=b"{}", headers={"Content-Type": kind})
        assert (answer.status, answer.error["code"]) == (415, "unsupported")


def test_a_fault_says_its_number_and_nothing_else(
    steady: Call, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("张三 999901198001010002")

    monkeypatch.setattr(register, "cases", broken)
    answer = steady("east").get("/cases")
    assert (answer.status, answer.error["code"]) == (500, "fault")
    number = answer.error["message"].split("编号 ")[1][:6]
    assert number in caplog.text
    assert "张三" not in caplog.text + json.dumps(answer.document, ensure_ascii=False)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: str(one.name))
def test_an_operation_is_declared_whole(operation: Operation) -> None:
    assert operation.summary.endswith(".")
    assert operation.action is not None or operation.name.startswith("token.")
    assert (operation.body is not None) == (operation.takes == "application/json")


def test_the_document_describes_every_operation(steady: Call) -> None:
    answer = steady().get("/openapi.json")
    assert answer.status == 200
    assert answer.document["openapi"].startswith("3.1")
    described = {
        (method.upper(), path) for path, methods in answer.document["paths"].items() for method in methods
    }
    assert described == {(operation.method, operation.path) for operation in OPERATIONS}
    assert "不含姓名" in answer.document["paths"]["/cases"]["get"]["summary"]


def test_beside_the_pages_the_door_answers_in_its_own_form(site: Flask) -> None:
    """Both doors on one application: neither takes the other's addresses, refusals or headers."""
    both = create_app(site.config["CASEMGR"], ("web", "api"))
    client = both.test_client()
    for path, status, code in (
        ("/api/v1/nothing", 404, "missing"),
        ("/api/v2/cases", 404, "missing"),
        ("/api/v1/cases", 401, "unauthenticated"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.json["error"]["code"]) == (status, code)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    refused = client.post("/api/v1/cases")
    assert refused.status_code == 405
    assert "GET" in refused.headers["Allow"]
    assert client.get("/nothing").mimetype == "text/html"
    with both.app_context():
        db.engine.dispose()


SENT = [operation for operation in OPERATIONS if operation.body is not None and not operation.public]
WRONG = (None, [], {}, "x", 1.5, True, [None], [[1]], {"a": None}, "2026-11-20T08:00:00")


@pytest.mark.parametrize("operation", SENT, ids=[one.name for one in SENT])
def test_whatever_is_wrong_is_said_in_chinese(steady: Call, operation: Operation) -> None:
    """No words of the libraries reach whoever sends, whichever field holds what it should not."""
    east, path = steady("east"), operation.path.format(**PATHS)
    assert operation.body is not None
    english = {}
    for name in operation.body().fields:
        for wrong in WRONG:
            answer = east(operation.method, path, json={name: wrong})
            assert answer.status < 500
            for field, words in (answer.error["fields"] if answer.status == 422 else {}).items():
                if words.isascii():
                    english[field] = words
    assert english == {}
