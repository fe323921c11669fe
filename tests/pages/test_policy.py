"""内容安全策略: every page of the address map in Chromium, with markup in every text, and nothing runs.

Besides: the back button after signing out shows nobody.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page

from casemgr.app import create_app
from casemgr.rules.access import Role
from tests.conftest import TODAY, make_config
from tests.pages.conftest import serving, sign_in
from tests.security.bodies import ENDING
from tests.security.everybody import login_of
from tests.security.routes import Route, addresses, routes
from tests.security.twins import COUNTY, TWINS

OWN = TWINS["own"]
#: Whoever is later in this row looks at what the ones before could not.
WALKERS = (Role.TOWNSHIP_DOCTOR, Role.COUNTY_OFFICER, Role.ADMINISTRATOR, Role.POLICE)
LISTEN = (
    "addEventListener('securitypolicyviolation',"
    " event => console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))"
)


@pytest.fixture(scope="module")
def twins_served(browser: Browser, template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("policy") / "instance"
    with serving(template, folder, "tests.pages.serve_twins") as address:
        yield address


@pytest.fixture(scope="module")
def pages(template: Path) -> list[Route]:
    """Every page there is to look at."""
    config = make_config(template, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat())
    found = routes(create_app(config), create_app(config, ("liaison",)))
    return [one for one in found if one.method == "GET" and one.door != "api" and not ENDING.search(one.path)]


def enter(page: Page, server: str, role: Role) -> None:
    """Sign in at the door of the role."""
    page.context.clear_cookies()
    door = f"{server}/liaison" if role is Role.POLICE else server
    sign_in(page, door, login_of(role))


#: An ordinary run opens one page in so many, by lot from its name; ``make attack`` opens all.
IN_THE_LOT = 5


@pytest.mark.parametrize("share", [IN_THE_LOT, pytest.param(1, marks=pytest.mark.attack)])
def test_no_page_breaks_the_policy_and_no_markup_runs(
    page: Page, twins_served: str, pages: list[Route], share: int
) -> None:
    """Whatever the browser refuses, runs or complains of fails the test, see the fixture ``page``."""
    pages = [one for one in pages if zlib.crc32(one.name.encode()) % share == 0]
    page.complaints.expected = {400, 403, 404, 405, 409, 422}  # type: ignore[attr-defined]
    page.on("dialog", lambda dialog: pytest.fail(f"markup ran: {dialog.message}"))
    page.add_init_script(LISTEN)
    seen: set[str] = set()
    markup = 0
    for role in WALKERS:
        enter(page, twins_served, role)
        for route in pages:
            if route.name in seen or not (route.public or route.may(role)):
                continue
            seen.add(route.name)
            area = COUNTY if role is Role.COUNTY_OFFICER else OWN.area
            for path in addresses(route, area, OWN.key):
                with suppress(Error):  # a file is kept by the browser instead of shown
                    page.goto(twins_served + path, wait_until="domcontentloaded")
                    markup += "<img src=x" in page.locator("body").inner_text()
    assert len(seen) > 120 / share
    # The counter-proof: the markup was there to be read, as text.
    assert markup > 10 / share


def test_the_back_button_after_signing_out_shows_nobody(page: Page, twins_served: str) -> None:
    enter(page, twins_served, Role.TOWNSHIP_DOCTOR)
    page.goto(f"{twins_served}/case/{OWN.key}/edit")
    assert OWN.id_number in page.content()
    page.goto(f"{twins_served}/help")
    page.evaluate("document.querySelector('form[action$=\"/logout\"]').submit()")
    page.wait_for_url("**/login*")
    for _ in range(2):
        page.go_back()
        assert OWN.id_number not in page.content()
    page.goto(f"{twins_served}/case/{OWN.key}/edit")
    assert "/login" in page.url
