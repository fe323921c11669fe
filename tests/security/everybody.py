"""众人: an installation of twins (``twins.py``) and somebody signed in for every role."""

from __future__ import annotations

import hashlib
import re
import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from casemgr.app import LIAISON, create_app, mount_liaison
from casemgr.rules.access import POSTS, RECEIVERS, ROLE_ACTIONS, Access, Role
from casemgr.services import account, pledge, post
from casemgr.services.errors import Problem
from casemgr.store.db import db, new_key
from casemgr.terms.area import span_of
from tests.conftest import TODAY, make_config
from tests.security.routes import Route, routes
from tests.security.twins import CITY, COUNTY, EAST, NOW, TWINS, Twin
from tests.services.liaison import promised
from tests.staff import PASSWORD
from tests.store.register import SYSTEM


def token_in(page: str) -> str:
    """The CSRF token in the first form of a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None, page[:400]
    return found.group(1)


class Browser:
    """Somebody signed in: pages with session and token, the JSON door with the same session."""

    def __init__(self, site: Flask, login: str) -> None:
        self.client: FlaskClient = site.test_client()
        page = self.client.get("/login").get_data(as_text=True)
        answer = self.client.post(
            "/login", data={"csrf": token_in(page), "login": login, "password": PASSWORD}
        )
        assert answer.status_code == 303
        self.csrf = token_in(self.client.get("/account/password").get_data(as_text=True))

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query_string=query or None)

    def post(self, path: str, **form: Any) -> Any:
        return self.client.post(path, data={"csrf": self.csrf, **form})

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """A request of the JSON door."""
        headers = {"X-CSRF-Token": self.csrf}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)


def area_within(inner: int, outer: int) -> bool:
    """Whether an area lies in the subtree of another."""
    low, high = span_of(outer)
    return low <= inner < high


class Visitor(Browser):
    """Somebody of another department, signed in at their own door."""

    def __init__(self, site: Flask, login: str) -> None:
        self.client = site.test_client()
        page = self.client.get(f"{LIAISON}/login").get_data(as_text=True)
        told = {"csrf": token_in(page), "login": login, "password": PASSWORD}
        assert self.client.post(f"{LIAISON}/login", data=told).status_code == 303
        self.csrf = token_in(self.client.get(f"{LIAISON}/password").get_data(as_text=True))


@dataclass
class Range:
    """An installation with its twins and somebody signed in for every role."""

    site: Flask
    departments: Flask
    folder: Path
    people: dict[Role, Browser] = field(default_factory=dict)
    area_of: dict[Role, int | None] = field(default_factory=dict)

    def close(self) -> None:
        """Let go of the databases."""
        for app in (self.site, self.departments):
            with app.app_context():
                db.engine.dispose()

    def wake(self) -> None:
        """Everybody has been here and proved who they are, and will for hours.

        A session that idles too long, or a proof no longer fresh, on a busy machine is no refusal; the page
        that asks again holds what was typed, sealed, and differs for any two requests.
        """
        with sqlite3.connect(self.folder / "casemgr.db", timeout=30) as database:
            later = int((datetime.now(UTC) + timedelta(hours=6)).timestamp() * 1000)
            database.execute("UPDATE login_session SET seen_at = ?", (later,))
            database.execute("UPDATE login_session SET confirmed_at = ? WHERE confirmed_at > 0", (later,))
        database.close()

    def send(self, role: Role, route: Route, path: str, told: dict[str, Any] | None = None) -> Any:
        """Ask one address with one method; ``told`` are the fields of a form or the body of a call."""
        who = self.people[role]
        if route.door == "api":
            sent = {} if route.method == "GET" else {"json": told or {}}
            return who.ask(route.method, path.removeprefix("/api/v1"), **sent)
        if route.method == "GET":
            return who.get(path)
        return who.client.post(path, data={**(told or {}), "csrf": who.csrf})

    def strangers(self, role: Role) -> list[Twin]:
        """Whose rows lie outside the reach of the role's account here."""
        area = self.area_of[role]
        if role in RECEIVERS:
            # What lies there is for the police of its own township.
            return [one for one in TWINS.values() if role is not Role.POLICE or one.area != area]
        return [one for one in TWINS.values() if area is None or not area_within(one.area, area)]

    @cached_property
    def routes(self) -> list[Route]:
        """Every method of every address."""
        return routes(self.site, self.departments)

    def rows_of(self, twin: Twin) -> dict[str, str]:
        """A digest of everything that lies in the area of the twin, by table."""
        found = {}
        with sqlite3.connect(self.folder / "casemgr.db") as database:
            names = [
                one for (one,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for name in names:
                columns = [one[1] for one in database.execute(f"PRAGMA table_info({name})")]
                if "area" in columns:
                    rows = database.execute(f"SELECT * FROM {name} WHERE area = {twin.area} ORDER BY 1")
                    found[name] = hashlib.sha256(repr(rows.fetchall()).encode()).hexdigest()
        database.close()
        return found


def roles() -> list[Role]:
    """Every role somebody can have."""
    return [role for role in ROLE_ACTIONS if role in account.AREA_OF_ROLE]


#: The village of the made-up county.
VILLAGE = EAST + 201


def login_of(role: Role) -> str:
    return f"r{int(role)}"


def open_account(role: Role) -> int | None:
    """Open an account for the role over the smallest area it takes; its area."""
    for area in (EAST, COUNTY, CITY, None):
        try:
            login, key = login_of(role), None
            if role in POSTS:
                key = post.open_(Access.system("post", COUNTY), new_key(), role, EAST, "岗位", [VILLAGE])
            made = account.create(
                SYSTEM, login, role.label, int(role), area, NOW, PASSWORD, must_change=False, post=key
            )
        except Problem:
            continue
        if pledge.is_asked(role) and area is not None:
            promised(made.account, role, area)
        return area
    return None


def opened(folder: Path) -> Range:
    """The range on a folder, everybody signed in."""
    config = make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    site = create_app(config, ("web", "api"))
    site.config["PROPAGATE_EXCEPTIONS"] = False
    departments = create_app(config, ("liaison",))
    departments.config["PROPAGATE_EXCEPTIONS"] = False
    mount_liaison(site, departments)
    found = Range(site, departments, folder)
    with site.app_context():
        kept = {one.login: one.area for one in account.list_(SYSTEM)}
    for role in [one for one in roles() if login_of(one) in kept]:
        found.area_of[role] = kept[login_of(role)]
        kind = Visitor if role in RECEIVERS else Browser
        found.people[role] = kind(site, login_of(role))
    return found
