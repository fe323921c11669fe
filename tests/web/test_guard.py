"""The guard: nothing is open by accident, nobody gets further than the role reaches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Blueprint, Flask, request
from flask.testing import FlaskClient

from casemgr.app import create_app
from casemgr.rules.access import ROLE_ACTIONS, Access, Action
from casemgr.services import account, clock
from casemgr.terms.account import Role
from casemgr.web import door, guard
from tests.staff import PEOPLE
from tests.web.conftest import sign_in, token_in

ClientOf = Callable[[str], FlaskClient]


def addresses(site: Flask) -> list[tuple[str, str, guard.Mark]]:
    """(method, address, mark) of every guarded page, with made-up keys."""
    found = []
    with site.test_request_context():
        for rule in site.url_map.iter_rules():
            mark = guard.mark_of(site, rule.endpoint)
            if mark is None or rule.endpoint in guard.PUBLIC:
                continue
            # A part that is one of some words takes one of them, any other a number.
            words = {name: getattr(kind, "items", ()) for name, kind in rule._converters.items()}
            values = {name: min(words.get(name) or ("1",)) for name in rule.arguments}
            address = rule.build(values, append_unknown=False)
            assert address is not None, rule
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            found += [(method, address[1], mark) for method in methods]
    return found


def test_no_page_is_unguarded_and_the_public_list_is_short(site: Flask) -> None:
    assert guard.unguarded(site) == []
    assert sorted(guard.PUBLIC) == [
        "account.view",
        "health.alive",
        "health.metrics",
        "health.ready",
        "help.page",
        "login.entry",
        "login.page",
        "login.second",
        "login.sign_in",
        "static",
    ]
    assert site.view_functions.keys() >= guard.PUBLIC


def test_an_application_with_an_unguarded_page_does_not_start(
    site: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = Blueprint("careless", __name__)
    careless.add_url_rule("/careless", view_func=lambda: "names", endpoint="page")
    monkeypatch.setattr(door, "PAGES", (*door.PAGES, careless))
    with pytest.raises(guard.Unguarded, match=r"careless\.page"):
        create_app(site.config["CASEMGR"], ("web",))


def test_a_page_added_later_without_a_guard_is_not_served(site: Flask) -> None:
    site.testing = False
    site.add_url_rule("/careless", view_func=lambda: "names", endpoint="careless")
    client = site.test_client()
    answer = client.get("/careless")
    assert answer.status_code == 500
    assert "names" not in answer.get_data(as_text=True)


def test_strangers_are_sent_to_the_login_and_their_changes_refused(site: Flask) -> None:
    client = site.test_client()
    for method, address, _ in addresses(site):
        answer = client.open(address, method=method)
        if method == "GET":
            assert answer.status_code == 303, address
            assert answer.location.startswith("/login"), address
        else:
            assert answer.status_code == 401, address


@pytest.mark.parametrize("login", list(PEOPLE))
def test_a_role_opens_what_its_actions_name_and_nothing_else(
    site: Flask, client_of: ClientOf, login: str
) -> None:
    role = PEOPLE[login][1]
    client = client_of(login)
    token = token_in(client.get("/help").get_data(as_text=True))
    for method, address, mark in addresses(site):
        if mark.action is None or mark.action in ROLE_ACTIONS[role]:
            continue
        answer = client.open(address, method=method, headers={"X-CSRF-Token": token})
        assert answer.status_code == 403, (login, method, address)


def test_the_administrator_may_do_nothing_with_patients() -> None:
    nouns = {action.code.split(":")[0] for action in ROLE_ACTIONS[Role.ADMINISTRATOR]}
    assert nouns <= {"access", "account", "area", "audit", "job", "report", "retention"}
    assert Action.RETENTION_READ not in ROLE_ACTIONS[Role.ADMINISTRATOR]
    assert Action.REPORT_READ not in ROLE_ACTIONS[Role.ADMINISTRATOR]


def test_the_administrators_menu_has_no_patients(client_of: ClientOf) -> None:
    page = client_of("admin").get("/accounts").get_data(as_text=True)
    menu = page[page.index('aria-label="主导航"') : page.index("</nav>")]
    assert "账号" in menu
    assert "患者" not in menu


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/cases?risk=3", "/cases?risk=3"),
        ("/", "/"),
        ("", ""),
        (None, ""),
        ("//evil.example/x", ""),
        ("/\\evil.example", ""),
        ("\\/evil.example", ""),
        ("https://evil.example/", ""),
        ("javascript:alert(1)", ""),
        ("/a\r\nSet-Cookie: x=1", ""),
        ("/a b", ""),
        ("/" + "a" * 600, ""),
        ("cases", ""),
    ],
)
def test_the_way_back_stays_on_this_site(target: str | None, kept: str) -> None:
    assert guard.safe_next(target) == kept


def test_after_the_login_one_is_where_one_wanted_to_be(site: Flask) -> None:
    client = site.test_client()
    asked = client.get("/account/sessions?x=1")
    assert asked.location == "/login?next=/account/sessions?x%3D1"
    page = client.get(asked.location).get_data(as_text=True)
    given = {"csrf": token_in(page), "login": "east", "password": "湖边有七棵老槐树"}
    assert client.post("/login", data={**given, "next": "/account/sessions?x=1"}).location == (
        "/account/sessions?x=1"
    )
    fresh = site.test_client()
    given["csrf"] = token_in(fresh.get("/login").get_data(as_text=True))
    away = fresh.post("/login", data={**given, "next": "//evil.example"})
    assert "evil" not in away.location


def test_a_password_made_up_by_the_administrator_comes_first(site: Flask) -> None:
    with site.app_context():
        system = Access.system("test")
        made = account.reset_password(system, account.key_of(system, "east"))
    client = site.test_client()
    sign_in(client, "east", made.secret)
    assert client.get("/account/sessions").location == "/account/password"
    page = client.get("/account/password").get_data(as_text=True)
    assert "请先换成自己的密码" in page
    assert "主导航" not in page
    given = {
        "csrf": token_in(page),
        "old": made.secret,
        "new": "河对岸的白色水塔",
        "again": "河对岸的白色水塔",
    }
    assert client.post("/account/password", data=given).location == "/login"
    sign_in(client, "east", "河对岸的白色水塔")
    assert client.get("/account/sessions").status_code == 200


def test_a_session_lives_on_by_pages_but_not_by_polling(
    site: Flask, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of("east")
    start = clock.now()

    def at(minutes: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=minutes))

    at(20)
    with client.get("/account/sessions"):
        pass  # leaving the block ends the answer, and the sign of life is written
    at(40)
    with client.get("/account/sessions", headers={"X-Background": "1"}) as polled:
        assert polled.status_code == 200
    at(51)
    assert client.get("/account/sessions").location.startswith("/login")


def test_a_body_larger_than_a_form_is_refused(client_of: ClientOf) -> None:
    client = client_of("east")
    token = token_in(client.get("/account/password").get_data(as_text=True))
    answer = client.post(
        "/account/password", data={"old": "x" * guard.FORM_BODY}, headers={"X-CSRF-Token": token}
    )
    assert answer.status_code == 413
    assert "内容太大" in answer.get_data(as_text=True)


def test_a_page_may_take_larger_uploads(site: Flask, client_of: ClientOf) -> None:
    @guard.guard(Action.EXCHANGE_PREVIEW, body=2 * guard.FORM_BODY)
    def upload() -> str:
        return str(len(request.form["text"]))

    site.add_url_rule("/upload", view_func=upload, methods=["POST"])
    client = client_of("officer")
    token = token_in(client.get("/help").get_data(as_text=True))
    text = "x" * int(1.5 * guard.FORM_BODY)
    # Werkzeug's own limit for fields kept in memory is a second one, far below a file's.
    answer = client.post("/upload", data={"text": text}, headers={"X-CSRF-Token": token})
    assert answer.status_code in (200, 413)
    assert client.post("/upload", data={"text": text * 2}, headers={"X-CSRF-Token": token}).status_code == 413
