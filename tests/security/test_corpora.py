"""弹药库: hostile texts, extra keys, bodies and tokens for every form and call there is.

Forms and calls come from the address maps (``routes.py``); what they are filled with stands here. The small
choice goes with every run of the tests, the whole of it with ``make attack``.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from casemgr.rules.access import Role
from casemgr.services import account, clock
from casemgr.store.db import Model
from tests.conftest import TODAY
from tests.security.bodies import ENDING, LOOKER, OWN, Bodies
from tests.security.everybody import Range, opened
from tests.security.routes import Route, addresses
from tests.security.twins import ABSENT, TWINS
from tests.staff import quick_hasher

#: Texts that mean something to some reader; what they would turn into stands beside them.
SCRIPTS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'><svg onload=alert(1)>",
    "</title><script>alert(1)</script>", "</textarea><script>alert(1)</script>", "javascript:alert(1)",
    "<iframe srcdoc='<script>alert(1)</script>'>", "<a href=javascript:alert(1)>x</a>",
    "＜script＞alert(1)＜/script＞", "<scr\u200bipt>alert(1)</scr\u200bipt>", "<math><mi xlink:href=x>",
    "<base href=//evil.example>", "<meta http-equiv=refresh content=0;url=//evil.example>",
)  # fmt: skip
TEMPLATES = (
    "{{7*7191}}", "{%if 1%}x{%endif%}", "${7*7191}", "#{7*7191}", "<%=7*7191%>",
    "{{config}}", "{{request.application.__globals__}}", "{0.__class__}", "%(password)s", "%s%s%s%n",
)  # fmt: skip
FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", "＝1+1", "=cmd|'/c calc'!A1", '=HYPERLINK("//e")',
)  # fmt: skip
QUERIES = (
    "' OR 1=1 --", "'; DROP TABLE person; --", "1) UNION SELECT name FROM identity --", "\\' OR 1=1 #",
    "%' AND 1=0 UNION SELECT 1 --", "1;SELECT set_config('casemgr.high','999999999999',true)", "％＿", "_%",
)  # fmt: skip
PATHS = (
    "../../../../etc/passwd", "..\\..\\windows\\win.ini", "/etc/passwd", "file:///etc/passwd",
    "....//....//x", "%2e%2e%2fetc%2fpasswd", "C:\\x", "NUL", "a/b/c", "\u202e/etc", "https://169.254.169.254/latest/meta-data",
)  # fmt: skip
LINES = (
    "x\r\nX-Evil: 1", "x\nSet-Cookie: a=b", "x\r\n\r\n<html>", "x\u2028X-Evil: 1", "x\x85X-Evil: 1",
    "\x1b[2J\x1b]0;x\x07", "x%0d%0aX-Evil:%201",
)  # fmt: skip
ODD = (
    "\ud7ff", "\ufffd", "𠮷" * 40, "ﷺ" * 40, "a" * 5_000, "9" * 400, "-1", "1e309", "NaN", "0x10", "٣",
    "9999-99-99", "0000-00-00", "2026-02-30", "\u202egnp.exe", "null", "undefined", "true", "[]", "{}",
)  # fmt: skip
CORPUS = (*SCRIPTS, *TEMPLATES, *FORMULAS, *QUERIES, *PATHS, *LINES, *ODD)
#: One text with something of everything, for the ordinary run.
MIXED = (
    "=1+1'\"><img src=x onerror=alert(1)>{{7*7191}}${7*7191}'; DROP TABLE person;-- "
    "../../etc/passwd\r\nX-Evil: 1"
)
#: What must never be seen in an answer: markup that was typed, a template that was filled in.
RAW = re.compile(r"<script>alert|<img src=x|<svg onload|<iframe srcdoc|<base href|50337|root:x:0")
#: Fields that a form sends for itself.
OWN_FIELDS = frozenset({"csrf", "once", "version", "back", "next", "draft"})


def writing(place: Range, *, share: int = 1) -> Iterator[tuple[Role, Route, str]]:
    """(who, route, own address) of every form and call that writes, or of one in ``share`` of them by lot."""
    for route in place.routes:
        if route.method == "GET" or ENDING.search(route.path) or route.public:
            continue
        if zlib.crc32(route.name.encode()) % share:
            continue
        role = next((one for one in (LOOKER, *place.people) if route.may(one)), None)
        if role is not None:
            for path in addresses(route, OWN.area, OWN.key):
                yield role, route, path


def faults_of(name: str, answer: Any) -> list[str]:
    """What an answer to something hostile must not be."""
    wrong = []
    if answer.status_code >= 500:
        wrong.append(f"{name}: {answer.status_code}")
    if "X-Evil" in answer.headers or "a=b" in answer.headers.get("Set-Cookie", ""):
        wrong.append(f"{name}: a header of its own")
    if answer.mimetype == "text/html" and (found := RAW.search(answer.data.decode(errors="replace"))):
        wrong.append(f"{name}: {found.group()}")
    if re.match(r"(https?:)?//", answer.headers.get("Location", "")):
        wrong.append(f"{name}: sent to {answer.headers['Location']}")
    return wrong


def filled(told: Mapping[str, Any], word: str, only: str = "") -> dict[str, Any]:
    """What would be sent, with ``word`` in every text of it (or in one)."""
    return {
        name: word if isinstance(value, str) and name not in OWN_FIELDS and only in ("", name) else value
        for name, value in told.items()
    }


def thrown(
    place: Range, bodies: Bodies, words: tuple[str, ...], *, each_alone: bool = False, share: int = 1
) -> tuple[int, list[str]]:
    """(number of requests, faults) of throwing words at every field of every form and call."""
    asked, wrong = 0, []
    for role, route, path in writing(place, share=share):
        for body in list(bodies.of(route, path))[1:]:
            names = [one for one, value in body.items() if isinstance(value, str) and one not in OWN_FIELDS]
            for word in words:
                for only in names if each_alone else [""]:
                    asked += 1
                    answer = place.send(role, route, path, filled(body, word, only))
                    wrong += faults_of(f"{route.name} {only} {word[:24]!r}", answer)
    return asked, wrong


def pages_after(place: Range) -> list[str]:
    """Faults on the pages that show what was kept."""
    wrong = []
    for route in place.routes:
        if route.method == "GET" and not route.public and not ENDING.search(route.path):
            role = next((one for one in (LOOKER, *place.people) if route.may(one)), None)
            for path in addresses(route, OWN.area, OWN.key) if role else ():
                with place.send(role, route, path) as answer:
                    wrong += faults_of(route.name, answer)
    return wrong


def test_hostile_words_in_the_fields_of_a_third_of_the_forms(
    fresh: Range, bodies: Bodies, caplog: pytest.LogCaptureFixture
) -> None:
    """No fault, no header, no markup, no filled-in template, and nothing of it in a log."""
    with caplog.at_level(logging.DEBUG):
        asked, wrong = thrown(fresh, bodies, (MIXED,), share=3)
    assert "\n".join(wrong) == ""
    assert asked > 30
    assert "onerror" not in caplog.text


@pytest.mark.attack
@pytest.mark.parametrize("words", [(MIXED,), SCRIPTS, TEMPLATES, FORMULAS, QUERIES, PATHS, LINES, ODD])
def test_the_whole_store_in_every_form(fresh: Range, bodies: Bodies, words: tuple[str, ...]) -> None:
    asked, wrong = thrown(fresh, bodies, words)
    assert "\n".join(wrong) == ""
    assert "\n".join(pages_after(fresh)) == ""
    assert asked > 100 * len(words)


@pytest.mark.attack
def test_the_mixed_word_in_each_field_alone(fresh: Range, bodies: Bodies) -> None:
    """One wrong field among right ones goes further than all of them wrong."""
    asked, wrong = thrown(fresh, bodies, (MIXED,), each_alone=True)
    assert "\n".join(wrong) == ""
    assert asked > 500


def every_column() -> dict[str, Any]:
    """A value for every column name there is, each such as would do harm if it were taken."""
    names = {column.name for table in Model.metadata.tables.values() for column in table.columns}
    stranger = TWINS["other"]
    told: dict[str, Any] = dict.fromkeys(sorted(names), str(stranger.key))
    told |= {name: str(stranger.area) for name in names if "area" in name or name in ("county", "village")}
    told |= dict.fromkeys(("version", "state", "role", "active", "locked"), "3")
    return {name: value for name, value in told.items() if name not in OWN_FIELDS}


#: What may differ between two runs of the same requests.
CHANCE = re.compile(
    r"_at$|^at$|^seen|token|digest|mac$|^id$|_id$|_key$|previous|secret|csrf|hash|version$|^due$|^lease_until$"
)


def written(folder: Path) -> dict[str, list[str]]:
    """The open columns of everything in the database, in an order that keys do not decide."""
    import sqlite3

    found = {}
    with sqlite3.connect(folder / "casemgr.db") as database:
        tables = [one for (one,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in tables:
            told = database.execute(f"PRAGMA table_info({name})").fetchall()
            columns = [f'"{one[1]}"' for one in told if not CHANCE.search(one[1]) and one[2] != "BLOB"]
            if columns and not name.startswith(("sqlite_", "audit_", "login_")):
                rows = database.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall()
                # Keys made in code differ from run to run; everything else is compared.
                found[name] = sorted(re.sub(r"\d{17,19}", "key", repr(row)) for row in rows)
    database.close()
    return found


#: Fields that a form prints in another state only: no extra keys there, and refused in words here.
ELSEWHERE = {"/monitoring/drug": {"phase"}, "/step": {"review_on"}}


@pytest.mark.attack
def test_extra_keys_change_nothing(
    twin_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every column name of every table beside what each form asks for: the rows are as without them."""
    monkeypatch.setattr(account, "_hasher", quick_hasher())
    account._nobody.cache_clear()
    extra = every_column()
    assert len(extra) > 300
    kept, statuses = [], []
    for name in ("plain", "extra"):
        folder = tmp_path / name
        shutil.copytree(twin_folder, folder)
        (folder / "keyring.json").chmod(0o600)
        clock.fix(TODAY)
        place = opened(folder)
        bodies, seen = Bodies(place), []
        for role, route, path in writing(place):
            if route.door == "api" or route.path.endswith("/visit/draft"):
                continue  # a draft keeps whatever stands in the fields, and is read by the form alone
            known = known_fields(bodies, path)
            known |= {one for end, some in ELSEWHERE.items() if path.endswith(end) for one in some}
            for body in list(bodies.of(route, path))[-1:]:
                more = {one: value for one, value in extra.items() if one not in known}
                told = {**more, **body} if name == "extra" else body
                seen.append((route.name, place.send(role, route, path, told).status_code))
        place.close()
        kept.append(written(folder))
        statuses.append(seen)
    clock.fix(None)
    changed = [f"{one} {other}" for one, other in zip(*statuses, strict=True) if one != other]
    assert "\n".join(changed) == ""
    assert [name for name in kept[0] if kept[0][name] != kept[1].get(name)] == []


