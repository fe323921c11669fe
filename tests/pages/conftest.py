"""页面测试的夹具: one Chromium for the whole session, a register and a server for each file of tests.

Page tests use ``server`` (its address), ``page`` (a fresh page, 1280 px wide; whatever the browser
complains about fails the test), ``sign_in(page, server, login)`` and :func:`assert_accessible`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    expect,
    sync_playwright,
)

from casemgr.app import create_app
from casemgr.services import account, clock
from casemgr.store.db import db
from tests.conftest import TODAY, make_config
from tests.pages.world import PASSWORD, furnish
from tests.staff import quick_hasher

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path(os.environ.get("CASEMGR_TEST_CHROMIUM", "/usr/bin/chromium"))
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
SIZES = {"1280": (1280, 800), "390": (390, 844)}
#: Milliseconds after which a page hangs. A machine that runs two workers, each with a browser and a server
#: beside it, is slow at times, not wrong.
LONG = 120_000
#: Set to a folder to keep a picture of every page that :func:`assert_accessible` looks at.
PICTURES = os.environ.get("CASEMGR_TEST_PICTURES", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


#: A form that was sent and not yet answered: page.js has marked it, in the page that the answer replaces.
UNDER_WAY = "form[data-sent]"


def _to_the_end(act: Callable[..., None]) -> Callable[..., None]:
    """The same act of a hand, over when what it led to is there.

    The driver waits until the next page begins. Whoever reads it then may find half a page, a page without
    its styles, or buttons whose script has not begun.
    """

    @wraps(act)
    def whole(locator: Locator, *given: Any, **how: Any) -> None:
        act(locator, *given, **how)
        locator.page.locator(UNDER_WAY).first.wait_for(state="detached")
        locator.page.wait_for_load_state()

    return whole


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; without it the page tests are skipped and say so."""
    if not CHROMIUM.exists():
        pytest.skip(f"没有 {CHROMIUM}：执行 apt-get install chromium，或用 CASEMGR_TEST_CHROMIUM 指定")
    expect.set_options(timeout=LONG)
    with sync_playwright() as tool, pytest.MonkeyPatch.context() as patch:
        for name in ("click", "dblclick"):
            patch.setattr(Locator, name, _to_the_end(getattr(Locator, name)))
        chromium = tool.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS, timeout=LONG)
        yield chromium
        chromium.close()


@contextmanager
def serving(template: Path, folder: Path, module: str) -> Iterator[str]:
    """Address of what ``python -m module FOLDER`` serves from a copy of a register."""
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    command = [sys.executable, "-m", module, str(folder)]
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        port = process.stdout.readline().strip()
        assert port, (folder / "serve.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=300)


@pytest.fixture(scope="session")
def furnished(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instance folder of a small register (see ``world.py``)."""
    folder = tmp_path_factory.mktemp("world") / "instance"
    shutil.copytree(template, folder)
    (folder / "keyring.json").chmod(0o600)
    app = create_app(make_config(folder, CASEMGR_DEMO="1", CASEMGR_TODAY=TODAY.isoformat()), doors=())
    with pytest.MonkeyPatch.context() as patch, app.app_context():
        patch.setattr(account, "_hasher", quick_hasher())
        furnish()
        db.engine.dispose()
    clock.fix(None)
    return folder


@pytest.fixture(scope="module")
def server(browser: Browser, furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the small register, served anew for each file: no file meets what another has left."""
    with serving(furnished, tmp_path_factory.mktemp("pages") / "instance", "tests.pages.serve") as address:
        yield address


AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text("utf-8")
#: Runs the rules that can find something serious or critical: the others would be looked up and passed over.
LOOK = """async colours => {
  const grave = impact => ['serious', 'critical'].includes(impact);
  const check = one => (axe._audit.data.checks[one.id || one] || {}).impact;
  const idle = rule => rule.id === 'color-contrast' ? !colours : !grave(rule.impact)
    && !['any', 'all', 'none'].some(kind => (rule[kind] || []).some(one => grave(check(one))));
  const rules = axe._audit.rules.filter(rule => rule.enabled && idle(rule));
  const answer = await axe.run({exclude: [['tbody tr:nth-child(n+9)']]}, {
    resultTypes: ['violations'],
    rules: Object.fromEntries(rules.map(rule => [rule.id, {enabled: false}])),
  });
  return answer.violations;
}"""


class Complaints:
    """What a browser was not content with: errors of scripts, refused contents, failed requests."""

    def __init__(self, page: Page) -> None:
        self.found: list[str] = []
        self.expected: set[int] = set()
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # An answer with an error status is judged by its number, see _response.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.found.append(f"{message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.found.append(f"failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.found.append(f"{response.status}: {response.url}")


def open_page(browser: Browser, width: int = 1280, height: int = 800) -> Page:
    """A fresh page without cookies."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    context.set_default_timeout(LONG)
    return context.new_page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say with a failure what was sent last and what the page showed; a browser leaves nothing behind."""
    report = yield
    page = getattr(item, "funcargs", {}).get("page")
    if report.when == "call" and report.failed and isinstance(page, Page):
        sent = "\n".join(getattr(page, "sent", ())[-12:])
        try:
            shown = page.locator("main").inner_text(timeout=2_000)[:3_000]
        except Error as gone:
            shown = str(gone)
        report.sections.append(("what the page showed", f"{page.url}\n{sent}\n\n{shown}"))
    return report


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page 1280 px wide; the test fails if the browser complained.

    ``page.complaints.expected`` takes the error statuses a test asks for on purpose.
    """
    fresh = open_page(browser)
    complaints = Complaints(fresh)
    fresh.complaints = complaints  # type: ignore[attr-defined]
    sent: list[str] = []
    fresh.sent = sent  # type: ignore[attr-defined]
    fresh.on("response", lambda answer: sent.append(f"{answer.status} {answer.request.method} {answer.url}"))
    yield fresh
    fresh.context.close()
    assert complaints.found == []


def sign_in(page: Page, server: str, login: str) -> None:
    """Sign in as one of the people of ``world.py``."""
    page.goto(f"{server}/login")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/login" not in url)


def resize(page: Page, size: str) -> None:
    """Make the page 1280 or 390 px wide."""
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})


def assert_accessible(page: Page, name: str, sizes: tuple[str, ...] = ("1280", "390")) -> None:
    """At each width: no serious or critical finding of axe, no sideways scrolling of the whole page."""
    page.wait_for_load_state()
    for turn, size in enumerate(sizes):
        resize(page, size)
        if PICTURES:
            Path(PICTURES).mkdir(parents=True, exist_ok=True)
            page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
            page.screenshot(path=f"{PICTURES}/{name}-{size}.png", full_page=True)
        # The rows of a table are alike: eight of them tell what fifty would, in a fraction of the time. The
        # colours are the same at every width, and looking at them is half of the work.
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE)
        found = page.evaluate(LOOK, turn == 0)
        grave = [
            f"{rule['id']} ({rule['impact']}): {rule['nodes'][0]['html'][:160]}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]
        assert grave == [], f"{name} at {size} px"
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{name} at {size} px scrolls sideways by {overflow} px"
