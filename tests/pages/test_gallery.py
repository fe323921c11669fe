"""The design system as a whole: every part on one page, at both widths and in every view."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.pages.conftest import assert_accessible, sign_in


@pytest.mark.parametrize(("view", "size"), [("compact.0", "1280"), ("standard.1", "390")])
def test_every_part_is_accessible(page: Page, server: str, view: str, size: str) -> None:
    sign_in(page, server, "admin")
    page.context.add_cookies([{"name": "casemgr-view", "value": view, "url": server}])
    page.goto(f"{server}/gallery")
    assert_accessible(page, f"gallery-{view}", (size,))