def known_fields(bodies: Bodies, path: str) -> set[str]:
    """The fields that some form for an address has; they are no extra keys."""
    return set(bodies.forms.get(path, {})) | {name for form in bodies.forms.values() for name in form}


@pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.attack)])
def test_an_extra_key_of_a_call_is_named_and_refused(fresh: Range, bodies: Bodies, share: int) -> None:
    """The JSON door takes no key that its description does not name; every column name at once."""
    extra = every_column()
    wrong, asked = [], 0
    for role, route, path in writing(fresh, share=share):
        found = list(bodies.of(route, path))
        if route.door != "api" or len(found) < 2:
            continue
        asked += 1
        more = {name: value for name, value in extra.items() if name not in found[-1]}
        answer = fresh.send(role, route, path, {**found[-1], **more})
        if answer.status_code not in (404, 413, 422):
            wrong.append(f"{route.name}: {answer.status_code}")
    assert wrong == []
    assert asked > 40 / share / 2


DEEP = "[" * 4_000 + "]" * 4_000
BODIES_OF_CALLS = (
    "", "null", "1", '"x"', "[]", "{", "{]", DEEP, '{"a":' * 2_000 + "1" + "}" * 2_000, '{"id": NaN}',
    '{"id": 1e999}', '{"id": 1, "id": 2}', '{"id": "\\ud800"}', '{"id": "\\u0000"}', "\xff\xfe", "[" * 15_000,
    '{"id": ' + "9" * 5_000 + "}", '{"": ""}',
    '{"__proto__": {}}', '{"id": {"id": {"id": []}}}', " " * 70_000,
)  # fmt: skip


@pytest.mark.parametrize("share", [4, pytest.param(1, marks=pytest.mark.attack)])
def test_no_body_of_a_call_is_a_fault(fresh: Range, share: int) -> None:
    role, wrong, asked = LOOKER, [], 0
    headers = {"X-CSRF-Token": fresh.people[role].csrf}
    for _role, route, path in writing(fresh, share=share):
        if route.door == "api" and route.may(role):
            for body in BODIES_OF_CALLS:
                asked += 1
                answer = fresh.people[role].client.open(
                    path, method=route.method, data=body, content_type="application/json", headers=headers
                )
                if not (
                    400 <= answer.status_code < 500 or (route.method == "DELETE" and answer.status_code < 400)
                ):
                    wrong.append(f"{route.name} {body[:20]!r}: {answer.status_code}")
    assert wrong == []
    assert asked > 800 / share / 2


# --- requests of other sites, planted sessions ---


@pytest.mark.parametrize("share", [3, pytest.param(1, marks=pytest.mark.attack)])
def test_no_form_and_no_call_works_without_its_token(place: Range, share: int) -> None:
    """Every writing address: no token, somebody else's, another site's origin and fetch site."""
    wrong, asked = [], 0
    others = place.people[Role.UNIT_HEAD].csrf
    for role, route, path in writing(place, share=share):
        who = place.people[role]
        ways: tuple[tuple[dict[str, str], str], ...] = (
            ({}, ""),
            ({}, others),
            ({"Sec-Fetch-Site": "cross-site"}, who.csrf),
            ({"Origin": "http://evil.example"}, who.csrf),
        )
        for headers, token in ways:
            asked += 1
            if route.door == "api":
                if "Origin" in headers:
                    continue  # a header that no form can send is asked for, see tests/api/test_guard.py
                sent = {**headers, "X-CSRF-Token": token}
                answer = who.client.open(path, method=route.method, json={}, headers=sent)
            else:
                answer = who.client.post(path, data={"csrf": token}, headers=headers)
            if answer.status_code not in (400, 403):
                wrong.append(f"{route.name} {headers} {token[:4]}: {answer.status_code}")
    assert wrong == []
    assert asked > 400 / share / 2


@pytest.mark.parametrize("name", ["casemgr-session", "casemgr-liaison", "casemgr-door", "casemgr-flash"])
def test_a_planted_cookie_is_not_taken_over(place: Range, name: str) -> None:
    """Nobody gets to know the session that somebody else will have by giving it to them beforehand."""
    planted = "A" * 43
    for path in ("/login", "/liaison/login", "/help"):
        client = place.site.test_client()
        client.set_cookie(name, planted)
        client.get(path)
        kept = client.get_cookie(name)
        assert kept is None or kept.value == planted
        assert client.get("/cases").status_code == 303
        assert client.get("/liaison/").status_code == 303


# --- what a look-up tells by how much work it makes ---


def counted(place: Range, ask: Any) -> tuple[list[str], Any]:
    """The statements behind one request, and its answer."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        answer = ask()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return seen, answer


@pytest.mark.parametrize("field", ["id_number", "phone", "file_no"])
def test_a_look_up_makes_the_same_work_for_a_stranger_as_for_nobody(place: Range, field: str) -> None:
    """Statement by statement: the asker learns nothing from how long it takes or what comes back."""
    nobody = {"id_number": "999901198506019990", "phone": "10099999999", "file_no": "档丁-1234"}[field]
    who = place.people[Role.TOWNSHIP_DOCTOR]
    who.get("/help")  # a message of an earlier test would stand on the first page alone
    doors = (
        lambda word: who.ask("POST", "/cases/search", json={"text": word}),
        lambda word: who.post("/cases", text=word),
        lambda word: who.ask("POST", "/clues/search", json={"text": word}),
        lambda word: who.post("/clues", text=word),
    )
    for door in doors:
        asked = []
        for word in (getattr(TWINS["sibling"], field), nobody):
            seen, answer = counted(place, lambda door=door, word=word: door(word))
            text = answer.data.decode(errors="replace").replace(word, "#")
            asked.append((seen, answer.status_code, re.sub(r"[0-9a-f]{10}", "id", text)))
        assert asked[0] == asked[1]


def test_absent_keys_make_no_less_work_than_strangers(place: Range) -> None:
    """The address of a file, a visit, a clue: as many statements for a stranger's as for none."""
    who = place.people[Role.TOWNSHIP_DOCTOR]
    for shape in ("/case/{}", "/visit/{}", "/clues/{}", "/referral/{}", "/api/v1/cases/{}", "/transfers/{}"):
        works = [
            [
                one.split("WHERE")[0]
                for one in counted(place, lambda shape=shape, key=key: who.get(shape.format(key)))[0]
            ]
            for key in (TWINS["sibling"].key, ABSENT)
        ]
        assert works[0] == works[1], shape


def test_the_corpus_is_as_large_as_its_report_says() -> None:
    assert len(CORPUS) > 75
    assert json.dumps(CORPUS)
